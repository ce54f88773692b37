"""The shell: arguments to a call.

stdout is data, stderr is narration. The exit code is 0 where all was done, 1 where something was
refused, 2 where the call was wrong. Nothing but `open` and `demo` imports the screen, and
`--version` and `--help` import nothing of ours: each command imports what it needs.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

import click

from digest_tui import __version__

if TYPE_CHECKING:
    from digest_tui.doctor import Examination
    from digest_tui.doctor.finding import Finding
    from digest_tui.export import Language
    from digest_tui.library import Imported, Library, Progress
    from digest_tui.paper import Holding, PaperId, Problem
    from digest_tui.query import Query
    from digest_tui.session import Session
    from digest_tui.settings import Places, Settings
    from digest_tui.ui.app import DigestApp

LIBRARY = partial(
    click.option,
    "--library",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder of digests and marks, in place of your own.",
)
VERSION = click.version_option(__version__, "--version", prog_name="digest-tui")
PATHS = click.Path(path_type=Path, allow_dash=True)
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
T = TypeVar("T")


_A_WHILE = 0.5
"""Seconds after which a bar is worth drawing."""
_INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended, as shells have it."""
_LISTED = 30
"""Files, above which a terminal is not filled with a line for each."""
_HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _OpenByDefault(click.Group):
    """A group whose first word, where it is no command, is a path to open."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        place = 0
        while place < len(args) and args[place].startswith("-") and args[place] != "-":
            place += 2 if args[place] == "--library" else 1
        asks = not {"--help", "-h", "--version"}.isdisjoint(args[:place])
        # To complete the first word is to complete a command, which `open` would hide.
        asks = asks or (ctx.resilient_parsing and place >= len(args))
        if not asks and (place >= len(args) or args[place] not in self.commands):
            args = [*args[:place], "open", *args[place:]]
        with _printable_errors():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with _printable_errors():
            return super().invoke(ctx)


@contextmanager
def _printable_errors() -> Iterator[None]:
    """What is wrong with a call quotes its words, which may be the names of files."""
    try:
        yield
    except click.UsageError as error:
        from digest_tui.printable import printable

        raise click.UsageError(printable(error.format_message()), error.ctx) from None


@click.group(cls=_OpenByDefault, context_settings=_HELP)
@LIBRARY(envvar="DIGEST_TUI_LIBRARY")
@VERSION
@click.pass_context
def cli(context: click.Context, library: Path | None) -> None:
    """Read and triage your daily arXiv digests, in English and in Chinese.

    Without a command, digest-tui [PATH...] opens the library; PATHs (files, folders, - for
    stdin) are imported first.
    """
    context.obj = library


class _TakesQuery(click.Command):
    """A command whose query may begin with a minus: `papers -survey` is no option `-s`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        queries = [arg for arg in args[:end] if len(arg) > 2 and arg[0] == "-" != arg[1]]
        others = [arg for arg in args[:end] if arg not in queries]
        return super().parse_args(ctx, [*others, "--", *queries, *args[end + 1 :]])


