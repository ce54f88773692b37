"""Text in cells: wrapping by the rules of Chinese typesetting, clipping, painting."""

from __future__ import annotations

import re
import timeit
from itertools import pairwise
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from digest_tui.printable import printable, printable_lines
from digest_tui.ui.text import clip, segments, strip_of, wrap

OPENING = "（《“‘【「([{"
CLOSING = "，。；：！？、）》”’】」…·,.;:!?)]}%—–-"
GLUED = "\"'`/\u00a0"
OPENED, CLOSED = re.escape(OPENING), re.escape(CLOSING)
WIDE = "[\u3001-\u303f\u4e00-\u9fff\uff01-\uff60]"
CHARACTER = rf"(?![{OPENED}]){WIDE}"
NUMBERED = re.compile(
    rf"(?:[\s,:;·]|{CHARACTER})[（《“‘【「(][\divx]{{1,3}}(?:{CHARACTER}|[)”’])\Z"
)
PLAIN = Style(color="red")
PAINTS = (Style(bold=True), Style(italic=True), Style(color="blue"), Style(bgcolor="green"))

words = st.from_regex(r"[a-zéО0-9]([-./,]?[A-Zaé0-9]){0,9}", fullmatch=True)
hyphens = st.sampled_from(["策-MAT", "略）-a", "约-0.2", "价-值", "法–A"])
chinese = st.text("强化学习策略我们提出", min_size=1, max_size=12)
signs = st.text(OPENING + CLOSING + GLUED, min_size=1, max_size=3)
numbers = st.sampled_from(["76.8%", "π₀.₅", "99–104%", "$O(n)$", "(i)", "（2）", "[1]", "GPT-4"])
terms = st.sampled_from(["state-of-the-art", "GraphRAG-IRL", "and/or", "pass/fail", "a--that"])
phrases = st.sampled_from(
    ["e.g., ", "https://arxiv.org/abs/2604.1", "a.b@c.org", "——", "……", "“引”"]
)
blanks = st.sampled_from([" ", " ", "  ", "\u3000", "\n"])
glyphs = st.sampled_from(["e\u0301", "👩🔬", "❤", "✓", "Õ", "∑"])
stray = st.sampled_from(["\u0301", "\u200b", "\u200d", "\ufe0f", "\t", "\x07", "\ud800", "\r"])
pieces = words | chinese | hyphens | signs | numbers | terms | phrases | blanks
prose = st.lists(pieces, max_size=30).map("".join)
mixed = st.lists(pieces | glyphs, max_size=30).map("".join)
wild = st.lists(pieces | glyphs | stray, max_size=30).map("".join)
shown = wild.map(printable_lines)
widths = st.integers(1, 8) | st.integers(1, 100)


def lines(text: str, width: int) -> list[str]:
    return [text[start:end] for start, end in wrap(text, width)]


def may_end(text: str, place: int) -> bool:
    """Whether the rules let a line end before the character at a place."""
    left, right = text[:place], text[place:]
    if not re.search("[\u4e00-\u9fff]", text) and in_word(left, right):
        return True
    if left[-1].isspace() or left[-1] in OPENING or NUMBERED.search(left):
        return False
    if right[0].isspace() and right[0] not in GLUED:
        begins_word = re.match(r"\s[.…–—/-][^\W\u4e00-\u9fff]", right)
        return right[1] not in CLOSING + "/" or begins_word is not None
    if right[0] in CLOSING + GLUED or left[-1] in GLUED or re.match(r"\[\d", right):
        return False
    if left[-1] in "-–" and re.match("[^\\W\u4e00-\u9fff]", right):
        return False
    carried = re.search(rf"(?:[…—]|{CHARACTER}[{CLOSED}]{{0,2}})\Z", left)
    forgotten = re.search("[^\\W\u4e00-\u9fff]{2}[,;]\\Z", left) and re.match(
        "[A-Za-zéО]{2}", right
    )
    return bool(carried or forgotten or re.match(rf"[{OPENED}]?(?![{CLOSED}]){WIDE}", right))


