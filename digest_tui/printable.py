"""Text as it may be shown: nothing that a terminal obeys, and as wide as it is counted.

The law: whatever comes from a file, a file's name, a setting or a person is shown on a terminal
as this module makes it, on the screen and by the shell alike. Control characters and lone
surrogates are shown as U+FFFD. What has no shape of its own is left out: the characters that
Unicode lets programs ignore (Default_Ignorable_Code_Point: bidi controls, zero-width blanks and
joiners, variation selectors, fillers, tags), annotations, and the skin tones of emoji. No two
terminals agree how wide a sequence of emoji is, and all of them on the emoji one by one; flags are
shown as their letters. Of marks on one letter a few are kept, more than any language writes.

What is stored, searched, exported or written to a pipe stays what it is.
"""

from __future__ import annotations

import re
import unicodedata

MARKS = 8
"""Combining marks that one letter may carry."""

_PLAIN = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u058f\u2010-\u2027\u2030-\u205e"
    "\u2100-\u2bff\u3000-\u3029\u3030-\u3098\u309b-\u3163\u3165-\u9fff\uff01-\uff9f]*+"
)
"""Nearly every text, in which nothing has to be looked for: every frame asks of all its lines."""
_SHAPELESS = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff"
)
_OBEYED = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_ANY = re.compile(f"[{_SHAPELESS}]|(?P<obeyed>[{_OBEYED}])|(?P<flag>[🇦-🇿])")
# Vowels and finals of Korean syllables are letters, and as wide as marks.
_JAMO = "[\u1161-\u11ff\ud7b0-\ud7ff]"
# No mark is among letters, nor among the signs of which borders and bars are made.
_MANY = re.compile(rf"(?:[^\w\s!-~\u2100-\u2bff]|{_JAMO}){{{MARKS + 1},}}")


def printable(text: str) -> str:
    """The text as one line that can be shown: line breaks are control characters, too."""
    if _PLAIN.fullmatch(text):
        return text
    return _MANY.sub(_few_marks, _ANY.sub(_shown, text))


def printable_lines(text: str) -> str:
    """The text as lines that can be shown."""
    return "\n".join(map(printable, text.split("\n")))


def _shown(match: re.Match[str]) -> str:
    if match["flag"]:
        return chr(ord(match[0]) - ord("🇦") + ord("A"))
    return "\ufffd" if match["obeyed"] else ""


def _few_marks(match: re.Match[str]) -> str:
    kept, marks = "", 0
    for character in match[0]:
        marks = marks + 1 if _is_mark(character) else 0
        if marks <= MARKS:
            kept += character
    return kept


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or bool(re.match(_JAMO, character))
