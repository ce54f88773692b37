"""The paper alone on a screen: typeset, highlighted, and told what is missing."""

from __future__ import annotations

from datetime import date

import pytest
from rich.cells import cell_len, set_cell_size
from rich.style import Style
from textual.color import Color
from textual.pilot import Pilot

from digest_tui import query as q
from digest_tui.paper import Holding, Paper, Subject
from digest_tui.session import LANGUAGES, Language, Session
from digest_tui.settings import Settings
from digest_tui.ui.reader import MEASURE, Reader, Styles, page
from tests.ui.conftest import hosted, main, running

COLORS = ("white", "bright_black", "blue", "yellow", "red")
STYLES = Styles(*map(Style.parse, COLORS))
PAPER = Paper(
    id="2603.00001",
    title="Learning (offline) with incomprehensibilities: $O(K^2)$ and café",
    title_zh="离线学习：一种“不可理解”的方法，复杂度为 $O(K^2)$",
    authors=("Ada Lovelace (Analytical Engines, London)", "张伟", "Alan Turing"),
    subjects=(Subject("cs.LG", "Machine Learning"), Subject("cs.RO", "Robotics")),
    abs_url="https://arxiv.org/abs/2603.00001",
    pdf_url="https://arxiv.org/pdf/2603.00001",
    abstract="We learn offline from 12.5% of the state-of-the-art data. " * 12,
    abstract_zh="我们从 12.5% 的数据中离线学习（offline），并给出了“理论”保证；结果优于基线。" * 12,
)
HOLDING = Holding(PAPER, ("reinforcement learning", "扩散策略"), (date(2026, 3, 5),), starred=True)
EVERYTHING = q.Everything()


def laid_out(
    holding: Holding, width: int, language: Language = "both", query: str = ""
) -> list[str]:
    lines = page(holding, width, language, q.parse(query).query, STYLES)
    return ["".join(segment.text for segment in line) for line in lines]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_is_too_wide_at_any_width(language: Language) -> None:
    bare = Holding(Paper("title:abcdef", ""), (), ())
    for width in range(2, 201):
        for holding in (HOLDING, bare):
            for line in laid_out(holding, width, language, "offline OR 学习"):
                assert cell_len(line) <= width


def test_lines_of_text_are_no_longer_than_the_eye_can_follow() -> None:
    english = Holding(Paper("1", PAPER.title, abstract=PAPER.abstract), (), ())
    assert max(map(cell_len, laid_out(english, 300))) <= MEASURE


def test_the_page_says_who_and_where() -> None:
    text = "\n".join(laid_out(HOLDING, 60))
    for said in (
        "2603.00001 · ● unread · ★ starred",
        "Ada Lovelace (Analytical Engines, London), 张伟, Alan Turing",
        "Machine Learning cs.LG · Robotics cs.RO",
        "reinforcement learning · 扩散策略",
        "2026-03-05",
        PAPER.abs_url,
        PAPER.pdf_url,
        "O(K²)",
    ):
        assert said.replace("\n", " ") in " ".join(text.split())


@pytest.mark.parametrize(
    ("language", "says", "says_not"),
    [
        ("both", ("Abstract", "摘要", "We learn", "我们从"), ()),
        ("en", ("Abstract", "We learn"), ("摘要", "我们从")),
        ("zh", ("摘要", "我们从"), ("Abstract", "We learn")),
    ],
)
def test_languages(language: Language, says: tuple[str, ...], says_not: tuple[str, ...]) -> None:
    text = "\n".join(laid_out(HOLDING, 60, language))
    assert all(part in text for part in says)
    assert not any(part in text for part in says_not)


def test_in_chinese_the_chinese_title_comes_first() -> None:
    assert laid_out(HOLDING, 100, "en")[0].startswith("Learning")
    assert laid_out(HOLDING, 100, "zh")[0].startswith("离线")


@pytest.mark.parametrize("width", [30, 60, 150])
def test_what_is_missing_is_said(width: int) -> None:
    text = " ".join(" ".join(laid_out(Holding(Paper("1", "T"), (), ()), width)).split())
    assert "no abstract in this digest" in text
    assert "no Chinese abstract in this digest" in text
    assert text.count("not in this digest") >= 4


