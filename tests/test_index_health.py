"""An index that is deleted, cut off, overwritten or locked: results still come, marks are safe."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from digest_tui.index import Index
from digest_tui.index_file import is_locked
from digest_tui.index_tables import VERSION
from digest_tui.library import Library
from digest_tui.marks import READ, STAR, Decision
from digest_tui.query import parse
from digest_tui.session import Session
from digest_tui.settings import throwaway
from tests.made import DAY, library, papers, put, text
from tests.terminal import PROGRAM, Terminal

PER_DIGEST = 12
DIGESTS = tuple(
    text(papers(*range(n * PER_DIGEST, (n + 1) * PER_DIGEST)), DAY + timedelta(n)) for n in range(6)
)
TYPED = ("sparse", "稀疏", "task 7", "au:lovelace", "cat:cs.RO", "is:starred", "is:unread 论文")

Damage = Callable[[Path], None]


def deleted(path: Path) -> None:
    path.unlink()


def deleted_with_its_folder(path: Path) -> None:
    for file in path.parent.glob(path.name + "*"):
        file.unlink()


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(random.Random(1).randbytes(path.stat().st_size))


def overwritten_here_and_there(path: Path) -> None:
    for page in pages(path)[3::4]:
        noise_in(path, page)


def overwritten_with_its_log(path: Path) -> None:
    for file in path.parent.glob(path.name + "*[!-]"):
        if not file.name.endswith("-shm"):
            overwritten(file)


def no_index(path: Path) -> None:
    path.write_text("not an index")


def another_index(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE papers (x)")


def of_another_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


def noise_in(path: Path, page: int) -> None:
    size = page_size(path)
    with path.open("r+b") as file:
        file.seek(size * page)
        file.write(random.Random(page).randbytes(size))


def page_size(path: Path) -> int:
    """Bytes (https://sqlite.org/fileformat2.html#page_size)."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(18)[16:], "big")


def pages(path: Path) -> range:
    return range(path.stat().st_size // page_size(path))


EXPECTED = {
    "digests", "marks", "device", ".device.lock",
    "index.sqlite3", "index.sqlite3-wal", "index.sqlite3-shm",
}  # fmt: skip
FAULTS = (
    deleted, deleted_with_its_folder, emptied, halved, overwritten, overwritten_here_and_there,
    overwritten_with_its_log,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A library with marks and a whole index; in the end its marks are what they were."""
    folder = tmp_path / "library"
    for number, content in enumerate(DIGESTS):
        put(folder / "digests", f"{number}.txt", content)
    with closing(Library(throwaway(folder))) as opened:
        opened.store.write([Decision(f"2604.{n:05}", STAR, True) for n in range(5, 60, 9)])
        opened.store.write([Decision(f"2604.{n:05}", READ, True) for n in range(0, 60, 2)])
        opened.refresh()
        journal = opened.store.journal
    before = journal.read_bytes()
    yield folder
    assert journal.read_bytes() == before
    assert {file.name for file in folder.iterdir()} <= EXPECTED


@pytest.fixture
def expected(folder: Path, tmp_path: Path) -> object:
    """What a clean index answers."""
    places = replace(throwaway(folder), index=tmp_path / "clean.sqlite3")
    with closing(Library(places)) as opened:
        return answers(opened)


def asked(index: Index) -> object:
    """All that can be asked, without the numbers that an index gives to papers and digests."""
    rows = index.digests()
    found = index.found(parse("").query, DAY)
    cards = index.cards(found)
    ids = {number: card.id for number, card in cards.items()}
    return (
        [(replace(row, n=0), index.details(row.n), index.sections(row.n)) for row in rows],
        index.totals(),
        sorted(index.files()),
        list(index.holdings(found)),
        {card.id: replace(card, n=0) for card in cards.values()},
        {head: [ids.get(n) for n in some] for head, some in index.places(None, "title").items()},
        [[ids.get(n) for n in index.found(parse(typed).query, DAY)] for typed in TYPED],
    )


def answers(opened: Library) -> object:
    """All that can be asked, and asked again where the index was lost on the way."""
    while True:
        opened.refresh()
        found = asked(opened.index)
        if not opened.index.is_lost():
            return found


def is_sound(folder: Path) -> bool:
    with closing(Index(throwaway(folder).index)) as index:
        return index.is_sound()


@pytest.mark.parametrize("fault", [*FAULTS, no_index, another_index, of_another_version])
def test_a_fault_before_the_start_changes_no_answer(
    folder: Path, expected: object, fault: Damage
) -> None:
    fault(throwaway(folder).index)
    with closing(Library(throwaway(folder))) as opened:
        assert answers(opened) == expected
    assert is_sound(folder)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_between_two_calls_changes_no_answer(
    folder: Path, expected: object, fault: Damage
) -> None:
    with closing(Library(throwaway(folder))) as opened:
        opened.refresh()
        opened.index.totals()
        fault(opened.places.index)
        assert answers(opened) == expected
    with closing(Library(throwaway(folder))) as opened:
        assert answers(opened) == expected
    assert is_sound(folder)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_during_a_scan_changes_no_answer(
    folder: Path, expected: object, fault: Damage
) -> None:
    throwaway(folder).index.unlink()
    with closing(Library(throwaway(folder))) as opened:
        scan = opened.scan()
        next(scan)
        next(scan)
        with closing(sqlite3.connect(opened.places.index)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        fault(opened.places.index)
        for _ in scan:
            pass
        assert answers(opened) == expected
    with closing(Library(throwaway(folder))) as opened:
        assert answers(opened) == expected
    assert is_sound(folder)


def test_no_page_is_one_that_must_not_be_damaged(folder: Path, expected: object) -> None:
    path = throwaway(folder).index
    whole = path.read_bytes()
    for page in pages(path)[::2]:
        path.write_bytes(whole)
        noise_in(path, page)
        with closing(Library(throwaway(folder))) as opened:
            assert answers(opened) == expected


def test_a_damaged_file_is_given_up_and_answers_with_nothing(folder: Path) -> None:
    with closing(Library(throwaway(folder))) as opened:
        overwritten(opened.places.index)
        assert opened.index.digests() == []
        assert opened.index.is_damaged
        assert opened.index.is_lost()
        assert not opened.places.index.exists()
        # Marks are there all the same: a decision has to know what it replaces.
        opened.mirror_marks()
        assert opened.index.winners(["2604.00005"]).keys() == {("2604.00005", STAR)}


def test_what_a_decision_replaces_is_known_when_the_damage_is_met(folder: Path) -> None:
    with closing(Library(throwaway(folder))) as opened:
        opened.mirror_marks()
        noised(opened.places.index)
        assert opened.index.winners(["2604.00005"]).keys() == {("2604.00005", STAR)}
        assert opened.index.is_damaged


def noised(path: Path) -> None:
    """Overwrites a file of which others have pages in mind, and makes them read it again."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE any_change (n)")
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        overwritten(path)


NO_READING = {
    "reopen", "is_lost", "is_damaged", "is_sound", "rebuild", "close", "interrupt", "change",
    "expect",
}  # fmt: skip
BY_OTHERS = {"count", "holding", "holdings", "matches"}
"""What asks by others only."""


def test_every_reading_is_answered_in_any_case() -> None:
    public = {name: what for name, what in vars(Index).items() if not name.startswith("_")}
    assert public.keys() >= NO_READING | BY_OTHERS
    readings = public.keys() - NO_READING - BY_OTHERS
    assert {name for name in readings if not hasattr(public[name], "__wrapped__")} == set()


def test_a_change_that_meets_damage_is_not_made(folder: Path) -> None:
    with closing(Library(throwaway(folder))) as opened:
        noised(opened.places.index)
        with pytest.raises(sqlite3.DatabaseError), opened.index.change() as writer:
            writer.forget("0.txt")
        assert opened.index.is_damaged
        assert opened.index.files() == {}


def test_damage_that_no_question_meets_is_found_by_looking_at_all(
    folder: Path, expected: object
) -> None:
    path = throwaway(folder).index
    whole = path.read_bytes()
    for page in pages(path)[::5]:
        path.write_bytes(whole)
        with closing(Index(path)) as index:
            assert index.is_sound()
            noise_in(path, page)
            with closing(Index(path)) as another:
                if another.file == index.file:
                    assert not another.is_sound()
                    another.rebuild()
                assert another.is_sound()
    with closing(Library(throwaway(folder))) as opened:
        assert answers(opened) == expected


def test_a_deleted_index_is_read_on_until_the_next_one_is_filled(
    folder: Path, expected: object
) -> None:
    with closing(Library(throwaway(folder))) as one, closing(Library(throwaway(folder))) as other:
        deleted(one.places.index)
        for opened in (one, other):
            assert opened.index.is_lost()
            assert not opened.index.is_damaged
            assert asked(opened.index) == expected
        assert answers(other) == expected
        assert asked(one.index) == expected
        one.index.reopen()
        assert one.index.file == other.index.file
        assert asked(one.index) == expected
        assert not one.index.is_lost()


def test_the_last_to_leave_a_deleted_index_takes_nothing_from_its_successor(
    folder: Path, expected: object
) -> None:
    first = Library(throwaway(folder))
    first.refresh()
    deleted(first.places.index)
    with closing(Library(throwaway(folder))) as second:
        assert answers(second) == expected
        first.close()
        with closing(Library(throwaway(folder))) as third:
            assert asked(third.index) == expected
        assert asked(second.index) == expected
        assert second.index.is_sound()


def test_a_new_index_is_not_mixed_with_what_a_deleted_one_left(
    folder: Path, expected: object
) -> None:
    with closing(Library(throwaway(folder))) as first:
        first.index.rebuild()
        first.refresh()
        deleted(first.places.index)
        assert first.places.index.with_name("index.sqlite3-wal").stat().st_size
        with closing(Index(first.places.index)) as empty:
            assert empty.digests() == []
            assert asked(first.index) == expected


def test_a_file_that_was_cut_off_is_noticed_without_being_read(folder: Path) -> None:
    with closing(Library(throwaway(folder))) as opened:
        assert not opened.index.is_lost()
        halved(opened.places.index)
        assert opened.index.is_lost()
        assert opened.index.is_damaged


def test_two_programs_of_different_versions_do_not_take_the_index_from_each_other(
    folder: Path,
) -> None:
    path = throwaway(folder).index
    of_another_version(path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("SELECT count(*) FROM papers").fetchone()
        with pytest.raises(sqlite3.OperationalError) as caught:
            Index(path)
        assert is_locked(caught.value)
    with closing(Index(path)) as index:
        assert index.digests() == []


def test_whoever_was_stopped_while_opening_an_index_stops_nobody(folder: Path) -> None:
    code = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], 0), fcntl.LOCK_EX)"
    with holding(code, folder):
        began = time.monotonic()
        with closing(Library(throwaway(folder))) as opened:
            assert len(opened.index.digests()) == len(DIGESTS)
        assert time.monotonic() - began < 5


