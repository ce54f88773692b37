"""Random inputs for everything that reads what others wrote: any number of them, in one process.

    python -m tests.faults.fuzz --inputs 1000000 --seed 1 [TARGET...]

A target holds one input against all that has to be true of it, and returns the shape of what the
program made of it: the kinds of its problems, which fields were there. Inputs are mutations of a
corpus: pieces replaced by tokens of the format, by pieces of other inputs, by any bytes. One of
a shape that was never seen before joins the corpus. That guides the search better than the lines
of code that were run: what is read here is read by tables and regular expressions, whose every
case is on the same line.

What a target does with an input takes no more than a tenth of a second of CPU time for 10 kB. From
time to time a piece of an input is repeated up to 40 kB, to find what grows faster than its input.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import signal
import tempfile
import time
import tomllib
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any
from unicodedata import normalize

from pydantic import TypeAdapter

from digest_tui import formats, latex, prepared, query
from digest_tui import settings as settings_of
from digest_tui.commands import BY_ID, COMMANDS, Command
from digest_tui.editing import choosing, chosen, completed, completing
from digest_tui.export.markdown import markdown
from digest_tui.formats import dates
from digest_tui.formats.exported import SIGNATURE
from digest_tui.formats.lines import clean
from digest_tui.index import Index
from digest_tui.marks import Change, Decision, merge
from digest_tui.paper import Digest, Holding, split_authors
from digest_tui.settings import Settings
from digest_tui.store import LONGEST, Store
from digest_tui.ui.text import wrap
from tests.made import DAY, digest, paper, papers, text
from tests.test_export import papers_with_keywords

DIGESTS = Path(__file__).parents[1] / "digests"
MEASURED = 40_000
PACE = 0.1 / 10_000
"""CPU seconds a byte that nothing may exceed."""
SUSPECT = 0.03
"""CPU seconds after which an input is measured properly."""
HANGS = 20
"""CPU seconds after which an input is given up."""
GROWN = 500
"""One of so many inputs has a piece repeated, and is measured."""
KEPT = 2000
"""Inputs of a new shape that join the corpus."""


Stated = tuple[int, int, str, str, Any]
"""A change as a line states it: stamp, paper, field, value."""


@dataclass(frozen=True, slots=True)
class Target:
    """What reads inputs, and what they are made of."""

    check: Callable[[bytes], str]
    """Raises where something does not hold; returns the shape of what was made of the input."""
    read: Callable[[bytes], object]
    """What the program does with an input, without any looking at what comes of it."""
    corpus: Sequence[bytes]
    tokens: Sequence[bytes]
    openings: Sequence[bytes] = ()
    """Beginnings behind which a token is repeated."""
    longest: int = 1500
    """Bytes of an input at most, unless it is one to measure."""


def shape_of(*said: object) -> str:
    """What was said without what it was said about: quotations and numbers."""
    return "\n".join(sorted({re.sub("“.*”|[0-9]+", "", str(each), flags=re.S) for each in said}))


STRUCTURE = re.compile(
    r"[>*#\s-]*(生成时间|arxiv\s*发布时间|new submissions for|showing new listings for|今天共有"
    r"|today\s*[:：]|there (is|are) no results?\W*$|keyword list\s*:|excluded\s*:)",
    re.IGNORECASE,
)
"""Lines that say something about the digest as a whole, or that there is nothing to say."""


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


def said(digest: Digest) -> str:
    """Everything that a digest says, in one text."""
    papers = (str(list(asdict(entry.paper).values())) for entry in digest.entries)
    return "\n".join((*digest.keywords, *papers, *(each.message for each in digest.problems)))


def check_digest(data: bytes) -> str:
    """No line of a digest is lost, and whatever was read can be indexed and shown."""
    text, problems = formats.decode(data)
    digest = formats.parse(text, fallback_day=DAY)
    lines = clean(text).split("\n")
    assert digest.format or digest.problems
    assert all(0 <= problem.line <= len(lines) for problem in digest.problems)
    assert all(1 <= entry.line <= len(lines) for entry in digest.entries)
    assert [entry.position for entry in digest.entries] == sorted(
        e.position for e in digest.entries
    )
    for found in digest.papers:
        assert found.id
        assert formats.excerpt(text, digest, found.id)
    if digest.format:
        prepared.prepare(digest, problems)
    names = split_authors(text)
    assert re.sub(r"[\s,，]", "", "".join(names)) == re.sub(r"[\s,，]", "", text)
    marked = tagged("\n".join(lines), Random(zlib.crc32(data)))
    if (read := formats.parse(marked)).format:
        lost = set(re.findall("w[0-9]+w", marked)) - set(re.findall("w[0-9]+w", said(read)))
        assert not lost, f"{lost} of {marked!r}"
    fields = ("".join("01"[bool(v)] for v in asdict(found).values()) for found in digest.papers)
    return shape_of(digest.format, *(each.message for each in digest.problems), *set(fields))


def check_markdown(data: bytes) -> str:
    """What was read of a digest is read again, paper for paper, from its export."""
    digest = formats.parse(formats.decode(data)[0], fallback_day=DAY)
    holdings = holdings_in(digest)
    text = "".join(markdown(holdings))
    assert papers_with_keywords(text) == [(each.paper, each.keywords) for each in holdings]
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


def text_of(data: bytes) -> str:
    """Bytes as the shell passes them on, those that are no text as lone surrogates."""
    return data.decode("utf-8", "surrogateescape")


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


SHOWN = "Diffusion policies for agents, 强化学习（RL）的策略 café"


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


def indexed(folder: Path) -> Index:
    """An index of five papers, of which two are Chinese."""
    index = Index(folder / "index.sqlite3")
    listed = [*papers(1, 2, 3), paper(4, title="扩散策略", title_zh=""), paper(5, authors=())]
    with index.change() as writer:
        writer.add(*digest(text(listed), "0.txt"))
    return index


def check_journal(folder: Path, data: bytes) -> str:
    """Each complete line is a change, or nothing to read, or named; none is made up."""
    store = Store(folder, "aaaaaa", now=lambda: 10)
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
    if not reading.newer and zlib.crc32(data) % 8 == 0:
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
        case {
            "t": [int(ms), int(count)],
            "k": str(paper),
            "f": str(field),
            "v": None | bool() | int() | float() | str() as value,
        }:
            integers = [each for each in (ms, count, value) if isinstance(each, int)]
            are_stamps = type(ms) is type(count) is int
            if (
                are_stamps
                and max(map(abs, integers)) < 2**53
                and value not in (float("inf"), -float("inf"))
            ):
                return ms, count, *(well_formed(each) for each in (paper, field, value))
    return None


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
        assert len(UNKNOWN.findall(shown.text)) == len(UNKNOWN.findall(source))
        missing = kept_of(re.sub(r"\\[A-Za-z]+", "", source)) - kept_of(shown.text)
        assert not missing, missing
    width = zlib.crc32(data) % 100 + 1
    spans = wrap(shown.text, width)
    between = [0, *(place for span in spans for place in span), len(shown.text)]
    gaps = zip(between[::2], between[1::2], strict=True)
    assert not any(shown.text[start:end].strip() for start, end in gaps)
    return shape_of(re.sub(r"[^\W\d_]+", "a", shown.text)[:40])


def read_latex(data: bytes) -> object:
    return latex.typeset(text_of(data))


UNKNOWN = re.compile(r"\\method(?![A-Za-z])")


def kept_of(text: str) -> Counter[str]:
    """How often each character stands in a text that is more than a sign of LaTeX."""
    return Counter(c for c in normalize("NFKD", text) if c.isalnum() or c >= "\u2e80")


SIGNS = [
    "\\", "$", "{", "}", "(", ")", "（", "）", "[", "]", "|", '"', "“", "-", "_", "^", "*", "`", "'",
    "''", "~", "<", ">", "#", "%", "&", ";", ":", "：", ",", "，", "=", ".", "/", "!", " ", "a", "1",
    "\n", "\r", "\t", "\0", "\u2028", "\u3000", "\ufeff", "\x1b[31m", "\x1b]0;", "\x9b", "\u202e",
    "\u200d", "\u0301", "中", "学习", "é", "ı", "ﬀ", "㊀", "\U0001f4c4", "\U00020000", "0", "a,", "a ",
    "中，", "https://arxiv.org/abs/2603.00001",
]  # fmt: skip
LATEX = [
    r"\textbf{", r"\emph{", r"{\bf ", r"\(", r"\)", r"\[", r"\]", "$$", r"\$", "``", "--", "al.~[",
    r"\alpha", r"\frac", r"\sqrt[3]", r"\sqrt{", "x_{", "^{", r"\mathbb{", r"\not", r"\le ", r"\'e",
    r"\text{", r"\left.", r"\right)", r"\operatorname*{", r"\'{", r"\href{", r"\url{", r"\hat{",
    r"\textsuperscript{", r"\method", r"\约", "https://", r"\ss", r"\dots", r"\~n", r"\c c",
]  # fmt: skip
LINES = [
    "Keyword: ", "## Keyword:", "# ", "### ", "- Authors: ", "- **Authors:** ", "Authors: ", "__",
    "- Subjects: Subjects:\n", "Machine Learning (cs.LG); ", "- Arxiv link: ", "- Pdf link: ", "**",
    "- Abstract\n", "- Abstract ", "- 中文摘要\n", "中文摘要：", "- Title: ", "中文标题: ", "----",
    "There is no result", "今天共有 2 篇相关文章", "生成时间: 2026-03-02 17:20:00 (UTC+8); ", "> ",
    "Arxiv 发布时间: 2026-03-02 20:00 EST", "New submissions for Mon, 2 Mar 26", "---\ndate: ",
    "[翻译失败]", "- Comments: ", "- ", "* ", "2604.18616v2", SIGNATURE, "(cs.RO)", "Excluded: ",
    "- **Also under:** ", "2026-03-02", "- **Abstract**\n", "\n\n", ": ",
]  # fmt: skip
TYPING = [
    "ti:", "au:", "abs:", "zh:", "id:", "kw:", "cat:", "date:", "is:", "作者：", "分类:", "x:", '""',
    " OR ", " AND ", " NOT ", "-(", "NOT ", '"a b"', '"a"*', "*a", "＊ab", "unread", "已读", "f(x)",
    "2026-04-22", "2026..", ">=2026-04", "7d", "..", "9999", "0000", "999999w", "cs.LG,cs.RO",
    "robot", "2604.00001v1", "https://arxiv.org/abs/2604.00001", "NEAR(", "rowid", "sparse", "任务",
    "\udc80",
]  # fmt: skip
RECORDS = [
    '{"t":[1,0],"k":"2604.00001","f":"star","v":true}\n', '{"h":1,"d":"bbbbbb"}\n', '{"h":2}\n',
    '"t":', '"k":', '"f":', '"v":', '"h":1,', "[1,0]", "[2,1]", "[1,true]", "true", "null", "NaN",
    "-Infinity", "1e999", "9007199254740992", "1.5", "-0", '"\\ud800"', '"\\u0000"', '"note"',
    "{}", "9" * 5000, "[" * 3000, "x" * LONGEST, "\r\n", "\0\0\0\0", "\x0c\n", "\x85\n", '"2604.1"',
]  # fmt: skip
TOML = [
    "theme", "folders", "language", "density", "glyphs", "keys", "[keys]\n", "[[keys]]\n", "keys.",
    ' = "', '"\n', "= '''\n", '"""', '= ["/srv", "~/x"]\n', "= true\n", '= "zh"\n', "= 1\n",
    'read = "x, ctrl+x"\n', 'star = ","\n', '"read-all" = "f12"\n', "down = ", "# ", "1979-05-27",
    "\\u0061", "1" * 5000, "[" * 3000, "a." * 500, "nan", "inf", "0x", "~nobody/x", "..",
]  # fmt: skip


