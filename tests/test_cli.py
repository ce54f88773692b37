"""The shell: what each command prints where, and with which exit code it ends."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from digest_tui import __version__
from digest_tui.cli import cli
from digest_tui.index import Index
from digest_tui.paper import Subject
from digest_tui.settings import config_path, places
from tests.made import DAY, DIFFUSION, REINFORCEMENT, paper, papers, put, text
from tests.terminal import Terminal

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "digests"
NEXT_DAY = DAY + timedelta(1)
OLDER = text({REINFORCEMENT: papers(1, 2, 3)})
NEWER = text({REINFORCEMENT: papers(4, 2), DIFFUSION: [*papers(4), paper(5)]}, NEXT_DAY)

AWKWARD = paper(
    6,
    title=r"# [Re] $\mathcal{O}(\sqrt{T})$ & *five* <b>1_000</b> ways, at $5",
    title_zh="",
    abstract="1. First, $x_1$.\n- Second, ==marked== at 100% of `code`.",
    abstract_zh="",
    subjects=(Subject("cs.DC", "Distributed, Parallel, and Cluster Computing"),),
)

PAPER_KEYS = (
    "id title title_zh authors subjects keywords abs_url pdf_url abstract abstract_zh digests read "
    "starred"
)
DIGEST_KEYS = (
    "date announced_at generated_at file format declared entries papers unread starred keywords "
    "problems"
)
IMPORT_KEYS = "file status format date declared entries papers new problems"


@dataclass(frozen=True, slots=True)
class Done:
    """What a call came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def jsonl(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Calls the shell within this process."""

    def call(*arguments: str | Path) -> Done:
        with pytest.raises(SystemExit) as ended:
            cli([str(argument) for argument in arguments], prog_name="digest-tui")
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, printed.out, printed.err)

    return call


@pytest.fixture
def two(run: Run, tmp_path: Path) -> Path:
    """A folder of two digests, which are imported."""
    put(tmp_path / "two", "1.txt", OLDER)
    put(tmp_path / "two", "2.txt", NEWER)
    assert run("import", tmp_path / "two").code == 0
    return tmp_path / "two"


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 1,000 digests, which take a while."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(1000):
        made = papers(*range(20 * number, 20 * number + 20))
        put(folder, f"{number:04}.txt", text(made))
    return folder


def program(
    *arguments: str | Path, stdin: bytes = b"", environment: Mapping[str, str] = os.environ
) -> Done:
    """Calls the shell as a program of its own, with pipes."""
    done = subprocess.run(
        [sys.executable, "-m", "digest_tui", *map(str, arguments)],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def ids(done: Done) -> list[str]:
    return [line.split("\t")[0].removeprefix("2604.0000") for line in done.out.splitlines()]


def test_import_says_a_line_a_file_and_goes_on_after_a_refusal(run: Run, tmp_path: Path) -> None:
    one = put(tmp_path, "one.txt", OLDER.replace("今天共有 3", "今天共有 4"))
    two = put(tmp_path, "two.txt", NEWER)
    missing, notes = tmp_path / "missing.txt", put(tmp_path, "notes.txt", "Milk, eggs.\n")

    done = run("import", one, missing, notes, two, one)
    assert done.code == 1
    assert done.out.splitlines() == [
        f"{one}: imported: text, 2026-04-22, 3 entries, 3 papers, 3 new, 1 problems",
        f"{two}: imported: text, 2026-04-23, 4 entries, 3 papers, 2 new, 0 problems",
        f"{one}: known: text, 2026-04-22, 3 entries, 3 papers, 0 new, 1 problems",
    ]
    problem, first, second, _, _ = done.err.splitlines()
    assert problem.startswith(f"digest-tui: {one}:2: 4 entries are announced")
    assert first.startswith(f"digest-tui: {missing}: refused: cannot be read (no such file")
    assert second.startswith(f"digest-tui: {notes}: refused: not a digest")


def test_import_as_json_has_a_record_a_file(run: Run, tmp_path: Path) -> None:
    one = put(tmp_path, "one.txt", OLDER.replace("今天共有 3", "今天共有 4"))
    missing = tmp_path / "missing.txt"
    done = run("import", "--json", one, missing, one)
    assert done.code == 1
    first, refused, known = done.json
    assert {" ".join(record) for record in done.json} == {IMPORT_KEYS}
    assert list(first.values())[:-1] == [str(one), "imported", "text", str(DAY), 4, 3, 3, 3]
    assert [" ".join(problem) for problem in first["problems"]] == ["line message"]
    assert list(refused.values())[:-1] == [str(missing), "refused", None, None, None, 0, 0, 0]
    assert refused["problems"] == [
        {"line": 0, "message": "cannot be read (no such file or directory)"}
    ]
    assert (known["status"], known["new"]) == ("known", 0)


TIME = r"(\d+ s left|\d+ min left|nearly done)"
BARS = {
    200: rf"\[#*-*\] [\d,]+ of 1,000 files · [\d,]+ papers · [\d,]+/s · {TIME}",
    80: rf"\[#*-*\] [\d,]+ of 1,000 files · [\d,]+ papers · [\d,]+/s · {TIME}",
    60: rf"\[#*-*\] [\d,]+ papers · [\d,]+/s · {TIME}",
    40: rf"[\d,]+ of 1,000 · {TIME}",
}
"""What a bar says behind its first word, by the columns there are."""
REST = "what was copied stays, and the same call imports the rest"


@pytest.mark.parametrize("columns", BARS)
def test_importing_much_shows_how_far_it_is_and_leaves_nothing_of_that(
    many: Path, columns: int
) -> None:
    with Terminal("import", str(many), size=(columns, 12)) as terminal:
        bar = re.compile(f"^Importing {BARS[columns]} *$", re.M)
        terminal.until(lambda screen: bar.search(screen) is not None, bar.pattern)
        terminal.press("\x03")
        assert terminal.wait() == 130
        terminal.settle()
        told = terminal.text.replace("\n", "").strip()
        assert re.fullmatch(rf"digest-tui: interrupted after \d+ of 1,000 files: {REST}", told)
        drawn = re.findall(r"\r(Importing[^\r]*)\x1b\[K", terminal.output.decode())
        # Before there is a rate, papers alone are told of.
        kinds = re.compile(rf"Importing ({BARS[columns]}|(\[#*-*\] )?[\d,]+ papers)")
        assert [each for each in drawn if not kinds.fullmatch(each) or "[]" in each] == []
        assert max(map(len, drawn)) <= columns - len("^C")


def test_an_import_that_was_interrupted_goes_on(run: Run, many: Path, tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    shell = ("sh", "-c", 'exec "$0" -m digest_tui import --json "$1" >"$2"', sys.executable)
    with Terminal(str(many), str(path), program=shell) as terminal:
        terminal.see(" s left")
        terminal.press("\x03")
        assert terminal.wait() == 130
        terminal.settle()
        first = terminal.text.strip()
    records = json.loads(path.read_text("utf-8"))
    assert 0 < len(records) < 1000
    assert {record["status"] for record in records} == {"imported"}
    assert first == f"digest-tui: interrupted after {len(records)} of 1,000 files: {REST}"

    held = len(run("digests").out.splitlines())
    assert held >= len(records)
    with Terminal("import", str(many)) as terminal:
        terminal.see("Importing [")
        assert terminal.wait() == 0
        terminal.settle()
        last = terminal.text.strip()
    counts = f"{1000 - held:,} imported, {held:,} known; 20,000 papers, {20 * (1000 - held):,} new"
    assert re.fullmatch(rf"digest-tui: 1,000 files: {counts}; \d+ s", last)

    done = run("import", many)
    assert (done.code, done.out.count(": known: ")) == (0, 1000)
    assert done.err.startswith("digest-tui: 1,000 files: 1,000 known; 20,000 papers")
    assert len(run("papers").out.splitlines()) == 20_000


@pytest.mark.parametrize(("files", "listed"), [(30, 29), (31, 1)])
def test_on_a_terminal_many_digests_are_listed_only_where_something_is_wrong(
    tmp_path: Path, files: int, listed: int
) -> None:
    for number in range(files - 2):
        put(tmp_path / "some", f"{number:02}.txt", text(papers(number)))
    put(tmp_path / "some", "notes.txt", "Milk, eggs.\n")
    put(tmp_path / "some", "short.txt", OLDER.replace("今天共有 3", "今天共有 4"))
    with Terminal("import", str(tmp_path / "some"), size=(240, 60)) as terminal:
        assert terminal.wait() == 1
        terminal.settle()
        lines = terminal.text.rstrip().split("\n")
    assert sum(": imported: " in line for line in lines) == listed
    problem, refused, last = lines[-3:]
    assert problem.startswith(f"digest-tui: {tmp_path}/some/short.txt:2: 4 entries are announced")
    assert refused.startswith(f"digest-tui: {tmp_path}/some/notes.txt: refused: not a digest")
    assert last.startswith(f"digest-tui: {files} files: {files - 1} imported, 1 refused; ")


def test_an_import_of_more_than_one_file_ends_with_the_sum(run: Run, tmp_path: Path) -> None:
    one, notes = put(tmp_path, "1.txt", text(papers(1))), put(tmp_path, "2.txt", "Milk, eggs.\n")
    two = put(tmp_path, "3.txt", NEWER)

    def summed(*paths: Path) -> str:
        last = run("import", *paths).err.splitlines()[-1]
        return re.sub(r"; \d+ s$", "", last.removeprefix("digest-tui: "))

    assert summed(one, notes) == "2 files: 1 imported, 1 refused; 1 paper, 1 new"
    assert summed(notes, notes) == "2 files: 2 refused"
    assert summed(one, two, notes) == "3 files: 1 imported, 1 known, 1 refused; 4 papers, 3 new"
    assert summed(one, two) == "2 files: 2 known; 4 papers"
    assert run("import", one).err == ""


def test_an_import_that_nobody_reads_says_how_far_it_came(many: Path) -> None:
    command = [sys.executable, "-m", "digest_tui", "import", str(many)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as program:
        assert program.stdout
        assert program.stderr
        program.stdout.readline()
        program.stdout.close()
        told = program.stderr.read()
    assert re.fullmatch(
        r"digest-tui: ended, as nobody reads the output,"
        rf" after \d+ of 1,000 files: {REST}\n",
        told,
    )
    assert program.returncode == 1


@pytest.mark.parametrize(
    "command", ["papers", "digests", "export", "mark --star 2604.00001", "doctor", "import ."]
)
def test_an_index_that_is_far_behind_is_brought_up_to_date_in_sight(
    many: Path, command: str
) -> None:
    put(config_path().parent, "config.toml", f'folders = ["{many}"]\n')
    with Terminal(*command.split(), size=(100, 12)) as terminal:
        bar = re.compile(f"^Indexing {BARS[80]} *$", re.M)
        terminal.until(lambda screen: bar.search(screen) is not None, bar.pattern)
        terminal.press("\x03")
        assert terminal.wait() == 130
        terminal.settle()
        assert terminal.text.strip() == (
            "digest-tui: interrupted while the index was brought up to date:"
            " the next call goes on with it"
        )


def test_on_a_pipe_nothing_is_told_of_indexing(many: Path) -> None:
    put(config_path().parent, "config.toml", f'folders = ["{many}"]\n')
    done = program("papers")
    assert (done.code, done.err, len(done.out.splitlines())) == (0, "", 20_000)


def test_import_knows_what_was_put_into_the_folder_by_hand(run: Run, tmp_path: Path) -> None:
    put(places().digests, "1.txt", OLDER)
    (record,) = run("import", "--json", put(tmp_path, "copy.txt", OLDER)).json
    assert (record["status"], record["new"]) == ("known", 0)


def test_digests_as_json_say_all_that_is_known(run: Run, two: Path) -> None:
    run("mark", "--read", "2604.00002")
    run("mark", "--star", "2604.00005")
    done = run("digests", "--json")
    newer, older = done.json
    assert {" ".join(record) for record in done.json} == {DIGEST_KEYS}
    assert newer == {
        "date": "2026-04-23",
        "announced_at": "2026-04-23T20:00:00-04:00",
        "generated_at": "2026-04-23T17:23:58+08:00",
        "file": "2.txt",
        "format": "text",
        "declared": 4,
        "entries": 4,
        "papers": 3,
        "unread": 2,
        "starred": 1,
        "keywords": [
            {"keyword": REINFORCEMENT, "entries": 2},
            {"keyword": DIFFUSION, "entries": 2},
        ],
        "problems": [],
    }
    assert (older["date"], older["unread"], older["starred"]) == ("2026-04-22", 2, 0)


def test_digests_are_listed_newest_first_and_issued_again_is_said(run: Run, two: Path) -> None:
    put(two, "3.txt", text({REINFORCEMENT: papers(1, 2, 3)}, NEXT_DAY + timedelta(1)))
    run("import", two)
    assert run("digests").out.splitlines() == [
        "2026-04-24    3 entries    3 papers    3 unread  3.txt  as on 2026-04-22",
        "2026-04-23    4 entries    3 papers    3 unread  2.txt",
        "2026-04-22    3 entries    3 papers    3 unread  1.txt",
    ]


def test_a_paper_as_json_has_its_keys_in_order(run: Run, two: Path) -> None:
    run("mark", "--star", "2604.00004")
    done = run("papers", "2604.00004", "--jsonl")
    (record,) = done.jsonl
    assert " ".join(record) == PAPER_KEYS
    assert record == {
        "id": "2604.00004",
        "title": "Paper 4 on sparse rewards",
        "title_zh": "第4篇稀疏奖励论文",
        "authors": ["Ada Lovelace", "Li Wei (Example University, Nowhere)"],
        "subjects": [
            {"code": "cs.LG", "name": "Machine Learning"},
            {"code": "cs.RO", "name": "Robotics"},
        ],
        "keywords": [REINFORCEMENT, DIFFUSION],
        "abs_url": "https://arxiv.org/abs/2604.00004",
        "pdf_url": "https://arxiv.org/pdf/2604.00004",
        "abstract": "Agents learn task 4 from few rewards.",
        "abstract_zh": "智能体用很少的奖励学会第4个任务。",
        "digests": ["2026-04-23"],
        "read": False,
        "starred": True,
    }


def test_papers_come_in_digest_order_in_every_form(run: Run, two: Path) -> None:
    assert ids(run("papers")) == ["4", "2", "5", "1", "3"]
    assert [record["id"][-1] for record in run("papers", "--jsonl").jsonl] == list("42513")
    assert [record["id"][-1] for record in run("papers", "--json").json] == list("42513")
    assert run("papers", "nothing-like-it", "--json").json == []
    assert run("papers", "nothing-like-it", "--jsonl").out == ""
    assert run("papers", "2604.00002").out == (
        "2604.00002\t2026-04-23\tunread\tPaper 2 on sparse rewards\n"
    )


def test_a_query_that_is_not_understood_is_narrated_and_searched_as_text(
    run: Run, two: Path
) -> None:
    done = run("papers", "sparse is:nonsense")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("digest-tui: query, column 11: no such state: read, unread")


def test_marks_by_ids_however_they_are_written(run: Run, two: Path) -> None:
    done = run(
        "mark", "--star", "2604.00001", "2604.00002v3", "https://arxiv.org/abs/2604.00003v1",
        "arXiv:2604.00004", "2604.00004v2",
    )  # fmt: skip
    assert (done.code, done.out) == (0, "")
    assert done.err == "digest-tui: 4 of 4 papers changed\n"
    assert ids(run("papers", "is:starred")) == ["4", "2", "1", "3"]
    assert run("mark", "--unstar", "https://arxiv.org/pdf/2604.00001.pdf").code == 0
    assert ids(run("papers", "is:starred")) == ["4", "2", "3"]
    assert run("mark", "--star", "2604.00002").err == "digest-tui: 0 of 1 papers changed\n"


def test_marks_by_query(run: Run, two: Path) -> None:
    assert run("mark", "--read", "--query", f"kw:{DIFFUSION}").code == 0
    assert ids(run("papers", "is:read")) == ["4", "5"]
    assert run("mark", "--unread", "--query", "date:2026-04-23 is:read 第4篇").code == 0
    assert ids(run("papers", "is:read")) == ["5"]
    assert (
        run("mark", "--read", "--query", "is:unread").err == "digest-tui: 4 of 4 papers changed\n"
    )


@pytest.mark.parametrize(
    "arguments", [("--read", "--query", ""), ("--read", "--unread", "2604.00001"), ("--star",)]
)
def test_a_mark_that_may_not_be_meant_is_a_wrong_call(
    run: Run, two: Path, arguments: tuple[str, ...]
) -> None:
    assert run("mark", *arguments).code == 2
    assert ids(run("papers", "is:read OR is:starred")) == []


@pytest.mark.parametrize("command", ["papers", "export"])
def test_a_query_may_begin_with_a_minus(run: Run, two: Path, command: str) -> None:
    without = run(command, f'-kw:"{DIFFUSION}"')
    assert without.code == 0
    assert "2604.00001" in without.out
    assert "2604.00004" not in without.out


def test_an_unknown_id_is_refused_and_the_others_are_marked(run: Run, two: Path) -> None:
    done = run("mark", "--star", "2604.99999", "2604.00001", "2604.000012", "caf\udce9")
    assert done.code == 1
    assert ids(run("papers", "is:starred")) == ["1"]
    assert done.err.splitlines() == [
        "digest-tui: 1 of 1 papers changed",
        "digest-tui: 2604.99999: refused: no such paper in the library",
        "digest-tui: 2604.000012: refused: no such paper in the library",
        "digest-tui: caf?: refused: no such paper in the library",
    ]


def test_marks_that_cannot_be_saved_are_said(run: Run, two: Path) -> None:
    put(places().marks.parent, "marks", "a file where the folder should be")
    done = run("mark", "--star", "2604.00001")
    assert done.code == 1
    assert "1 change not saved" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["mark", "--star"],
        ["mark", "2604.00001"],
        ["mark", "--star", "2604.00001", "--query", "sparse"],
        ["mark", "--read", "--query", "is:nonsense"],
        ["mark", "--read", "--query", "(sparse"],
        ["import"],
        ["papers", "one", "two"],
        ["export", "-f", "docx"],
        ["export", "-l", "fr"],
        ["completions", "tcsh"],
        ["--nonsense"],
        ["digests", "--nonsense"],
        [],
        ["demo"],
        ["open", "."],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2_and_changes_nothing(
    run: Run, two: Path, arguments: list[str]
) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Error: " in done.err
    assert not places().marks.exists()


def test_to_open_without_a_terminal_is_wrong_use_and_imports_nothing(
    run: Run, tmp_path: Path
) -> None:
    done = run(put(tmp_path, "a.txt", OLDER))
    assert done.code == 2
    assert "the screen needs a terminal" in done.err
    assert run("digests").out == ""


def test_export_writes_the_starred_ones_as_markdown(run: Run, two: Path, tmp_path: Path) -> None:
    run("mark", "--star", "2604.00002", "2604.00005")
    done = run("export")
    assert done.code == 0
    titles = [line for line in done.out.splitlines() if line.startswith("### ")]
    assert titles == ["### Paper 2 on sparse rewards", "### Paper 5 on sparse rewards"]
    assert run("export", "-o", "-").out == done.out

    path = tmp_path / "notes" / "out.md"
    written = run("export", "-o", path)
    assert (written.out, written.code) == ("", 0)
    assert written.err == f"digest-tui: 2 papers written to {path}\n"
    assert path.read_text("utf-8") == done.out
    assert run("export", "-o", tmp_path).err.startswith(f"digest-tui: {tmp_path}: not written: ")


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_export_and_papers_write_the_same_json(run: Run, two: Path, format_: str) -> None:
    assert run("export", "", "-f", format_).out == run("papers", f"--{format_}").out != ""


def test_export_writes_a_bibliography_and_a_table(run: Run, two: Path, tmp_path: Path) -> None:
    entry = run("export", "id:2604.00002", "-f", "bibtex").out
    assert entry.startswith("@misc{lovelace2026paper,\n  title = {Paper 2 on sparse rewards},\n")
    path = tmp_path / "all.csv"
    assert run("export", "", "--format", "csv", "--output", path).code == 0
    lines = path.read_bytes().decode("utf-8-sig").split("\r\n")
    assert [line.split(",")[0] for line in lines] == [
        "id",
        *(f"arXiv:{each['id']}" for each in run("papers", "--jsonl").jsonl),
        "",
    ]
    assert path.read_bytes() == run("export", "", "-f", "csv").out.encode()


@pytest.mark.parametrize(
    ("language", "empty"),
    [("both", []), ("en", ["title_zh", "abstract_zh"]), ("zh", ["abstract"])],
)
def test_export_writes_the_languages_asked_for(
    run: Run, two: Path, language: str, empty: list[str]
) -> None:
    for option in ("-l", "--language"):
        (record,) = run("export", "id:2604.00002", "-f", "jsonl", option, language).jsonl
        assert [name for name, value in record.items() if value == ""] == empty


def without_place(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "digests": None}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(None, id="made"),
        pytest.param(Path(str(resources.files("digest_tui.samples"))), id="samples"),
        pytest.param(
            REAL,
            id="real",
            marks=pytest.mark.skipif(
                not REAL.is_dir(), reason="the real digests are not part of the repository"
            ),
        ),
    ],
)
def test_what_is_exported_is_imported_again_paper_for_paper(
    run: Run, tmp_path: Path, source: Path | None
) -> None:
    if source is None:
        source = put(tmp_path / "made", "1.txt", OLDER).parent
        put(source, "2.txt", NEWER)
        put(source, "3.txt", text({"a; b #1": papers(3), "_c_": [AWKWARD, *papers(3)]}))
    one, two = tmp_path / "one", tmp_path / "two"
    assert run("import", "--library", one, source).code == 0
    before = run("papers", "--jsonl", "--library", one).jsonl
    assert before

    assert run("export", "", "-o", tmp_path / "all.md", "--library", one).code == 0
    assert run("import", tmp_path / "all.md", "--library", two).code == 0
    after = run("papers", "--jsonl", "--library", two).jsonl
    assert list(map(without_place, after)) == list(map(without_place, before))
    (digest,) = run("digests", "--json", "--library", two).json
    assert digest["format"] == "export"


def test_doctor_finds_nothing_in_a_library_that_is_well(run: Run, two: Path) -> None:
    done = run("doctor")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"digest-tui {__version__}, Python 3.")
    assert str(places().digests) in done.out
    assert "  papers       5, 5 unread, 0 starred\n" in done.out
    assert done.out.endswith("\nnothing needs a hand\n")
    report = run("doctor", "--json").json
    assert (report["counts"]["papers"], report["findings"]) == (5, [])


def test_doctor_names_what_needs_a_hand(run: Run, two: Path) -> None:
    put(places().digests, "notes.txt", "Milk, eggs.\n")
    put(config_path().parent, "config.toml", 'colour = "red"\n')
    done = run("doctor")
    assert done.code == 1
    unknown, mend, refused, move = done.out.splitlines()[-4:]
    assert unknown.startswith("- config.toml:1: unknown setting “colour”")
    assert mend.startswith(f"  → mend it in {config_path()}")
    assert refused.startswith("- notes.txt: not a digest")
    assert move == "  → it is no digest: move it out of the folder, or mend it"
    assert "nothing needs a hand" not in done.out


def damaged(page: int) -> None:
    path = places().index
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    data[size * page : size * (page + 1)] = b"\xa5" * size
    path.write_bytes(data)


def test_doctor_mends_a_damaged_index_when_it_is_asked_to(run: Run, two: Path) -> None:
    damaged(3)
    noise = places().index.read_bytes()
    done = run("doctor")
    assert (done.code, places().index.read_bytes()) == (1, noise)
    assert "an index was made in passing" in done.err
    done = run("doctor", "--fix")
    assert (done.code, done.out.splitlines()[-1]) == (0, "  done: built again, with 5 papers")
    assert run("doctor").code == 0
    assert len(ids(run("papers"))) == 5


@pytest.mark.parametrize(
    "command",
    ["papers", "papers task --json", "digests --json", "export task", "mark --read 2604.00003"],
)
def test_a_damaged_index_costs_no_answer(run: Run, two: Path, command: str) -> None:
    run("mark", "--star", "2604.00001")
    journals = {path: path.read_bytes() for path in places().marks.iterdir()}
    with closing(Index(places().index)) as index:
        assert index.is_sound()
    whole = places().index.read_bytes()
    expected = run(*command.split())
    pages = len(whole) // int.from_bytes(whole[16:18], "big")
    for page in range(0, pages, 2):
        for path, journal in journals.items():
            path.write_bytes(journal)
        places().index.write_bytes(whole)
        damaged(page)
        assert run(*command.split()) == expected
        assert ids(run("papers", "is:starred")) == ["1"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_name_the_commands(shell: str) -> None:
    done = program("completions", shell)
    assert done.code == 0
    assert f"_DIGEST_TUI_COMPLETE={shell}_complete" in done.out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", " ".join(cli.commands)),
        ("pa", "papers"),
        ("completions ", "bash zsh fish"),
        ("papers --js", "--json --jsonl"),
    ],
)
def test_what_is_typed_is_completed(typed: str, offered: str) -> None:
    place = len(typed.split(" "))
    environment = {
        "_DIGEST_TUI_COMPLETE": "bash_complete",
        "COMP_WORDS": f"digest-tui {typed}",
        "COMP_CWORD": str(place),
    }
    words = [line.removeprefix("plain,") for line in program(environment=environment).out.split()]
    assert sorted(words) == sorted(offered.split())


def test_a_library_can_be_named_in_three_ways(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, c, d = (tmp_path / name for name in "abcd")
    for number, folder in enumerate((a, b, c, d), start=1):
        put(folder / "digests", "1.txt", text(papers(number)))
    assert ids(run("--library", a, "papers")) == ["1"]
    assert ids(run(f"--library={a}", "papers")) == ["1"]
    assert ids(run("papers", "--library", b)) == ["2"]
    assert ids(run("papers")) == []
    monkeypatch.setenv("DIGEST_TUI_LIBRARY", str(c))
    assert ids(run("papers")) == ["3"]
    assert ids(run("papers", "--library", d)) == ["4"]
    assert ids(run("--library", d, "papers")) == ["4"]
    assert ids(run("--library", d, "papers", "--library", a)) == ["1"]


def test_where_no_index_can_be_kept_one_is_made_in_passing(run: Run, two: Path, home: Path) -> None:
    expected = run("papers")
    shutil.rmtree(home / "cache")
    put(home, "cache", "a file where the folder should be")
    done = run("papers")
    assert (done.code, done.out) == (0, expected.out)
    assert "an index was made in passing" in done.err
    assert "the index cannot be used" in run("doctor").out


def test_mistakes_in_the_settings_are_narrated_and_stop_nothing(run: Run, two: Path) -> None:
    put(config_path().parent, "config.toml", 'folders = "x"\n')
    done = run("papers")
    assert (done.code, len(ids(done))) == (0, 5)
    assert done.err.startswith("digest-tui: config.toml:1: folders: ")


def test_folders_of_the_settings_are_read_in_place(run: Run, tmp_path: Path) -> None:
    path = put(tmp_path / "elsewhere", "1.txt", OLDER)
    put(config_path().parent, "config.toml", f'folders = ["{path.parent}"]\n')
    assert ids(run("papers")) == ["1", "2", "3"]
    assert [record["file"] for record in run("digests", "--json").json] == [str(path)]
    assert not places().digests.exists()


@pytest.mark.parametrize("arguments", [["--version"], ["papers", "--version"]], ids=" ".join)
def test_the_version_is_said(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (0, f"digest-tui, version {__version__}\n")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_helps(run: Run, option: str) -> None:
    done = run(option)
    assert done.code == 0
    for name in cli.commands:
        assert f"\n  {name} " in done.out
        assert run(name, option).out.startswith(f"Usage: digest-tui {name} ")


def test_the_program_takes_pipes_and_keeps_data_and_narration_apart(tmp_path: Path) -> None:
    library = {"DIGEST_TUI_LIBRARY": str(tmp_path / "library")}
    done = program("import", "-", stdin=OLDER.encode(), environment=library)
    assert (done.code, done.err) == (0, "")
    assert done.out == "-: imported: text, 2026-04-22, 3 entries, 3 papers, 3 new, 0 problems\n"
    assert (tmp_path / "library" / "digests" / f"{DAY}.txt").read_bytes() == OLDER.encode()

    refused = program("import", "-", tmp_path / "missing", stdin=b"no digest", environment=library)
    assert (refused.code, refused.out) == (1, "")
    assert [line.split(": refused: ")[0] for line in refused.err.splitlines()] == [
        "digest-tui: -",
        f"digest-tui: {tmp_path / 'missing'}",
        "digest-tui: 2 files: 2 refused",
    ]
    latin = {**library, "PYTHONIOENCODING": "latin-1"}
    listed = program("papers", "(稀疏", "--jsonl", environment=latin)
    assert (listed.code, len(listed.jsonl), "稀疏" in listed.out) == (0, 3, True)
    assert "this parenthesis is still open" in listed.err
    assert program("mark", "--read", "--query", "(稀疏", environment=library).code == 2
    assert program(tmp_path / "missing", environment=library).code == 2


def test_a_digest_is_dated_as_it_says_first(run: Run, tmp_path: Path) -> None:
    path = put(tmp_path, "2020-01-01.txt", text(papers(1), date(2025, 12, 31)))
    (record,) = run("import", "--json", path).json
    assert record["date"] == "2025-12-31"
