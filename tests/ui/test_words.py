"""What the screen says: true in every state, and of the keys that there are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from digest_tui.facets import Candidate
from digest_tui.session import Session
from digest_tui.ui import words
from digest_tui.ui.glyphs import ASCII, UNICODE
from tests.ui.conftest import digest, paper

Make = Callable[..., Session]


def test_when_all_is_decided_the_starred_are_named_and_the_way_on_is_told(
    session: Session,
) -> None:
    session.star()
    session.read_all()
    headline, counts, starred, ways = words.instead_of_paper(session, UNICODE).split("\n\n")
    assert (headline, counts) == ("2026-03-04 is decided", "8 papers, 1 starred.")
    assert starred.startswith("★ Decision Transformer")
    assert ways.splitlines() == [
        "e exports the starred ones",
        "n goes on to 2026-03-03, 10 unread",
        "u takes the last decision back",
        "q leaves; everything is saved",
    ]
    assert "* Decision Transformer" in words.instead_of_paper(session, ASCII)


def test_the_way_on_may_be_back(session: Session) -> None:
    session.choose(session.digests[-1].n)
    session.read_all()
    assert "p goes on to 2026-03-03, 10 unread" in words.instead_of_paper(session, UNICODE)


def test_where_nothing_is_left_no_way_on_is_told(make: Make) -> None:
    session = make(digest(*(paper(n) for n in range(20))))
    session.mark([f"2603.{n:05}" for n in range(20)], "star", True)
    session.read_all()
    told = words.instead_of_paper(session, UNICODE)
    assert "goes on" not in told
    assert told.count("★") == words.LISTED
    assert "and 8 more" in told


def test_no_sentence_names_a_key_that_there_is_not(session: Session) -> None:
    session.keys = {}
    session.star()
    session.read_all()
    assert words.instead_of_paper(session, UNICODE).split("\n\n")[3:] == []
    session.ask("qqqqq")
    assert words.empty(session) == "Nothing is found for “qqqqq”."
    assert words.pane_keys(session, "papers").plain == ""
    assert words.first_hint(session).plain == "New here?  "


def test_a_heading_tells_what_stands_under_it(session: Session) -> None:
    session.fold()
    assert words.instead_of_paper(session, UNICODE).split("\n\n") == [
        "reinforcement learning",
        "6 unread of 6.",
        "Enter unfolds them.",
    ]
    session.fold()
    session.point(0)
    assert words.instead_of_paper(session, UNICODE).endswith("Enter folds them away.")


@pytest.mark.parametrize(
    ("size", "is_told"), [((40, 12), False), ((39, 12), True), ((80, 11), True)]
)
def test_a_window_too_small_to_read_in_is_told(
    session: Session, size: tuple[int, int], is_told: bool
) -> None:
    line = words.status(session, "", "", size, "·").plain
    assert ("made for 40×12" in line) == is_told
    assert "1 paper starred" in words.status(session, "1 paper starred", "", size, "·").plain


def test_candidates_are_as_many_as_there_is_room_for() -> None:
    candidates = [
        Candidate(name, name) for name in ("reinforcement learning", "扩散策略", "x" * 99)
    ]
    assert words.query_keys(candidates, -1, 200, "…").plain == (
        f"Tab reinforcement learning  扩散策略  {'x' * 39}…  "
    )
    assert (
        words.query_keys(candidates, -1, 40, "…").plain == "Tab reinforcement learning  扩散策略  "
    )
    assert words.query_keys(candidates, -1, 5, "…").plain.startswith("Tab reinforcement")
    assert "Esc clears" in words.query_keys([], -1, 80, "…").plain
