"""A program in a pseudo-terminal, and how long it takes to answer a key.

An answer is timed to the last byte of the frame that gives it. What the program does after that
is waited for before the next key: it is at rest when it neither writes nor works, as Linux counts
work in `/proc`.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.terminal import PROGRAM, Terminal

SIZE = (120, 40)
GAP = 0.004
"""Seconds without a byte that end a frame."""
REST = 0.05
"""Seconds without a byte, and with next to no work, that are rest."""
ESCAPE = "\x1b"
ALONE = 0.2
"""Seconds after Esc in which the next key would be taken for Alt and that key."""
PATIENCE = 60.0
"""Seconds after which an answer will not come any more."""


class Driven:
    """A program at work. Times are in seconds since the last key, or since the start."""

    def __init__(self, terminal: Terminal, began: float) -> None:
        self._terminal = terminal
        self._sent = began
        self._keys = ""
        self._answer = 0
        """Where in the output the answer begins."""
        self._arrivals: list[tuple[int, float]] = []
        """How long the output was, and when, at each piece of the answer."""
        self._chance = random.Random(0)

    def press(self, keys: str) -> None:
        """Sends keys, with which the clock starts anew."""
        while self._keys == ESCAPE and time.perf_counter() - self._sent < ALONE:
            self._read(GAP)
        # A hand is not in step with the frames that a program paints, sixty a second.
        time.sleep(self._chance.random() / 60)
        self._answer = self.written
        self._arrivals.clear()
        self._sent = time.perf_counter()
        self._keys = keys
        self._terminal.press(keys)

    def answer(self, keys: str, pattern: str = "") -> float:
        """Presses keys; the time to the frame that shows a text, or else to the last byte."""
        self.press(keys)
        return self.answered(pattern)

    def answered(self, pattern: str = "") -> float:
        """Waits for an answer, and rest; the time to a text's frame, or else to the last byte."""
        self.wait(pattern or "(?s).")
        while not self.pause(REST):
            pass
        return self.shown(pattern) if pattern else self.finished

    def wait(self, pattern: str, since: int | None = None) -> None:
        """Waits for the frame with a text, since the last key or since a place of the output."""
        wanted = re.compile(pattern.encode())
        start = self._answer if since is None else since
        while not wanted.search(self._terminal.output, start):
            self._read(1, f"“{pattern}”")
        while self._read(GAP):
            pass

    def pause(self, seconds: float) -> bool:
        """Lets a time pass, or less where something is written; whether the program was at rest."""
        while self._read(GAP):
            pass
        worked = self._worked()
        if self._read(seconds, "rest"):
            return False
        # A tick of work is a hundredth of a second.
        return self._worked() - worked <= 1 and not self._has_children()

    def shown(self, pattern: str) -> float:
        """The time to the frame in which a text first came; to the last byte where it did not."""
        found = re.compile(pattern.encode()).search(self._terminal.output, self._answer)
        end = found.end() if found else self.written
        first, *later = (time for written, time in self._arrivals if written >= end)
        for arrival in later:
            if arrival - first > GAP:
                break
            first = arrival
        return first - self._sent

    @property
    def finished(self) -> float:
        """The time to the last byte of all."""
        return self._arrivals[-1][1] - self._sent

    @property
    def written(self) -> int:
        """How many bytes the program has written."""
        return len(self._terminal.output)

    def memory(self) -> float:
        """The most that the program has held, in MB."""
        status = Path(f"/proc/{self._terminal.process.pid}/status").read_text("utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def quit(self) -> float:
        """Leaves the program; the time until its process is gone."""
        self.press("q")
        if code := self._terminal.wait():
            raise SystemExit(f"it left with the exit code {code}")
        return time.perf_counter() - self._sent

    def _read(self, seconds: float, wanted: str = "") -> bool:
        """Takes in what is written within a time; ends the run for what is wanted too long."""
        came = self._terminal.pump(seconds)
        if came:
            self._arrivals.append((self.written, time.perf_counter()))
        is_gone = not came and self._terminal.process.poll() is not None
        # A cursor that blinks goes on writing, whatever is waited for.
        if wanted and (is_gone or time.perf_counter() - self._sent > PATIENCE):
            told = re.sub(rb"\x1b\[[^a-zA-Z]*[a-zA-Z]", b" ", self._terminal.output[-20_000:])
            raise SystemExit(f"{wanted} never came:\n{told.decode(errors='replace')[-3_000:]}")
        return came

    def _worked(self) -> int:
        """The ticks of processor time that the program has had."""
        user, system = _status(self._terminal.process.pid)[11:13]
        return int(user) + int(system)

    def _has_children(self) -> bool:
        """Whether a process that the program started is still there: it has some while it works."""
        own = str(self._terminal.process.pid)
        others = (path.name for path in Path("/proc").glob("[0-9]*") if path.name != own)
        # Its parent, its group and its session say whose a process is.
        return any(own in _status(number)[1:4] for number in others)


@contextmanager
def driven(*arguments: str, program: Sequence[str] = PROGRAM) -> Iterator[Driven]:
    """Starts a program, and ends it at the latest with the block."""
    began = time.perf_counter()
    with Terminal(*arguments, size=SIZE, program=program, emulate=False) as terminal:
        yield Driven(terminal, began)


def _status(process: int | str) -> list[str]:
    """What `/proc` says of a process behind its name; nothing of one that is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 13