def in_word(left: str, right: str) -> bool:
    letter = "[A-Za-zéО]"
    if re.search(rf"{letter}(?:{letter}|[-–])[-–]\Z", left):
        return re.match(f"{letter}[a-zé]", right) is not None
    return bool(re.search(f"{letter}{{3}}/\\Z", left) and re.match(f"{letter}{{3}}", right))


def fitting(text: str, start: int, width: int) -> list[int]:
    """Where a line from `start` may end if only its width counts."""
    return [end for end in range(start + 1, len(text)) if cell_len(text[start:end]) <= width]


@given(shown, widths)
def test_no_line_is_too_wide_but_for_a_glyph_that_is(text: str, width: int) -> None:
    for line in lines(text, width):
        assert cell_len(line) <= width or sum(map(bool, map(cell_len, line))) == 1


@given(shown, widths)
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
def test_a_line_ends_at_the_last_place_that_the_rules_allow(text: str, width: int) -> None:
    for paragraph in text.split("\n"):
        spans = wrap(paragraph, width)
        for (start, end), (follower, stop) in pairwise(spans):
            places = [p for p in fitting(paragraph, start, width) if may_end(paragraph, p)]
            if places and end != places[-1]:
                # Or at the last place but one, for a last line of more than one character.
                assert end == places[-2]
                assert (follower, stop) == spans[-1]
                assert is_widow(paragraph[places[-1] :])


def is_widow(text: str) -> bool:
    return re.fullmatch(rf"\s*\S[{CLOSED}]*\s*", text) is not None


@given(prose, widths)
def test_a_piece_longer_than_the_line_is_cut_beside_no_bracket_unless_there_is_no_other_place(
    text: str, width: int
) -> None:
    for paragraph in text.split("\n"):
        for start, end in wrap(paragraph, width)[:-1]:
            if is_forbidden(paragraph, end):
                assert all(is_forbidden(paragraph, p) for p in fitting(paragraph, start, width))


def is_forbidden(text: str, place: int) -> bool:
    return text[place - 1] in OPENING or text[place] in CLOSING


