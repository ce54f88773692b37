"""The days and moments that a digest states, in its header, a heading, or its file's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

_MOMENT = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[ T]+(\d\d?):(\d\d)(?::(\d\d))?)?\s*\(?\s*([A-Z]{3})?([+-]\d\d?)?"
)
_GENERATED = re.compile(r"生成时间\**\s*[:：]")
_ANNOUNCED = re.compile(r"发布时间\**\s*[:：]")
_HOURS = {"EDT": -4, "EST": -5, "UTC": 0, "GMT": 0}
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*[-/.年]\s*(\d\d?)\s*[-/.月]\s*(\d\d?)(?!\d)")
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTH = rf"({_MONTHS.replace(' ', '|')})[a-z]*\.?,?"
_DAY_FIRST = re.compile(rf"(?<!\d)(\d\d?)\s+{_MONTH}\s+(\d{{4}}|\d\d)(?!\d)", re.IGNORECASE)
_MONTH_FIRST = re.compile(rf"{_MONTH}\s+(\d\d?),?\s+(\d{{4}})(?!\d)", re.IGNORECASE)
FRONT_MATTER = re.compile(r"\A\s*---\n(?:(?:[\w-]+:.*| *)\n){1,30}---(?:\n|$)")


@dataclass(frozen=True, slots=True)
class Stated:
    """When a digest says it was announced and generated."""

    day: date | None = None
    announced_at: datetime | None = None
    generated_at: datetime | None = None


def in_header(line: str) -> Stated:
    """What a line like `生成时间: … (UTC+8); Arxiv 发布时间: … EDT (…)` states.

    The day is the announcement's, as stated first, or else that of the making.
    """
    generated, announced = _GENERATED.search(line), _ANNOUNCED.search(line)
    made = _MOMENT.search(line, generated.end()) if generated else None
    told = _MOMENT.search(line, announced.end()) if announced else None
    day = (told and _day(*told.group(1, 2, 3))) or (made and _day(*made.group(1, 2, 3))) or None
    return Stated(day, told and _moment(told), made and _moment(made))


def in_text(text: str) -> date | None:
    """The first day that a heading, a front matter or a file's name states; years may be short."""
    if found := _YEAR_FIRST.search(text):
        return _day(*found.groups())
    if found := _DAY_FIRST.search(text):
        day, month, year = found.groups()
        return _day(year if len(year) == 4 else f"20{year}", month, day)
    if found := _MONTH_FIRST.search(text):
        month, day, year = found.groups()
        return _day(year, month, day)
    return None


def in_front_matter(text: str) -> date | None:
    """The first day that a front matter states, the lines between two rules at the very top."""
    found = FRONT_MATTER.match(text)
    return in_text(found[0]) if found else None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        number = int(month) if month.isdigit() else _MONTHS.index(month.lower()) // 4 + 1
        return date(int(year), number, int(day))
    except ValueError:
        return None


def _moment(found: re.Match[str]) -> datetime | None:
    """The moment matched, or nothing where hour or zone is missing: it would be a guess."""
    year, month, day, hour, minute, second, zone, offset = found.groups()
    if hour is None or zone not in _HOURS:
        return None
    try:
        shift = timezone(timedelta(hours=_HOURS[zone] + int(offset or 0)))
        return datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=shift
        )
    except ValueError:
        return None
