"""The help."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from digest_tui.commands import COMMANDS, shown
from digest_tui.query import FIELDS
from digest_tui.session import Session
from digest_tui.ui.glyphs import ASCII
from digest_tui.ui.help import FIRST, Help, help_lines, help_sections
from tests.ui.conftest import HOSTILE, frame, main, running, type_in
from tests.ui.opened import SIZES, opened

KEYS = {command.id: command.keys for command in COMMANDS}


def text_of(wanted: str = "", width: int = 200, **rebound: tuple[str, ...]) -> str:
    lines = help_lines(help_sections({**KEYS, **rebound}), wanted, width)
    return "\n".join(line.heading or line.name + line.text for line in lines)


def test_it_names_every_key_command_and_field() -> None:
    text = text_of()
    for command in COMMANDS:
        assert f"{' '.join(map(shown, command.keys))} " in text
        assert command.help in text
    for field in FIELDS:
        assert f"{field.name}:" in text
        assert field.finds in text


def test_it_begins_with_the_five_keys_that_do_the_job() -> None:
    lines = text_of().split("\n")
    assert lines[0] == "Five keys do the job"
    assert [line[:2] for line in lines[1:6]] == ["j ", "r ", "s ", "/ ", "u "]
    assert lines[6] == ""
    assert len(FIRST) == 5


def test_on_a_narrow_screen_the_keys_take_little_from_the_text() -> None:
    lines = text_of(width=34).split("\n")
    assert lines[1] == "j     next paper; in the paper"
    assert lines[lines.index("G End last row, or the end of the") + 1] == "      paper"
    assert lines[lines.index("Enter l →") + 1] == "      into the papers, into the"


def test_in_ascii_the_keys_and_sentences_have_no_other_sign() -> None:
    sections = help_sections(KEYS)
    for wanted in ("", "no such thing"):
        lines = help_lines(sections, wanted, 34, ASCII)
        text = " ".join(line.name + line.text for line in lines)
        assert not set(text) & set("·“”…×↑↓←→–—")
        assert ("j Down" in text) == (not wanted)


@pytest.mark.parametrize("width", [20, 34, 60, 96])
def test_it_fits_its_width(width: int) -> None:
    assert max(map(cell_len, text_of(width=width).split("\n"))) <= width


def test_long_keys_stand_above_what_they_do() -> None:
    text = text_of(read=("ctrl+shift+a", "f12"))
    assert "\nCtrl-Shift-A F12\n            read, and on" in text.replace("Shift-a", "Shift-A")


def test_a_command_without_a_key_is_told_by_its_name_in_the_palette() -> None:
    assert "\n            Theme: choose the colors" in text_of(theme=())


@pytest.mark.parametrize(
    ("wanted", "row"),
    [
        ("take back", "u           take back the last decision"),
        ("LAST back", "u           take back the last decision"),
        ("previous-unread", "p           previous unread paper"),
        ("open pdf", "O           the PDF in the browser"),
        ("ctrl-d", "Ctrl-d      half a page down"),
        ("G", "G End       last row"),
        ("]", "]           the digest below"),
        ("keyword:", "kw:         a keyword section"),
        ("作者", "au:         an author"),
        ("quotes", "            Words side by side"),
        ("décide again", "U           decide again"),
    ],
)
def test_what_is_wanted_is_found(wanted: str, row: str) -> None:
    lines = text_of(wanted).split("\n")
    assert row in "\n".join(lines)
    assert "Five keys do the job" not in lines
    assert len(lines) < 20


def test_a_letter_by_itself_is_a_key() -> None:
    assert text_of("R").split("\n") == ["Program", "R           look for new digests now"]


@pytest.mark.parametrize("wanted", ["no such thing", HOSTILE, "\x1b[1mx"])
def test_where_nothing_is_found_it_is_said(wanted: str) -> None:
    assert "Nothing found for “" in text_of(wanted)
    assert "\x1b" not in text_of(wanted)


@pytest.mark.parametrize("way_out", ["escape", "q", "?"])
async def test_keys_scroll_and_close(way_out: str) -> None:
    async with opened(lambda: Help(KEYS)) as (pilot, answers):
        assert "Five keys do the job" in frame(pilot)
        await pilot.press("j", "down", "k")
        await pilot.pause()
        assert "Five keys do the job" not in frame(pilot)
        await pilot.press("g")
        await pilot.pause()
        assert "Five keys do the job" in frame(pilot)
        for key in ("space", "pageup", "pagedown", "up", "home", "G"):
            before = frame(pilot)
            await pilot.press(key)
            await pilot.pause()
            assert frame(pilot) != before
        assert "read, unread, starred" in frame(pilot)
        await pilot.press(way_out)
        assert answers == [None]


async def test_the_search_filters_live_and_escape_ends_it_before_the_help() -> None:
    async with opened(lambda: Help(KEYS)) as (pilot, answers):
        await pilot.press("G", "/")
        await pilot.pause()
        assert "a key, a word" in frame(pilot)
        await pilot.press(*"back")
        await pilot.pause()
        assert "take back the last decision" in frame(pilot)
        assert "star; an unread" not in frame(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "Five keys do the job" in frame(pilot)
        assert "a key, a word" not in frame(pilot)
        await pilot.press("escape")
        assert answers == [None]


async def test_what_was_found_is_kept_scrolled_and_searched_again() -> None:
    async with opened(lambda: Help(KEYS), (60, 12)) as (pilot, answers):
        await pilot.press("/", *"paper", "enter", "G")
        await pilot.pause()
        assert "/ paper" in frame(pilot)
        assert "words of the Chinese" not in frame(pilot)
        assert "next paper, from any pane" not in frame(pilot)
        await pilot.press("g")
        await pilot.pause()
        assert "next paper; in the paper pane" in frame(pilot)
        await pilot.press("/", *"s to", "enter", "q")
        assert answers == [None]


async def test_nothing_found_is_said_on_screen() -> None:
    async with opened(lambda: Help(KEYS)) as (pilot, _):
        await pilot.press("/")
        await type_in(pilot, HOSTILE)
        assert "Nothing found for “[Re] a [/x] y[i]" in frame(pilot)


async def test_ascii_signs_replace_the_others() -> None:
    async with opened(lambda: Help(KEYS, ASCII)) as (pilot, _):
        pilot.app.add_class("-ascii")
        await pilot.pause()
        assert "Five keys do the job ------" in frame(pilot)
        assert not set(frame(pilot)) & set("╭─│·")


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_is_survived(size: tuple[int, int]) -> None:
    async with opened(lambda: Help(KEYS), size) as (pilot, answers):
        assert ("Five keys do the job" in frame(pilot)) == (size[0] > 12)
        await pilot.press("space", "/", "x", "enter", "G")
        await pilot.resize_terminal(80, 24)
        await pilot.press("escape", "escape")
        assert answers == [None]


async def test_keys_faster_than_the_help_is_drawn_do_what_they_should(session: Session) -> None:
    async with running(session) as pilot:
        pilot.app.push_screen(Help(KEYS))
        await type_in(pilot, "j　/take back")
        await pilot.pause()
        assert "take back the last decision" in frame(pilot)
        assert "star; an unread" not in frame(pilot)
        await pilot.press("escape", "q")
        await pilot.pause()
        assert main(pilot).is_active
