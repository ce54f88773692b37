"""The list of digests alone on a screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rich.cells import cell_len
from textual import on

from digest_tui.session import Session
from digest_tui.ui.digest_list import DigestList
from tests.ui.conftest import Host, digest, hosted, paper

Make = Callable[..., Session]


def listed(session: Session) -> DigestList:
    return DigestList(session, id="digests")


def drawn(pane: DigestList) -> list[str]:
    return [pane.render_line(y).text for y in range(pane.scrollable_content_region.height)]


def many(count: int) -> list[str]:
    return [digest(paper(n), day=f"20{n // 12 + 10}-{n % 12 + 1:02}-05") for n in range(count)]


async def test_it_lists_the_whole_library_then_the_digests_with_their_counts(
    session: Session,
) -> None:
    session.star()
    pane = listed(session)
    async with hosted(pane, (24, 12)):
        assert [line.split() for line in drawn(pane)[:6]] == [
            ["All", "27/28"],
            ["Unread", "27"],
            ["Starred", "1"],
            ["▎2026-03-04", "7/8"],
            ["2026-03-03", "10/10"],
            ["2026-03-02", "10/10"],
        ]


async def test_a_listing_issued_again_is_marked(make: Make) -> None:
    papers = (paper(1), paper(2))
    pane = listed(make(digest(*papers), digest(*papers, day="2026-03-06")))
    async with hosted(pane, (24, 12)):
        assert ["↻" in line for line in drawn(pane)[3:5]] == [True, False]


async def test_where_there_is_no_room_for_both_counts_the_name_stays_whole(make: Make) -> None:
    papers = [paper(number) for number in range(1, 11)]
    pane = listed(make(digest(*papers), digest(*papers, day="2026-03-06")))
    async with hosted(pane, (20, 12)):
        lines = [line.split() for line in drawn(pane)]
        assert (lines[0], lines[3]) == (["All", "10/10"], ["▎2026-03-06", "↻", "10"])
    pane = listed(pane.session)
    async with hosted(pane, (11, 12)):
        assert drawn(pane)[0].split() == ["All", "10"]


async def test_what_is_done_is_dimmed(session: Session) -> None:
    session.read_all()
    pane = listed(session)
    async with hosted(pane, (24, 12)):
        styles = [next(iter(pane.render_line(y))).style for y in (3, 4)]
        muted = pane.get_component_rich_style("digest-list--muted").color
        assert [style.color == muted for style in styles if style] == [True, False]


@pytest.mark.parametrize("width", [1, 2, 3, 7, 12, 20, 33])
async def test_every_line_is_exactly_as_wide_as_the_list(session: Session, width: int) -> None:
    pane = listed(session)
    async with hosted(pane, (width, 12)):
        assert {cell_len(line) for line in drawn(pane)} <= {pane.scrollable_content_region.width}


async def test_the_place_of_the_view_is_visible_after_every_move_and_resize(make: Make) -> None:
    session = make(*many(40))
    pane = listed(session)
    async with hosted(pane, (24, 10)) as pilot:
        for place in (0, 30, 12, 42, 3):
            session.choose(*session.nearest(place))
            pane.show()
            assert sum("▎" in line for line in drawn(pane)) == 1
        session.choose(*session.nearest(42))
        pane.show()
        for height in (6, 20, 4, 0, 9):
            await pilot.resize_terminal(24, height)
            await pilot.pause()
        assert sum("▎" in line for line in drawn(pane)) == 1


async def test_a_click_chooses_its_digest_and_one_on_the_border_nothing(make: Make) -> None:
    chosen = []

    class Heard(Host):
        @on(DigestList.Pointed)
        def keep(self, message: DigestList.Pointed) -> None:
            chosen.append(message.place)

    session = make(*many(40))
    pane = listed(session)
    async with Heard(pane).run_test(size=(24, 12)) as pilot:
        await pilot.pause()
        session.choose(*session.nearest(0))
        pane.show()
        await pilot.click(pane, offset=(5, 4))
        session.choose(*session.nearest(42))
        pane.show()
        await pilot.pause()
        await pilot.click(pane, offset=(5, 10))
        await pilot.click(pane, offset=(5, 0))
        await pilot.click(pane, offset=(5, 11))
        assert chosen == [3, 42]
