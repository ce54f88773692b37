"""Links: what a digest says of them leads nowhere but where a person was told that it does."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_tui.paper import ARXIV_URL, Paper, is_web_link
from tests.faults.catalogue import fault
from tests.made import paper, put, text
from tests.terminal import PROGRAM, Terminal
from tests.test_journeys import clicked

HOSTILE = (
    "javascript:alert(1)", "JavaScript:alert(1)", "file:///etc/passwd", "data:text/html,<b>x</b>",
    "vscode://x", "mailto:a@evil.example", "https://arxiv.org@evil.example/abs/1",
    "https://arxiv.org:x@evil.example/", "https://evil.example\\@arxiv.org/",
    "https://arxiv.org.evil.example/", "https://evil-arxiv.org/", "https://arxiv.example/",
    "https://\u0430rxiv.org/abs/x", "https://xn--rxiv-53d.org/abs/x", "https://evil\uff0eexample/",
    "https://evil.example/\u00a0x", "https:///etc/passwd", "https://", "//evil.example/",
    "http://localhost/", "http://127.0.0.1:8080/", "http://0x7f.0x1/", "http://[::1",
    "evil.example", "https://arxiv.org/abs/",
)  # fmt: skip
ELSEWHERE = "https://example.org/paper?x=1"
LONG = f"https://example.org/{'a-long-way-' * 12}end"
ENDLESS = f"https://example.org/{'a-long-way-' * 90}end"
WIDE = (150, 20)


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which a browser notes how often it was started, and with what."""
    notes = tmp_path / "opened"
    notes.touch()
    browser = put(tmp_path, "browser", f'#!/bin/sh\nprintf "%s\\n" "$#" "$@" >> "{notes}"\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    return notes


@contextmanager
def reading(
    folder: Path, papers: Sequence[Paper], size: tuple[int, int] = WIDE
) -> Iterator[Terminal]:
    """The program on a digest of these papers, the first of them looked at."""
    digest = put(folder, "digest.txt", text(papers))
    with Terminal(str(digest), size=size) as terminal:
        terminal.see(f"▎●  {papers[0].title[:20]}")
        yield terminal
        followed = re.findall(rb"\x1b\]8;[^;]*;([^\x1b]*)\x1b", terminal.output)
        built = {link for paper in papers for link in (paper.abs_link, paper.pdf_link)}
        assert {link.decode() for link in followed if link} <= {
            link for link in built if link.startswith("https://arxiv.org/")
        }
        terminal.press("q")
        assert terminal.wait() == 0


def joined(screen: str) -> str:
    """The screen without its line breaks, and without blanks."""
    return "".join(screen.split())


def told(terminal: Terminal, words: str) -> None:
    """Waits until words are on screen, on however many lines."""
    terminal.until(lambda screen: joined(words) in joined(screen), words)


def without_id(number: int, abs_url: str, pdf_url: str = "") -> Paper:
    fields = {"title": f"Number {number:02}", "title_zh": "", "abstract_zh": ""}
    return paper(number, abs_url=abs_url, pdf_url=pdf_url, **fields)


@fault(
    49,
    "hostile links",
    injected="a digest with links to scripts, files, look-alike hosts; keys, Enter, clicks",
    holds="nothing is opened; the full target is shown",
    trials=str(2 * len(HOSTILE)),
)
def test_hostile_links_are_shown_and_never_opened(tmp_path: Path, opened: Path) -> None:
    papers = [without_id(n, url, url) for n, url in enumerate(HOSTILE)]
    with reading(tmp_path, papers) as terminal:
        for each in papers:
            terminal.press("ooOO")
            told(terminal, f"Not opened, no plain web link: {each.abs_url}")
            terminal.press(f"\r\r{clicked_on(each.abs_url[:8], terminal.text) * 2}hj")
    assert stored("abs_url") == stored("pdf_url") == list(HOSTILE)
    assert opened.read_text() == ""


def clicked_on(words: str, screen: str) -> str:
    """The bytes of a click on where words stand first."""
    lines = enumerate(screen.split("\n"), start=1)
    row, line = next((row, line) for row, line in lines if words in line)
    return clicked(line.index(words) + 3, row)


def stored(field: str) -> list[str]:
    """What the library holds in a field, in the order of the digest."""
    done = subprocess.run([*PROGRAM, "papers", "--json"], capture_output=True, check=True)
    return [record[field] for record in json.loads(done.stdout)]


def test_a_paper_with_an_id_opens_what_is_made_of_it(tmp_path: Path, opened: Path) -> None:
    page = "https://arxiv.org/abs/2604.00001"
    papers = [
        paper(1, title="Number 1", abs_url=page, pdf_url="javascript:alert(1)"),
        paper(2, title="Number 2", abs_url=f"https://evil.example/?{page[:-1]}2"),
    ]
    with reading(tmp_path, papers) as terminal:
        terminal.press("o")
        terminal.see(f"Opened {page}")
        terminal.press("O")
        terminal.see("Opened https://arxiv.org/pdf/2604.00001")
        terminal.press("yp")
        terminal.see("Copied the PDF link: https://arxiv.org/pdf/2604.00001")
        terminal.press("jo")
        terminal.see("Opened https://arxiv.org/abs/2604.00002")
        assert "evil" not in terminal.text
        clipboard = bytes(terminal.output).rpartition(b"\x1b]52;c;")[2].partition(b"\x07")[0]
        assert base64.b64decode(clipboard) == b"https://arxiv.org/pdf/2604.00001"
    assert stored("pdf_url")[0] == "javascript:alert(1)"
    expected = [page, "https://arxiv.org/pdf/2604.00001", "https://arxiv.org/abs/2604.00002"]
    assert opened.read_text().splitlines() == [line for url in expected for line in ("1", url)]


def test_a_link_elsewhere_is_seen_in_full_and_opened_by_the_second_press(
    tmp_path: Path, home: Path, opened: Path
) -> None:
    put(home / "config" / "digest-tui", "config.toml", '[keys]\nopen-abstract = "x"\n')
    papers = [without_id(n, url) for n, url in enumerate((ELSEWHERE, "", LONG, ENDLESS))]
    with reading(tmp_path, papers, (40, 14)) as terminal:
        terminal.press("x")
        told(terminal, f"x again opens {ELSEWHERE}")
        # What is done in between takes the offer back.
        terminal.press("jx")
        told(terminal, "Not opened, no plain web link: none in this digest")
        terminal.press("kx")
        told(terminal, f"x again opens {ELSEWHERE}")
        assert opened.read_text() == ""
        terminal.press("x")
        terminal.see("Opened")
        terminal.press("jjx")
        told(terminal, f"x again opens {LONG}")
        terminal.press("jxx")
        told(terminal, "no room to show it in full: https://example.org/")
        terminal.resize(150, 40)
        told(terminal, ENDLESS)
    assert opened.read_text() == f"1\n{ELSEWHERE}\n"


hosts = st.sampled_from(
    ["arxiv.org", "export.arxiv.org", "evil.example", "arxiv.org.evil.example", "evil-arxiv.org"]
)
signs = st.text(st.sampled_from("/@:\\?#. %\u00a0\u202e\uff0f") | st.characters(), max_size=3)


@given(signs, hosts, signs, hosts, signs)
def test_whatever_stands_around_a_host_only_plain_links_are_taken(
    before: str, host: str, between: str, other: str, behind: str
) -> None:
    url = f"https://{before}{host}{between}{other}{behind}"
    if not is_web_link(url):
        return
    assert url.isascii()
    assert url.isprintable()
    authority = url.removeprefix("https://").replace("?", "/").replace("#", "/").split("/")[0]
    name = authority.split(":")[0].lower()
    assert "@" not in authority
    assert "\\" not in authority
    assert "arxiv" not in name or f".{name}".endswith(".arxiv.org")


def test_every_link_made_of_an_id_is_one_of_arxiv() -> None:
    for id_ in ("2604.00001", "hep-th/9901001", "math.GT/0703001"):
        made = Paper(id_, "", abs_url=HOSTILE[0], pdf_url=HOSTILE[1])
        assert made.abs_link == f"https://arxiv.org/abs/{id_}"
        assert made.pdf_link == f"https://arxiv.org/pdf/{id_}"
        assert ARXIV_URL.fullmatch(made.abs_link)
        assert ARXIV_URL.fullmatch(made.pdf_link)
    assert Paper("2604.00001\n", "").abs_link == ""
