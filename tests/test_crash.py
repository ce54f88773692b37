"""What is told of a crash: where it was, and nothing of what anybody reads."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui import crash
from digest_tui.settings import reports_path

LEFT_OUT = "(left out: it may quote a paper)"
SAFE = "your marks are safe: every decision that was confirmed is on the disk"
NOTHING: object = None


def raised(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        call()
    return caught.value


def report(error: BaseException) -> str:
    """The text of the report of an error."""
    crash.told(error, "papers")
    newest = max(reports_path().iterdir(), key=os.path.getmtime)
    return newest.read_text("utf-8")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: NOTHING.title, "AttributeError: 'NoneType' object has no attribute 'title'"),  # type: ignore[attr-defined]
        (lambda: json.load_all, "AttributeError: module 'json' has no attribute 'load_all'"),  # type: ignore[attr-defined]
        (lambda: NOTHING[0], "TypeError: 'NoneType' object is not subscriptable"),  # type: ignore[index]
        (lambda: raised(), "TypeError: raised() missing 1 required positional argument: 'call'"),  # type: ignore[call-arg]
        (lambda: "a" + 1, 'TypeError: can only concatenate str (not "int") to str'),  # type: ignore[operator]
        (lambda: [][0], "IndexError: list index out of range"),
        (lambda: 1 // 0, "ZeroDivisionError: integer division or modulo by zero"),
        (lambda: b"\xff".decode(), "'utf-8' codec can't decode byte 0xff in position 0: invalid"),
        (lambda: __import__("no_such"), "ModuleNotFoundError: No module named 'no_such'"),
        (
            lambda: Path("/home/ada/secret").read_text(),
            "FileNotFoundError: ENOENT, No such file or directory",
        ),
        (lambda: sqlite3.connect(":memory:").execute("x"), "OperationalError: SQLITE_ERROR"),
        (lambda: dict.fromkeys("ab")["Sparse Rewards"], f"KeyError: {LEFT_OUT}"),
        (lambda: int("Sparse Rewards"), f"ValueError: {LEFT_OUT}"),
    ],
)
def test_a_message_of_the_interpreter_is_repeated_and_no_other(
    call: Callable[[], object], said: str
) -> None:
    text = report(raised(call))
    assert said in text
    assert "Sparse" not in text
    assert "/home" not in text


KINDS = (ValueError, TypeError, AttributeError, NameError, ImportError, OSError, KeyError)
KINDS += (RecursionError, sqlite3.OperationalError, crash.Crash)  # type: ignore[assignment]
WORDED = ("'{}' object has no attribute 'x'", "name '{}' is not defined", "No module named '{}'")
WORDED += ("{}", "cannot import name '{}' from 'x' ({})", "{}() takes 1 positional argument")  # type: ignore[assignment]
SECRETS = st.lists(st.text("aeinrst强化学习/$\\", min_size=3), min_size=2).map(" ".join)


@given(st.sampled_from(KINDS), st.sampled_from(WORDED), SECRETS)
def test_whatever_a_message_says_no_two_words_of_it_are_repeated(
    kind: type[Exception], worded: str, secret: str
) -> None:
    error = raised(lambda: _raise(kind(worded.format(secret, f"/{secret}"))))
    error.add_note(secret)
    together = ExceptionGroup(secret, [error])
    together.__cause__ = kind(secret)
    assert secret not in "\n".join(crash._errors(together, later=kind(secret)))


def _raise(error: Exception) -> None:
    raise error


def test_what_led_to_an_error_is_reported_and_a_circle_ends() -> None:
    first, second = raised(lambda: [][0]), raised(lambda: 1 // 0)
    first.__cause__, second.__cause__ = second, first
    text = report(first)
    assert "caused by: ZeroDivisionError" in text
    assert text.count("IndexError") == 1


def test_of_a_recursion_both_ends_are_reported() -> None:
    def deeper() -> object:
        return deeper()

    lines = report(raised(deeper)).splitlines()
    assert len(lines) < 80
    assert any(line.endswith(" more") for line in lines)


def test_the_frames_of_the_package_stand_with_their_source() -> None:
    text = report(raised(lambda: crash._message(None)))  # type: ignore[arg-type]
    assert "digest_tui/crash.py:" in text
    assert "\n    if not error.args:\n" in text
    assert "code from elsewhere:" in text
    assert str(Path(__file__).parent) not in text


def test_the_newest_reports_are_kept() -> None:
    folder = reports_path()
    folder.mkdir(parents=True)
    for day in range(1, 9):
        (folder / f"crash-2020-01-0{day}T00-00-00-1.txt").touch()
    (folder / "device").touch()
    crash.told(ValueError(), "open")
    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == crash.KEPT + 1
    assert left[0] == "crash-2020-01-05T00-00-00-1.txt"
    assert "device" in left


def test_the_sentences_name_the_place_the_report_and_the_marks(home: Path) -> None:
    told = crash.told(raised(lambda: crash._message(None)), "open")  # type: ignore[arg-type]
    assert "AttributeError in crash.py, line " in told[0]
    assert told[1].startswith("the report is in ~/state/digest-tui/crash-")
    assert told[2] == SAFE


def test_what_is_not_saved_is_told_instead() -> None:
    error = crash.Crash("3 changes not saved: disk full", "2 digests, 70 papers")
    error.__cause__ = ValueError()
    assert crash.told(error, "open")[2].startswith("3 changes not saved: disk full; ")
    assert crash.untold(error)[2].startswith("3 changes not saved: disk full; ")
    assert "2 digests, 70 papers" in report(error)
