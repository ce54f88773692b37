"""Search: what a query finds is what a plain look at all texts finds, and nothing else."""

from __future__ import annotations

import random
import re
import sqlite3
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from digest_tui import latex
from digest_tui.index import Index
from digest_tui.paper import Paper
from digest_tui.prepared import Row
from digest_tui.query import And, Is, Recent, parse
from digest_tui.search import Span
from tests.benchmarks.made import digests
from tests.made import DAY, digest, paper, papers, text

REAL = sorted((Path(__file__).parents[2] / "shared" / "digests").glob("*.txt"))
HAN = "一-鿿"
FIELDS = {
    "": ("title", "title_zh", "authors", "abstract", "abstract_zh", "id"),
    "ti:": ("title", "title_zh"),
    "au:": ("authors",),
    "abs:": ("abstract", "abstract_zh"),
    "zh:": ("title_zh", "abstract_zh"),
    "id:": ("id",),
}

Texts = Mapping[int, str]
"""What papers hold, by their numbers, to be searched by `in`."""
Asked = tuple[str, set[int]]
"""What is typed, and the numbers of the papers that it finds."""


@dataclass(frozen=True)
class Library:
    """An index, and the texts of its papers by field: a line for each column."""

    index: Index
    ids: Mapping[int, str]
    words: Mapping[str, Texts]
    """Each word between two spaces; `#` for a Chinese character."""
    chinese: Mapping[str, Texts]
    """Without spaces."""

    def finds(self, typed: str, within: Span | None = None) -> set[int]:
        found = self.index.answer(parse(typed).query, DAY, within).papers
        return set(self.ids if found is None else found)


def folded(source: str) -> str:
    """Letters without case, accents and width."""
    apart = unicodedata.normalize("NFKD", latex.render(source).casefold())
    bare = re.sub("[\u0300-\u036f]", "", apart)
    return bare.translate(str.maketrans("łøđ", "lod"))


def words_of(column: str) -> str:
    words = " ".join(re.findall(rf"[{HAN}]|[^\W_{HAN}]+", column))
    return f" {re.sub(f'[{HAN}]', '#', words)} "


def columns_of(row: Row) -> dict[str, str]:
    columns = {name: getattr(row, name) for name in FIELDS[""]}
    columns["authors"] = "\n".join(row.authors)
    return {name: folded(column) for name, column in columns.items()}


def by_field(papers: Mapping[int, Mapping[str, str]]) -> dict[str, Texts]:
    return {
        field: {n: "\n".join(columns[name] for name in names) for n, columns in papers.items()}
        for field, names in FIELDS.items()
    }


def library(path: Path, *contents: str) -> Library:
    index = Index(path)
    rows: dict[str, Row] = {}
    with index.change() as writer:
        for place, content in enumerate(contents):
            file, prepared = digest(content, f"{place}.txt")
            writer.add(file, prepared)
            rows |= {row.id: row for row in prepared.papers}
    numbers = index.numbers(rows)
    held = {numbers[id_]: columns_of(row) for id_, row in rows.items()}
    words = {n: {k: words_of(c) for k, c in columns.items()} for n, columns in held.items()}
    bare = {n: {k: re.sub(r"\s", "", c) for k, c in columns.items()} for n, columns in held.items()}
    return Library(index, {n: id_ for id_, n in numbers.items()}, by_field(words), by_field(bare))


def holding(texts: Texts, wanted: str) -> set[int]:
    return {number for number, text in texts.items() if wanted in text}


def some_words(chance: random.Random, texts: Texts) -> list[str]:
    """Some words in a row, of a text that has any."""
    while True:
        rows: list[str] = re.findall(r"[^#\n]+", chance.choice(list(texts.values())))
        if words := chance.choice(rows or [""]).split():
            start = chance.randrange(len(words))
            return words[start : start + chance.randint(1, 5)]


def asked_for_words(chance: random.Random, library: Library) -> Iterator[Asked]:
    """Words and phrases, whole or with an end that may go on."""
    for _ in range(15):
        for field, texts in library.words.items():
            if not any(re.search(r"[^\s#]", text) for text in texts.values()):
                continue
            phrase = " ".join(some_words(chance, texts))
            yield f'{field}"{phrase.upper()}"', holding(texts, f" {phrase} ")
            begun = phrase[: chance.randint(1, len(phrase))].strip()
            yield f'{field}"{begun}"*', holding(texts, f" {begun}")
            word = phrase.partition(" ")[0]
            begun = word[: chance.randint(1, len(word))]
            yield field + begun, holding(texts, f" {begun}")


