"""What the screen says about a session: titles, the lines at its foot, and words for empty panes.

Keys are named as the settings have them, so no sentence ever tells of a key that does something
else. Whatever comes from a digest, a file name or a person travels as `Content`, never as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.cells import cell_len
from textual.content import Content

from digest_tui import latex
from digest_tui.commands import BY_ID
from digest_tui.facets import Candidate
from digest_tui.session import Session
from digest_tui.ui.glyphs import Glyphs
from digest_tui.ui.text import clip, printable
from digest_tui.view import Section

LEAST = (40, 12)
"""Columns and rows below which the screen only keeps working."""
LISTED = 12
"""Starred papers that are named when all is decided."""

PANE_KEYS: Mapping[str, tuple[str, ...]] = {
    "digests": ("down", "into", "show-unread", "query", "facets", "commands", "help", "quit"),
    "papers": ("down", "read", "star", "undo", "query", "facets", "export", "help", "quit"),
    "paper": ("read-on", "star", "language", "zoom", "copy", "open-abstract", "out", "help"),
}
"""The commands that matter in each pane, by what they do there."""
EMPTY_KEYS = ("sample", "rescan", "theme", "help", "quit")
"""Those of a library without a digest."""
QUERY_KEYS = (
    ("Enter", "keeps"),
    ("Esc", "clears"),
    ("Tab", "completes"),
    ("↑", "earlier"),
)
FIRST_KEYS = (
    ("down", "next"),
    ("read", "read, next"),
    ("star", "star, next"),
    ("undo", "undo"),
    ("help", "all keys"),
)


def title(session: Session) -> str:
    """What the list of papers shows, for its border."""
    view = session.view
    status = "" if view.status == "all" else f" · {view.status}"
    if view.scope is None:
        return (view.status if status else "all").capitalize() + " papers"
    again = f" (as on {view.scope.same_as})" if view.scope.same_as else ""
    return f"{view.scope.day}{again}{status}"


def empty(session: Session) -> str:
    """Why the list shows no paper, and what to do about it."""
    view, keys = session.view, session.keys
    if not session.digests:
        folder = printable(str(session.library.places.digests))
        return "There are no digests yet. Import some with “digest-tui import PATH”, " + _joined(
            f"or put the files into {folder}.",
            _key(keys, "sample", "opens the sample, for a look around."),
            glue="\n\n",
        )
    if view.text:
        return _joined(
            f"Nothing is found for “{view.text}”.",
            _key(keys, "back", "clears the query."),
            glue=" ",
        )
    if view.status != "all":
        return _joined(
            f"Nothing {view.status} here.", _key(keys, "show-all", "shows all."), glue=" "
        )
    return "No papers in this digest."


def instead_of_paper(session: Session, glyphs: Glyphs) -> str:
    """What stands in the paper pane where no paper is looked at: a headline, then the rest."""
    if session.is_done:
        return _done(session, glyphs)
    if session.heading:
        return _section(session, session.heading)
    return "No paper." if session.digests else "Nothing to read yet."


def _done(session: Session, glyphs: Glyphs) -> str:
    scope, keys, starred = session.view.scope, session.keys, session.starred_here()
    what = f"{scope.day} is decided" if scope else "Everything is decided"
    listed = [
        f"{glyphs.star} {latex.render(card.title or card.title_zh)}" for card in starred[:LISTED]
    ]
    if len(starred) > LISTED:
        listed.append(f"  and {len(starred) - LISTED} more")
    count = f"{session.decided[1]} papers, {len(starred)} starred."
    older = session.beyond(1) or session.beyond(-1)
    further = f"goes on to {older.day}, {older.unread} unread" if older else ""
    is_older = older is not None and older == session.beyond(1)
    ways = (
        _key(keys, "export", "exports the starred ones") if starred else "",
        _key(keys, "next-unread" if is_older else "previous-unread", further) if older else "",
        _key(keys, "undo", "takes the last decision back"),
        _key(keys, "quit", "leaves; everything is saved"),
    )
    return _joined(what, count, "\n".join(listed), _joined(*ways, glue="\n"), glue="\n\n")


def _section(session: Session, section: Section) -> str:
    name = latex.render(section.name) or "All papers"
    papers, unread = len(section.numbers), session.unread_in(section)
    folds = "unfolds them" if section.is_folded else "folds them away"
    return _joined(
        name, f"{unread} unread of {papers}.", _key(session.keys, "into", folds + "."), glue="\n\n"
    )


def status(
    session: Session, message: str, standing: str, size: tuple[int, int], dot: str
) -> Content:
    """The status line: what was done or is wrong at the left, counts at the right."""
    view, width = session.view, size[0]
    hint = f"column {view.hints[0].start + 1}: {view.hints[0].message}" if view.hints else ""
    small = f"made for {LEAST[0]}×{LEAST[1]} and more"
    is_small = width < LEAST[0] or size[1] < LEAST[1]
    said = message or hint or (small if is_small else "")
    said = printable(_joined(session.unsaved, said, glue=" · ")).replace("·", dot)
    total = view.scope.papers if view.scope else session.totals.papers
    found = f"{view.papers} of {total}" if view.papers != total else f"{total} papers"
    room = width - cell_len(said) - 4
    unread = f"{session.unread} unread"
    shorter = ((standing, found, unread), (standing, unread), (standing,))
    lines = (_joined(*parts, glue=f" {dot} ") for parts in shorter)
    counts = next((line for line in lines if cell_len(line) <= room), "")
    gap = " " * max(room - cell_len(counts) + 2, 1)
    alarm = "bold $error-ink" if session.unsaved else ""
    return Content.assemble((said, alarm), gap, (counts, "$muted"))


def pane_keys(session: Session, pane: str) -> Content:
    """The keys that matter in a pane."""
    wanted = PANE_KEYS[pane] if session.digests else EMPTY_KEYS
    return _keys((session.keys[id_], BY_ID[id_].label) for id_ in wanted if id_ in session.keys)


def query_keys(candidates: Sequence[Candidate], turn: int, width: int, cut: str) -> Content:
    """What the query bar listens to, or what the value that is being typed could become."""
    if not candidates:
        return _keys(QUERY_KEYS)
    parts: list[Content | tuple[str, str]] = [("Tab ", "bold $accent-ink")]
    room = width - 6
    for place, candidate in enumerate(candidates):
        label = printable(clip(candidate.label, 40, cut))
        room -= cell_len(label) + 2
        if room < 0 and place:
            break
        parts += [(label, "bold underline" if place == max(turn, 0) else ""), ("  ", "")]
    return Content.assemble(*parts)


def first_hint(session: Session) -> Content:
    """The line for somebody who is here for the first time."""
    named = [(session.keys[id_], does) for id_, does in FIRST_KEYS if id_ in session.keys]
    if "back" in session.keys:
        named.append((session.keys["back"], "hides this"))
    return Content.assemble(("New here?  ", "bold"), _keys(named))


def _keys(named: Iterable[tuple[str, str]]) -> Content:
    parts: list[Content | tuple[str, str]] = []
    for key, does in named:
        parts += [(key, "bold $accent-ink"), (f" {does}  ", "")]
    return Content.assemble(*parts)


def _key(keys: Mapping[str, str], command: str, does: str) -> str:
    return f"{keys[command]} {does}" if command in keys else ""


def _joined(*parts: str, glue: str) -> str:
    return glue.join(part for part in parts if part)
