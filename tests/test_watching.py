"""Watching the digest folders: what lands in them appears soon, once, and whole."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from digest_tui.folders import Watch
from digest_tui.library import Library, sample
from digest_tui.session import Session
from digest_tui.settings import throwaway
from tests.made import DAY, paper, papers, put, text
from tests.terminal import Terminal
from tests.ui.conftest import frame, running

WHOLE = text(papers(*range(1, 6))).encode()
OTHER = text(papers(*range(6, 9))).encode()
MOMENT = 1.0
"""Seconds between two pieces of a file: longer than a whole one has to be still."""
Writer = Callable[[Path], Iterator[None]]


class Watched:
    """A library that is watched by a clock which the test sets forward."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.now = 1000.0
        self.watch = Watch(clock=lambda: self.now)
        self.folder = library.places.digests
        self.folder.mkdir(parents=True, exist_ok=True)
        assert self.watch.has_news()
        self.scan()

    def scan(self) -> int:
        return len(list(self.library.scan(self.watch)))

    def settle(self, seconds: float) -> None:
        """Lets time pass, and looks as often as the screen does."""
        end = self.now + seconds
        while self.now < end:
            self.now += 0.1
            if self.watch.has_news():
                self.scan()

    @property
    def rows(self) -> list[tuple[str, int]]:
        return [(row.file, row.papers) for row in self.library.index.digests()]

    @property
    def problems(self) -> int:
        rows = self.library.index.digests()
        return sum(len(self.library.index.problems(row.n)) for row in rows)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    places = replace(throwaway(tmp_path / "library"), folders=(tmp_path / "extra",))
    with closing(Library(places)) as library:
        yield Watched(library)


def pieces(data: bytes) -> Iterator[bytes]:
    """Ends within the head, a Chinese character, between two papers, and within the last one."""
    between = data.index(b"Paper 4 on")
    places = [0, 90, data.index("学会第2".encode()) + 1, between, len(data) - 40, len(data)]
    return (data[start:end] for start, end in pairwise(places))


def touch(path: Path, seconds: float) -> None:
    """Gives a file a time that lies so far from now, as `cp -p` does."""
    at = time.time_ns() + int(seconds * 1e9)
    os.utime(path, ns=(at, at))


def in_place(path: Path) -> Iterator[None]:
    for piece in pieces(WHOLE):
        with path.open("ab") as file:
            file.write(piece)
        yield


def empty_first(path: Path) -> Iterator[None]:
    path.touch()
    yield
    yield from in_place(path)


def kept_times(path: Path) -> Iterator[None]:
    yield from in_place(path)
    touch(path, -1e8)
    yield


def another_clock(path: Path) -> Iterator[None]:
    for seconds, _ in enumerate(in_place(path)):
        touch(path, 3600 + seconds)
        yield


def a_late_clock(path: Path) -> Iterator[None]:
    for seconds, _ in enumerate(in_place(path)):
        touch(path, -3600 + seconds)
        yield


def renamed(path: Path) -> Iterator[None]:
    temporary = path.with_suffix(".part")
    yield from in_place(temporary)
    temporary.rename(path)
    yield


def renamed_over(path: Path) -> Iterator[None]:
    path.write_bytes(OTHER)
    yield from renamed(path)


def rewritten(path: Path) -> Iterator[None]:
    path.write_bytes(OTHER)
    for _ in range(3):
        yield
    path.write_bytes(b"")
    yield from in_place(path)


def allocated(path: Path) -> Iterator[None]:
    path.write_bytes(bytes(len(WHOLE)))
    yield
    done = 0
    for seconds, piece in enumerate(pieces(WHOLE), start=1):
        with path.open("r+b") as file:
            file.seek(done)
            file.write(piece)
        done += len(piece)
        touch(path, seconds)
        yield


@pytest.mark.parametrize(
    "write",
    [
        in_place,
        empty_first,
        kept_times,
        another_clock,
        a_late_clock,
        renamed,
        renamed_over,
        rewritten,
        allocated,
    ],
)
def test_a_digest_that_is_being_written_is_seen_whole_or_as_it_was(
    watched: Watched, write: Writer
) -> None:
    path = watched.folder / "new.txt"
    for _ in write(path):
        watched.settle(MOMENT)
        assert {papers for _, papers in watched.rows} <= {3, 5}
        assert watched.problems == 0
    assert path.read_bytes() == WHOLE
    assert watched.rows == [("new.txt", 5)]
    assert watched.library.index.refused_files() == []


def test_a_whole_digest_is_there_within_half_a_second(watched: Watched) -> None:
    put(watched.folder, "new.txt", WHOLE.decode())
    watched.settle(0.5)
    assert watched.rows == [("new.txt", 5)]


