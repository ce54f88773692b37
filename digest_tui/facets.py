"""What there is to choose from: the facets of the papers found, and candidates for completion.

The count beside a value is the number of papers that choosing it would leave, so it follows the
rules of the query language: `kw:robot` finds the keyword `robotics` too.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Literal

from digest_tui import query as q
from digest_tui.paper import name_of
from digest_tui.paper_set import PaperSet

FacetField = Literal["kw", "cat", "date"]
_Source = tuple[str, str]
"""A table with a line for each paper and value, and the column of the value."""
_Row = tuple[int, str, str]
"""The number of a keyword or a subject, its code, and its name: either may be missing."""

_FEW = 10_000
"""Papers that are looked up one by one; of more, those of the whole library are gone through."""
_MANY_DAYS = 62
"""More days than this are told by the month, more months by the year."""
_SPANS = (10, 7, 4)
"""Letters of a day, its month and its year."""
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


def _keywords(db: sqlite3.Connection, found: PaperSet | None) -> list[Facet]:
    # A digest may name many under which there is no result.
    rows = db.execute(
        "SELECT n, '', keyword FROM keywords WHERE keyword <> ''"
        " AND EXISTS (SELECT 1 FROM entries WHERE entries.keyword = keywords.n)"
    )
    return _counted(db, ("entries", "keyword"), found, rows)


def _subjects(db: sqlite3.Connection, found: PaperSet | None) -> list[Facet]:
    rows = db.execute("SELECT n, code, name FROM subjects")
    return _counted(db, ("paper_subjects", "subject"), found, rows)


def _dates(db: sqlite3.Connection, found: PaperSet | None) -> list[Facet]:
    papers = _papers(db, ("entries", "digest"), found)
    days = dict(db.execute("SELECT n, day FROM digests"))
    spans: dict[str, list[int]] = {}
    for letters in _SPANS:
        spans = {}
        for digest in papers.keys() & days.keys():
            spans.setdefault(days[digest][:letters], []).append(digest)
        if len(spans) <= _MANY_DAYS:
            break
    return [
        Facet(span, span, len(set().union(*(papers[digest] for digest in spans[span]))))
        for span in sorted(spans, reverse=True)
    ]


def _counted(
    db: sqlite3.Connection, source: _Source, found: PaperSet | None, rows: Iterable[_Row]
) -> list[Facet]:
    """The facets of the values of rows, most papers first.

    SQLite counts the papers of a row; those of a value that finds several rows are put together.
    Between two statements another window may write.
    """
    rows = tuple(rows)
    counts: dict[int, int] = dict(_by_value(db, source, "count(DISTINCT paper)", found))
    finds = _finds(rows)
    labels = {_value(row): f"{row[1]} {row[2]}".strip() for row in rows if row[0] in counts}
    together = any(len(finds[value]) > 1 for value in labels)
    papers = _papers(db, source, found) if together else {}

    def count(numbers: Sequence[int]) -> int:
        if len(numbers) == 1:
            return counts[numbers[0]]
        return len(set().union(*(papers.get(number, ()) for number in numbers)))

    facets = [Facet(value, label, count(finds[value])) for value, label in labels.items()]
    return sorted(facets, key=lambda facet: (-facet.papers, facet.value))


@lru_cache(maxsize=2)
def _finds(rows: tuple[_Row, ...]) -> Mapping[str, Sequence[int]]:
    """For each value the rows that it finds: by a code's beginning, by any part of a name.

    It is looked for in all rows at once, but for those that are too short: in one after the other,
    it takes four times as long. With two thousand keywords this is still half of all counting,
    and they stay the same from one choice to the next.
    """
    folded = [(n, q.fold(code), q.fold(name)) for n, code, name in rows]
    folded.sort(key=lambda row: len(row[1]) + len(row[2]))
    lines = [f"{code} {name}\n" for _, code, name in folded]
    text = "".join(lines)
    lengths = [len(line) for line in lines]
    starts = list(accumulate(lengths, initial=0))
    finds: dict[str, list[int]] = {}
    for value in map(_value, rows):
        typed, numbers = q.fold(value), []
        line = bisect_left(lengths, len(typed))
        # What folds to nothing is found by nothing.
        while typed and (at := text.find(typed, starts[line])) >= 0:
            line = bisect_right(starts, at)
            n, code, name = folded[line - 1]
            if code.startswith(typed) or typed in name:
                numbers.append(n)
        finds[value] = numbers
    return finds


def _value(row: _Row) -> str:
    _, code, name = row
    return code or name


def _papers(
    db: sqlite3.Connection, source: _Source, found: PaperSet | None
) -> dict[int, list[int]]:
    """The papers found that have each value of a column."""
    # As one text for each value: a row for each paper takes three times as long.
    listed = _by_value(db, source, "json_group_array(paper)", found)
    return {value: json.loads(papers) for value, papers in listed}


def _by_value(
    db: sqlite3.Connection, source: _Source, told: str, found: PaperSet | None
) -> Iterator[tuple[int, Any]]:
    """What is told of the papers found that have each value of a column."""
    table, column = source
    where = ""
    values: tuple[object, ...] = ()
    if found is not None and len(found) <= _FEW:
        where = "WHERE paper IN (SELECT value FROM json_each(?))"
        values = (json.dumps(list(found)),)
    elif found is not None:
        # A byte for each paper: to look them up in a table takes three times as long.
        where, values = "WHERE substr(?, paper + 1, 1) = x'01'", (bytes(found),)
    return db.execute(f"SELECT {column}, {told} FROM {table} {where} GROUP BY 1", values)


FACETS: Mapping[FacetField, Callable[[sqlite3.Connection, PaperSet | None], list[Facet]]] = {
    "kw": _keywords,
    "cat": _subjects,
    "date": _dates,
}
"""For each field, how its facets are counted: keywords and subjects by the number of papers,
dates newest first. Of the papers with these numbers; None for all of the library."""


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