@contextmanager
def holding(code: str, *arguments: object) -> Iterator[None]:
    """A second process that holds what it took until the end."""
    waiting = f"{code}\nprint(flush=True)\nsys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", waiting, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            assert process.stdout.readline()
            yield
        finally:
            process.stdin.close()


TO_WRITE = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('BEGIN EXCLUSIVE')"
TO_ITSELF = TO_WRITE.replace(
    "db.execute", "db.execute('PRAGMA locking_mode=EXCLUSIVE'); db.execute"
)


def test_decisions_are_taken_while_another_process_writes(tmp_path: Path) -> None:
    library(tmp_path, *DIGESTS).close()
    with closing(Library(throwaway(tmp_path), patience=0.05)) as opened:
        session = Session(opened)
        session.start()
        card = session.current
        assert card
        with holding(TO_WRITE, opened.places.index):
            session.star()
            assert [change.paper for change in opened.store.read().changes] == [card.id, card.id]
            session.ask("task 2")
            assert session.view.papers
        session.look()
        assert opened.index.winners([card.id])[card.id, STAR].value is True


def test_windows_on_different_files_see_each_others_decisions(tmp_path: Path) -> None:
    library(tmp_path, *DIGESTS).close()
    with (
        closing(Library(throwaway(tmp_path))) as one,
        closing(Library(throwaway(tmp_path))) as other,
    ):
        deleted(one.places.index)
        sessions = [Session(opened) for opened in (one, other)]
        for session in sessions:
            session.start()
        other.refresh()
        sessions[1].reopen()
        sessions[1].move(5)
        assert one.index.file != other.index.file
        for starring, seeing in (sessions, sessions[::-1]):
            before = starring.totals.starred
            starring.star()
            assert seeing.look()
            assert [each.totals.starred for each in sessions] == [before + 1] * 2


