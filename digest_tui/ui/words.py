"""What the screen says about a session: titles, the lines at its foot, and words for empty panes.

Keys are named as the settings have them, so no sentence ever tells of a key that does something
else. A line that has less room says less, and is cut nowhere but at its end, with a sign. Whatever
comes from a digest, a file name or a person travels as `Content`, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from rich.cells import cell_len
from textual.content import Content

from digest_tui.commands import BY_ID
from digest_tui.facets import Candidate
from digest_tui.index import DigestRow
from digest_tui.library import Progress
from digest_tui.printable import printable
from digest_tui.session import Session
from digest_tui.ui.glyphs import Glyphs
from digest_tui.ui.text import clip, typeset, wrap
from digest_tui.view import Section

LEAST = (40, 12)
"""Columns and rows below which the screen only keeps working."""
LISTED = 12
"""Starred papers that are named when all is decided."""
COUNTS = 15
"""Columns of the status line that what is told of indexing leaves to the counts."""
FAR = 50
"""Columns in which it is told how far that is, at most."""
NAMED = 3
"""New digests that are named by their day."""

PANE_KEYS: Mapping[str, tuple[str, ...]] = {
    "digests": ("down", "into", "show-unread", "query", "facets", "commands", "quit", "help"),
    "papers": ("down", "read", "star", "undo", "query", "facets", "export", "quit", "help"),
    "paper": ("read-on", "star", "language", "zoom", "out", "copy", "open-abstract", "help"),
}
"""The commands that matter in each pane; where there is less room, fewer before the last."""
DONE_KEYS = ("export", "next-unread", "undo", "query", "facets", "quit", "help")
"""Those that matter when all is decided."""
HEADING_KEYS = ("down", "into", "query", "facets", "order", "quit", "help")
"""Those that matter on the heading of a section."""
EMPTY_KEYS = ("sample", "rescan", "theme", "quit", "help")
"""Those of a library without a digest."""
QUERY_KEYS = (("Enter", "keeps"), ("↑", "earlier"), ("Esc", "clears"))
FACET_KEYS = (
    ("j k", "move"),
    ("Space", "ticks"),
    ("Tab", "next group"),
    ("c", "clears"),
    ("Esc", "closes"),
)
FIRST_KEYS = (
    ("down", "next"),
    ("read", "read"),
    ("star", "star"),
    ("help", "all keys"),
    ("undo", "undo"),
    ("back", "hides"),
)
"""What a beginner is told of."""


def title(session: Session, glyphs: Glyphs) -> str:
    """What the list of papers shows, for its border."""
    view = session.view
    status = "" if view.status == "all" else f" {glyphs.dot} {view.status}"
    if view.scope is None:
        return (view.status if status else "all").capitalize() + " papers"
    again = f" (as on {view.scope.same_as})" if view.scope.same_as else ""
    return f"{view.scope.day}{again}{status}"


def empty(session: Session, glyphs: Glyphs) -> str:
    """Why the list shows no paper, and what to do about it."""
    view, keys = session.view, session.keys
    if not session.digests:
        parts = ("No digests yet.", _key(keys, "sample", "opens the sample."))
    elif view.text:
        nothing = f"Nothing is found for “{view.text.strip()}”."
        parts = (printable(nothing), _key(keys, "back", "clears the query."))
    elif view.status != "all":
        parts = (f"Nothing {view.status} here.", _key(keys, "show-all", "shows all."))
    else:
        parts = ("No papers in this digest.", "")
    return glyphs.plain(_joined(*parts, glue=" "))


def instead_of_paper(session: Session, glyphs: Glyphs) -> str:
    """What stands in the paper pane where no paper is looked at: a headline, then the rest."""
    if session.is_done:
        return _done(session, glyphs)
    if session.heading:
        return _section(session, session.heading)
    return "No paper." if session.digests else _welcome(session)


def _welcome(session: Session) -> str:
    """How to come by something to read; what is to be typed stands in lines of its own."""
    folder, home = printable(str(session.library.places.digests)), str(Path.home())
    folder = "~" + folder.removeprefix(home) if folder.startswith(home) else folder
    sample = _key(session.keys, "sample", "opens the sample, for a look around")
    help_ = _key(session.keys, "help", "lists all keys")
    return _joined(
        "No digests yet",
        "digest-tui import PATH\ntakes in files and folders of digests.",
        f"{folder}\nis looked into as well: put files there.",
        _joined(sample, help_, glue="\n"),
        glue="\n\n",
    )


def _done(session: Session, glyphs: Glyphs) -> str:
    scope, keys, starred = session.view.scope, session.keys, session.starred_here()
    what = f"{scope.day} is decided" if scope else "Everything is decided"
    titles = [typeset(card.title or card.title_zh).text for card in starred[:LISTED]]
    listed = [f"{glyphs.star} {title}" for title in titles]
    if len(starred) > LISTED:
        listed.append(f"  and {len(starred) - LISTED} more")
    count = f"{session.decided[1]:,} papers, {len(starred):,} starred."
    older = session.beyond(1)
    beyond = older or session.beyond(-1)
    on = f"goes on to {beyond.day}, {beyond.unread} unread" if beyond else ""
    ways = (
        _key(keys, "export", "exports the starred ones") if starred else "",
        _key(keys, "next-unread" if older else "previous-unread", on) if beyond else "",
        _key(keys, "undo", "takes the last decision back"),
        _key(keys, "quit", "leaves; everything is saved"),
    )
    return _joined(what, count, "\n".join(listed), _joined(*ways, glue="\n"), glue="\n\n")


def _section(session: Session, section: Section) -> str:
    name = typeset(section.name).text or "All papers"
    papers, unread = len(section.numbers), session.unread_in(section)
    folds = _key(session.keys, "into", "unfolds them" if section.is_folded else "folds them away")
    return _joined(name, f"{unread:,} unread of {papers:,}.", folds, glue="\n\n")


def status(
    session: Session, message: str, standing: str, size: tuple[int, int], glyphs: Glyphs
) -> Content:
    """The status line: what was done or is wrong at the left, counts at the right."""
    view, room = session.view, max(size[0] - 2, 0)
    inside = "found inside words" if view.is_widened and view.papers else ""
    hint = view.hints[0].message if view.hints else inside
    hint = hint.removesuffix(rest_of_hint(session, room)).rstrip()
    small = f"made for {LEAST[0]}×{LEAST[1]} and more"
    is_small = size[0] < LEAST[0] or size[1] < LEAST[1]
    said = message or hint or (small if is_small else "")
    said = glyphs.plain(printable(_joined(session.unsaved, said, glue=" · ")))
    said = clip(said, room, glyphs.cut)
    is_part = bool(view.text.strip()) or view.status != "all"
    total = view.scope.papers if view.scope else session.totals.papers
    papers = "1 paper" if view.papers == 1 else f"{view.papers:,} papers"
    found = f"{view.papers:,} of {max(total, view.papers):,}" if is_part else papers
    unread = f"{session.unread:,} unread"
    shorter = ((standing, found, unread), (standing, unread), (standing,), (unread,))
    lines = (_joined(*parts, glue=f" {glyphs.dot} ") for parts in shorter)
    left = room - cell_len(said) - 2 * bool(said)
    counts = next((line for line in lines if line and cell_len(line) <= left), "")
    gap = " " * (room - cell_len(said) - cell_len(counts))
    alarm = "bold $error-ink" if session.unsaved else ""
    return Content.assemble((said, alarm), gap, (counts, "$muted"))


def in_full(session: Session, message: str, size: tuple[int, int], glyphs: Glyphs) -> Content:
    """The status line while it says something that is not to be cut off, on several lines."""
    lines = _lines_in_full(session, message, size, glyphs)
    most = max(size[1] // 2, 1)
    cut = [glyphs.cut] if len(lines) > most else []
    return Content("\n".join(lines[: most - len(cut)] + cut))


def fits(session: Session, message: str, size: tuple[int, int], glyphs: Glyphs) -> bool:
    """Whether `in_full` leaves out nothing: half of the screen is enough."""
    return len(_lines_in_full(session, message, size, glyphs)) <= size[1] // 2


def _lines_in_full(
    session: Session, message: str, size: tuple[int, int], glyphs: Glyphs
) -> list[str]:
    said = glyphs.plain(printable(_joined(session.unsaved, message, glue=" · ")))
    return [said[start:end] for start, end in wrap(said, max(size[0] - 2, 1))]


def indexing(progress: Progress, seconds: float, width: int) -> str:
    """How far digests are indexed after so many seconds: papers, their rate, the time left."""
    return progress.told("papers indexed", seconds, min(width - COUNTS, FAR))


def filled(session: Session) -> str:
    """What the library holds, now that all of it is indexed."""
    return f"{len(session.digests):,} digests, {session.totals.papers:,} papers indexed"


def gone(days: Sequence[date]) -> str:
    """Which digests are no longer there."""
    more = f" and {len(days) - NAMED:,} more" if len(days) > NAMED else ""
    return f"Gone: {', '.join(map(str, days[:NAMED]))}{more}"


def news(new: Sequence[DigestRow], problems: int) -> str:
    """Which digests came in, and how much in them could not be read as expected."""
    days = f"New: {', '.join(str(row.day) for row in new[:NAMED])}"
    more = f" and {len(new) - NAMED:,} more" if len(new) > NAMED else ""
    many = f"{problems:,} problem{'s' * (problems > 1)}"
    wrong = f" · {many}; digest-tui doctor tells which" if problems else ""
    return days + more + wrong


def rest_of_hint(session: Session, width: int) -> str:
    """What of the first hint does not fit into a line: it stands in the next one."""
    hints = session.view.hints
    if not hints or cell_len(hints[0].message) <= width:
        return ""
    return hints[0].message[wrap(hints[0].message, width)[0][1] :].lstrip()


def pane_keys(session: Session, pane: str, width: int, glyphs: Glyphs) -> Content:
    """The keys that matter in a pane as it is, as many as there is room for."""
    wanted = PANE_KEYS[pane]
    if not session.digests:
        wanted = EMPTY_KEYS
    elif session.is_done:
        wanted = DONE_KEYS
    elif session.heading and pane == "papers":
        wanted = HEADING_KEYS
    named = [(session.keys[id_], BY_ID[id_].label) for id_ in wanted if id_ in session.keys]
    return _keys(named, width, glyphs)


def query_keys(candidates: Sequence[Candidate], turn: int, width: int, glyphs: Glyphs) -> Content:
    """What the query bar listens to, or what the value that is being typed could become."""
    if not candidates:
        return _keys(QUERY_KEYS, width, glyphs)
    parts: list[tuple[str, str]] = [("Tab", "bold $accent-ink")]
    room = width - 3
    for place, candidate in enumerate(candidates):
        label = clip(candidate.label, 40, glyphs.cut)
        room -= cell_len(label) + 2
        if room < 0 and place:
            break
        parts += [("  ", ""), (label, "bold underline" if place == max(turn, 0) else "")]
    return Content.assemble(*parts)


def facet_keys(width: int, glyphs: Glyphs) -> Content:
    """What the facets listen to."""
    return _keys(FACET_KEYS, width, glyphs)


def first_hint(session: Session, width: int, glyphs: Glyphs) -> Content:
    """The line for somebody who is here for the first time."""
    named = [(session.keys[id_], does) for id_, does in FIRST_KEYS if id_ in session.keys]
    greeting = "New here?  "
    return Content.assemble((greeting, "bold"), _keys(named, width - len(greeting), glyphs))


def _keys(named: Sequence[tuple[str, str]], width: int, glyphs: Glyphs) -> Content:
    """Keys and what each does; where there is less room, fewer before the last."""
    shown = [(glyphs.plain(key), does) for key, does in named]
    while len(shown) > 1 and sum(cell_len(key + does) + 3 for key, does in shown) - 2 > width:
        del shown[-2]
    parts: list[tuple[str, str]] = []
    for key, does in shown:
        parts += [("  " if parts else "", ""), (key, "bold $accent-ink"), (f" {does}", "")]
    return Content.assemble(*(part for part in parts if part[0]))


def _key(keys: Mapping[str, str], command: str, does: str) -> str:
    return f"{keys[command]} {does}" if command in keys else ""


def _joined(*parts: str, glue: str) -> str:
    return glue.join(part for part in parts if part)
