"""The list of papers: a window on the view that draws only the lines on screen.

Every row has the same height, so that a row's place is a division and a list of a hundred
thousand papers scrolls like one of thirty-five. Whether a paper is read or starred is told by
a glyph and by the weight of its title, never by color alone. The lower border is a bar: how
much of the scope is decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from digest_tui import query as q
from digest_tui.index import Card, Order
from digest_tui.paper import name_of
from digest_tui.session import Session
from digest_tui.ui.glyphs import UNICODE, Glyphs
from digest_tui.ui.text import clip, segments, strip_of, typeset, wrap
from digest_tui.ui.viewport import fit, redraw, reveal, scroll, tinted

GUTTER = 4
"""Cells before a title: cursor, read, star, blank."""
WITH_BOTH = 56
"""Cells of a list that has room for the day and the subject of a paper."""
ORDERS: dict[Order, str] = {
    "digest": "as in the digests",
    "unread": "unread first",
    "title": "by title",
    "author": "by first author",
    "id": "by arXiv id",
    "date": "by date",
}


class PaperList(ScrollView, can_focus=True, inherit_bindings=False):
    """The papers of the view, under their keywords."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {
        "paper-list--text",
        "paper-list--muted",
        "paper-list--heading",
        "paper-list--star",
        "paper-list--match",
        "paper-list--keyword",
        "paper-list--rule",
        "paper-list--cursor",
    }

    @dataclass
    class Pointed(Message):
        """A row was clicked."""

        row: int

    class Opened(Message):
        """A row was double-clicked."""

    def __init__(self, session: Session, *, id: str, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id=id)
        self.session = session
        self.glyphs = glyphs
        self.empty = ""
        """What is said where there is no paper to show."""
        self._bar = ""
        self._keywords: dict[int, q.Query] = {}
        self._painted: dict[int, Strip] = {}
        self._width = 0
        """Of a line, in the frame that was drawn last: to ask for each takes as long as a line."""
        self._cursor = -1
        self._rows: Sequence[int] = ()
        self._asked: tuple[object, ...] = ()

    @property
    def row_height(self) -> int:
        """In lines."""
        return 1 if self.session.compact else 2

    @property
    def _skipped(self) -> int:
        """Lines before the first one: the blank that sets a heading apart needs none above it."""
        rows = self.session.view.rows
        return self.row_height - 1 if rows and rows[0] < 0 else 0

    @property
    def page(self) -> int:
        """How many rows fit."""
        return max(self.scrollable_content_region.height // self.row_height - 1, 1)

    def show(self) -> None:
        """Draws what changed since it was last drawn; what was asked anew from its top."""
        view = self.session.view
        asked = (view.scope and view.scope.n, view.status, view.text, view.order)
        if self._rows is not view.rows:
            self._rows = view.rows
            self._keywords.clear()
        if asked != self._asked:
            self._asked = asked
            scroll(self, 0)
        self._cursor = self.session.cursor
        self.on_resize()
        redraw(self, self._painted, self._line)

    def move(self) -> None:
        """Follows the cursor: two rows are drawn again, and what scrolls."""
        for row in {self._cursor, self.session.cursor}:
            top = row * self.row_height - self._skipped - self.scroll_offset.y
            self.refresh(Region(0, top, self.size.width, self.row_height))
        self._cursor = self.session.cursor
        self._reveal()

    def on_resize(self) -> None:
        fit(self, len(self.session.view.rows) * self.row_height - self._skipped)
        self._reveal()
        self._draw_bar()

    def _draw_bar(self) -> None:
        """How much of the scope is decided, as the lower border of the pane."""
        decided, papers = self.session.decided
        # Textual keeps six cells of a border for its corners and for blanks.
        width = self.outer_size.width - 6
        told = f" {decided:,} of {papers:,} decided"
        if len(told) > width // 2:
            told = f" {decided:,} decided"
        length = width - len(told)
        done = length * decided // papers if papers else 0
        if length < 1 or not papers:
            told, length, done = "", 0, 0
        bar = self.glyphs.done * done + self.glyphs.left * (length - done) + told
        # A title that is set, even to what it was, has the whole pane drawn again.
        if bar != self._bar:
            self._bar = bar
            parts = ((bar[:done], "$secondary"), (bar[done:length], "$rule"), (told, "$muted"))
            self.border_subtitle = Content.assemble(*(part for part in parts if part[0]))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        line = offset.y + self.scroll_offset.y + self._skipped if offset else -1
        row = line // self.row_height
        if 0 <= row < len(self.session.view.rows):
            self.post_message(self.Pointed(row))
            if event.chain > 1:
                self.post_message(self.Opened())

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some lines of the pane, its border included."""
        self._width = self.scrollable_content_region.width
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line of a heading or of a paper, at the present scroll position."""
        self._painted[y] = self._line(y)
        return self._painted[y]

    def _line(self, y: int) -> Strip:
        width = self._width
        row, line = divmod(y + self.scroll_offset.y + self._skipped, self.row_height)
        blank = self.get_component_rich_style("paper-list--text")
        rows = self.session.view.rows
        if not rows:
            return self._empty_line(y, width)
        if row >= len(rows):
            return Strip.blank(width, blank)
        if rows[row] < 0:
            return self._heading_line(-rows[row] - 1, row, line, width)
        card = self.session.card(row)
        if card is None:
            return Strip.blank(width, blank)
        return self._paper_line(card, row, line, width)

    def _empty_line(self, y: int, width: int) -> Strip:
        style = self.get_component_rich_style("paper-list--muted")
        lines = wrap(self.empty, width - 2)
        start, end = lines[y - 1] if 0 < y <= len(lines) else (0, 0)
        return strip_of([Segment(" " + self.empty[start:end], style)], width, style)

    def _heading_line(self, place: int, row: int, line: int, width: int) -> Strip:
        """The keyword and its counts, on the last line of the row: a blank one sets it apart."""
        style = self.get_component_rich_style("paper-list--heading")
        if line < self.row_height - 1:
            return Strip.blank(width, style)
        section, is_here = self.session.view.sections[place], row == self.session.cursor
        cursor = self.glyphs.cursor if is_here else " "
        sign = self.glyphs.folded if section.is_folded else self.glyphs.open
        name = typeset(section.name).text or self._name_of_all()
        papers, unread = len(section.numbers), self.session.unread_in(section)
        dot = f" {self.glyphs.dot} "
        count = f"{dot}{unread:,} unread of {papers:,}" if unread else f"{dot}{papers:,}"
        if cell_len(name) + cell_len(count) > width - 3 and unread:
            count = f"{dot}{unread:,} unread"
        name = clip(name, width - cell_len(count) - 3, self.glyphs.cut)
        text = f"{cursor}{sign} {name}{count}"
        rule = " " + self.glyphs.rule * (width - cell_len(text) - 2)
        quiet = self.get_component_rich_style("paper-list--rule")
        strip = strip_of([Segment(text, style), Segment(rule, quiet)], width, style)
        return tinted(strip, self._cursor_style) if is_here else strip

    def _name_of_all(self) -> str:
        """What is written over papers that stand under no keyword."""
        order = self.session.view.order
        return "no keyword" if order == "digest" else ORDERS[order]

    @property
    def _cursor_style(self) -> Style:
        return self.get_component_rich_style("paper-list--cursor")

    def _paper_line(self, card: Card, row: int, line: int, width: int) -> Strip:
        name = "paper-list--muted" if card.read else "paper-list--text"
        base = self.get_component_rich_style(name) + Style(bold=not card.read)
        keyword = self._keyword_at(row)
        if line == 0:
            parts = self._title(card, row, width, base, keyword)
        else:
            parts = self._second(card, width, keyword)
        strip = strip_of(parts, width, base)
        return tinted(strip, self._cursor_style) if row == self.session.cursor else strip

    def _title(
        self, card: Card, row: int, width: int, style: Style, keyword: q.Query
    ) -> list[Segment]:
        star = style + self.get_component_rich_style("paper-list--star", partial=True)
        is_chinese = self.session.language == "zh" and bool(card.title_zh)
        title = (card.title_zh if is_chinese else card.title) or card.title_zh or card.id
        column: q.Column = "title_zh" if is_chinese or not card.title else "title"
        return [
            Segment(self.glyphs.cursor if row == self.session.cursor else " ", star),
            Segment(" " if card.read else self.glyphs.unread, style),
            Segment(self.glyphs.star if card.starred else " ", star),
            Segment(" ", style),
            *self._highlighted(title, width - GUTTER - 1, column, style, keyword),
        ]

    def _second(self, card: Card, width: int, keyword: q.Query) -> list[Segment]:
        style = self.get_component_rich_style("paper-list--muted")
        tail = f" {clip(card.code, width // 2, self.glyphs.cut)} "
        if not self.session.view.scope:
            tail = f" {card.day}{tail if width >= WITH_BOTH else ' '}"
        both = self.session.language == "both"
        text = (
            card.title_zh
            if both and card.title_zh
            else ", ".join(map(name_of, card.authors[:width]))
        )
        column: q.Column = "title_zh" if both and card.title_zh else "authors"
        room = width - GUTTER - cell_len(tail)
        parts = self._highlighted(text, room, column, style, keyword)
        gap = " " * (room - sum(part.cell_length for part in parts))
        return [Segment(" " * GUTTER, style), *parts, Segment(gap + tail, style)]

    def _keyword_at(self, row: int) -> q.Query:
        """The words of the keyword that a row stands under."""
        view = self.session.view
        place = view.section_at(row)
        if view.order != "digest":
            return q.Everything()
        if place not in self._keywords:
            self._keywords[place] = q.keyword_query(view.sections[place].name)
        return self._keywords[place]

    def _highlighted(
        self, source: str, room: int, column: q.Column, style: Style, keyword: q.Query
    ) -> list[Segment]:
        """A text within so many cells, the words of the keyword and of the query set apart."""
        whole = typeset(source).text
        text = clip(whole, room, self.glyphs.cut)
        # A word that is cut is still the word that was looked for.
        seen = whole[: 2 * len(text)]
        painted = [
            (start, end, self.get_component_rich_style(f"paper-list--{name}", partial=True))
            for name, query in (("keyword", keyword), ("match", self.session.view.query))
            for start, end in q.highlights(query, seen, column)
        ]
        return segments(text, (0, len(text)), style, painted)

    def _reveal(self) -> None:
        row = self.session.cursor
        top = row - 1 if row > 0 and self.session.view.rows[row - 1] < 0 else row
        line = max(max(top, 0) * self.row_height - self._skipped, 0)
        reveal(self, line, (row + 1) * self.row_height - self._skipped - line)
