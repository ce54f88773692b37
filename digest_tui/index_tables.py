"""The tables of the index.

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

import sqlite3

VERSION = 7
"""Raised whenever the tables change; another version's file is built anew."""

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
                    stated INTEGER DEFAULT 1, PRIMARY KEY (paper, field)) WITHOUT ROWID;
CREATE INDEX marks_kept ON marks (stated) WHERE NOT stated;
CREATE TABLE journals (name TEXT PRIMARY KEY, position TEXT) WITHOUT ROWID;
CREATE VIRTUAL TABLE full_text USING fts5(
    title, title_zh, authors, abstract, abstract_zh, id,
    content='', columnsize=0, prefix='2 3 4', tokenize='ascii');
CREATE TABLE initials (n INTEGER PRIMARY KEY, "any" INTEGER, ti INTEGER, au INTEGER, abs INTEGER,
                       zh INTEGER, id INTEGER);
CREATE TABLE words (word TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def make_tables(db: sqlite3.Connection) -> None:
    """Makes the tables, all empty, in a new file."""
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
