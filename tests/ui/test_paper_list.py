"""The list of papers alone on a screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len
from textual import on
from textual.pilot import Pilot
from textual.strip import Strip

from digest_tui.export import Language
from digest_tui.index import Order
from digest_tui.session import LANGUAGES, Session
from digest_tui.ui.paper_list import ORDERS, PaperList
from tests.ui.conftest import Host, digest, frame, hosted, paper

Make = Callable[..., Session]

LONG = "一种用于离线强化学习的、具有很长很长标题的扩散策略方法（Diffusion）"


def listed(session: Session) -> PaperList:
    return PaperList(session, id="papers")


def drawn(pane: PaperList) -> list[str]:
    return [pane.render_line(y).text for y in range(pane.scrollable_content_region.height)]


def is_cursor_visible(pane: PaperList) -> bool:
    blank = pane.row_height - 1  # over the first heading, and never drawn
    top = max(pane.session.cursor * pane.row_height - blank, 0) - pane.scroll_offset.y
    return top >= 0 and top + pane.row_height <= pane.scrollable_content_region.height


class Heard(Host):
    """A host that keeps what its list asks for."""

    def __init__(self, pane: PaperList) -> None:
        super().__init__(pane)
        self.rows: list[int] = []
        self.opened = 0

    @on(PaperList.Pointed)
    def keep_row(self, message: PaperList.Pointed) -> None:
        self.rows.append(message.row)

    @on(PaperList.Opened)
    def count(self) -> None:
        self.opened += 1


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_line_is_exactly_as_wide_as_the_list(
    make: Make, compact: bool, language: Language
) -> None:
    papers = [paper(n, f"{'Long ' * n}title", LONG[n:] * (n % 3)) for n in range(1, 13)]
    session = make(digest(*papers))
    session.pack(compact)
    session.speak(language)
    pane = listed(session)
    async with hosted(pane, (2, 40)) as pilot:
        for width in (3, 6, 7, 11, 16, 27, 41, 80, 121):
            await pilot.resize_terminal(width, 40)
            region = pane.scrollable_content_region
            assert region.height > 30
            for line in drawn(pane):
                assert cell_len(line) == region.width


async def test_a_paper_takes_two_lines_or_one(session: Session) -> None:
    pane = listed(session)
    async with hosted(pane, (70, 40)):
        lines = drawn(pane)
        assert "Decision Transformer" in lines[1]
        assert "决策 Transformer" in lines[2]
        assert lines[2].rstrip().endswith("cs.LG")
        session.pack(True)
        pane.show()
        lines = drawn(pane)
        assert "Decision Transformer" in lines[1]
        assert "Training language models" in lines[2]


async def test_glyphs_tell_what_is_read_and_starred_and_where_the_cursor_is(
    session: Session,
) -> None:
    session.star()
    session.read()
    pane = listed(session)
    async with hosted(pane, (70, 40)):
        lines = [line for line in drawn(pane) if line.strip()]
        assert lines[1].startswith("  ★ Decision")
        assert lines[3].startswith("    Training")
        assert lines[5].startswith("▎●  Direct")
        weights = {
            segment.text.strip(): bool(segment.style and segment.style.bold)
            for y in (1, 3, 5)
            for segment in pane.render_line(y)
            if len(segment.text) > 8
        }
        titles = {title.split()[0]: bold for title, bold in weights.items() if title}
        # The rest of the first one is the keyword that it stands under.
        assert titles.pop("Reinforcement") is titles.pop("via") is False
        assert titles == {"Decision": False, "Training": False, "Direct": True}


async def test_headings_count_what_is_unread(session: Session) -> None:
    session.read()
    pane = listed(session)
    async with hosted(pane, (70, 40)):
        text = "\n".join(drawn(pane))
        assert "reinforcement learning · 5 unread of 6" in text
        assert "diffusion policy · 3 unread of 3" in text
        session.read_all()
        pane.show()
        assert "reinforcement learning · 6" in "\n".join(drawn(pane))


async def test_without_chinese_the_second_line_names_the_authors(make: Make) -> None:
    pane = listed(make(digest(paper(1, title_zh="", abstract_zh=""), paper(2, title_zh="中文"))))
    async with hosted(pane):
        lines = drawn(pane)
        assert "Ada Lovelace, Alan Turing" in lines[2]
        assert "Bletchley" not in lines[2]
        assert "中文" in lines[4]
        pane.session.speak("en")
        pane.show()
        assert "Ada Lovelace" in drawn(pane)[4]
        pane.session.speak("zh")
        pane.show()
        assert "中文" in drawn(pane)[3]


async def test_outside_one_digest_each_paper_has_its_day(session: Session) -> None:
    pane = listed(session)
    async with hosted(pane, (80, 40)):
        assert "2026-03-04" not in "\n".join(drawn(pane))
        session.choose(None)
        pane.show()
        assert "2026-03-04 cs.LG" in "\n".join(drawn(pane))


async def test_the_words_of_the_query_stand_out_in_both_languages(session: Session) -> None:
    session.ask("Optimization OR 策略")
    pane = listed(session)
    async with hosted(pane, (80, 40)):
        color = pane.get_component_rich_style("paper-list--match", partial=True).color
        marked = {
            segment.text
            for y in range(30)
            for segment in pane.render_line(y)
            if segment.style and segment.style.underline and segment.style.color == color
        }
        assert marked == {"Optimization", "策略"}


@pytest.mark.parametrize("compact", [False, True])
async def test_the_cursor_is_visible_after_every_move_and_resize(make: Make, compact: bool) -> None:
    session = make(digest(*(paper(n) for n in range(60))))
    session.pack(compact)
    pane = listed(session)
    async with hosted(pane, (50, 15)) as pilot:
        for step in (1, 1, 30, -1, 7, 100, -3, -100, 25):
            session.move(step)
            pane.show()
            assert is_cursor_visible(pane)
        for size in ((50, 8), (20, 30), (50, 7), (90, 50), (50, 9)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert is_cursor_visible(pane)
        for height in (1, 2, 3, 0, 15):
            await pilot.resize_terminal(50, height)
            await pilot.pause()
        assert is_cursor_visible(pane)


async def test_the_heading_is_seen_with_the_first_paper_under_it(session: Session) -> None:
    pane = listed(session)
    async with hosted(pane, (60, 10)):
        session.go(len(session.view.rows) - 1)
        pane.show()
        session.go(8)
        pane.show()
        assert "diffusion policy" in drawn(pane)[1]
        session.go(1)
        pane.show()
        assert "reinforcement learning" in drawn(pane)[0]


async def test_a_move_draws_the_rows_it_left_and_came_to(session: Session) -> None:
    """What is on screen, not what would be drawn: the rest of the screen is not drawn again."""
    pane = listed(session)
    async with hosted(pane, (60, 40)) as pilot:
        session.move(2)
        pane.show()
        await pilot.pause()
        rows = [line for line in frame(pilot).split("\n") if "▎" in line]
        assert len(rows) == 1
        assert "Direct Preference" in rows[0]


class Counted(PaperList):
    """A list that counts the lines it draws."""

    lines = 0

    def render_line(self, y: int) -> Strip:
        self.lines += 1
        return super().render_line(y)


async def test_five_thousand_rows_cost_no_more_lines_than_a_hundred(make: Make) -> None:
    counts = []
    everything = make(digest(*(paper(n) for n in range(5_000))))
    for text in ("id:2603.000", ""):
        everything.ask(text)
        everything.go(0)
        pane = Counted(everything, id="papers")
        async with hosted(pane, (60, 30)) as pilot:
            for _ in range(5):
                everything.move(1)
                pane.show()
                await pilot.pause()
            everything.go(len(everything.view.rows))
            pane.show()
            await pilot.pause()
            counts.append((len(everything.view.rows), pane.lines))
    (few, few_lines), (many, many_lines) = counts
    assert (few, many) == (101, 5_001)
    assert many_lines <= few_lines


async def test_a_click_asks_for_its_row_and_a_double_click_to_open_it(make: Make) -> None:
    session = make(digest(*(paper(n) for n in range(30))))
    pane = listed(session)
    host = Heard(pane)
    async with host.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        await pilot.click(pane, offset=(10, 5))
        assert host.rows == [2]
        pane.scroll_to(y=8, animate=False, immediate=True)
        await pilot.pause()
        await pilot.click(pane, offset=(10, 2))
        assert host.rows[-1] == 5
        assert host.opened == 0
        await pilot.double_click(pane, offset=(10, 6))
        assert host.opened == 1
        assert session.totals.unread == 30


async def test_a_click_on_the_border_is_no_click_on_a_paper(make: Make) -> None:
    pane = listed(make(digest(*(paper(n) for n in range(30)))))
    host = Heard(pane)
    async with host.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        pane.scroll_to(y=20, animate=False, immediate=True)
        await pilot.pause()
        await pilot.click(pane, offset=(10, 0))
        await pilot.click(pane, offset=(10, 19))
        assert host.rows == []


async def test_where_there_is_nothing_the_reason_is_said(session: Session) -> None:
    session.ask("nothing has this word")
    pane = listed(session)
    pane.empty = "没有找到 anything that is long enough to need two lines of the list."
    async with hosted(pane, (41, 20)):
        lines = drawn(pane)
        assert lines[1].startswith(" 没有找到 anything")
        assert lines[2].strip()


async def test_the_lower_border_tells_how_much_is_decided(session: Session) -> None:
    pane = listed(session)
    async with hosted(pane, (60, 20)) as pilot:
        assert bars(pilot) == (0, "0 of 8 decided")
        session.read()
        session.read()
        pane.show()
        assert bars(pilot) == (9, "2 of 8 decided")
        session.read_all()
        pane.show()
        assert bars(pilot) == (39, "8 of 8 decided")


def bars(pilot: Pilot[None]) -> tuple[int, str]:
    """How long the bar is, and the words after it."""
    line = frame(pilot).split("\n")[-1]
    return line.count("━"), line.strip("╰─╯━╌ ")


async def test_a_folded_section_is_one_line_with_its_counts(session: Session) -> None:
    session.fold()
    pane = listed(session)
    async with hosted(pane, (60, 20)):
        lines = [line for line in drawn(pane) if line.strip()]
        assert lines[0].startswith("▎▸ reinforcement learning · 6 unread of 6 ")
        assert lines[1].startswith(" ▾ diffusion policy · 3 unread of 3 ")
        ground = [segment.style and segment.style.bgcolor for segment in pane.render_line(0)]
        assert len(set(ground)) == 1
        below = [segment.style and segment.style.bgcolor for segment in pane.render_line(2)]
        assert not set(ground) & set(below)


@pytest.mark.parametrize("order", ["title", "author", "id", "unread"])
async def test_over_papers_of_no_keyword_the_order_is_told(session: Session, order: Order) -> None:
    session.sort(order)
    pane = listed(session)
    async with hosted(pane, (60, 20)):
        assert f" ▾ {ORDERS[order]} · 8 unread of 8 " in drawn(pane)[0]


async def test_the_keyword_is_set_apart_more_quietly_than_the_query(session: Session) -> None:
    session.ask("decision")
    pane = listed(session)
    async with hosted(pane, (90, 20)):
        styles = {s.text.strip(): s.style for s in pane.render_line(1) if s.style}
        keyword, match = styles["Reinforcement Learning"], styles["Decision"]
        assert match.underline
        assert not keyword.underline
        assert len({keyword.color, match.color, styles["Transformer:"].color}) == 3


async def test_folding_leaves_the_list_where_it_is(make: Make) -> None:
    session = make(digest(*(paper(n) for n in range(40))))
    session.go(30)
    pane = listed(session)
    async with hosted(pane, (60, 20)):
        session.fold()
        pane.show()
        assert is_cursor_visible(pane)
        session.fold()
        pane.show()
        assert (session.cursor, is_cursor_visible(pane)) == (1, True)


async def test_the_words_set_apart_are_those_of_the_present_view(session: Session) -> None:
    pane = listed(session)
    async with hosted(pane, (90, 20)):
        pane.render_line(1)
        session.ask("visuomotor")
        pane.show()
        texts = [segment.text for segment in pane.render_line(1)]
        assert "Diffusion Policy" in texts
        session.sort("title")
        pane.show()
        assert "Diffusion Policy" not in [segment.text for segment in pane.render_line(1)]


async def test_what_is_asked_anew_is_shown_from_its_top(make: Make) -> None:
    session = make(digest(*(paper(n) for n in range(40))), digest(paper(99), day="2026-03-06"))
    session.choose(session.digests[1].n)
    pane = listed(session)
    async with hosted(pane, (60, 20)):
        session.go(40)
        pane.show()
        assert pane.scroll_offset.y > 0
        session.move_digest(-1)
        session.move_digest(1)
        session.go(0)
        pane.show()
        assert pane.scroll_offset.y == 0


@pytest.mark.parametrize(
    ("width", "heading"),
    [
        (60, " ▾ reinforcement learning · 6 unread of 6 ─"),
        (41, " ▾ reinforcement learning · 6 unread"),
        (30, " ▾ reinforcemen… · 6 unread"),
    ],
)
async def test_a_heading_says_less_where_there_is_less_room(
    session: Session, width: int, heading: str
) -> None:
    pane = listed(session)
    async with hosted(pane, (width, 20)):
        assert drawn(pane)[0].startswith(heading)


async def test_a_word_is_set_apart_even_where_the_title_is_cut(session: Session) -> None:
    session.ask("reinforcement")
    pane = listed(session)
    async with hosted(pane, (40, 20)):
        match = pane.get_component_rich_style("paper-list--match")
        cut = [s.text for s in pane.render_line(1) if s.style and s.style.color == match.color]
        assert "".join(cut).endswith("Reinforce…")
