"""The session: library, marks, query and cursor as one view, and what every command does to it.

Only the session changes state, and it knows no screen: a command is a method that returns the
sentence to show for it. A view is a snapshot: marks change what its rows look like, never
which rows there are, so nothing moves under the cursor until the view is asked for again. A
decision is in the journal before the method that took it returns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Literal

from digest_tui import latex
from digest_tui import query as q
from digest_tui.commands import COMMANDS, shown
from digest_tui.editing import Completing, choosing, chosen, field_names
from digest_tui.export import FORMATS, Language, in_languages
from digest_tui.facets import FACETS, Candidate, Facet, FacetField
from digest_tui.index import Card, DigestRow, Order, Status, Totals
from digest_tui.library import Library, write_file
from digest_tui.marks import READ, STAR, Change, Decision, History, Key, Step
from digest_tui.paper import Holding, PaperId
from digest_tui.paper_set import PaperSet
from digest_tui.resume import Left
from digest_tui.search import Answer, Span
from digest_tui.store import NotSaved
from digest_tui.view import Section, View

_OVERALL: tuple[Status, ...] = ("all", "unread", "starred")
LANGUAGES: tuple[Language, ...] = ("both", "en", "zh")
Step1 = Literal[1, -1]
Selection = Literal["here", "starred", "view", "paper"]
"""What an export writes: what is starred in the scope or in the library, the view, the paper."""


class Session:
    """A reader at work in a library."""

    def __init__(self, library: Library, today: Callable[[], date] = date.today) -> None:
        self.library = library
        self.index = library.index
        self.language: Language = "both"
        self.compact = False
        self.order: Order = "digest"
        self.keys: Mapping[str, str] = {c.id: shown(c.keys[0]) for c in COMMANDS if c.keys}
        """The key of each command that has one, as sentences name it."""
        self.revision = 0
        """Grows whenever rows of the same view may look different."""
        self._cursor = -1
        self._is_done = False
        self._folded: set[str] = set()
        self.today = today
        self._history = History()
        self._ahead: dict[Key, Change] = {}
        """Decisions that the index does not show: not on disk yet, or the index was busy."""
        self.warning = ""
        """A sentence on marks that could not be read, or that no journal has, or nothing."""
        self._misread = ""
        self._trouble = ""
        """Why something is not on disk yet."""
        self._decided_in: dict[PaperId, int | None] = {}
        """The scope in which a paper was decided on: undoing goes back there."""
        self._cards: dict[int, Card] = {}
        self._listed: tuple[int | None, Order] | None = None
        """The scope and the order of `_places`; None where they may have changed since."""
        self._places: Mapping[str, Sequence[int]] = {}
        self._answered: tuple[str, Answer] | None = None
        self._listed_digest: int | None = None
        self._listed_papers = PaperSet()
        """The papers of the scope, whatever the view shows of it."""
        self._unread = PaperSet()
        """The unread papers of the scope, whatever the view shows of it."""
        self._unread_counted: tuple[View, int] | None = None
        """The view whose unread papers were counted last, and the revision."""
        self._unread_count = 0
        self.digests: list[DigestRow] = []
        self._digest_places: dict[int, int] = {}
        self.totals = Totals(0, 0, 0)
        self.view = View(None, "all", "", q.Everything(), (), self.order)

    def start(self, digest: int | None = None, left: Left | None = None) -> None:
        """Opens on a digest, else where it was left, else on the newest with something unread."""
        self.look()
        # What is kept in the index alone is named until its journal is back.
        self.warning = self._warning()
        self.refresh()
        if left:
            self.order = left.order
            if digest is None and self.resume(left):
                return
        unread = (row.n for row in self.digests if row.unread)
        newest = self.digests[0].n if self.digests else None
        self.choose(digest or next(unread, newest))

    def resume(self, left: Left) -> bool:
        """Goes where the program was left; whether that is still there."""
        row = next((row for row in self.digests if row.file == left.digest), None)
        if left.is_first or not self.digests or (left.digest and row is None):
            return False
        self._show(row.n if row else None, left.status, left.query)
        number = self.index.numbers([left.paper]).get(left.paper)
        self.cursor = next(self.view.rows_of(number), self.cursor) if number else self.cursor
        return True

    def leave(self) -> Left:
        """Where a later start resumes."""
        view, card = self.view, self.card(self.cursor)
        return Left(
            digest=view.scope.file if view.scope else "",
            status=view.status,
            paper=card.id if card else "",
            query=view.text,
            order=self.order,
        )

    def reopen(self) -> Left:
        """Goes on with the index file that is at its place by now; how this one was left.

        What is not in it yet can be resumed later. Raises what opening an index raises, and then
        leaves everything as it is.
        """
        left = replace(self.leave(), is_first=False)
        self.index.reopen()
        # Papers and digests have other numbers there.
        self.view = View(None, "all", left.query, q.Everything(), (), self.order)
        self.cursor = -1
        self._decided_in.clear()
        self.mirror(elsewhere=True)
        self.start(left=left)
        return left

    def refresh(self) -> None:
        """Takes over what changed in the library: counts and marks, but not the rows."""
        if self.index.is_damaged:
            # It says nothing of the library, until it is opened again.
            return
        self.digests = self.index.digests()
        self._digest_places = {row.n: place for place, row in enumerate(self.digests)}
        self._listed = None
        self._look_again()

    def _look_again(self) -> None:
        self._answered = None
        self.totals = self.index.totals()
        self.revision += 1
        self._cards.clear()

    @property
    def is_outdated(self) -> bool:
        """Whether the digest that the view shows has other papers by now, or is gone."""
        if self._scope is None:
            return False
        places = self.index.places(self._scope, self.order)
        return list(places.items()) != list(self._places.items())

    def card(self, row: int) -> Card | None:
        """What a row shows of its paper; None for a heading, or outside the view."""
        if not 0 <= row < len(self.view.rows) or self.view.rows[row] < 0:
            return None
        number = self.view.rows[row]
        if number not in self._cards:
            self._fetch(row)
        return self._cards.get(number)

    @property
    def cursor(self) -> int:
        """The row that is looked at; -1 where there is none."""
        return self._cursor

    @cursor.setter
    def cursor(self, row: int) -> None:
        self._cursor = row
        self._is_done = False

    @property
    def is_done(self) -> bool:
        """Whether the last paper of the scope was decided just now, and none is looked at since."""
        decided, papers = self.decided if self._is_done else (0, 1)
        return decided == papers

    @property
    def current(self) -> Card | None:
        """The paper at the cursor; none on a heading, nor when all is done."""
        return None if self.is_done else self.card(self.cursor)

    @property
    def heading(self) -> Section | None:
        """The section whose heading the cursor is on."""
        return None if self.is_done else self.view.heading_at(self.cursor)

    def holding(self) -> Holding | None:
        """The paper at the cursor, whole."""
        card = self.current
        if card is None:
            return None
        holding = self.index.holding(card.n)
        scope = self.view.scope
        if holding is None:
            return None
        # What brought the paper into the digest that is being read comes first.
        listed = sorted(
            holding.listed, key=lambda entry: scope is not None and entry[0] != scope.day
        )
        return replace(holding, listed=tuple(listed), read=card.read, starred=card.starred)

    def unread_in(self, section: Section) -> int:
        """How many papers of a section are unread."""
        return len(self._unread.of(section.numbers))

    def source(self) -> str:
        """The lines of the digest in which the paper at the cursor stands; nothing without one."""
        card = self.current
        if card is None:
            return ""
        return self.library.source(self.index.file_of(card.n, self._scope), card.id)

    @property
    def unread(self) -> int:
        """How many papers of the view are unread."""
        # Every key asks, and of a hundred thousand papers it takes half a millisecond.
        counted = self.view, self.revision
        if self._unread_counted != counted:
            self._unread_counted = counted
            self._unread_count = len(self.view.numbers & self._unread)
        return self._unread_count

    @property
    def decided(self) -> tuple[int, int]:
        """How many papers of the scope are read, and how many there are."""
        counts = self._row(self._scope) or self.totals
        # The index does not know yet what could not be saved.
        unread = len(self._unread) if self._ahead else counts.unread
        return counts.papers - unread, counts.papers

    @property
    def starred(self) -> int:
        """How many papers of the scope are starred."""
        return len(self._starred_here())

    def starred_here(self) -> list[Card]:
        """The starred papers of the scope, in its order."""
        numbers = self._starred_here()
        cards = {card.n: card for card in self._cards_of(numbers)}
        return [cards[number] for number in numbers if number in cards]

    def _starred_here(self) -> Collection[int]:
        starred = self._starred() & self._listed_papers
        return dict.fromkeys(chain.from_iterable(map(starred.of, self._places.values())))

    def _starred(self) -> PaperSet:
        """The starred papers of the library, as it is when all is saved."""
        starred = PaperSet(self.index.matches(q.Is("starred"), self.today()) or ())
        ahead = {key[0]: change for key, change in self._ahead.items() if key[1] == STAR}
        for paper, number in self.index.numbers(ahead).items():
            starred.put(number, ahead[paper].value is True)
        return starred

    def beyond(self, step: Step1 = 1) -> DigestRow | None:
        """The next older (step 1) or newer (-1) digest with something unread to be found."""
        scope, wanted = self.view.scope, self.view.query
        if scope is None:
            return None
        if self.view.status == "starred":
            wanted = q.all_of((q.Is("starred"), wanted))
        having: Container[int] = self._digest_places
        if wanted != q.Everything():
            unread = q.all_of((q.Is("unread"), wanted))
            having = self.index.digests_of(self.index.matches(unread, self.today()) or ())
        here = scope.day, scope.file
        rows = self.digests if step == 1 else reversed(self.digests)
        further = (row for row in rows if (here > (row.day, row.file)) == (step == 1))
        return next((r for r in further if r.unread and r.n in having and r.n != scope.n), None)

    @property
    def unsaved(self) -> str:
        """A sentence on decisions that could not be written yet, or nothing."""
        count = len(self.library.store.pending)
        return f"{_many(count, 'change')} not saved: {self._trouble}" if count else ""

    def choose(self, digest: int | None, status: Status = "all") -> str:
        """Shows one digest, or with None the whole library."""
        self._show(digest, status, self.view.text)
        return ""

    def show(self, status: Status) -> str:
        """Shows all, the unread or the starred papers of the present scope, asked for anew."""
        self._show(self._scope, status, self.view.text)
        return ""

    def ask(self, text: str) -> str:
        """Filters the present scope by a query; what it finds is not folded away."""
        self._folded.clear()
        self._show(self._scope, self.view.status, text)
        return ""

    def know(self, text: str, answer: Answer) -> None:
        """Believes an answer to a query, until anything changes."""
        self._answered = text, answer

    def is_known(self, text: str) -> bool:
        """Whether it is known what a query finds in the whole library, or easy to tell."""
        return not text.strip() or self._known(text, None) is not None

    def _known(self, text: str, span: Span | None) -> Answer | None:
        """What a query finds in a span, if nothing has changed since it was asked."""
        if self._answered:
            before, answer = self._answered
            if before == text and answer.span in (None, span):
                return answer
        return None

    @property
    def span(self) -> Span | None:
        """Where the papers of the present scope are; None for anywhere."""
        return self._listed_papers.span if self._scope is not None else None

    def again(self) -> str:
        """Asks for the present view again, so that it shows what is true by now."""
        self.refresh()
        self._show(self._scope, self.view.status, self.view.text)
        return ""

    @property
    def scopes(self) -> int:
        """How many places the list of digests has: all, unread, starred, then the digests."""
        return len(_OVERALL) + len(self.digests)

    def scope_at(self, place: int) -> tuple[DigestRow | None, Status]:
        """What the list of digests offers at a place."""
        if place < len(_OVERALL):
            return None, _OVERALL[place]
        return self.digests[place - len(_OVERALL)], "all"

    @property
    def scope_place(self) -> int:
        """Where in the list of digests the view is."""
        if self._scope is None:
            return _OVERALL.index(self.view.status)
        return self._digest_places.get(self._scope, -len(_OVERALL)) + len(_OVERALL)

    def nearest(self, place: int) -> tuple[int | None, Status]:
        """What `choose` takes for a place of the list of digests, or for the nearest there is."""
        row, status = self.scope_at(min(max(place, 0), self.scopes - 1))
        return (row.n if row else None), status

    def beside(self, step: Step1) -> tuple[int | None, Status] | None:
        """The next or the previous digest of the list, and what is shown of it: what `choose`
        takes. Before the first is All, and beyond is nothing."""
        place = -1 if self._scope is None else self._digest_places.get(self._scope, -1 - step)
        if not -1 <= place + step < len(self.digests):
            return None
        status = self.view.status if self._scope else "all"
        return (None if place + step == -1 else self.digests[place + step].n), status

    def move_digest(self, step: Step1) -> str:
        """Goes to the next or the previous digest of the list."""
        beside = self.beside(step)
        if beside is None:
            return "No digest further " + ("down" if step == 1 else "up")
        return self.choose(*beside)

    def go(self, row: int) -> str:
        """Puts the cursor on the paper at a row, or on the nearest below or above it."""
        row = min(max(row, 0), len(self.view.rows) - 1)
        below = self.view.next_stop(row - 1, 1)
        above = self.view.next_stop(row, -1)
        self.cursor = next((stop for stop in (below, above) if stop is not None), -1)
        return ""

    def point(self, row: int) -> str:
        """Puts the cursor on a row, the heading of a section included."""
        if 0 <= row < len(self.view.rows):
            self.cursor = row
        return ""

    def move(self, step: int) -> str:
        """Moves the cursor by papers and folded sections, and stops at the ends."""
        row, sign = self.cursor, 1 if step > 0 else -1
        for _ in range(abs(step)):
            stop = self.view.next_stop(row, sign) if row >= 0 else None
            if stop is None:
                break
            row = stop
        self.cursor = row
        return ""

    def move_section(self, step: Step1) -> str:
        """Moves to the first paper of the next or the previous section, or on it if folded."""
        place = self.view.section_at(self.cursor) + step
        if not 0 <= place < len(self.view.sections):
            return "No keyword further " + ("down" if step == 1 else "up")
        return self.go(self.view.sections[place].start)

    def fold(self) -> str:
        """Folds the section that the cursor is in, or unfolds it."""
        if not self.view.sections:
            return ""
        place = self.view.section_at(self.cursor)
        self._folded ^= {self.view.sections[place].name}
        self.view = self.view.folding(self._folded)
        section = self.view.sections[place]
        self.cursor = section.start if section.is_folded else section.start + 1
        return ""

    def move_unread(self, step: Step1) -> str:
        """Moves to the next or the previous unread paper, on into other digests if need be."""
        row = self._next_unread(self.cursor, step)
        if row is not None:
            self.cursor = row
            return ""
        folded = len(self._folded_away())
        stays = f"{_many(folded, 'unread paper')} folded away" if folded else ""
        if beyond := self.beyond(step):
            left = f" on {self.view.scope.day}" if self.view.scope else ""
            self.choose(beyond.n, self.view.status)
            first = -1 if step == 1 else len(self.view.rows)
            self.cursor = self._next_unread(first, step) or self.cursor
            return stays and stays + left
        if stays:
            return stays
        if self.unread:
            return "Nothing unread further " + ("down" if step == 1 else "up")
        return "Nothing unread is left here"

    def sort(self, order: Order) -> str:
        """Shows the papers of every view in another order."""
        self.order = order
        self._folded.clear()
        self._show(self._scope, self.view.status, self.view.text)
        return ""

    def speak(self, language: Language) -> None:
        """Shows papers in one language, or in both."""
        self.language = language

    def pack(self, compact: bool) -> None:
        """Gives each paper one line of the list, or two."""
        self.compact = compact

    def read(self) -> str:
        """Marks the paper read and moves on to the next unread; a read one unread, and stays."""
        card = self.current
        if card is None:
            return self._no_paper()
        if card.read:
            return self._decide("marked unread", [(card.id, READ, False)])
        return self._and_on(self._decide("marked read", [(card.id, READ, True)]))

    def star(self) -> str:
        """Stars an unread paper, which is then read, and moves on; toggles on a read one."""
        card = self.current
        if card is None:
            return self._no_paper()
        if card.read:
            label = "unstarred" if card.starred else "starred"
            return self._decide(label, [(card.id, STAR, not card.starred)])
        return self._and_on(self._decide("starred", [(card.id, STAR, True), (card.id, READ, True)]))

    def read_all(self) -> str:
        """Marks all that the view shows read, as one step."""
        shown = self._unread.of([number for number in self.view.rows if number >= 0])
        if not shown:
            folded = f", but for {self.unread} folded away" if self.unread else ""
            return f"Nothing unread here{folded}"
        ids = self.index.ids(shown)
        message = self._decide("marked read", [(id_, READ, True) for id_ in ids])
        return self._done() or message

    def mark(self, ids: Sequence[PaperId], field: str, value: bool) -> int:
        """Sets a field of papers, as one step; how many of them changed.

        Raises `NotSaved` where that cannot be written.
        """
        held = self._winners(ids)
        wanted = [
            (id_, field, value)
            for id_ in ids
            if (held[id_, field].value if (id_, field) in held else False) != value
        ]
        self._decide("marked", wanted)
        if self.library.store.pending:
            self.library.store.retry()
        return len(wanted)

    def undo(self) -> str:
        """Takes back the last step."""
        step = self._history.last
        if step is None:
            return "Nothing to undo"
        reversed_step, message = self._reverse(step, "undone")
        self._history = self._history.took_back(reversed_step)
        return message

    def redo(self) -> str:
        """Decides again what was taken back last."""
        step = self._history.next
        if step is None:
            return "Nothing to redo"
        reversed_step, message = self._reverse(step, "redone")
        self._history = self._history.redid(reversed_step)
        return message

    def retry(self) -> bool:
        """Tries again to save what could not be saved; whether anything now is."""
        if not self.library.store.pending:
            return False
        try:
            self.library.store.retry()
        except NotSaved as error:
            self._trouble = error.reason
            return False
        self.mirror()
        return True

    def look(self) -> bool:
        """Takes over what other windows and machines marked; whether there was anything."""
        elsewhere = self.index.changed_elsewhere()
        return (self._has_marks or elsewhere) and self.mirror(elsewhere)

    @property
    def _has_marks(self) -> bool:
        """Whether the journals hold what the index does not."""
        return self.library.store.changed(self.index.positions())

    def mirror(self, elsewhere: bool = False) -> bool:
        """Takes new marks of this and other windows and machines over; whether there were any.

        Another window of this machine shares the index: what it has mirrored is no news to the
        journals, and is known only by the index having changed `elsewhere`.
        """
        # What would take long is the watcher's, and is shown part by part as it comes.
        is_behind = self.is_behind
        try:
            touched = set() if is_behind else self.library.mirror_marks()
        except sqlite3.OperationalError:
            # Locked by another window, or its disk is full. The journals have everything, and
            # the next look tries again.
            return False
        if not is_behind:
            self.warning = self._warning()
            self._ahead = {change.key: change for change in self.library.store.pending}
        elsewhere = self.index.changed_elsewhere() or elsewhere
        if not touched and not elsewhere:
            return False
        if elsewhere:
            self.refresh()
            self._unread = self.index.unread(self._scope)
        else:
            self._recount(touched)
        self._count_unread(touched | {paper for paper, _ in self._ahead})
        return True

    @property
    def is_behind(self) -> bool:
        """Whether the journals hold so much that is new that it is not taken over at once."""
        return self.library.has_much_to_mirror

    def _warning(self) -> str:
        # A line that cannot be read is read once; a journal may come back.
        if self.index.unreadable:
            lines = _many(self.index.unreadable, "line")
            self._misread = f"{lines} of marks could not be read; digest-tui doctor tells which"
        if kept := len(self.index.kept()):
            marks = _many(kept, "mark")
            return f"In no journal any more, but kept: {marks}; digest-tui doctor tells more"
        return self._misread

    def _recount(self, papers: Collection[PaperId]) -> None:
        """Takes over the counts of the digests that list these papers."""
        for number, unread in self.index.unread_counts(papers):
            if row := self._row(number):
                self.digests[self._digest_places[number]] = replace(row, unread=unread)
        self._look_again()

    def found(self, query: q.Query) -> Iterator[Holding]:
        """The papers of the whole library that a query finds, in digest order."""
        return self._holdings(self.index.found(query, self.today()))

    def holdings(self, choice: Selection) -> Iterator[Holding]:
        """The papers that an export writes, in the order in which they are shown."""
        match choice:
            case "here":
                return self._holdings(card.n for card in self.starred_here())
            case "starred":
                return self.found(q.Is("starred"))
            case "paper":
                return self._holdings([self.current.n] if self.current else [])
        sections = self.view.sections
        return self._holdings(dict.fromkeys(n for section in sections for n in section.numbers))

    def counts(self) -> dict[Selection, int]:
        """How many papers each choice of an export writes."""
        return {
            "here": self.starred,
            "starred": self.totals.starred,
            "view": self.view.papers,
            "paper": int(self.current is not None),
        }

    def export(
        self, choice: Selection, format_: str, path: Path, languages: Language = "both"
    ) -> str:
        """Writes papers to a file and says where they went. Raises `OSError`."""
        return self.write(self.holdings(choice), format_, path, languages)

    def write(
        self, holdings: Iterable[Holding], format_: str, path: Path, languages: Language
    ) -> str:
        """Writes papers to a file, of which one at a time is held, and says where they went.

        Raises `OSError`.
        """
        written = 0

        def each() -> Iterator[Holding]:
            nonlocal written
            for holding in holdings:
                written += 1
                yield in_languages(holding, languages)

        write_file(path, FORMATS[format_].write(each()))
        return f"{_many(written, 'paper')} written to {path}"

    def copies(self) -> dict[str, str]:
        """What can be copied of the paper, each text by its name; nothing without a paper."""
        from digest_tui.export.bibtex import citation
        from digest_tui.export.markdown import block

        holding = self.holding()
        if holding is None:
            return {}
        paper = holding.paper
        texts = {
            "id": "" if paper.id.startswith("title:") else paper.id,
            "link": paper.abs_link,
            "PDF link": paper.pdf_link,
            "title": latex.render(paper.title or paper.title_zh),
            "BibTeX": citation(holding),
            "Markdown": block(holding),
        }
        return {name: text for name, text in texts.items() if text}

    def facets(self) -> Iterator[tuple[FacetField, list[Facet]]]:
        """What the papers found could be narrowed to, field by field as they are counted.

        A field's own choice does not narrow its facets: another value is one more to choose.
        """
        view, papers = self.view, dict[q.Query, PaperSet | None]()
        for field in FACETS:
            taken = {q.fold(value): value for value in chosen(view.text, field)}
            others = q.parse(choosing(view.text, field, ())).query
            if others not in papers:
                papers[others] = self.index.papers(self._scope, view.status, others, self.today())
            rows = self.index.facets(field, papers[others])
            if taken:
                folded = [q.fold(row.value) for row in rows]
                rows = [
                    replace(row, is_chosen=value in taken)
                    for row, value in zip(rows, folded, strict=True)
                ]
                typed = [value for key, value in taken.items() if key not in folded]
                rows[:0] = [Facet(v, v, self._found_by(field, v), True) for v in typed]
            yield field, rows

    def _found_by(self, field: FacetField, value: str) -> int:
        """How many papers of the view's scope one value of a field would leave."""
        wanted = q.parse(choosing(self.view.text, field, [value])).query
        return self.index.count(self._scope, self.view.status, wanted, self.today())

    def candidates(self, at: Completing) -> list[Candidate]:
        """What could stand in the place of what is being typed in a query."""
        if at.field is None:
            return [Candidate(f"{f.name}:", f"{f.name}: {f.finds}") for f in field_names(at.typed)]
        return self.index.candidates(at.field, at.typed, self._scope)

    def _holdings(self, numbers: Iterable[int]) -> Iterator[Holding]:
        """Papers whole, without those whose digest has gone since the view was built."""
        return self.index.holdings(numbers)

    def _row(self, digest: int | None) -> DigestRow | None:
        place = None if digest is None else self._digest_places.get(digest)
        return None if place is None else self.digests[place]

    @property
    def _scope(self) -> int | None:
        return self.view.scope.n if self.view.scope else None

    def _answer(self, text: str, span: Span | None) -> Answer:
        """What a query finds: it is not asked again before anything has changed."""
        if known := self._known(text, span):
            return known
        answer = self.index.answer(q.parse(text).query, self.today(), span)
        self.know(text, answer)
        return answer

    def _show(self, digest: int | None, status: Status, text: str) -> None:
        """Builds a view; the cursor stays on its paper where that is still shown."""
        cursor = self.cursor
        before = self.view.rows[cursor] if cursor >= 0 else -1
        heading = self.view.heading_at(cursor)
        stays = digest == self._scope
        if not stays:
            self._folded.clear()
        self.view = self._build(digest, status, text)
        self._cards.clear()
        self.cursor = -1
        places = list(self.view.rows_of(before)) if stays and before >= 0 else []
        if places:
            self.cursor = min(places, key=lambda row: abs(row - cursor))
        elif stays and heading and (section := self.view.section_named(heading.name)):
            self.cursor = section.start
        elif self.view.papers:
            first = self._next_unread(-1, 1)
            self.go(0 if first is None else first)

    def _build(self, digest: int | None, status: Status, text: str) -> View:
        self._list(digest)
        answer = self._answer(text, None if digest is None else self._listed_papers.span)
        papers, sections = self._listed_papers, self._places
        if status == "unread":
            papers = papers & self._unread
        elif status == "starred":
            papers = papers & self._starred()
        if answer.papers is not None:
            papers = papers & answer.papers
        if len(papers) < len(self._listed_papers):
            kept = ((name, papers.of(numbers)) for name, numbers in sections.items())
            sections = {name: numbers for name, numbers in kept if numbers}
        if self.order == "unread":
            sections = {name: self._unread.first(numbers) for name, numbers in sections.items()}
        hints = q.parse(text).hints
        view = View(self._row(digest), status, text, answer.query, hints, self.order, papers)
        return view.laid_out(sections, self._folded)

    def _list(self, digest: int | None) -> None:
        """Fetches the papers of a scope in its order, unless that is what is here already."""
        wanted = digest, self.order
        if wanted == self._listed:
            return
        self._places = self.index.places(digest, self.order)
        self._listed_papers = PaperSet(*self._places.values())
        self._listed_digest = digest
        self._unread = self.index.unread(digest)
        self._count_unread({paper for paper, _ in self._ahead})
        self._listed = wanted

    def _fetch(self, row: int) -> None:
        """Fetches the rows around one: about a screen of them, in one query."""
        near = [n for n in self.view.rows[max(row - 60, 0) : row + 60] if n >= 0]
        if len(self._cards) > 2_000:
            self._cards.clear()
        self._cards.update({card.n: card for card in self._cards_of(near)})

    def _cards_of(self, numbers: Iterable[int]) -> Iterator[Card]:
        for card in self.index.cards(list(numbers)).values():
            read, star = self._ahead.get((card.id, READ)), self._ahead.get((card.id, STAR))
            yield replace(
                card,
                read=read.value is True if read else card.read,
                starred=star.value is True if star else card.starred,
            )

    def _next_unread(self, row: int, step: Step1) -> int | None:
        end = len(self.view.rows) if step == 1 else -1
        rows = range(row + step, end, step) if self.unread else ()
        return next((r for r in rows if self.view.rows[r] in self._unread), None)

    def _folded_away(self) -> set[int]:
        """The unread papers of the view that stand in folded sections only."""
        folded = (s.numbers for s in self.view.sections if s.is_folded)
        unread = set(chain.from_iterable(map(self._unread.of, folded)))
        return unread.difference(self.view.rows) if unread else unread

    def _and_on(self, message: str) -> str:
        if done := self._done():
            return done
        before = self.view.scope
        further = self.move_unread(1)
        if self.view.scope != before and self.view.scope and before:
            further = f"on to {self.view.scope.day}" if self.view.scope.n != before.n else ""
        return " · ".join(part for part in (message, further) if part)

    def _done(self) -> str:
        """Says so where nothing of the scope is left to decide."""
        decided, papers = self.decided
        if decided < papers:
            return ""
        self._is_done = True
        starred = self.starred
        told = f"All {papers:,} decided, {starred:,} starred"
        export = f"{self.keys['export']} exports them" if starred and "export" in self.keys else ""
        return " · ".join(filter(None, (told, export, self._undoes())))

    def _no_paper(self) -> str:
        """Why there is nothing to decide on."""
        if self.heading:
            return "No paper, but a keyword" if self.heading.name else "No paper"
        if not self.is_done:
            return ""
        can_go_on = "next-unread" in self.keys and self.beyond(1)
        goes_on = f"{self.keys['next-unread']} goes on" if can_go_on else ""
        return " · ".join(filter(None, ("All is decided here", goes_on, self._undoes())))

    def _undoes(self) -> str:
        return f"{self.keys['undo']} undoes" if "undo" in self.keys else ""

    def _winners(self, papers: Iterable[PaperId]) -> Mapping[Key, Change]:
        """The changes that hold for the fields of these papers."""
        return self.index.winners(papers) | self._ahead

    def _decide(self, label: str, wanted: Sequence[tuple[PaperId, str, bool]]) -> str:
        # What is replaced, and what an undo brings back, is what holds on every machine by now.
        if self._has_marks:
            self.mirror()
        held = self._winners({paper for paper, _, _ in wanted})
        decisions = [
            Decision(paper, field, value, held.get((paper, field)))
            for paper, field, value in wanted
        ]
        self._decided_in.update({paper: self._scope for paper, _, _ in wanted})
        changes = self._write(decisions)
        self._history = self._history.did(Step.of(label, decisions, changes))
        papers = len({paper for paper, _, _ in wanted})
        told = f"{_many(papers, 'paper')} {label}"
        return " · ".join(filter(None, (told, self._undoes())))

    def _reverse(self, step: Step, done: str) -> tuple[Step, str]:
        # What another machine decided a moment ago is not taken back with it.
        if self._has_marks:
            self.mirror()
        decisions = step.reversal(self._winners({change.paper for change, _ in step.changes}))
        elsewhere = len(step.changes) - len(decisions)
        reversed_step = Step.of(step.label, decisions, self._write(decisions))
        papers = list(dict.fromkeys(decision.paper for decision in decisions))
        if not papers:
            return reversed_step, f"“{step.label}” is not {done}: it was changed elsewhere since"
        if len(papers) == 1:
            self._look_at(papers[0])
        message = f"{_many(len(papers), 'paper')} {step.label}: {done}"
        return reversed_step, message + (f" · {elsewhere} changed elsewhere" if elsewhere else "")

    def _look_at(self, paper: PaperId) -> None:
        """Puts the cursor back on the paper that was undone, in the digest where it was decided."""
        number = self.index.numbers([paper]).get(paper)
        if number is None:
            return
        if number in self.view.numbers and number not in self.view.rows:
            self._folded -= {s.name for s in self.view.sections if number in s.numbers}
            self.view = self.view.folding(self._folded)
        if number not in self.view.rows and paper in self._decided_in:
            self._show(self._decided_in[paper], self.view.status, self.view.text)
        self.cursor = next(self.view.rows_of(number), self.cursor)

    def _write(self, decisions: Sequence[Decision]) -> tuple[Change, ...]:
        """Writes decisions to the journal. What cannot be written stays pending, and is shown."""
        try:
            changes = self.library.store.write(decisions)
        except NotSaved as error:
            self._trouble = error.reason
            changes = error.changes
        self._ahead.update({change.key: change for change in changes})
        if not self.mirror():
            self.revision += 1
            self._cards.clear()
            self._count_unread({d.paper for d in decisions})
        return changes

    def _count_unread(self, papers: Iterable[PaperId]) -> None:
        """Takes over whether these papers are read, as far as the scope lists them."""
        for id_, number, is_read in self.index.states(papers):
            ahead = self._ahead.get((id_, READ))
            is_unread = not (ahead.value is True if ahead else is_read)
            self._unread.put(number, is_unread and self._lists(number))

    def _lists(self, number: int) -> bool:
        """Whether the scope lists a paper."""
        return self._listed_digest is None or number in self._listed_papers


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
