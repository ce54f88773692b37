"""The query language: text to a query, a query to text, and what counts as a match.

The law: a query is never an error in the face of a person typing. `parse` accepts every text.
What it does not understand it searches as text, what is not finished yet it leaves out, and a
hint says which, why, and what would be valid. `parse(str(query)).query == query`.

The index and the highlighting share one definition of a match, `segment`: a text is its folded
words and single Han characters in a row, and a phrase matches where its own row stands in it.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from itertools import accumulate, chain
from operator import itemgetter, or_
from typing import Literal, get_args

from digest_tui import latex
from digest_tui.paper import ARXIV_ID, ARXIV_URL

TextField = Literal["any", "ti", "au", "abs", "id", "zh"]
FieldName = Literal[TextField, "kw", "cat", "date", "is"]
Column = Literal["title", "title_zh", "authors", "abstract", "abstract_zh", "id"]
State = Literal["read", "unread", "starred", "unstarred", "translated"]

COLUMNS: dict[TextField, tuple[Column, ...]] = {
    "any": ("title", "title_zh", "authors", "abstract", "abstract_zh", "id"),
    "ti": ("title", "title_zh"),
    "au": ("authors",),
    "abs": ("abstract", "abstract_zh"),
    "zh": ("title_zh", "abstract_zh"),
    "id": ("id",),
}
"""Where each field looks."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the query language, as help and README list it."""

    name: FieldName
    long: str
    """The long form; empty where there is none."""
    aliases: tuple[str, ...]
    finds: str


FIELDS = (
    Field("ti", "title", ("标题",), "words of the title, in both languages"),
    Field("au", "author", ("authors", "作者"), "an author"),
    Field("abs", "abstract", ("摘要",), "words of the abstract, in both languages"),
    Field("zh", "", ("中文",), "words of the Chinese title and abstract"),
    Field("id", "", ("arxiv",), "an arXiv id, or how it begins: 2604"),
    Field("kw", "keyword", ("关键词",), "a keyword section"),
    Field("cat", "subject", ("category", "分类", "学科"), "a subject: cs, cs.LG, robotics"),
    Field("date", "", ("日期",), "2026-04-22, 2026-04, 2026-01..2026-03, >=2026-04-01, 7d"),
    Field("is", "", ("状态",), "read, unread, starred, unstarred, translated"),
)
"""Every field, in the order in which help lists them."""

STATES: tuple[State, ...] = get_args(State)

_FIELD_OF = {name: f for f in FIELDS for name in (f.name, f.long, *f.aliases) if name}
_CHINESE_STATES = dict(zip(("已读", "未读", "星标", "未星标", "已翻译"), STATES, strict=True))


@dataclass(frozen=True, slots=True)
class Everything:
    """No condition: every paper."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Text:
    """Words in a row, somewhere in the field's columns; they hold a letter or a digit."""

    field: TextField
    value: str
    quoted: bool
    """Exact words; otherwise the last word may go on, unless it is a Han character, and behind a
    `*` the first may begin inside another word."""

    def __str__(self) -> str:
        if self.quoted:
            value = _in_quotes(self.value)
        else:
            value = self.value if _STARRED.fullmatch(self.value) else written(self.value, "*")
        return value if self.field == "any" else f"{self.field}:{value}"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A keyword section whose name holds the value, both folded."""

    value: str

    def __str__(self) -> str:
        return "kw:" + written(self.value)


@dataclass(frozen=True, slots=True)
class Category:
    """A subject whose code begins with the value, or whose name holds it, both folded."""

    value: str

    def __str__(self) -> str:
        return "cat:" + written(self.value)


@dataclass(frozen=True, slots=True)
class Dates:
    """Digests from one day to another, both included; None is no bound."""

    first: date | None
    last: date | None

    def __str__(self) -> str:
        if self.first is None:
            return f"date:<={self.last}" if self.last else "date:.."
        if self.last is None:
            return f"date:>={self.first}"
        day = str(self.first)
        for name in (day[:4], day[:7], day):
            if _span(name) == (self.first, self.last):
                return f"date:{name}"
        return f"date:{self.first}..{self.last}"


@dataclass(frozen=True, slots=True)
class Recent:
    """The digests of the last days, today's included; at most a century."""

    days: int

    def __str__(self) -> str:
        return f"date:{self.days}d"


