"""The real program in a real pseudo-terminal, with a terminal emulator to read its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import pyte

PROGRAM = (sys.executable, "-m", "digest_tui")
PATIENCE = 20.0
"""Seconds until a screen that does not come is given up: generous, for busy machines."""

# Synchronized output, mode 2026 of the terminals that have it.
_ASKED, _SYNCHRONIZES = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_BEGIN, _END = b"\x1b[?2026h", b"\x1b[?2026l"
_TYPING = termios.ECHO | termios.ICANON | termios.ISIG


class Terminal:
    """A program that runs in a terminal of its own; what it wrote stands in `text`."""

    def __init__(
        self,
        *arguments: str,
        size: tuple[int, int] = (120, 40),
        program: Sequence[str] = PROGRAM,
        emulate: bool = True,
        synchronized: bool = False,
    ) -> None:
        """Starts `program` with arguments in a terminal of (columns, rows).

        Without `emulate` the screen stays empty, and reading costs nothing: for measurements. A
        `synchronized` terminal shows a frame as soon as it is whole, and not in part.
        """
        columns, rows = size
        self._emulate = emulate
        self._is_asked = synchronized
        self._held = b""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.output = bytearray()
        """Every byte that the program wrote."""
        self._is_hung_up = False
        self._master, slave = pty.openpty()
        self._resize(columns, rows)
        self.process = subprocess.Popen(
            [*program, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env=_environment(),
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()
        if not self._is_hung_up:
            os.close(self._master)

    @property
    def text(self) -> str:
        """The screen as it stands, a line a row; the empty half of a wide glyph is left out."""
        # Not `screen.display`, which cannot bear a wide glyph of which a half is overwritten yet.
        columns, rows = range(self.screen.columns), range(self.screen.lines)
        return "\n".join("".join(self.screen.buffer[y][x].data for x in columns) for y in rows)

    def press(self, keys: str) -> None:
        """Sends characters as a keyboard does."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Changes the size of the terminal, and tells the program as a terminal does."""
        self.screen.resize(rows, columns)
        self._resize(columns, rows)
        os.killpg(self.process.pid, signal.SIGWINCH)

    def _resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def pump(self, seconds: float) -> bool:
        """Takes in what the program writes within a time; whether it wrote anything."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return False
        self.output += data
        if self._is_asked and _ASKED in self.output:
            self._is_asked = False
            os.write(self._master, _SYNCHRONIZES)
        if self._emulate:
            whole, self._held = _whole(self._held + data)
            self._stream.feed(whole)
        return bool(data)

    def settle(self, quiet: float = 0.3) -> None:
        """Waits until nothing has been written for a while."""
        end = time.monotonic() + PATIENCE
        while self.pump(quiet) and time.monotonic() < end:
            pass

    def until(self, condition: Callable[[str], bool], what: str = "") -> None:
        """Waits until the screen meets a condition; fails with the screen where it never does."""
        end = time.monotonic() + PATIENCE
        while not condition(self.text):
            self.pump(0.05)
            if time.monotonic() > end:
                raise AssertionError(f"never on screen: {what}\n{self.text}")

    def see(self, *texts: str) -> None:
        """Waits until all the texts are on screen."""
        self.until(lambda screen: all(text in screen for text in texts), " and ".join(texts))

    def gone(self, text: str) -> None:
        """Waits until a text is no longer on screen."""
        self.until(lambda screen: text not in screen, f"a screen without {text}")

    def wait(self) -> int:
        """Waits until the program ends; its exit code."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            self.pump(0.05)
            if time.monotonic() > end:
                raise AssertionError(f"does not end\n{self.text}")
        # What it wrote last may still be on its way.
        while self.pump(0):
            pass
        return self.process.returncode

    def hang_up(self) -> int:
        """Closes the terminal, as its window is closed; the program's exit code."""
        self._is_hung_up = True
        os.close(self._master)
        return self.process.wait(PATIENCE)

    def until_stopped(self) -> None:
        """Waits until the program is stopped, as Ctrl-Z does it in a shell."""
        end = time.monotonic() + PATIENCE
        while not (changed := os.waitpid(self.process.pid, os.WUNTRACED | os.WNOHANG))[0]:
            self.pump(0.05)
            assert time.monotonic() < end, f"does not stop\n{self.text}"
        assert os.WIFSTOPPED(changed[1])

    @property
    def is_restored(self) -> bool:
        """Whether the program left the terminal as it was: no alternate screen, a cursor, and
        keys that are lines and are seen as they are typed."""
        shown = all(
            self.output.rfind(wanted) >= self.output.rfind(other)
            for wanted, other in ((b"\x1b[?1049l", b"\x1b[?1049h"), (b"\x1b[?25h", b"\x1b[?25l"))
        )
        modes: int = termios.tcgetattr(self._master)[3]
        return shown and modes & _TYPING == _TYPING

    def kill(self) -> None:
        """Ends the program at once, as `kill -9` does."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _whole(data: bytes) -> tuple[bytes, bytes]:
    """The frames of an output, and what there is of one that is not whole yet."""
    begin = data.rfind(_BEGIN)
    return (data, b"") if begin <= data.rfind(_END) else (data[:begin], data[begin:])


def _environment() -> dict[str, str]:
    # The runner of the tests may say how large its own terminal is, which is not this one.
    kept = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