def asked_for_chinese(chance: random.Random, library: Library) -> Iterator[Asked]:
    """One to five characters in a row, as they stand in a text or the other way round."""
    for _ in range(12):
        for field in ("", "ti:", "abs:", "zh:", "au:"):
            texts = library.chinese[field]
            one = chance.choice(list(library.chinese["zh:"].values()))
            clause = chance.choice(re.findall(f"[{HAN}]+", one) or ["学习"])
            start = chance.randrange(len(clause))
            row = clause[start : start + chance.randint(1, 5)]
            yield field + row, holding(texts, row)
            yield field + row[::-1], holding(texts, row[::-1])


def asked_for_ids(chance: random.Random, library: Library) -> Iterator[Asked]:
    """Ids: bare, with a version, in a link, or begun."""
    for number, id_ in chance.sample(sorted(library.ids.items()), 10):
        yield f"{id_}v{chance.randint(1, 9)}", {number}
        yield f"https://arxiv.org/abs/{id_}", {number}
        yield f"arXiv:{id_}", {number}
        begun = id_[: chance.randint(5, len(id_))]
        yield f"id:{begun}", holding(library.words["id:"], f" {begun.replace('.', ' ').strip()}")


def asked_for_more(chance: random.Random, library: Library, asked: list[Asked]) -> Iterator[Asked]:
    """Several queries in one."""
    every = set(library.ids)
    for _ in range(40):
        (a, in_a), (b, in_b), (c, in_c) = chance.sample(asked, 3)
        yield f"{a} {b}", in_a & in_b
        yield f"{a} OR {b}", in_a | in_b
        yield f"-{a} NOT {b} AND {c}", in_c - in_a - in_b
        yield f"({a} | {b}) -({b} {c})", (in_a | in_b) - (in_b & in_c)
        yield f"-({a} OR -{b})", every - (in_a | (every - in_b))


def asked_for_letters(chance: random.Random, library: Library) -> Iterator[Asked]:
    """Letters inside words, of whatever field; without a star where no word begins with them."""
    for _ in range(8):
        for field, texts in library.words.items():
            word = some_words(chance, library.words[""])[0]
            inner = word[chance.randrange(len(word)) :][: chance.randint(3, 6)]
            inside = holding(texts, inner) if len(inner) > 2 else set()
            yield field + inner, holding(texts, f" {inner}") or inside
            if len(inner) > 1:
                yield f"{field}*{inner}", holding(texts, inner)


def wrong(library: Library) -> dict[str, tuple[set[int], set[int]]]:
    """The queries that are not answered as they should be: what they miss, what is too much."""
    chance = random.Random(11)
    asked = [
        *asked_for_words(chance, library),
        *asked_for_chinese(chance, library),
        *asked_for_ids(chance, library),
    ]
    asked += [
        *asked_for_more(chance, library, asked),
        *asked_for_letters(chance, library),
    ]
    assert len(asked) > 500
    answers = [(typed, expected, library.finds(typed)) for typed, expected in asked]
    for typed, expected in asked:
        one, other = chance.sample(sorted(library.ids), 2)
        span = min(one, other), max(one, other)
        within = set(range(span[0], span[1] + 1))
        found = library.finds(typed, span) & within
        answers.append((f"{typed} in {span}", expected & within, found))
    return {typed: (want - found, found - want) for typed, want, found in answers if found != want}


def test_of_ten_thousand_papers_a_query_finds_all_that_match_and_no_other(tmp_path: Path) -> None:
    made = library(tmp_path / "index.sqlite3", *(content for _, content in digests(10_000)))
    with closing(made.index):
        assert len(made.ids) == 10_000
        assert not wrong(made)


@pytest.mark.skipif(not REAL, reason="there are no real digests here")
def test_of_real_papers_a_query_finds_all_that_match_and_no_other(tmp_path: Path) -> None:
    real = library(tmp_path / "index.sqlite3", *(path.read_text("utf-8") for path in REAL))
    with closing(real.index):
        assert not wrong(real)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with closing(Index(tmp_path / "index.sqlite3")) as opened:
        yield opened


