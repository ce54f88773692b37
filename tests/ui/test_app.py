"""The application: how it starts, and the ways in which it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from digest_tui.session import Session
from digest_tui.settings import Settings
from tests.ui.conftest import digest, frame, main, paper, running, status


async def test_leaving_with_unsaved_decisions_is_asked_about_once(
    make: Callable[..., Session],
) -> None:
    session = make(digest(paper(1), paper(2)))
    session.library.places.marks.write_text("in the way")
    async with running(session) as pilot:
        await pilot.press("s", "q")
        await pilot.pause()
        assert pilot.app.is_running
        assert "2 changes not saved" in status(pilot)
        assert "again leaves" in status(pilot)
        session.library.places.marks.unlink()
        await pilot.press("q")
        assert session.unsaved == ""
        assert pilot.app.return_code == 0


async def test_a_line_of_marks_that_cannot_be_read_is_counted_and_the_rest_holds(
    make: Callable[..., Session],
) -> None:
    session = make(digest(paper(1), paper(2)))
    session.star()
    with session.library.store.journal.open("ab") as journal:
        journal.write(b"{not a change}\n")
    session.look()
    session.star()
    async with running(session) as pilot:
        assert "1 line of marks could not be read" in status(pilot)
        assert session.totals.starred == 2


async def test_the_sample_is_shown_as_the_settings_want_it(tmp_path: Path) -> None:
    from digest_tui.library import Library
    from digest_tui.settings import throwaway

    library = Library(throwaway(tmp_path / "empty"))
    session = Session(library)
    session.start()
    async with running(session, Settings(language="zh", density="compact")) as pilot:
        await pilot.press("d")
        await pilot.pause(0.2)
        shown = main(pilot).session
        assert shown is not session
        assert (shown.language, shown.compact) == ("zh", True)
    library.close()


@pytest.mark.parametrize("theme", ["no-such-theme", "[bold]"])
async def test_an_unknown_theme_is_named(make: Callable[..., Session], theme: str) -> None:
    async with running(make(digest(paper(1))), Settings(theme=theme)) as pilot:
        assert f"there is no theme “{theme}”" in frame(pilot)
        assert pilot.app.theme == "digest-dark"
