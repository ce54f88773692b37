"""The program is killed, told to end, stopped, or left by its terminal, while it marks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from random import Random

import pytest

from digest_tui.library import Library
from digest_tui.marks import STAR, Decision, merge
from digest_tui.settings import places
from digest_tui.store import read_device
from tests.faults.catalogue import fault, trials
from tests.faults.reader import (
    NEWEST,
    OLDER,
    Reader,
    having,
    library,
    marks,
    reading,
    shell,
    some_keys,
    starred,
)
from tests.journals import child, laptop, state
from tests.made import DAY, papers, put, text
from tests.terminal import PATIENCE, PROGRAM, Terminal

KEYS = 60
COMPACTING = (
    sys.executable,
    "-c",
    "from digest_tui import cli, store; store.COMPACT_BYTES = store.COMPACT_DEAD = 0; cli.main()",
)
"""The program, for which any journal is worth compacting in which a line is superseded."""


@fault(
    1,
    "kill -9 while saving",
    injected="SIGKILL at random moments, the start included, while keys stream in",
    holds="what was on screen is in the journal, and nothing that was not pressed",
    trials="12 / 500",
)
@trials(12, 500)
def test_kill_9_while_saving(trials: int, tmp_path: Path) -> None:
    chance = Random(1)
    folder = library(tmp_path / "0")
    confirmed = 0
    for number in range(trials):
        with Reader(folder, some_keys(chance, KEYS)) as reader:
            if chance.random() < 0.2:
                reader.terminal.settle(chance.uniform(0, 0.3))
            else:
                reader.begin()
                reader.mark(chance.randrange(KEYS))
                reader.terminal.pump(chance.uniform(0, 0.02))
            reader.die()
            reader.check()
            confirmed += reader.confirmed
        if reader.decided[-1] > 200 or number == trials - 1:
            assert starred(folder) == having(folder, STAR)
            folder = library(tmp_path / str(number + 1))
    assert confirmed > trials


@trials(15, 500)
def test_a_killed_writer_loses_nothing_that_it_acknowledged(trials: int, tmp_path: Path) -> None:
    code = """
store_module.COMPACT_BYTES, store_module.COMPACT_DEAD = int(sys.argv[4]), 0
number = 0
while True:
    number += 1
    for value in False, True:
        store.write([Decision(f"{sys.argv[3]}.{number}", "star", value)])
    say(f"{sys.argv[3]}.{number}")
    store.compact()
"""
    folder, chance = tmp_path / "marks", Random(1)
    acknowledged = set()
    for trial in range(trials):
        # Every other writer also compacts its journal after each change.
        process = child(code, folder, "aaaaaa", trial, 0 if trial % 2 else 10**9)
        assert process.stdout
        for _ in range(chance.randrange(1, 40)):
            acknowledged.add(process.stdout.readline().strip())
        process.kill()
        acknowledged.update(process.communicate()[0].split())

    store = laptop(folder)
    assert {paper for paper, value in state(store).items() if value} >= acknowledged
    assert len(acknowledged) > 10 * trials
    store.compact()
    assert sorted(os.listdir(folder)) == [".aaaaaa.lock", "aaaaaa.jsonl"]


@fault(
    2,
    "kill -9 during compaction",
    injected="SIGKILL at random moments of leaving, with a long journal to compact",
    holds="every mark is there; what the compaction left is gone after the next",
    trials="3 / 140",
)
@trials(3, 140)
def test_kill_9_during_compaction(trials: int, tmp_path: Path) -> None:
    # Each decides on two papers of the three hundred that there are.
    chance = Random(2)
    folder = library(tmp_path / "0")
    for number in range(trials):
        make_superseded_lines(folder)
        with Reader(folder, "sr", program=COMPACTING) as reader:
            reader.begin()
            reader.confirm()
            before = merge(reading(folder).changes)
            reader.terminal.press("q")
            if number % 3:
                until_compacting(reader.terminal, folder)
            time.sleep(chance.uniform(0, 0.02 if number % 3 else 0.5))
            reader.terminal.kill()
        found = reading(folder)
        assert found.bad == ()
        assert merge(found.changes) == before
    with Terminal("--library", str(folder), program=COMPACTING) as terminal:
        terminal.see(f"Starred {trials:>9}")
        terminal.press("q")
        assert terminal.wait() == 0
    names = sorted(os.listdir(folder / "marks"))
    assert [Path(name).suffix for name in names] == [".lock", ".jsonl"]
    assert starred(folder) == having(folder, STAR) & set(NEWEST)


def make_superseded_lines(folder: Path) -> None:
    """Has the machine's own journal say of many papers three times what holds of them."""
    with closing(Library(places(folder))) as opened:
        stars = [Decision(f"2001.{number:05}", STAR, True) for number in range(3_000)]
        opened.store.write(stars * 3)
        # A window that has much to catch up with shows that part by part.
        opened.refresh()


