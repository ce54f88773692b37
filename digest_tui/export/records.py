"""A paper as JSON, the one shape that the shell prints and files hold.

The keys and their order are a promise to scripts: a key is never renamed and none is removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from pydantic import BaseModel, ConfigDict

from digest_tui.paper import Holding


class SubjectRecord(BaseModel):
    """An arXiv category."""

    model_config = ConfigDict(frozen=True)

    code: str
    name: str


class PaperRecord(BaseModel):
    """A paper, where it was listed, and what the reader decided of it."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    title_zh: str
    authors: tuple[str, ...]
    """Each with its affiliation, as it stands."""
    subjects: tuple[SubjectRecord, ...]
    keywords: tuple[str, ...]
    abs_url: str
    pdf_url: str
    abstract: str
    """Line breaks kept."""
    abstract_zh: str
    digests: tuple[date, ...]
    """Newest first."""
    read: bool
    starred: bool

    @classmethod
    def of(cls, holding: Holding) -> PaperRecord:
        """The record of a paper as the library holds it."""
        paper = holding.paper
        return cls(
            id=paper.id,
            title=paper.title,
            title_zh=paper.title_zh,
            authors=paper.authors,
            subjects=tuple(SubjectRecord(code=s.code, name=s.name) for s in paper.subjects),
            keywords=holding.keywords,
            abs_url=paper.abs_url,
            pdf_url=paper.pdf_url,
            abstract=paper.abstract,
            abstract_zh=paper.abstract_zh,
            digests=holding.digests,
            read=holding.read,
            starred=holding.starred,
        )


def jsonl(holdings: Iterable[Holding]) -> Iterator[str]:
    """One compact object a line."""
    for holding in holdings:
        yield PaperRecord.of(holding).model_dump_json() + "\n"


def json_array(holdings: Iterable[Holding]) -> Iterator[str]:
    """One array, an object a line."""
    opening = "[\n"
    for line in jsonl(holdings):
        yield opening + line.rstrip("\n")
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"
