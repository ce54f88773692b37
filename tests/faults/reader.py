"""A reader who presses keys as fast as the program takes them, and what has to come of each key.

The program is the real one in a terminal. What a key appends to the journal is known beforehand,
and so is what the screen then says: so the journal can be held against the keys, change by change,
and against what was on screen when the program came to its end.
"""

from __future__ import annotations

import json
import re
import subprocess
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from digest_tui.library import Library
from digest_tui.marks import READ, STAR, Value, merge
from digest_tui.settings import places
from digest_tui.store import Reading, Store
from tests.made import DAY, papers, put, text
from tests.terminal import PROGRAM, Terminal

Mark = tuple[str, str, Value]
"""A paper, a field, and its value."""
EACH = 300
"""Papers of a digest."""
NEWEST = [paper.id for paper in papers(*range(EACH))]
OLDER = [paper.id for paper in papers(*range(EACH, 2 * EACH))]
AHEAD = 3
"""Keys that are pressed before the first of them is saved."""
SMALL = (120, 10)
"""Columns and rows: all the counts are there, and there is little to emulate."""


def library(folder: Path) -> Path:
    """A new library of two digests, which are indexed, and in which nothing is decided."""
    for day, first in (DAY, 0), (DAY - timedelta(1), EACH):
        put(folder / "digests", f"{day}.txt", text(papers(*range(first, first + EACH)), day))
    with closing(Library(places(folder))) as opened:
        opened.refresh()
    return folder


def reading(folder: Path) -> Reading:
    """What the journals of a library hold."""
    return Store(folder / "marks", "zzzzzz").read()


def marks(folder: Path, digest: Sequence[str] = NEWEST) -> list[Mark]:
    """The changes of one digest's papers, in the order in which they were written."""
    of_digest = set(digest)
    changes = reading(folder).changes
    return [(c.paper, c.field, c.value) for c in changes if c.paper in of_digest]


def having(folder: Path, field: str) -> set[str]:
    """The papers that are read, or starred, by the journals of a library."""
    winners = merge(reading(folder).changes).values()
    return {change.paper for change in winners if change.field == field and change.value}


def shell(*arguments: str | Path) -> str:
    """What a command of the program prints."""
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=True).stdout


def starred(folder: Path) -> set[str]:
    """The starred papers, as the program itself tells them."""
    records: list[dict[str, Any]] = json.loads(
        shell("--library", folder, "papers", "is:starred", "--json")
    )
    return {record["id"] for record in records}


def some_keys(chance: Random, count: int) -> str:
    """Keys that star, mark read and undo, at random."""
    return "".join(chance.choices("sru", weights=(4, 3, 2), k=count))


@dataclass(frozen=True, slots=True)
class Step:
    """What has become of a digest after some keys."""

    written: list[Mark]
    """All that is appended to the journal by then."""
    decided: int
    """Papers that are decided by then, and were not before."""


def steps(keys: str, undecided: Sequence[str]) -> Iterator[Step]:
    """What keys do from the first undecided paper on: before the first key, and after each."""
    written: list[Mark] = []
    done: list[list[Mark]] = []
    yield Step([], 0)
    for key in keys:
        if key == "u":
            written += [(paper, field, False) for paper, field, _ in done.pop()] if done else []
        else:
            paper = undecided[len(done)]
            star, read = (paper, STAR, True), (paper, READ, True)
            done.append([star, read] if key == "s" else [read])
            written += done[-1]
        yield Step(list(written), len(done))


class Reader:
    """A window of the program, keys streaming into it, and how many of them it has confirmed."""

    def __init__(
        self,
        folder: Path,
        keys: str,
        digest: Sequence[str] = NEWEST,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        """Opens a library; nobody else is to mark papers of this digest meanwhile."""
        self.folder = folder
        self.keys = keys
        self.digest = digest
        self.confirmed = 0
        """Keys whose effect was on screen."""
        read = having(folder, READ)
        undecided = [paper for paper in digest if paper not in read]
        done = list(steps(keys, undecided))
        self.decided = [len(digest) - len(undecided) + step.decided for step in done]
        """How many papers are decided before the first key, and after each."""
        self._ends = [len(step.written) for step in done]
        self._before = marks(folder, digest)
        self._expected = self._before + done[-1].written
        # It opens at the first undecided paper, wherever it was left.
        places(folder).left.unlink(missing_ok=True)
        self._sent = 0
        self.terminal = Terminal(
            "--library", str(folder), size=SMALL, program=program, synchronized=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.terminal.__exit__(kind, error, traceback)

    @property
    def shown(self) -> int | None:
        """How many papers of the digest the screen says are decided."""
        found = re.search(rf"(\d+) of {EACH} decided", self.terminal.text)
        return int(found[1]) if found else None

    def begin(self) -> None:
        """Waits until the digest is open, and ready for keys."""
        self.terminal.see(f" of {EACH} decided")
        if self.digest is OLDER:
            self.terminal.press("]")
            self.terminal.see(f"╭─ {DAY - timedelta(1)} ─")
        self.terminal.until(lambda _: self.shown == self.decided[0], f"{self.decided[0]} decided")

    def mark(self, keys: int) -> None:
        """Presses keys until the journal holds what so many do: the screen may be behind."""
        self.terminal.until(lambda _: self.go_on() >= keys, f"{keys} keys saved")

    def rest(self) -> None:
        """Waits until the journal holds what all the keys do that were pressed."""
        self.terminal.until(lambda _: self.saved >= self._sent, f"{self._sent} keys saved")

    def confirm(self) -> None:
        """Presses all the keys, and waits until the journal holds and the screen shows it."""
        self.mark(len(self.keys))
        self.terminal.until(lambda _: self._look() == self.decided[-1], "what all the keys do")

    @property
    def saved(self) -> int:
        """The keys of which the journal holds what they do."""
        written = len(marks(self.folder, self.digest)) - len(self._before)
        return bisect_right(self._ends, written) - 1

    def go_on(self) -> int:
        """Presses the next keys, unless the program is behind; how many were saved."""
        self._look()
        saved = self.saved
        # While keys wait, nothing is painted.
        ahead = self.keys[self._sent : saved + AHEAD]
        if ahead:
            self.press(ahead)
        return saved

    def press(self, keys: str) -> None:
        """Presses the next of the keys, whatever the program is at."""
        self.terminal.press(keys)
        self._sent += len(keys)

    def _look(self) -> int | None:
        """Takes note of what is on screen: it was there after that many keys at the earliest."""
        shown = self.shown
        # What could not be saved is shown too, and said.
        if shown is not None and "not saved:" not in self.terminal.text:
            self.confirmed = self.decided.index(shown, self.confirmed)
        return shown

    def take_in(self) -> None:
        """Takes note of what the program wrote before it ended or was stopped."""
        while self.terminal.pump(0.05):
            self._look()

    def die(self) -> None:
        """Kills the program, and takes note of the last that it wrote."""
        self.terminal.kill()
        self.take_in()

    def check(self) -> None:
        """Holds the journal against the keys: what was confirmed is there, and nothing else."""
        assert reading(self.folder).bad == ()
        written = marks(self.folder, self.digest)
        assert written == self._expected[: len(written)]
        saved = len(written) - len(self._before)
        assert saved >= self._ends[self.confirmed], "what was confirmed is lost"