@given(prose, widths)
def test_the_last_line_is_one_character_only_where_nothing_can_join_it(
    text: str, width: int
) -> None:
    for paragraph in text.split("\n"):
        *_, (start, end), (last, stop) = [(0, 0), *wrap(paragraph, width)]
        if is_widow(paragraph[last:stop]):
            places = [p for p in range(start + 1, end) if may_end(paragraph, p)]
            assert not places or cell_len(paragraph[places[-1] : stop].strip()) > width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        # Line breaks and blanks.
        ("", 10, [""]),
        ("one\n\ntwo", 10, ["one", "", "two"]),
        ("a  b", 2, ["a", "b"]),
        ("　　策略", 4, ["策略"]),
        ("no\u00a0break here", 9, ["no\u00a0break", "here"]),
        # Chinese: between any two characters, but for punctuation.
        ("强化学习方法", 8, ["强化学习", "方法"]),
        ("强化学习，方法", 8, ["强化学", "习，方法"]),
        ("强化（学习）", 6, ["强化", "（学", "习）"]),
        ("《强化学习》第二版", 11, ["《强化学", "习》第二版"]),
        ("破折号——不能分开", 8, ["破折号——", "不能分开"]),
        ("破折号——不能分开", 7, ["破折", "号——不", "能分开"]),
        ("省略号……不能分开", 7, ["省略", "号……不", "能分开"]),
        ("策略-价值网络", 5, ["策略-", "价值", "网络"]),
        ("决策顺序-MAT(AOAD)", 13, ["决策顺", "序-MAT(AOAD)"]),
        ("（顺序）-MAT", 10, ["（顺", "序）-MAT"]),
        ("系数约-0.25", 8, ["系数", "约-0.25"]),
        ("成功/失败反馈", 5, ["成", "功/失", "败", "反馈"]),
        ("有两点：（1）提出方法", 14, ["有两点：", "（1）提出方法"]),
        ("有两点，(ii) 提出方法", 12, ["有两点，", "(ii) 提出", "方法"]),
        # Latin words and numbers in Chinese.
        ("用 PPO 训练", 6, ["用 PPO", "训练"]),
        ("用PPO训练策略", 7, ["用PPO训", "练策略"]),
        ("模型LLM(大模型)", 9, ["模型LLM", "(大模型)"]),
        ("他说abc“引文”。", 9, ["他说abc", "“引文”。"]),
        ("提升12.5%左右", 6, ["提升", "12.5%", "左右"]),
        ("提出GraphRAG-IRL框架", 12, ["提出", "GraphRAG-IRL", "框架"]),
        ("提出state-of-the-art方法", 16, ["提出", "state-of-the-art", "方法"]),
        ("复杂度$O(n)$的算法", 10, ["复杂度", "$O(n)$的", "算法"]),
        ("使用π₀.₅模型", 6, ["使用", "π₀.₅", "模型"]),
        ("基于GPT-4的方法", 6, ["基于", "GPT-4", "的方法"]),
        ("大模型,LLM很好", 9, ["大模型,", "LLM很好"]),
        ("(大模型),LLM很好", 11, ["(大模型),", "LLM很好"]),
        ("约为~68%左右", 6, ["约为", "~68%", "左右"]),
        ('提出"自我对弈"方法', 8, ['提出"自', "我对", '弈"方法']),
        ("用don’t表示", 6, ["用", "don’t", "表示"]),
        ("见以前的方法[1]。", 12, ["见以前的方", "法[1]。"]),
        # English.
        ("state-of-the-art", 9, ["state-of-", "the-art"]),
        ("a robust--even so", 10, ["a robust--", "even so"]),
        ("the k-means of GPT-4", 8, ["the", "k-means", "of GPT-4"]),
        ("this pass/fail and/or", 10, ["this pass/", "fail", "and/or"]),
        ("forgotten,this blank", 12, ["forgotten,", "this blank"]),
        ("the word — and more", 9, ["the", "word —", "and more"]),
        ("about 10 % of it", 8, ["about", "10 % of", "it"]),
        ("we do (i) this", 9, ["we do", "(i) this"]),
        ("written in .NET so", 10, ["written in", ".NET so"]),
        ("it was at -5 now", 9, ["it was at", "-5 now"]),
        ("by Hamilton–Jacobi", 12, ["by Hamilton–", "Jacobi"]),
        ("of Robotics · Learning", 11, ["of", "Robotics ·", "Learning"]),
        ("see, e.g., this", 9, ["see,", "e.g.,", "this"]),
        ("call f(x,y) now", 8, ["call", "f(x,y)", "now"]),
        ("by a.b@example.org now", 15, ["by", "a.b@example.org", "now"]),
        ("a “quoted text” here", 14, ["a “quoted", "text” here"]),
        # What is longer than the line.
        ("https://arxiv.org/abs/1", 18, ["https://arxiv.org/", "abs/1"]),
        ("incomprehensible", 6, ["incomp", "rehens", "ible"]),
        ("方法GraphRAG-IRL", 10, ["方法", "GraphRAG-", "IRL"]),
        ("we (i) this", 6, ["we", "(i)", "this"]),
        ("incomplete。", 10, ["incomplet", "e。"]),
        ("策，，，，", 4, ["策，", "，，", "，"]),
        # No last line of one character.
        ("强化学习方法。", 12, ["强化学习", "方法。"]),
        ("强化学习方法", 10, ["强化学习", "方法"]),
        ("as big as n.", 9, ["as big", "as n."]),
        ("强化learning法", 12, ["强化", "learning法"]),
        ("learning法", 8, ["learning", "法"]),
        ("a learnin法。", 9, ["a learnin", "法。"]),
        # Glyphs.
        ("策略", 1, ["策", "略"]),
        ("ab", 0, ["a", "b"]),
        ("\u0301a bc", 2, ["\u0301a", "bc"]),
        ("e\u0301e\u0301策\u0301", 2, ["e\u0301e\u0301", "策\u0301"]),
        ("👩🔬👩🔬", 3, ["👩", "🔬", "👩", "🔬"]),
        ("爱我（策略）❤", 6, ["爱我", "（策", "略）❤"]),
        ("\ud800\ud800", 1, ["\ud800", "\ud800"]),
    ],
)
def test_known_lines(text: str, width: int, expected: list[str]) -> None:
    assert lines(text, width) == expected


