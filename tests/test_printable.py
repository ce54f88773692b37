"""Text as it may be shown: nothing that a terminal obeys, and as wide as it is counted."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui.printable import MARKS, printable, printable_lines

HARMFUL = {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("强化学习　a\u00a0b, naïve", "强化学习　a\u00a0b, naïve"),
        ("a\x1b]52;c;x\x07.txt\n文\u3000件\u202e", "a�]52;c;x�.txt�文\u3000件"),
        ("\x9b2J \x7f\x00 \ud800 \u2028", "�2J �� � �"),
        ("lear\u200bn\u00ad\ufeffing \ufff9a\ufffab\ufffb \U000e0041", "learning ab "),
        ("👩\u200d🔬 ❤\ufe0f 🧑🏽 🇨🇳", "👩🔬 ❤ 🧑 CN"),
        ("Poincare\u0301, \u1ec7, e\u0323\u0302", "Poincare\u0301, \u1ec7, e\u0323\u0302"),
        ("\u3164\uffa0\u115f한", "한"),
        ("日本語—……——！！！！！！！！！", "日本語—……——！！！！！！！！！"),
    ],
)
def test_known_texts(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize("mark", ["\u0301", "\u20dd", "\u1161", "\ud7b0", "\u0301\u200b"])
def test_a_letter_carries_a_few_marks(mark: str) -> None:
    assert printable(f"Z{mark * 10_000}algo") == f"Z{printable(mark) * MARKS}algo"


@given(st.text())
def test_no_text_holds_what_a_terminal_obeys_and_all_is_shown_as_it_is_shown(text: str) -> None:
    shown = printable(text)
    assert not HARMFUL & set(map(unicodedata.category, shown))
    assert printable(shown) == shown


@given(st.text())
def test_lines_stay_lines(text: str) -> None:
    assert printable_lines(text).split("\n") == list(map(printable, text.split("\n")))


def test_no_character_is_taken_for_a_plain_one() -> None:
    for character in map(chr, range(0x20000)):
        shown = printable(character)
        assert not HARMFUL & set(map(unicodedata.category, shown)), hex(ord(character))
        if unicodedata.category(character)[0] == "M":
            assert len(printable("a" + character * 20)) <= 1 + MARKS, hex(ord(character))
