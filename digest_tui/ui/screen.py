"""The main screen: three panes over one session.

Panes draw what the session holds and post messages; only the actions and handlers here call
it. Each action is one call, whose sentence the status line then shows. Two threads have a
connection of their own and tell by messages what they found: one answers queries, the other looks
for new digests.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

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

from digest_tui.commands import COMMANDS, shown
from digest_tui.editing import choosing
from digest_tui.export import in_languages, preview
from digest_tui.facets import FacetField
from digest_tui.finder import Finder, Finding
from digest_tui.index import Order, Status
from digest_tui.index_file import FileId
from digest_tui.library import Progress
from digest_tui.paper import ARXIV_URL, is_web_link
from digest_tui.query import parse
from digest_tui.resume import Left
from digest_tui.search import Span
from digest_tui.session import LANGUAGES, Selection, Session, Step1
from digest_tui.settings import split_keys
from digest_tui.ui import words
from digest_tui.ui.digest_list import DigestList
from digest_tui.ui.glyphs import UNICODE, Glyphs
from digest_tui.ui.paper_list import ORDERS, PaperList
from digest_tui.ui.query_bar import QueryBar
from digest_tui.ui.reader import Reader
from digest_tui.watcher import Watcher

if TYPE_CHECKING:
    from digest_tui.ui.export_dialog import ExportOrder

PANES = ("digests", "papers", "paper")
ORDER_KEYS = {"digest": "g", "unread": "u", "title": "t", "author": "a", "id": "i", "date": "d"}
COPIED = {"id": "i", "link": "l", "PDF link": "p", "title": "t", "BibTeX": "b", "Markdown": "m"}
"""The key of each thing that can be copied."""
PREVIEWED = 40
"""Lines of an export."""
PATIENCE = 0.05
"""Seconds that an answer to a query is waited for before anything else is done."""
MANY = 30
"""Digests, from which on it is told how far it is to take them in."""
SELDOM = 30
"""Of so many parts of the time one goes into filling in the lists meanwhile."""
POLL = 1.0
"""Seconds between looks at the journals."""


@dataclass(frozen=True)
class Asked:
    """A query that is asked beside the screen."""

    text: str
    span: Span | None
    show: Callable[[], str]
    """Shows what it finds, once the session knows."""
    finding: Finding | None = None
    revision: int = 0
    """Of the session, when it was asked."""


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
        (186, "-vast"),
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
    class Found(Message):
        """A query was answered, later than a person waits for."""

        finding: Finding

    @dataclass
    class Scanned(Message):
        """The scan of the digest folders came so far."""

        progress: Progress
        seconds: float

    @dataclass
    class ScanEnded(Message):
        """The digest folders were looked at; whether anything was new, or what went wrong."""

        any_news: bool
        trouble: str = ""
        index: FileId | None = None
        """The index file that is up to date with them."""

    def __init__(
        self,
        session: Session,
        rebound: Mapping[str, str],
        notice: str = "",
        standing: str = "",
        glyphs: Glyphs = UNICODE,
        left: Left | None = None,
    ) -> None:
        """`rebound`: the keys that settings give a command, by its id; `notice` is said once at
        the start, `standing` stays in the status line; `left` is how it was left before."""
        super().__init__(classes="at-papers")
        self.session = session
        self.rebound = rebound
        session.keys = {id_: shown(keys[0]) for id_, keys in self.keys().items() if keys}
        self.glyphs = glyphs
        self._left = left or Left(is_first=False)
        self._has_hint = self._left.is_first
        self.finder = Finder(session.index)
        self.watcher = Watcher(
            session.library.places,
            lambda *progress: self.post_message(self.Scanned(*progress)),
            lambda *end: self.post_message(self.ScanEnded(*end)),
        )
        self._asked: Asked | None = None
        """The query whose answer is still to come."""
        self._is_source = False
        """Whether papers are shown as they stand in their digest."""
        self._is_narrowing = False
        """Whether the facets are open."""
        self._back = None if session.digests else self._left
        """Where the reader was, and will be once that is indexed, unless a key comes first and
        finds something to go on from."""
        self._is_placed = bool(session.digests)
        """Whether the view is of something."""
        self._message = notice
        self._standing = standing
        self._progress = ""
        """How far digests are indexed."""
        self._next_look = 0.0
        self._in_full = ""
        """A message that takes as many lines as it needs."""
        self._titled = ""
        self._shown: tuple[object, ...] = ()
        self._was_asked = False
        """Whether somebody waits to be told that nothing is new."""
        self._given_up = ""
        """What is not saved and was said to be lost by leaving."""
        self._known = {row.file: row.day for row in session.digests}
        self._is_filling = False
        """Whether so much comes in that the lists take it up at once."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="panes"):
            yield DigestList(self.session, id="digests", glyphs=self.glyphs)
            yield PaperList(self.session, id="papers", glyphs=self.glyphs)
            yield Reader(id="paper", glyphs=self.glyphs)
        if self._has_hint:
            yield Static(id="hint", markup=False)
        with Horizontal(id="query-line"):
            yield Label(" / ", id="query-slash")
            yield QueryBar(self.session, self._left.queries, id="query")
        yield Static(id="status", markup=False)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        self.paper.authors_key = self.session.keys.get("authors", "")
        if self.session.view.text:
            self._show_query()
        if self._left.is_zoomed:
            self.action_zoom()
        self.tell(" · ".join(filter(None, (self._message, self.session.warning))))
        if not self.session.digests:
            self.session.library.make_folder()
        self.set_interval(POLL, self.look_for_changes)
        self.call_after_refresh(self.watcher.start)

    def on_unmount(self) -> None:
        self.finder.close()
        self.watcher.stop()

    def on_resize(self) -> None:
        self._tell_status(self._message)
        self._tell_keys()
        self._tell_hint()

    def tell(self, message: str = "") -> None:
        """Shows what the session now is, and a sentence on what was done."""
        self._show_lists()
        self._show_paper()
        self._tell_status(message)
        self._tell_keys()

    def _show_lists(self) -> None:
        session = self.session
        self.papers.empty = words.empty(session, self.glyphs)
        shown = (session.view, session.revision, session.compact, session.language)
        if shown == self._shown:
            self.papers.move()
        else:
            self._shown = shown
            self.papers.show()
            self.digests.show()
        if (title := words.title(session, self.glyphs)) != self._titled:
            # A title that is set, even to what it was, has the whole pane drawn again.
            self._titled = title
            self.papers.border_title = Content(title)

    def _show_paper(self) -> None:
        session = self.session
        instead = words.instead_of_paper(session, self.glyphs)
        source = session.source() if self._is_source else None
        query = session.view.query
        self.paper.show(session.holding(), query, session.language, instead, source)

    def _tell_status(self, message: str) -> None:
        self._message = message
        if message and message == self._in_full:
            line = words.in_full(self.session, message, self.size, self.glyphs)
        else:
            standing = " · ".join(filter(None, (self._standing, self._progress)))
            line = words.status(self.session, message, standing, self.size, self.glyphs)
        self._write("#status", line)

    def _tell_keys(self) -> None:
        """The keys that matter where one is: in a pane, in the query bar, in the facets."""
        bar, width = self.query_bar, self.size.width - 2
        if self._is_narrowing:
            keys = words.facet_keys(width, self.glyphs)
        elif bar.has_focus:
            keys = words.query_keys(bar.candidates, bar.turn, width, self.glyphs)
            if not bar.candidates and (rest := words.rest_of_hint(self.session, width)):
                keys = Content(self.glyphs.plain(rest))
        else:
            keys = words.pane_keys(self.session, PANES[self._pane], width, self.glyphs)
        self._write("#keys", keys)

    def _tell_hint(self) -> None:
        """The first start shows a hint, as soon as there is something to read."""
        if self._has_hint and self.session.digests:
            self.query_one("#hint").add_class("shown")
            self._write("#hint", words.first_hint(self.session, self.size.width - 2, self.glyphs))

    def _write(self, line: str, content: Content) -> None:
        static = self.query_one(line, Static)
        if content != (before := static.content):
            lines, lines_before = str(content).count("\n"), str(before).count("\n")
            static.update(content, layout=lines != lines_before)

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The keys of each command by its id, rebound ones included."""
        return {
            command.id: split_keys(self.rebound[command.id])
            if command.id in self.rebound
            else command.keys
            for command in COMMANDS
        }

    def _go_into(self, pane: Widget) -> None:
        self._be_at(pane)
        self.set_focus(pane)

    def _be_at(self, pane: Widget) -> None:
        is_zoomed = pane is self.paper and self.has_class("zoomed")
        places = {f"at-{name}": pane.id == name for name in PANES}
        self.update_classes({**places, "zoomed": is_zoomed})
        self._tell_keys()

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
        else:
            self._tell_keys()

    def action_into(self) -> None:
        if self._pane == 1 and self.session.heading:
            self.action_fold()
            return
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

    def action_fold(self) -> None:
        self.tell(self.session.fold())

    def action_back(self) -> None:
        is_asking = self.query_bar.has_focus or self.is_searching
        if is_asking or (self._pane < 2 and self.session.view.text):
            self._clear_query()
        elif self.has_class("zoomed"):
            self.action_zoom()
        elif self._has_hint and self._pane == 1:
            self.hide_hint()
        else:
            self.action_out()

    @on(events.Click, "#hint")
    def hide_hint(self) -> None:
        """Somebody has read it."""
        self._has_hint = False
        self.query_one("#hint").remove()

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
            self._choose(*self.session.nearest(self.session.scope_place + step))
        elif self._pane == 1:
            self.tell(self.session.move(step))
        else:
            self.paper.scroll_by(step)

    def _step_page(self, sign: int) -> None:
        pages = (self.digests.size.height, self.papers.page, self.paper.page)
        self._step(sign * max(pages[self._pane], 1))

    def action_first(self) -> None:
        if self._pane == 0:
            self._choose(*self.session.nearest(0))
        elif self._pane == 1:
            self.tell(self.session.go(0))
        else:
            self.paper.scroll_home(animate=False)

    def action_last(self) -> None:
        if self._pane == 0:
            self._choose(*self.session.nearest(self.session.scopes - 1))
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
        self._step_digest(1)

    def action_previous_digest(self) -> None:
        self._step_digest(-1)

    def _step_digest(self, step: Step1) -> None:
        if beside := self.session.beside(step):
            self._choose(*beside)
        else:
            self.tell(self.session.move_digest(step))

    def _choose(self, digest: int | None, status: Status) -> None:
        """Goes to a digest, or to the whole library as soon as the query is answered for it."""
        text = self.session.view.text
        choose = partial(self.session.choose, digest, status)
        if digest is None and not self.session.is_known(text):
            self._find(Asked(text, None, choose))
        else:
            self._abandon()
            self.tell(choose())
            self._go_on_asking()

    def action_next_keyword(self) -> None:
        self.tell(self.session.move_section(1))

    def action_previous_keyword(self) -> None:
        self.tell(self.session.move_section(-1))

    def action_scroll_down(self) -> None:
        self.paper.scroll_by(max(self.paper.page // 2, 1))

    def action_scroll_up(self) -> None:
        self.paper.scroll_by(-max(self.paper.page // 2, 1))

    @on(PaperList.Pointed)
    def go_to_row(self, message: PaperList.Pointed) -> None:
        self.tell(self.session.point(message.row))

    @on(PaperList.Opened)
    def open_row(self) -> None:
        self._be_at(self.papers)
        self.action_into()

    @on(DigestList.Pointed)
    def choose_row(self, message: DigestList.Pointed) -> None:
        self._choose(*self.session.nearest(message.place))

    def action_read(self) -> None:
        if self._comes_forward():
            self.tell(self.session.read())

    def action_read_on(self) -> None:
        card = self.session.current
        if not self.paper.at_end:
            self.paper.scroll_by(self.paper.page)
        elif card is None or card.read:
            self.tell(self.session.move_unread(1))
        else:
            self.action_read()

    def action_star(self) -> None:
        if self._comes_forward():
            self.tell(self.session.star())

    def action_read_all(self) -> None:
        if self._comes_forward():
            self.tell(self.session.read_all())

    def _comes_forward(self) -> bool:
        """Whether the paper to decide on is in sight; where the digests hide it, it comes now."""
        is_hidden = self.has_class("-narrow") and self._pane == 0
        if is_hidden:
            self._go_into(self.papers)
            self.tell()
        return not is_hidden

    def action_undo(self) -> None:
        self.tell(self.session.undo())

    def action_redo(self) -> None:
        self.tell(self.session.redo())

    def action_show_all(self) -> None:
        self._choose_status("all")

    def action_show_unread(self) -> None:
        self._choose_status("unread")

    def action_show_starred(self) -> None:
        self._choose_status("starred")

    def _choose_status(self, status: Status) -> None:
        scope = self.session.view.scope
        self._choose(scope.n if scope else None, status)

    def action_query(self) -> None:
        if self._pane == 0:
            self._go_into(self.papers)
        self.query_one("#query-line").add_class("shown")
        self.add_class("asking")
        self.set_focus(self.query_bar)
        self.query_bar.offer()
        self._tell_status("")

    @on(Input.Changed, "#query")
    def filter_live(self) -> None:
        """Filters by what stands in the bar by now, which may be more than the letter typed."""
        text = self.query_bar.value
        if text != (self._asked.text if self._asked else self.session.view.text):
            self._find(Asked(text, self.session.span, partial(self.session.ask, text)))

    def _find(self, asked: Asked) -> None:
        """Asks a query beside the screen, and shows what it finds at once or later."""
        finding = self.finder.find(parse(asked.text).query, self.session.today(), asked.span)
        if wait([finding], PATIENCE).done:
            self._show_found(asked, finding)
        else:
            self._asked = replace(asked, finding=finding, revision=self.session.revision)
            finding.add_done_callback(lambda done: self.post_message(self.Found(done)))
            self._tell_status(f"Searching{self.glyphs.cut}")

    def _abandon(self) -> None:
        """Waits for no answer any more."""
        self.finder.abandon()
        self._asked = None

    @property
    def is_searching(self) -> bool:
        """Whether a query is still to be answered."""
        return self._asked is not None

    @on(Found)
    def show_found(self, message: Found) -> None:
        """Shows what was found, unless something else has been asked since."""
        asked = self._asked
        if not asked or message.finding is not asked.finding:
            return
        if asked.revision == self.session.revision:
            self._show_found(asked, message.finding)
        else:
            # Something was marked or came in meanwhile.
            self._find(asked)

    def _show_found(self, asked: Asked, finding: Finding) -> None:
        self._asked = None
        # Where the index could not be read beside the screen, it is read here.
        with suppress(OSError, sqlite3.Error):
            self.session.know(asked.text, finding.result())
        asked.show()
        self._show_lists()
        self._tell_status("")
        self._underline()
        if self.has_class("asking"):
            # The eye of a person who types is on the list: the rest has the next frame. That is
            # asked of the list, because the screen does not know yet that it is to be drawn.
            self.papers.call_after_refresh(self._show_rest)
            self._go_on_asking()
        else:
            self._keep()

    def _go_on_asking(self) -> None:
        """Asks what was being typed when something else was chosen with the mouse."""
        if self.has_class("asking"):
            self.filter_live()

    def _show_rest(self) -> None:
        self._show_paper()
        if self.query_bar.has_focus:
            self.query_bar.offer()
        self._tell_keys()

    @on(QueryBar.Turned)
    def show_turn(self) -> None:
        """Another candidate was taken."""
        self._tell_keys()

    @on(Input.Submitted, "#query")
    def keep_query(self) -> None:
        """Leaves the bar. What is typed next is for the list that the query gives."""
        self._leave_bar()
        if not self.is_searching:
            self._keep()

    def _keep(self) -> None:
        if self._back:
            self._back = replace(self._back, query=self.session.view.text)
        self._show_query()
        self.tell()
        self.post_message(self.QueryKept())

    def _clear_query(self) -> None:
        self._abandon()
        self._leave_bar()
        if self.session.view.text:
            self.session.ask("")
        self._keep()

    def _leave_bar(self) -> None:
        self.query_bar.remember()
        self.query_bar.withdraw()
        self.remove_class("asking")
        self._go_into(self.papers)

    def _underline(self) -> None:
        """Underlines what of the query was not understood."""
        self.query_bar.underline([(hint.start, hint.end) for hint in self.session.view.hints])

    def _show_query(self) -> None:
        """Shows the query of the view in its bar, and the bar if there is something to show."""
        text = self.session.view.text
        self.query_bar.value = text
        self._underline()
        is_shown = bool(text.strip()) or self._is_narrowing
        self.query_one("#query-line").set_class(is_shown, "shown")

    def action_facets(self) -> None:
        from digest_tui.ui.facets import Facets

        if self._has_hint:
            self.hide_hint()
        self._is_narrowing = True
        self._show_query()
        self._tell_keys()
        facets = Facets(self.session.facets, self.choose_facets, self.glyphs)
        self.app.push_screen(facets, self.leave_facets)

    def choose_facets(self, field: FacetField, values: Sequence[str]) -> None:
        """Edits the query so that it finds these values of a field, for everybody to see."""
        text = choosing(self.session.view.text, field, values)
        self.session.ask(text)
        self._show_query()
        self.tell()

    def leave_facets(self, _: None) -> None:
        """Keeps the query that came of it."""
        self._is_narrowing = False
        self.query_bar.remember()
        self._show_query()
        self._tell_keys()

    def action_order(self) -> None:
        from digest_tui.ui.menu import Choice, Menu

        choices = [Choice(ORDER_KEYS[order], label, order) for order, label in ORDERS.items()]
        menu = Menu("order", choices, self.session.order, glyphs=self.glyphs)
        self.app.push_screen(menu, self.sort)

    def sort(self, order: str | None) -> None:
        """Shows the papers in the order that was chosen."""
        chosen: Order | None = next((o for o in ORDERS if o == order), None)
        if chosen:
            self.session.sort(chosen)
            self.tell(f"Papers {ORDERS[chosen]}")

    def action_language(self) -> None:
        place = LANGUAGES.index(self.session.language) + 1
        self.session.speak(LANGUAGES[place % len(LANGUAGES)])
        self.tell({"both": "Both languages", "en": "English", "zh": "中文"}[self.session.language])

    def action_density(self) -> None:
        self.session.pack(not self.session.compact)
        self.tell("One line a paper" if self.session.compact else "Two lines a paper")

    def action_authors(self) -> None:
        self.paper.unfold()

    def action_source(self) -> None:
        if self.session.current or self._is_source:
            self._is_source = not self._is_source
            self.tell()
        else:
            self.tell("No paper to show the source of")

    def action_open_abstract(self) -> None:
        holding = self.session.holding()
        self._open("open-abstract", holding.paper.abs_link if holding else None)

    def action_open_pdf(self) -> None:
        holding = self.session.holding()
        self._open("open-pdf", holding.paper.pdf_link if holding else None)

    def _open(self, command: str, url: str | None) -> None:
        """Opens a link to arXiv, or one whose target is what was told last, in full."""
        offer = f"{self.session.keys.get(command, 'The same')} again opens {url}"
        if url is None:
            self.tell("No paper to open")
        elif ARXIV_URL.fullmatch(url) or self._message == offer:
            self.app.open_url(url)
            self.tell(f"Opened {url}")
        elif not is_web_link(url):
            self._tell_in_full(f"Not opened, no plain web link: {url or 'none in this digest'}")
        elif not words.fits(self.session, offer, self.size, self.glyphs):
            self._tell_in_full(f"Not opened, no room to show it in full: {url}")
        else:
            self._tell_in_full(offer)

    def _tell_in_full(self, message: str) -> None:
        """Tells something in as many lines as it takes."""
        self._in_full = message
        self.tell(message)

    def action_copy(self) -> None:
        from digest_tui.ui.menu import Choice, Menu

        copies = self.session.copies()
        if not copies:
            self.tell("No paper to copy from")
            return
        choices = [Choice(COPIED[what], what, what, text) for what, text in copies.items()]
        self.app.push_screen(Menu("copy", choices, glyphs=self.glyphs), self.copy)

    def copy(self, what: str | None) -> None:
        """Copies a text by OSC 52, which reaches the clipboard of the terminal over SSH as well."""
        text = self.session.copies().get(what or "")
        if text:
            self.app.copy_to_clipboard(text)
            self.tell(f"Copied the {what}: {' '.join(text.split())}")

    def action_export(self) -> None:
        from digest_tui.ui.export_dialog import Export, ExportChoice, ExportOrder

        counts, scope, card = self.session.counts(), self.session.view.scope, self.session.current
        day = str(scope.day) if scope else ""
        here = ExportChoice("here", "starred here", counts["here"], f"{day}-starred")
        everywhere = ExportChoice("starred", "all starred", counts["starred"])
        choices = [
            *([here] if scope else []),
            everywhere,
            ExportChoice("view", "what is shown", counts["view"], f"{day}-shown".strip("-")),
            ExportChoice("paper", "this paper", counts["paper"], card.id if card else ""),
        ]
        likely: tuple[Selection, ...] = (
            ("here", "starred", "view") if scope else ("starred", "view")
        )
        start = ExportOrder(next((what for what in likely if counts[what]), likely[0]))
        self.app.push_screen(Export(choices, self.preview, start, self.glyphs), self.export)

    def preview(self, order: ExportOrder) -> str:
        """How the file of an export would begin."""
        papers = (in_languages(p, order.languages) for p in self.session.holdings(order.choice))
        return preview(order.format, papers, PREVIEWED)

    def export(self, order: ExportOrder | None) -> None:
        """Carries out what the export dialog was asked for."""
        if order is None:
            return
        try:
            told = self.session.export(order.choice, order.format, order.path, order.languages)
        except OSError as error:
            told = f"Not exported: {error.strerror or error}: {order.path}"
        self.tell(told)

    def action_commands(self) -> None:
        self.app.action_command_palette()

    def action_theme(self) -> None:
        from digest_tui.ui.menu import Choice, Menu

        before = self.app.theme
        choices = [Choice("", name, name) for name in sorted(self.app.available_themes)]
        menu = Menu("theme", choices, before, glyphs=self.glyphs, on_move=self.wear)
        self.app.push_screen(menu, lambda chosen: self.wear(chosen or before))

    def wear(self, theme: str) -> None:
        """Shows everything in the colors of a theme."""
        self.app.theme = theme

    def action_help(self) -> None:
        from digest_tui.ui.help import Help

        self.app.push_screen(Help(self.keys(), self.glyphs))

    def action_sample(self) -> None:
        self.post_message(self.SampleWanted())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The sample is offered as long as there is nothing else to read."""
        return not (action == "sample" and self.session.digests)

    def action_quit(self) -> None:
        self.session.retry()
        if self.session.unsaved in ("", self._given_up):
            self.app.exit()
            return
        self._given_up = self.session.unsaved
        self.tell("the same key again leaves without them")

    def action_rescan(self) -> None:
        self._was_asked = True
        self.tell("Looking for new digests …")
        self.watcher.scan()

    @on(Scanned)
    def show_progress(self, message: Scanned) -> None:
        """The lists fill in while digests are being indexed."""
        self._is_filling |= message.progress.total > MANY
        if self._is_filling:
            width = self.size.width - 2
            self._progress = words.indexing(message.progress, message.seconds, width)
        began = time.monotonic()
        if began < self._next_look:
            self._tell_status(self._message)
            return
        self._take_over()
        self.tell(self._message)
        # A library that is large by now takes longer to look at: that is for keys to wait seldom.
        self._next_look = time.monotonic() + SELDOM * (time.monotonic() - began)

    @on(ScanEnded)
    def show_news(self, message: ScanEnded) -> None:
        """Tells what the scan found. Rows that are on screen stay where they are."""
        if message.index and message.index != self.session.index.file:
            # Where that file is no longer at its place, the scan of the present one is under way.
            if self.session.index.is_lost():
                self._reopen()
            return
        if message.any_news:
            self._take_over()
        else:
            # Another window may have been faster.
            self.look_for_changes()
        self._progress, self._next_look = "", 0.0
        if message.trouble:
            # The next scan goes on from here, and who was told of this is told that it is over.
            self._was_asked = True
            self.tell(message.trouble)
            return
        self._back = None
        now = {row.file: row.day for row in self.session.digests}
        new = [row for row in self.session.digests if row.file not in self._known]
        gone = [day for file, day in self._known.items() if file not in now]
        self._known = now
        if self._is_filling:
            told = words.filled(self.session)
        elif new:
            told = words.news(new, self.session.index.problems_in([row.n for row in new]))
        elif gone:
            told = words.gone(gone)
        else:
            told = "Nothing new" if self._was_asked else self._message
        self._is_filling = self._was_asked = False
        self.tell(told)

    def _take_over(self) -> None:
        """Shows what the library holds by now, as far as a view may change that is looked at."""
        session = self.session
        session.refresh()
        if self._is_lost if self._is_placed else session.digests:
            session.start()
            self._is_placed = True
        elif self._is_filling or not session.view.papers or session.is_outdated:
            session.show(session.view.status)
        if self._back and session.resume(self._back):
            if self.has_class("asking") or self.is_searching:
                self.filter_live()
            else:
                self._show_query()
            if session.current and session.current.id == self._back.paper:
                self._back = None
        self._tell_hint()

    @property
    def _is_lost(self) -> bool:
        """Whether the digest that is looked at is no longer there."""
        scope = self.session.view.scope
        return scope is not None and all(row.n != scope.n for row in self.session.digests)

    def stay(self) -> None:
        """The reader goes on from here, if there is a here: nothing leads back any more."""
        if self._is_placed:
            self._back = None

    def look_for_changes(self) -> None:
        """Takes over what other windows and machines did, and saves what could not be saved."""
        warning = self.session.warning
        if self.session.is_behind:
            self.watcher.scan()
        # While digests come in, the index changes all the time: that is looked at as it comes.
        has_news = not self._progress and self.session.look()
        if has_news and not self._is_placed:
            self._take_over()
        is_saved = self.session.retry()
        if is_saved:
            self._message, self._given_up = "All is saved by now", ""
        if is_saved or has_news or self.session.warning != warning:
            self.tell(self._message if self.session.warning == warning else self.session.warning)
        if self.session.index.is_lost():
            self._follow_index()

    def _follow_index(self) -> None:
        """Goes on without the index file that was read: it is no longer at its path, or damaged."""
        if self.session.index.is_damaged:
            self._reopen()
        else:
            # It can be read on until the next one is filled.
            self.watcher.scan()

    def _reopen(self) -> None:
        """Goes on with the index file that is there by now, as far as it is filled."""
        try:
            left = self.session.reopen()
        except (OSError, sqlite3.Error) as error:
            self.tell(f"The index cannot be opened: {error}")
            return
        self._back = self._back or left
        self._abandon()
        self._is_filling, self._is_placed = True, bool(self.session.digests)
        self.tell("The index is built anew")
        self.filter_live()
        if not self.is_searching:
            self.post_message(self.QueryKept())
        self.watcher.scan()
