"""Measures what a person waits for, and prints it as one table.

`python -m tests.benchmarks` makes libraries of 35 to 100,000 papers, and drives the real program
in a pseudo-terminal, in turns with a bare Textual app: so the ratios travel between machines, and
the times do not. `--quick` takes a minute. Figures are told and never judged: the one to reach
stands beside each. What is wrong, and not only slow, ends the run. Linux only, for `/proc`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import measures
from tests.benchmarks.driver import home
from tests.benchmarks.libraries import shelve
from tests.benchmarks.table import Figures, machine, markdown

SIZES = (35, 1_000, 10_000, 100_000)
ROUNDS = 7
QUICK_SIZES = (35, 1_000)
QUICK_ROUNDS = 1


def main() -> None:
    """Runs every measurement on every library, and prints the table."""
    options = _options()
    sizes: Sequence[int] = options.sizes or (QUICK_SIZES if options.quick else SIZES)
    rounds: int = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    figures = Figures()
    with ExitStack() as stack:
        folder: Path = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(home(folder.absolute() / "home"))
        measures.without_a_library(sizes[0], figures, rounds)
        for papers in sizes:
            _measure(folder.absolute(), papers, figures, rounds)
    told = markdown(figures, sizes, _about(rounds))
    if options.markdown:
        options.markdown.write_text(told, "utf-8")
    print(told)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small libraries, few rounds")
    parser.add_argument("--sizes", type=_sizes, help="papers of each library: 35,1000,…")
    parser.add_argument("--rounds", type=int, help="starts of each program")
    parser.add_argument("--keep", type=Path, help="a folder for the libraries, used again")
    parser.add_argument("--markdown", type=Path, help="a file for the table")
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def _measure(folder: Path, papers: int, figures: Figures, rounds: int) -> None:
    steps: Sequence[tuple[str, Callable[[], None]]]
    began = time.perf_counter()
    shelf = shelve(folder, papers)
    steps = (
        ("import", lambda: measures.imported(shelf, figures)),
        ("starts", lambda: measures.starts(shelf, figures, rounds)),
        ("a session", lambda: measures.session(shelf, figures, rounds)),
        ("new digests", lambda: measures.new_digest(shelf, figures, rounds)),
        ("the shell", lambda: measures.shelled(shelf, figures, rounds)),
        ("decisions", lambda: measures.decided(shelf, figures)),
        ("the index", lambda: measures.indexed(shelf, figures)),
    )
    for name, step in steps:
        print(f"{time.perf_counter() - began:4.0f} s  {papers:,} papers: {name}", file=sys.stderr)
        step()


def _about(rounds: int) -> Sequence[str]:
    """What a reader of the table has to know."""
    return (
        f"{machine()}; {rounds} starts.",
        "Times in ms: the median / the 95th percentile (/ the slowest);",
        "×: the ratio to a bare Textual app or to the raw operation, measured in turns with it.",
        "The file cache is dropped by `posix_fadvise`: modules and index come from the disk.",
    )


if __name__ == "__main__":
    main()
