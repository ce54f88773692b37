"""The index: everything the library knows, in one SQLite file that can be deleted at any time.

The truth is the digest files and the journals of marks; the index mirrors both and answers
every question about them, so that a start parses nothing and a list fetches only the rows on
screen. A file that cannot be used, or is of another version, makes room for an empty one.

Damage can come at any moment, and stops nothing. A file that turns out to be damaged is believed
in nothing more: it is taken from its path, for every window, and from then on a reading is
answered with nothing, until the index is opened again and the truth is read into a new file.
Where the file was only deleted, or another window made a new one, whoever has it open goes on
reading it until the new one is filled.

Full text is FTS5 over `query.segment`'s output, every Han character its own token, so that a
Chinese word of any length is an exact phrase. All letters are folded by then, so that the `ascii`
tokenizer only parts them at spaces. The table is contentless
(https://sqlite.org/fts5.html#contentless_tables): rows leave it by being written once more
with the 'delete' command. Beside it stand the letters with which the words of each paper begin,
for a query of one letter, which nearly every paper answers; and all words that there are or
were, to look inside them.

The number of a paper or digest is never given to another one, because a view that is on screen
goes on holding it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime
from functools import reduce, wraps
from itertools import islice
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar

from digest_tui import query as q
from digest_tui import search
from digest_tui.facets import CANDIDATES, FACETS, Candidate, Facet, FacetField
from digest_tui.index_file import (
    ERRORS,
    OPENING,
    FileId,
    alone_in,
    damage,
    is_damage,
    is_locked,
    remove,
    standing_at,
)
from digest_tui.marks import READ, STAR, Change, Key, Stamp
from digest_tui.paper import Holding, Paper, PaperId, Problem, Subject
from digest_tui.paper_set import PaperSet
from digest_tui.prepared import Prepared, Row, row_of, searched
from digest_tui.store import Position, Reading

VERSION = 6
"""Raised whenever the tables change; another version's file is built anew."""

Status = Literal["all", "unread", "starred"]
Order = Literal["digest", "unread", "title", "author", "id", "date"]

