"""Disks that are small, full or broken: real ones, and what a command line begins with there.

A small disk is a file system in memory, mounted where only those programs see it that run
`inside`; it stays while they come and go. Where a machine does not let a test mount one, or does
not have what it takes to break one, the test is skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

ROOT = Path(__file__).parents[2]
_MOUNT = 'mount -t tmpfs -o size="$1k" none "$2" && echo mounted && exec cat'


class SmallDisk:
    """A disk of so many kilobytes, mounted on a folder."""

    def __init__(self, folder: Path, kilobytes: int) -> None:
        """`folder` is what it is called inside; it is made where it is missing."""
        need("unshare", "nsenter", "mount")
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._holder = subprocess.Popen(
            ["unshare", "-rm", "sh", "-c", _MOUNT, "sh", str(kilobytes), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._holder.stdout
        if not self._holder.stdout.readline():
            self._leave()
            pytest.skip("no file system can be mounted in a user namespace here")
        pid = self._holder.pid
        self.inside = (
            *("nsenter", "--preserve-credentials", "-U", "-m", f"--target={pid}", f"--wd={ROOT}"),
            "--",
        )
        """What a command line begins with that runs where the disk is mounted."""
        self.seen = Path(f"/proc/{pid}/root{folder}")
        """The folder as it is seen from outside."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        self._holder.kill()
        self._holder.communicate()

    def fill(self) -> None:
        """Fills it to the last byte, as somebody else's file does."""
        with suppress(OSError), (self.seen / "ballast").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def resize(self, kilobytes: int) -> None:
        """Makes it larger or smaller while it is in use."""
        command = ("mount", "-o", f"remount,size={kilobytes}k", str(self._folder))
        subprocess.run([*self.inside, *command], check=True)


def busy(path: Path) -> tuple[str, ...]:
    """What a command line begins with for which a file cannot be replaced: it is a mount point."""
    return _beginning("unshare", "-rm", "sh", "-c", 'mount --bind "$0" "$0" && "$@"', str(path))


def failing(call: str, error: str, *, log: Path, path: Path | None = None) -> tuple[str, ...]:
    """What a command line begins with for which a system call fails: as often as `error` says, on
    every file or on one. What it does with that file is logged.

    The way to say so is strace's: https://man7.org/linux/man-pages/man1/strace.1.html
    """
    only = ("-P", str(path)) if path else ()
    calls = f"trace={call},write,ftruncate" if path else f"trace={call}"
    inject = f"inject={call}:error={error}"
    options = (
        "-f",
        "-y",
        "-qq",
        "-e",
        "signal=none",
        "-e",
        calls,
        "-e",
        inject,
        "-o",
        str(log),
        *only,
    )
    return _beginning("strace", *options)


def ordinary() -> tuple[str, ...]:
    """What a command line begins with that may write only what permissions let it write."""
    return () if os.geteuid() else _beginning("setpriv", "--bounding-set=-all", "--inh-caps=-all")


def _beginning(*words: str) -> tuple[str, ...]:
    """The words, where a command line can begin with them here."""
    need(words[0])
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"{words[0]} cannot do it here: {tried.stderr.strip()}")
    return words


def need(*programs: str) -> None:
    """Skips a test where one of the programs is missing."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"there is no {program} here")
