"""The library: the folder of digests, what is imported into it, and what of it is new.

Imported files are kept verbatim and are never written again. Whatever cannot be imported is
refused with a reason, and stops nothing else.
"""

from __future__ import annotations

import errno
import hashlib
import math
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

from digest_tui.index import FileStamp, Index
from digest_tui.paper import Digest, PaperId
from digest_tui.settings import Places, throwaway
from digest_tui.store import Store, read_device, sync_folders

LARGEST = 64 * 1024 * 1024
"""Bytes. A larger file is no digest: ten years of them are 300 MB."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file that was to be imported."""

    file: str
    status: Literal["imported", "known", "refused"]
    digest: Digest | None = None
    number: int | None = None
    """The digest's number in the index."""
    day: date | None = None
    new: int = 0
    """How many of its papers the library did not hold."""
    reason: str = ""
    """Why it was refused."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan of the digest folders has come, in files."""

    done: int
    total: int


File = tuple[str, int, int]
"""A file as it was found: its path, its size, and its modification time in ns."""


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
        """In seconds: a file that was `still` is taken for whole; if it ends too early, only
        after more `patience`."""
        self._still = still
        self._patience = patience
        self._clock = clock
        self._times: dict[str, int | None] = {}
        """The time of each folder, from before it was listed."""
        self._young: dict[str, tuple[File | None, float]] = {}
        """The files that changed lately: how they were found, and since when they are so."""
        self._now = self._due = -math.inf

    @property
    def pause(self) -> float:
        """Seconds until it is worthwhile to ask for news."""
        return min(max(self._due - self._clock(), 0), _LOOK)

    def has_news(self) -> bool:
        """Whether another scan may find something. It opens no file, and lists no folder."""
        return (
            self._clock() >= self._due
            or any(_time_of(folder) != time for folder, time in self._times.items())
            or any(file and _found(file[0]) != file for file, _ in self._young.values())
        )

    def look(
        self, times: Mapping[str, int | None], found: Mapping[str, File], changed: Iterable[str]
    ) -> None:
        """Takes in what a scan found: the folders' times, all files, and the names of those that
        the index does not hold as they are, or no longer."""
        is_first = not self._times
        is_quiet = times == self._times
        self._now, self._times = self._clock(), dict(times)
        self._due = self._now + (_SWEEP if is_quiet else _GRAIN)
        self._young = {
            name: (file, since)
            for name, (file, since) in self._young.items()
            if found.get(name) == file and self._now - since < _YOUNG
        }
        for name in changed:
            file = found.get(name)
            age = max(time.time() - file[2] / 1e9, 0) if is_first and file else 0
            self._young.setdefault(name, (file, self._now - age))

    def is_still(self, name: str) -> bool:
        """Whether a file that changed was found as it is for long enough to be whole."""
        return self._has_been(name, self._still)

    def is_left(self, name: str) -> bool:
        """Whether it was so for long enough for nobody to be writing it any more."""
        return self._has_been(name, self._patience)

    def _has_been(self, name: str, seconds: float) -> bool:
        until = self._young[name][1] + seconds
        if until > self._now:
            self._due = min(self._due, until)
        return until <= self._now