_TABLES = """
CREATE TABLE files (name TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, sha256 TEXT,
                    digest INTEGER, refused TEXT) WITHOUT ROWID;
CREATE TABLE digests (n INTEGER PRIMARY KEY AUTOINCREMENT, file TEXT, sha256 TEXT UNIQUE,
                      format TEXT, day TEXT, announced_at TEXT, generated_at TEXT,
                      declared INTEGER, listing TEXT, entries INTEGER, papers INTEGER,
                      unread INTEGER);
CREATE INDEX digests_by_day ON digests (day, file);
CREATE TABLE keywords (n INTEGER PRIMARY KEY, keyword TEXT UNIQUE);
CREATE TABLE sections (digest INTEGER, place INTEGER, keyword INTEGER,
                       PRIMARY KEY (digest, place)) WITHOUT ROWID;
CREATE TABLE entries (digest INTEGER, seq INTEGER, position INTEGER, keyword INTEGER,
                      paper INTEGER, PRIMARY KEY (digest, position, seq)) WITHOUT ROWID;
CREATE INDEX entries_by_paper ON entries (paper, digest);
CREATE INDEX entries_by_keyword ON entries (keyword, paper);
CREATE TABLE problems (digest INTEGER, line INTEGER, message TEXT);
CREATE INDEX problems_by_digest ON problems (digest);
CREATE TABLE papers (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, day TEXT, read INTEGER,
                     starred INTEGER, translated INTEGER, code TEXT, title TEXT, title_zh TEXT,
                     authors TEXT, abs_url TEXT, pdf_url TEXT, by_title TEXT,
                     by_author TEXT);
CREATE INDEX papers_by_read ON papers (read);
CREATE INDEX papers_by_starred ON papers (starred);
CREATE INDEX papers_by_translated ON papers (translated);
CREATE TABLE texts (n INTEGER PRIMARY KEY, abstract TEXT, abstract_zh TEXT);
CREATE TABLE versions (paper INTEGER, digest INTEGER, stated TEXT,
                       PRIMARY KEY (paper, digest)) WITHOUT ROWID;
CREATE TABLE subjects (n INTEGER PRIMARY KEY, code TEXT, name TEXT, UNIQUE (code, name));
CREATE TABLE paper_subjects (paper INTEGER, place INTEGER, subject INTEGER,
                             PRIMARY KEY (paper, place)) WITHOUT ROWID;
CREATE INDEX papers_by_subject ON paper_subjects (subject, paper);
CREATE TABLE marks (paper TEXT, field TEXT, value TEXT, ms INTEGER, count INTEGER, device TEXT,
                    PRIMARY KEY (paper, field)) WITHOUT ROWID;
CREATE TABLE journals (name TEXT PRIMARY KEY, position TEXT) WITHOUT ROWID;
CREATE VIRTUAL TABLE full_text USING fts5(
    title, title_zh, authors, abstract, abstract_zh, id,
    content='', columnsize=0, prefix='2 3 4', tokenize='ascii');
CREATE TABLE initials (n INTEGER PRIMARY KEY, "any" INTEGER, ti INTEGER, au INTEGER, abs INTEGER,
                       zh INTEGER, id INTEGER);
CREATE TABLE words (word TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A digest file as it was when it was indexed."""

    name: str
    """Its path: relative within the library's own folder, absolute elsewhere."""
    size: int
    mtime_ns: int
    sha256: str = ""


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
        self._read: Callable[[Mapping[str, Position]], Reading] | None = None
        """How the journals are read, once that was told."""
        self._words: set[str] = set()
        """The words of what is being written, until the change is complete."""
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
                if is_locked(error):
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
                _make_tables(db)
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
    def change(self) -> Iterator[None]:
        """A transaction: a change happens wholly or not at all."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._keep_words()
            self._db.commit()
        except BaseException as error:
            self._words.clear()
            with suppress(sqlite3.Error):
                self._db.rollback()
            if isinstance(error, ERRORS) and is_damage(error):
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
        return self._number("SELECT n FROM digests WHERE sha256 = ?", sha256)

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

    def new_papers(self, digest: Prepared) -> int:
        """How many papers of a digest the library does not hold."""
        return len(digest.papers) - len(self._known(digest.papers))

    def expect(self, words: frozenset[str]) -> None:
        """Takes words in with the next change, whatever becomes of the digest that holds them."""
        self._words |= words

    def refuse(self, file: FileStamp, reason: str) -> None:
        """Remembers that a file is no digest, so that it is not read at every start."""
        self.forget(file.name)
        self._db.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, NULL, ?)",
            (file.name, file.size, file.mtime_ns, file.sha256, reason),
        )

    def add(self, file: FileStamp, digest: Prepared) -> int:
        """Adds a digest, or another file with the content of a known one; its number.

        A file that changed keeps the numbers of its digest and of its papers, because a view
        that is on screen holds them.
        """
        before = self._number("SELECT digest FROM files WHERE name = ?", file.name)
        papers = self._release(file.name)
        known = self.digest_of(file.sha256)
        is_free = self._number("SELECT n FROM digests WHERE n = ?", before) is None
        number = known or self._add_digest(before if is_free else None, file, digest)
        self._db.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, NULL)",
            (file.name, file.size, file.mtime_ns, file.sha256, number),
        )
        if known:
            self._name_by_file(known)
        self._settle(papers)
        return number

    def forget(self, name: str) -> None:
        """Takes a file out, its digest if no other file holds it, and papers of no digest."""
        self._settle(self._release(name))

    def _release(self, name: str) -> list[int]:
        """Takes a file and, if no other file holds it, its digest out; the papers it listed."""
        number = self._number("SELECT digest FROM files WHERE name = ?", name)
        self._db.execute("DELETE FROM files WHERE name = ?", (name,))
        if number is None or self._name_by_file(number):
            return []
        papers = self._db.execute("SELECT DISTINCT paper FROM entries WHERE digest = ?", (number,))
        listed = [paper for (paper,) in papers]
        self._db.executemany(
            "DELETE FROM versions WHERE paper = ? AND digest = ?",
            [(paper, number) for paper in listed],
        )
        for table in ("sections", "entries", "problems"):
            self._db.execute(f"DELETE FROM {table} WHERE digest = ?", (number,))
        self._db.execute("DELETE FROM digests WHERE n = ?", (number,))
        return listed

    def _name_by_file(self, digest: int) -> bool:
        """Names a digest after the last, by name, of its files; whether there is any."""
        file = self._db.execute("SELECT max(name) FROM files WHERE digest = ?", (digest,))
        (name,) = file.fetchone()
        if name is not None:
            self._db.execute("UPDATE digests SET file = ? WHERE n = ?", (name, digest))
        return name is not None

    def _settle(self, papers: Iterable[int]) -> None:
        """Drops those of the papers that no digest lists, and merges the others anew."""
        for number in papers:
            if self._number("SELECT 1 FROM entries WHERE paper = ? LIMIT 1", number):
                self._merge(number)
            else:
                self._unwrite(number, self._held(number))
                self._db.execute("DELETE FROM papers WHERE n = ?", (number,))

    def _add_digest(self, n: int | None, file: FileStamp, digest: Prepared) -> int:
        cursor = self._db.execute(
            "INSERT INTO digests (n, file, sha256, format, day, announced_at, generated_at,"
            " declared, listing, entries, papers) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                n,
                file.name,
                file.sha256,
                digest.format,
                digest.day.isoformat(),
                digest.announced_at and digest.announced_at.isoformat(),
                digest.generated_at and digest.generated_at.isoformat(),
                digest.declared,
                digest.listing,
                len(digest.entries),
                len(digest.papers),
            ),
        )
        number = cursor.lastrowid or 0
        keywords = {keyword: self._keyword(keyword) for keyword in digest.keywords}
        self._db.executemany(
            "INSERT INTO sections VALUES (?, ?, ?)",
            [(number, place, keywords[word]) for place, word in enumerate(digest.keywords)],
        )
        papers = self._put(digest.papers, number, digest.day.isoformat())
        self._words |= digest.words
        self._db.executemany(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?)",
            [
                (number, seq, entry.position, keywords[entry.keyword], papers[entry.paper])
                for seq, entry in enumerate(digest.entries)
            ],
        )
        self._db.executemany(
            "INSERT INTO problems VALUES (?, ?, ?)",
            [(number, problem.line, problem.message) for problem in digest.problems],
        )
        self._recount([number])
        return number

    def _keyword(self, keyword: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO keywords (keyword) VALUES (?)", (keyword,))
        return self._number("SELECT n FROM keywords WHERE keyword = ?", keyword) or 0

    def _put(self, papers: Sequence[Row], digest: int, day: str) -> dict[PaperId, int]:
        """Adds papers as a digest states them; their numbers."""
        numbers = self._known(papers)
        for paper in papers:
            if paper.id in numbers:
                self._restate(numbers[paper.id], paper, digest)
        new = [paper for paper in papers if paper.id not in numbers]
        last = self._number("SELECT seq FROM sqlite_sequence WHERE name = 'papers'") or 0
        numbers |= {paper.id: number for number, paper in enumerate(new, last + 1)}
        self._write([(numbers[paper.id], day, paper) for paper in new])
        return numbers

    def _known(self, papers: Iterable[Row]) -> dict[PaperId, int]:
        """The numbers of those of the papers that the library holds."""
        return self.numbers([paper.id for paper in papers])

    def _restate(self, number: int, paper: Row, digest: int) -> None:
        """Adds what a digest says of a paper that others list too."""
        alone = self._number(
            "SELECT digest FROM entries WHERE paper = ?1"
            " AND NOT EXISTS (SELECT 1 FROM versions WHERE paper = ?1) LIMIT 1",
            number,
        )
        if alone is not None:
            self._state(number, alone, astuple(self._held(number)))
        self._state(number, digest, paper.stated)
        self._merge(number)

    def _state(self, number: int, digest: int, stated: tuple[object, ...]) -> None:
        text = _in_json(stated)
        self._db.execute("INSERT INTO versions VALUES (?, ?, ?)", (number, digest, text))

    def _merge(self, number: int) -> None:
        """Writes a paper of several digests: the newest one's text, what it lacks from the others.

        Each digest's own text of it is kept, so that the result does not depend on the order in
        which digests come and go. A paper of one digest has no text beside its own.
        """
        rows = self._db.execute(
            "SELECT stated, day FROM versions JOIN digests ON digests.n = digest WHERE paper = ?"
            " ORDER BY day DESC, sha256",
            (number,),
        ).fetchall()
        if not rows:
            return
        before = self._held(number)
        merged = reduce(_filled, [_from_json(text) for text, _ in rows])
        if merged == before:
            self._db.execute("UPDATE papers SET day = ? WHERE n = ?", (rows[0][1], number))
        else:
            self._unwrite(number, before)
            self._write([(number, rows[0][1], row_of(merged))])
        if len(rows) == 1:
            self._db.execute("DELETE FROM versions WHERE paper = ?", (number,))

    def _write(self, papers: Sequence[tuple[int, str, Row]]) -> None:
        """Writes papers, each with its number and its day; the marks of one that is there stay."""
        marked = self._marked_among([paper.id for _, _, paper in papers])
        self._db.executemany(
            "INSERT INTO papers (n, id, day, read, starred, translated, code, title, title_zh,"
            " authors, abs_url, pdf_url, by_title, by_author)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (n) DO UPDATE SET day = excluded.day, translated = excluded.translated,"
            " code = excluded.code, title = excluded.title, title_zh = excluded.title_zh,"
            " authors = excluded.authors, abs_url = excluded.abs_url, pdf_url = excluded.pdf_url,"
            " by_title = excluded.by_title, by_author = excluded.by_author",
            [
                (
                    number,
                    paper.id,
                    day,
                    (paper.id, READ) in marked,
                    (paper.id, STAR) in marked,
                    paper.is_translated,
                    paper.subjects[0][0] if paper.subjects else "",
                    paper.title,
                    paper.title_zh,
                    _in_json(paper.authors),
                    paper.abs_url,
                    paper.pdf_url,
                    paper.by_title,
                    paper.by_author,
                )
                for number, day, paper in papers
            ],
        )
        self._db.executemany(
            "INSERT INTO texts VALUES (?, ?, ?)",
            [(number, paper.abstract, paper.abstract_zh) for number, _, paper in papers],
        )
        subjects = {subject for _, _, paper in papers for subject in paper.subjects}
        numbers = {subject: self._subject(*subject) for subject in subjects}
        self._db.executemany(
            "INSERT INTO paper_subjects VALUES (?, ?, ?)",
            [
                (number, place, numbers[subject])
                for number, _, paper in papers
                for place, subject in enumerate(paper.subjects)
            ],
        )
        self._db.executemany(
            "INSERT INTO full_text (rowid, title, title_zh, authors, abstract, abstract_zh, id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(number, *paper.searched) for number, _, paper in papers],
        )
        self._db.executemany(
            'INSERT INTO initials (n, "any", ti, au, abs, zh, id) VALUES (?, ?, ?, ?, ?, ?, ?)',
            [(number, *paper.initials) for number, _, paper in papers],
        )

    def _marked_among(self, papers: Sequence[PaperId]) -> set[tuple[PaperId, str]]:
        """What of the papers is marked, and how."""
        marks = "SELECT paper, field FROM marks WHERE value = 'true' AND paper IN"
        ids = json.dumps(papers)
        return set(self._db.execute(f"{marks} (SELECT value FROM json_each(?))", (ids,)))

    def _keep_words(self) -> None:
        known = "INSERT OR IGNORE INTO words SELECT value FROM json_each(?)"
        self._db.execute(known, (json.dumps(sorted(self._words)),))
        self._words.clear()

    def _unwrite(self, number: int, paper: Paper) -> None:
        self._db.execute("DELETE FROM texts WHERE n = ?", (number,))
        self._db.execute("DELETE FROM initials WHERE n = ?", (number,))
        self._db.execute("DELETE FROM paper_subjects WHERE paper = ?", (number,))
        self._db.execute(
            "INSERT INTO full_text (full_text, rowid, title, title_zh, authors, abstract,"
            " abstract_zh, id) VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)",
            (number, *searched(paper)),
        )

    def _subject(self, code: str, name: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO subjects (code, name) VALUES (?, ?)", (code, name))
        return self._number("SELECT n FROM subjects WHERE code = ? AND name = ?", code, name) or 0

    @_answered
    def positions(self) -> dict[str, Position]:
        """How far each journal has been mirrored."""
        rows = self._db.execute("SELECT name, position FROM journals")
        return {name: Position(*json.loads(position)) for name, position in rows}

    @_answered
    def mirror(self, read: Callable[[Mapping[str, Position]], Reading]) -> set[PaperId]:
        """Takes over what the journals say that is new; the papers whose marks changed.

        The journals are read inside the transaction, so that two windows that mirror at once
        do not both advance from the same place. Where one is gone, or is not what it was, all
        are read anew: the marks here are those that the journals state, and no others.
        """
        self._read = read
        with self.change():
            positions = self.positions()
            reading = read(positions)
            if reading.restarted or not positions.keys() <= reading.positions.keys():
                before = self._marked()
                self._db.execute("DELETE FROM marks")
                reading = read({})
                for change in reading.changes:
                    self._apply(change)
                touched = {paper for paper, _, _ in before ^ self._marked()}
            else:
                touched = {change.paper for change in reading.changes if self._apply(change)}
            self._db.execute("DELETE FROM journals")
            self._db.executemany(
                "INSERT INTO journals VALUES (?, ?)",
                [(name, json.dumps(astuple(at))) for name, at in reading.positions.items()],
            )
            self._reflect(touched)
        self.unreadable = len(reading.bad) + len(reading.newer)
        return touched

    def _marked(self) -> set[tuple[PaperId, str, str]]:
        return set(self._db.execute("SELECT paper, field, value FROM marks"))

    def _apply(self, change: Change) -> bool:
        value = json.dumps(change.value, sort_keys=True)
        cursor = self._db.execute(
            "INSERT INTO marks VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
            " ON CONFLICT (paper, field) DO UPDATE"
            " SET value = ?3, ms = ?4, count = ?5, device = ?6"
            " WHERE (ms, count, device, value) < (?4, ?5, ?6, ?3)",
            (change.paper, change.field, value, *_stamp(change), change.device),
        )
        return cursor.rowcount > 0

    def _reflect(self, touched: Iterable[PaperId]) -> None:
        """Carries marks over to the papers, and to the counts of their digests."""
        ids = json.dumps(list(touched))
        self._db.execute(
            "UPDATE papers SET"
            " read = EXISTS (SELECT 1 FROM marks WHERE paper = papers.id AND field = ?2"
            "                AND value = 'true'),"
            " starred = EXISTS (SELECT 1 FROM marks WHERE paper = papers.id AND field = ?3"
            "                   AND value = 'true')"
            " WHERE id IN (SELECT value FROM json_each(?1))",
            (ids, READ, STAR),
        )
        self._recount(n for (n,) in self._db.execute(_LISTING, (ids,)).fetchall())

    def _recount(self, digests: Iterable[int]) -> None:
        self._db.executemany(
            "UPDATE digests SET unread = (SELECT count(DISTINCT paper) FROM entries"
            " JOIN papers ON papers.n = paper WHERE digest = ?1 AND NOT read) WHERE n = ?1",
            [(number,) for number in digests],
        )

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
            f"SELECT n, unread FROM digests WHERE n IN ({_LISTING})", (json.dumps(list(papers)),)
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
        rows = self._db.execute(
            "SELECT id, n FROM papers WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return dict(rows.fetchall())

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
        wanted = (json.dumps(numbers),)
        listed: dict[int, list[tuple[date, str]]] = {}
        for number, day, keyword in self._db.execute(
            "SELECT paper, day, keywords.keyword FROM json_each(?)"
            " JOIN entries ON entries.paper = json_each.value"
            " JOIN digests ON digests.n = entries.digest"
            " JOIN keywords ON keywords.n = entries.keyword"
            " ORDER BY day DESC, file DESC, position, seq",
            wanted,
        ):
            listed.setdefault(number, []).append((date.fromisoformat(day), keyword))
        subjects: dict[int, list[Subject]] = {}
        for number, code, name in self._db.execute(
            "SELECT paper, code, name FROM json_each(?)"
            " JOIN paper_subjects ON paper_subjects.paper = json_each.value"
            " JOIN subjects ON subjects.n = paper_subjects.subject ORDER BY place",
            wanted,
        ):
            subjects.setdefault(number, []).append(Subject(code, name))
        rows = self._db.execute(
            "SELECT n, read, starred, id, title, title_zh, authors, abs_url, pdf_url, abstract,"
            " abstract_zh FROM papers LEFT JOIN texts USING (n)"
            " WHERE n IN (SELECT value FROM json_each(?))",
            wanted,
        ).fetchall()
        if any(abstract_zh is None for *_, abstract_zh in rows):
            raise damage("a paper without its text")
        return {
            number: Holding(
                Paper(
                    id_,
                    title,
                    title_zh,
                    tuple(json.loads(authors)),
                    tuple(subjects.get(number, ())),
                    *rest,
                ),
                tuple(listed.get(number, ())),
                read=bool(read),
                starred=bool(starred),
            )
            for number, read, starred, id_, title, title_zh, authors, *rest in rows
        }

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
        return search.answer(self._db, query, today, span)

    @_answered
    def found(self, query: q.Query, today: date) -> Sequence[int]:
        """The papers that a query finds, each once, in digest order."""
        wanted = self.matches(query, today)
        numbers = list(dict.fromkeys(number for _, number in self._entries(None)))
        return numbers if wanted is None else wanted.of(numbers)

    def _held(self, number: int) -> Paper:
        holding = self.holding(number)
        assert holding is not None, "a change holds the papers that it works on"
        return holding.paper

    def _number(self, sql: str, *values: object) -> int | None:
        row = self._db.execute(sql, values).fetchone()
        return None if row is None else row[0]


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

_LISTING = (
    "SELECT DISTINCT digest FROM entries WHERE paper IN"
    " (SELECT n FROM papers WHERE id IN (SELECT value FROM json_each(?)))"
)
"""The digests that list any of these papers."""

_in_json = json.JSONEncoder(ensure_ascii=False).encode
"""As `json.dumps` with this option, which would make an encoder for each paper."""

_AT_ONCE = 500
"""Papers that are fetched whole by one statement."""

_STATUS: Mapping[Status, str] = {
    "all": "1",
    "unread": "read = 0",
    "starred": "starred = 1",
}


def _make_tables(db: sqlite3.Connection) -> None:
    db.execute("BEGIN")
    for statement in _TABLES.split(";\n"):
        db.execute(statement)
    # A change adds one segment to the full text. Merged when they are many, they are written twice
    # in ten years; by default, six times as often, and while somebody waits for it.
    db.execute(
        "INSERT INTO full_text (full_text, rank)"
        " VALUES ('hashsize', 33554432), ('automerge', 64), ('crisismerge', 1999)"
    )
    db.execute(f"PRAGMA user_version = {VERSION}")
    db.commit()


def _filled(newer: Paper, older: Paper) -> Paper:
    """The newer text of a paper; what it lacks from the older."""
    lacking = {
        name: getattr(older, name)
        for name in Paper.__dataclass_fields__
        if not getattr(newer, name)
    }
    return replace(newer, **lacking)


def _from_json(text: str) -> Paper:
    id_, title, title_zh, authors, subjects, *links_and_abstracts = json.loads(text)
    return Paper(
        id_,
        title,
        title_zh,
        tuple(authors),
        tuple(Subject(*subject) for subject in subjects),
        *links_and_abstracts,
    )


def _stamp(change: Change) -> tuple[int, int]:
    return change.stamp.ms, change.stamp.count


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
