"""Papers as files: Markdown for notes, JSON for programs; a module a format.

Each format makes its text a paper at a time, and is imported when it is first written: a start
needs none, and pydantic alone costs a third of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from digest_tui.paper import Holding


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


def _json(holdings: Iterable[Holding]) -> Iterator[str]:
    from digest_tui.export.records import json_array

    return json_array(holdings)


def _jsonl(holdings: Iterable[Holding]) -> Iterator[str]:
    from digest_tui.export.records import jsonl

    return jsonl(holdings)


FORMATS: Mapping[str, Exporter] = {
    "markdown": Exporter(".md", _markdown),
    "json": Exporter(".json", _json),
    "jsonl": Exporter(".jsonl", _jsonl),
}
"""Every format by the name that the shell and the export dialog give it."""
