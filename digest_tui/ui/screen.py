"""The main screen: three panes over one session.

Panes draw what the session holds and post messages; only the actions and handlers here call
it. Each action is one call, whose sentence the status line then shows. A worker that looks for
new digests has a connection of its own and tells what it found by messages.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.getters import query_one
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Label, Static
from textual.worker import get_current_worker

from digest_tui.commands import BY_ID, COMMANDS, shown
from digest_tui.export import FORMATS
from digest_tui.library import Library, Progress
from digest_tui.session import LANGUAGES, Session
from digest_tui.settings import split_keys
from digest_tui.ui.digest_list import DigestList
from digest_tui.ui.paper_list import PaperList
from digest_tui.ui.query_bar import QueryBar
from digest_tui.ui.reader import Reader
from digest_tui.ui.text import printable

if TYPE_CHECKING:
    from digest_tui.ui.dialogs import ExportOrder

PANES = ("digests", "papers", "paper")
IN_KEYS_LINE = ("read", "star", "undo", "query", "language", "export", "help", "quit")
POLL = 1.0
"""Seconds between looks at the digest folders and the journals."""


class MainScreen(Screen[None]):
    """Digests, papers, and one paper."""

    BINDINGS = [
        Binding(
            ",".join(command.keys),
            command.action,
            command.label,
            show=False,
            id=command.id,
            tooltip=command.help,
        )
        for command in COMMANDS
    ]
    HORIZONTAL_BREAKPOINTS = [
        (0, "-narrow"),
        (80, "-medium"),
        (120, "-wide"),
    ]
    AUTO_FOCUS = "#papers"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-tall")]

    digests = query_one("#digests", DigestList)
    papers = query_one("#papers", PaperList)
    paper = query_one("#paper", Reader)
    query_bar = query_one("#query", QueryBar)

    class QueryKept(Message):
        """The query was kept, and the list has the keys again."""

    class SampleWanted(Message):
        """The reader of an empty library wants to look around."""

    @dataclass
    class Scanned(Message):
        """The scan of the digest folders came so far."""

        progress: Progress

    @dataclass
    class ScanEnded(Message):
        """The digest folders were looked at; whether anything was new, or what went wrong."""

        any_news: bool
        trouble: str = ""

    def __init__(
        self,
        session: Session,
        rebound: Mapping[str, str],
        notice: str = "",
        standing: str = "",
    ) -> None:
        """`rebound`: the keys that settings give a command, by its id; `notice` is said once at
        the start, `standing` stays in the status line."""
        super().__init__(classes="at-papers")
        self.session = session
        self.rebound = rebound
        self._message = notice
        self._standing = standing
        self._titled = ""
        self._shown: tuple[object, ...] = ()
        self._pulse: tuple[int, ...] = ()
        self._was_asked = False
        """Whether somebody waits to be told that nothing is new."""
        self._may_leave = False
        """Whether it has been said that leaving loses decisions."""
        self._known: set[int] = set()
        self._is_filling = not session.digests

    def compose(self) -> ComposeResult:
        with Horizontal(id="panes"):
            yield DigestList(self.session, id="digests")
            yield PaperList(self.session, id="papers")
            yield Reader(id="paper")
        with Horizontal(id="query-line"):
            yield Label(" / ", id="query-slash")
            yield QueryBar(id="query")
        yield Static(id="status", markup=False)
        yield Static(self._keys_line(), id="keys", markup=False)

    def on_mount(self) -> None:
        self.tell(" · ".join(filter(None, (self._message, self.session.warning))))
        self.set_interval(POLL, self.look_for_changes)
        self.call_after_refresh(self.scan)

    def on_resize(self) -> None:
        self._tell_status(self._message)

    def tell(self, message: str = "") -> None:
        """Shows what the session now is, and a sentence on what was done."""
        self._show_lists()
        self._show_paper()
        self._tell_status(message)

    def _show_lists(self) -> None:
        session = self.session
        self.papers.empty = self._empty_words()
        shown = (session.view, session.revision, session.compact, session.language)
        if shown == self._shown:
            self.papers.move()
        else:
            self._shown = shown
            self.papers.show()
            self.digests.show()
        if (title := self._title()) != self._titled:
            # A title that is set, even to what it was, has the whole pane drawn again.
            self._titled = title
            self.papers.border_title = Content(title)

    def _show_paper(self) -> None:
        session = self.session
        self.paper.show(session.holding(), session.view.query, session.language, "No paper.")

    def _tell_status(self, message: str) -> None:
        self._message = message
        session, view = self.session, self.session.view
        hint = f"column {view.hints[0].start + 1}: {view.hints[0].message}" if view.hints else ""
        said = printable(" · ".join(filter(None, (session.unsaved, message or hint))))
        total = view.scope.papers if view.scope else session.totals.papers
        found = f"{view.papers} of {total}" if view.papers != total else f"{total} papers"
        room = self.size.width - cell_len(said) - 4
        unread = f"{session.unread} unread"
        shorter = ((self._standing, found, unread), (self._standing, unread), (self._standing,))
        lines = (" · ".join(filter(None, parts)) for parts in shorter)
        counts = next((line for line in lines if cell_len(line) <= room), "")
        gap = " " * max(room - cell_len(counts) + 2, 1)
        line = Content.assemble(
            (said, "bold $text-error" if session.unsaved else ""), gap, (counts, "$muted")
        )
        status = self.query_one("#status", Static)
        if line != status.content:
            status.update(line, layout=False)

    def _keys_line(self) -> Content:
        """The keys that matter most, as the settings have them."""
        keys = self.keys()
        parts: list[Content | tuple[str, str]] = []
        for command in (BY_ID[name] for name in IN_KEYS_LINE if keys[name]):
            parts += [(shown(keys[command.id][0]), "bold $accent"), (f" {command.label}  ", "")]
        return Content.assemble(*parts)

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The keys of each command by its id, rebound ones included."""
        return {
            command.id: split_keys(self.rebound[command.id])
            if command.id in self.rebound
            else command.keys
            for command in COMMANDS
        }

    def _title(self) -> str:
        view = self.session.view
        status = "" if view.status == "all" else f" · {view.status}"
        if view.scope is None:
            return (view.status if status else "all").capitalize() + " papers"
        again = f" (as on {view.scope.same_as})" if view.scope.same_as else ""
        return f"{view.scope.day}{again}{status}"

    def _empty_words(self) -> str:
        view = self.session.view
        if not self.session.digests:
            folder = printable(str(self.session.library.places.digests))
            return (
                "There are no digests yet. Import some with “digest-tui import PATH”, "
                f"or put the files into {folder}.\n\nd opens the sample, for a look around."
            )
        if view.text:
            return f"Nothing is found for “{view.text}”. Esc clears the query."
        if view.status != "all":
            return f"Nothing {view.status} here. 1 shows all."
        return "No papers in this digest."

    def _go_into(self, pane: Widget) -> None:
        self._be_at(pane)
        self.set_focus(pane)

    def _be_at(self, pane: Widget) -> None:
        is_zoomed = pane is self.paper and self.has_class("zoomed")
        places = {f"at-{name}": pane.id == name for name in PANES}
        self.update_classes({**places, "zoomed": is_zoomed})

    @property
    def _panes(self) -> list[Widget]:
        return [self.digests, self.papers, self.paper]

    @property
    def _pane(self) -> int:
        """The place of the pane that is worked in, from the left."""
        return next((i for i, name in enumerate(PANES) if self.has_class(f"at-{name}")), 1)

    @on(events.DescendantFocus)
    def follow_focus(self) -> None:
        """A pane that was clicked is the one that is worked in."""
        if self.focused in self._panes:
            self._be_at(self.focused)

    def action_into(self) -> None:
        self._go_into(self._panes[min(self._pane + 1, 2)])

    def action_out(self) -> None:
        self._go_into(self._panes[max(self._pane - 1, 0)])

    def action_next_pane(self) -> None:
        self._go_into(self._panes[(self._pane + 1) % 3])

    def action_previous_pane(self) -> None:
        self._go_into(self._panes[(self._pane - 1) % 3])

    def action_zoom(self) -> None:
        self.toggle_class("zoomed")
        self._go_into(self.paper if self.has_class("zoomed") else self.papers)

    def action_back(self) -> None:
        if self.query_bar.has_focus or (self._pane == 1 and self.session.view.text):
            self._end_query("")
        elif self.has_class("zoomed"):
            self.action_zoom()
        else:
            self.action_out()

    def action_down(self) -> None:
        self._step(1)

    def action_up(self) -> None:
        self._step(-1)

    def action_page_down(self) -> None:
        self._step_page(1)

    def action_page_up(self) -> None:
        self._step_page(-1)

    def _step(self, step: int) -> None:
        if self._pane == 0:
            self.tell(self.session.choose_place(self.session.scope_place + step))
        elif self._pane == 1:
            self.tell(self.session.move(step))
        else:
            self.paper.scroll_by(step)

    def _step_page(self, sign: int) -> None:
        pages = (self.digests.size.height, self.papers.page, self.paper.page)
        self._step(sign * max(pages[self._pane], 1))

    def action_first(self) -> None:
        if self._pane == 0:
            self.tell(self.session.choose_place(0))
        elif self._pane == 1:
            self.tell(self.session.go(0))
        else:
            self.paper.scroll_home(animate=False)

    def action_last(self) -> None:
        if self._pane == 0:
            self.tell(self.session.choose_place(len(self.session.scopes) - 1))
        elif self._pane == 1:
            self.tell(self.session.go(len(self.session.view.rows) - 1))
        else:
            self.paper.scroll_end(animate=False)

    def action_next_paper(self) -> None:
        self.tell(self.session.move(1))

    def action_previous_paper(self) -> None:
        self.tell(self.session.move(-1))

    def action_next_unread(self) -> None:
        self.tell(self.session.move_unread(1))

    def action_previous_unread(self) -> None:
        self.tell(self.session.move_unread(-1))

    def action_next_digest(self) -> None:
        self.tell(self.session.move_digest(1))

    def action_previous_digest(self) -> None:
        self.tell(self.session.move_digest(-1))

    def action_next_keyword(self) -> None:
        self.tell(self.session.move_keyword(1))

    def action_previous_keyword(self) -> None:
        self.tell(self.session.move_keyword(-1))

    def action_scroll_down(self) -> None:
        self.paper.scroll_by(max(self.paper.page // 2, 1))

    def action_scroll_up(self) -> None:
        self.paper.scroll_by(-max(self.paper.page // 2, 1))

    @on(PaperList.Pointed)
    def go_to_row(self, message: PaperList.Pointed) -> None:
        self.tell(self.session.go(message.row))

    @on(PaperList.Opened)
    def open_row(self) -> None:
        self._go_into(self.paper)

    @on(DigestList.Pointed)
    def choose_row(self, message: DigestList.Pointed) -> None:
        self.tell(self.session.choose_place(message.place))

    def action_read(self) -> None:
        self.tell(self.session.read())

    def action_read_on(self) -> None:
        card = self.session.current
        if not self.paper.at_end:
            self.paper.scroll_by(self.paper.page)
        elif card and card.read:
            self.tell(self.session.move_unread(1))
        else:
            self.action_read()

    def action_star(self) -> None:
        self.tell(self.session.star())

    def action_read_all(self) -> None:
        self.tell(self.session.read_all())

    def action_undo(self) -> None:
        self.tell(self.session.undo())

    def action_redo(self) -> None:
        self.tell(self.session.redo())

    def action_show_all(self) -> None:
        self.tell(self.session.show("all"))

    def action_show_unread(self) -> None:
        self.tell(self.session.show("unread"))

    def action_show_starred(self) -> None:
        self.tell(self.session.show("starred"))

    def action_query(self) -> None:
        if self._pane == 0:
            self._go_into(self.papers)
        self.query_one("#query-line").add_class("shown")
        self.set_focus(self.query_bar)
        self._tell_status("")

    @on(Input.Changed, "#query")
    def filter_live(self) -> None:
        """Filters by what stands in the bar by now, which may be more than the letter typed."""
        if self.query_bar.value != self.session.view.text:
            self.session.ask(self.query_bar.value)
            self._show_lists()
            self._tell_status("")
            # The eye of a person who types is on the list: the paper has the next frame.
            self.call_after_refresh(self._show_paper)

    @on(Input.Submitted, "#query")
    def keep_query(self) -> None:
        self._end_query(self.query_bar.value)
        self.post_message(self.QueryKept())

    def _end_query(self, text: str) -> None:
        self.query_bar.remember()
        self.query_bar.value = text
        self.query_one("#query-line").set_class(bool(text.strip()), "shown")
        self._go_into(self.papers)
        self.tell("" if text == self.session.view.text else self.session.ask(text))

    def action_language(self) -> None:
        place = LANGUAGES.index(self.session.language) + 1
        self.session.speak(LANGUAGES[place % len(LANGUAGES)])
        self.tell({"both": "Both languages", "en": "English", "zh": "中文"}[self.session.language])

    def action_density(self) -> None:
        self.session.pack(not self.session.compact)
        self.tell("One line a paper" if self.session.compact else "Two lines a paper")

    def action_open_abstract(self) -> None:
        holding = self.session.holding()
        self._open(holding.paper.abs_url if holding else "")

    def action_open_pdf(self) -> None:
        holding = self.session.holding()
        self._open(holding.paper.pdf_url if holding else "")

    def _open(self, url: str) -> None:
        if not is_web_link(url):
            self.tell(f"Not opened, no http or https link: {url or 'none in this digest'}")
            return
        self.app.open_url(url)
        self.tell(f"Opened {url}")

    def action_export(self) -> None:
        from digest_tui.ui.dialogs import CHOICES, Export

        totals, view = self.session.totals, self.session.view
        counts = (totals.starred, view.papers, int(self.session.current is not None))
        suffixes = {name: exporter.suffix for name, exporter in FORMATS.items()}
        self.app.push_screen(Export(dict(zip(CHOICES, counts, strict=True)), suffixes), self.export)

    def export(self, order: ExportOrder | None) -> None:
        """Carries out what the export dialog was asked for."""
        if order is None:
            return
        try:
            self.tell(self.session.export(order.choice, order.format, order.path))
        except OSError as error:
            self.tell(f"Not exported: {error.strerror or error}: {order.path}")

    def action_commands(self) -> None:
        self.app.action_command_palette()

    def action_theme(self) -> None:
        self.app.action_change_theme()

    def action_help(self) -> None:
        from digest_tui.ui.dialogs import Help

        self.app.push_screen(Help(self.keys()))

    def action_sample(self) -> None:
        self.post_message(self.SampleWanted())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The sample is offered as long as there is nothing else to read."""
        return not (action == "sample" and self.session.digests)

    def action_quit(self) -> None:
        self.session.retry()
        if not self.session.unsaved or self._may_leave:
            self.app.exit()
            return
        self._may_leave = True
        self.tell("the same key again leaves without them")

    def action_rescan(self) -> None:
        self._was_asked = True
        self.tell("Looking for new digests …")
        self.scan()

    def scan(self) -> None:
        """Looks for new digests in a thread, unless one is looking already."""
        if not any(worker.group == "scan" and worker.is_running for worker in self.workers):
            self._pulse = self.session.library.pulse()
            self._known = {row.n for row in self.session.digests}
            self.run_worker(self._scan, thread=True, group="scan", exit_on_error=False)

    def _scan(self) -> None:
        worker = get_current_worker()
        any_news, told = False, 0.0
        try:
            library = Library(self.session.library.places)
            try:
                for progress in library.scan():
                    any_news = True
                    if worker.is_cancelled:
                        return
                    if time.monotonic() - told > 0.2:
                        told = time.monotonic()
                        self.post_message(self.Scanned(progress))
            finally:
                library.close()
        except (OSError, sqlite3.Error) as error:
            self.post_message(self.ScanEnded(any_news, f"Looking for digests failed: {error}"))
            return
        self.post_message(self.ScanEnded(any_news))

    @on(Scanned)
    def show_progress(self, message: Scanned) -> None:
        """The lists fill in while digests are being indexed."""
        self._take_over()
        self._was_asked = True
        self.tell(f"Indexing digests: {message.progress.done} of {message.progress.total}")

    @on(ScanEnded)
    def show_news(self, message: ScanEnded) -> None:
        """Tells what the scan found. Rows that are on screen stay where they are."""
        if message.any_news:
            self._take_over()
            # A file may have been read before it was whole: looked at until nothing changes.
            self._pulse = ()
        self._is_filling = False
        new = [row for row in self.session.digests if row.n not in self._known]
        if message.trouble or new:
            problems = sum(len(self.session.index.problems(row.n)) for row in new)
            days = f"New: {', '.join(str(row.day) for row in new[:3])}"
            wrong = f" · {problems} problems; digest-tui doctor tells which" if problems else ""
            self.tell(message.trouble or days + wrong)
        elif self._was_asked:
            self.tell("Nothing new")
        self._was_asked = False

    def _take_over(self) -> None:
        self.session.refresh()
        scope = self.session.view.scope
        if not any(scope is None or row.n == scope.n for row in self.session.digests):
            self.session.start()
        elif self._is_filling or not self.session.view.papers or self.session.is_outdated:
            self.session.again()

    def look_for_changes(self) -> None:
        """Takes over what other windows and machines did, and saves what could not be saved."""
        warning = self.session.warning
        if self.session.retry() or self.session.look() or self.session.warning != warning:
            self.tell(self._message if self.session.warning == warning else self.session.warning)
        if self.session.library.pulse() != self._pulse:
            self.scan()


def is_web_link(url: str) -> bool:
    """Whether a link leads to a page of the web, and nowhere into this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # A digest that has lost its ids still links to `https://arxiv.org/abs/`.
    is_cut_off = parts.path in ("/abs/", "/pdf/")
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not is_cut_off
