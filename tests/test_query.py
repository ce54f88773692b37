"""The query language: what can be typed, what it means, and what it finds."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from datetime import date
from fnmatch import fnmatchcase
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui.query import (
    COLUMNS,
    FIELDS,
    And,
    Category,
    Column,
    Dates,
    Everything,
    Is,
    Keyword,
    Not,
    Or,
    Query,
    Recent,
    State,
    Text,
    TextField,
    all_of,
    any_of,
    fold,
    fts,
    highlights,
    initial,
    initials,
    inside,
    keyword_query,
    negated,
    parse,
    segment,
    widened,
)
from digest_tui.query import words as words_in


def words(value: str, field: TextField = "any") -> Text:
    return Text(field, value, quoted=False)


def exactly(value: str, field: TextField = "any") -> Text:
    return Text(field, value, quoted=True)


A, B, C = words("a"), words("b"), words("c")


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("", Everything()),
        # Words side by side are AND.
        ("robot", words("robot")),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a and b", And((A, words("and"), B))),
        # OR, |.
        ("a OR b", Or((A, B))),
        ("a | b", Or((A, B))),
        ("a|b", Or((A, B))),
        # Not.
        ("-a", Not(A)),
        ("NOT a", Not(A)),
        ("-ti:a", Not(words("a", "ti"))),
        ("-(a b)", Not(And((A, B)))),
        ("NOT -a", A),
        # NOT binds before AND, AND before OR; parentheses before all.
        ("NOT a b", And((Not(A), B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("(a b) c", And((A, B, C))),
        # A phrase: exact words, or with a star the beginning of its last word.
        ('"deep learning"', exactly("deep learning")),
        ('"deep learn"*', words("deep learn")),
        ('"say ""hi"""', exactly('say "hi"')),
        # A word takes its own punctuation with it.
        ("GPT-4", words("GPT-4")),
        ("强化学习(RL)", words("强化学习(RL)")),
        ("O(n log n)", words("O(n log n)")),
        ("P(A|B)", words("P(A|B)")),
        ("(强化学习(RL) OR a)", Or((words("强化学习(RL)"), A))),
        # Inside words; keywords and subjects are looked for there anyway.
        ("*former", words("*former")),
        ("-ti:*Self-att", Not(words("*Self-att", "ti"))),
        ("＊former", words("＊former")),
        ("*强化", words("*强化")),
        ('"*former"', exactly("*former")),
        ("kw:*robot,＊world", Or((Keyword("robot"), Keyword("world")))),
        ("cat:*RO", Category("RO")),
        # Fields, short, long and Chinese.
        ("ti:robot", words("robot", "ti")),
        ("Title:robot", words("robot", "ti")),
        ("标题:机器人", words("机器人", "ti")),
        ('au:"Sergey Levine"', exactly("Sergey Levine", "au")),
        ("abs:robot", words("robot", "abs")),
        ("zh:机器人", words("机器人", "zh")),
        ("id:2604", words("2604", "id")),
        ('kw:"reinforcement learning"', Keyword("reinforcement learning")),
        ("cat:cs.LG", Category("cs.LG")),
        ("subject:robotics", Category("robotics")),
        # Any of: a comma in a field, or a group behind it.
        ("cat:cs.RO,cs.CV", Or((Category("cs.RO"), Category("cs.CV")))),
        ("-cat:cs.RO,cs.CV", Not(Or((Category("cs.RO"), Category("cs.CV"))))),
        ('au:"Levine, S",finn', Or((exactly("Levine, S", "au"), words("finn", "au")))),
        ("a,b", words("a,b")),
        ("ti:(a OR b)", Or((words("a", "ti"), words("b", "ti")))),
        # States.
        ("is:unread", Is("unread")),
        ("is:STARRED", Is("starred")),
        ("状态：未读", Is("unread")),
        # An input method left on.
        ("作者：张三，李四", Or((words("张三", "au"), words("李四", "au")))),
        ("（a｜b）\u3000－c", And((Or((A, B)), Not(C)))),
        ("“强化学习” ti：“RL”", And((exactly("强化学习"), exactly("RL", "ti")))),
        # What is pasted.
        ("https://arxiv.org/abs/2604.18616v2", exactly("2604.18616", "id")),
        ("arxiv.org", words("arxiv.org")),
        ("2604.18616v2", exactly("2604.18616", "id")),
        ("arXiv:2604.18616v1", exactly("2604.18616", "id")),
        ("id:hep-th/9901001v3", exactly("hep-th/9901001", "id")),
        ("2604.18616", words("2604.18616")),
        ("https://example.org/x", words("https://example.org/x")),
        # What a shell makes of bytes that are no text.
        ("cat:cs\udcf1", Category("cs\ufffd")),
        # Unfinished, and in nobody's way.
        ("a |", A),
        ("a OR", A),
        ("a AND", A),
    ],
)
def test_what_is_typed_means(typed: str, query: Query) -> None:
    parsed = parse(typed)
    assert parsed.query == query
    assert parsed.hints == ()


