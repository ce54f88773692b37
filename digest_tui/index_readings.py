"""What both the index and its writer ask of an open connection.

Law: these are questions, and change nothing. Each raises what SQLite raises, because only who
asks knows what is to become of a damaged file.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from digest_tui.index_file import damage
from digest_tui.paper import Holding, Paper, PaperId, Subject
from digest_tui.store import Position

LISTING = (
    "SELECT DISTINCT digest FROM entries WHERE paper IN"
    " (SELECT n FROM papers WHERE id IN (SELECT value FROM json_each(?)))"
)
"""The digests that list any of these papers."""


def number_of(db: sqlite3.Connection, sql: str, *values: object) -> int | None:
    """The first number of the first row; None where there is no row."""
    row = db.execute(sql, values).fetchone()
    return None if row is None else row[0]


def digest_of(db: sqlite3.Connection, sha256: str) -> int | None:
    """The number of the digest with this content."""
    return number_of(db, "SELECT n FROM digests WHERE sha256 = ?", sha256)


def numbers_of(db: sqlite3.Connection, ids: Iterable[PaperId]) -> dict[PaperId, int]:
    """The numbers of the papers with these ids, as far as the library holds them."""
    rows = db.execute(
        "SELECT id, n FROM papers WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    )
    return dict(rows.fetchall())


def positions(db: sqlite3.Connection) -> dict[str, Position]:
    """How far each journal has been mirrored."""
    rows = db.execute("SELECT name, position FROM journals")
    return {name: Position(*json.loads(position)) for name, position in rows}


def holdings(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, Holding]:
    """Papers with their places and marks, by their numbers, without those that are gone."""
    wanted = json.dumps(numbers)
    listed, subjects = _places(db, wanted), _subjects(db, wanted)
    rows = db.execute(
        "SELECT n, read, starred, id, title, title_zh, authors, abs_url, pdf_url, abstract,"
        " abstract_zh FROM papers LEFT JOIN texts USING (n)"
        " WHERE n IN (SELECT value FROM json_each(?))",
        (wanted,),
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


def _places(db: sqlite3.Connection, wanted: str) -> Mapping[int, Sequence[tuple[date, str]]]:
    """Day and keyword of each entry of papers, newest first."""
    listed: dict[int, list[tuple[date, str]]] = {}
    for number, day, keyword in db.execute(
        "SELECT paper, day, keywords.keyword FROM json_each(?)"
        " JOIN entries ON entries.paper = json_each.value"
        " JOIN digests ON digests.n = entries.digest"
        " JOIN keywords ON keywords.n = entries.keyword"
        " ORDER BY day DESC, file DESC, position, seq",
        (wanted,),
    ):
        listed.setdefault(number, []).append((date.fromisoformat(day), keyword))
    return listed


def _subjects(db: sqlite3.Connection, wanted: str) -> Mapping[int, Sequence[Subject]]:
    subjects: dict[int, list[Subject]] = {}
    for number, code, name in db.execute(
        "SELECT paper, code, name FROM json_each(?)"
        " JOIN paper_subjects ON paper_subjects.paper = json_each.value"
        " JOIN subjects ON subjects.n = paper_subjects.subject ORDER BY place",
        (wanted,),
    ):
        subjects.setdefault(number, []).append(Subject(code, name))
    return subjects
