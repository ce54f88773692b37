"""What the journals of marks say, device by device, and what in their folder needs a hand.

Law: of what `--fix` takes away nothing is lost, whatever happens meanwhile. Marks are written into
this device's own journal, which is read back, before the file that they came from is removed; and
where anything of that file is not understood, it stays.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby
from pathlib import Path

from digest_tui.doctor.digests import abandoned, dangling
from digest_tui.doctor.finding import Finding, NotMended, many, mendable, span
from digest_tui.library import Library
from digest_tui.marks import Change, Stamp
from digest_tui.store import BadLine, Journal, Store, journal_at, reason

_AHEAD_MS = 60_000
"""Milliseconds by which the clocks of two machines may differ."""
_TOOLS = (
    ("Syncthing", r"\.sync-conflict-\d{8}-\d{6}(-\w+)?"),
    ("Nextcloud", r" \(conflicted copy [\d -]+\)|_conflict-\d{8}-\d{6}"),
    ("Dropbox", r" \(.*conflicted copy.*\)"),
    ("a second download, or OneDrive", r" ?\(\d+\)"),
    ("OneDrive", r"-[\w-]+"),
)
_BY_NAME = re.compile(r"([a-z0-9]{6})(\W.*|_conflict.*)?", re.DOTALL)
_OF_GIT = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")


@dataclass(frozen=True, slots=True)
class Device:
    """A machine, by the changes that it made."""

    id: str
    name: str
    """What it calls itself; empty where no journal says so."""
    is_this: bool
    changes: int
    newest_ms: int
    """Milliseconds since 1970, by its own clock."""
    ahead: int
    """How many of its changes are ahead of this machine's clock."""
    ahead_ms: int
    """By how much at most."""


def devices(journals: Sequence[Journal], own: str, now_ms: int) -> list[Device]:
    """The devices that made changes, this one first. What stands twice is one change."""
    stamps: defaultdict[str, set[Stamp]] = defaultdict(set)
    names = _names(journals)
    for journal in journals:
        for change in journal.reading.changes:
            stamps[change.device].add(change.stamp)
    found = []
    for device in sorted(stamps, key=lambda device: (device != own, device)):
        ahead = [stamp.ms for stamp in stamps[device] if stamp.ms > now_ms + _AHEAD_MS]
        newest = max(stamps[device]).ms
        by = max(ahead, default=now_ms) - now_ms
        name, changes = names.get(device, ""), len(stamps[device])
        found.append(Device(device, name, device == own, changes, newest, len(ahead), by))
    return found


def findings(
    library: Library, journals: Sequence[Journal], devices: Iterable[Device]
) -> Iterator[Finding]:
    """What the folder of marks calls for."""
    names = _names(journals)
    yield from chain.from_iterable(_unread(journal) for journal in journals)
    yield from filter(None, map(_ahead, devices))
    for journal in journals:
        if finding := _copy(library.store, journal, names):
            yield finding
    yield from _vanished(library, journals, names)
    yield from _stale(library.store)


def _names(journals: Iterable[Journal]) -> dict[str, str]:
    """What machines call themselves, by their devices."""
    return {journal.device: journal.machine for journal in journals if journal.machine}


def _ahead(device: Device) -> Finding | None:
    if not device.ahead:
        return None
    who = _called(device.id, device.name)
    what = (
        f"{who}: {many(device.ahead, 'change')} from the future, up to {span(device.ahead_ms)}"
        " ahead of the clock here; they count all the same"
    )
    step = "set this machine's clock" if device.is_this else "set the clock of that machine"
    return Finding(what, f"{step}, if it is wrong; nothing is lost by it")


def _called(device: str, name: str) -> str:
    return f"{name} ({device})" if name else device


def _unread(journal: Journal) -> Iterator[Finding]:
    """What of a journal could not be read."""
    path, reading = journal.path, journal.reading
    if reading.newer:
        what = f"marks/{path.name}: written by a newer digest-tui; this one leaves it alone"
        yield Finding(what, "update digest-tui here")
    if any(bad.line == 0 for bad in reading.bad):
        yield _no_journal(path, reading.bad[0].reason)
        return
    left_by_git = _marked_by_git(path, reading.bad)
    if left_by_git:
        what = f"marks/{path.name}:{left_by_git[0]}: a conflict that git left; both its sides count"
        step = "delete the lines of <<<<<<<, ======= and >>>>>>>"
        yield Finding(what, f"{step}; `marks/*.jsonl merge=union` in .gitattributes prevents it")
    for where, why in _ranges(bad for bad in reading.bad if bad.line not in left_by_git):
        step = "mend it or delete it, if you know what it said; every other line was read"
        yield Finding(f"marks/{path.name}:{where}: {why}", step)


def _ranges(bad: Iterable[BadLine]) -> Iterator[tuple[str, str]]:
    """Lines that could not be read, and why; neighbors of one reason together."""
    numbered = enumerate(bad)
    for (why, _), some in groupby(numbered, lambda each: (each[1].reason, each[1].line - each[0])):
        lines = [line.line for _, line in some]
        yield (f"{lines[0]}-{lines[-1]}" if len(lines) > 1 else str(lines[0])), why


def _no_journal(path: Path, why: str) -> Finding:
    if path.is_symlink() and not path.exists():
        return dangling(path)
    if path.is_dir():
        what = f"marks/{path.name}: a folder, and no journal"
        return Finding(what, "move it out of the folder of marks, or give it another name")
    step = "see to that: its marks, if it has any, are not known here until then"
    return Finding(f"marks/{path.name}: cannot be read ({why})", step)