@pytest.mark.parametrize(
    ("value", "query"),
    [
        ("2026-04-22", Dates(date(2026, 4, 22), date(2026, 4, 22))),
        ("2026/4/2", Dates(date(2026, 4, 2), date(2026, 4, 2))),
        ("2026-02", Dates(date(2026, 2, 1), date(2026, 2, 28))),
        ("2026", Dates(date(2026, 1, 1), date(2026, 12, 31))),
        ("2026-01..2026-03", Dates(date(2026, 1, 1), date(2026, 3, 31))),
        ("2026-03..2026-01", Dates(date(2026, 1, 1), date(2026, 3, 31))),
        ("2026-04..", Dates(date(2026, 4, 1), None)),
        ("..2026-04", Dates(None, date(2026, 4, 30))),
        (">=2026-04-01", Dates(date(2026, 4, 1), None)),
        (">2026-04", Dates(date(2026, 5, 1), None)),
        ("<=2026-04", Dates(None, date(2026, 4, 30))),
        ("<2026-04", Dates(None, date(2026, 3, 31))),
        ("＞＝２０２６", Dates(date(2026, 1, 1), None)),
        ("7d", Recent(7)),
        ("2w", Recent(14)),
        ("7d,2025", Or((Recent(7), Dates(date(2025, 1, 1), date(2025, 12, 31))))),
        ("999999w", Recent(36_500)),
        # While it is typed.
        ("2026-", Dates(date(2026, 1, 1), date(2026, 12, 31))),
        ("2026-0", Dates(date(2026, 1, 1), date(2026, 12, 31))),
        ("2026-04.", Dates(date(2026, 4, 1), None)),
        ("2026-04..20", Dates(date(2026, 4, 1), None)),
    ],
)
def test_a_date_means(value: str, query: Query) -> None:
    parsed = parse(f"date:{value}")
    assert parsed.query == query
    assert parsed.hints == ()


