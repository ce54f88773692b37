"""The list of digests: all, unread, starred, then the digests by date, each with its counts.

It draws only the lines on screen, so ten years of digests cost what one week does.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from digest_tui.session import Session
from digest_tui.ui.text import clip, strip_of


class DigestList(ScrollView, can_focus=True, inherit_bindings=False):
    """What can be shown: the whole library, or one digest."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {
        "digest-list--row",
        "digest-list--done",
        "digest-list--cursor",
        "digest-list--count",
    }

    @dataclass
    class Pointed(Message):
        """A place of the list was clicked."""

        place: int

    def __init__(self, session: Session, *, id: str) -> None:
        super().__init__(id=id)
        self.session = session
        self.border_title = "digests"

    def show(self) -> None:
        """Draws the list as the session has it, and scrolls to the place of the view."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.session.scopes))
        self.refresh()
        self.scroll_to_region(
            Region(0, self.session.scope_place, 1, 1), animate=False, immediate=True, force=True
        )

    def on_resize(self) -> None:
        self.show()

    def on_click(self, event: events.Click) -> None:
        place = event.y + self.scroll_offset.y - self.gutter.top
        if 0 <= place < len(self.session.scopes):
            self.post_message(self.Pointed(place))

    def render_line(self, y: int) -> Strip:
        """One line: a glyph where the view is, the name, and unread of all."""
        place = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        style = self.get_component_rich_style("digest-list--row")
        if place >= len(self.session.scopes):
            return Strip.blank(width, style)
        label, count, is_done = self._row(place)
        if is_done:
            style = self.get_component_rich_style("digest-list--done")
        count_style = style + self.get_component_rich_style("digest-list--count", partial=True)
        if place == self.session.scope_place:
            cursor = self.get_component_rich_style("digest-list--cursor", partial=True)
            style, count_style = style + cursor, count_style + cursor
        glyph = "▎" if place == self.session.scope_place else " "
        room = width - cell_len(count) - 2
        left = clip(glyph + label, room)
        gap = " " * max(width - cell_len(left) - cell_len(count) - 1, 1)
        parts = [Segment(left + gap, style), Segment(count + " ", count_style)]
        return strip_of(parts, width, style)

    def _row(self, place: int) -> tuple[str, str, bool]:
        """The name, the counts, and whether nothing is left to decide there."""
        totals = self.session.totals
        row, status = self.session.scopes[place]
        if row:
            again = " ↻" if row.same_as else ""
            return f"{row.day}{again}", f"{row.unread}/{row.papers}", not row.unread
        if status == "all":
            return "All", f"{totals.unread}/{totals.papers}", False
        if status == "unread":
            return "Unread", str(totals.unread), not totals.unread
        return "Starred", str(totals.starred), not totals.starred
