"""From listings to papers, and from all that was read to the digest.

Here the fields get their values, each language its place, and everything that is missing, twice
or not as declared is named. Nothing is thrown away without being quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digest_tui.formats.dates import Stated
from digest_tui.formats.lines import Block, Kind, is_chinese
from digest_tui.formats.listings import Listing, count_titles
from digest_tui.paper import (
    ARXIV_ID,
    ARXIV_URL,
    Entry,
    Paper,
    Problem,
    Subject,
    fallback_id,
    has_han,
    split_authors,
)

_FAILED = re.compile(r"[\[［【(（]?翻译(?:失败|错误)[\]］】)）]?")
_LINK = re.compile(r"\((https?://\S+?)\)|<(\S+)>|(https?://\S+)")
_BARE_ID = re.compile(rf"(?:(?i:arxiv)\s*:\s*)?{ARXIV_ID.pattern}(?!\d)", re.ASCII)
_CODE = r"(?:[a-z-]+\.[A-Za-z-]+|[a-z]+-[a-z]{2,3})"
_CODE_AT_END = re.compile(rf"[(（]({_CODE})[)）]\Z")
_CODES = re.compile(rf"{_CODE}(?:[\s,]+{_CODE})*")
_BETWEEN_SUBJECTS = re.compile(r"[;；]|(?<=[)）])\s*[,，、]")

_NAMES = {
    "title": "title",
    "title_zh": "Chinese title",
    "authors": "authors",
    "subjects": "subjects",
    "abs_url": "arXiv link",
    "pdf_url": "PDF link",
    "abstract": "abstract",
    "abstract_zh": "Chinese abstract",
}
_CHINESE = ("title_zh", "abstract_zh")


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper at its place, and what was wrong with its text."""

    keywords: tuple[str, ...]
    line: int
    paper: Paper
    problems: tuple[Problem, ...] = ()
    failed: frozenset[str] = frozenset()
    """The fields whose place holds the mark of a failed translation."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was read of a digest."""

    drafts: Sequence[Draft]
    keywords: Sequence[str]
    problems: Sequence[Problem]
    stated: Stated
    declared: int | None = None
    declared_line: int = 0


def split_subjects(text: str) -> tuple[Subject, ...]:
    """The subjects of `Name (code); Name (code)`, or of bare codes."""
    subjects = []
    for part in _BETWEEN_SUBJECTS.split(text):
        part = part.strip()
        if found := _CODE_AT_END.search(part):
            subjects.append(Subject(found[1], part[: found.start()].rstrip()))
        elif _CODES.fullmatch(part):
            subjects += [Subject(code, "") for code in re.split(r"[\s,]+", part)]
        elif part:
            subjects.append(Subject("", part))
    return tuple(subjects)


def id_in(*links: str) -> str:
    """The arXiv id in the first link that has one, without its version; else nothing."""
    for link in links:
        if found := ARXIV_URL.search(link) or _BARE_ID.match(link):
            return found[1]
    return ""


def paper_of(fields: Mapping[str, str]) -> Paper:
    """The paper of a digest's text, field by field."""
    title, authors = fields.get("title", ""), split_authors(fields.get("authors", ""))
    abs_url, pdf_url = fields.get("abs_url", ""), fields.get("pdf_url", "")
    return Paper(
        id_in(abs_url, pdf_url) or fallback_id(title, authors),
        title,
        fields.get("title_zh", ""),
        authors,
        split_subjects(fields.get("subjects", "")),
        abs_url,
        pdf_url,
        fields.get("abstract", ""),
        fields.get("abstract_zh", ""),
    )


def draft(listing: Listing) -> Draft:
    """The paper of a listing, its languages told by their letters."""
    blocks = {block.kind: block for block in listing.fields}
    problems: list[Problem] = []
    fields: dict[str, str] = {
        "authors": _words(blocks, Kind.AUTHORS),
        "subjects": _words(blocks, Kind.SUBJECTS),
        "abs_url": _link(blocks, Kind.ABS_URL, problems),
        "pdf_url": _link(blocks, Kind.PDF_URL, problems),
    }
    fields["title"], fields["title_zh"] = _titles(listing, problems)
    fields["abstract"], fields["abstract_zh"] = _abstracts(blocks, problems)
    failed = [name for name in _CHINESE if _FAILED.fullmatch(fields[name])]
    for name in failed:
        message = f"“{fields.pop(name)}” in place of the {_NAMES[name]}; left out"
        problems.append(Problem(listing.line, message))
    return Draft(
        (listing.keyword,), listing.line, paper_of(fields), tuple(problems), frozenset(failed)
    )


def _words(fields: Mapping[Kind, Block], kind: Kind) -> str:
    block = fields.get(kind)
    return block.words if block else ""


