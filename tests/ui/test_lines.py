"""The pane of lines that the dialogs draw on."""

from __future__ import annotations

from rich.segment import Segment

from digest_tui.ui.glyphs import UNICODE
from digest_tui.ui.lines import Lines
from tests.ui.conftest import frame, hosted


async def test_only_the_lines_on_screen_are_asked_for() -> None:
    asked: set[int] = set()

    def draw(line: int, width: int) -> list[Segment]:
        asked.add(line)
        return [Segment(f"line {line}", lines.style("text"))]

    lines = Lines(lambda width: 3_000, draw, UNICODE)
    async with hosted(lines, (30, 10)) as pilot:
        assert asked == set(range(10))
        lines.show(2_000)
        await pilot.pause()
        assert "▎line 2000" in frame(pilot)
        assert asked == {*range(10), *range(1_991, 2_001)}


async def test_how_many_lines_there_are_may_depend_on_the_width() -> None:
    lines = Lines(lambda width: width, lambda line, width: [], UNICODE)
    async with hosted(lines, (30, 10)) as pilot:
        before = lines.virtual_size.height
        await pilot.resize_terminal(20, 10)
        assert lines.virtual_size.height == before - 10
