"""Text in cells: wrapped, clipped and painted, never interpreted.

Widths are counted in terminal cells, a Chinese character being two. Text from a digest becomes
`Segment`s here and reaches no markup parser: a title such as `[Re] …` stays what it is. Nor does
it reach the terminal other than `printable`: every line of every widget goes through `Harmless`.

Lines are filled greedily and broken by the rules of Chinese typesetting (W3C, Requirements for
Chinese Text Layout, section 3.1; GB/T 15834): between any two Chinese characters, but no line
starts with closing punctuation or ends with opening punctuation, and a Latin word or a number is
cut only where it is longer than the line. No paragraph ends in a line of one character.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate, pairwise

from rich.cells import cell_len, get_character_cell_size, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from digest_tui import latex
from digest_tui.printable import printable, printable_lines

MOST = 50_000
"""Characters of a text that are set at most, of which a page may hold three: enough for the names
of three thousand authors, and still no key waits for it."""

Span = tuple[int, int]
"""Where a piece of a text starts and ends, in characters."""

# The rules are written for the shape of a text: ASCII is itself, letters and digits are `A`, `a`
# and `0`, `¤` is a character two cells wide, `¸` one without width, `\x85` a wide blank, `+` all
# else but what follows.
_KINDS = {
    character: kind
    for kind, characters in {
        "«": "（《【「『〈〔［｛",
        "»": "，。；：！？、）》】」』〉〕］｝％～",
        "(": "“‘«‹",
        ")": "”’»›",
        "¬": "—…",
        "-": "–‐",
        ":": "·",
        # A no-break space is bound to its neighbors as a straight quote is.
        "'": "\u00a0\u2007\u202f",
    }.items()
    for character in characters
}
_CELLS = bytes(
    {"¤": 2, "«": 2, "»": 2, "\x85": 2, "¸": 0, "\t": 0}.get(chr(n), 1) for n in range(256)
)

_OPEN = r"(\[{\\«"
_CLOSE = r",.;:!?)\]}%»¬¸\-"
# A straight quote may open or close: it leaves neither neighbor. A slash starts and ends no line.
_GLUE = "\"'`/"
_AHEAD = 3
"""How many characters behind a break the rules look at."""

# Not between `10` and `%` or `word` and `—`, nor after an opening bracket.
_AT_BLANK = rf"(?<=[^\s{_OPEN}])(?=\s(?:[^{_CLOSE}/]|[.¬/-]\w))"
# Before and after a Chinese character with the punctuation it carries, but not before `[1]`, nor in
# `策略-MAT`; and where a blank was forgotten: `so,|this`.
_AT_WIDE = (
    rf"(?<![\s{_OPEN}{_GLUE}])(?![\s{_CLOSE}{_GLUE}]|\[\d|(?<=-)\w)"
    rf"(?:(?<=[¤»¬])|(?<=[¤»][{_CLOSE}])|(?<=[¤»][{_CLOSE}]{{2}})|(?=[{_OPEN}]?[¤«])"
    r"|(?<=\w\w[,;])(?=[A-Za-z]{2}))"
)
# The number of an item stays with the item: `(i) `, `(2)`.
_NOT_ITEM = "".join(rf"(?<![\s¤»,:;][(«][\divx]{{{n}}}[)»])" for n in (1, 2, 3))
# `state-of-|the-art`, `robust--|even`, `pass/|fail`; not `k-means`, `GPT-4`, `and/or`.
_IN_WORD = r"(?<=[A-Za-z][A-Za-z-]-)(?=[A-Za-z][a-z])|(?<=[A-Za-z]{3}/)(?=[A-Za-z]{3})"


def _last(place: str) -> re.Pattern[str]:
    """What finds the longest beginning that ends at such a place, `_AHEAD` before the end."""
    return re.compile(rf".+(?:{place})(?=.{{{_AHEAD}}})", re.DOTALL)


# Where a line ends, from the best places to the worst; all but the first are for what is longer
# than the line. Chinese cuts no Latin word that fits.
_WORSE = (
    _last(
        rf"(?<=[^\s{_OPEN}])(?=\s)"
        rf"|(?<![\s{_OPEN}])(?![\s{_CLOSE}])(?:(?<=[¤»¬])|(?=[¤«]))"
    ),
    _last(r"(?<=[^\s/][/-])(?=\w)"),
    _last(rf"(?<![{_OPEN}])(?![{_CLOSE}])"),
)
_CHINESE = (_last(rf"(?:{_AT_BLANK}|{_AT_WIDE}){_NOT_ITEM}"), *_WORSE)
_LATIN = (_last(rf"(?:{_AT_BLANK}|{_AT_WIDE}){_NOT_ITEM}|{_IN_WORD}"), *_WORSE)
_WIDOW = re.compile(rf"\S¸*[{_CLOSE}]*")


def wrap(text: str, width: int) -> list[Span]:
    """The lines of a printable text no wider than `width` cells, as spans of it.

    Line breaks in the text are kept; blanks where a line is broken belong to no line. Only a
    glyph wider than `width` makes a line wider.
    """
    spans: list[Span] = []
    start = 0
    for line in text.split("\n"):
        spans += [(start + left, start + right) for left, right in _lines(line, max(width, 1))]
        start += len(line) + 1
    return spans


def _lines(text: str, width: int) -> list[Span]:
    text = text.rstrip()
    shape = _shape(text)
    cells = _cells(shape)
    places = _CHINESE if "¤" in shape else _LATIN
    shape += " " * _AHEAD
    lines: list[Span] = []
    start = _after_blanks(text, 0)
    while start < len(text) or not lines:
        end = len(text)
        if cells[end] - cells[start] > width:
            fits = max(cells[start] + width, cells[start + 1])
            end = _end(shape, start, bisect_right(cells, fits) - 1, places)
        lines.append((start, end))
        start = _after_blanks(text, end)
    if len(lines) > 1 and _WIDOW.fullmatch(shape, *lines[-1]):
        (above, end), (_, stop) = lines[-2:]
        found = places[0].match(shape, above, end - 1 + _AHEAD)
        if found and cells[stop] - cells[start := _after_blanks(text, found.end())] <= width:
            lines[-2:] = [(above, found.end()), (start, stop)]
    return lines


def _end(shape: str, start: int, limit: int, places: Sequence[re.Pattern[str]]) -> int:
    """Where a line from `start` ends that may not go beyond `limit`."""
    for place in places:
        if found := place.match(shape, start, limit + _AHEAD):
            return found.end()
    return limit


def _after_blanks(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _shape(text: str) -> str:
    """The kind of every character."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_kind, text))