@pytest.mark.parametrize(
    ("typed", "query", "place", "reason"),
    [
        # Left out.
        ("a - b", And((A, B)), "-", "no letter or digit"),
        ("a !?", A, "!?", "no letter or digit"),
        ("a -", A, "-", "still to follow"),
        ("a NOT  ", A, "NOT", "still to follow"),
        ("(a NOT) b", And((A, B)), "NOT", "still to follow"),
        ("a ti: b", And((A, B)), "ti:", "ti: finds words of the title"),
        ("a 学科：，", A, "学科：，", "cat: finds a subject"),
        ("a ti:(, b)", And((A, words("b", "ti"))), ",", "left out while empty"),
        ("a *", A, "*", "no letter or digit"),
        ("kw:*", Everything(), "*", "no letter or digit"),
        ("a) b", And((A, B)), ")", "no parenthesis is open"),
        ("a date:>=20", A, ">=20", "not a date yet"),
        ("date:2026,2", Dates(date(2026, 1, 1), date(2026, 12, 31)), "2", "not a date yet"),
        # Still open.
        ("(a b", And((A, B)), "(", "still open"),
        ("a ti:(", A, "(", "still open"),
        ('a "', A, '"', "still open"),
        ('a "deep lea', And((A, words("deep lea"))), '"deep lea', "still open"),
        ("a kw：“学", And((A, Keyword("学"))), "“学", "still open"),
        # Searched as text.
        ("a -foo:bar", And((A, Not(words("foo:bar")))), "foo:", "there are ti: au:"),
        ("date:soon", words("date:soon"), "soon", "no date, searched as text"),
        ("date:2026-13", words("date:2026-13"), "2026-13", "no date"),
        ("date:2026-02-30", words("date:2026-02-30"), "2026-02-30", "valid: 2026-04-22,"),
        ("date:>9999-12-31", words("date:>9999-12-31"), ">9999-12-31", "no date"),
        ("is:read,good", Or((Is("read"), words("is:good"))), "good", "no such state: read,"),
        ('is:"good" a', And((words("is:good"), A)), '"good"', "no such state"),
        ("*a ti:b", And((A, words("b", "ti"))), "*a", "two letters and more inside words"),
        # Taken for what it begins.
        ("is:un", Is("unread"), "un", "taken as unread"),
    ],
)  # fmt: skip
def test_a_hint_says_what_was_not_understood_and_where(
    typed: str, query: Query, place: str, reason: str
) -> None:
    parsed = parse(typed)
    assert parsed.query == query
    (hint,) = parsed.hints
    assert typed[hint.start : hint.end] == place
    assert reason in hint.message
    assert len(hint.message) <= 90


def test_every_beginning_of_a_query_is_a_query() -> None:
    typed = (
        'ti:robot -(au:"Sergey Levine" | cat:cs.RO,cs.CV) date:>=2026-04-01 is:unread 强化学习(RL)'
    )
    for end in range(len(typed)):
        parsed = parse(typed[:end])
        assert all(0 <= hint.start < hint.end <= end for hint in parsed.hints)
    assert parse(typed).hints == ()


def test_parentheses_beyond_reason_are_left_out() -> None:
    parsed = parse("(" * 5000 + "a")
    assert parsed.query == A
    assert {hint.end - hint.start for hint in parsed.hints} == {1}


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        (Everything(), ""),
        (words("robot"), "robot"),
        (words("OR"), '"OR"*'),
        (words("2604.18616v1"), '"2604.18616v1"*'),
        (words("*former", "ti"), "ti:*former"),
        (words("*OR"), "*OR"),
        (words("*a"), '"*a"*'),
        (exactly("a b", "ti"), 'ti:"a b"'),
        (And((A, Or((B, C)))), "a (b OR c)"),
        (Or((And((A, B)), C)), "a b OR c"),
        (Not(And((A, B))), "-(a b)"),
        (And((A, Or((Category("cs.RO"), Category("cs.CV"))))), "a cat:cs.RO,cs.CV"),
        (Or((words("ti"), words("ti"))), "ti OR ti"),
        (Dates(date(2026, 2, 1), date(2026, 2, 28)), "date:2026-02"),
        (Dates(date(2026, 2, 1), None), "date:>=2026-02-01"),
        (Dates(date(2026, 2, 1), date(2026, 2, 2)), "date:2026-02-01..2026-02-02"),
        (Dates(None, None), "date:.."),
    ],
)  # fmt: skip
def test_a_query_as_text(query: Query, canonical: str) -> None:
    assert str(query) == canonical
    assert parse(canonical).query == query


