"""An examination in plain words, for a terminal of eighty columns."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby

from digest_tui import __version__
from digest_tui.doctor import Examination
from digest_tui.doctor.finding import Finding, many, size, span
from digest_tui.doctor.index_health import IndexHealth
from digest_tui.doctor.journals import Device
from digest_tui.doctor.machine import Disk, Terminal

_COLUMNS = 80
_INDENT = 15
_PLACES = {
    "config": "settings",
    "device": "this machine",
    "left": "as left",
    "reports": "crashes",
}
_STATES = {"new": "built just now", "unusable": "cannot be used"}


def told(found: Examination, now_ms: int) -> Iterator[str]:
    """All of it in lines, but for the findings, which are to follow."""
    python = f"Python {platform.python_version()}"
    yield f"digest-tui {__version__}, {python}, SQLite {sqlite3.sqlite_version}"
    yield from _section("Where everything is", _places(found))
    yield from _section("What was read", _read(found))
    yield from _section("Who marked", (_device(device, now_ms) for device in found.devices))
    yield from _section("The index", _index(found.index))
    yield from _section("Room on the disks", map(_disk, found.disks))
    yield from _section("The terminal", _terminal(found.terminal))
    yield from ("", "What needs a hand" if found.findings else "nothing needs a hand")


def findings(found: Iterable[Finding]) -> Iterator[str]:
    """What needs a hand, and below what is alike the next step for it."""
    for step, some in groupby(found, lambda each: each.step):
        yield from (f"- {each.what}" for each in some)
        yield f"  → {step}"


_Row = tuple[str, ...]


def _section(title: str, rows: Iterable[_Row]) -> Iterator[str]:
    rows = list(rows)
    if rows:
        yield from ("", title)
    for label, *parts in rows:
        row = f"  {label:<{_INDENT - 2}}{', '.join(parts)}"
        # A path is never cut: what does not fit into the line stands below its label, in parts.
        if len(row) <= _COLUMNS:
            yield row
        else:
            yield f"  {label}"
            yield from (f"    {part}" for part in parts)


def _places(found: Examination) -> Iterator[_Row]:
    for name, place in found.places.items():
        label = _PLACES.get(name, name)
        if place.files:
            yield label, place.path, many(place.files, "report")
        elif name == "reports":
            yield label, "none"
        elif not place.exists:
            yield label, place.path, "not there"
        else:
            yield label, place.path


def _read(found: Examination) -> Iterator[_Row]:
    counts = found.counts
    yield "digests", f"{counts['digests']:,}"
    unread, starred = f"{counts['unread']:,} unread", f"{counts['starred']:,} starred"
    yield "papers", f"{counts['papers']:,}", unread, starred
    yield "marks", many(counts["changes"], "change"), many(counts["journals"], "journal")


def _device(device: Device, now_ms: int) -> _Row:
    ms = now_ms - device.newest_ms
    when = f"{span(ms)} ago" if ms >= 0 else f"{span(-ms)} ahead"
    who = [device.name] if device.name else []
    who += ["this machine"] if device.is_this else []
    return device.id, *who, many(device.changes, "change"), f"the last one {when}"


def _index(index: IndexHealth) -> Iterator[_Row]:
    yield "state", _STATES.get(index.state, index.state)
    if index.version is not None and index.state != "new":
        words = "with full text" if index.full_text else "without full text"
        yield "file", size(index.bytes), f"version {index.version}", words


def _disk(disk: Disk) -> _Row:
    state = "read-only" if disk.is_read_only else f"{size(disk.free)} free"
    return state, f"for {', '.join(disk.holds)}"


def _terminal(terminal: Terminal) -> Iterator[_Row]:
    if not terminal.is_terminal:
        yield "none", "input and output are pipes or files"
        return
    colors = "true color" if terminal.true_color else "fewer colors than true color"
    yield "kind", terminal.term or "TERM is not set", "NO_COLOR" if terminal.no_color else colors
    yield "window", f"{terminal.columns} columns by {terminal.rows} rows"
    yield "text", terminal.encoding
    if terminal.within:
        yield "within", *terminal.within
    if "tmux" in terminal.within:
        yield "copying", "needs `set -g set-clipboard on` in tmux"
