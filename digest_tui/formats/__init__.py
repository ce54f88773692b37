"""Digest text to a `Digest` and its problems, and which format it is in.

Law: parsing never raises, on any text, and every line that is not blank becomes part of a field,
is structure (a label, a heading, a header), or is named in a problem. A format is told by what a
text says, never by its name.

Text goes through `lines` (cleaned, gathered into blocks by the `labels` that open them),
`listings` (which blocks make a paper, which lines are its titles) and `drafts` (papers, and what
they lack); `dates` reads the days. Our own export has its own reader, `exported`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from datetime import date
from typing import Literal

from digest_tui.formats import dates, exported, labels
from digest_tui.formats.drafts import Reading, draft, placed
from digest_tui.formats.lines import ABSTRACTS, FIELDS, Block, Kind, clean
from digest_tui.formats.listings import Reader
from digest_tui.paper import Digest, PaperId, Problem

Format = Literal["text", "markdown", "export"]

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY = {
    b"%PDF": "a PDF file",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\x1f\x8b": "a compressed file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "a database",
}
_SECTION = re.compile(
    r"^ *(?P<mark>#{1,6} +)?(?:(?:new submissions|showing new listings) for\b"
    r"|(?:keyword|关键词|关键字)\s*[:：])",
    re.IGNORECASE | re.MULTILINE,
)
_CERTAIN = re.compile(
    r"^[ >*#]*(?:生成时间.*发布时间|今天共有\s*\d+\s*篇"
    r"|(?:new submissions|showing new listings) for\b)",
    re.IGNORECASE | re.MULTILINE,
)
_RESULT = re.compile(
    r"there is no result|arxiv\.org/|(?:authors?|作者)(?:\*\*)?\s*[:：]", re.IGNORECASE
)
_CONTENT = ABSTRACTS | {Kind.ABS_URL, Kind.PDF_URL}
_HEADING = re.compile(r"^#{1,6}\s+\S", re.MULTILINE)


def excerpt(text: str, digest: Digest, paper: PaperId) -> str:
    """The lines of a digest's text in which a paper stands, without their control characters.

    Nothing where the digest does not list it.
    """
    start = next((e.line for e in digest.entries if e.paper.id == paper), 0)
    if not start:
        return ""
    lines = clean(text).split("\n")
    end = min((e.line for e in digest.entries if e.line > start), default=len(lines) + 1)
    own = lines[start - 1 : end - 1]
    sections = (place for place, line in enumerate(own) if place and _SECTION.match(line))
    return "\n".join(own[: next(sections, None)]).rstrip()


def why_not_text(data: bytes) -> str:
    """What a file is that holds no text, or nothing for a text."""
    for magic, what in _BINARY.items():
        if data.startswith(magic):
            return what
    if b"\0" in data and not data.startswith(_UTF16):
        return "not text: it holds NUL bytes"
    return ""


def decode(data: bytes) -> tuple[str, tuple[Problem, ...]]:
    """The text of a file in UTF-8, or in UTF-16 with its mark; a problem where it is neither."""
    encoding, name = ("utf-16",) * 2 if data.startswith(_UTF16) else ("utf-8-sig", "utf-8")
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"not {name.upper()} from here on; what cannot be read is shown as “\ufffd”"
        return data.decode(encoding, "replace"), (Problem(line, message),)


def parse(content: str, name: str = "", fallback_day: date | None = None) -> Digest:
    """The digest that a text holds. `name` may state its day; `fallback_day` is the last resort.

    A text that is no digest gives one without entries, with a problem that says so.
    """
    content = clean(content)
    format_ = _recognize(content)
    if format_ is None:
        return Digest("", None, problems=(Problem(0, "this is no digest: nothing was read"),))
    reading = exported.read(content) if format_ == "export" else _read(content, format_)
    entries, problems = placed(reading.drafts)
    stated = reading.stated
    day = stated.day or dates.in_front_matter(content) or dates.in_text(name)
    problems += [*reading.problems, *_day_problems(day, fallback_day), *_count_problems(reading)]
    return Digest(
        format_,
        day or fallback_day,
        stated.announced_at,
        stated.generated_at,
        reading.declared,
        tuple(reading.keywords),
        entries,
        tuple(sorted(problems, key=lambda problem: problem.line)),
    )


def _recognize(content: str) -> Format | None:
    if content.lstrip().startswith(exported.SIGNATURE):
        return "export"
    section = _SECTION.search(content)
    certain = _CERTAIN.search(content) or (section and _RESULT.search(content))
    if section and certain:
        return "markdown" if section["mark"] else "text"
    if _HEADING.search(content) and _has_paper(labels.markdown_blocks(content)[0]):
        return "markdown"
    return "text" if certain or _has_paper(labels.text_blocks(content)[0]) else None


def _has_paper(blocks: Iterable[Block]) -> bool:
    """Whether authors, something to read and a third field stand somewhere."""
    kinds = {block.kind for block in blocks} & FIELDS
    return len(kinds) > 2 and Kind.AUTHORS in kinds and not kinds.isdisjoint(_CONTENT)


def _read(content: str, format_: Literal["text", "markdown"]) -> Reading:
    split = labels.text_blocks if format_ == "text" else labels.markdown_blocks
    blocks, problems = split(content)
    reader = Reader()
    reader.read(blocks)
    return Reading(
        [draft(listing) for listing in reader.listings],
        tuple(reader.keywords),
        [*problems, *reader.problems],
        reader.stated,
        reader.declared,
        reader.declared_line,
    )


def _day_problems(day: date | None, fallback_day: date | None) -> list[Problem]:
    if day:
        return []
    kept = f"taken as {fallback_day}" if fallback_day else "left without"
    return [Problem(0, f"the digest states no day; {kept}")]


def _count_problems(reading: Reading) -> list[Problem]:
    listed = len(reading.drafts)
    if reading.declared is None or reading.declared == listed:
        return []
    counts = f"{reading.declared} entries are announced and {listed} are there"
    return [Problem(reading.declared_line, f"{counts}: what is there was kept")]
