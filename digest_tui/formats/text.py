"""Plain text: the digest as it is mailed, and the Markdown of others with its marks rendered away.

A label needs neither bullet nor bold. Where the digest does use bullets, though, a line that
begins with an everyday word and a colon (`Link: …`, `Summary: …`) is a sentence.
"""

from __future__ import annotations

import re
from functools import partial

from digest_tui.formats.lines import (
    LABELS,
    UNMISTAKABLE,
    Block,
    Kind,
    Sign,
    in_context,
    is_rule,
    labelled,
    split,
)
from digest_tui.paper import Problem

KEYWORD = re.compile(
    r"(?:#{1,6}\s*)?(?:\*\*)?\s*(?:keyword|关键词|关键字)\s*[:：]\s*", re.IGNORECASE
)
COUNT = re.compile(
    r"(?:[#>*\s]*)(?:今天共有\s*(\d{1,6})\s*篇|today\s*[:：]\s*(\d{1,6})\s*papers?)", re.I
)
HEADER = re.compile(r"[>*\s]*(?:生成时间|arxiv\s*发布时间)\**\s*[:：]", re.IGNORECASE)
_BULLETED = re.compile(r"^\s*[-+*•◦▪●]\s*(?:\*\*)?(?:author|作者|abstract|中文摘要)", re.I | re.M)


def blocks(text: str) -> tuple[list[Block], list[Problem]]:
    """The blocks of a plain-text digest, and its unknown labels."""
    plain = UNMISTAKABLE if _BULLETED.search(text) else frozenset(LABELS)
    return split(text.split("\n"), partial(sign, plain=plain))


def sign(line: str, kind: Kind, plain: frozenset[str]) -> Sign | None:
    """What a line opens that is not blank."""
    line = line.strip()
    if found := labelled(line, plain) or section(line):
        return found
    if is_rule(line):
        return Sign(Kind.RULE, "")
    return in_context(line, kind)


def section(line: str) -> Sign | None:
    """The header, count or keyword that a stripped line states."""
    if line[0] not in "KkＫ关生今AaTt#>*":
        return None
    if found := KEYWORD.match(line):
        return Sign(Kind.KEYWORD, line[found.end() :].removesuffix("**").strip())
    if found := COUNT.match(line):
        return Sign(Kind.COUNT, found[1] or found[2])
    return Sign(Kind.HEADER, line) if HEADER.match(line) else None
