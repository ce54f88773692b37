"""What there is to choose from: each count is what choosing it would find."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date, timedelta
from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

from digest_tui import query as q
from digest_tui.editing import choosing
from digest_tui.facets import FACETS, FacetField
from digest_tui.index import Index, Status
from digest_tui.library import Library
from digest_tui.marks import READ, STAR, Decision
from digest_tui.paper import Holding, Subject
from tests.made import DAY, library, paper, papers, text

TODAY = date(2026, 5, 1)
VISION, LEARNING = Subject("cs.CV", "Vision"), Subject("cs.LG", "Machine Learning")
RENAMED, NAMELESS = Subject("cs.LG", "Learning"), Subject("", "Machine Learning")

HOLDING = ("RL", "rl", "offline RL", "Policies", "policies of robots", "强化", "离线强化学习", "é")
"""Keywords, many of which another one holds."""
TANGLED = (
    *(LEARNING, RENAMED, NAMELESS, VISION),
    *(
        Subject("cs", ""),
        Subject("math-ph", "Mathematical Physics"),
        Subject("math", "Mathematics"),
    ),
    *(Subject("", "Learning"), Subject("CS.lg", "learning machines"), Subject("", "cs.CV")),
)
"""Subjects, many of which another one's code or name holds."""


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


@pytest.fixture(scope="module")
def tangled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Sixty papers in nine digests, many of them in several; names that hold one another."""
    chance = random.Random(0)
    crowd = [
        paper(n, subjects=tuple(chance.sample(TANGLED, chance.randint(1, 4)))) for n in range(60)
    ]
    days = [DAY + timedelta(40 * n) for n in range(9)]
    digests = [
        text({word: chance.sample(crowd, 7) for word in chance.sample(HOLDING, 3)}, day)
        for day in days
    ]
    folder = tmp_path_factory.mktemp("tangled")
    with closing(library(folder, *digests, text(crowd[:9]).replace("\n", "\n\n"))) as opened:
        reads = [Decision(crowd[n].id, READ, True, None) for n in range(0, 60, 3)]
        stars = [Decision(crowd[n].id, STAR, True, None) for n in range(0, 60, 5)]
        opened.store.write([*reads, *stars])
        opened.mirror_marks()
        yield opened


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("field", FACETS)
@pytest.mark.parametrize(
    ("asked", "status"),
    [("", "all"), ("", "starred"), ("-cat:cs", "unread"), ("kw:rl OR id:2604.00001", "all")],
)
def test_every_count_is_what_choosing_finds(
    tangled: Library,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    field: FacetField,
    asked: str,
    status: Status,
) -> None:
    """A few papers are looked up, and for many the library is gone through: here for any number."""
    monkeypatch.setattr("digest_tui.facets._FEW", few)
    index, query = tangled.index, q.parse(asked).query
    for digest in (None, *(row.n for row in index.digests()[::4])):
        found = index.papers(digest, status, query, TODAY)
        counts = {facet.value: facet.papers for facet in index.facets(field, found)}
        choices = {value: q.parse(choosing("", field, [value])).query for value in counts}
        assert counts == {
            value: index.count(digest, status, q.all_of((query, choice)), TODAY)
            for value, choice in choices.items()
        }
        assert set(counts) == {
            value
            for holding in index.holdings(range(1, 61) if found is None else found)
            for value in values(field, holding)
        }


def values(field: FacetField, holding: Holding) -> Iterable[str]:
    if field == "cat":
        return {subject.code or subject.name for subject in holding.paper.subjects}
    return {keyword if field == "kw" else str(day) for day, keyword in holding.listed}


@pytest.mark.parametrize("asked", ["", "-cat:cs", "is:read"])
@pytest.mark.parametrize("status", get_args(Status))
def test_the_papers_of_a_scope_are_those_of_the_query_and_the_status(
    tangled: Library, asked: str, status: Status
) -> None:
    index = tangled.index
    query = q.parse(asked).query
    digests = {row.n: set(chain(*index.places(row.n, "id").values())) for row in index.digests()}
    everywhere = set().union(*digests.values())
    for digest, listed in ((None, everywhere), *digests.items()):
        for wanted in (query, q.parse(f"is:{status}").query if status != "all" else query):
            matched = index.matches(wanted, TODAY)
            listed = listed if matched is None else listed & set(matched)
        found = index.papers(digest, status, query, TODAY)
        assert set(everywhere if found is None else found) == listed
        assert index.count(digest, status, query, TODAY) == len(listed)


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


@pytest.mark.parametrize("keyword", ["\u200b", "\u0301", "\ufe0f"])
def test_a_keyword_of_no_letter_that_is_left_of_it_is_found_by_nothing(
    tmp_path: Path, keyword: str
) -> None:
    listed = {keyword: papers(1), "robots": papers(2)}
    with closing(library(tmp_path, text(listed))) as opened:
        for field in get_args(FacetField):
            opened.index.facets(field, None)
        found = {facet.value: facet.papers for facet in opened.index.facets("kw", None)}
    assert found["robots"] == 1
