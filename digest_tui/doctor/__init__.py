"""`digest-tui doctor`: how the library is, what needs a hand, and what can safely be done.

An examination is plain values; it reads no digest that the index holds, and changes nothing. What
`--fix` does is a remedy of a finding: it is said before it is done, it touches neither digests
nor what belongs to another device, and done twice it does nothing the second time.
"""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from digest_tui import __version__
from digest_tui.doctor import digests, index_health, journals, machine
from digest_tui.doctor.finding import Finding, NotMended, at
from digest_tui.doctor.index_health import IndexHealth, health_of
from digest_tui.doctor.journals import Device
from digest_tui.doctor.machine import Disk, Terminal, terminal
from digest_tui.library import Library
from digest_tui.paper import Problem
from digest_tui.settings import Places, reports_path

__all__ = ("Examination", "Finding", "NotMended", "examine", "health_of", "terminal")


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder of ours."""

    path: str
    exists: bool
    bytes: int | None = None
    """Of a file that is there."""
    files: int | None = None
    """How many reports of crashes lie in the folder of them."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What there is to tell of a library and of the machine that it is on."""

    places: dict[str, Place]
    counts: dict[str, int]
    devices: tuple[Device, ...]
    index: IndexHealth
    disks: tuple[Disk, ...]
    terminal: Terminal
    findings: tuple[Finding, ...]

    def record(self, mended: Sequence[bool]) -> dict[str, Any]:
        """All of it for JSON; with what became of each finding, where `--fix` was asked for."""
        findings: list[dict[str, Any]] = [
            {"what": found.what, "step": found.step, "can_fix": found.remedy is not None}
            for found in self.findings
        ]
        for finding, is_mended in zip(findings, mended, strict=False):
            finding["fixed"] = is_mended
        return {
            "version": __version__,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "places": {name: _without_none(asdict(place)) for name, place in self.places.items()},
            "counts": self.counts,
            "devices": list(map(asdict, self.devices)),
            "index": asdict(self.index),
            "disks": list(map(asdict, self.disks)),
            "terminal": asdict(self.terminal),
            "findings": findings,
        }


def examine(
    library: Library,
    places: Places,
    health: IndexHealth,
    problems: Iterable[Problem],
    terminal: Terminal,
    now_ms: int,
) -> Examination:
    """Examines a library whose index is up to date.

    That may be another index than the one in `places`, whose health is told. `problems` are those
    of the settings.
    """
    found, unlisted = journals.read(library.store)
    devices = journals.devices(found, library.store.device, now_ms)
    disks = machine.disks(places)
    mend = f"mend it in {places.config}; the README names what the settings can say"
    findings = [
        *(Finding(f"{at(places.config.name, p.line)}: {p.message}", mend) for p in problems),
        *machine.disk_findings(disks, places, library.store.device),
        *index_health.findings(health, places),
        *digests.findings(library, now_ms),
        *unlisted,
        *journals.findings(library, found, devices),
        *machine.terminal_findings(terminal),
    ]
    read = sum(not any(bad.line == 0 for bad in journal.reading.bad) for journal in found)
    counts = _counts(library) | {"journals": read, "changes": sum(d.changes for d in devices)}
    return Examination(
        _places(places), counts, tuple(devices), health, tuple(disks), terminal, tuple(findings)
    )


def _places(places: Places) -> dict[str, Place]:
    names = ("digests", "marks", "index", "device", "left", "config")
    found = {name: _place(getattr(places, name)) for name in names}
    folders = {f"folder {n}": _place(path) for n, path in enumerate(places.folders, 1)}
    reports = reports_path()
    count = len(list(reports.glob("crash-*.txt")))
    return found | folders | {"reports": Place(str(reports), reports.is_dir(), files=count)}


def _place(path: Path) -> Place:
    is_file = os.path.isfile(path)
    return Place(str(path), os.path.exists(path), os.path.getsize(path) if is_file else None)


def _counts(library: Library) -> dict[str, int]:
    rows, totals = library.index.digests(), library.index.totals()
    return {"digests": len(rows), **asdict(totals)}


def _without_none(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value is not None}
