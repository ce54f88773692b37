"""The lines of a digest: cleaned, told apart, and gathered into blocks.

A line is a sign (a label, a heading, a keyword, a rule) or plain. A sign opens a block, and the
plain lines after it are the block's body. Every non-blank line thus stands in exactly one block,
or in a problem that quotes it: what becomes of the blocks is the reader's matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import NamedTuple

from digest_tui.paper import Problem, has_han

_REMOVED = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x80-\x9f\n]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS
    r"|\x1b[ -/]*[0-~]"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]"
)
"""Control sequences as ECMA-48 has them, lone control characters, bidi overrides, tags."""
_LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def clean(text: str) -> str:
    """The text with `\\n` as its only line end, and nothing that a terminal would obey."""
    if text.replace("\n", " ").isprintable():
        return text
    text = _REMOVED.sub("", _LINE_ENDS.sub("\n", text).replace("\t", " "))
    return _SURROGATE.sub("\ufffd", text)


def han_share(text: str) -> float:
    """How many of the letters are Chinese, from 0 to 1."""
    if not has_han(text):
        return 0.0
    return len(_HAN.findall(text)) / (sum(map(str.isalpha, text)) or 1)


def is_chinese(text: str) -> bool:
    """Whether the text is written in Chinese, Latin names and formulas in it notwithstanding."""
    return han_share(text) >= 0.2


class Kind(StrEnum):
    """What a sign is. A field's name is that of `Paper`."""

    START = auto()
    HEADER = auto()
    COUNT = auto()
    KEYWORD = auto()
    HEADING = auto()
    RULE = auto()
    UNKNOWN = auto()
    ALSO_UNDER = auto()
    TITLE = auto()
    TITLE_ZH = auto()
    AUTHORS = auto()
    SUBJECTS = auto()
    ABS_URL = auto()
    PDF_URL = auto()
    ABSTRACT = auto()
    ABSTRACT_ZH = auto()


ABSTRACTS = frozenset({Kind.ABSTRACT, Kind.ABSTRACT_ZH})
HEAD = frozenset({Kind.TITLE, Kind.AUTHORS, Kind.SUBJECTS, Kind.ABS_URL, Kind.PDF_URL})
"""The fields that come before the abstract."""
FIELDS = HEAD | ABSTRACTS | {Kind.TITLE_ZH}

_OPENERS = frozenset("-+•◦▪●‣·*_>#<=AaSsCcLlPpTtUuKkNn作领分学链论阅下摘英原中译标题关生今")
"""The first characters of labels, headings, rules and headers."""


class Sign(NamedTuple):
    """What a line opens, and what follows the label on the same line."""

    kind: Kind
    value: str


class Row(NamedTuple):
    """A plain line as it stands, and its number from 1."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A sign and the plain lines up to the next sign."""

    kind: Kind
    line: int
    value: str
    body: tuple[Row, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The body's lines that are not blank, stripped."""
        return tuple([Row(line, text) for line, raw in self.body if (text := raw.strip())])

    @property
    def words(self) -> str:
        """Value and body as one line."""
        if not self.body:
            return self.value
        return " ".join([self.value, *[text for _, text in self.rows]]).lstrip()

    @property
    def text(self) -> str:
        """Value and body, line by line, without blank lines at the ends."""
        return "\n".join([self.value, *[text.strip() for _, text in self.body]]).strip("\n")


def left_out(rows: Iterable[Row]) -> list[Problem]:
    """The problem that quotes lines which belong to no paper, if there are any."""
    rows = tuple(rows)
    if not rows:
        return []
    text = " / ".join(row.text for row in rows)
    return [Problem(rows[0].line, f"belongs to no paper, left out: “{text}”")]


def may_open(first: str) -> bool:
    """Whether a line that begins with this character can be a sign in any format."""
    return first in _OPENERS or "\u2190" <= first <= "\u2bff" or first > "\uff00"


def split(
    lines: Iterable[str], sign: Callable[[str, Kind], Sign | None]
) -> tuple[list[Block], list[Problem]]:
    """The blocks of a digest, and a problem for each line with an unknown label.

    `sign` is asked of each line that is not blank, and told which kind of block is open.
    """
    blocks: list[Block] = []
    problems: list[Problem] = []
    kind, start, value, body = Kind.START, 0, "", list[Row]()
    for number, line in enumerate(lines, 1):
        text = line.strip()
        found = sign(line, kind) if text and may_open(text[0]) else None
        if found is None:
            body.append(Row(number, line))
        elif found.kind is Kind.UNKNOWN:
            problems.append(Problem(number, f"unknown label, left out: “{line.strip()}”"))
        else:
            blocks.append(Block(kind, start, value, tuple(body)))
            kind, start, value, body = found.kind, number, found.value, []
    blocks.append(Block(kind, start, value, tuple(body)))
    return blocks, problems
