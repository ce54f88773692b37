"""A view: its rows, where the cursor rests, and folding."""

from __future__ import annotations

import pytest

from digest_tui import query as q
from digest_tui.view import View

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


def test_a_paper_is_found_on_every_row_it_stands_on() -> None:
    assert [list(FULL.rows_of(number)) for number in (7, 9, 11)] == [[1, 7], [4], []]
    assert list(EMPTY.rows_of(7)) == []
