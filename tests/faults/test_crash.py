"""Crashes and hostile circumstances: sentences say so, and nothing is lost."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import termios
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.faults.catalogue import fault
from tests.faults.disks import ordinary
from tests.made import put
from tests.terminal import PROGRAM, Terminal
from tests.test_journeys import NEWEST, WIDE, at, see

PAPERS = "Decision Transformer: Reinforcement Learning via Sequence Modeling"
SAFE = "digest-tui: your marks are safe: every decision that was confirmed is on the disk"
HEADLINE = "digest-tui: it stopped at something that was not expected: "
FAIL = f"""
def fail(*_):
    raise ValueError({PAPERS!r})
async def fail_later():
    fail()
"""
BROKEN = {
    "a key": ("Session.star = fail", "s", "ValueError in "),
    "a key, of the system": ("Session.star = lambda s: open('/nosuch')", "s", "FileNotFoundError"),
    "a key, at an end": ("def star(s): raise EOFError\nSession.star = star", "s", "EOFError in "),
    "memory": ("Session.star = lambda s: bytearray(1 << 62)", "s", "MemoryError in "),
    "recursion": ("Session.star = lambda s: s.star()", "s", "RecursionError in "),
    "a command of the palette": ("MainScreen.action_star = fail", ":star\r", "ValueError in "),
    "a timer": ("MainScreen.action_star = lambda s: s.set_timer(0.01, fail)", "s", "ValueError"),
    "a worker": ("MainScreen.action_star = lambda s: s.run_worker(fail_later())", "s", "ValueErr"),
    "a callback": (
        "MainScreen.action_star = lambda s: asyncio.get_running_loop().call_soon(fail)",
        "s",
        "ValueError",
    ),
    "a line of a list": ("PaperList.render_line = fail", "", "ValueError in "),
    "a composition": ("MainScreen.compose = fail", "", "ValueError in "),
    "the watcher": ("Watcher._scan = fail", "", "ValueError in watcher.py"),
    "the thread of keys": ("LinuxDriver.run_input_thread = fail", "", "ValueError in "),
    "the start": ("Session.start = fail", "", "ValueError in cli.py"),
    "an import": ("sys.modules['digest_tui.ui.app'] = None", "", "ModuleNotFoundError in cli.py"),
    "the end": ("MainScreen.on_unmount = fail", "q", "ValueError in "),
}
"""What is broken, the keys that meet it, and what the first line begins with."""
OFTEN = {"a key", "recursion", "a callback", "a line of a list", "the watcher", "the end"}
"""Those of each commit."""


def program(*broken: str) -> Sequence[str]:
    """The program with something broken in it."""
    imports = """
