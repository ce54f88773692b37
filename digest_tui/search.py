"""Queries answered: which papers a query finds.

A query may have any number of words and parentheses, SQLite only so many
(https://sqlite.org/limits.html). So every condition is a statement of its own, or of a group of
its kind, and what the statements find is joined here. None of them reads
rows of `papers`, which are wide.

A word that no paper holds is looked for inside other words, whatever else is asked for, so that
what a part of a query finds never depends on the rest of it, nor on which papers are asked about.
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
from digest_tui.paper_set import PaperSet

Span = tuple[int, int]
"""The first and the last number of the papers that are asked about."""
Known = dict[tuple[object, ...], PaperSet]
"""What statements found, as long as nothing is written: none of these sets is to be changed."""

_KNOWN = 8
"""Statements that are remembered: who types asks again for everything but the last word."""
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

    papers: PaperSet | None
    """The papers; None where the query leaves out nothing."""
    query: q.Query
    """The query as it was answered: a word that no paper holds has a `*` before it."""
    span: Span | None = None
    """Where all that the query finds is among the papers; None for anywhere."""


def answer(
    db: sqlite3.Connection, query: q.Query, today: date, span: Span | None, known: Known
) -> Answer:
    """Returns what a query finds, in a span or anywhere, by what is known and becomes known of it.

    To look at the papers of one digest, whose numbers are near each other, takes the same time in
    a library of any size. Raises `sqlite3.OperationalError` where the connection is interrupted
    meanwhile, at whatever moment.
    """
    # An interrupt holds for the statements that are running; without this one it could come
    # between two.
    with closing(db.execute("SELECT 1 UNION ALL SELECT 2")):
        search = _Search(db, today, span, known)
        found = search.found(query)
        if found and not _has_alternatives(query):
            # Every word is held by what was found, but for those of another alternative.
            return Answer(found, query, span)
        wider = _widened(db, query)
        return Answer(found if wider == query else search.found(wider), wider, span)


def _has_alternatives(query: q.Query) -> bool:
    match query:
        case q.And(parts):
            return any(map(_has_alternatives, parts))
    return isinstance(query, q.Or)


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


@dataclass(frozen=True, slots=True)
class _Search:
    """What queries find, on a day and in a span. None stands for all there is."""

    db: sqlite3.Connection
    today: date
    span: Span | None
    known: Known

    def found(self, query: q.Query) -> PaperSet | None:
        match query:
            case q.Not():
                return self._all_of([query])
            case q.And(parts):
                return self._all_of(parts)
            case q.Or(parts):
                return self._any_of(parts)
            case q.Text():
                return self._holding(query)
            case q.Is(state):
                return self._numbers("n", f"papers WHERE {_IS[state]}")
            case q.Keyword(value):
                source = (
                    "entries WHERE keyword IN"
                    " (SELECT n FROM keywords WHERE instr(fold(keyword), ?))"
                )
                return self._numbers("paper", source, q.fold(value))
            case q.Category(value):
                source = (
                    "paper_subjects WHERE subject IN (SELECT n FROM subjects"
                    " WHERE instr(fold(code), ?1) = 1 OR instr(fold(name), ?1))"
                )
                return self._numbers("paper", source, q.fold(value))
            case q.Dates(first, last):
                return self._listed_between(first, last)
            case q.Recent(days):
                since = self.today - timedelta(days=min(days, self.today.toordinal()) - 1)
                return self._listed_between(since, None)
        return None

    def _all_of(self, parts: Sequence[q.Query]) -> PaperSet | None:
        kept: PaperSet | None = None
        for more in self._each([part for part in parts if not isinstance(part, q.Not)], " AND "):
            kept = more if kept is None else kept if more is None else kept & more
            if kept is not None and not kept:
                return kept
        without = self._any_of([part.query for part in parts if isinstance(part, q.Not)])
        if without is None:
            return PaperSet()
        if kept is None and without:
            kept = self._numbers("n", "papers WHERE 1")
        return kept and kept - without

    def _any_of(self, parts: Sequence[q.Query]) -> PaperSet | None:
        either = PaperSet()
        for more in self._each(parts, " OR "):
            if more is None:
                return None
            either = either | more
        return either

    def _each(self, parts: Sequence[q.Query], glue: str) -> Iterator[PaperSet | None]:
        """What the parts find: texts in groups, joined by FTS5, then each of the others."""
        texts: dict[str, None] = {}
        others: dict[q.Query, None] = {}
        for part in parts:
            if isinstance(part, q.Text) and not q.initial(part) and (expression := q.fts(part)):
                texts[expression] = None
            else:
                others[part] = None
        for start in range(0, len(texts), _GROUP):
            yield self._matching(glue.join(islice(texts, start, start + _GROUP)))
        for part in others:
            yield self.found(part)

    def _holding(self, text: q.Text) -> PaperSet | None:
        if letter := q.initial(text):
            return self._numbers("n", f'initials WHERE "{text.field}" & ?', letter)
        if inside := q.inside(text):
            source = "words CROSS JOIN full_text WHERE word GLOB ? AND full_text MATCH"
            column, each = "full_text.rowid", "GROUP BY word"
            return self._numbers(column, f"{source} replace(?, '?', word)", *inside, each=each)
        expression = q.fts(text)
        return self._matching(expression) if expression else None

    def _matching(self, expression: str) -> PaperSet:
        return self._numbers("rowid", "full_text WHERE full_text MATCH ?", expression)

    def _listed_between(self, first: date | None, last: date | None) -> PaperSet:
        source = "entries WHERE digest IN (SELECT n FROM digests WHERE day BETWEEN ? AND ?)"
        days = (first or date.min).isoformat(), (last or date.max).isoformat()
        return self._numbers("paper", source, *days)

    def _numbers(self, column: str, source: str, *values: object, each: str = "") -> PaperSet:
        """The numbers in a column, fetched as one value, or one a group: each for itself takes
        thrice as long."""
        if self.span:
            source += f" AND {column} BETWEEN ? AND ?"
            values += self.span
        asked = source, *values
        if asked in self.known:
            return self.known[asked]
        found = PaperSet()
        for (numbers,) in self.db.execute(
            f"SELECT json_group_array({column}) FROM {source} {each}", values
        ):
            found.update(json.loads(numbers))
        if len(self.known) >= _KNOWN:
            del self.known[next(iter(self.known))]
        self.known[asked] = found
        return found
