from __future__ import annotations

import os
import resource
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from digest_tui.library import Library
from digest_tui.marks import merge
from digest_tui.settings import places
from digest_tui.store import COMPACT_BYTES
from tests.faults.catalogue import fault
from tests.faults.disks import SmallDisk, busy, failing, ordinary
from tests.journals import HEADER, STARRED, child, journal, laptop, output, papers, state
from tests.made import papers as papers_of
from tests.made import put, text
from tests.terminal import PROGRAM, Terminal

THEIRS = HEADER.replace(b"aaaaaa", b"bbbbbb"), STARRED.replace(b"18616", b"00004")
UNSAVED = ["2604.00001", "2604.00001", "2604.00002"]
"""What `sr` marks, in the order of the decisions: a star, which reads too, and a read paper."""


def library_in(folder: Path) -> Path:
    """A library of four papers, the last of which another machine has starred."""
    put(folder / "digests", "1.txt", text(papers_of(1, 2, 3, 4)))
    return journal(folder / "marks", *THEIRS, name="bbbbbb.jsonl").parent


def opened(library: Path, *inside: str) -> Terminal:
    """The real program on a library; `inside` is what its command line begins with."""
    return Terminal("--library", str(library), program=(*inside, *PROGRAM), size=(150, 24))


def own_journal(library: Path) -> Path:
    with closing(Library(places(library))) as opened:
        return opened.store.journal


def decided(marks: Path) -> list[str]:
    """The papers of the decisions of this machine that are on the disk, in their order."""
    return papers(c for c in laptop(marks).read().changes if c.device != "bbbbbb")


def decide(terminal: Terminal, why: str) -> None:
    """Makes three decisions, which cannot be saved."""
    terminal.see("★ Paper 4", "Starred         1")
    terminal.press("sr")
    terminal.see(f"3 changes not saved: {why}", "★ Paper 1", "2 of 4 decided")


def quit_without_saving(terminal: Terminal, why: str) -> None:
    terminal.press("q")
    terminal.see("the same key again leaves without them")
    terminal.press("q")
    assert terminal.wait() == 1
    assert f"digest-tui: 3 changes not saved: {why}".encode() in terminal.output


@fault(
    14,
    "disk full",
    injected="the library on a disk of 256 kB, filled to the last byte, under the real program",
    holds="papers and saved marks are shown; each decision is shown, and told to be not saved; "
    "quitting asks, and says so again",
)
def test_a_full_disk(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "library", 256) as disk:
        marks = library_in(disk.seen)
        disk.fill()
        with opened(tmp_path / "library", *disk.inside) as terminal:
            decide(terminal, "disk full")
            quit_without_saving(terminal, "disk full")
        assert state(laptop(marks)) == {"2604.00004": True}
        assert laptop(marks).read().bad == ()


@fault(
    15,
    "space comes back",
    injected="the full disk made larger while three decisions pend in the real program",
    holds="they are written by themselves, in the order of the keys; the warning goes",
)
def test_space_that_comes_back(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "library", 256) as disk:
        marks = library_in(disk.seen)
        disk.fill()
        with opened(tmp_path / "library", *disk.inside) as terminal:
            decide(terminal, "disk full")
            assert decided(marks) == []
            disk.resize(512)
            terminal.see("All is saved by now")
            assert decided(marks) == UNSAVED
            terminal.see("★ Paper 1", "Starred         2")
            terminal.press("q")
            assert terminal.wait() == 0
        assert decided(marks) == UNSAVED


def test_a_disk_that_fills_up_holds_all_that_was_saved(tmp_path: Path) -> None:
    code = """
number = 0
try:
    while True:
        number += 1
        store.write([Decision(f"{number}{letter}", "star", True) for letter in "abc"])
except NotSaved as error:
    say(number, error)
    (folder / "ballast").unlink()
    say(*(change.paper for change in store.retry()), store.pending)
"""
    folder = tmp_path / "disk"
    with SmallDisk(folder, 64) as disk:
        put(disk.seen, "ballast", "x" * 8192)
        (said,) = output(child(code, folder, "aaaaaa", inside=disk.inside))
        reading = laptop(disk.seen).read()
    number, error = said[0].split(maxsplit=1)
    assert int(number) > 100
    assert error == "3 changes not saved: disk full"
    assert said[1] == f"{number}a {number}b {number}c ()"
    assert papers(reading.changes) == [
        f"{n + 1}{letter}" for n in range(int(number)) for letter in "abc"
    ]
    assert reading.bad == ()


