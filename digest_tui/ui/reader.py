"""The paper: both titles, who and where, and both abstracts, typeset to the width at hand.

The page is laid out once a paper and width, as plain segments; scrolling draws lines of it.
Weight, shade and space tell its parts apart, not labels, which would push the abstract off a
small screen. Where the width allows it the languages stand side by side, else one below the
other. What a digest does not give is said, never left blank; what is folded, or longer than any
paper, is counted.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, chain, zip_longest

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from digest_tui import query as q
from digest_tui.export import Language
from digest_tui.paper import Holding, has_han
from digest_tui.printable import printable, printable_lines
from digest_tui.ui.glyphs import UNICODE, Glyphs
from digest_tui.ui.text import MOST, segments, strip_of, typeset, wrap
from digest_tui.ui.viewport import fit, redraw, scroll

MEASURE = 88
"""Cells. Lines of text are no longer than this, however wide the terminal."""
COLUMN = 44
"""Cells. Two abstracts stand side by side where each gets at least this."""
GAP = 4
AUTHOR_LINES = 2
"""Authors that need more lines than this are folded."""
SEEN = 3
"""Other digests that are told one by one; the rest of them is folded."""

UNBROKEN = {ord(" "): "\u00a0", ord("-"): "\u2011"}
"""Signs at which a line may be broken to signs of the same width at which none is."""
DRAWN = {ord(sign): chr(code) for code, sign in UNBROKEN.items()}
FILLER = "this https URL"
"""What arXiv's listings put in the place of a link: one thing, and kept on one line."""

Line = list[Segment]
Painted = list[tuple[int, int, Style]]
"""Stretches of a text that look different: where each starts and ends, and how it looks."""

_EMPHASES = {"bold": Style(bold=True), "italic": Style(italic=True), "caps": Style(bold=True)}
# A line break where a sentence goes on. Most digests break no lines, some break all of them.
_SOFT_BREAK = re.compile(r"(?<=[^\s.:;?!。：；？！])\n(?=[^\s•*-])")


@dataclass(frozen=True, slots=True)
class Styles:
    """How the parts of the page look."""

    text: Style
    muted: Style
    heading: Style
    star: Style
    keyword: Style
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

    def __init__(self, *, id: str, glyphs: Glyphs = UNICODE) -> None:
        super().__init__(id=id)
        self.border_title = "paper"
        self.authors_key = "a"
        """The key that unfolds, as the page tells it; empty where there is none to tell."""
        self._glyphs = glyphs
        self._holding: Holding | None = None
        self._query: q.Query = q.Everything()
        self._language: Language = "both"
        self._words = ""
        self._source: str | None = None
        self._is_unfolded = False
        self._lines: list[Line] = []
        self._strips: dict[int, Strip] = {}
        """Of the lines that were on screen: to make them all would double the time of a key."""
        self._ground = Style()
        self._painted: dict[int, Strip] = {}
        self._progress = ""
        """What the border tells of it."""
        self._width = 0
        """That the lines are laid out for."""

    def show(
        self,
        holding: Holding | None,
        query: q.Query,
        language: Language,
        words: str,
        source: str | None = None,
    ) -> None:
        """Shows a paper from its top, or stays where it is in the one that is shown already.

        `words` stand where there is no paper; a `source` in the place of the typeset page.
        """
        same = holding and self._holding and holding.paper.id == self._holding.paper.id
        if (source is None) != (self._source is None):
            # A title that is set, even to what it was, has the whole pane drawn again.
            title = "paper" if source is None else f"paper {self._glyphs.dot} source"
            self.border_title = Content(title)
        self._holding, self._query, self._language = holding, query, language
        self._words, self._source = words, source
        if not same:
            self._is_unfolded = False
        self._lay_out()
        if not same:
            scroll(self, 0)
        redraw(self, self._painted, self._line)

    def unfold(self) -> None:
        """Shows all that is folded in this paper, or folds it again."""
        self._is_unfolded = not self._is_unfolded
        self._lay_out()
        redraw(self, self._painted, self._line)

    def on_resize(self) -> None:
        if self._width != self.scrollable_content_region.width:
            self._lay_out()
        # Where the page was laid out for a frame, that frame had its border already.
        self._progress = "?"
        self._tell_progress()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._tell_progress()

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

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some lines of the pane, its border included."""
        if self._width != self.scrollable_content_region.width:
            # The first frame comes before the pane is told its size.
            self._lay_out()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One line of the page at the present scroll position."""
        self._painted[y] = self._line(y)
        return self._painted[y]

    def _line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        if row not in self._strips:
            line = self._lines[row] if row < len(self._lines) else []
            self._strips[row] = strip_of(line, self._width, self._ground)
        return self._strips[row]

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
        self._lines = list(self._content(width, styles))
        self._strips.clear()
        self._ground = styles.text
        fit(self, len(self._lines))
        self._tell_progress()

    def _content(self, width: int, styles: Styles) -> Iterator[Line]:
        if self._holding is None:
            return said(self._words, min(width, MEASURE), styles)
        if self._source is not None:
            return self._source_lines(self._source, min(width, MEASURE), styles)
        page = Page(
            self._holding,
            self._language,
            self._query,
            q.any_of(map(q.keyword_query, self._holding.keywords)),
            styles,
            self._glyphs,
            self.authors_key,
            self._is_unfolded,
        )
        return page.lines(width)

    def _source_lines(self, source: str, width: int, styles: Styles) -> Iterator[Line]:
        if not source:
            unreadable = "The digest that lists this paper cannot be read now."
            return _wrapped(unreadable, width, styles.missing)
        rest = _rest(len(source) - MOST, "characters", width, styles.muted, self._glyphs)
        return chain(_wrapped(source[:MOST], width, styles.text), rest)

    def _tell_progress(self) -> None:
        """Tells in the border how far down the page is, unless all of it is on screen."""
        most = self.max_scroll_y
        progress = f"{100 * self.scroll_offset.y // most}%" if most else ""
        if progress != self._progress:
            # A subtitle that is set, even to what it was, has the whole pane drawn again.
            self._progress = progress
            self.border_subtitle = Content(progress)


