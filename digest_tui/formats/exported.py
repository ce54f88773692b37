"""The Markdown that `export` writes, read back paper for paper.

The levels of the headings and the labels are exact here, everything that is text is escaped, and
a language is the one its label says: this is the one format whose writer we know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from digest_tui.formats import dates
from digest_tui.formats.drafts import Draft, Reading, paper_of
from digest_tui.formats.lines import ABSTRACTS, Block, Kind, Row, Sign, left_out, split
from digest_tui.paper import Problem

SIGNATURE = "<!-- digest-tui markdown 1 -->"
SECTION = "## Keyword:"
LABELS = {
    Kind.AUTHORS: "Authors:",
    Kind.SUBJECTS: "Subjects:",
    Kind.ABS_URL: "Arxiv link:",
    Kind.PDF_URL: "Pdf link:",
    Kind.ALSO_UNDER: "Also under:",
    Kind.ABSTRACT: "Abstract",
    Kind.ABSTRACT_ZH: "中文摘要",
}
MATH = r"\$(?![\s$])[^$\n]*(?<![\s\\])\$(?!\d)"
"""Maths as GitHub and Obsidian take it: no blank next to the dollars, no digit after them."""
PUNCTUATION = r"[!-/:-@\[-`{-~]"
"""What a backslash escapes in Markdown (CommonMark 0.31, section 2.4)."""
_KINDS = {label: kind for kind, label in LABELS.items()}
_LABEL = re.compile(rf"- \*\*({'|'.join(LABELS.values())})\*\*")
_ESCAPED = re.compile(rf"\\({PUNCTUATION})|{MATH}")
_KEYWORD_PARTS = re.compile(r"\\.|;|[^\\;]+|\\")


def read(text: str) -> Reading:
    """All that an exported file says."""
    blocks, _ = split(text.split("\n"), _sign)
    drafts: list[Draft] = []
    problems: list[Problem] = []
    keywords: dict[str, None] = {}
    keyword, day = "", None
    paper: list[Block] = []
    for block in (*blocks, Block(Kind.START, 0, "")):
        if paper and block.kind not in LABELS:
            drafts.append(_draft(keyword, paper))
            keywords.update(dict.fromkeys(drafts[-1].keywords))
        paper = [*paper, block] if block.kind in LABELS else []
        if block.kind is Kind.HEADING:
            paper = [block]
        elif block.kind is Kind.HEADER:
            stated = dates.in_text(block.value)
            keyword, day = "", day or stated
            if not stated and block.value not in ("", "Papers"):
                problems += left_out([Row(block.line, block.value)])
        elif block.kind is Kind.KEYWORD:
            keyword = unescape(block.value)
            keywords.setdefault(keyword)
        if not paper:
            problems += left_out(block.rows)
    return Reading(drafts, tuple(keywords), problems, dates.Stated(day))


def unescape(text: str) -> str:
    """The text without the backslashes before punctuation, maths excepted."""
    return _ESCAPED.sub(lambda found: found[1] or found[0], text)


def _sign(line: str, kind: Kind) -> Sign | None:
    line = line.strip()
    if line[0] == "#":
        level, _, value = line.partition(" ")
        if line.startswith(SECTION):
            return Sign(Kind.KEYWORD, line.removeprefix(SECTION).strip())
        headings = {"#": Kind.HEADER, "###": Kind.HEADING}
        return Sign(headings[level], value.strip()) if level in headings else None
    if found := _LABEL.match(line):
        return Sign(_KINDS[found[1]], line[found.end() :].strip())
    return Sign(Kind.RULE, "") if line == SIGNATURE else None


def _draft(keyword: str, blocks: Sequence[Block]) -> Draft:
    """The paper of a heading and the labels after it."""
    fields: dict[str, str] = {}
    keywords, problems = [keyword], list[Problem]()
    for block in blocks:
        rest = block.rows
        if block.kind is Kind.HEADING:
            fields["title"] = unescape(block.value)
            fields["title_zh"] = "".join(unescape(row.text) for row in rest[:1])
            rest = rest[1:]
        elif block.kind in fields:
            rest = (Row(block.line, block.value), *rest)
        elif block.kind is Kind.ALSO_UNDER:
            keywords += _keywords(block.value)
        elif block.kind in ABSTRACTS:
            fields[block.kind], rest = unescape(block.text), ()
        else:
            fields[block.kind] = unescape(block.value)
        problems += left_out(rest)
    return Draft(tuple(keywords), blocks[0].line, paper_of(fields), tuple(problems))


def _keywords(text: str) -> list[str]:
    """The keywords of a list, split at the semicolons that are not escaped."""
    keywords = [""]
    for part in _KEYWORD_PARTS.findall(text):
        if part == ";":
            keywords.append("")
        else:
            keywords[-1] += part
    return [unescape(keyword.strip()) for keyword in keywords]