pieces = """OR AND NOT ti: is: un date: 2026 04 .. kw: 作者 2604.18616v1 https://arxiv.org/abs/2604.18616
a b 1 学 习 " “ ” ( ) （ ） | ｜ - － : ： , ， 、 * . < > ="""
typing = st.text() | st.lists(st.sampled_from([*pieces.split(), " ", "\u3000"])).map("".join)
values = typing.filter(lambda value: fts(exactly(value)) is not None)
bounds = st.none() | st.dates()
spans = st.builds(Dates, bounds, bounds).filter(
    lambda span: not span.first or not span.last or span.first <= span.last
)
leaves = (
    st.builds(Text, st.sampled_from(list(COLUMNS)), values, st.booleans())
    | st.builds(Keyword, values)
    | st.builds(Category, values)
    | spans
    | st.builds(Recent, st.integers(1, 36_500))
    | st.builds(Is, st.sampled_from(get_args(State)))
)
queries: st.SearchStrategy[Query] = st.recursive(
    st.just(Everything()) | leaves,
    lambda inner: (
        inner.map(negated)
        | st.lists(inner, max_size=4).map(all_of)
        | st.lists(inner, max_size=4).map(any_of)
    ),
)


@given(queries)
def test_the_text_of_a_query_is_that_query_again(query: Query) -> None:
    parsed = parse(str(query))
    assert parsed.query == query
    assert parsed.hints == ()


@given(typing)
def test_any_text_is_a_query_with_hints_inside_it(text: str) -> None:
    parsed = parse(text)
    assert parse(str(parsed.query)).query == parsed.query
    assert all(0 <= hint.start < hint.end <= len(text) for hint in parsed.hints)


def test_every_field_is_understood_by_all_its_names() -> None:
    for field in FIELDS:
        for name in filter(None, (field.name, field.long, *field.aliases)):
            assert (
                str(parse(f"{name}:2026").query).startswith(f"{field.name}:") or field.name == "is"
            )


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Łukasz Poincaré, ØRSTED", "lukasz poincare, orsted"),
        ("ＧＰＴ－４", "gpt-4"),
        ("eﬃcient Straße", "efficient strasse"),
        ("x₁ ϵ ℝ", "x1 ε r"),
    ],
)
def test_folding_drops_case_accents_and_width(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(), st.text())
def test_folding_goes_character_by_character(left: str, right: str) -> None:
    assert fold(left + right) == fold(left) + fold(right)
    assert fold(fold(left)) == fold(left)


@pytest.mark.parametrize(
    ("text", "segmented"),
    [
        ("GPT-4, at last", "gpt 4 at last"),
        ("深度学习", "深 度 学 习"),
        ("DQN网络", "dqn 网 络"),
        ("强化，学习", "强 化 \ue000 学 习"),
        ("强化\n学习", "强 化 学 习"),
        ("学习 (RL) 方法", "学 习 rl 方 法"),
        ("学习(RL)方法", "学 习 \ue000 rl \ue000 方 法"),
        (r"Poincar\'e 的$O(\sqrt{T})$界", "poincare 的 o t \ue000 界"),
    ],
)
def test_a_text_is_segmented_into_words_and_han_characters(text: str, segmented: str) -> None:
    assert segment(text).split() == segmented.split()


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (words("GPT-4"), '"gpt 4" *'),
        (exactly("GPT-4"), '"gpt 4"'),
        (words("DQN网络"), '"dqn 网 络"'),
        (words("学习，", "zh"), '{title_zh abstract_zh} : "学 习"'),
        (words("levine", "au"), '{authors} : "levine" *'),
        (words('"AND NEAR(*'), '"and near" *'),
        (words("*强化"), '"强 化"'),
        (words("*a"), '"a" *'),
        (exactly("*former"), '"former"'),
        (words("*former"), None),
        (words("?!"), None),
    ],
)
def test_the_expression_for_the_index(text: Text, expression: str | None) -> None:
    assert fts(text) == expression