@dataclass(frozen=True, slots=True)
class Is:
    """Papers in a state."""

    state: State

    def __str__(self) -> str:
        return f"is:{self.state}"


@dataclass(frozen=True, slots=True)
class Not:
    """All papers but those found. Made by `negated`."""

    query: Query

    def __str__(self) -> str:
        return "-" + _grouped(self.query)


@dataclass(frozen=True, slots=True)
class And:
    """Papers that every one of two or more queries finds. Made by `all_of`."""

    queries: tuple[Query, ...]

    def __str__(self) -> str:
        return " ".join(map(_grouped, self.queries))


@dataclass(frozen=True, slots=True)
class Or:
    """Papers that any of two or more queries finds. Made by `any_of`."""

    queries: tuple[Query, ...]

    def __str__(self) -> str:
        return _as_list(self) or " OR ".join(map(str, self.queries))


Query = Everything | Text | Keyword | Category | Dates | Recent | Is | Not | And | Or


def all_of(queries: Iterable[Query]) -> Query:
    """Returns the papers that every query finds, flat; of none, `Everything()`."""
    members = _flat(queries, And)
    return And(members) if len(members) > 1 else members[0] if members else Everything()


def any_of(queries: Iterable[Query]) -> Query:
    """Returns the papers that any query finds, flat. `Everything()` is a gap, and left out."""
    members = _flat(queries, Or)
    return Or(members) if len(members) > 1 else members[0] if members else Everything()


def _flat(queries: Iterable[Query], kind: type[And | Or]) -> tuple[Query, ...]:
    # Forty groups within each other hand their members on forty times.
    told = (query for query in queries if not isinstance(query, Everything))
    nested = (query.queries if isinstance(query, kind) else (query,) for query in told)
    return tuple(chain.from_iterable(nested))


def negated(query: Query) -> Query:
    """Returns all papers but those found. `Everything()` is a gap, and stays one."""
    if isinstance(query, Everything):
        return query
    return query.query if isinstance(query, Not) else Not(query)


def _grouped(query: Query) -> str:
    bare = not isinstance(query, And | Or) or (isinstance(query, Or) and _as_list(query))
    return str(query) if bare else f"({query})"


def _as_list(query: Or) -> str:
    """Returns `cat:cs.RO,cs.CV` where all alternatives are values of one field, else nothing."""
    if any(isinstance(member, Not | And) for member in query.queries):
        return ""
    name, colon, _ = str(query.queries[0]).partition(":")
    head = name + colon
    if not colon or name not in _FIELD_OF:
        return ""
    shown = [str(member) for member in query.queries]
    if not all(value.startswith(head) for value in shown):
        return ""
    return head + ",".join(value.removeprefix(head) for value in shown)


_QUOTE, _OPEN, _CLOSE, _BAR, _COMMA = '"“”＂', "(（", ")）", "|｜", ",，、"
_PARENTHESES = (
    rf"[{_OPEN}](?:[^{_OPEN}{_CLOSE}]|[{_OPEN}][^{_OPEN}{_CLOSE}]*[{_CLOSE}])*+[{_CLOSE}]"
)
_SPACES = re.compile(r"\s+")
_OPENING = re.compile(f"[{_OPEN}]")
_CLOSING = re.compile(f"[{_CLOSE}]")
_LISTED = re.compile(f"[{_COMMA}]")
_AND = re.compile(rf"AND(?=[\s{_OPEN}{_CLOSE}{_BAR}]|$)")
_OR = re.compile(rf"[{_BAR}]|OR(?=[\s{_OPEN}{_CLOSE}]|$)")
_NOT = re.compile(rf"[-－](?=[^\s\-－{_BAR}{_CLOSE}]|$)|NOT(?=[\s{_OPEN}{_CLOSE}]|$)")
_BETWEEN = re.compile(rf"\s+|(?P<closing>[{_CLOSE}])|(?P<or>{_OR.pattern})|{_AND.pattern}")
_END = re.compile(rf"$|[{_CLOSE}]|{_AND.pattern}|{_OR.pattern}")
_NAME = re.compile(r"([^\W\d_]+)[:：](?!//)")
_QUOTED = re.compile(rf"[{_QUOTE}]((?:[^{_QUOTE}]|([{_QUOTE}])\2)*+)([{_QUOTE}]?)(\*?)")
_WORD = re.compile(rf"(?:[^\s{_BAR}{_OPEN}{_CLOSE}]|{_PARENTHESES}|[{_OPEN}])+")
_MEMBER = re.compile(rf"(?:[^\s{_BAR}{_OPEN}{_CLOSE}{_COMMA}]|{_PARENTHESES}|[{_OPEN}])*")
_PLAIN = re.compile(r"(?!(?:AND|OR|NOT)$)\w[\w.+'/-]*")
_STAR = ("*", "＊")
_STARRED = re.compile(r"[*＊][A-Za-z0-9]{2}[\w.+'/-]*")
_DEEPEST = 40
_SURROGATE = re.compile("[\ud800-\udfff]")


