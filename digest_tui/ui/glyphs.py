"""The signs that the program draws itself, in Unicode, and in ASCII for terminals without.

Each is one cell wide where East Asian ambiguous characters are narrow. A terminal that takes them
for two cells is what the ASCII set is for. What a digest says is never translated.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One sign for each thing."""

    cursor: str = "▎"
    unread: str = "●"
    star: str = "★"
    cut: str = "…"
    """Where a text goes on that had no room."""
    rule: str = "─"
    done: str = "━"
    """The part of a bar that is behind."""
    left: str = "╌"
    """The part of a bar that is ahead."""
    open: str = "▾"
    folded: str = "▸"
    again: str = "↻"
    """A digest that issues an earlier one again."""
    chosen: str = "✓"
    dot: str = "·"
    """Between things that stand in a row."""

    def plain(self, text: str) -> str:
        """A sentence of the program's own, in ASCII where the other signs are."""
        return text.translate(_PLAIN) if self.dot.isascii() else text


_PLAIN = str.maketrans(
    {
        "·": "-",
        "“": '"',
        "”": '"',
        "…": "...",
        "×": "x",
        "↑": "Up",
        "↓": "Down",
        "←": "Left",
        "→": "Right",
        "–": "-",
        "—": "-",
    }
)


UNICODE = Glyphs()
ASCII = Glyphs(
    cursor=">",
    unread="o",
    star="*",
    cut="~",
    rule="-",
    done="#",
    left="-",
    open="-",
    folded="+",
    again="=",
    chosen="x",
    dot="-",
)
