"""Queries as SQL: the condition on `papers` that is true of what a query finds.

SQLite takes an expression of a thousand levels, and its parser a hundred open parentheses and
operators (https://sqlite.org/limits.html), but a query may have any number of words. So `NOT`
stands at single conditions only, many members are joined in groups of groups, and the longest
member comes first, where it costs the parser one parenthesis and nothing else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain

from digest_tui import query as q

_GROUP = 16

_IS: Mapping[str, str] = {
    "read": "papers.read",
    "unread": "NOT papers.read",
    "starred": "papers.starred",
    "unstarred": "NOT papers.starred",
    "translated": "papers.translated",
}


def condition(query: q.Query, today: date) -> tuple[str, list[object]]:
    """The condition, ready to be joined by AND, and its values in order."""
    match query:
        case q.Not(q.And(parts)):
            return condition(q.any_of(map(q.negated, parts)), today)
        case q.Not(q.Or(parts)):
            return condition(q.all_of(map(q.negated, parts)), today)
        case q.Not(inner):
            single, values = condition(inner, today)
            return f"NOT ({single})", values
        case q.And(parts):
            return _joined(" AND ", parts, today)
        case q.Or(parts):
            alternatives, values = _joined(" OR ", parts, today)
            # A plus keeps the planner from trying an index for each one of very many.
            plus = "+" if len(parts) > _GROUP else ""
            return f"{plus}({alternatives})", values
    return _single(query, today)


def _joined(glue: str, parts: Iterable[q.Query], today: date) -> tuple[str, list[object]]:
    members = [condition(part, today) for part in dict.fromkeys(parts)]
    members.sort(key=lambda member: len(member[0]), reverse=True)
    texts = [text for text, _ in members]
    while len(texts) > _GROUP:
        groups = (texts[start : start + _GROUP] for start in range(0, len(texts), _GROUP))
        texts = [f"({glue.join(group)})" for group in groups]
    return glue.join(texts), list(chain.from_iterable(values for _, values in members))


def _single(query: q.Query, today: date) -> tuple[str, list[object]]:
    match query:
        case q.Is(state):
            return _IS[state], []
        case q.Text() if expression := q.fts(query):
            return _papers_in("SELECT rowid FROM full_text WHERE full_text MATCH ?"), [expression]
        case q.Keyword(value):
            return _papers_in(
                "SELECT paper FROM entries WHERE keyword IN"
                " (SELECT n FROM keywords WHERE instr(fold(keyword), ?))"
            ), [q.fold(value)]
        case q.Category(value):
            return _papers_in(
                "SELECT paper FROM paper_subjects WHERE subject IN (SELECT n FROM subjects"
                " WHERE instr(fold(code), ?) = 1 OR instr(fold(name), ?))"
            ), [q.fold(value)] * 2
        case q.Dates(first, last):
            return _listed_between(first, last)
        case q.Recent(days):
            return _listed_between(today - timedelta(days=min(days, today.toordinal()) - 1), None)
    return "1", []


def _papers_in(select: str) -> str:
    return f"papers.n IN ({select})"


def _listed_between(first: date | None, last: date | None) -> tuple[str, list[object]]:
    listed = _papers_in(
        "SELECT paper FROM entries WHERE digest IN"
        " (SELECT n FROM digests WHERE day BETWEEN ? AND ?)"
    )
    return listed, [(first or date.min).isoformat(), (last or date.max).isoformat()]


def found(db: sqlite3.Connection, query: q.Query, today: date) -> set[int] | None:
    """The numbers of the papers that a query finds; None where it leaves out nothing.

    Raises `sqlite3.OperationalError` where the connection is interrupted meanwhile.
    """
    match query:
        case q.Everything():
            return None
        case q.Not(inner):
            without = found(db, inner, today)
            return set() if without is None else _all(db) - without
        case q.And(parts):
            kept = None
            for part in parts:
                more = found(db, part, today)
                kept = more if kept is None else kept if more is None else kept & more
            return kept
        case q.Or(parts):
            either: set[int] = set()
            for part in parts:
                more = found(db, part, today)
                if more is None:
                    return None
                either |= more
            return either
    where, values = _single(query, today)
    return _numbers(db, f"SELECT papers.n FROM papers WHERE {where}", values)


def _all(db: sqlite3.Connection) -> set[int]:
    return _numbers(db, "SELECT n FROM papers", ())


def _numbers(db: sqlite3.Connection, select: str, values: Sequence[object]) -> set[int]:
    """The numbers that a statement selects; as one value, because a row each takes thrice as long."""
    (numbers,) = db.execute(f"SELECT json_group_array(n) FROM ({select})", values).fetchone()
    return set(json.loads(numbers))
