"""A dialog over an empty screen, for the tests of the dialogs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from rich.cells import cell_len
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from tests.ui.conftest import frame, hosted

Answer = TypeVar("Answer")
SIZES = [(200, 60), (80, 24), (40, 12), (39, 7), (12, 4), (2, 2), (1, 1)]
"""Screens of (columns, rows)."""


@asynccontextmanager
async def opened(
    make: Callable[[], Screen[Answer]], size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Pilot[None], list[Answer | None]]]:
    """A dialog that was made and opened, and what it was closed with."""
    answers: list[Answer | None] = []
    async with hosted(Static(), size) as pilot:
        pilot.app.push_screen(make(), answers.append)
        await pilot.pause()
        yield pilot, answers


def line_of(pilot: Pilot[None], text: str) -> str:
    """The first line on screen that holds a text; empty where none does."""
    return next((line for line in frame(pilot).split("\n") if text in line), "")


async def click_on(pilot: Pilot[None], text: str, times: int = 1) -> None:
    """Clicks where a text first stands on screen."""
    y, line = next((y, line) for y, line in enumerate(frame(pilot).split("\n")) if text in line)
    x = cell_len(line[: line.index(text)])
    await pilot.click(offset=(x, y), times=times)
    await pilot.pause()
