"""The watcher: a thread that looks for new digests, and takes in what it finds.

It holds up nobody. The index is written through a connection of its own; what came of it is told
by two calls, in this thread. The end does not wait for it, because a folder of a network that is
gone can keep it for ever.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from contextvars import copy_context

from digest_tui.filler import filled
from digest_tui.folders import Watch
from digest_tui.index_file import FileId
from digest_tui.library import Library, Progress
from digest_tui.settings import Places

PROGRESS = 0.2
"""Seconds between two words on how far a scan has come."""
RETRY = 10.0
"""Seconds after which a scan that failed is tried again."""
PARTING = 0.1
"""Seconds that the end waits for a scan to be left in good order."""


class Watcher:
    """A thread that looks for new digests."""

    def __init__(
        self,
        places: Places,
        tell_progress: Callable[[Progress, float], object],
        tell_end: Callable[[bool, str, FileId | None], object],
    ) -> None:
        """Of a scan are told: how far it is, and after how many seconds; at its end whether there
        was anything new, what went wrong, and which file the index is."""
        self._places = places
        self._tell_progress = tell_progress
        self._tell_end = tell_end
        self._thread: threading.Thread | None = None
        self._is_wanted = threading.Event()
        self._is_over = False
        self._index: FileId | None = None
        """The index file that was scanned last."""

    def start(self) -> None:
        """Looks for new digests from now on."""
        self._thread = threading.Thread(target=copy_context().run, args=(self._run,), daemon=True)
        self._thread.start()

    def scan(self) -> None:
        """Looks for new digests at once."""
        self._is_wanted.set()

    def stop(self) -> None:
        """Ends the thread: a scan that is on its way goes on the next time."""
        self._is_over = True
        self._is_wanted.set()
        if self._thread:
            self._thread.join(PARTING)

    def _run(self) -> None:
        watch = Watch()
        while not self._is_over:
            trouble = ""
            if self._is_wanted.is_set() or watch.has_news():
                self._is_wanted.clear()
                trouble = self._scan(watch)
            self._is_wanted.wait(RETRY if trouble else watch.pause)

    def _scan(self, watch: Watch) -> str:
        """Takes in what is new; returns what went wrong."""
        any_news, trouble, index = False, "", None
        began = told = time.monotonic()
        try:
            with closing(Library(self._places)) as library:
                for _ in library.catch_up() if library.has_much_to_mirror else ():
                    if self._is_over:
                        return ""
                with closing(self._progress(library, watch)) as steps:
                    for progress in steps:
                        any_news = True
                        if self._is_over:
                            return ""
                        if time.monotonic() - told > PROGRESS:
                            told = time.monotonic()
                            self._tell_progress(progress, told - began)
                index = library.index.file
        except (OSError, sqlite3.Error) as error:
            trouble = f"Looking for digests failed: {error}"
        if any_news or trouble or not watch.is_undecided:
            self._tell_end(any_news, trouble, index)
        return trouble

    def _progress(self, library: Library, watch: Watch) -> Generator[Progress, None, None]:
        # What came in while nobody looked lies there whole.
        if library.index.file != self._index and library.is_far_behind():
            with closing(filled(self._places)) as steps:
                yield from steps
        yield from library.scan(watch)
        self._index = library.index.file
