"""The library: the folder of digests, what is imported into it, and what of it is new.

Imported files are kept verbatim and are never written again. Whatever cannot be imported is
refused with a reason, and stops nothing else.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sqlite3
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

from digest_tui import prepared
from digest_tui.file_names import portable, storable
from digest_tui.folders import File, Watch, contents, files, walk
from digest_tui.index import Index
from digest_tui.index_file import ERRORS
from digest_tui.index_writer import FileStamp, Writer
from digest_tui.paper import PaperId, Problem, sha256_of
from digest_tui.prepared import Answer, Job, Prepared
from digest_tui.settings import Places, throwaway
from digest_tui.store import NotSaved, Store, read_device, reason, sync_folders

T = TypeVar("T")
_Batch = list[tuple[T, Answer]]
_Kept = Mapping[str, "FileStamp | str"]
"""The files that digests are kept in, by their hash, or why they are not."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file that was to be imported."""

    file: str
    status: Literal["imported", "known", "refused"]
    number: int | None = None
    """The digest's number in the index."""
    day: date | None = None
    format: str = ""
    declared: int | None = None
    entries: int = 0
    papers: int = 0
    problems: tuple[Problem, ...] = ()
    new: int = 0
    """How many of its papers the library did not hold."""
    reason: str = ""
    """Why it was refused."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan or an import has come."""

    done: int
    """Files, as is the total; they can be asked for."""
    total: int
    papers: int
    """In the files that are done."""

    def told(self, what: str, seconds: float, columns: int) -> str:
        """How far it is after so many seconds; `what` is what papers are called.

        Where there is less room, less is told: how far it is and the time left to the last, and
        nothing in part.
        """
        papers, few = f"{self.papers:,} {what}", f"{self.papers:,} in"
        ways: list[tuple[str, ...]] = [(papers,), (few,)]
        if seconds >= 1 and self.done:
            files, rate = f"{self.done:,} of {self.total:,}", f"{self.papers / seconds:,.0f}/s"
            left = _time_left(seconds * (self.total - self.done) / self.done)
            ways = [
                (f"{files} files", papers, rate, left),
                (papers, rate, left),
                (files, left),
                (few, left),
                *ways,
            ]
        return next((told for told in map(" · ".join, ways) if len(told) <= columns), "")


@dataclass(frozen=True, slots=True)
class _Source:
    """A file that is to be imported, as it was read."""

    file: str
    name: str
    """What it is kept as; empty for a name made of its day."""
    data: bytes
    mtime_ns: int | None
    sha256: str


