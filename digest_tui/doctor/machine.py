"""What the program stands on: disks with their room and permissions, and the terminal."""

from __future__ import annotations

import codecs
import errno
import locale
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from digest_tui.doctor.finding import Finding, size
from digest_tui.settings import Places
from digest_tui.store import read_device

LITTLE_ROOM = 100_000_000
"""Bytes, below which a disk is soon full."""
SMALLEST = (40, 12)
"""Columns and rows that the screen needs."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk that something of ours lies on."""

    holds: tuple[str, ...]
    """The names of the places on it."""
    free: int
    """Bytes that we may still fill."""
    is_read_only: bool


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the terminal says it can do."""

    is_terminal: bool
    term: str
    true_color: bool
    no_color: bool
    columns: int
    rows: int
    encoding: str
    """Of the locale; what a terminal is told in."""
    within: tuple[str, ...]
    """What stands between it and the program: `tmux`, `screen`, `ssh`."""


def disks(places: Places) -> list[Disk]:
    """The disks of what is written, each once."""
    holds: dict[int, list[str]] = {}
    found: dict[int, os.statvfs_result] = {}
    for name in ("digests", "marks", "index", "device"):
        path = _standing(getattr(places, name))
        device = os.stat(path).st_dev
        holds.setdefault(device, []).append(name)
        found[device] = os.statvfs(path)
    return [
        Disk(tuple(holds[device]), of.f_bavail * of.f_frsize, bool(of.f_flag & os.ST_RDONLY))
        for device, of in found.items()
    ]


def disk_findings(disks: Iterable[Disk], places: Places, device: str) -> Iterator[Finding]:
    """What lacks room, and what cannot be written."""
    for disk in disks:
        holds = " and ".join(filter(None, (", ".join(disk.holds[:-1]), disk.holds[-1])))
        if disk.is_read_only:
            what = f"the disk of {holds} is read-only: nothing can be saved there"
            yield Finding(what, "mount it so that it can be written, or use --library DIR")
        elif disk.free < LITTLE_ROOM:
            what = f"{size(disk.free)} are free on the disk of {holds}"
            yield Finding(what, "make room: on a full disk nothing can be saved")
    read_only = {name for disk in disks if disk.is_read_only for name in disk.holds}
    for name in ("digests", "marks", "index", "device"):
        if name not in read_only:
            path: Path = getattr(places, name)
            yield from _unwritable(path if name in ("digests", "marks") else path.parent)
    journal = places.marks / f"{device}.jsonl"
    if "marks" not in read_only and journal.exists():
        yield from _unwritable(journal)
    if read_device(places.device) != device:
        what = f"{places.device}: this machine's name cannot be kept there"
        yield Finding(what, "see that it can be written: until then each start makes a new journal")


def _unwritable(path: Path) -> Iterator[Finding]:
    standing = _standing(path)
    needed = os.W_OK | os.X_OK if os.path.isdir(standing) else os.W_OK
    if not os.access(standing, needed):
        what = f"{standing}: you may not write there ({os.strerror(errno.EACCES).lower()})"
        yield Finding(what, f"make it yours to write: chmod u+rwX '{standing}'")


def _standing(path: Path) -> Path:
    """A path, or the nearest folder above it that is there."""
    return next(above for above in (path, *path.parents) if os.path.exists(above))


def terminal(streams: Iterable[TextIO], environment: Mapping[str, str]) -> Terminal:
    """What the first of the streams that is a terminal can do, as far as it says."""
    stream = next((stream for stream in streams if stream.isatty()), None)
    columns, rows = os.get_terminal_size(stream.fileno()) if stream else (0, 0)
    within = {"tmux": "TMUX", "screen": "STY", "ssh": "SSH_CONNECTION"}
    return Terminal(
        stream is not None,
        environment.get("TERM", ""),
        environment.get("COLORTERM", "") in ("truecolor", "24bit"),
        bool(environment.get("NO_COLOR")),
        columns,
        rows,
        locale.getencoding(),
        tuple(name for name, variable in within.items() if environment.get(variable)),
    )


def terminal_findings(terminal: Terminal) -> Iterator[Finding]:
    """What will look wrong, where there is a terminal at all."""
    if not terminal.is_terminal:
        return
    if terminal.term in ("", "dumb", "unknown"):
        said = f"TERM={terminal.term}" if terminal.term else "TERM is not set"
        what = f"{said}: a terminal that cannot place text shows nothing of use"
        yield Finding(what, "set TERM to what yours is; for most it is xterm-256color")
    if not is_utf_8(terminal.encoding):
        what = f"the locale is not UTF-8 ({terminal.encoding}): Chinese and symbols come out wrong"
        yield Finding(what, 'set LANG, to C.UTF-8 say; or glyphs = "ascii" in the settings')
    columns, rows = terminal.columns, terminal.rows
    if columns and (columns < SMALLEST[0] or rows < SMALLEST[1]):
        what = f"the window is {columns} columns by {rows} rows"
        yield Finding(what, f"make it {SMALLEST[0]} by {SMALLEST[1]} at least")


def is_utf_8(encoding: str) -> bool:
    """Whether an encoding is UTF-8, whatever it is called."""
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False
