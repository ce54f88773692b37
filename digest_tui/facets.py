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
from typing import Literal, TypeVar

from digest_tui import query as q
from digest_tui.paper import name_of

Key = TypeVar("Key")
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
    keywords: dict[str, str] = {}
    papers: dict[str, set[int]] = {}
    for keyword, paper in listed:
        keywords[keyword] = keyword
        papers.setdefault(q.fold(keyword), set()).add(paper)
    return _counted(keywords, papers, lambda typed, keyword: typed in keyword)


def _subjects(db: sqlite3.Connection, found: str, values: Sequence[object]) -> list[Facet]:
    listed = db.execute(
        "SELECT code, name, paper FROM paper_subjects JOIN subjects ON subjects.n = subject"
        f" WHERE paper IN ({found})",
        values,
    )
    subjects: dict[str, str] = {}
    papers: dict[tuple[str, str], set[int]] = {}
    for code, name, paper in listed:
        subjects[code or name] = f"{code} {name}".strip()
        papers.setdefault((q.fold(code), q.fold(name)), set()).add(paper)
    return _counted(
        subjects,
        papers,
        lambda typed, subject: subject[0].startswith(typed) or typed in subject[1],
    )


def _counted(
    labels: Mapping[str, str],
    papers: Mapping[Key, set[int]],
    finds: Callable[[str, Key], bool],
) -> list[Facet]:
    """The facets of values, most papers first; `finds`: what a folded value finds as well."""
    facets = []
    for value, label in labels.items():
        typed = q.fold(value)
        found = (papers[key] for key in papers if finds(typed, key))
        facets.append(Facet(value, label, len(set().union(*found))))
    return sorted(facets, key=lambda facet: (-facet.papers, facet.value))


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


def _keywords_like(db: sqlite3.Connection, typed: str, digest: int | None) -> list[Candidate]:
    """The keywords that hold what is typed, those of most digests first."""
    rows = db.execute(
        "SELECT keywords.keyword FROM sections JOIN keywords ON keywords.n = sections.keyword"
        " WHERE keywords.keyword <> '' AND (?1 IS NULL OR digest = ?1) GROUP BY keywords.n"
        " HAVING instr(fold(keywords.keyword), ?2) ORDER BY count(*) DESC, 1 LIMIT ?3",
        (digest, q.fold(typed), _MOST),
    )
    return [Candidate(keyword, keyword) for (keyword,) in rows]


def _subjects_like(db: sqlite3.Connection, typed: str, digest: int | None) -> list[Candidate]:
    """The subjects whose code begins with what is typed, then those with such a word or part."""
    rows = db.execute(
        "SELECT code, name, 2 * (instr(fold(code), ?2) = 1)"
        " + (instr(' ' || fold(name), ' ' || ?2) > 0) FROM subjects"
        " WHERE code <> '' AND (instr(fold(code), ?2) = 1 OR instr(fold(name), ?2))"
        " AND (?1 IS NULL OR n IN (SELECT subject FROM paper_subjects JOIN entries"
        "                          USING (paper) WHERE digest = ?1))"
        " GROUP BY code ORDER BY 3 DESC, 1 LIMIT ?3",
        (digest, q.fold(typed), _MOST),
    )
    return [Candidate(code, f"{code} {name}".strip()) for code, name, _ in rows]


def _authors_like(db: sqlite3.Connection, typed: str, digest: int | None) -> list[Candidate]:
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
        " WHERE full_text MATCH ?2"
        " AND (?1 IS NULL OR rowid IN (SELECT paper FROM entries WHERE digest = ?1))"
        " ORDER BY rowid DESC LIMIT 200)",
        (digest, expression),
    )
    names = Counter(
        name_of(author)
        for (authors,) in rows
        for author in json.loads(authors)
        if q.highlights(wanted, author, "authors")
    )
    return [Candidate(name, name) for name, _ in names.most_common(_MOST)]


def _states_like(db: sqlite3.Connection, typed: str, digest: int | None) -> list[Candidate]:
    states = (state for state in q.STATES if state.startswith(q.fold(typed)))
    return [Candidate(state, state) for state in states]


CANDIDATES: Mapping[
    q.FieldName, Callable[[sqlite3.Connection, str, int | None], list[Candidate]]
] = {
    "kw": _keywords_like,
    "cat": _subjects_like,
    "au": _authors_like,
    "is": _states_like,
}
"""For each field that can be completed, how: the best candidate first, in one digest or all."""
