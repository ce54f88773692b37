"""The doctor: what is wrong is named with its next step, and what is mended costs nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from digest_tui.doctor import Examination, NotMended, examine, health_of, terminal
from digest_tui.doctor.finding import size, span
from digest_tui.doctor.machine import terminal_findings
from digest_tui.folders import LARGEST
from digest_tui.library import Library
from digest_tui.marks import READ, STAR, Decision
from digest_tui.settings import Places, parse, places, reports_path, throwaway
from digest_tui.store import Store
from tests.faults.disks import SmallDisk, ordinary
from tests.made import papers, put, text
from tests.terminal import PROGRAM, Terminal

ROOT = Path(__file__).parents[1]
OWN, OTHER = "k3f9a1", "9qxw2b"
NOW = 1_790_000_000_000
DAY_MS = 86_400_000
COPIES = {
    "k3f9a1.sync-conflict-20260422-101112-ABCDEFG.jsonl": "Syncthing",
    "k3f9a1 (conflicted copy 2026-04-22 101112).jsonl": "Nextcloud",
    "k3f9a1_conflict-20260422-101112.jsonl": "Nextcloud",
    "k3f9a1 (Ada's conflicted copy 2026-04-22).jsonl": "Dropbox",
    "k3f9a1 (1).jsonl": "a second download, or OneDrive",
    "k3f9a1-DESKTOP.jsonl": "OneDrive",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library of one digest, with marks of this device, the laptop, and of a desktop."""
    folder = tmp_path / "library"
    for device in (folder / "device", places(folder).device):
        put(device.parent, device.name, f"{OWN}\n")
    put(folder / "digests", "0.txt", text(papers(1, 2, 3)))
    laptop = Store(folder / "marks", OWN, "laptop", lambda: NOW - DAY_MS)
    desktop = Store(folder / "marks", OTHER, "desktop", lambda: NOW - 3 * DAY_MS)
    laptop.write([Decision("2604.00001", STAR, True), Decision("2604.00002", READ, True)])
    desktop.write([Decision("2604.00003", STAR, True)])
    with examined(folder) as found:
        assert found.findings == ()
    return folder


@contextmanager
def examined(
    folder: Path,
    now_ms: int = NOW,
    settings: str = "",
    change: Callable[[Places], Places] = lambda places: places,
) -> Iterator[Examination]:
    """An examination of the library in a folder, while it is open."""
    places = change(throwaway(folder))
    _, problems = parse(settings)
    health = health_of(places.index)
    passing = replace(places, index=folder / "passing.sqlite3") if health.why else places
    with closing(Library(passing)) as library:
        library.refresh()
        nowhere = terminal((), {})
        yield examine(library, places, health, problems, nowhere, now_ms)


def contents(folder: Path) -> dict[str, bytes]:
    """Every byte of the truth, by file; links by where they lead to."""
    found = {}
    for top in ("digests", "marks"):
        for path in sorted((folder / top).rglob("*")):
            if path.is_symlink():
                found[f"{top}/{path.name}"] = os.readlink(path).encode()
            elif path.is_file() and not path.name.endswith(".lock"):
                found[f"{top}/{path.name}"] = path.read_bytes()
    return found


def journal(folder: Path, device: str = OWN) -> Path:
    return folder / "marks" / f"{device}.jsonl"


