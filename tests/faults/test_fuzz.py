"""Random inputs, and inputs in which something is repeated without end.

`pytest -m long -n auto` holds a million of them to all that `fuzz` asks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.catalogue import fault
from tests.faults.fuzz import MEASURED, hunt, seconds
from tests.faults.fuzz_targets import Target, targets

FEW, MANY = 200, 25_000
"""Inputs of one test, at every commit and in the long run."""
SHARES = {
    "digest": 12,
    "markdown": 6,
    "query": 6,
    "search": 3,
    "journal": 6,
    "settings": 2,
    "latex": 5,
}
"""How many times the long run hunts each target: forty times in all."""
HUNTS = [
    *((name, FEW, 0) for name in SHARES),
    *(
        pytest.param(name, MANY, seed, marks=pytest.mark.long)
        for name, share in SHARES.items()
        for seed in range(1, share + 1)
    ),
]

each_target = pytest.mark.parametrize("name", SHARES)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Target]]:
    with targets(tmp_path_factory.mktemp("fuzz")) as known:
        yield known


@fault(
    57,
    "a million random inputs",
    injected="digests, journals, queries, settings and LaTeX, mutated and grown",
    holds="nothing raises, hangs or takes time out of proportion; no line, mark or letter is lost",
    trials="1,400 / 1,000,000",
)
@pytest.mark.parametrize(("name", "inputs", "seed"), HUNTS)
def test_random_inputs(known: dict[str, Target], name: str, inputs: int, seed: int) -> None:
    assert hunt(known[name], inputs, seed)


@each_target
def test_what_is_mutated_holds_as_it_is(known: dict[str, Target], name: str) -> None:
    for data in known[name].corpus:
        known[name].check(data)


@each_target
@settings(max_examples=100)
@given(drawn=st.data())
def test_tokens_and_bytes_in_any_order(
    known: dict[str, Target], name: str, drawn: st.DataObject
) -> None:
    pieces = st.sampled_from([*known[name].tokens, *known[name].corpus]) | st.binary(max_size=8)
    known[name].check(b"".join(drawn.draw(st.lists(pieces, max_size=20))))


def test_what_stands_in_many_groups_is_gone_through_once(known: dict[str, Target]) -> None:
    read, many = known["query"].read, b"a|" * 1_000
    assert calls(read, b"(" * 40 + many) < 1.5 * calls(read, b"(" + many)


def calls(read: Callable[[bytes], object], data: bytes) -> int:
    """How many functions of Python are called, or gone on with, to read an input."""
    events: list[str] = []
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, argument: events.append(event))
    try:
        read(data)
    finally:
        sys.setprofile(before)
    return events.count("call")


@pytest.mark.parametrize("name", [name for name in SHARES if name != "search"])
def test_nothing_repeated_takes_time_out_of_proportion(known: dict[str, Target], name: str) -> None:
    target = known[name]
    for opening, token in zip(cycle(target.openings), target.tokens, strict=False):
        short, long = (opening + token * (size // len(token)) for size in (2500, MEASURED))
        if seconds(target.read, long, runs=1) > 0.1:
            # Sixteen times as much takes sixteen times as long; or 256 times, squared.
            assert seconds(target.read, long) < 80 * seconds(target.read, short), token
