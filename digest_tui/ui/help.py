"""The help: every key and the query language, from the tables that also make them work.

It begins with the five keys that do the job, and finds the others by a word or by the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from digest_tui.commands import BY_ID, COMMANDS, Command, shown
from digest_tui.printable import printable
from digest_tui.query import FIELDS, fold
from digest_tui.ui.glyphs import UNICODE, Glyphs
from digest_tui.ui.lines import Lines
from digest_tui.ui.text import wrap

FIRST = ("down", "read", "star", "query", "undo")
"""The commands that do the job."""
QUERY_HELP = (
    "Words side by side must all be found; OR or | for either, - or NOT for without, ( ) to "
    'group, "quotes" for exact words. A bare word looks in titles, authors, abstracts of both '
    "languages and the id; *former finds it inside words too: transformer. A comma in a field "
    "means any of: cat:cs.RO,cs.CV"
)
_NAMES, _FEW_NAMES = 12, 6
"""Cells for the keys, before what they do: with room, and on a narrow screen."""
_NARROW = 48
"""Cells, below which a screen is narrow."""
_FAR = 1 << 30
"""Lines, more than there ever are."""


@dataclass(frozen=True, slots=True)
class HelpRow:
    """A key, or a field of the query, and what it does."""

    names: tuple[str, ...]
    text: str
    words: str = ""
    """What it is found by, besides."""

    def is_found(self, wanted: str) -> bool:
        """Whether it is what somebody looks for: a key by itself, or words."""
        if len(wanted) == 1 and wanted.isascii():
            return wanted in self.names
        words = fold(" ".join((*self.names, self.text, self.words)))
        return all(word in words for word in fold(wanted).split())


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One line: a heading, or a name and text."""

    name: str = ""
    text: str = ""
    heading: str = ""


class Help(ModalScreen[None]):
    """All keys and the query language, to be read or searched."""

    BINDINGS = [
        # Before the search line hears them, and at once: what is typed next goes where it should.
        Binding("escape", "back", "Close", priority=True),
        Binding("enter", "leave", "Leave", show=False, priority=True),
        Binding("q,question_mark", "dismiss", "Close"),
        Binding("slash", "find", "Find"),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("space,pagedown", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("g,home", f"scroll(-{_FAR})", "Top", show=False),
        Binding("G,end", f"scroll({_FAR})", "End", show=False),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-tall")]
    AUTO_FOCUS = ""

    def __init__(self, keys: Mapping[str, tuple[str, ...]], glyphs: Glyphs = UNICODE) -> None:
        """`keys`: for each command id the keys it has, rebindings included."""
        super().__init__()
        self._sections = help_sections(keys)
        self._table: list[HelpLine] = []
        self._finder = Input(placeholder="a key, a word, a field of the query", compact=True)
        self._lines = Lines(self._count, self._line, glyphs)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "help"
            dialog.border_subtitle = f"/ finds {self._lines.glyphs.dot} Esc closes"
            with Horizontal(classes="finder"):
                yield Label("/ ")
                yield self._finder
            yield self._lines

    def action_find(self) -> None:
        """Opens the search line."""
        self._finder.value = self._wanted
        self.add_class("finding")
        self.set_focus(self._finder)

    def action_leave(self) -> None:
        """Leaves the search line, and keeps what it found."""
        self.set_focus(None)

    def action_back(self) -> None:
        """Ends the search, or closes the help."""
        if not self.has_class("finding"):
            self.dismiss()
            return
        self.remove_class("finding")
        self.set_focus(None)
        self._lines.show()

    @on(Input.Changed)
    def find_live(self) -> None:
        self._lines.show()
        self._lines.scroll_by(-_FAR)

    def action_scroll(self, lines: int) -> None:
        """Scrolls so many lines down, or up."""
        self._lines.scroll_by(lines)

    def action_page(self, sign: int) -> None:
        """Scrolls a page down, or up."""
        self._lines.scroll_by(sign * self._lines.page)

    @property
    def _wanted(self) -> str:
        return self._finder.value.strip() if self.has_class("finding") else ""

    def _count(self, width: int) -> int:
        self._table = list(help_lines(self._sections, self._wanted, width, self._lines.glyphs))
        return len(self._table)

    def _line(self, line: int, width: int) -> list[Segment]:
        shown, style = self._table[line], self._lines.style
        if shown.heading:
            return self._lines.heading(shown.heading, width)
        return [Segment(shown.name, style("key")), Segment(shown.text, style("text"))]


def help_sections(keys: Mapping[str, tuple[str, ...]]) -> dict[str, list[HelpRow]]:
    """What there is to know, by heading: the first keys, the commands by group, the query."""
    sections = {"Five keys do the job": [_row(BY_ID[id_], keys[id_][:1]) for id_ in FIRST]}
    for group, commands in groupby(COMMANDS, key=lambda command: command.group):
        sections[group] = [_row(command, keys[command.id]) for command in commands]
    fields = (
        HelpRow((f"{field.name}:",), field.finds, ": ".join((field.long, *field.aliases, "")))
        for field in FIELDS
    )
    return {**sections, "The query": [HelpRow((), QUERY_HELP), *fields]}


def _row(command: Command, keys: tuple[str, ...]) -> HelpRow:
    # What no key is left for is found in the palette, by its label.
    text = command.help if keys else f"{command.label}: {command.help}"
    return HelpRow(tuple(map(shown, keys)), text, f"{command.id} {command.label}")


def help_lines(
    sections: Mapping[str, Sequence[HelpRow]], wanted: str, width: int, glyphs: Glyphs = UNICODE
) -> Iterator[HelpLine]:
    """The help in lines of `width` cells; where something is wanted, what is found."""
    # The first keys stand under their groups again.
    places = list(sections.items())[bool(wanted) :]
    found = {heading: [row for row in rows if row.is_found(wanted)] for heading, rows in places}
    headings = [heading for heading, rows in found.items() if rows]
    if not headings:
        nothing = HelpRow((), f"Nothing found for “{printable(wanted)}”.")
        yield from _row_lines(nothing, width, glyphs)
    for heading in headings:
        if heading != headings[0]:
            yield HelpLine()
        yield HelpLine(heading=heading)
        for row in found[heading]:
            yield from _row_lines(row, width, glyphs)


def _row_lines(row: HelpRow, width: int, glyphs: Glyphs) -> Iterator[HelpLine]:
    """The keys, and beside them what they do; above it where they are long."""
    name, text = glyphs.plain(" ".join(row.names)), glyphs.plain(row.text)
    names = _FEW_NAMES if width < _NARROW else _NAMES
    if cell_len(name) >= names:
        yield HelpLine(name)
        name = ""
    for start, end in wrap(text, width - names):
        yield HelpLine(name + " " * (names - cell_len(name)), text[start:end])
        name = ""
