"""The facets: keywords, subjects and dates with their counts, beside the list that they narrow.

Each choice acts at once and is seen in the list, which stays in view, undimmed. The rows are then
asked for anew, since the counts are others; the cursor stays on its value, and that on its line.
Counting a large library takes longer than a frame: what is late is drawn as it comes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic

from rich.cells import cell_len
from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from digest_tui.facets import Facet, FacetField
from digest_tui.ui.glyphs import UNICODE, Glyphs
from digest_tui.ui.lines import Lines
from digest_tui.ui.text import clip

_TITLES: Mapping[FacetField, str] = {"kw": "Keywords", "cat": "Subjects", "date": "Dates"}
_FAR = 1 << 30
"""Rows, more than there ever are."""
_BORDER = 6
"""Cells of a border that no text can have."""
_FRAME = 0.02
"""Seconds after which the screen is drawn with what is counted by then."""

_Line = tuple[FacetField, Facet | None]
"""A facet, or the heading of its field."""


class Facets(ModalScreen[None]):
    """Narrows what is shown, live; closing it keeps what was chosen."""

    BINDINGS = [
        Binding("escape,f,q", "dismiss", "Close"),
        Binding("space,enter", "tick", "Choose"),
        Binding("c", "clear", "Clear"),
        Binding("j,down", "move(1)", "Down", show=False),
        Binding("k,up", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("g,home", f"move(-{_FAR})", "First", show=False),
        Binding("G,end", f"move({_FAR})", "Last", show=False),
        Binding("tab,}", "next_group", "Next group", show=False),
        Binding("shift+tab,{", "previous_group", "Previous group", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-tall")]

    def __init__(
        self,
        facets: Callable[[], Iterator[tuple[FacetField, Sequence[Facet]]]],
        choose: Callable[[FacetField, Sequence[str]], object],
        glyphs: Glyphs = UNICODE,
    ) -> None:
        """`facets`: counts, field by field, what there is to choose from; `choose`: makes values
        those of a field."""
        super().__init__()
        self._facets = facets
        self._choose = choose
        self._coming = facets()
        """The fields that are still to be counted."""
        self._rows: dict[FacetField, Sequence[Facet]] = {}
        self._table: list[_Line] = []
        self._stops: list[int] = []
        """The lines that the cursor can be on."""
        self._lines = Lines(self._count, self._line, glyphs, classes="dialog")
        self._lines.border_title = "facets"
        self._take(monotonic() + _FRAME)

    def compose(self) -> ComposeResult:
        yield self._lines

    def on_resize(self) -> None:
        self.call_after_refresh(self._tell_keys)

    def action_move(self, step: int) -> None:
        """Moves the cursor so many rows down, or up."""
        self._know_all()
        self._stop_at(bisect_left(self._stops, self._lines.cursor) + step)

    def action_page(self, sign: int) -> None:
        """Moves the cursor a page down, or up."""
        self.action_move(sign * self._lines.page)

    def action_next_group(self) -> None:
        """Moves the cursor to the first row of the field below."""
        self._know_all()
        below = [line for line in self._headings if line > self._lines.cursor]
        if below:
            self._stop_at(bisect_right(self._stops, below[0]))

    def action_previous_group(self) -> None:
        """Moves the cursor to the first row of its field, or from there of the field above."""
        self._know_all()
        above = [line for line in self._headings if line < self._lines.cursor - 1]
        self._stop_at(bisect_right(self._stops, above[-1]) if above else 0)

    def action_tick(self) -> None:
        """Chooses what the cursor is on, or no longer."""
        self._know_all()
        if self._lines.cursor < 0:
            return
        late = monotonic() + _FRAME
        field, facet = self._table[self._lines.cursor]
        assert facet is not None
        chosen = [row.value for row in self._chosen(field) if row.value != facet.value]
        self._make_chosen(field, chosen if facet.is_chosen else [*chosen, facet.value])
        self._count_again(late)

    def action_clear(self) -> None:
        """Chooses nothing, in any field."""
        self._know_all()
        late = monotonic() + _FRAME
        fields = [field for field in _TITLES if self._chosen(field)]
        for field in fields:
            self._make_chosen(field, ())
        if fields:
            self._count_again(late)

    @on(Lines.Pointed)
    def tick_line(self, message: Lines.Pointed) -> None:
        if self.is_active and message.line in self._stops:
            self._lines.show(message.line)
            self.action_tick()

    @property
    def _headings(self) -> list[int]:
        return [line for line, (_, facet) in enumerate(self._table) if facet is None]

    def _chosen(self, field: FacetField) -> list[Facet]:
        return [facet for of, facet in self._table if of == field and facet and facet.is_chosen]

    def _make_chosen(self, field: FacetField, values: Sequence[str]) -> None:
        self._choose(field, values)
        rows = self._rows[field]
        self._rows[field] = [replace(row, is_chosen=row.value in values) for row in rows]

    def _count_again(self, late: float) -> None:
        self._coming = self._facets()
        self._take(late)

    def _take(self, late: float) -> None:
        """Draws the fields that are counted by then, and goes on with the others a frame later."""
        while monotonic() < late:
            counted = next(self._coming, None)
            if counted is None:
                break
            field, rows = counted
            self._rows[field] = rows
        else:
            # What was drawn is painted by then: `call_after_refresh` comes before it.
            self.set_timer(_FRAME, self._go_on)
        self._lay_out()

    def _go_on(self) -> None:
        self._take(monotonic() + _FRAME)

    def _know_all(self) -> None:
        """Waits for the fields that were never counted yet: a key may be meant for any of them."""
        if len(self._rows) < len(_TITLES):
            self._rows.update(self._coming)
            self._lay_out()

    def _lay_out(self) -> None:
        """Draws the rows as they are by now, that of the cursor where it was on screen."""
        line = self._lines.cursor
        field, facet = self._table[line] if line >= 0 else (None, None)
        self._table = []
        for of, rows in self._rows.items():
            headings: list[Facet | None] = [None] if rows else []
            self._table += [(of, row) for row in (*headings, *rows)]
        self._stops = [place for place, (_, row) in enumerate(self._table) if row]
        same = (
            place
            for place, (of, row) in enumerate(self._table)
            if row and facet and (of, row.value) == (field, facet.value)
        )
        place = next(same, min(self._stops, key=lambda stop: abs(stop - line), default=-1))
        self._lines.show()
        if facet:
            self._lines.scroll_by(place - line)
        self._lines.show(place)

    def _tell_keys(self) -> None:
        """Tells the keys in the border, and where there is no room for all of them, not `c`."""
        dot = f" {self._lines.glyphs.dot} "
        told = dot.join(("Space ticks", "c clears", "Esc closes"))
        if cell_len(told) > self._lines.outer_size.width - _BORDER:
            told = dot.join(("Space ticks", "Esc closes"))
        self._lines.border_subtitle = told

    def _stop_at(self, stop: int) -> None:
        if self._stops:
            self._lines.show(self._stops[min(max(stop, 0), len(self._stops) - 1)])

    def _count(self, width: int) -> int:
        return len(self._table) or 1

    def _line(self, line: int, width: int) -> list[Segment]:
        if not self._table and len(self._rows) < len(_TITLES):
            return []
        if not self._table:
            return [Segment("No papers, so nothing to choose", self._lines.style("muted"))]
        field, facet = self._table[line]
        if facet is None:
            return self._lines.heading(self._title(field), width)
        style = self._lines.style
        tick = self._lines.glyphs.chosen if facet.is_chosen else " "
        count = f"  {facet.papers}"
        label = clip(facet.label, width - 2 - cell_len(count), self._lines.glyphs.cut)
        gap = " " * (width - 2 - cell_len(label) - cell_len(count))
        return [
            Segment(f"{tick} ", style("key")),
            Segment(label, style("key" if facet.is_chosen else "text")),
            Segment(gap + count, style("muted")),
        ]

    def _title(self, field: FacetField) -> str:
        """The field's name, with how many of its values are chosen."""
        chosen = len(self._chosen(field))
        return (
            f"{_TITLES[field]} {self._lines.glyphs.dot} {chosen} chosen"
            if chosen
            else _TITLES[field]
        )
