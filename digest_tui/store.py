"""Marks on disk: one append-only journal per device, in a folder that any file sync may carry.

    <folder>/k3f9a1.jsonl
    {"h":1,"app":"digest-tui","d":"k3f9a1","name":"laptop"}
    {"t":[1790000000123,0],"k":"2604.18616","f":"star","v":true}

A header, then a change a line; one that was taken over from another device's journal names that
device (`"d"`). The state is the merge of every journal in the folder, so what a sync tool does to
the files (late, twice, as a conflict copy) does not matter.

The law: only this device's own journal is ever written. One change is one complete line, and
the lines of one call are one write. Nothing is confirmed before it is on the disk: a write that
fails is cut off again, and its changes stay pending with the stamp of their key press, so that
what was decided later, on whatever machine, still wins when they are written. Nothing is
repaired in place: a line that cannot be read is skipped, named, and left where it is.

The journal is opened by name for every write, under a lock, because another window may have
replaced it by a compacted one. JSON is read with the standard library: this module is on the
way to the first frame, and importing pydantic would take longer than reading a year of marks.
"""

from __future__ import annotations

import errno
import fcntl
import gc
import json
import math
import os
import re
import stat
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from digest_tui.file_names import storable
from digest_tui.marks import INTEGERS, Change, Decision, Stamp, merge, next_stamp

HEADER = 1
"""The version of the format; an own journal with a higher one is not written."""
LONGEST = 64 * 1024
"""Bytes of a line, its end included."""
PATIENCE = 5.0
"""Seconds. To write a line takes a thousandth of one, to compact a journal of ten years one."""
COMPACT_BYTES = 4_000_000
COMPACT_DEAD = 0.5
"""A journal is compacted when it is larger, and a larger part of its lines is superseded."""

_CHECKED = 256
_TURN = 0.0005
"""Seconds between two tries to get a lock."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_DEVICE = re.compile("[a-z0-9]{6}")

# macOS has no fdatasync.
_sync = getattr(os, "fdatasync", os.fsync)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a journal was read. Numbers only, so that the index can keep it."""

    inode: int = 0
    size: int = 0
    """Bytes seen, a tail without a line end included."""
    offset: int = 0
    """Bytes of complete lines."""
    lines: int = 0
    check: int = 0
    """CRC-32 of the last bytes before the offset: tells whether a file that took this one's
    place, as sync tools do, begins with the same lines."""
    mtime_ns: int = 0
    """A file that is written over can come out as long as it was."""


