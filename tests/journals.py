"""Journals of marks for the tests: lines as they stand in one, a store, and what it then holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from digest_tui.marks import STAR, Change, Decision, Value, merge
from digest_tui.store import Store

ROOT = Path(__file__).parents[1]
NOON = 1_790_000_000_000
HEADER = b'{"h":1,"app":"digest-tui","d":"aaaaaa","name":"laptop"}\n'
STARRED = b'{"t":[1790000000000,0],"k":"2604.18616","f":"star","v":true}\n'

PRELUDE = """
import os, sys
from pathlib import Path
from digest_tui import store as store_module
from digest_tui.marks import Decision
from digest_tui.store import NotSaved, Store, read_device
folder, device = Path(sys.argv[1]), sys.argv[2]
store = Store(folder, device)
def say(*words): print(*words, flush=True)
"""


def child(code: str, *arguments: object, inside: Sequence[str] = ()) -> subprocess.Popen[str]:
    """Another process, which has a `store` of its own; `inside` is what its command begins with."""
    return subprocess.Popen(
        [*inside, sys.executable, "-c", PRELUDE + code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def output(*processes: subprocess.Popen[str]) -> list[list[str]]:
    """The lines that each process said, once all of them are done."""
    lines = [process.communicate(timeout=60)[0].splitlines() for process in processes]
    assert all(process.returncode == 0 for process in processes)
    return lines


def laptop(folder: Path, now: Callable[[], int] = lambda: NOON) -> Store:
    return Store(folder, "aaaaaa", "laptop", now)


def stars(*papers: str, value: Value = True) -> list[Decision]:
    return [Decision(paper, STAR, value) for paper in papers]


def state(store: Store) -> dict[str, Value]:
    """The starred papers, as another window that was just opened would read them."""
    return {key[0]: change.value for key, change in merge(store.read().changes).items()}


def papers(changes: Iterable[Change]) -> list[str]:
    return [change.paper for change in changes]


def journal(folder: Path, *lines: bytes, name: str = "aaaaaa.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(b"".join(lines))
    return path


def short(value: object) -> str:
    return repr(value)[:40]