def test_a_view_is_the_same_in_another_file(tmp_path: Path) -> None:
    library(tmp_path, *DIGESTS).close()
    with closing(Library(throwaway(tmp_path))) as opened:
        session = Session(opened)
        session.start()
        session.choose(session.digests[2].n)
        session.sort("title")
        session.ask("task")
        session.move(5)
        session.read()
        looked_at, before = session.current, session.leave()
        assert looked_at
        opened.index.rebuild()
        # Other digests come first, so that all have other numbers.
        put(tmp_path / "digests", "9.txt", text(papers(900, 901), DAY + timedelta(9)))
        opened.refresh()
        assert opened.index.numbers([looked_at.id])[looked_at.id] != looked_at.n
        session.reopen()
        assert (session.leave(), session.order) == (before, "title")
        assert session.current == replace(looked_at, n=session.view.rows[session.cursor])
        assert "undone" in session.undo()
        assert session.totals.unread == session.totals.papers


def test_nothing_is_lost_of_where_one_was_while_a_damaged_index_answers(tmp_path: Path) -> None:
    library(tmp_path, *DIGESTS).close()
    with closing(Library(throwaway(tmp_path), patience=0.05)) as opened:
        session = Session(opened)
        session.start()
        session.choose(session.digests[2].n)
        scope = session.view.scope
        noised(opened.places.index)
        session.look()
        session.ask("task")
        assert opened.index.is_damaged
        assert session.view.scope == scope
        opened.index.reopen()
        opened.refresh()
        left = session.reopen()
        assert (left.digest, left.query) == ("3.txt", "task")
        assert session.view.scope
        assert session.view.scope.file == "3.txt"
        assert session.view.papers == PER_DIGEST