def appended(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def line(number: int, device: str = OWN, ms: int = NOW - DAY_MS) -> bytes:
    """A line that stars a paper."""
    return f'{{"t":[{ms},7],"k":"2604.0000{number}","f":"star","v":true}}\n'.encode()


OLDER = line(1, ms=NOW - 9 * DAY_MS)
"""A mark that was made again since, so that nobody takes it over by himself."""


def copied(folder: Path, name: str, extra: bytes = b"") -> Path:
    """A conflict copy of a journal, which says something more than it."""
    path = folder / "marks" / name
    path.write_bytes(journal(folder, name[:6]).read_bytes() + extra)
    return path


def damaged(index: Path, page: int = 3) -> None:
    """Writes noise over a page."""
    data = bytearray(index.read_bytes())
    length = int.from_bytes(data[16:18], "big")
    data[length * page : length * (page + 1)] = b"\xa5" * length
    index.write_bytes(data)


def refused(folder: Path) -> None:
    put(folder / "digests", "notes.txt", "Milk, eggs.\n")


def too_large(folder: Path) -> None:
    path = put(folder / "digests", "large.txt", "")
    os.truncate(path, LARGEST + 1)


def problem(folder: Path) -> None:
    put(folder / "digests", "1.txt", text(papers(4)).replace("今天共有 1", "今天共有 2"))


def dangling_digest(folder: Path) -> None:
    (folder / "digests" / "1.txt").symlink_to("/nowhere/1.txt")


def dangling_journal(folder: Path) -> None:
    (folder / "marks" / "aaaaaa.jsonl").symlink_to("/nowhere/a.jsonl")


def dangling_marks(folder: Path) -> None:
    (folder / "marks").rename(folder / "elsewhere")
    (folder / "marks").symlink_to("/nowhere/marks")


def marks_that_are_a_file(folder: Path) -> None:
    (folder / "marks").rename(folder / "elsewhere")
    put(folder, "marks", "")


def bad_line(folder: Path) -> None:
    appended(journal(folder, OTHER), b"torn\n")


def bad_lines(folder: Path) -> None:
    appended(journal(folder), b"\x00\xff\n" * 3 + line(3))


def newer_journal(folder: Path) -> None:
    put(folder / "marks", "bbbbbb.jsonl", '{"h":99,"app":"digest-tui","d":"bbbbbb"}\n')


def git_conflict(folder: Path) -> None:
    ours, theirs = line(1, OTHER), line(2, OTHER)
    parts = (b"<<<<<<< HEAD\n", ours, b"=======\n", theirs, b">>>>>>> theirs\n")
    appended(journal(folder, OTHER), b"".join(parts))


def journal_folder(folder: Path) -> None:
    (folder / "marks" / "cccccc.jsonl").mkdir()


def journal_pipe(folder: Path) -> None:
    os.mkfifo(folder / "marks" / "cccccc.jsonl")


def from_the_future(folder: Path) -> None:
    appended(journal(folder, OTHER), line(2, ms=NOW + 368 * DAY_MS) + line(1, ms=NOW + DAY_MS))


def copy_of_another(folder: Path) -> None:
    copied(folder, "9qxw2b.sync-conflict-20260422-101112-ABCDEFG.jsonl")


def backup(folder: Path) -> None:
    (folder / "marks" / "backup.jsonl").write_bytes(journal(folder).read_bytes())


def index_folder(folder: Path) -> None:
    (folder / "index.sqlite3").unlink()
    (folder / "index.sqlite3").mkdir()


def device_folder(folder: Path) -> None:
    (folder / "device").unlink()
    (folder / "device").mkdir()


LEFT_TO_YOU = [
    (refused, r"notes\.txt: not a digest.*", "move it out of the folder"),
    (too_large, r"large\.txt: cannot be read \(larger than 64 MB\)", "it is left out"),
    (problem, r"1\.txt:2: 2 entries are announced.*", "all else in it was read"),
    (dangling_digest, r".*/digests/1\.txt: a link to /nowhere/1\.txt, .*", "remove the link"),
    (
        dangling_journal,
        r".*/marks/aaaaaa\.jsonl: a link to /nowhere/a.jsonl, .*",
        "remove the link",
    ),
    (bad_line, r"marks/9qxw2b\.jsonl:3: not JSON", "every other line was read"),
    (bad_lines, r"marks/k3f9a1\.jsonl:4-6: not JSON", "every other line was read"),
    (newer_journal, r"marks/bbbbbb\.jsonl: written by a newer digest-tui.*", "update"),
    (git_conflict, r"marks/9qxw2b\.jsonl:3: a conflict that git left.*", "delete the lines of <<<"),
    (journal_folder, r"marks/cccccc\.jsonl: a folder, and no journal", "move it out"),
    (journal_pipe, r"marks/cccccc\.jsonl: cannot be read \(not a regular file\)", "see to that"),
    (
        from_the_future,
        r"desktop \(9qxw2b\): 2 changes from the future, up to a year and 3 days ahead .*",
        "set the clock of that machine",
    ),
    (
        copy_of_another,
        r"marks/9qxw2b\.sync-.*: a copy of the journal of desktop \(9qxw2b\), made by Sync.*",
        "run digest-tui doctor --fix on that machine",
    ),
    (backup, r"marks/backup\.jsonl: a copy of the journal of laptop \(k3f9a1\); .*", "move it out"),
    (index_folder, r".*/index\.sqlite3: the index cannot be used \(.*\)", "delete it"),
]


@pytest.mark.parametrize(
    ("inject", "what", "step"), LEFT_TO_YOU, ids=lambda x: getattr(x, "__name__", "")
)
def test_what_is_left_to_you_is_named_with_its_next_step_and_not_touched(
    folder: Path, inject: Callable[[Path], None], what: str, step: str
) -> None:
    inject(folder)
    before = contents(folder)
    with examined(folder) as found:
        (finding,) = found.findings
        assert re.fullmatch(what, finding.what)
        assert step in finding.step
        assert finding.remedy is None
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("inject", "what"),
    [
        (dangling_marks, "a link to /nowhere/marks, which is not there"),
        (marks_that_are_a_file, "the folder of marks cannot be listed (not a directory)"),
        (device_folder, "this machine's name cannot be kept there"),
    ],
)
def test_a_place_that_cannot_be_what_it_is_for_is_named(
    folder: Path, inject: Callable[[Path], None], what: str
) -> None:
    inject(folder)
    with examined(folder) as found:
        assert any(finding.what.endswith(what) for finding in found.findings)


