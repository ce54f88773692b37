"""The libraries that are measured, and what is true of them by another way than the program's.

Digests are made once for a size, and imported by the program itself. How many papers a query must
find is counted here in the digests' text, so that a program that is fast and wrong is told.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from digest_tui.settings import places
from tests.benchmarks import made
from tests.terminal import PROGRAM

BULK = 10_000
"""Papers, or as many as there are, that are marked and exported at once."""
BULK_DIGESTS = -(-BULK // made.PAPERS_A_DIGEST)
BULK_QUERY = f"date:>={next(islice(made.days(), BULK_DIGESTS - 1, None))}"
AUTHOR = "au:{}"
QUERIES = ("policy", made.RARE, "强化", made.RARE_ZH, "policy 量子 -robot", "is:unread", AUTHOR)
"""In English common and rare, in Chinese common and rare, mixed, by mark, by somebody's name."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A library of so many papers."""

    papers: int
    made: Path
    """Its digests, as they are given out."""
    folder: Path
    """The library that they were imported into."""
    author: str
    """A family name of its newest paper."""
    found: dict[str, tuple[int, int]]
    """How many papers each query finds, in all and in the newest digest."""

    @property
    def digests(self) -> int:
        """How many there are."""
        return -(-self.papers // made.PAPERS_A_DIGEST)

    @property
    def newest(self) -> int:
        """How many papers the newest digest has."""
        return min(self.papers, made.PAPERS_A_DIGEST)

    @property
    def bulk(self) -> int:
        """How many papers `BULK_QUERY` finds."""
        return min(self.papers, BULK_DIGESTS * made.PAPERS_A_DIGEST)


def shelve(folder: Path, papers: int) -> Shelf:
    """Makes the digests of a library, unless they are there, and counts in them."""
    digests = folder / str(papers) / "digests"
    if len(list(digests.glob("*.txt"))) * made.PAPERS_A_DIGEST < papers:
        made.write(digests, papers)
    author = _papers(digests / f"{made.NEWEST}.txt")[0].authors.split()[1].strip(",").lower()
    found: dict[str, Counter[bool]] = {query: Counter() for query in QUERIES}
    for path in digests.iterdir():
        for paper in _papers(path):
            for query in QUERIES:
                is_found = all(paper.has(word) for word in query.format(author).split())
                found[query][path.stem == str(made.NEWEST)] += is_found
    counts = {query: (counter.total(), counter[True]) for query, counter in found.items()}
    return Shelf(papers, digests, folder / str(papers) / "library", author, counts)


@dataclass(frozen=True, slots=True)
class _Text:
    """What can be searched of a paper, in small letters, a blank before each word."""

    authors: str
    words: str

    def has(self, word: str) -> bool:
        """Whether one word of a query is true of the paper, which nobody has read yet."""
        if word == "is:unread":
            return True
        if word.startswith("-"):
            return not self.has(word[1:])
        if word.startswith("au:"):
            return f" {word[3:]}" in self.authors
        return (f" {word}" if word.isascii() else word) in self.words


def _papers(path: Path) -> list[_Text]:
    texts = []
    for block in path.read_text("utf-8").split("\nmark")[1:]:
        lines = block.lower().splitlines()
        authors = lines[2].removeprefix("- authors:")
        words = (lines[0], lines[1], authors, lines[8], lines[10])
        texts.append(_Text(authors, " " + " ".join(words)))
    return texts


def shell(*arguments: str) -> tuple[float, str]:
    """Runs the program in the shell; the seconds that it took, and what it printed."""
    return run(*PROGRAM, *arguments)


def run(*command: str) -> tuple[float, str]:
    """Runs any command; the seconds that it took, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return time.perf_counter() - began, done.stdout


def index_files(folder: Path) -> Iterator[Path]:
    """The files of the index of the library in a folder."""
    index = places(folder).index
    yield from index.parent.glob(f"{index.name}*")


def forget_where_it_was(folder: Path) -> None:
    """Has the next start open on the newest digest."""
    places(folder).left.unlink(missing_ok=True)


def loaded_files() -> Iterator[Path]:
    """The files that the program is loaded from."""
    code = (
        "import sys, json, digest_tui.ui.app;"
        "specs = [m.__spec__ for m in list(sys.modules.values()) if getattr(m, '__spec__', None)];"
        "print(json.dumps([s.cached or s.origin for s in specs if s.has_location]))"
    )
    yield from map(Path, json.loads(run(sys.executable, "-c", code)[1]))
