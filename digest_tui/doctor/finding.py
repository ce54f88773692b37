"""What an examination finds wrong, the next step for each, and how numbers are put in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from digest_tui.store import NotSaved, reason

_FIX = "digest-tui doctor --fix "


class NotMended(Exception):
    """Why a remedy was not applied; nothing was changed, or nothing that is missed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that needs a hand."""

    what: str
    """A sentence, with the file and the line."""
    step: str
    """What is to be done next."""
    remedy: Callable[[], str] | None = None
    """What `--fix` can do about it without any risk; it says what came of it."""

    @property
    def now(self) -> Finding:
        """The same, while `--fix` is at work."""
        return replace(self, step=self.step.removeprefix(_FIX))

    def mend(self) -> str:
        """Applies the remedy that there is; what came of it. Raises `NotMended`."""
        assert self.remedy
        try:
            return self.remedy()
        except OSError as error:
            raise NotMended(reason(error)) from error
        except (sqlite3.Error, NotSaved) as error:
            raise NotMended(str(error)) from error


def mendable(what: str, will: str, remedy: Callable[[], str]) -> Finding:
    """A finding about which `--fix` does something: `removes it`."""
    return Finding(what, f"{_FIX}{will}", remedy)


def at(file: str, line: int) -> str:
    """A line of a file; the file where it is none in particular."""
    return f"{file}:{line}" if line else file


def many(count: int, noun: str) -> str:
    """`1 paper`, `1,234 papers`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def size(count: int) -> str:
    """Bytes, in the largest unit of which there are some."""
    for unit, length in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if count >= length:
            return f"{count / length:,.{int(count < 10 * length)}f} {unit}"
    return many(count, "byte")


def span(ms: int) -> str:
    """A time in its two largest units: `a year and 3 days`."""
    seconds = ms // 1000
    parts: list[tuple[int, str]] = []
    for unit, length in _UNITS:
        count, seconds = divmod(seconds, length)
        if count or parts:
            parts.append((count, unit))
        if len(parts) == 2:
            break
    told = [f"{_ARTICLES[unit]} {unit}" if n == 1 else many(n, unit) for n, unit in parts if n]
    return " and ".join(told) or "less than a second"


_UNITS = (("year", 31_536_000), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_ARTICLES = {"year": "a", "day": "a", "hour": "an", "minute": "a", "second": "a"}
