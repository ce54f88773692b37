from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui.marks import (
    READ,
    STAR,
    Change,
    Decision,
    History,
    Key,
    Stamp,
    Step,
    Value,
    merge,
    next_stamp,
)

YEAR = 365 * 86_400_000
HOUR = 3_600_000
NOON = 1_790_000_000_000

values: st.SearchStrategy[Value] = st.one_of(
    st.booleans(), st.none(), st.integers(-2, 2), st.floats(-2, 2), st.text(max_size=2)
)
changes = st.builds(
    Change,
    paper=st.sampled_from(["2604.18616", "2604.18617"]),
    field=st.sampled_from([READ, STAR, "tag:沙"]),
    value=values,
    stamp=st.builds(Stamp, st.integers(0, 2), st.integers(0, 1)),
    device=st.sampled_from(["aaaaaa", "bbbbbb"]),
)


def ranks(state: dict[Key, Change]) -> dict[Key, object]:
    """A state to compare strictly: True, 1 and 1.0 are three values, and equal in Python."""
    return {key: change.rank for key, change in state.items()}


@given(st.lists(changes, max_size=12), st.randoms(use_true_random=False), st.integers(0, 12))
def test_order_repetition_and_grouping_do_not_matter(
    lines: list[Change], chance: random.Random, cut: int
) -> None:
    shuffled = lines + chance.choices(lines, k=3) if lines else []
    chance.shuffle(shuffled)
    groups = [merge(shuffled[:cut]), merge(shuffled[cut:])]
    together = merge(change for group in groups for change in group.values())

    assert ranks(merge(shuffled)) == ranks(merge(lines)) == ranks(together)


@pytest.mark.parametrize(
    ("now", "last", "replaced", "expected"),
    [
        (5, None, None, Stamp(5, 0)),
        (5, Stamp(4, 7), None, Stamp(5, 0)),
        (5, Stamp(5, 0), None, Stamp(5, 1)),
        (5, Stamp(5, 0), Stamp(5, 3), Stamp(5, 4)),
        (5, None, Stamp(YEAR, 2), Stamp(YEAR, 3)),
        (5, Stamp(YEAR, 9), Stamp(6, 0), Stamp(YEAR, 10)),
        (-1, None, None, Stamp(-1, 0)),
        (5, None, Stamp(5, 2**32 - 1), Stamp(6, 0)),
        (5, None, Stamp(2**53 - 1, 2**32 - 1), Stamp(2**53 - 1, 2**32)),
        (5, None, Stamp(2**53 - 1, 2**53 - 1), Stamp(2**53 - 1, 2**53 - 1)),
    ],
)
def test_a_stamp_is_above_the_clock_the_last_and_the_replaced(
    now: int, last: Stamp | None, replaced: Stamp | None, expected: Stamp
) -> None:
    assert next_stamp(now, last, replaced) == expected


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),  # the device whose key is pressed
            st.sampled_from(["2604.18616", "2604.18617"]),
            st.integers(0, 3),  # whether, and from whom, it then hears
            st.integers(0, 90_000),  # milliseconds until the next press
        ),
        max_size=40,
    )
)
def test_a_key_press_takes_effect_whatever_the_clocks_say(
    presses: list[tuple[int, str, int, int]],
) -> None:
    skews = [0, YEAR, -HOUR]
    seen: list[dict[Key, Change]] = [{}, {}, {}]
    lasts: list[Stamp | None] = [None, None, None]
    time = NOON
    for who, paper, other, pause in presses:
        held = seen[who].get((paper, STAR))
        stamp = next_stamp(time + skews[who], lasts[who], held.stamp if held else None)
        wanted = not (held and held.value)
        change = Change(paper, STAR, wanted, stamp, "abc"[who])
        seen[who] = merge([change, *seen[who].values()])
        assert seen[who][paper, STAR].value is wanted
        lasts[who] = stamp
        if other < 3:
            seen[who] = merge([*seen[who].values(), *seen[other].values()])
        time += pause
    everything = [change for state in seen for change in state.values()]

    for state in seen:
        assert merge([*state.values(), *everything]) == merge(reversed(everything))


