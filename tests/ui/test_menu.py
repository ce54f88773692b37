"""The small menus."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.content import Content

from digest_tui.session import Session
from digest_tui.ui.glyphs import ASCII
from digest_tui.ui.menu import Choice, Menu
from tests.ui.conftest import HOSTILE, frame, main, running, type_in
from tests.ui.opened import SIZES, click_on, line_of, opened

COPY = [
    Choice("i", "id", "id", "2106.01345"),
    Choice("p", "PDF link", "pdf", "https://arxiv.org/pdf/2106.01345"),
    Choice("t", "title", "title", "决策 Transformer: " + "以序列建模实现强化学习" * 9),
]


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["i"], "id"),
        (["t"], "title"),
        (["enter"], "id"),
        (["j", "enter"], "pdf"),
        (["down", "down", "space"], "title"),
        (["j", "j", "j", "j", "k", "up", "up", "enter"], "id"),
        (["escape"], None),
        (["j", "q"], None),
    ],
)
async def test_keys_choose(keys: list[str], value: str | None) -> None:
    async with opened(lambda: Menu("copy", COPY)) as (pilot, answers):
        await pilot.press(*keys)
        await pilot.pause()
        assert answers == [value]


async def test_other_keys_do_nothing() -> None:
    async with opened(lambda: Menu("copy", COPY)) as (pilot, answers):
        await pilot.press("x", "T", "1", "tab", "left")
        assert answers == []
        assert isinstance(pilot.app.screen, Menu)


@pytest.mark.parametrize("times", [1, 2])
async def test_a_click_chooses_once(times: int) -> None:
    async with opened(lambda: Menu("copy", COPY)) as (pilot, answers):
        await click_on(pilot, "PDF link", times)
        assert answers == ["pdf"]
        assert len(pilot.app.screen_stack) == 1


async def test_a_line_tells_its_key_its_label_and_what_it_is_about() -> None:
    async with opened(lambda: Menu("copy", COPY)) as (pilot, _):
        lines = [line_of(pilot, choice.label) for choice in COPY]
        assert "▎i  id         2106.01345" in lines[0]
        assert " p  PDF link   https://arxiv.org/pdf/2106.01345" in lines[1]
        assert "以序列建模…   │" in lines[2]
        assert {cell_len(line) for line in lines} == {80}


async def test_the_current_choice_is_ticked_and_under_the_cursor() -> None:
    async with opened(lambda: Menu("order", COPY, "pdf")) as (pilot, answers):
        assert "▎✓ p  PDF link" in frame(pilot)
        assert "   i  id" in frame(pilot)
        await pilot.press("j", "enter")
        assert answers == ["title"]


THEMES = [Choice("", f"theme {n}", f"theme {n}") for n in range(24)]


async def test_choices_without_a_key_have_no_column_for_one() -> None:
    async with opened(lambda: Menu("theme", THEMES, "theme 3")) as (pilot, answers):
        assert "▎✓ theme 3 " in frame(pilot)
        assert "│    theme 4 " in frame(pilot)
        await pilot.press("t", "3")
        assert answers == []


@pytest.mark.parametrize("size", [(80, 24), (40, 12)])
async def test_more_lines_than_rows_are_scrolled(size: tuple[int, int]) -> None:
    async with opened(lambda: Menu("theme", THEMES, "theme 20"), size) as (pilot, answers):
        assert "▎✓ theme 20 " in frame(pilot)
        assert "theme 0 " not in frame(pilot)
        await pilot.press("home")
        await pilot.pause()
        assert "▎  theme 0 " in frame(pilot)
        assert "theme 20 " not in frame(pilot)
        await pilot.press("end", "pageup", "pagedown", "enter")
        assert answers == ["theme 23"]


async def test_a_page_is_what_is_on_screen() -> None:
    async with opened(lambda: Menu("theme", THEMES), (40, 12)) as (pilot, answers):
        await pilot.press("pagedown", "enter")
        assert answers == ["theme 9"]


async def test_whoever_asks_hears_of_every_value_under_the_cursor() -> None:
    heard: list[str] = []
    menu = Menu("copy", COPY, "pdf", on_move=heard.append)
    async with opened(lambda: menu) as (pilot, answers):
        assert heard == []
        await pilot.press("j", "j", "k", "home", "up", "escape")
        await pilot.pause()
        assert heard == ["title", "pdf", "id"]
        assert answers == [None]


async def test_a_theme_is_seen_undimmed_while_the_cursor_is_on_it() -> None:
    def paint(theme: str) -> None:
        menu.app.theme = theme

    choices = [Choice("", name, name) for name in ("textual-dark", "textual-light")]
    menu = Menu("theme", choices, "textual-dark", on_move=paint)
    async with opened(lambda: menu) as (pilot, _):
        assert menu.styles.background.a == 0
        before = pilot.app.export_screenshot()
        await pilot.press("j")
        await pilot.pause()
        ground = pilot.app.theme_variables["surface"]
        assert ground.lower() not in before.lower()
        assert ground.lower() in pilot.app.export_screenshot().lower()
        assert "▎  textual-light " in frame(pilot)


async def test_a_detail_is_one_line() -> None:
    choices = [Choice("b", "citation", "b", "@misc{chen,\n\ttitle = {A\x1b[1m}\n}")]
    async with opened(lambda: Menu("copy", choices)) as (pilot, _):
        assert "@misc{chen, title = {A�[1m} }" in frame(pilot)


async def test_ascii_signs_replace_the_others() -> None:
    async with opened(lambda: Menu("order", COPY, "title", ASCII)) as (pilot, _):
        pilot.app.add_class("-ascii")
        await pilot.pause()
        assert ">x t  title" in frame(pilot)
        assert "+- order ---" in frame(pilot)
        assert not set(frame(pilot)) & set("▎✓…╭─│")


async def test_no_text_reaches_a_markup_parser() -> None:
    choices = [Choice("h", HOSTILE, HOSTILE, HOSTILE)]
    async with opened(lambda: Menu(HOSTILE, choices, HOSTILE), (160, 20)) as (pilot, answers):
        assert frame(pilot).count(HOSTILE) == 3
        assert isinstance(pilot.app.screen.query_one(".dialog")._border_title, Content)
        await pilot.press("h")
        assert answers == [HOSTILE]


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_is_survived(size: tuple[int, int]) -> None:
    async with opened(lambda: Menu("copy", COPY, "pdf"), size) as (pilot, answers):
        await pilot.press("j")
        assert ("title" in frame(pilot)) == (size[0] > 12)
        await pilot.resize_terminal(80, 24)
        await pilot.press("enter")
        assert answers == ["title"]


async def test_keys_faster_than_the_menu_is_drawn_are_heard(session: Session) -> None:
    answers: list[str | None] = []
    async with running(session) as pilot:
        pilot.app.push_screen(Menu("copy", COPY), answers.append)
        await type_in(pilot, "jjkｐj")
        assert answers == ["pdf"]
        assert main(pilot).is_active
        assert session.cursor == 2
