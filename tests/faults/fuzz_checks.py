"""What has to hold of every input, whatever it is: a check for each thing that reads inputs.

A check raises where something does not hold, and returns the shape of what the program made of
the input: the kinds of its problems, which fields were there. Beside it stands what the program
does with an input for itself, to be timed.
"""

from __future__ import annotations

import json
import re
import tomllib
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any
from unicodedata import normalize

from pydantic import TypeAdapter

from digest_tui import formats, latex, prepared, query
from digest_tui import settings as settings_of
from digest_tui.commands import BY_ID, COMMANDS, Command
from digest_tui.editing import choosing, chosen, completed, completing
from digest_tui.export.markdown import markdown
from digest_tui.formats import dates
from digest_tui.formats.lines import clean
from digest_tui.index import Index
from digest_tui.marks import Change, Decision, merge
from digest_tui.paper import Digest, Holding, split_authors
from digest_tui.settings import Settings
from digest_tui.store import LONGEST, Store
from digest_tui.ui.text import wrap
from tests.made import DAY
from tests.test_export import linked, papers_with_keywords
from tests.test_formats import said

Stated = tuple[int, int, str, str, Any]
"""A change as a line states it: stamp, paper, field, value."""

STRUCTURE = re.compile(
    r"[>*#\s-]*(生成时间|arxiv\s*发布时间|new submissions for|showing new listings for|今天共有"
    r"|today\s*[:：]|there (is|are) no results?\W*$|keyword list\s*:|excluded\s*:)",
    re.IGNORECASE,
)
"""Lines that say something of the digest as a whole, or that there is nothing to say."""
TAG = re.compile("w[0-9]+w")
UNKNOWN = r"\method"
"""A command that nobody knows, and that therefore stays."""
SHOWN = "Diffusion policies for agents, 强化学习（RL）的策略 café"
"""A title in which words of queries are highlighted."""


def shape_of(*said: object) -> str:
    """What was said without what it was said about: quotations and numbers."""
    return "\n".join(sorted({re.sub("“.*”|[0-9]+", "", str(each), flags=re.S) for each in said}))


