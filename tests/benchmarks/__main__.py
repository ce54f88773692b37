"""Measures the program against a bare Textual app, and prints ratios.

`python -m tests.benchmarks [--rounds N]`. Both run in the same pseudo-terminal, in turns, over
the same made papers; so the ratios travel between machines, and the times do not. Nothing is
judged here: the figures to reach stand beside those measured.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from digest_tui.library import Library
from digest_tui.marks import READ, Decision
from digest_tui.settings import throwaway
from digest_tui.store import Store
from tests.benchmarks.made import digest
from tests.benchmarks.typeset import wrap_ms
from tests.terminal import PROGRAM, Terminal

PAPERS = 35
SIZE = (120, 40)
BARE = (sys.executable, "-m", "tests.benchmarks.bare")


def main() -> None:
    """Runs every measurement and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="starts of each program")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name, _home(Path(name)) as home:
        library, texts = _library(home)
        ours = _Program(PROGRAM, ("--library", str(library)))
        bare = _Program(BARE, (str(texts),))
        for program in (bare, ours):
            program.run()
            program.forget()
        for _ in range(rounds):
            for program in (bare, ours):
                program.run()
        letters = _letters(library)
        print(
            f"{PAPERS} papers, {rounds} rounds, medians; the ratio of the medians, of the bests\n"
        )
        print(f"{'what':<40}{'ours':>10}{'bare/raw':>10}{'ratio':>8}{'best':>8}{'to reach':>10}")
        _row("start to the painted list", ours.starts, bare.starts, "≤ 1.4")
        _row("j to the painted paper", ours.keys, bare.keys, "≤ 1.5")
        _row("peak memory (MB)", ours.memory, bare.memory, "≤ 1.6")
        _row("a star durable on disk", *_durable(home), "≤ 1.5")
        _row("--version ÷ import click", *_version(rounds), "≤ 1.5")
        letters.sort()
        p95 = letters[int(len(letters) * 0.95)]
        print(f"{'a letter typed in the query, p50 / p95':<40}", end="")
        print(f"{statistics.median(letters) * 1000:.1f} / {p95 * 1000:.1f} ms, ≤ 30 ms")
        wrapped = sorted(wrap_ms())
        print(f"{'a 1,500-character abstract wrapped, p95':<40}", end="")
        print(f"{wrapped[int(len(wrapped) * 0.95)]:>8.2f} ms, ≤ 1 ms")
        print(f"{'import, papers a second':<40}{_import(home):>10.0f}")


class _Program:
    """One of the two programs, and what was measured of it."""

    def __init__(self, program: Sequence[str], arguments: Sequence[str]) -> None:
        self._program = program
        self._arguments = arguments
        self.starts: list[float] = []
        self.keys: list[float] = []
        self.memory: list[float] = []

    def forget(self) -> None:
        for measured in (self.starts, self.keys, self.memory):
            measured.clear()

    def run(self) -> None:
        began = time.perf_counter()
        with Terminal(
            *self._arguments, size=SIZE, program=self._program, emulate=False
        ) as terminal:
            self.starts.append(_until(terminal, b"read0x") - began)
            terminal.settle(0.6)
            for place in range(1, 11):
                began = time.perf_counter()
                terminal.press("j")
                self.keys.append(_until(terminal, f"read{place}x".encode()) - began)
                terminal.settle(0.05)
            self.memory.append(_peak_memory(terminal.process.pid))


def _until(terminal: Terminal, token: bytes) -> float:
    """When the program wrote a token, by the clock of `perf_counter`."""
    start = len(terminal.output)
    deadline = time.perf_counter() + 20
    while token not in terminal.output[max(start - len(token), 0) :]:
        terminal.pump(0.5)
        if time.perf_counter() > deadline:
            raise SystemExit(f"{token!r} never came:\n{terminal.text}")
    return time.perf_counter()


