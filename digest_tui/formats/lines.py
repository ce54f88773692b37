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

from digest_tui.paper import Problem

_REMOVED = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, …
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
    if text.isascii():
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

_ALIASES = {
    Kind.TITLE: "title|paper title|标题|题目|论文标题|英文标题",
    Kind.TITLE_ZH: "chinese title|title (zh)|中文标题|标题翻译|标题(zh)",
    Kind.AUTHORS: "authors|author|author(s)|作者|作者团队",
    Kind.SUBJECTS: "subjects|subject|categories|category|领域|分类|学科",
    Kind.ABS_URL: "arxiv link|arxiv url|arxiv|link|paper link|paper url|url"
    "|arxiv链接|arxiv 链接|链接|论文链接|论文地址|阅读论文",
    Kind.PDF_URL: "pdf link|pdf url|pdf|pdf链接|pdf 链接|pdf地址|下载",
    Kind.ABSTRACT: "abstract|summary|english abstract|摘要|英文摘要|原文摘要",
    Kind.ABSTRACT_ZH: "chinese abstract|中文摘要|中文翻译|译文|摘要翻译|摘要(中文)",
}
LABELS = {alias: kind for kind, aliases in _ALIASES.items() for alias in aliases.split("|")}
_EVERYDAY = (
    "title|paper title|标题|题目|author|subject|category|领域|分类|学科|arxiv|link|url|链接|pdf"
    "|下载|summary|译文"
)
UNMISTAKABLE = frozenset(LABELS) - frozenset(_EVERYDAY.split("|"))
"""The labels that no sentence begins with, bullet or not."""

BULLET = r"(?:>\s*)?(?:(?:[-+•◦▪●‣·]|\*(?!\*))\s*)?"
_EMOJI = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]*\\s*"
_NAMES = "|".join(map(re.escape, sorted(LABELS, key=len, reverse=True)))
_LABEL = re.compile(
    rf"(?P<mark>{BULLET}){_EMOJI}(?P<bold>(?:\*\*|__)?)\s*{_EMOJI}(?P<name>{_NAMES})"
    r"\s*(?P<tail>:\s*(?:\*\*|__)?|(?:\*\*|__)\s*:?|$)\s*",
    re.IGNORECASE,
)
_JOINED = re.compile(rf"{BULLET}(?P<name>abstract|英文摘要|中文摘要|摘要)\s+(?=\S)", re.IGNORECASE)
_OTHER_LABEL = re.compile(
    rf"(?:(?:>\s*)?(?:[-+•◦▪●‣·]|\*(?!\*))\s+|>\s*|(?=\*\*|__)){_EMOJI}(?:\*\*|__)?\s*{_EMOJI}"
    r"[^\W\d_][\w()/-]*(?: [\w()/-]+){0,2}\s*(?:\*\*|__)?\s*[:：]"
)
_BULLETED = re.compile(r"[-+•◦▪●‣·]\s|\*\s")
_RULE = re.compile(r"([-*_=─━═])\1{2,}|(?:[-*_] ){2,}[-*_]")
_RULED = frozenset("-*_=─━═")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
"""Full-width to ASCII, one for one, so that a match's places hold in the original line."""
_FIRST = frozenset(
    {initial for name in LABELS for initial in (name[0], name[0].upper())} | set("-+•◦▪●‣·>*_")
)
_LONGEST = 60


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


def labelled(line: str, plain: frozenset[str]) -> Sign | None:
    """The field that a stripped line opens; `plain` are the labels that need no bullet or bold."""
    first = line[0]
    if not (first in _FIRST or "\u2190" <= first <= "\u2bff" or first > "\uff00"):
        return None
    head = line[:_LONGEST]
    match = _LABEL.match(head if head.isascii() else head.translate(_WIDE))
    if not match:
        return None
    name = match["name"].casefold()
    if not (match["mark"] or match["bold"] or name in plain):
        return None
    return Sign(LABELS[name], line[match.end() :].lstrip())


def joined(line: str) -> Sign | None:
    """An abstract that begins on its label's line without a colon, as rendered pages join it."""
    match = _JOINED.match(line)
    return Sign(LABELS[match["name"].casefold()], line[match.end() :]) if match else None


def is_rule(line: str) -> bool:
    """Whether a stripped line is a horizontal rule."""
    return line[0] in _RULED and _RULE.fullmatch(line) is not None


def in_context(line: str, kind: Kind) -> Sign | None:
    """What a stripped line that is no sign by itself is in a block of some kind."""
    if line[0].isalnum() and line[0] not in "aA中英摘":
        return None
    if kind in HEAD or (kind is Kind.ABSTRACT and line.startswith("中文摘要")):
        found = joined(line)
        if found:
            return found
    if _OTHER_LABEL.match(line) or (kind in HEAD and _BULLETED.match(line)):
        return Sign(Kind.UNKNOWN, line)
    return None


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
        found = sign(line, kind) if line and not line.isspace() else None
        if found is None:
            body.append(Row(number, line))
        elif found.kind is Kind.UNKNOWN:
            problems.append(Problem(number, f"unknown label, left out: “{line.strip()}”"))
        else:
            blocks.append(Block(kind, start, value, tuple(body)))
            kind, start, value, body = found.kind, number, found.value, []
    blocks.append(Block(kind, start, value, tuple(body)))
    return blocks, problems
