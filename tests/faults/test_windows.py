"""Windows at one library, and what comes in from other machines while somebody reads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from digest_tui.library import Library
from digest_tui.marks import STAR, merge
from digest_tui.settings import throwaway
from digest_tui.ui.screen import POLL
from tests.faults.catalogue import fault, trials
from tests.made import library, paper, text
from tests.terminal import PATIENCE, Terminal
from tests.test_journeys import NEWEST, WIDE, at, see

ROOT = Path(__file__).parents[2]
NOON = 1_790_000_000_000
DECISION, TRAINING, DEEPSEEK = "2106.01345", "2203.02155", "2402.03300"

WINDOW = """
import sys, time
from pathlib import Path
from digest_tui.library import Library
from digest_tui.session import Session
from digest_tui.settings import throwaway
from digest_tui.ui.screen import POLL
folder, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
session = Session(Library(throwaway(folder), patience=0.01))
session.start()
print(flush=True)
sys.stdin.readline()
for row in range(first, first + count):
    session.cursor = row
    session.star()
while session.totals.starred < 2 * count or session.retry():
    session.look()
    time.sleep(0.01)
print(session.totals.starred, session.totals.unread, session.unsaved)
"""
"""A window that stars papers, and waits until it shows those that another one starred too."""


@fault(
    23,
    "two windows",
    injected="two processes star papers of one library at the same time",
    holds="each comes to show all the stars; the journals hold them",
    trials="100 each / 1,000 each",
)
@trials(100, 1_000)
def test_two_windows(tmp_path: Path, trials: int) -> None:
    library(tmp_path, text([paper(number) for number in range(2 * trials)])).close()
    windows = [
        subprocess.Popen(
            [sys.executable, "-c", WINDOW, str(tmp_path), str(first), str(trials)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in (1, 1 + trials)
    ]
    for window in windows:
        assert window.stdout
        window.stdout.readline()
    try:
        for window in windows:
            assert window.stdin
            window.stdin.write("\n")
            window.stdin.flush()
        told = [window.communicate(timeout=20 * PATIENCE)[0] for window in windows]
    finally:
        for window in windows:
            window.kill()
    assert told == [f"{2 * trials} 0 \n"] * 2
    with closing(Library(throwaway(tmp_path))) as again:
        starred = [c for c in merge(again.store.read().changes).values() if c.field == STAR]
    assert len(starred) == 2 * trials


def journal(device: str, *papers: str) -> bytes:
    """The journal of a machine on which these papers were starred."""
    lines: list[dict[str, object]] = [{"h": 1, "app": "digest-tui", "d": device, "name": device}]
    lines += [{"t": [NOON, n], "k": paper, "f": STAR, "v": True} for n, paper in enumerate(papers)]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def by_rename(marks: Path) -> Iterator[None]:
    temporary = marks / ".syncthing.desk22.jsonl.tmp"
    temporary.write_bytes(journal("desk22", DECISION))
    yield
    temporary.replace(marks / "desk22.jsonl")


def in_pieces(marks: Path) -> Iterator[None]:
    whole = journal("lab333", DECISION, TRAINING)
    for cut in (30, len(whole) - 20):
        (marks / "lab333.jsonl").write_bytes(whole[:cut])
        yield
    (marks / "lab333.jsonl").write_bytes(whole)


def as_a_copy(marks: Path) -> Iterator[None]:
    copy = "desk22.sync-conflict-20260422-101500-K3F9A1C.jsonl"
    (marks / copy).write_bytes(journal("desk22", DECISION, DEEPSEEK))
    return iter(())


def in_another_window(marks: Path) -> Iterator[None]:
    with Terminal(size=WIDE) as other:
        other.see("Starred         3")
        other.press("Gs")
        other.see("Starred         4")
    return iter(())


def without_marks(screen: str) -> str:
    """All that a mark made elsewhere leaves as it was: the text, its order, the cursor's place."""
    return re.sub(r"[●★━╌\d ]", "", screen)


@fault(
    55,
    "another machine's file arrives while reading",
    injected="a journal comes by rename, in pieces, as a conflict copy; a second window stars",
    holds="the stars show; cursor, scroll position, query being typed and dialog stay",
    trials="4",
)
def test_another_machines_file_arrives_while_reading(home: Path) -> None:
    marks = home / "data" / "digest-tui" / "marks"
    marks.mkdir(parents=True)
    with Terminal(NEWEST, size=WIDE) as terminal:
        see(terminal, at("Decision Transformer"))
        # A cursor and a scroll position; a query in the making; a dialog; the list of digests.
        arrivals = (
            ("jj\x04", "57%", by_rename),
            ("/pre", "3 of 8", in_pieces),
            ("\x1b", "8 papers", None),
            ("e", "╭─ export", as_a_copy),
            ("\x1b", "Learning from human", in_another_window),
        )
        starred = 0
        for keys, seen, arrive in arrivals:
            terminal.press(keys)
            terminal.see(seen)
            terminal.settle()
            before = without_marks(terminal.text)
            for _ in arrive(marks) if arrive else ():
                terminal.settle(1.2 * POLL)
                assert without_marks(terminal.text) == before
            if arrive:
                starred += 1
                see(terminal, rf"Starred +{starred} ")
                terminal.settle()
                assert without_marks(terminal.text) == before
