"""The crew: child processes that read digests ahead, while this process writes them.

Law: a crew makes things faster, never different. A child takes files from its standard input and
gives what they come to on its standard output, and does nothing else: it opens no file, writes
nothing to the terminal and is out of reach of its Ctrl-C. It ends with its input, so that it
outlives nobody, whatever death they die; and what a child that died or never came to be leaves
undone is done by whoever called.

Only of words does a child tell once: to pass the common ones on with every digest, and to look
them up, takes a sixth of the time that all the writing takes.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from queue import SimpleQueue
from typing import TypeVar

from digest_tui.prepared import Answer, Job, Prepared, read

T = TypeVar("T")

_MOST = 4
_AHEAD = 12 * 1024**2
"""Bytes of files that are read ahead, so that no child waits while a transaction is committed."""
_LEAST = 64 * 1024
"""Bytes that a file counts as at least."""
_NICER = 19
"""A child gives way to who writes, for whom all wait, and to who draws the screen."""


def read_all(items: Iterable[tuple[T, Job | None]]) -> Generator[tuple[T, Answer], None, None]:
    """What jobs come to, in order, each with what stands for it; no job comes to an empty word.

    The words of a digest may lack some that an earlier one has. The children are hired with the
    first job, and let go when this is closed.
    """
    crew = _Crew()
    waiting: deque[tuple[T, int, Callable[[], Answer]]] = deque()
    ahead = 0
    try:
        for key, job in items:
            size = max(len(job[0]), _LEAST) if job else 0
            waiting.append((key, size, crew.ask(job) if job else str))
            ahead += size
            while ahead > _AHEAD or (waiting and waiting[0][2] is str):
                key, size, answer = waiting.popleft()
                ahead -= size
                yield key, answer()
        for key, _, answer in waiting:
            yield key, answer()
    finally:
        crew.leave()


class _Crew:
    """Children, and for each a thread that talks to it."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._threads: ThreadPoolExecutor | None = None
        self._has_left = False

    def ask(self, job: Job) -> Callable[[], Answer]:
        """A call that waits for what a job comes to."""
        if self._threads:
            return self._threads.submit(self._answer, job).result
        if not self._children:
            self._hire()
        # The first is read here sooner than the first child is there.
        return partial(read, *job)

    def _hire(self) -> None:
        with suppress(OSError):
            for _ in range(min(os.cpu_count() or 1, _MOST)):
                self._children.append(child_of(__name__))
                self._idle.put(self._children[-1])
        if self._children:
            self._threads = ThreadPoolExecutor(len(self._children), "crew")

    def _answer(self, job: Job) -> Answer:
        child = self._idle.get()
        assert child.stdin
        assert child.stdout
        try:
            pickle.dump(job, child.stdin, pickle.HIGHEST_PROTOCOL)
            child.stdin.flush()
            answer: Answer = pickle.load(child.stdout)
        except (OSError, EOFError, pickle.UnpicklingError):
            return "" if self._has_left else read(*job)
        finally:
            self._idle.put(child)
        return answer

    def leave(self) -> None:
        """Ends the children, whatever they are at."""
        self._has_left = True
        for child in self._children:
            child.kill()
        if self._threads:
            self._threads.shutdown(cancel_futures=True)
        for child in self._children:
            with suppress(OSError), child:
                pass


def child_of(module: str) -> subprocess.Popen[bytes]:
    """A child process that runs a module, and that is talked to through pipes. Raises `OSError`."""
    return subprocess.Popen(
        [sys.executable, "-m", module],
        # What the working folder holds is nobody's module.
        cwd=PurePath(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )


def _serve() -> None:
    os.nice(_NICER)
    # What is read is let go without it: nothing here refers to itself.
    gc.disable()
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    told: set[str] = set()
    with suppress(EOFError, pickle.UnpicklingError, BrokenPipeError):
        while True:
            answer = read(*pickle.load(jobs))
            if isinstance(answer, Prepared):
                answer = replace(answer, words=answer.words - told)
                told |= answer.words
            pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
            answers.flush()


if __name__ == "__main__":
    _serve()