_START = Position()
_NOWHERE: Mapping[str, Position] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read; line 0 is the whole file, named again at each reading."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What the journals hold beyond the positions that were asked for."""

    changes: tuple[Change, ...]
    positions: dict[str, Position]
    """By file name, for the next reading. A journal that is gone is not among them."""
    bad: tuple[BadLine, ...] = ()
    restarted: frozenset[str] = frozenset()
    """Journals read again from the first line, as they do not continue what was read before."""
    newer: frozenset[str] = frozenset()
    """Journals of a newer digest-tui; what is understood of them was read."""
    is_whole: bool = True
    """Whether there was no more to be read than was asked for at most."""
    copied: frozenset[Change] = frozenset()
    """Changes of this device that another file states than its own journal, which may lack them:
    a conflict copy of it, which some tools carry nowhere."""


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal by itself, and all that it says."""

    path: Path
    device: str
    """Whose it is; empty where its first line does not state that."""
    machine: str
    """What that machine is called; empty likewise."""
    reading: Reading


class NotSaved(Exception):
    """The journal could not be written: `3 changes not saved: disk full`."""

    def __init__(self, reason: str, count: int, changes: tuple[Change, ...]) -> None:
        super().__init__(f"{count} change{'' if count == 1 else 's'} not saved: {reason}")
        self.reason = reason
        self.count = count
        """How many changes are pending."""
        self.changes = changes
        """Those of the call that failed, one per decision."""


def _wall_clock() -> int:
    return time.time_ns() // 1_000_000


class Store:
    """The journals of a folder, and this device's place to append to."""

    def __init__(
        self,
        folder: Path,
        device: str,
        name: str = "",
        now: Callable[[], int] = _wall_clock,
        patience: float = PATIENCE,
    ) -> None:
        """For `patience` seconds a write waits for another window that is writing."""
        self.folder = folder
        self.device = device
        self.journal = folder / f"{device}.jsonl"
        """This device's own journal."""
        self.pending: tuple[Change, ...] = ()
        """Changes that are not on the disk yet, oldest first."""
        self._lock = folder / f".{device}.lock"
        self._name = name or os.uname().nodename
        self._now = now
        self._patience = patience
        self._last: Stamp | None = None
        self._left = (0, 0)

    def write(self, decisions: Sequence[Decision]) -> tuple[Change, ...]:
        """Writes what is pending and these decisions; returns a change per decision, in order.

        Raises `NotSaved` when they could not be put on the disk and are pending, `ValueError`
        when a decision makes no line that can be read back.
        """
        if not decisions and not self.pending:
            return ()
        changes: tuple[Change, ...] | None = None
        try:
            with self._opened() as descriptor:
                changes = self._stamped(decisions)
                self._append(descriptor, self.pending + changes)
        except OSError as error:
            changes = self._stamped(decisions) if changes is None else changes
            self.pending += changes
            raise NotSaved(reason(error), len(self.pending), changes) from error
        self.pending = ()
        return changes

    def retry(self) -> tuple[Change, ...]:
        """Writes what is pending, and returns it. Raises `NotSaved`."""
        waiting = self.pending
        self.write(())
        return waiting

    def keep(self, changes: Iterable[Change]) -> int:
        """Writes those of some changes that the own journal does not state, as they are: with
        their stamps and their devices. How many that were. Raises `NotSaved`.

        They are no decisions of now: a change that was lost here and is made up for must not win
        over what was decided elsewhere since.
        """
        lacking = list(changes)
        try:
            with self._opened() as descriptor:
                with self.journal.open("rb") as file:
                    stated = {change.identity for change in _changes(file, self.device) if change}
                lacking = [change for change in lacking if change.identity not in stated]
                if lacking:
                    self._append(descriptor, lacking)
        except OSError as error:
            raise NotSaved(reason(error), len(lacking), tuple(lacking)) from error
        return len(lacking)

    def read(self, since: Mapping[str, Position] = _NOWHERE, most: int | None = None) -> Reading:
        """Reads the complete lines of every journal beyond `since`, the own one included; of each
        journal no more than about so many bytes, so that a large one costs no more than that."""
        try:
            names = _names(self.folder)
        except OSError as error:
            return Reading((), dict(since), (BadLine(self.folder.name, 0, reason(error)),))
        with _collector_paused():
            readings = [_read(self.folder / n, since.get(storable(n)), most) for n in names]
        return Reading(
            tuple(change for reading in readings for change in reading.changes),
            {name: place for reading in readings for name, place in reading.positions.items()},
            tuple(line for reading in readings for line in reading.bad),
            frozenset().union(*(reading.restarted for reading in readings)),
            frozenset().union(*(reading.newer for reading in readings)),
            all(reading.is_whole for reading in readings),
            self._copied(dict(zip(names, readings, strict=True))),
        )

    def _copied(self, readings: Mapping[str, Reading]) -> frozenset[Change]:
        own = readings.get(self.journal.name)
        return frozenset(
            change
            for reading in readings.values()
            if reading is not own
            for change in reading.changes
            if change.device == self.device
        ).difference(own.changes if own else ())

    def journals(self) -> list[Journal]:
        """Every journal by itself. Raises `OSError` where the folder cannot be listed."""
        with _collector_paused():
            return [journal_at(self.folder / name) for name in _names(self.folder)]

    def unread(self, since: Mapping[str, Position]) -> int:
        """How many bytes the journals hold beyond `since`, about. Opens none of them."""
        with suppress(OSError):
            names = _names(self.folder)
            places = ((since.get(storable(name)), self.folder / name) for name in names)
            sizes = ((_place(path, before), before or _START) for before, path in places)
            return sum(place.size - before.offset for place, before in sizes if place)
        return 0

    def changed(self, since: Mapping[str, Position]) -> bool:
        """Whether the journals look different from `since`. Opens none of them."""
        try:
            names = _names(self.folder)
        except OSError:
            return False
        places = {storable(n): _place(self.folder / n, since.get(storable(n))) for n in names}
        return {name: place for name, place in places.items() if place} != since

    def compact(self) -> bool:
        """Rewrites the own journal without its superseded changes, if that is worth it.

        Every other line is kept verbatim. Returns whether the journal was replaced; where it
        cannot be, it is left as it is.
        """
        try:
            with _locked(self._lock, self._patience):
                return _compacted(Path(os.path.realpath(self.journal)), self.device)
        except OSError:
            return False

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """The own journal, open for appending under the lock, its last stamp known."""
        for path in (self.folder, self.journal):
            # Where a disk is not mounted, it is not for us to make what would lie under it.
            if path.is_symlink() and not path.exists():
                raise OSError(f"{path.name} is a link that leads nowhere")
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
        with _locked(self._lock, self._patience):
            # Reading and writing, because to open a FIFO for writing alone waits for a reader.
            descriptor = os.open(self.journal, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                self._catch_up(os.fstat(descriptor))
                yield descriptor
            finally:
                os.close(descriptor)

    def _catch_up(self, status: os.stat_result) -> None:
        """Learns the last stamp from the journal, unless we were the last to write it."""
        _require_file(status)
        if (status.st_ino, status.st_size) == self._left:
            return
        with self.journal.open("rb") as file:
            if _header(file)[1] > HEADER:
                raise OSError("the journal was written by a newer digest-tui")
            file.seek(max(0, status.st_size - LONGEST))
            # A torn tail counts: the line end that heals it may make a change of it.
            changes = _changes((line.rstrip(b"\n") + b"\n" for line in file), self.device)
        stamps = [self._last, *(change.stamp for change in changes if change)]
        self._last = max((stamp for stamp in stamps if stamp), default=None)

    def _stamped(self, decisions: Iterable[Decision]) -> tuple[Change, ...]:
        now = self._now()
        changes = []
        for wish in decisions:
            self._last = next_stamp(now, self._last, wish.replaced.stamp if wish.replaced else None)
            change = Change(wish.paper, wish.field, wish.value, self._last, self.device)
            # Read back before it is written: what every other machine will see, or a ValueError.
            changes.append(_change(_record(_line(change, self.device)), self.device))
        return tuple(changes)

    def _append(self, descriptor: int, changes: Iterable[Change]) -> None:
        size = os.fstat(descriptor).st_size
        data = b"".join(_line(change, self.device) for change in changes)
        if size == 0:
            header = {"h": HEADER, "app": "digest-tui", "d": self.device, "name": self._name}
            data = _encoded(header) + data
        elif os.pread(descriptor, 1, size - 1) != b"\n":
            # A torn line, or the NULs that a power cut leaves, must not swallow the next change.
            data = b"\n" + data
        try:
            # A short write is followed by another, whose error says why it was short.
            while data:
                data = data[os.write(descriptor, data) :]
            _sync(descriptor)
        except OSError:
            # Also when only the sync failed: a second one may succeed without writing anything,
            # so the lines themselves have to be written again.
            with suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        if size == 0:
            sync_folders(self.folder, self.folder.parent)
        status = os.fstat(descriptor)
        self._left = status.st_ino, status.st_size


def journal_at(path: Path) -> Journal:
    """A journal by itself; where it cannot be read, its reading says why."""
    header: Mapping[str, Any] = {}
    with suppress(OSError, ValueError):
        _require_file(path.stat())
        with path.open("rb") as file:
            header = _record(file.readline(LONGEST))
    stated = [header.get("d"), header.get("name")]
    device, machine = (text if type(text) is str else "" for text in stated)
    return Journal(path, device, machine, _read(path, None, None))


def read_device(path: Path, machine: str | None = None) -> str:
    """This machine's device name, six letters and digits, made where `path` holds none for it.

    A home that two machines share, and a state that was copied to another machine, hold a line
    for each: two machines never write one journal. Where it cannot be kept it is good for this
    run only.
    """
    machine = _machine() if machine is None else machine
    if name := _devices_in(path).get(machine):
        return name
    made = "".join(_BASE32[byte % 32] for byte in os.urandom(6))
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path.with_name(f".{path.name}.lock")):
            devices = _devices_in(path)
            # A name that no machine has taken is that of the first to ask.
            name = devices.get(machine) or devices.pop("", made)
            devices[machine] = name
            temporary = path.with_name(f".{path.name}.tmp")
            lines = (f"{name} {machine}".strip() for machine, name in devices.items())
            temporary.write_text("\n".join(lines) + "\n", "utf-8")
            temporary.replace(path)
            return name
    return made


