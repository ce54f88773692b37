"""The folders of digests as they are on the disk: which files are there, and which are whole.

What is passed over here, hidden and temporary files, is nobody's digest. A file is known by its
name, its size and its time; what any of them tells of another machine's clock is not believed.
"""

from __future__ import annotations

import math
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from digest_tui.file_names import storable
from digest_tui.index_file import FileId

LARGEST = 64 * 1024 * 1024
"""Bytes. A larger file is no digest: ten years of them are 300 MB."""

File = tuple[str, int, int]
"""A file as it was found: its path, its size, and its modification time in ns."""

_LOOK = 0.25
"""Seconds between two looks for news."""
_YOUNG = 300.0
"""Seconds for which a file that changed is looked at each time: it may change in place."""
_SWEEP = 10.0
"""Seconds after which all files are looked at: what was rewritten in place, or came into a
network folder that keeps no time, is found then."""
_GRAIN = 2.0
"""The same while a folder changes, whose time may be as coarse as that (FAT)."""
_LATEST_NS = 2**63 - 1


@dataclass(slots=True)
class _Young:
    """A file that changed lately."""

    file: File | None
    """None where it is gone."""
    since: float
    """When it was found like this first."""
    wait: float = math.inf
    """Seconds from then on until there is something to decide."""


class Watch:
    """What one scan tells the next, so that a look at the folders costs a few stats.

    Law: whether a file is still being written is told by what two looks find, because the clock
    that it has its time from may be another machine's. Only what lay there before the first look
    is told by its time.
    """

    def __init__(
        self,
        *,
        still: float = 0.3,
        patience: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A file that is `still` for so many seconds is whole. One that ends too early then may
        go on, and is taken as it is after more `patience`."""
        self._still = still
        self._patience = patience
        self._clock = clock
        self._index: FileId | None = None
        self._times: dict[str, int | None] = {}
        """The time of each folder, from before it was listed."""
        self._young: dict[str, _Young] = {}
        """The files that changed lately, by name."""
        self._now = self._moved = 0.0
        """When the last scan was, and the last one that found a folder changed."""
        self._sweep = -math.inf
        """When to look at everything again."""

    @property
    def pause(self) -> float:
        """Seconds after which to ask for news."""
        return min(max(self._due - self._clock(), 0), _LOOK)

    @property
    def is_undecided(self) -> bool:
        """Whether a file that changed may still be being written."""
        return any(seen.wait == self._still for seen in self._young.values())

    @property
    def _due(self) -> float:
        return min((self._sweep, *(seen.since + seen.wait for seen in self._young.values())))

    def has_news(self) -> bool:
        """Whether another scan may find something. It opens no file, and lists no folder."""
        now = self._clock()
        for seen in self._young.values():
            if seen.file and (file := _found(seen.file[0])) != seen.file:
                seen.file, seen.since, seen.wait = file, now, self._still
        return now >= self._due or any(_time_of(top) != at for top, at in self._times.items())

    def begin(self, index: FileId | None) -> None:
        """Tells which file the index is: for a new one, the look that follows is the first."""
        if index != self._index:
            self._index, self._times, self._young = index, {}, {}

    def look(
        self, times: Mapping[str, int | None], found: Mapping[str, File], changed: Iterable[str]
    ) -> None:
        """Takes in what a scan found: the folders' times, all files, and the names of those that
        the index does not hold as they are, or no longer."""
        self._now, is_first = self._clock(), not self._times
        if times != self._times:
            self._times, self._moved = dict(times), self._now
        self._sweep = self._now + (_SWEEP if self._now > self._moved + _GRAIN else _GRAIN)
        before, self._young = self._young, {}
        for name, seen in before.items():
            if found.get(name) == seen.file and self._now - seen.since < _YOUNG:
                self._young[name] = replace(seen, wait=math.inf)
        for name in changed:
            if name not in self._young:
                file = found.get(name)
                age = max(time.time() - file[2] / 1e9, 0) if is_first and file else 0
                self._young[name] = _Young(file, self._now - age)

    def is_still(self, name: str) -> bool:
        """Whether a file that changed was found as it is for long enough to be whole."""
        return self._was_for(self._still, name)

    def is_left(self, name: str) -> bool:
        """Whether it was so for long enough for nobody to be writing it any more."""
        return self._was_for(self._patience, name)

    def _was_for(self, seconds: float, name: str) -> bool:
        seen = self._young[name]
        is_over = self._now >= seen.since + seconds
        seen.wait = math.inf if is_over else seconds
        return is_over


def files(own: Path, others: Iterable[Path], times: dict[str, int | None]) -> dict[str, File]:
    """Every file in the digest folders, by the name that it has in the index: within the
    library's own folder, its path there; `times` as in `walk`."""
    found = {}
    for folder in (own, *others):
        top = str(folder)
        named_from = len(top) + 1 if folder == own else 0
        with suppress(OSError):
            for entry in walk(top, times):
                with suppress(OSError):
                    status = entry.stat()
                    name = storable(entry.path[named_from:])
                    found[name] = entry.path, status.st_size, _mtime_ns(status)
    return found


def _is_passed_over(name: str) -> bool:
    return name.startswith((".", "~")) or name.endswith("~")


def walk(folder: str, times: dict[str, int | None]) -> Iterator[os.DirEntry[str]]:
    """The regular files in a folder and below, in order, without hidden and temporary ones.

    `times` takes in the time of each folder, looked at first: what comes into it meanwhile makes
    it another one to the next look.
    """
    times[folder] = _time_of(folder)
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if _is_passed_over(entry.name):
            continue
        with suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                yield from walk(entry.path, times)
            elif entry.is_file():
                yield entry


def _time_of(folder: str) -> int | None:
    """A folder's modification time in ns; None where it cannot be looked at."""
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return None


def _found(path: str) -> File | None:
    """A file as it is; None where it cannot be looked at."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return path, status.st_size, _mtime_ns(status)


def contents(path: Path) -> tuple[bytes, int]:
    """A regular file's bytes and its modification time in ns. Raises `OSError`."""
    # Looked at first: what is written into it meanwhile makes it another file to the next scan.
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a regular file")
    if status.st_size > LARGEST:
        raise OSError(f"larger than {LARGEST // 1024**2} MB")
    return path.read_bytes(), _mtime_ns(status)


def _mtime_ns(status: os.stat_result) -> int:
    """A file's time as far as it can be a day and an integer of the index: 1970 to 2262."""
    return min(max(status.st_mtime_ns, 0), _LATEST_NS)
