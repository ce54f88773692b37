"""The list of papers: a window on the view that draws only the lines on screen.

Every row has the same height, so that a row's place is a division and a list of a hundred
thousand papers scrolls like one of thirty-five. Whether a paper is read or starred is told by
a glyph and by the weight of its title, never by color alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from digest_tui import latex
from digest_tui import query as q
from digest_tui.index import Card
from digest_tui.paper import name_of
from digest_tui.session import Session
from digest_tui.ui.text import clip, segments, strip_of, wrap
from digest_tui.ui.viewport import fit, redraw, reveal, scroll

GUTTER = 4
"""Cells before a title: cursor, read, star, blank."""


class PaperList(ScrollView, can_focus=True, inherit_bindings=False):
    """The papers of the view, under their keywords."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {
        "paper-list--text",
        "paper-list--muted",
        "paper-list--heading",
        "paper-list--star",
        "paper-list--match",
        "paper-list--cursor",
    }

    @dataclass
    class Pointed(Message):
        """A row was clicked."""

        row: int

    class Opened(Message):
        """A row was double-clicked."""

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(id=id)
        self.session = session
        self.empty = ""
        """What is said where there is no paper to show."""
        self._painted: dict[int, Strip] = {}
        self._cursor = -1
        self._rows: Sequence[int] = ()

    @property
    def row_height(self) -> int:
        """In lines."""
        return 1 if self.session.compact else 2

    @property
    def page(self) -> int:
        """How many rows fit."""
        return max(self.scrollable_content_region.height // self.row_height - 1, 1)

    def show(self) -> None:
        """Draws what changed since it was last drawn; other rows than before from their top."""
        if self._rows is not self.session.view.rows:
            self._rows = self.session.view.rows
            scroll(self, 0)
        self._cursor = self.session.cursor
        self.on_resize()
        redraw(self, self._painted, self._line)

    def move(self) -> None:
        """Follows the cursor: two rows are drawn again, and what scrolls."""
        for row in {self._cursor, self.session.cursor}:
            top = row * self.row_height - self.scroll_offset.y
            self.refresh(Region(0, top, self.size.width, self.row_height))
        self._cursor = self.session.cursor
        self._reveal()

    def on_resize(self) -> None:
        fit(self, len(self.session.view.rows) * self.row_height)
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        row = (offset.y + self.scroll_offset.y) // self.row_height if offset else -1
        if self.session.card(row):
            self.post_message(self.Pointed(row))
            if event.chain > 1:
                self.post_message(self.Opened())

    def render_line(self, y: int) -> Strip:
        """One line of a heading or of a paper, at the present scroll position."""
        self._painted[y] = self._line(y)
        return self._painted[y]

    def _line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        row, line = divmod(y + self.scroll_offset.y, self.row_height)
        blank = self.get_component_rich_style("paper-list--text")
        rows = self.session.view.rows
        if not rows:
            return self._empty_line(y, width)
        if row >= len(rows):
            return Strip.blank(width, blank)
        if rows[row] < 0:
            return self._heading_line(-rows[row] - 1, line, width)
        card = self.session.card(row)
        if card is None:
            return Strip.blank(width, blank)
        return self._paper_line(card, row, line, width)

    def _empty_line(self, y: int, width: int) -> Strip:
        style = self.get_component_rich_style("paper-list--muted")
        lines = wrap(self.empty, width - 2)
        start, end = lines[y - 1] if 0 < y <= len(lines) else (0, 0)
        return strip_of([Segment(" " + self.empty[start:end], style)], width, style)

    def _heading_line(self, group: int, line: int, width: int) -> Strip:
        """The keyword and its counts, on the last line of the row: a blank one sets it apart."""
        style = self.get_component_rich_style("paper-list--heading")
        if line < self.row_height - 1:
            return Strip.blank(width, style)
        keyword = self.session.view.groups[group].keyword or "no keyword"
        papers, unread = self.session.view.groups[group].papers, self.session.unread_in(group)
        count = f" · {unread} unread of {papers}" if unread else f" · {papers}"
        if cell_len(keyword) + cell_len(count) > width - 2:
            count = f" · {unread}/{papers}"
        text = " " + clip(keyword, width - cell_len(count) - 2) + count + " "
        return strip_of([Segment(text + "─" * (width - cell_len(text) - 1), style)], width, style)

    def _paper_line(self, card: Card, row: int, line: int, width: int) -> Strip:
        name = "paper-list--muted" if card.read else "paper-list--text"
        base = self.get_component_rich_style(name) + Style(bold=not card.read)
        parts = self._title(card, row, width, base) if line == 0 else self._second(card, width)
        strip = strip_of(parts, width, base)
        if row == self.session.cursor:
            cursor = self.get_component_rich_style("paper-list--cursor")
            strip = strip.apply_style(Style(bgcolor=cursor.bgcolor))
        return strip

    def _title(self, card: Card, row: int, width: int, style: Style) -> list[Segment]:
        star = style + self.get_component_rich_style("paper-list--star", partial=True)
        chinese_first = self.session.language == "zh" and card.title_zh
        text = clip(
            latex.render(card.title_zh or card.title if chinese_first else card.title),
            width - GUTTER - 1,
        )
        column: q.Column = "title_zh" if chinese_first else "title"
        return [
            Segment("▎" if row == self.session.cursor else " ", star),
            Segment(" " if card.read else "●", style),
            Segment("★" if card.starred else " ", star),
            Segment(" ", style),
            *self._highlighted(text, column, style),
        ]

    def _second(self, card: Card, width: int) -> list[Segment]:
        style = self.get_component_rich_style("paper-list--muted")
        day = "" if self.session.view.scope else f"{card.day} "
        tail = f" {day}{card.code} "
        both = self.session.language == "both"
        text = card.title_zh if both and card.title_zh else ", ".join(map(name_of, card.authors))
        column: q.Column = "title_zh" if both and card.title_zh else "authors"
        text = clip(latex.render(text), width - GUTTER - cell_len(tail))
        gap = " " * (width - GUTTER - cell_len(text) - cell_len(tail))
        return [
            Segment(" " * GUTTER, style),
            *self._highlighted(text, column, style),
            Segment(gap + tail, style),
        ]

    def _highlighted(self, text: str, column: q.Column, style: Style) -> list[Segment]:
        mark = self.get_component_rich_style("paper-list--match", partial=True)
        found = q.highlights(self.session.view.query, text, column)
        return segments(text, (0, len(text)), style, found, mark)

    def _reveal(self) -> None:
        row = self.session.cursor
        top = row - 1 if row > 0 and self.session.view.rows[row - 1] < 0 else row
        reveal(self, max(top, 0) * self.row_height, (row - top + 1) * self.row_height)
