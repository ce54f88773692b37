"""The query bar in the whole program: live, with hints and a history."""

from __future__ import annotations

import threading

import pytest

from digest_tui.resume import Left
from digest_tui.session import Session
from tests.ui.conftest import frame, main, running, status, type_in, until


async def test_each_letter_filters(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/dif")
        assert session.view.text == "dif"
        assert session.view.papers == 3
        await type_in(pilot, "fusionx")
        assert session.view.papers == 0
        assert "Nothing is found for “diffusionx”" in frame(pilot)
        await pilot.press("backspace")
        await pilot.pause()
        assert session.view.papers == 3
        assert "3 of 8" in status(pilot)


async def test_chinese_is_typed_and_found(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/扩散策略")
        assert session.view.text == "扩散策略"
        assert session.view.papers == 3


async def test_enter_keeps_the_query_and_goes_back_to_the_papers(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/diffusion")
        await pilot.press("enter", "s")
        assert session.view.text == "diffusion"
        assert session.totals.starred == 1
        assert "/ diffusion" in frame(pilot)
        assert main(pilot).focused is main(pilot).papers


@pytest.mark.parametrize("keys", [["escape"], ["enter", "escape"]])
async def test_escape_clears_the_query(session: Session, keys: list[str]) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/diffusion")
        await pilot.press(*keys)
        await pilot.pause()
        assert session.view.text == ""
        assert session.view.papers == 8
        assert "/ diffusion" not in frame(pilot)
        assert main(pilot).focused is main(pilot).papers


async def test_escape_clears_what_was_typed_in_the_same_breath(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/")
        for key in ("d", "i", "f", "escape"):
            pilot.app.simulate_key(key)
        await pilot.pause()
        await pilot.pause()
        assert session.view.text == main(pilot).query_bar.value == ""


async def test_what_is_typed_right_after_the_slash_belongs_to_the_query(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/rus")
        assert session.view.text == "rus"
        assert (session.totals.unread, session.totals.starred) == (28, 0)


async def test_letters_that_are_commands_elsewhere_are_text(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/qrsuAe?:[]{} ｒｓ")
        assert main(pilot).query_bar.value == "qrsuAe?:[]{} ｒｓ"
        assert session.totals.unread == 28


@pytest.mark.parametrize("text", ["date:someday", "is:nonsense", '"open', "(a"])
async def test_what_is_not_understood_is_said(session: Session, text: str) -> None:
    async with running(session) as pilot:
        await type_in(pilot, f"/{text}")
        assert session.view.hints
        assert session.view.hints[0].message[:40] in status(pilot)


async def test_earlier_queries_come_back(session: Session) -> None:
    async with running(session) as pilot:
        bar = main(pilot).query_bar
        for text in ("first", "second", "second"):
            await type_in(pilot, f"/{text}")
            await pilot.press("enter", "escape")
            await pilot.pause()
        await pilot.press("/")
        recalled = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            recalled.append(bar.value)
        assert recalled == ["second", "first", "first", "second", ""]
        await pilot.press("up")
        await pilot.pause()
        assert session.view.text == "second"


async def test_a_query_that_was_kept_is_gone_on_with_or_typed_over(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/diffusion")
        await pilot.press("enter", "slash", "end")
        await type_in(pilot, " planning")
        assert session.view.text == "diffusion planning"
        await pilot.press("enter")
        await type_in(pilot, "/math")
        assert session.view.text == "math"


async def test_the_query_goes_along_to_other_digests(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/diffusion")
        await pilot.press("enter", "]")
        assert session.view.text == "diffusion"
        assert session.view.scope
        assert str(session.view.scope.day) == "2026-03-03"
        assert session.view.papers == 3


async def test_tab_completes_and_tab_again_takes_the_next(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("[")
        await type_in(pilot, "/au:le")
        await until(pilot, lambda: "Tab  Sergey Levine" in frame(pilot))
        await pilot.press("tab")
        assert main(pilot).query_bar.value == 'au:"Sergey Levine" '
        await pilot.pause()
        offered = [candidate.label for candidate in main(pilot).query_bar.candidates]
        await pilot.press("tab")
        assert main(pilot).query_bar.value == f'au:"{offered[1]}" '
        for _ in offered[1:]:
            await pilot.press("tab")
        assert main(pilot).query_bar.value == 'au:"Sergey Levine" '
        await pilot.press("x", "tab")
        assert main(pilot).query_bar.value == 'au:"Sergey Levine" x'
        assert main(pilot).focused is main(pilot).query_bar


async def test_tab_without_anything_to_complete_stays_in_the_bar(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/")
        await pilot.press("tab", "z")
        assert main(pilot).query_bar.value == "z"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("policy foo:bar", "foo:"), ("is:nonsense x", "nonsense"), ("policy", ""), ("(策略", "(")],
)
async def test_what_is_not_understood_is_underlined_in_its_place(
    session: Session, text: str, wrong: str
) -> None:
    async with running(session) as pilot:
        await type_in(pilot, f"/{text}")
        await pilot.pause()
        line = main(pilot).query_bar.render_line(0)
        underlined = "".join(s.text for s in line if s.style and s.style.underline)
        assert underlined.strip() == wrong
        assert bool(session.view.hints) == bool(wrong)


async def test_queries_that_were_kept_come_back_newest_first(session: Session) -> None:
    left = Left(queries=("older", "newer"), is_first=False)
    async with running(session, left=left) as pilot:
        await pilot.press("/", *"now", "enter", "/", "up", "up")
        assert main(pilot).query_bar.value == "newer"
        await pilot.press("up", "up", "up")
        assert main(pilot).query_bar.value == "older"
        await pilot.press("down", "down", "down", "down")
        assert main(pilot).query_bar.value == "now"
        assert main(pilot).query_bar.queries == ["older", "newer", "now"]


async def test_what_is_being_typed_is_not_lost_by_looking_back(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/draft")
        await pilot.press("up", "down", "down", "up")
        assert main(pilot).query_bar.value == "draft"


async def test_what_was_offered_is_gone_with_its_query(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/cat:cs")
        await until(pilot, lambda: "Tab  cs." in frame(pilot))
        await pilot.press("escape", "/")
        await pilot.pause()
        assert "Tab" not in frame(pilot).split("\n")[-1]
        await pilot.press("tab")
        assert main(pilot).query_bar.value == ""


async def test_candidates_are_those_of_the_digest_in_view(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/au:hassel")
        await pilot.pause()
        assert main(pilot).query_bar.candidates == []
        await pilot.press("escape", "[", "/", *"au:hassel")
        await pilot.pause()
        assert main(pilot).query_bar.candidates


async def test_who_asks_for_much_goes_on_when_it_is_there(session: Session) -> None:
    async with running(session) as pilot:
        is_answered = threading.Event()
        # The thread that answers is busy with something else meanwhile.
        main(pilot).finder._thread.submit(is_answered.wait)
        await type_in(pilot, "/diffusion")
        assert "Searching" in status(pilot)
        await pilot.press("enter", "j", "s")
        assert (session.view.text, session.totals.starred) == ("", 0)
        is_answered.set()
        await until(pilot, lambda: session.totals.starred == 1)
        assert (session.view.text, session.view.papers) == ("diffusion", 3)
        assert "/ diffusion" in frame(pilot)
        assert len(session.starred_here()) == 1


@pytest.mark.parametrize("keys", [["escape"], ["enter", "escape"]])
async def test_who_does_not_wait_for_an_answer_goes_back(session: Session, keys: list[str]) -> None:
    async with running(session) as pilot:
        is_answered = threading.Event()
        main(pilot).finder._thread.submit(is_answered.wait)
        await type_in(pilot, "/diffusion")
        await pilot.press(*keys, "s")
        assert (session.view.text, session.view.papers) == ("", 8)
        assert session.totals.starred == 1
        is_answered.set()
        await pilot.pause(0.2)
        assert session.view.text == ""


async def test_the_whole_library_is_shown_when_the_query_is_answered(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/diffusion")
        await pilot.press("enter")
        scope = session.view.scope
        is_answered = threading.Event()
        main(pilot).finder._thread.submit(is_answered.wait)
        await pilot.press("[")
        assert "Searching" in status(pilot)
        assert session.view.scope == scope
        await pilot.press("s")
        assert session.totals.starred == 1
        is_answered.set()
        await until(pilot, lambda: session.view.scope is None)
        assert (session.view.text, session.view.papers) == ("diffusion", 6)
        await until(pilot, lambda: "╭─ all" in frame(pilot).lower())


async def test_who_goes_elsewhere_meanwhile_stays_there(session: Session) -> None:
    async with running(session) as pilot:
        await type_in(pilot, "/diffusion")
        await pilot.press("enter")
        is_answered = threading.Event()
        main(pilot).finder._thread.submit(is_answered.wait)
        await pilot.press("[", "]")
        assert session.view.scope
        scope = session.view.scope
        assert scope.day < session.digests[0].day
        is_answered.set()
        await pilot.pause(0.2)
        assert session.view.scope == scope
        assert "Searching" not in status(pilot)


@pytest.mark.parametrize("row", [0, 4])
async def test_what_is_being_typed_holds_where_one_clicks_meanwhile(
    session: Session, row: int
) -> None:
    async with running(session) as pilot:
        is_answered = threading.Event()
        main(pilot).finder._thread.submit(is_answered.wait)
        await type_in(pilot, "/diffusion")
        before = session.view.scope
        await pilot.click(main(pilot).digests, offset=(5, 1 + row))
        is_answered.set()
        await until(pilot, lambda: session.view.text == "diffusion")
        assert session.view.scope != before
        assert (session.view.scope is None) == (row == 0)
        assert "/ diffusion" in frame(pilot)


async def test_leaving_waits_for_no_answer(session: Session) -> None:
    async with running(session) as pilot:
        is_answered = threading.Event()
        main(pilot).finder._thread.submit(is_answered.wait)
        await type_in(pilot, "/diffusion")
        await pilot.press("enter", "q")
        is_running = pilot.app.is_running
        is_answered.set()
        assert not is_running


async def test_a_word_inside_words_is_said_to_be_so_and_lights_up(session: Session) -> None:
    async with running(session) as pilot:
        await pilot.press("[", "[", "[")
        await type_in(pilot, "/iffusion")
        assert "found inside words" in status(pilot)
        assert session.view.papers > 0
        await type_in(pilot, "zz")
        assert "found inside words" not in status(pilot)