def test_the_settings_and_their_folders_are_looked_at(folder: Path, tmp_path: Path) -> None:
    gone, leads_nowhere = tmp_path / "gone", tmp_path / "link"
    leads_nowhere.symlink_to("/nowhere")

    def with_folders(places: Places) -> Places:
        return replace(places, folders=(gone, leads_nowhere))

    with examined(folder, settings='\ncolour = "red"\n', change=with_folders) as found:
        unknown, missing, dangling = (finding.what for finding in found.findings)
        assert unknown.startswith("config.toml:2: unknown setting “colour”")
        assert missing == f"{gone}: this folder of the settings is not there"
        assert dangling == f"{leads_nowhere}: a link to /nowhere, which is not there"
        assert found.places["folder 1"].path == str(gone)


@pytest.mark.parametrize("name", COPIES)
def test_a_conflict_copy_of_our_journal_is_taken_over_and_removed(folder: Path, name: str) -> None:
    copy = copied(folder, name, OLDER)
    before = contents(folder)
    with examined(folder) as found:
        (finding,) = found.findings
        assert finding.what.startswith(f"marks/{name}: a copy of the journal of laptop (k3f9a1)")
        assert f"made by {COPIES[name]};" in finding.what
        assert contents(folder) == before
        assert finding.mend() == "1 mark taken over; the copy is removed"
    own = f"marks/{OWN}.jsonl"
    assert not copy.exists()
    assert contents(folder) == {
        **{name: data for name, data in before.items() if name != f"marks/{copy.name}"},
        own: before[own] + OLDER,
    }
    with examined(folder) as found:
        assert found.findings == ()
        assert found.counts["changes"] == 4


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (OLDER + b"torn\n", "not every line of it can be read, or stands in k3f9a1.jsonl too"),
        (OLDER[:-1], "its last line has no end: it may still be on its way"),
    ],
)
def test_a_copy_of_which_not_all_is_understood_stays(folder: Path, data: bytes, why: str) -> None:
    copied(folder, "k3f9a1 (1).jsonl", data)
    before = contents(folder)
    with examined(folder) as found:
        finding = next(each for each in found.findings if "a copy of" in each.what)
        assert (finding.step, finding.remedy) == (f"it is left where it is, because {why}", None)
    assert contents(folder) == before


