"""Text in cells: wrapped, clipped and highlighted, never interpreted.

Widths are counted in terminal cells, a Chinese character being two. Text from a digest becomes
`Segment`s here and reaches no markup parser: a title such as `[Re] …` stays what it is.

Lines are broken by the rules of Chinese typesetting (W3C, Requirements for Chinese Text Layout,
section 3.1): between any two Chinese characters, but no line starts with closing punctuation or
ends with opening punctuation, and a Latin word or a number is never cut unless it is longer than
the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Span = tuple[int, int]
"""Where a piece of a text starts and ends, in characters."""

_WIDE = (
    "\u1100-\u115f\u2e80-\u2fff\u3001-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f"
    "\uff01-\uff60\uffe0-\uffe6\U00020000-\U0003fffd"
)
_OPEN = re.escape("（《“‘【「『〈〔([{")
_CLOSE = re.escape("，。；：！？、）》”’％】」』〉〕…·,.;:!?)]}%")
_RUN_END = rf"(?<=[^\W\d]-)(?=[^\W\d])|(?<=/)(?=\w)|(?=\s|[{_OPEN}]{{0,3}}[{_WIDE}])|$"
# What is never broken inside: a Chinese character, or a run of anything else up to a blank, a
# hyphen between letters or a slash; with the opening punctuation before it and the closing behind.
_PIECE = re.compile(
    rf"[{_OPEN}]*+(?:(?![{_CLOSE}])[{_WIDE}]|[^\s{_WIDE}]+?(?:{_RUN_END}))?[{_CLOSE}]*"
)


def wrap(text: str, width: int) -> list[Span]:
    """The lines of a text no wider than `width` cells, as spans of it.

    Line breaks in the text are kept; blanks where a line is broken belong to no line.
    """
    spans: list[Span] = []
    start = 0
    for line in text.split("\n"):
        spans.extend(_wrap_line(text, start, start + len(line), max(width, 2)))
        start += len(line) + 1
    return spans


def _wrap_line(text: str, start: int, end: int, width: int) -> Iterator[Span]:
    line_start, line_end, used = start, start, 0
    for piece_start, piece_end in _pieces(text, start, end):
        size = cell_len(text[line_end:piece_end])
        if line_end > line_start and used + size <= width:
            used, line_end = used + size, piece_end
            continue
        if line_end > line_start:
            yield line_start, line_end
        line_start, line_end = piece_start, piece_end
        used = cell_len(text[piece_start:piece_end])
        if used > width:
            *full, rest = chop_cells(text[piece_start:piece_end], width)
            used = cell_len(rest)
            for part in full:
                yield line_start, line_start + len(part)
                line_start += len(part)
    yield line_start, line_end


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    position = start
    while position < end:
        if text[position].isspace():
            position += 1
            continue
        match = _PIECE.match(text, position, end)
        stop = match.end() if match and match.end() > position else position + 1
        yield position, stop
        position = stop


def printable(text: str) -> str:
    """The text without what a terminal would obey: file names may hold anything."""
    return "".join(c if c.isprintable() or c == "\u3000" else "\ufffd" for c in text)


def clip(text: str, width: int) -> str:
    """The text within `width` cells, with `…` where it was cut, never inside a glyph."""
    if cell_len(text) <= width:
        return text
    if width < 1:
        return ""
    return set_cell_size(text, width - 1).rstrip() + "…"


def segments(
    text: str, span: Span, style: Style, marked: Sequence[Span] = (), mark: Style | None = None
) -> list[Segment]:
    """A piece of a text as segments, the marked spans of the text in the style `mark`."""
    start, end = span
    parts = []
    for left, right in marked:
        left, right = max(left, start), min(right, end)
        if left >= right:
            continue
        if left > start:
            parts.append(Segment(text[start:left], style))
        parts.append(Segment(text[left:right], style + mark if mark else style))
        start = right
    if start < end:
        parts.append(Segment(text[start:end], style))
    return parts


def strip_of(parts: Sequence[Segment], width: int, style: Style) -> Strip:
    """Segments as one line of exactly `width` cells, filled up or cut in `style`."""
    return Strip(parts).adjust_cell_length(max(width, 0), style).simplify()