def _marked_by_git(path: Path, bad: Iterable[BadLine]) -> list[int]:
    """Those of the lines that git put around a conflict."""
    return [number for number, line in _verbatim(path, bad) if line.startswith(_OF_GIT)]


def _verbatim(path: Path, bad: Iterable[BadLine]) -> list[tuple[int, bytes]]:
    """Lines that could not be read, as they are."""
    numbers = {line.line for line in bad}
    if not numbers:
        return []
    with path.open("rb") as file:
        return [(number, line) for number, line in enumerate(file, 1) if number in numbers]


def _copy(store: Store, journal: Journal, names: dict[str, str]) -> Finding | None:
    """What is to become of a journal that is another one's copy; None for one that is not."""
    path = journal.path
    by_name = _BY_NAME.fullmatch(path.stem)
    owner = journal.device or (by_name[1] if by_name else "")
    if path.stem == owner or not owner or not path.is_file():
        return None
    left = path.stem.removeprefix(owner)
    tool = next((tool for tool, form in _TOOLS if re.fullmatch(form, left)), "")
    what = f"marks/{path.name}: a copy of the journal of {_called(owner, names.get(owner, ''))}"
    what += f", made by {tool}; what it says counts" if tool else "; what it says counts"
    if owner != store.device:
        step = "run digest-tui doctor --fix on that machine; if it is no more, let the copy be"
        return Finding(what, step)
    if left == path.stem:
        return Finding(what, "move it out of the folder of marks, if you put it there")
    if why := _why_kept(store, journal):
        return Finding(what, f"it is left where it is, because {why}")
    count = many(len(journal.reading.changes), "mark")
    will = f"adds to {store.journal.name} what it lacks of the copy's {count}, then removes that"
    return mendable(what, will, partial(_merged, store, path))


def _why_kept(store: Store, journal: Journal) -> str:
    """Why a copy of the own journal cannot be merged into it; empty where it can."""
    reading, path = journal.reading, journal.path
    if store.journal.exists() and path.samefile(store.journal):
        return f"it is {store.journal.name} itself, by another name"
    if journal.device != store.device:
        return "its first line, which says whose it is, cannot be read"
    if reading.newer:
        return "it was written by a newer digest-tui"
    position = next(iter(reading.positions.values()), None)
    if not position or position.offset != position.size:
        return "its last line has no end: it may still be on its way"
    unread = {line for _, line in _verbatim(path, reading.bad)}
    if unread and not unread <= _lines(store.journal):
        return f"not every line of it can be read, or stands in {store.journal.name} too"
    return ""


def _lines(path: Path) -> set[bytes]:
    with suppress(OSError):
        return set(path.read_bytes().splitlines(keepends=True))
    return set()


def _merged(store: Store, copy: Path) -> str:
    """Takes a copy of the own journal over into it, and removes the copy."""
    taken = store.keep(journal_at(copy).reading.changes)
    # What was written to the copy meanwhile is looked at too: it goes only if all of it is safe.
    journal, own = journal_at(copy), journal_at(store.journal)
    if why := _why_kept(store, journal):
        raise NotMended(f"it stays, because {why}")
    if not _stated(journal) <= _stated(own):
        raise NotMended(f"it stays, because {store.journal.name} does not hold all of it")
    try:
        copy.unlink()
    except OSError as error:
        raise NotMended(f"all it says is taken over, but it stays ({reason(error)})") from error
    return f"{many(taken, 'mark')} taken over; the copy is removed"


def _stated(journal: Journal) -> set[object]:
    """What tells the changes apart that a journal states."""
    return {change.identity for change in journal.reading.changes}


def _vanished(
    library: Library, journals: Iterable[Journal], names: dict[str, str]
) -> Iterator[Finding]:
    """Marks that the index alone still has, because their journal is gone or shorter."""
    kept = library.index.kept()
    if not kept:
        return
    stated = set[object]().union(*map(_stated, journals))
    by_device: defaultdict[str, list[Change]] = defaultdict(list)
    for change in kept:
        if change.identity not in stated:
            by_device[change.device].append(change)
    for device, changes in sorted(by_device.items()):
        what = (
            f"{many(len(changes), 'mark')} of {_called(device, names.get(device, ''))}:"
            " in no journal any more, in the index alone"
        )
        will = f"writes them into {library.store.journal.name}, as they were"
        yield mendable(what, will, partial(_taken_over, library.store, changes))


def _taken_over(store: Store, changes: Sequence[Change]) -> str:
    count = store.keep(changes)
    if not {change.identity for change in changes} <= _stated(journal_at(store.journal)):
        raise NotMended(f"{store.journal.name} does not hold them all")
    return f"{many(count, 'mark')} written"


def _stale(store: Store) -> Iterator[Finding]:
    """Temporary files of this device, of compactions that were killed."""
    for path in sorted(store.folder.glob(f".{store.device}.*.tmp")):
        process = path.name.split(".")[2]
        if process.isdecimal() and not _is_alive(int(process)):
            yield abandoned(path)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def read(store: Store) -> tuple[list[Journal], list[Finding]]:
    """The journals, and what is to be said of a folder in which they cannot be looked for."""
    folder = store.folder
    if folder.is_symlink() and not folder.exists():
        return [], [dangling(folder)]
    try:
        return store.journals(), []
    except OSError as error:
        what = f"{folder}: the folder of marks cannot be listed ({reason(error)})"
        return [], [Finding(what, "see that it is a folder that you may read: no mark is known so")]