def test_a_copy_goes_whose_torn_line_is_in_our_journal_too(folder: Path) -> None:
    appended(journal(folder), b"torn\n")
    copy = copied(folder, "k3f9a1 (1).jsonl", OLDER)
    with examined(folder) as found:
        finding = next(each for each in found.findings if "a copy of" in each.what)
        assert finding.mend() == "1 mark taken over; the copy is removed"
    assert not copy.exists()
    assert journal(folder).read_bytes().endswith(b"torn\n" + OLDER)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b'{"h":99,"app":"digest-tui","d":"k3f9a1"}\n', "it was written by a newer digest-tui"),
        (b"torn\n", "its first line, which says whose it is, cannot be read"),
    ],
)
def test_a_copy_stays_whose_header_is_not_understood(folder: Path, header: bytes, why: str) -> None:
    copy = folder / "marks" / "k3f9a1-DESKTOP.jsonl"
    copy.write_bytes(header + line(3))
    with examined(folder) as found:
        finding = next(each for each in found.findings if "a copy of" in each.what)
        assert (finding.step, finding.remedy) == (f"it is left where it is, because {why}", None)
    assert copy.exists()


def test_a_copy_is_all_that_is_left_of_our_journal(folder: Path) -> None:
    journal(folder).rename(folder / "marks" / "k3f9a1 (1).jsonl")
    with examined(folder) as found:
        (finding,) = found.findings
        finding.mend()
    assert [path.name for path in (folder / "marks").glob("*.jsonl")] == [
        "9qxw2b.jsonl",
        "k3f9a1.jsonl",
    ]
    (folder / "index.sqlite3").unlink()
    with examined(folder) as found:
        assert found.findings == ()
        assert (found.counts["changes"], found.counts["starred"]) == (3, 2)


def test_a_torn_copy_stays_where_a_folder_has_the_name_of_our_journal(folder: Path) -> None:
    appended(journal(folder), b"torn\n")
    copy = journal(folder).rename(folder / "marks" / "k3f9a1 (1).jsonl")
    journal(folder).mkdir()
    with examined(folder) as found:
        assert {each.remedy for each in found.findings if copy.name in each.what} == {None}
        assert not any("in no journal any more" in each.what for each in found.findings)
    assert copy.exists()


def test_a_copy_that_our_journal_is_a_link_to_stays(folder: Path) -> None:
    copy = folder / "marks" / "k3f9a1 (1).jsonl"
    journal(folder).rename(copy)
    journal(folder).symlink_to(copy.name)
    with examined(folder) as found:
        (finding,) = found.findings
        assert finding.remedy is None
        assert finding.step.endswith("it is k3f9a1.jsonl itself, by another name")
    assert copy.exists()


def test_a_copy_that_changes_after_it_was_examined_is_looked_at_again(folder: Path) -> None:
    copy = copied(folder, "k3f9a1 (1).jsonl", OLDER)
    with examined(folder) as found:
        (finding,) = found.findings
        appended(copy, b"torn\n")
        with pytest.raises(NotMended, match="not every line of it can be read"):
            finding.mend()
    assert copy.exists()
    assert OLDER in journal(folder).read_bytes()


def test_a_copy_stays_where_our_journal_cannot_take_it_over(folder: Path) -> None:
    copy = copied(folder, "k3f9a1 (1).jsonl", OLDER)
    with examined(folder) as found:
        (finding,) = found.findings
        journal(folder).unlink()
        journal(folder).mkdir()
        with pytest.raises(NotMended, match="not saved"):
            finding.mend()
    assert copy.exists()


@pytest.mark.parametrize("is_gone", [True, False], ids=["gone", "cut off"])
def test_marks_of_a_journal_that_is_gone_or_cut_off_are_written_down_again(
    folder: Path, is_gone: bool
) -> None:
    lost = journal(folder, OTHER)
    whole = lost.read_bytes()
    os.truncate(lost, whole.index(b"\n") + 1)
    if is_gone:
        lost.unlink()
    before = contents(folder)
    with examined(folder) as found:
        (finding,) = found.findings
        who = OTHER if is_gone else "desktop (9qxw2b)"
        assert finding.what.startswith(f"1 mark of {who}: in no journal any more")
        assert contents(folder) == before
        assert finding.mend() == "1 mark written"
    own = f"marks/{OWN}.jsonl"
    after = contents(folder)
    assert after.pop(own).startswith(before.pop(own))
    assert after == before
    (folder / "index.sqlite3").unlink()
    with examined(folder) as found:
        assert found.findings == ()
        assert found.counts["starred"] == 2
        newest = {device.id: device.newest_ms for device in found.devices}
        assert newest[OTHER] == NOW - 3 * DAY_MS


