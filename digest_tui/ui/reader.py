"""The paper: both titles, who and where, and both abstracts, typeset to the width at hand.

The page is laid out once a paper and width, as plain segments; scrolling draws lines of it.
Where the width allows it the languages stand side by side, else one below the other. What a
digest does not give is said, never left blank.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.scroll_view import ScrollView
from textual.strip import Strip

from digest_tui import latex
from digest_tui import query as q
from digest_tui.paper import Holding
from digest_tui.session import Language
from digest_tui.ui.text import clip, segments, strip_of, wrap
from digest_tui.ui.viewport import fit, redraw, scroll

MEASURE = 88
"""Cells. Lines of text are no longer than this, however wide the terminal."""
COLUMN = 44
"""Cells. Two abstracts stand side by side where each gets at least this."""
GAP = 3
_STARRED = " · ★ starred"
LABEL = 10

Line = list[Segment]


@dataclass(frozen=True, slots=True)
class Styles:
    """How the parts of the page look."""

    text: Style
    muted: Style
    heading: Style
    star: Style
    match: Style

    @property
    def title(self) -> Style:
        return self.text + Style(bold=True)

    @property
    def missing(self) -> Style:
        return self.muted + Style(italic=True)


class Reader(ScrollView, can_focus=True, inherit_bindings=False):
    """One paper, or a few words where there is none."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {f"reader--{name}" for name in Styles.__dataclass_fields__}

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.border_title = "paper"
        self._holding: Holding | None = None
        self._query: q.Query = q.Everything()
        self._language: Language = "both"
        self._words = ""
        self._lines: list[Strip] = []
        self._blank = Strip([])
        self._painted: dict[int, Strip] = {}
        self._width = 0
        """That the lines are laid out for."""

    def show(self, holding: Holding | None, query: q.Query, language: Language, words: str) -> None:
        """Shows a paper from its top, or stays where it is in the one that is shown already."""
        same = holding and self._holding and holding.paper.id == self._holding.paper.id
        self._holding, self._query, self._language = holding, query, language
        self._words = words
        self._lay_out()
        if not same:
            scroll(self, 0)
        redraw(self, self._painted, self._line)

    def on_resize(self) -> None:
        if self._width != self.scrollable_content_region.width:
            self._lay_out()

    def notify_style_update(self) -> None:
        """A theme was chosen: the page holds its colors, and is laid out anew when it is drawn.

        Not at once: the styles of its parts come after its own.
        """
        super().notify_style_update()
        self._width = 0

    @property
    def at_end(self) -> bool:
        """Whether the last line is on screen."""
        return self.scroll_offset.y >= self.max_scroll_y

    def scroll_by(self, lines: int) -> None:
        """Scrolls at once, by so many lines down or (negative) up."""
        scroll(self, self.scroll_offset.y + lines)

    @property
    def page(self) -> int:
        """How many lines a page moves: two fewer than are shown, for the eye to go on from."""
        return max(self.scrollable_content_region.height - 2, 1)

    def render_line(self, y: int) -> Strip:
        """One line of the page at the present scroll position."""
        self._painted[y] = self._line(y)
        return self._painted[y]

    def _line(self, y: int) -> Strip:
        if self._width != self.scrollable_content_region.width:
            # The first frame comes before the pane is told its size.
            self._lay_out()
        row = y + self.scroll_offset.y
        return self._lines[row] if row < len(self._lines) else self._blank

    def _lay_out(self) -> None:
        self._width = self.scrollable_content_region.width
        width = self._width - 1
        if width < 1:
            return
        styles = Styles(
            *(
                self.get_component_rich_style(f"reader--{name}")
                for name in Styles.__dataclass_fields__
            )
        )
        if self._holding is None:
            spans = wrap(self._words, min(width, MEASURE))
            lines = iter([[Segment(self._words[a:b], styles.missing)] for a, b in spans])
        else:
            lines = page(self._holding, width, self._language, self._query, styles)
        self._lines = [strip_of(line, self._width, styles.text) for line in lines]
        self._blank = Strip.blank(self._width, styles.text)
        fit(self, len(self._lines))


