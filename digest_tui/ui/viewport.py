"""What the panes that draw their own lines have in common.

Telling Textual a new virtual size lays out the whole screen again, since a scrollbar may come
or go. Here the scrollbar is always there, so a pane with other lines is only drawn anew: the
difference between a key answered in one frame and in three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget


def fit(pane: ScrollView, lines: int) -> None:
    """Gives a pane so many lines to scroll through."""
    pane.set_reactive(Widget.virtual_size, Size(pane.scrollable_content_region.width, lines))
    pane.vertical_scrollbar.window_virtual_size = lines
    pane.scroll_y = pane.validate_scroll_y(pane.scroll_y)


def redraw(pane: ScrollView, painted: Mapping[int, Strip], line: Callable[[int], Strip]) -> None:
    """Draws those lines again that are not what was painted last, run by run.

    A line is made in microseconds; to bring it to the terminal takes a hundred times as long.
    """
    width, height = pane.scrollable_content_region.size
    changed = [painted.get(y) != line(y) for y in range(height)]
    top = 0
    for differs, run in groupby(changed):
        lines = len(list(run))
        if differs:
            pane.refresh(Region(0, top, width, lines))
        top += lines


def tinted(strip: Strip, style: Style) -> Strip:
    """The line on the background of a style, whatever stood behind its text."""
    ground = Style(bgcolor=style.bgcolor)
    return Strip(Segment.apply_style(strip, post_style=ground), strip.cell_length)


def scroll(pane: ScrollView, line: int) -> None:
    """Puts a line at the top, as far as there are lines enough below it."""
    pane.scroll_to(y=line, animate=False, immediate=True, force=True)


def reveal(pane: ScrollView, top: int, height: int) -> None:
    """Scrolls as little as it takes to show `height` lines from `top` on."""
    if pane.scrollable_content_region.height:
        region = Region(0, top, 1, height)
        pane.scroll_to_region(region, animate=False, immediate=True, force=True)
