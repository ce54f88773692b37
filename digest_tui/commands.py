"""The one table of commands.

Key bindings, the palette, the help screen and the key table of the README are made from
`COMMANDS` and from nothing else. An id is what settings rebind and what the screen's action is
named after, so an id, once released, stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Group = Literal["Move", "Decide", "Choose", "Read", "Keep", "Program"]


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that a key, the palette or a rebinding can ask for."""

    id: str
    keys: tuple[str, ...]
    """Characters and key names as Textual spells them; empty for a command of the palette."""
    label: str
    help: str
    """One sentence without its full stop, as the help screen and the README show it."""
    group: Group

    @property
    def action(self) -> str:
        """The screen's action: `next-unread` is carried out by `action_next_unread`."""
        return self.id.replace("-", "_")


COMMANDS: tuple[Command, ...] = (
    Command("down", ("j", "down"), "Down", "next paper; in the paper pane, a line down", "Move"),
    Command("up", ("k", "up"), "Up", "previous paper; in the paper pane, a line up", "Move"),
    Command("next-paper", ("J",), "Next paper", "next paper, from any pane", "Move"),
    Command("previous-paper", ("K",), "Previous paper", "previous paper, from any pane", "Move"),
    Command(
        "next-unread",
        ("n",),
        "Next unread",
        "next unread paper; past the end, on to the next digest that has one",
        "Move",
    ),
    Command(
        "previous-unread",
        ("p",),
        "Previous unread",
        "previous unread paper; before the first, back to the newer digest that has one",
        "Move",
    ),
    Command("first", ("g", "home"), "First", "first row, or the top of the paper", "Move"),
    Command("last", ("G", "end"), "Last", "last row, or the end of the paper", "Move"),
    Command("page-down", ("pagedown",), "Page down", "a page down", "Move"),
    Command("page-up", ("pageup",), "Page up", "a page up", "Move"),
    Command(
        "scroll-down", ("ctrl+d",), "Scroll down", "half a page down the paper, any pane", "Move"
    ),
    Command("scroll-up", ("ctrl+u",), "Scroll up", "half a page up the paper, any pane", "Move"),
    Command("next-digest", ("]",), "Next digest", "the digest below in the list", "Move"),
    Command("previous-digest", ("[",), "Previous digest", "the digest above in the list", "Move"),
    Command("next-keyword", ("}",), "Next keyword", "the next keyword of the list", "Move"),
    Command(
        "previous-keyword", ("{",), "Previous keyword", "the previous keyword of the list", "Move"
    ),
    Command(
        "into",
        ("enter", "l", "right"),
        "Into",
        "into the papers, into the paper; on the line of a keyword: fold, unfold",
        "Move",
    ),
    Command("out", ("h", "left"), "Out", "back to the pane on the left", "Move"),
    Command("next-pane", ("tab",), "Next pane", "the next pane", "Move"),
    Command("previous-pane", ("shift+tab",), "Previous pane", "the pane before", "Move"),
    Command(
        "read-on",
        ("space",),
        "Read on",
        "a page further down the paper; at its end, read and on to the next unread",
        "Decide",
    ),
    Command(
        "read",
        ("r",),
        "Read",
        "read, and on to the next unread; on a read paper: unread, and stay",
        "Decide",
    ),
    Command(
        "star",
        ("s",),
        "Star",
        "star; an unread paper is then read, and on to the next unread; "
        "on a read paper: toggle, and stay",
        "Decide",
    ),
    Command("read-all", ("A",), "All read", "mark all that the view shows read", "Decide"),
    Command("undo", ("u",), "Undo", "take back the last decision, a bulk one as a whole", "Decide"),
    Command("redo", ("U",), "Redo", "decide again what was taken back", "Decide"),
    Command("show-all", ("1",), "All", "every paper of the digest, or of the library", "Choose"),
    Command(
        "show-unread", ("2",), "Unread", "the unread papers of the digest, or of all", "Choose"
    ),
    Command(
        "show-starred", ("3",), "Starred", "the starred papers of the digest, or of all", "Choose"
    ),
    Command(
        "query",
        ("/",),
        "Filter",
        "filter as you type; Enter keeps the query, Esc clears it, ↑ ↓ recall earlier ones",
        "Choose",
    ),
    Command("facets", ("f",), "Facets", "narrow to keywords, subjects and dates", "Choose"),
    Command("order", ("S",), "Order", "by digest, unread first, title, author, id, date", "Choose"),
    Command("fold", ("-",), "Fold", "fold the papers of a keyword away, and back", "Choose"),
    Command("language", ("b",), "Language", "both languages, English, 中文", "Read"),
    Command(
        "open-abstract",
        ("o",),
        "Open page",
        "the abstract page in the browser; a link that is not arXiv's, when pressed again",
        "Read",
    ),
    Command(
        "open-pdf",
        ("O",),
        "Open PDF",
        "the PDF in the browser; a link that is not arXiv's, when pressed again",
        "Read",
    ),
    Command("authors", ("a",), "Authors", "all authors of the paper, or the first lines", "Read"),
    Command("source", ("v",), "Source", "the source text of the paper, and back", "Read"),
    Command("zoom", ("z",), "Zoom", "only the paper, and back", "Read"),
    Command("density", ("D",), "Density", "two lines a paper, or one", "Read"),
    Command(
        "copy",
        ("y",),
        "Copy",
        "id, link, PDF link, title, BibTeX or Markdown to the clipboard",
        "Keep",
    ),
    Command(
        "export",
        ("e",),
        "Export",
        "what is starred, what is shown, or this paper, to a file",
        "Keep",
    ),
    Command("rescan", ("R",), "Look for digests", "look for new digests now", "Program"),
    Command(
        "sample", ("d",), "Sample", "look around in the sample digests (empty library)", "Program"
    ),
    Command("theme", ("T",), "Theme", "choose the colors", "Program"),
    Command("commands", (":", "ctrl+p"), "Commands", "find a command by its name", "Program"),
    Command("help", ("?",), "Help", "all keys, and the query language", "Program"),
    Command("quit", ("q",), "Quit", "leave; everything is saved already", "Program"),
    Command("back", ("escape",), "Back", "one step back: dialog, query, pane", "Program"),
)

BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

_SHOWN = {
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "escape": "Esc",
}


def shown(key: str) -> str:
    """A key as help and README print it: `ctrl+d` as `Ctrl-d`, `down` as `↓`."""
    if len(key) == 1:
        return key
    *modifiers, name = key.split("+")
    name = name if len(name) == 1 else _SHOWN.get(name, name.capitalize())
    return "-".join([*(modifier.capitalize() for modifier in modifiers), name])


def key_table() -> str:
    """The key table of the README, as Markdown: a row a command that has a key."""
    rows = ["| key | does | name |", "| --- | --- | --- |"]
    for command in COMMANDS:
        if command.keys:
            keys = " ".join(f"`{shown(key)}`" for key in command.keys)
            rows.append(f"| {keys} | {command.help} | `{command.id}` |")
    return "\n".join(rows)
