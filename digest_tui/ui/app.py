"""The application: themes, rebound keys, the palette, and a clean way out.

Everything that is decided is on disk by the time it is shown, so leaving, by whatever way, loses
no decision. What it notes is where the reader was.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from rich.console import RenderableType
from textual import events, on
from textual.app import App
from textual.binding import Binding
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.filter import LineFilter
from textual.keys import _character_to_key
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widgets import Input
from textual.worker import WorkerFailed

from digest_tui.commands import COMMANDS, Command, shown
from digest_tui.crash import EXIT, Crash, is_ours
from digest_tui.library import sample
from digest_tui.resume import Left, looks, resumed
from digest_tui.session import Session
from digest_tui.settings import Settings, split_keys
from digest_tui.ui.colors import THEMES, shades
from digest_tui.ui.glyphs import ASCII, UNICODE
from digest_tui.ui.query_bar import QueryBar
from digest_tui.ui.screen import MainScreen
from digest_tui.ui.text import Harmless

LAST_RESORT = 3.0
"""Seconds."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Signals that tell the program to end."""
SAMPLE = "sample: marks go nowhere"


class WholeCells(ScrollBarRender):
    """A scrollbar without the eighths of a cell, which ASCII has no signs for."""

    VERTICAL_BARS = [" "] * 8


class CommandProvider(Provider):
    """The commands of the table, in the palette."""

    async def discover(self) -> Hits:
        for command in COMMANDS:
            run = partial(self.screen.run_action, command.action)
            yield DiscoveryHit(command.label, run, help=self._help(command))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in COMMANDS:
            names = (command.label, command.id, command.id.replace("-", " "))
            score = max(*map(matcher.match, names), matcher.match(command.help) * 0.5)
            if score > 0:
                run = partial(self.screen.run_action, command.action)
                yield Hit(score, matcher.highlight(command.label), run, help=self._help(command))
        for theme in sorted(self.app.available_themes):
            label = f"Theme {theme}"
            if (score := matcher.match(label)) > 0:
                yield Hit(
                    score, matcher.highlight(label), partial(setattr, self.app, "theme", theme)
                )

    def _help(self, command: Command) -> str:
        """What a command does, and the keys that it has."""
        assert isinstance(self.screen, MainScreen)
        keys = " ".join(shown(key) for key in self.screen.keys()[command.id])
        told = f"{keys} · {command.help}" if keys else command.help
        # A bracket would be taken for markup.
        return self.screen.glyphs.plain(told).replace("[", r"\[")