def _titles(listing: Listing, problems: list[Problem]) -> tuple[str, str]:
    title, title_zh = (*listing.titles, "", "")[:2]
    for block in listing.fields:
        if block.kind not in (Kind.TITLE, Kind.TITLE_ZH):
            continue
        for text in _labelled_titles(block):
            chinese = block.kind is Kind.TITLE_ZH or is_chinese(text)
            if not title and not chinese:
                title = text
            elif not title_zh and chinese:
                title_zh = text
            elif text not in (title, title_zh):
                problems.append(Problem(block.line, f"one title too many, left out: “{text}”"))
    if (is_chinese(title) and not has_han(title_zh)) or not title:
        return (title_zh, title) if title_zh else (title, "")
    return title, title_zh


def _labelled_titles(block: Block) -> list[str]:
    """The title that a label gives, and the Chinese one where it stands on the last line."""
    lines = [text for text in (block.value, *(row.text for row in block.rows)) if text]
    if len(lines) > 1 and has_han(lines[-1]) and count_titles(lines, block.kind, 0) == 2:
        return [" ".join(lines[:-1]), lines[-1]]
    return [" ".join(lines)] if lines else []


def _abstracts(fields: Mapping[Kind, Block], problems: list[Problem]) -> tuple[str, str]:
    english, chinese = fields.get(Kind.ABSTRACT), fields.get(Kind.ABSTRACT_ZH)
    abstract = english.text if english else ""
    abstract_zh = chinese.text if chinese else ""
    if is_chinese(abstract) and not has_han(abstract_zh):
        return abstract_zh, abstract
    if not abstract and abstract_zh and not has_han(abstract_zh):
        return abstract_zh, ""
    if chinese and abstract_zh and not has_han(abstract_zh):
        problems.append(Problem(chinese.line, "the Chinese abstract is not in Chinese; kept"))
    if english and is_chinese(abstract):
        problems.append(Problem(english.line, "the English abstract is in Chinese; kept"))
    return abstract, abstract_zh


def _link(fields: Mapping[Kind, Block], kind: Kind, problems: list[Problem]) -> str:
    """The link of a field as it stands, out of its brackets where it has some."""
    words = _words(fields, kind)
    if " " not in words and not words.startswith(("[", "<")):
        return words
    found = _LINK.search(words)
    if not found:
        return words
    link = found[1] or found[2] or found[3]
    rest = f"{words[: found.start()]} {words[found.end() :]}".strip()
    if rest.strip("[] ") not in link:
        problems.append(Problem(fields[kind].line, f"more than a link, left out: “{rest}”"))
    return link


def placed(drafts: Sequence[Draft]) -> tuple[tuple[Entry, ...], list[Problem]]:
    """The entries of a digest, each paper once a keyword, and what the papers lack."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    first: dict[tuple[str, str], Draft] = {}
    translated = _usual(drafts)
    position = 0
    for draft in drafts:
        problems += draft.problems
        keywords = [kw for kw in draft.keywords if (kw, draft.paper.id) not in first]
        if not keywords:
            problems.append(_twice(draft, first[draft.keywords[0], draft.paper.id]))
            continue
        for keyword in keywords:
            first[keyword, draft.paper.id] = draft
            entries.append(Entry(keyword, position, draft.paper, draft.line))
        problems += _lacks(draft, translated)
        position += 1
    return tuple(entries), problems


def _usual(drafts: Sequence[Draft]) -> frozenset[str]:
    """The Chinese fields that at least half of the papers have."""
    having = {name: sum(bool(getattr(d.paper, name)) for d in drafts) for name in _CHINESE}
    return frozenset(name for name in _CHINESE if 0 < len(drafts) <= 2 * having[name])


def _lacks(draft: Draft, usual: frozenset[str]) -> Iterator[Problem]:
    paper = draft.paper
    excused = draft.failed | (frozenset(_CHINESE) - usual)
    if is_chinese(paper.title) and not paper.title_zh:
        excused |= {"title_zh"}
        yield Problem(draft.line, "no English title; the Chinese one is kept as the title")
    for name, words in _NAMES.items():
        if not getattr(paper, name) and name not in excused:
            yield Problem(draft.line, f"no {words}; the paper is kept without")
    if paper.id.startswith("title:"):
        yield Problem(draft.line, "no arXiv id; the paper is told by its title and first author")


def _twice(draft: Draft, first: Draft) -> Problem:
    """What is said of a paper's second place under one keyword; what differs in it is quoted."""
    message = f"{draft.paper.id} stands under this keyword at line {first.line} already"
    differing = [
        f"{words}: “{value}”"
        for name, words in _NAMES.items()
        if (value := _shown(getattr(draft.paper, name))) != _shown(getattr(first.paper, name))
    ]
    message += (
        "; left out, although it differs: " + "; ".join(differing) if differing else "; left out"
    )
    return Problem(draft.line, message)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