def _command(
    name: str, kind: type[click.Command] = click.Command
) -> Callable[[Callable[..., None]], click.Command]:
    """A command whose function gets the library's folder first; `--library` may follow its name."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @click.pass_context
        def run(context: click.Context, /, library: Path | None, **arguments: Any) -> None:
            try:
                function(library or context.obj, **arguments)
            except KeyboardInterrupt as interrupt:
                _clear_line()
                _narrate([" ".join(("interrupted", *interrupt.args))])
                sys.exit(_INTERRUPTED)

        run.__doc__ = function.__doc__
        run.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
        return cli.command(name, cls=kind)(LIBRARY()(VERSION(run)))

    return decorate


@_command("open")
@click.argument("paths", nargs=-1, type=PATHS)
def _open(folder: Path | None, paths: tuple[Path, ...]) -> None:
    """Open the library; import PATHs (files, folders, - for stdin) first."""
    _prepare_screen()
    with _library(folder) as (library, settings, problems):
        outcomes = list(_imported(library, paths, lambda _: None))
        refused = [f"{o.file}: {o.reason}" for o in outcomes if o.status == "refused"]
        _narrate(refused)
        notices = [*problems, *refused, *filter(None, map(_problems_of, outcomes))]
        newest = max((o for o in outcomes if o.day), key=lambda o: str(o.day), default=None)
        _show(library, settings, newest.number if newest else None, notices)
    sys.exit(1 if refused else 0)


@_command("demo")
def _demo(folder: Path | None) -> None:
    """Open the sample digests, in a library that is gone afterwards."""
    _prepare_screen()
    from digest_tui.library import sample
    from digest_tui.settings import config_path, load
    from digest_tui.ui.app import SAMPLE

    settings, problems = load(config_path())
    with sample() as library:
        _show(library, settings, None, _sentences(problems), standing=SAMPLE)


@_command("import")
@click.argument("paths", nargs=-1, required=True, type=PATHS)
@JSON
def _import(folder: Path | None, paths: tuple[Path, ...], as_json: bool) -> None:
    """Import digests: files, folders, - for stdin. A refused file never stops the others."""
    begun = time.monotonic()
    outcomes: list[Imported] = []
    try:
        with _library(folder) as (opened, _, problems), _up_to_date(opened, problems) as library:
            _narrate(problems)
            outcomes.extend(_imported(library, paths, _tell_refusal if as_json else _tell_import))
    finally:
        if as_json:
            _print_json(list(map(_import_record, outcomes)))
    if len(outcomes) > 1:
        _narrate([_sum(outcomes, time.monotonic() - begun)])
    sys.exit(1 if any(outcome.status == "refused" for outcome in outcomes) else 0)


@_command("digests")
@JSON
def _digests(folder: Path | None, as_json: bool) -> None:
    """List the digests of the library, newest first."""
    with _session(folder) as session:
        if as_json:
            _print_json(
                _settled(session, lambda: [_digest_record(session, r.n) for r in session.digests])
            )
            return
        for row in _settled(session, lambda: session.digests):
            again = f"  as on {row.same_as}" if row.same_as else ""
            counts = f"{row.entries:>4} entries {row.papers:>4} papers {row.unread:>4} unread"
            _say([f"{row.day} {counts}  {row.file}{again}"])


@_command("papers", _TakesQuery)
@click.argument("query", default="")
@JSON
@click.option("--jsonl", "as_lines", is_flag=True, help="Print one JSON object a line.")
def _papers(folder: Path | None, query: str, as_json: bool, as_lines: bool) -> None:
    """List the papers that QUERY finds, in digest order."""
    from digest_tui.export import FORMATS

    with _session(folder) as session:
        holdings = _found(session, _parsed(query))
        if as_json or as_lines:
            _print(FORMATS["json" if as_json else "jsonl"].write(holdings))
            return
        for holding in holdings:
            state = ("read" if holding.read else "unread") + ("+starred" if holding.starred else "")
            day = holding.digests[0] if holding.digests else ""
            _say([f"{holding.paper.id}\t{day}\t{state}\t{holding.paper.title}"])


@_command("export", _TakesQuery)
@click.argument("query", default="is:starred")
@click.option(
    "-f",
    "--format",
    "format_",
    default="markdown",
    help="markdown (default), bibtex, csv, json, jsonl.",
)
@click.option(
    "-l",
    "--language",
    type=click.Choice(["both", "en", "zh"]),
    default="both",
    help="Both languages (default), or one where a paper has it.",
)
@click.option("-o", "--output", type=PATHS, help="A file, in place of stdout.")
def _export(
    folder: Path | None, query: str, format_: str, language: Language, output: Path | None
) -> None:
    """Write the papers that QUERY finds (the starred ones) in a format."""
    from digest_tui.export import FORMATS, in_languages

    if format_ not in FORMATS:
        raise click.BadParameter(f"“{format_}” is none of {', '.join(FORMATS)}", param_hint="-f")
    with _session(folder) as session:
        holdings = _found(session, _parsed(query))
        if output is None or str(output) == "-":
            _print(FORMATS[format_].write(in_languages(each, language) for each in holdings))
            return
        try:
            _narrate([session.write(holdings, format_, output, language)])
        except OSError as error:
            _fail(f"{output}: not written: {error.strerror or error}")


@_command("mark")
@click.option("--read", is_flag=True, help="Mark read.")
@click.option("--unread", is_flag=True, help="Mark unread.")
@click.option("--star", is_flag=True, help="Star.")
@click.option("--unstar", is_flag=True, help="Take the star away.")
@click.option("--query", help="Mark the papers that this query finds.")
@click.argument("ids", nargs=-1)
def _mark(folder: Path | None, query: str | None, ids: tuple[str, ...], **what: bool) -> None:
    """Mark papers, by their arXiv ids or by a query."""
    from digest_tui.marks import READ, STAR
    from digest_tui.store import NotSaved

    chosen = [name for name, is_given in what.items() if is_given]
    if len(chosen) != 1 or bool(ids) == (query is not None):
        raise click.UsageError(
            "give one of --read, --unread, --star and --unstar, and IDs or --query"
        )
    if query is not None and not query.strip():
        raise click.UsageError("an empty query would mark everything; date:>=1991 does, if meant")
    field = READ if "read" in chosen[0] else STAR
    value = not chosen[0].startswith("un")
    with _session(folder) as session:
        if query is not None:
            wanted = [holding.paper.id for holding in _found(session, _parsed(query, strict=True))]
            unknown = []
        else:
            plain = list(dict.fromkeys(map(_paper_id, ids)))
            known = _settled(session, lambda: session.index.numbers(plain))
            wanted = [id_ for id_ in plain if id_ in known]
            unknown = [id_ for id_ in plain if id_ not in known]
        try:
            changed = session.mark(wanted, field, value)
        except NotSaved as error:
            _fail(str(error))
        _narrate([f"{changed} of {len(wanted)} papers changed"])
        _narrate(f"{id_}: refused: no such paper in the library" for id_ in unknown)
    sys.exit(1 if unknown else 0)


@_command("doctor")
@JSON
@click.option("--fix", is_flag=True, help="Do what can be done safely, after saying what.")
def _doctor(folder: Path | None, as_json: bool, fix: bool) -> None:
    """Tell where everything is, what could not be read, and what to do about it."""
    from digest_tui.doctor import told

    now_ms = time.time_ns() // 1_000_000
    fixed: list[bool] = []
    with _examined(folder, now_ms) as found:
        if not as_json:
            _tell(told.told(found, now_ms))
        if fix:
            say = _narrate if as_json else _tell
            fixed += [_mended(finding, say) for finding in found.findings]
        elif not as_json:
            _tell(told.findings(found.findings))
        if as_json:
            _print_json(found.record(fixed))
    sys.exit(0 if sum(fixed) == len(found.findings) else 1)


@_command("completions")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def _completions(folder: Path | None, shell: str) -> None:
    """Print the completions for a shell, to be sourced by it."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "digest-tui", "_DIGEST_TUI_COMPLETE").source())