def test_a_full_home_costs_each_command_a_sentence(home: Path) -> None:
    library = home / "data" / "digest-tui"
    with SmallDisk(home, 2000) as disk:
        library_in(disk.seen / library.relative_to(home))
        (home.parent / "2.txt").write_text(text(papers_of(5)), "utf-8")
        assert shell(disk, "papers", "is:starred").stdout.count("Paper 4") == 1
        disk.fill()
        for arguments, code, said in (
            (("digests",), 0, "an index was made in passing"),
            (("papers", "is:starred"), 0, "Paper 4"),
            (("mark", "--star", "2604.00001"), 1, "1 change not saved: disk full"),
            (("export", "-o", str(home / "notes.md")), 1, "not written: No space left on device"),
            (("import", str(home.parent / "2.txt")), 1, "refused: cannot be kept in"),
            (("doctor",), 1, "an index was made in passing"),
        ):
            done = shell(disk, *arguments)
            assert (done.returncode, "Traceback" in done.stderr) == (code, False), arguments
            assert said in done.stdout + done.stderr, arguments
        assert sorted(os.listdir(disk.seen / library.relative_to(home) / "digests")) == ["1.txt"]


def test_a_full_home_is_opened_read_and_left(home: Path) -> None:
    library = home / "data" / "digest-tui"
    with SmallDisk(home, 2000) as disk:
        marks = library_in(disk.seen / library.relative_to(home))
        (disk.seen / "config" / "digest-tui").mkdir(parents=True)
        shell(disk, "digests")
        disk.fill()
        with Terminal(program=(*disk.inside, *PROGRAM), size=(150, 24)) as terminal:
            decide(terminal, "disk full")
            terminal.press("e")
            terminal.see("╭─ export", "starred.md")
            terminal.press("\x1b[Z\x15")
            terminal.gone("starred.md")
            terminal.press(f"{home}/notes.md\r")
            terminal.see("Not exported: No space left on device")
            quit_without_saving(terminal, "disk full")
        assert state(laptop(marks)) == {"2604.00004": True}
        (disk.seen / "ballast").unlink()
        assert shell(disk, "papers", "is:starred").stdout.count("Paper 4") == 1


