"""The index and the folders: whatever becomes of them, digests and marks are what they were."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from digest_tui.library import Library
from digest_tui.session import Session
from digest_tui.settings import places
from tests.faults.catalogue import fault
from tests.faults.disks import SmallDisk, ordinary
from tests.made import library, paper, papers, put, text
from tests.terminal import PROGRAM, Terminal
from tests.test_index_health import (
    another_index,
    deleted,
    emptied,
    halved,
    of_another_version,
    overwritten,
)
from tests.test_journeys import see

WIDE = (150, 24)
NAMED = "NEAR (infrared) AND NOT a {star*}: ^title or column"
QUERIES = (
    '"', '""', "*", "^", "{}", "-", "--", "NEAR(", "NEAR(a b, 3)", "-a", "+a", "AND", "OR", "NOT",
    "AND OR NOT", "a AND", "OR b", "title:", 'title:"', "abstract_zh:x", "full_text:a", "{title}:a",
    "^a", "a*b*", "*a", '"a" "', "'; DROP TABLE papers;--", "%", "_", "\\", "!?;,.", "，。；", "(",
    ")", "(" * 5000, "(" * 5000 + "a" + ")" * 5000, "-" * 5000, "x" * 10_000, "中" * 10_000,
    "a " * 5000, "a OR " * 2000, "au:" * 2000, '"' * 5001, "a\0b", "\0", "\ud800", "a\ud800b",
    "\ufffe", "date:" + "9" * 5000, "is:", "cat:*", "kw:%",
)  # fmt: skip
FOUND = ("NEAR(", "NEAR (infrared)", '"and not a"', "{star*}", "^title", "star* column", "infrar")
"""Queries that find `NAMED`, and nothing else."""


@fault(
    51,
    "FTS syntax as a query",
    injected="operators, brackets, quotes, NULs, 10,000 characters",
    holds="no error; the words are searched literally; everything is found again afterwards",
    trials=str(len(QUERIES)),
)
def test_a_query_of_fts_syntax_is_words(tmp_path: Path) -> None:
    digest = text([paper(1, title=NAMED), *papers(2, 3)])
    with closing(library(tmp_path / "library", digest)) as opened:
        session = Session(opened)
        session.start()
        for query in QUERIES:
            session.ask(query)
            assert session.view.papers <= 3, query
            session.ask("")
            assert session.view.papers == 3, query
        for query in FOUND:
            session.ask(query)
            assert session.view.papers == 1, query
    new = put(tmp_path, "new.txt", digest)
    with Terminal(str(new), size=WIDE) as terminal:
        terminal.see("▎●  NEAR")
        for query in ("NEAR(", "AND OR NOT", 'title:*"', "(" * 200):
            terminal.press(f"/{query}")
            terminal.see(f"/ {query}"[:40])
            # What follows an escape at once is part of its sequence, for any terminal.
            terminal.press("\r\x1b")
            terminal.gone(f"/ {query}"[:40])
        terminal.press("q")
        assert terminal.wait() == 0


def test_the_shell_takes_any_query(tmp_path: Path) -> None:
    assert shell("import", put(tmp_path, "new.txt", text(papers(1)))).returncode == 0
    for query in ("NEAR(a b", "(" * 5000, b"a\xff"):
        done = shell("papers", "--json", "--", query)
        assert done.returncode == 0, done.stderr
        assert isinstance(json.loads(done.stdout), list)
        assert b"Traceback" not in done.stderr


def shell(
    *arguments: Any, program: tuple[str, ...] = PROGRAM
) -> subprocess.CompletedProcess[bytes]:
    given = [each if isinstance(each, bytes) else str(each) for each in arguments]
    return subprocess.run([*program, *given], capture_output=True, check=False)


@pytest.fixture
def own(home: Path) -> Path:
    """The user's own library, with a star; its index."""
    put(home / "data" / "digest-tui" / "digests", "0.txt", text(papers(1, 2, 3)))
    assert shell("mark", "--star", "2604.00002").returncode == 0
    return home / "cache" / "digest-tui" / "index.sqlite3"


def truth(home: Path) -> dict[str, bytes]:
    """Digests and marks, as they are on the disk."""
    data = home / "data" / "digest-tui"
    return {str(path): path.read_bytes() for path in data.rglob("*") if path.is_file()}


def a_folder(path: Path) -> None:
    path.unlink()
    put(path, "file", "in the way")


DAMAGES = (
    deleted, emptied, halved, overwritten, another_index, of_another_version, a_folder,
)  # fmt: skip


@fault(
    41,
    "index corrupt, truncated, of another version, a folder, read-only, without FTS5",
    injected="the file overwritten, cut off, replaced; permissions; SQLite without FTS5",
    holds="the same answers, or a sentence that says why not; digests and marks untouched",
    trials=str(len(DAMAGES) + 2),
)
def test_an_index_of_any_kind_costs_no_answer(own: Path, home: Path) -> None:
    whole, before = own.read_bytes(), truth(home)
    answer = shell("papers", "is:starred").stdout
    assert answer.startswith(b"2604.00002\t")
    for damage in DAMAGES:
        damage(own)
        done = shell("papers", "is:starred")
        assert (done.returncode, done.stdout) == (0, answer), damage
        if own.is_dir():
            assert b"an index was made in passing" in done.stderr
            shutil.rmtree(own)
        own.write_bytes(whole)
    own.unlink()
    own.parent.chmod(0o555)
    done = shell("papers", "is:starred", program=(*ordinary(), *PROGRAM))
    own.parent.chmod(0o755)
    assert (done.returncode, done.stdout) == (0, answer), done.stderr
    assert truth(home) == before


