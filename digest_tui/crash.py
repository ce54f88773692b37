"""Crashes: what is told of an error that nobody expected, and the report of it.

Law: a report can be shown to anybody. It names code, and quotes no paper, no query and no path:
of a message only what the interpreter itself words is repeated, of a file only where it stands
within the package, a library or Python. The sentences are for whoever used the program, the
report is for whoever mends it.

What a report needs is imported when there is one: anything may be what is broken.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from digest_tui import __version__

EXIT = 70
"""The exit code, as `sysexits.h` has it for an error within a program: 1 is a refusal."""
KEPT = 5
"""How many reports are kept, the newest."""
_PACKAGE = Path(__file__).parent
_INNERMOST, _OUTERMOST = 30, 10
"""Frames of an error that are reported: a recursion that does not end has a thousand."""
_ERRORS = 20
"""Errors that are reported of those which led to one another."""

_NAME = r"[\w.<>]{1,60}"
_ITEMS = "list|tuple|string|deque|bytearray|range object|pop|list assignment"
_WORDED = re.compile(
    rf"""(?:
    '{_NAME}'\ object\ (?:has\ no\ attribute\ '{_NAME}'|is\ not\ (?:an\ iterator|\w{{1,20}})
      |does\ not\ support\ (?:item\ assignment|item\ deletion|the\ context\ manager\ protocol)
      |cannot\ be\ interpreted\ as\ an\ integer)
    |(?:type\ object|module)\ '{_NAME}'\ has\ no\ attribute\ '{_NAME}'
    |name\ '{_NAME}'\ is\ not\ defined
    |cannot\ access\ (?:local|free)\ variable\ '{_NAME}'\ where\ it\ is\ not\ associated\ with\ a
      \ value(?:\ in\ enclosing\ scope)?
    |{_NAME}\(\)\ missing\ \d+\ required\ (?:positional|keyword-only)\ arguments?:
      \ '{_NAME}'(?:,?\ (?:and\ )?'{_NAME}')*
    |{_NAME}\(\)\ takes\ (?:from\ \d+\ to\ )?\d+\ positional\ arguments?\ but\ \d+\ w(?:as|ere)
      \ given
    |{_NAME}\(\)\ got\ (?:an\ unexpected\ keyword\ argument|multiple\ values\ for\ argument)
      \ '{_NAME}'
    |unsupported\ operand\ type\(s\)\ for\ \S{{1,3}}(?:\ or\ pow\(\))?:\ '{_NAME}'\ and\ '{_NAME}'
    |'\S{{1,2}}'\ not\ supported\ between\ instances\ of\ '{_NAME}'\ and\ '{_NAME}'
    |can\ only\ concatenate\ {_NAME}\ \(not\ "{_NAME}"\)\ to\ {_NAME}
    |cannot\ unpack\ non-iterable\ {_NAME}\ object
    |unhashable\ type:\ '{_NAME}'
    |object\ of\ type\ '{_NAME}'\ has\ no\ len\(\)
    |{_NAME}\ indices\ must\ be\ integers\ or\ slices,\ not\ {_NAME}
    |(?:not\ enough|too\ many)\ values\ to\ unpack
      \ \(expected\ (?:at\ least\ )?\d+(?:,\ got\ \d+)?\)
    |(?:{_ITEMS})\ index\ out\ of\ range|pop\ from\ (?:an\ )?empty\ (?:list|set|deque)
    |(?:integer\ |float\ )?(?:division|modulo|division\ or\ modulo)\ by\ zero
    |maximum\ recursion\ depth\ exceeded(?:\ [a-z ]{{1,60}})?
    |No\ module\ named\ '{_NAME}'
    |cannot\ import\ name\ '{_NAME}'\ from\ (?:partially\ initialized\ module\ )?'{_NAME}'
    |'[\w-]{{1,20}}'\ codec\ can't\ (?:en|de)code\ (?:byte\ 0x[0-9a-f]{{2}}|bytes|characters)
      \ in\ position\ [\d-]+:
      \ (?:surrogates\ not\ allowed|invalid\ (?:start|continuation)\ byte|unexpected\ end\ of\ data
      |ordinal\ not\ in\ range\(\d+\))
    )""",
    re.ASCII | re.VERBOSE,
)
"""What Python says of names in code, and of nothing else."""
_IMPORTED_FROM = re.compile(r" \((?:most likely|unknown|/).*\)$", re.DOTALL)


class Crash(Exception):
    """The screen could not go on; its cause is why."""

    def __init__(self, unsaved: str = "", counts: str = "") -> None:
        """`unsaved` is a sentence on changes that are not on the disk; `counts` says how much
        there is in the library."""
        super().__init__(unsaved)
        self.unsaved = unsaved
        self.counts = counts


def told(error: BaseException, command: str) -> list[str]:
    """Writes the report of what ended a command; the three sentences that say so."""
    crash = error if isinstance(error, Crash) else Crash()
    cause = error.__cause__ or error if error is crash else error
    lines = [*_circumstances(command, crash.counts), *_errors(cause, crash.__context__)]
    try:
        where = f"the report is in {_shown(_keep(lines))}; please add it to a bug report"
    except OSError as failure:
        where = f"the report of it could not be written: {failure.strerror or failure}"
    return [_headline(cause), where, _marks(crash.unsaved)]


def untold(error: BaseException) -> list[str]:
    """The three sentences where not even a report can be made."""
    return [
        f"it stopped at something that was not expected: {type(error).__name__}",
        "there is no report of it: making one failed too",
        _marks(error.unsaved if isinstance(error, Crash) else ""),
    ]


def is_ours(error: BaseException) -> bool:
    """Whether code of the package had a part in an error."""
    return any(_is_ours(frame.f_code.co_filename) for frame, _ in _walk(error))


def _headline(error: BaseException) -> str:
    places = [(_where(frame.f_code.co_filename), line) for frame, line in _walk(error)]
    ours = [place for place in places if place[0].startswith(_PACKAGE.name)]
    said = f"it stopped at something that was not expected: {type(error).__name__}"
    if places:
        file, line = (ours or places)[-1]
        said += f" in {file.rpartition('/')[2]}, line {line}"
    names = [frame.f_code.co_name for frame, _ in _walk(error)]
    if actions := [name for name in names if name.startswith("action_")]:
        said += f", on the command “{actions[-1].removeprefix('action_').replace('_', ' ')}”"
    return said


def _marks(unsaved: str) -> str:
    if unsaved:
        return f"{unsaved}; every other decision that was confirmed is on the disk"
    return "your marks are safe: every decision that was confirmed is on the disk"


def _circumstances(command: str, counts: str) -> Iterator[str]:
    import platform
    from importlib.metadata import version

    sqlite = getattr(sys.modules.get("sqlite3"), "sqlite_version", "not in use")
    term = re.sub(r"[^\w.+-]", "?", os.environ.get("TERM", "")[:40], flags=re.ASCII)
    try:
        columns, rows = os.get_terminal_size(2)
        size = f"{columns}x{rows}"
    except OSError:
        size = "no terminal"
    yield "The report of a crash. It names code, and quotes no paper, no query and no path."
    yield ""
    yield f"digest-tui  {__version__}, command {command}"
    yield f"Python      {platform.python_version()}"
    yield f"Textual     {version('textual')}"
    yield f"SQLite      {sqlite}"
    yield f"platform    {platform.platform()}"
    yield f"terminal    {term or 'unnamed'}, {size}"
    yield f"library     {counts or 'not counted'}"


def _errors(error: BaseException, later: BaseException | None) -> Iterator[str]:
    """An error and what led to it, each with its frames, and what happened while it ended."""
    waiting = [("", error)]
    waiting += [("while it ended", later)] if later else []
    seen: set[int] = set()
    while waiting and len(seen) < _ERRORS:
        how, error = waiting.pop(0)
        if id(error) not in seen:
            seen.add(id(error))
            yield ""
            yield f"{how}: {_title(error)}".removeprefix(": ")
            yield from _frames(error)
            waiting += _related(error)


def _related(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    if isinstance(error, BaseExceptionGroup):
        yield from (("one of the group", part) for part in error.exceptions)
    if error.__cause__:
        yield "caused by", error.__cause__
    elif error.__context__ and not error.__suppress_context__:
        yield "while handling", error.__context__


def _title(error: BaseException) -> str:
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return ": ".join(filter(None, (name, _message(error))))


def _message(error: BaseException) -> str:
    """What can be repeated of a message: what cannot quote anybody."""
    number = error.errno if isinstance(error, OSError) else None
    if number is not None and number in errno.errorcode:
        return f"{errno.errorcode[number]}, {os.strerror(number)}"
    sqlite = getattr(error, "sqlite_errorname", None)
    if isinstance(sqlite, str) and re.fullmatch("SQLITE_[A-Z_]{1,40}", sqlite):
        return sqlite
    if not error.args:
        return ""
    # The text of another class is code that may fail in its turn.
    said = str(error) if type(error).__module__ == "builtins" else ""
    said = _IMPORTED_FROM.sub("", said)
    return said if _WORDED.fullmatch(said) else "(left out: it may quote a paper)"


def _frames(error: BaseException) -> Iterator[str]:
    from linecache import getline

    frames = list(_walk(error))
    for place, (frame, line) in enumerate(frames):
        if place == _OUTERMOST < len(frames) - _INNERMOST:
            yield f"  … {len(frames) - _OUTERMOST - _INNERMOST} more"
        if _OUTERMOST <= place < len(frames) - _INNERMOST:
            continue
        file = frame.f_code.co_filename
        yield f"  {_where(file)}:{line} {frame.f_code.co_qualname}"
        if _is_ours(file):
            yield f"    {getline(file, line).strip()}"


def _walk(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    return traceback.walk_tb(error.__traceback__)


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(_PACKAGE)


def _where(file: str) -> str:
    """Where a source file stands within the package, a library or Python itself."""
    if re.fullmatch(r"<frozen [\w.]+>", file, re.ASCII):
        return file
    if _is_ours(file):
        return f"{_PACKAGE.name}/{Path(file).relative_to(_PACKAGE).as_posix()}"
    if library := re.search(r".*[/\\](?:site|dist)-packages[/\\](.+)", file):
        return library[1]
    python = Path(os.__file__).parent
    if Path(file).is_relative_to(python):
        return Path(file).relative_to(python).as_posix()
    return "code from elsewhere"


def _keep(lines: list[str]) -> Path:
    """Writes a report, and lets go of the oldest. Raises `OSError`."""
    from datetime import datetime

    from digest_tui.settings import reports_path

    folder = reports_path()
    folder.mkdir(parents=True, exist_ok=True)
    # Two windows may end for the same reason, at the same time.
    path = folder / f"crash-{datetime.now():%Y-%m-%dT%H-%M-%S}-{os.getpid()}.txt"
    path.write_text("\n".join((*lines, "")), "utf-8", "backslashreplace")
    for old in sorted(folder.glob("crash-*.txt"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def _shown(path: Path) -> str:
    home = Path(os.path.expanduser("~"))
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
