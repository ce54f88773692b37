"""The real program in a real terminal, from its start to its exit code."""

from __future__ import annotations

import base64
import json
import re
import shlex
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from digest_tui import formats
from digest_tui.commands import COMMANDS
from tests.terminal import PROGRAM, Terminal

SAMPLES = Path(str(resources.files("digest_tui.samples")))
NEWEST = str(SAMPLES / "2026-03-04.txt")
WIDE = (150, 24)


def shell(*arguments: str) -> str:
    done = subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def starred() -> list[str]:
    records: list[dict[str, Any]] = json.loads(shell("papers", "is:starred", "--json"))
    return [record["id"] for record in records]


def at(title: str) -> str:
    """A pattern for a screen whose cursor is on a paper."""
    return rf"▎[● ][★ ] {re.escape(title)}"


def see(terminal: Terminal, pattern: str) -> None:
    terminal.until(lambda screen: re.search(pattern, screen) is not None, pattern)


def test_a_day_is_triaged_exported_and_found_again(tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    with Terminal(NEWEST) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.press("r")
        terminal.see("1 paper marked read · u undoes")
        see(terminal, at("Training language models"))
        terminal.press("s")
        terminal.see("1 paper starred")
        see(terminal, at("Direct Preference"))
        terminal.press("u")
        terminal.see("undone")
        see(terminal, at("Training language models"))
        terminal.press("/扩散策略")
        terminal.see("/ 扩散策略", "3 of 8 · ")
        terminal.press("\r")
        see(terminal, at("Diffusion Policy Policy"))
        terminal.press("s")
        terminal.see("1 paper starred", "★ Diffusion Policy Policy")
        terminal.press("\x1b")
        terminal.see("8 papers · 6 unread")
        terminal.press("e")
        terminal.see("╭─ export", "starred here · 1", "starred.md")
        terminal.press("\x1b[Z\x15")
        terminal.gone("starred.md")
        terminal.press(f"{notes}\r")
        terminal.gone("╭─ export")
        terminal.see("1 paper written to")
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored
    assert [paper.id for paper in formats.parse(notes.read_text("utf-8")).papers] == ["2409.00588"]
    assert starred() == ["2409.00588"]
    assert "1 papers, 0 new, 0 problems" in shell("import", str(notes))


def test_no_size_loses_the_program_or_the_paper() -> None:
    with Terminal(NEWEST, size=WIDE) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.press("jj")
        see(terminal, at("Direct Preference"))
        for size in ((100, 30), (46, 20), (5, 4), (1, 1), (200, 60), (1, 40), (40, 12)):
            terminal.resize(*size)
            terminal.settle(0.1)
        see(terminal, at("Direct Preference"))
        terminal.resize(*WIDE)
        terminal.see("╭─ digests", "╭─ paper")
        terminal.press("s")
        terminal.see("★ Direct Preference")
        terminal.press("q")
        assert terminal.wait() == 0
    assert starred() == ["2305.18290"]


def test_two_windows_show_each_others_stars() -> None:
    with Terminal(NEWEST, size=WIDE) as one, Terminal(NEWEST, size=WIDE) as other:
        for window in (one, other):
            see(window, at("Decision Transformer"))
        one.press("s")
        one.see("★ Decision")
        other.see("★ Decision")
        other.press("jjs")
        other.see("★ Direct")
        one.see("★ Direct")
        for window in (one, other):
            see(window, "Starred +2 ")
            window.press("q")
            assert window.wait() == 0
    assert sorted(starred()) == ["2106.01345", "2305.18290"]


def test_full_width_keys_are_their_twins_and_text_in_the_query() -> None:
    with Terminal(NEWEST, size=WIDE) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.press("ｊ")
        see(terminal, at("Training language models"))
        terminal.press("ｓ")
        terminal.see("★ Training")
        terminal.press("／")
        terminal.see("words, au:name")
        terminal.press("ＤＰＰＯ")
        terminal.see("/ ＤＰＰＯ", "1 of 8 · ")
        terminal.press("\x1b")
        terminal.see("8 papers")
        terminal.press("ｑ")
        assert terminal.wait() == 0


def test_what_is_typed_ahead_is_taken_in_its_order() -> None:
    with Terminal(NEWEST, size=WIDE) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.press("jjsk/rus")
        terminal.see("/ rus", "1 of 8 · ")
        terminal.press("\x1b")
        terminal.see("8 papers · 7 unread", "★ Direct")
        terminal.press("q")
        assert terminal.wait() == 0
    assert starred() == ["2305.18290"]


def test_what_is_typed_after_the_query_is_for_the_list() -> None:
    with Terminal(NEWEST, size=WIDE) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.press("/preference")
        terminal.see("1 of 8 · ")
        terminal.press("\rsu")
        terminal.see("undone", "/ preference", "1 of 8 · ")
        terminal.press("q")
        assert terminal.wait() == 0


BYTES = {
    "down": "\x1b[B", "up": "\x1b[A", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H",
    "end": "\x1b[F", "pagedown": "\x1b[6~", "pageup": "\x1b[5~", "ctrl+d": "\x04",
    "ctrl+u": "\x15", "ctrl+p": "\x10", "enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z",
    "space": " ", "escape": "\x1b",
}  # fmt: skip
"""What terminals send for keys that are no characters (xterm's control sequences)."""

DECISION, TRAINING = at("Decision"), at("Training")
LAST = at("Diffusion Policy Policy")
TOP, SCROLLED = "Lili Chen, Kevin Lu", "(?s)^(?!.*Lili Chen, Kevin Lu)"
NO_DIALOG = "(?s)^(?!.*(export|help|facets|order|copy|theme|a command) )"
# Each row: keys, and a pattern that the screen then matches and did not match before.
STEPS: tuple[tuple[str, str], ...] = (
    ("j", TRAINING), ("k", DECISION), ("down", TRAINING), ("up", DECISION),
    ("J", TRAINING), ("K", DECISION), ("n", TRAINING), ("p", DECISION),
    ("G", LAST), ("g", DECISION), ("end", LAST), ("home", DECISION),
    ("pagedown", LAST), ("pageup", DECISION),
    ("}", at("Diffusion Policy: Visuomotor")), ("{", DECISION),
    ("]", "╭─ 2026-03-03 ─"), ("[", "╭─ 2026-03-04 ─"), ("g", DECISION),
    ("ctrl+d", SCROLLED), ("ctrl+u", TOP), ("space", SCROLLED), ("ctrl+u ctrl+u", TOP),
    ("h j", "╭─ 2026-03-03 ─"), ("k", "╭─ 2026-03-04 ─"), ("l j", TRAINING), ("k", DECISION),
    ("left down", "╭─ 2026-03-03 ─"), ("up", "╭─ 2026-03-04 ─"), ("right down", TRAINING),
    ("up", DECISION), ("enter G", SCROLLED), ("g", TOP), ("escape j", TRAINING), ("k", DECISION),
    ("tab end", SCROLLED), ("home", TOP), ("shift+tab j", TRAINING), ("k", DECISION),
    ("r", "1 paper marked read"), ("u", "undone"), ("U", "redone"), ("u", "undone"),
    ("s", "1 paper starred"), ("3", "╭─ 2026-03-04 · starred"), ("2", "╭─ 2026-03-04 · unread"),
    ("1", "╭─ 2026-03-04 ─"), ("A", "2026-03-04 is decided"), ("u", "undone"),
    ("b", "English"), ("b", "中文 "), ("b", "Both languages"),
    ("D", "One line a paper"), ("D", "Two lines a paper"),
    ("-", "▸ reinforcement"), ("j", at("Diffusion Policy: Visuomotor")), ("k -", DECISION),
    ("- enter", DECISION),
    ("v", "paper · source"), ("v", "╭─ paper ─"),
    ("j a", "Amanda Askell"), ("a", r"\+\d+ more"), ("k", DECISION),
    ("S", "╭─ order"), ("t", "Papers by title"), ("S g", "as in the digests"),
    ("f", "╭─ facets"), ("space", "/ kw:"), ("c", "(?s)^(?!.* / kw:)"), ("escape", NO_DIALOG),
    ("y", "╭─ copy"), ("i", "Copied the id: 2106.01345"),
    ("z", "(?s)^(?!.*digests)"), ("z", "╭─ digests"),
    ("o", "Opened https://arxiv.org/abs/"), ("O", "Opened https://arxiv.org/pdf/"),
    ("R", "Nothing new"), ("/", "words, au:name"), ("escape", "(?s)^(?!.*words, au:name)"),
    ("e", "╭─ export"), ("escape", NO_DIALOG), ("?", "╭─ help"), ("escape", NO_DIALOG),
    (":", " a command "), ("escape", NO_DIALOG), ("ctrl+p", " a command "),
    ("escape", NO_DIALOG), ("T", "╭─ theme"), ("j escape", NO_DIALOG),
)  # fmt: skip


def test_the_bytes_of_every_key_reach_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER", "true")
    with Terminal("demo", size=WIDE) as terminal:
        see(terminal, DECISION)
        for keys, pattern in STEPS:
            for key in keys.split():
                terminal.press(BYTES.get(key, key))
                if key == "escape":
                    # What follows an escape at once is part of its sequence, for any terminal.
                    terminal.settle()
            see(terminal, pattern)
        terminal.press("q")
        assert terminal.wait() == 0
    pressed = {key for keys, _ in STEPS for key in keys.split()} | {"q"}
    # The sample is offered in an empty library only.
    assert {key for command in COMMANDS for key in command.keys} - pressed == {"d"}


def test_what_is_copied_goes_through_the_terminal() -> None:
    with Terminal("demo", size=WIDE) as terminal:
        see(terminal, DECISION)
        for key, start in (("l", b"https://arxiv.org/abs/2106.01345"), ("b", b"@misc{chen2021")):
            terminal.press(f"y{key}")
            terminal.see("Copied the ")
            terminal.settle()
            _, _, sent = bytes(terminal.output).rpartition(b"\x1b]52;c;")
            assert base64.b64decode(sent.partition(b"\x07")[0]).startswith(start)


def test_it_resumes_as_it_was_left() -> None:
    shell("import", str(SAMPLES))
    with Terminal(size=WIDE) as terminal:
        terminal.see("New here?")
        terminal.press("]jD")
        terminal.see("One line a paper")
        terminal.press("b/learning\r")
        terminal.see("/ learning")
        terminal.press("S")
        terminal.see("╭─ order")
        terminal.press("t")
        terminal.see("Papers by title")
        terminal.press("G")
        terminal.settle()
        left = terminal.text
        terminal.press("q")
        assert terminal.wait() == 0
    cursor = next(line for line in left.splitlines() if "▎●" in line)
    with Terminal(size=WIDE) as terminal:
        terminal.see("/ learning", "╭─ 2026-03-03", cursor[24:70])
        assert "New here?" not in terminal.text
        terminal.press("\x1b")
        terminal.gone("/ learning")
        terminal.press("/")
        terminal.see("words, au:name")
        terminal.press("\x1b[A")
        terminal.see("/ learning")
        terminal.press("\x1b[Z")


def test_tab_completes_what_is_typed() -> None:
    with Terminal("demo", size=WIDE) as terminal:
        see(terminal, DECISION)
        terminal.press("[/au:lev")
        terminal.see("Tab  Sergey Levine")
        terminal.press("\t")
        terminal.see('/ au:"Sergey Levine"')
        terminal.press("kw:diff\tx:y")
        terminal.see('kw:"diffusion policy" x:y', "no field")


def test_the_mouse_points_scrolls_and_opens_and_marks_nothing() -> None:
    with Terminal("demo", size=(150, 24)) as terminal:
        see(terminal, DECISION)
        terminal.press(clicked(40, 5))
        see(terminal, TRAINING)
        terminal.press("\x1b[<65;40;6M" * 8)
        terminal.gone(" ▾ reinforcement")
        terminal.press("\x1b[<64;40;6M" * 20)
        terminal.see(" ▾ reinforcement")
        terminal.press(clicked(40, 3) * 2)
        see(terminal, DECISION)
        terminal.press("\x1b[<65;100;6M" * 20)
        see(terminal, SCROLLED)
        terminal.press(clicked(5, 6))
        see(terminal, "╭─ 2026-03-03 ─")
        see(terminal, r"Unread +28 ")
        see(terminal, r"Starred +0 ")


def clicked(x: int, y: int) -> str:
    """The bytes of a click on a cell (xterm's SGR mouse mode); columns and rows are from 1."""
    return f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m"


def test_marks_made_in_the_demo_go_nowhere(home: Path) -> None:
    with Terminal("demo", size=WIDE) as terminal:
        terminal.see("sample: marks go nowhere")
        terminal.press("s")
        terminal.see("1 paper starred")
        terminal.press("q")
        assert terminal.wait() == 0
    assert not (home / "data").exists()


def test_an_empty_library_offers_the_sample(home: Path) -> None:
    with Terminal(size=WIDE) as terminal:
        terminal.see("No digests yet")
        terminal.press("d")
        see(terminal, at("Decision Transformer"))
        terminal.press("s")
        terminal.see("sample: marks go nowhere", "1 paper starred")
        terminal.press("q")
        assert terminal.wait() == 0
    assert starred() == []


def test_a_digest_from_a_pipe_is_read_and_the_keys_come_from_the_terminal() -> None:
    command = f"cat {shlex.quote(NEWEST)} | {shlex.join(PROGRAM)} -"
    with Terminal(program=("/bin/sh", "-c", command), size=WIDE) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.press("s")
        terminal.see("1 paper starred")
        terminal.press("q")
        assert terminal.wait() == 0
    assert starred() == ["2106.01345"]


def test_a_refused_path_opens_all_the_same_and_says_so(tmp_path: Path) -> None:
    bad = tmp_path / "no [b]digest[].txt"
    bad.write_text("a shopping list")
    with Terminal(NEWEST, str(bad), size=(250, 24)) as terminal:
        see(terminal, at("Decision Transformer"))
        terminal.see("no [b]digest[].txt: not a digest")
        terminal.press("s")
        terminal.see("1 paper starred")
        terminal.press("q")
        assert terminal.wait() == 1


def test_settings_with_a_mistake_are_named_and_the_others_hold(home: Path) -> None:
    folder = home / "config" / "digest-tui"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('colour = "red"\n[keys]\nread = "x"\n')
    with Terminal(NEWEST, size=WIDE) as terminal:
        terminal.see("config.toml:1: unknown setting “colour”")
        terminal.press("x")
        terminal.see("1 paper marked read")
        terminal.press("q")
        assert terminal.wait() == 0
