"""The crew: what many files come to is what each comes to, whatever becomes of the children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import accumulate, islice
from operator import or_
from pathlib import Path

import pytest

from digest_tui.crew import read_all
from digest_tui.prepared import Answer, Job, Prepared, read
from tests.made import DAY, papers, text

ROOT = Path(__file__).parents[1]


def jobs(count: int) -> Iterator[tuple[int, Job | None]]:
    """Files, some of which are no digests, and some of which need not be read."""
    for number in range(count):
        content = text(papers(number)) if number % 5 else "no digest"
        yield number, (content.encode(), f"{number}.txt", DAY) if number % 7 else None


def expected(count: int) -> list[tuple[int, Answer]]:
    return [(number, read(*job) if job else "") for number, job in jobs(count)]


def without_words(readings: Iterable[tuple[int, Answer]]) -> list[tuple[int, Answer]]:
    return [
        (number, replace(answer, words=frozenset()) if isinstance(answer, Prepared) else answer)
        for number, answer in readings
    ]


def words(readings: Iterable[tuple[int, Answer]]) -> list[frozenset[str]]:
    """The words of each digest and of all before it."""
    told = (answer.words for _, answer in readings if isinstance(answer, Prepared))
    return list(accumulate(told, or_))


def children() -> list[int]:
    """The processes that this one started and that still are."""
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return [int(child) for path in listed for child in path.read_text().split()]


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")


def with_one_that_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")


def with_one_that_says_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/echo")


def as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    pass


@pytest.mark.parametrize(
    "hire",
    [as_usual, without, with_one_that_ends_at_once, with_one_that_says_something_else],
)
def test_a_crew_reads_what_one_alone_would(
    monkeypatch: pytest.MonkeyPatch, hire: Callable[[pytest.MonkeyPatch], None]
) -> None:
    hire(monkeypatch)
    with closing(read_all(jobs(60))) as readings:
        found = list(readings)
    assert without_words(found) == without_words(expected(60))
    assert words(found) == words(expected(60))
    assert not children()


def test_the_work_of_a_child_that_is_killed_is_done_all_the_same() -> None:
    with closing(read_all(jobs(200))) as readings:
        begun = list(islice(readings, 3))
        for child in children():
            os.kill(child, signal.SIGKILL)
        found = begun + list(readings)
    assert without_words(found) == without_words(expected(200))
    assert words(found) == words(expected(200))


def test_who_stops_early_leaves_no_child() -> None:
    readings = read_all(jobs(10_000))
    next(readings)
    next(readings)
    assert children()
    before = time.monotonic()
    readings.close()
    assert not children()
    assert time.monotonic() - before < 2


def test_nothing_is_hired_for_nothing() -> None:
    assert list(read_all((number, None) for number in range(3))) == [(0, ""), (1, ""), (2, "")]
    assert not children()


def test_no_child_outlives_a_parent_that_is_killed() -> None:
    program = """
import sys, time
from tests.test_crew import children, jobs, read_all
readings = read_all(jobs(1000))
next(readings), next(readings)
print(*children(), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    orphans = [int(child) for child in parent.stdout.readline().split()]
    parent.kill()
    parent.stdout.close()
    parent.wait()
    assert orphans
    end = time.monotonic() + 10
    while any(map(is_running, orphans)):
        assert time.monotonic() < end
        time.sleep(0.01)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_folder_that_holds_modules_of_like_names_harms_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pickle.py").write_text("raise SystemExit")
    (tmp_path / "digest_tui").mkdir()
    monkeypatch.chdir(tmp_path)
    with closing(read_all(jobs(200))) as readings:
        next(readings)
        next(readings)
        hired = children()
        assert hired
        assert list(islice(readings, 150))
        assert children() == hired