class Library:
    """A folder of digests with its index and its journals. Each thread opens its own."""

    def __init__(self, places: Places, *, patience: float = 5.0) -> None:
        """Opens the library; nothing is read yet. `Index` says what patience is, and raises."""
        self.places = places
        self.index = Index(places.index, patience=patience)
        waits = max(patience, _LOCKED)
        self.store = Store(places.marks, read_device(places.device), patience=waits)

    def close(self) -> None:
        """Closes the index."""
        self.index.close()

    def refresh(self, tell: Callable[[Progress], object] = lambda _: None) -> None:
        """Brings the index up to date with digests and journals, and tells how far it is.

        Raises `sqlite3.DatabaseError` where its file is damaged again as soon as it is made.
        """
        for _ in range(_TRIES):
            for progress in self.scan():
                tell(progress)
            for _ in self.catch_up():
                pass
            if not self.index.is_lost():
                return
        raise sqlite3.DatabaseError(f"{self.index.path} does not stay as it is written")

    def catch_up(self) -> Iterator[None]:
        """Takes all that is new in the journals into the index, in parts that stay."""
        self.mirror_marks()
        while self.index.is_behind:
            yield
            self.mirror_marks()

    def mirror_marks(self) -> set[PaperId]:
        """Takes new marks of every device into the index, as many as are read at once; the papers
        that changed.

        What this device's own journal has lost is written into it again, as it was.
        """
        read = partial(self.store.read, most=_BYTES)
        touched = self.index.mirror(read)
        if not self.index.is_behind:
            lost = [change for change in self.index.kept() if change.device == self.store.device]
            if lost:
                with suppress(NotSaved):
                    self.store.keep(lost)
                    # Known at once to be there, or nobody would notice if it went once more.
                    touched |= self.index.mirror(read)
        return touched

    def keep_marks(self) -> None:
        """Writes into this device's journal, as they were, the marks that no other states any more.

        That is for the end of a session: sync tools take files away for a moment, too.
        """
        if not self.index.is_behind and (kept := self.index.kept()):
            with suppress(NotSaved):
                self.store.keep(kept)

    @property
    def has_much_to_mirror(self) -> bool:
        """Whether the journals hold so much that is new that a key should not wait for it."""
        return self.store.unread(self.index.positions()) > _BYTES

    def is_far_behind(self) -> bool:
        """Whether so many digest files are new or changed that it takes a while to index them."""
        return len(_changed(self._files(), self.index.files())) > _MANY

    def scan(self, watch: Watch | None = None) -> Generator[Progress, None, None]:
        """Does as `_scan` says; where the index file is lost meanwhile, anew with the next one."""
        for _ in range(_TRIES):
            if self.index.is_lost():
                self.index.reopen()
            try:
                for progress in self._scan(watch):
                    yield progress
                    if self.index.is_lost():
                        break
            except ERRORS:
                if not self.index.is_damaged:
                    raise
            if not self.index.is_lost():
                return

    def _scan(self, watch: Watch | None) -> Iterator[Progress]:
        """Indexes new and changed digest files, newest name first, and drops removed ones.

        What is told as done stays, so that a scan can be abandoned at any yield. A file that
        cannot be read is passed over, and tried again by the next scan. With a `watch`, so is a
        file that may still be being written.
        """
        watch = watch or Watch(still=0, patience=0)
        watch.begin(self.index.file)
        times: dict[str, int | None] = {}
        found, known = self._files(times), self.index.files()
        changed = _changed(found, known)
        gone = [name for name in known if name not in found and self._is_gone(name)]
        watch.look(times, found, [*changed, *gone])
        changed = [name for name in changed if watch.is_still(name)]
        done = papers = 0
        with closing(self._read_all(_jobs(changed, found), len(changed))) as readings:
            whole = (
                (file, digest)
                for file, digest in readings
                if not _may_go_on(digest) or watch.is_left(file.name)
            )
            for batch in _batches(whole, len(changed)):
                self._index(batch)
                done += len(batch)
                papers += sum(map(_papers_in, batch))
                yield Progress(done, len(changed), papers)
        gone = [name for name in gone if watch.is_still(name)]
        if gone:
            with self.index.change() as writer:
                for name in gone:
                    writer.forget(name)
            yield Progress(done, len(changed), papers)

    def source(self, file: str, paper: PaperId) -> str:
        """The lines of a digest file in which a paper stands; nothing where it cannot be read."""
        from digest_tui import formats

        try:
            data, _ = contents(self.places.digests / file)
        except OSError:
            return ""
        text, _ = formats.decode(data)
        return formats.excerpt(text, formats.parse(text, name=Path(file).name), paper)

    def make_folder(self) -> None:
        """Makes the folder of digests, for files to be put into, as far as that can be done."""
        with suppress(OSError):
            self.places.digests.mkdir(parents=True, exist_ok=True)

    def import_paths(self, paths: Iterable[Path]) -> Generator[Imported, None, None]:
        """Imports files, and every digest in folders; one outcome a file.

        What is refused in a folder comes after its digests, as far as it is named like a text; a
        folder without any digest is refused whole.
        """
        # Path.is_dir raises where a folder on the way may not be entered.
        for is_folder, some in groupby(paths, os.path.isdir):
            if is_folder:
                for folder in some:
                    yield from self._import_folder(folder)
            else:
                yield from self._import_files(list(some))

    def count_files(self, paths: Iterable[Path]) -> int:
        """How many files importing these paths means to look at."""
        count = 0
        for path in paths:
            if not os.path.isdir(path):
                count += 1
                continue
            with suppress(OSError):
                count += sum(1 for _ in walk(str(path), {}))
        return count

    def import_bytes(self, data: bytes, name: str = "-") -> Imported:
        """Imports a digest that is no file of the disk: from a pipe, or from this package."""
        source = _Source(name, "", data, None, sha256_of(data))
        batch: _Batch[_Source | Imported] = [(source, prepared.read(data, name, date.today()))]
        (outcome,) = self._keep(batch, self._write_digests(self._unknown(batch, set())))
        return outcome

    def _import_folder(self, folder: Path) -> Iterator[Imported]:
        refused: list[Imported] = []
        any_digest = False
        files: list[Path] = []
        try:
            files += [Path(entry.path) for entry in walk(str(folder), {})]
        except OSError as error:
            refused.append(_refused(str(folder), f"{_UNREADABLE} ({reason(error)})"))
        for outcome in self._import_files(files):
            if outcome.status == "refused":
                refused += [outcome] * (Path(outcome.file).suffix.lower() in _SUFFIXES)
            else:
                any_digest = True
                yield outcome
        if any_digest or any(outcome.reason.startswith(_UNREADABLE) for outcome in refused):
            yield from refused
        else:
            looked_at = f"files looked at: {len(refused)}" if refused else "it is empty"
            yield _refused(str(folder), f"a folder without digests ({looked_at})")

    def _import_files(self, paths: Sequence[Path]) -> Iterator[Imported]:
        with closing(self._read_all(map(self._source, paths), len(paths))) as readings:
            seen: set[str] = set()
            writings = (
                (batch, partial(self._write_digests, self._unknown(batch, seen)))
                for batch in filter(None, _batches(readings, len(paths)))
            )
            for batch, kept in _one_ahead(writings, len(paths)):
                yield from self._keep(batch, kept)

    def _source(self, path: Path) -> tuple[_Source | Imported, Job | None]:
        """A file and the job of reading it, or what becomes of one that need not be read."""
        try:
            data, mtime_ns = contents(path)
        except OSError as error:
            return _refused(str(path), f"{_UNREADABLE} ({reason(error)})"), None
        sha256 = sha256_of(data)
        number = self.index.digest_of(sha256)
        if number is not None:
            with suppress(LookupError):
                return self._held(str(path), "known", number), None
        job = data, str(path), _day_of(mtime_ns)
        return _Source(str(path), portable(path.name), data, mtime_ns, sha256), job

    def _unknown(
        self, batch: _Batch[_Source | Imported], seen: set[str]
    ) -> list[tuple[_Source, date]]:
        """The digests that the library does not hold, and that were not seen before."""
        if self.index.is_lost():
            self.refresh()
        unknown = []
        for source, digest in batch:
            if isinstance(source, _Source) and isinstance(digest, Prepared):
                if source.sha256 in seen or self.index.digest_of(source.sha256) is not None:
                    continue
                seen.add(source.sha256)
                unknown.append((source, digest.day))
        return unknown

    def _write_digests(self, sources: Iterable[tuple[_Source, date]]) -> _Kept:
        """Makes digests durable."""
        kept: dict[str, FileStamp | str] = {}
        for source, day in sources:
            try:
                kept[source.sha256] = self._write_digest(source, day)
            except OSError as error:
                kept[source.sha256] = f"{self._not_kept} ({reason(error)})"
        if kept:
            sync_folders(self.places.digests)
        return kept

    @property
    def _not_kept(self) -> str:
        return f"cannot be kept in {self.places.digests}"

    def _keep(self, batch: _Batch[_Source | Imported], kept: _Kept) -> Sequence[Imported]:
        """Adds the digests to the index that were made durable, and to the next one if need be."""
        outcomes: Sequence[Imported] = ()
        if not self.index.is_lost():
            try:
                outcomes = self._added(batch, kept)
            except ERRORS:
                if not self.index.is_damaged:
                    raise
        if not outcomes or self.index.is_damaged:
            self.refresh()
            outcomes = self._added(batch, kept)
        return outcomes

    def _added(self, batch: _Batch[_Source | Imported], kept: _Kept) -> Sequence[Imported]:
        rest = dict(kept)
        with self.index.change() as writer:
            return [self._outcome(writer, source, digest, rest) for source, digest in batch]

    def _outcome(
        self,
        writer: Writer,
        source: _Source | Imported,
        digest: Answer,
        kept: dict[str, FileStamp | str],
    ) -> Imported:
        if isinstance(source, Imported):
            return source
        if not isinstance(digest, Prepared):
            return _refused(source.file, digest)
        file = kept.pop(source.sha256, None)
        if isinstance(file, FileStamp):
            new = self.index.new_papers(digest, file.name)
            return self._held(source.file, "imported", writer.add(file, digest), new)
        number = self.index.digest_of(source.sha256)
        if number is None:
            return _refused(source.file, file or self._not_kept)
        return self._held(source.file, "known", number)

    def _held(
        self, file: str, status: Literal["imported", "known"], number: int, new: int = 0
    ) -> Imported:
        return Imported(file, status, number, *self.index.summary(number), new)

    def _write_digest(self, source: _Source, day: date) -> FileStamp:
        """Keeps a digest under its name, or under a longer one where that is another file's.

        The name is not durable yet.
        """
        path = self.places.digests / (source.name or f"{day}.txt")
        with _written_beside(path, [source.data], source.mtime_ns) as temporary:
            for target in _names(path, source.sha256):
                with suppress(FileExistsError):
                    _publish(temporary, target)
                with suppress(OSError):
                    data, mtime_ns = contents(target)
                    if data == source.data:
                        return FileStamp(storable(target.name), len(data), mtime_ns, source.sha256)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    def _read_all(
        self, items: Iterable[tuple[T, Job | None]], files: int
    ) -> Generator[tuple[T, Answer], None, None]:
        """As `crew.read_all`, but a few files are read here."""
        if files <= _MANY:
            yield from ((key, prepared.read(*job) if job else "") for key, job in items)
            return
        # Few starts have so much to read, and this takes a while to import.
        from digest_tui import crew

        with closing(crew.read_all(items)) as readings:
            for key, digest in readings:
                if isinstance(digest, Prepared):
                    self.index.expect(digest.words)
                yield key, digest

    def _index(self, batch: _Batch[FileStamp]) -> None:
        if not batch:
            return
        with self.index.change() as writer:
            for file, digest in batch:
                if isinstance(digest, Prepared):
                    writer.add(file, digest)
                else:
                    writer.refuse(file, digest)

    def _files(self, times: dict[str, int | None] | None = None) -> dict[str, File]:
        return files(self.places.digests, self.places.folders, {} if times is None else times)

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