def encoded(*tokens: str) -> list[bytes]:
    return [token.encode("utf-8", "surrogateescape") for token in tokens]


@contextmanager
def targets(folder: Path) -> Iterator[dict[str, Target]]:
    """Every target by its name; they write into a folder."""
    digests = [path.read_bytes() for path in sorted(DIGESTS.iterdir()) if path.suffix != ".json"]
    digests += encoded("".join(markdown([Holding(paper(1), ((DAY, "a"), (DAY, "b;c")))])))
    typed = encoded(
        'ti:"a b" OR (au:levine -is:read) cat:cs.RO,cs.CV', "date:2026-01..2026-03 强化"
    )
    journals = encoded("".join(RECORDS[:2] * 3), RECORDS[1] + RECORDS[0])
    configs = encoded('theme = "nord"\nfolders = ["/srv"]\n[keys]\nread = "x"\nstar = "y"\n')
    abstracts = encoded(paper(1).abstract, " ".join(LATEX), r"$\frac{1}{2}$--\% of ``$x_i$''")
    lines, latex, typing = (encoded(*tokens, *SIGNS) for tokens in (LINES, LATEX, TYPING))
    records, toml = (encoded(*tokens, *SIGNS) for tokens in (RECORDS, TOML))
    journal = partial(check_journal, folder), partial(read_journal, folder)
    queries = encoded("", "ti:", 'kw:"', "a (")
    papers = encoded("", "Keyword: a\nTitle\n- Authors: ", "## Keyword: a\n### b\n- **Abstract**\n")
    with closing(indexed(folder)) as index:
        search = partial(check_search, index)
        yield {
            "digest": Target(check_digest, read_digest, digests, lines, papers),
            "markdown": Target(
                check_markdown, exported, digests, [*lines, *encoded(*LATEX)], papers
            ),
            "query": Target(check_query, read_query, typed, typing, queries, 400),
            "search": Target(search, read_query, typed, typing, longest=400),
            "journal": Target(*journal, journals, records, encoded("", '{"v":"')),
            "settings": Target(
                check_settings, read_settings, configs, toml, encoded("", 'theme = "', "x = [")
            ),
            "latex": Target(
                check_latex, read_latex, abstracts, latex, encoded("", "$", r"\textbf{", "``")
            ),
        }


