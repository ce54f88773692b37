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

from tests.benchmarks import files, screen
from tests.benchmarks.libraries import home, shelve
from tests.benchmarks.table import Figures, Run, machine, markdown

SIZES = (35, 1_000, 10_000, 100_000)
ROUNDS = 7
QUICK_SIZES = (35, 1_000)
QUICK_ROUNDS = 1
MEASURES: Sequence[Callable[[Run], None]] = (
    files.importing,
    screen.starting,
    screen.going_down,
    screen.starting_cold,
    screen.reading,
    screen.arriving,
    files.asking_in_the_shell,
    files.deciding,
    files.indexing,
)


def main() -> None:
    """Runs every measurement on every library, and prints the table."""
    options = _options()
    sizes: Sequence[int] = options.sizes or (QUICK_SIZES if options.quick else SIZES)
    rounds: int = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    figures = Figures()
    with ExitStack() as stack:
        folder: Path = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(home(folder.absolute() / "home"))
        for papers in sizes:
            run = Run(shelve(folder.absolute() / str(papers), papers), rounds, figures)
            for measure in MEASURES if papers != sizes[0] else (*MEASURES, files.without_papers):
                began = time.perf_counter()
                measure(run)
                taken = time.perf_counter() - began
                print(f"{papers:>7,} papers: {measure.__name__}, {taken:.0f} s", file=sys.stderr)
    told = markdown(figures, sizes, _about(rounds))
    if options.markdown:
        options.markdown.write_text(told, "utf-8")
    print(told)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small libraries, one round")
    parser.add_argument("--sizes", type=_sizes, help="papers of each library: 35,1000,…")
    parser.add_argument("--rounds", type=int, help="how often all is measured")
    parser.add_argument("--keep", type=Path, help="a folder for the libraries, to use them again")
    parser.add_argument("--markdown", type=Path, help="a file for the table")
    return parser.parse_args()


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


def _about(rounds: int) -> Sequence[str]:
    """What a reader of the table has to know."""
    return (
        f"{machine()}; rounds: {rounds}.",
        "Times in ms: the median / the 95th percentile (/ the slowest).",
        "×: the ratio to a bare Textual app or to the raw operation, measured in turns with it,",
        "the median of the pairs;",
        "growth: that of the medians, from the first column to the last that has one;",
        "to reach: with 35 / with 100,000 papers.",
        "The file cache is dropped by `posix_fadvise`, for modules and index.",
    )


if __name__ == "__main__":
    main()
