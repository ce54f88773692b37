"""The export dialog."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from digest_tui.export import FORMATS
from digest_tui.session import Session
from digest_tui.ui.export_dialog import Export, ExportChoice, ExportOrder
from digest_tui.ui.glyphs import ASCII, UNICODE, Glyphs
from tests.ui.conftest import HOSTILE, frame, main, running
from tests.ui.opened import SIZES, click_on, line_of, opened

CHOICES = [
    ExportChoice("here", "starred here", 4, "2026-04-22-starred"),
    ExportChoice("starred", "all starred", 12),
    ExportChoice("view", "shown", 126),
    ExportChoice("paper", "this paper", 1),
]
HERE = ExportOrder("here")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program runs, and so where exports go unless they are told to go elsewhere."""
    folder = tmp_path / "notes"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def told(order: ExportOrder) -> str:
    """A preview that tells what it is one of, on more lines than fit."""
    return "\n".join([f"{order.choice} {order.format} {order.languages}", *map(str, range(90))])


def dialog(start: ExportOrder = HERE, glyphs: Glyphs = UNICODE) -> Export:
    return Export(CHOICES, told, start, glyphs)


def path_in(pilot: Pilot[None]) -> Input:
    """The line of the dialog that holds the file's name."""
    return pilot.app.screen.query_one("#path", Input)


