"""The measurements, each of one library: what a person does, timed, and checked to be right.

A paper on screen is known by a word that it alone has: `read<p>x` in its abstract, `mark<p>x` in
its title, p counted from the newest digest.
"""

from __future__ import annotations

import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from shutil import rmtree

from digest_tui.marks import READ, Decision
from digest_tui.settings import places
from digest_tui.store import Store
from tests.benchmarks import libraries, made, table
from tests.benchmarks.driver import Driven, driven
from tests.benchmarks.libraries import BULK_QUERY, COMMON, MIXED, QUERIES, RARE, Shelf
from tests.benchmarks.table import Figures, Row, Scope
from tests.benchmarks.typeset import wrap_seconds

BARE = (sys.executable, "-m", "tests.benchmarks.bare")
DOWNS = 10
"""How often `j` is pressed after a start."""
WRITES = 200
HELD = 20
"""Keys after which a program that is indexing is left for the first time."""
PAPER, TITLE = r"read\d+x", r"mark\d+x"
PAGE_DOWN, EMPTY, ENTER, ESCAPE = "\x1b[6~", "\x15", "\r", "\x1b"


@dataclass(frozen=True, slots=True)
class Run:
    """One library at a time, how often things are done with it, and what came of it."""

    shelf: Shelf
    rounds: int
    figures: Figures

    def add(self, row: Row, *ours: float, floor: Iterable[float] = ()) -> None:
        """Takes in what was measured, and what was of the floor, in turns with it."""
        self.figures.add(row, self.shelf.papers, ours, floor)


def importing(run: Run) -> None:
    """Imports the digests, unless a library that was kept has them; nothing in it is marked."""
    shelf = run.shelf
    if len(list(shelf.folder.glob("digests/*.txt"))) != shelf.digests:
        rmtree(shelf.folder, ignore_errors=True)
        _forget_index(shelf)
        seconds, _ = shelf.run("import", str(shelf.made))
        run.add(table.IMPORT, shelf.papers / seconds)
    rmtree(shelf.folder / "marks", ignore_errors=True)
    _hold_whole(shelf)


def starting(run: Run) -> None:
    """Starts the program and the bare app in turns, and presses `j` in both."""
    bare = _bare(run.shelf)
    # The first start pays for what is there afterwards, as bytecode.
    for number in range(run.rounds + 1):
        downs = DOWNS if number else 0
        ours, floor = _started(run.shelf, downs), _started(run.shelf, downs, bare)
        if number:
            run.add(table.START, ours[0], floor=floor[:1])
            run.add(table.MEMORY, ours[1], floor=floor[1:2])
            run.add(table.QUIT, ours[2], floor=floor[2:3])
            run.add(table.DOWN, *ours[3:], floor=floor[3:])


