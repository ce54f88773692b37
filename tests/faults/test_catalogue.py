"""The catalogue is whole, and the README's table is it."""

from __future__ import annotations

from pathlib import Path

from tests.faults.catalogue import LAST, NOT_INJECTED, faults, table

README = Path(__file__).parents[2] / "README.md"


def test_every_fault_is_a_test_or_has_a_reason_why_not() -> None:
    numbers = [fault.number for fault in faults()]
    assert len(set(numbers)) == len(numbers)
    assert {*numbers, *NOT_INJECTED} >= set(range(1, LAST + 1))
    assert not NOT_INJECTED.keys() & set(numbers)


def test_the_table_of_the_readme_is_the_catalogue() -> None:
    assert "\n".join(table()) in README.read_text("utf-8")
