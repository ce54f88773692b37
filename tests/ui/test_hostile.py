"""Text that means something to a markup parser or a terminal, wherever text can appear."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.content import Content
from textual.widgets import Input

from digest_tui.library import Library
from digest_tui.session import Session
from digest_tui.settings import Settings, throwaway
from tests.ui.conftest import (
    HOSTILE,
    digest,
    frame,
    main,
    paper,
    running,
    status,
    type_in,
    until,
)

Make = Callable[..., Session]

TEXTS = {
    "markup": HOSTILE,
    "unclosed": "[bold [/ [[ ]] [b",
    "long": "很长的标题" * 1_000 + "x" * 5_000,
    "marks": "e" + "\u0301" * 500 + " Z\u0334\u0335\u0336algo\u200d\u200b\ufeff",
    "emoji": "👩‍🔬❤️🇨🇳🧑🏽‍🚀" * 20,
    "right to left": "שלום עולם العربية",
    "latex": r"$\frac{a}{b$ \textbf{[/]} $$ \\ \href{x}{[y]} %",
}


def of(text: str) -> str:
    """A digest that says one thing in every field of a paper."""
    listed = paper(1, text, text + "中", authors=text, abstract=text, abstract_zh=text + "中")
    return digest(listed, paper(2)).replace("Keyword: learning", f"Keyword: {text}")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("size", [(150, 40), (41, 13)])
async def test_any_text_of_a_digest_is_drawn_and_survives_every_key(
    make: Make, name: str, size: tuple[int, int]
) -> None:
    session = make(of(TEXTS[name]))
    async with running(session, size=size) as pilot:
        for keys in ("gbbb", "DlG", "zz", "suh31", "e"):
            await type_in(pilot, keys)
        await pilot.press("escape")
        assert main(pilot).is_active
        assert session.totals.papers == 2
        assert all(len(line) <= size[0] for line in frame(pilot).split("\n") if line.isascii())


async def test_markup_in_a_digest_is_text_in_the_list_and_in_the_paper(make: Make) -> None:
    async with running(make(of(HOSTILE)), size=(200, 40)) as pilot:
        await pilot.press("g")
        await pilot.pause()
        # In the list: keyword, title, Chinese title; in the paper: both titles, authors, keyword.
        assert frame(pilot).count(HOSTILE) == 7
        # And both abstracts, on two lines.
        assert frame(pilot).count(HOSTILE[29:]) == 9


async def test_markup_in_a_query_is_text_in_the_bar_and_in_the_list(session: Session) -> None:
    async with running(session, size=(200, 40)) as pilot:
        await type_in(pilot, f"/{HOSTILE}")
        assert session.view.text == HOSTILE
        assert f"Nothing is found for “{HOSTILE[:29]}" in frame(pilot)
        await pilot.press("enter", "slash", "up")
        await pilot.pause()
        assert main(pilot).query_bar.value == HOSTILE


@pytest.mark.parametrize(
    ("notice", "says"),
    [
        (HOSTILE, HOSTILE),
        ("a\x1b]52;c;eA==\x07b", "a�]52;c;eA==�b"),
        ("one\ntwo", "one�two"),
        ("文" * 300, "文" * 73 + "…"),
    ],
)
async def test_a_notice_is_text_on_one_line(session: Session, notice: str, says: str) -> None:
    async with running(session, notice=notice) as pilot:
        assert status(pilot).startswith(f" {says}")
        assert len(frame(pilot).split("\n")) == 40


async def test_markup_in_a_file_name_is_text_in_the_export_dialog_and_the_status_line(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "[Re] a y[i] [b]"
    folder.mkdir()
    monkeypatch.chdir(folder)
    session.star()
    async with running(session, size=(240, 40)) as pilot:
        await pilot.press("e")
        await pilot.pause()
        assert (
            "[Re] a y[i] [b]/2026-03-04-starred.md"
            in pilot.app.screen.query_one("#path", Input).value
        )
        await pilot.press("enter")
        await pilot.pause()
        assert f"1 paper written to {folder}/2026-03-04-starred.md" in status(pilot)
        await pilot.press("e")
        await pilot.pause()
        pilot.app.screen.query_one("#path", Input).value = "starred.md/[/x]"
        await pilot.press("enter")
        await pilot.pause()
        assert "starred.md/[/x]" in status(pilot)


async def test_markup_in_the_librarys_folder_is_text(tmp_path: Path) -> None:
    library = Library(throwaway(tmp_path / HOSTILE.replace("/", "∕")))
    async with running(Session(library), size=(200, 40)) as pilot:
        alone = [line.rsplit("│", 2)[1].strip() for line in frame(pilot).split("\n")[1:12]]
        assert "[Re] a [∕x] y[i] [link=z[0]]" in " ".join(alone)
    library.close()


async def test_markup_in_a_link_is_text(make: Make) -> None:
    links = re.compile(r"https://arxiv.org/(abs|pdf)/2603.00001")
    text = links.sub(lambda _: f"javascript:{HOSTILE}", digest(paper(1)))
    async with running(make(text), size=(200, 40)) as pilot:
        await pilot.press("O")
        await pilot.pause()
        assert HOSTILE in status(pilot)


async def test_markup_in_the_palette_finds_nothing_and_harms_nothing(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press(":")
        await pilot.pause()
        await type_in(pilot, HOSTILE)
        await pilot.press("escape")
        await until(pilot, lambda: main(pilot).is_active)


async def test_rebound_keys_that_look_like_markup_are_text(session: Session) -> None:
    settings = Settings(keys={"read": "[", "previous-digest": "r", "star": "]", "next-digest": "s"})
    async with running(session, settings) as pilot:
        assert "[ Read  ] Star" in frame(pilot)
        await pilot.press("?")
        await pilot.pause()
        assert "s           the digest below" in frame(pilot)
        await pilot.press("escape", "left_square_bracket")
        assert session.totals.unread == 27


async def test_titles_of_panes_are_content_and_no_markup(session: Session) -> None:
    async with running(session) as pilot:
        assert isinstance(main(pilot).papers._border_title, Content)
