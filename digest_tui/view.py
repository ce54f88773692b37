"""A view: what is on screen, as it was when it was asked for.

A view is a snapshot. Marks change what its rows look like, never which rows there are; only
folding a section takes rows away and brings them back, in their places. A paper is a number here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from digest_tui import query as q
from digest_tui.index import DigestRow, Order, Status
from digest_tui.paper_set import PaperSet


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
    numbers: PaperSet = field(default_factory=PaperSet)
    """Its papers, those of folded sections included."""
    sections: tuple[Section, ...] = ()
    rows: Sequence[int] = ()
    """A paper's number, or -1 - s for the heading of section s."""

    @property
    def is_widened(self) -> bool:
        """Whether a word was looked for inside words, though that was not asked."""
        return self.query != q.parse(self.text).query

    @property
    def papers(self) -> int:
        """How many papers it has, each counted once."""
        return len(self.numbers)

    def laid_out(self, sections: Mapping[str, Sequence[int]], folded: Collection[str]) -> View:
        """The view with these sections, those named in `folded` without their rows."""
        rows: list[int] = []
        headed: list[Section] = []
        for name, numbers in sections.items():
            section = Section(name, len(rows), numbers, name in folded)
            headed.append(section)
            rows.append(-len(headed))
            if not section.is_folded:
                rows.extend(section.numbers)
        return replace(self, sections=tuple(headed), rows=rows)

    def folding(self, folded: Collection[str]) -> View:
        """The same papers with other sections folded."""
        return self.laid_out({s.name: s.numbers for s in self.sections}, folded)

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