def main() -> None:
    """Runs the shell, with the arguments that the program was called with."""
    sys.excepthook = _tell_crash
    _replace_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        cli(prog_name="digest-tui")
    except OSError as error:
        if error.filename is None:
            # What of it is still held back would fail once more, at the very end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            _fail(f"the output cannot be written: {_why(error)}")
        _fail(f"{error.filename}: {_why(error)}; digest-tui doctor tells what to do")


def _replace_closed_streams() -> None:
    """Has something stand for each standard stream that was closed.

    Otherwise the next file that is opened gets its number, and with it what is meant for the
    stream. To write to stdout then fails, for the output would be lost.
    """
    streams = (("stdin", "r", os.O_RDONLY), ("stdout", "w", os.O_RDONLY))
    for name, mode, access in (*streams, ("stderr", "w", os.O_WRONLY)):
        if getattr(sys, name) is None:
            stream = os.fdopen(os.open(os.devnull, access), mode, encoding="utf-8")
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def _tell_crash(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Ends the program for an error that nobody expected: in three lines, with a report of it."""
    if not isinstance(error, Exception):
        sys.__excepthook__(kind, error, trace)
        return
    from digest_tui import crash

    command = next((word for word in sys.argv[1:] if word in cli.commands), "open")
    sentences = crash.untold(error)
    # Whatever else is broken, the first error is what is told.
    try:
        sentences = crash.told(error, command)
    finally:
        _narrate(sentences)
        sys.exit(crash.EXIT)


@contextmanager
def _library(folder: Path | None) -> Iterator[tuple[Library, Settings, list[str]]]:
    """The library in a folder, the settings, and what is wrong with them."""
    import sqlite3

    from digest_tui.library import Library
    from digest_tui.settings import config_path, load, places

    settings, problems = load(config_path())
    told = _sentences(problems)
    where = places(folder, settings)
    with ExitStack() as stack:
        try:
            library = stack.enter_context(closing(Library(where)))
        except (OSError, sqlite3.Error) as error:
            library = stack.enter_context(_with_passing_index(where, error, told))
        try:
            yield library, settings, told
        except sqlite3.Error as error:
            _fail(f"the index cannot be used: {error}")


@contextmanager
def _examined(folder: Path | None, now_ms: int) -> Iterator[Examination]:
    """An examination of the library in a folder; its index is left as it is found."""
    from digest_tui import doctor
    from digest_tui.library import Library
    from digest_tui.settings import config_path, load, places

    settings, problems = load(config_path())
    where = places(folder, settings)
    terminal = doctor.terminal((sys.stdout, sys.stderr, sys.stdin), os.environ)
    if sys.stderr.isatty():
        click.echo("Looking through the index ...", nl=False, err=True)
    health = doctor.health_of(where.index)
    _clear_line()
    passed: list[str] = []
    why = health.why
    opened = _with_passing_index(where, why, passed) if why else closing(Library(where))
    with opened as library, _up_to_date(library, passed) as fresh:
        _narrate(passed)
        yield doctor.examine(fresh, where, health, problems, terminal, now_ms)


def _mended(finding: Finding, say: Callable[[Iterable[str]], None]) -> bool:
    """Whether a finding needs no hand any more; what is done is told before and after."""
    from digest_tui.doctor import NotMended, told

    say(told.findings([finding.now]))
    if not finding.remedy:
        return False
    try:
        came = finding.mend()
    except NotMended as error:
        say([f"  not done: {error}"])
        return False
    say([f"  done: {came}"])
    return True


@contextmanager
def _with_passing_index(
    where: Places, error: Exception | str, problems: list[str]
) -> Iterator[Library]:
    """A library whose own index cannot be used, with another one, which is gone afterwards."""
    import sqlite3
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from digest_tui.library import Library

    why = _why(error) if isinstance(error, OSError) else error
    problems.append(f"{where.index}: {why}; an index was made in passing, which takes longer")
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(TemporaryDirectory(prefix="digest-tui-"))
            passing = replace(where, index=Path(folder) / where.index.name)
            library = stack.enter_context(closing(Library(passing)))
        except (OSError, sqlite3.Error) as also:
            if "fts5" in str(also):
                _fail(f"no index can be made ({also}): use another Python, whose SQLite has FTS5")
            _fail(f"no index can be made, neither at {where.index} ({why}) nor in passing ({also})")
        yield library


@contextmanager
def _up_to_date(library: Library, problems: list[str]) -> Iterator[Library]:
    """The library with its index up to date, or with a passing one where that cannot be written."""
    import sqlite3

    with ExitStack() as stack:
        with _Bar("Indexing") as bar:
            try:
                library.refresh(bar.draw)
            except KeyboardInterrupt:
                what = "while the index was brought up to date: the next call goes on with it"
                raise KeyboardInterrupt(what) from None
            except sqlite3.OperationalError as error:
                passing = _with_passing_index(library.places, error, problems)
                library = stack.enter_context(passing)
                library.refresh(bar.draw)
        yield library


def _sentences(problems: Iterable[Problem]) -> list[str]:
    return [
        f"config.toml{f':{problem.line}' if problem.line else ''}: {problem.message}"
        for problem in problems
    ]


@contextmanager
def _session(folder: Path | None) -> Iterator[Session]:
    """A session on a library whose index is up to date."""
    from digest_tui.session import Session

    with (
        _library(folder) as (opened, _, problems),
        _up_to_date(opened, problems) as library,
    ):
        _narrate(problems)
        _narrate(_unreadable(library.places.digests))
        session = Session(library)
        session.refresh()
        yield session


def _unreadable(folder: Path) -> Iterator[str]:
    """What is wrong with the folder of digests, if it is there and cannot be read."""
    try:
        os.scandir(folder).close()
    except FileNotFoundError:
        pass
    except OSError as error:
        yield f"{folder}: cannot be read ({_why(error)}); digest-tui doctor tells what to do"


def _settled(session: Session, ask: Callable[[], T]) -> T:
    """An answer; asked for again where the index was found damaged, and built anew meanwhile."""
    answer = ask()
    while session.index.is_damaged:
        session.library.refresh()
        session.refresh()
        answer = ask()
    return answer


def _found(session: Session, query: Query) -> Iterator[Holding]:
    """The papers that a query finds; after the index was built anew meanwhile, the rest of them."""
    given: set[PaperId] = set()
    while True:
        for holding in session.found(query):
            if holding.paper.id not in given:
                given.add(holding.paper.id)
                yield holding
        if not session.index.is_damaged:
            return
        session.library.refresh()


def _prepare_screen() -> None:
    """Sees to what has to be right before the screen's modules are imported."""
    if not sys.stdout.isatty():
        raise click.UsageError("the screen needs a terminal; digest-tui papers writes to a pipe")
    if os.environ.get("TERM") == "dumb":
        raise click.UsageError(
            "TERM=dumb: the screen needs a terminal that can place text; digest-tui papers needs"
            " none, and where the terminal can, TERM=xterm-256color says so"
        )
    # What a start makes stays until the end: to look through it for garbage, as Python does all
    # the time while modules are imported, only delays the first frame. The app turns it on again.
    gc.disable()
    # A key waits for the next frame to be shown; Textual reads this while it is imported.
    os.environ.setdefault("TEXTUAL_FPS", "240")


def _show(
    library: Library,
    settings: Settings,
    digest: int | None,
    notices: Sequence[str],
    standing: str = "",
) -> None:
    from digest_tui import resume
    from digest_tui.library import Library
    from digest_tui.session import Session
    from digest_tui.ui.app import DigestApp

    # Keys come from stdin, and Textual draws on stderr.
    for stream in (sys.stdin, sys.stderr):
        if not stream.isatty():
            try:
                os.dup2(os.open("/dev/tty", os.O_RDWR), stream.fileno())
            except OSError as error:
                _fail(f"there is no terminal to read keys from and to draw on: {_why(error)}")
    # A key does not wait for another window: what the index cannot take now, it takes later.
    with closing(Library(library.places, patience=0.01)) as hasty:
        session = Session(hasty)
        left = resume.load(library.places.left)
        session.start(digest, left)
        app = DigestApp(session, settings, notice=" · ".join(notices), standing=standing, left=left)
        try:
            app.run()
        finally:
            cause = app.crash or sys.exception()
            if isinstance(cause, Exception):
                _raise_crash(cause, app, library.places.left)
        if app.last:
            resume.save(library.places.left, app.last)
        if app.trouble:
            raise app.trouble
        session.retry()
        hasty.keep_marks()
        hasty.store.compact()
        if session.unsaved:
            _fail(session.unsaved)
    if app.return_code:
        sys.exit(app.return_code)


def _raise_crash(error: Exception, app: DigestApp, left: Path) -> NoReturn:
    """Raises what an error ended the screen with, after what can still be saved is."""
    from digest_tui import resume
    from digest_tui.crash import Crash

    session = app.session
    try:
        if app.last:
            resume.save(left, app.last)
        session.retry()
    finally:
        counts = f"{len(session.digests):,} digests, {session.totals.papers:,} papers"
        raise Crash(session.unsaved, counts) from error


class _Bar:
    """A line that tells how far something has come, on a terminal and where it takes a while."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._begun = time.monotonic()
        self._is_drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def draw(self, progress: Progress) -> None:
        """Draws the line; what is written next is to clear it first."""
        seconds = time.monotonic() - self._begun
        if seconds < _A_WHILE or not sys.stderr.isatty():
            return
        # The terminal writes ^C behind the bar: it is to stand in the same line.
        room = (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - len(self._doing) - 3
        told = progress.told("papers", seconds, room)
        width = min(room - len(told) - 3, 30)
        # Plain characters: where Chinese is at home, many others are two columns wide.
        filled = "#" * (width * progress.done // max(progress.total, 1))
        bar = f"[{filled:-<{width}}] " if width > 5 else ""
        line = f"{self._doing} {bar}{told}" if told else ""
        # Before it is: Ctrl-C may come in between.
        self._is_drawn = True
        click.echo(f"\r{line}\33[K", nl=False, err=True)

    def clear(self) -> None:
        """Leaves the line to whoever writes next."""
        if self._is_drawn:
            _clear_line()
            self._is_drawn = False


def _clear_line() -> None:
    if sys.stderr.isatty():
        click.echo("\r\33[K", nl=False, err=True)


def _imported(
    library: Library, paths: Sequence[Path], tell: Callable[[Imported], object]
) -> Iterator[Imported]:
    """What becomes of files, told above a bar: of many on a terminal only what calls for a hand."""
    from digest_tui.library import Progress

    total = library.count_files(paths)
    is_brief = total > _LISTED and sys.stdout.isatty() and sys.stderr.isatty()
    done = papers = 0
    try:
        with _Bar("Importing") as bar, closing(_outcomes(library, paths)) as outcomes:
            for done, outcome in enumerate(outcomes, start=1):
                papers += outcome.papers
                yield outcome
                if outcome.status == "refused" or outcome.problems or not is_brief:
                    bar.clear()
                    tell(outcome)
                bar.draw(Progress(done, total, papers))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_so_far(done, total)) from None
    except BrokenPipeError:
        _narrate([f"ended, as nobody reads the output, {_so_far(done, total)}"])
        raise


def _so_far(done: int, total: int) -> str:
    came = f"after {done:,} of {_count(total, 'file')}"
    return f"{came}: what was copied stays, and the same call imports the rest"


def _outcomes(library: Library, paths: Iterable[Path]) -> Generator[Imported, None, None]:
    for is_stdin, some in groupby(paths, lambda path: str(path) == "-"):
        if is_stdin:
            yield from (library.import_bytes(sys.stdin.buffer.read()) for _ in some)
        else:
            yield from library.import_paths(some)


def _problems_of(outcome: Imported) -> str:
    count = len(outcome.problems)
    return f"{outcome.file}: {count} problems; digest-tui doctor tells which" if count else ""


def _tell_refusal(outcome: Imported) -> None:
    if outcome.status == "refused":
        _narrate([f"{outcome.file}: refused: {outcome.reason}"])


def _tell_import(outcome: Imported) -> None:
    if outcome.status == "refused":
        _tell_refusal(outcome)
        return
    counts = f"{outcome.entries} entries, {outcome.papers} papers, {outcome.new} new"
    known = f"{outcome.status}: {outcome.format}, {outcome.day}, {counts}"
    _say([f"{outcome.file}: {known}, {len(outcome.problems)} problems"])
    _narrate(f"{outcome.file}:{p.line}: {p.message}" for p in outcome.problems)


def _sum(outcomes: Sequence[Imported], seconds: float) -> str:
    """What many files came to, in a sentence that leaves out what did not occur."""
    statuses = [
        f"{count:,} {status}"
        for status in ("imported", "known", "refused")
        if (count := sum(outcome.status == status for outcome in outcomes))
    ]
    papers = sum(outcome.papers for outcome in outcomes)
    new = sum(outcome.new for outcome in outcomes)
    parts = [f"{_count(len(outcomes), 'file')}: {', '.join(statuses)}"]
    if papers:
        parts.append(_count(papers, "paper") + (f", {new:,} new" if new else ""))
    if round(seconds):
        parts.append(f"{seconds:,.0f} s")
    return "; ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _import_record(outcome: Imported) -> dict[str, Any]:
    problems = [{"line": p.line, "message": p.message} for p in outcome.problems]
    return {
        "file": outcome.file,
        "status": outcome.status,
        "format": outcome.format or None,
        "date": outcome.day and str(outcome.day),
        "declared": outcome.declared,
        "entries": outcome.entries,
        "papers": outcome.papers,
        "new": outcome.new,
        "problems": problems or [{"line": 0, "message": outcome.reason}] * bool(outcome.reason),
    }


def _digest_record(session: Session, number: int) -> dict[str, Any]:
    index = session.index
    row = next(row for row in session.digests if row.n == number)
    announced, generated, declared = index.details(number)
    sections = index.sections(number)
    return {
        "date": str(row.day),
        "announced_at": announced and announced.isoformat(),
        "generated_at": generated and generated.isoformat(),
        "file": row.file,
        "format": row.format,
        "declared": declared,
        "entries": row.entries,
        "papers": row.papers,
        "unread": row.unread,
        "starred": index.starred_in(number),
        "keywords": [{"keyword": keyword, "entries": count} for keyword, count in sections],
        "problems": [{"line": p.line, "message": p.message} for p in index.problems(number)],
    }


def _parsed(text: str, strict: bool = False) -> Query:
    from digest_tui.query import parse

    parsed = parse(_storable(text))
    hints = [f"query, column {hint.start + 1}: {hint.message}" for hint in parsed.hints]
    _narrate(hints)
    if hints and strict:
        raise click.UsageError("nothing is marked by a query that was not understood as a whole")
    return parsed.query


def _paper_id(given: str) -> str:
    """The id that an argument means: a bare one, one with its version, `arXiv:`, or a link."""
    from digest_tui.paper import ARXIV_ID, ARXIV_URL

    bare = given[6:] if given[:6].lower() == "arxiv:" else given
    match = ARXIV_ID.fullmatch(bare) or ARXIV_URL.fullmatch(given)
    return match[1] if match else _storable(given)


def _storable(text: str) -> str:
    """An argument as text that SQLite takes: bytes that are not UTF-8 are replaced."""
    return text.encode("utf-8", "replace").decode()


def _print(chunks: Iterable[str]) -> None:
    for chunk in chunks:
        click.echo("\n".join(map(_shown, chunk.split("\n"))), nl=False)


def _print_json(value: Any) -> None:
    import json

    _print([json.dumps(value, ensure_ascii=False, indent=2), "\n"])


def _narrate(sentences: Iterable[str]) -> None:
    from digest_tui.printable import printable

    for sentence in sentences:
        click.echo(f"digest-tui: {printable(sentence)}", err=True)


def _tell(lines: Iterable[str]) -> None:
    """Prints what is for people to read, wherever it goes."""
    from digest_tui.printable import printable

    for line in lines:
        click.echo(printable(line))


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(_shown(line))


def _shown(line: str) -> str:
    """A line of stdout: as it stands for a program that reads it, printable on a terminal."""
    if not sys.stdout.isatty():
        return line
    from digest_tui.printable import printable

    return "\t".join(map(printable, line.removesuffix("\r").split("\t")))


def _why(error: OSError) -> str:
    from digest_tui.store import reason

    return reason(error)


def _fail(sentence: str) -> NoReturn:
    _narrate([sentence])
    sys.exit(1)
