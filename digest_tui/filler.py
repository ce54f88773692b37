"""The filler: a child process that indexes the digests of years, while keys are answered here.

To index is to keep the interpreter busy, and a key that has to be answered meanwhile waits for it
at each of its steps. So a library that is far behind is indexed elsewhere. What a child leaves
undone, whatever ends it, is left to the next scan: each of its transactions is whole. It ends
with whoever asked for it, because it can no longer tell how far it is.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Generator
from contextlib import closing, suppress

from digest_tui.library import Library, Progress
from digest_tui.settings import Places

_NICER = 10
"""A child gives way to who draws the screen."""


def filled(places: Places) -> Generator[Progress, None, None]:
    """Brings an index up to date in a child process, and yields how far that is.

    To close the iterator ends the child.
    """
    # Few starts have so much to index, and this takes a while to import.
    from digest_tui.crew import child_of

    try:
        child = child_of(__name__)
    except OSError:
        return
    with child:
        assert child.stdin
        assert child.stdout
        try:
            with suppress(OSError, EOFError, pickle.UnpicklingError):
                pickle.dump(places, child.stdin)
                child.stdin.close()
                while True:
                    yield pickle.load(child.stdout)
        finally:
            child.kill()


def _serve() -> None:
    os.nice(_NICER)
    places: Places = pickle.load(sys.stdin.buffer)
    with closing(Library(places)) as library, suppress(BrokenPipeError):
        for progress in library.scan():
            pickle.dump(progress, sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    _serve()
