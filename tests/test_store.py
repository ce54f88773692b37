from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from digest_tui import store as store_module
from digest_tui.marks import READ, STAR, Change, Decision, Stamp, Value, merge
from digest_tui.store import BadLine, NotSaved, Store, read_device

ROOT = Path(__file__).parents[1]
NOON = 1_790_000_000_000
HEADER = b'{"h":1,"app":"digest-tui","d":"aaaaaa","name":"laptop"}\n'
STARRED = b'{"t":[1790000000000,0],"k":"2604.18616","f":"star","v":true}\n'

PRELUDE = """
import os, sys
from pathlib import Path
from digest_tui import store as store_module
from digest_tui.marks import Decision
from digest_tui.store import NotSaved, Store, read_device
folder, device = Path(sys.argv[1]), sys.argv[2]
store = Store(folder, device)
def say(*words): print(*words, flush=True)
"""


def child(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process, which has a `store` of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def output(*processes: subprocess.Popen[str]) -> list[list[str]]:
    """The lines that each process said, once all of them are done."""
    lines = [process.communicate(timeout=60)[0].splitlines() for process in processes]
    assert all(process.returncode == 0 for process in processes)
    return lines


def laptop(folder: Path, now: Callable[[], int] = lambda: NOON) -> Store:
    return Store(folder, "aaaaaa", "laptop", now)


def stars(*papers: str, value: Value = True) -> list[Decision]:
    return [Decision(paper, STAR, value) for paper in papers]


def state(store: Store) -> dict[str, Value]:
    """The starred papers, as another window that was just opened would read them."""
    return {key[0]: change.value for key, change in merge(store.read().changes).items()}


def papers(changes: Iterable[Change]) -> list[str]:
    return [change.paper for change in changes]


def journal(folder: Path, *lines: bytes, name: str = "aaaaaa.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(b"".join(lines))
    return path


def short(value: object) -> str:
    return repr(value)[:40]


def test_a_journal_is_a_header_and_a_change_a_line(tmp_path: Path) -> None:
    store = laptop(tmp_path / "marks")
    assert not store.folder.exists()

    store.write(stars("2604.18616"))

    assert store.journal.read_bytes() == HEADER + STARRED
    assert store.journal.name == "aaaaaa.jsonl"


@pytest.mark.parametrize("value", [True, False, None, 0, 1, -1.5, 1.0, "", "稀疏\n\u2028", "\0"])
def test_what_is_written_is_what_is_read(tmp_path: Path, value: Value) -> None:
    store = laptop(tmp_path)
    written = store.write([Decision("hep-th/9901001", "tag:稀疏", value)])

    reading = laptop(tmp_path).read()
    assert [c.rank for c in reading.changes] == [c.rank for c in written]
    assert (reading.changes, reading.bad) == (written, ())


def test_a_lone_surrogate_is_replaced_on_the_way_out_and_in(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    (written,) = store.write([Decision("1", "note", "a\ud800b")])
    with store.journal.open("ab") as file:
        file.write(STARRED.replace(b"true", b'"c\\udfffd \\ud83d\\ude00"'))

    assert [c.value for c in store.read().changes] == [written.value, "c\ufffdd 😀"]
    assert written.value == "a\ufffdb"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**20, "x" * 70_000], ids=short)
def test_a_decision_that_nobody_could_read_back_is_refused(tmp_path: Path, value: Value) -> None:
    store = laptop(tmp_path)
    store.write(stars("1"))
    before = store.journal.read_bytes()
    with pytest.raises(ValueError, match=r"not|longer"):
        store.write([*stars("2"), Decision("3", "note", value)])

    assert store.journal.read_bytes() == before
    assert store.pending == ()


def test_stamps_rise_whatever_the_clock_does_and_whoever_wrote_last(tmp_path: Path) -> None:
    clock = iter([NOON, NOON, 0, 5, NOON + 9])
    first, second = laptop(tmp_path, clock.__next__), laptop(tmp_path, clock.__next__)
    written = [first.write(stars("1", "2")), second.write(stars("3")), first.write(stars("4"))]
    theirs = Change("5", STAR, True, Stamp(2 * NOON, 4), "bbbbbb")
    written += [second.write([Decision("5", STAR, False, theirs)]), first.write(stars("6"))]

    assert [change.stamp for changes in written for change in changes] == [
        *(Stamp(NOON, count) for count in range(4)),
        Stamp(2 * NOON, 5),
        Stamp(2 * NOON, 6),
    ]


@pytest.mark.parametrize("devices", [("aaaaaa", "aaaaaa"), ("aaaaaa", "bbbbbb")])
def test_two_windows_lose_nothing_and_repeat_no_stamp(
    tmp_path: Path, devices: tuple[str, str]
) -> None:
    code = """
for number in range(300):
    (change,) = store.write([Decision(f"{sys.argv[3]}.{number}", "star", True)])
    say(change.paper, change.stamp.ms, change.stamp.count)
"""
    said = output(*(child(code, tmp_path, device, i) for i, device in enumerate(devices)))

    reading = laptop(tmp_path).read()
    read = [f"{c.paper} {c.stamp.ms} {c.stamp.count}" for c in reading.changes]
    assert sorted(read) == sorted(said[0] + said[1])
    assert len({(c.device, c.stamp) for c in reading.changes}) == len(read) == 600
    assert reading.bad == ()


def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    code = """
store_module.COMPACT_BYTES, store_module.COMPACT_DEAD = int(sys.argv[4]), 0
number = 0
while True:
    number += 1
    for value in False, True:
        store.write([Decision(f"{sys.argv[3]}.{number}", "star", value)])
    say(f"{sys.argv[3]}.{number}")
    store.compact()
"""
    folder, chance = tmp_path / "marks", random.Random(1)
    acknowledged = set()
    for trial in range(30):
        # Every other writer also compacts its journal after each change.
        process = child(code, folder, "aaaaaa", trial, 0 if trial % 2 else 10**9)
        assert process.stdout
        for _ in range(chance.randrange(1, 40)):
            acknowledged.add(process.stdout.readline().strip())
        process.kill()
        acknowledged.update(process.communicate()[0].split())

    store = laptop(folder)
    assert {paper for paper, value in state(store).items() if value} >= acknowledged
    assert len(acknowledged) > 300
    store.compact()
    assert sorted(os.listdir(folder)) == [".aaaaaa.lock", "aaaaaa.jsonl"]


def test_a_journal_cut_at_any_byte_keeps_its_whole_lines_and_the_next_change(
    tmp_path: Path,
) -> None:
    store = laptop(tmp_path / "whole")
    written = store.write([*stars("1"), Decision("2", "note", "稀疏注意力"), *stars("3", "4")])
    whole = store.journal.read_bytes()
    for cut in range(len(whole) + 1):
        cut_off = laptop(tmp_path / str(cut))
        journal(cut_off.folder, whole[:cut])
        lines = whole[:cut].count(b"\n")
        kept = written[: max(0, lines - 1)]

        assert cut_off.read().changes == kept
        assert cut_off.read().bad == ()
        (added,) = cut_off.write(stars("5"))
        after = cut_off.read()
        # A line that lacked its end alone is whole again.
        assert after.changes in ((*kept, added), (*written[:lines], added))
        assert len(after.bad) <= 1


@pytest.mark.parametrize(
    "tail", [b"\0" * 4096, b"\0" * 100_000, b'{"t":[17900', b"\xe7\xa8"], ids=short
)
def test_a_torn_tail_costs_only_its_own_line(tmp_path: Path, tail: bytes) -> None:
    store = laptop(tmp_path)
    journal(tmp_path, HEADER, STARRED, tail)
    assert (len(store.read().changes), store.read().bad) == (1, ())

    store.write(stars("2"))

    assert papers(store.read().changes) == ["2604.18616", "2"]
    assert [(line.file, line.line) for line in store.read().bad] == [("aaaaaa.jsonl", 3)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"star 2604.18616\n", "not JSON"),
        (b"\xff\xfe\x00\x80\n", "not JSON"),
        (b"\0\0\0\0\n", "not JSON"),
        (b"[" * 60_000 + b"\n", "not JSON"),
        (STARRED.replace(b"true", b"NaN"), "not JSON"),
        (STARRED.replace(b"true", b"9" * 5000), "not JSON"),
        (STARRED[:-1] + STARRED, "more than one record"),
        (b"17\n", "not a change"),
        (b"{}\n", "not a change"),
        (STARRED.replace(b'"k"', b'"x"'), "not a change"),
        (STARRED.replace(b'"2604.18616"', b"2604.18616"), "not a change"),
        (STARRED.replace(b"[1790000000000,0]", b"1790000000000"), "not a change"),
        (STARRED.replace(b"[1790000000000,0]", b'"17"'), "not a change"),
        (STARRED.replace(b"[1790000000000,0]", b"[1790000000000,true]"), "not a change"),
        (STARRED.replace(b"[1790000000000,0]", b"[1e3,0]"), "not a change"),
        (STARRED.replace(b"[1790000000000,0]", b"[1790000000000000000000,0]"), "not a change"),
        (STARRED.replace(b"true", b"{}"), "not a value"),
        (STARRED.replace(b"true", b"[true]"), "not a value"),
        (STARRED.replace(b"true", b"1e999"), "not a value"),
        (STARRED.replace(b"true", b"9" * 20), "not a value"),
        (STARRED.replace(b"true", b'"' + b"x" * 70_000 + b'"'), "longer than 64 KiB"),
        (b"\0" * 200_000 + b"\n", "longer than 64 KiB"),
    ],
    ids=short,
)
def test_a_line_that_cannot_be_read_is_named_and_costs_nothing_else(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    store = laptop(tmp_path)
    path = journal(tmp_path, HEADER, STARRED, line, STARRED)
    before = path.read_bytes()

    reading = store.read()
    assert papers(reading.changes) == ["2604.18616", "2604.18616"]
    assert reading.bad == (BadLine("aaaaaa.jsonl", 3, reason),)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [
        STARRED,
        STARRED.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + STARRED,
        b"\0\0\0" + STARRED,
        b"\n \r\n" + STARRED,
        STARRED.replace(b"{", b'{"z":{"later":[1]},'),
        STARRED.replace(b'"k"', b'"k":"2604.00000","k"'),
    ],
)
def test_a_line_that_another_hand_has_touched_is_read(tmp_path: Path, line: bytes) -> None:
    journal(tmp_path, HEADER, line)

    reading = laptop(tmp_path).read()
    assert reading.changes == (Change("2604.18616", STAR, True, Stamp(NOON, 0), "aaaaaa"),)
    assert reading.bad == ()


