from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from itertools import permutations, product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest_tui import store as store_module
from digest_tui.index import Index
from digest_tui.library import Library
from digest_tui.marks import READ, STAR, Change, Decision, Key, Rank, Stamp, Value, merge
from digest_tui.settings import places
from digest_tui.store import BadLine, NotSaved, Store
from tests.faults.catalogue import fault, trials
from tests.journals import HEADER, NOON, STARRED, journal, laptop, papers, short, stars, state
from tests.made import papers as papers_of
from tests.made import put, text
from tests.terminal import PROGRAM, Terminal

NOTE = '{"t":[1790000000001,0],"k":"2604.18617","f":"note","v":"稀疏注意力，值得再读"}\n'.encode()
OTHER = STARRED.replace(b"18616", b"18618")


@fault(
    5,
    "torn last line",
    injected="the journal cut off at every byte",
    holds="every whole line is there, and so is the next change",
    trials="every byte of a journal of 5 lines",
)
def test_a_torn_last_line(tmp_path: Path) -> None:
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


@fault(
    6,
    "torn inside a character",
    injected="a Chinese note cut off inside each of its characters",
    holds="the note alone is named as not readable; the next change is kept",
    trials="20, two in each character",
)
def test_a_line_torn_inside_a_character(tmp_path: Path) -> None:
    inside = [i for i in range(1, len(NOTE)) if NOTE[i] & 0xC0 == 0x80]
    assert len(inside) == 20
    for cut in inside:
        store = laptop(tmp_path / str(cut))
        journal(store.folder, HEADER, STARRED, NOTE[:cut])
        assert (papers(store.read().changes), store.read().bad) == (["2604.18616"], ())

        store.write(stars("2"))

        reading = store.read()
        assert papers(reading.changes) == ["2604.18616", "2"]
        assert reading.bad == (BadLine("aaaaaa.jsonl", 3, "not JSON"),)


@fault(
    7,
    "zeros in place of lines",
    injected="4 kB and 100 kB of NUL at the end, over a line in the middle, and as the whole file",
    holds="one line is named for each block; every other line is read, and the next change is kept",
    trials="5",
)
@pytest.mark.parametrize(
    ("content", "read"),
    [
        (HEADER + STARRED + b"\0" * 4096, ["2604.18616"]),
        (HEADER + STARRED + b"\0" * 100_000, ["2604.18616"]),
        (HEADER + STARRED + b"\0" * 4096 + NOTE[-9:] + OTHER, ["2604.18616", "2604.18618"]),
        (HEADER + b"\0" * 4096 + b"\n" + OTHER, ["2604.18618"]),
        (b"\0" * 4096, []),
    ],
    ids=["end", "long end", "middle", "a line", "whole"],
)
def test_zeros_in_place_of_lines(tmp_path: Path, content: bytes, read: list[str]) -> None:
    store = laptop(tmp_path)
    journal(tmp_path, content)
    assert papers(store.read().changes) == read

    store.write(stars("2"))

    assert papers(store.read().changes) == [*read, "2"]
    assert len(store.read().bad) == 1


@fault(
    8,
    "noise",
    injected="lines of random bytes, and of bytes that are no UTF-8",
    holds="each is skipped and named with its number; every other line is read",
    trials="500",
)
def test_noise(tmp_path: Path) -> None:
    chance = random.Random(8)
    lines = [chance.randbytes(chance.randrange(1, 300)) for _ in range(498)]
    lines += [b"\xff\xfe\x00\x80", NOTE[:-3] + b'\xe7\xa8"}']
    noise = [line.replace(b"\n", b"").replace(b" ", b"x") + b"\xff\n" for line in lines]
    journal(tmp_path, HEADER, *(line for bad in noise for line in (bad, OTHER)))

    reading = laptop(tmp_path).read()
    assert papers(reading.changes) == ["2604.18618"] * 500
    assert [(bad.line, bad.reason) for bad in reading.bad] == [
        (number, "not JSON") for number in range(2, 1002, 2)
    ]


