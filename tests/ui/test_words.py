"""What the screen says: true in every state, and of the keys that there are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len

from digest_tui.facets import Candidate
from digest_tui.library import Progress
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
    assert words.empty(session, UNICODE) == "Nothing is found for “qqqqq”."
    assert words.pane_keys(session, "papers", 99, UNICODE).plain == ""
    assert words.first_hint(session, 99, UNICODE).plain == "New here?  "


def test_a_heading_tells_what_stands_under_it(session: Session) -> None:
    session.fold()
    assert words.instead_of_paper(session, UNICODE).split("\n\n") == [
        "reinforcement learning",
        "6 unread of 6.",
        "Enter unfolds them",
    ]
    session.fold()
    session.point(0)
    assert words.instead_of_paper(session, UNICODE).endswith("Enter folds them away")


@pytest.mark.parametrize(
    ("size", "is_told"), [((40, 12), False), ((39, 12), True), ((80, 11), True)]
)
def test_a_window_too_small_to_read_in_is_told(
    session: Session, size: tuple[int, int], is_told: bool
) -> None:
    line = words.status(session, "", "", size, UNICODE).plain
    assert ("made for 40×12" in line) == is_told
    assert "1 paper starred" in words.status(session, "1 paper starred", "", size, UNICODE).plain


def test_candidates_are_as_many_as_there_is_room_for() -> None:
    names = ("reinforcement learning", "扩散策略", "x" * 99)
    candidates = [Candidate(name, name) for name in names]
    told = {width: words.query_keys(candidates, -1, width, UNICODE).plain for width in (5, 40, 200)}
    assert told[200] == f"Tab  reinforcement learning  扩散策略  {'x' * 39}…"
    assert told[40] == "Tab  reinforcement learning  扩散策略"
    assert told[5] == "Tab  reinforcement learning"
    assert "Esc clears" in words.query_keys([], -1, 80, UNICODE).plain


def test_a_line_that_is_too_long_is_cut_with_a_sign_and_counts_give_way(session: Session) -> None:
    said = "All 8 decided, 2 starred · e exports them · u undoes"
    for width in range(1, 120):
        line = words.status(session, said, "sample: marks go nowhere", (width, 40), UNICODE).plain
        assert cell_len(line) == max(width - 2, 0)
        assert said in line or line.rstrip().endswith("…") or width < 4
    assert "8 unread" in words.status(session, said, "", (90, 40), UNICODE).plain


def test_a_mistake_in_a_query_is_told_in_eighty_columns(session: Session) -> None:
    for text in ("is:x9", "date:foo", "foo:bar", "zh:", "(a", '"open', "date:20", "a)"):
        session.ask(text)
        assert "…" not in words.status(session, "", "", (80, 24), UNICODE).plain, text


def test_in_ascii_every_sentence_is(session: Session) -> None:
    session.star()
    session.show("unread")
    session.ask("qqqq")
    told = [
        words.title(session, ASCII),
        words.empty(session, ASCII),
        words.status(session, "1 paper starred · u undoes", "", (99, 9), ASCII).plain,
        words.status(session, "", "", (9, 9), ASCII).plain,
        words.query_keys([], -1, 99, ASCII).plain,
        words.facet_keys(99, ASCII).plain,
        words.first_hint(session, 99, ASCII).plain,
    ]
    assert [text for text in told if not text.isascii()] == []


def test_the_keys_are_those_that_do_something_here(session: Session) -> None:
    session.fold()
    assert "Enter Into" in words.pane_keys(session, "papers", 99, UNICODE).plain
    assert "Star" not in words.pane_keys(session, "papers", 99, UNICODE).plain
    session.fold()
    session.read_all()
    assert words.pane_keys(session, "papers", 99, UNICODE).plain.startswith("e Export  n Next")


def test_the_keys_of_a_pane_are_whole_and_help_is_among_them(session: Session) -> None:
    for pane in words.PANE_KEYS:
        for width in range(6, 120):
            told = words.pane_keys(session, pane, width, UNICODE)
            assert told.cell_length <= width
            assert told.plain.endswith("? Help")


def test_what_is_not_saved_is_told_first_and_loudly(make: Make) -> None:
    session = make(digest(paper(1), paper(2)))
    session.library.places.marks.write_text("in the way")
    session.read()
    line = words.status(session, "something else", "", (99, 9), UNICODE)
    assert line.plain.startswith("1 change not saved: ")
    assert "something else" in line.plain
    assert str(line.spans[0].style) == "bold $error-ink"


def test_a_listing_that_is_issued_again_says_so(make: Make) -> None:
    session = make(digest(paper(1)), digest(paper(1), day="2026-03-06"))
    assert words.title(session, UNICODE) == "2026-03-06 (as on 2026-03-05)"
    session.show("unread")
    assert words.title(session, ASCII) == "2026-03-06 (as on 2026-03-05) - unread"


def test_an_empty_library_tells_how_to_fill_it(make: Make) -> None:
    session = make()
    told = words.instead_of_paper(session, UNICODE)
    assert "digest-tui import PATH\n" in told
    assert "d opens the sample" in told
    assert "d Sample" in words.pane_keys(session, "papers", 99, UNICODE).plain


def test_the_first_hint_keeps_what_matters_most_in_sixty_columns(session: Session) -> None:
    told = words.first_hint(session, 58, UNICODE).plain
    assert told == "New here?  j next  r read  s star  ? all keys  Esc hides"


@pytest.mark.parametrize(
    ("progress", "seconds", "width", "told"),
    [
        (Progress(1, 286, 35), 0.2, 118, "35 papers indexed"),
        (Progress(286, 2858, 10_010), 2.0, 118, "10,010 papers indexed · 5,005/s · 18 s left"),
        (Progress(286, 2858, 10_010), 20.0, 118, "10,010 papers indexed · 500/s · 3 min left"),
        (Progress(2850, 2858, 99_750), 20.0, 118, "99,750 papers indexed · 4,988/s · nearly done"),
        (Progress(286, 2858, 10_010), 2.0, 38, "10,010 in · 18 s left"),
        (Progress(286, 2858, 100_100), 2.0, 38, "100,100 in · 18 s left"),
        (Progress(28, 285, 980), 2.0, 38, "28 of 285 · 18 s left"),
        (Progress(0, 40, 0), 3.0, 38, "0 papers indexed"),
        (Progress(0, 40, 0), 3.0, 20, "0 in"),
        (Progress(0, 40, 0), 3.0, 10, ""),
    ],
)
def test_progress_tells_what_there_is_room_for(
    progress: Progress, seconds: float, width: int, told: str
) -> None:
    assert words.indexing(progress, seconds, width) == told
