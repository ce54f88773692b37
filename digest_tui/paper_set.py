"""Sets of papers, by the numbers that the index gives them.

A set is a byte for each number there is, 1 where the paper is in it. So a hundred thousand papers
take a hundred kilobytes, and two sets are joined as two long integers, all of whose bytes Python
looks at in one go: 0.2 ms, where sets of integers take 5.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import compress, count, filterfalse


class PaperSet:
    """A set of papers."""

    __slots__ = ("_flags",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, *groups: Collection[int]) -> None:
        self._flags = bytearray()
        for numbers in groups:
            self.update(numbers)

    def __bytes__(self) -> bytes:
        """Its papers as a mask: a byte 0 or 1 for each number from 0 to the last in it at least."""
        return bytes(self._flags)

    def __contains__(self, number: object) -> bool:
        return (
            isinstance(number, int) and 0 <= number < len(self._flags) and self._flags[number] > 0
        )

    def __len__(self) -> int:
        return self._flags.count(1)

    def __iter__(self) -> Iterator[int]:
        return compress(count(), self._flags)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PaperSet) and self._bits == other._bits

    def __and__(self, other: PaperSet) -> PaperSet:
        return self._with(other, self._bits & other._bits)

    def __or__(self, other: PaperSet) -> PaperSet:
        return self._with(other, self._bits | other._bits)

    def __sub__(self, other: PaperSet) -> PaperSet:
        return self._with(other, self._bits ^ self._bits & other._bits)

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last of its papers; twice -1, which no paper has, where it is empty."""
        return self._flags.find(1), self._flags.rfind(1)

    def update(self, numbers: Collection[int]) -> None:
        """Takes papers in."""
        self._reach(max(numbers, default=0))
        flags = self._flags
        for number in numbers:
            flags[number] = 1

    def put(self, number: int, is_in: bool) -> None:
        """Takes a paper in, or out."""
        self._reach(number)
        self._flags[number] = is_in

    def of(self, numbers: Sequence[int]) -> Sequence[int]:
        """Those of the numbers that are in it, in their order."""
        flags = self._flags
        try:
            return [number for number in numbers if flags[number]]
        except IndexError:
            return [number for number in numbers if number in self]

    def first(self, numbers: Sequence[int]) -> Sequence[int]:
        """The numbers, those that are in it before the others."""
        return [*self.of(numbers), *filterfalse(self.__contains__, numbers)]

    @property
    def _bits(self) -> int:
        return int.from_bytes(self._flags, "little")

    def _with(self, other: PaperSet, bits: int) -> PaperSet:
        papers = PaperSet()
        length = max(len(self._flags), len(other._flags))
        papers._flags = bytearray(bits.to_bytes(length, "little"))
        return papers

    def _reach(self, number: int) -> None:
        self._flags.extend(bytes(max(number + 1 - len(self._flags), 0)))