def test_a_damaged_index_is_built_again_only_when_it_is_asked_for(folder: Path) -> None:
    damaged(folder / "index.sqlite3")
    data = (folder / "index.sqlite3").read_bytes()
    before = contents(folder)
    with examined(folder) as found:
        (finding,) = found.findings
        assert "index.sqlite3: the index is damaged" in finding.what
        assert found.counts["papers"] == 3
        assert (folder / "index.sqlite3").read_bytes() == data
        assert finding.mend() == "built again, with 3 papers"
    assert contents(folder) == before
    with examined(folder) as found:
        assert found.findings == ()
        assert found.index.state == "sound"


def test_noise_in_place_of_an_index_is_damage_and_another_version_is_none(folder: Path) -> None:
    index = folder / "index.sqlite3"
    whole = index.read_bytes()
    index.write_bytes(b"noise" * 1000)
    assert health_of(index).state == "damaged"
    index.write_bytes(whole[:60] + (5).to_bytes(4, "big") + whole[64:])
    assert (health_of(index).state, health_of(index).state) == ("new", "sound")


def test_temporary_files_of_killed_programs_are_removed(folder: Path) -> None:
    with subprocess.Popen(["true"]) as dead:
        pass
    before = contents(folder)
    stale = [
        put(folder / "marks", f".{OWN}.{dead.pid}.tmp", "half"),
        put(folder / "digests", ".2.txt.0123abcd.tmp", "half"),
    ]
    alive = put(folder / "marks", f".{OWN}.{os.getpid()}.tmp", "half")
    others = put(folder / "marks", f".{OTHER}.{dead.pid}.tmp", "half")
    theirs = put(folder / "digests", ".2.txt.tmp", "half")
    now_ms = time.time_ns() // 1_000_000
    with examined(folder, now_ms) as found:
        assert [Path(each.what.partition(": ")[0]) for each in found.findings] == stale[:1]
    with examined(folder, now_ms + 2 * 3_600_000) as found:
        assert {finding.mend() for finding in found.findings} == {"removed"}
    assert [path for path in (*stale, alive, others, theirs) if path.exists()] == [
        alive,
        others,
        theirs,
    ]
    for path in (alive, others, theirs):
        path.unlink()
    assert contents(folder) == before


def test_devices_are_told_this_one_first(folder: Path) -> None:
    copied(folder, "k3f9a1 (1).jsonl")
    with examined(folder) as found:
        laptop, desktop = found.devices
    assert (laptop.id, laptop.name, laptop.is_this, laptop.changes) == (OWN, "laptop", True, 2)
    assert (desktop.id, desktop.name, desktop.is_this) == (OTHER, "desktop", False)
    assert desktop.newest_ms == NOW - 3 * DAY_MS
    assert found.counts == {
        "digests": 1,
        "papers": 3,
        "unread": 2,
        "starred": 2,
        "journals": 3,
        "changes": 3,
    }


@pytest.mark.parametrize(
    ("ms", "told"),
    [
        (0, "less than a second"),
        (61_000, "a minute and a second"),
        (3 * 3_600_000, "3 hours"),
        (2 * DAY_MS + 3_600_000, "2 days and an hour"),
        (368 * DAY_MS + 5 * 3_600_000, "a year and 3 days"),
        (365 * DAY_MS + 60_000, "a year"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(ms: int, told: str) -> None:
    assert span(ms) == told


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "1 byte"), (999, "999 bytes"), (1_500, "1.5 kB"), (62e9, "62 GB"), (5e12, "5,000 GB")],
)
def test_a_size_is_told_in_the_largest_unit(count: float, told: str) -> None:
    assert size(int(count)) == told


