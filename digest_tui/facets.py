"""What there is to choose from: the facets of the papers found, and candidates for completion.

The count beside a value is the number of papers that choosing it would leave, so it follows the
rules of the query language: `kw:robot` finds the keyword `robotics` too.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from digest_tui import query as q
from digest_tui.paper import name_of

FacetField = Literal["kw", "cat", "date"]

_MANY_DAYS = 62
"""More days than this are told by the month, more months by the year."""
_MOST = 8
"""Candidates for one value."""
_LEAST_NAME = 2
"""Letters of a name, below which every other author would be found."""


@dataclass(frozen=True, slots=True)
class Facet:
    """A keyword, a subject or a date, and how many of the papers found have it."""

    value: str
    """As the query language takes it: `cs.LG`, `2026-04-22`."""
    label: str
    papers: int
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a value that is being typed could become."""

    value: str
    label: str


def _keywords(db: sqlite3.Connection, found: str, values: Sequence[object]) -> list[Facet]:
    listed = db.execute(
        "SELECT keywords.keyword, entries.paper FROM entries"
        " JOIN keywords ON keywords.n = entries.keyword"
        f" WHERE keywords.keyword <> '' AND entries.paper IN ({found})",
        values,
    )
    papers: dict[str, set[int]] = {}
    for keyword, paper in listed:
        papers.setdefault(keyword, set()).add(paper)
    folded = {keyword: q.fold(keyword) for keyword in papers}
    counts = {
        keyword: len(
            set().union(*(papers[other] for other in papers if folded[keyword] in folded[other]))
        )
        for keyword in papers
    }
    ranked = sorted(counts, key=lambda keyword: (-counts[keyword], keyword))
    return [Facet(keyword, keyword, counts[keyword]) for keyword in ranked]


def _subjects(db: sqlite3.Connection, found: str, values: Sequence[object]) -> list[Facet]:
    rows = db.execute(
        "SELECT code, name, count(DISTINCT paper) FROM paper_subjects"
        f" JOIN subjects ON subjects.n = subject WHERE paper IN ({found})"
        " GROUP BY code, name ORDER BY 3 DESC, 1, 2",
        values,
    )
    return [Facet(code or name, f"{code} {name}".strip(), count) for code, name, count in rows]


def _dates(db: sqlite3.Connection, found: str, values: Sequence[object]) -> list[Facet]:
    rows = []
    for part in ("day", "substr(day, 1, 7)", "substr(day, 1, 4)"):
        rows = db.execute(
            f"SELECT {part}, count(DISTINCT paper) FROM entries"
            f" JOIN digests ON digests.n = digest WHERE paper IN ({found})"
            f" GROUP BY 1 ORDER BY 1 DESC LIMIT {_MANY_DAYS + 1}",
            values,
        ).fetchall()
        if len(rows) <= _MANY_DAYS:
            break
    return [Facet(day, day, count) for day, count in rows]


FACETS: Mapping[FacetField, Callable[[sqlite3.Connection, str, Sequence[object]], list[Facet]]] = {
    "kw": _keywords,
    "cat": _subjects,
    "date": _dates,
}
"""For each field, how its facets are counted: keywords and subjects by the number of papers,
dates newest first. `found` selects the papers, with its values."""


def _keywords_like(db: sqlite3.Connection, typed: str) -> list[Candidate]:
    """The keywords that hold what is typed, those of most digests first."""
    rows = db.execute(
        "SELECT keywords.keyword FROM sections JOIN keywords ON keywords.n = sections.keyword"
        " WHERE keywords.keyword <> '' GROUP BY keywords.n"
        " HAVING instr(fold(keywords.keyword), ?) ORDER BY count(*) DESC, 1 LIMIT ?",
        (q.fold(typed), _MOST),
    )
    return [Candidate(keyword, keyword) for (keyword,) in rows]


def _subjects_like(db: sqlite3.Connection, typed: str) -> list[Candidate]:
    """The subjects whose code begins with what is typed, then those whose name holds it."""
    rows = db.execute(
        "SELECT code, name, instr(fold(code), ?1) = 1 FROM subjects"
        " WHERE code <> '' AND (instr(fold(code), ?1) = 1 OR instr(fold(name), ?1))"
        " GROUP BY code ORDER BY 3 DESC, 1 LIMIT ?2",
        (q.fold(typed), _MOST),
    )
    return [Candidate(code, f"{code} {name}".strip()) for code, name, _ in rows]


def _authors_like(db: sqlite3.Connection, typed: str) -> list[Candidate]:
    """The authors who have a name that begins so, those of most papers first.

    They are looked for among the newest papers that have such an author at all: enough to
    complete a name with, and as fast in a library of ten years as in one of a day.
    """
    wanted = q.Text("au", typed, False)
    expression = q.fts(wanted) if len(typed) >= _LEAST_NAME else None
    if expression is None:
        return []
    rows = db.execute(
        "SELECT authors FROM papers WHERE n IN (SELECT rowid FROM full_text"
        " WHERE full_text MATCH ? ORDER BY rowid DESC LIMIT 200)",
        (expression,),
    )
    names = Counter(
        name_of(author)
        for (authors,) in rows
        for author in json.loads(authors)
        if q.highlights(wanted, author, "authors")
    )
    return [Candidate(name, name) for name, _ in names.most_common(_MOST)]


def _states_like(db: sqlite3.Connection, typed: str) -> list[Candidate]:
    states = (state for state in q.STATES if state.startswith(q.fold(typed)))
    return [Candidate(state, state) for state in states]


CANDIDATES: Mapping[q.FieldName, Callable[[sqlite3.Connection, str], list[Candidate]]] = {
    "kw": _keywords_like,
    "cat": _subjects_like,
    "au": _authors_like,
    "is": _states_like,
}
"""For each field that can be completed, how: the best candidate first."""
