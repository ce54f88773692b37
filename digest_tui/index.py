"""The index: everything the library knows, in one SQLite file that can be deleted at any time.

The truth is the digest files and the journals of marks; the index mirrors both and answers
every question about them, so that a start parses nothing and a list fetches only the rows on
screen. A file that cannot be used, or is of another version, makes room for an empty one.

Damage can come at any moment, and stops nothing. A file that turns out to be damaged is believed
in nothing more: it is taken from its path, for every window, and from then on a reading is
answered with nothing, until the index is opened again and the truth is read into a new file.
Where the file was only deleted, or another window made a new one, whoever has it open goes on
reading it until the new one is filled.

What changes the index stands in `index_writer`, what it consists of in `index_tables`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from itertools import islice
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar

from digest_tui import index_readings, search
from digest_tui import query as q
from digest_tui.facets import CANDIDATES, FACETS, Candidate, Facet, FacetField
from digest_tui.index_file import (
    ERRORS,
    OPENING,
    FileId,
    alone_in,
    is_damage,
    is_locked,
    is_unwritable,
    remove,
    standing_at,
)
from digest_tui.index_tables import VERSION, make_tables
from digest_tui.index_writer import Read, Writer, writing
from digest_tui.marks import Change, Key, Stamp
from digest_tui.paper import Holding, PaperId, Problem
from digest_tui.paper_set import PaperSet
from digest_tui.prepared import Prepared
from digest_tui.store import Position

Status = Literal["all", "unread", "starred"]
Order = Literal["digest", "unread", "title", "author", "id", "date"]


@dataclass(frozen=True, slots=True)
class DigestRow:
    """A digest in the list of digests."""

    n: int
    day: date
    file: str
    format: str
    entries: int
    papers: int
    unread: int
    same_as: date | None
    """The day of the earlier digest that this one issues again."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many papers the library holds, each counted once."""

    papers: int
    unread: int
    starred: int


@dataclass(frozen=True, slots=True)
class Card:
    """What a row of the list shows of a paper."""

    n: int
    id: PaperId
    title: str
    title_zh: str
    authors: tuple[str, ...]
    code: str
    day: date
    read: bool
    starred: bool


P = ParamSpec("P")
T = TypeVar("T")