def written(value: str, star: str = "") -> str:
    """Returns a value as a query holds it: bare where it can be, else in quotes and with a star."""
    plain = _PLAIN.fullmatch(value) and not _pasted_id(value)
    return value if plain else _in_quotes(value) + star


def _in_quotes(value: str) -> str:
    return '"' + re.sub(f"([{_QUOTE}])", r"\1\1", value) + '"'


def _pasted_id(word: str) -> str | None:
    """Returns the arXiv id in a link, or in an id with its version."""
    found = ARXIV_URL.match(word) or ARXIV_ID.fullmatch(word)
    return found[1] if found and found[0] != found[1] else None


@dataclass(frozen=True, slots=True)
class Hint:
    """Why a stretch of the typed text was left out or searched as text, in one line."""

    start: int
    end: int
    message: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text asks for, and what in it was not understood."""

    query: Query
    hints: tuple[Hint, ...]


def parse(text: str) -> Parsed:
    """Returns the query that a text asks for. Never raises."""
    reader = _Reader(text)
    query = reader.alternatives("any")
    return Parsed(query, tuple(sorted(reader.hints, key=lambda hint: (hint.start, hint.end))))


@dataclass(frozen=True, slots=True)
class Term:
    """A stretch of the typed text outside all parentheses, and what it asks for."""

    start: int
    end: int
    field: FieldName
    """The field that it names; `any` where it names none, or is negated."""
    query: Query


@dataclass(frozen=True, slots=True)
class Value:
    """A value at whose end the typing can go on: a word, an open quotation, or nothing yet."""

    start: int
    end: int
    field: FieldName
    text: str
    """The value without its quotes."""
    is_alone: bool
    """It stands in no group, and behind no comma."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What a text asks for, and where its parts stand."""

    query: Query
    terms: tuple[Term, ...]
    """In the order of the text, whatever joins them."""
    values: tuple[Value, ...]


def outline(text: str) -> Outline:
    """Returns where the parts of a text stand, as `parse` reads it. Never raises."""
    reader = _Reader(text)
    query = reader.alternatives("any")
    commas = tuple(_COMMA)
    values = (
        Value(start, end, field, value, not (depth or text.endswith(commas, 0, start)))
        for start, end, field, value, depth in reader.values
    )
    return Outline(query, tuple(Term(*term) for term in reader.terms), tuple(values))


