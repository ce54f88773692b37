"""The lines of a dialog: the dialog tells what is on each, here they are scrolled and clicked.

Only the lines on screen are asked for, so three thousand keywords open as fast as three.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from digest_tui.ui.glyphs import Glyphs
from digest_tui.ui.text import strip_of
from digest_tui.ui.viewport import fit, reveal, scroll, tinted

_EDGES = 2
"""Cells: one on the left, where the cursor is told, and one on the right."""


class Lines(ScrollView, can_focus=False, inherit_bindings=False):
    """A pane of lines, on one of which the cursor may be."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {
        "lines--text",
        "lines--muted",
        "lines--heading",
        "lines--key",
        "lines--cursor",
    }

    @dataclass
    class Pointed(Message):
        """A line was clicked."""

        line: int

    def __init__(
        self,
        count: Callable[[int], int],
        draw: Callable[[int, int], Iterable[Segment]],
        glyphs: Glyphs,
        *,
        widest: int = 0,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`count`: returns how many lines there are, of so many cells each; `draw`: returns one of
        them, in so many cells; `widest`: the cells of the widest, for a pane that is as wide."""
        super().__init__(id=id, classes=classes)
        self.glyphs = glyphs
        self.cursor = -1
        """The line of the cursor; -1 where there is none."""
        self._count = count
        self._draw = draw
        self._widest = widest
        self._lines = 0

    @property
    def page(self) -> int:
        """How many lines a page turns."""
        return max(self.scrollable_content_region.height - 1, 1)

    def show(self, cursor: int = -1) -> None:
        """Draws all anew, and scrolls as little as it takes to show the line of the cursor."""
        self.cursor = cursor
        if self.size:
            self.on_resize()

    def scroll_by(self, lines: int) -> None:
        """Scrolls so many lines down, or up where there are less than none."""
        scroll(self, self.scroll_offset.y + lines)

    def style(self, name: str) -> Style:
        """The style of text, muted text, a heading, a key, or of the line of the cursor."""
        return self.get_component_rich_style(f"lines--{name}")

    def heading(self, text: str, width: int) -> list[Segment]:
        """A heading, with a rule behind it to the edge."""
        rule = self.glyphs.rule * max(width - cell_len(text) - 1, 0)
        return [Segment(f"{text} {rule}", self.style("heading"))]

    @property
    def _room(self) -> int:
        """Cells that a line has between the edges."""
        return self.scrollable_content_region.width - _EDGES

    def on_resize(self) -> None:
        self._lines = self._count(self._room)
        fit(self, self._lines)
        if self.cursor >= 0:
            reveal(self, self.cursor, 1)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset and offset.y + self.scroll_offset.y < self._lines:
            self.post_message(self.Pointed(offset.y + self.scroll_offset.y))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return self._widest + _EDGES

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._count(width - _EDGES)

    def render_line(self, y: int) -> Strip:
        """One line at the present scroll position, between its edges."""
        line, width = y + self.scroll_offset.y, self._room + _EDGES
        text = self.style("text")
        if line >= self._lines:
            return Strip.blank(width, text)
        is_here = line == self.cursor
        edge = Segment(self.glyphs.cursor if is_here else " ", self.style("key"))
        strip = strip_of([edge, *self._draw(line, self._room)], width, text)
        return tinted(strip, self.style("cursor")) if is_here else strip
