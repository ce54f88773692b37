"""The whole program with a pilot at its keys."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

from digest_tui.commands import BY_ID
from digest_tui.library import Library, Progress
from digest_tui.marks import STAR
from digest_tui.resume import Left
from digest_tui.session import Session
from digest_tui.settings import Settings
from digest_tui.ui.app import DigestApp
from digest_tui.ui.screen import MainScreen
from tests.ui.conftest import digest, frame, main, paper, running, status, type_in, until

Make = Callable[..., Session]

FIRST = "2106.01345"
SECOND = "2203.02155"


def state(session: Session) -> tuple[object, ...]:
    """What keys can change of a session, in short."""
    view, card = session.view, session.current
    day = str(view.scope.day)[5:] if view.scope else "all"
    marks = session.totals.unread, session.totals.starred
    return card.id if card else None, session.cursor, day, view.status, *marks


START = (FIRST, 1, "03-04", "all", 28, 0)
# For each command: keys pressed on the freshly opened sample, and the state that they lead to.
KEYS: dict[str, tuple[str, tuple[object, ...]]] = {
    "down": ("j down", ("2305.18290", 3, "03-04", "all", 28, 0)),
    "up": ("j j j k up", (SECOND, 2, "03-04", "all", 28, 0)),
    "next-paper": ("l J", (SECOND, 2, "03-04", "all", 28, 0)),
    "previous-paper": ("j l K", START),
    "next-unread": ("r k n", (SECOND, 2, "03-04", "all", 27, 0)),
    "previous-unread": ("r r k p", (SECOND, 2, "03-04", "all", 26, 0)),
    "first": ("j j g G home", START),
    "last": ("G end", ("2409.00588", 10, "03-04", "all", 28, 0)),
    "page-down": ("pagedown", ("2409.00588", 10, "03-04", "all", 28, 0)),
    "page-up": ("G pageup", START),
    "next-digest": ("]", ("1712.01815", 1, "03-03", "all", 28, 0)),
    "previous-digest": ("[", (FIRST, 1, "all", "all", 28, 0)),
    "next-keyword": ("}", ("2303.04137", 8, "03-04", "all", 28, 0)),
    "previous-keyword": ("} {", START),
    "read": ("r", (SECOND, 2, "03-04", "all", 27, 0)),
    "star": ("s", (SECOND, 2, "03-04", "all", 27, 1)),
    "read-all": ("A", (None, 1, "03-04", "all", 20, 0)),
    "undo": ("s r u u", START),
    "redo": ("A u U", (None, 1, "03-04", "all", 20, 0)),
    "show-all": ("2 1", START),
    "show-unread": ("r 2", (SECOND, 1, "03-04", "unread", 27, 0)),
    "show-starred": ("s 3", (FIRST, 1, "03-04", "starred", 27, 1)),
}


@pytest.mark.parametrize("command", KEYS)
async def test_a_key_does_what_its_help_says(session: Session, command: str) -> None:
    keys, expected = KEYS[command]
    async with running(session) as pilot:
        assert state(session) == START
        await pilot.press(*keys.split())
        assert state(session) == expected
        assert main(pilot).is_active


async def test_a_decision_is_said_and_the_lists_show_it(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("s")
        await pilot.pause()
        assert "1 paper starred · u undoes" in status(pilot)
        assert "8 papers · 7 unread" in status(pilot)
        assert "  ★ Decision Transformer" in frame(pilot)
        assert "5 unread of 6" in frame(pilot)
        assert re.search("▎2026-03-04 +7/8", frame(pilot))
        await pilot.press("u")
        await pilot.pause()
        assert "undone" in status(pilot)
        assert "★" not in frame(pilot)


async def test_on_a_read_paper_read_and_star_toggle_and_stay(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("r", "k", "s")
        assert state(session) == (FIRST, 1, "03-04", "all", 27, 1)
        await pilot.press("s", "r")
        assert state(session) == START


async def test_the_last_unread_paper_leads_on_to_the_next_digest(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("A", "n")
        await pilot.pause()
        assert state(session)[2] == "03-03"
        assert "╭─ 2026-03-03" in frame(pilot)


async def test_what_was_read_stays_in_the_unread_view_until_it_is_asked_for_again(
    session: Session,
) -> None:
    async with running(session) as pilot:
        await pilot.press("2", "r", "r")
        assert session.view.papers == 8
        await pilot.press("2")
        assert session.view.papers == 6


async def test_space_reads_on_to_the_end_and_then_marks_read(session: Session) -> None:
    async with running(session, size=(100, 14)) as pilot:
        reader = main(pilot).paper
        await pilot.press("space")
        assert reader.scroll_offset.y == reader.page
        for _ in range(30):
            if reader.at_end:
                break
            await pilot.press("space")
        assert session.totals.unread == 28
        await pilot.press("space")
        assert state(session) == (SECOND, 2, "03-04", "all", 27, 0)
        assert reader.scroll_offset.y == 0


async def test_space_never_marks_a_read_paper_unread(session: Session) -> None:
    async with running(session, size=(150, 50)) as pilot:
        await pilot.press("r", "k", "space")
        assert state(session) == (SECOND, 2, "03-04", "all", 27, 0)


async def test_the_paper_scrolls_from_any_pane(session: Session) -> None:
    async with running(session, size=(100, 16)) as pilot:
        reader = main(pilot).paper
        await pilot.press("ctrl+d")
        half = reader.scroll_offset.y
        assert half == reader.page // 2
        await pilot.press("ctrl+d", "ctrl+u")
        assert reader.scroll_offset.y == half
        assert session.cursor == 1


async def test_in_the_paper_pane_the_moves_scroll_it(session: Session) -> None:
    async with running(session, size=(100, 16)) as pilot:
        reader = main(pilot).paper
        places = []
        for key in ("l", "j", "down", "k", "pagedown", "G", "g", "end", "home"):
            await pilot.press(key)
            await pilot.pause()
            places.append(reader.scroll_offset.y)
        end = reader.max_scroll_y
        assert places == [0, 1, 2, 1, 1 + reader.page, end, 0, end, 0]
        assert session.cursor == 1


async def test_in_the_list_of_digests_the_moves_choose(session: Session) -> None:
    async with running(session) as pilot:
        days = []
        for key in ("h", "j", "k", "g", "j", "j", "G"):
            await pilot.press(key)
            days.append(state(session)[2:4])
        assert days == [
            ("03-04", "all"), ("03-03", "all"), ("03-04", "all"),
            ("all", "all"), ("all", "unread"), ("all", "starred"), ("03-02", "all"),
        ]  # fmt: skip


PANES = [
    ("", "papers"),
    ("h", "digests"),
    ("l", "paper"),
    ("z", "paper"),
    ("h h", "digests"),
    ("h enter", "papers"),
    ("enter l right", "paper"),
    ("l left", "papers"),
    ("tab tab", "digests"),
    ("tab tab tab", "papers"),
    ("shift+tab", "digests"),
    ("l escape", "papers"),
    ("l escape escape", "digests"),
    ("z z", "papers"),
    ("z escape", "papers"),
    ("z h", "papers"),
    ("z tab", "digests"),
    ("z / enter", "papers"),
]


@pytest.mark.parametrize(
    ("width", "keys", "pane"),
    [
        *((150, *row) for row in PANES),
        *((width, *row) for width in (50, 100) for row in PANES[:4]),
    ],
)
async def test_the_pane_that_is_worked_in_has_the_focus_and_is_on_screen(
    session: Session, width: int, keys: str, pane: str
) -> None:
    async with running(session, size=(width, 30)) as pilot:
        await pilot.press(*keys.split())
        await pilot.pause()
        focused = main(pilot).focused
        assert focused
        assert focused.id == pane
        assert focused.region.width > 15
        shown = [one.id for one in main(pilot).query("#panes > *") if one.region.width]
        zoomed = keys == "z"
        assert len(shown) == (1 if zoomed or width == 50 else 2 if width == 100 else 3)


async def test_a_burst_of_keys_ends_where_its_last_key_leads(session: Session) -> None:
    async with running(session) as pilot:
        for key in ("tab", "tab", "tab", "h", "l", "l", "z", "tab", "tab"):
            pilot.app.simulate_key(key)
        await pilot.pause()
        await pilot.pause()
        assert main(pilot).focused is main(pilot).papers
        assert main(pilot).has_class("at-papers")


async def test_languages_go_round(session: Session) -> None:
    async with running(session) as pilot:
        seen = []
        for _ in range(3):
            await pilot.press("b")
            await pilot.pause()
            seen.append((session.language, "Abstract" in frame(pilot), "摘要" in frame(pilot)))
        assert seen == [("en", True, False), ("zh", False, True), ("both", True, True)]


async def test_density_changes_and_the_cursor_stays(session: Session) -> None:
    async with running(session, size=(150, 14)) as pilot:
        await pilot.press("G", "D")
        await pilot.pause()
        assert session.compact
        assert "▎●  Diffusion Policy Policy" in frame(pilot)
        await pilot.press("D")
        await pilot.pause()
        assert "▎●  Diffusion Policy Policy" in frame(pilot)
        assert session.cursor == 10


@pytest.mark.parametrize(("key", "kind"), [("o", "abs"), ("O", "pdf")])
async def test_links_open_in_the_browser(
    session: Session, monkeypatch: pytest.MonkeyPatch, key: str, kind: str
) -> None:
    async with running(session) as pilot:
        opened: list[str] = []
        monkeypatch.setattr(pilot.app, "open_url", lambda url: opened.append(url))
        await pilot.press(key)
        await pilot.pause()
        assert opened == [f"https://arxiv.org/{kind}/{FIRST}"]
        assert f"Opened https://arxiv.org/{kind}/{FIRST}" in status(pilot)


@pytest.mark.parametrize(("key", "kind"), [("o", "abs"), ("O", "pdf")])
async def test_a_link_made_of_an_id_is_opened_whatever_the_digest_says(
    make: Make, monkeypatch: pytest.MonkeyPatch, key: str, kind: str
) -> None:
    text = digest(paper(1)).replace("https://arxiv.org/pdf/2603.00001", "file:///etc/passwd")
    async with running(make(text)) as pilot:
        opened: list[str] = []
        monkeypatch.setattr(pilot.app, "open_url", lambda url: opened.append(url))
        await pilot.press(key)
        await pilot.pause()
        assert opened == [f"https://arxiv.org/{kind}/2603.00001"]


@pytest.mark.parametrize("size", [(150, 40), (80, 24), (40, 12), (20, 4), (1, 1)])
async def test_the_status_line_grows_for_a_link_and_shrinks_again(
    make: Make, size: tuple[int, int]
) -> None:
    url = f"https://example.org/{'long-' * 20}"
    text = digest(paper(1)).replace("https://arxiv.org/abs/2603.00001", url)
    text = text.replace("https://arxiv.org/pdf/2603.00001", "")
    async with running(make(text), size=size) as pilot:
        await pilot.press("o")
        await pilot.pause()
        shown = "".join(frame(pilot).split())
        assert (f"oagainopens{url}" in shown) == (size[1] >= 12)
        await pilot.press("b")
        await pilot.pause()
        assert main(pilot).query_one("#status").region.height <= 1


async def test_clicks_choose_and_double_clicks_open_and_neither_marks(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.click("#papers", offset=(10, 7))
        await pilot.pause()
        assert session.cursor == 3
        await pilot.click("#digests", offset=(5, 5))
        await pilot.pause()
        assert state(session)[2] == "03-03"
        await pilot.double_click("#papers", offset=(10, 7))
        await pilot.pause()
        assert main(pilot).focused is main(pilot).paper
        assert (session.totals.unread, session.totals.starred) == (28, 0)


async def test_the_wheel_scrolls_and_never_marks_or_moves_the_cursor(make: Make) -> None:
    session = make(digest(*(paper(n) for n in range(40))))
    async with running(session) as pilot:
        papers = main(pilot).papers
        papers.action_scroll_down()
        papers.scroll_relative(y=30, animate=False, immediate=True)
        await pilot.pause()
        assert papers.scroll_offset.y >= 30
        assert session.cursor == 1
        assert session.totals.unread == 40
        await pilot.press("j")
        assert session.cursor == 2
        assert papers.scroll_offset.y <= 4


async def test_rebound_keys_work_and_their_commands_lose_the_old_ones(session: Session) -> None:
    keys = {"read": "x, ctrl+x", "star": "r", "query": "[", "previous-digest": "/", "help": ","}
    async with running(session, Settings(keys=keys)) as pilot:
        await pilot.press("x", "ctrl+x")
        assert session.totals.unread == 26
        await pilot.press("r")
        assert session.totals.starred == 1
        await pilot.press("s")
        assert session.totals.starred == 1
        await pilot.press("slash")
        assert session.view.scope is None
        await pilot.press("left_square_bracket")
        assert main(pilot).focused is main(pilot).query_bar
        await pilot.press("escape", "comma")
        await pilot.pause()
        assert not main(pilot).is_active


async def test_settings_choose_language_density_and_theme(session: Session) -> None:
    settings = Settings(theme="digest-light", language="zh", density="compact")
    async with running(session, settings) as pilot:
        assert (session.language, session.compact) == ("zh", True)
        assert pilot.app.theme == "digest-light"
        assert "决策 Transformer" in frame(pilot)


async def test_an_unknown_theme_leaves_the_default(session: Session) -> None:
    async with running(session, Settings(theme="no such theme")) as pilot:
        assert pilot.app.theme == "digest-dark"


async def test_a_notice_is_said_at_the_start(session: Session) -> None:
    async with running(session, notice="config.toml:3: \x1b[31mno such key") as pilot:
        assert "config.toml:3: �[31mno such key" in status(pilot)


async def test_what_cannot_be_saved_is_said_and_tried_again(session: Session) -> None:
    marks = session.library.places.marks
    async with running(session) as pilot:
        await pilot.press("s")
        shutil.rmtree(marks)
        marks.write_text("in the way")
        await pilot.press("s", "r")
        await pilot.pause()
        assert session.unsaved
        assert "3 changes not saved" in status(pilot)
        assert frame(pilot).count("★") == 2
        marks.unlink()
        await until(pilot, lambda: not session.unsaved)
        await until(pilot, lambda: "not saved" not in status(pilot))
    # The star that went with the folder is in the new one too.
    session.mirror()
    cards = [session.card(row) for row in (1, 2, 3)]
    assert [card.starred for card in cards if card] == [True, True, False]
    changes = session.library.store.read().changes
    assert len({change.paper for change in changes if change.field == STAR}) == 2


async def test_new_digests_appear_and_nothing_moves_under_the_cursor(make: Make) -> None:
    session = make(digest(*(paper(n) for n in range(40))))
    async with running(session, size=(150, 20)) as pilot:
        papers = main(pilot).papers
        await pilot.press("pagedown", "pagedown", "k")
        before = state(session)[:3], papers.scroll_offset.y
        assert before[1] > 0
        folder = session.library.places.digests
        (folder / "dropped.txt").write_text(digest(paper(99), day="2026-03-06"), "utf-8")
        await until(pilot, lambda: len(session.digests) == 2)
        await until(pilot, lambda: "New: 2026-03-06" in status(pilot))
        assert (state(session)[:3], papers.scroll_offset.y) == before
        assert "2026-03-06" in frame(pilot)
        assert session.totals.papers == 41


async def test_a_digest_dropped_into_an_empty_library_is_opened(make: Make) -> None:
    session = make()
    async with running(session) as pilot:
        assert "No digests yet" in frame(pilot)
        folder = session.library.places.digests
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "dropped.txt").write_text(digest(paper(99), day="2026-03-06"), "utf-8")
        await until(pilot, lambda: "Paper number 99" in frame(pilot))
        assert session.cursor == 1


async def test_what_the_shell_imports_into_an_empty_library_is_opened(make: Make) -> None:
    session = make()
    async with running(session) as pilot:
        with closing(Library(session.library.places)) as other:
            assert other.import_bytes(digest(paper(1)).encode()).status == "imported"
        await until(pilot, lambda: "Paper number 1" in frame(pilot))


async def test_an_empty_view_is_not_left_for_a_new_digest(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("[", "3")
        folder = session.library.places.digests
        (folder / "dropped.txt").write_text(digest(paper(99), day="2026-03-06"), "utf-8")
        await until(pilot, lambda: len(session.digests) == 4)
        assert (session.view.scope, session.view.status) == (None, "starred")


async def test_looking_for_digests_says_what_was_found(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("R")
        await until(pilot, lambda: "Nothing new" in status(pilot))
        folder = session.library.places.digests
        (folder / "dropped.txt").write_text(digest(paper(99), day="2026-03-06"), "utf-8")
        await pilot.press("R")
        await until(pilot, lambda: "New: 2026-03-06" in status(pilot))


async def test_a_library_that_is_being_indexed_fills_in_whatever_is_looked_at(make: Make) -> None:
    session = make(digest(paper(1), day="2026-03-01"))
    async with running(session) as pilot:
        main(pilot).watcher.stop()
        await pilot.press("[")
        await type_in(pilot, "/policy")
        await pilot.press("enter")
        assert "1 of 1 · " in status(pilot)
        text = digest(*(paper(n) for n in range(2, 9)))
        with closing(Library(session.library.places)) as other:
            other.import_bytes(text.encode(), "2.txt")
        await wait_for_progress(pilot, Progress(40, 100, 1400), 2.0)
        assert "8 of 8 · " in status(pilot)
        assert "1,400 papers indexed · 700/s · 3 s left" in status(pilot)
        main(pilot).post_message(MainScreen.ScanEnded(True))
        await until(pilot, lambda: "2 digests, 8 papers indexed" in status(pilot))


TWO_EACH = tuple(
    digest(paper(n), paper(n + 3), day=day)
    for n, day in enumerate(("2026-03-01", "2026-03-02", "2026-03-03"), 1)
)


async def test_the_end_of_a_scan_of_another_index_leads_nobody_away(make: Make) -> None:
    session = make(*TWO_EACH)
    async with running(session) as pilot:
        await pilot.press("]", "j", "/", *"number 5")
        before = session.index.file
        os.truncate(session.library.places.index, 0)
        main(pilot).look_for_changes()
        # A scan that began before tells its end while the new file is still empty.
        main(pilot).post_message(MainScreen.ScanEnded(False, index=before))
        await until(pilot, lambda: "3 digests, 6 papers indexed" in status(pilot))
        assert session.current
        assert session.current.title == "Paper number 5"
        assert "╭─ 2026-03-02 ─" in frame(pilot)
        assert "1 of 2 · " in status(pilot)


@asynccontextmanager
async def without_index(make: Make) -> AsyncIterator[Pilot[None]]:
    """The reader of the second digest, whose index was lost; nobody fills the next one yet."""
    session = make(*TWO_EACH)
    async with running(session) as pilot:
        await pilot.press("]", "j")
        main(pilot).watcher.stop()
        os.truncate(session.library.places.index, 0)
        main(pilot).look_for_changes()
        assert not session.digests
        yield pilot


async def fill(pilot: Pilot[None]) -> None:
    """The index is filled and that is told: the reader is where the old one was lost."""
    session = main(pilot).session
    with closing(Library(session.library.places)) as other:
        other.refresh()
        main(pilot).post_message(MainScreen.ScanEnded(True, index=other.index.file))
    await until(pilot, lambda: "╭─ 2026-03-02 ─" in frame(pilot))
    assert session.current
    assert session.current.title == "Paper number 5"


async def test_a_scan_that_came_to_nothing_leads_nobody_away(make: Make) -> None:
    async with without_index(make) as pilot:
        main(pilot).post_message(MainScreen.ScanEnded(False, "It is locked"))
        await until(pilot, lambda: "It is locked" in status(pilot))
        await fill(pilot)
        assert "3 digests, 6 papers indexed" in status(pilot)


async def test_a_key_into_an_index_that_is_still_empty_leads_nobody_away(make: Make) -> None:
    async with without_index(make) as pilot:
        await pilot.press("j", "/", *"number", "enter")
        await fill(pilot)
        assert "2 of 2 · " in status(pilot)
        assert main(pilot).session.view.text == "number"


async def test_a_single_digest_that_comes_in_tells_no_progress(make: Make) -> None:
    session = make(digest(paper(1)))
    async with running(session) as pilot:
        await wait_for_progress(pilot, Progress(0, 1, 35), 0.5)
        assert "indexed" not in status(pilot)


async def wait_for_progress(pilot: Pilot[None], progress: Progress, seconds: float) -> None:
    main(pilot).post_message(MainScreen.Scanned(progress, seconds))
    await pilot.pause()
    await pilot.pause()


async def test_a_digest_that_goes_is_told(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("[")
        papers = session.view.papers
        file = next(row.file for row in session.digests if str(row.day) == "2026-03-03")
        (session.library.places.digests / file).unlink()
        await until(pilot, lambda: "Gone: 2026-03-03" in status(pilot))
        assert f"{papers} papers" in status(pilot)


async def test_another_windows_marks_show_up(session: Session) -> None:
    library = Library(session.library.places)
    other = Session(library)
    other.start()
    async with running(session) as pilot:
        other.star()
        await until(pilot, lambda: "★ Decision Transformer" in frame(pilot))
        assert state(session) == (FIRST, 1, "03-04", "all", 27, 1)
        assert "8 papers · 7 unread" in status(pilot)
        await pilot.press("s")
        assert other.look()
        first = other.card(1)
        assert first
        assert (first.read, first.starred) == (True, False)
    library.close()


@pytest.mark.parametrize("key", [":", "ctrl+p"])
async def test_the_palette_lists_and_runs_commands(session: Session, key: str) -> None:
    async with running(session) as pilot:
        await pilot.press(key)
        await pilot.pause()
        palette = pilot.app.screen
        assert isinstance(palette, CommandPalette)
        await until(pilot, lambda: "Next paper" in frame(pilot))
        await type_in(pilot, "all read")
        await until(pilot, lambda: "mark all that the view shows" in frame(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: session.totals.unread == 20)
        assert main(pilot).is_active


async def test_themes_are_offered(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("T")
        await until(pilot, lambda: "digest-light" in frame(pilot))


async def test_the_sample_is_offered_in_an_empty_library_and_only_there(
    make: Make, tmp_path: Path
) -> None:
    async with running(make()) as pilot:
        assert "d opens the sample" in frame(pilot)
        await pilot.press("d")
        await until(pilot, lambda: "Decision Transformer" in frame(pilot))
        assert "sample: marks go nowhere" in status(pilot)
        await pilot.press("s")
        await pilot.pause()
        assert "1 paper starred" in status(pilot)
        before = main(pilot).session
        await pilot.press("d")
        await pilot.pause()
        assert main(pilot).session is before
    assert not list((tmp_path / "made" / "marks").glob("*"))


async def test_quit_leaves(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running)
        assert pilot.app.return_code == 0


SIZES = (
    (200, 60), (119, 40), (79, 24), (40, 12), (5, 3), (1, 1), (1, 60), (200, 1), (150, 40),
)  # fmt: skip


@pytest.mark.parametrize("keys", ["G l", "h", "z", "/", "e", "?"])
async def test_no_size_loses_the_paper_or_the_program(session: Session, keys: str) -> None:
    async with running(session) as pilot:
        await pilot.press(*keys.split())
        await pilot.pause()
        focused = main(pilot).focused
        before = state(session)
        for size in SIZES:
            await pilot.resize_terminal(*size)
        await pilot.pause()
        assert state(session) == before
        assert main(pilot).focused is focused
        while not main(pilot).is_active:
            await pilot.press("escape")
            await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert "▎" in frame(pilot)


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (79, 24), (40, 12)])
async def test_the_cursor_is_on_screen_at_every_size(
    session: Session, size: tuple[int, int]
) -> None:
    async with running(session) as pilot:
        await pilot.press("G", "k")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert "▎●  3D Diffusion" in frame(pilot)
        assert "unread" in status(pilot)


async def test_typing_elsewhere_than_in_the_list_is_text(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("e")
        await pilot.press("shift+tab", "end", "s", "ｓ")
        assert pilot.app.screen.query_one("#path", Input).value.endswith("shown.mdsｓ")
        assert session.totals.starred == 0


async def test_full_width_keys_are_their_twins_and_text_in_the_query(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "ｊｓ")
        assert state(session) == ("2305.18290", 3, "03-04", "all", 27, 1)
        await type_in(pilot, "／Ｄ")
        assert main(pilot).query_bar.value == "Ｄ"


async def test_a_facet_that_is_chosen_stands_in_the_query_at_once(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("1", "f", "j", "space")
        await pilot.pause()
        assert session.view.text == 'kw:"diffusion policy"'
        assert '/ kw:"diffusion policy"' in frame(pilot)
        assert session.view.papers == 3
        await pilot.press("k", "space")
        assert session.view.papers == 8
        await pilot.press("c", "escape")
        await pilot.pause()
        assert session.view.text == ""
        assert "/ kw:" not in frame(pilot)


async def test_an_order_is_chosen_from_a_menu(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("S", "t")
        await pilot.pause()
        assert session.order == "title"
        assert "Papers by title" in status(pilot)
        await pilot.press("S", "escape")
        assert session.order == "title"


async def test_what_is_copied_is_told(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("y", "t")
        await pilot.pause()
        assert pilot.app.clipboard.startswith("Decision Transformer: ")
        assert "Copied the title: Decision Transformer" in status(pilot)
        await pilot.press("minus", "y")
        await pilot.pause()
        assert "No paper to copy from" in status(pilot)


async def test_after_the_last_paper_export_offers_what_was_starred_here(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("s", "A")
        await pilot.pause()
        assert "2026-03-04 is decided" in frame(pilot)
        assert "All 8 decided, 1 starred" in status(pilot)
        await pilot.press("r", "s", "space")
        assert session.view.scope
        assert (session.totals.unread, str(session.view.scope.day)) == (20, "2026-03-03")
        await pilot.press("[", "u", "U", "e")
        await pilot.pause()
        assert "starred here · 1" in frame(pilot)


@pytest.mark.parametrize("how", ["escape", "click"])
async def test_the_hint_of_a_first_start_can_be_sent_away(session: Session, how: str) -> None:
    async with running(session, left=Left()) as pilot:
        assert "New here?" in frame(pilot)
        await pilot.press("/", "x", "escape")
        assert "New here?" in frame(pilot)
        await (pilot.press("escape") if how == "escape" else pilot.click("#hint"))
        await pilot.pause()
        assert "New here?" not in frame(pilot)
        assert main(pilot).focused is main(pilot).papers


async def test_an_empty_library_shows_no_hint_and_keeps_it_for_later(make: Make) -> None:
    session = make()
    async with running(session, left=Left()) as pilot:
        assert "New here?" not in frame(pilot)
        assert "d Sample" in frame(pilot)
        await pilot.press("q")
    assert isinstance(pilot.app, DigestApp)
    assert pilot.app.last
    assert pilot.app.last.is_first


async def test_it_notes_how_it_is_left(session: Session) -> None:
    async with running(session, left=Left()) as pilot:
        await pilot.press("]", "b", "D", "z", "/", *"atari", "enter")
        pilot.app.theme = "nord"
        await pilot.press("z", "q")
        await pilot.pause()
    assert isinstance(pilot.app, DigestApp)
    left = pilot.app.last
    assert left
    assert (left.theme, left.language, left.density) == ("nord", "en", "compact")
    assert (left.query, left.queries, left.is_zoomed, left.is_first) == (
        "atari",
        ("atari",),
        True,
        False,
    )
    async with running(session, left=left) as pilot:
        assert pilot.app.theme == "nord"
        assert main(pilot).has_class("zoomed")
        assert (session.language, session.compact) == ("en", True)
        assert main(pilot).query_bar.value == "atari"


async def test_the_footer_tells_the_keys_of_the_pane(session: Session) -> None:
    async with running(session) as pilot:
        feet = {}
        for key in ("l", "h", "h", "/"):
            await pilot.press(key)
            await pilot.pause()
            feet[frame(pilot).split("\n")[-1].strip()[:14]] = key
        assert len(feet) == 4


@pytest.mark.parametrize(
    ("columns", "rows", "is_beside"), [(200, 60, True), (186, 40, True), (185, 40, False)]
)
async def test_the_widest_screens_have_both_abstracts_side_by_side(
    session: Session, columns: int, rows: int, is_beside: bool
) -> None:
    async with running(session, size=(columns, rows)) as pilot:
        headings = [line for line in frame(pilot).split("\n") if "Abstract" in line]
        assert ("摘要" in headings[0]) == is_beside


async def test_source_and_authors_are_a_key_away(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("j", "a")
        await pilot.pause()
        assert "Amanda Askell" in frame(pilot)
        await pilot.press("v")
        await pilot.pause()
        assert "paper · source" in frame(pilot)
        await pilot.press("v", "j")
        await pilot.pause()
        assert "paper · source" not in frame(pilot)


async def test_it_resumes_even_where_the_index_is_built_anew(make: Make) -> None:
    session = make()
    folder = session.library.places.digests
    folder.mkdir(parents=True)
    for day in ("2026-03-06", "2026-03-07"):
        papers = [paper(int(day[-2:]) * 10 + n) for n in range(3)]
        (folder / f"{day}.txt").write_text(digest(*papers, day=day), "utf-8")
    left = Left(
        digest="2026-03-06.txt", paper="2603.00062", query="number", order="title", is_first=False
    )
    session.start(left=left)
    async with running(session, left=left) as pilot:
        await until(pilot, lambda: len(session.digests) == 2)
        assert session.view.scope
        assert (str(session.view.scope.day), session.view.text) == ("2026-03-06", "number")
        assert session.order == "title"
        assert session.current
        assert session.current.id == "2603.00062"
        assert "/ number" in frame(pilot)


async def test_the_first_digest_brings_hint_and_keys_with_it(make: Make) -> None:
    session = make()
    async with running(session, left=Left()) as pilot:
        assert "d Sample" in frame(pilot)
        folder = session.library.places.digests
        (folder / "dropped.txt").write_text(digest(paper(99), day="2026-03-06"), "utf-8")
        await until(pilot, lambda: "Paper number 99" in frame(pilot))
        await until(pilot, lambda: "New here?" in frame(pilot))
        assert "s Star" in frame(pilot).split("\n")[-1]


async def test_a_theme_is_tried_on_and_taken_off_again(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("T", "j")
        await pilot.pause()
        assert pilot.app.theme == "digest-light"
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.theme == "digest-dark"
        await pilot.press("T", "j", "enter")
        await pilot.pause()
        assert pilot.app.theme == "digest-light"


@pytest.mark.parametrize("name", ["read-all", "open-pdf", "next digest"])
async def test_the_palette_knows_a_command_by_its_name(session: Session, name: str) -> None:
    async with running(session) as pilot:
        await pilot.press(":", *name)
        await until(pilot, lambda: BY_ID[name.replace(" ", "-")].help[:20] in frame(pilot))


async def test_over_a_dialog_there_is_no_palette(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("f", "ctrl+p")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, CommandPalette)


@pytest.mark.parametrize("key", ["r", "s", "A"])
async def test_no_paper_is_decided_on_that_the_digests_hide(session: Session, key: str) -> None:
    async with running(session, size=(60, 20)) as pilot:
        await pilot.press("h", key)
        await pilot.pause()
        assert (session.totals.unread, session.totals.starred) == (28, 0)
        assert "Decision Transformer" in frame(pilot)
        await pilot.press(key)
        assert session.totals.unread < 28


async def test_help_with_a_query_goes_on_in_the_next_line_where_it_is_long(
    session: Session,
) -> None:
    async with running(session, size=(44, 20)) as pilot:
        await pilot.press("/", *"is:x9")
        await pilot.pause()
        told = " ".join(line.strip() for line in frame(pilot).split("\n")[-2:])
        assert re.sub(r" \d+ unread", "", told).replace("  ", " ") == (
            "no such state: read, unread, starred, unstarred, translated; searched as text"
        )


async def test_a_theme_is_found_in_the_palette(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press(":", *"gruv")
        await until(pilot, lambda: "Theme gruvbox" in frame(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.theme == "gruvbox")
