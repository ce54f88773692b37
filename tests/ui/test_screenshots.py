"""The pictures of the README, which are true because they are compared here.

`pytest tests/ui/test_screenshots.py --update-screenshots` writes them anew and names those
that changed; a person looks at them before they are committed. Where Chromium is installed, the
PNGs are painted anew too; each holds the checksum of the SVG that it shows.
"""

from __future__ import annotations

import hashlib
import html
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from digest_tui.library import Library, sample
from digest_tui.session import Session
from digest_tui.settings import Settings, throwaway
from digest_tui.ui.app import SAMPLE, DigestApp

FOLDER = Path(__file__).parent.parent.parent / "screenshots"
TEXTUAL = "8.2.8"
TEXT = re.compile(
    r'(<text class="terminal-r\d+" x=")([\d.]+)(" y="[\d.]+" textLength=")[\d.]+("[^>]*>)'
    "([^<]*)</text>"
)
CELL = 12.2
"""The width of a cell in the picture."""

DARK = Settings()
PICTURES: dict[str, tuple[tuple[int, int], Settings, Sequence[str]]] = {
    "wide": ((150, 42), DARK, ("s", "r", "r", "s")),
    "medium": ((100, 30), DARK, ("r", "s", "r")),
    "narrow": ((46, 26), DARK, ("s", "r")),
    "paper": ((118, 34), DARK, ("s", "G", "z")),
    "chinese": ((120, 34), Settings(language="zh"), ("s", "r")),
    "filter": ((150, 36), DARK, ("1", "[", *"/策略 learning")),
    "facets": ((120, 32), DARK, ("[", "f", "space", "}", "space")),
    "export": ((110, 32), DARK, ("s", "s", "e")),
    "help": ((100, 36), DARK, ("?",)),
    "palette": ((100, 30), DARK, (":", *"unread")),
    "light": ((150, 42), Settings(theme="digest-light"), ("s", "r", "r", "s")),
    "decided": ((120, 32), DARK, ("s", "r", "r", "s", "A")),
    "empty": ((100, 24), DARK, ()),
}
PAINTED = ("wide", "filter")
"""Those that are there as PNG too."""


@contextmanager
def library(name: str, folder: Path) -> Iterator[Library]:
    if name != "empty":
        with sample() as opened:
            yield opened
        return
    digests = Path.home() / ".local/share/digest-tui/digests"
    opened = Library(replace(throwaway(folder), digests=digests))
    yield opened
    opened.close()


async def draw(name: str, folder: Path) -> str:
    size, settings, keys = PICTURES[name]
    with library(name, folder) as opened:
        session = Session(opened)
        session.start()
        app = DigestApp(session, settings, standing=SAMPLE if session.digests else "")
        async with app.run_test(size=size) as pilot:
            await pilot.press(*keys)
            await pilot.pause(0.3)
            for entry in app.screen.query(Input):
                entry.cursor_blink = False
                if entry.id == "path":
                    # Where the file would go differs from machine to machine.
                    entry.value = "~/notes/starred.md"
            await pilot.pause()
            return _steady(app.export_screenshot())


def _steady(svg: str) -> str:
    """The picture without its random ids, and with every glyph in its cell.

    Rich gives a wide character the width of one cell, and a browser spreads a run of characters
    evenly; so wide and narrow characters become runs of their own, each at its place.
    """
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return TEXT.sub(_in_cells, svg)


def _in_cells(text: re.Match[str]) -> str:
    before, left, between, behind, content = text.groups()
    at, runs = float(left), ""
    for _, characters in groupby(html.unescape(content), key=cell_len):
        run = "".join(characters)
        width = CELL * cell_len(run)
        shown = html.escape(run).replace(" ", "&#160;")
        runs += f"{before}{at:g}{between}{width:g}{behind}{shown}</text>"
        at += width
    return runs


@pytest.mark.parametrize("name", PICTURES)
async def test_the_picture_is_true(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if version("textual") != TEXTUAL:
        pytest.skip(f"the pictures are those of Textual {TEXTUAL}")
    path = FOLDER / f"{name}.svg"
    drawn = await draw(name, tmp_path)
    if request.config.getoption("--update-screenshots"):
        if not path.exists() or path.read_text("utf-8") != drawn:
            path.write_text(drawn, "utf-8")
            print(f"changed: {path.name}")
        if name in PAINTED and _checksum(path) != _painted_from(path.with_suffix(".png")):
            _paint(path)
        return
    assert path.read_text("utf-8") == drawn


def test_there_is_no_other_picture() -> None:
    assert {path.stem for path in FOLDER.glob("*.svg")} == set(PICTURES)
    assert {path.stem for path in FOLDER.glob("*.png")} == set(PAINTED)


@pytest.mark.parametrize("name", PAINTED)
def test_a_png_shows_what_its_svg_does(name: str) -> None:
    path = FOLDER / f"{name}.svg"
    assert _painted_from(path.with_suffix(".png")) == _checksum(path)


def _checksum(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).hexdigest().encode()


def _painted_from(png: Path) -> bytes:
    """The checksum in a PNG: the text after the last `svg` (https://www.w3.org/TR/png-3/#11tEXt)."""
    found = re.search(rb"tEXtsvg\0([0-9a-f]{64})", png.read_bytes()) if png.exists() else None
    return found[1] if found else b""


def _paint(svg: Path) -> None:
    """Paints a picture with Chromium, since other converters do not put glyphs into cells."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        print(f"not painted, for want of Chromium: {svg.stem}.png")
        return
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg.read_text("utf-8"))
    assert found
    width, height = (int(float(length)) for length in found.groups())
    png = svg.with_suffix(".png")
    flags = ("--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={width},{height}")
    subprocess.run(
        [chromium, *flags, f"--screenshot={png}", svg.as_uri()], check=True, capture_output=True
    )
    text = b"tEXtsvg\0" + _checksum(svg)
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    data = png.read_bytes()
    # Behind the signature and the header, which every PNG begins with.
    png.write_bytes(data[:33] + chunk + data[33:])
    print(f"painted: {png.name}")