class Desk:
    """A state, a history, and a clock that stands still: what a session does with them."""

    def __init__(self) -> None:
        self.state: dict[Key, Change] = {}
        self.history = History()
        self.last: Stamp | None = None

    def write(self, decisions: Sequence[Decision], device: str = "aaaaaa") -> list[Change]:
        written = []
        for wish in decisions:
            replaced = wish.replaced.stamp if wish.replaced else None
            self.last = next_stamp(NOON, self.last, replaced)
            written.append(Change(wish.paper, wish.field, wish.value, self.last, device))
        self.state = merge([*self.state.values(), *written])
        return written

    def star(self, *papers: str, value: Value = True) -> None:
        decisions = [
            Decision(paper, STAR, value, self.state.get((paper, STAR))) for paper in papers
        ]
        self.history = self.history.did(Step.of("star", decisions, self.write(decisions)))

    def undo(self) -> int:
        step = self.history.last
        assert step
        decisions = step.reversal(self.state)
        reversal = Step.of(step.label, decisions, self.write(decisions))
        self.history = self.history.took_back(reversal)
        return len(step.changes) - len(decisions)

    def redo(self) -> int:
        step = self.history.next
        assert step
        decisions = step.reversal(self.state)
        reversal = Step.of(step.label, decisions, self.write(decisions))
        self.history = self.history.redid(reversal)
        return len(step.changes) - len(decisions)

    def elsewhere(self, paper: str, value: Value) -> None:
        self.write([Decision(paper, STAR, value, self.state.get((paper, STAR)))], "bbbbbb")

    def stars(self) -> dict[str, Value]:
        return {paper: change.value for (paper, _), change in self.state.items()}


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["undo", "redo"]),
            st.tuples(st.sets(st.sampled_from("abc"), min_size=1), values),
        ),
        max_size=25,
    )
)
def test_undo_and_redo_walk_through_all_states(
    script: list[str | tuple[set[str], Value]],
) -> None:
    desk = Desk()
    past: list[dict[str, Value]] = []
    present: dict[str, Value] = dict.fromkeys("abc", False)
    future: list[dict[str, Value]] = []
    for action in script:
        if isinstance(action, tuple):
            papers, value = action
            desk.star(*papers, value=value)
            past, present, future = [*past, present], present | dict.fromkeys(papers, value), []
        elif action == "undo" and past:
            assert desk.undo() == 0
            future, present, past = [*future, present], past[-1], past[:-1]
        elif action == "redo" and future:
            assert desk.redo() == 0
            past, present, future = [*past, present], future[-1], future[:-1]

        assert dict.fromkeys("abc", False) | desk.stars() == present
        assert bool(desk.history.last) == bool(past)
        assert bool(desk.history.next) == bool(future)


def test_a_bulk_change_is_one_step() -> None:
    desk = Desk()
    desk.star("a")
    desk.star("a", "b", "c", value=False)

    assert desk.undo() == 0
    assert desk.stars() == {"a": True, "b": False, "c": False}
    assert desk.history.last
    assert desk.history.last.label == "star"


def test_undo_leaves_alone_what_was_changed_elsewhere() -> None:
    desk = Desk()
    desk.star("a", "b")
    desk.elsewhere("b", "later")

    assert desk.undo() == 1
    assert desk.stars() == {"a": False, "b": "later"}
    assert desk.redo() == 0
    assert desk.stars() == {"a": True, "b": "later"}


def test_redo_leaves_alone_what_was_changed_elsewhere() -> None:
    desk = Desk()
    desk.star("a", "b")
    desk.undo()
    desk.elsewhere("a", "later")

    assert desk.redo() == 1
    assert desk.stars() == {"a": "later", "b": True}


def test_undo_returns_to_a_value_from_elsewhere_but_not_behind_it() -> None:
    desk = Desk()
    desk.star("a")
    desk.elsewhere("a", "theirs")
    desk.star("a", value="ours")

    assert desk.undo() == 0
    assert desk.stars() == {"a": "theirs"}
    assert desk.undo() == 1
    assert desk.stars() == {"a": "theirs"}


def test_an_undo_that_finds_everything_changed_elsewhere_cannot_be_redone() -> None:
    desk = Desk()
    desk.star("a")
    desk.elsewhere("a", "theirs")

    assert desk.undo() == 1
    assert desk.history == History()


def test_a_new_step_clears_redo_and_an_empty_one_does_not() -> None:
    desk = Desk()
    desk.star("a")
    desk.undo()
    desk.star()
    assert desk.history.next
    desk.star("b")
    assert desk.history.next is None