def text_of(data: bytes) -> str:
    """Bytes as the shell passes them on, those that are no text as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


def tagged(text: str, chance: Random) -> str:
    """A text of clean lines, in many of them a word that stands nowhere else."""
    front = dates.FRONT_MATTER.match(text)
    start = front.end() if front else 0
    lines = text[start:].split("\n")
    for number, line in enumerate(lines):
        states_a_day = line.lstrip().startswith("#") and dates.in_text(line)
        if line.strip() and chance.random() < 0.7 and not (STRUCTURE.match(line) or states_a_day):
            place = max(line.rfind(" ", 0, chance.randint(1, len(line))), 0) or len(line)
            lines[number] = f"{line[:place]} w{number}w{line[place:]}"
    return text[:start] + "\n".join(lines)


def check_digest(data: bytes) -> str:
    """No line of a digest is lost, and whatever was read can be indexed and shown."""
    text, problems = formats.decode(data)
    digest = formats.parse(text, fallback_day=DAY)
    lines = clean(text).split("\n")
    assert digest.format or digest.problems
    assert all(0 <= problem.line <= len(lines) for problem in digest.problems)
    assert all(1 <= entry.line <= len(lines) for entry in digest.entries)
    positions = [entry.position for entry in digest.entries]
    assert positions == sorted(positions)
    for found in digest.papers:
        assert found.id
        assert formats.excerpt(text, digest, found.id)
    if digest.format:
        prepared.prepare(digest, problems)
    names = split_authors(text)
    assert re.sub(r"[\s,，]", "", "".join(names)) == re.sub(r"[\s,，]", "", text)
    marked = tagged("\n".join(lines), Random(zlib.crc32(data)))
    if (read := formats.parse(marked)).format:
        lost = set(TAG.findall(marked)) - set(TAG.findall(said(read)))
        assert not lost, f"{lost} of {marked!r}"
    fields = ("".join("01"[bool(v)] for v in asdict(found).values()) for found in digest.papers)
    return shape_of(digest.format, *(each.message for each in digest.problems), *set(fields))


def check_markdown(data: bytes) -> str:
    """What was read of a digest is read again, paper for paper, from its export; but for links of
    papers on arXiv that lead elsewhere."""
    digest = formats.parse(formats.decode(data)[0], fallback_day=DAY)
    holdings = holdings_in(digest)
    text = "".join(markdown(holdings))
    assert papers_with_keywords(text) == [(linked(each.paper), each.keywords) for each in holdings]
    return shape_of(*re.findall(r"[^\w\s]+", text)[:40])


def holdings_in(digest: Digest) -> list[Holding]:
    """The papers of a digest as a library has them."""
    listed: dict[str, dict[str, None]] = {}
    for entry in digest.entries:
        listed.setdefault(entry.paper.id, {})[entry.keyword] = None
    return [
        Holding(paper, tuple((DAY, keyword) for keyword in listed[paper.id]))
        for paper in digest.papers
    ]


def read_digest(data: bytes) -> object:
    return prepared.read(data, "", DAY)


def exported(data: bytes) -> str:
    return "".join(markdown(holdings_in(formats.parse(text_of(data), fallback_day=DAY))))


def read_query(data: bytes) -> object:
    return query.parse(text_of(data))


def check_query(data: bytes) -> str:
    """What was typed is a query, with hints inside it, and can be edited wherever the cursor is."""
    typed = text_of(data)
    parsed = query.parse(typed)
    assert query.parse(str(parsed.query)) == query.Parsed(parsed.query, ())
    assert query.outline(typed).query == parsed.query
    assert all(0 <= hint.start < hint.end <= len(typed) for hint in parsed.hints)
    for cursor in {len(typed), zlib.crc32(data) % (len(typed) + 1)}:
        if at := completing(typed, cursor):
            done, end = completed(typed, at, 'a "b"')
            assert (done[: at.start], done[end:]) == (typed[: at.start], typed[cursor:])
    edited = choosing(typed, "kw", ("a b", "c,"))
    assert {"a b", "c,"} <= set(chosen(edited, "kw"))
    for column in ("title", "title_zh"):
        spans = query.highlights(parsed.query, SHOWN, column)
        assert all(0 <= start < end <= len(SHOWN) for start, end in spans)
        assert list(spans) == sorted(spans)
    query.keyword_query(typed)
    return shape_of(*(hint.message for hint in parsed.hints), kinds_of(parsed.query))


def kinds_of(asked: query.Query) -> str:
    names = re.findall("[A-Z][a-z]+(?=\\()|quoted=True", repr(asked)[:1000])
    return " ".join(dict.fromkeys(names))


def check_search(index: Index, data: bytes) -> str:
    """What was typed is answered, and the answer in a span is that part of the whole one."""
    asked = query.parse(text_of(data)).query
    whole = index.answer(asked, DAY, None).papers
    within = index.answer(asked, DAY, (2, 4)).papers
    everything = {1, 2, 3, 4, 5}
    found = everything if whole is None else set(whole)
    assert (everything if within is None else set(within)) & {2, 3, 4} == found & {2, 3, 4}
    return f"{kinds_of(asked)} {sorted(found)}"


def check_journal(folder: Path, data: bytes) -> str:
    """Each complete line is a change, or nothing to read, or named; none is made up."""
    store = Store(folder, "aaaaaa", now=lambda: 0)
    store.journal.write_bytes(data)
    reading = store.read()
    lines = [line + b"\n" for line in data.split(b"\n")[:-1]]
    stated = [change for line in lines if (change := stated_by(line))]
    assert [values_of(change) for change in reading.changes] == stated
    silent = sum(line.isspace() or is_header(line) for line in lines)
    assert len(stated) + silent + len(reading.bad) == len(lines)
    assert all(bad.reason and 1 <= bad.line <= len(lines) for bad in reading.bad)
    (position,) = reading.positions.values()
    assert (position.offset, position.lines) == (data.rfind(b"\n") + 1, len(lines))
    if not reading.newer:
        check_append(store, data)
    kinds = {type(change.value) for change in reading.changes}
    return shape_of(*(bad.reason for bad in reading.bad), kinds, bool(silent), bool(reading.newer))


def read_journal(folder: Path, data: bytes) -> object:
    store = Store(folder, "aaaaaa")
    store.journal.write_bytes(data)
    return store.read()


def check_append(store: Store, data: bytes) -> None:
    """A change written behind some bytes wins, and takes nothing from what they state."""
    reading = store.read()
    key = "2604.00001", "star"
    (written,) = store.write([Decision(*key, True, merge(reading.changes).get(key))])
    assert store.journal.read_bytes().startswith(data)
    after = store.read().changes
    tail = stated_by(data[data.rfind(b"\n") + 1 :] + b"\n")
    assert after[: len(reading.changes)] == reading.changes or not data
    assert len(after) == len(reading.changes) + bool(tail) + 1
    assert values_of(merge(after)[key]) == values_of(written)


def values_of(change: Change) -> Stated:
    stamp = change.stamp
    return stamp.ms, stamp.count, change.paper, change.field, change.value


def record_in(line: bytes) -> Any:
    """The JSON of a line, if it is some."""
    if len(line) > LONGEST:
        return None
    with suppress(ValueError, RecursionError):
        stripped = line.decode().strip(" \t\r\n\0\ufeff")
        return json.loads(stripped, parse_constant=lambda _: float("no JSON"))
    return None


def is_header(line: bytes) -> bool:
    record = record_in(line)
    return type(record) is dict and "h" in record


def stated_by(line: bytes) -> Stated | None:
    """The change that a line states, by the format's definition."""
    match record_in(line):
        case {"h": _}:
            return None
        case {"t": [int(ms), int(count)], "k": str(paper), "f": str(field), "v": value}:
            if is_value(value) and all(type(n) is int and is_value(n) for n in (ms, count)):
                return ms, count, *(well_formed(each) for each in (paper, field, value))
    return None