def test_the_device_is_the_headers_or_else_the_file_names(tmp_path: Path) -> None:
    journal(tmp_path, HEADER, STARRED, name="aaaaaa (conflicted copy).jsonl")
    journal(tmp_path, STARRED, name="bbbbbb.jsonl")

    assert [c.device for c in laptop(tmp_path).read().changes] == ["aaaaaa", "bbbbbb"]


def test_conflict_copies_are_merged_and_temporary_files_are_not(tmp_path: Path) -> None:
    laptop(tmp_path).write(stars("1"))
    for name in ("aaaaaa.sync-conflict-20260422-101500-K3F9A1.jsonl", "bbbbbb.jsonl"):
        journal(tmp_path, HEADER, STARRED.replace(b"2604.18616", name[:16].encode()), name=name)
    for name in (".syncthing.bbbbbb.jsonl", "~bbbbbb.jsonl", "bbbbbb.jsonl.tmp"):
        journal(tmp_path, HEADER, STARRED.replace(b"2604.18616", b"9"), name=name)

    assert state(laptop(tmp_path)) == {"1": True, "aaaaaa.sync-conf": True, "bbbbbb.jsonl": True}


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    store = laptop(tmp_path / "marks")
    assert store.read().changes == ()
    assert not store.changed({})
    assert not store.compact()
    assert not store.folder.exists()