WITHOUT_FTS5 = (
    sys.executable,
    "-c",
    """
import sqlite3, sys
class Connection(sqlite3.Connection):
    def execute(self, sql, *values):
        if "fts5" in sql.lower():
            raise sqlite3.OperationalError("no such module: fts5")
        return super().execute(sql, *values)
    def executescript(self, sql):
        for statement in sql.split(";"):
            self.execute(statement)
connect = sqlite3.connect
sqlite3.connect = lambda *given, **named: connect(*given, **{**named, "factory": Connection})
from digest_tui.cli import main
main()
""",
)


def test_without_fts5_it_says_so_and_touches_nothing(own: Path, home: Path) -> None:
    own.unlink()
    before = truth(home)
    for arguments in (("papers",), ("mark", "--star", "2604.00001")):
        done = shell(*arguments, program=WITHOUT_FTS5)
        assert done.returncode == 1
        assert b"no such module: fts5" in done.stderr
        assert b"another Python" in done.stderr
        assert b"Traceback" not in done.stderr
    with Terminal(program=WITHOUT_FTS5, size=WIDE) as terminal:
        assert terminal.wait() == 1
        assert b"another Python" in terminal.output
    assert truth(home) == before


def records(query: str = "") -> list[dict[str, Any]]:
    done = shell("papers", query, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@fault(
    43,
    "digest edited, removed, imported again; a paper twice",
    injected="the files changed between runs of the program",
    holds="every paper once, as it is written last; its marks stay",
)
def test_a_digest_that_changes_keeps_its_marks(own: Path, home: Path) -> None:
    digest = home / "data" / "digest-tui" / "digests" / "0.txt"
    starred = paper(2, title="A better title")
    put(digest.parent, digest.name, text([paper(1), starred, starred]))
    (found,) = records("is:starred")
    assert found["title"] == "A better title"
    assert len(records()) == 2
    digest.unlink()
    assert records() == []
    again = put(home, "again.txt", text({"a": [starred], "b": [starred]}))
    other = put(home, "other.txt", text({"a": [starred, paper(4)]}))
    assert shell("import", again, other, again).returncode == 0
    found, unmarked = records()
    assert (found["id"], found["keywords"], found["starred"]) == ("2604.00002", ["a", "b"], True)
    assert (unmarked["id"], unmarked["starred"]) == ("2604.00004", False)


@fault(
    22,
    "folder deleted or unmounted while running",
    injected="rm -r of marks, of digests, of all under the running program; umount -l",
    holds="no crash; what was decided before and after is saved in a new folder",
    trials="4",
)
def test_a_folder_that_is_deleted_takes_no_decision_with_it(tmp_path: Path) -> None:
    folder, digest = tmp_path / "library", text(papers(1, 2, 3))
    put(folder / "digests", "0.txt", digest)
    with Terminal("--library", str(folder), size=WIDE) as terminal:
        terminal.see("▎●  Paper 1")
        terminal.press("s")
        terminal.see("★ Paper 1", "▎●  Paper 2")
        shutil.rmtree(folder / "marks")
        terminal.press("s")
        see(terminal, r"Starred +2 ")
        shutil.rmtree(folder / "digests")
        terminal.see("Gone: 2026-04-22")
        put(folder / "digests", "0.txt", digest)
        terminal.see("▎●  Paper 3")
        shutil.rmtree(folder)
        terminal.press("s")
        terminal.until(lambda screen: "Starred         3" in screen or "Gone: " in screen)
        terminal.press("q")
        assert terminal.wait() == 0
    put(folder / "digests", "0.txt", digest)
    done = shell("--library", folder, "papers", "is:starred")
    assert done.returncode == 0
    assert {b"2604.00001", b"2604.00002"} <= set(done.stdout.split()), done


def test_a_disk_that_is_taken_away_takes_no_decision_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    with SmallDisk(folder, 4096) as disk:
        put(disk.seen / "digests", "0.txt", text(papers(1, 2, 3)))
        program = (*disk.inside, *PROGRAM)
        with Terminal("--library", str(folder), program=program, size=WIDE) as terminal:
            terminal.see("▎●  Paper 1")
            terminal.press("s")
            terminal.see("★ Paper 1", "▎●  Paper 2")
            subprocess.run([*disk.inside, "umount", "-l", str(folder)], check=True)
            terminal.press("s")
            see(terminal, r"Starred +2 ")
            terminal.press("q")
            assert terminal.wait() == 0
    assert os.listdir(folder) == ["marks"]
    with closing(Library(places(folder))) as opened:
        changes = opened.store.read().changes
    assert {change.paper for change in changes} >= {"2604.00002"}
