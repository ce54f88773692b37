"""The list of digests: all, unread, starred, then the digests by date, each with its counts.

It draws only the lines on screen, so ten years of digests cost what one week does.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from digest_tui.session import Session
from digest_tui.ui.glyphs import UNICODE, Glyphs
from digest_tui.ui.text import clip, strip_of
from digest_tui.ui.viewport import fit, redraw, reveal, tinted


class DigestList(ScrollView, can_focus=True, inherit_bindings=False):
    """What can be shown: the whole library, or one digest."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"digest-list--text", "digest-list--muted", "digest-list--cursor"}

    @dataclass
    class Pointed(Message):
        """A place of the list was clicked."""

        place: int

    def __init__(self, session: Session, *, id: str, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id=id)
        self.session = session
        self.glyphs = glyphs
        self.border_title = "digests"
        self._place = 0
        self._shown: tuple[object, ...] = ()
        self._painted: dict[int, Strip] = {}

    def show(self) -> None:
        """Draws the list as the session has it, and scrolls to the place of the view."""
        shown = (self.session.revision, self.session.scope_place)
        if shown == self._shown:
            return
        self._shown = shown
        self._place = self.session.scope_place
        self.on_resize()
        redraw(self, self._painted, self._line)

    def on_resize(self) -> None:
        fit(self, self.session.scopes)
        reveal(self, self._place, 1)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset and offset.y + self.scroll_offset.y < self.session.scopes:
            self.post_message(self.Pointed(offset.y + self.scroll_offset.y))

    def render_line(self, y: int) -> Strip:
        """One line: a glyph where the view is, the name, and unread of all."""
        self._painted[y] = self._line(y)
        return self._painted[y]

    def _line(self, y: int) -> Strip:
        place = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        style = self.get_component_rich_style("digest-list--text")
        muted = self.get_component_rich_style("digest-list--muted")
        if place >= self.session.scopes:
            return Strip.blank(width, style)
        label, counts, short, is_done = self._row(place)
        glyph = self.glyphs.cursor if place == self._place else " "
        count = counts if cell_len(glyph + label + counts) + 2 <= width else short
        left = clip(glyph + label, width - cell_len(count) - 2, self.glyphs.cut)
        gap = " " * max(width - cell_len(left) - cell_len(count) - 1, 1)
        parts = [Segment(left + gap, muted if is_done else style), Segment(count + " ", muted)]
        strip = strip_of(parts, width, style)
        return tinted(strip, self._cursor_style) if place == self._place else strip

    @property
    def _cursor_style(self) -> Style:
        return self.get_component_rich_style("digest-list--cursor")

    def _row(self, place: int) -> tuple[str, str, str, bool]:
        """The name, the counts, those for which there is room in any case, and whether nothing is
        left to decide there."""
        totals = self.session.totals
        row, status = self.session.scope_at(place)
        if row:
            again = f" {self.glyphs.again}" if row.same_as else ""
            counts = f"{row.unread:,}/{row.papers:,}"
            return f"{row.day}{again}", counts, f"{row.unread:,}", not row.unread
        if status == "all":
            return "All", f"{totals.unread:,}/{totals.papers:,}", f"{totals.papers:,}", False
        label, count = (
            ("Unread", totals.unread) if status == "unread" else ("Starred", totals.starred)
        )
        return label, f"{count:,}", f"{count:,}", not count
