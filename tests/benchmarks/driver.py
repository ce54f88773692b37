"""A program in a pseudo-terminal, and how long it takes to answer a key.

An answer is timed to the last byte of the frame that gives it. What the program does afterwards,
unasked or still on the way, is waited for before the next key: it is at rest when it neither
writes nor works, as Linux counts work in `/proc`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.terminal import PROGRAM, Terminal

SIZE = (120, 40)
GAP = 0.01
"""Seconds without a byte that end a frame."""
REST = 0.08
"""Seconds without a byte, and with next to no work, that are rest."""
PATIENCE = 60.0
"""Seconds after which an answer will not come any more."""


class Driven:
    """A program at work. Times are in seconds since the last key, or since the start."""

    def __init__(self, terminal: Terminal, began: float) -> None:
        self._terminal = terminal
        self._sent = began
        self._answer = 0
        """Where in the output the answer begins."""
        self._arrivals: list[tuple[int, float]] = []
        """How long the output was, and when, since the last key."""

    def press(self, keys: str) -> None:
        """Sends keys, with which the clock starts anew."""
        self._answer = self.written
        self._arrivals.clear()
        self._sent = time.perf_counter()
        self._terminal.press(keys)

    def wait(self, pattern: str, since: int | None = None) -> None:
        """Waits until a text is written, since the last key or since a place of the output."""
        wanted = re.compile(pattern.encode())
        start = self._answer if since is None else since
        while not wanted.search(self._terminal.output, start):
            self._read(1, f"“{pattern}”")
        while self._read(GAP):
            pass

    def rest(self) -> None:
        """Waits until there is an answer, and the program is at rest after it."""
        while not self._arrivals:
            self._read(1, "an answer")
        while not self.pause(REST):
            pass

    def pause(self, seconds: float) -> bool:
        """Lets a time pass, or less where something is written; whether the program was at rest."""
        worked = self._worked()
        # A tick of work is a hundredth of a second.
        return not self._read(seconds, "rest") and self._worked() - worked <= 1

    def answer(self, keys: str, pattern: str = "") -> float:
        """Presses keys; the time to the frame that shows a text, or else to the last byte."""
        self.press(keys)
        if pattern:
            self.wait(pattern)
        self.rest()
        return self.shown(pattern) or self.finished

    def shown(self, pattern: str) -> float | None:
        """The time to the last byte of the frame in which a text first came, if it did."""
        found = re.compile(pattern.encode()).search(self._terminal.output, self._answer)
        if not pattern or not found:
            return None
        times = [time for length, time in self._arrivals if length >= found.end()]
        last = times[0]
        for arrival in times[1:]:
            if arrival - last > GAP:
                break
            last = arrival
        return last - self._sent

    @property
    def finished(self) -> float:
        """The time to the last byte of all."""
        return self._arrivals[-1][1] - self._sent

    @property
    def written(self) -> int:
        """How many bytes the program has written."""
        return len(self._terminal.output)

    def quit(self) -> float:
        """Leaves the program; the time until its process is gone."""
        self.press("q")
        if code := self._terminal.wait():
            raise SystemExit(f"it left with the exit code {code}")
        return time.perf_counter() - self._sent

    def memory(self) -> float:
        """The most that the program has held, in MB."""
        status = Path(f"/proc/{self._terminal.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def _read(self, seconds: float, wanted: str = "") -> bool:
        """Takes in what is written within a time; gives up on what is wanted for too long."""
        if self._terminal.pump(seconds):
            self._arrivals.append((self.written, time.perf_counter()))
            return True
        is_gone = self._terminal.process.poll() is not None
        if wanted and (is_gone or time.perf_counter() - self._sent > PATIENCE):
            told = re.sub(rb"\x1b\[[^a-zA-Z]*[a-zA-Z]", b" ", self._terminal.output[-20_000:])
            raise SystemExit(f"{wanted} never came:\n{told.decode(errors='replace')[-3_000:]}")
        return False

    def _worked(self) -> int:
        """The ticks of processor time that the program and its children have had."""
        ticks, session = 0, str(self._terminal.process.pid)
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[3] == session:
                ticks += int(fields[11]) + int(fields[12])
        return ticks


@contextmanager
def driven(*arguments: str, program: Sequence[str] = PROGRAM) -> Iterator[Driven]:
    """Starts a program, and ends it at the latest with the block."""
    began = time.perf_counter()
    with Terminal(*arguments, size=SIZE, program=program, emulate=False) as terminal:
        yield Driven(terminal, began)


@contextmanager
def home(folder: Path) -> Iterator[None]:
    """A home of its own, so that nothing of the user's is read or written."""
    before = dict(os.environ)
    for kind in ("DATA", "CONFIG", "CACHE", "STATE"):
        os.environ[f"XDG_{kind}_HOME"] = str(folder / kind.lower())
    os.environ["HOME"] = str(folder)
    # An installed program has its bytecode; so has this one after a first run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