@pytest.mark.parametrize(
    "piece",
    ["a", "策", "，", "(", "a/", "a-", '策"', "策\u00a0", "策\u0301", "👩", "(\t", "\x07"],
)
def test_a_text_without_a_place_to_break_is_wrapped_in_linear_time(piece: str) -> None:
    def seconds(times: int) -> float:
        text = "x " + piece * times + " y"
        # Of this process alone: what else the machine does is not in it.
        return min(timeit.repeat(lambda: wrap(text, 40), timer=process_time, number=1, repeat=3))

    assert seconds(64_000) < 24 * seconds(8_000)


@given(wild, st.integers(-1, 60))
def test_clipped_text_fits_and_is_a_beginning(text: str, width: int) -> None:
    clipped = clip(text, width)
    assert cell_len(clipped) <= max(width, 0)
    if clipped != (text := printable(text)):
        assert text.startswith(clipped.removesuffix("…"))
        assert clipped.endswith("…") or width < 1


@pytest.mark.parametrize(
    ("text", "width", "clipped"),
    [
        ("策略", 0, ""),
        ("策略", 1, "~"),
        ("策略", 2, "~"),
        ("策略", 3, "策~"),
        ("策略", 4, "策略"),
        ("策略", 9, "策略"),
        ("策略网络", 5, "策略~"),
        ("策略网络", 6, "策略~"),
        ("策略网络", 7, "策略网~"),
        ("a policy", 3, "a~"),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301~"),
        ("👩‍🔬👩‍🔬", 3, "👩~"),
        ("❤️❤️", 1, "~"),
        ("\u0301" * 300 + "ab", 1, "\u0301" * 8 + "~"),
    ],
)
def test_a_glyph_is_never_cut(text: str, width: int, clipped: str) -> None:
    assert clip(text, width, "~") == clipped


def test_a_long_text_is_not_measured_to_be_clipped() -> None:
    def seconds(times: int) -> float:
        text = "策略abc" * times
        return min(timeit.repeat(lambda: clip(text, 60), number=10, repeat=3))

    assert seconds(200_000) < 50 * seconds(200)


@given(wild, st.data())
def test_segments_cover_a_span_exactly_and_the_later_paint_lies_over_the_earlier(
    text: str, data: st.DataObject
) -> None:
    places = st.integers(0, len(text))
    start, end = sorted((data.draw(places), data.draw(places)))
    painted = data.draw(st.lists(st.tuples(places, places, st.sampled_from(PAINTS)), max_size=5))
    parts = segments(text, (start, end), PLAIN, painted)
    assert "".join(part.text for part in parts) == text[start:end]
    assert all(part.text for part in parts)
    styles = [part.style for part in parts for _ in part.text]
    for place, style in zip(range(start, end), styles, strict=True):
        assert style == sum((paint for a, b, paint in painted if a <= place < b), PLAIN)


@given(mixed.filter(lambda text: "\n" not in text), st.integers(0, 60))
def test_a_strip_has_exactly_its_width(text: str, width: int) -> None:
    strip = strip_of(segments(text, (0, len(text)), PLAIN), width, PLAIN)
    assert strip.cell_length == width
    assert sum(cell_len(segment.text) for segment in strip) == width