def page(
    holding: Holding, width: int, language: Language, query: q.Query, styles: Styles
) -> Iterator[Line]:
    """The lines of a paper's page, none wider than `width` cells."""
    yield from _head(holding, min(width, MEASURE), language, query, styles)
    yield []
    paper = holding.paper
    columns = [
        _Abstract("Abstract", paper.abstract, "abstract", "no abstract in this digest"),
        _Abstract("摘要", paper.abstract_zh, "abstract_zh", "no Chinese abstract in this digest"),
    ]
    if language != "both":
        columns = [columns[0 if language == "en" else 1]]
    if len(columns) == 2 and width >= 2 * COLUMN + GAP and paper.abstract and paper.abstract_zh:
        yield from _side_by_side(columns, min((width - GAP) // 2, MEASURE), query, styles)
        return
    for number, column in enumerate(columns):
        if number:
            yield []
        yield from column.lines(min(width, MEASURE), query, styles)


@dataclass(frozen=True, slots=True)
class _Abstract:
    heading: str
    text: str
    column: q.Column
    missing: str

    def lines(self, width: int, query: q.Query, styles: Styles) -> Iterator[Line]:
        yield [Segment(clip(self.heading, width), styles.heading)]
        if self.text:
            yield from _paragraph(self.text, self.column, width, query, styles.text, styles.match)
        else:
            yield from _paragraph(self.missing, None, width, query, styles.missing, styles.match)


def _side_by_side(
    columns: Sequence[_Abstract], width: int, query: q.Query, styles: Styles
) -> Iterator[Line]:
    left, right = (list(column.lines(width, query, styles)) for column in columns)
    for left_line, right_line in zip_longest(left, right, fillvalue=()):
        used = sum(cell_len(segment.text) for segment in left_line)
        gap = Segment(" " * (width + GAP - used), styles.text)
        yield [*left_line, gap, *right_line]


def _head(
    holding: Holding, width: int, language: Language, query: q.Query, styles: Styles
) -> Iterator[Line]:
    paper = holding.paper
    titles: list[tuple[str, q.Column]] = [(paper.title or "no title in this digest", "title")]
    if paper.title_zh and language != "en":
        titles.append((paper.title_zh, "title_zh"))
    if language == "zh":
        titles.reverse()
    for text, column in titles:
        yield from _paragraph(text, column, width, query, styles.title, styles.match)
    yield []
    yield from _state(holding, width, styles)
    authors = ", ".join(paper.authors)
    subjects = " · ".join(f"{s.name} {s.code}".strip() for s in paper.subjects)
    fields: list[tuple[str, str, q.Column | None]] = [
        ("Authors", authors or "not in this digest", "authors"),
        ("Subjects", subjects or "not in this digest", None),
        ("Keywords", " · ".join(filter(None, holding.keywords)) or "none", None),
        ("Digests", " · ".join(str(day) for day in holding.digests), None),
        ("Page", paper.abs_url or "not in this digest", None),
        ("PDF", paper.pdf_url or "not in this digest", None),
    ]
    for label, text, field_column in fields:
        indent = LABEL if width >= 40 else 0
        lines = _paragraph(text, field_column, width - indent, query, styles.text, styles.match)
        for number, line in enumerate(lines):
            name = label if number == 0 else ""
            yield [Segment(name.ljust(indent), styles.muted), *line] if indent else line


def _state(holding: Holding, width: int, styles: Styles) -> Iterator[Line]:
    id_ = "no arXiv id" if holding.paper.id.startswith("title:") else holding.paper.id
    text = f"{id_} · {'read' if holding.read else '● unread'}"
    star = (len(text), len(text) + len(_STARRED))
    if holding.starred:
        text += _STARRED
    for span in wrap(text, width):
        yield segments(text, span, styles.muted, [star], styles.star)


def _paragraph(
    source: str, column: q.Column | None, width: int, query: q.Query, style: Style, match: Style
) -> Iterator[Line]:
    text = latex.render(source)
    marked = q.highlights(query, text, column) if column else ()
    for span in wrap(text, width):
        yield segments(text, span, style, marked, match)
