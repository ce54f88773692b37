"""Several machines: wrong clocks, cloned names, and all that sync tools do to the files."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from digest_tui import store
from digest_tui.marks import READ, STAR, merge
from digest_tui.store import read_device
from tests.faults.catalogue import fault
from tests.faults.machines import HOUR, NOON, YEAR, Clock, History, Machine, Press, Time, template
from tests.made import paper, put, text
from tests.terminal import PROGRAM

New = Callable[..., Machine]
FIRST, SECOND = paper(0).id, paper(1).id
FEW, MANY, CHUNKS = 40, 10_000, 8


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library, to be copied for each machine."""
    return template(tmp_path_factory.mktemp("machines") / "made")


@pytest.fixture
def new(made: Path, tmp_path: Path) -> Iterator[New]:
    """Makes a machine of a device's name and a clock, which is right where none is given."""
    machines: list[Machine] = []

    def make(device: str, clock: Clock = lambda: NOON) -> Machine:
        machines.append(Machine(made, tmp_path / f"{len(machines)}", device, clock))
        return machines[-1]

    yield make
    for machine in machines:
        machine.close()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder of a file system in memory, where there is one: what is durable costs nothing."""
    shared = Path("/dev/shm")
    folder = shared if os.access(shared, os.W_OK) else tmp_path
    with TemporaryDirectory(dir=folder) as name:
        yield Path(name)


def journal(machine: Machine) -> Path:
    return machine.library.store.journal


def give(one: Machine, other: Machine) -> None:
    """Carries the journal of one machine to another, whose reader then looks at it."""
    shutil.copy(journal(one), other.places.marks)
    other.look()


@fault(
    26,
    "clock goes back",
    injected="the clock is set back by an hour, then to 1970, with and without a new start",
    holds="each key press takes effect, on the other machine too",
    trials="6",
)
@pytest.mark.parametrize("now", [NOON, NOON - HOUR, 0])
@pytest.mark.parametrize("starts_again", [False, True])
def test_a_clock_that_goes_back(new: New, now: int, starts_again: bool) -> None:
    time = Time()
    laptop, desktop = new("aaaaaa", lambda: time.now), new("bbbbbb")
    laptop.press("star")
    time.now = now
    if starts_again:
        laptop.restart()
    for is_starred in (False, True):
        laptop.press("star")
        give(laptop, desktop)
        assert laptop.shown()[FIRST, STAR] == desktop.shown()[FIRST, STAR] == is_starred


@fault(
    27,
    "another machine's clock is a year ahead",
    injected="a journal from a machine whose clock is a year ahead",
    holds="its marks count, can be changed and undone at once, and both machines agree",
)
def test_another_machines_clock_is_a_year_ahead(new: New) -> None:
    laptop, desktop = new("aaaaaa"), new("bbbbbb", lambda: NOON + YEAR)
    desktop.press("star")
    give(desktop, laptop)
    assert laptop.shown()[FIRST, STAR]
    presses: list[tuple[Press, bool]] = [("star", False), ("undo", True), ("star", False)]
    for press, is_starred in presses:
        laptop.press(press)
        give(laptop, desktop)
        assert laptop.shown()[FIRST, STAR] == desktop.shown()[FIRST, STAR] == is_starred
    assert laptop.winners() == desktop.winners()


@fault(
    29,
    "cloned device",
    injected="the state of one machine is copied to another; then two that share a name",
    holds="each machine takes a name of its own; two that share one lose nothing and agree",
    trials="2",
)
@pytest.mark.parametrize("has_own_name", [True, False])
def test_a_cloned_device(new: New, tmp_path: Path, has_own_name: bool) -> None:
    state = tmp_path / "laptop" / "device"
    name = read_device(state, "1111")
    shutil.copytree(state.parent, tmp_path / "desktop")
    clone = read_device(tmp_path / "desktop" / "device", "2222" if has_own_name else "1111")
    assert (clone != name) == has_own_name
    assert read_device(state, "1111") == name

    laptop, desktop = new(name), new(clone)
    laptop.press("star", 1)
    desktop.press("star", 2)
    # With one name, the one journal is written over the other.
    give(desktop, laptop)
    give(laptop, desktop)
    wins = merge(laptop.confirmed | desktop.confirmed)
    assert laptop.winners() == desktop.winners() == wins
    assert laptop.shown()[FIRST, STAR]
    assert laptop.shown()[SECOND, STAR]


COPIES = {
    "Syncthing": "{}.sync-conflict-20260422-101500-K3F9A1C.jsonl",
    "Dropbox": "{} (Ada's conflicted copy 2026-04-22).jsonl",
    "Nextcloud": "{} (conflicted copy 2026-04-22 101500).jsonl",
}


@fault(
    30,
    "conflict copies",
    injected="copies of journals as Syncthing, Dropbox and Nextcloud name them; markers of git",
    holds="all copies are read and none is touched; the own journal takes over what it lacks",
    trials="8",
)
@pytest.mark.parametrize("whose", ["own", "another's"])
@pytest.mark.parametrize("tool", [*COPIES, "git"])
def test_conflict_copies(new: New, tool: str, whose: str) -> None:
    laptop, desktop = new("aaaaaa"), new("bbbbbb")
    # No index of the laptop knows what the files say.
    writer = new("aaaaaa") if whose == "own" else desktop
    writer.press("read", 1)
    writer.press("star", 2)
    header, *lines = journal(writer).read_bytes().splitlines(keepends=True)
    mine, theirs = b"".join(lines[:1]), b"".join(lines[1:])
    path = laptop.places.marks / f"{writer.device}.jsonl"
    if tool == "git":
        copy = path
        marked = b"<<<<<<< HEAD\n%s=======\n%s>>>>>>> theirs\n"
        path.write_bytes(header + marked % (mine, theirs))
    else:
        copy = path.with_name(COPIES[tool].format(writer.device))
        path.write_bytes(header + mine)
        copy.write_bytes(header + theirs)
    before = copy.read_bytes()
    laptop.look()
    assert ("could not be read" in laptop.session.warning) == (tool == "git")
    laptop.lose_index()
    assert laptop.winners() == merge(writer.confirmed)
    assert copy.read_bytes() == before
    if whose == "own":
        shutil.copy(journal(laptop), desktop.places.marks)
        desktop.look()
        assert desktop.winners() == merge(writer.confirmed)


@fault(
    31,
    "file half-copied, then whole",
    injected="another machine's journal arrives byte by byte, and is written over in place",
    holds="never fewer marks than before; no warning of a line that has no end yet",
    trials="each byte, twice",
)
def test_a_file_that_is_half_copied(new: New) -> None:
    laptop, desktop = new("aaaaaa"), new("bbbbbb")
    for row in (1, 2):
        desktop.press("star", row)
    content = journal(desktop).read_bytes()
    path = laptop.places.marks / journal(desktop).name
    known = 0
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        laptop.look()
        assert laptop.session.warning == ""
        assert len(laptop.winners()) >= known
        known = len(laptop.winners())
    assert laptop.winners() == desktop.winners()
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        laptop.look()
        assert "could not be read" not in laptop.session.warning
        assert laptop.winners() == desktop.winners()
    assert laptop.session.warning == ""


@fault(
    32,
    "file deleted or shrunk",
    injected="a journal is deleted, emptied, cut in half: another machine's, and the own one",
    holds="all marks stay; another's is named until it is back, the own one is written again",
    trials="6",
)
@pytest.mark.parametrize("whose", ["own", "another's"])
@pytest.mark.parametrize("left", [None, 0.0, 0.5])
def test_a_file_that_is_deleted_or_shrunk(new: New, whose: str, left: float | None) -> None:
    laptop, desktop = new("aaaaaa"), new("bbbbbb")
    laptop.press("star", 1)
    desktop.press("star", 2)
    give(desktop, laptop)
    path = journal(laptop if whose == "own" else desktop)
    path = laptop.places.marks / path.name
    content, own = path.read_bytes(), journal(laptop).read_bytes()
    path.unlink()
    if left is not None:
        path.write_bytes(content[: int(len(content) * left)])
    for start in (laptop.look, laptop.restart):
        start()
        assert laptop.winners() == merge(laptop.confirmed | desktop.confirmed)
        assert ("but kept" in laptop.session.warning) == (whose != "own")
    if whose == "own":
        give(laptop, desktop)
        assert laptop.winners() == desktop.winners()
    else:
        assert journal(laptop).read_bytes() == own
        path.write_bytes(content)
        laptop.look()
        assert laptop.session.warning == ""


def test_a_journal_that_is_written_over_and_as_long_as_it_was(new: New) -> None:
    laptop, desktop = new("aaaaaa"), new("bbbbbb")
    desktop.press("star")
    give(desktop, laptop)
    path = laptop.places.marks / journal(desktop).name
    before = path.stat()
    later = re.sub(rb"90000000000,(\d)],(.*)true", rb"90000000001,\1],\2null", path.read_bytes())
    path.write_bytes(later)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert (path.stat().st_ino, path.stat().st_size) == (before.st_ino, before.st_size)
    laptop.session.look()
    assert [change.value for change in laptop.winners().values()] == [None, None]


@fault(
    39,
    "undo after another machine changed the same",
    injected="two machines decide on one paper; the undo comes before and after a look",
    holds="“changed elsewhere” is said, and what the other decided stays",
    trials="2",
)
@pytest.mark.parametrize("looks", [False, True])
def test_an_undo_after_another_machine_changed_the_same(new: New, looks: bool) -> None:
    laptop, desktop = new("aaaaaa"), new("bbbbbb")
    laptop.press("read")
    give(laptop, desktop)
    desktop.press("read")
    shutil.copy(journal(desktop), laptop.places.marks)
    if looks:
        laptop.look()
    message = laptop.press("undo")
    assert message == "“marked read” is not undone: it was changed elsewhere since"
    assert laptop.winners() == desktop.winners()
    assert not laptop.shown()[FIRST, READ]


SEEN = {
    *("press", "sync", "look", "restart", "compact", "lose_index", "restore", "delete"),
    *("files put", "files brought", "files brought in pieces", "deletions brought"),
    *("conflicts of Syncthing", "conflicts of Dropbox", "conflicts of Nextcloud"),
}
"""What has to have happened, or the histories show nothing."""


def _chunks() -> list[Any]:
    size = MANY // CHUNKS
    return [(0, FEW)] + [
        pytest.param(FEW + number * size, size, marks=pytest.mark.long) for number in range(CHUNKS)
    ]


@fault(
    54,
    "several machines, any exchange",
    injected="2 to 5 machines with wrong clocks; files late, in pieces, old, deleted, in conflict",
    holds="each key press takes effect; nothing is lost; all machines and a new one agree",
    trials=f"{FEW} / {MANY:,} random histories",
)
@pytest.mark.parametrize(("first", "histories"), _chunks())
def test_several_machines_and_any_exchange(
    memory: Path, monkeypatch: pytest.MonkeyPatch, first: int, histories: int
) -> None:
    monkeypatch.setattr(store, "COMPACT_BYTES", 0)
    made, tally = template(memory / "made"), Counter[str]()
    for seed in range(first, first + histories):
        print(f"the history of seed {seed}")
        history = History(made, memory / str(seed), seed)
        history.play()
        tally += history.tally
        shutil.rmtree(memory / str(seed))
    print(dict(tally))
    assert tally.keys() >= SEEN


ATTRIBUTES = "marks/*.jsonl merge=union -text\n"
IGNORED = ".*.lock\n.*.tmp\n"


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_two_clones_of_a_repository_merge_even_one_machines_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "EMAIL"):
        monkeypatch.setenv(name, "ada@example.org")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "origin")
    clones = tmp_path / "one", tmp_path / "two"
    git(tmp_path, "clone", "-q", "origin", "one")
    put(clones[0], ".gitattributes", ATTRIBUTES)
    put(clones[0], ".gitignore", IGNORED)
    put(clones[0] / "digests", "0.txt", text([paper(0), paper(1), paper(2)]))
    # Both clones are of one machine, so that both append to the same file.
    mark(clones[0], paper(2).id)
    publish(clones[0])
    git(tmp_path, "clone", "-q", "origin", "two")
    mark(clones[0], FIRST)
    mark(clones[1], SECOND)
    for clone in (*clones, *clones):
        publish(clone)

    for clone in clones:
        assert starred(clone) == {FIRST, SECOND, paper(2).id}
        assert not git(clone, "status", "--porcelain")
        assert not git(clone, "grep", "-l", "<<<<<<<", "--", "marks", check=False)
    (journal,) = clones[0].glob("marks/*.jsonl")
    assert git(clones[1], "ls-files", "marks").split() == [f"marks/{journal.name}"]


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=check, capture_output=True, text=True
    )
    return done.stdout


def publish(clone: Path) -> None:
    """What the README says to do after reading."""
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "--allow-empty", "-m", "marks")
    if git(clone, "branch", "-r"):
        git(clone, "pull", "-q", "--no-rebase", "--no-edit")
    git(clone, "push", "-q", "origin", "main")


def mark(library: Path, paper: str) -> None:
    shell(library, "mark", "--star", paper)


def starred(library: Path) -> set[str]:
    records = json.loads(shell(library, "papers", "is:starred", "--json"))
    return {record["id"] for record in records}


def shell(library: Path, *arguments: str) -> str:
    command = [*PROGRAM, "--library", str(library), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
