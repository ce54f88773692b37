"""What is remembered from one start to the next: where the reader was, and how it looked.

None of it is worth a complaint: a file that is missing or broken is a first start. It stays on
this machine, for two windows may well look at different things.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from digest_tui.index import Order, Status
from digest_tui.settings import Settings

RECALLED = 200
"""How many queries are kept for `↑`."""


@dataclass(frozen=True, slots=True)
class Left:
    """How the program was left. The defaults are those of a first start."""

    digest: str = ""
    """The file of the digest in view; empty for the whole library."""
    status: Status = "all"
    paper: str = ""
    """The id of the paper at the cursor."""
    query: str = ""
    order: Order = "digest"
    is_zoomed: bool = False
    queries: tuple[str, ...] = ()
    """The queries that were asked, the oldest first."""
    is_first: bool = True
    """Whether nobody has seen the hint for beginners yet."""
    theme: str = ""
    language: Literal["", "both", "en", "zh"] = ""
    density: Literal["", "comfortable", "compact"] = ""
    settings: tuple[str, str, str] = ("", "", "")
    """Theme, language and density of the settings at that time."""


def load(path: Path) -> Left:
    """How the program was left the last time."""
    try:
        record = json.loads(path.read_bytes())
        return _checked(record)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Left()


def save(path: Path, left: Left) -> None:
    """Remembers how the program is left, whole or not at all; where it cannot, it does not."""
    # Another window may have kept queries of its own meanwhile.
    others = tuple(text for text in load(path).queries if text not in left.queries)
    left = replace(left, queries=(*others, *left.queries)[-RECALLED:])
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(asdict(left), ensure_ascii=False), "utf-8")
        os.replace(temporary, path)
    except (OSError, ValueError):
        with suppress(OSError):
            temporary.unlink()


def resumed(settings: Settings, left: Left) -> Settings:
    """The settings with what was chosen in the program, unless they were edited since."""
    theme, language, density = left.settings
    return replace(
        settings,
        theme=left.theme if left.theme and theme == settings.theme else settings.theme,
        language=left.language
        if left.language and language == settings.language
        else settings.language,
        density=left.density if left.density and density == settings.density else settings.density,
    )


def looks(settings: Settings) -> tuple[str, str, str]:
    """What the settings say that can be changed in the program too."""
    return settings.theme, settings.language, settings.density


def _checked(record: dict[str, Any]) -> Left:
    """Raises `TypeError`, `KeyError` or `ValueError` on anything that `save` did not write."""
    left = Left(**record)
    theme, language, density = left.settings
    settings = (theme, language, density)
    queries = tuple(left.queries[-RECALLED:])
    texts = (left.digest, left.paper, left.query, left.theme, *queries, *settings)
    sound = (
        isinstance(left.queries, list)
        and left.is_zoomed in (True, False)
        and left.is_first in (True, False)
        and all(isinstance(text, str) for text in texts)
        and left.status in get_args(Status)
        and left.order in get_args(Order)
        and left.language in ("", "both", "en", "zh")
        and left.density in ("", "comfortable", "compact")
    )
    if not sound:
        raise ValueError("not written by this program")
    return replace(left, queries=queries, settings=settings)
