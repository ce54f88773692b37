"""What the reader decided of papers, as values: changes, how they merge, how they are undone.

A change says that a field of a paper took a value at a stamp, on a device. The state is the
merge of all changes: per paper and field the highest rank wins, so order, repetition and
grouping do not matter and every machine arrives at the same state. A stamp is above whatever
it replaces, so a key press takes effect whatever the clocks say; the clock is never asked
whether a stamp is believable, because two clocks would answer differently and never agree again.
Fields and values that are unknown here are kept as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from digest_tui.paper import PaperId

READ = "read"
STAR = "star"

Value = bool | int | float | str | None
Key = tuple[PaperId, str]
"""A paper and the field of it that is marked."""
Rank = tuple[int, int, str, str]

INTEGERS = 2**53
"""Beyond it not every program that reads JSON has integers (RFC 8259, section 6)."""
_COUNTS = 2**32


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """When a change was made: milliseconds since 1970, and a counter within them."""

    ms: int
    count: int = 0

    @property
    def next(self) -> Stamp:
        """The smallest stamp above this one; at the end of all time, itself."""
        if self.count + 1 < _COUNTS or self.ms + 1 == INTEGERS:
            return Stamp(self.ms, min(self.count + 1, INTEGERS - 1))
        return Stamp(self.ms + 1)


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a paper took a value."""

    paper: PaperId
    field: str
    value: Value
    stamp: Stamp
    device: str

    @property
    def key(self) -> Key:
        return self.paper, self.field

    @property
    def rank(self) -> Rank:
        """What decides between two changes of one key: stamp, device, value as JSON."""
        return self.stamp.ms, self.stamp.count, self.device, json.dumps(self.value)

    @property
    def identity(self) -> tuple[Key, Rank]:
        """What tells it from every other change, one of the value 1 from one of true included."""
        return self.key, self.rank

    def precedes(self, other: Change) -> bool:
        """Whether the other one, of the same key, wins."""
        if self.stamp == other.stamp:
            return self.rank < other.rank
        return self.stamp < other.stamp


def merge(changes: Iterable[Change]) -> dict[Key, Change]:
    """The winning change of each key."""
    winners: dict[Key, Change] = {}
    for change in changes:
        held = winners.setdefault((change.paper, change.field), change)
        if held is not change and held.precedes(change):
            winners[change.key] = change
    return winners


def next_stamp(now_ms: int, last: Stamp | None, replaced: Stamp | None) -> Stamp:
    """The stamp of a change made at `now_ms`: above the device's last and the replaced one."""
    return max([Stamp(now_ms), *(stamp.next for stamp in (last, replaced) if stamp)])


@dataclass(frozen=True, slots=True)
class Decision:
    """A wish: the value that a field of a paper is to take, and the change it replaces, if any."""

    paper: PaperId
    field: str
    value: Value
    replaced: Change | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one undo takes back: changes made together, each with the change it replaced."""

    label: str
    changes: tuple[tuple[Change, Change | None], ...]

    @classmethod
    def of(cls, label: str, decisions: Sequence[Decision], changes: Sequence[Change]) -> Step:
        """The step that these decisions became, one change each, in order."""
        replaced = (decision.replaced for decision in decisions)
        return cls(label, tuple(zip(changes, replaced, strict=True)))

    def reversal(self, winners: Mapping[Key, Change]) -> tuple[Decision, ...]:
        """The decisions that write the previous values back, given the changes that hold.

        A field that was changed elsewhere since, by another window or machine, is left alone.
        """
        return tuple(
            Decision(change.paper, change.field, replaced.value if replaced else False, change)
            for change, replaced in self.changes
            if winners.get(change.key) == change
        )


@dataclass(frozen=True, slots=True)
class History:
    """The steps that can be undone and redone, latest last.

    Undo and redo are the same thing: the last step's reversal is written, and becomes a step
    of the other side.
    """

    done: tuple[Step, ...] = ()
    undone: tuple[Step, ...] = ()

    @property
    def last(self) -> Step | None:
        """The step that undo reverses."""
        return self.done[-1] if self.done else None

    @property
    def next(self) -> Step | None:
        """The step that redo reverses."""
        return self.undone[-1] if self.undone else None

    def did(self, step: Step) -> History:
        """The history after a new step: there is nothing to redo."""
        return History((*self.done, step)) if step.changes else self

    def took_back(self, reversal: Step) -> History:
        """The history after an undo, which wrote `reversal`."""
        return History(_without_last(self.done, reversal), _with(self.undone, reversal))

    def redid(self, reversal: Step) -> History:
        """The history after a redo, which wrote `reversal`."""
        return History(_with(self.done, reversal), _without_last(self.undone, reversal))


def _with(steps: tuple[Step, ...], step: Step) -> tuple[Step, ...]:
    return (*steps, step) if step.changes else steps


def _without_last(steps: tuple[Step, ...], reversal: Step) -> tuple[Step, ...]:
    """The steps before the last, which `reversal` reversed.

    What the last step had replaced is written anew by the reversal, under a new stamp. That
    change stands in its place from here on, or an earlier step of the same paper would look
    changed elsewhere.
    """
    replaced = dict(steps[-1].changes)
    renewed = {replaced[change]: renewal for renewal, change in reversal.changes if change}
    return tuple(
        Step(step.label, tuple((renewed.get(change, change), old) for change, old in step.changes))
        for step in steps[:-1]
    )
