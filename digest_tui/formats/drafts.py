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
_DOUBLED = re.compile(r"(?:subjects?|分类)\s*[:：]\s*", re.IGNORECASE)
_LINK = re.compile(r"\[[^\]]*\]\(\s*(\S+?)\s*\)|<(\S+)>|(https?://\S+)")
_CODE = r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z-]+)?"
_NAME_AND_CODE = re.compile(rf"(.*?)\s*[(（]({_CODE})[)）]", re.DOTALL)
_CODES = re.compile(
    r"(?:[a-z-]+\.[A-Za-z-]+|[a-z]+-[a-z]+)(?:[\s,]+(?:[a-z-]+\.[A-Za-z-]+|[a-z]+-[a-z]+))*"
)
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


def split_subjects(text: str) -> tuple[Subject, ...]:
    """The subjects of `Name (code); Name (code)`, or of bare codes."""
    subjects = []
    for part in _BETWEEN_SUBJECTS.split(text):
        part = part.strip()
        if found := _NAME_AND_CODE.fullmatch(part):
            subjects.append(Subject(found[2], found[1]))
        elif _CODES.fullmatch(part):
            subjects += [Subject(code, "") for code in re.split(r"[\s,]+", part)]
        elif part:
            subjects.append(Subject("", part))
    return tuple(subjects)


def id_in(*links: str) -> str:
    """The arXiv id in the first link that has one, without its version; else nothing."""
    for link in links:
        if found := ARXIV_URL.search(link) or ARXIV_ID.fullmatch(link):
            return found[1]
    return ""


def draft(listing: Listing) -> Draft:
    """The paper of a listing, its languages told by their letters."""
    fields = {block.kind: block for block in listing.fields}
    problems: list[Problem] = []
    title, title_zh = _titles(listing, fields, problems)
    abstract, abstract_zh = _abstracts(fields, problems)
    abs_url = _link(fields, Kind.ABS_URL, problems)
    pdf_url = _link(fields, Kind.PDF_URL, problems)
    authors = split_authors(_words(fields, Kind.AUTHORS))
    failed = {"title_zh": title_zh, "abstract_zh": abstract_zh}
    failed = {name: text for name, text in failed.items() if _FAILED.fullmatch(text)}
    for name, text in failed.items():
        problems.append(Problem(listing.line, f"“{text}” in place of the {_NAMES[name]}; left out"))
    paper = Paper(
        id_in(abs_url, pdf_url) or fallback_id(title, authors),
        title,
        "" if "title_zh" in failed else title_zh,
        authors,
        split_subjects(_DOUBLED.sub("", _words(fields, Kind.SUBJECTS))),
        abs_url,
        pdf_url,
        abstract,
        "" if "abstract_zh" in failed else abstract_zh,
    )
    return Draft(listing.keywords, listing.line, paper, tuple(problems), frozenset(failed))


def _words(fields: Mapping[Kind, Block], kind: Kind) -> str:
    block = fields.get(kind)
    return block.words if block else ""


def _titles(
    listing: Listing, fields: Mapping[Kind, Block], problems: list[Problem]
) -> tuple[str, str]:
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
    rest = f"{words[: found.start()]} {words[found.end() :]}".strip()
    if rest:
        problems.append(Problem(fields[kind].line, f"more than a link, left out: “{rest}”"))
    return found[1] or found[2] or found[3]


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
    names = ("title_zh", "abstract_zh")
    having = {name: sum(bool(getattr(d.paper, name)) for d in drafts) for name in names}
    return frozenset(name for name in names if 0 < len(drafts) <= 2 * having[name])


def _lacks(draft: Draft, translated: frozenset[str]) -> Iterator[Problem]:
    paper = draft.paper
    for name, words in _NAMES.items():
        if getattr(paper, name) or name in draft.failed:
            continue
        if name.endswith("_zh") and (
            name not in translated or (name == "title_zh" and has_han(paper.title))
        ):
            continue
        yield Problem(draft.line, f"no {words}; the paper is kept without")
    if paper.id.startswith("title:"):
        yield Problem(draft.line, "no arXiv id; the paper is told by its title and first author")


def _twice(draft: Draft, first: Draft) -> Problem:
    """What is said of a paper's second place under one keyword; what differs in it is quoted."""
    message = f"{draft.paper.title or draft.paper.id} stands at line {first.line} already"
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
