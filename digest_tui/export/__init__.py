"""Papers as files, a module a format: Markdown for notes, BibTeX, CSV for spreadsheets, JSON.

Each format makes its text a paper at a time, and is imported when it is first written: a start
needs none, and pydantic alone costs a third of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from digest_tui.paper import Holding

Language = Literal["both", "en", "zh"]
"""Which of a paper's texts are written."""
_PREVIEWED = 10_000
"""Characters of an abstract, more than lines of a preview show."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """A format that papers can be written in."""

    suffix: str
    """Of the file's name, with its dot."""
    write: Callable[[Iterable[Holding]], Iterator[str]]
    """The file's text in chunks, the papers in the order given."""


def _markdown(holdings: Iterable[Holding]) -> Iterator[str]:
    from digest_tui.export.markdown import markdown

    return markdown(holdings)


def _bibtex(holdings: Iterable[Holding]) -> Iterator[str]:
    from digest_tui.export.bibtex import bibtex

    return bibtex(holdings)


def _csv(holdings: Iterable[Holding]) -> Iterator[str]:
    from digest_tui.export.table import table

    return table(holdings)


def _json(holdings: Iterable[Holding]) -> Iterator[str]:
    from digest_tui.export.records import json_array

    return json_array(holdings)


def _jsonl(holdings: Iterable[Holding]) -> Iterator[str]:
    from digest_tui.export.records import jsonl

    return jsonl(holdings)


FORMATS: Mapping[str, Exporter] = {
    "markdown": Exporter(".md", _markdown),
    "bibtex": Exporter(".bib", _bibtex),
    "csv": Exporter(".csv", _csv),
    "json": Exporter(".json", _json),
    "jsonl": Exporter(".jsonl", _jsonl),
}
"""Every format by the name that the shell and the export dialog give it."""


def in_languages(holding: Holding, language: Language) -> Holding:
    """The paper with its texts in one language only, where it has them in that language.

    The English title, which is the paper's name, stays in every language.
    """
    paper = holding.paper
    if language == "en":
        title_zh = "" if paper.title else paper.title_zh
        abstract_zh = "" if paper.abstract else paper.abstract_zh
        paper = replace(paper, title_zh=title_zh, abstract_zh=abstract_zh)
    elif language == "zh" and paper.abstract_zh:
        paper = replace(paper, abstract="")
    return replace(holding, paper=paper)


def _beginning(holding: Holding) -> Holding:
    paper = holding.paper
    abstract, abstract_zh = paper.abstract[:_PREVIEWED], paper.abstract_zh[:_PREVIEWED]
    paper = replace(paper, abstract=abstract, abstract_zh=abstract_zh)
    return replace(holding, paper=paper)


def preview(name: str, holdings: Iterable[Holding], lines: int) -> str:
    """The first lines of what a format would write, and a line `…` where more follow.

    No more papers are taken than those lines need, and no more of a text than a line may show.
    """
    text = ""
    for chunk in FORMATS[name].write(map(_beginning, holdings)):
        text += chunk
        if len(text.splitlines()) > lines:
            break
    shown = text.splitlines()
    # A table begins with a mark that tells programs its encoding.
    return "\n".join(shown[:lines] + ["…"] * (len(shown) > lines)).removeprefix("\ufeff")