class Library:
    """A folder of digests with its index and its journals. Each thread opens its own."""

    def __init__(self, places: Places, *, patience: float = 5.0) -> None:
        """Opens the library; nothing is read yet. `Index` says what patience is, and raises."""
        self.places = places
        self.index = Index(places.index, patience=patience)
        self.store = Store(places.marks, read_device(places.device))

    def close(self) -> None:
        """Closes the index."""
        self.index.close()

    def refresh(self) -> None:
        """Brings the index up to date with digests and journals, and waits for it."""
        for _ in self.scan():
            pass
        self.mirror_marks()

    def mirror_marks(self) -> set[PaperId]:
        """Takes new marks of every device into the index; the papers that changed."""
        return self.index.mirror(self.store.read)

    def scan(self, watch: Watch | None = None) -> Iterator[Progress]:
        """Indexes new and changed digest files, newest name first, and drops removed ones.

        Each file is one transaction, so that a scan can be abandoned at any yield. A file that
        cannot be read is passed over, and tried again by the next scan. With a `watch`, so is a
        file that may still be being written.
        """
        watch = watch or Watch(still=0, patience=0)
        times: dict[str, int | None] = {}
        found, known = self._files(times), self.index.files()
        changed = _changed(found, known)
        gone = [name for name in known if name not in found and self._is_gone(name)]
        watch.look(times, found, [*changed, *gone])
        changed = [name for name in changed if watch.is_still(name)]
        for done, name in enumerate(changed, start=1):
            try:
                if not self._index_file(name, Path(found[name][0]), watch):
                    continue
            except OSError:
                continue
            yield Progress(done, len(changed))
        gone = [name for name in gone if watch.is_still(name)]
        if gone:
            with self.index.change():
                for name in gone:
                    self.index.forget(name)
            yield Progress(len(changed), len(changed))

    def source(self, file: str, paper: PaperId) -> str:
        """The lines of a digest file in which a paper stands; nothing where it cannot be read."""
        from digest_tui import formats

        try:
            data, _ = _contents(self.places.digests / file)
        except OSError:
            return ""
        text, _ = formats.decode(data)
        return formats.excerpt(text, formats.parse(text, name=Path(file).name), paper)

    def make_folder(self) -> None:
        """Makes the folder of digests, for files to be put into, as far as that can be done."""
        with suppress(OSError):
            self.places.digests.mkdir(parents=True, exist_ok=True)

    def examine(self) -> dict[str, Any]:
        """Where things are, how much there is, and a sentence on each thing that needs a hand."""
        reading = self.store.read({})
        digests = self.index.digests()
        totals = self.index.totals()
        findings = [
            f"{name}: {reason}: it is no digest; move it out of the folder, or mend it"
            for name, reason in self.index.refused_files()
        ]
        findings += self._unreadable()
        findings += [
            f"{folder}: this folder of the settings is not there; make it, or take it out of them"
            for folder in self.places.folders
            if not folder.is_dir()
        ]
        for row in digests:
            findings += [f"{row.file}:{p.line}: {p.message}" for p in self.index.problems(row.n)]
        findings += [
            f"marks/{bad.file}:{bad.line}: {bad.reason}; everything else in it was read"
            for bad in reading.bad
        ]
        findings += [
            f"marks/{name} was written by a newer digest-tui; this one leaves it alone: update it"
            for name in sorted(reading.newer)
        ]
        places = {name: str(getattr(self.places, name)) for name in _SHOWN_PLACES}
        counts = {
            "digests": len(digests),
            "papers": totals.papers,
            "unread": totals.unread,
            "starred": totals.starred,
            "journals": len(reading.positions),
            "changes": len(reading.changes),
        }
        return {"places": places, "counts": counts, "findings": findings}

    def _unreadable(self) -> Iterator[str]:
        """A sentence on each file that a scan had to leave."""
        found = self._files({})
        for name in _changed(found, self.index.files()):
            try:
                _contents(Path(found[name][0]))
            except OSError as error:
                yield f"{name}: {_UNREADABLE} ({_why(error)}): it is left out until it can be"

    def import_paths(self, paths: Iterable[Path]) -> Iterator[Imported]:
        """Imports files, and every digest in folders; one outcome a file.

        What is refused in a folder comes after its digests, as far as it is named like a text; a
        folder without any digest is refused whole.
        """
        for path in paths:
            # Path.is_dir raises where a folder on the way may not be entered.
            if os.path.isdir(path):
                yield from self._import_folder(path)
            else:
                yield self._import_file(path)

    def import_bytes(self, data: bytes, name: str = "-") -> Imported:
        """Imports a digest that is no file of the disk: from a pipe, or from this package."""
        outcome = _read(data, name, date.today())
        if outcome.status == "refused":
            return outcome
        return self._keep(outcome, data, f"{outcome.day}.txt", mtime_ns=None)

    def _import_folder(self, folder: Path) -> Iterator[Imported]:
        refused: list[Imported] = []
        any_digest = False
        try:
            for entry in _walk(str(folder), {}):
                path = Path(entry.path)
                outcome = self._import_file(path)
                if outcome.status == "refused":
                    refused += [outcome] * (path.suffix.lower() in _SUFFIXES)
                else:
                    any_digest = True
                    yield outcome
        except OSError as error:
            refused.append(_refused(str(folder), f"{_UNREADABLE} ({_why(error)})"))
        if any_digest or any(outcome.reason.startswith(_UNREADABLE) for outcome in refused):
            yield from refused
        else:
            looked_at = f"files looked at: {len(refused)}" if refused else "it is empty"
            yield _refused(str(folder), f"a folder without digests ({looked_at})")

    def _import_file(self, path: Path) -> Imported:
        try:
            data, mtime_ns = _contents(path)
        except OSError as error:
            return _refused(str(path), f"{_UNREADABLE} ({_why(error)})")
        outcome = _read(data, str(path), _day_of(mtime_ns))
        if outcome.status == "refused":
            return outcome
        # A scan passes over hidden and temporary files.
        name = path.name.lstrip(".~").rstrip("~") or f"{outcome.day}.txt"
        return self._keep(outcome, data, name, mtime_ns)

    def _keep(self, outcome: Imported, data: bytes, name: str, mtime_ns: int | None) -> Imported:
        assert outcome.digest is not None
        assert outcome.day is not None
        sha256 = hashlib.sha256(data).hexdigest()
        number = self.index.digest_of(sha256)
        if number is not None:
            return replace(outcome, status="known", number=number)
        new = self.index.new_papers(outcome.digest)
        try:
            file = self._write_digest(data, name, sha256, mtime_ns)
        except OSError as error:
            return _refused(
                outcome.file, f"cannot be kept in {self.places.digests} ({_why(error)})"
            )
        with self.index.change():
            number = self.index.add(file, outcome.digest, outcome.day)
        return replace(outcome, number=number, new=new)

    def _write_digest(self, data: bytes, name: str, sha256: str, mtime_ns: int | None) -> FileStamp:
        """Keeps a digest under its name, or under a longer one where that is another file's."""
        path = self.places.digests / name
        longer = (f"{path.stem}-{sha256[:length]}{path.suffix}" for length in range(8, 65))
        with _written_beside(path, data, mtime_ns) as temporary:
            for target in (path, *map(path.with_name, longer)):
                with suppress(FileExistsError):
                    _publish(temporary, target)
                with suppress(OSError):
                    kept, kept_ns = _contents(target)
                    if kept == data:
                        sync_folders(target.parent)
                        return FileStamp(_storable(target.name), len(data), kept_ns, sha256)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    def _index_file(self, name: str, path: Path, watch: Watch) -> bool:
        """Indexes a file as it is, unless somebody may still be writing it; whether it was."""
        data, mtime_ns = _contents(path)
        sha256 = hashlib.sha256(data).hexdigest()
        file = FileStamp(name, len(data), mtime_ns, sha256)
        outcome = _read(data, name, _day_of(mtime_ns))
        if _may_go_on(outcome.digest) and not watch.is_left(name):
            return False
        with self.index.change():
            if outcome.digest is None or outcome.day is None:
                self.index.refuse(file, outcome.reason)
            else:
                self.index.add(file, outcome.digest, outcome.day)
        return True

    def _files(self, times: dict[str, int | None]) -> dict[str, File]:
        """Every file in the digest folders by its name in the index; `times` as in `_walk`."""
        found = {}
        for folder in (self.places.digests, *self.places.folders):
            top = str(folder)
            named_from = len(top) + 1 if folder == self.places.digests else 0
            with suppress(OSError):
                for entry in _walk(top, times):
                    with suppress(OSError):
                        status = entry.stat()
                        name = _storable(entry.path[named_from:])
                        found[name] = entry.path, status.st_size, _mtime_ns(status)
        return found

    def _is_gone(self, name: str) -> bool:
        """Whether an indexed file is no more, or its folder no longer in the settings.

        What only cannot be looked at, in an unmounted folder for one, is not gone.
        """
        path = self.places.digests / name
        folders = [folder for folder in self.places.folders if path.is_relative_to(folder)]
        if not folders and not path.is_relative_to(self.places.digests):
            return True
        if not all(os.path.isdir(folder) for folder in folders):
            return False
        try:
            return not stat.S_ISREG(path.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            return False


def write_file(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all: beside it first, then renamed, and both synced.

    The folder is made where it is missing; an existing file is replaced, and who may read it
    stays as it was; a device or a pipe is written to. Raises `OSError`, and then leaves what was
    there.
    """
    path = Path(os.path.realpath(path))
    mode = None
    with suppress(OSError):
        mode = path.stat().st_mode
    if mode and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        path.write_bytes(data)
        return
    with _written_beside(path, data) as temporary:
        if mode:
            temporary.chmod(stat.S_IMODE(mode))
        os.replace(temporary, path)
    sync_folders(path.parent)


def standing_at(typed: str) -> tuple[Path, Literal["nothing", "file", "folder"]]:
    """The path that a person typed, and what is there. Raises `OSError` where nothing can be."""
    try:
        path = Path(typed).expanduser()
    except RuntimeError as error:
        raise OSError(str(error)) from error
    if path.is_dir():
        return path, "folder"
    return path, "file" if path.exists() else "nothing"


def working_folder() -> Path:
    """The folder that the program was started in; the home where that is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path.home()


@contextmanager
def sample() -> Iterator[Library]:
    """A library of the bundled sample digests, in a folder that is gone afterwards."""
    import tempfile
    from importlib import resources

    with tempfile.TemporaryDirectory(prefix="digest-tui-") as folder:
        library = Library(throwaway(Path(folder)))
        try:
            for file in sorted(resources.files("digest_tui.samples").iterdir(), key=str):
                if file.name.endswith(".txt"):
                    library.import_bytes(file.read_bytes(), file.name)
            yield library
        finally:
            library.close()


_UNREADABLE = "cannot be read"
_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown")
_LATEST_NS = 2**63 - 1
_LOOK = 0.25
"""Seconds between two looks for news."""
_YOUNG = 300.0
"""Seconds for which a file that changed is looked at each time: it may change in place."""
_SWEEP = 10.0
"""Seconds after which all files are looked at: what was rewritten in place, or came into a
network folder that keeps no time, is found then."""
_GRAIN = 2.0
"""The same after a folder changed, whose time may be as coarse as that (FAT)."""
_SHOWN_PLACES = ("digests", "marks", "index", "device", "config")


@contextmanager
def _written_beside(path: Path, data: bytes, mtime_ns: int | None = None) -> Iterator[Path]:
    """A hidden file beside a path, on the disk whole; gone afterwards unless it was renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name[:32]}.{os.urandom(4).hex()}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mtime_ns is not None:
            os.utime(temporary, ns=(mtime_ns, mtime_ns))
        yield temporary
    finally:
        with suppress(OSError):
            temporary.unlink()


def _publish(temporary: Path, path: Path) -> None:
    """Gives a file a name that is free. Raises `FileExistsError` where it is not."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links: the name is taken by an empty file first.
        path.open("xb").close()
        os.replace(temporary, path)


def _changed(found: Mapping[str, File], known: Mapping[str, tuple[int, int]]) -> list[str]:
    """The files that are not in the index as they are, newest name first."""
    changed = [name for name, (_, *stamp) in found.items() if known.get(name) != tuple(stamp)]
    return sorted(changed, key=os.path.basename, reverse=True)


def _may_go_on(digest: Digest | None) -> bool:
    """Whether what a file lacks could stand behind its end."""
    if digest is None or (digest.declared is None and not digest.entries):
        return True
    last = digest.entries[-1].line if digest.entries else 0
    is_short = len(digest.entries) < (digest.declared or 0)
    return is_short or any(problem.line >= last for problem in digest.problems)


def _is_passed_over(name: str) -> bool:
    return name.startswith((".", "~")) or name.endswith("~")


def _walk(folder: str, times: dict[str, int | None]) -> Iterator[os.DirEntry[str]]:
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
                yield from _walk(entry.path, times)
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


def _storable(name: str) -> str:
    """A file's name as the index can hold it: bytes that are not UTF-8 are spelled out."""
    return name.encode("utf-8", "backslashreplace").decode()


def _contents(path: Path) -> tuple[bytes, int]:
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


def _day_of(mtime_ns: int) -> date:
    return date.fromtimestamp(mtime_ns / 1e9)


def _read(data: bytes, name: str, fallback_day: date) -> Imported:
    """A digest read from a file's bytes, or the refusal of a file that is none."""
    # A start on a library that is indexed already reads no digest.
    from digest_tui import formats

    reason = formats.why_not_text(data) if data.strip() else "the file is empty"
    if reason:
        return _refused(name, reason)
    text, problems = formats.decode(data)
    digest = formats.parse(text, name=Path(name).name, fallback_day=fallback_day)
    if not digest.format:
        return _refused(name, "not a digest: no paper and no “Keyword:” line in a known format")
    digest = replace(digest, problems=(*problems, *digest.problems))
    return Imported(name, "imported", digest, day=digest.date or fallback_day)


def _refused(file: str, reason: str) -> Imported:
    return Imported(file, "refused", reason=reason)


def _why(error: OSError) -> str:
    return error.strerror.lower() if error.strerror else str(error)
