"""What is done on the screen: each key timed, and what it shows checked to be right.

A paper on screen is known by a word that it alone has: `read<p>x` in its abstract, `mark<p>x` in
its title, p counted from the newest digest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.benchmarks import libraries, made, table
from tests.benchmarks.driver import ESCAPE, Driven, driven
from tests.benchmarks.libraries import BULK_QUERY, MIXED, QUERIES, Shelf
from tests.benchmarks.table import Run, Scope

BARE = (sys.executable, "-m", "tests.benchmarks.bare")
STARTS = 3
"""How often each program is started in a round."""
STANDING, SCROLLING = range(1, 11), range(21, 31)
"""The papers to which `j` leads while the list stands, and while it scrolls."""
PAPER, TITLE = r"read\d+x", r"mark\d+x"
LISTED = f"{TITLE}|Nothing is found"
"""What stands in a list that has been painted."""
PAGE_DOWN, EMPTY, ENTER = "\x1b[6~", "\x15", "\r"


@dataclass(frozen=True, slots=True)
class _Start:
    """A program started and left again: seconds, and MB at the most."""

    start: float
    memory: float
    leaving: float


def starting(run: Run) -> None:
    """Starts the program and the bare app in turns."""
    bare = _bare(run.shelf)
    # The first start pays for what is there afterwards, as bytecode.
    _started(run.shelf)
    _started(run.shelf, bare)
    for _ in range(run.rounds * STARTS):
        ours, floor = _started(run.shelf), _started(run.shelf, bare)
        run.add(table.START, ours.start, floor=[floor.start])
        run.add(table.MEMORY, ours.memory, floor=[floor.memory])
        run.add(table.QUIT, ours.leaving, floor=[floor.leaving])


def going_down(run: Run) -> None:
    """Presses `j` in the program and in the bare app in turns."""
    bare = _bare(run.shelf)
    for _ in range(run.rounds):
        run.shelf.forget_where_it_was()
        with _program(run.shelf) as ours, driven(program=bare) as floor:
            ours.answered("read0x")
            floor.answered("read0x")
            for paper in range(1, SCROLLING.stop):
                wanted = f"read{paper}x"
                took = ours.answer("j", wanted), floor.answer("j", wanted)
                for row, papers in ((table.DOWN, STANDING), (table.SCROLL, SCROLLING)):
                    if paper in papers:
                        run.add(row, took[0], floor=[took[1]])
            ours.quit()
            floor.quit()


def starting_cold(run: Run) -> None:
    """Starts both with their modules, and the index, on the disk alone."""
    bare = _bare(run.shelf)
    for _ in range(run.few):
        _drop_file_cache(run.shelf)
        ours = _started(run.shelf)
        _drop_file_cache(run.shelf)
        run.add(table.COLD, ours.start, floor=[_started(run.shelf, bare).start])


def _started(shelf: Shelf, bare: Sequence[str] = ()) -> _Start:
    shelf.forget_where_it_was()
    with driven(program=bare) if bare else _program(shelf) as program:
        return _Start(program.answered("read0x"), program.memory(), program.quit())


def _program(shelf: Shelf) -> AbstractContextManager[Driven]:
    return driven("--library", str(shelf.folder))


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
    with _program(run.shelf) as program:
        program.answered("read0x")
        _in_a_digest(run, program)
        _letters(run, program, "a digest", run.shelf.newest)
        program.answer("h")
        run.add(table.ALL, program.answer("g", "All papers"))
        program.answer("l")
        _in_all(run, program)
        _letters(run, program, "All", run.shelf.papers)
        for _ in range(run.few):
            _narrowed_and_ordered(run, program)
        _at_once(run, program)
        run.add(table.MEMORY_LATER, program.memory())
        program.quit()


def _in_a_digest(run: Run, program: Driven) -> None:
    for _ in range(run.rounds):
        run.add(table.PAGE, program.answer(PAGE_DOWN, PAPER))
        run.add(table.LAST, program.answer("G", f"read{run.shelf.newest - 1}x"))
        program.answer("g", "read0x")
    starred = min(run.rounds, run.shelf.newest - 1)
    for paper in range(1, starred + 1):
        run.add(table.STAR, program.answer("s", f"read{paper}x"))
    for paper in reversed(range(starred)):
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
            painted = program.shown(LISTED)
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
    for _ in range(run.few):
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
        with _program(run.shelf) as program:
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
    run.shelf.hold_whole()
