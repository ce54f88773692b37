"""What the index takes of a digest: read, and worked out as far as its text alone tells.

Law: this is arithmetic on a text. It touches neither disk nor index, so that it can be done ahead
and in any process, and whoever holds the index has nothing left but to write. What it comes to
is plain values, because they are passed between processes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import PurePath
from typing import NamedTuple

from digest_tui import latex
from digest_tui import query as q
from digest_tui.paper import Digest, Paper, PaperId, Problem, has_han, name_of, sha256_of


class Place(NamedTuple):
    """An entry; the fields are those of `Entry`."""

    keyword: str
    position: int
    paper: PaperId
    line: int


class Row(NamedTuple):
    """A paper, field by field, and what it is sorted and found by."""

    id: PaperId
    title: str
    title_zh: str
    authors: tuple[str, ...]
    subjects: tuple[tuple[str, str], ...]
    """Code and name of each."""
    abs_url: str
    pdf_url: str
    abstract: str
    abstract_zh: str
    is_translated: bool
    by_title: str
    by_author: str
    searched: tuple[str, ...]
    """What the full-text table holds of it, in the order of its columns."""
    initials: tuple[int, ...]
    """The letters with which its words begin, as bits: those of each field of a query."""

    @property
    def stated(self) -> tuple[object, ...]:
        """The fields of the paper alone, as `astuple` has them."""
        return self[: len(Paper.__dataclass_fields__)]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A digest as the index takes it; the fields that `Digest` has too are the same."""

    day: date
    format: str
    announced_at: datetime | None
    generated_at: datetime | None
    declared: int | None
    keywords: tuple[str, ...]
    entries: tuple[Place, ...]
    problems: tuple[Problem, ...]
    papers: tuple[Row, ...]
    """Each once, at its first place."""
    listing: str
    """What makes two digests the same listing: the papers, whatever the day and the order."""
    words: frozenset[str]
    """All that the papers hold."""


Job = tuple[bytes, str, date]
"""What `read` takes: a file's bytes, its name, and its day where it states none."""
Answer = Prepared | str
"""What `read` comes to."""


def read(data: bytes, name: str, fallback_day: date) -> Answer:
    """The digest in a file's bytes, or in a few words why there is none."""
    # A start on a library that is indexed already reads no digest.
    from digest_tui import formats

    reason = formats.why_not_text(data) if data.strip() else "the file is empty"
    if reason:
        return reason
    text, problems = formats.decode(data)
    digest = formats.parse(text, name=PurePath(name).name, fallback_day=fallback_day)
    if not digest.format:
        return "not a digest: no paper and no “Keyword:” line in a known format"
    return prepare(digest, problems)


def prepare(digest: Digest, problems: tuple[Problem, ...] = ()) -> Prepared:
    """A digest that has a day as the index takes it, with further problems before its own."""
    assert digest.date
    papers = digest.papers
    columns = [searched(paper) for paper in papers]
    words = [tuple(map(q.words, each)) for each in columns]
    return Prepared(
        digest.date,
        digest.format,
        digest.announced_at,
        digest.generated_at,
        digest.declared,
        digest.keywords,
        tuple([Place(e.keyword, e.position, e.paper.id, e.line) for e in digest.entries]),
        (*problems, *digest.problems),
        tuple(map(_row, papers, columns, words)),
        _listing(papers),
        frozenset(chain.from_iterable(chain.from_iterable(words))),
    )


def row_of(paper: Paper) -> Row:
    """A paper with what it is sorted and found by."""
    columns = searched(paper)
    return _row(paper, columns, tuple(map(q.words, columns)))


def _row(paper: Paper, columns: tuple[str, ...], words: Sequence[Sequence[str]]) -> Row:
    return Row(
        paper.id,
        paper.title,
        paper.title_zh,
        paper.authors,
        tuple([(subject.code, subject.name) for subject in paper.subjects]),
        paper.abs_url,
        paper.pdf_url,
        paper.abstract,
        paper.abstract_zh,
        has_han(paper.title_zh) or has_han(paper.abstract_zh),
        *_sort_keys(paper),
        columns,
        q.initials(words),
    )


def searched(paper: Paper) -> tuple[str, ...]:
    """What the full-text table holds of a paper, in the order of its columns."""
    columns = (
        paper.title,
        paper.title_zh,
        "\n".join(paper.authors),
        paper.abstract,
        paper.abstract_zh,
        paper.id,
    )
    return tuple(map(q.segment, columns))


_NO_LETTERS = re.compile(r"[\W_]+")


def _sort_keys(paper: Paper) -> tuple[str, str]:
    """What title and first author are sorted by: letters and digits; the family name first."""
    *given, family = (name_of(paper.authors[0]) if paper.authors else "").split() or [""]
    return _letters(latex.render(paper.title)), _letters(" ".join((family, *given)))


def _letters(text: str) -> str:
    return " ".join(_NO_LETTERS.sub(" ", q.fold(text)).split())


def _listing(papers: tuple[Paper, ...]) -> str:
    ids = " ".join(sorted(paper.id for paper in papers))
    return sha256_of(ids.encode())[:16]