def doctor(
    folder: Path, *arguments: str, run: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Calls the doctor as a program of its own, with pipes."""
    command = (*run, *PROGRAM, "doctor", "--library", str(folder), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def findings(folder: Path, *run: str) -> list[str]:
    """What the doctor, as a program of its own, says needs a hand."""
    done = doctor(folder, "--json", run=run)
    found = [finding["what"] for finding in json.loads(done.stdout)["findings"]]
    assert done.returncode == (1 if found else 0)
    return found


def test_a_library_that_does_not_exist_yet_needs_no_hand(tmp_path: Path) -> None:
    assert findings(tmp_path / "none") == []
    told = doctor(tmp_path / "none").stdout
    assert f"{tmp_path / 'none' / 'marks'}, not there\n" in told.replace(
        "\n    not there", ", not there"
    )
    assert not (tmp_path / "none").exists()


def test_json_tells_everything(folder: Path) -> None:
    refused(folder)
    copied(folder, "9qxw2b (1).jsonl")
    put(reports_path(), "crash-2026-04-22T10-11-12-7.txt", "")
    done = doctor(folder, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert " ".join(report) == (
        "version python sqlite places counts devices index disks terminal findings"
    )
    assert " ".join(report["places"]) == "digests marks index device left config reports"
    assert report["places"]["digests"] == {"path": str(folder / "digests"), "exists": True}
    assert report["places"]["config"]["exists"] is False
    assert report["places"]["reports"]["files"] == 1
    assert [device["name"] for device in report["devices"]] == ["laptop", "desktop"]
    assert report["index"]["state"] == "new"
    assert report["disks"][0]["free"] > 0
    assert report["terminal"]["is_terminal"] is False
    assert [list(finding) for finding in report["findings"]] == [["what", "step", "can_fix"]] * 2


def test_a_copy_whose_name_is_not_utf_8_is_taken_over_as_any(folder: Path) -> None:
    copied(folder, "k3f9a1 (conflicted copy).jsonl", OLDER)
    marks = os.fsencode(folder / "marks")
    try:
        os.rename(marks + b"/k3f9a1 (conflicted copy).jsonl", marks + b"/k3f9a1 (Jos\xe9).jsonl")
    except OSError:
        pytest.skip("the file system takes no such name")
    done = doctor(folder, "--fix")
    assert "1 mark taken over; the copy is removed" in done.stdout
    assert os.listdir(marks).count(b"k3f9a1.jsonl") == 1
    assert not [name for name in os.listdir(marks) if b"Jos" in name]


def test_what_is_wrong_on_many_lines_is_told_once(folder: Path) -> None:
    unknown = "".join(f"- Unheard of: {n}\n- Unheard of: 0\n" for n in range(8))
    put(folder / "digests", "1.txt", text(papers(4)) + unknown.replace("0", "zero"))
    findings = json.loads(doctor(folder, "--json").stdout)["findings"]
    told = [each["what"] for each in findings if "zero" in each["what"]]
    assert len(told) == 1
    assert re.match(r"1\.txt:\d+ \(and \d+, \d+, \d+, \d+, 4 more\): unknown label", told[0])


def test_what_is_mended_is_told_before_and_after_and_costs_nothing_else(folder: Path) -> None:
    refused(folder)
    copied(folder, "k3f9a1 (1).jsonl", OLDER)
    before = contents(folder)
    assert doctor(folder).returncode == 1
    assert contents(folder) == before

    done = doctor(folder, "--fix")
    assert done.returncode == 1
    told = done.stdout[done.stdout.index("What needs a hand") :].splitlines()
    assert [each[:3] for each in told[1:]] == ["- n", "  →", "- m", "  →", "  d"]
    assert told[-2:] == [
        "  → adds to k3f9a1.jsonl what it lacks of the copy's 3 marks, then removes that",
        "  done: 1 mark taken over; the copy is removed",
    ]
    del before["marks/k3f9a1 (1).jsonl"]
    before[f"marks/{OWN}.jsonl"] += OLDER
    assert contents(folder) == before

    (folder / "digests" / "notes.txt").unlink()
    copied(folder, "k3f9a1 (2).jsonl")
    done = doctor(folder, "--fix", "--json")
    assert (done.returncode, [each["fixed"] for each in json.loads(done.stdout)["findings"]]) == (
        0,
        [True],
    )
    assert done.stderr.endswith("digest-tui:   done: 0 marks taken over; the copy is removed\n")
    assert doctor(folder, "--fix").stdout.endswith("\nnothing needs a hand\n")


def test_what_could_not_be_mended_is_said_and_keeps_the_exit_code(folder: Path) -> None:
    copied(folder, "k3f9a1 (1).jsonl", OLDER)
    (folder / "marks").chmod(0o555)
    done = doctor(folder, "--fix", run=ordinary())
    (folder / "marks").chmod(0o755)
    assert done.returncode == 1
    assert (
        "\n  not done: all it says is taken over, but it stays (permission denied)\n" in done.stdout
    )
    assert (folder / "marks" / "k3f9a1 (1).jsonl").exists()


def test_names_and_paths_cannot_speak_to_the_terminal(folder: Path) -> None:
    put(folder / "digests", "\x1b]0;owned\x07.txt", "Milk, eggs.\n")
    header = json.dumps({"h": 1, "d": "cccccc", "name": "\x1b[2J\x9b\u202etop"})
    torn = "torn\n" + line(1, ms=NOW + 10**12).decode()
    put(folder / "marks", "cccccc.jsonl", f"{header}\n{torn}")
    for arguments in ((), ("--fix",)):
        with Terminal("doctor", "--library", str(folder), *arguments, size=(99, 60)) as terminal:
            terminal.see("owned", "top (cccccc)")
            assert terminal.wait() == 1
            # What is ours: ends of lines, and the line that is cleared first.
            told = re.sub(r"\r|\n|\x1b\[K", "", terminal.output.decode())
        assert all(c.isprintable() for c in told)


def test_a_report_fits_into_eighty_columns_and_no_path_is_cut(folder: Path) -> None:
    long = folder.parent / "with a long name".replace(" ", "_" * 30) / "library"
    long.parent.mkdir()
    folder.rename(long)
    lines = doctor(long).stdout.splitlines()
    paths = [line for line in lines if "/" in line and line.strip().startswith("/")]
    assert f"    {long / 'digests'}" in paths
    assert all(len(line) <= 80 for line in lines if line not in paths)


def test_closed_folders_and_files_are_named(folder: Path) -> None:
    closed = folder / "digests" / "closed"
    secret = put(folder / "digests", "1.txt", text(papers(4)))
    put(closed, "2.txt", text(papers(5)))
    for path in (closed, secret):
        path.chmod(0)
    (folder / "marks").chmod(0o555)
    found = findings(folder, *ordinary())
    closed.chmod(0o755)
    (folder / "marks").chmod(0o755)
    assert found == [
        f"{folder / 'marks'}: you may not write there (permission denied)",
        f"{closed}: this folder cannot be listed (permission denied)",
        "1.txt: cannot be read (permission denied)",
    ]


def test_a_disk_with_little_room_or_none_to_write_is_named(folder: Path, tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "disk", 1000) as disk:
        library = tmp_path / "disk" / "library"
        shutil.copytree(folder, disk.seen / "library")
        (found,) = findings(library, *disk.inside)
        assert re.fullmatch(r"[\d.]+ [kM]B are free on the disk of digests and marks", found)
        subprocess.run([*disk.inside, "mount", "-o", "remount,ro", library.parent], check=True)
        (found,) = findings(library, *disk.inside)
        assert found.startswith("the disk of digests and marks is read-only")


def test_a_terminal_that_does_not_know_its_size_is_not_too_small() -> None:
    unknown = replace(terminal((), {}), is_terminal=True, term="xterm", encoding="utf8")
    assert list(terminal_findings(unknown)) == []


@pytest.mark.parametrize(
    ("variable", "size", "said"),
    [
        ("TERM=xterm-256color", (80, 60), "nothing needs a hand"),
        ("TERM=dumb", (80, 60), "- TERM=dumb: a terminal that cannot place text"),
        ("LC_ALL=POSIX", (80, 60), "- the locale is not UTF-8 (ANSI_X3.4-1968)"),
        ("TMUX=/tmp/tmux,1,0", (80, 60), "within       tmux"),
        ("TERM=xterm-256color", (100, 11), "- the window is 100 columns by 11 rows"),
    ],
)
def test_what_the_terminal_cannot_show_is_named(
    folder: Path, variable: str, size: tuple[int, int], said: str
) -> None:
    program = ("env", "-u", "LC_ALL", "LC_CTYPE=C.UTF-8", variable, *PROGRAM)
    with Terminal("doctor", "--library", str(folder), size=size, program=program) as terminal:
        assert terminal.wait() == int(said.startswith("- "))
        terminal.see(said)