def _answered(method: Callable[Concatenate[Index, P], T]) -> Callable[Concatenate[Index, P], T]:
    """A reading that damage does not stop: it is answered, with nothing, in any case."""

    @wraps(method)
    def answered(index: Index, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(index, *args, **kwargs)
        except ERRORS as error:
            if index._db.in_transaction or not is_damage(error):
                raise
            index._give_up()
            return method(index, *args, **kwargs)

    return answered


class Index:
    """One connection to the index file. Each thread opens its own."""

    def __init__(self, path: Path, *, patience: float = 5.0) -> None:
        """Opens the index, building an empty one where there is none that can be used.

        For `patience` seconds a call waits for another connection that is writing. Raises
        `OSError` where the folder cannot be made, `sqlite3.Error` where another process lets
        nobody in, or where not even an empty index can be made.
        """
        self.path = path
        self._patience = patience
        self.unreadable = 0
        """Lines and files of marks that could not be read when they were last looked at."""
        self.is_behind = False
        """Whether the journals state more than was read of them at once."""
        self._read: Read | None = None
        """How the journals are read, once that was told."""
        self._expected: set[str] = set()
        """Words that the next change takes in."""
        self._known: search.Known = {}
        self._known_of: tuple[object, ...] = ()
        """The state of the index of which that is known."""
        self.file: FileId | None
        """Which file is read, whatever stands at the path by now; None where it was given up."""
        self._open()

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with alone_in(self.path.parent):
            if not os.path.lexists(self.path):
                # Its -wal and -shm may still be in use, and are not the next one's.
                remove(self.path)
            try:
                self._db = self._connect(self.path)
            except ERRORS as error:
                if is_locked(error) or is_unwritable(error):
                    raise
                remove(self.path)
                self._db = self._connect(self.path)
            self.file, self._largest = standing_at(self.path)
        self._version = self._number("PRAGMA data_version")

    def _connect(self, path: Path | Literal[":memory:"]) -> sqlite3.Connection:
        """Raises `sqlite3.DatabaseError` where what is at a path is no index of this version."""
        # Tables are made in a new file only: of one that was emptied, others have pages in mind.
        is_new = path == ":memory:" or not os.path.lexists(path)
        db = sqlite3.connect(path, timeout=OPENING, isolation_level=None)
        try:
            # Two papers fit into such a page, and only one of them into half of it.
            db.execute("PRAGMA page_size = 8192")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            # Many digests write the same pages again and again before they are moved, at 64 MB.
            db.execute("PRAGMA wal_autocheckpoint = 8192")
            db.create_function("fold", 1, q.fold, deterministic=True)
            if is_new:
                make_tables(db)
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                # Raises where somebody uses it: two programs must not take it from each other.
                db.execute("PRAGMA journal_mode = DELETE")
            if version != VERSION:
                raise sqlite3.DatabaseError(f"index version {version}, not {VERSION}")
            db.execute(f"PRAGMA busy_timeout = {self._patience * 1000:.0f}")
        except BaseException:
            db.close()
            raise
        return db

    def reopen(self) -> None:
        """Goes on with what is at the path by now, an empty index where there is none.

        Papers and digests have other numbers there. Raises what opening raises, and then leaves
        everything as it is.
        """
        before = self._db
        self._open()
        before.close()

    def is_lost(self) -> bool:
        """Whether what is read is no longer the file at the path, or not the whole of it.

        Until `reopen` it goes on answering: a deleted or replaced file as before, a damaged one
        with nothing.
        """
        file, size = standing_at(self.path)
        # SQLite never makes this file smaller.
        if file == self.file and size < self._largest:
            self._give_up()
        self._largest = size
        return self.is_damaged or file != self.file

    @property
    def is_damaged(self) -> bool:
        """Whether the file had to be given up: nothing is found until `reopen`."""
        return self.file is None

    def _give_up(self) -> None:
        """Takes a damaged file from its path, and goes on with an empty index in memory."""
        if self.is_damaged:
            return
        damaged, self._db = self._db, self._connect(":memory:")
        file, self.file = self.file, None
        with suppress(OSError), alone_in(self.path.parent):
            if standing_at(self.path)[0] == file:
                remove(self.path)
        damaged.close()
        self._version = self._number("PRAGMA data_version")
        if self._read:
            self.mirror(self._read)
            while self.is_behind:
                self.mirror(self._read)

    def is_sound(self) -> bool:
        """Whether SQLite finds the file whole, and can read every row. Reads all of it.

        So it is as far as can be told where another process keeps it locked.
        """
        try:
            # The full-text table itself has no rows, but those that it consists of have.
            tables = self._db.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
            )
            for (table,) in tables.fetchall():
                deque(self._db.execute(f"SELECT * FROM {table}"), maxlen=0)
            # https://sqlite.org/fts5.html#the_integrity_check_command
            self._db.execute("INSERT INTO full_text (full_text) VALUES ('integrity-check')")
            return self._db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        except ERRORS as error:
            if not (is_damage(error) or is_locked(error)):
                raise
            return is_locked(error)

    def rebuild(self) -> None:
        """Begins with an empty index file."""
        self._give_up()
        self.reopen()

    def close(self) -> None:
        """Closes the connection."""
        self._db.close()

    def interrupt(self) -> None:
        """Ends what another thread asks this connection at the moment: there it raises
        `sqlite3.OperationalError`."""
        self._db.interrupt()

    @_answered
    def changed_elsewhere(self) -> bool:
        """Whether another connection, of another window say, wrote since this was asked last.

        https://sqlite.org/pragma.html#pragma_data_version
        """
        before, self._version = self._version, self._number("PRAGMA data_version")
        return self._version != before

    @contextmanager
    def change(self) -> Iterator[Writer]:
        """A transaction: a change happens wholly or not at all."""
        words, self._expected = self._expected, set()
        try:
            with writing(self._db, words) as writer:
                yield writer
        except ERRORS as error:
            if is_damage(error):
                self._give_up()
            raise

    @_answered
    def files(self) -> dict[str, tuple[int, int]]:
        """Size and time of every file that was looked at, by name, refused ones included."""
        rows = self._db.execute("SELECT name, size, mtime_ns FROM files")
        return {name: (size, mtime_ns) for name, size, mtime_ns in rows}

    @_answered
    def refused_files(self) -> list[tuple[str, str]]:
        """The files in the digest folders that are no digest, each with the reason."""
        return self._db.execute(
            "SELECT name, refused FROM files WHERE refused IS NOT NULL ORDER BY name"
        ).fetchall()

    @_answered
    def digest_of(self, sha256: str) -> int | None:
        """The number of the digest with this content."""
        return index_readings.digest_of(self._db, sha256)

    @_answered
    def summary(self, digest: int) -> tuple[date, str, int | None, int, int, tuple[Problem, ...]]:
        """The day, the format, the declared and the real number of entries, the number of papers
        and the problems of a digest. Raises `LookupError` where there is none of this number."""
        row = self._db.execute(
            "SELECT day, format, declared, entries, papers FROM digests WHERE n = ?", (digest,)
        ).fetchone()
        if row is None:
            raise LookupError(digest)
        day, *counts = row
        return date.fromisoformat(day), *counts, tuple(self.problems(digest))

    @_answered
    def new_papers(self, digest: Prepared, file: str) -> int:
        """How many papers of a digest the library holds from no other one than that of this file,
        which another window may have taken in by now."""
        held = self._number(
            "SELECT count(*) FROM papers WHERE id IN (SELECT value FROM json_each(?)) AND EXISTS"
            " (SELECT 1 FROM entries WHERE paper = papers.n"
            "  AND digest IS NOT (SELECT digest FROM files WHERE name = ?))",
            json.dumps([paper.id for paper in digest.papers]),
            file,
        )
        return len(digest.papers) - (held or 0)

    def expect(self, words: frozenset[str]) -> None:
        """Takes words in with the next change, whatever becomes of the digest that holds them."""
        self._expected |= words

    @_answered
    def positions(self) -> dict[str, Position]:
        """How far each journal has been mirrored."""
        return index_readings.positions(self._db)

    @_answered
    def mirror(self, read: Read) -> set[PaperId]:
        """Takes over what the journals say that is new; the papers whose marks changed."""
        self._read = read
        with self.change() as writer:
            touched, reading = writer.mirror(read)
        self.unreadable = len(reading.bad) + len(reading.newer)
        self.is_behind = not reading.is_whole
        return touched

    @_answered
    def kept(self) -> list[Change]:
        """The changes that hold and that no journal states any more: the index alone has them, or
        of this device's a copy of its journal.

        It is so only as long as it is not behind.
        """
        return [
            Change(paper, field, json.loads(value), Stamp(ms, count), device)
            for paper, field, value, ms, count, device in self._db.execute(
                "SELECT paper, field, value, ms, count, device FROM marks WHERE NOT stated"
            )
        ]

    @_answered
    def winners(self, papers: Iterable[PaperId]) -> dict[Key, Change]:
        """The changes that hold for the fields of these papers, of all devices'."""
        rows = self._db.execute(
            "SELECT paper, field, value, ms, count, device FROM marks"
            " WHERE paper IN (SELECT value FROM json_each(?))",
            (json.dumps(list(papers)),),
        )
        return {
            (paper, field): Change(paper, field, json.loads(value), Stamp(ms, count), device)
            for paper, field, value, ms, count, device in rows
        }

    @_answered
    def digests(self) -> list[DigestRow]:
        """The digests, newest first."""
        rows = self._db.execute(
            "SELECT n, day, file, format, entries, papers, unread, listing FROM digests"
            " ORDER BY day, file"
        ).fetchall()
        first_issued: dict[str, str] = {}
        digests = []
        for n, day, file, format_, entries, papers, unread, listing in rows:
            earlier = first_issued.setdefault(listing, day) if entries else day
            same_as = date.fromisoformat(earlier) if earlier != day else None
            digests.append(
                DigestRow(
                    n, date.fromisoformat(day), file, format_, entries, papers, unread, same_as
                )
            )
        return digests[::-1]

    @_answered
    def unread_counts(self, papers: Iterable[PaperId]) -> list[tuple[int, int]]:
        """The digests that list any of these papers, each with the number of its unread ones."""
        return self._db.execute(
            f"SELECT n, unread FROM digests WHERE n IN ({index_readings.LISTING})",
            (json.dumps(list(papers)),),
        ).fetchall()

    @_answered
    def details(self, digest: int) -> tuple[datetime | None, datetime | None, int | None]:
        """When a digest was announced and generated, and how many entries it declares."""
        row = self._db.execute(
            "SELECT announced_at, generated_at, declared FROM digests WHERE n = ?", (digest,)
        ).fetchone()
        announced, generated, declared = row or (None, None, None)
        return _moment(announced), _moment(generated), declared

    @_answered
    def sections(self, digest: int) -> list[tuple[str, int]]:
        """The keywords of a digest in order, each with the number of its entries."""
        # A plus keeps the planner from going through a keyword's entries of all digests.
        return self._db.execute(
            "SELECT keywords.keyword, (SELECT count(*) FROM entries WHERE digest = ?1"
            " AND +entries.keyword = sections.keyword)"
            " FROM sections JOIN keywords ON keywords.n = sections.keyword"
            " WHERE digest = ?1 ORDER BY place",
            (digest,),
        ).fetchall()

    @_answered
    def problems(self, digest: int) -> list[Problem]:
        """The problems of a digest, by line."""
        rows = self._db.execute(
            "SELECT line, message FROM problems WHERE digest = ? ORDER BY line", (digest,)
        )
        return [Problem(line, message) for line, message in rows]

    @_answered
    def problems_in(self, digests: Iterable[int]) -> int:
        """How many problems these digests have."""
        sql = "SELECT count(*) FROM problems WHERE digest IN (SELECT value FROM json_each(?))"
        return self._number(sql, json.dumps(list(digests))) or 0

    @_answered
    def starred_in(self, digest: int) -> int:
        """How many papers of a digest are starred."""
        sql = "SELECT count(DISTINCT paper) FROM entries JOIN papers ON papers.n = paper"
        return self._number(f"{sql} WHERE digest = ? AND starred", digest) or 0

    @_answered
    def totals(self) -> Totals:
        """The counts over the whole library."""
        papers = self._number("SELECT count(*) FROM papers") or 0
        unread = self._number("SELECT count(*) FROM papers WHERE read = 0") or 0
        starred = self._number("SELECT count(*) FROM papers WHERE starred = 1") or 0
        return Totals(papers, unread, starred)

    @_answered
    def places(self, digest: int | None, order: Order) -> dict[str, Sequence[int]]:
        """The papers of a digest, or with None of all, each once under each heading.

        Headings are the keywords in the digests' own order, newest digest first; the days in the
        order of dates; and one of no name in any other. What is unread is not looked at.
        """
        if by := _SORTED.get(order):
            ordered = self._sorted(digest, by)
            return {"": ordered} if ordered else {}
        column, names = _HEADINGS[order]
        listed: defaultdict[int, list[int]] = defaultdict(list)
        for heading, number in self._entries(digest, column):
            listed[heading].append(number)
        under: dict[str, list[int]] = {}
        name_of = dict(self._db.execute(names))
        for heading, numbers in listed.items():
            under.setdefault(name_of[heading], []).extend(numbers)
        return {heading: list(dict.fromkeys(numbers)) for heading, numbers in under.items()}

    def _sorted(self, digest: int | None, by: str) -> list[int]:
        some = "" if digest is None else "WHERE n IN (SELECT paper FROM entries WHERE digest = ?)"
        (numbers,) = self._db.execute(
            "SELECT json_group_array(n) FROM"
            f" (SELECT n FROM papers {some} ORDER BY {by}, day DESC, n)",
            () if digest is None else (digest,),
        ).fetchone()
        return list(json.loads(numbers))

    def _entries(self, digest: int | None, column: str = "0") -> Iterator[tuple[int, int]]:
        """A number of the heading and the paper for each entry, newest digest first."""
        some = "" if digest is None else "WHERE digests.n = ?"
        # A column as one value: to fetch it row by row takes five times as long.
        headings, numbers = self._db.execute(
            "SELECT json_group_array(heading), json_group_array(paper) FROM"
            f" (SELECT {column} AS heading, paper FROM digests"
            f" CROSS JOIN entries ON entries.digest = digests.n {some}"
            " ORDER BY day DESC, file DESC, digests.n DESC, position, seq)",
            () if digest is None else (digest,),
        ).fetchone()
        return zip(json.loads(headings), json.loads(numbers), strict=True)

    @_answered
    def papers(
        self, digest: int | None, status: Status, query: q.Query, today: date
    ) -> PaperSet | None:
        """The papers that a query finds in a scope; None for all of the library."""
        matches = self.matches(query, today)
        if digest is None and status == "all":
            return matches
        some = "" if digest is None else "AND n IN (SELECT paper FROM entries WHERE digest = ?)"
        (numbers,) = self._db.execute(
            f"SELECT json_group_array(n) FROM papers WHERE {_STATUS[status]} {some}",
            () if digest is None else (digest,),
        ).fetchone()
        within = PaperSet(json.loads(numbers))
        return within if matches is None else within & matches

    @_answered
    def facets(self, field: FacetField, found: PaperSet | None) -> list[Facet]:
        """The values of a field that the papers found have, each with its count."""
        return FACETS[field](self._db, found)

    def count(self, digest: int | None, status: Status, query: q.Query, today: date) -> int:
        """How many papers a query finds in a scope."""
        found = self.papers(digest, status, query, today)
        return self.totals().papers if found is None else len(found)

    @_answered
    def candidates(
        self, field: q.FieldName, typed: str, digest: int | None = None
    ) -> list[Candidate]:
        """What a value of a field that is being typed could become; nothing for most fields."""
        complete = CANDIDATES.get(field)
        return complete(self._db, typed, digest) if complete else []

    @_answered
    def digests_of(self, numbers: Iterable[int]) -> set[int]:
        """The digests that list any of these papers."""
        rows = self._db.execute(
            "SELECT DISTINCT digest FROM entries WHERE paper IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        return {digest for (digest,) in rows}

    @_answered
    def cards(self, numbers: Sequence[int]) -> dict[int, Card]:
        """The rows to show for some papers, by paper number."""
        rows = self._db.execute(
            "SELECT n, id, title, title_zh, authors, code, day, read, starred FROM papers"
            " WHERE n IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        return {
            n: Card(
                n,
                id_,
                title,
                title_zh,
                tuple(json.loads(authors)),
                code,
                date.fromisoformat(day),
                bool(read),
                bool(starred),
            )
            for n, id_, title, title_zh, authors, code, day, read, starred in rows
        }

    @_answered
    def unread(self, digest: int | None) -> PaperSet:
        """The unread papers of a digest, or with None of all."""
        some = "" if digest is None else "AND n IN (SELECT paper FROM entries WHERE digest = ?)"
        (numbers,) = self._db.execute(
            f"SELECT json_group_array(n) FROM papers WHERE read = 0 {some}",
            () if digest is None else (digest,),
        ).fetchone()
        return PaperSet(json.loads(numbers))

    @_answered
    def states(self, papers: Iterable[PaperId]) -> list[tuple[PaperId, int, bool]]:
        """Those of the papers that the library holds: id, number, whether it is read."""
        rows = self._db.execute(
            "SELECT id, n, read FROM papers WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(papers)),),
        )
        return [(id_, n, bool(read)) for id_, n, read in rows]

    @_answered
    def ids(self, numbers: Iterable[int]) -> list[PaperId]:
        """The ids of papers, as far as the library holds them."""
        rows = self._db.execute(
            "SELECT id FROM papers WHERE n IN (SELECT value FROM json_each(?))",
            (json.dumps(list(numbers)),),
        )
        return [id_ for (id_,) in rows]

    @_answered
    def numbers(self, ids: Iterable[PaperId]) -> dict[PaperId, int]:
        """The numbers of the papers with these ids, as far as the library holds them."""
        return index_readings.numbers_of(self._db, ids)

    def holding(self, number: int) -> Holding | None:
        """A paper with its places and marks; None where the library no longer holds it."""
        return next(self.holdings([number]), None)

    def holdings(self, numbers: Iterable[int]) -> Iterator[Holding]:
        """Papers with their places and marks, in this order, without those that are gone."""
        rest = iter(numbers)
        while some := list(islice(rest, _AT_ONCE)):
            found = self._holdings(some)
            yield from (found[number] for number in some if number in found)

    @_answered
    def _holdings(self, numbers: Sequence[int]) -> dict[int, Holding]:
        return index_readings.holdings(self._db, numbers)

    @_answered
    def file_of(self, paper: int, digest: int | None) -> str:
        """The file of a digest that lists a paper: of this one, or else of the newest."""
        row = self._db.execute(
            "SELECT file FROM entries JOIN digests ON digests.n = digest WHERE paper = ?"
            " ORDER BY digest = ? DESC, day DESC, file DESC LIMIT 1",
            (paper, digest),
        ).fetchone()
        return row[0] if row else ""

    def matches(self, query: q.Query, today: date) -> PaperSet | None:
        """The papers that a query finds; None where it leaves out nothing."""
        return self.answer(query, today).papers

    @_answered
    def answer(self, query: q.Query, today: date, span: search.Span | None = None) -> search.Answer:
        """The papers that a query finds, in a span or anywhere, and the query as it was answered.

        Raises `sqlite3.OperationalError` where it is interrupted.
        """
        state = self._db, self._number("PRAGMA data_version"), self._db.total_changes
        if state != self._known_of:
            self._known_of, self._known = state, {}
        return search.answer(self._db, query, today, span, self._known)

    @_answered
    def found(self, query: q.Query, today: date) -> Sequence[int]:
        """The papers that a query finds, each once, in digest order."""
        wanted = self.matches(query, today)
        numbers = list(dict.fromkeys(number for _, number in self._entries(None)))
        return numbers if wanted is None else wanted.of(numbers)

    def _number(self, sql: str, *values: object) -> int | None:
        return index_readings.number_of(self._db, sql, *values)


_HEADINGS: Mapping[Order, tuple[str, str]] = {
    "digest": ("entries.keyword", "SELECT n, keyword FROM keywords"),
    "date": ("digests.n", "SELECT n, day FROM digests"),
    "unread": ("0", "SELECT 0, ''"),
}
"""What the papers of an order stand under: its number, and what it is called. Those of any other
order are sorted."""

_SORTED: Mapping[Order, str] = {
    "title": "by_title",
    "author": "by_author",
    # An old id, with its archive before it, is older than any new one.
    "id": "id GLOB '[0-9]*', id",
}

_AT_ONCE = 500
"""Papers that are fetched whole by one statement."""

_STATUS: Mapping[Status, str] = {
    "all": "1",
    "unread": "read = 0",
    "starred": "starred = 1",
}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
