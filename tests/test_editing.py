"""Editing a query: what can be completed, and the values that a field is narrowed to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui.editing import choosing, chosen, completed, completing, field_names
from digest_tui.query import (
    And,
    Category,
    Everything,
    FieldName,
    Keyword,
    Not,
    Or,
    Query,
    Text,
    parse,
    written,
)
from tests.test_query import queries, typing, values


def at_cursor(marked: str) -> tuple[str, int]:
    """A text, and where its ‸ stands."""
    before, after = marked.split("‸")
    return before + after, len(before)


@pytest.mark.parametrize(
    ("marked", "field", "piece", "typed"),
    [
        # A word that may begin a field's name.
        ("a‸", None, "a", "a"),
        ("x 作‸ y", None, "作", "作"),
        ("-(a OR ca‸)", None, "ca", "ca"),
        # A value, whatever its field is called.
        ("au:lev‸", "au", "lev", "lev"),
        ("作者：张‸", "au", "张", "张"),
        ("Subject:rob‸ x", "cat", "rob", "rob"),
        ("a -is:un‸", "is", "un", "un"),
        ("NOT kw:C+‸", "kw", "C+", "C+"),
        # One of several.
        ("cat:cs.RO,cs‸", "cat", "cs", "cs"),
        ("cat:cs‸,cs.RO", "cat", "cs", "cs"),
        ('作者：张三，"李‸', "au", '"李', "李"),
        ("au:(levine OR fin‸", "au", "fin", "fin"),
        ("(a au:fin‸) b", "au", "fin", "fin"),
        # An open quotation.
        ('kw:"reinf‸', "kw", '"reinf', "reinf"),
        ('kw:"say ""hi‸', "kw", '"say ""hi', 'say "hi'),
        ('kw:"‸', "kw", '"', ""),
        # Nothing yet.
        ("cat:‸", "cat", "", ""),
        ("cat:‸ x", "cat", "", ""),
        ("cat:cs.RO,‸", "cat", "", ""),
    ],
)
def test_what_is_being_typed_at_the_cursor(
    marked: str, field: FieldName | None, piece: str, typed: str
) -> None:
    text, cursor = at_cursor(marked)
    at = completing(text, cursor)
    assert at
    assert (at.field, text[at.start : at.end], at.typed) == (field, piece, typed)
    assert at.end == cursor


@pytest.mark.parametrize(
    "marked",
    [
        "‸", "a ‸", "‸a", "au:levine ‸", "au:(levine)‸", "au:(‸",
        "cat:c‸s", "ca‸t:cs", "cat‸:cs", 'kw:"rei‸"', 'kw:"rei"‸', 'kw:"rei‸ x', "kw:‸\"rei\"",
        "ti:rob‸", "abs:a‸", "zh:学‸", "id:26‸", "date:2026‸", '"au‸', "GPT-4‸", "a OR‸",
        "foo:ba‸", "f(a au:le‸ b)",
    ],
)  # fmt: skip
def test_nothing_can_be_completed(marked: str) -> None:
    assert completing(*at_cursor(marked)) is None


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("a", "au abs id"),
        ("A", "au abs id"),
        ("作", "au"),
        ("subj", "cat"),
        ("cat", "cat"),
        ("robot", ""),
    ],
)
def test_the_fields_whose_name_begins_so(typed: str, names: str) -> None:
    assert " ".join(field.name for field in field_names(typed)) == names


@pytest.mark.parametrize(
    ("marked", "value", "done"),
    [
        ("a‸", "au:", "au:‸"),
        ("x 作‸ y", "作者：", "x 作者：‸ y"),
        ("cat:cs‸", "cs.RO", "cat:cs.RO ‸"),
        ("cat:cs‸ a", "cs.RO", "cat:cs.RO‸ a"),
        ("cat:‸", "cs.RO", "cat:cs.RO ‸"),
        ("-is:un‸", "unread", "-is:unread ‸"),
        ("cat:cs.RO,cs‸", "cs.CV", "cat:cs.RO,cs.CV‸"),
        ("a au:(levine OR fin‸", "Chelsea Finn", 'a au:(levine OR "Chelsea Finn"‸'),
        ("（cat:cs‸）", "cs.RO", "（cat:cs.RO‸）"),
        ("作者：张‸", "张三", "作者：张三 ‸"),
        ('kw:"reinf‸', "reinforcement learning", 'kw:"reinforcement learning" ‸'),
        ("kw:“大‸", '"large model" AND agent', 'kw:"""large model"" AND agent" ‸'),
        ("kw:C‸", "C++", "kw:C++ ‸"),
        ("kw:o‸", "OR", 'kw:"OR" ‸'),
    ],
)
def test_a_value_completed(marked: str, value: str, done: str) -> None:
    text, cursor = at_cursor(marked)
    at = completing(text, cursor)
    assert at
    assert completed(text, at, value) == at_cursor(done)