def _devices_in(path: Path) -> dict[str, str]:
    """The device name of each machine that a file names."""
    try:
        lines = path.read_bytes().decode("ascii", "replace").splitlines()
    except OSError:
        return {}
    named = (line.partition(" ") for line in lines)
    return {machine: name for name, _, machine in named if _DEVICE.fullmatch(name)}


def _machine() -> str:
    """What tells this machine from others; nothing where the system does not say
    (https://www.freedesktop.org/software/systemd/man/machine-id.html)."""
    try:
        id_ = Path("/etc/machine-id").read_bytes().strip()
    except OSError:
        return ""
    # Not the id itself, which is not to be told about.
    return f"{zlib.crc32(b'digest-tui' + id_):08x}" if id_ else ""


def _names(folder: Path) -> list[str]:
    """The journals of a folder: conflict copies too, but no sync tool's temporary files."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(n for n in names if n.endswith(".jsonl") and not n.startswith((".", "~")))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No garbage collection: among hundreds of thousands of new values it takes a third of the
    time of reading them, finds nothing, and each run holds up the screen."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _place(path: Path, since: Position | None) -> Position | None:
    """A journal's position with its inode and size of now, or None where there is no journal.

    One that cannot be looked at is not gone: it stays where it was, and its marks with it.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return since
    if not stat.S_ISREG(status.st_mode):
        return None
    return replace(
        since or _START, inode=status.st_ino, size=status.st_size, mtime_ns=status.st_mtime_ns
    )


