"""Hostile digests, names, settings and keys: nothing of them acts, on the screen or in the shell.

The program runs in a pseudo-terminal, and what is judged are the bytes that it writes there.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digest_tui import formats
from digest_tui.paper import Paper, Subject
from digest_tui.printable import MARKS
from tests.faults.catalogue import fault
from tests.made import paper, put, text
from tests.terminal import PROGRAM, Terminal
from tests.test_journeys import clicked, see

# Each row stands in one paper.
ESCAPES = (
    "\x1b]0;canary\x07 \x1b]2;canary\x1b\\ \x1b]52;c;Y2FuYXJ5",
    "\x1b]8;;http://canary.example/\x1b\\link \x1b]52;c;Y2FuYXJ5\x07",
    "\x1b[2J \x1b[3;7H \x1b[6n \x1b[>0q \x1b[?1047l",
    "\x1bc \x1b[38;2;1;2;3m \x1b\x1b[2J",
    "\x1bPcanary\x1b\\ \x1b_canary\x1b\\ \x1b^canary\x1b\\ \x1bXcanary\x1b\\",
    "\x9b2J \x9d0;canary\x9c \x90canary\x9c \x85",
    "\x07 \x08\x0b\x0c \x7f \x1b",
)
INVISIBLE = (
    "\u202egnp.exe \u202a\u202b\u202c\u202d \u2066\u2067\u2068\u2069",
    "\u200e\u200f\u061c a\u200bb\u200cc\u200dd\u2060e \ufeffa\u00ad",
    "\U000e0041\U000e007f 文\ufe0f本\U000e0100 \u3164\uffa0\u115f",
    "a\rb\u2028c\u2029d \ufff9a\ufffab\ufffb",
    "e" + "\u0301" * 1_000,
    "文" + "\u0334" * 10_000,
    "👩\u200d🔬❤\ufe0f🧑🏽\u200d🚀🇨🇳" + "\u200d" * 50,
)
MARKUP = (
    "[bold] [/] [/foo] [red on",
    "[@click=app.bell]ring[/]",
    "[link=https://canary.example]go[/link]",
    "[[a] [b[c]]] :smile: [#3]",
    "[type=x, v={'a[0]'}] \\[b]",
)

# What the screen itself writes: colors, places, links made of an id, its modes, the shape of the
# mouse, copies, and line ends; what it asks a terminal for.
_OWN = re.compile(
    r"\x1b\[[\d;]*[mHK]|\x1b\[\?(?:7|25|1000|1003|1004|1006|1015|1049|2004|2026|2048)(?:[hl]|\$p)"
    r"|\x1b\]8;(?:id=[\d-]+;https://arxiv\.org/(?:abs|pdf)/[\d.]+|;)\x1b\\"
    r"|\x1b\[[<>]\d*u|\x1b\]22;default\x07|\x1b\]52;c;[A-Za-z0-9+/=]*\x07|\r+\n|\r(?=\x1b\[K)|\t"
)
_LINE_ENDS = dict.fromkeys(map(ord, "\r\u2028\u2029"))
"""What ends a line of a digest, and so every field but the abstract."""
_COPIED = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
_SEQUENCE = re.compile(r"\x1b\S+|[\x80-\x9f]\S+")
_IGNORED = re.compile("[\u115f\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_MANY_MARKS = re.compile(f"[\u0301\u0334\u1161]{{{MARKS + 1}}}")


def strange(output: bytes) -> set[str]:
    """What of an output is neither text nor what the program writes by itself."""
    # Frames are told apart by their color: marks of one letter stand in one of them.
    told = output.decode()
    rest = _OWN.sub("", told)
    unseen = {c for c in rest if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}}
    return unseen | {*_IGNORED.findall(rest), *_MANY_MARKS.findall(told)}


def is_harmless(terminal: Terminal, payloads: Sequence[str]) -> bool:
    """Whether nothing of the payloads came through, and what was copied is text."""
    sequences = [found.encode() for payload in payloads for found in _SEQUENCE.findall(payload)]
    copied = [base64.b64decode(sent).decode() for sent in _COPIED.findall(terminal.output)]
    assert not strange(bytes(terminal.output))
    assert not [sequence for sequence in sequences if sequence in terminal.output]
    assert all(c == "\n" or unicodedata.category(c) != "Cc" for text in copied for c in text)
    return True


def hostile(payloads: Sequence[str]) -> str:
    """A digest of a paper for each payload, which stands in every text that it has."""
    lines = [payload.translate(_LINE_ENDS) for payload in payloads]
    listed = {f"learning {p} K{n:02}": [_hostile(n, p)] for n, p in enumerate(payloads)}
    said, count, *papers = text({k.translate(_LINE_ENDS): v for k, v in listed.items()}).split("\n")
    labels = [f"- Unknown {line}: x{line}" for line in lines]
    every = " ".join(lines)
    return "\n".join((f"{said} {every}", f"{count} {every}", *papers[:-1], *labels, ""))


def _hostile(number: int, payload: str) -> Paper:
    abstract, abstract_zh = f"We learn {payload} from rewards.", f"我们学习 {payload} 奖励。"
    payload = payload.translate(_LINE_ENDS)
    return paper(
        number,
        title=f"N{number:02} {payload} end",
        title_zh=f"第{number:02}篇 {payload} 稀疏奖励",
        authors=(f"Ada {payload} Lovelace", f"Li Wei (University of {payload})"),
        subjects=(Subject(f"cs.{payload}LG", f"Machine {payload} Learning"),),
        abs_url=f"https://arxiv.org/abs/2604.{number:05}{payload}",
        pdf_url=f"https://arxiv.org/pdf/2604.{number:05}{payload}",
        abstract=abstract,
        abstract_zh=abstract_zh,
    )


def name_with(payloads: Sequence[str], before: str = "", after: str = "") -> str:
    """The name of a file or folder with as much of the payloads as a file system allows."""
    made = "".join(payloads).replace("/", "\u2215").encode()
    return before + made[:180].decode("utf-8", "ignore") + after


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hostile folder to work in: a library whose settings and journals are hostile as well."""
    payloads: Sequence[str] = request.param
    name = name_with(payloads)
    folder = tmp_path / name
    put(folder / "digests", name_with(payloads, "2026-04-22 ", ".txt"), hostile(payloads))
    put(folder, name_with(payloads, "list ", ".txt"), f"a list {name}")
    header = {"h": 1, "app": "digest-tui", "d": name, "name": name}
    change = {"t": [1790000000123, 0], "k": name, "f": "star", "v": True}
    journal = "\n".join((json.dumps(header), json.dumps(change), name, ""))
    put(folder / "marks", name_with(payloads, "other ", ".jsonl"), journal)
    quoted = "".join(f"\\U{ord(character):08X}" for character in name)
    settings = f'theme = "{quoted}"\n"{quoted}" = 1\n[keys]\nread = "{quoted}"\n"{quoted}" = "x"\n'
    put(tmp_path / "home" / "config" / "digest-tui", "config.toml", settings)
    monkeypatch.setenv("DIGEST_TUI_LIBRARY", str(folder))
    monkeypatch.chdir(folder)
    return folder


