"""The export dialog: what, in which format, in which languages, and to which file.

It only takes the order down. What the file would begin with is seen while choosing, and an
existing file is overwritten only where the same question was answered twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from digest_tui.export import FORMATS, Language
from digest_tui.file_names import portable
from digest_tui.library import standing_at, working_folder
from digest_tui.session import Selection
from digest_tui.ui.glyphs import UNICODE, Glyphs
from digest_tui.ui.lines import Lines
from digest_tui.ui.text import clip

_LABEL = 11
"""Cells before the options, that for the cursor included."""
_LANGUAGES: Mapping[Language, str] = {"both": "both", "en": "English", "zh": "中文"}
_NOTHING = "Nothing to export: choose something else."

Value = TypeVar("Value", bound=str)


@dataclass(frozen=True, slots=True)
class ExportChoice:
    """Papers that can be exported."""

    value: Selection
    label: str
    papers: int
    stem: str = ""
    """The name of the file that is suggested, without its suffix; the value where it is empty."""


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is to be exported, how, and where to."""

    choice: Selection = "starred"
    format: str = "markdown"
    languages: Language = "both"
    path: Path = Path()


START = ExportOrder()


class Chooser(Widget, Generic[Value], can_focus=True):
    """A few options side by side, one of them ticked, on as many lines as they need."""

    ALLOW_SELECT = False

    @dataclass
    class Pointed(Message):
        """An option was clicked."""

        chooser: Chooser[Any]
        place: int

    def __init__(
        self, label: str, options: Mapping[Value, str], chosen: Value, glyphs: Glyphs
    ) -> None:
        """`options`: the values, and how each is called."""
        super().__init__()
        self._label = label
        self._values = list(options)
        self._names = list(options.values())
        self._place = self._values.index(chosen)
        self._glyphs = glyphs

    @property
    def value(self) -> Value:
        """What is chosen."""
        return self._values[self._place]

    def move(self, step: int) -> None:
        """Chooses an option further on; behind the last is the first."""
        self.choose((self._place + step) % len(self._values))

    def choose(self, place: int) -> None:
        """Chooses an option by its place."""
        self._place = place
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1 + max(row for row, _, _ in self._flow(width))

    def render(self) -> Content:
        """The label, and the options behind it."""
        edge = self._glyphs.cursor if self.has_focus else " "
        parts = [(f"{edge}{self._label}", "bold $primary-ink" if self.has_focus else "$muted")]
        at, used = 0, 1 + len(self._label)
        for place, (row, column, text) in enumerate(self._flow(self.size.width)):
            gap = " " * (column - used) if row == at else "\n" + " " * column
            at, used = row, column + cell_len(text)
            parts += [(gap, ""), (text, "bold" if place == self._place else "$muted")]
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        for place, (row, column, text) in enumerate(self._flow(self.size.width)):
            if offset and offset.y == row and 0 <= offset.x - column < cell_len(text):
                self.post_message(self.Pointed(self, place))

    def _flow(self, width: int) -> list[tuple[int, int, str]]:
        """The row, the column and the text of each option."""
        row, column, flow = 0, _LABEL, []
        for place, name in enumerate(self._names):
            tick = self._glyphs.chosen if place == self._place else " "
            text = clip(f"{tick} {name}", width - _LABEL, self._glyphs.cut)
            if column > _LABEL and column + cell_len(text) > width:
                row, column = row + 1, _LABEL
            flow.append((row, column, text))
            column += cell_len(text) + 2
        return flow