def until_compacting(terminal: Terminal, folder: Path) -> None:
    """Waits until the program has begun to write the compacted journal, or has ended."""
    end = time.monotonic() + PATIENCE
    while terminal.process.poll() is None and not any((folder / "marks").glob(".*.tmp")):
        assert time.monotonic() < end, terminal.text
        terminal.pump(0)


@fault(
    53,
    "two windows, one killed",
    injected="two windows mark at once; SIGKILL to one of them at a random moment",
    holds="what either had on screen is there; the other goes on and shows both",
    trials="2 / 100",
)
@trials(2, 100)
def test_two_windows_of_which_one_is_killed(trials: int, tmp_path: Path) -> None:
    chance = Random(53)
    confirmed = 0
    for number in range(trials):
        folder = library(tmp_path / str(number))
        with (
            Reader(folder, some_keys(chance, KEYS)) as one,
            Reader(folder, some_keys(chance, KEYS), OLDER) as other,
        ):
            for reader in (one, other):
                reader.begin()
            mark_both(one, other, chance.randrange(5, KEYS // 2))
            victim, survivor = chance.sample((one, other), 2)
            victim.die()
            survivor.confirm()
            survivor.terminal.see(f"Starred {len(having(folder, STAR)):>9}")
            for reader in (one, other):
                reader.check()
            confirmed += victim.confirmed
    assert confirmed > trials


def mark_both(one: Reader, other: Reader, keys: int) -> None:
    """Marks in two windows at once, until each has saved what so many keys do."""

    def go_on() -> int:
        other.terminal.pump(0)
        return min(one.go_on(), other.go_on())

    one.terminal.until(lambda _: go_on() >= keys, f"{keys} keys saved in both windows")


@fault(
    24,
    "two windows, one compacts",
    injected="a window marks while others are left, which compacts the journal of both",
    holds="every mark of both is there",
    trials="1 / 50",
)
@trials(1, 50)
def test_two_windows_of_which_one_compacts(trials: int, tmp_path: Path) -> None:
    for number in range(trials):
        folder = library(tmp_path / str(number))
        with Reader(folder, "srssr" * 30) as one:
            one.begin()
            for keys in "ssuu", "rsus":
                with Reader(folder, keys, OLDER, COMPACTING) as other:
                    other.begin()
                    mark_both(one, other, len(keys))
                    left = merge(reading(folder).changes)
                    other.terminal.press("q")
                    while other.terminal.process.poll() is None:
                        other.terminal.pump(0)
                        one.terminal.pump(0.01)
                        one.go_on()
                after = merge(reading(folder).changes)
                assert {key: after.get(key) for key in left} == left
                kept = [(paper, field) for paper, field, _ in marks(folder, OLDER)]
                assert len(kept) == len(set(kept)), "nothing was compacted"
            one.confirm()
            one.check()
            one.terminal.press("q")
            assert one.terminal.wait() == 0
        assert starred(folder) == having(folder, STAR)


@fault(
    25,
    "lock holder killed",
    injected="SIGKILL to a process inside the lock of the journal, while a window wants to mark",
    holds="the window waits for the holder, and marks as soon as it is gone",
    trials="1 / 30",
)
@trials(1, 30)
def test_a_killed_holder_of_the_lock(trials: int, tmp_path: Path) -> None:
    folder = library(tmp_path / "library")
    with Reader(folder, "s" * trials) as reader:
        reader.begin()
        for number in range(trials):
            hold = "with store._opened(): say('held'); sys.stdin.read()"
            holder = child(hold, folder / "marks", read_device(places(folder).device))
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            reader.press("s")
            reader.terminal.settle()
            assert reader.saved == number
            holder.kill()
            holder.communicate()
            reader.rest()
        reader.confirm()
        reader.check()


def end_by(number: signal.Signals) -> Callable[[Reader], None]:
    """A way to end the program: a signal, which has it give the terminal back."""

    def end(reader: Reader) -> None:
        reader.terminal.process.send_signal(number)
        assert reader.terminal.wait() == 0
        reader.take_in()
        assert reader.terminal.is_restored

    return end


def hang_up(reader: Reader) -> None:
    reader.terminal.hang_up()


def stop_and_kill(reader: Reader) -> None:
    reader.terminal.press("\x1a")
    reader.terminal.until_stopped()
    reader.take_in()
    assert reader.terminal.is_restored
    reader.terminal.kill()


def stop_and_hang_up(reader: Reader) -> None:
    reader.terminal.press("\x1a")
    reader.terminal.until_stopped()
    reader.take_in()
    reader.terminal.hang_up()


def continue_after(stop: Callable[[Terminal], None]) -> Callable[[Reader], None]:
    """Stops the program in between, and has it go on as if nothing had been."""

    def go_on(reader: Reader) -> None:
        # What is typed ahead of being stopped is for the shell.
        reader.rest()
        stop(reader.terminal)
        reader.terminal.until_stopped()
        reader.take_in()
        # Whatever else was in the terminal meanwhile, all is painted again.
        reader.terminal.screen.reset()
        reader.terminal.process.send_signal(signal.SIGCONT)
        reader.terminal.see("╭─ digests ", "Starred", f" of {len(NEWEST)} decided")
        reader.confirm()
        reader.terminal.press("q")
        assert reader.terminal.wait() == 0
        assert reader.terminal.is_restored

    return go_on


def interrupt(reader: Reader) -> None:
    reader.terminal.press("\x03\x1c")
    reader.confirm()
    reader.terminal.press("q")
    assert reader.terminal.wait() == 0


WAYS = {
    "SIGTERM": end_by(signal.SIGTERM),
    "SIGHUP": end_by(signal.SIGHUP),
    "SIGINT": end_by(signal.SIGINT),
    "SIGQUIT": end_by(signal.SIGQUIT),
    "a closed terminal": hang_up,
    "Ctrl-C": interrupt,
    "Ctrl-Z, SIGKILL": stop_and_kill,
    "Ctrl-Z, a closed terminal": stop_and_hang_up,
    "Ctrl-Z, SIGCONT": continue_after(lambda terminal: terminal.press("\x1a")),
    "SIGTSTP, SIGCONT": continue_after(lambda t: t.process.send_signal(signal.SIGTSTP)),
    "SIGSTOP, SIGCONT": continue_after(lambda t: t.process.send_signal(signal.SIGSTOP)),
}


@fault(
    40,
    "told to end, stopped, left by its terminal",
    injected="SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGSTOP, Ctrl-Z, Ctrl-C and closing the "
    "terminal, at random moments, while keys stream in",
    holds="what was on screen is in the journal; the terminal is given back; what was stopped "
    "goes on",
    trials="11 / 330",
)
@trials(1, 30)
@pytest.mark.parametrize("way", WAYS)
def test_what_else_ends_or_stops_the_program(way: str, trials: int, tmp_path: Path) -> None:
    chance = Random(way)
    for number in range(trials):
        with Reader(library(tmp_path / str(number)), some_keys(chance, KEYS)) as reader:
            reader.begin()
            reader.mark(chance.randrange(KEYS))
            WAYS[way](reader)
            reader.check()
            assert shell("--library", reader.folder, "digests")


@trials(3, 100)
def test_a_signal_during_the_start_leaves_the_terminal_as_it_was(
    trials: int, tmp_path: Path
) -> None:
    chance = Random(40)
    folder = library(tmp_path / "library")
    seconds = seconds_of(lambda: shell("--library", folder, "digests"))
    for number in range(trials):
        with Terminal("--library", str(folder)) as terminal:
            terminal.settle(chance.uniform(0, 2 * seconds))
            way = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)[number % 4]
            terminal.process.send_signal(way)
            terminal.wait()
            terminal.settle()
            assert terminal.is_restored


def seconds_of(call: Callable[[], object]) -> float:
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not to be had here")
@pytest.mark.parametrize("called", ["{}", 'sh -c "{}; true"'])
def test_ctrl_z_in_a_shell_is_what_it_is_for_any_program(tmp_path: Path, called: str) -> None:
    folder = library(tmp_path / "library")
    with Terminal(program=("bash", "--norc", "-i"), size=(120, 12)) as terminal:
        call = called.format(f"{sys.executable} -m digest_tui --library {folder}")
        terminal.press(f"PS1='$((6*7)) '; {call}\r")
        terminal.see("0 of 300 decided")
        terminal.press("s")
        terminal.see("1 of 300 decided")
        terminal.press("\x1a")
        terminal.see("Stopped")
        terminal.press("bg; echo $((7*8))\r")
        terminal.see("56")
        terminal.screen.reset()
        terminal.press("fg\r")
        terminal.see("1 of 300 decided", "Starred         1")
        terminal.press("s")
        terminal.see("2 of 300 decided")
        terminal.press("q")
        terminal.settle()
        terminal.press("exit\r")
        assert terminal.wait() == 0
        assert terminal.is_restored
    assert starred(folder) == set(NEWEST[:2])


@fault(
    42,
    "kill -9 during index build",
    injected="SIGKILL at random moments of an import, and of a first start",
    holds="the next call completes it, and answers as an index that was built in one go",
    trials="2 / 200",
)
@trials(2, 200)
def test_kill_9_during_index_build(trials: int, tmp_path: Path) -> None:
    chance = Random(42)
    given = tmp_path / "given"
    for number in range(60):
        day = DAY - timedelta(number)
        put(given, f"{day}.txt", text(papers(*range(5 * number, 5 * number + 20)), day))
    whole = tmp_path / "whole"
    seconds = seconds_of(lambda: shell("--library", whole, "import", given))
    answer = shell("--library", whole, "papers", "--json")
    killed = 0
    for number, way in zip(range(trials), cycle((kill_import, kill_start)), strict=False):
        folder = tmp_path / str(number)
        killed += way(folder, given, chance.uniform(0.1, 1) * seconds)
        shell("--library", folder, "import", given)
        assert shell("--library", folder, "papers", "--json") == answer
    assert killed


def kill_import(folder: Path, given: Path, seconds: float) -> bool:
    command = [*PROGRAM, "--library", str(folder), "import", str(given)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return process.returncode == -signal.SIGKILL


def kill_start(folder: Path, given: Path, seconds: float) -> bool:
    shutil.copytree(given, folder / "digests")
    with Terminal("--library", str(folder)) as terminal:
        end = time.monotonic() + 2 * seconds
        while time.monotonic() < end:
            terminal.pump(0.01)
        terminal.kill()
        return terminal.process.returncode == -signal.SIGKILL