class _Reader:
    """A place in the typed text, how many groups are open there, and what was met so far."""

    def __init__(self, text: str) -> None:
        # What a shell passes on of bytes that are no text: SQLite takes none of it.
        self._text = _SURROGATE.sub("\ufffd", text)
        self._at = 0
        self._depth = 0
        self.hints: list[Hint] = []
        self.terms: list[tuple[int, int, FieldName, Query]] = []
        self.values: list[tuple[int, int, FieldName, str, int]] = []

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _hint(self, start: int, end: int, message: str) -> Everything:
        self.hints.append(Hint(start, end, message))
        return Everything()

    def alternatives(self, field: FieldName) -> Query:
        """Returns what stands up to the end of the text, or of the group."""
        branches: list[list[Query]] = [[]]
        while self._at < len(self._text):
            between = _BETWEEN.match(self._text, self._at)
            if between is None:
                branches[-1].append(self._term(field))
                continue
            if between["closing"] and self._depth:
                break
            self._at = between.end()
            if between["closing"]:
                self._hint(self._at - 1, self._at, "no parenthesis is open here; left out")
            elif between["or"]:
                branches.append([])
        return any_of(all_of(branch) for branch in branches)

    def _term(self, field: FieldName) -> Query:
        start = end = self._at
        negative = False
        while self._take(_NOT):
            negative, end = not negative, self._at
            self._take(_SPACES)
        if _END.match(self._text, self._at):
            return self._hint(start, end, "left out: what it excludes is still to follow")
        begun, field = self._at, self._named(field)
        found = self._operand(field, begun)
        if negative:
            field, found = "any", negated(found)
        if not self._depth:
            self.terms.append((start, self._at, field, found))
        return found

    def _named(self, field: FieldName) -> FieldName:
        """Returns the field that is named here, or else the given one, that of the group."""
        name = _NAME.match(self._text, self._at)
        if not name:
            return field
        if known := _FIELD_OF.get(fold(name[1])):
            self._at = name.end()
            return known.name
        if field == "any":
            names = " ".join(f"{f.name}:" for f in FIELDS)
            message = f"no field, searched as text; there are {names}"
            self._hint(name.start(), name.end(), message)
        return field

    def _operand(self, field: FieldName, start: int) -> Query:
        if self._take(_OPENING):
            return self._group(field)
        if field != "any":
            return self._list(field, start)
        if quoted := self._take(_QUOTED):
            return self._quotation("any", quoted)
        word = self._take(_WORD)
        assert word is not None, "what starts no other term starts a word"
        return self._unquoted("any", word)

    def _group(self, field: FieldName) -> Query:
        start, end = self._at - 1, self._at
        if self._depth == _DEEPEST:
            return self._hint(start, end, f"{_DEEPEST} parentheses are open; left out")
        self._depth += 1
        found = self.alternatives(field)
        self._depth -= 1
        if not self._take(_CLOSING):
            self._hint(start, end, "this parenthesis is still open; a ) closes it")
        return found

    def _list(self, field: FieldName, start: int) -> Query:
        """Returns any of the values, between commas, of a field; its name stands at the start."""
        values: list[Query] = []
        while True:
            if quoted := self._take(_QUOTED):
                values.append(self._quotation(field, quoted))
            elif (word := self._take(_MEMBER)) and word[0]:
                values.append(self._unquoted(field, word))
            else:
                self._value(self._at, field, "")
            if not self._take(_LISTED):
                break
        if not values:
            message = f"{field}: finds {_FIELD_OF[field].finds}; left out while empty"
            self._hint(start, self._at, message)
        return any_of(values)

    def _value(self, start: int, field: FieldName, text: str) -> None:
        self.values.append((start, self._at, field, text, self._depth))

    def _unquoted(self, field: FieldName, word: re.Match[str]) -> Query:
        self._value(word.start(), field, word[0])
        if field in ("any", "id") and (pasted := _pasted_id(word[0])):
            return Text("id", pasted, True)
        value = self._starred(field, word) if word[0].startswith(_STAR) else word[0]
        return self._leaf(field, value, word.start(), exact=False)

    def _starred(self, field: FieldName, word: re.Match[str]) -> str:
        """Returns a value with its star, where it asks for more than the value alone."""
        bare = word[0].lstrip("".join(_STAR))
        if field in ("kw", "cat"):
            return bare
        tokens = _tokens(bare)
        if not tokens or len(tokens[0]) > 1 or _is_han(tokens[0]):
            return word[0]
        message = "searched as text; * finds two letters and more inside words"
        self._hint(word.start(), word.end(), message)
        return bare

    def _quotation(self, field: FieldName, quoted: re.Match[str]) -> Query:
        value = re.sub(f"([{_QUOTE}])\\1", r"\1", quoted[1])
        if quoted[3]:
            return self._leaf(field, value, quoted.start(), exact=not quoted[4])
        self._value(quoted.start(), field, value)
        self._hint(quoted.start(), self._at, 'this quotation is still open; a " closes it')
        if not value.strip():
            return Everything()
        return self._leaf(field, value, quoted.start(), exact=False)

    def _leaf(self, field: FieldName, value: str, start: int, *, exact: bool) -> Query:
        if field == "date":
            return self._date(value, start)
        if not _tokens(value):
            return self._hint(start, self._at, "no letter or digit to search for; left out")
        if field == "is":
            return self._state(value, start)
        if field == "kw":
            return Keyword(value)
        if field == "cat":
            return Category(value)
        return Text(field, value, exact)

    def _date(self, value: str, start: int) -> Query:
        valid = "valid: 2026-04-22, 2026-04, 2026-01..2026-03, 7d"
        if re.fullmatch(r"[<>=]*[0-9]{0,3}", fold(value)):
            return self._hint(start, self._at, f"not a date yet, left out; {valid}")
        if found := _dates(fold(value)):
            return found
        self._hint(start, self._at, f"no date, searched as text; {valid}")
        return Text("any", f"date:{value}", False)

    def _state(self, value: str, start: int) -> Query:
        typed, valid = fold(value), ", ".join(STATES)
        if exact := _CHINESE_STATES.get(typed):
            return Is(exact)
        begun = [state for state in STATES if state.startswith(typed)]
        if not begun:
            self._hint(start, self._at, f"no such state: {valid}; searched as text")
            return Text("any", f"is:{value}", False)
        if begun[0] != typed:
            self._hint(start, self._at, f"taken as {begun[0]}; valid: {valid}")
        return Is(begun[0])


