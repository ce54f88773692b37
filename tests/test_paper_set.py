"""Sets of papers: what sets of their numbers are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from digest_tui.paper_set import PaperSet

NUMBERS = st.lists(st.integers(0, 300))


@given(NUMBERS, NUMBERS)
def test_a_set_of_papers_is_what_a_set_of_their_numbers_is(
    ours: list[int], theirs: list[int]
) -> None:
    one, other = PaperSet(ours), PaperSet(theirs, ours[:2])
    wanted, others = {*ours}, {*theirs, *ours[:2]}
    assert (list(one), len(one)) == (sorted(wanted), len(wanted))
    assert [number in one for number in range(-1, 310)] == [n in wanted for n in range(-1, 310)]
    assert set(one & other) == wanted & others
    assert set(one | other) == wanted | others
    assert set(one - other) == wanted - others
    assert (one == other) == (wanted == others)
    assert (bool(one), "1" in one, one == wanted) == (bool(wanted), False, False)
    assert [number for number, flag in enumerate(bytes(one)) if flag] == sorted(wanted)


@given(NUMBERS, NUMBERS)
def test_papers_in_some_order_are_told_apart_by_whether_they_are_in_it(
    ours: list[int], ordered: list[int]
) -> None:
    papers, wanted = PaperSet(ours), {*ours}
    assert papers.of(ordered) == [number for number in ordered if number in wanted]
    assert papers.first(ordered) == sorted(ordered, key=lambda number: number not in wanted)


def test_papers_are_put_in_and_taken_out() -> None:
    papers = PaperSet()
    for number in (7, 3, 7):
        papers.put(number, True)
    papers.put(3, False)
    papers.put(900, False)
    assert set(papers) == {7}
    assert papers == PaperSet([7])