@pytest.mark.parametrize(
    ("text", "pattern_and_expression"),
    [
        (words("*former"), ("*former*", '"?"')),
        (words("＊Former", "au"), ("*former*", '{authors} : "?"')),
        (words("*elf-att"), ("*elf", '"? att" *')),
        (words("*QN网络", "zh"), ("*qn", '{title_zh abstract_zh} : "? 网 络"')),
        (words("former"), None),
        (words("*a"), None),
        (words("*强化"), None),
        (words("*"), None),
        (exactly("*former"), None),
    ],
)
def test_how_words_inside_words_are_found(
    text: Text, pattern_and_expression: tuple[str, str] | None
) -> None:
    assert inside(text) == pattern_and_expression


@pytest.mark.parametrize(
    ("text", "wider"),
    [
        (words("former", "ti"), words("*former", "ti")),
        (words("(RL) for"), None),
        (words("former models"), words("*former models")),
        (words("fo"), None),
        (words("强化学习"), None),
        (words("*former"), None),
        (exactly("former"), None),
        (words("?"), None),
    ],
)
def test_what_may_be_looked_for_inside_words_too(text: Text, wider: Text | None) -> None:
    assert widened(text) == wider


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Deep-learning, deep; 2nd", ["deep", "learning", "deep", "2nd"]),
        ("深度DQN学习，GPT-4", ["dqn", "gpt", "4"]),
        ("α-values of Жук, x", ["values", "of", "жук", "x"]),
        ("αβ强化", ["αβ"]),
        ("强化", []),
    ],
)
def test_the_words_of_a_text(text: str, held: list[str]) -> None:
    assert sorted(words_in(segment(text))) == sorted(held)


def plain_tokens(text: str) -> list[str]:
    """The definition of a match, spelt out a character at a time."""
    tokens = [""]
    letters = [unicodedata.normalize("NFKD", character)[0].lower() for character in text]
    for at, letter in enumerate(letters):
        near = letters[max(at - 1, 0) : at + 2]
        if "一" <= letter <= "鿿":
            tokens += [letter, ""]
        elif letter.isalnum():
            tokens[-1] += letter
        elif not letter.isspace() and any("一" <= neighbor <= "鿿" for neighbor in near):
            tokens += ["\ue000", ""]
        else:
            tokens.append("")
    return [token for token in tokens if token]


@given(st.text("一二词㊀豈aé1 ，。(:\n"))
def test_a_text_is_segmented_as_the_definition_says(text: str) -> None:
    assert segment(text).split() == plain_tokens(text)


def plainly_found(wanted: Text, text: str) -> bool:
    *first, last = plain_tokens(wanted.value.strip("，。(,-) \n"))
    tokens, whole = plain_tokens(text), wanted.quoted or "一" <= last <= "鿿"
    for at in range(len(tokens) - len(first)):
        start, end = tokens[at : at + len(first)], tokens[at + len(first)]
        if start == first and (end == last if whole else end.startswith(last)):
            return True
    return False


def index_of(*texts: str) -> sqlite3.Connection:
    index = sqlite3.connect(":memory:")
    index.execute(
        "CREATE VIRTUAL TABLE found USING fts5(title, title_zh, authors, abstract, abstract_zh, id,"
        " tokenize = 'ascii')"
    )
    index.executemany(
        "INSERT INTO found(abstract) VALUES (?)", [(segment(text),) for text in texts]
    )
    return index


def rows(index: sqlite3.Connection, wanted: Text) -> set[int]:
    return matches(index, fts(wanted))


def matches(index: sqlite3.Connection, expression: str | None) -> set[int]:
    found = index.execute("SELECT rowid - 1 FROM found WHERE found MATCH ?", (expression,))
    return {row for (row,) in found}