def test_a_digest_that_stays_cut_is_shown_as_it_is_and_read_again_when_it_goes_on(
    watched: Watched,
) -> None:
    first, second, *rest = pieces(WHOLE)
    path = watched.folder / "new.txt"
    path.write_bytes(first + second)
    watched.settle(4)
    assert watched.rows == []
    watched.settle(2)
    assert watched.rows == [("new.txt", 2)]
    assert watched.problems > 0
    (cut,) = watched.library.index.digests()

    at = watched.folder.stat().st_mtime_ns
    with path.open("ab") as file:
        file.write(b"".join(rest))
    assert watched.folder.stat().st_mtime_ns == at
    watched.settle(0.5)
    assert (watched.rows, watched.problems) == ([("new.txt", 5)], 0)
    assert [row.n for row in watched.library.index.digests()] == [cut.n]


@pytest.mark.parametrize(
    "content",
    [
        text([paper(1, subjects=()), paper(2)]),
        text(papers(1, 2)).replace("- Subjects", "- Remarks: none\n- Subjects", 1),
        text([]),
    ],
    ids=["a paper without subjects", "an unknown label", "no result"],
)
def test_what_no_further_text_could_mend_is_not_waited_for(watched: Watched, content: str) -> None:
    put(watched.folder, "new.txt", content)
    watched.settle(0.5)
    assert len(watched.rows) == 1


@pytest.mark.parametrize(
    ("age", "waits"), [(3600.0, False), (1.0, False), (0.0, True), (-3600.0, True)]
)
def test_a_start_waits_only_for_what_may_still_be_being_written(
    tmp_path: Path, age: float, waits: bool
) -> None:
    places = throwaway(tmp_path)
    touch(put(places.digests, "a.txt", WHOLE.decode()), -age)
    with closing(Library(places)) as library:
        watched = Watched(library)
        assert (watched.rows == []) == waits
        assert watched.watch.is_undecided == waits
        watched.settle(0.5)
        assert watched.rows == [("a.txt", 5)]
        assert not watched.watch.is_undecided


