"""The session: what every command does, without a screen."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest_tui.editing import choosing, completing
from digest_tui.index import Order, Status
from digest_tui.library import Library
from digest_tui.marks import READ, STAR, Decision
from digest_tui.paper import Holding
from digest_tui.query import parse
from digest_tui.resume import Left
from digest_tui.session import Selection, Session, Step1
from digest_tui.settings import throwaway
from digest_tui.store import NotSaved
from tests.made import DAY, DIFFUSION, REINFORCEMENT, library, paper, papers, put, text

ROOT = Path(__file__).parents[1]
NEXT_DAY = DAY + timedelta(1)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Two digests: 4, 5 and, under another keyword, 5, 6 on the newer day; 1, 2, 3 on the older."""
    newer = text({REINFORCEMENT: papers(4, 5), DIFFUSION: papers(5, 6)}, NEXT_DAY)
    with closing(library(tmp_path, text(papers(1, 2, 3)), newer)) as opened:
        session = Session(opened, today=lambda: NEXT_DAY)
        session.start()
        yield session


@pytest.fixture
def hasty(session: Session) -> Iterator[Session]:
    """The same, of a reader who waits for no other window, as on the screen."""
    with closing(Library(session.library.places, patience=0.01)) as opened:
        hasty = Session(opened, session.today)
        hasty.start()
        yield hasty


@contextmanager
def another(session: Session, device: str = "bbbbbb") -> Iterator[Session]:
    """Another machine at the same library, or the same one with the same device name."""
    places = session.library.places
    name = put(places.device.parent, f"device-{device}", device)
    index = places.index.with_name(f"{device}.sqlite3")
    with closing(Library(replace(places, device=name, index=index))) as opened:
        opened.refresh()
        other = Session(opened, today=lambda: NEXT_DAY)
        other.start()
        yield other


def at(session: Session) -> int:
    """The number of the paper at the cursor."""
    assert session.current
    return int(session.current.id.removeprefix("2604."))


def shown(session: Session) -> list[int]:
    """The numbers of the papers of the view, a heading as 0."""
    cards = [session.card(row) for row in range(len(session.view.rows))]
    return [int(card.id.removeprefix("2604.")) if card else 0 for card in cards]


def having(session: Session, query: str) -> list[int]:
    ids = [holding.paper.id for holding in session.found(parse(query).query)]
    return sorted(int(id_.removeprefix("2604.")) for id_ in ids)


def digest_of(session: Session, day: date) -> int:
    return next(row.n for row in session.digests if row.day == day)


def journal(session: Session) -> list[tuple[str, str, object]]:
    lines = session.library.store.journal.read_text("utf-8").splitlines()[1:]
    return [(record["k"], record["f"], record["v"]) for record in map(json.loads, lines)]


@contextmanager
def full_disk(session: Session) -> Iterator[None]:
    """No journal can be written: a file stands where their folder is."""
    folder = session.library.places.marks
    aside = folder.with_name("aside")
    if folder.exists():
        folder.rename(aside)
    folder.write_text("")
    yield
    folder.unlink()
    if aside.exists():
        aside.rename(folder)


def test_it_opens_on_the_first_unread_of_the_newest_digest_that_has_one(session: Session) -> None:
    assert session.view.scope
    assert session.view.scope.day == NEXT_DAY
    assert (shown(session), at(session)) == ([0, 4, 5, 0, 5, 6], 4)
    assert (session.view.papers, session.unread) == (3, 3)

    session.read_all()
    session.start()
    assert session.view.scope.day == DAY
    session.read_all()
    session.start()
    assert session.view.scope.day == NEXT_DAY
    session.start(digest_of(session, DAY))
    assert session.view.scope.day == DAY


def test_an_empty_library_can_be_looked_at(tmp_path: Path) -> None:
    with closing(library(tmp_path)) as opened:
        session = Session(opened)
        session.start()
        said = [session.read(), session.star(), session.move(1), session.go(3), session.move(-9)]
        assert set(said) == {""}
        assert (session.current, session.holding(), session.cursor) == (None, None, -1)
        assert session.read_all() == "Nothing unread here"
        assert session.move_unread(1) == "Nothing unread is left here"
        assert session.move_section(1) == "No keyword further down"
        assert session.move_digest(1) == "No digest further down"
        assert (session.undo(), session.redo()) == ("Nothing to undo", "Nothing to redo")
        assert session.scope_place == 0


