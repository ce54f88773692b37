"""The query bar: what is typed filters at once; earlier queries come back with ↑ and ↓."""

from __future__ import annotations

from textual.binding import Binding
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input


class QueryBar(Input):
    """The line in which a query is typed."""

    BINDINGS = [
        Binding("up", "recall(-1)", "Earlier query", show=False),
        Binding("down", "recall(1)", "Later query", show=False),
    ]

    virtual_size = Reactive(Size(0, 0))
    """As every widget has it, but for this one no letter lays out the whole screen again."""

    def __init__(self, *, id: str) -> None:
        super().__init__(
            placeholder="words, au:name, cat:cs.RO, is:unread, -not, OR, ( )", compact=True, id=id
        )
        self._history: list[str] = []
        self._place = 0

    def remember(self) -> None:
        """Keeps the query that stands in the bar for later recall."""
        if self.value.strip() and self.value not in self._history[-1:]:
            self._history.append(self.value)
        self._place = len(self._history)

    def action_recall(self, step: int) -> None:
        """Puts an earlier or later query into the bar; past the last, an empty one."""
        self._place = min(max(self._place + step, 0), len(self._history))
        self.value = [*self._history, ""][self._place]
        self.cursor_position = len(self.value)
