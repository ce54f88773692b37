"""The library: what is imported stays as it was, and what cannot be stops nothing else."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest

from digest_tui.folders import LARGEST
from digest_tui.index_writer import FileStamp
from digest_tui.library import Imported, Library, Progress, sample, write_file
from digest_tui.prepared import read
from digest_tui.query import parse
from digest_tui.settings import Places, throwaway
from tests.made import DAY, library, papers, put, text

OLD = 1_700_000_000_123_456_789
REAL = Path(__file__).parents[2] / "shared" / "digests"
as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Library]:
    with closing(library(tmp_path / "library")) as opened:
        yield opened


def imported(library: Library, *paths: Path) -> list[Imported]:
    return list(library.import_paths(paths))


def statuses(outcomes: list[Imported]) -> list[tuple[str, str]]:
    return [(Path(outcome.file).name, outcome.status) for outcome in outcomes]


def files(library: Library) -> list[str]:
    return [row.file for row in library.index.digests()]


def kept(library: Library) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in library.places.digests.iterdir()}


def test_an_imported_file_is_kept_byte_for_byte_with_its_time(
    empty: Library, tmp_path: Path
) -> None:
    path = put(tmp_path, "today.txt", text(papers(1, 2)))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b" \t\n\xff")
    os.utime(path, ns=(OLD, OLD))

    (outcome,) = imported(empty, path)
    assert (outcome.status, outcome.day, outcome.new) == ("imported", DAY, 2)
    copy = empty.places.digests / "today.txt"
    assert copy.read_bytes() == path.read_bytes()
    assert copy.stat().st_mtime_ns == OLD
    assert os.listdir(empty.places.digests) == ["today.txt"]


def test_importing_again_changes_nothing(empty: Library, tmp_path: Path) -> None:
    first = put(tmp_path, "a.txt", text(papers(1, 2)))
    second = put(tmp_path, "b.txt", text(papers(1, 2)))
    imported(empty, first)
    before = kept(empty)

    outcomes = imported(empty, first, second)
    assert [(outcome.status, outcome.new) for outcome in outcomes] == [("known", 0)] * 2
    assert {outcome.number for outcome in outcomes} == {empty.index.digests()[0].n}
    assert kept(empty) == before
    assert list(empty.scan()) == []


def test_only_papers_that_were_not_held_are_new(empty: Library, tmp_path: Path) -> None:
    first = put(tmp_path, "a.txt", text(papers(1, 2)))
    second = put(tmp_path, "b.txt", text(papers(2, 3, 4), DAY + timedelta(1)))
    assert [outcome.new for outcome in imported(empty, first, second)] == [2, 2]


def test_another_content_under_a_known_name_is_kept_beside(empty: Library, tmp_path: Path) -> None:
    first = put(tmp_path / "one", "today.txt", text(papers(1)))
    second = put(tmp_path / "two", "today.txt", text(papers(2)))
    imported(empty, first, second)

    assert set(kept(empty).values()) == {first.read_bytes(), second.read_bytes()}
    assert "today.txt" in kept(empty)
    assert len(files(empty)) == 2
    assert [outcome.status for outcome in imported(empty, first, second)] == ["known"] * 2


def test_what_was_imported_is_never_written_over(empty: Library, tmp_path: Path) -> None:
    data = text(papers(1)).encode()
    sha256 = hashlib.sha256(data).hexdigest()
    names = ["today.txt", f"today-{sha256[:8]}.txt"]
    (empty.places.digests / f"today-{sha256[:9]}.txt").mkdir(parents=True)
    for name in names:
        put(empty.places.digests, name, "of another hand")
    path = tmp_path / "today.txt"
    path.write_bytes(data)

    (outcome,) = imported(empty, path)
    assert outcome.status == "imported"
    assert [(empty.places.digests / name).read_text() for name in names] == ["of another hand"] * 2
    assert (empty.places.digests / f"today-{sha256[:10]}.txt").read_bytes() == data
    assert len(os.listdir(empty.places.digests)) == 4


def test_imports_of_one_name_at_once_keep_every_file(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from digest_tui.library import Library
from digest_tui.settings import throwaway
library = Library(throwaway(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.read()
print(*(outcome.status for outcome in library.import_paths(map(Path, sys.argv[2:]))))
"""
    sources: list[list[Path]] = [
        [put(tmp_path / f"{who}{n}", f"{n}.txt", text(papers(100 * who + n))) for n in range(20)]
        for who in range(4)
    ]
    importers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "library"), *map(str, paths)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for paths in sources
    ]
    for importer in importers:
        assert importer.stdout
        assert importer.stdout.readline() == "ready\n"
    for importer in importers:
        assert importer.stdin
        importer.stdin.close()
    for importer in importers:
        assert importer.stdout
        assert importer.stdout.read().split() == ["imported"] * 20
        importer.stdout.close()
        assert importer.wait() == 0

    contents = {path.read_bytes() for paths in sources for path in paths}
    with closing(library(tmp_path / "library")) as opened:
        assert sorted(kept(opened).values()) == sorted(contents)
        assert opened.index.totals().papers == 80


