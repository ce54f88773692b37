"""A view: what is on screen, as it was when it was asked for.

A view is a snapshot. Marks change what its rows look like, never which rows there are; only
folding a section takes rows away and brings them back, in their places. A paper is a number here,
and a set of papers a byte each: what a hundred thousand of them take is told in kilobytes.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import filterfalse

from digest_tui import query as q
from digest_tui.index import DigestRow, Order, Status


class PaperSet:
    """Papers by their numbers, a byte for each number there is."""

    def __init__(self, *groups: Collection[int]) -> None:
        self._flags = bytearray()
        for numbers in groups:
            self._reach(numbers)
            for number in numbers:
                self._flags[number] = 1

    def __contains__(self, number: int) -> bool:
        return 0 <= number < len(self._flags) and self._flags[number] > 0

    def __len__(self) -> int:
        return self._flags.count(1)

    def put(self, number: int, is_in: bool) -> None:
        """Takes a paper in, or out."""
        self._reach([number])
        self._flags[number] = is_in

    def of(self, numbers: Sequence[int]) -> Sequence[int]:
        """Those of the numbers that are in it, in their order."""
        self._reach(numbers)
        return array("q", filter(self._flags.__getitem__, numbers))

    def first(self, numbers: Sequence[int]) -> Sequence[int]:
        """The numbers, those that are in it before the others."""
        inside = array("q", self.of(numbers))
        inside.extend(filterfalse(self._flags.__getitem__, numbers))
        return inside

    def common(self, other: PaperSet) -> int:
        """How many papers are in both."""
        # As integers: Python looks at all the bytes of two of them at once.
        ours, theirs = (int.from_bytes(papers._flags, "little") for papers in (self, other))
        return (ours & theirs).bit_count()

    def _reach(self, numbers: Collection[int]) -> None:
        self._flags.extend(bytes(max(max(numbers, default=-1) + 1 - len(self._flags), 0)))


@dataclass(frozen=True, slots=True)
class Section:
    """The papers of a view that stand under one heading."""

    name: str
    """A keyword or a day, by the view's order; empty where there is but one section."""
    start: int
    """The row of its heading."""
    numbers: Sequence[int]
    """Its papers, which follow unless it is folded."""
    is_folded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What is on screen: a scope, a query, an order, and the papers that they give."""

    scope: DigestRow | None
    """One digest; None for the whole library."""
    status: Status
    text: str
    """The query as it was typed."""
    query: q.Query
    """The query as it was answered: a word that begins nowhere is looked for inside words."""
    hints: tuple[q.Hint, ...]
    order: Order
    sections: tuple[Section, ...] = ()
    rows: Sequence[int] = ()
    """A paper's number, or -1 - s for the heading of section s."""
    numbers: PaperSet = field(default_factory=PaperSet)
    """Its papers, those of folded sections included."""
    papers: int = 0
    """How many they are, each counted once."""

    @property
    def is_widened(self) -> bool:
        """Whether a word was looked for inside words, though that was not asked."""
        return self.query != q.parse(self.text).query

    def laid_out(self, sections: Mapping[str, Sequence[int]], folded: Collection[str]) -> View:
        """The view with these sections, those named in `folded` without their rows."""
        numbers = PaperSet(*sections.values())
        view = replace(self, numbers=numbers, papers=len(numbers))
        return view._arranged(sections, folded)

    def _arranged(self, sections: Mapping[str, Sequence[int]], folded: Collection[str]) -> View:
        rows = array("q")
        headed = []
        for name, numbers in sections.items():
            section = Section(name, len(rows), numbers, name in folded)
            headed.append(section)
            rows.append(-len(headed))
            if not section.is_folded:
                rows.extend(section.numbers)
        return replace(self, sections=tuple(headed), rows=rows)

    def folding(self, folded: Collection[str]) -> View:
        """The same papers with other sections folded."""
        return self._arranged({s.name: s.numbers for s in self.sections}, folded)

    def rows_of(self, number: int) -> Iterator[int]:
        """The rows on which a paper stands."""
        row = -1
        with suppress(ValueError):
            while True:
                row = self.rows.index(number, row + 1)
                yield row

    def section_at(self, row: int) -> int:
        """The number of the section that a row belongs to."""
        return max(bisect_right(self.sections, row, key=lambda section: section.start) - 1, 0)

    def section_named(self, name: str) -> Section | None:
        """The section of that name, if there is one."""
        return next((section for section in self.sections if section.name == name), None)

    def heading_at(self, row: int) -> Section | None:
        """The section whose heading stands on a row."""
        if not 0 <= row < len(self.rows) or self.rows[row] >= 0:
            return None
        return self.sections[-1 - self.rows[row]]

    def is_stop(self, row: int) -> bool:
        """Whether the cursor rests on a row in passing: on a paper, or on a folded section."""
        heading = self.heading_at(row)
        return heading.is_folded if heading else 0 <= row < len(self.rows)

    def next_stop(self, row: int, step: int) -> int | None:
        """The next row below (step 1) or above (-1) on which the cursor rests."""
        end = len(self.rows) if step > 0 else -1
        return next((r for r in range(row + step, end, step) if self.is_stop(r)), None)
