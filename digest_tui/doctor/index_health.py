"""The health of the index, asked of the file as it stands.

Law: it is asked before anything else opens the index, because to open one that cannot be used is
to begin a new one, and then there is nothing left to tell.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from digest_tui.doctor.finding import Finding, many, mendable
from digest_tui.index import Index
from digest_tui.index_file import ERRORS, is_damage, standing_at
from digest_tui.index_tables import VERSION
from digest_tui.library import Library
from digest_tui.settings import Places
from digest_tui.store import reason

State = Literal["sound", "new", "damaged", "unusable"]


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """How the file of the index was found."""

    path: str
    state: State
    """`new` where there was none of this version, so that it is built now; `unusable` where it
    may be whole, but cannot be opened or written."""
    bytes: int = 0
    version: int | None = None
    full_text: bool = False
    """Whether the table for full-text search is there."""
    why: str = ""
    """Why it cannot be used; empty where it can."""


def health_of(path: Path) -> IndexHealth:
    """Reads all of an index; where there is none of this version, an empty one is made."""
    _, count = standing_at(path)
    version, full_text = None, False
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if os.path.lexists(path):
            version, full_text = _stated(path)
        with closing(Index(path)) as index:
            is_sound = version != VERSION or index.is_sound()
    except (*ERRORS, OSError) as error:
        state: State = "damaged" if is_damage(error) else "unusable"
        why = reason(error) if isinstance(error, OSError) else str(error)
        return IndexHealth(str(path), state, count, version, full_text, why)
    if not is_sound:
        why = "its parts do not agree"
        return IndexHealth(str(path), "damaged", count, version, full_text, why)
    state = "sound" if version == VERSION else "new"
    return IndexHealth(str(path), state, count, version, full_text)


def _stated(path: Path) -> tuple[int, bool]:
    """The version of an index, and whether it has a table for full text."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        has_full_text = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'full_text')"
        (full_text,) = db.execute(has_full_text).fetchone()
        return version, bool(full_text)


def findings(health: IndexHealth, places: Places) -> list[Finding]:
    """What the health of the index calls for."""
    if health.state == "damaged":
        return [
            mendable(
                f"{health.path}: the index is damaged ({health.why})",
                "builds it again from digests and marks; to delete it does the same",
                lambda: _rebuilt(places),
            )
        ]
    if health.state == "unusable":
        what = f"{health.path}: the index cannot be used ({health.why})"
        step = "end the program that keeps it, see that you may write it, or delete it"
        return [Finding(what, f"{step}; until then each call takes longer")]
    return []


def _rebuilt(places: Places) -> str:
    with closing(Library(places)) as library:
        library.index.rebuild()
        library.refresh()
        return f"built again, with {many(library.index.totals().papers, 'paper')}"
