"""The index: the same answers whatever happened before, and finding all and only what matches."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from digest_tui.index import Index
from digest_tui.index_tables import VERSION
from digest_tui.library import Library
from digest_tui.marks import READ, STAR, Change, Decision, Stamp
from digest_tui.paper import Holding, Paper, Subject
from digest_tui.query import parse
from digest_tui.settings import throwaway
from digest_tui.store import Position, Reading, Store
from tests.made import DAY, DIFFUSION, REINFORCEMENT, digest, library, paper, papers, text


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with closing(Index(tmp_path / "index.sqlite3")) as opened:
        yield opened


def add(index: Index, name: str, content: str) -> int:
    with index.change() as writer:
        return writer.add(*digest(content, name))


def forget(index: Index, name: str) -> None:
    with index.change() as writer:
        writer.forget(name)


def mark(index: Index, *changes: Change) -> set[str]:
    """Marks that stand in a journal of their own."""
    number = len(index.positions())
    return index.mirror(
        lambda since: Reading(changes, {**since, f"{number}.jsonl": Position(number)})
    )


def change(paper: str, field: str, value: bool, ms: int, device: str = "aaaaaa") -> Change:
    return Change(paper, field, value, Stamp(ms), device)


def held(index: Index, number: int) -> Holding:
    holding = index.holding(number)
    assert holding
    return holding


def found(index: Index, typed: str, today: date = DAY) -> list[str]:
    """The ids that a query finds, in digest order, without the `2604.` of made papers."""
    holdings = (held(index, number) for number in index.found(parse(typed).query, today))
    return [holding.paper.id.removeprefix("2604.") for holding in holdings]


def answers(index: Index) -> object:
    """All that the index says, without the numbers that it gives to papers and digests."""
    rows = index.digests()
    number_of = {row.n: row.file for row in rows}
    holdings = {number: held(index, number) for number in index.found(parse("").query, DAY)}
    ids = {number: holding.paper.id for number, holding in holdings.items()}
    cards = index.cards(list(ids))
    typed = ["sparse", "稀疏", "au:lovelace", "cat:cs.RO", f"kw:{DIFFUSION}", "is:starred", "newer"]
    return (
        [replace(row, n=0) for row in rows],
        [(index.details(n), index.sections(n), index.problems(n)) for n in number_of],
        [index.starred_in(n) for n in number_of],
        index.totals(),
        sorted(index.files()),
        list(holdings.values()),
        [replace(cards[number], n=0) for number in holdings],
        {kw: [ids[n] for n in numbers] for kw, numbers in index.places(None, "digest").items()},
        [found(index, query) for query in typed],
    )


def recounted(index: Index) -> tuple[object, ...]:
    """The counts as they follow from the papers themselves."""
    everything = parse("").query
    unread_in = {
        row.n: sum(not held(index, n).read for n in index.places(row.n, "unread").get("", ()))
        for row in index.digests()
    }
    all_papers = [held(index, number) for number in index.found(everything, DAY)]
    unread = sum(not holding.read for holding in all_papers)
    return unread_in, len(all_papers), unread, sum(holding.starred for holding in all_papers)


def counted(index: Index) -> tuple[object, ...]:
    totals = index.totals()
    unread_in = {row.n: row.unread for row in index.digests()}
    return unread_in, totals.papers, totals.unread, totals.starred


# Overlapping digests: papers in several, fields that only some of them have, two of one day,
# one listing under two dates, and a paper under two keywords.
_BARE = {"title_zh": "", "abstract": "", "abstract_zh": ""}
CONTENTS = (
    text(papers(1, 2, 3), DAY),
    text([paper(1, title="A newer title", **_BARE), paper(4)], DAY + timedelta(1)),
    text([paper(1, title="A middle title", abstract=""), paper(2, abstract_zh="别的")], DAY),
    text(papers(1, 2, 3), DAY + timedelta(2)),
    text({REINFORCEMENT: papers(5, 6), DIFFUSION: papers(6, 1), "no result": []}),
    text([paper(4, subjects=(Subject("math.OC", "Optimization"),)), paper(7)], DAY - timedelta(1)),
)


@pytest.mark.parametrize("seed", range(30))
def test_what_came_and_went_before_makes_no_difference(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    files: dict[str, str] = {}
    changes = []
    with closing(Index(tmp_path / "one.sqlite3")) as lived:
        for step in range(chance.randrange(4, 20)):
            name = chance.choice("abcdef") + ".txt"
            if name in files and chance.random() < 0.4:
                forget(lived, name)
                del files[name]
            else:
                files[name] = chance.choice(CONTENTS)
                add(lived, name, files[name])
            if chance.random() < 0.5:
                marked = f"2604.{chance.randrange(1, 9):05}"
                field, value = chance.choice([READ, STAR]), chance.random() < 0.7
                changes.append(change(marked, field, value, ms=step))
                mark(lived, changes[-1])
            assert counted(lived) == recounted(lived)

        with closing(Index(tmp_path / "two.sqlite3")) as scratch:
            for name in sorted(files):
                add(scratch, name, files[name])
            mark(scratch, *changes)
            assert answers(lived) == answers(scratch)


def test_a_paper_in_two_digests_is_one_with_its_gaps_filled_from_the_older(index: Index) -> None:
    old = paper(1, title="An old title", pdf_url="https://arxiv.org/pdf/2604.00001v1")
    add(index, "old.txt", text([old]))
    new = paper(1, title="A new title", authors=(), title_zh="", abstract_zh="")
    add(index, "new.txt", text({DIFFUSION: [new]}, DAY + timedelta(1)))

    (number,) = index.found(parse("").query, DAY)
    holding = held(index, number)
    assert holding.paper == replace(
        new, authors=old.authors, title_zh=old.title_zh, abstract_zh=old.abstract_zh
    )
    assert holding.keywords == (DIFFUSION, REINFORCEMENT)
    assert holding.digests == (DAY + timedelta(1), DAY)
    assert found(index, "new title") == ["00001"]
    assert found(index, "old title") == []


def test_the_text_of_a_digest_that_is_gone_is_gone_with_it(index: Index) -> None:
    add(index, "old.txt", text([paper(1, title="An old title")]))
    add(index, "new.txt", text([paper(1, title="A new title")], DAY + timedelta(1)))
    forget(index, "new.txt")
    assert found(index, "old") == ["00001"]
    assert found(index, "new") == []
    forget(index, "old.txt")
    assert index.totals().papers == 0
    assert found(index, "old") == []


def test_a_paper_that_is_gone_is_not_held(index: Index) -> None:
    add(index, "a.txt", text(papers(1)))
    (number,) = index.found(parse("").query, DAY)
    forget(index, "a.txt")
    assert index.holding(number) is None


def test_the_number_of_what_is_gone_is_never_given_again(index: Index) -> None:
    digest_number = add(index, "a.txt", text(papers(1)))
    (number,) = index.found(parse("").query, DAY)
    forget(index, "a.txt")
    assert add(index, "b.txt", text(papers(2))) != digest_number
    assert index.found(parse("").query, DAY) != [number]


def test_two_files_of_one_content_are_one_digest(index: Index) -> None:
    content = text(papers(1, 2))
    assert add(index, "a.txt", content) == add(index, "b.txt", content)
    assert [(row.file, row.papers) for row in index.digests()] == [("b.txt", 2)]
    forget(index, "b.txt")
    assert [(row.file, row.papers) for row in index.digests()] == [("a.txt", 2)]


def test_a_file_that_changed_keeps_the_numbers_of_its_digest_and_papers(index: Index) -> None:
    number = add(index, "a.txt", text(papers(1, 2)))
    add(index, "b.txt", text(papers(3)))
    numbers = index.numbers(["2604.00001", "2604.00002"])

    assert add(index, "a.txt", text(papers(9, 2, 1))) == number
    assert index.numbers(["2604.00001", "2604.00002"]) == numbers


def test_a_listing_issued_again_is_recognized_whatever_its_order(index: Index) -> None:
    add(index, "1.txt", text(papers(1, 2, 3), DAY))
    add(
        index,
        "2.txt",
        text({DIFFUSION: papers(3, 1), REINFORCEMENT: papers(2)}, DAY.replace(day=23)),
    )
    add(index, "3.txt", text(papers(1, 2), DAY.replace(day=24)))
    add(index, "4.txt", text([], DAY.replace(day=25)))
    add(index, "5.txt", text({DIFFUSION: []}, DAY.replace(day=26)))
    assert [row.same_as for row in index.digests()] == [None, None, None, DAY, None]


def test_a_digest_is_told_with_all_that_it_states(index: Index) -> None:
    content = text({REINFORCEMENT: papers(1, 2), "nothing": [], DIFFUSION: papers(2)})
    number = add(index, "a.txt", content.replace("今天共有 3", "今天共有 4") + "- Unheard: of\n")
    (row,) = index.digests()
    announced, generated, declared = index.details(number)

    assert (row.day, row.format, row.entries, row.papers) == (DAY, "text", 3, 2)
    assert str(announced) == "2026-04-22 20:00:00-04:00"
    assert str(generated) == "2026-04-22 17:23:58+08:00"
    assert declared == 4
    assert index.sections(number) == [(REINFORCEMENT, 2), ("nothing", 0), (DIFFUSION, 1)]
    assert any("Unheard" in problem.message for problem in index.problems(number))


def test_digests_of_one_day_come_in_the_order_of_their_names(index: Index) -> None:
    for name, content in (("b", text(papers(2))), ("a", text(papers(1))), ("c", text(papers(3)))):
        add(index, name, content)
    assert [row.file for row in index.digests()] == ["c", "b", "a"]
    assert found(index, "") == ["00003", "00002", "00001"]


def test_marks_of_papers_that_are_not_there_wait_for_them(index: Index) -> None:
    mark(index, change("2604.00001", STAR, True, 1), change("2604.00001", READ, True, 1))
    add(index, "a.txt", text(papers(1, 2)))
    assert (found(index, "is:starred"), found(index, "is:unread")) == (["00001"], ["00002"])
    assert index.digests()[0].unread == 1


def test_only_a_change_that_wins_is_told(index: Index) -> None:
    add(index, "a.txt", text(papers(1)))
    assert mark(index, change("2604.00001", STAR, True, 5)) == {"2604.00001"}
    assert mark(index, change("2604.00001", STAR, False, 4)) == set()
    assert mark(index, change("2604.00001", STAR, False, 5, "bbbbbb")) == {"2604.00001"}
    winner = index.winners(["2604.00001"])["2604.00001", STAR]
    assert winner == change("2604.00001", STAR, False, 5, "bbbbbb")


def test_marks_that_no_journal_states_any_more_are_kept(tmp_path: Path) -> None:
    with closing(library(tmp_path, text(papers(1, 2)))) as opened:
        other = Store(opened.places.marks, "bbbbbb")
        (starred,) = other.write([Decision("2604.00001", STAR, True)])
        opened.mirror_marks()
        before = other.journal.read_bytes()
        other.write([Decision("2604.00002", READ, True)])
        opened.mirror_marks()
        assert opened.index.kept() == []

        other.journal.write_bytes(before)
        assert opened.mirror_marks() == set()
        assert [change.paper for change in opened.index.kept()] == ["2604.00002"]
        other.journal.unlink()
        assert opened.mirror_marks() == set()
        assert starred in opened.index.kept()
        assert (found(opened.index, "is:starred"), found(opened.index, "is:read")) == (
            ["00001"],
            ["00002"],
        )
        assert not opened.store.changed(opened.index.positions())

        # A conflict copy that states them will do.
        other.journal.with_name("bbbbbb (conflicted copy).jsonl").write_bytes(before)
        opened.mirror_marks()
        assert [change.paper for change in opened.index.kept()] == ["2604.00002"]


def test_what_is_kept_to_the_end_of_a_session_is_in_a_journal_again(tmp_path: Path) -> None:
    with closing(library(tmp_path, text(papers(1)))) as opened:
        other = Store(opened.places.marks, "bbbbbb")
        changes = other.write([Decision("2604.00001", STAR, True)])
        opened.mirror_marks()
        other.journal.unlink()
        opened.mirror_marks()
        opened.keep_marks()
        assert opened.store.journal.exists()
        assert opened.store.read().changes == changes
        opened.mirror_marks()
        assert opened.index.kept() == []
        opened.keep_marks()
        assert opened.store.read().changes == changes


def test_a_journal_whose_name_is_not_utf_8_is_read_as_any(tmp_path: Path) -> None:
    with closing(library(tmp_path, text(papers(1)))) as opened:
        other = Store(opened.places.marks, "bbbbbb")
        other.write([Decision("2604.00001", STAR, True)])
        name = os.fsencode(opened.places.marks) + b"/bbbbbb (Jos\xe9's conflicted copy).jsonl"
        try:
            os.rename(other.journal, name)
        except OSError:
            pytest.skip("the file system takes no such name")
        assert opened.mirror_marks() == {"2604.00001"}
        assert opened.mirror_marks() == set()
        assert not opened.store.changed(opened.index.positions())
        assert opened.store.unread(opened.index.positions()) == 0
        with open(name, "ab") as file:
            file.write(b"torn\n")
        (bad,) = opened.store.read(opened.index.positions()).bad
        assert (bad.file, bad.line) == ("bbbbbb (Jos\\udce9's conflicted copy).jsonl", 3)


@pytest.mark.parametrize("lost", ["all of it", "a line"])
def test_what_the_own_journal_lost_is_written_into_it_again(tmp_path: Path, lost: str) -> None:
    with closing(library(tmp_path, text(papers(1, 2)))) as opened:
        opened.store.write([Decision("2604.00001", STAR, True)])
        before = opened.store.journal.read_bytes()
        changes = opened.store.write([Decision("2604.00002", READ, True)])
        opened.mirror_marks()

        if lost == "a line":
            opened.store.journal.write_bytes(before)
        else:
            opened.store.journal.unlink()
        opened.mirror_marks()
        assert set(opened.store.read().changes) >= set(changes)
        opened.mirror_marks()
        assert opened.index.kept() == []
        assert len(opened.store.read().changes) == 2


def test_a_large_journal_is_mirrored_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digest_tui.library._BYTES", 1_000)
    with closing(library(tmp_path, text(papers(*range(100))))) as opened:
        other = Store(opened.places.marks, "bbbbbb")
        other.write([Decision(f"2604.{n:05}", READ, True) for n in range(100)])
        assert opened.has_much_to_mirror
        read = [len(found(opened.index, "is:read")) for _ in opened.catch_up()]
        assert 5 <= len(read) < 20
        assert read == sorted(set(read))
        assert len(found(opened.index, "is:read")) == 100
        assert not opened.store.changed(opened.index.positions())
        assert not opened.has_much_to_mirror


def test_the_marks_of_a_journal_that_cannot_be_looked_at_stay(tmp_path: Path) -> None:
    with closing(library(tmp_path, text(papers(1)))) as opened:
        opened.store.write([Decision("2604.00001", STAR, True)])
        opened.mirror_marks()
        opened.store.journal.unlink()
        opened.store.journal.symlink_to(opened.store.journal.name)
        assert opened.mirror_marks() == set()
        assert found(opened.index, "is:starred") == ["00001"]


def _deleted(path: Path) -> None:
    path.unlink()


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _noise(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))


def _text(path: Path) -> None:
    path.write_text("not an index")


def _other_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


def _other_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE papers (x)")


@pytest.mark.parametrize(
    "damage", [_deleted, _emptied, _cut, _noise, _text, _other_version, _other_database]
)
def test_an_index_that_cannot_be_used_is_built_again(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    with closing(library(tmp_path, *CONTENTS)) as opened:
        opened.store.write([Decision("2604.00001", STAR, True), Decision("2604.00002", READ, True)])
        opened.refresh()
        before = answers(opened.index)
        path = opened.places.index

    damage(path)
    with closing(Library(throwaway(tmp_path))) as opened:
        opened.refresh()
        assert answers(opened.index) == before
    with closing(Library(throwaway(tmp_path))) as opened:
        assert answers(opened.index) == before


def test_an_index_that_another_process_holds_is_not_deleted(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    with closing(Index(path)) as index:
        add(index, "a.txt", text(papers(1)))
        with index.change(), closing(Index(path)) as second:
            assert found(second, "") == ["00001"]


def test_patience_ends_where_another_connection_goes_on_writing(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite3"
    with closing(Index(path)) as index, closing(Index(path, patience=0.05)) as hasty:
        before = time.monotonic()
        with index.change(), pytest.raises(sqlite3.OperationalError, match="locked"):
            add(hasty, "a.txt", text(papers(1)))
        assert time.monotonic() - before < 2


def test_a_change_that_fails_leaves_nothing_behind(index: Index) -> None:
    add(index, "a.txt", text(papers(1)))
    before = answers(index)
    with suppress(KeyboardInterrupt), index.change() as writer:
        writer.add(*digest(text(papers(2, 3)), "b.txt"))
        raise KeyboardInterrupt
    assert answers(index) == before


def test_more_papers_than_sqlite_takes_parameters(index: Index) -> None:
    add(index, "a.txt", text(papers(1)))
    assert len(index.cards(range(300_000))) == 1


_WORDS = ["policy", "reward", "agents", "valued", "models", "model's", "GPU-bound", "x86", "graph"]
# Typed without its punctuation, a row of characters across a comma must not be found.
_HAN = "强化学习策略奖励智能体模型图扩散"
_ACCENTED = {
    r"Poincar\'e": "Poincaré",
    r"G{\"o}del": "Gödel",
    r"\alpha": r"\alpha",
    "naïve": "naïve",
}


def _sentence(chance: random.Random) -> str:
    words = chance.choices([*_WORDS, *_ACCENTED], k=8)
    return " ".join(words)


def _chinese(chance: random.Random) -> str:
    clauses = ["".join(chance.choices(_HAN, k=chance.randrange(2, 9))) for _ in range(3)]
    return "，".join(clauses[:2]) + " GPU " + clauses[2] + "。"


def _made_papers(count: int) -> list[Paper]:
    chance = random.Random(7)
    names = ["Sergey Levine", "José Muñoz (MIT, Lab)", "Łukasz Kaiser", "李伟", "van der Berg"]
    return [
        paper(
            number,
            title=_sentence(chance),
            title_zh=_chinese(chance),
            authors=tuple(chance.sample(names, 2)),
            abstract=_sentence(chance) + ", " + _sentence(chance),
            abstract_zh=_chinese(chance),
        )
        for number in range(1, count + 1)
    ]


def _plain(source: str) -> list[str]:
    """The folded words and single Han characters of a text, `|` for punctuation between them."""
    for latex, shown in _ACCENTED.items():
        source = source.replace(latex, shown)
    source = unicodedata.normalize("NFKD", source.casefold()).replace("ł", "l")
    source = "".join(c for c in source if not unicodedata.combining(c))
    return re.findall(r"[一-鿿]|[^\W一-鿿]+|(?<=[一-鿿])[,。]", source.replace("_", " "))


def _columns(paper: Paper) -> Mapping[str, Sequence[str]]:
    columns = {
        "title": paper.title,
        "title_zh": paper.title_zh,
        "authors": "\n".join(paper.authors),
        "abstract": paper.abstract,
        "abstract_zh": paper.abstract_zh,
        "id": paper.id,
    }
    return {name: _plain(value) for name, value in columns.items()}


def _matches(tokens: Sequence[str], wanted: Sequence[str], begins: bool) -> bool:
    """Whether the wanted tokens stand in a row, the last one perhaps only begun."""
    *first, last = wanted
    for start in range(len(tokens) - len(wanted) + 1):
        *before, end = tokens[start : start + len(wanted)]
        if before == first and (end.startswith(last) if begins else end == last):
            return True
    return False


def _queries(made: Sequence[Paper]) -> Iterator[tuple[str, Sequence[str], Sequence[str], bool]]:
    """Typed text, columns to look in, the tokens in a row, and whether the last may go on."""
    chance = random.Random(8)
    everywhere = ("title", "title_zh", "authors", "abstract", "abstract_zh", "id")
    for field, columns in {
        "": everywhere,
        "ti:": ("title", "title_zh"),
        "abs:": ("abstract", "abstract_zh"),
        "au:": ("authors",),
        "zh:": ("title_zh", "abstract_zh"),
        "id:": ("id",),
    }.items():
        for _ in range(50):
            tokens = _columns(chance.choice(made))[chance.choice(everywhere)]
            start, length = chance.randrange(len(tokens)), chance.randrange(1, 6)
            row = [token for token in tokens[start : start + length] if token not in ",。"]
            if not row:
                continue
            if all("一" <= token <= "鿿" for token in row):
                yield field + "".join(row), columns, row, False
            else:
                yield f'{field}"{" ".join(row)}"', columns, row, False
                latin = next(token for token in row if not "一" <= token <= "鿿")
                begun = latin[: chance.randrange(1, len(latin) + 1)]
                yield field + begun, columns, [begun], True


def test_full_text_finds_all_and_only_what_matches(index: Index) -> None:
    made = _made_papers(60)
    add(index, "a.txt", text(made))
    columns_of = {paper.id.removeprefix("2604."): _columns(paper) for paper in made}
    asked = list(_queries(made))

    wrong = {}
    for typed, columns, tokens, begins in asked:
        expected = [
            id_
            for id_, content in columns_of.items()
            if any(_matches(content[column], tokens, begins) for column in columns)
        ]
        if found(index, typed) != expected:
            wrong[typed] = (found(index, typed), expected)
    assert not wrong
    assert len(asked) > 300
    assert {len(tokens) for typed, _, tokens, _ in asked if not typed.isascii()} >= {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("poincare", "1"),
        ("Poincaré", "1"),
        ("poinc", "1"),
        ('"poinc"', ""),
        ("munoz", "1"),
        ("lukasz", "1"),
        ('au:"Jose Munoz"', "1"),
        ("2604.00002", "2"),
        ("2604.00002v3", "2"),
        ("https://arxiv.org/abs/2604.00002v1", "2"),
        ("id:2604", "1 2 3"),
        ("强", "2"),
        ("强化", "2"),
        ("强化学", "2"),
        ("强化学习", "2"),
        ("强化学习的", "2"),
        ("学习强化", ""),
        ("的目标", ""),  # a comma stands between them
        ("目标", "2"),
        ("ＧＰＵ", "3"),
        ("x₁", "3"),
        ("cat:cs", "1 3"),
        ("cat:cs.LG", "1"),
        ("cat:robotics", "3"),
        ("cat:math,cs.RO", "2 3"),
        ("kw:diffusion", "3"),
        ('kw:"reinforcement learning"', "1 2"),
        ("date:2026-04-22", "1 2"),
        ("date:2026-03", "3"),
        ("date:>=2026-04-01", "1 2"),
        ("date:2026-03-01..2026-03-31", "3"),
        ("date:7d", "1 2"),
        ("date:6d", ""),
        ("is:read", "1"),
        ("is:unread", "2 3"),
        ("is:starred", "2"),
        ("is:unstarred", "1 3"),
        ("is:translated", "2 3"),
        ("-is:read", "2 3"),
        ("-poincare -gpu", "2"),
        ("poincare OR gpu", "1 3"),
        ("(poincare OR gpu) is:unread", "3"),
        ("-(poincare OR 强化)", "3"),
        ("poincare gpu", ""),
        ("a_word_nobody_wrote", ""),
        ("' ; DROP TABLE papers --", ""),
        ("", "1 2 3"),
    ],
)
def test_a_query_finds(tmp_path: Path, typed: str, ids: str) -> None:
    poincare = paper(
        1,
        title=r"On Poincar\'e maps",
        title_zh="",
        authors=(r"Jos\'e Mu\~noz (MIT)", "Łukasz Kaiser"),
        subjects=(Subject("cs.LG", "Machine Learning"),),
        abstract_zh="",
    )
    chinese = paper(
        2,
        title_zh="",
        subjects=(Subject("math.OC", "Optimization and Control"),),
        abstract_zh="强化学习的，目标。",
    )
    gpu = paper(
        3,
        title="GPU and $x_1$",
        title_zh="图形处理器",
        subjects=(Subject("cs.RO", "Robotics"),),
        abstract_zh="",
    )
    today = DAY + timedelta(6)
    with closing(
        library(tmp_path, text([poincare, chinese]), text({DIFFUSION: [gpu]}, date(2026, 3, 2)))
    ) as opened:
        mark(
            opened.index,
            change("2604.00001", READ, True, 1),
            change("2604.00002", STAR, True, 1),
        )
        assert [id_.lstrip("0") for id_ in found(opened.index, typed, today)] == ids.split()


_MANY = [f"word{number}" for number in range(3000)]


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        (" ".join(_MANY), ""),
        ("sparse " + " ".join(f"-{word}" for word in _MANY), "1 2"),
        (" OR ".join([*_MANY, "2604.00002"]), "2"),
        (f"-({' OR '.join(_MANY)}) 2604.00001", "1"),
        ("cat:" + ",".join([*_MANY, "robotics"]), "1 2"),
        (" OR ".join(f"sparse {word}" for word in [*_MANY, "2604.00001"]), "1"),
        ("-(2604.00001 " * 39 + "sparse" + ")" * 39, "2"),
        ("-(2604.00002 OR " * 38 + "sparse" + ")" * 38, "1"),
        ("(nobody OR sparse " * 39 + "2604.00001" + ")" * 39, "1"),
        ("-(nobody sparse OR 2604.00001 few OR " * 38 + "2604.00002" + ")" * 38, "2"),
        (f"-({' '.join(_MANY[:60])} OR nobody OR " * 38 + "sparse" + ")" * 38, "1 2"),
    ],
    ids=range(11),
)
def test_a_query_of_any_size_is_answered(index: Index, typed: str, ids: str) -> None:
    add(index, "a.txt", text(papers(1, 2)))
    assert [id_.lstrip("0") for id_ in found(index, typed)] == ids.split()
