"""The measurements, each on one library: what a person does, timed, and checked to be right.

A paper on screen is known by a word that it alone has: `read<p>x` in its abstract, `mark<p>x` in
its title, p counted from the newest digest.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from shutil import rmtree

from digest_tui.marks import READ, Decision
from digest_tui.store import Store
from tests.benchmarks import made, table
from tests.benchmarks.driver import Driven, driven
from tests.benchmarks.libraries import (
    BULK_QUERY,
    QUERIES,
    Shelf,
    forget_where_it_was,
    index_files,
    loaded_files,
    run,
    shell,
)
from tests.benchmarks.table import Figures
from tests.benchmarks.typeset import wrap_seconds

BARE = (sys.executable, "-m", "tests.benchmarks.bare")
KEYS = 10
"""How often `j` is pressed after each start."""
PAGE_DOWN = "\x1b[6~"
EMPTY = "\x15"
"""Control-u: what is typed into the query is gone."""
PAPER, TITLE = r"read\d+x", r"mark\d+x"


def starts(shelf: Shelf, figures: Figures, rounds: int) -> None:
    """Starts the program and the bare app in turns, and presses `j` in both."""
    papers, bare = shelf.papers, _bare(shelf)
    for number in range(rounds + 1):
        ours, floor = _start(shelf, _downs), _start(shelf, _downs, bare)
        # What comes first pays for what is there afterwards, as bytecode.
        if number:
            figures.add(table.START, papers, ours[0], floor=floor[:1])
            figures.add(table.MEMORY, papers, ours[1], floor=floor[1:2])
            figures.add(table.QUIT, papers, ours[2], floor=floor[2:3])
            figures.add(table.DOWN, papers, *ours[3:], floor=floor[3:])
    files = [*index_files(shelf.folder), *loaded_files()]
    for _ in range(-(-rounds // 3)):
        drop_file_cache(files)
        ours = _start(shelf)
        drop_file_cache(files)
        figures.add(table.COLD, papers, ours[0], floor=_start(shelf, None, bare)[:1])


def _start(
    shelf: Shelf, then: Callable[[Driven], list[float]] | None = None, bare: Sequence[str] = ()
) -> list[float]:
    """Seconds of a start, MB, seconds of leaving, and what else is measured in between."""
    forget_where_it_was(shelf.folder)
    program = driven(program=bare) if bare else driven("--library", str(shelf.folder))
    with program as driving:
        driving.wait("read0x")
        driving.rest()
        started, memory = driving.shown("read0x") or 0.0, driving.memory()
        others = then(driving) if then else []
        return [started, memory, driving.quit(), *others]


def _downs(program: Driven) -> list[float]:
    return [program.answer("j", f"read{paper}x") for paper in range(1, KEYS + 1)]


def _bare(shelf: Shelf) -> Sequence[str]:
    """The bare app on the papers of the newest digest."""
    text = (shelf.made / f"{made.NEWEST}.txt").read_text("utf-8")
    texts = shelf.folder.with_name("texts")
    texts.write_text("\f".join("mark" + block for block in text.split("\nmark")[1:]), "utf-8")
    return (*BARE, str(texts))


def drop_file_cache(files: Sequence[Path]) -> None:
    """Has files read from the disk the next time, as far as somebody who is not root can."""
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def session(shelf: Shelf, figures: Figures, rounds: int) -> None:
    """A long session: keys in a digest and in All, queries, facets, order, bulk marks."""
    forget_where_it_was(shelf.folder)
    with driven("--library", str(shelf.folder)) as program:
        program.wait("read0x")
        program.rest()
        _in_a_digest(program, shelf, figures, rounds)
        _letters(program, shelf, figures, "a digest", rounds)
        program.answer("h")
        figures.add(table.ALL, shelf.papers, program.answer("g", "All papers"))
        program.answer("l")
        _in_all(program, shelf, figures, rounds)
        _letters(program, shelf, figures, "All", rounds)
        _at_once(program, shelf, figures, rounds)
        figures.add(table.MEMORY_LATER, shelf.papers, program.memory())
        program.quit()


def _in_a_digest(program: Driven, shelf: Shelf, figures: Figures, rounds: int) -> None:
    papers = shelf.papers
    for _ in range(rounds):
        figures.add(table.PAGE, papers, program.answer(PAGE_DOWN, PAPER))
        figures.add(table.LAST, papers, program.answer("G", f"read{shelf.newest - 1}x"))
        program.answer("g", "read0x")
    for paper in range(1, rounds + 1):
        figures.add(table.STAR, papers, program.answer("s", f"read{paper}x"))
    for paper in reversed(range(rounds)):
        program.answer("u", f"read{paper}x")
    older = range(1, min(rounds, shelf.digests - 1) + 1)
    for digest in older:
        first = f"read{digest * made.PAPERS_A_DIGEST}x"
        figures.add(table.NEXT, papers, program.answer("]", first))
    for digest in reversed(older):
        program.answer("[", f"read{(digest - 1) * made.PAPERS_A_DIGEST}x")


def _in_all(program: Driven, shelf: Shelf, figures: Figures, rounds: int) -> None:
    papers = shelf.papers
    for _ in range(rounds):
        figures.add(table.ALL_DOWN, papers, program.answer("j", PAPER))
    for _ in range(rounds):
        figures.add(table.ALL_PAGE, papers, program.answer(PAGE_DOWN, PAPER))
        figures.add(table.ALL_LAST, papers, program.answer("G", PAPER))
        program.answer("g", PAPER)


def _letters(
    program: Driven, shelf: Shelf, figures: Figures, scope: table.Scope, rounds: int
) -> None:
    """Types each query letter by letter, and holds what it finds against what it has to."""
    papers = shelf.papers if scope == "All" else shelf.newest
    program.answer("/")
    for query in QUERIES * (1 + rounds // 5):
        began = program.written
        for letter in query.format(shelf.author):
            program.press(letter)
            program.rest()
            # A letter that leaves the list as it is is answered once it is there itself.
            painted = program.shown(TITLE) or program.finished
            figures.add(table.LETTERS[scope, query], shelf.papers, painted)
            figures.add(table.LETTER[scope], shelf.papers, painted)
            figures.add(table.REST[scope], shelf.papers, program.finished)
        found = shelf.found[query][scope == "a digest"]
        if found < papers:
            program.wait(
                f"(?<![0-9,]){_number(found)} of {_number(papers)}(?! decided|[0-9,])", began
            )
        figures.add(table.CLEAR[scope], shelf.papers, program.answer(EMPTY))
    program.answer("\x1b")


def _at_once(program: Driven, shelf: Shelf, figures: Figures, rounds: int) -> None:
    """What is done to thousands of papers with a key or two."""
    papers = shelf.papers
    for _ in range(-(-rounds // 3)):
        figures.add(table.FACETS, papers, program.answer("f", "facets"))
        figures.add(table.FACET, papers, program.answer(" "))
        program.answer("c")
        program.answer("\x1b")
        program.answer("S")
        figures.add(table.ORDER, papers, program.answer("t", TITLE))
        program.answer("S")
        program.answer("g")
    program.answer("/")
    program.answer(BULK_QUERY)
    program.answer("\r")
    bulk = _number(shelf.bulk)
    for _ in range(-(-rounds // 3)):
        figures.add(
            table.READ_ALL, papers, program.answer("A", f"{bulk} (papers marked read|decided)")
        )
        figures.add(table.UNDO, papers, program.answer("u", f"{bulk} papers .*undone"))


def _number(count: int) -> str:
    """A pattern for a number, however its thousands are set apart."""
    return f"{count:,}".replace(",", ",?")


def new_digest(shelf: Shelf, figures: Figures, rounds: int) -> None:
    """Puts digests into the folder of the running program, until each is seen."""
    days = [made.NEWEST + timedelta(days=3 + number) for number in range(rounds)]
    dropped = [shelf.folder / "digests" / f"{day}.txt" for day in days]
    forget_where_it_was(shelf.folder)
    try:
        with driven("--library", str(shelf.folder)) as program:
            program.wait("read0x")
            for number, (day, path) in enumerate(zip(days, dropped, strict=True)):
                # Each comes at another moment between two looks at the folder.
                while not program.pause(1 + number / rounds):
                    pass
                hidden = path.with_name(f".{path.name}")
                hidden.write_text(made.digest(10_200 + number, day=day), "utf-8")
                hidden.rename(path)
                figures.add(table.NEW, shelf.papers, program.answer("", str(day)))
    finally:
        for path in dropped:
            path.unlink(missing_ok=True)


def imported(shelf: Shelf, figures: Figures) -> None:
    """Imports the made digests, unless they are in the library, and brings its index up to date."""
    kept = shelf.folder / "digests"
    if len(list(kept.glob("*.txt"))) != shelf.digests:
        rmtree(shelf.folder, ignore_errors=True)
        _forget_index(shelf.folder)
        seconds, _ = shell("--library", str(shelf.folder), "import", str(shelf.made))
        figures.add(table.IMPORT, shelf.papers, shelf.papers / seconds)
    rmtree(shelf.folder / "marks", ignore_errors=True)
    _hold_whole(shelf, shell("--library", str(shelf.folder), "digests")[1])


def indexed(shelf: Shelf, figures: Figures) -> None:
    """Builds an index from nothing: in the shell, and then on the screen with keys pressed."""
    folder = shelf.folder.with_name("linked")
    folder.mkdir(exist_ok=True)
    if not (folder / "digests").exists():
        (folder / "digests").symlink_to(shelf.made.resolve())
    began = time.perf_counter()
    for path in shelf.made.iterdir():
        path.read_bytes()
    figures.add(table.BYTES, shelf.papers, shelf.papers / (time.perf_counter() - began))
    _forget_index(folder)
    seconds, _ = shell("--library", str(folder), "digests")
    figures.add(table.INDEX, shelf.papers, shelf.papers / seconds)
    _forget_index(folder)
    # Left on the way, the second start goes on.
    for most in (2 * KEYS, 10_000):
        keys, leaving = _keys_meanwhile(folder, most)
        figures.add(table.BUILDING_KEY, shelf.papers, *keys)
        if len(keys) == most:
            figures.add(table.BUILDING_QUIT, shelf.papers, leaving)
    _hold_whole(shelf, shell("--library", str(folder), "digests")[1])


def _keys_meanwhile(folder: Path, most: int) -> tuple[list[float], float]:
    """Presses a key again and again until the program is at rest, or so many; leaves it then."""
    forget_where_it_was(folder)
    times: list[float] = []
    with driven("--library", str(folder)) as program:
        program.wait("read0x")
        while len(times) < most and not program.pause(0.15):
            place = len(times) % 2
            paper = f"read{1 - place}x"
            program.press("jk"[place])
            program.wait(paper)
            times.append(program.shown(paper) or 0.0)
        return times, program.quit()


def _forget_index(folder: Path) -> None:
    for path in index_files(folder):
        path.unlink()


def _hold_equal(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise SystemExit(f"{what}: {found} papers, not {wanted}")


def _hold_whole(shelf: Shelf, listing: str) -> None:
    """Ends the run where a library is listed with other papers than it has."""
    _hold_equal("digests", sum(map(int, re.findall(r"(\d+) papers", listing))), shelf.papers)


def shelled(shelf: Shelf, figures: Figures, rounds: int) -> None:
    """Asks in the shell."""
    library, output = ("--library", str(shelf.folder)), shelf.folder.with_name("export.md")
    for _ in range(min(rounds, 3)):
        for row, query in ((table.SHELL_COMMON, QUERIES[0]), (table.SHELL_RARE, QUERIES[1])):
            seconds, listing = shell(*library, "papers", query)
            figures.add(row, shelf.papers, seconds)
            _hold_equal(f"papers {query}", listing.count("\n"), shelf.found[query][0])
    seconds, _ = shell(*library, "export", BULK_QUERY, "-o", str(output))
    figures.add(table.EXPORT, shelf.papers, seconds)
    exported = output.read_text("utf-8").count("\n### ")
    _hold_equal("export", exported, shelf.bulk)


def decided(shelf: Shelf, figures: Figures) -> None:
    """Writes decisions to the journal of somebody who has read everything, and raw lines."""
    folder = shelf.folder.with_name("stars")
    store = Store(folder, "benchm")
    read = [Decision(f"2601.{number:05}", READ, True, None) for number in range(shelf.papers)]
    store.write(read)
    line = b'{"t":[1790000000123,0],"k":"2604.18616","f":"star","v":true}\n'
    for decision in (Decision(f"2512.{number:05}", READ, True, None) for number in range(200)):
        began = time.perf_counter()
        store.write([decision])
        ours = time.perf_counter() - began
        began = time.perf_counter()
        descriptor = os.open(folder / "raw", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line)
        os.fsync(descriptor)
        os.close(descriptor)
        figures.add(table.DURABLE, shelf.papers, ours, floor=[time.perf_counter() - began])
    rmtree(folder)


def without_a_library(papers: int, figures: Figures, rounds: int) -> None:
    """What has nothing to do with how many papers there are; it stands in the first column."""
    for _ in range(rounds * 2):
        ours, _ = shell("--version")
        floor, _ = run(sys.executable, "-c", "import click")
        figures.add(table.VERSION, papers, ours, floor=[floor])
    figures.add(table.WRAP, papers, *wrap_seconds())
