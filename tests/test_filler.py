"""The filler: a child process that indexes, and leaves nothing half done."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from digest_tui.filler import filled
from digest_tui.library import Library
from digest_tui.settings import Places, throwaway
from tests.made import papers, put, text


def written(folder: Path, digests: int) -> Places:
    for number in range(digests):
        put(folder / "digests", f"{number:03}.txt", text(papers(2 * number, 2 * number + 1)))
    return throwaway(folder)


def test_a_child_indexes_all_and_tells_how_far_it_is(tmp_path: Path) -> None:
    places = written(tmp_path, 40)
    with closing(Library(places)) as library:
        assert library.is_far_behind()
        steps = list(filled(places))
        assert (steps[-1].done, steps[-1].total, steps[-1].papers) == (40, 40, 80)
        assert [step.papers for step in steps] == sorted(step.papers for step in steps)
        assert not library.is_far_behind()
        assert list(library.scan()) == []
        assert library.index.totals().papers == 80


def test_what_a_child_leaves_undone_is_done_by_the_next_scan(tmp_path: Path) -> None:
    places = written(tmp_path, 300)
    with closing(filled(places)) as steps:
        next(steps)
    with closing(Library(places)) as library:
        library.refresh()
        assert library.index.is_sound()
        assert (library.index.totals().papers, len(library.index.digests())) == (600, 300)


def test_a_few_digests_are_not_far_behind(tmp_path: Path) -> None:
    with closing(Library(written(tmp_path, 5))) as library:
        assert not library.is_far_behind()


def test_who_leaves_a_child_does_not_wait_for_it(tmp_path: Path) -> None:
    steps = filled(written(tmp_path, 300))
    next(steps)
    began = time.monotonic()
    steps.close()
    assert time.monotonic() - began < 5