def test_a_start_shows_a_cut_digest_that_lies_there_as_it_is(tmp_path: Path) -> None:
    places = throwaway(tmp_path)
    touch(put(places.digests, "a.txt", WHOLE[: len(WHOLE) // 2].decode(errors="ignore")), -60)
    with closing(Library(places)) as library:
        assert Watched(library).problems > 0


def test_a_digest_that_is_away_for_a_moment_stays(watched: Watched) -> None:
    """As an editor saves: the old file is moved aside, and a new one is written."""
    path = put(watched.folder, "a.txt", WHOLE.decode())
    watched.settle(MOMENT)
    (row,) = watched.library.index.digests()
    path.rename(watched.folder / "a.txt~")
    watched.scan()
    path.write_bytes(OTHER)
    watched.settle(MOMENT)
    assert watched.rows == [("a.txt", 3)]
    assert [row.n for row in watched.library.index.digests()] == [row.n]

    path.unlink()
    watched.settle(0.5)
    assert watched.rows == []


def come(folder: Path) -> None:
    put(folder, "b.txt", OTHER.decode())


def go(folder: Path) -> None:
    (folder / "a.txt").unlink()


def come_below(folder: Path) -> None:
    put(folder / "2026" / "04", "b.txt", OTHER.decode())


def come_over(folder: Path) -> None:
    put(folder, ".b.tmp", OTHER.decode()).rename(folder / "a.txt")


def grow(folder: Path) -> None:
    (folder / "a.txt").write_bytes(OTHER)


@pytest.mark.parametrize("change", [come, go, come_below, come_over, grow])
@pytest.mark.parametrize("where", ["own", "extra", "below", "linked"])
def test_whatever_changes_in_a_folder_is_seen_within_half_a_second(
    tmp_path: Path, watched: Watched, where: str, change: Callable[[Path], None]
) -> None:
    folder = {"own": watched.folder, "below": watched.folder / "x" / "y"}.get(
        where, tmp_path / "extra"
    )
    if where == "linked":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to("elsewhere")
    put(folder, "a.txt", WHOLE.decode())
    watched.settle(20)
    before = watched.rows
    assert len(before) == 1
    change(folder)
    watched.settle(0.5)
    assert watched.rows != before


def test_folders_that_come_go_and_overlap_are_watched(tmp_path: Path, watched: Watched) -> None:
    extra = tmp_path / "extra"
    watched.settle(20)
    assert watched.rows == []
    put(extra, "a.txt", WHOLE.decode())
    watched.settle(0.5)
    assert watched.rows == [(str(extra / "a.txt"), 5)]

    extra.rename(tmp_path / "unmounted")
    watched.settle(20)
    assert watched.rows == [(str(extra / "a.txt"), 5)]
    (tmp_path / "unmounted").rename(extra)
    put(extra, "b.txt", text(papers(20), DAY + timedelta(1)))
    watched.settle(0.5)
    assert [papers for _, papers in watched.rows] == [1, 5]

    places = replace(watched.library.places, folders=(extra, watched.folder, watched.folder / "x"))
    with closing(Library(places)) as library:
        again = Watched(library)
        put(watched.folder / "x", "c.txt", text(papers(21), DAY + timedelta(2)))
        again.settle(0.5)
        assert [papers for _, papers in again.rows] == [1, 1, 5]


def test_what_does_not_change_is_no_news(watched: Watched) -> None:
    put(watched.folder, "a.txt", WHOLE.decode())
    put(watched.folder, "no digest.txt", "not one")
    put(watched.folder / ".sync", "a.tmp", "")
    os.truncate(put(watched.folder, "large.txt", ""), 65 * 1024 * 1024)
    watched.settle(20)
    put(watched.folder / ".sync", "b.tmp", "")
    assert not watched.watch.has_news()
    assert 0 < watched.watch.pause <= 0.25


def test_a_file_that_came_and_went_is_forgotten(watched: Watched) -> None:
    path = put(watched.folder, "a.txt", WHOLE.decode())
    watched.scan()
    path.unlink()
    watched.settle(4)
    assert not watched.watch.has_news()
    assert watched.rows == []


def test_what_changes_no_folders_time_is_found_all_the_same(watched: Watched) -> None:
    """A file system may keep times as coarse as two seconds, and a network none at all."""
    path = put(watched.folder, "a.txt", WHOLE.decode())
    watched.settle(600)
    at = watched.folder.stat().st_mtime_ns
    path.write_bytes(OTHER)
    watched.settle(11)
    assert watched.rows == [("a.txt", 3)]

    for name, seconds in (("b.txt", 11), ("c.txt", 3)):
        put(watched.folder, name, text(papers(len(watched.rows) + 20)))
        os.utime(watched.folder, ns=(at, at))
        watched.settle(seconds)
        assert name in dict(watched.rows)
        put(watched.folder, "touched", "")
        watched.settle(1)
        at = watched.folder.stat().st_mtime_ns


async def test_a_folder_that_does_not_answer_holds_up_neither_keys_nor_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_away, is_back = threading.Event(), threading.Event()
    scandir = os.scandir

    def hang(path: str) -> Iterator[os.DirEntry[str]]:
        if is_away.is_set() and str(path).endswith("digests"):
            assert is_back.wait(30)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", hang)
    with sample() as library:
        session = Session(library)
        session.start()
        before = threading.active_count()
        async with running(session) as pilot:
            is_away.set()
            await pilot.press("R")
            assert "Looking for new digests" in frame(pilot)
            await pilot.press("j", "j")
            assert session.cursor == 3
            start = time.monotonic()
        assert time.monotonic() - start < 3
        is_back.set()
        end = time.monotonic() + 10
        while threading.active_count() > before and time.monotonic() < end:
            time.sleep(0.01)
        assert threading.active_count() == before


def test_a_digest_that_lands_in_pieces_appears_once_whole_and_soon(home: Path) -> None:
    folder = home / "data" / "digest-tui" / "digests"
    put(folder, "old.txt", text(papers(1)))
    data = text(papers(*range(10, 45)), DAY + timedelta(1)).encode()
    with Terminal(size=(150, 30)) as terminal:
        terminal.see("Paper 1 on")
        path = folder / "new.txt"
        for start in range(0, len(data), len(data) // 4 + 1):
            assert "04-23" not in terminal.text
            with path.open("ab") as file:
                file.write(data[start : start + len(data) // 4 + 1])
            last = time.monotonic()
            terminal.settle(0.5)
        terminal.see("New: 2026-04-23")
        assert time.monotonic() - last < 3
        assert re.search(r"04-23 .*35 ", terminal.text)
        terminal.settle(1)
        terminal.press("q")
        assert terminal.wait() == 0
    assert b"problem" not in terminal.output
    assert bytes(terminal.output).count(b"New: 2026-04-23") == 1


def test_a_large_journal_does_not_hold_up_the_screen(home: Path) -> None:
    library = home / "library"
    put(library / "digests", "a.txt", text(papers(*range(1, 200))))
    with Terminal("--library", str(library), size=(150, 24)) as terminal:
        terminal.see("Unread        199")
        # Of another machine: a long history, and at its end what holds.
        journal = put(library / "marks", ".coming", '{"h":1,"app":"digest-tui","d":"bbbbbb"}\n')
        with journal.open("a") as file:
            for ms in range(60_000):
                value = "true" if ms >= 59_900 else "false"
                line = f'{{"t":[{ms},0],"k":"2604.{ms % 100 + 1:05}","f":"star","v":{value}}}\n'
                file.write(line)
        journal.rename(journal.with_name("bbbbbb.jsonl"))
        terminal.press("Gr")
        terminal.see("1 paper marked read")
        terminal.see("Starred       100")
        terminal.press("q")
        assert terminal.wait() == 0
