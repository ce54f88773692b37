"""Exports: the file is whole, where it was meant to be, and nothing in it does anything."""

from __future__ import annotations

import os
import random
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from digest_tui.export.bibtex import bibtex
from digest_tui.export.markdown import markdown
from digest_tui.export.table import BOM, table
from digest_tui.file_names import LONGEST, portable
from digest_tui.formats.exported import MATH, SIGNATURE
from digest_tui.paper import Holding
from tests.faults.catalogue import fault, trials
from tests.faults.disks import ROOT, SmallDisk, ordinary
from tests.made import paper, papers, put, text
from tests.terminal import PATIENCE, PROGRAM, Terminal
from tests.test_export import entries, holdings, rows

NAMES = (
    "../../x", "/etc/x", "C:\\x", "..\\x", "a\0b", "CON", "con.txt", "nul .tar.gz", "COM1",
    "lpt³.md", "x" * 300, "文" * 100, "文" * 82 + ".markdown", "a." + "b" * 250, "trailing.",
    "blank ", ". .", "..", "", "~", "~root", ".hidden", "hep-th/9901001", "title:abc123",
    'a"b<c>d|e?f*g', "a\nb", "\u202egnp.x", "\ud800", "aux", "conin$",
)  # fmt: skip
DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"
}
MANY = 1200
"""Papers, which take a while to be written."""


def check_name(name: str) -> None:
    """Whether a name is one that Linux, macOS and Windows take, all of it in one folder."""
    assert not set(name) & set('/\\:*?"<>|')
    assert name.isprintable()
    assert name[-1] not in ". "
    assert name[0] not in ".~ "
    assert name.split(".")[0].rstrip().upper() not in DEVICES
    assert len(name.encode()) <= 255


@given(st.sampled_from(NAMES) | st.text(), st.sampled_from(["", ".md", f"-{'0' * 64}.jsonl"]))
def test_every_name_is_made_portable(name: str, more: str) -> None:
    made = portable(name)
    assert portable(made) == made
    assert len(made.encode()) <= LONGEST
    if made:
        check_name(made + more)


def test_a_portable_name_stays_as_it_is() -> None:
    for name in ("2026-04-22-starred", "digest.txt", "arXiv 日报 (1).md", "2604.18616"):
        assert portable(name) == name


def shell(*arguments: object, inside: tuple[str, ...] = ()) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*inside, *PROGRAM, *map(str, arguments)], capture_output=True, check=False
    )


