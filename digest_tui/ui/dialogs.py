"""The dialogs: help, and export. Each closes with Esc and changes nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, RadioButton, RadioSet, Static

from digest_tui.commands import BY_ID, COMMANDS, shown
from digest_tui.library import standing_at, working_folder
from digest_tui.query import FIELDS
from digest_tui.session import Choice
from digest_tui.ui.text import wrap

NAMES = 12
"""Cells for the keys, before what they do."""
FIRST = ("down", "read", "star", "undo", "query", "export")
"""The commands that do the job."""
QUERY_HELP = (
    "Words side by side must all be found; OR or | for either, - or NOT for without, ( ) to "
    'group, "quotes" for exact words. A bare word looks in titles, authors, abstracts of both '
    "languages and the id. A comma in a field means any of: cat:cs.RO,cs.CV"
)


class Help(ModalScreen[None]):
    """All keys and the query language, from the tables that also make them work."""

    BINDINGS = [
        Binding("escape,q,question_mark", "dismiss", "Close"),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("space,pagedown", "scroll(15)", "Page down", show=False),
        Binding("pageup", "scroll(-15)", "Page up", show=False),
    ]

    def __init__(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """`keys`: for each command id the keys it has, rebindings included."""
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog", can_focus=False) as dialog:
            dialog.border_title = "help"
            dialog.border_subtitle = "Esc closes"
            yield Static()

    def on_resize(self) -> None:
        width = self.query_one(VerticalScroll).scrollable_content_region.width
        self.query_one(Static).update(help_text(self._keys, width))

    def action_scroll(self, lines: int) -> None:
        """Scrolls the text."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def help_text(keys: Mapping[str, tuple[str, ...]], width: int) -> Content:
    """The help screen in `width` cells: the first keys, the commands by group, the query."""
    parts = [_heading("Six keys do the job")]
    parts += [_row(shown(keys[id_][0]), BY_ID[id_].help, width) for id_ in FIRST if keys[id_]]
    for group, commands in groupby(COMMANDS, key=lambda command: command.group):
        parts.append(_heading(f"\n{group}"))
        for command in commands:
            names = " ".join(shown(key) for key in keys[command.id])
            parts.append(_row(names, command.help, width))
    parts += [_heading("\nThe query"), _row("", QUERY_HELP, width)]
    parts += [_row(f"{field.name}:", field.finds, width) for field in FIELDS]
    return Content("").join(parts)


def _heading(text: str) -> Content:
    return Content.styled(f"{text}\n", "bold")


def _row(name: str, text: str, width: int) -> Content:
    lines = [text[start:end] for start, end in wrap(text, width - NAMES)]
    indent = "\n" + " " * NAMES
    first = name.ljust(NAMES) if cell_len(name) < NAMES else name + indent
    return Content(first + indent.join(lines) + "\n")


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is to be exported, how, and where to."""

    choice: Choice
    format: str
    path: Path


CHOICES: tuple[Choice, ...] = ("starred", "view", "paper")


class Export(ModalScreen[ExportOrder | None]):
    """Asks what to export, in which format and to which file; never overwrites unasked."""

    BINDINGS = [Binding("escape", "dismiss", "Close")]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-tall")]

    def __init__(self, counts: Mapping[Choice, int], suffixes: Mapping[str, str]) -> None:
        """`counts`: papers for each choice; `suffixes`: file suffix for each format."""
        super().__init__()
        self._counts = counts
        self._suffixes = suffixes
        self._confirmed: Path | None = None

    def compose(self) -> ComposeResult:
        names = {"starred": "Starred", "view": "What is shown", "paper": "This paper"}
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "export"
            dialog.border_subtitle = "Tab moves · Enter writes · Esc closes"
            with RadioSet(id="choice"):
                for choice in CHOICES:
                    label = f"{names[choice]} · {self._counts[choice]}"
                    yield RadioButton(label, value=choice == "starred")
            with RadioSet(id="format"):
                for format_ in self._suffixes:
                    yield RadioButton(format_, value=format_ == "markdown")
            yield Input(str(working_folder() / "starred.md"), id="path", select_on_focus=False)
            yield Static(id="said", markup=False)

    def on_mount(self) -> None:
        self.query_one("#path").focus()
        self.tick()

    @on(RadioSet.Changed)
    def tick(self) -> None:
        """Tells what is chosen by a glyph too: the buttons tell it by color alone."""
        for button in self.query(RadioButton):
            name = str(button.label).removeprefix("✓ ")
            button.label = Content(f"✓ {name}" if button.value else name)

    @on(RadioSet.Changed)
    def suggest_file(self) -> None:
        """Keeps the file's name in step with what is chosen, as long as it is a suggestion."""
        path = self.query_one("#path", Input)
        folder, name = Path(path.value).parent, Path(path.value).stem
        if name in CHOICES:
            suffix = self._suffixes[self._format]
            path.value = str(folder / f"{self._choice}{suffix}")

    @on(Input.Submitted, "#path")
    def finish(self) -> None:
        """Hands over the order; asks once more where a file would be overwritten."""
        try:
            path, there = standing_at(self.query_one("#path", Input).value)
        except OSError as error:
            self._say(f"No file can be there: {error.strerror or error}")
            return
        if there == "folder":
            self._say("That is a folder: add a file name.")
        elif not self._counts[self._choice]:
            self._say("There is nothing to export there.")
        elif there == "file" and path != self._confirmed:
            self._confirmed = path
            self._say("The file exists. Enter again overwrites it.")
        else:
            self.dismiss(ExportOrder(self._choice, self._format, path))

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(Content(text))

    @property
    def _choice(self) -> Choice:
        return CHOICES[max(self.query_one("#choice", RadioSet).pressed_index, 0)]

    @property
    def _format(self) -> str:
        return list(self._suffixes)[max(self.query_one("#format", RadioSet).pressed_index, 0)]
