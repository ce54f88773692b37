"""The two themes of our own, and the colors that every theme is given to write with.

Text is told from what is behind it by a contrast of at least 4.5 : 1, in every theme whose own ink
is. A list draws its own lines, where a color that is relative to its ground has no ground to be
relative to; so all shades are mixed here, once a theme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.color import Color
from textual.theme import Theme

THEMES = (
    Theme(
        name="digest-dark",
        dark=True,
        primary="#7aa2c9",
        secondary="#8fa3b3",
        accent="#e0af68",
        warning="#e6b450",
        error="#e27878",
        success="#8fb573",
        foreground="#d7d9dc",
        background="#16181b",
        surface="#1d2024",
        panel="#2a2e34",
    ),
    Theme(
        name="digest-light",
        dark=False,
        primary="#2f5d86",
        secondary="#5b6b78",
        accent="#8a4b00",
        warning="#8a5a00",
        error="#a32020",
        success="#3d6b1f",
        foreground="#22262a",
        background="#fbfaf7",
        surface="#f0eee9",
        panel="#dedbd4",
    ),
)


_CURSOR, _CURSOR_BLURRED, _RULE, _MUTED = 0.13, 0.08, 0.3, 0.66
"""How much ink is in each shade of the paper; muted text gets more where it needs it."""
_LEAST_CONTRAST = 4.5
"""Of text and what is behind it (https://www.w3.org/TR/WCAG22/#contrast-minimum)."""
_QUIET = 0.8
"""Where a theme's own ink has little more contrast than that, muted text has this part of it."""
_BLACK, _WHITE = Color(0, 0, 0), Color(255, 255, 255)
_INKS = ("primary", "secondary", "accent", "warning", "error")
"""Colors of a theme that text is written in: `$primary-ink` is one that can be read."""
_ANSI = {
    "muted": "ansi_default",
    "rule": "ansi_bright_black",
    "cursor-blurred": "ansi_default",
    "primary-ink": "ansi_blue",
    "secondary-ink": "ansi_cyan",
    "accent-ink": "ansi_magenta",
    "warning-ink": "ansi_yellow",
    "error-ink": "ansi_red",
}


def shades(variables: Mapping[str, str], *, is_dark: bool) -> dict[str, str]:
    """Shades between a theme's paper and its ink, and inks made of its other colors.

    Those are meant for surfaces: in many a theme they cannot be read as text.
    """
    ink, paper = Color.parse(variables["foreground"]), Color.parse(variables["background"])
    if ink.ansi is not None or paper.ansi is not None:
        return {**_ANSI, "cursor": _ANSI["rule"] if is_dark else "ansi_white"}
    cursor = paper.blend(ink, _CURSOR)
    grounds = (paper, Color.parse(variables["surface"]), cursor)
    least = min(_LEAST_CONTRAST, _QUIET * min(_contrast(ink, ground) for ground in grounds))
    mixed = {
        "muted": _drawn(paper.blend(ink, _MUTED), ink, grounds, least),
        "rule": paper.blend(ink, _RULE),
        "cursor": cursor,
        "cursor-blurred": paper.blend(ink, _CURSOR_BLURRED),
    }
    for name in _INKS:
        # Towards black or white: towards the ink, it would lose the color that tells it from ink.
        pole = _WHITE if is_dark else _BLACK
        mixed[f"{name}-ink"] = _drawn(Color.parse(variables[name]), pole, grounds, least)
    return {name: color.hex for name, color in mixed.items()}


def _drawn(color: Color, pole: Color, grounds: Sequence[Color], least: float) -> Color:
    """The color, drawn towards a pole as far as it takes for a contrast with every ground."""
    shades = (color.blend(pole, share / 10) for share in range(11))
    return next((c for c in shades if all(_contrast(c, g) >= least for g in grounds)), pole)


def _contrast(one: Color, other: Color) -> float:
    """The contrast of two colors by WCAG 2.2, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    parts = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in color.normalized)
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