_DAY = re.compile(
    r"([0-9]{4})(?:[-/](1[0-2]|0?[1-9])(?:[-/](3[01]|[12][0-9]|0?[1-9]))?)?(?:[-/]0?)?"
)
"""A year, a month or a day; the `-` and `0` of what is still to be typed may follow."""


def _span(text: str) -> tuple[date, date] | None:
    """Returns the first and the last day of a year, a month or a day."""
    found = _DAY.fullmatch(text)
    if not found:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        first = date(year, month or 1, day or 1)
    except ValueError:
        return None
    if day:
        return first, first
    # Few queries name a month, and this takes a while to import.
    from calendar import monthrange

    return first, date(year, month or 12, monthrange(year, month or 12)[1])


def _dates(text: str) -> Query | None:
    """Returns the days that a folded value means, or None where it means none."""
    if recent := re.fullmatch(r"([1-9][0-9]{0,5})([dw天周])", text):
        days = int(recent[1]) * (7 if recent[2] in "w周" else 1)
        return Recent(min(days, 36_500))
    if compared := re.fullmatch(r"([<>]=?)(.*)", text):
        span = _span(compared[2])
        return _compared(compared[1], *span) if span else None
    ends = re.split(r"\.+", text, maxsplit=1)
    spans = [_span(end) for end in ends]
    # An end of less than a year is still being typed: no bound yet.
    if not all(
        span or re.fullmatch("[0-9]{0,3}", end) for span, end in zip(spans, ends, strict=True)
    ):
        return None
    first, last = spans[0], spans[-1]
    if first and last and first > last:
        first, last = last, first
    return Dates(first and first[0], last and last[1])


def _compared(sign: str, first: date, last: date) -> Query | None:
    try:
        match sign:
            case ">=":
                return Dates(first, None)
            case "<=":
                return Dates(None, last)
            case ">":
                return Dates(last + timedelta(days=1), None)
        return Dates(None, first - timedelta(days=1))
    except OverflowError:
        return None


class _Characters(dict[int, str]):
    """A table for `str.translate` that works out a character's entry when it is first met.

    Segmenting a bilingual abstract with regular expressions takes three times as long; and where
    each character has an entry of its own, a match can be traced back to its source.
    """

    def __init__(self, entry: Callable[[str], str]) -> None:
        self._entry = entry

    def __missing__(self, code: int) -> str:
        entry = self[code] = self._entry(chr(code))
        return entry


