"""A view: its rows, where the cursor rests, and folding."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui import query as q
from digest_tui.view import PaperSet, View

EMPTY = View(None, "all", "", q.Everything(), (), "digest")
SECTIONS = {"robots": (7, 8), "ice": (9,), "caves": (8, 7)}
FULL = EMPTY.laid_out(SECTIONS, ())


def test_a_heading_stands_before_the_papers_of_each_section() -> None:
    assert list(FULL.rows) == [-1, 7, 8, -2, 9, -3, 8, 7]
    assert [(s.name, s.start, list(s.numbers)) for s in FULL.sections] == [
        ("robots", 0, [7, 8]),
        ("ice", 3, [9]),
        ("caves", 5, [8, 7]),
    ]


@pytest.mark.parametrize(
    ("folded", "rows"),
    [
        ({"robots"}, [-1, -2, 9, -3, 8, 7]),
        ({"ice", "caves"}, [-1, 7, 8, -2, -3]),
        ({"robots", "ice", "caves"}, [-1, -2, -3]),
        ({"no such section"}, [-1, 7, 8, -2, 9, -3, 8, 7]),
    ],
)
def test_a_folded_section_keeps_its_heading_and_its_papers(
    folded: set[str], rows: list[int]
) -> None:
    view = FULL.folding(folded)
    assert list(view.rows) == rows
    assert [list(s.numbers) for s in view.sections] == [[7, 8], [9], [8, 7]]
    assert list(view.folding(()).rows) == list(FULL.rows)


def test_every_row_belongs_to_a_section() -> None:
    assert [FULL.section_at(row) for row in range(8)] == [0, 0, 0, 1, 1, 2, 2, 2]
    assert (EMPTY.section_at(-1), EMPTY.heading_at(0), EMPTY.next_stop(0, 1)) == (0, None, None)


def test_in_passing_the_cursor_rests_on_papers_and_on_folded_sections() -> None:
    view = FULL.folding({"ice"})
    assert list(view.rows) == [-1, 7, 8, -2, -3, 8, 7]
    assert [row for row in range(-1, 8) if view.is_stop(row)] == [1, 2, 3, 5, 6]
    down = [view.next_stop(row, 1) for row in range(7)]
    assert down == [1, 2, 3, 5, 5, 6, None]
    assert [view.next_stop(row, -1) for row in range(7)] == [None, None, 1, 2, 3, 3, 5]


@given(st.lists(st.integers(0, 300)), st.lists(st.integers(0, 300)))
def test_a_set_of_papers_is_what_a_set_of_their_numbers_is(
    ours: list[int], theirs: list[int]
) -> None:
    one, other = PaperSet(ours), PaperSet(array("q", theirs), ours[:2])
    assert (len(one), len(other)) == (len(set(ours)), len({*theirs, *ours[:2]}))
    assert one.common(other) == other.common(one) == len({*ours} & {*theirs, *ours[:2]})
    assert list(one.of(theirs)) == [number for number in theirs if number in set(ours)]
    assert [number in one for number in range(-1, 310)] == [n in ours for n in range(-1, 310)]


def test_papers_are_put_in_and_taken_out() -> None:
    papers = PaperSet()
    for number in (7, 3, 7):
        papers.put(number, True)
    papers.put(3, False)
    papers.put(900, False)
    assert (len(papers), 7 in papers, 3 in papers, 900 in papers) == (1, True, False, False)


def test_a_paper_is_found_on_every_row_it_stands_on() -> None:
    assert [list(FULL.rows_of(number)) for number in (7, 9, 11)] == [[1, 7], [4], []]
    assert list(EMPTY.rows_of(7)) == []
    assert (FULL.papers, [number in FULL.numbers for number in (7, 8, 9, 10)]) == (
        3,
        [True, True, True, False],
    )