def leaves(query: Query) -> Iterator[Query]:
    if isinstance(query, And | Or):
        for member in query.queries:
            yield from leaves(member)
    elif isinstance(query, Not):
        yield from leaves(query.query)
    else:
        yield query


def asked(field: FieldName, value: str) -> Query:
    """What one value of a field asks for."""
    made: dict[FieldName, Query] = {
        "kw": Keyword(value),
        "cat": Category(value),
        "au": Text("au", value, written(value) != value),
    }
    return made[field]


MARKED = (
    "{}:‸", "a -{}:v‸ b", '“a” {}："v‸', "NOT {}:v‸|a", "(a OR {}:x,v‸)", "{}:‸,x a", '{}:(a OR "‸',
)  # fmt: skip


@given(st.sampled_from(MARKED), st.sampled_from(["kw", "cat", "au"]), values)
def test_what_is_completed_is_what_the_query_then_asks_for(
    marked: str, field: FieldName, value: str
) -> None:
    text, cursor = at_cursor(marked.format(field))
    at = completing(text, cursor)
    assert at
    done, place = completed(text, at, value)
    assert done[at.start : place].rstrip(" ") == written(value)
    assert asked(field, value) in leaves(parse(done).query)


@given(typing, st.integers(), st.text())
def test_anything_can_stand_at_any_cursor(text: str, cursor: int, value: str) -> None:
    for place in (cursor, *range(len(text) + 1)):
        if at := completing(text, place):
            done, end = completed(text, at, value)
            assert (done[: at.start], done[end:]) == (text[: at.start], text[at.end :])


@pytest.mark.parametrize(
    ("text", "field", "values"),
    [
        ("policy cat:cs.RO,cs.CV is:unread", "cat", ["cs.RO", "cs.CV"]),
        ("policy cat:cs.RO,cs.CV is:unread", "is", ["unread"]),
        ("policy cat:cs.RO", "kw", []),
        ('学科：robotics，"a b"', "cat", ["robotics", "a b"]),
        ('kw:"diffusion policy"', "kw", ["diffusion policy"]),
        ("cat:(cs.RO OR cs.CV | cs.LG)", "cat", ["cs.RO", "cs.CV", "cs.LG"]),
        ("状态：未读 x", "is", ["unread"]),
        ("date:2026-04-22,2026/4,7d", "date", ["2026-04-22", "2026-04", "7d"]),
        ('au:levine,"Chelsea Finn"', "au", ["levine", "Chelsea Finn"]),
        # The last of several, an empty one aside.
        ("cat:cs cat:robotics kw:", "cat", ["robotics"]),
        ("cat:cs cat:", "cat", ["cs"]),
        # Not by itself what narrows the query.
        ("-cat:cs", "cat", []),
        ("cat:cs OR a", "cat", []),
        ("(cat:cs) a", "cat", []),
        ("(a OR cat:cs) b", "cat", []),
        # Not any of some values.
        ("cat:(cs -cs.RO)", "cat", []),
        ("cat:(cs kw:a)", "cat", []),
        ("date:soon", "date", []),
        ('au:"levine"', "au", []),
        ('au:"sergey lev"*', "au", []),
    ],
)
def test_the_values_that_are_chosen(text: str, field: FieldName, values: list[str]) -> None:
    assert list(chosen(text, field)) == values


