"""The libraries that are measured, and what is true of them by another way than the program's.

How many papers a query must find is counted in the text of the digests, so that a program that is
fast and wrong is found out.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from digest_tui.settings import places
from tests.benchmarks import made
from tests.terminal import PROGRAM

COMMON, RARE, MIXED = "policy", made.RARE, f"policy {made.RARE_ZH} -robot"
QUERIES = (COMMON, RARE, "强化", made.RARE_ZH, MIXED, "is:unread", "au:{name}")
_BULK_DIGESTS = 286
BULK_QUERY = f"date:>={next(islice(made.days(), _BULK_DIGESTS - 1, None))}"
"""Finds the ten thousand newest papers, or as many as there are."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A library of so many papers."""

    papers: int
    made: Path
    """The digests that it is made of."""
    folder: Path
    author: str
    """A family name of the newest paper."""
    found: Mapping[str, tuple[int, int]]
    """How many papers each query finds: in all, and in the newest digest."""

    @property
    def digests(self) -> int:
        """How many digests it has."""
        return -(-self.papers // made.PAPERS_A_DIGEST)

    @property
    def newest(self) -> int:
        """How many papers its newest digest has."""
        return min(self.papers, made.PAPERS_A_DIGEST)

    @property
    def bulk(self) -> int:
        """How many papers `BULK_QUERY` finds."""
        return min(self.papers, _BULK_DIGESTS * made.PAPERS_A_DIGEST)

    def run(self, *arguments: str) -> tuple[float, str]:
        """Runs the program in the shell; the seconds that it took, and what it printed."""
        return run(*PROGRAM, "--library", str(self.folder), *arguments)

    def index_files(self) -> Iterator[Path]:
        """The files of its index."""
        index = places(self.folder).index
        yield from index.parent.glob(f"{index.name}*")

    def forget_index(self) -> None:
        """Deletes it."""
        for path in self.index_files():
            path.unlink()

    def hold_whole(self) -> None:
        """Brings the index up to date; ends the run where it does not list every paper then."""
        _, listing = self.run("digests")
        hold("digests", sum(map(int, re.findall(r"(\d+) papers", listing))), self.papers)

    def forget_where_it_was(self) -> None:
        """Has the next start open on the newest digest."""
        places(self.folder).left.unlink(missing_ok=True)


def shelve(folder: Path, papers: int) -> Shelf:
    """Makes the digests of a library, unless they are there, and counts in them."""
    digests = folder / "made"
    if len(list(digests.glob("*.txt"))) * made.PAPERS_A_DIGEST < papers:
        made.write(digests, papers)
    newest = digests / f"{made.NEWEST}.txt"
    author = _papers(newest)[0].authors.split()[1].strip(",")
    found: dict[str, Counter[bool]] = {query: Counter() for query in QUERIES}
    for path in digests.iterdir():
        for paper in _papers(path):
            for query in QUERIES:
                words = query.format(name=author).split()
                found[query][path == newest] += all(map(paper.has, words))
    counts = {query: (counter.total(), counter[True]) for query, counter in found.items()}
    return Shelf(papers, digests, folder / "library", author, counts)


@dataclass(frozen=True, slots=True)
class _Text:
    """What is searched of a paper that nobody has read: in small letters, blanks before words."""

    authors: str
    words: str

    def has(self, word: str) -> bool:
        if word.startswith("-"):
            return not self.has(word[1:])
        if word.startswith("au:"):
            return f" {word[3:]}" in self.authors
        return word == "is:unread" or (f" {word}" if word.isascii() else word) in self.words


def _papers(path: Path) -> list[_Text]:
    texts = []
    for block in path.read_text("utf-8").split("\nmark")[1:]:
        lines = block.lower().splitlines()
        authors = lines[2].removeprefix("- authors:")
        texts.append(_Text(authors, f" {lines[0]} {lines[1]}{authors} {lines[8]} {lines[10]}"))
    return texts


def hold(what: str, papers: int, wanted: int) -> None:
    """Ends the run where there are other papers than there have to be."""
    if papers != wanted:
        raise SystemExit(f"{what}: {papers} papers, not {wanted}")


def run(*command: str) -> tuple[float, str]:
    """Runs a command, which must succeed; the seconds that it took, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stderr}")
    return seconds, done.stdout


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