MADE = [
    "Deep reinforcement learning (RL) for robots; re-learning",
    "深度强化学习(RL)用于机器人，学习方法。",
    "强化，学习；强 化 学 习",
    "GPT-4与DQN网络的Poincaré映射",
    "GPT 4o, Poincare maps and ＤＱＮ networks",
    "学学习习 the learner's 4th 学",
    "",
]
WANTED = [
    "learn", "learning", "re", "rl", "reinforcement learning", "gpt-4", "gpt 4", "GPT", "dqn网",
    "DQN网络", "poincaré", "robots re", "学", "学习", "强化", "强化学", "强化学习", "深度强化学",
    "强化，学习", "学习(RL)", "习，学", "4th", "the", "器人", "与DQN", "习 the", "learner's",
]  # fmt: skip


@pytest.mark.parametrize("value", WANTED)
@pytest.mark.parametrize("quoted", [True, False])
def test_the_index_finds_all_that_matches_and_nothing_else(value: str, quoted: bool) -> None:
    wanted = Text("any", value, quoted)
    found = rows(index_of(*MADE), wanted)
    assert found == {at for at, text in enumerate(MADE) if plainly_found(wanted, text)}
    assert found == {at for at, text in enumerate(MADE) if highlights(wanted, text, "abstract")}


made = st.text(st.sampled_from("abAé１ \n学习，。(),-"), max_size=12)


@given(st.lists(made), made.filter(lambda value: fts(exactly(value)) is not None), st.booleans())
def test_the_index_and_the_highlighting_agree(texts: list[str], value: str, quoted: bool) -> None:
    wanted = Text("any", value, quoted)
    found = rows(index_of(*texts), wanted)
    assert found == {at for at, text in enumerate(texts) if plainly_found(wanted, text)}
    assert found == {at for at, text in enumerate(texts) if highlights(wanted, text, "abstract")}


def plainly_found_inside(wanted: Text, text: str) -> bool:
    first, *rest = plain_tokens(wanted.value.strip("*，。(,-) \n"))
    tokens = plain_tokens(text)
    if not rest:
        return any(first in token for token in tokens)
    begun = (at for at, token in enumerate(tokens) if token.endswith(first))
    *middle, last = rest
    return any(
        tokens[at + 1 : at + len(rest)] == middle
        and (after := tokens[at + len(rest) : at + len(rest) + 1])
        and (after[0] == last if "一" <= last <= "鿿" else after[0].startswith(last))
        for at in begun
    )


@given(
    st.lists(made),
    made.map(lambda value: words(f"*{value}")).filter(lambda wanted: inside(wanted) is not None),
)
def test_inside_words_too_the_index_and_the_highlighting_agree(
    texts: list[str], wanted: Text
) -> None:
    pattern, expression = inside(wanted) or ("", "")
    held = {
        word for text in texts for word in words_in(segment(text)) if fnmatchcase(word, pattern)
    }
    index = index_of(*texts)
    found = {row for word in held for row in matches(index, expression.replace("?", word))}
    assert found == {at for at, text in enumerate(texts) if plainly_found_inside(wanted, text)}
    assert found == {at for at, text in enumerate(texts) if highlights(wanted, text, "abstract")}


unicode = st.text(st.characters(exclude_characters="$\\", exclude_categories=["Cs"]))


@given(unicode)
def test_the_index_holds_the_tokens_of_a_segmented_text(text: str) -> None:
    index = index_of(text)
    index.execute("CREATE VIRTUAL TABLE held USING fts5vocab(found, instance)")
    held = [token for (token,) in index.execute("SELECT term FROM held ORDER BY offset")]
    assert held == segment(text).split()


def test_a_han_character_is_a_token_of_its_own_as_it_is() -> None:
    every = "".join(map(chr, range(0x4E00, 0xA000)))
    assert segment(every).split() == list(every)


@given(unicode, st.sampled_from("abxyz019"))
def test_one_letter_is_found_by_how_words_begin(text: str, letter: str) -> None:
    begun = initial(words(letter)) or 0
    found = rows(index_of(text), words(letter))
    columns: list[list[str]] = [[], [], words_in(segment(text)), [], [], []]
    everywhere, in_titles, in_authors, *elsewhere = initials(columns)
    assert bool(begun & everywhere) == bool(begun & in_authors) == bool(found)
    assert not any((in_titles, *elsewhere))
    assert initial(exactly(letter)) is None