def test_what_is_not_a_file_is_named_and_never_waited_for(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    store.write(stars("1"))
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "nowhere.jsonl").symlink_to(tmp_path / "missing")

    reading = store.read()
    assert papers(reading.changes) == ["1"]
    assert [(line.file, line.line, line.reason) for line in reading.bad] == [
        ("folder.jsonl", 0, "not a regular file"),
        ("nowhere.jsonl", 0, "no such file or directory"),
        ("pipe.jsonl", 0, "not a regular file"),
    ]
    assert not store.changed(reading.positions)


def test_a_journal_that_cannot_be_looked_at_is_not_gone(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    store.write(stars("1"))
    first = store.read()
    store.journal.unlink()
    store.journal.symlink_to(store.journal.name)

    second = store.read(first.positions)
    assert second.positions == first.positions
    (bad,) = second.bad
    assert (bad.file, bad.line) == (store.journal.name, 0)
    assert not store.changed(first.positions)
    assert not store.compact()


def test_a_journal_of_ours_that_is_a_pipe_does_not_block(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    os.mkfifo(store.journal)
    with pytest.raises(NotSaved, match="1 change not saved: not a regular file"):
        store.write(stars("1"))


def test_only_what_was_appended_is_read_again(tmp_path: Path) -> None:
    store, other = laptop(tmp_path), Store(tmp_path, "bbbbbb")
    store.write(stars("1"))
    first = store.read()
    assert store.changed({})
    assert not store.changed(first.positions)

    store.write(stars("2"))
    other.write(stars("3"))
    assert store.changed(first.positions)
    second = store.read(first.positions)
    assert papers(second.changes) == ["2", "3"]
    assert second.restarted == frozenset()
    assert store.read(second.positions).changes == ()

    other.journal.unlink()
    assert store.changed(second.positions)
    assert other.journal.name not in store.read(second.positions).positions


def test_a_line_in_the_making_is_left_for_the_next_look(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    path = journal(tmp_path, HEADER, STARRED[:20])
    first = store.read()
    assert (first.changes, first.bad) == ((), ())
    assert not store.changed(first.positions)

    with path.open("ab") as file:
        file.write(STARRED[20:])
    second = store.read(first.positions)
    assert papers(second.changes) == ["2604.18616"]
    assert second.positions["aaaaaa.jsonl"].lines == 2


def test_a_bad_line_keeps_its_number_when_it_is_read_later(tmp_path: Path) -> None:
    path = journal(tmp_path, HEADER, STARRED)
    first = laptop(tmp_path).read()
    with path.open("ab") as file:
        file.write(b"torn\n")
    assert laptop(tmp_path).read(first.positions).bad == (BadLine(path.name, 3, "not JSON"),)


def test_a_journal_replaced_by_a_longer_copy_is_read_on(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    store.write(stars("1"))
    first = store.read()
    shutil.copy(store.journal, tmp_path / "copy")
    os.replace(tmp_path / "copy", store.journal)
    store.write(stars("2"))

    second = store.read(first.positions)
    assert papers(second.changes) == ["2"]
    assert second.restarted == frozenset()


@pytest.mark.parametrize("lines", [2, 4])
def test_a_journal_that_does_not_continue_what_was_read_is_read_from_its_start(
    tmp_path: Path, lines: int
) -> None:
    path = journal(tmp_path, HEADER, STARRED, STARRED, STARRED)
    first = laptop(tmp_path).read()
    path.write_bytes(HEADER + STARRED.replace(b"18616", b"18617") * lines)

    second = laptop(tmp_path).read(first.positions)
    assert papers(second.changes) == ["2604.18617"] * lines
    assert second.restarted == {"aaaaaa.jsonl"}


def test_many_decisions_are_one_write(tmp_path: Path) -> None:
    counter = Path("/proc/self/io")
    if not counter.exists():
        pytest.skip("the system does not count writes")

    def writes() -> int:
        return int(counter.read_text().split("syscw: ")[1].split()[0])

    store = laptop(tmp_path)
    before = writes()
    changes = store.write(stars(*map(str, range(250))))
    assert writes() - before == 1
    assert store.read().changes == changes


def test_a_full_disk_costs_nothing_and_is_made_up_for(tmp_path: Path) -> None:
    code = """
import resource
store.write([Decision("1", "star", True)])
size = store.journal.stat().st_size
before = store.journal.read_bytes()
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 90, most))
for paper in "2", "3":
    try:
        store.write([Decision(paper + letter, "star", True) for letter in "ab"])
    except NotSaved as error:
        say(error.reason, error.count, *(change.paper for change in error.changes))
say(store.journal.read_bytes() == before, *(change.paper for change in store.read().changes))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
say(*(change.paper for change in store.retry()), store.pending)
"""
    (said,) = output(child(code, tmp_path, "aaaaaa"))
    assert said == ["file too large 2 2a 2b", "file too large 4 3a 3b", "True 1", "2a 2b 3a 3b ()"]
    assert papers(laptop(tmp_path).read().changes) == ["1", "2a", "2b", "3a", "3b"]


def test_a_sync_that_fails_has_the_lines_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store = laptop(tmp_path)
    store.write(stars("1"))
    before = store.journal.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "_sync", fail)
        with pytest.raises(NotSaved, match="1 change not saved: disk full"):
            store.write(stars("2"))
    assert store.journal.read_bytes() == before

    assert papers(store.write(stars("3"))) == ["3"]
    assert papers(store.read().changes) == ["1", "2", "3"]
    assert store.pending == store.retry() == ()


def test_a_read_only_folder_is_read_and_refused(tmp_path: Path) -> None:
    code = """
os.chdir(folder)
if os.geteuid() == 0:
    os.setuid(65534)
store = Store(Path(), device)
try:
    store.write([Decision("2", "star", True)])
except NotSaved as error:
    say(error)
say(*(change.paper for change in store.read().changes), store.compact())
"""
    laptop(tmp_path).write(stars("1"))
    tmp_path.chmod(0o555)
    try:
        (said,) = output(child(code, tmp_path, "bbbbbb"))
    finally:
        tmp_path.chmod(0o755)
    assert said == ["1 change not saved: permission denied", "1 False"]


def test_a_pending_change_keeps_the_stamp_of_its_key_press(tmp_path: Path) -> None:
    clock = iter([NOON, NOON + 5, NOON + 9])
    ours, theirs = laptop(tmp_path, clock.__next__), Store(tmp_path, "bbbbbb", now=clock.__next__)
    ours.journal.mkdir(parents=True)
    with pytest.raises(NotSaved, match="is a directory") as caught:
        ours.write(stars("1"))
    assert caught.value.changes == ours.pending
    theirs.write(stars("1", value="later"))

    ours.journal.rmdir()
    assert ours.retry() == caught.value.changes
    assert state(ours) == {"1": "later"}


def test_a_folder_deleted_while_running_is_made_again(tmp_path: Path) -> None:
    store = laptop(tmp_path / "marks")
    store.write(stars("1"))
    shutil.rmtree(store.folder)
    store.write(stars("2"))
    assert state(store) == {"2": True}


def test_a_killed_holder_of_the_lock_lets_the_next_proceed(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    store.write(stars("1"))
    hold = "with store._opened(): say('held'); sys.stdin.read()"
    holder = child(hold, tmp_path, "aaaaaa")
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    waiting = child('store.write([Decision("2", "star", True)])', tmp_path, "aaaaaa")
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.5)
    assert papers(store.read().changes) == ["1"]

    holder.kill()
    holder.communicate()
    output(waiting)
    assert papers(store.read().changes) == ["1", "2"]


def test_a_journal_of_a_newer_version_is_read_but_never_written(tmp_path: Path) -> None:
    newer = HEADER.replace(b'"h":1', b'"h":2')
    path = journal(tmp_path, newer, STARRED, b'{"op":"later"}\n', b"torn")
    before = path.read_bytes()
    store = laptop(tmp_path)
    with pytest.raises(NotSaved, match="written by a newer digest-tui"):
        store.write(stars("1"))

    assert path.read_bytes() == before
    assert papers(store.read().changes) == ["2604.18616"]
    assert store.read().newer == {"aaaaaa.jsonl"}


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compaction of journals of any size."""
    monkeypatch.setattr(store_module, "COMPACT_BYTES", 0)


@pytest.mark.usefixtures("eager")
def test_compaction_keeps_winners_and_all_it_does_not_understand(tmp_path: Path) -> None:
    store = laptop(tmp_path / "marks")
    store.write(stars("1", "2"))
    strange = [
        b'{"t":[1790000000007,0],"k":"1","f":"tag:\xe7\xa8\x80","v":"x","later":[1]}\r\n',
        b'{"op":"later"}\n',
        b"\xff\0 torn\n",
        b'{"t":[1790000',
    ]
    with store.journal.open("ab") as file:
        file.writelines(strange)
    for value in range(40):
        store.write(stars("1", "2", value=value))
    (store.folder / ".aaaaaa.1234.tmp").write_bytes(b"stale")
    old, before = store.journal.read_bytes(), merge(store.read().changes)

    assert store.compact()

    new = store.journal.read_bytes()
    assert new == old.splitlines(True)[0] + b"".join(strange) + b"\n" + b"".join(
        old.splitlines(True)[-2:]
    )
    assert merge(store.read().changes) == before
    assert not store.compact()
    assert sorted(os.listdir(store.folder)) == [".aaaaaa.lock", "aaaaaa.jsonl"]
    (added,) = store.write(stars("3"))
    assert added.stamp > max(change.stamp for change in before.values())


@pytest.mark.usefixtures("eager")
def test_compaction_waits_until_half_of_the_lines_are_dead(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    for value in range(3):
        store.write(stars("1", value=value))
    assert not store.compact()
    for value in range(3):
        store.write(stars("1", value=value))
    assert store.compact()


def test_a_small_journal_and_those_of_others_are_never_compacted(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    path = journal(tmp_path, HEADER, STARRED * 1000)
    assert not store.compact()
    assert path.read_bytes() == HEADER + STARRED * 1000
    assert not Store(tmp_path, "bbbbbb").compact()


@pytest.mark.usefixtures("eager")
def test_compaction_keeps_a_link_a_link(tmp_path: Path) -> None:
    target = journal(tmp_path / "synced", HEADER, STARRED * 9)
    store = laptop(tmp_path / "marks")
    store.folder.mkdir()
    store.journal.symlink_to(target)
    target.chmod(0o640)
    assert store.compact()
    assert store.journal.is_symlink()
    assert target.read_bytes() == HEADER + STARRED
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("eager")
def test_a_window_that_writes_while_another_compacts_loses_nothing(tmp_path: Path) -> None:
    code = """
for number in range(300):
    store.write([Decision(str(number % 10), "star", number)])
"""
    store = laptop(tmp_path)
    compactions = 0
    writer = child(code, tmp_path, "aaaaaa")
    while writer.poll() is None:
        compactions += store.compact()
    output(writer)
    assert compactions
    assert state(store) == {str(paper): 290 + paper for paper in range(10)}


def test_a_device_name_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "state" / "device"
    name = read_device(path)
    assert len(name) == 6
    assert read_device(path) == name
    assert read_device(tmp_path / "other") != name


@pytest.mark.parametrize("content", [b"", b"\0\0\0\0\0\0\n", b"../../x", b"\xff\xfe", b"K3F9A1"])
def test_a_broken_device_name_is_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "device"
    path.write_bytes(content)
    name = read_device(path, "laptop")
    assert path.read_text() == f"{name} laptop\n"


def test_each_machine_has_a_device_name_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "device"
    path.write_text("k3f9a1\n")
    # A name that was given before machines were told apart stays with the first that asks.
    assert read_device(path, "laptop") == "k3f9a1"
    desktop = read_device(path, "desktop")
    assert desktop != "k3f9a1"
    assert [read_device(path, name) for name in ("laptop", "desktop")] == ["k3f9a1", desktop]
    # Where the system does not tell machines apart, there is one more.
    assert read_device(path, "") == read_device(path, "") not in ("k3f9a1", desktop)


def test_a_device_name_that_cannot_be_kept_serves_this_run(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    assert len(read_device(tmp_path / "state" / "device")) == 6


def test_processes_that_start_at_once_get_one_device_name(tmp_path: Path) -> None:
    (tmp_path / "device").write_bytes(b"broken!")
    code = """
say("ready")
while not (folder / "go").exists(): pass
say(read_device(folder / "device"))
"""
    starters = [child(code, tmp_path, "") for _ in range(5)]
    for starter in starters:
        assert starter.stdout
        starter.stdout.readline()
    (tmp_path / "go").touch()
    names = {lines[0] for lines in output(*starters)}
    assert names == {read_device(tmp_path / "device")}


def test_read_and_starred_are_kept_apart_and_merged(tmp_path: Path) -> None:
    desktop, phone = laptop(tmp_path), Store(tmp_path, "bbbbbb")
    (starred,) = desktop.write(stars("1"))
    (read,) = phone.write([Decision("1", READ, True)])
    assert merge(desktop.read().changes) == {("1", STAR): starred, ("1", READ): read}


def test_a_journal_of_strangers_is_valid_json_lines(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    store.write([Decision('2604"18616', "tag:稀\u2028疏", 'a "b"\n')])
    lines = [json.loads(line) for line in store.journal.read_bytes().split(b"\n")[:-1]]
    assert [sorted(line) for line in lines] == [["app", "d", "h", "name"], ["f", "k", "t", "v"]]