def test_a_digest_is_read_through_with_one_key_a_paper(session: Session) -> None:
    said = [(at(session), key()) for key in (session.read, session.star, session.read)]
    assert said == [
        (4, "1 paper marked read · u undoes"),
        (5, "1 paper starred · u undoes"),
        (6, "All 3 decided, 1 starred · e exports them · u undoes"),
    ]
    assert session.move_unread(1) == ""
    said = [(at(session), key()) for key in (session.star, session.read, session.read)]
    assert said[-1] == (
        3,
        "All 3 decided, 1 starred · e exports them · u undoes",
    )
    assert having(session, "is:read") == [1, 2, 3, 4, 5, 6]
    assert having(session, "is:starred") == [1, 5]
    assert session.move_unread(1) == "Nothing unread is left here"


def test_when_the_last_paper_is_decided_no_key_undecides_it(session: Session) -> None:
    for _ in range(3):
        session.read()
    assert session.is_done
    assert (session.current, session.holding(), session.heading) == (None, None, None)
    assert session.read() == session.star() == "All is decided here · n goes on · u undoes"
    assert having(session, "is:read") == [4, 5, 6]
    beyond = session.beyond()
    assert beyond
    assert (beyond.day, session.decided, session.starred_here()) == (DAY, (3, 3), [])


@pytest.mark.parametrize(
    "leave",
    [
        lambda session: session.undo(),
        lambda session: session.move(1),
        lambda session: session.move(-1),
        lambda session: session.go(0),
        lambda session: session.point(4),
        lambda session: session.show("all"),
        lambda session: session.move_unread(1),
        lambda session: session.fold(),
    ],
)
def test_any_move_ends_the_end(session: Session, leave: Callable[[Session], str]) -> None:
    for _ in range(3):
        session.read()
    leave(session)
    assert not session.is_done
    assert session.current or session.heading


def test_the_end_is_that_of_the_scope_and_not_of_a_filter(session: Session) -> None:
    session.ask("kw:diffusion")
    session.read()
    assert "marked read" in session.read()
    assert not session.is_done
    assert session.decided == (2, 3)
    assert session.beyond() is None


def test_what_another_window_leaves_undecided_ends_the_end(session: Session) -> None:
    for _ in range(3):
        session.read()
    assert session.is_done
    with another(session) as other:
        other.mark(["2604.00005"], READ, False)
    session.look()
    assert not session.is_done
    assert at(session) == 6


def test_all_is_decided_on_screen_before_it_can_be_saved(session: Session) -> None:
    with full_disk(session):
        for _ in range(3):
            session.read()
        assert session.decided == (3, 3)
        assert session.is_done
        assert session.unsaved


def test_undoing_brings_a_folded_paper_back_to_sight(session: Session) -> None:
    session.read()
    session.go(1)
    session.fold()
    session.undo()
    assert (shown(session), at(session)) == ([0, 4, 5, 0, 5, 6], 4)


def test_a_heading_keeps_the_cursor_when_the_view_is_asked_for_again(session: Session) -> None:
    session.go(4)
    session.fold()
    assert session.heading
    session.again()
    assert session.heading
    assert session.heading.name == DIFFUSION


def test_what_brought_a_paper_here_comes_first(tmp_path: Path) -> None:
    newer = text({DIFFUSION: papers(1)}, NEXT_DAY)
    with closing(library(tmp_path, text(papers(1, 2)), newer)) as opened:
        session = Session(opened, today=lambda: NEXT_DAY)
        session.start()
        session.choose(digest_of(session, DAY))
        holding = session.holding()
        assert holding
        assert holding.listed == ((DAY, REINFORCEMENT), (NEXT_DAY, DIFFUSION))
        session.choose(None)
        holding = session.holding()
        assert holding
        assert holding.keywords == (DIFFUSION, REINFORCEMENT)


def test_sentences_name_the_keys_that_there_are(session: Session) -> None:
    session.keys = {"undo": "x"}
    assert session.read() == "1 paper marked read · x undoes"
    session.keys = {}
    assert session.star() == "1 paper starred"
    assert session.read() == "All 3 decided, 1 starred"
    assert session.read() == "All is decided here"


def test_a_section_folds_away_and_back(session: Session) -> None:
    assert session.fold() == ""
    assert (shown(session), session.cursor) == ([0, 0, 5, 6], 0)
    assert session.heading
    assert (session.heading.name, session.current) == (REINFORCEMENT, None)
    assert (session.view.papers, session.unread) == (3, 3)
    session.move(1)
    assert at(session) == 5
    session.move(-1)
    session.fold()
    assert (shown(session), at(session)) == ([0, 4, 5, 0, 5, 6], 4)