@fault(
    48,
    "path traversal and impossible names",
    injected="digests with such names and ids, imported and exported",
    holds="every name that is made is valid on every system, and inside its folder",
    trials=str(len(NAMES)),
)
def test_hostile_names_stay_in_their_folder(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = paper(1, id="hep-th/9901001", title="Old")
    none = paper(2, title="None", abs_url="../../x", pdf_url="/etc/x")
    made: list[Path] = []
    for number, name in enumerate(map(os.path.basename, NAMES)):
        # Some no system takes, and some not this one.
        with suppress(OSError, ValueError):
            listed = [old, none, paper(number + 10)]
            made.append(put(tmp_path / "new" / str(number), name, text(listed)))
    done = shell("import", *made)
    assert done.returncode == 0, done.stderr
    kept = os.listdir(home / "data" / "digest-tui" / "digests")
    assert len(kept) == len(made) > len(NAMES) / 2
    for name in kept:
        check_name(name)
    notes = tmp_path / "notes"
    notes.mkdir()
    monkeypatch.chdir(notes)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with Terminal(size=(150, 30)) as terminal:
        for title in ("Old", "None"):
            terminal.see(f"▎●  {title}")
            terminal.press("e")
            terminal.see("╭─ export")
            terminal.press("l")
            terminal.see("✓ this paper · 1")
            terminal.press("\r")
            terminal.see("1 paper written to")
            terminal.press("j")
        terminal.press("q")
        assert terminal.wait() == 0
    written = sorted(os.listdir(notes))
    assert written[0] == "hep-th_9901001.md"
    assert re.fullmatch(r"title_[0-9a-f]{12}\.md", written[1])


@pytest.fixture
def many(home: Path) -> bytes:
    """A library that takes a while to be exported; what the export is."""
    folder = home / "data" / "digest-tui" / "digests"
    for number in range(3):
        start = number * MANY // 3
        put(folder, f"{number}.txt", text(papers(*range(start, start + MANY // 3))))
    done = shell("export", "")
    assert done.stdout.count(b"\n### ") == MANY
    return done.stdout


@fault(
    56,
    "kill -9 during an export",
    injected="SIGKILL of `digest-tui export -o` at random moments, over an existing file",
    holds="the old file or the new one, whole; the next export removes what was left",
    trials="4 / 100",
)
@trials(4, 100)
def test_an_interrupted_export_leaves_the_old_file(
    many: bytes, tmp_path: Path, trials: int
) -> None:
    notes = put(tmp_path / "notes", "notes.md", "old\n")
    random_ = random.Random(trials)
    lasted, left = 0.0, 0
    command = [*PROGRAM, "export", "", "-o", str(notes)]
    for trial in range(trials):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            before = time.monotonic()
            until_begun(notes.parent, process)
            lasted = lasted or 1.5 * (time.monotonic() - before)
            # The first is killed as soon as it begins to write.
            time.sleep(random_.uniform(0, lasted) * bool(trial))
            process.kill()
        assert notes.read_bytes() in (b"old\n", many)
        left += bool(temporaries(notes.parent))
        notes.write_text("old\n")
    assert left
    # Several at once take nothing from each other.
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    told = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], told
    assert notes.read_bytes() == many
    assert os.listdir(notes.parent) == ["notes.md"]


def temporaries(folder: Path) -> set[str]:
    return {name for name in os.listdir(folder) if name.endswith(".tmp")}


def until_begun(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Waits until an export writes."""
    before, end = temporaries(folder), time.monotonic() + PATIENCE
    # The first thing that it does there is to remove what was left of another.
    while temporaries(folder) <= before and process.poll() is None:
        before &= temporaries(folder)
        assert time.monotonic() < end


@pytest.fixture
def few(tmp_path: Path) -> bytes:
    """A library; what the export is."""
    assert shell("import", put(tmp_path, "new.txt", text(papers(*range(200))))).returncode == 0
    return shell("export", "").stdout


def test_a_full_disk_leaves_the_old_file(few: bytes, tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "disk", 64) as disk:
        put(disk.seen, "notes.md", "old\n")
        done = shell("export", "", "-o", tmp_path / "disk" / "notes.md", inside=disk.inside)
        assert done.returncode == 1
        assert b"not written: No space left on device" in done.stderr
        assert (disk.seen / "notes.md").read_text() == "old\n"
        assert os.listdir(disk.seen) == ["notes.md"]


def test_a_folder_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    notes = put(tmp_path / "notes", "notes.md", "old\n")
    notes.parent.chmod(0o555)
    done = shell("export", "", "-o", notes, inside=ordinary())
    notes.parent.chmod(0o755)
    assert done.returncode == 1
    assert b"not written: Permission denied" in done.stderr
    assert notes.read_text() == "old\n"


def test_a_link_is_followed_and_a_pipe_is_written_to(few: bytes, tmp_path: Path) -> None:
    notes = put(tmp_path / "notes", "notes.md", "old\n")
    link = tmp_path / "link.md"
    link.symlink_to(notes)
    assert shell("export", "", "-o", link).returncode == 0
    assert link.is_symlink()
    assert notes.read_bytes() == few
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert shell("export", "", "-o", pipe).returncode == 0
    reader.join(PATIENCE)
    assert read == [few]


@fault(
    50,
    "export injection",
    injected="formulas, LaTeX, Markdown, HTML and links in every field of papers",
    holds="CSV, BibTeX and Markdown show it as text, read by parsers of each",
    trials="30 / 3000",
)
@trials(30, 3000)
def test_nothing_in_an_export_does_anything(trials: int) -> None:
    @settings(max_examples=trials)
    @given(holdings)
    def check(holdings: list[Holding]) -> None:
        check_table("".join(table(holdings)))
        check_bibliography("".join(bibtex(holdings)))
        check_notes("".join(markdown(holdings)))

    check()


def check_table(written: str) -> None:
    assert written.startswith(BOM)
    for row in rows(written)[1:]:
        for cell in row:
            trimmed = cell.lstrip(' \n\t\r"\u3000\u200b\ufeff')
            assert not trimmed.startswith(tuple("=+-@＝＋－＠﹦﹢﹣﹫"))


def check_bibliography(written: str) -> None:
    """Nothing but entries, and in them no command that reads, writes or defines."""
    assert written.count("@misc{") >= len(entries(written))
    for fields in entries(written).values():
        for name in fields.keys() & {"title", "author"}:
            commands = re.findall(r"\\([A-Za-z]+|.)", fields[name])
            assert not {"input", "write", "href", "url", "require", "def"} & set(commands)
            assert "^^" not in fields[name]


def check_notes(written: str) -> None:
    """Headings, paragraphs and lists, and in them plain text and links that are seen."""
    renderer = MarkdownIt("gfm-like")
    # Whatever a link leads to is to be found.
    renderer.validateLink = lambda url: True  # type: ignore[method-assign]
    tokens = list(parsed(renderer, without_maths(written)))
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}
    assert kinds <= {
        *("heading", "paragraph", "bullet_list", "list_item", "inline", "html_block"),
        *("text", "text_special", "softbreak", "strong", "link"),
    }
    assert [token.content for token in tokens if token.type == "html_block"] == [f"{SIGNATURE}\n"]
    for token in tokens:
        if token.type == "link_open":
            assert token.info == "auto"
            assert re.match("https?://|ftp://|mailto:|//", str(token.attrs["href"]))
    # What only Obsidian knows: links, comments, highlights, tags, blocks.
    plain = re.sub(r"\\.", "·", without_maths(written).removeprefix(SIGNATURE))
    assert not re.search(r"\[\[|%%|==|(?m:^#[^# ])|\s#\w|(?m: \^[\w-]+$)|(?m:^---$)", plain)


def parsed(renderer: MarkdownIt, source: str) -> Iterator[Any]:
    for token in renderer.parse(source):
        yield token
        yield from token.children or ()


def without_maths(written: str) -> str:
    """The text with a word for each formula, which Obsidian and GitHub take out first."""

    def word(found: re.Match[str]) -> str:
        assert not re.search(r"\\(href|url|require|html)", found["maths"] or "")
        return "maths" if found["maths"] else found[0]

    return re.sub(rf"\\.|(?P<maths>{MATH})", word, written)