def said(words: str, width: int, styles: Styles) -> Iterator[Line]:
    """Words in place of a paper; the first of several paragraphs is the heading of the others."""
    first, _, others = words.partition("\n\n")
    if not others:
        return _wrapped(words, width, styles.missing)
    return chain(_wrapped(first, width, styles.title), [[]], _wrapped(others, width, styles.text))


@dataclass(frozen=True, slots=True)
class _Abstract:
    """An abstract in one of its languages. Without this line Python makes one, slowly."""

    heading: str
    text: str
    column: q.Column
    name: str
    """What is missing where the text is empty."""


@dataclass(frozen=True, slots=True)
class Page:
    """A typeset paper: what is shown of it, and how."""

    holding: Holding
    language: Language
    query: q.Query
    keywords: q.Query
    """What of the keywords that brought the paper here is told apart."""
    styles: Styles
    glyphs: Glyphs = UNICODE
    key: str = ""
    """The key that unfolds; empty where there is none to tell."""
    is_unfolded: bool = False

    def lines(self, width: int) -> Iterator[Line]:
        """The lines of the page, none wider than `width` cells."""
        measure = min(width, MEASURE)
        yield from self._titles(measure)
        yield []
        yield from self._authors(measure)
        yield from self._subjects(measure)
        yield from self._places(measure)
        yield from self._seen(measure)
        yield []
        yield from self._abstracts(width)

    def _titles(self, width: int) -> Iterator[Line]:
        paper = self.holding.paper
        titles: list[tuple[str, q.Column, str]] = [(paper.title, "title", "title")]
        # Where there is no Chinese at all, the place of the abstract says so.
        if self.language != "en" and (paper.title_zh or paper.abstract_zh):
            titles.append((paper.title_zh, "title_zh", "Chinese title"))
        if self.language == "zh":
            titles.reverse()
        style = self.styles.title
        for text, column, name in titles:
            if text:
                yield from self._typeset(text, column, width, style)
                style = self.styles.text
            else:
                yield from self._lacking(name, width)

    def _authors(self, width: int) -> Iterator[Line]:
        authors = self.holding.paper.authors
        if not authors:
            yield from self._lacking("authors", width)
            return
        # A name is broken only where it is wider than the line.
        within = bisect_right(list(accumulate(map(len, authors))), MOST)
        names = [typeset(a).text.translate(UNBROKEN) for a in authors[: max(within, 1)]]
        more = len(authors) - len(names)
        text = ", ".join(names)
        shown = len(text)
        painted = _found(self.query, text, "authors", self.styles.match)
        if not self.is_unfolded:
            folded, end = self._folded(names, more, width)
            # What was searched for is never folded away.
            if all(stop <= end for _, stop, _ in painted):
                text, shown = folded, end
                painted.append((shown, len(text), self.styles.muted))
        drawn = text.translate(DRAWN)
        for span in wrap(text, width):
            yield segments(drawn, span, self.styles.text, painted)
        if shown == len(text):
            yield from _rest(more, "authors", width, self.styles.muted, self.glyphs)

    def _folded(self, names: Sequence[str], more: int, width: int) -> tuple[str, int]:
        """As many names as fit, the others and `more` counted; and where the names end."""
        text, most = ", ".join(names), AUTHOR_LINES + 1
        # One line more says more than the number of those that are left out for it.
        fits = len(text) <= most * width and len(wrap(text, width)) <= most
        if fits or len(names) == 1:
            return text, len(text)
        ends = accumulate(len(name) + 2 for name in names)
        first = sum(end <= AUTHOR_LINES * (width + 2) for end in ends)
        for count in range(min(max(first, 1), len(names) - 1), 0, -1):
            text = ", ".join(names[:count])
            shown = len(text)
            text += f" {self.glyphs.cut} +{len(names) - count + more} more{self._key}"
            spans = wrap(text, width)
            if len(spans) <= AUTHOR_LINES and spans[-1][0] < shown:
                break
        return text, shown

    @property
    def _key(self) -> str:
        return f" ({self.key})" if self.key else ""

    def _subjects(self, width: int) -> Iterator[Line]:
        subjects = self.holding.paper.subjects
        if not subjects:
            return self._lacking("subjects", width)
        code, name = self.styles.text, self.styles.muted
        return self._row(
            [
                [Segment(s.code, code), Segment(f" {s.name}".rstrip() if s.code else s.name, name)]
                for s in subjects
            ],
            width,
        )

    def _places(self, width: int) -> Iterator[Line]:
        """Where the paper is listed and found, and what was decided of it."""
        paper, muted = self.holding.paper, self.styles.muted
        newest = self.holding.digests[:1]
        state = "read" if self.holding.read else f"{self.glyphs.unread} unread"
        row = [[Segment(state, muted)]]
        if self.holding.starred:
            row.append([Segment(self.glyphs.star, self.styles.star)])
        keywords = self._keywords(newest)
        row += [[Segment(keyword, self.styles.keyword)] for keyword in keywords]
        if not keywords:
            row.append([Segment("no keyword", self.styles.missing)])
        row += [[Segment(str(day), muted)] for day in newest]
        if paper.is_on_arxiv:
            # Made of the id, so that a terminal may follow them, over SSH too.
            for link, short in ((paper.abs_link, paper.abs_link[8:]), (paper.pdf_link, "PDF")):
                row.append([Segment(short, muted + Style(link=link))])
        else:
            row += [[Segment("no arXiv id", muted)]]
            row += [self._link(paper.abs_link, "page"), self._link(paper.pdf_link, "PDF")]
        return self._row(row, width)

    def _link(self, url: str, name: str) -> Line:
        """A link of the digest, which may lead anywhere: in full, and as text."""
        if not url:
            return [Segment(f"no {name} link in this digest", self.styles.missing)]
        return [Segment(url, self.styles.muted)]

    def _seen(self, width: int) -> Iterator[Line]:
        """The other digests that list the paper."""
        others = self.holding.digests[1:]
        shown = others if self.is_unfolded else others[:SEEN]
        for day in shown:
            keywords = ", ".join(self._keywords([day])) or "no keyword"
            yield from _wrapped(f"Seen {day} under {keywords}", width, self.styles.muted)
        if more := len(others) - len(shown):
            digests = "digest" if more == 1 else "digests"
            text = f"{self.glyphs.cut} and {more} more {digests}{self._key}"
            yield from _wrapped(text, width, self.styles.muted)

    def _keywords(self, days: Sequence[date]) -> list[str]:
        return [keyword for day, keyword in self.holding.listed if day in days and keyword]

    def _abstracts(self, width: int) -> Iterator[Line]:
        paper = self.holding.paper
        lacks = "abstract" if paper.title_zh else "title or abstract"
        columns = [
            _Abstract("Abstract", paper.abstract, "abstract", "abstract"),
            _Abstract("摘要", paper.abstract_zh, "abstract_zh", f"Chinese {lacks}"),
        ]
        if self.language == "zh":
            columns.reverse()
        # A language that is missing is told, and the other one takes its place.
        if self.language != "both" and (columns[0].text or not columns[1].text):
            del columns[1]
        if len(columns) == 2 and width >= 2 * COLUMN + GAP and all(c.text for c in columns):
            yield from self._side_by_side(columns, min((width - GAP) // 2, MEASURE))
            return
        for number, column in enumerate(columns):
            if number:
                yield []
            yield from self._abstract(column, min(width, MEASURE))

    def _side_by_side(self, columns: Sequence[_Abstract], width: int) -> Iterator[Line]:
        left, right = (list(self._abstract(column, width)) for column in columns)
        for left_line, right_line in zip_longest(left, right, fillvalue=()):
            gap = Segment(" " * (width + GAP - _cells(left_line)), self.styles.text)
            yield [*left_line, gap, *right_line]

    def _abstract(self, column: _Abstract, width: int) -> Iterator[Line]:
        yield from _wrapped(column.heading, width, self.styles.heading)
        if column.text:
            yield from self._typeset(column.text, column.column, width, self.styles.text)
        else:
            yield from self._lacking(column.name, width)

    def _typeset(self, source: str, column: q.Column, width: int, style: Style) -> Iterator[Line]:
        """The lines of a text, its LaTeX rendered and what was looked for told apart."""
        shown = typeset(_SOFT_BREAK.sub(_joint, source[:MOST]))
        text = shown.text
        painted = [(start, end, _EMPHASES[what]) for start, end, what in shown.emphases]
        painted += _found(self.keywords, text, column, self.styles.keyword)
        painted += _found(self.query, text, column, self.styles.match)
        rest = _rest(len(source) - MOST, "characters", width, self.styles.muted, self.glyphs)
        return chain(_wrapped(text, width, style, painted), rest)

    def _lacking(self, name: str, width: int) -> Iterator[Line]:
        return _wrapped(f"no {name} in this digest", width, self.styles.missing)

    def _row(self, parts: Iterable[Line], width: int) -> Iterator[Line]:
        """What stands in a row, with dots between; what fits on one line is not broken."""
        dot = Segment(f" {self.glyphs.dot} ", self.styles.muted)
        line: Line = []
        for written in parts:
            part = [Segment(printable(segment.text[:MOST]), segment.style) for segment in written]
            if line and _cells([*line, dot, *part]) <= width:
                line += [dot, *part]
                continue
            if line:
                yield line
            *full, line = _broken(part, width)
            yield from full
        yield line


def _found(query: q.Query, text: str, column: q.Column, style: Style) -> Painted:
    return [(start, end, style) for start, end in q.highlights(query, text, column)]


def _wrapped(
    text: str, width: int, style: Style, painted: Sequence[tuple[int, int, Style]] = ()
) -> Iterator[Line]:
    text = printable_lines(text)
    spans = wrap(text.replace(FILLER, FILLER.translate(UNBROKEN)), width)
    return (segments(text, span, style, painted) for span in spans)


def _rest(more: int, what: str, width: int, style: Style, glyphs: Glyphs) -> Iterator[Line]:
    """What is longer than any paper goes on, and where."""
    if more > 0:
        text = f"{glyphs.cut} and {more:,} more {what}: an export has them all"
        yield from _wrapped(text, width, style)


def _broken(line: Line, width: int) -> list[Line]:
    """A line as lines of that width."""
    text = "".join(segment.text for segment in line)
    ends = accumulate(len(segment.text) for segment in line)
    painted = [
        (end - len(segment.text), end, segment.style)
        for segment, end in zip(line, ends, strict=True)
        if segment.style
    ]
    return list(_wrapped(text, width, Style(), painted))


def _cells(line: Iterable[Segment]) -> int:
    return sum(segment.cell_length for segment in line)


def _joint(line_break: re.Match[str]) -> str:
    """What joins two lines of a sentence: Chinese is written without blanks."""
    return "" if has_han(line_break.string[line_break.start() - 1]) else " "