def write_file(path: Path, chunks: Iterable[str]) -> None:
    """Writes a text whole or not at all: beside the file first, then renamed, and both synced.

    The folder is made where it is missing; an existing file is replaced, and who may read it
    stays as it was; a device or a pipe is written to. Raises `OSError`, and then leaves what was
    there. What a writer that was killed left beside the same file goes.
    """
    path = Path(os.path.realpath(path))
    mode = None
    with suppress(OSError):
        mode = path.stat().st_mode
    if mode and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        with path.open("wb") as file:
            file.writelines(map(str.encode, chunks))
        return
    _sweep_beside(path)
    with _written_beside(path, map(str.encode, chunks)) as temporary:
        if mode:
            temporary.chmod(stat.S_IMODE(mode))
        os.replace(temporary, path)
    sync_folders(path.parent)


def standing_at(typed: str) -> tuple[Path, Literal["nothing", "file", "folder", "device"]]:
    """The path that a person typed, and what is there, a pipe being a device.

    Raises `OSError` where nothing can be.
    """
    try:
        path = Path(typed).expanduser()
        mode = path.stat().st_mode
    except FileNotFoundError:
        return path, "nothing"
    except (RuntimeError, ValueError) as error:
        # No such home, and no such name.
        raise OSError(str(error)) from error
    if stat.S_ISDIR(mode):
        return path, "folder"
    return path, "file" if stat.S_ISREG(mode) else "device"


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