@fault(
    9,
    "a bit that flips",
    injected="each bit of a journal of 4 lines, Chinese ones among them, flipped by itself",
    holds="no exception, and no other line is changed; without a checksum, 27% of the flips go "
    "unnoticed, each in its one line",
    trials="every bit, some 2,100",
)
def test_a_bit_that_flips(tmp_path: Path) -> None:
    lines = [HEADER, STARRED, NOTE, OTHER]
    whole = b"".join(lines)
    path = journal(tmp_path, whole)
    before = [_said(change) for change in laptop(tmp_path).read().changes]
    unnoticed = 0
    for place in range(len(whole)):
        hit = whole[:place].count(b"\n")
        # Without the end of its line, it runs on into the next.
        is_hit = {hit, hit + 1} if whole[place : place + 1] == b"\n" else {hit}
        others = [said for n, said in enumerate(before, start=1) if n not in is_hit]
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            with path.open("r+b") as file:
                file.write(flipped)

            reading = laptop(tmp_path).read()

            said = [_said(change) for change in reading.changes]
            assert [one for one in said if one in others] == others
            assert len(said) <= len(before)
            is_told = bool(reading.bad or reading.newer)
            unnoticed += not is_told and said != before
    assert 0 < unnoticed < 0.4 * 8 * len(whole)


def _said(change: Change) -> tuple[str, str, Value, Stamp]:
    return change.paper, change.field, change.value, change.stamp


@fault(
    10,
    "lines fused, blank, or changed by an editor",
    injected="two records in a line, blank lines, CRLF, a BOM, spaces, zeros before a line",
    holds="fused lines are named; all others are read as they are meant",
    trials="8",
)
@pytest.mark.parametrize(
    ("line", "read", "bad"),
    [
        (STARRED[:-1] + OTHER, [], ["more than one record"]),
        (b"\n \r\n\n", [], []),
        (STARRED.replace(b"\n", b"\r\n"), ["2604.18616"], []),
        (b"\xef\xbb\xbf" + STARRED, ["2604.18616"], []),
        (b"  " + STARRED.replace(b"}", b"} \t"), ["2604.18616"], []),
        (b"\0\0\0" + STARRED, ["2604.18616"], []),
        (STARRED.replace(b'"k"', b' "k" '), ["2604.18616"], []),
        (STARRED.replace(b"{", b'{"z":{"later":[1]},'), ["2604.18616"], []),
    ],
    ids=short,
)
def test_a_line_that_another_hand_has_touched(
    tmp_path: Path, line: bytes, read: list[str], bad: list[str]
) -> None:
    _read_around(tmp_path, line, read, bad)


@fault(
    11,
    "JSON at its limits",
    injected="a key twice, NaN, a number of 5,000 digits or beyond a float, nesting 100,000 deep",
    holds="no exception; of a key the last value counts, all else is named",
    trials="7",
)
@pytest.mark.parametrize(
    ("line", "read", "bad"),
    [
        (STARRED.replace(b'"k"', b'"k":"2604.00000","k"'), ["2604.18616"], []),
        (STARRED.replace(b"true", b"NaN"), [], ["not JSON"]),
        (STARRED.replace(b"true", b"-Infinity"), [], ["not JSON"]),
        (STARRED.replace(b"true", b"9" * 5000), [], ["not JSON"]),
        (STARRED.replace(b"true", b"1e999"), [], ["not a value"]),
        (b"[" * 60_000 + b"\n", [], ["not JSON"]),
        (b"[" * 100_000 + b"\n", [], ["longer than 64 KiB"]),
    ],
    ids=short,
)
def test_json_at_its_limits(tmp_path: Path, line: bytes, read: list[str], bad: list[str]) -> None:
    _read_around(tmp_path, line, read, bad)


