"""What of the folders of digests was not read, and what lies there that should not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from digest_tui.doctor.finding import Finding, at, mendable
from digest_tui.folders import contents, files
from digest_tui.index import Index
from digest_tui.library import Library
from digest_tui.settings import Places
from digest_tui.store import reason

_NAMED = 5
"""Lines of a file that are named, where the same is wrong on many."""
_ABANDONED_MS = 3_600_000
"""Milliseconds after which nobody is writing a temporary file any more."""
_TEMPORARY = re.compile(r"\..{0,32}\.[0-9a-f]{8}\.tmp")


def findings(library: Library, now_ms: int) -> Iterator[Finding]:
    """What the folders of digests call for; no digest that is in the index is read again."""
    places, index = library.places, library.index
    yield from chain(_missing(places), _unlisted(places))
    for name, why in index.refused_files():
        yield Finding(f"{name}: {why}", "it is no digest: move it out of the folder, or mend it")
    yield from _unreadable(places, index)
    for row in index.digests():
        lines: dict[str, list[int]] = {}
        for problem in index.problems(row.n):
            lines.setdefault(problem.message, []).append(problem.line)
        for message, at_lines in lines.items():
            step = "all else in it was read: mend the file, or leave it as it is"
            yield Finding(f"{_at_all(row.file, at_lines)}: {message}", step)
    yield from _abandoned(places.digests, now_ms)


def _at_all(file: str, lines: Sequence[int]) -> str:
    """Where in a file the same is wrong, as far as anybody wants to know it."""
    others = [str(line) for line in lines[1:_NAMED]]
    others += [f"{len(lines) - _NAMED} more"] * (len(lines) > _NAMED)
    return at(file, lines[0]) + (f" (and {', '.join(others)})" if others else "")


def _missing(places: Places) -> Iterator[Finding]:
    for folder in places.folders:
        if not os.path.lexists(folder):
            what = f"{folder}: this folder of the settings is not there"
            yield Finding(what, "make it, mount it, or take it out of the settings")


def _unlisted(places: Places) -> Iterator[Finding]:
    """What a scan passes over in silence: links that lead nowhere, and closed folders."""
    for top in filter(os.path.lexists, (places.digests, *places.folders)):
        closed: list[OSError] = []
        for path in (top, *_walked(top, closed)):
            if os.path.islink(path) and not os.path.exists(path):
                yield dangling(path)
        for error in closed:
            if os.path.exists(error.filename):
                what = f"{error.filename}: this folder cannot be listed ({reason(error)})"
                yield Finding(what, "see that you may read it: its digests are left out until then")


def _walked(top: Path, closed: list[OSError]) -> Iterator[Path]:
    for folder, folders, names in os.walk(top, onerror=closed.append):
        folders[:] = [name for name in folders if not name.startswith((".", "~"))]
        yield from (Path(folder, name) for name in names if not name.startswith((".", "~")))


def dangling(path: Path) -> Finding:
    """What is said of a link that leads nowhere."""
    what = f"{path}: a link to {os.readlink(path)}, which is not there"
    return Finding(what, "mount or make what it leads to, or remove the link")


def _unreadable(places: Places, index: Index) -> Iterator[Finding]:
    known = index.files()
    for name, (path, *stamp) in files(places.digests, places.folders, {}).items():
        if known.get(name) == tuple(stamp):
            continue
        try:
            contents(Path(path))
        except OSError as error:
            what = f"{name}: cannot be read ({reason(error)})"
            yield Finding(what, "see to that, or move it out of the folder: it is left out so far")


def _abandoned(folder: Path, now_ms: int) -> Iterator[Finding]:
    """Temporary files of imports that were killed. They have the time of what was imported, so
    that it is told by another one when they were written."""
    if not os.path.isdir(folder) or not os.access(folder, os.R_OK):
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if not _TEMPORARY.fullmatch(entry.name) or not entry.is_file(follow_symlinks=False):
            continue
        if now_ms - entry.stat().st_ctime * 1000 > _ABANDONED_MS:
            yield abandoned(Path(entry.path))


def abandoned(path: Path) -> Finding:
    """What is said of a temporary file that nobody is writing any more."""
    what = f"{path}: half of a file, left when the program was killed"
    return mendable(
        what, "removes it; the whole one was never in its place", partial(_remove, path)
    )


def _remove(path: Path) -> str:
    path.unlink(missing_ok=True)
    return "removed"