def test_what_is_folded_is_not_decided_and_not_forgotten(session: Session) -> None:
    session.mark(["2604.00001", "2604.00002", "2604.00003"], READ, True)
    session.fold()
    assert session.read() == "No paper, but a keyword"
    session.go(2)
    session.read()
    assert session.read() == "1 paper marked read · u undoes · 1 unread paper folded away"
    assert session.read_all() == "Nothing unread here, but for 1 folded away"
    assert having(session, "is:unread") == [4]
    assert shown(session) == [0, 0, 5, 6]
    assert next(holding.paper.id for holding in session.holdings("view")).endswith("4")
    session.ask("sparse")
    assert shown(session) == [0, 4, 5, 0, 5, 6]
    session.fold()
    session.choose(digest_of(session, DAY))
    assert shown(session) == [0, 1, 2, 3]


def test_a_row_can_be_pointed_at_headings_included(session: Session) -> None:
    session.point(3)
    assert session.heading
    assert session.heading.name == DIFFUSION
    session.fold()
    assert shown(session) == [0, 4, 5, 0]
    session.point(99)
    session.point(-1)
    assert session.cursor == 3


@pytest.mark.parametrize(
    ("order", "rows"),
    [
        ("digest", [0, 4, 5, 1, 2, 3, 0, 5, 6]),
        ("unread", [0, 4, 6, 1, 3, 5, 2]),
        ("title", [0, 1, 2, 3, 4, 5, 6]),
        ("author", [0, 5, 4, 6, 1, 2, 3]),
        ("id", [0, 1, 2, 3, 4, 5, 6]),
        ("date", [0, 4, 5, 6, 0, 1, 2, 3]),
    ],
)
def test_papers_are_shown_in_the_order_that_is_wished(
    tmp_path: Path, order: Order, rows: list[int]
) -> None:
    named = paper(5, authors=("Zoe Abel",))
    sections = {REINFORCEMENT: [paper(4), named], DIFFUSION: [named, paper(6)]}
    digests = (text(papers(1, 2, 3)), text(sections, NEXT_DAY))
    with closing(library(tmp_path, *digests)) as opened:
        session = Session(opened, today=lambda: NEXT_DAY)
        session.start()
        session.mark(["2604.00002", "2604.00005"], READ, True)
        session.choose(None)
        assert session.sort(order) == ""
        assert shown(session) == rows
        session.again()
        assert shown(session) == rows


def test_facets_count_what_choosing_them_would_find(session: Session) -> None:
    session.choose(None)
    session.ask("is:unread cat:cs.RO")
    facets = dict(session.facets())
    assert {
        field: [(f.value, f.papers, f.is_chosen) for f in rows] for field, rows in facets.items()
    } == {
        "kw": [(REINFORCEMENT, 5, False), (DIFFUSION, 2, False)],
        "cat": [("cs.LG", 6, False), ("cs.RO", 6, True)],
        "date": [("2026-04-23", 3, False), ("2026-04-22", 3, False)],
    }
    for field, rows in facets.items():
        for facet in rows:
            session.ask(choosing("is:unread cat:cs.RO", field, [facet.value]))
            assert session.view.papers == facet.papers


def test_a_choice_that_finds_nothing_can_still_be_taken_back(session: Session) -> None:
    session.ask("cat:math")
    assert next((f.value, f.papers, f.is_chosen) for f in dict(session.facets())["cat"]) == (
        "math",
        0,
        True,
    )


@pytest.mark.parametrize(
    ("typed", "candidates"),
    [
        ("au", ["au:"]),
        ("au:a", []),
        ("au:ad", ["Ada Lovelace"]),
        ("kw:", [DIFFUSION, REINFORCEMENT]),
        ("-kw:dif", [DIFFUSION]),
        ("cat:cs", ["cs.LG", "cs.RO"]),
        ("cat:cs.LG,robo", ["cs.RO"]),
        ("is:un", ["unread", "unstarred"]),
        ("date:", []),
        ("Agents learn", []),
    ],
)
def test_what_is_typed_is_completed_from_the_library(
    session: Session, typed: str, candidates: list[str]
) -> None:
    place = completing(typed, len(typed))
    found = session.candidates(place) if place else []
    assert [candidate.value for candidate in found] == candidates


def test_it_resumes_where_it_was_left(session: Session) -> None:
    session.choose(digest_of(session, DAY), "unread")
    session.ask("sparse")
    session.sort("title")
    session.move(1)
    left = replace(session.leave(), is_first=False)

    other = Session(session.library, today=lambda: NEXT_DAY)
    other.start(left=left)
    assert other.view.scope
    assert (other.view.scope.day, other.view.status, other.view.text) == (DAY, "unread", "sparse")
    assert (other.order, at(other)) == ("title", 2)
    other.start(digest_of(session, NEXT_DAY), left)
    assert other.view.scope.day == NEXT_DAY