import asyncio, sys, time
from textual.drivers.linux_driver import LinuxDriver
from digest_tui.library import Library
from digest_tui.session import Session
from digest_tui.watcher import Watcher
"""
    # To break the screen is to import it, which comes before the shell prepares for it.
    if any("MainScreen" in one or "PaperList" in one for one in broken):
        imports += "from digest_tui.ui.screen import MainScreen, PaperList\n"
    script = "\n".join((imports, FAIL, *broken, "from digest_tui.cli import main", "main()"))
    return sys.executable, "-c", script


def lines_of(terminal: Terminal) -> list[str]:
    """What was written after the screen was left; all there is where there was none."""
    output = bytes(terminal.output).rpartition(b"\x1b[?1049l")[2]
    plain = re.sub(rb"\x1b(\[[?>=<]?[\d;]*[a-zA-Z]|\][^\x07]*\x07)", b"", output).decode()
    return plain.replace("\r", "").strip("\n").split("\n")


def modes(terminal: Terminal) -> list[object]:
    return termios.tcgetattr(terminal._master)


def marked(home: Path) -> list[str]:
    """The ids of the papers in the journals of marks."""
    journals = (home / "data" / "digest-tui" / "marks").glob("*.jsonl")
    return re.findall(r'"k":"([^"]+)"', "".join(map(Path.read_text, journals)))


def report_of(home: Path) -> str:
    (report,) = (home / "state" / "digest-tui").glob("crash-*.txt")
    return report.read_text("utf-8")


def check_report(report: str, home: Path) -> None:
    """A report says where, and quotes no paper and no path."""
    assert re.search(r"\w+\.py:\d+ \w", report)
    for secret in (PAPERS, PAPERS[:20], str(home), str(home.parent), sys.prefix, NEWEST):
        assert secret not in report
    assert not re.search(r"(^|[\s\"'(=])/\w", report)


@fault(
    58,
    "a crash of our own",
    injected="an error in a key, a timer, a thread, a worker, while drawing, at the start, the end",
    holds="the terminal is restored; three lines; a report that quotes nothing; the marks are safe",
    trials=f"{len(OFTEN)} / {len(BROKEN) - len(OFTEN)}",
)
@pytest.mark.parametrize(
    ("broken", "keys", "said"),
    [
        pytest.param(*case, id=name, marks=() if name in OFTEN else pytest.mark.long)
        for name, case in BROKEN.items()
    ],
)
def test_a_crash(broken: str, keys: str, said: str, home: Path) -> None:
    with Terminal(NEWEST, program=program(broken), size=WIDE) as terminal:
        before = modes(terminal)
        if keys:
            see(terminal, at("Decision Transformer"))
            terminal.press("jr")
            terminal.see("1 paper marked read")
            terminal.press(keys)
        assert terminal.wait() == 70
        while terminal.pump(0.05):
            pass
        assert modes(terminal) == before
        assert terminal.is_restored
    lines = lines_of(terminal)
    assert len(lines) == 3
    assert lines[0].startswith(HEADLINE + said)
    assert "digest-tui: the report is in " in lines[1]
    assert lines[2] == SAFE
    check_report(report_of(home), home)
    assert marked(home) == (["2203.02155"] if keys else [])


@pytest.mark.parametrize(
    "second",
    [
        "MainScreen.on_unmount = lambda s: {}[0]",
        "MainScreen.action_star = lambda s: (again(lambda: {}[0]), fail())",
        pytest.param("MainScreen.on_unmount = hang", marks=pytest.mark.long),
    ],
)
def test_a_second_crash_neither_hides_the_first_nor_hangs(second: str, home: Path) -> None:
    again = "def again(call): asyncio.get_running_loop().call_soon(call)"
    hang = "def hang(s): time.sleep(600)"
    broken = (again, hang, "MainScreen.action_star = fail", second)
    with Terminal(NEWEST, program=program(*broken), size=WIDE) as terminal:
        before = modes(terminal)
        see(terminal, at("Decision Transformer"))
        terminal.press("s")
        assert terminal.wait() == 70
        assert modes(terminal) == before
        assert terminal.is_restored
    lines = lines_of(terminal)
    assert len(lines) == 3
    assert lines[0].startswith(f"{HEADLINE}ValueError in ")
    assert ("while it ended: KeyError" in report_of(home)) == ("on_unmount = lambda" in second)


def test_what_is_not_saved_is_told_and_so_is_a_report_that_cannot_be_written(home: Path) -> None:
    put(home / "data" / "digest-tui", "marks", "no folder")
    with Terminal(NEWEST, program=program("Session.star = fail"), size=WIDE) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.press("r")
        terminal.see("1 change not saved")
        shutil.rmtree(home / "state")
        put(home, "state", "no folder")
        terminal.press("s")
        assert terminal.wait() == 70
        assert terminal.is_restored
    lines = lines_of(terminal)
    assert lines[1] == "digest-tui: the report of it could not be written: Not a directory"
    assert lines[2].startswith("digest-tui: 1 change not saved: ")


def test_what_was_not_saved_is_tried_again(home: Path) -> None:
    marks = put(home / "data" / "digest-tui", "marks", "no folder")
    with Terminal(NEWEST, program=program("Session.star = fail"), size=WIDE) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.press("r")
        terminal.see("1 change not saved")
        marks.unlink()
        terminal.press("s")
        assert terminal.wait() == 70
        terminal.settle()
    assert lines_of(terminal)[2] == SAFE
    assert marked(home) == ["2106.01345"]


def test_a_report_that_fails_hides_nothing() -> None:
    broken = "import digest_tui.crash; digest_tui.crash._keep = fail; Session.found = fail"
    done = subprocess.run([*program(broken), "papers"], capture_output=True, text=True)
    assert done.returncode == 70
    assert done.stderr.splitlines() == [
        f"{HEADLINE}ValueError",
        "digest-tui: there is no report of it: making one failed too",
        SAFE,
    ]


@pytest.mark.parametrize(
    ("broken", "arguments"),
    [
        ("Library.import_paths = fail", ["import", NEWEST]),
        ("Session.found = fail", ["papers", PAPERS[:20]]),
        ("Library.__init__ = fail", ["doctor"]),
        ("sys.modules['digest_tui.export'] = None", ["export"]),
    ],
)
def test_a_crash_in_the_shell(broken: str, arguments: list[str], home: Path) -> None:
    done = subprocess.run([*program(broken), *arguments], capture_output=True, text=True)
    lines = done.stderr.splitlines()
    assert done.returncode == 70
    assert done.stdout == ""
    assert len(lines) == 3
    assert lines[0].startswith(HEADLINE)
    assert lines[2] == SAFE
    report = report_of(home)
    check_report(report, home)
    assert f"command {arguments[0]}\n" in report


def no_folder(*names: str) -> Callable[[Path], object]:
    """Has a file stand where a folder is looked for."""
    return lambda home: put(home.joinpath(*names[:-1]), names[-1], "no folder")


def nothing(home: Path) -> None:
    """Leaves the home as it is."""


def a_folder_of_settings(home: Path) -> None:
    (home / "config" / "digest-tui" / "config.toml").mkdir(parents=True)


PASSING = r"index\.sqlite3: not a directory; an index was made in passing, which takes longer"
UNREADABLE = r"digests: cannot be read \(not a directory\); digest-tui doctor tells what to do"
DEFAULTS = r"config\.toml: cannot be read \(is a directory\); the defaults are kept"
UNWRITTEN = "the output cannot be written: "
HOSTILE: tuple[tuple[Callable[[Path], object], str, int, str], ...] = (
    (nothing, "unset HOME; PROGRAM import DIGEST", 0, ""),
    (no_folder("cache"), "PROGRAM papers", 0, PASSING),
    (no_folder("state"), "PROGRAM papers", 0, ""),
    (no_folder("state"), "PROGRAM import DIGEST >/dev/null && PROGRAM mark --star 2106.01345", 0,
     "1 of 1 papers changed"),
    (no_folder("data", "digest-tui", "digests"), "PROGRAM digests", 0, UNREADABLE),
    (no_folder("data", "digest-tui", "marks"),
     "PROGRAM import DIGEST >/dev/null && PROGRAM mark --star 2106.01345", 1,
     "1 change not saved: .+"),
    (no_folder("lib"), "PROGRAM --library $HOME/lib/below import DIGEST", 1,
     r".+ refused: cannot be kept in .+ \(not a directory\)"),
    (a_folder_of_settings, "PROGRAM digests", 0, DEFAULTS),
    (nothing, "PROGRAM import - <&-", 1, ".+refused: .+"),
    (nothing, "PROGRAM import DIGEST >&-", 1, f"{UNWRITTEN}bad file descriptor"),
    (nothing, "PROGRAM import DIGEST >/dev/full", 1, f"{UNWRITTEN}disk full"),
    (nothing, "PROGRAM import DIGEST >/dev/null && PROGRAM papers 2>&- | grep -c .", 0, ""),
    (nothing, "export LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0; PROGRAM import DIGEST", 0, ""),
    (nothing, "export PYTHONWARNINGS=error; PROGRAM import DIGEST", 0, ""),
)  # fmt: skip
"""What is done to the home, a script, its exit code, and the one sentence that it says."""


@fault(
    59,
    "hostile circumstances",
    injected="files in place of folders, closed streams, a full device, no home, no locale",
    holds="one sentence says what is wrong, or nothing is; never a traceback",
    trials=str(len(HOSTILE)),
)
@pytest.mark.parametrize(("done_to", "script", "code", "said"), HOSTILE)
def test_hostile_circumstances(
    done_to: Callable[[Path], object], script: str, code: int, said: str, home: Path
) -> None:
    done_to(home)
    script = script.replace("PROGRAM", shlex.join(PROGRAM)).replace("DIGEST", shlex.quote(NEWEST))
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True)
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == bool(said)
    assert re.fullmatch(f"digest-tui: .*{said}\n" if said else "", done.stderr)


def test_a_library_that_may_only_be_read(home: Path) -> None:
    beginning = ordinary()
    folder = home / "data" / "digest-tui"
    subprocess.run([*PROGRAM, "import", NEWEST], capture_output=True, check=True)
    paths = (home, *home.rglob("*"))
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    run = partial(subprocess.run, capture_output=True, text=True)
    listed = run([*beginning, *PROGRAM, "papers"])
    refused = run([*beginning, *PROGRAM, "mark", "--star", "2106.01345"])
    for path in paths:
        path.chmod(0o755)
    assert len(listed.stdout.splitlines()) == 8
    assert refused.returncode == 1
    assert re.fullmatch("(digest-tui: .+\n)*digest-tui: 1 change not saved: .+\n", refused.stderr)
    assert not (folder / "marks").exists() or not list((folder / "marks").iterdir())


@pytest.mark.parametrize("script", ["PROGRAM DIGEST 2>&-", "PROGRAM DIGEST 2>/dev/null <&-"])
def test_the_screen_needs_no_stream_but_the_terminal(script: str) -> None:
    script = script.replace("PROGRAM", shlex.join(PROGRAM)).replace("DIGEST", shlex.quote(NEWEST))
    with Terminal(program=("/bin/sh", "-c", script), size=WIDE) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.press("s")
        terminal.see("1 paper starred")
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored


def test_a_terminal_that_cannot_place_text_is_named() -> None:
    script = f"TERM=dumb {shlex.join(PROGRAM)}"
    with Terminal(program=("/bin/sh", "-c", script), size=WIDE) as terminal:
        assert terminal.wait() == 2
        terminal.settle()
        assert "TERM=dumb: the screen needs a terminal that can place text" in terminal.text
        assert b"\x1b[?1049h" not in terminal.output