def stretch(chance: Random, data: bytes) -> tuple[int, int]:
    """A place in an input, some bytes of it, or a line."""
    start = chance.randint(0, len(data))
    match chance.randrange(4):
        case 0:
            return start, min(start + chance.randint(1, 40), len(data))
        case 1:
            return data.rfind(b"\n", 0, start) + 1, data.find(b"\n", start) + 1 or len(data)
    return start, start


def piece(chance: Random, data: bytes, target: Target, corpus: Sequence[bytes]) -> bytes:
    """Something to stand in an input."""
    match chance.randrange(8):
        case 0:
            return b""
        case 1:
            return chance.randbytes(chance.randint(1, 3))
        case 2:
            return chr(chance.randrange(0x110000)).encode("utf-8", "surrogatepass")
        case 3:
            start, end = stretch(chance, data)
            return data[start:end] * chance.randint(1, 8)
        case 4:
            other = chance.choice(corpus)
            start, end = stretch(chance, other)
            return other[start:end]
    return b"".join(chance.choices(target.tokens, k=chance.randint(1, 3)))


def mutated(chance: Random, target: Target, corpus: Sequence[bytes]) -> bytes:
    """An input with some of its pieces replaced."""
    data = chance.choice(corpus)
    for _ in range(chance.randint(1, 6)):
        start, end = stretch(chance, data)
        data = data[:start] + piece(chance, data, target, corpus) + data[end:]
    return data