@cache
def _kind(character: str) -> str:
    if character in _KINDS:
        return _KINDS[character]
    size = get_character_cell_size(character)
    if character.isspace():
        return "\t \x85"[size]
    if size != 1:
        return "¤" if size else "¸"
    if character.isascii():
        return character
    if character.isalpha():
        return "A" if character.isupper() else "a"
    return "0" if character.isdigit() else "+"


def _cells(shape: str) -> Sequence[int]:
    """How many cells lie before each character."""
    return array("L", accumulate(shape.encode("latin-1").translate(_CELLS), initial=0))


class Harmless(LineFilter):
    """Paints any line of any widget, whatever stands in it, as `printable` and as wide as it was.

    What is measured here is printable before that; what a person pastes into a line is not. It
    takes the place of the other filters: each by itself makes every line anew, at every key.
    """

    def __init__(self, others: Sequence[LineFilter] = ()) -> None:
        super().__init__()
        self.others = others

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments as the other filters make them, each as wide as before."""
        for other in self.others:
            segments = other.apply(segments, background)
        line = "".join([segment.text for segment in segments])
        return segments if printable(line) == line else list(map(self._harmless, segments))

    def _harmless(self, segment: Segment) -> Segment:
        text = printable(segment.text)
        if text == segment.text:
            return segment
        return Segment(set_cell_size(text, segment.cell_length), segment.style)


def typeset(source: str) -> latex.Typeset:
    """A text of a digest as it is shown: printable, its line breaks kept, its LaTeX rendered.

    Of a text that no paper has, no more than `MOST` characters.
    """
    return latex.typeset(printable_lines(source[:MOST]))


def clip(text: str, width: int, cut: str = "…") -> str:
    """The text, as far as printable, within `width` cells; with `cut`, one cell wide, where it was
    cut.

    No glyph is cut. Of a long text no more is measured than may fit.
    """
    if width < 1:
        return ""
    text = text[:MOST]
    length = 2 * width + 1
    while cell_len(head := printable(text[:length])) <= width:
        if length >= len(text):
            return head
        length *= 2
    cells = _cells(_shape(head))
    return head[: bisect_right(cells, width - 1) - 1].rstrip() + cut


def segments(
    text: str, span: Span, style: Style, painted: Sequence[tuple[int, int, Style]] = ()
) -> list[Segment]:
    """A piece of a text as segments: in `style`, and over it whatever is painted on the text.

    What is painted is (start, end, style) and may overlap; the later lies over the earlier.
    """
    start, end = span
    over = [(left, right, paint) for left, right, paint in painted if left < end and right > start]
    if not over:
        return [Segment(text[start:end], style)] if start < end else []
    edges = {start, end}
    for left, right, _ in over:
        edges |= {max(left, start), min(right, end)}
    return [
        Segment(text[left:right], sum((p for a, b, p in over if a <= left < b), style))
        for left, right in pairwise(sorted(edges))
    ]


def strip_of(parts: Sequence[Segment], width: int, style: Style) -> Strip:
    """Segments as one line of exactly `width` cells, filled up or cut in `style`."""
    return Strip(parts).adjust_cell_length(max(width, 0), style).simplify()
