"""The table: what is measured, the figure to reach, and what came of it, as Markdown."""

from __future__ import annotations

import math
import os
import platform
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from tests.benchmarks.libraries import COMMON, MIXED, QUERIES, RARE, Shelf

Scope = Literal["All", "a digest"]
SCOPES: tuple[Scope, ...] = ("All", "a digest")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is measured: times in ms, unless it has another unit."""

    name: str
    goal: str = ""
    unit: Literal["ms", "MB", "papers/s"] = "ms"
    tells_slowest: bool = False


START = Row("start to the painted list", "≤ 1.4× / ≤ 1.5×")
COLD = Row("the same, file cache dropped")
QUIT = Row("`q` to the end of the process")
DOWN = Row("`j` to the painted paper", "≤ 1.5×")
SCROLL = Row("… where the list scrolls with it, which the bare one's does not")
PAGE = Row("page down")
LAST = Row("`G`, the last paper")
STAR = Row("`s` to the next paper")
NEXT = Row("`]`, the next digest")
ALL = Row("All papers, from a digest")
ALL_DOWN = Row("`j` in All")
ALL_PAGE = Row("page down in All")
ALL_LAST = Row("`G` in All")
FACETS = Row("`f`, the facets of All")
FACET = Row("a facet of All chosen")
ORDER = Row("All ordered by title")
LETTERS = {
    (scope, query): Row(f"a letter of `{query.format(name='name')}` in {scope}", tells_slowest=True)
    for scope in SCOPES
    for query in QUERIES
}
LETTER = {
    scope: Row(f"any letter in {scope}", "p95 ≤ 30 / ≤ 60", tells_slowest=True) for scope in SCOPES
}
REST = {scope: Row(f"… until nothing is left to paint, in {scope}") for scope in SCOPES}
TYPED = {scope: Row(f"`{MIXED}` typed at once in {scope}") for scope in SCOPES}
CLEAR = {scope: Row(f"a query emptied in {scope}") for scope in SCOPES}
READ_ALL = Row("`A` on 10,000 papers")
UNDO = Row("`u` of that")
DURABLE = Row("a decision durable on disk", "≤ 1.5×")
MEMORY = Row("peak memory after the start", "≤ 1.6× / ≤ 2.5×", "MB")
MEMORY_LATER = Row("… after all that stands above", unit="MB")
NEW = Row("a new digest in the folder, to the screen", "≤ 1,000")
IMPORT = Row("import", "≥ 4,000", "papers/s")
INDEX = Row("the index built from nothing", unit="papers/s")
BYTES = Row("the same files read, and nothing else", unit="papers/s")
BUILDING_KEY = Row("a key while the first index is built", "p95 ≤ 60", tells_slowest=True)
BUILDING_QUIT = Row("`q` meanwhile")
SHELL_RARE = Row(f"`papers {RARE}` in the shell")
SHELL_COMMON = Row(f"`papers {COMMON}` in the shell")
RAW_SEARCH = Row(f"SQLite alone finds `{COMMON}`")
EXPORT = Row("`export` of 10,000 papers")
VERSION = Row("`--version`", "≤ 1.5×")
WRAP = Row("a 1,500-character abstract wrapped", "p95 ≤ 1")
ROWS = (
    *(START, COLD, QUIT, DOWN, SCROLL, PAGE, LAST, STAR, NEXT, ALL, ALL_DOWN, ALL_PAGE, ALL_LAST),
    *(FACETS, FACET, ORDER),
    *(row for scope in SCOPES for row in (LETTER[scope], REST[scope], TYPED[scope], CLEAR[scope])),
    *LETTERS.values(),
    *(READ_ALL, UNDO, DURABLE, MEMORY, MEMORY_LATER, NEW, IMPORT, INDEX, BYTES),
    *(BUILDING_KEY, BUILDING_QUIT, SHELL_RARE, SHELL_COMMON, RAW_SEARCH, EXPORT, VERSION, WRAP),
)


@dataclass(slots=True)
class Figures:
    """What was measured, in seconds, MB or papers a second, by row and by papers."""

    ours: dict[tuple[Row, int], list[float]] = field(default_factory=dict)
    floor: dict[tuple[Row, int], list[float]] = field(default_factory=dict)
    """The same of the bare app, or of the raw operation: none, or one for each of ours."""

    def add(self, row: Row, papers: int, ours: Iterable[float], floor: Iterable[float]) -> None:
        """Takes in what was measured, and what was of the floor, in turns with it."""
        self.ours.setdefault((row, papers), []).extend(ours)
        self.floor.setdefault((row, papers), []).extend(floor)


@dataclass(frozen=True, slots=True)
class Run:
    """One library, how often things are done with it, and where what was measured goes."""

    shelf: Shelf
    rounds: int
    figures: Figures

    @property
    def few(self) -> int:
        """How often what takes long is done."""
        return -(-self.rounds // 3)

    def add(self, row: Row, *ours: float, floor: Iterable[float] = ()) -> None:
        """Takes in what was measured, and what was of the floor, in turns with it."""
        self.figures.add(row, self.shelf.papers, ours, floor)


def markdown(figures: Figures, sizes: Sequence[int], about: Sequence[str]) -> str:
    """The table of libraries of these sizes, after a sentence each on what it is about."""
    heads = ["what", *(f"{size:,} papers" for size in sizes), "growth", "to reach"]
    lines = [[row.name, *_cells(figures, row, sizes), row.goal] for row in ROWS]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    table = [_line(cells, widths) for cells in (heads, rules, *lines)]
    return "\n".join((" ".join(about), "", *table)) + "\n"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(padded)} |"


def _cells(figures: Figures, row: Row, sizes: Sequence[int]) -> list[str]:
    """A cell a size, and how the median grows from the first to the last there is."""
    ours = [figures.ours.get((row, size), []) for size in sizes]
    floors = [figures.floor.get((row, size), []) for size in sizes]
    cells = [_cell(row, *samples) for samples in zip(ours, floors, strict=True)]
    measured = [samples for samples in ours if samples]
    if len(measured) < 2:
        return [*cells, ""]
    return [*cells, f"{quantile(measured[-1], 0.5) / quantile(measured[0], 0.5):.2f}×"]


def _cell(row: Row, ours: Sequence[float], floor: Sequence[float]) -> str:
    shares = [0.5, 0.95, 1.0] if row.tells_slowest else [0.5, 0.95]
    if len(ours) < 2 or row.unit != "ms":
        shares = [0.5] * bool(ours)
    told = " / ".join(_number(quantile(ours, share), row.unit) for share in shares)
    # Of each pair first: a machine that changes its speed does so between pairs.
    ratios = [sample / other for sample, other in zip(ours, floor, strict=True)] if floor else []
    return f"{told} · {quantile(ratios, 0.5):.2f}×" if ratios else told


def _number(value: float, unit: str) -> str:
    value *= 1000 if unit == "ms" else 1
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def quantile(samples: Sequence[float], share: float) -> float:
    """The least of the samples that so large a share of them do not exceed."""
    return sorted(samples)[max(math.ceil(len(samples) * share) - 1, 0)]


def machine() -> str:
    """What the figures were measured on and with."""
    cpus = Path("/proc/cpuinfo").read_text("utf-8")
    model = re.search(r"model name\s*: (.*)", cpus)
    cores = len(os.sched_getaffinity(0))
    software = {
        platform.system(): platform.release().partition("-")[0],
        "Python": platform.python_version(),
        "Textual": version("textual"),
        "SQLite": sqlite3.sqlite_version,
    }
    parts = [f"{model[1] if model else platform.machine()}, {cores} cores"]
    return ", ".join((*parts, *(f"{name} {number}" for name, number in software.items())))
