"""What a digest says: papers, the entries that place them, and what could not be read.

Everything here is a frozen value. Text stands as its digest wrote it, control characters
excepted: LaTeX is rendered where it is shown and searched, never here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

PaperId = str
"""An arXiv id without its version (`2604.18616`, `hep-th/9901001`), or `fallback_id`'s."""

_ID = r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})"
ARXIV_ID = re.compile(rf"({_ID})(?:v\d+)?", re.ASCII)
"""An arXiv id, new or old style, its version outside the group (arXiv's identifier scheme)."""

ARXIV_URL = re.compile(
    rf"https?://(?:[a-z]+\.)?(?i:arxiv\.org)/(?:abs|pdf|html)/({_ID})(?:v\d+)?(?:\.pdf)?", re.ASCII
)
"""A link to an arXiv abstract page or PDF; the group is the id without the version."""

_LABEL = r"(?!xn--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_WEB_LINK = (
    rf"(?ai)https?://(?P<host>(?:{_LABEL}\.)+[a-z]{{2,}})(?::\d+)?(?P<rest>(?:[/?#][!-~]*)?)"
)
_COMMA = re.compile("[,，]")
_HAN = "[\u3400-\u9fff\uf900-\ufaff]"
"""Compiled, as is `_WEB_LINK`, when it is first asked for: that takes a millisecond, and a start
seldom asks."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An arXiv category: `Subject("cs.LG", "Machine Learning")`. Code or name may be empty."""

    code: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.code})" if self.code and self.name else self.name or self.code


@dataclass(frozen=True, slots=True)
class Paper:
    """One arXiv paper, whatever its version. A field that the digest lacks is empty."""

    id: PaperId
    title: str
    title_zh: str = ""
    authors: tuple[str, ...] = ()
    """Each with its affiliation in parentheses, as it stands."""
    subjects: tuple[Subject, ...] = ()
    """The first is primary."""
    abs_url: str = ""
    pdf_url: str = ""
    abstract: str = ""
    """Line breaks kept as `\\n`."""
    abstract_zh: str = ""

    @property
    def is_on_arxiv(self) -> bool:
        """Whether the digest gives an arXiv id."""
        return ARXIV_ID.fullmatch(self.id) is not None

    @property
    def abs_link(self) -> str:
        """Where the abstract page is: made of the arXiv id where there is one, so that no digest
        sends a reader elsewhere, else what the digest says."""
        return f"https://arxiv.org/abs/{self.id}" if self.is_on_arxiv else self.abs_url

    @property
    def pdf_link(self) -> str:
        """Where the PDF is, in the same way."""
        return f"https://arxiv.org/pdf/{self.id}" if self.is_on_arxiv else self.pdf_url

    @property
    def links(self) -> tuple[str, str]:
        """The links to both as a file for others may hold them: as the digest writes them, unless
        the paper is on arXiv and they lead elsewhere."""
        given = ((self.abs_url, self.abs_link), (self.pdf_url, self.pdf_link))
        abs_url, pdf_url = (
            built if url and not ARXIV_URL.fullmatch(url) else url for url, built in given
        )
        return abs_url, pdf_url


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper's place in a digest."""

    keyword: str
    """Empty where the digest has no sections."""
    position: int
    """Counted through the whole digest, from 0; a paper listed once under two keywords has
    two entries with one position."""
    paper: Paper
    line: int = 0
    """The line of the paper's title, from 1."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read as expected: what, and what was done about it."""

    line: int
    """From 1; 0 where the whole file is meant."""
    message: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One file: the papers announced on one day, under one or more keywords."""

    format: str
    """`text`, `markdown` or `export`; empty for a text that is no digest."""
    date: date | None
    """The day of the arXiv announcement, as the digest states it first."""
    announced_at: datetime | None = None
    generated_at: datetime | None = None
    declared: int | None = None
    """How many entries the digest says it has."""
    keywords: tuple[str, ...] = ()
    """Every section in order, those without a result included; empty for entries outside any."""
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def papers(self) -> tuple[Paper, ...]:
        """Each paper once, at its first place."""
        first: dict[PaperId, Paper] = {}
        for entry in self.entries:
            first.setdefault(entry.paper.id, entry.paper)
        return tuple(first.values())


@dataclass(frozen=True, slots=True)
class Holding:
    """A paper as the library holds it: where it was listed, and what the reader decided."""

    paper: Paper
    listed: tuple[tuple[date, str], ...] = ()
    """The digest's day and the keyword of each of its entries, newest digest first."""
    read: bool = False
    starred: bool = False

    @property
    def keywords(self) -> tuple[str, ...]:
        """Each keyword once, in the order of its entries."""
        return tuple(dict.fromkeys(keyword for _, keyword in self.listed))

    @property
    def digests(self) -> tuple[date, ...]:
        """The days of the digests that list it, newest first."""
        return tuple(dict.fromkeys(day for day, _ in self.listed))


def is_web_link(url: str) -> bool:
    """Whether a link that is not made of an arXiv id leads where a person who reads it expects.

    It is plain http or https, to a host with a name of ASCII letters that does not pass for
    arXiv's, and there is nothing in it that browsers and people read differently.
    """
    found = re.fullmatch(_WEB_LINK, url)
    if not found:
        return False
    host = found["host"].lower()
    is_arxiv = f".{host}".endswith(".arxiv.org")
    # A digest that has lost its ids still links to `https://arxiv.org/abs/`.
    is_cut_off = found["rest"] in ("/abs/", "/pdf/")
    return (is_arxiv or "arxiv" not in host) and not is_cut_off


def split_authors(text: str) -> tuple[str, ...]:
    """The names in a list of authors, split at commas outside (nested) parentheses.

    A parenthesis that is never closed hides nothing: the text is then split at every comma.
    """
    if "(" not in text and "（" not in text:
        return tuple([name.strip() for name in _COMMA.split(text) if name.strip()])
    names, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character in "(（":
            depth += 1
        elif character in ")）":
            depth = max(depth - 1, 0)
        elif character in ",，" and depth == 0:
            names.append(text[start:position])
            start = position + 1
    names.append(text[start:])
    if depth:
        names = _COMMA.split(text)
    return tuple([name.strip() for name in names if name.strip()])


def name_of(author: str) -> str:
    """An author's name without the affiliations that follow it in parentheses."""
    return re.split("[(（]", author, maxsplit=1)[0].rstrip() or author


def fallback_id(title: str, authors: tuple[str, ...]) -> PaperId:
    """An id for a paper whose digest gives none: from its title and first author.

    Case, accents, punctuation, white space and LaTeX commands do not count.
    """
    first = name_of(authors[0]) if authors else ""
    key = re.sub(r"\\[a-zA-Z]+", "", f"{title}|{first}")
    folded = unicodedata.normalize("NFKD", key).casefold()
    letters = "".join(c for c in folded if c.isalnum() or c == "|")
    return "title:" + sha256_of(letters.encode("utf-8", "replace"))[:12]


def sha256_of(data: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal digits."""
    # A start reads no digest, and this takes a while to import.
    import hashlib

    return hashlib.sha256(data).hexdigest()


def has_han(text: str) -> bool:
    """Whether any Chinese character stands in the text."""
    return not text.isascii() and re.search(_HAN, text) is not None
