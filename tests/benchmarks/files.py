"""What is done with files: import, index, journal, and the shell; timed, and checked."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import replace
from shutil import rmtree

from digest_tui.marks import READ, Decision
from digest_tui.settings import places
from digest_tui.store import Store
from tests.benchmarks import libraries, table
from tests.benchmarks.driver import driven
from tests.benchmarks.libraries import BULK_QUERY, COMMON, RARE, Shelf, hold
from tests.benchmarks.table import Run
from tests.benchmarks.typeset import wrap_seconds

HELD = 20
"""Keys after which a program that is indexing is left for the first time."""
WRITES = 200


def importing(run: Run) -> None:
    """Imports the digests, unless a library that was kept has them; nothing in it is marked."""
    shelf = run.shelf
    if len(list(shelf.folder.glob("digests/*.txt"))) != shelf.digests:
        rmtree(shelf.folder, ignore_errors=True)
        shelf.forget_index()
        seconds, _ = shelf.run("import", str(shelf.made))
        run.add(table.IMPORT, shelf.papers / seconds)
    rmtree(shelf.folder / "marks", ignore_errors=True)
    shelf.hold_whole()


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
    shelf.forget_index()
    seconds, _ = shelf.run("digests")
    run.add(table.INDEX, shelf.papers / seconds)
    shelf.forget_index()
    # It is left on the way; the second start goes on.
    keys, leaving = _keys_meanwhile(shelf, HELD)
    if len(keys) == HELD:
        run.add(table.BUILDING_QUIT, leaving)
    more, _ = _keys_meanwhile(shelf, sys.maxsize)
    run.add(table.BUILDING_KEY, *keys, *more)
    shelf.hold_whole()


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


def asking_in_the_shell(run: Run) -> None:
    """Lists and exports papers without the screen."""
    for _ in range(run.few):
        for row, query in ((table.SHELL_COMMON, COMMON), (table.SHELL_RARE, RARE)):
            seconds, listing = run.shelf.run("papers", query)
            run.add(row, seconds)
            hold(f"papers {query}", listing.count("\n"), run.shelf.found[query][0])
    with closing(sqlite3.connect(places(run.shelf.folder).index)) as index:
        began = time.perf_counter()
        index.execute("SELECT rowid FROM full_text WHERE full_text MATCH ?", [COMMON]).fetchall()
        run.add(table.RAW_SEARCH, time.perf_counter() - began)
    output = run.shelf.folder.with_name("export.md")
    seconds, _ = run.shelf.run("export", BULK_QUERY, "-o", str(output))
    run.add(table.EXPORT, seconds)
    hold("export", output.read_text("utf-8").count("\n### "), run.shelf.bulk)


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


def without_papers(run: Run) -> None:
    """What has nothing to do with how many papers there are: it stands in the first column."""
    for _ in range(run.rounds * 2):
        floor, _ = libraries.run(sys.executable, "-c", "import click")
        run.add(table.VERSION, run.shelf.run("--version")[0], floor=[floor])
    run.add(table.WRAP, *wrap_seconds())
