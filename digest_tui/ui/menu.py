"""A small menu: a key chooses at once, a cursor chooses as well.

Every key is a binding, so that keys typed faster than the menu is drawn are heard in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits

from rich.cells import cell_len
from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import ModalScreen

from digest_tui.printable import printable
from digest_tui.ui.glyphs import UNICODE, Glyphs
from digest_tui.ui.lines import Lines
from digest_tui.ui.text import MOST, clip

_MOST_DETAIL = 60
"""Cells that a detail asks for; on a narrow screen it gets less."""
_MOVES = "jkq"
_FAR = 1 << 30
"""Lines, more than there ever are."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu."""

    key: str
    """A letter other than j, k and q, or a digit; empty where the cursor alone chooses."""
    label: str
    value: str
    detail: str = ""


class Menu(ModalScreen[str | None]):
    """Asks for one of a few values; None where none was chosen."""

    BINDINGS = [
        Binding("escape,q", "dismiss", "Close"),
        Binding("j,down", "move(1)", "Down", show=False),
        Binding("k,up", "move(-1)", "Up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home", f"move(-{_FAR})", "First", show=False),
        Binding("end", f"move({_FAR})", "Last", show=False),
        Binding("enter,space", "choose", "Choose"),
        *(
            Binding(key, f"press('{key}')", show=False)
            for key in ascii_letters + digits
            if key not in _MOVES
        ),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-tall")]

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        current: str = "",
        glyphs: Glyphs = UNICODE,
        on_move: Callable[[str], object] | None = None,
    ) -> None:
        """`current`: the value that is ticked, and where the cursor is at first; `on_move`: shows
        live what the value under the cursor would do, whenever that is another one."""
        # What it does is seen undimmed.
        super().__init__(classes="live" if on_move else None)
        self._live = on_move
        self._choices = [
            (choice, printable(" ".join(choice.detail[:MOST].split()))) for choice in choices
        ]
        self._current = current
        self._keys = 3 * any(choice.key for choice in choices)
        """Cells of the column of the keys."""
        self._labels = max(cell_len(choice.label) for choice in choices)
        details = max(cell_len(detail) for _, detail in self._choices)
        widest = self._before_detail + min(details, _MOST_DETAIL)
        self._lines = Lines(self._count, self._line, glyphs, widest=widest, classes="dialog")
        self._lines.border_title = Content(title)
        self._lines.border_subtitle = "Esc closes"
        values = [choice.value for choice in choices]
        self._lines.show(values.index(current) if current in values else 0)

    def compose(self) -> ComposeResult:
        yield self._lines

    def action_move(self, step: int) -> None:
        """Moves the cursor so many lines down, or up."""
        line = min(max(self._lines.cursor + step, 0), len(self._choices) - 1)
        if line == self._lines.cursor:
            return
        self._lines.show(line)
        if self._live:
            self._live(self._choices[line][0].value)

    def action_page(self, sign: int) -> None:
        """Moves the cursor a page down, or up."""
        self.action_move(sign * self._lines.page)

    def action_choose(self) -> None:
        """Chooses what the cursor is on."""
        self._choose(self._lines.cursor)

    def action_press(self, key: str) -> None:
        """Chooses what has the key, if anything has."""
        for line, (choice, _) in enumerate(self._choices):
            if choice.key == key:
                self._choose(line)

    @on(Lines.Pointed)
    def choose_line(self, message: Lines.Pointed) -> None:
        # The second click of two comes when the menu is gone.
        if self.is_active:
            self._choose(message.line)

    def _choose(self, line: int) -> None:
        self.dismiss(self._choices[line][0].value)

    def _count(self, width: int) -> int:
        return len(self._choices)

    @property
    def _before_detail(self) -> int:
        """Cells: the tick where something is current, the key, the label, and what is between."""
        return 2 * bool(self._current) + self._keys + self._labels + 3

    def _line(self, line: int, width: int) -> list[Segment]:
        choice, detail = self._choices[line]
        lines = self._lines
        ticked = lines.glyphs.chosen if choice.value == self._current else " "
        label = choice.label + " " * (self._labels - cell_len(choice.label) + 3)
        return [
            Segment(f"{ticked} " * bool(self._current), lines.style("key")),
            Segment(choice.key.ljust(self._keys), lines.style("key")),
            Segment(label, lines.style("text")),
            Segment(
                clip(detail, width - self._before_detail, lines.glyphs.cut),
                lines.style("muted"),
            ),
        ]