def test_where_the_digest_that_was_left_is_gone_it_opens_as_ever(session: Session) -> None:
    left = replace(session.leave(), digest="gone.txt", is_first=False)
    session.start(left=left)
    assert session.view.scope
    assert session.view.scope.day == NEXT_DAY
    session.start(left=Left())
    assert session.view.scope.day == NEXT_DAY


def test_the_source_of_a_paper_is_its_lines_in_the_digest_that_is_read(session: Session) -> None:
    session.go(2)
    source = session.source().split("\n")
    assert source[0] == "Paper 5 on sparse rewards"
    assert "Machine Learning (cs.LG); Robotics (cs.RO)" in source
    assert "Keyword: diffusion" not in source
    session.fold()
    assert session.source() == ""
    session.fold()
    (session.library.places.digests / "1.txt").unlink()
    assert session.source() == ""


def test_what_can_be_copied_is_what_the_digest_gives(session: Session) -> None:
    copies = session.copies()
    assert list(copies) == ["id", "link", "PDF link", "title", "BibTeX", "Markdown"]
    assert copies["id"] == "2604.00004"
    assert copies["BibTeX"].startswith("@misc{")
    assert copies["Markdown"].startswith("### Paper 4")
    session.fold()
    assert session.copies() == {}


def test_on_a_read_paper_read_and_star_toggle_and_stay(session: Session) -> None:
    session.read()
    session.go(1)
    assert session.read() == "1 paper marked unread · u undoes"
    assert session.current
    assert (at(session), session.current.read) == (4, False)
    session.read()
    session.go(1)
    assert [session.star(), session.star()] == [
        "1 paper starred · u undoes",
        "1 paper unstarred · u undoes",
    ]
    assert (at(session), having(session, "is:starred")) == (4, [])


def test_every_decision_is_in_the_journal_before_the_method_returns(session: Session) -> None:
    expected = []
    session.read()
    expected += [("2604.00004", READ, True)]
    assert journal(session) == expected
    session.star()
    expected += [("2604.00005", STAR, True), ("2604.00005", READ, True)]
    assert journal(session) == expected
    session.undo()
    expected += [("2604.00005", STAR, False), ("2604.00005", READ, False)]
    assert journal(session) == expected
    session.read_all()
    expected += [("2604.00005", READ, True), ("2604.00006", READ, True)]
    assert sorted(journal(session)) == sorted(expected)
    session.mark(["2604.00001"], STAR, True)
    expected += [("2604.00001", STAR, True)]
    assert sorted(journal(session)) == sorted(expected)


def test_what_was_decided_is_undone_and_redone_step_by_step(session: Session) -> None:
    session.read()
    session.star()
    session.go(1)
    assert session.undo() == "1 paper starred: undone"
    assert (at(session), having(session, "is:starred"), having(session, "is:read")) == (5, [], [4])
    assert session.undo() == "1 paper marked read: undone"
    assert (at(session), having(session, "is:read"), session.unread) == (4, [], 3)
    assert session.undo() == "Nothing to undo"
    assert session.redo() == "1 paper marked read: redone"
    assert session.redo() == "1 paper starred: redone"
    assert session.redo() == "Nothing to redo"
    assert (at(session), having(session, "is:starred")) == (5, [5])
    assert having(session, "is:read") == [4, 5]


def test_a_bulk_change_is_one_step(session: Session) -> None:
    session.star()
    session.choose(None)
    assert session.read_all() == ("All 6 decided, 1 starred · e exports them · u undoes")
    assert session.totals.unread == 0
    row = session.cursor
    assert session.undo() == "5 papers marked read: undone"
    assert (session.cursor, having(session, "is:unread")) == (row, [1, 2, 3, 5, 6])
    assert session.redo() == "5 papers marked read: redone"
    assert session.totals.unread == 0


def test_undo_leaves_what_was_changed_elsewhere_since(session: Session) -> None:
    session.read_all()
    with another(session) as other:
        other.mark(["2604.00005"], READ, False)
        other.mark(["2604.00005"], READ, True)
    assert session.look()
    assert session.undo() == "2 papers marked read: undone · 1 changed elsewhere"
    assert having(session, "is:read") == [5]