class Export(ModalScreen[ExportOrder | None]):
    """Asks what to export, how, and to which file; None where nothing is to be."""

    BINDINGS = [
        # Before the file's name hears it: what is typed next is meant for what stands below.
        Binding("escape", "dismiss", "Close", priority=True),
        Binding("enter", "write", "Write"),
        Binding("tab,down,j", "app.focus_next", "Next row", show=False),
        Binding("shift+tab,up,k", "app.focus_previous", "Previous row", show=False),
        Binding("left,h", "move(-1)", "Previous option", show=False),
        Binding("right,l,space", "move(1)", "Next option", show=False),
    ]
    AUTO_FOCUS = "Chooser"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-tall")]

    def __init__(
        self,
        choices: Sequence[ExportChoice],
        preview: Callable[[ExportOrder], str],
        start: ExportOrder = START,
        glyphs: Glyphs = UNICODE,
    ) -> None:
        """`preview`: returns how the file would begin; `start`: what is chosen at first, its path
        being the folder in which a file is suggested."""
        super().__init__()
        self._choices = {choice.value: choice for choice in choices}
        self._preview = preview
        self._previewed: list[str] = []
        self._asked = ""
        """What stood in the line of the file when it was asked whether to overwrite it."""
        what = {choice.value: f"{choice.label} {glyphs.dot} {choice.papers}" for choice in choices}
        self._what = Chooser("what", what, start.choice, glyphs)
        self._format = Chooser("format", {name: name for name in FORMATS}, start.format, glyphs)
        self._languages = Chooser("languages", _LANGUAGES, start.languages, glyphs)
        path = working_folder() / start.path / f"{self._stem}{self._suffix}"
        self._path = Input(str(path), id="path", compact=True, select_on_focus=False)
        self._said = Static(id="said", markup=False)
        self._lines = Lines(self._count, self._line, glyphs, id="preview")
        self._show()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dot = f" {self._lines.glyphs.dot} "
            dialog.border_title = "export"
            dialog.border_subtitle = dot.join(("arrows", "Enter writes", "Esc closes"))
            yield from (self._what, self._format, self._languages)
            with Horizontal(id="file"):
                yield Label(" file")
                yield self._path
            yield self._said
            yield self._lines

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_name)

    def action_move(self, step: int) -> None:
        """Chooses the next option of the row that has the keys, or the one before."""
        # Nothing has them yet where a key was faster than the dialog.
        row = self.focused or self._what
        if isinstance(row, Chooser):
            row.move(step)
            self._follow()

    @on(Chooser.Pointed)
    def choose_option(self, message: Chooser.Pointed) -> None:
        message.chooser.choose(message.place)
        self._follow()

    @on(Input.Submitted)
    def action_write(self) -> None:
        """Hands over the order; asks once more where a file would be overwritten."""
        # The second Enter of two may be heard when the dialog is gone.
        if not self.is_active:
            return
        try:
            path, there = standing_at(self._path.value)
        except OSError as error:
            self._say(f"No file can be there: {error.strerror or error}")
            return
        if there == "folder":
            self._say("That is a folder: add a file name.")
        elif there == "device":
            self._say("That is a pipe or a device: digest-tui export -o writes there.")
        elif not self._papers:
            self._say(_NOTHING)
        elif there == "file" and self._path.value != self._asked:
            self._asked = self._path.value
            self._say("The file exists. Enter again overwrites it.")
        else:
            self.dismiss(self._order(path))

    @on(Input.Changed)
    def forget_question(self) -> None:
        """What was said of one file does not hold for another."""
        if self._path.value != self._asked:
            self._asked = ""
            self._say_nothing()

    def _follow(self) -> None:
        """Shows another choice, and keeps the file's name in step with it."""
        self._asked = ""
        path = Path(self._path.value)
        is_suggested = path.stem in {_stem_of(choice) for choice in self._choices.values()}
        if path.suffix in {exporter.suffix for exporter in FORMATS.values()}:
            stem = self._stem if is_suggested else path.stem
            self._path.value = str(path.with_name(f"{stem}{self._suffix}"))
            self._path.cursor_position = len(self._path.value)
        self._show()
        self.call_after_refresh(self._show_name)

    def _show(self) -> None:
        order = self._order(Path(self._path.value))
        self._previewed = self._preview(order).splitlines()
        self._say_nothing()
        self._lines.show()

    def _show_name(self) -> None:
        """Scrolls to the end of the path, where the name is."""
        self._path.scroll_to(x=self._path.max_scroll_x, animate=False)

    def _say_nothing(self) -> None:
        """Takes back what was said, unless there is nothing to export."""
        self._say("" if self._papers else _NOTHING)

    def _say(self, text: str) -> None:
        self._said.update(Content(text))
        self._said.set_class(not text, "-silent")

    def _order(self, path: Path) -> ExportOrder:
        return ExportOrder(self._what.value, self._format.value, self._languages.value, path)

    @property
    def _papers(self) -> int:
        return self._choices[self._what.value].papers

    @property
    def _stem(self) -> str:
        return _stem_of(self._choices[self._what.value])

    @property
    def _suffix(self) -> str:
        return FORMATS[self._format.value].suffix

    @property
    def _headings(self) -> int:
        """Lines over the preview: none where every line is needed."""
        return 0 if self.has_class("-low") else 1

    def _count(self, width: int) -> int:
        return self._headings + len(self._previewed) if self._papers else 0

    def _line(self, line: int, width: int) -> list[Segment]:
        if line < self._headings:
            return self._lines.heading("preview", width)
        previewed = self._previewed[line - self._headings]
        text = clip(previewed, width, self._lines.glyphs.cut)
        return [Segment(text, self._lines.style("muted"))]


def _stem_of(choice: ExportChoice) -> str:
    return portable(choice.stem) or choice.value