_MANY = 30
"""Files. To start a child takes as long as to read about as many."""
_AT_ONCE = 2000
"""Papers in a transaction at most: more of them make it hardly cheaper, but keep others waiting."""
_BYTES = 1_000_000
"""Bytes of a journal that are taken into the index at once: some ten thousand marks, which is as
many as one key decides on in a large library."""
_LOCKED = 0.25
"""Seconds that a write waits for that of another window in any case: a disk may be slow."""
_TRIES = 3
"""How often an index that turns out to be damaged is built anew, before that is given up."""
_UNREADABLE = "cannot be read"
_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown")


@contextmanager
def _written_beside(
    path: Path, chunks: Iterable[bytes], mtime_ns: int | None = None
) -> Iterator[Path]:
    """A hidden file beside a path, on the disk whole; gone afterwards unless it was renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _new_beside(path) as file:
        temporary = Path(file.name)
        try:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
            if mtime_ns is not None:
                os.utime(temporary, ns=(mtime_ns, mtime_ns))
            yield temporary
        finally:
            with suppress(OSError):
                temporary.unlink()


def _new_beside(path: Path) -> BinaryIO:
    """A new hidden file beside a path, which nobody sweeps away while it is open."""
    while True:
        file = (path.parent / f".{path.name[:32]}.{os.urandom(4).hex()}.tmp").open("xb")
        # A file system without locks has none for who sweeps either.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_SH)
        if os.path.exists(file.name):
            return file
        # Swept away before it was locked.
        file.close()


def _sweep_beside(path: Path) -> None:
    """Removes the hidden files beside a path that were left there, and that nobody writes."""
    name = re.compile(re.escape(f".{path.name[:32]}.") + r"[0-9a-f]{8}\.tmp")
    with suppress(OSError):
        left = [entry.path for entry in os.scandir(path.parent) if name.fullmatch(entry.name)]
        for temporary in left:
            with suppress(OSError), open(temporary, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(temporary)


def _names(path: Path, sha256: str) -> Iterator[Path]:
    """The path, and longer ones for where it is another file's."""
    yield path
    for length in range(8, 65):
        yield path.with_name(f"{path.stem}-{sha256[:length]}{path.suffix}")


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


