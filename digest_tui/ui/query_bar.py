"""The query bar: what is typed filters at once, is completed by Tab, and comes back with `↑`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input

from digest_tui.editing import Completing, completed, completing
from digest_tui.facets import Candidate
from digest_tui.resume import RECALLED
from digest_tui.session import Session


class _Underline(Highlighter):
    """Underlines what was not understood."""

    def __init__(self) -> None:
        self.spans: Sequence[tuple[int, int]] = ()
        self.style = Style(underline=True)

    def highlight(self, text: Text) -> None:
        for start, end in self.spans:
            text.stylize(self.style, start, end)


class QueryBar(Input):
    """The line in which a query is typed."""

    BINDINGS = [
        Binding("up", "recall(-1)", "Earlier query", show=False),
        Binding("down", "recall(1)", "Later query", show=False),
    ]
    COMPONENT_CLASSES = {"query--wrong"}

    virtual_size = Reactive(Size(0, 0))
    """As every widget has it, but for this one no letter lays out the whole screen again."""

    class Turned(Message):
        """Tab took a candidate."""

    def __init__(self, session: Session, queries: Sequence[str] = (), *, id: str) -> None:
        self._underline = _Underline()
        super().__init__(
            placeholder="words, au:name, cat:cs.RO, is:unread, -not, OR, ( )",
            compact=True,
            id=id,
            highlighter=self._underline,
        )
        self.session = session
        self.queries = list(queries)
        """Those that were asked, the oldest first."""
        self._place = len(self.queries)
        self._draft = ""
        self.candidates: Sequence[Candidate] = ()
        """What the value at the cursor could become."""
        self.turn = -1
        """The candidate that Tab has taken; -1 for none yet."""
        self._at: Completing | None = None
        self._typed = ""
        self._completed = ""

    def underline(self, spans: Sequence[tuple[int, int]]) -> None:
        """Underlines stretches of the query, which were not understood."""
        if list(spans) != list(self._underline.spans):
            self._underline.spans = spans
            self._underline.style = self.get_component_rich_style("query--wrong", partial=True)
            self.refresh()

    def remember(self) -> None:
        """Keeps the query that stands in the bar for later recall."""
        if self.value.strip() and self.value not in self.queries[-1:]:
            self.queries = [*self.queries, self.value][-RECALLED:]
        self._place, self._draft = len(self.queries), ""

    def action_recall(self, step: int) -> None:
        """Puts an earlier or later query into the bar; past the last, what was being typed."""
        if self._place == len(self.queries):
            self._draft = self.value
        self._place = min(max(self._place + step, 0), len(self.queries))
        self.value = [*self.queries, self._draft][self._place]
        self.cursor_position = len(self.value)

    def offer(self) -> None:
        """Finds candidates for what is being typed; those that Tab is going through stay."""
        if self.value == self._completed and self.candidates:
            return
        self._at = completing(self.value, self.cursor_position)
        self.candidates = self.session.candidates(self._at) if self._at else []
        self.turn, self._typed, self._completed = -1, self.value, ""

    def withdraw(self) -> None:
        """Offers nothing any more."""
        self._at, self.candidates, self.turn = None, (), -1
        self._typed = self._completed = ""

    def on_key(self, event: events.Key) -> None:
        """Completes on Tab. A binding would hear it after the letters that are typed behind it."""
        if event.key == "tab":
            event.stop()
            event.prevent_default()
            self._complete()

    def _complete(self) -> None:
        """Takes the first candidate; again, the next one in its place."""
        # A hand is faster than the frame in which candidates are offered.
        self.offer()
        if self._at is None or not self.candidates:
            return
        self.turn = (self.turn + 1) % len(self.candidates)
        value = self.candidates[self.turn].value
        self._completed, place = completed(self._typed, self._at, value)
        self.value = self._completed
        self.cursor_position = place
        self.post_message(self.Turned())
