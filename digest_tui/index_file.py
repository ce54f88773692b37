"""The file of the index: what stands at its path, who may take it away, what an error says of it.

A file that others may have open is never emptied or written anew: it is taken from its path, and
the next one is another file, so that everybody can tell that theirs is no longer there.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FileId = tuple[int, int]
"""Which file of this machine it is, whatever its name: device and inode."""

OPENING = 1.0
"""Seconds for which a file that another process keeps to itself is waited for."""
ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What reading raises. The second comes of noise in one of SQLite's own messages."""

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR)
_UNWRITABLE = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_SHMMAP,
)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)


def is_damage(error: Exception) -> bool:
    """Whether an error says that the file is no index any more, and that a new one would help."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # Python's own, of a text with noise in it, at which SQLite does not look.
        return "decode" in str(error)
    if is_unwritable(error):
        return False
    return code & 0xFF in _DAMAGE or "no such table" in str(error)


def damage(found: str) -> sqlite3.DatabaseError:
    """The error that SQLite would raise, had it noticed what was found."""
    error = sqlite3.DatabaseError(found)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def is_unwritable(error: Exception) -> bool:
    """Whether an error says that the disk takes nothing more: what is in the file is sound."""
    return getattr(error, "sqlite_errorcode", 0) in _UNWRITABLE


def is_locked(error: Exception) -> bool:
    """Whether an error says that another process did not let go of the file in time."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _LOCKED


def standing_at(path: Path) -> tuple[FileId | None, int]:
    """Which file is at a path, whatever it holds, and how large it is."""
    try:
        status = path.stat()
    except OSError:
        return None, 0
    return (status.st_dev, status.st_ino), status.st_size


def remove(path: Path) -> None:
    """Takes a file from its path, or what was left of one. Who reads it goes on reading it."""
    for suffix in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps every other window from opening an index in a folder, and from removing one.

    What SQLite finds under the names of the -wal and the -shm it takes for the file's own, so
    that a file must not come in between another's going and its own two. The lock is waited for
    no longer than for opening: who holds it may have been stopped.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        end = time.monotonic() + OPENING
        while time.monotonic() < end and not _is_taken(descriptor):
            time.sleep(0.01)
        yield
    finally:
        os.close(descriptor)


def _is_taken(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A folder of a network without locks.
        return True
    return True
