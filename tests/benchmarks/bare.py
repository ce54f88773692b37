"""A bare Textual app with the same three panes: the floor that the program is measured against.

It shows its first paper when it starts; `j` shows the next one, and nothing else is done.
"""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Footer, Static


class Bare(App[None]):
    """Three panes of plain text."""

    CSS = """
    Static { border: round $panel; height: 1fr; }
    #digests { width: 25; } #papers { width: 2fr; } #paper { width: 3fr; }
    """
    BINDINGS = [Binding("j", "next", "Next"), Binding("q", "quit", "Quit")]

    def __init__(self, texts: list[str]) -> None:
        super().__init__()
        self._texts = texts
        self._place = 0

    def compose(self) -> ComposeResult:
        titles = "\n".join(text.splitlines()[0] for text in self._texts)
        with Horizontal():
            yield Static("All", id="digests", markup=False)
            yield Static(Content(titles), id="papers", markup=False)
            yield Static(Content(self._texts[0]), id="paper", markup=False)
        yield Footer(show_command_palette=False)

    def action_next(self) -> None:
        self._place += 1
        self.query_one("#paper", Static).update(Content(self._texts[self._place]))


if __name__ == "__main__":
    Bare(Path(sys.argv[1]).read_text("utf-8").split("\f")).run()
