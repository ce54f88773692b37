"""Text in cells: wrapping by the rules of Chinese typesetting, clipping, highlighting."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from digest_tui.ui.text import clip, printable, segments, strip_of, wrap

OPENING = "（《“‘【「([{"
CLOSING = "，。；：！？、）》”’】」·,.;:!?)]}%"
OPENED, CLOSED = re.escape(OPENING), re.escape(CLOSING)
CHINESE = re.compile("[\u3001-\u303f\u4e00-\u9fff\uff01-\uff60]")
PLAIN, BOLD = Style(color="red"), Style(bold=True)

words = st.from_regex(r"[a-zéО0-9]([-./]?[A-Zé0-9]){0,9}", fullmatch=True)
chinese = st.text("强化学习策略我们提出", min_size=1, max_size=12)
marks = st.text(OPENING + CLOSING, min_size=1, max_size=3)
other = st.sampled_from(
    [" ", "  ", "\u3000", "\n", "e\u0301", "\u0301", "\u200b", "👩‍🔬", "❤️", "✓…"]
)
mixed = st.lists(words | chinese | marks | other, max_size=30).map("".join)
phrases = st.tuples(st.text(OPENING, max_size=2), words | chinese, st.text(CLOSING, max_size=2))
prose = st.lists(phrases.map("".join) | st.sampled_from([" ", "\n", "👩‍🔬"]), max_size=20).map(
    "".join
)
widths = st.integers(2, 6) | st.integers(2, 100)


def lines(text: str, width: int) -> list[str]:
    return [text[start:end] for start, end in wrap(text, width)]


def may_break(text: str, place: int) -> bool:
    """Whether the rules allow a line to end before the character at a place."""
    before, after = text[place - 1], text[place]
    if before.isspace() or after.isspace():
        return True
    if after in CLOSING or before in OPENING:
        return False
    if re.search(r"[^\W\d]-$", text[:place]) and re.match(r"[^\W\d]", after):
        return True
    around = re.search(f"[^{CLOSED}]?[{CLOSED}]*$", text[:place])
    ahead = re.match(f"[{OPENED}]*[^{OPENED}]?", text[place:])
    assert around
    assert ahead
    return before == "/" or CHINESE.search(around[0] + ahead[0]) is not None


def unbroken(text: str, place: int) -> str:
    """The piece around a place that the rules keep on one line."""
    start = end = place
    while start > 0 and not may_break(text, start):
        start -= 1
    while end < len(text) and not may_break(text, end):
        end += 1
    return text[start:end]


@given(mixed, widths)
def test_no_line_is_too_wide(text: str, width: int) -> None:
    assert all(cell_len(line) <= width for line in lines(text, width))


@given(mixed, widths)
def test_only_blanks_are_lost_and_line_breaks_are_kept(text: str, width: int) -> None:
    position = 0
    for start, end in wrap(text, width):
        assert not text[position:start].strip()
        assert text.count("\n", position, start) <= 1
        assert "\n" not in text[start:end]
        position = end
    assert not text[position:].strip()
    assert len(lines(text, width)) > text.count("\n")


@given(prose, widths)
def test_a_line_breaks_by_the_rules_unless_a_piece_is_longer_than_the_line(
    text: str, width: int
) -> None:
    for _, end in wrap(text, width):
        if end < len(text) and not may_break(text, end):
            assert cell_len(unbroken(text, end)) > width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, [""]),
        ("one\n\ntwo", 10, ["one", "", "two"]),
        ("强化学习方法", 8, ["强化学习", "方法"]),
        ("强化学习，方法", 8, ["强化学", "习，方法"]),
        ("强化（学习）", 6, ["强化", "（学", "习）"]),
        ("用 PPO 训练", 6, ["用 PPO", "训练"]),
        ("用PPO训练策略", 7, ["用PPO训", "练策略"]),
        ("模型LLM(大模型)", 9, ["模型LLM", "(大模型)"]),
        ("他说abc“引文”。", 9, ["他说abc", "“引文”。"]),
        ("提升12.5%左右", 6, ["提升", "12.5%", "左右"]),
        ("state-of-the-art", 9, ["state-of-", "the-art"]),
        ("https://arxiv.org/abs/1", 18, ["https://arxiv.org/", "abs/1"]),
        ("incomprehensible", 6, ["incomp", "rehens", "ible"]),
        ("策略", 1, ["策", "略"]),
        ("a  b", 2, ["a", "b"]),
        ("\u0301a bc", 2, ["\u0301a", "bc"]),
        ("👩‍🔬👩‍🔬", 3, ["👩‍🔬", "👩‍🔬"]),
    ],
)
def test_known_lines(text: str, width: int, expected: list[str]) -> None:
    assert lines(text, width) == expected


def test_a_word_of_a_hundred_thousand_letters_is_cut_into_lines() -> None:
    assert len(lines("a" * 100_000, 50)) == 2_000


@given(mixed, st.integers(-1, 60))
def test_clipped_text_fits_and_is_a_beginning(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert cell_len(clipped) <= max(width, 0)
    if clipped != text:
        assert text.startswith(clipped.removesuffix("…"))
        assert clipped.endswith("…") or width < 1


@pytest.mark.parametrize(
    ("width", "clipped"), [(0, ""), (1, "…"), (2, "…"), (3, "策…"), (4, "策略"), (9, "策略")]
)
def test_a_glyph_is_never_cut(width: int, clipped: str) -> None:
    assert clip("策略", width) == clipped


@given(mixed, st.data())
def test_segments_cover_a_span_exactly_and_mark_what_is_marked(
    text: str, data: st.DataObject
) -> None:
    places = st.integers(0, len(text))
    start, end = sorted((data.draw(places), data.draw(places)))
    cuts = sorted(data.draw(st.sets(places, max_size=6)))
    marked = list(zip(cuts[::2], cuts[1::2], strict=False))
    parts = segments(text, (start, end), PLAIN, marked, BOLD)
    assert "".join(part.text for part in parts) == text[start:end]
    styles = [part.style for part in parts for _ in part.text]
    inside = [any(a <= place < b for a, b in marked) for place in range(start, end)]
    assert styles == [PLAIN + BOLD if is_marked else PLAIN for is_marked in inside]


@given(mixed.filter(lambda text: "\n" not in text), st.integers(0, 60))
def test_a_strip_has_exactly_its_width(text: str, width: int) -> None:
    strip = strip_of(segments(text, (0, len(text)), PLAIN), width, PLAIN)
    assert strip.cell_length == width
    assert sum(cell_len(segment.text) for segment in strip) == width


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    assert printable("a\x1b]52;c;x\x07.txt\n文\u3000件\u202e") == "a�]52;c;x�.txt�文\u3000件�"
