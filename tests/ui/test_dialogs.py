"""Help and export, as dialogs over the whole program."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from digest_tui import formats
from digest_tui.commands import COMMANDS, shown
from digest_tui.query import FIELDS
from digest_tui.session import Session
from digest_tui.settings import Settings
from digest_tui.ui.dialogs import Export, Help, help_text
from tests.ui.conftest import frame, main, running, status

KEYS = {command.id: command.keys for command in COMMANDS}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program runs, and so where exports go unless they are told to go elsewhere."""
    folder = tmp_path / "notes"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


async def ask_for(pilot: Pilot[None], path: str) -> None:
    pilot.app.screen.query_one("#path", Input).value = path
    await pilot.press("enter")
    await pilot.pause()


def test_help_names_every_key_command_and_field() -> None:
    text = help_text(KEYS, 200).plain
    for command in COMMANDS:
        assert f"{' '.join(map(shown, command.keys))} " in text
        assert command.help in text
    for field in FIELDS:
        assert f"{field.name}:" in text
        assert field.finds in text


@pytest.mark.parametrize("width", [20, 34, 60, 96])
def test_help_fits_its_width(width: int) -> None:
    assert max(map(cell_len, help_text(KEYS, width).plain.split("\n"))) <= width


def test_help_keeps_long_keys_and_what_they_do_apart() -> None:
    text = help_text({**KEYS, "read": ("ctrl+shift+a", "f12")}, 80).plain
    assert "Ctrl-Shift-A F12\n            read, and on" in text.replace("Shift-a", "Shift-A")


@pytest.mark.parametrize("way_out", ["escape", "q", "?"])
async def test_help_opens_scrolls_and_closes(session: Session, way_out: str) -> None:
    async with running(session, size=(80, 24)) as pilot:
        await pilot.press("?")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Help)
        assert "Six keys do the job" in frame(pilot)
        await pilot.press("space", "space", "j")
        await pilot.pause()
        assert "Six keys do the job" not in frame(pilot)
        await pilot.press(way_out)
        await pilot.pause()
        assert main(pilot).is_active


async def test_help_shows_rebound_keys(session: Session) -> None:
    async with running(session, Settings(keys={"read": "x,ctrl+x"}), size=(100, 60)) as pilot:
        await pilot.press("?")
        await pilot.pause()
        assert "x Ctrl-x    read, and on" in frame(pilot)


async def test_export_writes_what_is_starred(session: Session, folder: Path) -> None:
    session.star()
    async with running(session) as pilot:
        await pilot.press("e")
        await pilot.pause()
        assert isinstance(pilot.app.screen, Export)
        assert "Starred · 1" in frame(pilot)
        assert "This paper · 1" in frame(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert main(pilot).is_active
        assert f"1 paper written to {folder}/starred.md" in status(pilot)
    written = formats.parse((folder / "starred.md").read_text("utf-8"))
    assert [paper.id for paper in written.papers] == ["2106.01345"]


async def test_choice_and_format_are_chosen_with_the_keyboard(
    session: Session, folder: Path
) -> None:
    async with running(session) as pilot:
        await pilot.press("e")
        await pilot.press("shift+tab", "shift+tab", "right", "enter")
        await pilot.press("tab", "right", "enter", "tab")
        await pilot.pause()
        assert pilot.app.screen.query_one("#path", Input).value == str(folder / "view.json")
        await pilot.press("enter")
        await pilot.pause()
        assert "8 papers written" in status(pilot)
    assert (folder / "view.json").read_text("utf-8").count('"title_zh"') == 8


async def test_a_file_is_overwritten_only_after_asking(session: Session, folder: Path) -> None:
    (folder / "starred.md").write_text("mine")
    session.star()
    async with running(session) as pilot:
        await pilot.press("e", "enter")
        await pilot.pause()
        assert "The file exists" in frame(pilot)
        assert (folder / "starred.md").read_text() == "mine"
        await ask_for(pilot, str(folder / "other.md"))
        assert (folder / "other.md").exists()
        await pilot.press("e", "enter", "enter")
        await pilot.pause()
        assert "Decision Transformer" in (folder / "starred.md").read_text("utf-8")


async def test_asking_about_one_file_is_not_asking_about_another(
    session: Session, folder: Path
) -> None:
    for name in ("starred.md", "other.md"):
        (folder / name).write_text("mine")
    session.star()
    async with running(session) as pilot:
        await pilot.press("e", "enter")
        await ask_for(pilot, str(folder / "other.md"))
        assert isinstance(pilot.app.screen, Export)
        assert (folder / "other.md").read_text() == "mine"


async def test_escape_changes_nothing(session: Session, folder: Path) -> None:
    session.star()
    async with running(session) as pilot:
        await pilot.press("e", "escape")
        await pilot.pause()
        assert main(pilot).is_active
        assert session.totals.starred == 1
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "folder"),
        (".", "folder"),
        ("~nobody-has-this-name/x.md", "No file can be there"),
        ("x" * 300 + ".md", "No file can be there"),
    ],
)
async def test_a_path_that_cannot_be_is_refused_in_the_dialog(
    session: Session, path: str, says: str
) -> None:
    session.star()
    async with running(session) as pilot:
        await pilot.press("e")
        await pilot.pause()
        await ask_for(pilot, path)
        assert isinstance(pilot.app.screen, Export)
        assert says in frame(pilot)


async def test_nothing_to_export_is_said(session: Session, folder: Path) -> None:
    async with running(session) as pilot:
        await pilot.press("e", "enter")
        await pilot.pause()
        assert "nothing to export" in frame(pilot)
    assert list(folder.iterdir()) == []


async def test_a_file_that_cannot_be_written_is_said(session: Session, folder: Path) -> None:
    (folder / "file").write_text("mine")
    session.star()
    async with running(session) as pilot:
        await pilot.press("e")
        await pilot.pause()
        await ask_for(pilot, "file/below.md")
        assert "Not exported: " in status(pilot)
        assert "file/below.md" in status(pilot)


@pytest.mark.parametrize("size", [(40, 12), (60, 14), (80, 24)])
async def test_the_question_before_overwriting_is_seen_at_every_size(
    session: Session, folder: Path, size: tuple[int, int]
) -> None:
    (folder / "starred.md").write_text("mine")
    session.star()
    async with running(session, size=size) as pilot:
        await pilot.press("e", "enter")
        await pilot.pause()
        assert "The file exists" in frame(pilot)
        assert "This paper · 1" in frame(pilot)
        assert "jsonl" in frame(pilot)