def is_value(value: object) -> bool:
    match value:
        case bool() | str() | None:
            return True
        case int():
            return abs(value) < 2**53
        case float():
            return abs(value) < float("inf")
    return False


def well_formed(value: Any) -> Any:
    is_text = isinstance(value, str)
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if is_text else value


def check_settings(data: bytes) -> str:
    """The settings can be used, and every mistake is named with its line."""
    typed = text_of(data)
    settings, problems = settings_of.parse(typed)
    assert TypeAdapter(Settings).validate_python(asdict(settings)) == settings
    assert all(folder.is_absolute() for folder in settings.folders)
    taken = [key for command in COMMANDS for key in keys_of(settings, command)]
    assert len(taken) == len(set(taken)) or not settings.keys
    assert settings.keys.keys() <= BY_ID.keys()
    table: dict[str, Any] = {}
    with suppress(ValueError, RecursionError):
        table = tomllib.loads(typed)
    for problem in problems:
        assert problem.message
        # A name with an escape in it stands nowhere as it is.
        assert 0 < problem.line <= typed.count("\n") + 1 or not table or "\\" in typed
    wrong = [key for key in table if asdict(settings).get(key) != table[key]]
    assert len(problems) >= len([key for key in wrong if key not in ("keys", "folders")])
    return shape_of(*(problem.message for problem in problems))


def read_settings(data: bytes) -> object:
    return settings_of.parse(text_of(data))


def keys_of(settings: Settings, command: Command) -> Sequence[str]:
    """The keys of a command, each once."""
    spelled = settings.keys.get(command.id)
    return command.keys if spelled is None else sorted(set(settings_of.split_keys(spelled)))


def check_latex(data: bytes) -> str:
    """No letter, digit or Chinese sign is lost, and what is shown can be wrapped at any width."""
    source = text_of(data)
    shown = latex.typeset(source)
    assert latex.render(source) == shown.text
    assert len(shown.text) <= 2 * len(source)
    starts = [start for start, _, _ in shown.emphases]
    assert starts == sorted(starts)
    assert all(0 <= start < end <= len(shown.text) for start, end, _ in shown.emphases)
    if not re.search(r"\\(href|textcolor)", source):
        # What these take besides is no text.
        assert shown.text.count(UNKNOWN) == source.count(UNKNOWN)
        missing = kept_of(re.sub(r"\\[A-Za-z]+", "", source)) - kept_of(shown.text)
        assert not missing, missing
    width = zlib.crc32(data) % 100 + 1
    spans = wrap(shown.text, width)
    between = [0, *(place for span in spans for place in span), len(shown.text)]
    gaps = zip(between[::2], between[1::2], strict=True)
    assert not any(shown.text[start:end].strip() for start, end in gaps)
    return shape_of(re.sub(r"[^\W\d_]+", "a", shown.text)[:40])


def read_latex(data: bytes) -> object:
    return wrap(latex.typeset(text_of(data)).text, 60)


def kept_of(text: str) -> Counter[str]:
    """How often each character stands in a text that is more than a sign of LaTeX."""
    return Counter(c for c in normalize("NFKD", text) if c.isalnum() or c >= "\u2e80")