@fault(
    12,
    "wrong types",
    injected="a number for a paper, a text for a stamp, an object for a value, fields that lack",
    holds="the line is named and not applied",
    trials="13",
)
@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"star 2604.18616\n", "not JSON"),
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
        (STARRED.replace(b"true", b"9" * 20), "not a value"),
    ],
    ids=short,
)
def test_wrong_types(tmp_path: Path, line: bytes, reason: str) -> None:
    _read_around(tmp_path, line, [], [reason])


def _read_around(folder: Path, line: bytes, read: list[str], bad: list[str]) -> None:
    """Reads a journal that holds a line between two good ones."""
    path = journal(folder, HEADER, OTHER, line, OTHER)
    before = path.read_bytes()

    reading = laptop(folder).read()
    assert papers(reading.changes) == ["2604.18618", *read, "2604.18618"]
    assert reading.bad == tuple(BadLine("aaaaaa.jsonl", 3, reason) for reason in bad)
    assert path.read_bytes() == before


@fault(
    13,
    "a line and a journal that are huge",
    injected="a line of 20 MB; a journal of 5 MB, in the long run of 200 MB",
    holds="the line is named, every other is read; memory stays that of a small journal",
    trials="1 / 1",
)
@pytest.mark.parametrize("megabytes", [5, pytest.param(200, marks=pytest.mark.long)])
def test_a_huge_journal(tmp_path: Path, megabytes: int) -> None:
    listed = papers_of(*range(50))
    put(tmp_path / "digests", "1.txt", text(listed))
    small, _ = _peak_of("--library", str(tmp_path), "papers", "is:starred")
    path = journal(tmp_path / "marks", OTHER, b"x" * 20_000_000 + b"\n")
    with path.open("ab") as file:
        for number in range(megabytes * 1_000_000 // len(STARRED)):
            stamp, id_ = b"%d" % (NOON + number), listed[number % 50].id.encode()
            file.write(b'{"t":[%b,0],"k":"%b","f":"star","v":true}\n' % (stamp, id_))

    huge, starred = _peak_of("--library", str(tmp_path), "papers", "is:starred")
    assert starred == 50
    assert huge < 1.4 * small
    assert laptop(tmp_path / "marks").read(most=1000).bad == (
        BadLine("aaaaaa.jsonl", 2, "longer than 64 KiB"),
    )


def _peak_of(*arguments: str) -> tuple[int, int]:
    """The most memory that the program took, and how many lines it printed."""
    # What its parent had when it forked counts as the child's own: this one has little.
    code = (
        "import resource, subprocess, sys;"
        "print(subprocess.run(sys.argv[1:], check=True, capture_output=True).stdout.count(b'\\n'));"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, *PROGRAM, *arguments]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines, peak = map(int, said.split())
    return peak, lines


@fault(
    28,
    "one stamp for two values",
    injected="two lines of one device with one stamp and different values, in every order",
    holds="every machine and every index shows the same one",
    trials="34",
)
@pytest.mark.parametrize(
    "values",
    [(True, False), ("a", True, None), (1, 2, "稀疏", "1"), (False, "")],
    ids=short,
)
def test_one_stamp_for_two_values(tmp_path: Path, values: Sequence[Value]) -> None:
    changes = [Change("1", "note", value, Stamp(NOON), "aaaaaa") for value in values]
    seen = set()
    for number, order in enumerate(permutations(changes)):
        folder = tmp_path / str(number)
        with closing(Index(folder / "index.sqlite3")) as index:
            for place, change in enumerate(order):
                name = f"aaaaaa ({place}).jsonl"
                journal(folder, HEADER, _line(change), name=name)
                index.mirror(laptop(folder).read)
            seen.add(repr(state(laptop(folder))["1"]))
            seen.add(repr(index.winners(["1"])["1", "note"].value))
    assert len(seen) == 1


CHANGES = st.builds(
    Change,
    st.sampled_from(["1", "2"]),
    st.sampled_from([READ, STAR, "note"]),
    st.sampled_from([True, False, "稀疏", 1]),
    st.builds(Stamp, st.integers(0, 3), st.integers(0, 2)),
    st.sampled_from(["aaaaaa", "bbbbbb"]),
)
History = list[tuple[Change, int, bool]]
"""Changes; of each, which copy of its device's journal holds it, and whether it comes late."""
HISTORIES = st.lists(st.tuples(CHANGES, st.integers(0, 2), st.booleans()), max_size=12)


@fault(
    33,
    "any order, any grouping, anything twice",
    injected="changes shuffled, split over files and conflict copies, repeated, files replaced",
    holds="the same state each time, in what is read and in the index",
    trials="25 / 1000 made histories",
)
@trials(25, 1000)
def test_any_order(trials: int) -> None:
    settings(max_examples=trials)(given(HISTORIES, st.randoms())(_arrive))()


def _arrive(history: History, chance: random.Random) -> None:
    told = [*history, *(each for each in history if chance.random() < 0.3)]
    chance.shuffle(told)
    with TemporaryDirectory() as name, closing(Index(Path(name) / "index.sqlite3")) as index:
        for lateness in (False, True):
            for device, copy in product(("aaaaaa", "bbbbbb"), range(3)):
                here = [(c, late) for c, n, late in told if (c.device, n) == (device, copy)]
                lines = [_line(change) for change, late in here if late <= lateness]
                header = HEADER.replace(b"aaaaaa", device.encode())
                journal(Path(name), header, *lines, name=f"{device}{' (copy)' * copy}.jsonl")
            index.mirror(laptop(Path(name)).read)
        winners = merge(change for change, *_ in history)
        assert _ranks(merge(laptop(Path(name)).read().changes)) == _ranks(winners)
        assert _ranks(index.winners(["1", "2"])) == _ranks(winners)


def _ranks(winners: dict[Key, Change]) -> dict[Key, Rank]:
    return {key: change.rank for key, change in winners.items()}


def _line(change: Change) -> bytes:
    return store_module._line(change, change.device)


@fault(
    34,
    "a newer format",
    injected="a header of version 2 in the own journal, and in another machine's",
    holds="the own one is not written, nor a byte of it changed; of both is read what is known",
    trials="2",
)
def test_a_journal_of_a_newer_version(tmp_path: Path) -> None:
    newer = HEADER.replace(b'"h":1', b'"h":2')
    own = journal(tmp_path, newer, STARRED, b'{"op":"later"}\n', b"torn")
    theirs = journal(tmp_path, newer.replace(b"aaaaaa", b"bbbbbb"), OTHER, name="bbbbbb.jsonl")
    before = own.read_bytes(), theirs.read_bytes()
    store = laptop(tmp_path)
    with pytest.raises(NotSaved, match="written by a newer digest-tui"):
        store.write(stars("1"))
    assert not store.compact()
    Store(tmp_path, "cccccc").write(stars("2"))

    assert (own.read_bytes(), theirs.read_bytes()) == before
    assert papers(store.read().changes) == ["2604.18616", "2604.18618", "2"]
    assert store.read().newer == {"aaaaaa.jsonl", "bbbbbb.jsonl"}
    assert papers(store.pending) == ["1"]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compaction of journals of any size."""
    monkeypatch.setattr(store_module, "COMPACT_BYTES", 0)


@fault(
    35,
    "fields and lines of a later version",
    injected="unknown fields, records, torn and binary lines in a journal that is compacted",
    holds="they survive byte for byte",
)
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


@fault(
    37,
    "links",
    injected="the journal, or the folder of marks, is a link; or one that leads nowhere",
    holds="what it leads to is written and compacted, and the link stays; a link to nowhere is "
    "named, and nothing is made there",
    trials="4",
)
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("is_there", [True, False], ids=["somewhere", "nowhere"])
@pytest.mark.parametrize("linked", ["marks", "marks/aaaaaa.jsonl"])
def test_a_link(tmp_path: Path, linked: str, is_there: bool) -> None:
    synced, link = tmp_path / "synced", tmp_path / linked
    target = synced if linked == "marks" else synced / "aaaaaa.jsonl"
    synced.mkdir()
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target)
    store = laptop(tmp_path / "marks")
    if not is_there:
        if linked == "marks":
            synced.rmdir()
        with pytest.raises(NotSaved, match=f"saved: {link.name} is a link that leads nowhere"):
            store.write(stars("1"))
        assert not target.exists()
        assert papers(store.pending) == ["1"]
        return
    journal(synced, HEADER, STARRED * 9).chmod(0o640)

    store.write(stars("1"))
    assert store.compact()

    assert link.is_symlink()
    assert papers(store.read().changes) == ["2604.18616", "1"]
    assert papers(laptop(synced).read().changes) == ["2604.18616", "1"]
    assert (synced / "aaaaaa.jsonl").stat().st_mode & 0o777 == 0o640


REASONS = {
    "folder": "not a regular file",
    "pipe": "not a regular file",
    "device": "not a regular file",
    "nowhere": "no such file or directory",
}
"""Of what stands in place of a journal, why it is not read."""


@fault(
    38,
    "a folder, a pipe or a device in place of a journal",
    injected="a folder, a FIFO, /dev/full and a link to nowhere as other machines' journals, a "
    "FIFO as the own one, before the real program",
    holds="each is named and nothing waits for it; all other marks are shown, decisions pend",
)
def test_no_file_in_place_of_a_journal(tmp_path: Path) -> None:
    put(tmp_path / "digests", "1.txt", text(papers_of(1, 2)))
    with closing(Library(places(tmp_path))) as library:
        own = library.store.journal
    journal(tmp_path / "marks", HEADER, STARRED.replace(b"18616", b"00001"))
    for kind in REASONS:
        _put(kind, own.with_name(f"{kind}.jsonl"))
    _put("pipe", own)

    with Terminal("--library", str(tmp_path), size=(150, 24)) as terminal:
        terminal.see("★ Paper 1", "Starred         1")
        terminal.press("r")
        terminal.see("1 change not saved: not a regular file")
        terminal.press("q")
        terminal.see("again leaves without them")
        terminal.press("q")
        assert terminal.wait() == 1
    doctor = [*PROGRAM, "--library", str(tmp_path), "doctor"]
    report = subprocess.run(doctor, capture_output=True, text=True, check=False).stdout
    assert all(name in report for name in (own.name, *(f"{kind}.jsonl" for kind in REASONS)))


@pytest.mark.parametrize("kind", REASONS)
def test_what_is_no_file_is_neither_waited_for_nor_written(tmp_path: Path, kind: str) -> None:
    store = laptop(tmp_path)
    journal(tmp_path, HEADER, STARRED, name="bbbbbb.jsonl")
    _put(kind, store.journal)
    with pytest.raises(NotSaved, match="1 change not saved: "):
        store.write(stars("1"))

    reading = store.read()
    assert papers(reading.changes) == ["2604.18616"]
    assert reading.bad == (BadLine("aaaaaa.jsonl", 0, REASONS[kind]),)
    assert not store.changed(reading.positions)
    assert not store.compact()


def _put(kind: str, path: Path) -> None:
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/full" if Path("/dev/full").exists() else "/dev/null")
        case _:
            path.symlink_to(path.with_name("missing"))


@fault(
    52,
    "half a character",
    injected="a lone surrogate in a note, as a paste can bring it, and escaped in a journal",
    holds="it is saved and read as U+FFFD; no exception",
)
def test_a_lone_surrogate(tmp_path: Path) -> None:
    store = laptop(tmp_path)
    (written,) = store.write([Decision("1", "note", "a\ud800b")])
    with store.journal.open("ab") as file:
        file.write(STARRED.replace(b"true", b'"c\\udfffd \\ud83d\\ude00"'))

    assert [c.value for c in store.read().changes] == [written.value, "c\ufffdd 😀"]
    assert written.value == "a\ufffdb"
