"""The pictures of the README, which are true because they are compared here.

`pytest tests/ui/test_screenshots.py --update-screenshots` writes them anew and names those
that changed; a person looks at them before they are committed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from digest_tui.library import sample
from digest_tui.session import Session
from digest_tui.settings import Settings
from digest_tui.ui.app import SAMPLE, DigestApp

FOLDER = Path(__file__).parent.parent.parent / "screenshots"
TEXTUAL = "8.2.8"

PICTURES: dict[str, tuple[tuple[int, int], str, Sequence[str]]] = {
    "wide": ((150, 42), "digest-dark", ("s", "r", "r", "s")),
    "medium": ((100, 30), "digest-dark", ("r", "s", "r")),
    "narrow": ((46, 26), "digest-dark", ("s", "r")),
    "paper": ((118, 34), "digest-dark", ("s", "G", "z")),
    "filter-chinese": ((150, 36), "digest-dark", ("1", "[", *"/策略优化")),
    "help": ((100, 36), "digest-dark", ("?",)),
    "export": ((110, 32), "digest-dark", ("s", "s", "e")),
    "light": ((150, 42), "digest-light", ("s", "r", "r", "s")),
}


async def draw(size: tuple[int, int], theme: str, keys: Sequence[str]) -> str:
    with sample() as library:
        session = Session(library)
        session.start()
        app = DigestApp(session, Settings(theme=theme), standing=SAMPLE)
        async with app.run_test(size=size) as pilot:
            for entry in app.screen.query(Input):
                entry.cursor_blink = False
            for key in keys:
                await pilot.press(key)
            await pilot.pause(0.3)
            if keys[-1] == "e":
                # Where the file would go differs from machine to machine.
                app.screen.query_one("#path", Input).value = "~/notes/starred.md"
                await pilot.pause()
            return _steady(app.export_screenshot())


def _steady(svg: str) -> str:
    """The picture without its random ids, and with Chinese as wide as it is in a terminal.

    Rich gives a wide character the width of one cell (`textLength` counts characters).
    """
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    char_width = 12.2

    def widened(text: re.Match[str]) -> str:
        cells = cell_len(html.unescape(text[3]))
        return f'{text[1]}textLength="{char_width * cells:.1f}"{text[2]}{text[3]}</text>'

    pattern = r'(<text class="terminal-r\d+"[^>]*?)textLength="[\d.]+"([^>]*>)([^<]*)</text>'
    return re.sub(pattern, widened, svg)


@pytest.mark.parametrize("name", PICTURES)
async def test_the_picture_is_true(name: str, request: pytest.FixtureRequest) -> None:
    if version("textual") != TEXTUAL:
        pytest.skip(f"the pictures are those of Textual {TEXTUAL}")
    path = FOLDER / f"{name}.svg"
    drawn = await draw(*PICTURES[name])
    if request.config.getoption("--update-screenshots"):
        if not path.exists() or path.read_text("utf-8") != drawn:
            path.write_text(drawn, "utf-8")
            print(f"changed: {path.name}")
        return
    assert path.read_text("utf-8") == drawn


def test_there_is_no_other_picture() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(PICTURES)