def test_a_file_system_without_links_keeps_every_file(
    empty: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    paths = [put(tmp_path / str(n), "today.txt", text(papers(n))) for n in range(3)]
    assert [outcome.status for outcome in imported(empty, *paths)] == ["imported"] * 3
    assert sorted(kept(empty).values()) == sorted(path.read_bytes() for path in paths)


@pytest.mark.parametrize("name", [".today.txt", "~today.txt", "today.txt~", "~", "…"])
def test_what_is_imported_is_there_after_the_next_scan(
    empty: Library, tmp_path: Path, name: str
) -> None:
    """Whatever its name: a scan passes over hidden and temporary files."""
    (outcome,) = imported(empty, put(tmp_path, name, text(papers(1))))
    assert outcome.status == "imported"
    empty.refresh()
    assert empty.index.totals().papers == 1


def test_a_digest_from_a_pipe_is_named_after_its_day(empty: Library) -> None:
    assert empty.import_bytes(text(papers(1)).encode()).status == "imported"
    assert empty.import_bytes(text(papers(2)).encode()).status == "imported"
    assert empty.import_bytes(b"no digest").reason.startswith("not a digest")
    assert f"{DAY}.txt" in kept(empty)
    assert empty.index.totals().papers == 2


def test_a_digest_without_a_day_has_that_of_its_file(empty: Library, tmp_path: Path) -> None:
    path = put(tmp_path, "undated.txt", text(papers(1)).split("\n", 2)[2])
    os.utime(path, ns=(OLD, OLD))
    (outcome,) = imported(empty, path)
    assert outcome.day == date.fromtimestamp(OLD / 1e9)
    empty.index.rebuild()
    empty.refresh()
    assert [row.day for row in empty.index.digests()] == [outcome.day]


@pytest.mark.parametrize("time", [10**19, -7 * 10**19])
def test_a_file_of_a_time_that_cannot_be_stops_nothing(
    empty: Library, tmp_path: Path, time: int
) -> None:
    dated = put(tmp_path, "a.txt", text(papers(1)))
    undated = put(tmp_path, "b.txt", text(papers(2)).split("\n", 2)[2])
    scanned = put(empty.places.digests, "c.txt", text(papers(3)).split("\n", 2)[2])
    for path in (dated, undated, scanned):
        os.utime(path, ns=(time, time))

    assert [outcome.status for outcome in imported(empty, dated, undated)] == ["imported"] * 2
    empty.refresh()
    assert empty.index.totals().papers == 3
    assert list(empty.scan()) == []


def _missing(path: Path) -> None:
    pass


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _folder_of(name: str, data: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.mkdir()
        (path / name).write_bytes(data)

    return make


def _unreadable(path: Path) -> None:
    path.write_text(text(papers(9)))
    path.chmod(0)


def _holding(data: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data)

    return make


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_missing, "cannot be read (no such file or directory)"),
        (_fifo, "cannot be read (not a regular file)"),
        (_holding(b""), "the file is empty"),
        (_holding(b" \n\n"), "the file is empty"),
        (_holding(b"Dear all,\nno digest today.\n"), "not a digest"),
        (_holding(b"%PDF-1.7 ..."), "a PDF file"),
        (_holding(b"text\0text"), "not text: it holds NUL bytes"),
        (Path.mkdir, "a folder without digests (it is empty)"),
        (_folder_of("notes.md", b"# Notes\n"), "a folder without digests (files looked at: 1)"),
        (_folder_of(".hidden", b"x"), "a folder without digests (it is empty)"),
        pytest.param(_unreadable, "cannot be read (permission denied)", marks=as_root),
    ],
)
def test_what_is_refused_is_named_with_the_reason_and_stops_nothing(
    empty: Library, tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    refused = tmp_path / "refused"
    make(refused)
    before = put(tmp_path, "before.txt", text(papers(1)))
    after = put(tmp_path, "after.txt", text(papers(2)))

    outcomes = imported(empty, before, refused, after)
    assert [outcome.status for outcome in outcomes] == ["imported", "refused", "imported"]
    assert outcomes[1].file == str(refused)
    assert outcomes[1].reason.startswith(reason)
    assert "\n" not in outcomes[1].reason
    assert sorted(kept(empty)) == ["after.txt", "before.txt"]


def test_a_path_that_cannot_be_is_refused(empty: Library, tmp_path: Path) -> None:
    (outcome,) = imported(empty, tmp_path / ("x" * 300))
    assert outcome.reason == "cannot be read (file name too long)"


def test_a_library_that_cannot_be_written_refuses_and_keeps_nothing(tmp_path: Path) -> None:
    put(tmp_path / "library", "digests", "a file where the folder should be")
    with closing(library(tmp_path / "library")) as opened:
        (outcome,) = imported(opened, put(tmp_path, "a.txt", text(papers(1))))
        assert outcome.status == "refused"
        assert "cannot be kept in" in outcome.reason
        assert opened.index.totals().papers == 0


def test_a_folder_gives_every_digest_in_it_and_below(empty: Library, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    put(folder, "b.txt", text(papers(1)))
    put(folder / "a", "c.md", text(papers(2)))
    put(folder, "README.md", "# Digests\n")
    put(folder / ".git", "d.txt", text(papers(3)))
    os.symlink("loop", folder / "aloop")
    os.symlink("aloop", folder / "loop")
    assert statuses(imported(empty, folder)) == [
        ("c.md", "imported"),
        ("b.txt", "imported"),
        ("README.md", "refused"),
    ]


def test_many_files_are_imported_as_one_after_the_other_would_be(
    empty: Library, tmp_path: Path
) -> None:
    paths = put_many(tmp_path / "folder")
    outcomes = {Path(outcome.file): outcome for outcome in imported(empty, tmp_path / "folder")}

    with closing(library(tmp_path / "one by one")) as other:
        for path in sorted(paths):
            assert imported(other, path) == [outcomes[path]]
        assert kept(empty) == kept(other)
        assert all_of(empty) == all_of(other)
    again = {Path(outcome.file): outcome for outcome in imported(empty, *paths)}
    assert again == {
        path: replace(outcome, status="known", new=0) if outcome.status != "refused" else outcome
        for path, outcome in outcomes.items()
    }


def test_an_import_that_is_stopped_keeps_what_it_told_and_goes_on(
    empty: Library, tmp_path: Path
) -> None:
    put_many(tmp_path / "folder")
    outcomes = empty.import_paths([tmp_path / "folder"])
    told = list(islice(outcomes, 5))
    outcomes.close()
    names = {Path(outcome.file).name for outcome in told if outcome.status == "imported"}
    assert names <= kept(empty).keys()
    empty.refresh()
    before = empty.index.totals().papers
    assert before
    imported(empty, tmp_path / "folder")
    assert empty.index.totals().papers > before
    assert all_of(empty) == one_by_one(empty.places)


def test_what_another_window_takes_in_during_an_import_is_new_all_the_same(
    empty: Library, tmp_path: Path
) -> None:
    for number in range(40):
        some = papers(*range(50 * number, 50 * number + 50))
        put(tmp_path / "folder", f"{number:03}.txt", text(some))
    new = 0
    with closing(Library(empty.places)) as other:
        for done, outcome in enumerate(empty.import_paths([tmp_path / "folder"]), start=1):
            new += outcome.new
            if not done % 10:
                other.refresh()
    assert new == empty.index.totals().papers == 2_000


@pytest.mark.parametrize("where", ["own", "extra"])
def test_a_scan_takes_in_what_is_new_changed_and_gone(tmp_path: Path, where: str) -> None:
    extra = tmp_path / "extra"
    places = replace(throwaway(tmp_path / "library"), folders=(extra,))
    folder = places.digests if where == "own" else extra
    put(folder, "a.txt", text(papers(1)))
    put(folder / "year", "b.txt", text(papers(2)))
    with closing(Library(places)) as opened:
        assert list(opened.scan()) == [Progress(1, 2, 1), Progress(2, 2, 2)]
        assert opened.index.totals().papers == 2
        assert list(opened.scan()) == []

        put(folder, "a.txt", text(papers(1, 3, 4)))
        put(folder, "c.txt", text(papers(5)))
        (folder / "year" / "b.txt").unlink()
        steps = list(opened.scan())
        assert steps == [Progress(1, 2, 1), Progress(2, 2, 4), Progress(2, 2, 4)]
        assert sorted(opened.index.numbers(f"2604.{n:05}" for n in range(9))) == [
            f"2604.{n:05}" for n in (1, 3, 4, 5)
        ]


MANY = 120
"""Files, which are so many that they are read by a crew."""


def put_many(folder: Path) -> list[Path]:
    """Digests that overlap, some contents twice, and some files that are no digests."""
    paths = []
    for number in range(MANY):
        some = papers(number, number + 1, 7 * number)
        content = text(some, DAY - timedelta(number // 2)) if number % 9 else f"no digest {number}"
        paths.append(put(folder, f"{number:03}.txt", content))
        if not number % 10:
            paths.append(put(folder, f"{number:03} again.txt", content))
    return paths


def all_of(library: Library) -> object:
    """All that a library says, without the numbers of papers and digests."""
    index = library.index
    typed = ["", "00012", "第12篇", "*parse", "*ovelac", "cat:cs.RO", "is:unread"]
    found = [list(index.holdings(index.found(parse(query).query, DAY))) for query in typed]
    return (
        [(replace(row, n=0), index.problems(row.n)) for row in index.digests()],
        index.totals(),
        index.files(),
        index.refused_files(),
        found,
    )


def one_by_one(places: Places) -> object:
    """All that a library would say that had been told of one file after the other."""
    places = replace(places, index=places.index.with_name("one by one"))
    with closing(Library(places)) as opened:
        for path in sorted(places.digests.iterdir()):
            data = path.read_bytes()
            status = path.stat()
            file = FileStamp(
                path.name, status.st_size, status.st_mtime_ns, hashlib.sha256(data).hexdigest()
            )
            digest = read(data, path.name, DAY)
            with opened.index.change() as writer:
                if isinstance(digest, str):
                    writer.refuse(file, digest)
                else:
                    writer.add(file, digest)
        return all_of(opened)


def test_many_files_are_indexed_as_one_after_the_other_would_be(tmp_path: Path) -> None:
    places = throwaway(tmp_path)
    files = len(put_many(places.digests))
    with closing(Library(places)) as opened:
        steps = list(opened.scan())
        assert steps == sorted(steps, key=lambda step: (step.done, step.papers))
        assert (steps[0].done, steps[-1].done, steps[-1].total) == (1, files, files)
        assert all_of(opened) == one_by_one(places)
        assert list(opened.scan()) == []


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 20, 80])
def test_a_scan_that_is_abandoned_goes_on_where_it_stopped(tmp_path: Path, steps: int) -> None:
    places = throwaway(tmp_path)
    files = len(put_many(places.digests))
    with closing(Library(places)) as opened:
        scan = opened.scan()
        *_, last = islice(scan, steps)
        scan.close()
        assert len(opened.index.files()) == last.done
        rest = list(opened.scan())
        assert (rest[-1].done, rest[-1].total) == (files - last.done, files - last.done)
        assert all_of(opened) == one_by_one(places)


def test_a_file_that_was_still_growing_is_indexed_again(tmp_path: Path) -> None:
    whole = text(papers(1, 2)).encode()
    with closing(library(tmp_path, text(papers(3)))) as opened:
        path = opened.places.digests / "1.txt"
        path.write_bytes(whole[: len(whole) // 2])
        os.utime(path, ns=(OLD, OLD))
        opened.refresh()
        with path.open("ab") as file:
            file.write(whole[len(whole) // 2 :])
        os.utime(path, ns=(OLD, OLD))
        assert list(opened.scan()) == [Progress(1, 1, 2)]
        row = next(row for row in opened.index.digests() if row.file == "1.txt")
        assert (row.papers, opened.index.problems(row.n)) == (2, [])


def test_the_newest_name_is_indexed_first_and_each_is_there_at_once(tmp_path: Path) -> None:
    places = throwaway(tmp_path)
    for day in (DAY, DAY + timedelta(1)):
        put(places.digests, f"{day}.txt", text(papers(day.day), day))
    with closing(Library(places)) as opened, closing(Library(places)) as other:
        scan = opened.scan()
        next(scan)
        assert files(other) == ["2026-04-23.txt"]
        next(scan)
        assert files(other) == ["2026-04-23.txt", "2026-04-22.txt"]


def test_a_folder_that_is_not_there_loses_nothing(tmp_path: Path) -> None:
    extra = tmp_path / "extra"
    put(extra, "a.txt", text(papers(1)))
    places = replace(throwaway(tmp_path / "library"), folders=(extra,))
    with closing(Library(places)) as opened:
        opened.refresh()
        extra.rename(tmp_path / "unmounted")
        opened.refresh()
        assert opened.index.totals().papers == 1
        (tmp_path / "unmounted").rename(extra)
        assert list(opened.scan()) == []

    with closing(Library(replace(places, folders=()))) as opened:
        opened.refresh()
        assert opened.index.totals().papers == 0


def test_what_cannot_be_looked_at_is_not_gone(tmp_path: Path) -> None:
    with closing(library(tmp_path, text(papers(1)), text(papers(2)))) as opened:
        # A link to itself can be listed, but not looked at.
        (opened.places.digests / "0.txt").unlink()
        os.symlink("0.txt", opened.places.digests / "0.txt")
        opened.refresh()
        assert opened.index.totals().papers == 2


def test_a_name_that_is_not_utf_8_is_indexed_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "digests"
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text(text(papers(1)), "utf-8")
    with closing(library(tmp_path)) as opened:
        assert files(opened) == [r"caf\udce9.txt"]
        assert list(opened.scan()) == []


def test_what_is_no_digest_is_told_once_and_read_once(tmp_path: Path) -> None:
    with closing(library(tmp_path, text(papers(1)), "not one")) as opened:
        assert list(opened.scan()) == []
        ((name, reason),) = opened.index.refused_files()
        assert (name, reason[:12]) == ("1.txt", "not a digest")
        put(opened.places.digests, "1.txt", text(papers(2)))
        opened.refresh()
        assert opened.index.refused_files() == []
        assert opened.index.totals().papers == 2


def test_what_cannot_be_read_is_tried_again(tmp_path: Path) -> None:
    with closing(library(tmp_path, text(papers(1)), text(papers(2)))) as opened:
        os.truncate(opened.places.digests / "0.txt", LARGEST + 1)
        opened.refresh()
        assert list(opened.scan()) == []
        put(opened.places.digests, "0.txt", text(papers(3)))
        opened.refresh()
        assert opened.index.numbers(["2604.00003"])


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.md"
    mask = os.umask(0o027)
    try:
        write_file(path, ["one"])
    finally:
        os.umask(mask)
    assert path.read_bytes() == b"one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    write_file(path, ["two"])
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    with pytest.raises(IsADirectoryError):
        write_file(path.parent, ["three"])
    assert sorted(os.listdir(tmp_path)) == ["home", "new"]
    assert os.listdir(path.parent) == ["file.md"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)
    write_file(pipe, ["one"])
    assert os.read(reader, 10) == b"one"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_link_stays_a_link_and_a_loop_of_links_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file.md")
    write_file(tmp_path / "link", ["one"])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file.md").read_bytes() == b"one"

    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="loop"):
        write_file(tmp_path / "loop" / "file.md", ["two"])
    write_file(tmp_path / "loop", ["two"])
    assert (tmp_path / "loop").read_bytes() == b"two"


def test_a_file_that_is_there_is_not_reported_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def refuse_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    write_file(tmp_path / "file.md", ["one"])
    assert (tmp_path / "file.md").read_bytes() == b"one"


def test_the_sample_is_three_digests_without_a_problem_and_gone_afterwards(home: Path) -> None:
    with sample() as library:
        rows = library.index.digests()
        assert [str(row.day) for row in rows] == ["2026-03-04", "2026-03-03", "2026-03-02"]
        assert [library.index.problems(row.n) for row in rows] == [[], [], []]
        assert library.index.refused_files() == []
        folder = library.places.digests.parent
    assert not folder.exists()
    assert list(home.iterdir()) == []


@pytest.mark.skipif(not REAL.is_dir(), reason="the real digests are not part of the repository")
def test_real_digests_are_imported_without_a_problem(empty: Library) -> None:
    outcomes = imported(empty, REAL)
    assert [outcome.status for outcome in outcomes] == ["imported"] * len(list(REAL.iterdir()))
    for outcome in outcomes:
        assert outcome.problems == ()
        assert outcome.entries == outcome.declared
        assert kept(empty)[Path(outcome.file).name] == Path(outcome.file).read_bytes()
    found = empty.index.found(parse("强化学习").query, DAY)
    assert found
    assert len(found) < empty.index.totals().papers
