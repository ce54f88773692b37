"""The panel of facets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import sleep

import pytest
from rich.cells import cell_len
from textual.widgets import Static

from digest_tui.facets import Facet, FacetField
from digest_tui.session import Session
from digest_tui.ui.facets import Facets
from digest_tui.ui.glyphs import ASCII, UNICODE, Glyphs
from tests.ui.conftest import HOSTILE, frame, hosted, main, running, type_in
from tests.ui.opened import SIZES, click_on, line_of, opened


class Offer:
    """Facets to choose from, and what was chosen: the chosen ones first, others count less."""

    def __init__(self, keywords: Sequence[str] = ("robots", "agents", "策略优化")) -> None:
        self.rows: dict[FacetField, list[Facet]] = {
            "kw": [Facet(word, word, 9) for word in keywords],
            "cat": [Facet(code, f"{code} Area {code[-2:]}", 7) for code in ("cs.RO", "cs.LG")],
            "date": [Facet("2026-03", "2026-03", 5)],
        }
        self.chosen: list[tuple[FacetField, Sequence[str]]] = []
        self.keeps_order = False
        self.is_slow = False
        self.counted: list[FacetField] = []

    def facets(self) -> Iterator[tuple[FacetField, Sequence[Facet]]]:
        for field, rows in self.rows.items():
            if self.is_slow:
                sleep(0.04)
            self.counted.append(field)
            yield field, rows

    def choose(self, field: FacetField, values: Sequence[str]) -> None:
        self.chosen.append((field, tuple(values)))
        rows = [replace(row, is_chosen=row.value in values) for row in self.rows[field]]
        self.rows = {
            name: [replace(row, papers=row.papers - 1) for row in other]
            for name, other in {**self.rows, field: rows}.items()
        }
        if not self.keeps_order:
            self.rows[field].sort(key=lambda row: not row.is_chosen)

    def panel(self, glyphs: Glyphs = UNICODE) -> Facets:
        return Facets(self.facets, self.choose, glyphs)


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (["space"], [("kw", ("robots",))]),
        (["j", "enter"], [("kw", ("agents",))]),
        (
            ["j", "j", "space", "j", "space"],
            [("kw", ("策略优化",)), ("kw", ("策略优化", "robots"))],
        ),
        (["space", "space"], [("kw", ("robots",)), ("kw", ())]),
        (["tab", "space"], [("cat", ("cs.RO",))]),
        (["}", "}", "space"], [("date", ("2026-03",))]),
        (["G", "space"], [("date", ("2026-03",))]),
        (["G", "{", "space"], [("cat", ("cs.RO",))]),
        (["tab", "j", "shift+tab", "space"], [("cat", ("cs.RO",))]),
        (["tab", "shift+tab", "space"], [("kw", ("robots",))]),
        (["pagedown", "pageup", "end", "home", "up", "space"], [("kw", ("robots",))]),
        (["c", "x", "r"], []),
    ],
)
async def test_keys_move_and_choose(
    keys: list[str], chosen: list[tuple[FacetField, tuple[str, ...]]]
) -> None:
    offer = Offer()
    async with opened(offer.panel) as (pilot, answers):
        await pilot.press(*keys)
        assert offer.chosen == chosen
        assert answers == []


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (["space"], ("kw", ("robots",))),
        (["tab", "space"], ("cat", ("cs.RO",))),
        (["G", "space"], ("date", ("2026-03",))),
    ],
)
async def test_fields_that_are_late_come_one_by_one_and_no_key_misses_them(
    keys: list[str], chosen: tuple[FacetField, tuple[str, ...]]
) -> None:
    offer = Offer()
    offer.is_slow = True
    async with hosted(Static()) as pilot:
        pilot.app.push_screen(offer.panel())
        assert offer.counted == ["kw"]
        await pilot.press(*keys)
        assert offer.chosen == [chosen]
        await pilot.pause(0.3)
        assert offer.counted == ["kw", "cat", "date"] * 2
        assert line_of(pilot, "robots").rstrip("│ ").endswith(" 8")
        assert line_of(pilot, "cs.RO").rstrip("│ ").endswith(" 6")
        assert line_of(pilot, "2026-03").rstrip("│ ").endswith(" 4")


@pytest.mark.parametrize("key", ["f", "q", "escape"])
async def test_closing_keeps_what_was_chosen(key: str) -> None:
    offer = Offer()
    async with opened(offer.panel) as (pilot, answers):
        await pilot.press("space", key)
        await pilot.pause()
        assert offer.chosen == [("kw", ("robots",))]
        assert answers == [None]


async def test_c_clears_every_field_that_has_a_choice() -> None:
    offer = Offer()
    async with opened(offer.panel) as (pilot, _):
        await pilot.press("space", "G", "space", "c")
        assert offer.chosen[2:] == [("kw", ()), ("date", ())]
        assert "✓" not in frame(pilot)


async def test_a_row_tells_its_tick_its_label_and_its_count() -> None:
    async with opened(Offer().panel, (100, 24)) as (pilot, _):
        assert "│▎  robots                          9" in frame(pilot)
        await pilot.press("space")
        await pilot.pause()
        assert "│▎✓ robots                          8" in frame(pilot)
        assert "│ Keywords · 1 chosen ──" in frame(pilot)
        assert "│   cs.RO Area RO                   6" in frame(pilot)
        assert "│ Subjects ─────" in frame(pilot)


async def test_the_cursor_stays_on_its_value_and_on_its_line() -> None:
    offer = Offer([f"keyword {number}" for number in range(60)])
    async with opened(offer.panel) as (pilot, _):
        await pilot.press(*["j"] * 30)
        await pilot.pause()
        assert "▎  keyword 30" in frame(pilot)
        offer.rows["kw"] = [Facet("new", "new", 1), *offer.rows["kw"]]
        before = frame(pilot).split("\n").index(line_of(pilot, "keyword 30"))
        offer.keeps_order = True
        await pilot.press("space")
        await pilot.pause()
        assert "▎✓ keyword 30" in frame(pilot)
        assert frame(pilot).split("\n").index(line_of(pilot, "keyword 30")) == before
        offer.keeps_order = False
        await pilot.press("space", "space")
        await pilot.pause()
        assert "▎✓ keyword 30" in frame(pilot)
        assert "keyword 29" not in frame(pilot)


async def test_where_its_value_is_gone_the_cursor_goes_to_the_nearest_row() -> None:
    offer = Offer()
    async with opened(offer.panel) as (pilot, _):
        await pilot.press("j", "j")
        offer.rows = {"kw": [Facet("left", "left", 1)], "cat": [], "date": []}
        await pilot.press("G", "space")
        await pilot.pause()
        assert "▎  left" in frame(pilot)
        assert "Dates" not in frame(pilot)


async def test_a_click_chooses_a_row_and_a_heading_is_none() -> None:
    offer = Offer()
    async with opened(offer.panel) as (pilot, _):
        await click_on(pilot, "Subjects")
        assert offer.chosen == []
        await click_on(pilot, "cs.LG")
        assert offer.chosen == [("cat", ("cs.LG",))]
        assert "▎✓ cs.LG" in frame(pilot)


async def test_without_papers_there_is_nothing_to_choose() -> None:
    offer = Offer()
    offer.rows = {"kw": [], "cat": [], "date": []}
    async with opened(offer.panel) as (pilot, answers):
        assert "nothing to choose" in frame(pilot)
        await pilot.press("j", "space", "tab", "shift+tab", "G", "c", "pagedown")
        await click_on(pilot, "nothing")
        assert offer.chosen == []
        await pilot.press("escape")
        assert answers == [None]


async def test_no_text_reaches_a_markup_parser() -> None:
    async with opened(Offer([HOSTILE]).panel, (200, 20)) as (pilot, _):
        await pilot.press("space")
        await pilot.pause()
        assert HOSTILE[:40] in frame(pilot)


async def test_ascii_signs_replace_the_others() -> None:
    async with opened(lambda: Offer(["robots", "x" * 90]).panel(ASCII)) as (pilot, _):
        pilot.app.add_class("-ascii")
        await pilot.press("space")
        await pilot.pause()
        assert "|>x robots" in frame(pilot)
        assert not set(frame(pilot)) & set("▎✓…╭─│·")


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_is_survived(size: tuple[int, int]) -> None:
    offer = Offer()
    async with opened(offer.panel, size) as (pilot, _):
        await pilot.press("tab", "space", "G", "space", "c")
        assert ("2026-03" in frame(pilot)) == (size[0] > 12)
        assert {cell_len(line) for line in frame(pilot).split("\n")} == {size[0]}


@pytest.mark.parametrize(("width", "left"), [(200, 148), (100, 60), (70, 34), (69, 0), (40, 0)])
async def test_the_list_stays_in_view_unless_the_screen_is_narrow(width: int, left: int) -> None:
    async with opened(Offer().panel, (width, 20)) as (pilot, _):
        assert pilot.app.screen.query_one(".dialog").region.x == left


@pytest.mark.parametrize(("size", "free"), [((200, 60), 3), ((80, 24), 3), ((40, 12), 2)])
async def test_the_query_and_what_is_below_it_stay_in_view(
    size: tuple[int, int], free: int
) -> None:
    async with opened(Offer().panel, size) as (pilot, _):
        assert pilot.app.screen.query_one(".dialog").region.bottom == size[1] - free


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (200, "─ Space ticks · c clears · Esc closes ─"),
        (80, "─ Space ticks · Esc closes ─"),
        (60, "─ Space ticks · c clears · Esc closes ─"),
        (40, "─ Space ticks · Esc closes ─"),
    ],
)
async def test_the_border_tells_the_keys_that_it_has_room_for(width: int, told: str) -> None:
    async with opened(Offer().panel, (120, 24)) as (pilot, _):
        await pilot.resize_terminal(width, 24)
        await pilot.pause()
        assert told in frame(pilot)


async def test_the_list_behind_is_live_and_undimmed(session: Session) -> None:
    def choose(field: FacetField, values: Sequence[str]) -> None:
        session.ask("cat:cs.CV" if values else "")
        main(pilot).tell()

    rows: dict[FacetField, list[Facet]] = {"cat": [Facet("cs.CV", "cs.CV", 1)]}
    async with running(session) as pilot:
        pilot.app.push_screen(Facets(lambda: iter(rows.items()), choose))
        await pilot.pause()
        assert "Decision" in pilot.app.export_screenshot()
        assert pilot.app.screen.styles.background.a == 0
        await pilot.press("space")
        await pilot.pause()
        assert "Decision" not in pilot.app.export_screenshot()


async def test_keys_faster_than_the_panel_is_drawn_are_heard(session: Session) -> None:
    offer = Offer()
    async with running(session) as pilot:
        pilot.app.push_screen(offer.panel())
        await type_in(pilot, "j　}f")
        assert offer.chosen == [("kw", ("agents",))]
        assert main(pilot).is_active