def test_abstracts_stand_side_by_side_where_there_is_room() -> None:
    assert not any("Abstract" in line and "摘要" in line for line in laid_out(HOLDING, 90))
    lines = laid_out(HOLDING, 100)
    heading = next(number for number, line in enumerate(lines) if "Abstract" in line)
    column = cell_len(lines[heading].removesuffix("摘要"))
    assert column < cell_len(lines[heading])
    for line in lines[heading:]:
        left = set_cell_size(line, column)
        assert line.startswith(left.rstrip())
        assert left.endswith("   ")


def test_a_lone_abstract_has_the_whole_width() -> None:
    alone = Holding(Paper("1", "T", abstract=PAPER.abstract), (), ())
    assert max(map(cell_len, laid_out(alone, 100))) > 70


def test_the_words_of_the_query_stand_out_in_both_languages() -> None:
    query = q.parse("offline 学习").query
    lines = page(HOLDING, 60, "both", query, STYLES)
    marked = [
        segment.text
        for line in lines
        for segment in line
        if segment.style and segment.style.color == STYLES.match.color
    ]
    assert marked.count("offline") > 12
    assert marked.count("学习") > 12
    assert set(marked) <= {"offline", "学习"}


async def shown(pilot: Pilot[None], reader: Reader) -> list[str]:
    await pilot.pause()
    height = reader.scrollable_content_region.height
    return [reader.render_line(y).text for y in range(height)]


@pytest.mark.parametrize("width", [1, 2, 3, 4, 7, 25, 46, 101, 200])
async def test_every_line_is_exactly_as_wide_as_the_pane(width: int) -> None:
    reader = Reader(id="paper")
    async with hosted(reader, (width, 30)) as pilot:
        reader.show(HOLDING, EVERYTHING, "both", "")
        lines = await shown(pilot, reader)
        assert {cell_len(line) for line in lines} <= {reader.scrollable_content_region.width}


async def test_it_stays_where_it_is_when_only_a_mark_changed() -> None:
    reader = Reader(id="paper")
    async with hosted(reader, (50, 12)) as pilot:
        reader.show(HOLDING, EVERYTHING, "both", "")
        await pilot.pause()
        reader.scroll_by(9)
        reader.show(Holding(PAPER, read=True), EVERYTHING, "both", "")
        assert reader.scroll_offset.y == 9
        reader.show(Holding(Paper("2", "Another")), EVERYTHING, "both", "")
        assert reader.scroll_offset.y == 0


async def test_it_scrolls_to_its_end_and_no_further() -> None:
    reader = Reader(id="paper")
    async with hosted(reader, (50, 12)) as pilot:
        reader.show(HOLDING, EVERYTHING, "both", "")
        await pilot.pause()
        assert not reader.at_end
        reader.scroll_by(10_000)
        assert reader.at_end
        assert "线。" in (await shown(pilot, reader))[-1]
        reader.scroll_by(-10_000)
        assert reader.scroll_offset.y == 0


async def test_another_width_is_another_page() -> None:
    reader = Reader(id="paper")
    async with hosted(reader, (40, 12)) as pilot:
        reader.show(HOLDING, EVERYTHING, "both", "")
        narrow = await shown(pilot, reader)
        await pilot.resize_terminal(90, 12)
        wide = await shown(pilot, reader)
        assert len(wide[0].rstrip()) > len(narrow[0].rstrip())


async def test_where_there_is_no_paper_the_reason_is_said() -> None:
    reader = Reader(id="paper")
    async with hosted(reader, (50, 12)) as pilot:
        reader.show(None, EVERYTHING, "both", "Nothing is found.")
        assert (await shown(pilot, reader))[0].strip() == "Nothing is found."
        assert reader.at_end


async def test_a_theme_recolors_the_page_at_once(session: Session) -> None:
    async with running(session, Settings(theme="digest-dark")) as pilot:
        reader = main(pilot).paper
        strips = []
        for theme in ("digest-dark", "digest-light", "nord"):
            pilot.app.theme = theme
            await pilot.pause()
            strips.append(reader.render_line(0))
            style = next(iter(strips[-1])).style
            assert style
            background = Color.parse(pilot.app.current_theme.background or "")
            assert style.bgcolor == background.rich_color
        assert len({strip.text for strip in strips}) == 1