_HAN = (
    ("\u3005", "\u3007"),
    ("\u3021", "\u3029"),
    ("\u3041", "\u30ff"),
    ("\u31f0", "\u31ff"),
    ("\u3400", "\u4dbf"),
    ("\u4e00", "\u9fff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)
"""The first and the last character of scripts without spaces between words, kana among them."""


def _is_han(character: str) -> bool:
    return any(first <= character <= last for first, last in _HAN)


_STROKES = str.maketrans("øłđħŧı", "oldhti")


def _folded(character: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
    bare = "".join(c for c in apart if unicodedata.category(c) not in ("Mn", "Me", "Cf"))
    return unicodedata.normalize("NFC", bare).translate(_STROKES)


_FOLDED = _Characters(_folded)


def fold(text: str) -> str:
    """Returns the text without case, accents, width and ligatures, character by character."""
    return text.translate(_FOLDED)


_BREAK = "\ue000"
"""Stands for punctuation at a Han character: FTS5's `ascii` takes whatever is not ASCII for a
letter, so that no Chinese phrase matches across a comma."""
_HAN_EDGE, _MARK_EDGE, _MARK = "\x01", "\x02", "\x03"


def _spread_character(character: str) -> str:
    spread = ""
    for c in _folded(character):
        if not c.isalnum():
            spread += " " if c.isspace() else _MARK_EDGE + _MARK + _MARK_EDGE
        else:
            spread += _HAN_EDGE + c + _HAN_EDGE if _is_han(c) else c
    return spread


_SPREAD = _Characters(_spread_character)


def _spread(text: str) -> str:
    """Returns rendered text as tokens and spaces; a character takes the width of its entry."""
    spread = text.translate(_SPREAD)
    spread = spread.replace(_HAN_EDGE + _MARK_EDGE + _MARK, f"  {_BREAK}")
    spread = spread.replace(_MARK + _MARK_EDGE + _HAN_EDGE, f"{_BREAK}  ")
    return spread.replace(_HAN_EDGE, " ").replace(_MARK_EDGE, " ").replace(_MARK, " ")


_ASCII = {n: c.lower() if c.isalnum() else " " for n, c in enumerate(map(chr, range(128)))}
"""Spreads ASCII a character for a character, for which `str.translate` is thirty times as fast."""


_HAN_ROWS = "([\u4e00-\u9fff]+)"
"""Characters that are spread as they are; one after the other, that takes half as long again. It
is compiled when it is first asked for: that takes a millisecond, and a start seldom asks."""
_ANY_ROW = "一"


def segment(text: str) -> str:
    """Returns what the full-text index stores of a text: its tokens, with spaces between them."""
    shown = latex.render(text)
    if shown.isascii():
        return shown.translate(_ASCII)
    parts = re.split(_HAN_ROWS, shown)
    others = _spread(_ANY_ROW.join(parts[::2])).split(_ANY_ROW)
    if 2 * len(others) - 1 != len(parts):
        # Folded, signs such as ㊀ are this character too.
        return _spread(shown)
    parts[::2] = others
    parts[1::2] = map("  ".join, parts[1::2])
    return "".join(parts)


def words(segmented: str) -> list[str]:
    """Returns the words of segmented text, in any order, but no single letter beyond ASCII."""
    if segmented.isascii():
        return segmented.split()
    # To take the Han characters out first is twice as fast as to look at each of them.
    ascii_ = segmented.encode("ascii", "replace").replace(b" ? ", b" ")
    if b"?" not in ascii_:
        return ascii_.decode().split()
    return [word for word in segmented.split() if len(word) > 1 or word.isascii()]


def _tokens(value: str) -> list[str]:
    return segment(value).strip(f"{_BREAK} ").split()


def _goes_on(text: Text, tokens: list[str]) -> bool:
    return not text.quoted and not _is_han(tokens[-1][0])


def _begins_inside(text: Text, tokens: list[str]) -> bool:
    return not text.quoted and text.value.startswith(_STAR) and len(tokens[0]) > 1


def fts(text: Text) -> str | None:
    """Returns the FTS5 MATCH expression of a text, or None where it has no token.

    None as well where the text may begin inside a word: what FTS5 then finds, `inside` tells.
    """
    tokens = _tokens(text.value)
    if not tokens or _begins_inside(text, tokens):
        return None
    return _matching(text, tokens, _goes_on(text, tokens))


def _matching(text: Text, tokens: list[str], goes_on: bool) -> str:
    phrase = f'"{" ".join(tokens)}"' + (" *" if goes_on else "")
    return phrase if text.field == "any" else f"{{{' '.join(COLUMNS[text.field])}}} : {phrase}"


def inside(text: Text) -> tuple[str, str] | None:
    """Returns how to find a text that may begin inside a word, or None where it may not.

    That is the GLOB pattern of such words, and the MATCH expression with `?` for one of them.
    """
    tokens = _tokens(text.value)
    if not tokens or not _begins_inside(text, tokens):
        return None
    first, *rest = tokens
    if not rest:
        return f"*{first}*", _matching(text, ["?"], False)
    return f"*{first}", _matching(text, ["?", *rest], _goes_on(text, tokens))


_LEAST_INSIDE = 3
"""Letters of a word, below which too much would be found inside others without a `*`."""


def widened(text: Text) -> Text | None:
    """Returns a text that may begin inside a word too; None where only a `*` makes it so."""
    tokens = _tokens(text.value)
    if text.quoted or text.value.startswith(_STAR) or not tokens or len(tokens[0]) < _LEAST_INSIDE:
        return None
    return Text(text.field, f"*{text.value}", False)


_BITS = {character: 1 << n for n, character in enumerate("0123456789abcdefghijklmnopqrstuvwxyz")}


_FIRST = itemgetter(0)


def initials(columns: Sequence[Iterable[str]]) -> tuple[int, ...]:
    """Returns the ASCII letters and digits with which words begin, as bits: for each field.

    The words are those of segmented text, for each column of the field `any`.
    """
    begun = [set(map(_FIRST, words)) & _BITS.keys() for words in columns]
    bits = dict(zip(COLUMNS["any"], (sum(map(_BITS.__getitem__, b)) for b in begun), strict=True))
    return tuple(reduce(or_, map(bits.__getitem__, where)) for where in COLUMNS.values())


def initial(text: Text) -> int | None:
    """Returns the bit in `initials` of a text that is a single letter, or None."""
    tokens = _tokens(text.value)
    if text.quoted or len(tokens) != 1 or len(tokens[0]) != 1:
        return None
    return _BITS.get(tokens[0])


def _texts(query: Query) -> Iterator[Text]:
    if isinstance(query, Text):
        yield query
    elif isinstance(query, And | Or):
        for member in query.queries:
            yield from _texts(member)


def highlights(query: Query, text: str, column: Column) -> tuple[tuple[int, int], ...]:
    """Returns where a query's words stand in rendered text: sorted spans that do not overlap."""
    phrases = [
        _phrase(wanted, tokens)
        for wanted in _texts(query)
        if column in COLUMNS[wanted.field] and (tokens := _tokens(wanted.value))
    ]
    if not phrases:
        return ()
    spread = f" {_spread(text)} "
    found = [match.span("row") for phrase in phrases for match in re.finditer(phrase, spread)]
    return _in_source(text, [(start - 1, end) for start, end in found])


def _phrase(wanted: Text, tokens: list[str]) -> str:
    row = " +".join(map(re.escape, tokens))
    before = "" if _begins_inside(wanted, tokens) else " "
    return f"{before}(?P<row>{row})" + ("" if _goes_on(wanted, tokens) else "(?= )")


def _in_source(text: str, spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Returns spans of the spread text, each from one before it, as merged source spans."""
    if not spans:
        return ()
    ends = list(accumulate(len(_SPREAD[ord(character)]) for character in text))
    merged: list[tuple[int, int]] = []
    for before, after in sorted(spans):
        start = bisect_right(ends, before)
        # Marks that follow the last letter have no width of their own, and belong to it.
        end = bisect_right(ends, ends[bisect_left(ends, after - 1)])
        if merged and start < merged[-1][1]:
            start, end = merged[-1][0], max(end, merged[-1][1])
            merged.pop()
        merged.append((start, end))
    return tuple(merged)


_JOINT = rf"(?<![^\s{_CLOSE}])(?:AND|OR|(?:AND)?NOT)(?![^\s{_OPEN}])"
_JOINED = re.compile(
    rf"{_JOINT}|[{_QUOTE}]([^{_QUOTE}]*)[{_QUOTE}]?"
    rf"|((?:(?!{_JOINT})[^{_QUOTE}{_OPEN}{_CLOSE}{_BAR}])+)"
)
"""An operator of arXiv's search, or the phrase between two of them."""


def keyword_query(keyword: str) -> Query:
    """Returns the phrases of a keyword, joined as it joins them; of no word, `Everything()`."""

    def restated(found: re.Match[str]) -> str:
        if not found.lastindex:
            return "NOT" if found[0] == "ANDNOT" else found[0]
        phrase = found[found.lastindex].strip()
        return f" {Text('any', phrase, False)} " if _tokens(phrase) else " "

    return parse(_JOINED.sub(restated, keyword)).query