def shell(disk: SmallDisk, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*disk.inside, *PROGRAM, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@fault(
    16,
    "file size limit",
    injected="RLIMIT_FSIZE of the real program set to 100 bytes while it runs, and lifted again",
    holds="as with a full disk: told, kept, written by itself in the order of the keys",
)
def test_a_file_size_limit(tmp_path: Path) -> None:
    if not hasattr(resource, "prlimit"):
        pytest.skip("the system does not set the limits of another process")
    marks = library_in(tmp_path)
    with opened(tmp_path) as terminal:
        terminal.see("★ Paper 4")
        # The header fits, and a part of a line.
        limit(terminal, 100)
        decide(terminal, "file too large")
        assert decided(marks) == []
        limit(terminal, resource.RLIM_INFINITY)
        terminal.see("All is saved by now")
        assert decided(marks) == UNSAVED
        terminal.press("q")
        assert terminal.wait() == 0
    # Nothing is left of the tries.
    assert own_journal(tmp_path).read_bytes().count(b"\n") == 4
    assert laptop(marks).read().bad == ()


def test_without_room_for_any_index_there_is_a_sentence(tmp_path: Path) -> None:
    library_in(tmp_path)
    nothing = ("sh", "-c", 'ulimit -f 0 && exec "$0" "$@"')
    command = [*nothing, *PROGRAM, "--library", str(tmp_path), "papers"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("digest-tui: no index can be made, neither at ")
    assert done.stderr.count("\n") == 1


def limit(terminal: Terminal, size: int) -> None:
    most = resource.RLIM_INFINITY
    resource.prlimit(terminal.process.pid, resource.RLIMIT_FSIZE, (size, most))


@fault(
    17,
    "disk full in compaction",
    injected="a disk with room for the journal, but not for the living half of it as well",
    holds="the journal stays as it was, nothing is left beside it; with room it is compacted",
)
def test_a_disk_that_is_full_in_compaction(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    lines = [STARRED.replace(b"18616", b"%05d" % (n % 20_000)) for n in range(70_000)]
    with SmallDisk(folder, 5000) as disk:
        before = journal(disk.seen, HEADER, *lines).read_bytes()
        assert len(before) > COMPACT_BYTES
        ((said,),) = output(child("say(store.compact())", folder, "aaaaaa", inside=disk.inside))
        assert said == "False"
        assert (disk.seen / "aaaaaa.jsonl").read_bytes() == before
        assert sorted(os.listdir(disk.seen)) == [".aaaaaa.lock", "aaaaaa.jsonl"]

        disk.resize(16_000)
        ((said,),) = output(child("say(store.compact())", folder, "aaaaaa", inside=disk.inside))
        assert said == "True"
        assert (disk.seen / "aaaaaa.jsonl").stat().st_size < len(before) / 2
        assert len(merge(laptop(disk.seen).read().changes)) == 20_000


@fault(
    18,
    "a sync that fails",
    injected="EIO from the first two fdatasync of the journal in the real program, by strace",
    holds="told; the lines are written anew before the next sync, and stand there once",
)
def test_a_sync_that_fails(tmp_path: Path) -> None:
    marks, log = library_in(tmp_path), tmp_path / "calls"
    own = journal(marks, b"", name=own_journal(tmp_path).name)
    inside = failing("fdatasync", "EIO:when=1..2", log=log, path=own)
    with opened(tmp_path, *inside) as terminal:
        terminal.see("★ Paper 4")
        terminal.press("s")
        terminal.see("All is saved by now")
        terminal.press("q")
        assert terminal.wait() == 0
        assert b"2 changes not saved: input/output error" in terminal.output
    assert decided(marks) == UNSAVED[:2]
    calls = [line.split()[1].partition("(")[0] for line in log.read_text().splitlines()]
    assert calls == ["write", "fdatasync", "ftruncate"] * 2 + ["write", "fdatasync"]


@fault(
    19,
    "a journal that cannot be replaced",
    injected="a journal that another hand holds (a mount point: EBUSY) while it is compacted",
    holds="it stays as it was, nothing is left beside it; it is compacted the next time",
)
def test_a_journal_that_cannot_be_replaced(tmp_path: Path) -> None:
    own = journal(tmp_path, HEADER, STARRED * 70_000)
    before = own.read_bytes()
    assert len(before) > COMPACT_BYTES
    ((said,),) = output(child("say(store.compact())", tmp_path, "aaaaaa", inside=busy(own)))
    assert said == "False"
    assert own.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == [".aaaaaa.lock", "aaaaaa.jsonl", "home"]

    assert laptop(tmp_path).compact()
    assert own.read_bytes() == HEADER + STARRED


@fault(
    20,
    "no locks",
    injected="ENOLCK from every flock of the real program, by strace",
    holds="decisions are saved and shown as ever",
)
def test_no_locks(tmp_path: Path) -> None:
    marks, log = library_in(tmp_path), tmp_path / "calls"
    with opened(tmp_path, *failing("flock", "ENOLCK", log=log)) as terminal:
        terminal.see("★ Paper 4")
        terminal.press("sr")
        terminal.see("1 paper marked read", "2 of 4 decided")
        assert decided(marks) == UNSAVED
        terminal.press("q")
        assert terminal.wait() == 0
    assert f"{own_journal(tmp_path).stem}.lock>, LOCK_EX" in log.read_text()


@fault(
    21,
    "a folder or a journal that may only be read",
    injected="permissions, before an ordinary user's program; given back while it runs",
    holds="it opens and shows all marks; what is decided pends, and is written once it may be",
    trials="2",
)
@pytest.mark.parametrize("what", ["folder", "journal"])
def test_what_may_only_be_read(tmp_path: Path, what: str) -> None:
    library = tmp_path / "library"
    marks = library_in(library)
    journal(marks, b"", name=own_journal(library).name)
    place = marks if what == "folder" else own_journal(library)
    mode = place.stat().st_mode
    place.chmod(mode & 0o555)
    with opened(library, *ordinary()) as terminal:
        decide(terminal, "permission denied")
        terminal.press("q")
        terminal.see("the same key again leaves without them")
        place.chmod(mode)
        terminal.see("All is saved by now")
        assert decided(marks) == UNSAVED
        terminal.press("q")
        assert terminal.wait() == 0


def test_leaving_without_decisions_is_asked_of_each_anew(tmp_path: Path) -> None:
    library = tmp_path / "library"
    marks = library_in(library)
    own = journal(marks, b"", name=own_journal(library).name)
    with opened(library, *ordinary()) as terminal:
        terminal.see("★ Paper 4")
        own.chmod(0o444)
        terminal.press("r")
        terminal.see("1 change not saved: permission denied")
        terminal.press("q")
        terminal.see("the same key again leaves without them")
        own.chmod(0o644)
        terminal.see("All is saved by now")
        own.chmod(0o444)
        terminal.press("r")
        terminal.see("1 change not saved: permission denied")
        terminal.press("q")
        terminal.see("the same key again leaves without them")
        terminal.press("q")
        assert terminal.wait() == 1
    assert decided(marks) == ["2604.00001"]