def test_a_view_stays_as_it_is_until_it_is_asked_for_again(session: Session) -> None:
    session.choose(None, "unread")
    assert shown(session) == [0, 4, 5, 1, 2, 3, 0, 5, 6]
    session.read()
    session.star()
    assert shown(session) == [0, 4, 5, 1, 2, 3, 0, 5, 6]
    assert [session.unread_in(section) for section in session.view.sections] == [3, 1]
    card = session.card(1)
    assert card
    assert card.read

    session.again()
    assert shown(session) == [0, 1, 2, 3, 0, 6]
    session.choose(None, "starred")
    session.star()
    assert shown(session) == [0, 5, 0, 5]
    session.show("starred")
    assert shown(session) == []


def test_new_digests_leave_the_view_alone_and_are_counted(session: Session) -> None:
    session.choose(None)
    before = shown(session)
    put(session.library.places.digests, "2.txt", text(papers(7), DAY + timedelta(2)))
    session.library.refresh()
    session.refresh()
    assert (shown(session), session.totals.papers, len(session.digests)) == (before, 7, 3)
    session.again()
    assert (7 in shown(session), at(session)) == (True, 4)


def test_another_scope_begins_at_its_first_unread(session: Session) -> None:
    session.read()
    session.go(5)
    session.choose(None)
    assert at(session) == 5
    session.read_all()
    session.choose(digest_of(session, NEXT_DAY))
    assert at(session) == 4


@pytest.mark.parametrize("row", [1, 2, 4, 5])
def test_the_cursor_keeps_its_row_when_the_view_is_asked_for_again(
    session: Session, row: int
) -> None:
    session.go(row)
    session.again()
    assert session.cursor == row


def test_status_and_query_keep_the_cursor_on_its_paper(session: Session) -> None:
    session.choose(None)
    session.go(shown(session).index(2))
    asked: tuple[tuple[Status, str], ...] = (
        ("unread", ""),
        ("unread", "sparse"),
        ("unread", "sparse kw:reinforcement"),
        ("all", "sparse"),
        ("all", ""),
    )
    for status, query in asked:
        session.show(status)
        session.ask(query)
        assert at(session) == 2
    session.ask("diffusion")
    assert (session.cursor, session.view.papers) == (-1, 0)
    session.ask("kw:diffusion")
    assert at(session) == 5


def test_a_query_stays_from_digest_to_digest_and_hints_at_what_it_left_out(
    session: Session,
) -> None:
    session.ask("task is:nonsense (")
    assert session.view.text == "task is:nonsense ("
    assert len(session.view.hints) == 2
    session.ask('"task 2" OR "task 4"')
    assert shown(session) == [0, 4]
    assert session.read() == "1 paper marked read · u undoes · on to 2026-04-22"
    assert (shown(session), session.view.text) == ([0, 2], '"task 2" OR "task 4"')


def test_the_next_unread_may_be_in_another_digest_either_way(session: Session) -> None:
    assert [session.move_unread(1), at(session)] == ["", 5]
    assert [session.move_unread(-1), at(session)] == ["", 4]
    assert session.move_unread(-1) == "Nothing unread further up"
    session.go(5)
    assert [session.move_unread(1), at(session)] == ["", 1]
    assert [session.move_unread(-1), at(session)] == ["", 6]
    session.choose(None)
    session.go(8)
    assert session.move_unread(1) == "Nothing unread further down"


def test_among_the_starred_the_next_unread_is_a_starred_one(session: Session) -> None:
    session.mark(["2604.00004", "2604.00006", "2604.00001"], STAR, True)
    session.mark(["2604.00001"], READ, True)
    session.show("starred")
    session.read()
    assert session.read() == "1 paper marked read · u undoes · Nothing unread is left here"
    assert session.view.scope
    assert session.view.scope.day == NEXT_DAY


def test_the_cursor_stands_on_papers_and_stops_at_the_ends(session: Session) -> None:
    visited = []
    for move in (-1, 1, 1, 1, 1, -2, 99, -99):
        session.move(move)
        visited.append(session.cursor)
    assert visited == [1, 2, 4, 5, 5, 2, 5, 1]
    for row, cursor in ((0, 1), (3, 4), (99, 5), (-5, 1)):
        session.go(row)
        assert session.cursor == cursor


def test_keywords_are_gone_through_by_their_first_papers(session: Session) -> None:
    session.go(2)
    assert [session.move_section(1), session.cursor] == ["", 4]
    assert session.move_section(1) == "No keyword further down"
    session.go(5)
    assert [session.move_section(-1), session.cursor] == ["", 1]
    assert session.move_section(-1) == "No keyword further up"