def _read(path: Path, since: Position | None, most: int | None) -> Reading:
    """One journal's part of a reading."""
    place = _place(path, since)
    try:
        _require_file(path.stat())
        with path.open("rb") as file:
            return _read_from(file, path, since or _START, most)
    except OSError as error:
        positions = {storable(path.name): place} if place else {}
        return Reading((), positions, (BadLine(storable(path.name), 0, reason(error)),))


def _read_from(file: BinaryIO, path: Path, since: Position, most: int | None) -> Reading:
    name = storable(path.name)
    device, version = _header(file)
    restarted = _check(file, since.offset) != since.check
    start = _START if restarted else since
    changes: list[Change] = []
    bad: list[BadLine] = []
    offset, number = start.offset, start.lines
    is_whole = True
    # As it was before it is read: what is written meanwhile is news.
    status = os.fstat(file.fileno())
    file.seek(offset)
    for line, length in _complete_lines(file):
        offset += length
        number += 1
        try:
            change = _parse(line, device or path.stem)
        except ValueError as error:
            bad.append(BadLine(name, number, str(error)))
        else:
            if change:
                changes.append(change)
        if most is not None and offset - start.offset >= most:
            is_whole = offset == os.fstat(file.fileno()).st_size
            break
    # Of a journal that was read in part, the rest is news.
    size = file.tell()
    place = Position(status.st_ino, size, offset, number, _check(file, offset), status.st_mtime_ns)
    return Reading(
        tuple(changes),
        {name: place},
        tuple(bad),
        frozenset({name} if restarted else ()),
        frozenset({name} if version > HEADER else ()),
        is_whole,
    )