@pytest.mark.parametrize(
    ("text", "field", "values", "edited"),
    [
        # In its place.
        ("a  cat:cs.RO,cs.CV is:unread ", "cat", ["cs.LG"], "a  cat:cs.LG is:unread "),
        ("cat:cs cat:robotics a", "cat", ["cs", "math"], "cat:cs cat:cs,math a"),
        ("a AND 学科：（robotics） b", "cat", ["cs.RO"], "a AND cat:cs.RO b"),
        ("a kw: b", "kw", ["diffusion policy"], 'a kw:"diffusion policy" b'),
        ('a kw:"diffusion', "kw", ["C++", "a,b"], 'a kw:C++,"a,b"'),
        ("cat:(cs", "cat", ["math"], "cat:math"),
        # Removed with its blank.
        ("a  cat:cs  b", "cat", [], "a  b"),
        ("cat:cs b", "cat", [], "b"),
        ("a cat:cs", "cat", [], "a"),
        ("a cat:", "cat", [], "a"),
        ("cat:cs", "cat", [], ""),
        # At the end.
        ("", "cat", ["cs.RO"], "cat:cs.RO"),
        ("强化学习 (a OR b)", "cat", ["cs.RO", "cs.CV"], "强化学习 (a OR b) cat:cs.RO,cs.CV"),
        ("a ", "kw", ["扩散策略"], "a kw:扩散策略"),
        ("a", "kw", ['"large model" OR agent'], 'a kw:"""large model"" OR agent"'),
        ("a", "date", ["2026-04-22", "2026-04"], "a date:2026-04-22,2026-04"),
        ("a", "date", [">=2026-04"], "a date:>=2026-04-01"),
        ("a OR b", "cat", ["cs.RO"], "(a OR b) cat:cs.RO"),
        (" cat:cs | b ", "cat", ["cs.RO"], "(cat:cs | b) cat:cs.RO"),
        ("a OR", "cat", ["cs.RO"], "(a OR) cat:cs.RO"),
        ("a NOT", "cat", ["cs.RO"], "(a NOT) cat:cs.RO"),
        ("a -", "cat", ["cs.RO"], "a - cat:cs.RO"),
        ("-cat:cs (cat:math)", "cat", ["cs.RO"], "-cat:cs (cat:math) cat:cs.RO"),
        ("cat:(cs -cs.RO)", "cat", ["math"], "cat:(cs -cs.RO) cat:math"),
        ('au:"levine"', "au", ["finn"], 'au:"levine" au:finn'),
        # Nothing to do.
        ("a OR  b (", "cat", [], "a OR  b ("),
        # Written anew, since what is open would take the term in.
        ('a "deep lea', "cat", ["cs.RO"], 'a "deep lea"* cat:cs.RO'),
        ("(a OR b", "cat", ["cs.RO"], "(a OR b) cat:cs.RO"),
        ("a) b OR c", "cat", ["cs.RO"], "(a b OR c) cat:cs.RO"),
        ("f(a", "kw", ["b)"], '"f(a"* kw:"b)"'),
        ('a kw:"b"c', "kw", ["d"], "a c kw:d"),
    ],
)  # fmt: skip
def test_values_are_chosen_in_the_text(
    text: str, field: FieldName, values: list[str], edited: str
) -> None:
    assert choosing(text, field, values) == edited
    assert choosing(edited, field, values) == edited


fields: st.SearchStrategy[FieldName] = st.sampled_from(["kw", "cat", "au", "is", "date"])
texts = typing | queries.map(str) | st.lists(queries.map(str)).map(" ".join)


@st.composite
def choices(draw: st.DrawFn) -> tuple[FieldName, tuple[str, ...]]:
    """A field, and values that can be looked for in it."""
    field = draw(fields)
    one = {
        "is": st.sampled_from(["read", "unread", "starred"]),
        "date": st.dates().map(str) | st.sampled_from(["2026", "2026-04", "7d"]),
    }
    return field, tuple(draw(st.lists(one.get(field, values), min_size=1, max_size=3)))


def members(text: str) -> tuple[Query, ...]:
    """The queries that have to be met together."""
    query = parse(text).query
    if query == Everything():
        return ()
    return query.queries if isinstance(query, And) else (query,)


@given(texts, choices())
def test_what_is_chosen_is_chosen_and_the_rest_is_kept(
    text: str, choice: tuple[FieldName, tuple[str, ...]]
) -> None:
    field, picked = choice
    edited = choosing(text, field, picked)
    assert chosen(edited, field) == picked
    assert choosing(edited, field, picked) == edited
    rest = members(choosing(text, field, ()))
    assert set(rest) <= set(members(text))
    term = members(f"{field}:{','.join(map(written, picked))}")
    assert Counter(members(edited)) == Counter(rest + term)


@given(texts, fields)
def test_what_was_added_can_be_taken_away_again(text: str, field: FieldName) -> None:
    bare = choosing(text, field, ())
    if not chosen(bare, field):
        value = {"is": "unread", "date": "7d"}.get(field, "a b")
        again = choosing(choosing(bare, field, [value]), field, ())
        assert parse(again).query == parse(bare).query


@given(st.text(), fields, st.lists(st.text()))
def test_any_values_can_be_given(text: str, field: FieldName, values: list[str]) -> None:
    parse(choosing(text, field, values))