def starting_cold(run: Run) -> None:
    """Starts both with their modules, and the index, on the disk alone."""
    bare = _bare(run.shelf)
    for _ in range(-(-run.rounds // 3)):
        _drop_file_cache(run.shelf)
        ours = _started(run.shelf)
        _drop_file_cache(run.shelf)
        run.add(table.COLD, ours[0], floor=_started(run.shelf, 0, bare)[:1])


def _started(shelf: Shelf, downs: int = 0, bare: Sequence[str] = ()) -> list[float]:
    """The seconds of a start, MB, the seconds of leaving, and those of each `j`."""
    shelf.forget_where_it_was()
    program = driven(program=bare) if bare else driven("--library", str(shelf.folder))
    with program as driving:
        start = driving.answered("read0x")
        memory = driving.memory()
        keys = [driving.answer("j", f"read{paper}x") for paper in range(1, downs + 1)]
        return [start, memory, driving.quit(), *keys]


def _bare(shelf: Shelf) -> Sequence[str]:
    """The bare app on the papers of the newest digest."""
    text = (shelf.made / f"{made.NEWEST}.txt").read_text("utf-8")
    texts = shelf.folder.with_name("texts")
    texts.write_text("\f".join("mark" + block for block in text.split("\nmark")[1:]), "utf-8")
    return (*BARE, str(texts))


def _drop_file_cache(shelf: Shelf) -> None:
    """Has modules and index read from the disk, as far as somebody who is not root can."""
    code = (
        "import sys, digest_tui.ui.app; print(*{getattr(m, '__cached__', 0) or "
        "getattr(m, '__file__', 0) for m in sys.modules.values()} - {0, None}, sep='\\n')"
    )
    _, modules = libraries.run(sys.executable, "-c", code)
    for path in (*shelf.index_files(), *map(Path, modules.splitlines())):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def reading(run: Run) -> None:
    """A long session: keys in a digest and in All, queries, facets, order, bulk marks."""
    run.shelf.forget_where_it_was()
    with driven("--library", str(run.shelf.folder)) as program:
        program.answered("read0x")
        _in_a_digest(run, program)
        _letters(run, program, "a digest", run.shelf.newest)
        program.answer("h")
        run.add(table.ALL, program.answer("g", "All papers"))
        program.answer("l")
        _in_all(run, program)
        _letters(run, program, "All", run.shelf.papers)
        for _ in range(-(-run.rounds // 3)):
            _narrowed_and_ordered(run, program)
        _at_once(run, program)
        run.add(table.MEMORY_LATER, program.memory())
        program.quit()


def _in_a_digest(run: Run, program: Driven) -> None:
    for _ in range(run.rounds):
        run.add(table.PAGE, program.answer(PAGE_DOWN, PAPER))
        run.add(table.LAST, program.answer("G", f"read{run.shelf.newest - 1}x"))
        program.answer("g", "read0x")
    for paper in range(1, run.rounds + 1):
        run.add(table.STAR, program.answer("s", f"read{paper}x"))
    for paper in reversed(range(run.rounds)):
        program.answer("u", f"read{paper}x")
    firsts = [made.PAPERS_A_DIGEST * number for number in range(run.shelf.digests)]
    for first in firsts[1 : run.rounds + 1]:
        run.add(table.NEXT, program.answer("]", f"read{first}x"))
    for first in reversed(firsts[:-1][: run.rounds]):
        program.answer("[", f"read{first}x")


def _in_all(run: Run, program: Driven) -> None:
    for _ in range(run.rounds):
        run.add(table.ALL_DOWN, program.answer("j", PAPER))
        run.add(table.ALL_PAGE, program.answer(PAGE_DOWN, PAPER))
        run.add(table.ALL_LAST, program.answer("G", PAPER))
        program.answer("g", PAPER)


def _letters(run: Run, program: Driven, scope: Scope, papers: int) -> None:
    """Types each query letter by letter, and holds what it finds against what it has to."""
    program.answer("/")
    for query in QUERIES * (1 + run.rounds // 5):
        began = program.written
        for letter in query.format(name=run.shelf.author):
            finished = program.answer(letter)
            # A letter that leaves the list as it is is answered by being there itself.
            painted = program.shown(TITLE)
            run.add(table.LETTERS[scope, query], painted)
            run.add(table.LETTER[scope], painted)
            run.add(table.REST[scope], finished)
        found = run.shelf.found[query][scope == "a digest"]
        if found < papers:
            program.wait(_counts(found, papers), since=began)
        run.add(table.CLEAR[scope], program.answer(EMPTY))
    run.add(table.TYPED[scope], program.answer(MIXED))
    program.wait(_counts(run.shelf.found[MIXED][scope == "a digest"], papers))
    program.answer(ESCAPE)


def _counts(found: int, papers: int) -> str:
    """A pattern for what the status line says of a query."""
    return f"(?<![0-9,]){_number(found)} of {_number(papers)}(?! decided|[0-9,])"


def _narrowed_and_ordered(run: Run, program: Driven) -> None:
    run.add(table.FACETS, program.answer("f", "facets"))
    run.add(table.FACET, program.answer(" "))
    program.answer("c")
    program.answer(ESCAPE)
    program.answer("S")
    run.add(table.ORDER, program.answer("t", TITLE))
    program.answer("S")
    program.answer("g")


def _at_once(run: Run, program: Driven) -> None:
    """Decides on thousands of papers with one key, and takes it back."""
    for keys in ("/", BULK_QUERY, ENTER):
        program.answer(keys)
    bulk = _number(run.shelf.bulk)
    for _ in range(-(-run.rounds // 3)):
        run.add(table.READ_ALL, program.answer("A", f"{bulk} (papers marked read|decided)"))
        run.add(table.UNDO, program.answer("u", f"{bulk} papers .*undone"))


def _number(count: int) -> str:
    """A pattern for a number, however its thousands are set apart."""
    return f"{count:,}".replace(",", ",?")


def arriving(run: Run) -> None:
    """Puts digests into the folder of the running program, until each is seen."""
    days = [made.NEWEST + timedelta(days=3 + number) for number in range(run.rounds)]
    paths = [run.shelf.folder / "digests" / f"{day}.txt" for day in days]
    run.shelf.forget_where_it_was()
    try:
        with driven("--library", str(run.shelf.folder)) as program:
            program.answered("read0x")
            for number, (day, path) in enumerate(zip(days, paths, strict=True)):
                # Each comes at another moment between two looks at the folder.
                while not program.pause(0.5 + number / run.rounds):
                    pass
                hidden = path.with_name(f".{path.name}")
                hidden.write_text(made.digest(10_200 + number, day=day), "utf-8")
                hidden.rename(path)
                run.add(table.NEW, program.answer("", str(day)))
            program.quit()
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    _hold_whole(run.shelf)


def asking_in_the_shell(run: Run) -> None:
    """Lists and exports papers without the screen."""
    for _ in range(-(-run.rounds // 3)):
        for row, query in ((table.SHELL_COMMON, COMMON), (table.SHELL_RARE, RARE)):
            seconds, listing = run.shelf.run("papers", query)
            run.add(row, seconds)
            _hold(f"papers {query}", listing.count("\n"), run.shelf.found[query][0])
    with closing(sqlite3.connect(places(run.shelf.folder).index)) as index:
        began = time.perf_counter()
        index.execute("SELECT rowid FROM full_text WHERE full_text MATCH ?", [COMMON]).fetchall()
        run.add(table.RAW_SEARCH, time.perf_counter() - began)
    output = run.shelf.folder.with_name("export.md")
    seconds, _ = run.shelf.run("export", BULK_QUERY, "-o", str(output))
    run.add(table.EXPORT, seconds)
    _hold("export", output.read_text("utf-8").count("\n### "), run.shelf.bulk)


def deciding(run: Run) -> None:
    """Writes to the journal of somebody who has read everything, and raw lines in turns."""
    folder = run.shelf.folder.with_name("stars")
    store = Store(folder, "benchm")
    ids = (f"2601.{number:05}" for number in range(run.shelf.papers + WRITES))
    decisions = [Decision(id_, READ, True, None) for id_ in ids]
    store.write(decisions[WRITES:])
    line = b'{"t":[1790000000123,0],"k":"2604.18616","f":"star","v":true}\n'
    for decision in decisions[:WRITES]:
        began = time.perf_counter()
        store.write([decision])
        ours = time.perf_counter() - began
        began = time.perf_counter()
        descriptor = os.open(folder / "raw", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line)
        os.fsync(descriptor)
        os.close(descriptor)
        run.add(table.DURABLE, ours, floor=[time.perf_counter() - began])
    rmtree(folder)


def indexing(run: Run) -> None:
    """Builds an index from nothing: in the shell, and then on the screen with keys pressed."""
    shelf = replace(run.shelf, folder=run.shelf.folder.with_name("linked"))
    shelf.folder.mkdir(exist_ok=True)
    (shelf.folder / "digests").unlink(missing_ok=True)
    (shelf.folder / "digests").symlink_to(shelf.made)
    began = time.perf_counter()
    for path in shelf.made.iterdir():
        path.read_bytes()
    run.add(table.BYTES, shelf.papers / (time.perf_counter() - began))
    _forget_index(shelf)
    seconds, _ = shelf.run("digests")
    run.add(table.INDEX, shelf.papers / seconds)
    _forget_index(shelf)
    # It is left on the way; the second start goes on.
    keys, leaving = _keys_meanwhile(shelf, HELD)
    if len(keys) == HELD:
        run.add(table.BUILDING_QUIT, leaving)
    more, _ = _keys_meanwhile(shelf, sys.maxsize)
    run.add(table.BUILDING_KEY, *keys, *more)
    _hold_whole(shelf)


def _keys_meanwhile(shelf: Shelf, most: int) -> tuple[list[float], float]:
    """Presses keys until the program is at rest, or so many; their times, and that of leaving."""
    shelf.forget_where_it_was()
    times: list[float] = []
    with driven("--library", str(shelf.folder)) as program:
        program.wait("read0x")
        while len(times) < most and not program.pause(0.15):
            key, paper = ("k", "read0x") if len(times) % 2 else ("j", "read1x")
            program.press(key)
            program.wait(paper)
            times.append(program.shown(paper))
        return times, program.quit()


def _forget_index(shelf: Shelf) -> None:
    for path in shelf.index_files():
        path.unlink()


def _hold_whole(shelf: Shelf) -> None:
    """Brings the index up to date; ends the run where it does not have every paper then."""
    _, listing = shelf.run("digests")
    _hold("digests", sum(map(int, re.findall(r"(\d+) papers", listing))), shelf.papers)


def _hold(what: str, papers: int, wanted: int) -> None:
    if papers != wanted:
        raise SystemExit(f"{what}: {papers} papers, not {wanted}")


def without_papers(run: Run) -> None:
    """What has nothing to do with how many papers there are: it stands in the first column."""
    for _ in range(run.rounds * 2):
        floor, _ = libraries.run(sys.executable, "-c", "import click")
        run.add(table.VERSION, run.shelf.run("--version")[0], floor=[floor])
    run.add(table.WRAP, *wrap_seconds())


MEASURES = (
    importing,
    starting,
    starting_cold,
    reading,
    arriving,
    asking_in_the_shell,
    deciding,
    indexing,
)