def each(name: str, payloads: Sequence[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("place", [pytest.param(payloads, id=name)], indirect=True)


def at(number: int) -> str:
    """A pattern for a screen whose cursor is on the paper of a payload."""
    return rf"▎[● ][★ ] (?:N{number:02}|第{number:02})"


def read_through(terminal: Terminal, papers: int) -> Iterator[None]:
    """Goes to each paper in each way in which papers are shown, and stops at each."""
    for keys in ("", "bD", "bv"):
        terminal.press(keys)
        for number in range(papers):
            terminal.press("j" if number else "g")
            see(terminal, at(number))
            yield
    terminal.press("bvD")


def borders_stand(terminal: Terminal) -> bool:
    """Whether each pane has its border in the same columns on every line."""
    columns = range(terminal.screen.columns)
    rows = [[terminal.screen.buffer[y][x].data for x in columns] for y in range(40)]
    edges = [x for x, sign in enumerate(rows[0]) if sign and sign in "╭╮"]
    lowest = next((y for y, row in enumerate(rows) if row[0] == "╰"), 0)
    return bool(edges) and all(rows[y][x] == "│" for y in range(1, lowest) for x in edges)


def paste(terminal: Terminal, text: str) -> None:
    """Pastes a text as terminals do it (bracketed paste), which leave escapes out of it."""
    terminal.press("\x1b[200~" + text.replace("\x1b", "") + "\x1b[201~")


def open_all(terminal: Terminal, payloads: Sequence[str]) -> None:
    """Opens every dialog and line in which a text of a digest, or what is pasted, can stand."""
    opened = {"S": "order", "f": "facets", "y": "copy", "?": "help"}
    for key, title in opened.items():
        terminal.press(key)
        terminal.see(f"╭─ {title}")
        terminal.press("q")
        terminal.gone(f"╭─ {title}")
    for key in "tlmb":
        terminal.press(f"y{key}")
        terminal.see("Copied the")
    for keys, title in (("s3e", "╭─ export"), (":", " a command")):
        terminal.press(keys)
        terminal.see(title)
        paste(terminal, payloads[0])
        # What follows an escape at once is part of its sequence.
        terminal.press("\x1b")
        terminal.settle()
    terminal.press("1/")
    terminal.see("words, au:name")
    for payload in payloads:
        paste(terminal, payload)
        terminal.press("\x15")
    for words in ("kw:learn\t", "au:ada\t", "zz" + payloads[0]):
        paste(terminal, words)
        terminal.press("\t\t")
        terminal.settle()
        terminal.press("\x15")
    terminal.press("\x1b")
    terminal.gone("Esc clears")


FROM_ALL = "a library: digest, folder, file names, settings, journals"


@each("escapes", ESCAPES)
@fault(
    44,
    "terminal escapes",
    injected=f"OSC, CSI, DCS, C0 and C1 in every text of {FROM_ALL}; pasted; screen and shell",
    holds="no byte on the terminal but text and what the program itself writes",
    trials=str(len(ESCAPES)),
)
def test_terminal_escapes(place: Path) -> None:
    drive_screen(ESCAPES)
    drive_shell(ESCAPES)


@each("invisible", INVISIBLE)
@fault(
    46,
    "invisible and combining characters",
    injected=f"bidi, zero-width, tags, 10,000 marks on a letter in every text of {FROM_ALL}",
    holds="none on the terminal, 8 marks a letter; every border in its column",
    trials=str(len(INVISIBLE)),
)
def test_invisible_and_combining_characters(place: Path) -> None:
    drive_screen(INVISIBLE)
    drive_shell(INVISIBLE)


def drive_screen(payloads: Sequence[str]) -> None:
    """Shows all that can be shown, wide and narrow, and looks at what came of it."""
    refused = next(Path.cwd().glob("list *"))
    with Terminal(str(refused), size=(120, 40), synchronized=True) as terminal:
        see(terminal, at(0))
        for _ in read_through(terminal, len(payloads)):
            terminal.until(lambda _: borders_stand(terminal), "borders")
        open_all(terminal, payloads)
        terminal.resize(40, 12)
        terminal.gone("╭─ paper ")
        for number in range(len(payloads)):
            terminal.press("j" if number else "g")
            see(terminal, at(number))
            terminal.until(lambda _: borders_stand(terminal), "borders")
        terminal.press("z")
        terminal.see("╭─ paper ")
        terminal.until(lambda _: borders_stand(terminal), "borders")
        terminal.press("q")
        assert terminal.wait() == 1
        assert is_harmless(terminal, payloads)


def drive_shell(payloads: Sequence[str]) -> None:
    """Calls every command that tells of digests, names and settings, on a terminal."""
    refused, name = next(Path.cwd().glob("list *")), name_with(payloads)
    calls: tuple[tuple[str, ...], ...] = (
        ("papers",), ("papers", "--json"), ("digests",), ("export", "date:>=1991", "-f", "csv"),
        ("import", str(refused)), ("doctor",), ("mark", "--star", name), ("papers", f"x:{name}"),
        ("papers", "-f", name), ("export", "-f", name), (f"--{name}",),
    )  # fmt: skip
    for call in calls:
        with Terminal(*call, emulate=False) as terminal:
            terminal.wait()
            terminal.settle(0.05)
            assert terminal.output
            assert is_harmless(terminal, payloads)


@each("invisible", INVISIBLE)
def test_what_goes_to_a_pipe_is_what_the_digest_says(place: Path) -> None:
    digest = formats.parse(next((place / "digests").iterdir()).read_text("utf-8"))
    command = (*PROGRAM, "papers", "--json")
    done = subprocess.run(command, capture_output=True, check=True)
    said = {paper.id: paper for paper in digest.papers}
    printed = json.loads(done.stdout)
    assert len(printed) == len(said)
    for record in printed:
        own = said[record["id"]]
        assert (record["title"], record["title_zh"]) == (own.title, own.title_zh)
        assert (record["abstract"], record["abstract_zh"]) == (own.abstract, own.abstract_zh)
        assert record["authors"] == list(own.authors)
    assert any("\u200b" in record["title"] for record in printed)


def click_on(terminal: Terminal, word: str) -> None:
    """Clicks on a word in each line in which it stands."""
    for y, line in enumerate(terminal.text.split("\n"), start=1):
        if (x := line.find(word)) >= 0:
            terminal.press(clicked(x + 1, y))
    terminal.settle()


@each("markup", MARKUP)
@fault(
    45,
    "markup",
    injected=f"Textual's and Rich's in every text of {FROM_ALL}; pasted; clicked",
    holds="it is shown as it stands; nothing acts",
    trials=str(len(MARKUP)),
)
def test_markup(place: Path) -> None:
    with Terminal(size=(250, 50), synchronized=True) as terminal:
        see(terminal, at(0))
        for number, payload in enumerate(MARKUP):
            terminal.press("J" if number else "g")
            see(terminal, at(number))
            # In the list: keyword, title, Chinese title; in the paper: titles, authors, keyword.
            title = f"N{number:02} {payload} end"
            terminal.until(lambda screen: screen.count(title) == 2, title)  # noqa: B023
            terminal.see(f"learning {payload} K{number:02}", f"第{number:02}篇 {payload} 稀疏奖励")
            terminal.see(f"Ada {payload} Lovelace", f"We learn {payload} from rewards.")
            if "ring" in payload:
                click_on(terminal, "ring")
        open_all(terminal, MARKUP)
        terminal.press("/")
        terminal.see("words, au:name")
        paste(terminal, "zz [/foo]")
        terminal.see(" / zz [/foo]", "Nothing is found for “zz [/foo]”")
        terminal.press("\r")
        terminal.gone("Enter keeps")
        terminal.press("q")
        assert terminal.wait() == 0
        assert is_harmless(terminal, MARKUP)


HUGE: dict[str, dict[str, Any]] = {
    "abstract": {"abstract": "An agent learns a policy. " * 400_000},
    "lines": {"abstract": "of\n" * 1_000_000},
    "marks": {"abstract": "e" + "\u0301" * 1_000_000},
    "formulas": {"abstract": "$x_{i}^2$ and " * 70_000},
    "parentheses": {"authors": ("Li Wei " + "(" * 1_000_000 + ")" * 1_000_000,)},
    "unclosed": {"authors": ("Li Wei " + "(" * 1_000_000,)},
    "authors": {"authors": tuple(f"Author Number {number}" for number in range(100_000))},
    "title": {"title": "large title " * 87_000, "title_zh": "很长的标题" * 200_000},
}  # fmt: skip
"""What of a paper is larger than any paper: 10 MB, a million lines or parentheses, 1 MB."""


@fault(
    47,
    "digests larger than any",
    injected="10 MB on a line; a million lines, parentheses, marks; 100,000 authors, keywords",
    holds="imported whole; opened, and each key answered; what is not shown is counted",
    trials=str(len(HUGE) + 1),
)
def test_digests_larger_than_any(tmp_path: Path) -> None:
    papers = [_huge(number, name) for number, name in enumerate(HUGE)]
    keywords = {f"keyword {number}": papers[:1] * (number < 3) for number in range(100_000)}
    digest = put(tmp_path, "huge.txt", text({"learning": papers, **keywords}))
    command = (*PROGRAM, "import", "--json", str(digest))
    (outcome,) = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert (outcome["status"], outcome["papers"]) == ("imported", len(HUGE))
    with Terminal(size=(120, 40), synchronized=True) as terminal:
        see(terminal, at(0))
        for number in range(len(HUGE)):
            terminal.press("s" if number else "g")
            see(terminal, rf"{at(number)}(?s:.*)N{number:02}|N{number:02}(?s:.*){at(number)}")
        terminal.press("s")
        terminal.see(f"{len(HUGE)} starred")
        terminal.press("gb")
        terminal.see("English")
        terminal.press("\r")
        terminal.see("Out")
        terminal.press("G")
        terminal.see("more characters")
        terminal.press("h")
        for keys, seen in (("f", "╭─ facets"), ("q", "papers"), ("e", "╭─ export")):
            terminal.press(keys)
            terminal.see(seen)
        terminal.press("\x1b")
        terminal.gone("╭─ export")
        terminal.press("/zzqq")
        terminal.see("Nothing is found")
        terminal.press("\x1b")
        terminal.gone("Nothing is found")
        terminal.press("q")
        assert terminal.wait() == 0


def _huge(number: int, name: str) -> Paper:
    made = paper(number, **HUGE[name])
    return replace(made, title=f"N{number:02} {made.title}")


@pytest.mark.parametrize(
    ("content", "status", "says"),
    [
        pytest.param("", "refused", "the file is empty", id="empty"),
        pytest.param(" \n" * 9, "refused", "is empty", id="blank"),
        pytest.param("\0" * 1_000, "refused", "NUL bytes", id="NUL"),
        pytest.param(text([]).rsplit("Keyword", 1)[0], "imported", "", id="header"),
    ],
)
def test_a_digest_of_nothing_is_told(tmp_path: Path, content: str, status: str, says: str) -> None:
    digest = put(tmp_path, "nothing.txt", content)
    command = (*PROGRAM, "import", "--json", str(digest))
    (outcome,) = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
    assert outcome["status"] == status
    assert says in "".join(problem["message"] for problem in outcome["problems"])