def _complete_lines(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Each line that has an end, with its length; only the beginning of one that is too long."""
    while line := file.readline(LONGEST + 1):
        rest, length = line, len(line)
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(LONGEST)
            length += len(rest)
        if not rest:
            return
        yield line, length


def _check(file: BinaryIO, offset: int) -> int:
    start = max(0, offset - _CHECKED)
    file.seek(start)
    return zlib.crc32(file.read(offset - start))


def _header(file: BinaryIO) -> tuple[str, int]:
    """The device and the version that the first line states; empty and ours, where it does not."""
    file.seek(0)
    try:
        record = _record(file.readline(LONGEST))
    except ValueError:
        return "", HEADER
    device, version = record.get("d"), record.get("h")
    return device if type(device) is str else "", version if type(version) is int else HEADER


def _parse(line: bytes, device: str) -> Change | None:
    """The change that a line states; None for a blank line and a header."""
    if line.isspace():
        return None
    record = _record(line)
    return None if "h" in record else _change(record, device)


def _record(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST or not line.endswith(b"\n"):
        raise ValueError("longer than 64 KiB")
    try:
        text = line.decode().strip(" \t\r\n\0\ufeff")
        record, end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if end != len(text):
        raise ValueError("more than one record")
    if type(record) is not dict:
        raise ValueError("not a change")
    if "\\u" in text:
        return {key: _well_formed(value) for key, value in record.items()}
    return record


def _change(record: Mapping[str, Any], device: str) -> Change:
    try:
        ms, count = record["t"]
        paper, field, value = record["k"], record["f"], record["v"]
    except (KeyError, TypeError, ValueError):
        raise ValueError("not a change") from None
    if not (type(paper) is type(field) is str and _is_integer(ms) and _is_integer(count)):
        raise ValueError("not a change")
    if not (type(value) in (bool, str, type(None)) or _is_number(value)):
        raise ValueError("not a value")
    named = record.get("d")
    return Change(paper, field, value, Stamp(ms, count), named if type(named) is str else device)


def _is_integer(value: object) -> bool:
    return type(value) is int and -INTEGERS < value < INTEGERS


def _is_number(value: object) -> bool:
    return _is_integer(value) or (type(value) is float and math.isfinite(value))


def _well_formed(value: Any) -> Any:
    return _LONE_SURROGATE.sub("\ufffd", value) if type(value) is str else value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse)


def _line(change: Change, device: str) -> bytes:
    """A change as it stands in the journal of a device."""
    stamp = [change.stamp.ms, change.stamp.count]
    record = {"t": stamp, "k": change.paper, "f": change.field, "v": change.value}
    return _encoded(record if change.device == device else {**record, "d": change.device})


def _encoded(record: Mapping[str, object]) -> bytes:
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return _LONE_SURROGATE.sub("\ufffd", text).encode() + b"\n"


def _compacted(path: Path, device: str) -> bool:
    """Replaces a journal by its living lines, if enough are dead. Its lock is held."""
    for stale in path.parent.glob(f".{device}.*.tmp"):
        stale.unlink()
    if path.stat().st_size <= COMPACT_BYTES:
        return False
    with path.open("rb") as file:
        _, version = _header(file)
        file.seek(0)
        lines = list(file)
    changes = _changes(lines, device)
    winners = merge(change for change in changes if change)
    pairs = zip(lines, changes, strict=True)
    living = [line for line, change in pairs if not change or winners[change.key] is change]
    if version > HEADER or len(lines) - len(living) <= COMPACT_DEAD * len(lines):
        return False
    temporary = path.with_name(f".{device}.{os.getpid()}.tmp")
    try:
        _write_whole(temporary, living, path.stat().st_mode)
        with temporary.open("rb") as file:
            if merge(change for change in _changes(file, device) if change) != winners:
                return False
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folders(path.parent)
    return True


def _changes(lines: Iterable[bytes], device: str) -> list[Change | None]:
    """What each line states, None where it is not a change that can be read."""
    changes = []
    for line in lines:
        try:
            changes.append(_parse(line, device))
        except ValueError:
            changes.append(None)
    return changes


def _write_whole(path: Path, lines: Iterable[bytes], mode: int) -> None:
    with path.open("xb") as file:
        os.fchmod(file.fileno(), stat.S_IMODE(mode))
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _locked(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Holds an advisory lock, which the system releases when its holder dies.

    A holder that was stopped, by Ctrl-Z say, keeps it: that is not waited for for ever.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    end = time.monotonic() + patience
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise OSError("another window is in the middle of writing") from None
                time.sleep(_TURN)
                continue
            except OSError as error:
                # A network folder without locks: appending is still one write of whole lines.
                if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                    raise
            break
        yield
    finally:
        os.close(descriptor)


def sync_folders(*folders: Path) -> None:
    """Makes new names in folders durable, where the file system can."""
    for folder in folders:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _require_file(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a regular file")


def reason(error: OSError) -> str:
    """What the system says, in a few small words."""
    if error.errno == errno.ENOSPC:
        return "disk full"
    return error.strerror.lower() if error.strerror else str(error)
