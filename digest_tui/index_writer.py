"""What is written into the index: digests as they come, change and go, and the journals' marks.

Law: a writer is had inside a transaction only, so that a change happens wholly or not at all. And
what the index says in the end, numbers apart, does not depend on the order in which digests and
marks came.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, replace
from functools import reduce

from digest_tui.index_readings import LISTING, digest_of, holdings, number_of, numbers_of, positions
from digest_tui.marks import READ, STAR, Change
from digest_tui.paper import Paper, PaperId, Subject
from digest_tui.prepared import Prepared, Row, row_of, searched
from digest_tui.store import Position, Reading

Read = Callable[[Mapping[str, Position]], Reading]
"""Reads what the journals say, each from its position on."""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A digest file as it was when it was indexed."""

    name: str
    """Its path: relative within the library's own folder, absolute elsewhere."""
    size: int
    mtime_ns: int
    sha256: str = ""


@contextmanager
def writing(db: sqlite3.Connection, words: Iterable[str]) -> Iterator[Writer]:
    """A transaction, and what writes in it. Beside what is added, it takes these words in."""
    try:
        db.execute("BEGIN IMMEDIATE")
        writer = Writer(db, words)
        yield writer
        writer._keep_words()
        db.commit()
    except BaseException:
        with suppress(sqlite3.Error):
            db.rollback()
        raise


class Writer:
    """All that a change can do to the index, while its transaction lasts."""

    def __init__(self, db: sqlite3.Connection, words: Iterable[str]) -> None:
        self._db = db
        self._words = set(words)
        """Those of what is being written, to be kept when the change is complete."""

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
        known = digest_of(self._db, file.sha256)
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

    def mirror(self, read: Read) -> tuple[set[PaperId], Reading]:
        """Takes over what the journals say that is new: the papers whose marks changed, and what
        was read.

        The journals are read inside the transaction, so that two windows that mirror at once
        do not both advance from the same place. Where one is gone, or is not what it was, all
        are read anew, because no other may state its marks. They stay in any case: sync tools
        take files away for a moment, or for ever, and no decision is forgotten for that.
        """
        known = positions(self._db)
        reading = read(known)
        if reading.restarted or not known.keys() <= reading.positions.keys():
            reading = read({})
            self._db.execute("UPDATE marks SET stated = 0")
        touched = {
            change.paper
            for change in reading.changes
            if self._apply(change, not reading.copied or change not in reading.copied)
        }
        self._db.execute("DELETE FROM journals")
        self._db.executemany(
            "INSERT INTO journals VALUES (?, ?)",
            [(name, json.dumps(astuple(at))) for name, at in reading.positions.items()],
        )
        self._reflect(touched)
        return touched, reading

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
        number = self._insert_digest(n, file, digest)
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

    def _insert_digest(self, n: int | None, file: FileStamp, digest: Prepared) -> int:
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
        return cursor.lastrowid or 0

    def _keyword(self, keyword: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO keywords (keyword) VALUES (?)", (keyword,))
        return self._number("SELECT n FROM keywords WHERE keyword = ?", keyword) or 0

    def _put(self, papers: Sequence[Row], digest: int, day: str) -> dict[PaperId, int]:
        """Adds papers as a digest states them; their numbers."""
        numbers = numbers_of(self._db, [paper.id for paper in papers])
        for paper in papers:
            if paper.id in numbers:
                self._restate(numbers[paper.id], paper, digest)
        new = [paper for paper in papers if paper.id not in numbers]
        last = self._number("SELECT seq FROM sqlite_sequence WHERE name = 'papers'") or 0
        numbers |= {paper.id: number for number, paper in enumerate(new, last + 1)}
        self._write([(numbers[paper.id], day, paper) for paper in new])
        return numbers

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
            _INTO_PAPERS,
            [_columns(number, day, paper, marked) for number, day, paper in papers],
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

    def _unwrite(self, number: int, paper: Paper) -> None:
        self._db.execute("DELETE FROM texts WHERE n = ?", (number,))
        self._db.execute("DELETE FROM initials WHERE n = ?", (number,))
        self._db.execute("DELETE FROM paper_subjects WHERE paper = ?", (number,))
        self._db.execute(
            "INSERT INTO full_text (full_text, rowid, title, title_zh, authors, abstract,"
            " abstract_zh, id) VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)",
            (number, *searched(paper)),
        )

    def _keep_words(self) -> None:
        known = "INSERT OR IGNORE INTO words SELECT value FROM json_each(?)"
        self._db.execute(known, (json.dumps(sorted(self._words)),))

    def _subject(self, code: str, name: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO subjects (code, name) VALUES (?, ?)", (code, name))
        return self._number("SELECT n FROM subjects WHERE code = ? AND name = ?", code, name) or 0

    def _apply(self, change: Change, is_stated: bool) -> bool:
        """Takes a change over; whether it wins over what was known."""
        value = json.dumps(change.value, sort_keys=True)
        values = (change.paper, change.field, value, *_stamp(change), change.device, is_stated)
        cursor = self._db.execute(
            "INSERT INTO marks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
            " ON CONFLICT (paper, field) DO UPDATE"
            " SET value = ?3, ms = ?4, count = ?5, device = ?6, stated = ?7"
            " WHERE (ms, count, device, value) < (?4, ?5, ?6, ?3)",
            values,
        )
        if cursor.rowcount > 0:
            return True
        self._db.execute(
            "UPDATE marks SET stated = ?7 WHERE paper = ?1 AND field = ?2 AND NOT stated"
            " AND (value, ms, count, device) = (?3, ?4, ?5, ?6)",
            values,
        )
        return False

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
        self._recount(n for (n,) in self._db.execute(LISTING, (ids,)).fetchall())

    def _recount(self, digests: Iterable[int]) -> None:
        self._db.executemany(
            "UPDATE digests SET unread = (SELECT count(DISTINCT paper) FROM entries"
            " JOIN papers ON papers.n = paper WHERE digest = ?1 AND NOT read) WHERE n = ?1",
            [(number,) for number in digests],
        )

    def _held(self, number: int) -> Paper:
        held = holdings(self._db, [number])
        assert held, "a change holds the papers that it works on"
        return held[number].paper

    def _number(self, sql: str, *values: object) -> int | None:
        return number_of(self._db, sql, *values)


_INTO_PAPERS = (
    "INSERT INTO papers (n, id, day, read, starred, translated, code, title, title_zh,"
    " authors, abs_url, pdf_url, by_title, by_author)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (n) DO UPDATE SET day = excluded.day, translated = excluded.translated,"
    " code = excluded.code, title = excluded.title, title_zh = excluded.title_zh,"
    " authors = excluded.authors, abs_url = excluded.abs_url, pdf_url = excluded.pdf_url,"
    " by_title = excluded.by_title, by_author = excluded.by_author"
)

_in_json = json.JSONEncoder(ensure_ascii=False).encode
"""As `json.dumps` with this option, which would make an encoder for each paper."""


def _columns(
    number: int, day: str, paper: Row, marked: Container[tuple[PaperId, str]]
) -> tuple[object, ...]:
    return (
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