@given(unicode, unicode.filter(lambda value: fts(exactly(value)) is not None))
def test_any_text_is_found_by_what_it_holds(before: str, value: str) -> None:
    assert rows(index_of(f"{before} {value} "), exactly(value)) == {0}


@pytest.mark.parametrize(
    ("typed", "text", "column", "shown"),
    [
        ("learn", "Deep Learning learns", "title", "Deep [Learn]ing [learn]s"),
        ('"learn"', "Learn learning", "title", "[Learn] learning"),
        ("deep-learn", "Deep\n learning", "title", "[Deep\n learn]ing"),
        ("强化", "深度强化学习", "title_zh", "深度[强化]学习"),
        ("强化", "强，化", "title_zh", "强，化"),
        ("poincare", "Poincaré, Poincare\u0301.", "abstract", "[Poincaré], [Poincare\u0301]."),
        ("gpt", "ＧＰＴ-4", "abstract", "[ＧＰＴ]-4"),
        ("effi", "eﬃcient", "abstract", "[eﬃ]cient"),
        ("ef", "eﬃcient", "abstract", "[eﬃ]cient"),
        ("ab abc", "abcd", "abstract", "[abc]d"),
        ("*former", "Transformers, a former", "title", "Trans[former]s, a [former]"),
        ("*elf-att", "self-attention", "abstract", "s[elf-att]ention"),
        ("*na", "banana", "title", "ba[na][na]"),
        ("a OR b", "a b", "abstract", "[a] [b]"),
        ("a -b", "a b", "abstract", "[a] b"),
        ("ti:a", "a", "abstract", "a"),
        ("ti:a", "a", "title_zh", "[a]"),
        ("au:levine", "Sergey Levine", "authors", "Sergey [Levine]"),
        ("is:read kw:a cat:a", "a", "title", "a"),
    ],
)
def test_the_words_of_a_query_are_highlighted(
    typed: str, text: str, column: Column, shown: str
) -> None:
    for start, end in reversed(highlights(parse(typed).query, text, column)):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    assert text == shown


@given(queries, st.text())
def test_highlights_are_sorted_and_never_overlap(query: Query, text: str) -> None:
    spans = highlights(query, text, "abstract")
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(text) for start, end in spans)


@pytest.mark.parametrize(
    ("keyword", "query"),
    [
        ("reinforcement learning", words("reinforcement learning")),
        ("robot*", words("robot*")),
        ("扩散策略", words("扩散策略")),
        ("OR-Tools, title: x", words("OR-Tools, title: x")),
        ('"large language model" AND agent', And((words("large language model"), words("agent")))),
        ("LLM OR (agent | 智能体)", Or((words("LLM"), words("agent"), words("智能体")))),
        ('"search AND rescue" robots', And((words("search AND rescue"), words("robots")))),
        ("a NOT b c", And((A, Not(words("b c"))))),
        ("(a)ANDNOT(b)", And((A, Not(B)))),
        ("“open", words("open")),
        ("— AND", Everything()),
        ("", Everything()),
    ],
)
def test_the_phrases_of_a_keyword(keyword: str, query: Query) -> None:
    assert keyword_query(keyword) == query


@given(typing)
def test_any_keyword_is_a_query_understood_as_a_whole(keyword: str) -> None:
    query = keyword_query(keyword)
    parsed = parse(str(query))
    assert (parsed.query, parsed.hints) == (query, ())


@given(values.filter(lambda value: not re.search(r'["“”＂()（）|｜]|AND|OR|NOT', value)))
def test_a_keyword_without_operators_is_one_phrase(keyword: str) -> None:
    assert keyword_query(keyword) == words(keyword.strip())