def put(index: Index, name: str, *listed: Paper) -> None:
    with index.change() as writer:
        writer.add(*digest(text(listed), name))


def found(index: Index, typed: str) -> str:
    numbers = index.matches(parse(typed).query, DAY)
    assert numbers is not None
    return " ".join(id_.removeprefix("2604.").lstrip("0") for id_ in sorted(index.ids(numbers)))


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("*former", "1 2"),
        ("former", "2"),
        ("sformer", "1"),
        ("Sformer-bas", "1"),
        ("*former-bas", "1"),
        ("*form-bas", ""),
        ("ti:sformer", "1"),
        ("abs:sformer", ""),
        ("au:ovelac", "1 2"),
        ("*lovelace", "1 2"),
        ("id:0002", "2"),
        ("sf", ""),
        ("*sf", "1"),
        ("*强化", "1"),
        ('"sformer"', ""),
        # The rest of a query makes no difference.
        ("sformer few", "1"),
        ("sformer reform", ""),
        ("sformer OR former", "1 2"),
        # What nobody sees is excluded only when it is asked for.
        ("-*sformer", "2"),
        ("few -sformer", "1 2"),
        ("*nobody", ""),
        ("nobody", ""),
    ],
)
def test_words_are_found_inside_words(index: Index, typed: str, ids: str) -> None:
    first = paper(1, title="A Transformer-based agent", abstract_zh="深度强化学习")
    put(index, "a.txt", first, paper(2, title="The formerly known reformer"))
    assert found(index, typed) == ids


def test_an_answer_tells_which_words_were_found_only_inside_others(index: Index) -> None:
    put(index, "a.txt", *papers(1, 2))
    asked = parse("arse rewards OR (few -ewards) OR nobody").query
    meant = parse("*arse rewards OR (few -ewards) OR *nobody").query
    assert index.answer(asked, DAY).query == meant
    assert index.answer(meant, DAY) == index.answer(asked, DAY)
    assert index.answer(parse("sparse").query, DAY).query == parse("sparse").query


def test_words_that_went_are_found_no_more(index: Index) -> None:
    put(index, "a.txt", paper(1, title="Transformers"))
    put(index, "b.txt", paper(2, title="Reformers"))
    with index.change() as writer:
        writer.forget("a.txt")
    assert found(index, "*former") == "2"
    assert found(index, "t") == "2"
    assert found(index, "v") == ""


@pytest.mark.parametrize(
    "typed",
    ["is:unread", "kw:learning", "cat:cs.RO", "date:2026-04", "date:7d", "*ewa", "-4", "a", "稀"],
)
def test_in_a_span_all_that_stands_there_is_found_and_nothing_beyond_is_read(
    index: Index, typed: str
) -> None:
    put(index, "a.txt", *map(paper, range(1, 7)))
    asked = parse(typed).query
    anywhere, within = index.answer(asked, DAY), index.answer(asked, DAY, (2, 4))
    assert anywhere.papers
    assert within.papers
    assert set(within.papers) == set(anywhere.papers) & {2, 3, 4}


@pytest.mark.parametrize("typed", ["is:unread", "sparse", "sparse -tasks", "cat:cs.RO", "p"])
def test_what_was_found_before_is_not_believed_once_something_is_written(
    index: Index, typed: str
) -> None:
    asked = parse(typed).query
    with closing(Index(index.path)) as other:
        for number, writing in enumerate((index, other, index), start=1):
            put(writing, f"{number}.txt", paper(number))
            first, again = index.answer(asked, DAY), index.answer(asked, DAY)
            assert first == again
            assert set(first.papers or ()) == set(range(1, number + 1))


def test_an_interrupt_between_two_statements_is_heard(index: Index) -> None:
    class Interrupting(date):
        def toordinal(self) -> int:
            index.interrupt()
            return super().toordinal()

    put(index, "a.txt", paper(1))
    asked = And((Is("unread"), Recent(7), Is("unstarred")))
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        index.matches(asked, Interrupting(2026, 4, 22))
    assert index.matches(asked, DAY)