async def at_once(pilot: Pilot[None], *keys: str) -> None:
    """Sends keys without waiting for what each does."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await pilot.pause()
    await pilot.pause()


async def test_enter_writes_what_is_suggested(folder: Path) -> None:
    async with opened(dialog) as (pilot, answers):
        await pilot.press("enter")
        await pilot.pause()
        path = folder / "2026-04-22-starred.md"
        assert answers == [ExportOrder("here", "markdown", "both", path)]


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("hep-th/9901001", "hep-th_9901001.md"),
        ("title:abc123", "title_abc123.md"),
        ("../../x", "_.._x.md"),
        ("CON", "_CON.md"),
        ("..", "paper.md"),
    ],
)
async def test_a_name_is_suggested_that_every_system_takes(
    stem: str, name: str, folder: Path
) -> None:
    choices = [*CHOICES[:3], ExportChoice("paper", "this paper", 1, stem)]
    async with opened(lambda: Export(choices, told, HERE)) as (pilot, answers):
        await pilot.press("left", "enter")
        await pilot.pause()
        assert answers == [ExportOrder("paper", path=folder / name)]


async def test_it_starts_with_what_it_is_told(folder: Path) -> None:
    start = ExportOrder("view", "csv", "zh", folder / "below")
    async with opened(lambda: dialog(start)) as (pilot, answers):
        await pilot.press("enter")
        await pilot.pause()
        assert answers == [replace(start, path=folder / "below" / "view.csv")]


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        (["right"], ExportOrder("starred", path=Path("starred.md"))),
        (["left", "left"], ExportOrder("view", path=Path("view.md"))),
        (["l", "space", "h"], ExportOrder("starred", path=Path("starred.md"))),
        (["down", "right"], ExportOrder("here", "bibtex", path=Path("2026-04-22-starred.bib"))),
        (["j", "left"], ExportOrder("here", "jsonl", path=Path("2026-04-22-starred.jsonl"))),
        (
            ["tab", "tab", "space", "up", "k", "right"],
            ExportOrder("starred", "markdown", "en", Path("starred.md")),
        ),
        (["shift+tab", "shift+tab", "l", "l"], replace(HERE, languages="zh", path=Path())),
    ],
)
async def test_rows_and_options_are_chosen_with_the_keyboard(
    keys: list[str], order: ExportOrder, folder: Path
) -> None:
    async with opened(dialog) as (pilot, answers):
        await pilot.press(*keys, "enter")
        await pilot.pause()
        name = order.path.name or "2026-04-22-starred.md"
        assert answers == [replace(order, path=folder / name)]


async def test_an_option_is_chosen_with_a_click(folder: Path) -> None:
    async with opened(dialog) as (pilot, answers):
        for name in ("shown", "json", "中文", "what "):
            await click_on(pilot, name)
        await pilot.press("enter")
        await pilot.pause()
        assert answers == [ExportOrder("view", "json", "zh", folder / "view.json")]


async def test_what_is_chosen_is_ticked_and_the_row_of_the_keys_is_told() -> None:
    async with opened(dialog, (100, 30)) as (pilot, _):
        assert "▎what      ✓ starred here · 4    all starred · 12    shown · 126" in frame(pilot)
        assert " format    ✓ markdown    bibtex    csv    json    jsonl" in frame(pilot)
        assert " languages ✓ both    English    中文" in frame(pilot)
        await pilot.press("down", "right")
        await pilot.pause()
        assert " what      ✓ starred here" in frame(pilot)
        assert "▎format      markdown  ✓ bibtex" in frame(pilot)


async def test_the_preview_is_live_and_as_it_stands() -> None:
    async with opened(dialog) as (pilot, _):
        assert "here markdown both" in frame(pilot)
        await pilot.press("right", "down", "right", "down", "right")
        await pilot.pause()
        assert "starred bibtex en" in frame(pilot)


async def test_a_preview_is_text_cut_at_the_edge() -> None:
    text = f"{HOSTILE}\n{'文' * 99}\na\x1bb\n\nend"
    async with opened(lambda: Export(CHOICES, lambda order: text, HERE)) as (pilot, _):
        assert HOSTILE[:40] in frame(pilot)
        assert "文… " in frame(pilot)
        assert "a�b" in frame(pilot)
        assert "end" in frame(pilot)


async def test_a_name_of_ones_own_stays_and_its_suffix_follows(folder: Path) -> None:
    async with opened(dialog) as (pilot, _):
        path_in(pilot).value = "deep/mine.md"
        await pilot.press("right", "down", "right")
        assert path_in(pilot).value == "deep/mine.bib"
        path_in(pilot).value = "deep/mine.txt"
        await pilot.press("right")
        assert path_in(pilot).value == "deep/mine.txt"
        path_in(pilot).value = ""
        await pilot.press("right")
        assert path_in(pilot).value == ""


async def test_every_suffix_follows_its_format(folder: Path) -> None:
    async with opened(dialog) as (pilot, _):
        await pilot.press("down")
        for format_ in [*list(FORMATS)[1:], "markdown"]:
            await pilot.press("right")
            assert Path(path_in(pilot).value).name == f"2026-04-22-starred{FORMATS[format_].suffix}"


async def test_a_file_is_overwritten_only_after_asking(folder: Path) -> None:
    (folder / "2026-04-22-starred.md").write_text("mine")
    async with opened(dialog) as (pilot, answers):
        await pilot.press("enter")
        await pilot.pause()
        assert "The file exists" in frame(pilot)
        assert answers == []
        await pilot.press("enter")
        assert answers == [replace(HERE, path=folder / "2026-04-22-starred.md")]


@pytest.mark.parametrize(
    "keys", [["down", "right", "left"], ["shift+tab", "end", *["backspace"] * 3, *".md"]]
)
async def test_what_was_asked_before_another_choice_is_asked_again(
    keys: list[str], folder: Path
) -> None:
    (folder / "2026-04-22-starred.md").write_text("mine")
    async with opened(dialog) as (pilot, answers):
        await pilot.press("enter", *keys)
        await pilot.pause()
        assert "The file exists" not in frame(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert "The file exists" in frame(pilot)
        assert answers == []


async def test_escape_changes_nothing(folder: Path) -> None:
    async with opened(dialog) as (pilot, answers):
        await pilot.press("right", "shift+tab", "x", "escape")
        await pilot.pause()
        assert answers == [None]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "folder"),
        (".", "folder"),
        ("~nobody-has-this-name/x.md", "No file can be there"),
        ("x" * 300 + ".md", "No file can be there"),
        ("a\0b.md", "No file can be there"),
        ("\ud800.md", "No file can be there"),
        ("/dev/null", "pipe or a device"),
        ("/dev/null/x.md", "No file can be there"),
    ],
)
async def test_a_path_that_cannot_be_is_refused(path: str, says: str) -> None:
    async with opened(dialog) as (pilot, answers):
        path_in(pilot).value = path
        await pilot.press("enter")
        await pilot.pause()
        assert answers == []
        assert says in frame(pilot)


async def test_nothing_to_export_is_said_at_once_and_not_written() -> None:
    choices = [ExportChoice("here", "starred here", 0), *CHOICES[1:]]
    async with opened(lambda: Export(choices, told, HERE)) as (pilot, answers):
        assert "Nothing to export: choose something else." in frame(pilot)
        assert "preview" not in frame(pilot)
        assert "here markdown both" not in frame(pilot)
        await pilot.press("enter")
        assert answers == []
        await pilot.press("right")
        await pilot.pause()
        assert "Nothing to export" not in frame(pilot)
        assert "preview ──" in frame(pilot)
        assert "starred markdown both" in frame(pilot)


async def test_two_enters_in_the_file_name_close_one_dialog(session: Session) -> None:
    answers: list[ExportOrder | None] = []
    async with running(session) as pilot:
        pilot.app.push_screen(dialog(), answers.append)
        await pilot.pause()
        await pilot.press("shift+tab")
        await at_once(pilot, "x", "enter", "enter")
        assert [order and order.path.name for order in answers] == ["2026-04-22-starred.mdx"]
        assert main(pilot).is_active


async def test_keys_faster_than_the_dialog_is_drawn_are_heard(session: Session) -> None:
    answers: list[ExportOrder | None] = []
    async with running(session) as pilot:
        pilot.app.push_screen(dialog(), answers.append)
        await at_once(pilot, "right", "l", "enter")
        assert [order and order.choice for order in answers] == ["view"]
        assert main(pilot).is_active


async def test_a_question_before_the_dialog_is_drawn_is_seen(
    session: Session, folder: Path
) -> None:
    (folder / "2026-04-22-starred.md").write_text("mine")
    async with running(session) as pilot:
        pilot.app.push_screen(dialog())
        await at_once(pilot, "enter")
        assert "The file exists" in frame(pilot)


async def test_ascii_signs_replace_the_others() -> None:
    async with opened(lambda: dialog(glyphs=ASCII)) as (pilot, _):
        pilot.app.add_class("-ascii")
        await pilot.pause()
        assert ">what      x starred here - 4" in frame(pilot)
        assert not set(frame(pilot)) & set("▎✓…╭─│·")


@pytest.mark.parametrize("size", [(40, 12), (60, 14), (80, 24)])
async def test_every_option_and_the_question_are_seen_at_every_size(
    folder: Path, size: tuple[int, int]
) -> None:
    (folder / "2026-04-22-starred.md").write_text("mine")
    async with opened(dialog, size) as (pilot, _):
        await pilot.press("enter")
        await pilot.pause()
        for text in (
            "this paper · 1",
            "jsonl",
            "中文",
            "starred.md",
            "The file exists",
            "overwrites it.",
        ):
            assert line_of(pilot, text), text


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_is_survived(size: tuple[int, int]) -> None:
    async with opened(dialog, size) as (pilot, answers):
        await pilot.press("right", "down", "right", "shift+tab", "shift+tab", "x")
        await pilot.resize_terminal(80, 24)
        await pilot.press("enter")
        await pilot.pause()
        assert [order and order.format for order in answers] == ["bibtex"]
