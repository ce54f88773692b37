"""The paper alone on a screen: typeset, highlighted, folded, and told what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.pilot import Pilot

from digest_tui import query as q
from digest_tui.export import Language
from digest_tui.paper import Holding, Paper, Subject
from digest_tui.session import LANGUAGES, Session
from digest_tui.settings import Settings
from digest_tui.ui.glyphs import ASCII
from digest_tui.ui.reader import MEASURE, Page, Reader, Styles
from tests.ui.conftest import frame, hosted, main, running

STYLES = Styles(
    text=Style.parse("white"),
    muted=Style.parse("bright_black"),
    heading=Style.parse("blue"),
    star=Style.parse("yellow"),
    keyword=Style.parse("cyan"),
    match=Style.parse("red"),
)
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
DAY = date(2026, 3, 5)
HOLDING = Holding(PAPER, ((DAY, "reinforcement learning"), (DAY, "扩散策略")), starred=True)
CROWD = tuple(f"Author{number:02} Name" for number in range(40))
EVERYTHING = q.Everything()


def page(holding: Holding, language: Language = "both", query: str = "") -> Page:
    keywords = q.any_of(map(q.keyword_query, holding.keywords))
    return Page(holding, language, q.parse(query).query, keywords, STYLES)


def typed(lines: list[list[Segment]]) -> list[str]:
    return ["".join(segment.text for segment in line) for line in lines]


def laid_out(
    holding: Holding, width: int, language: Language = "both", query: str = ""
) -> list[str]:
    return typed(list(page(holding, language, query).lines(width)))


def painted(shown: Page, width: int, style: Style) -> list[str]:
    """The texts that have the color of a style."""
    return [
        segment.text
        for line in shown.lines(width)
        for segment in line
        if segment.style and segment.style.color == style.color
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_is_too_wide_at_any_width(language: Language) -> None:
    bare = Holding(Paper("title:abcdef", ""))
    for width in range(2, 201):
        for holding in (HOLDING, bare):
            for line in laid_out(holding, width, language, "offline OR 学习"):
                assert cell_len(line) <= width


def test_lines_of_text_are_no_longer_than_the_eye_can_follow() -> None:
    english = Holding(Paper("1", PAPER.title, abstract=PAPER.abstract))
    assert max(map(cell_len, laid_out(english, 300))) <= MEASURE


def test_the_page_says_who_and_where() -> None:
    assert laid_out(HOLDING, 70)[3:7] == [
        "Ada Lovelace (Analytical Engines, London), 张伟, Alan Turing",
        "cs.LG Machine Learning · cs.RO Robotics",
        "● unread · ★ · reinforcement learning · 扩散策略 · 2026-03-05",
        "arxiv.org/abs/2603.00001 · PDF",
    ]
    assert laid_out(replace(HOLDING, read=True), 70)[5].startswith("read · ★ · ")


def test_what_stands_in_a_row_is_broken_between_its_parts() -> None:
    subjects = (Subject("cs.DC", "Distributed, Parallel, and Cluster Computing"), *PAPER.subjects)
    lines = laid_out(Holding(replace(PAPER, subjects=subjects)), 40)
    assert [line for line in lines if "cs." in line or "Computing" in line] == [
        "cs.DC Distributed, Parallel, and Cluster",
        "Computing · cs.LG Machine Learning",
        "cs.RO Robotics",
    ]


def test_links_are_made_of_the_id_or_shown_in_full() -> None:
    elsewhere = replace(PAPER, abs_url="javascript:alert(1)", pdf_url="https://evil.example/")
    (line,) = (line for line in laid_out(Holding(elsewhere), 88) if "arxiv" in line)
    assert line.endswith(" · arxiv.org/abs/2603.00001 · PDF")
    lines = laid_out(Holding(replace(elsewhere, id="title:abc")), 88)
    told = "no arXiv id · javascript:alert(1) · https://evil.example/"
    assert any(told in line for line in lines)


def test_the_terminal_is_given_the_links_that_are_made_of_the_id_and_no_others() -> None:
    elsewhere = replace(PAPER, abs_url="https://example.org/a", pdf_url="https://example.org/b")
    for paper in (PAPER, elsewhere, replace(PAPER, id="title:abc")):
        lines = page(Holding(paper)).lines(88)
        links = {s.style.link for line in lines for s in line if s.style and s.style.link}
        assert links == ({paper.abs_link, paper.pdf_link} if paper.is_on_arxiv else set())
        assert all(link and link.startswith("https://arxiv.org/") for link in links)


def test_many_authors_are_folded_to_two_lines_and_counted() -> None:
    crowded = Holding(replace(PAPER, authors=CROWD))
    folded = replace(page(crowded), key="a")
    for width in range(40, 201):
        lines = [line for line in typed(list(folded.lines(width))) if "Author" in line]
        assert len(lines) <= 2
        names, rest = " ".join(lines).split(" … ")
        assert rest == f"+{40 - names.count('Author')} more (a)"
    assert "more" not in " ".join(laid_out(Holding(replace(PAPER, authors=CROWD[:6])), 40))
    alone = replace(PAPER, authors=("Ada Lovelace (" + "Analytical Engines, " * 20 + "London)",))
    assert "more" not in " ".join(laid_out(Holding(alone), 40))
    told = " ".join(typed(list(replace(folded, is_unfolded=True).lines(60))))
    assert all(name in told for name in CROWD)
    assert " more" not in told


def test_an_author_that_is_looked_for_is_not_folded_away() -> None:
    crowded = Holding(replace(PAPER, authors=CROWD))
    assert CROWD[39] in " ".join(laid_out(crowded, 80, query="au:author39"))
    assert CROWD[39] not in " ".join(laid_out(crowded, 80, query="au:author00"))


def test_other_digests_are_told_with_their_keywords() -> None:
    days = [DAY - timedelta(days=number) for number in range(7)]
    listed = ((DAY, "planning"), *((day, word) for day in days[1:] for word in ("a", "b")))
    seen = Holding(PAPER, listed)
    assert [line for line in laid_out(seen, 60) if "Seen" in line or " more " in line] == [
        "Seen 2026-03-04 under a, b",
        "Seen 2026-03-03 under a, b",
        "Seen 2026-03-02 under a, b",
        "… and 3 more digests",
    ]
    assert "… and 1 more digest" in laid_out(Holding(PAPER, listed[:9]), 60)
    unfolded = typed(list(replace(page(seen), is_unfolded=True).lines(60)))
    assert "Seen 2026-02-27 under a, b" in unfolded
    assert not any(" more " in line for line in unfolded)


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
    bare = Holding(Paper("1", ""), ((DAY, ""),))
    text = " ".join(" ".join(laid_out(bare, width)).split())
    for name in (
        *("title", "authors", "subjects", "page link", "PDF link", "abstract"),
        "Chinese title or abstract",
    ):
        assert f"no {name} in this digest" in text
    assert "no keyword" in text
    halves = Holding(replace(PAPER, title_zh="")), Holding(replace(PAPER, abstract_zh=""))
    for half, name in zip(halves, ("title", "abstract"), strict=True):
        told = " ".join(laid_out(half, width))
        assert told.count("in this digest") == 1
        assert f"no Chinese {name} in this digest" in told


@pytest.mark.parametrize(
    ("language", "half", "other"),
    [
        ("zh", replace(PAPER, abstract_zh=""), "We learn"),
        ("en", replace(PAPER, abstract=""), "我们从"),
    ],
)
def test_the_other_language_takes_the_place_of_one_that_is_missing(
    language: Language, half: Paper, other: str
) -> None:
    text = " ".join(laid_out(Holding(half), 60, language))
    assert text.index("abstract in this digest") < text.index(other)


def test_paragraphs_are_kept_and_sentences_run_on() -> None:
    abstract = "Lines of\na mail.\nA sentence.\n\nA paragraph:\n- a point\n- a point"
    broken = replace(PAPER, abstract=abstract, abstract_zh="断开\n的句子。\n另一段")
    lines = laid_out(Holding(broken), 60)
    assert lines[lines.index("Abstract") + 1 :] == [
        *("Lines of a mail.", "A sentence.", "", "A paragraph:", "- a point", "- a point", ""),
        *("摘要", "断开的句子。", "另一段"),
    ]


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
    alone = Holding(Paper("1", "T", abstract=PAPER.abstract))
    assert max(map(cell_len, laid_out(alone, 100))) > 70


def test_the_words_of_the_query_stand_out_in_both_languages() -> None:
    marked = painted(page(HOLDING, query="offline 学习"), 60, STYLES.match)
    assert marked.count("offline") > 12
    assert marked.count("学习") > 12
    assert set(marked) <= {"offline", "学习"}


def test_the_words_of_the_keywords_are_told_apart_and_lie_under_those_of_the_query() -> None:
    learning = Holding(PAPER, ((DAY, "learn"), (DAY, "离线学习")))
    assert painted(page(learning), 60, STYLES.keyword).count("离线学习") > 12
    marked = page(learning, query="学习")
    assert "离线" in painted(marked, 60, STYLES.keyword)
    assert "学习" in painted(marked, 60, STYLES.match)


def test_emphasis_becomes_style() -> None:
    abstract = r"An \textbf{open} problem, \emph{solved} by \textsc{Argus}."
    lines = page(Holding(replace(PAPER, abstract=abstract))).lines(60)
    styles = {segment.text: segment.style or Style() for line in lines for segment in line}
    assert (styles["open"].bold, styles["open"].italic) == (True, None)
    assert (styles["solved"].bold, styles["solved"].italic) == (None, True)
    assert styles["Argus"].bold


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


async def test_the_first_of_several_paragraphs_is_a_headline() -> None:
    reader = Reader(id="paper")
    async with hosted(reader, (50, 12)) as pilot:
        reader.show(None, EVERYTHING, "both", "All done.\n\n35 papers.\n\nn goes on.")
        lines = [line.strip() for line in await shown(pilot, reader)]
        assert lines[:5] == ["All done.", "", "35 papers.", "", "n goes on."]
        bold = [next(iter(reader.render_line(y))).style for y in (0, 2)]
        assert [style and style.bold for style in bold] == [True, None]


async def test_the_source_stands_in_the_place_of_the_page() -> None:
    reader = Reader(id="paper")
    lines = ["A title", "- Authors: A,B ,C", "a \\textbf{b} offline", "", "$x^2$ c"]
    async with hosted(reader, (60, 20)) as pilot:
        query = q.parse("offline").query
        reader.show(Holding(PAPER), query, "zh", "", "\n".join(lines))
        assert [line.rstrip() for line in await shown(pilot, reader)][:6] == [*lines, ""]
        assert "paper · source" in frame(pilot)
        match = reader.get_component_rich_style("reader--match")
        styles = [s.style for y in range(6) for s in reader.render_line(y)]
        assert not any(style and style.color == match.color for style in styles)
        reader.show(Holding(PAPER), query, "zh", "", "")
        assert "cannot be read now" in (await shown(pilot, reader))[0]
        reader.show(Holding(PAPER), query, "zh", "")
        assert "source" not in frame(pilot)
        assert "Learning (offline)" in "".join(await shown(pilot, reader))


async def test_what_is_unfolded_stays_so_until_another_paper() -> None:
    reader = Reader(id="paper")
    crowded = Holding(replace(PAPER, authors=CROWD))
    async with hosted(reader, (60, 30)) as pilot:

        async def is_folded() -> bool:
            return any(" more" in line for line in await shown(pilot, reader))

        reader.show(crowded, EVERYTHING, "both", "")
        assert await is_folded()
        reader.unfold()
        assert not await is_folded()
        reader.show(replace(crowded, read=True), EVERYTHING, "en", "")
        assert not await is_folded()
        reader.unfold()
        assert await is_folded()
        reader.unfold()
        reader.show(Holding(Paper("2", "Another")), EVERYTHING, "both", "")
        reader.show(crowded, EVERYTHING, "both", "")
        assert await is_folded()


async def test_only_a_key_that_there_is_is_told() -> None:
    reader = Reader(id="paper")
    crowded = Holding(replace(PAPER, authors=CROWD))
    async with hosted(reader, (60, 30)) as pilot:
        for key, told in (("a", " more (a) "), ("F2", " more (F2) "), ("", " more  ")):
            reader.authors_key = key
            reader.show(crowded, EVERYTHING, "both", "")
            assert any(told in line for line in await shown(pilot, reader))


async def test_how_far_one_has_read_is_told_while_there_is_more() -> None:
    reader = Reader(id="paper")
    async with hosted(reader, (50, 12)) as pilot:

        async def border() -> str:
            await pilot.pause()
            return frame(pilot).split("\n")[-1]

        reader.show(HOLDING, EVERYTHING, "both", "")
        assert " 0% " in await border()
        reader.scroll_by(9)
        assert f" {900 // reader.max_scroll_y}% " in await border()
        reader.scroll_by(10_000)
        assert " 100% " in await border()
        reader.show(None, EVERYTHING, "both", "No paper.")
        assert "%" not in await border()
        reader.show(HOLDING, EVERYTHING, "both", "")
        assert " 0% " in await border()
        await pilot.resize_terminal(200, 60)
        assert "%" not in await border()


async def test_all_signs_are_ascii_on_request() -> None:
    reader = Reader(id="paper", glyphs=ASCII)
    paper = replace(PAPER, title="T", title_zh="", authors=CROWD, abstract="A.", abstract_zh="")
    listed = tuple((DAY - timedelta(days=number), "a") for number in range(7))
    async with hosted(reader, (50, 40)) as pilot:
        for source in (None, "verbatim"):
            reader.show(Holding(paper, listed, starred=True), EVERYTHING, "en", "", source)
            await pilot.pause()
            border = str(reader.border_title)
            assert "".join([border, *await shown(pilot, reader)]).isascii()


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


def test_a_name_is_not_broken_at_its_hyphen() -> None:
    authors = ("Satyapriya Krishna", "Rahul Gupta", "Kai-Wei Chang")
    for width in range(22, 60):
        lines = laid_out(Holding(Paper("1", "T", authors=authors)), width)
        assert all(any(name in line for line in lines) for name in authors), width
