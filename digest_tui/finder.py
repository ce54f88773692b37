"""The finder: queries that are answered beside the screen, the latest only.

A person who types has asked again by the time that a long answer is there. So one thread, with
a connection of its own, answers one query after the other; the next one interrupts it, and the
query before is abandoned wherever it is.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import date

from digest_tui import query as q
from digest_tui.index import Index
from digest_tui.search import Answer, Span

Finding = Future[Answer]
"""What a query finds, or that it was abandoned."""


class Finder:
    """A thread that answers queries to an index.

    Raises in an answer what opening and reading an index raise: where the file that `index` reads
    cannot be had a second time, too, because in another file papers have other numbers.
    """

    def __init__(self, index: Index) -> None:
        self._read = index
        self._thread = ThreadPoolExecutor(1, "finder")
        self._index: Index | None = None
        self._finding: Finding | None = None

    def find(self, query: q.Query, today: date, span: Span | None = None) -> Finding:
        """Begins to answer a query, in a span or anywhere, and abandons the one before."""
        self.abandon()
        self._finding = self._thread.submit(self._find, query, today, span)
        return self._finding

    def abandon(self) -> None:
        """Ends the answer that is being looked for."""
        index = self._index
        if self._finding and not self._finding.cancel() and index:
            # It may be closed by now, for another file.
            with suppress(sqlite3.ProgrammingError):
                index.interrupt()

    def close(self) -> None:
        """Ends the thread, whatever it looks for."""
        self.abandon()
        self._thread.submit(self._leave)
        self._thread.shutdown(wait=False)

    def _find(self, query: q.Query, today: date, span: Span | None) -> Answer:
        if self._index is None or self._index.file != self._read.file:
            self._leave()
            self._index = Index(self._read.path)
        found = self._index.answer(query, today, span)
        if self._index.file != self._read.file:
            raise sqlite3.OperationalError("the file that is read is no longer at its path")
        return found

    def _leave(self) -> None:
        if self._index:
            self._index.close()
            self._index = None
