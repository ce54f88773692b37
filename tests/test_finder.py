"""The finder: the latest query is answered, the one before abandoned."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from digest_tui import query as q
from digest_tui.finder import Finder
from digest_tui.library import Library
from digest_tui.paper_set import PaperSet
from tests.made import DAY, library, papers, text

SOON = 10.0
"""Seconds that nothing here should take."""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Library]:
    with closing(library(tmp_path, text(papers(1, 2, 3)))) as opened:
        yield opened


@pytest.fixture
def finder(opened: Library) -> Iterator[Finder]:
    finder = Finder(opened.index)
    yield finder
    finder.close()


def test_a_query_is_answered_as_the_index_answers_it(finder: Finder, opened: Library) -> None:
    for typed in ("2", "sparse", "task 3", "is:starred", ""):
        query = q.parse(typed).query
        assert finder.find(query, DAY).result(SOON) == opened.index.answer(query, DAY)


def test_a_query_that_still_runs_is_abandoned_for_the_next(finder: Finder) -> None:
    # Each of its texts is looked up by itself, which takes many seconds.
    endless = q.all_of(q.Not(q.Text("any", f"word{number}", False)) for number in range(100_000))
    began = time.monotonic()
    first = finder.find(endless, DAY)
    while not first.running():
        time.sleep(0.001)
    time.sleep(0.1)
    second = finder.find(q.parse("sparse").query, DAY)
    assert len(second.result(SOON).papers or ()) == 3
    assert time.monotonic() - began < SOON
    with pytest.raises(sqlite3.OperationalError):
        first.result(SOON)


def test_a_query_that_did_not_begin_is_cancelled(finder: Finder) -> None:
    queries = [q.Text("any", f"word{number}", False) for number in range(50)]
    answers = [finder.find(query, DAY) for query in queries]
    assert answers[-1].result(SOON).papers == PaperSet()
    assert all(answer.done() for answer in answers)


def test_it_answers_in_the_numbers_of_the_file_that_is_read(
    finder: Finder, opened: Library, tmp_path: Path
) -> None:
    sparse = q.parse("sparse").query
    assert len(finder.find(sparse, DAY).result(SOON).papers or ()) == 3
    opened.places.index.unlink()
    assert len(finder.find(sparse, DAY).result(SOON).papers or ()) == 3
    with closing(library(tmp_path, text(papers(1, 2)))):
        opened.index.reopen()
        assert len(finder.find(sparse, DAY).result(SOON).papers or ()) == 2


def test_it_answers_with_no_numbers_of_another_file(opened: Library) -> None:
    opened.places.index.unlink()
    finder = Finder(opened.index)
    with pytest.raises(sqlite3.OperationalError, match="no longer"):
        finder.find(q.parse("sparse").query, DAY).result(SOON)
    finder.close()
