"""Random inputs for everything that reads what others wrote: any number of them, in one process.

    python -m tests.faults.fuzz --inputs 1000000 --seed 1 [TARGET...]

A target holds one input against all that has to be true of it, and returns the shape of what the
program made of it: the kinds of its problems, which fields were there. Inputs are mutations of a
corpus: pieces replaced by tokens of the format, by pieces of other inputs, by any bytes. One of
a shape that was never seen before joins the corpus. That guides the search better than the lines
of code that were run: what is read here is read by tables and regular expressions, whose every
case is on the same line.

What a target does with an input takes no more than a tenth of a second of CPU time for 10 kB. From
time to time a piece of an input is repeated up to 40 kB, to find what grows faster than its input.
"""

from __future__ import annotations

import argparse
import gc
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from types import FrameType

from tests.faults.fuzz_targets import Target, targets

MEASURED = 40_000
PACE = 0.1 / 10_000
"""CPU seconds a byte that nothing may exceed."""
SUSPECT = 0.03
"""CPU seconds after which an input is measured properly."""
HANGS = 20
"""CPU seconds after which an input is given up."""
GROWN = 500
"""One of so many inputs has a piece repeated, and is measured."""
KEPT = 2000
"""Inputs of a new shape that join the corpus."""


def stretch(chance: Random, data: bytes) -> tuple[int, int]:
    """A place in an input, some bytes of it, or a line."""
    start = chance.randint(0, len(data))
    match chance.randrange(4):
        case 0:
            return start, min(start + chance.randint(1, 40), len(data))
        case 1:
            return data.rfind(b"\n", 0, start) + 1, data.find(b"\n", start) + 1 or len(data)
    return start, start


def piece(chance: Random, data: bytes, target: Target, corpus: Sequence[bytes]) -> bytes:
    """Something to stand in an input."""
    match chance.randrange(8):
        case 0:
            return b""
        case 1:
            return chance.randbytes(chance.randint(1, 3))
        case 2:
            return chr(chance.randrange(0x110000)).encode("utf-8", "surrogatepass")
        case 3:
            start, end = stretch(chance, data)
            return data[start:end] * chance.randint(1, 8)
        case 4:
            other = chance.choice(corpus)
            start, end = stretch(chance, other)
            return other[start:end]
    return b"".join(chance.choices(target.tokens, k=chance.randint(1, 3)))


def mutated(chance: Random, target: Target, corpus: Sequence[bytes]) -> bytes:
    """An input with some of its pieces replaced."""
    data = chance.choice(corpus)
    for _ in range(chance.randint(1, 6)):
        start, end = stretch(chance, data)
        data = data[:start] + piece(chance, data, target, corpus) + data[end:]
    return data


def grown(chance: Random, data: bytes) -> bytes:
    """An input with one of its pieces repeated."""
    start = chance.randint(0, max(len(data) - 1, 0))
    end = start + chance.choice((1, 2, 3, 8, 40, 200))
    again = data[start:end] or b" "
    return data[:start] + again * (MEASURED // len(again)) + data[end:]


def seconds(read: Callable[[bytes], object], data: bytes, runs: int = 3) -> float:
    """The CPU time of reading, the least of some runs: others use the machine too."""
    # A collection looks at all that the tests hold, not at the input alone.
    gc.disable()
    try:
        return min(run_of(read, data) for _ in range(runs))
    finally:
        gc.enable()


def run_of(read: Callable[[bytes], object], data: bytes) -> float:
    start = time.process_time()
    read(data)
    return time.process_time() - start


def check_pace(read: Callable[[bytes], object], data: bytes) -> None:
    """Holds an input, made 10 kB long where it is shorter, to its time."""
    data *= 1 + 10_000 // (len(data) + 1)
    limit = PACE * len(data)
    spent = 20 * limit
    with suppress(TimeoutError), given_up(spent):
        spent = seconds(read, data, runs=1)
        if spent > limit:
            spent = seconds(read, data)
    assert spent < limit, f"{spent:.2f} s for {data[:500]!r}…{data[-500:]!r}"


@contextmanager
def given_up(after: float) -> Iterator[None]:
    """What runs is interrupted after some CPU seconds, a regular expression too."""

    def give_up(signal: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {after} s")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, after)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def answered(check: Callable[[bytes], str], data: bytes) -> str | None:
    """What a check returns; None where it fails."""
    with suppress(Exception), given_up(HANGS):
        return check(data)
    return None


def shrunk(check: Callable[[bytes], str], data: bytes) -> bytes:
    """A part of an input that fails, which fails as well."""
    size = len(data) // 2
    while size:
        start = 0
        while start < len(data):
            shorter = data[:start] + data[start + size :]
            if answered(check, shorter) is None:
                data = shorter
            else:
                start += size
        size //= 2
    return data


def hunt(target: Target, inputs: int, seed: int) -> int:
    """Holds a number of inputs to all that a target asks; returns how many were of a new shape.

    The inputs follow from the seed. Raises what the check raises, for the smallest input found.
    """
    chance = Random(seed)
    corpus, shapes = list(target.corpus), set[str]()
    for number in range(inputs):
        data = mutated(chance, target, corpus)[: target.longest]
        start = time.process_time()
        shape = answered(target.check, data)
        if shape is None:
            small = shrunk(target.check, data)
            print(f"seed {seed}, input {number}: {small!r}")
            target.check(small)
        elif shape not in shapes and len(shapes) < KEPT:
            shapes.add(shape)
            corpus.append(data)
        if number % GROWN == 0:
            check_pace(target.read, grown(chance, data))
        elif time.process_time() - start > SUSPECT:
            check_pace(target.read, data)
    return len(shapes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.faults.fuzz")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("targets", nargs="*", help="all, if none is named")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, targets(Path(folder)) as known:
        names = asked.targets or list(known)
        for name in names:
            start = time.process_time()
            new = hunt(known[name], asked.inputs // len(names), asked.seed)
            spent = time.process_time() - start
            print(f"{name}: {asked.inputs // len(names)} inputs, {new} shapes, {spent:.0f} s")


if __name__ == "__main__":
    main()
