"""The finder: queries that are answered beside the screen, the latest only.

A person who types has asked again by the time that a long answer is there. So one thread, with
a connection of its own, answers one query after the other; the next one interrupts it, and the
query before is abandoned wherever it is.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date

from digest_tui import query as q
from digest_tui.index import Index

Answer = Future[set[int] | None]
"""The numbers of the papers found, None for all of them; or that the query was abandoned."""


class Finder:
    """A thread that answers queries to an index.

    Raises in an answer what opening and reading an index raise: where the file that `index` reads
    cannot be had a second time, too, because in another file papers have other numbers.
    """

    def __init__(self, index: Index) -> None:
        self._read = index
        self._thread = ThreadPoolExecutor(1, "finder")
        self._index: Index | None = None
        self._answer: Answer | None = None

    def find(self, query: q.Query, today: date) -> Answer:
        """Begins to answer a query, and abandons the one before."""
        self.abandon()
        self._answer = self._thread.submit(self._matches, query, today)
        return self._answer

    def abandon(self) -> None:
        """Ends the answer that is being looked for."""
        if self._answer and not self._answer.cancel() and self._index:
            self._index.interrupt()

    def close(self) -> None:
        """Ends the thread, at once whatever it does."""
        self.abandon()
        self._thread.submit(self._leave)
        self._thread.shutdown(wait=False)

    def _matches(self, query: q.Query, today: date) -> set[int] | None:
        if self._index is None or self._index.file != self._read.file:
            self._leave()
            self._index = Index(self._read.path)
        found = self._index.matches(query, today)
        if self._index.file != self._read.file:
            raise sqlite3.OperationalError("the file that is read is no longer at its path")
        return found

    def _leave(self) -> None:
        if self._index:
            self._index.close()
            self._index = None