def test_digests_are_gone_through_from_all_to_the_oldest(session: Session) -> None:
    days = []
    session.choose(None, "starred")
    steps: tuple[Step1, ...] = (1, 1, -1, -1)
    for step in steps:
        session.move_digest(step)
        days.append(session.view.scope and session.view.scope.day)
    assert days == [NEXT_DAY, DAY, NEXT_DAY, None]
    assert session.move_digest(-1) == "No digest further up"
    session.choose(digest_of(session, DAY))
    assert session.move_digest(1) == "No digest further down"


@pytest.mark.parametrize(
    ("typed", "above", "below"), [("", "c", "a"), ("sparse", "c", "a"), ("id:2604.00001", "", "a")]
)
def test_of_digests_of_one_day_the_next_is_the_one_before_by_name(
    tmp_path: Path, typed: str, above: str, below: str
) -> None:
    for number, name in enumerate("abc", start=1):
        put(tmp_path / "digests", f"{name}.txt", text(papers(number)))
    with closing(library(tmp_path)) as opened:
        session = Session(opened)
        session.start()
        session.choose(session.digests[1].n)
        session.ask(typed)
        rows = (session.beyond(-1), session.beyond(1))
    assert [row.file[0] if row else "" for row in rows] == [above, below]


def test_every_place_of_the_list_of_digests_can_be_chosen(session: Session) -> None:
    statuses: list[Status] = []
    for place in range(session.scopes):
        session.choose(*session.nearest(place))
        assert session.scope_place == place
        statuses.append(session.view.status)
    assert statuses == ["all", "unread", "starred", "all", "all"]
    session.choose(*session.nearest(99))
    assert session.scope_place == 4
    session.choose(*session.nearest(-1))
    assert session.scope_place == 0


def test_a_paper_is_told_with_its_places_and_marks(session: Session) -> None:
    session.go(2)
    session.star()
    session.go(2)
    holding = session.holding()
    assert holding
    assert holding.paper == paper(5)
    assert holding.keywords == (REINFORCEMENT, DIFFUSION)
    assert (holding.digests, holding.read, holding.starred) == ((NEXT_DAY,), True, True)


def test_what_cannot_be_saved_is_shown_said_and_saved_later(session: Session) -> None:
    session.read()
    with full_disk(session):
        session.star()
        card = session.card(2)
        assert card
        assert (card.read, card.starred, session.unread) == (True, True, 1)
        session.read()
        assert session.unsaved.startswith("3 changes not saved: ")
        assert not session.retry()
        assert session.unsaved

        session.choose(digest_of(session, NEXT_DAY))
        assert session.unread == 0
        assert session.undo() == "1 paper marked read: undone"
        assert (at(session), session.unread) == (6, 1)
        with pytest.raises(NotSaved):
            session.mark(["2604.00001"], STAR, True)

    assert session.retry()
    assert (session.unsaved, session.retry()) == ("", False)
    assert (having(session, "is:starred"), having(session, "is:read")) == ([1, 5], [4, 5])
    with another(session) as other:
        assert (having(other, "is:starred"), having(other, "is:read")) == ([1, 5], [4, 5])


def test_the_next_decision_saves_what_could_not_be(session: Session) -> None:
    with full_disk(session):
        session.star()
    session.read()
    assert session.unsaved == ""
    assert (having(session, "is:starred"), having(session, "is:read")) == ([4], [4, 5])


@pytest.mark.parametrize("device", ["aaaaaa", "bbbbbb"])
def test_another_window_or_machine_is_seen_by_a_look(session: Session, device: str) -> None:
    put(session.library.places.device.parent, "device", "aaaaaa")
    with another(session, device) as other:
        assert not session.look()
        revision = session.revision
        other.read()
        other.star()
        assert session.look()
        assert not session.look()
        assert session.revision > revision

        cards = [session.card(row) for row in (1, 2)]
        assert [card and (card.read, card.starred) for card in cards] == [
            (True, False),
            (True, True),
        ]
        assert session.unread == 1
        assert (session.totals.unread, session.totals.starred) == (4, 1)
        assert session.digests[0].unread == 1


def test_a_window_sees_what_another_one_has_taken_into_the_index_they_share(
    session: Session,
) -> None:
    with closing(Library(session.library.places)) as opened:
        other = Session(opened, today=lambda: NEXT_DAY)
        other.start()
        session.look()
        assert not session.look()
        other.star()
        assert session.look()
        assert not session.look()
        card = session.card(1)
        assert card
        assert (card.read, card.starred) == (True, True)
        assert (session.unread, session.totals.starred) == (2, 1)


def test_marks_of_two_machines_are_both_kept(session: Session) -> None:
    with another(session) as other:
        session.read()
        other.mark(["2604.00004"], STAR, True)
        session.look()
        for each in (session, other):
            assert (having(each, "is:read"), having(each, "is:starred")) == ([4], [4])


