from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from digest_tui import store as store_module
from digest_tui.marks import READ, STAR, Change, Decision, Stamp, Value, merge
from digest_tui.store import BadLine, NotSaved, Store, read_device
from tests.journals import (
    HEADER,
    NOON,
    STARRED,
    child,
    journal,
    laptop,
    output,
    papers,
    short,
    stars,
    state,
)


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


def test_a_torn_tail_that_lacks_only_its_line_end_does_not_win_over_what_follows(
    tmp_path: Path,
) -> None:
    journal(tmp_path, HEADER, STARRED.rstrip())
    before_noon = laptop(tmp_path, lambda: 1)
    before_noon.write(stars("2604.18616", value=False))

    assert state(laptop(tmp_path)) == {"2604.18616": False}


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


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compaction of journals of any size."""
    monkeypatch.setattr(store_module, "COMPACT_BYTES", 0)


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


def test_a_window_that_was_stopped_in_the_middle_of_writing_blocks_nobody(tmp_path: Path) -> None:
    store = Store(tmp_path, "aaaaaa", patience=0.05)
    holder = child("with store._opened(): say('held'); sys.stdin.read()", tmp_path, "aaaaaa")
    assert holder.stdout
    holder.stdout.readline()
    holder.send_signal(signal.SIGSTOP)
    with pytest.raises(NotSaved, match="1 change not saved: another window is in the middle of"):
        store.write(stars("1"))
    assert not store.compact()

    holder.kill()
    holder.communicate()
    assert papers(store.retry()) == ["1"]
    assert papers(store.read().changes) == ["1"]


def test_the_last_stamp_of_all_is_no_crash(tmp_path: Path) -> None:
    journal(tmp_path, HEADER, STARRED.replace(b"1790000000000,0", b"9007199254740991,0"))
    store = laptop(tmp_path)
    (held,) = store.read().changes
    written = store.write([Decision(held.paper, STAR, False, held), *stars("2")])
    assert [change.stamp.ms for change in written] == [2**53 - 1] * 2
    assert state(laptop(tmp_path)) == {held.paper: False, "2": True}


def test_what_is_kept_is_written_as_it_was_and_once(tmp_path: Path) -> None:
    store, other = laptop(tmp_path), Store(tmp_path / "elsewhere", "bbbbbb")
    mine = store.write(stars("1"))
    lost = (*other.write(stars("2", "3")), Change("4", STAR, True, Stamp(NOON), "aaaaaa"))
    assert store.keep([*mine, *lost]) == 3
    assert store.keep([*mine, *lost]) == 0
    assert set(laptop(tmp_path).read().changes) == {*mine, *lost}


def test_no_more_is_read_at_once_than_is_asked_for(tmp_path: Path) -> None:
    store, other = laptop(tmp_path), Store(tmp_path, "bbbbbb")
    for each in (store, other):
        each.write(stars(*map(str, range(10))))
    assert store.unread({}) == sum(path.stat().st_size for path in tmp_path.glob("*.jsonl"))
    readings = [store.read(most=200)]
    while not readings[-1].is_whole:
        assert store.changed(readings[-1].positions)
        readings.append(store.read(readings[-1].positions, most=200))
    assert len(readings) > 2
    changes = [change for reading in readings for change in reading.changes]
    assert set(changes) == set(store.read().changes)
    assert len(changes) == 20
    assert not store.changed(readings[-1].positions)
    assert store.unread(readings[-1].positions) == 0
