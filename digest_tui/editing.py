"""Editing a query as it stands: completing what is typed, choosing the values of a field.

The law: what a person typed stays, character by character, but for the piece that is edited;
and the new text means the old query with that piece in it. Where no text keeps both, for want
of a quote or a parenthesis that is still to come, the query is written anew and the meaning
stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest_tui.query import (
    FIELDS,
    Category,
    Dates,
    Everything,
    Field,
    FieldName,
    Is,
    Keyword,
    Or,
    Outline,
    Query,
    Recent,
    Term,
    Text,
    all_of,
    fold,
    outline,
    parse,
    written,
)

_COMPLETED: frozenset[FieldName] = frozenset({"au", "kw", "cat", "is"})


@dataclass(frozen=True, slots=True)
class Completing:
    """What is being typed at the cursor, and where it stands."""

    start: int
    end: int
    field: FieldName | None
    """Whose value it is; None for a word that may begin a field's name."""
    typed: str
    """Without quotes."""
    is_alone: bool
    """It stands in no group, and behind no comma."""


def completing(text: str, cursor: int) -> Completing | None:
    """Returns what could be completed at the cursor, or None where nothing could."""
    at = next((value for value in outline(text).values if value.end == cursor), None)
    if at and at.field in _COMPLETED:
        return Completing(at.start, cursor, at.field, at.text, at.is_alone)
    if at and at.field == "any" and text[at.start : cursor].isalpha():
        return Completing(at.start, cursor, None, at.text, at.is_alone)
    return None


def field_names(typed: str) -> tuple[Field, ...]:
    """Returns the fields one of whose names begins with what is typed."""
    begun = fold(typed)
    return tuple(
        field
        for field in FIELDS
        if any(name.startswith(begun) for name in (field.name, field.long, *field.aliases))
    )


def completed(text: str, at: Completing, value: str) -> tuple[str, int]:
    """Returns the text with a value, or a field's name and colon, in place; and the cursor's place.

    At the end of the text a blank follows a value, unless it could be one of several.
    """
    if at.field is not None:
        value = written(value)
        if at.is_alone and at.end == len(text):
            value += " "
    return f"{text[: at.start]}{value}{text[at.end :]}", at.start + len(value)


def chosen(text: str, field: FieldName) -> tuple[str, ...]:
    """Returns the values that a query narrows a field to, in the last term that names it.

    The term stands outside all parentheses, is neither negated nor an alternative to others, and
    asks for any of its values.
    """
    term = _facet(outline(text), field)
    return _values(term.query, field) or () if term else ()


def choosing(text: str, field: FieldName, values: Sequence[str]) -> str:
    """Returns the text with these values in the place of those `chosen`; of none, without them.

    A text in which no value was chosen gets its term at the end.
    """
    read = outline(text)
    term = _facet(read, field)
    wanted = parse(f"{field}:{','.join(map(written, values))}").query
    others = [other.query for other in read.terms if other is not term] if term else [read.query]
    place = read.terms.index(term) if term else len(others)
    meant = all_of([*others[:place], wanted, *others[place:]])
    for candidate in _candidates(text, term, str(wanted)):
        found = outline(candidate)
        facet = _facet(found, field)
        narrowed = facet.query if facet else Everything()
        if found.query == meant and wanted in (Everything(), narrowed):
            return candidate
    return str(all_of([*others, wanted]))


def _candidates(text: str, term: Term | None, edited: str) -> Iterator[str]:
    """Yields the text with a term edited or added, the best way first."""
    if not term:
        blank = " " if edited and text and not text[-1].isspace() else ""
        yield f"{text}{blank}{edited}"
        yield f"({text.strip()}) {edited}"
        return
    before, after = text[: term.start], text[term.end :]
    if not edited:
        before, after = before.rstrip(), after if before.strip() else after.lstrip()
    yield f"{before}{edited}{after}"


def _facet(read: Outline, field: FieldName) -> Term | None:
    """Returns the last term that narrows a query to values of a field, else one still empty."""
    if read.query != all_of(term.query for term in read.terms):
        return None
    terms = (
        term
        for term in read.terms
        if term.field == field and _values(term.query, field) is not None
    )
    return max(terms, key=lambda term: (term.query != Everything(), term.start), default=None)


def _values(query: Query, field: FieldName) -> tuple[str, ...] | None:
    """Returns the values of which a query asks for any, or None where it asks for more."""
    if query == Everything():
        return ()
    members = query.queries if isinstance(query, Or) else (query,)
    values = [value for member in members if (value := _value(member, field)) is not None]
    return tuple(values) if len(values) == len(members) else None


def _value(query: Query, field: FieldName) -> str | None:
    if not str(query).startswith(f"{field}:"):
        return None
    match query:
        case Keyword(value) | Category(value) | Is(value):
            return value
        case Dates() | Recent():
            return str(query).removeprefix("date:")
        case Text(_, value, quoted) if quoted == (written(value) != value):
            return value
    return None
