"""The labels of a digest, and what a line opens in plain text and in Markdown.

Plain text is the digest as it is mailed, or the Markdown of others with its marks rendered away:
a label needs neither bullet nor bold. Where the digest does use bullets, though, a line that
begins with an everyday word and a colon (`Link: …`, `Summary: …`) is a sentence. In Markdown a
label always needs one, so that prose is never taken for it. Raw Markdown is not unescaped: its
LaTeX stays LaTeX.
"""

from __future__ import annotations

import re
from functools import partial

from digest_tui.formats.dates import FRONT_MATTER
from digest_tui.formats.lines import ABSTRACTS, HEAD, Block, Kind, Sign, split
from digest_tui.paper import Problem

_ALIASES = {
    Kind.KEYWORD: "keyword|关键词|关键字",
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
_LABELS = {alias: kind for kind, aliases in _ALIASES.items() for alias in aliases.split("|")}
_ALL = frozenset(_LABELS)
_EVERYDAY = (
    "title author subject category arxiv link url pdf summary"
    " 标题 题目 领域 分类 学科 链接 下载 译文"
)
_PLAIN = _ALL - frozenset(_EVERYDAY.split())
_NONE: frozenset[str] = frozenset()
_IN_HEADINGS = frozenset(
    name for name, kind in _LABELS.items() if kind in (Kind.KEYWORD, Kind.TITLE)
)

_DOT = r"(?:[-+•◦▪●‣·]|\*(?!\*))"
_EMOJI = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]*\\s*"
_BOLD = rf"{_EMOJI}(?P<bold>(?:\*\*|__)?)\s*{_EMOJI}"
_END = r"\s*(?P<end>:\s*(?:\*\*|__)?|(?:\*\*|__)\s*:?|$)\s*"
_NAMES = "|".join(map(re.escape, sorted(_LABELS, key=len, reverse=True)))
_LABEL = re.compile(
    rf"(?P<mark>(?:>\s*)?(?:{_DOT}\s*)?){_BOLD}(?P<name>{_NAMES}){_END}", re.IGNORECASE
)
_JOINED = re.compile(rf"(?:{_DOT}\s*)?(abstract|英文摘要|中文摘要|摘要)\s+(?=\S)", re.IGNORECASE)
_OTHER = re.compile(
    rf"(?:(?:>\s*)?{_DOT}\s+|>\s*|(?=\*\*|__)){_BOLD}"
    r"[^\W\d_][\w()/-]*(?: [\w()/-]+){0,2}\s*(?:\*\*|__)?\s*[:：]"
    rf"|{_DOT}$"
)
_DOUBLED = re.compile(r"\A(?:subjects?|分类)\s*[:：]\s*", re.IGNORECASE)
_BULLETED = re.compile(rf"{_DOT}\s")
_BULLETED_FIELD = re.compile(
    rf"^ *{_DOT} *(?:\*\*)?(?:author|作者|abstract|中文摘要)", re.IGNORECASE | re.MULTILINE
)
_RULE = re.compile(r"([-*_=─━═])\1{2,}|(?:[-*_] ){2,}[-*_]")
_SECTION = re.compile(
    r"[>*\s]*(?:(?P<header>(?:生成时间|arxiv\s*发布时间)\**\s*[:：]"
    r"|(?:new submissions|showing new listings) for\b)"
    r"|(?:今天共有|today\s*[:：])\s*(?P<count>\d{1,6})\s*(?:篇|papers?))",
    re.IGNORECASE,
)
_HEADING = re.compile(r"#{1,6}(?:\s+|$)")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
"""Full-width to ASCII, one for one, so that a match's places hold in the original line."""
_LONGEST = 60
"""No label reaches further into its line, whatever stands around it."""


def text_blocks(text: str) -> tuple[list[Block], list[Problem]]:
    """The blocks of a plain-text digest, and its unknown labels."""
    plain = _PLAIN if _BULLETED_FIELD.search(text) else _ALL
    return split(text.split("\n"), partial(_sign, plain=plain))


def markdown_blocks(text: str) -> tuple[list[Block], list[Problem]]:
    """The blocks of a Markdown digest, and its unknown labels."""
    text = FRONT_MATTER.sub(lambda found: "\n" * found[0].count("\n"), text, count=1)
    return split(text.split("\n"), _markdown_sign)


def _markdown_sign(line: str, kind: Kind) -> Sign | None:
    """As `_sign`; a heading is not indented, and opens a keyword, a title or something else."""
    heading = _HEADING.match(line)
    if not heading:
        return _sign(line, kind, _NONE)
    value = line[heading.end() :].strip()
    if found := value and (_section(value) or _labelled(value, _IN_HEADINGS)):
        return found if found.kind is not Kind.TITLE else Sign(Kind.HEADING, found.value)
    return Sign(Kind.HEADING, value)


def _sign(line: str, kind: Kind, plain: frozenset[str]) -> Sign | None:
    """What a line that is not blank opens after a block of some kind.

    `plain` are the labels that need no bullet and no bold.
    """
    line = line.strip()
    if found := _labelled(line, plain) or _section(line):
        return found
    if _RULE.fullmatch(line):
        return Sign(Kind.RULE, "")
    joined = _JOINED.match(line)
    if joined and (kind in HEAD or (kind is Kind.ABSTRACT and joined[1] == "中文摘要")):
        return Sign(_LABELS[joined[1].casefold()], line[joined.end() :])
    if _OTHER.match(line[:_LONGEST]) or (kind in HEAD and _BULLETED.match(line)):
        return Sign(Kind.UNKNOWN, line)
    return None


def _labelled(line: str, plain: frozenset[str]) -> Sign | None:
    head = line[:_LONGEST]
    match = _LABEL.match(head if head.isascii() else head.translate(_WIDE))
    if not match:
        return None
    mark, bold, name, end = match.group("mark", "bold", "name", "end")
    name = name.casefold()
    kind, value = _LABELS.get(name), line[match.end() :].lstrip()
    if kind is Kind.SUBJECTS:
        value = _DOUBLED.sub("", value)
    if kind is Kind.KEYWORD and ":" in end:
        return Sign(Kind.UNKNOWN, line) if mark else Sign(kind, value.removesuffix("**").rstrip())
    if kind is None or kind is Kind.KEYWORD:
        return None
    if value and ":" not in end and not (mark and kind in ABSTRACTS):
        return None
    if mark or bold or name in plain or (plain and kind is Kind.TITLE and not value):
        return Sign(kind, value)
    return None


def _section(line: str) -> Sign | None:
    found = _SECTION.match(line)
    if not found:
        return None
    return Sign(Kind.COUNT, found["count"]) if found["count"] else Sign(Kind.HEADER, line)