def _letters(library: Path) -> list[float]:
    """Seconds from a letter typed to the last byte of the frame that answers it."""
    times = []
    with Terminal("--library", str(library), size=SIZE, emulate=False) as terminal:
        _until(terminal, b"read0x")
        terminal.settle(0.6)
        for text in ("policy", "mark7x", "强化", "is:unread", "au:agent", "latent -robot"):
            terminal.press("/")
            terminal.settle(0.2)
            for letter in text:
                began = time.perf_counter()
                terminal.press(letter)
                last = began
                while terminal.pump(0.12):
                    last = time.perf_counter()
                times.append(last - began)
            terminal.press("\x1b")
            terminal.settle(0.3)
    return times


def _durable(home: Path) -> tuple[list[float], list[float]]:
    """Seconds for a decision in the journal, and for a raw append with fsync, in turns."""
    store = Store(home / "stars", "benchm")
    store.write([Decision("2601.00000", READ, True, None)])
    line = b'{"t":[1790000000123,0],"k":"2604.18616","f":"star","v":true}\n'
    ours, raw = [], []
    for number in range(200):
        began = time.perf_counter()
        store.write([Decision(f"2601.{number:05}", READ, True, None)])
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        descriptor = os.open(home / "raw.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line)
        os.fsync(descriptor)
        os.close(descriptor)
        raw.append(time.perf_counter() - began)
    return ours, raw


def _version(rounds: int) -> tuple[list[float], list[float]]:
    calls = ([*PROGRAM, "--version"], [sys.executable, "-c", "import click"])
    ours: list[float] = []
    raw: list[float] = []
    for _ in range(rounds * 2):
        for call, times in zip(calls, (ours, raw), strict=True):
            began = time.perf_counter()
            subprocess.run(call, check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - began)
    return ours, raw


def _import(home: Path) -> float:
    """Papers imported in a second: parsed, indexed, and durable on disk."""
    folder = home / "many"
    folder.mkdir()
    for number in range(1, 31):
        (folder / f"{number}.txt").write_text(digest(number), "utf-8")
    library = Library(throwaway(home / "imported"))
    began = time.perf_counter()
    new = sum(outcome.new for outcome in library.import_paths([folder]))
    seconds = time.perf_counter() - began
    library.close()
    return new / seconds


def _library(home: Path) -> tuple[Path, Path]:
    """A library with one digest, already indexed, and its papers as plain text for the bare app."""
    source = home / "digest.txt"
    source.write_text(digest(0, PAPERS), "utf-8")
    subprocess.run(
        [*PROGRAM, "--library", str(home / "library"), "import", str(source)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    blocks = source.read_text("utf-8").split("\nmark")[1:]
    texts = home / "texts"
    texts.write_text("\f".join("mark" + block for block in blocks), "utf-8")
    return home / "library", texts


@contextmanager
def _home(folder: Path) -> Iterator[Path]:
    """A home of its own, so that nothing of the user's is read or written."""
    before = dict(os.environ)
    for kind in ("DATA", "CONFIG", "CACHE", "STATE"):
        os.environ[f"XDG_{kind}_HOME"] = str(folder / kind.lower())
    os.environ["HOME"] = str(folder)
    # An installed program has its bytecode; so has this one after a first run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        yield folder
    finally:
        os.environ.clear()
        os.environ.update(before)


def _peak_memory(pid: int) -> float:
    """In MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _row(what: str, ours: list[float], raw: list[float], target: str) -> None:
    a, b = statistics.median(ours), statistics.median(raw)
    unit = (1, "") if "MB" in what else (1000, " ms")
    left, right = f"{a * unit[0]:.1f}{unit[1]}", f"{b * unit[0]:.1f}{unit[1]}"
    best = min(ours) / min(raw)
    print(f"{what:<40}{left:>10}{right:>10}{a / b:>8.2f}{best:>8.2f}{target:>10}")


if __name__ == "__main__":
    main()
