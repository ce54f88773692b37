"""The catalogue of faults: every one is a test, or stands here with the reason why not."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

import tests.faults

Function = TypeVar("Function", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of the catalogue."""

    number: int
    name: str
    injected: str
    """How it is injected."""
    holds: str
    """What has to hold."""
    trials: str
    """How often it is tried at every commit; after a slash, by the long run."""


LAST = 52
"""The numbers up to here are each a test or in `NOT_INJECTED`; those above are further faults."""

NOT_INJECTED: dict[int, tuple[str, str]] = {
    36: (
        "an older version opens the files and a newer one reads them again",
        "no older version was released; that fields, lines and headers which are unknown here"
        " survive is held by 34 and 35",
    ),
}
"""Faults that cannot be injected here, and why."""


def fault(
    number: int, name: str, *, injected: str, holds: str, trials: str = "1"
) -> Callable[[Function], Function]:
    """Says of a test which fault of the catalogue it injects."""

    def decorate(test: Function) -> Function:
        test.fault = Fault(number, name, injected, holds, trials)  # type: ignore[attr-defined]
        return test

    return decorate


def trials(few: int, many: int) -> pytest.MarkDecorator:
    """Gives a test its number of `trials`: few at every commit, many in the long run."""
    cases: list[Any] = [few, pytest.param(many, marks=pytest.mark.long)]
    return pytest.mark.parametrize("trials", cases)


def faults() -> list[Fault]:
    """The faults of all tests, by their number."""
    return sorted(_faults(), key=lambda fault: fault.number)


def _faults() -> Iterator[Fault]:
    for module in pkgutil.iter_modules(tests.faults.__path__):
        if module.name.startswith("test_"):
            test_module = importlib.import_module(f"tests.faults.{module.name}")
            for value in vars(test_module).values():
                if isinstance(found := getattr(value, "fault", None), Fault):
                    yield found


def table() -> Iterator[str]:
    """The README's table of faults, line by line, and below it what is not injected."""
    yield "| | fault | injected | what holds | trials |"
    yield "| --: | --- | --- | --- | --- |"
    for fault in faults():
        yield (
            f"| {fault.number} | {fault.name} | {fault.injected} | {fault.holds} | {fault.trials} |"
        )
    if NOT_INJECTED:
        yield ""
        yield "Not injected:"
        yield ""
    for number, (name, reason) in sorted(NOT_INJECTED.items()):
        yield f"- {number}, {name}: {reason}"