KILLED = """
import os, signal, sys
from pathlib import Path
from digest_tui.library import Library
from digest_tui.session import Session
from digest_tui.settings import throwaway
session = Session(Library(throwaway(Path(sys.argv[1]))))
session.start()
session.read(); session.star(); session.read()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_session_that_is_killed_loses_nothing(session: Session) -> None:
    folder = session.library.places.digests.parent
    done = subprocess.run([sys.executable, "-c", KILLED, folder], cwd=ROOT, check=False)
    assert done.returncode == -9
    with closing(Library(throwaway(folder))) as opened:
        again = Session(opened)
        again.mirror()
        assert (having(again, "is:read"), having(again, "is:starred")) == ([4, 5, 6], [5])


def test_without_its_index_a_library_has_every_mark(session: Session) -> None:
    session.read_all()
    session.mark(["2604.00001"], STAR, True)
    places = session.library.places
    session.library.close()
    places.index.unlink()
    with closing(Library(places)) as opened:
        opened.refresh()
        again = Session(opened)
        again.start()
        assert (having(again, "is:read"), having(again, "is:starred")) == ([4, 5, 6], [1])
        assert again.view.scope
        assert again.view.scope.day == DAY


def test_nobody_waits_for_a_large_journal(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest_tui.library._BYTES", 200)
    with another(session) as other:
        other.library.store.write([Decision(f"2604.{n:05}", STAR, True) for n in range(1, 51)])
        assert session.is_behind
        assert not session.look()
        # What is decided meanwhile is on the disk and on the screen.
        session.read()
        session.star()
        assert (having(session, "is:starred"), having(session, "is:read")) == ([], [])
        assert [card.id for card in session.starred_here()] == ["2604.00005"]
        assert (session.unread, session.decided) == (1, (2, 3))
        session.undo()
        assert session.starred_here() == []

        # Elsewhere, as the watcher does, it is taken over.
        with closing(Library(session.library.places)) as beside:
            for _ in beside.catch_up():
                pass
        assert session.look()
        assert not session.is_behind
        assert having(session, "is:read") == [4]
        assert having(session, "is:starred") == [1, 2, 3, 4, 6]
        assert [card.id for card in session.starred_here()] == ["2604.00004", "2604.00006"]


def test_marks_of_a_journal_that_is_gone_are_told(session: Session) -> None:
    with another(session) as other:
        other.mark(["2604.00004", "2604.00005"], STAR, True)
        session.look()
        assert session.warning == ""
        data = other.library.store.journal.read_bytes()
        other.library.store.journal.unlink()
        session.look()
        assert session.warning.startswith("In no journal any more, but kept: 2 marks")
        assert having(session, "is:starred") == [4, 5]
        other.library.store.journal.write_bytes(data)
        session.look()
        assert session.warning == ""


def test_only_what_differs_is_marked(session: Session) -> None:
    assert session.mark(["2604.00001", "2604.00002"], STAR, True) == 2
    assert session.mark(["2604.00002", "2604.00003"], STAR, True) == 1
    assert session.mark(["2604.00003"], READ, False) == 0
    assert len(journal(session)) == 3
    session.undo()
    assert having(session, "is:starred") == [1, 2]


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [("here", [5]), ("starred", [5, 2]), ("view", [4, 5, 6]), ("paper", [6])],
)
def test_an_export_holds_what_was_chosen(
    session: Session, tmp_path: Path, choice: Selection, numbers: list[int]
) -> None:
    session.mark(["2604.00002", "2604.00005"], STAR, True)
    session.go(5)
    path = tmp_path / "notes" / "out.jsonl"
    assert session.counts()[choice] == len(numbers)
    sentence = session.export(choice, "jsonl", path)
    ids = [json.loads(line)["id"] for line in path.read_text("utf-8").splitlines()]
    assert ids == [f"2604.{number:05}" for number in numbers]
    plural = "" if len(numbers) == 1 else "s"
    assert sentence == f"{len(numbers)} paper{plural} written to {path}"


def test_a_paper_that_is_gone_leaves_an_empty_row(session: Session) -> None:
    session.go(5)
    (session.library.places.digests / "1.txt").unlink()
    session.library.refresh()
    session.refresh()
    assert (session.current, session.holding(), session.read()) == (None, None, "")
    session.again()
    assert shown(session) == []
    session.start()
    assert at(session) == 1


def test_a_star_is_known_before_the_first_decision_though_the_index_is_new(
    session: Session,
) -> None:
    session.mark(["2604.00004", "2604.00005"], STAR, True)
    places = session.library.places
    session.library.close()
    places.index.unlink()
    with closing(Library(places)) as opened:
        for _ in opened.scan():
            pass
        again = Session(opened, today=lambda: NEXT_DAY)
        again.start()
        assert (at(again), again.current and again.current.starred) == (4, True)
        again.star()
        again.undo()
        assert having(again, "is:starred") == [4, 5]


def test_what_another_machine_decided_a_moment_ago_is_what_an_undo_brings_back(
    session: Session,
) -> None:
    with another(session) as other:
        other.mark(["2604.00004"], STAR, True)
    session.star()
    session.undo()
    assert having(session, "is:starred") == [4]


def test_an_export_that_ends_halfway_leaves_the_file_and_holds_one_paper_at_a_time(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("as it was", "utf-8")
    held: list[weakref.ref[Holding]] = []

    class Watched(Holding):
        """With a place for weak references."""

    def some() -> Iterator[Holding]:
        for number in range(20):
            held.append(weakref.ref(holding := Watched(paper(number), ())))
            yield holding
            del holding
            assert sum(each() is not None for each in held) <= 1
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        session.write(some(), "jsonl", path, "both")
    assert len(held) == 20
    assert path.read_text("utf-8") == "as it was"
    assert not list(tmp_path.glob(".out*"))


def test_a_paper_that_is_gone_is_not_exported(session: Session, tmp_path: Path) -> None:
    (session.library.places.digests / "1.txt").unlink()
    session.library.refresh()
    session.export("view", "jsonl", tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == []


def test_decisions_show_while_another_window_holds_the_index(hasty: Session) -> None:
    with closing(sqlite3.connect(hasty.library.places.index, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        hasty.star()
        hasty.undo()
        hasty.read()
        assert journal(hasty)[-1] == ("2604.00004", READ, True)
        card = hasty.card(1)
        assert card
        assert (card.read, card.starred, hasty.unread) == (True, False, 2)
        other.execute("ROLLBACK")
    assert hasty.look()
    assert (having(hasty, "is:read"), hasty.totals.unread) == ([4], 5)


def test_stars_count_while_another_window_holds_the_index(hasty: Session) -> None:
    with closing(sqlite3.connect(hasty.library.places.index, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [hasty.star(), hasty.star(), hasty.star()][-1].startswith("All 3 decided, 3 starred")
        assert (hasty.starred, hasty.counts()["here"], hasty.totals.starred) == (3, 3, 0)
        assert [card.id[-1] for card in hasty.starred_here()] == ["4", "5", "6"]
        hasty.show("starred")
        assert hasty.view.papers == 3
        other.execute("ROLLBACK")
    assert hasty.look()
    assert (hasty.starred, hasty.totals.starred) == (3, 3)


def test_what_is_not_saved_counts_only_in_digests_that_list_it(session: Session) -> None:
    session.choose(None)
    number = session.index.numbers(["2604.00001"])["2604.00001"]
    session.point(next(session.view.rows_of(number)))
    session.read()
    with full_disk(session):
        session.point(next(session.view.rows_of(number)))
        session.read()
        assert session.unsaved
        session.choose(digest_of(session, NEXT_DAY))
        assert (session.decided, session.unread) == ((0, 3), 3)
        session.choose(digest_of(session, DAY))
        assert (session.decided, session.unread) == ((0, 3), 3)


def test_a_digest_with_other_papers_is_outdated_though_they_are_as_many(session: Session) -> None:
    session.choose(digest_of(session, DAY))
    assert not session.is_outdated
    put(session.library.places.digests, "0.txt", text(papers(1, 2, 9)))
    session.library.refresh()
    session.refresh()
    assert session.is_outdated
    session.again()
    assert not session.is_outdated
    assert [n for n in shown(session) if n] == [1, 2, 9]


def test_a_query_that_was_answered_is_not_asked_again_until_something_changes(
    session: Session,
) -> None:
    session.ask("is:unread sparse")
    before = session.view.papers
    session.choose(None)
    assert session.view.papers == 6
    session.read()
    session.choose(digest_of(session, NEXT_DAY))
    assert session.view.papers == before - 1


def test_an_undo_goes_back_to_the_digest_where_it_was_decided(session: Session) -> None:
    for _ in range(3):
        session.read()
    session.move_unread(1)
    assert session.view.scope
    assert (session.view.scope.day, at(session)) == (DAY, 1)
    session.undo()
    assert session.view.scope
    assert (session.view.scope.day, at(session)) == (NEXT_DAY, 6)
