"""Queries answered: which papers a query finds.

A query may have any number of words and parentheses, SQLite only so many
(https://sqlite.org/limits.html). So every condition is a statement of its own, or of a group of
its kind, and what the statements find is joined here, as sets of numbers. None of them reads
rows of `papers`, which are wide.

A word that no paper holds is looked for inside other words, whatever else is asked for, so that
what a part of a query finds never depends on the rest of it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from digest_tui import query as q

_GROUP = 50
"""Texts in one MATCH expression: FTS5 looks at each alternative for every paper that it finds."""

_IS: Mapping[q.State, str] = {
    "read": "read = 1",
    "unread": "read = 0",
    "starred": "starred = 1",
    "unstarred": "starred = 0",
    "translated": "translated = 1",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query finds."""

    papers: set[int] | None
    """The numbers of the papers; None where the query leaves out nothing."""
    query: q.Query
    """The query as it was answered: a word that no paper holds has a `*` before it."""


def answer(db: sqlite3.Connection, query: q.Query, today: date) -> Answer:
    """Returns what a query finds.

    Raises `sqlite3.OperationalError` where the connection is interrupted, at whatever moment.
    """
    # An interrupt holds for the statements that are running; without this one it could come
    # between two.
    with closing(db.execute("SELECT 1 UNION ALL SELECT 2")):
        wider = _widened(db, query)
        return Answer(_found(db, wider, today), wider)


def _widened(db: sqlite3.Connection, query: q.Query) -> q.Query:
    """Returns the query with the words of no paper looked for inside others.

    What it excludes stays as it is: nobody would see what a wider word takes away.
    """
    match query:
        case q.And(parts):
            return q.all_of(_widened(db, part) for part in parts)
        case q.Or(parts):
            return q.any_of(_widened(db, part) for part in parts)
        case q.Text() if (wider := q.widened(query)) and not _is_held(db, query):
            return wider
    return query


def _is_held(db: sqlite3.Connection, text: q.Text) -> bool:
    select = "SELECT 1 FROM full_text WHERE full_text MATCH ? LIMIT 1"
    return db.execute(select, (q.fts(text),)).fetchone() is not None


def _found(db: sqlite3.Connection, query: q.Query, today: date) -> set[int] | None:
    match query:
        case q.Not():
            return _all_of(db, [query], today)
        case q.And(parts):
            return _all_of(db, parts, today)
        case q.Or(parts):
            return _any_of(db, parts, today)
        case q.Text():
            return _holding(db, query)
        case q.Is(state):
            return _numbers(db, "n", f"papers WHERE {_IS[state]}")
        case q.Keyword(value):
            source = (
                "entries WHERE keyword IN (SELECT n FROM keywords WHERE instr(fold(keyword), ?))"
            )
            return _numbers(db, "paper", source, q.fold(value))
        case q.Category(value):
            source = (
                "paper_subjects WHERE subject IN (SELECT n FROM subjects"
                " WHERE instr(fold(code), ?1) = 1 OR instr(fold(name), ?1))"
            )
            return _numbers(db, "paper", source, q.fold(value))
        case q.Dates(first, last):
            return _listed_between(db, first, last)
        case q.Recent(days):
            since = today - timedelta(days=min(days, today.toordinal()) - 1)
            return _listed_between(db, since, None)
    return None


def _all_of(db: sqlite3.Connection, parts: Sequence[q.Query], today: date) -> set[int] | None:
    kept: set[int] | None = None
    wanted = [part for part in parts if not isinstance(part, q.Not)]
    for more in _each(db, wanted, " AND ", today):
        kept = more if kept is None else kept if more is None else kept & more
        if kept is not None and not kept:
            return kept
    unwanted = [part.query for part in parts if isinstance(part, q.Not)]
    without = _any_of(db, unwanted, today)
    if without is None:
        return set()
    if kept is None and without:
        kept = _numbers(db, "n", "papers")
    return kept and kept - without


def _any_of(db: sqlite3.Connection, parts: Sequence[q.Query], today: date) -> set[int] | None:
    either: set[int] = set()
    for more in _each(db, parts, " OR ", today):
        if more is None:
            return None
        either |= more
    return either


def _each(
    db: sqlite3.Connection, parts: Sequence[q.Query], glue: str, today: date
) -> Iterator[set[int] | None]:
    """What the parts find: texts in groups, joined by FTS5, then each of the others."""
    texts: dict[str, None] = {}
    others: dict[q.Query, None] = {}
    for part in parts:
        if isinstance(part, q.Text) and not q.initial(part) and (expression := q.fts(part)):
            texts[expression] = None
        else:
            others[part] = None
    for start in range(0, len(texts), _GROUP):
        yield _matching(db, glue.join(islice(texts, start, start + _GROUP)))
    for part in others:
        yield _found(db, part, today)


def _holding(db: sqlite3.Connection, text: q.Text) -> set[int] | None:
    if letter := q.initial(text):
        return _numbers(db, "n", "initials WHERE letters & ?", letter)
    if inside := q.inside(text):
        source = (
            "words CROSS JOIN full_text"
            " WHERE word GLOB ? AND full_text MATCH replace(?, '?', word) GROUP BY word"
        )
        return _numbers(db, "full_text.rowid", source, *inside)
    expression = q.fts(text)
    return _matching(db, expression) if expression else None


def _matching(db: sqlite3.Connection, expression: str) -> set[int]:
    return _numbers(db, "rowid", "full_text WHERE full_text MATCH ?", expression)


def _listed_between(db: sqlite3.Connection, first: date | None, last: date | None) -> set[int]:
    source = "entries WHERE digest IN (SELECT n FROM digests WHERE day BETWEEN ? AND ?)"
    days = (first or date.min).isoformat(), (last or date.max).isoformat()
    return _numbers(db, "paper", source, *days)


def _numbers(db: sqlite3.Connection, column: str, source: str, *values: object) -> set[int]:
    """The numbers in a column, fetched as one value, or one a group: each for itself takes thrice
    as long."""
    found: set[int] = set()
    for (numbers,) in db.execute(f"SELECT json_group_array({column}) FROM {source}", values):
        found.update(json.loads(numbers))
    return found