def _may_go_on(digest: Answer) -> bool:
    """Whether what a file lacks could stand behind its end."""
    if not isinstance(digest, Prepared) or (digest.declared is None and not digest.entries):
        return True
    last = digest.entries[-1].line if digest.entries else 0
    is_short = len(digest.entries) < (digest.declared or 0)
    return is_short or any(problem.line >= last for problem in digest.problems)


def _day_of(mtime_ns: int) -> date:
    return date.fromtimestamp(mtime_ns / 1e9)


def _jobs(names: Iterable[str], found: Mapping[str, File]) -> Iterator[tuple[FileStamp, Job]]:
    """The files that can be read, each as it is and with the job of reading it."""
    for name in names:
        try:
            data, mtime_ns = contents(Path(found[name][0]))
        except OSError:
            continue
        sha256 = sha256_of(data)
        yield FileStamp(name, len(data), mtime_ns, sha256), (data, name, _day_of(mtime_ns))


def _batches(readings: Iterable[tuple[T, Answer]], files: int) -> Iterator[_Batch[T]]:
    """What goes into a transaction together: of a few files each alone, of many ever more.

    So the first is there soon, and the last cost little. An empty batch says that there is more
    to come.
    """
    batch: _Batch[T] = []
    size, enough = 0, 1
    for reading in readings:
        batch.append(reading)
        size += max(_papers_in(reading), 1)
        if size < enough:
            yield []
        else:
            yield batch
            batch, size, enough = [], 0, min(2 * size, _AT_ONCE) if files > _MANY else 1
    if batch:
        yield batch


def _one_ahead(
    calls: Iterator[tuple[T, Callable[[], _Kept]]], files: int
) -> Iterator[tuple[T, _Kept]]:
    """What calls come to; of many files, each is made while what came of the last is made use of.

    A disk is waited for, and meanwhile an index can be written.
    """
    if files <= _MANY:
        yield from ((key, call()) for key, call in calls)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        begun = [(key, thread.submit(call)) for key, call in islice(calls, 1)]
        for key, call in calls:
            begun.append((key, thread.submit(call)))
            done, kept = begun.pop(0)
            yield done, kept.result()
        for done, kept in begun:
            yield done, kept.result()


def _time_left(seconds: float) -> str:
    if seconds < 1:
        return "nearly done"
    return f"{seconds:.0f} s left" if seconds < 90 else f"{seconds / 60:.0f} min left"


def _papers_in(reading: tuple[object, Answer]) -> int:
    digest = reading[1]
    return len(digest.papers) if isinstance(digest, Prepared) else 0


def _refused(file: str, reason: str) -> Imported:
    return Imported(file, "refused", reason=reason)