def test_an_import_that_meets_damage_tells_the_same(tmp_path: Path) -> None:
    library(tmp_path, *DIGESTS).close()
    path = throwaway(tmp_path).index
    whole = path.read_bytes()
    known = put(tmp_path / "new", "known.txt", DIGESTS[2])
    new = put(tmp_path / "new", "new.txt", text(papers(5, 900, 901), DAY + timedelta(9)))
    told = set()
    for page in pages(path):
        path.write_bytes(whole)
        noise_in(path, page)
        with closing(Library(throwaway(tmp_path))) as opened:
            opened.refresh()
            told.add(tuple((o.status, o.papers, o.new) for o in opened.import_paths([new, known])))
            assert opened.index.totals().papers == PER_DIGEST * len(DIGESTS) + 2
        (tmp_path / "digests" / "new.txt").unlink()
    assert told == {(("imported", 3, 2), ("known", PER_DIGEST, 0))}


def test_an_index_that_lets_nobody_in_is_not_waited_for(folder: Path) -> None:
    path = throwaway(folder).index
    before = path.read_bytes()
    with holding(TO_ITSELF, path):
        began = time.monotonic()
        with pytest.raises(sqlite3.OperationalError) as caught:
            Index(path)
        assert is_locked(caught.value)
        assert time.monotonic() - began < 4
    assert path.read_bytes() == before


def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("lock", [TO_WRITE, TO_ITSELF], ids=["write", "all"])
def test_the_shell_answers_from_a_passing_index_while_its_own_is_locked(
    folder: Path, home: Path, lock: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DIGEST_TUI_LIBRARY", str(folder))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = shell("papers", "is:starred").stdout
    (index,) = (home / "cache").rglob("*.sqlite3")
    with holding(lock, index):
        locked = shell("papers", "is:starred")
        assert (locked.returncode, locked.stdout) == (0, before)
        assert "database is locked" in locked.stderr
    assert shell("papers", "is:starred").stderr == ""
    assert not list(tmp_path.glob("digest-tui-*"))


@pytest.fixture
def own(home: Path) -> Path:
    """The user's own library of these digests; its index."""
    for number, content in enumerate(DIGESTS):
        put(home / "data" / "digest-tui" / "digests", f"{number}.txt", content)
    assert shell("papers").returncode == 0
    return home / "cache" / "digest-tui" / "index.sqlite3"


def see(terminal: Terminal, pattern: str) -> None:
    terminal.until(lambda screen: re.search(pattern, screen) is not None, pattern)


@pytest.mark.parametrize("fault", [deleted, emptied, halved, overwritten_with_its_log])
def test_a_running_program_goes_on_where_it_was(own: Path, fault: Damage) -> None:
    with Terminal(size=(150, 30)) as terminal, own.open("rb") as before:
        see(terminal, r"▎● +Paper 60 ")
        terminal.press("]jj")
        see(terminal, r"▎● +Paper 50 ")
        fault(own)
        terminal.press("/task 52")
        terminal.see("/ task 52", "1 of 12 · ")
        terminal.press("\rs")
        see(terminal, r"★ +Paper 52 ")
        see(terminal, r"Starred +1 ")
        # Noise is found once it is read, which may be at the next start.
        while fault is not overwritten_with_its_log and not is_another(own, before):
            terminal.pump(0.05)
        terminal.press("\x1b")
        terminal.see("╭─ 2026-04-26 ─", "12 papers · ")
        see(terminal, r"▎ +★ +Paper 52 ")
        terminal.press("u")
        see(terminal, r"▎● +Paper 52 ")
        terminal.press("sq")
        assert terminal.wait() == 0
    assert shell("papers", "is:starred").stdout.split("\t")[0] == "2604.00052"
    assert os.listdir(own.parent) == [own.name]
    with closing(Index(own)) as index:
        assert index.is_sound()


def is_another(path: Path, before: BinaryIO) -> bool:
    """Whether another file is at a path by now; `before` keeps the number of the old one."""
    return path.exists() and path.stat().st_ino != os.fstat(before.fileno()).st_ino
