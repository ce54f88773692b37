"""Markdown as the digest generators write it, raw: nothing is unescaped, LaTeX stays LaTeX.

A label needs a bullet or bold, so that prose is never taken for one. What a heading opens shows
from what follows it: a paper where that is a label, a section otherwise.
"""

from __future__ import annotations

import re
from datetime import date

from digest_tui.formats import dates
from digest_tui.formats.lines import Block, Kind, Sign, in_context, is_rule, labelled, split
from digest_tui.formats.text import section
from digest_tui.paper import Problem

HEADING = re.compile(r"#{1,6}(?:\s+|$)")
_LISTING = re.compile(r"(?:new submissions|showing new listings) for\b", re.IGNORECASE)
_KEY = re.compile(r"[\w-]+:(?:\s|$)")
_NOTHING_NEEDS_NO_BULLET: frozenset[str] = frozenset()


def blocks(text: str) -> tuple[list[Block], list[Problem]]:
    """The blocks of a Markdown digest, and its unknown labels; a front matter is blanked."""
    lines = text.split("\n")
    end = _front_matter(lines)
    return split([""] * end + lines[end:], sign)


def front_matter_day(text: str) -> date | None:
    """The day that the front matter states."""
    lines = text.split("\n", 40)
    return dates.in_text("\n".join(lines[: _front_matter(lines)]))


def sign(line: str, kind: Kind) -> Sign | None:
    """What a line opens that is not blank; a heading is not indented."""
    if line[0] == "#" and (heading := HEADING.match(line)):
        value = line[heading.end() :].strip()
        if _LISTING.match(value):
            return Sign(Kind.HEADER, value)
        return section(line.strip()) or Sign(Kind.HEADING, value)
    line = line.strip()
    if found := labelled(line, _NOTHING_NEEDS_NO_BULLET):
        return found
    if is_rule(line):
        return Sign(Kind.RULE, "")
    return (section(line) if line[0] in "生今*>" else None) or in_context(line, kind)


def _front_matter(lines: list[str]) -> int:
    """How many lines the front matter takes, both rules included."""
    if lines[0].strip() != "---":
        return 0
    for number, line in enumerate(lines[1:30], 2):
        if line.strip() == "---":
            return number
        if line.strip() and not _KEY.match(line):
            return 0
    return 0
