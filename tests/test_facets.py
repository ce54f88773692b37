"""What there is to choose from: each count is what choosing it would find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest_tui import query as q
from digest_tui.editing import choosing
from digest_tui.facets import FACETS, FacetField
from digest_tui.index import Index, Status
from digest_tui.library import Library
from digest_tui.marks import READ, Decision
from digest_tui.paper import Subject
from tests.made import DAY, library, paper, papers, text

TODAY = date(2026, 5, 1)
VISION, LEARNING = Subject("cs.CV", "Vision"), Subject("cs.LG", "Machine Learning")
RENAMED, NAMELESS = Subject("cs.LG", "Learning"), Subject("", "Machine Learning")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Library]:
    """Four papers: 1 and 2 on the older day, 2, 3 and 4 on the newer, 1 read."""
    newer = {
        "robots": [paper(2, subjects=(VISION,)), paper(3, subjects=(RENAMED, VISION))],
        "soft robots": [paper(3, subjects=(RENAMED, VISION)), paper(4, subjects=(NAMELESS,))],
    }
    older = {"robots": [paper(1, subjects=(LEARNING,)), paper(2, subjects=(VISION,))]}
    with closing(library(tmp_path, text(older), text(newer, DAY + timedelta(1)))) as opened:
        opened.store.write([Decision("2604.00001", READ, True, None)])
        opened.mirror_marks()
        yield opened


def counts(
    index: Index,
    field: FacetField,
    text: str = "",
    digest: int | None = None,
    status: Status = "all",
) -> dict[str, int]:
    found = index.papers(digest, status, q.parse(text).query, TODAY)
    return {facet.value: facet.papers for facet in index.facets(field, found)}


def test_a_keyword_counts_what_stands_under_it_and_under_those_that_hold_it(
    opened: Library,
) -> None:
    assert counts(opened.index, "kw") == {"robots": 4, "soft robots": 2}


def test_a_subject_counts_its_code_whatever_name_it_goes_by(opened: Library) -> None:
    found = opened.index.facets("cat", None)
    assert [(f.value, f.papers) for f in found] == [
        ("Machine Learning", 2),
        ("cs.CV", 2),
        ("cs.LG", 2),
    ]


def test_a_day_counts_every_digest_that_lists_the_paper(opened: Library) -> None:
    assert counts(opened.index, "date") == {"2026-04-23": 3, "2026-04-22": 2}


def test_scope_status_and_query_are_heeded(opened: Library) -> None:
    index = opened.index
    newer, older = (row.n for row in index.digests())
    assert counts(index, "kw", digest=older) == {"robots": 2}
    assert counts(index, "cat", digest=older) == {"cs.CV": 1, "cs.LG": 1}
    assert counts(index, "kw", digest=newer, text="id:2604.00004") == {"soft robots": 1}
    assert counts(index, "kw", status="unread") == {"robots": 3, "soft robots": 2}
    assert counts(index, "date", status="starred") == {}
    assert index.count(newer, "unread", q.parse("cat:cs.CV").query, TODAY) == 2


@pytest.mark.parametrize("field", FACETS)
def test_every_count_is_what_choosing_finds(opened: Library, field: FacetField) -> None:
    index = opened.index
    for digest in (None, *(row.n for row in index.digests())):
        for status in ("all", "unread"):
            found = index.papers(digest, status, q.Everything(), TODAY)
            for facet in index.facets(field, found):
                chosen = q.parse(choosing("", field, [facet.value])).query
                assert facet.papers == index.count(digest, status, chosen, TODAY), facet


def test_very_many_days_are_told_by_the_month_and_months_by_the_year(tmp_path: Path) -> None:
    days = [DAY - timedelta(n) for n in range(70)]
    digests = [text(papers(n), day) for n, day in enumerate(days, start=1)]
    with closing(library(tmp_path, *digests)) as opened:
        assert counts(opened.index, "date") == {
            "2026-04": 22,
            "2026-03": 31,
            "2026-02": 17,
        }
    many = [text(papers(n), date(1990 + n // 12, n % 12 + 1, 1)) for n in range(70)]
    with closing(library(tmp_path / "many", *many)) as opened:
        assert counts(opened.index, "date")["1994"] == 12


@pytest.mark.parametrize(
    ("typed", "digest", "names"),
    [
        ("fr", None, ["Zoe Frank", "Fred Abel"]),
        ("fre", None, ["Fred Abel"]),
        ("fr", 1, ["Fred Abel"]),
        ("f", None, []),
        ("xyz", None, []),
    ],
)
def test_authors_are_offered_by_the_number_of_their_papers(
    tmp_path: Path, typed: str, digest: int | None, names: list[str]
) -> None:
    older = [paper(1, authors=("Fred Abel", "Ana Bell"))]
    newer = [paper(n, authors=("Zoe Frank (Frankfurt)",)) for n in (2, 3)]
    with closing(library(tmp_path, text(newer, DAY + timedelta(1)), text(older))) as opened:
        numbers = {row.day: row.n for row in opened.index.digests()}
        scope = numbers[DAY] if digest else None
        found = opened.index.candidates("au", typed, scope)
        assert [candidate.value for candidate in found] == names


def test_no_more_candidates_are_offered_than_are_looked_at(tmp_path: Path) -> None:
    crowd = [paper(n, authors=(f"Frank Number{n}",)) for n in range(1, 30)]
    with closing(library(tmp_path, text(crowd))) as opened:
        assert len(opened.index.candidates("au", "frank")) == 8
        assert opened.index.candidates("ti", "frank") == []


def test_a_subject_is_offered_by_its_code_first_then_by_a_word(tmp_path: Path) -> None:
    subjects = (
        Subject("cs.RO", "Robotics"),
        Subject("cs.CV", "Computer Vision and Pattern Recognition"),
        Subject("cs.AR", "Hardware Architecture"),
        Subject("ro.XX", "Other"),
    )
    with closing(library(tmp_path, text([paper(1, subjects=subjects)]))) as opened:
        found = opened.index.candidates("cat", "ro")
        assert [candidate.value for candidate in found] == ["ro.XX", "cs.RO"]
        found = opened.index.candidates("cat", "r")
        assert [candidate.value for candidate in found][:3] == ["ro.XX", "cs.CV", "cs.RO"]
