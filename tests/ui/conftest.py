"""What the tests of the screen share: a session on the sample, and a running program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.keys import _character_to_key
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from digest_tui.library import Library, sample
from digest_tui.resume import Left
from digest_tui.session import Session
from digest_tui.settings import Settings, throwaway
from digest_tui.ui.app import DigestApp
from digest_tui.ui.colors import shades
from digest_tui.ui.digest_list import DigestList
from digest_tui.ui.paper_list import PaperList
from digest_tui.ui.screen import MainScreen

TODAY = date(2026, 3, 5)
HOSTILE = "[Re] a [/x] y[i] [link=z[0]] [@click=app.bell]x[/]"
"""Every way in which markup was ever seen to swallow a title, or the program."""
PATIENCE = 30.0
"""Seconds until something that does not come is given up: generous, for busy machines."""


@pytest.fixture
def session() -> Iterator[Session]:
    """A session on the bundled sample, which opens on 2026-03-04, the newest of three digests."""
    with sample() as library:
        session = Session(library, today=lambda: TODAY)
        session.start()
        yield session


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """Makes a session on digests given as texts, the last one newest."""
    libraries = []

    def session_of(*texts: str) -> Session:
        library = Library(throwaway(tmp_path / "made"))
        libraries.append(library)
        for number, text in enumerate(texts):
            outcome = library.import_bytes(text.encode(), f"{number}.txt")
            assert outcome.status == "imported", outcome.reason
        session = Session(library, today=lambda: TODAY)
        session.start()
        return session

    yield session_of
    for library in libraries:
        library.close()


def digest(*papers: str, day: str = "2026-03-05") -> str:
    """The text of a digest of one day."""
    heads = (
        f"生成时间: {day} 17:00:00 (UTC+8); Arxiv 发布时间: {day} 20:00 EST ({day} 09:00 UTC+8)",
        f"今天共有 {len(papers)} 篇相关文章",
    )
    return "\n".join((*heads, "Keyword: learning", *papers))


def paper(
    number: int,
    title: str = "",
    title_zh: str = "策略学习",
    *,
    authors: str = "Ada Lovelace, Alan Turing (Bletchley Park)",
    abstract: str = "We learn a policy.",
    abstract_zh: str = "我们学习策略。",
) -> str:
    """A paper of a digest; what is empty is left out."""
    lines = [title or f"Paper number {number}"]
    lines += [title_zh] * bool(title_zh)
    lines += [f"- Authors: {authors}"] * bool(authors)
    lines += ["- Subjects: Subjects:", "Machine Learning (cs.LG); Robotics (cs.RO)"]
    lines += [f"- Arxiv link: https://arxiv.org/abs/2603.{number:05}"]
    lines += [f"- Pdf link: https://arxiv.org/pdf/2603.{number:05}"]
    lines += ["- Abstract", abstract] if abstract else []
    lines += ["- 中文摘要", abstract_zh] if abstract_zh else []
    return "\n".join(lines)


class Host(App[None]):
    """An app of one pane, in the colors of the program."""

    CSS_PATH = Path(__file__).parents[2] / "digest_tui" / "ui" / "digest.tcss"

    def __init__(self, pane: Widget) -> None:
        super().__init__()
        pane.styles.width = "100%"
        self.pane = pane

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        return {**variables, **shades(variables, is_dark=True)}

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        if isinstance(self.pane, DigestList | PaperList):
            self.pane.show()


@asynccontextmanager
async def hosted(pane: Widget, size: tuple[int, int] = (60, 20)) -> AsyncIterator[Pilot[None]]:
    """A pane alone on a screen of (columns, rows)."""
    async with Host(pane).run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


@asynccontextmanager
async def running(
    session: Session,
    settings: Settings | None = None,
    *,
    size: tuple[int, int] = (150, 40),
    notice: str = "",
    left: Left | None = None,
) -> AsyncIterator[Pilot[None]]:
    """The whole program on a screen of (columns, rows), after its first look for digests."""
    app = DigestApp(session, settings, notice=notice, left=left)
    looked = asyncio.Event()

    def hear(message: Message) -> None:
        if isinstance(message, MainScreen.ScanEnded):
            looked.set()

    async with app.run_test(size=size, message_hook=hear) as pilot:
        await asyncio.wait_for(looked.wait(), PATIENCE)
        await pilot.pause()
        yield pilot


def main(pilot: Pilot[None]) -> MainScreen:
    """The main screen, under whatever dialog there is."""
    screens = reversed(pilot.app.screen_stack)
    return next(screen for screen in screens if isinstance(screen, MainScreen))


def frame(pilot: Pilot[None]) -> str:
    """The characters on screen, a line a row."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def status(pilot: Pilot[None]) -> str:
    """What the status line says, the counts at its right included."""
    line = main(pilot).query_one("#status").region
    return frame(pilot).split("\n")[line.y] if line.height else ""


async def type_in(pilot: Pilot[None], text: str) -> None:
    """Sends characters all at once, as a program that is late gets them from its terminal."""
    for character in text:
        pilot.app.post_message(events.Key(_character_to_key(character), character))
    await pilot.pause()
    await pilot.pause()


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Waits until a condition holds; fails with the screen where it never does."""
    end = asyncio.get_running_loop().time() + PATIENCE
    while not condition():
        assert asyncio.get_running_loop().time() < end, frame(pilot)
        await pilot.pause(0.05)
