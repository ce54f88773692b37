"""How it looks: contrast in every state, every theme, no color at all, and ASCII."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.color import Color, ColorType
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES

from digest_tui.session import Session
from digest_tui.settings import Settings
from digest_tui.ui.facets import Facets
from digest_tui.ui.screen import MainScreen
from tests.terminal import Terminal
from tests.ui.conftest import frame, running

OURS = ("digest-dark", "digest-light")
STATES = {
    "the list": (),
    "decided": ("s", "r", "s"),
    "the digests": ("h",),
    "the paper": ("l",),
    "zoomed": ("z",),
    "source": ("v",),
    "a query being typed": (*"/policy zz:x",),
    "candidates": (*"/cat:",),
    "an empty bar": ("/",),
    "a query kept": (*"/learning", "enter"),
    "nothing found": (*"/qqqqq", "enter"),
    "a folded section": ("-",),
    "all decided": ("s", "A"),
    "facets": ("f", "space", "j"),
    "order": ("S", "j"),
    "copy": ("y", "j"),
    "export": ("e",),
    "help": ("?",),
    "help found": ("?", *"/star"),
    "the palette": (":",),
    "themes": ("T",),
}
DECORATION = re.compile(r"[\s\u2500-\u259f-]*")
"""Borders, bars and blanks, which nobody reads."""


@pytest.mark.parametrize("theme", OURS)
@pytest.mark.parametrize("state", STATES)
async def test_every_text_stands_out_from_what_is_behind_it(
    session: Session, theme: str, state: str
) -> None:
    async with running(session, Settings(theme=theme), size=(150, 40)) as pilot:
        await pilot.press(*STATES[state])
        await pilot.pause(0.1)
        faint = {text: ratio for text, ratio in contrasts(pilot) if ratio < 4.5}
    assert faint == {}


def contrasts(pilot: Pilot[None]) -> Iterator[tuple[str, float]]:
    """Every text on screen with its contrast (WCAG 2.2, 1.4.3), from 1 to 21."""
    screen = pilot.app.screen
    region = screen.region
    if not isinstance(screen, MainScreen | Facets):
        # What stands behind a dialog is dimmed.
        region = screen.query(".dialog, #--container").first().region
    for strip in screen._compositor.render_strips()[region.y : region.bottom]:
        for segment in strip.crop(region.x, region.right):
            style = segment.style
            if style is None or DECORATION.fullmatch(segment.text):
                continue
            ink, ground = style.color, style.bgcolor
            assert ink is not None, segment
            assert ground is not None, segment
            if style.reverse:
                ink, ground = ground, ink
            light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
            yield segment.text.strip(), (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    assert color.type is ColorType.TRUECOLOR, color
    assert color.triplet is not None
    parts = (part / 255 for part in color.triplet)
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", sorted(BUILTIN_THEMES))
async def test_every_theme_of_textual_works(session: Session, theme: str) -> None:
    async with running(session, Settings(theme=theme), size=(150, 40)) as pilot:
        await pilot.press("s", *"/learn", "enter")
        assert "Decision Transformer" in frame(pilot)
        if theme.startswith("ansi"):
            # What the terminal makes of its own sixteen colors is its own affair.
            return
        # These have inks that are themselves no farther from their paper.
        least = 3.1 if theme.startswith(("solarized", "atom-one")) else 4.5
        assert {text: ratio for text, ratio in contrasts(pilot) if ratio < least} == {}


async def test_a_theme_that_is_chosen_recolors_every_pane(session: Session) -> None:
    async with running(session, size=(150, 40)) as pilot:
        before = grounds(pilot)
        pilot.app.theme = "digest-light"
        await pilot.pause(0.2)
        assert len(before) <= 4
        assert not before & grounds(pilot)


def grounds(pilot: Pilot[None]) -> set[str]:
    strips = pilot.app.screen._compositor.render_strips()
    styles = [segment.style for strip in strips for segment in strip]
    return {style.bgcolor.name for style in styles if style and style.bgcolor}


@pytest.mark.parametrize("state", STATES)
async def test_with_ascii_glyphs_no_other_sign_is_drawn(session: Session, state: str) -> None:
    async with running(session, Settings(glyphs="ascii"), size=(150, 40)) as pilot:
        await pilot.press(*STATES[state])
        await pilot.pause(0.1)
        drawn = set(frame(pilot))
    said = {c for row in session.digests for c in text_of(session, row.file)}
    # Letters are those of a paper, or of a formula in one.
    assert {c for c in drawn - said if not (c.isascii() or c.isalnum())} == set()


def text_of(session: Session, file: str) -> str:
    return (session.library.places.digests / file).read_text("utf-8")


def test_no_color_means_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with Terminal("demo") as terminal:
        terminal.see("Decision Transformer")
        terminal.press("s")
        terminal.see("1 paper starred")
        terminal.settle()
        codes = re.findall(rb"\x1b\[([\d;]*)m", bytes(terminal.output))
    colors = {color for code in codes for color in COLORS.findall(code)}
    assert {color for color in colors if len(set(color.split(b";")[2:])) > 1} == set()


COLORS = re.compile(rb"(?:38|48);2;\d+;\d+;\d+")
"""True colors; grey where red, green and blue are one."""


@pytest.mark.parametrize("theme", sorted(set(BUILTIN_THEMES) - {"ansi-dark", "ansi-light"}))
async def test_no_color_of_a_theme_is_lost_in_its_ink(session: Session, theme: str) -> None:
    async with running(session, Settings(theme=theme)) as pilot:
        variables = pilot.app.get_css_variables()
        inks = {variables[f"{name}-ink"] for name in ("primary", "accent", "warning")}
        assert not inks & {variables["foreground"], variables["muted"]}
        assert variables["muted"] != variables["foreground"]


def test_an_ansi_theme_of_the_settings_leaves_the_colors_to_the_terminal(home: Path) -> None:
    folder = home / "config" / "digest-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('theme = "ansi-light"')
    with Terminal("demo") as terminal:
        terminal.see("Decision Transformer")
        terminal.settle()
        assert not COLORS.search(bytes(terminal.output))