def grown(chance: Random, data: bytes) -> bytes:
    """An input with one of its pieces repeated."""
    start = chance.randint(0, max(len(data) - 1, 0))
    end = start + chance.choice((1, 2, 3, 8, 40, 200))
    again = data[start:end] or b" "
    return data[:start] + again * (MEASURED // len(again)) + data[end:]


def seconds(read: Callable[[bytes], object], data: bytes, runs: int = 3) -> float:
    """The CPU time of reading, the least of some runs: others use the machine too."""
    # A collection looks at all that the tests hold, not at the input alone.
    gc.disable()
    try:
        return min(run_of(read, data) for _ in range(runs))
    finally:
        gc.enable()


def run_of(read: Callable[[bytes], object], data: bytes) -> float:
    start = time.process_time()
    read(data)
    return time.process_time() - start


def check_pace(read: Callable[[bytes], object], data: bytes) -> None:
    """Holds an input, made 10 kB long where it is shorter, to its time."""
    data *= 1 + 10_000 // (len(data) + 1)
    limit = PACE * len(data)
    with given_up(20 * limit):
        spent = seconds(read, data, runs=1)
        if spent > limit:
            spent = seconds(read, data)
    assert spent < limit, f"{spent:.2f} s for {data[:200]!r}…{data[-200:]!r}"


@contextmanager
def given_up(after: float) -> Iterator[None]:
    """What runs is interrupted after some CPU seconds, a regular expression too."""

    def give_up(signal: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {after} s")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, after)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def answered(check: Callable[[bytes], str], data: bytes) -> str | None:
    """What a check returns; None where it fails."""
    with suppress(Exception), given_up(HANGS):
        return check(data)
    return None


def shrunk(check: Callable[[bytes], str], data: bytes) -> bytes:
    """A part of an input that fails, which fails as well."""
    size = len(data) // 2
    while size:
        start = 0
        while start < len(data):
            shorter = data[:start] + data[start + size :]
            if answered(check, shorter) is None:
                data = shorter
            else:
                start += size
        size //= 2
    return data


def hunt(target: Target, inputs: int, seed: int) -> int:
    """Holds a number of inputs to all that a target asks; returns how many were of a new shape.

    The inputs follow from the seed. Raises what the check raises, for the smallest input found.
    """
    chance = Random(seed)
    corpus, shapes = list(target.corpus), set[str]()
    for number in range(inputs):
        data = mutated(chance, target, corpus)[: target.longest]
        start = time.process_time()
        shape = answered(target.check, data)
        if shape is None:
            small = shrunk(target.check, data)
            print(f"seed {seed}, input {number}: {small!r}")
            target.check(small)
        elif shape not in shapes and len(shapes) < KEPT:
            shapes.add(shape)
            corpus.append(data)
        if number % GROWN == 0:
            check_pace(target.read, grown(chance, data))
        elif time.process_time() - start > SUSPECT:
            check_pace(target.read, data)
    return len(shapes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.faults.fuzz")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("targets", nargs="*", help="all, if none is named")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, targets(Path(folder)) as known:
        names = asked.targets or list(known)
        for name in names:
            start = time.process_time()
            new = hunt(known[name], asked.inputs // len(names), asked.seed)
            spent = time.process_time() - start
            print(f"{name}: {asked.inputs // len(names)} inputs, {new} shapes, {spent:.0f} s")


if __name__ == "__main__":
    main()