class DigestApp(App[None]):
    """digest-tui on the screen."""

    TITLE = "digest-tui"
    CSS_PATH = "digest.tcss"
    COMMANDS = {CommandProvider}
    BINDINGS = [Binding("ctrl+z", "suspend_process", show=False, system=True)]

    def __init__(
        self,
        session: Session,
        settings: Settings | None = None,
        *,
        notice: str = "",
        standing: str = "",
        left: Left | None = None,
    ) -> None:
        """`notice` is said once at the start, `standing` stays in the status line; `left` is how
        the program was left the last time, as far as the session does not know it."""
        left = left or Left(is_first=False)
        wanted = resumed(settings or Settings(), left)
        # The colors of the terminal are let through from the first frame on.
        super().__init__(ansi_color=True if wanted.theme.startswith("ansi-") else None)
        self.session = session
        self._left = left
        self._written = settings or Settings()
        self.settings = wanted
        is_ascii = self.settings.glyphs == "ascii"
        self.set_class(is_ascii, "-ascii")
        ScrollBar.renderer = WholeCells if is_ascii else ScrollBarRender
        self._notice = notice
        self._standing = standing
        self._harmless = Harmless()
        self._open = ExitStack()
        self._held: list[events.Key] | None = None
        """Keys that wait for the query to be kept; None where nothing is waited for."""
        for theme in THEMES:
            self.register_theme(theme)
        known = self.settings.theme in self.available_themes
        # Set without its watcher, which would style everything once more than the start does.
        self.set_reactive(DigestApp.theme, self.settings.theme if known else "digest-dark")
        self.stylesheet.set_variables(self.get_css_variables())
        # Textual takes every comma for one between two keys.
        self.set_keymap(
            {
                command: ",".join("comma" if key == "," else key for key in split_keys(keys))
                for command, keys in self.settings.keys.items()
            }
        )
        if not known:
            wrong = f"config.toml: there is no theme “{self.settings.theme}”; kept digest-dark"
            self._notice = " · ".join(filter(None, (self._notice, wrong)))
        self.trouble: sqlite3.Error | None = None
        """What was wrong with the index, where the program had to end for it."""
        self.crash: Exception | None = None
        """What nobody expected, where the program had to end for it: the first of it."""
        self._last_resort = threading.Timer(LAST_RESORT, self._break_off)
        self._last_resort.daemon = True
        self.last: Left | None = None
        """How the program was left, once it is."""

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        return {**variables, **shades(variables, is_dark=self.current_theme.dark)}

    def get_line_filters(self) -> Sequence[LineFilter]:
        others = super().get_line_filters()
        if others != self._harmless.others:
            self._harmless = Harmless(others)
        return [self._harmless]

    def get_default_screen(self) -> Screen[None]:
        left = self._left
        return self._screen(self.session, self._notice, self._standing, left)

    def _screen(self, session: Session, notice: str, standing: str, left: Left) -> MainScreen:
        """A main screen as the settings want it, and as it was left."""
        session.speak(self.settings.language)
        session.pack(self.settings.density == "compact")
        screen = MainScreen(
            session,
            self.settings.keys,
            notice=notice,
            standing=standing,
            glyphs=ASCII if self.settings.glyphs == "ascii" else UNICODE,
            left=left,
        )
        # The classes of its breakpoints come before it is styled for the first time.
        for size, breakpoints in (
            (self.size.width, screen.HORIZONTAL_BREAKPOINTS),
            (self.size.height, screen.VERTICAL_BREAKPOINTS),
        ):
            fitting = [name for least, name in breakpoints or () if size >= least]
            screen.add_class(*fitting[-1:], update=False)
        return screen

    def exit(
        self,
        result: None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """Ends the program, and notes how it is left while all of it is still there."""
        if not self.trouble:
            self.last = self._leaving()
        super().exit(result, return_code, message)

    def _leaving(self) -> Left:
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        session = self.session
        return replace(
            session.leave(),
            is_zoomed=screen.has_class("zoomed"),
            queries=tuple(screen.query_bar.queries),
            is_first=self._left.is_first and not session.digests,
            theme=self.theme,
            language=session.language,
            density="compact" if session.compact else "comfortable",
            settings=looks(self._written),
        )

    def on_load(self) -> None:
        # Before the terminal is taken, so that there is no moment at which it is not given back.
        for number in ENDING:
            self._on_signal(number, self.leave)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._handle_lost_exception)
        self._open.callback(setattr, threading, "excepthook", threading.excepthook)
        threading.excepthook = partial(self._handle_thread_exception, loop)

    def on_mount(self) -> None:
        # In place of what Textual does: it stops in the midst of whatever is being written, and
        # takes the terminal a second time when it is continued without having given it back.
        self._on_signal(signal.SIGTSTP, self.action_suspend_process)
        self._on_signal(signal.SIGCONT, partial(self.refresh, layout=True))

    def _on_signal(self, number: signal.Signals, call: Callable[[], object]) -> None:
        with suppress(NotImplementedError, ValueError, RuntimeError):
            asyncio.get_running_loop().add_signal_handler(number, call)

    def action_suspend_process(self) -> None:
        """Gives the terminal back and stops, until a shell puts the program in the foreground."""
        driver = self._driver
        if driver is None or not driver.can_suspend:
            return
        driver.suspend_application_mode()
        # All of the job: a script that started the program waits for it, and the shell for that.
        os.killpg(0, signal.SIGSTOP)
        while not _is_in_foreground():
            os.killpg(0, signal.SIGSTOP)
        driver.resume_application_mode()

    def leave(self) -> None:
        """Ends the program because it was told to: in good order, or without where that hangs.

        A terminal that is gone can keep a thread waiting for ever. Decisions are on disk already.
        """
        last_resort = threading.Timer(LAST_RESORT, os._exit, (1,))
        last_resort.daemon = True
        last_resort.start()
        # Behind what the start still has to do.
        self.call_later(self.exit)

    def on_ready(self) -> None:
        # All that stands by now stays: kept out of the collector's sight, it never costs a key
        # the tens of milliseconds that looking through all of Textual takes. What comes later is
        # looked through more rarely than Python would by itself.
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        gc.enable()
        # A key is answered by many short steps, and before each of them a thread that takes in
        # digests may hold the interpreter for so long.
        sys.setswitchinterval(0.0005)

    def on_unmount(self) -> None:
        self._open.close()

    def action_command_palette(self) -> None:
        """Finds a command by its name."""
        self.push_screen(CommandPalette(placeholder="a command", id="--command-palette"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The palette is for the main screen: a dialog would stand in the way of its commands."""
        return action != "command_palette" or isinstance(self.screen, MainScreen)

    async def on_event(self, event: events.Event) -> None:
        if self._is_held(event):
            return
        # An input method that was left on sends full-width letters: outside the query they are
        # the keys that they look like.
        if isinstance(event, events.Key | events.MouseDown) and isinstance(self.screen, MainScreen):
            self.screen.stay()
        if isinstance(event, events.Key) and not isinstance(self.focused, Input):
            event = _narrow(event)
            # Textual hands a key to the focused widget first, which bubbles it here again; by
            # then the next key was handed out too. What is typed after `/` belongs to the query.
            bound = self.screen.active_bindings.get(event.key)
            if bound and not event.is_forwarded:
                await self.run_action(bound.binding.action, bound.node)
                return
        await super().on_event(event)

    def _is_held(self, event: events.Event) -> bool:
        """Holds back what is typed between Enter in the query bar and the query being kept.

        The bar hears Enter some messages later; what comes in the meantime is meant for the list.
        """
        if not isinstance(event, events.Key) or event.is_forwarded:
            return False
        if self._held is not None and not self._ends_search(event):
            self._held.append(event)
            return True
        if event.key == "enter" and isinstance(self.focused, QueryBar):
            self._held = []
        return False

    def _ends_search(self, event: events.Key) -> bool:
        """Whether a key is for somebody who does not wait for a query to be answered."""
        if not isinstance(self.screen, MainScreen) or not self.screen.is_searching:
            return False
        bound = self.screen.active_bindings.get(event.key)
        return bound is not None and bound.binding.action in ("back", "quit", "app.quit")

    @on(MainScreen.QueryKept)
    def hand_out_held_keys(self) -> None:
        """The query is kept: what was typed since goes where it is meant to."""
        held, self._held = self._held or [], None
        for event in held:
            self.post_message(event)

    @on(MainScreen.SampleWanted)
    def open_sample(self) -> None:
        """Shows the sample digests, in a library that is gone afterwards."""
        session = Session(self._open.enter_context(sample()))
        session.start()
        self.push_screen(self._screen(session, "", SAMPLE, Left(is_first=False)))

    def _handle_exception(self, error: Exception) -> None:
        """Ends the program for an error, of which the shell tells once the terminal is restored."""
        # Damage is met by the index itself. What is left is an index that cannot be had at all:
        # nothing is lost with it, and the shell says why.
        if isinstance(error, sqlite3.Error):
            self.trouble = error
            self.exit(return_code=1)
            return
        self._close_messages_no_wait()
        if self.crash:
            return
        failed = error.error if isinstance(error, WorkerFailed) else error
        self.crash = failed if isinstance(failed, Exception) else error
        # Textual's tests of an app raise what stands here.
        self._exception = self.crash
        self._exception_event.set()
        if not self.is_headless:
            self._last_resort.start()
        # No file is called so: the next start does not go back to what it may have stopped at.
        self.last = replace(self._leaving(), digest="/")

    def _handle_lost_exception(
        self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]
    ) -> None:
        """Ends the program for an error in a callback, or in a task that nobody waits for."""
        if isinstance(error := context.get("exception"), Exception):
            self._handle_exception(error)

    def _handle_thread_exception(
        self, loop: asyncio.AbstractEventLoop, failed: threading.ExceptHookArgs
    ) -> None:
        """Ends the program for an error in a thread, which by itself would only end the thread."""
        error = failed.exc_value
        if not isinstance(error, Exception):
            return
        end = partial(self._handle_exception, error)
        # Textual's own threads do nothing but talk to the terminal, which is gone then.
        is_gone = isinstance(error, OSError) and not is_ours(error)
        # The program may have ended meanwhile.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self.leave if is_gone else end)

    def _build_driver(
        self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None
    ) -> Driver:
        driver = super()._build_driver(headless, inline, mouse, size)
        # By itself its thread of keys has a traceback painted, with all that the program holds.
        if isinstance(driver, LinuxDriver):
            driver._run_input_thread = driver.run_input_thread  # type: ignore[method-assign]
        return driver

    async def _shutdown(self) -> None:
        try:
            await super()._shutdown()
        finally:
            # What restores the terminal has to be there before anything is told.
            if self._driver:
                self._driver.close()
            self._last_resort.cancel()

    def _break_off(self) -> None:
        """Restores the terminal and tells of a crash, where the program does not end by itself."""
        is_stuck = threading.Timer(LAST_RESORT, os._exit, (EXIT,))
        is_stuck.daemon = True
        is_stuck.start()
        if isinstance(self._driver, LinuxDriver):
            self._driver._disable_mouse_support()
            self._driver.stop_application_mode()
            self._driver.close()
        # Textual keeps to itself what is written while it runs.
        sys.stderr = sys.__stderr__
        crash = Crash(self.session.unsaved)
        crash.__cause__ = self.crash
        try:
            sys.excepthook(Crash, crash, None)
        finally:
            os._exit(EXIT)


def _is_in_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        # There is no terminal any more, which SIGHUP tells.
        return True


def _narrow(event: events.Key) -> events.Key:
    character = event.character or ""
    if len(character) != 1 or not ("\uff01" <= character <= "\uff5e" or character == "\u3000"):
        return event
    twin = " " if character == "\u3000" else chr(ord(character) - 0xFEE0)
    return events.Key(_character_to_key(twin), twin)
