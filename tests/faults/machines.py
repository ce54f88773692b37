"""Machines that sync one folder of marks: real sessions on real files, and sync tools between them.

A history comes from its seed alone: readers press keys, start again, lose their index, compact
their journal, and a sync tool carries the files about, late, in pieces, in any order, and with all
that such tools do where a file was changed on both sides.

The laws, checked at every key press: it takes effect on the screen on which it is pressed, an undo
gives back what was there or says that it was changed elsewhere, and no machine ever knows less than
before. And at the end, when everything has been carried everywhere: each machine, and a new one
too, shows of all changes that were ever confirmed the one that wins by rank.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from digest_tui.library import Library
from digest_tui.marks import READ, STAR, Change, Key, Value, merge
from digest_tui.session import Session
from digest_tui.settings import throwaway
from digest_tui.store import Store
from tests.made import library, paper, text

Press = Literal["read", "star", "read_all", "undo", "redo"]
Clock = Callable[[], int]
Step = dict[Key, tuple[Change, Value]]
"""What a key press changed: by paper and field the change, and the value before it."""

PRESSES: tuple[Press, ...] = ("read", "star", "star", "read", "undo", "undo", "redo", "read_all")
TOOLS = ("Syncthing", "Dropbox", "Nextcloud", "git", "git, markers", "a stick", "a network folder")
NOON = 1_790_000_000_000
HOUR, YEAR = 3_600_000, 31_536_000_000
OFFSETS = (0, 90_000, -HOUR, YEAR, -NOON)
"""How far the clocks of machines are off, in milliseconds; the last one is back in 1970."""
ROUNDS = 200
"""So often everything is exchanged at most, before it has to be settled."""


def template(folder: Path, papers: int = 3) -> Path:
    """A library of one digest, to be copied for each machine."""
    library(folder, text([paper(number) for number in range(papers)])).close()
    return folder


class Machine:
    """A machine with its copy of the folder, its index and its clock, and a reader at it."""

    def __init__(
        self, made: Path, folder: Path, device: str, clock: Clock, marks: Path | None = None
    ) -> None:
        shutil.copytree(made, folder)
        places = throwaway(folder)
        self.places = replace(places, marks=marks) if marks else places
        self.places.marks.mkdir(exist_ok=True)
        self.device = device
        self.clock = clock
        self.confirmed: set[Change] = set()
        self._start()

    def _start(self) -> None:
        self.library = Library(self.places)
        self.library.store = Store(self.places.marks, self.device, self.device, self.clock)
        self.library.refresh()
        self.session = Session(self.library)
        self.session.start()
        self._papers = [card.id for row in self._rows if (card := self.session.card(row))]
        self._known: Mapping[Key, Change] = {}
        self._own: set[Change] = set()
        self._heard: set[Change] = set()
        self._steps: dict[str, list[Step]] = {"undo": [], "redo": []}

    def close(self) -> None:
        self.library.close()

    def restart(self) -> None:
        """Ends the program and starts it again."""
        self.close()
        self._start()

    def lose_index(self) -> None:
        """Starts again without the index. It was up to date: what it and the own journal lose
        both at once, and what was not carried anywhere yet, nobody has."""
        self.look()
        self.close()
        for path in self.places.index.parent.glob("index.sqlite3*"):
            path.unlink()
        self._start()

    def look(self) -> None:
        """Takes over what has come, as the screen does by itself now and then."""
        self.session.look()
        self._check_nothing_is_forgotten()

    def winners(self) -> dict[Key, Change]:
        """The changes that hold here."""
        return self.session.index.winners(self._papers)

    def shown(self) -> dict[Key, Value]:
        """What the screen shows of each paper."""
        cards = [card for row in self._rows if (card := self.session.card(row))]
        return {
            (card.id, field): value
            for card in cards
            for field, value in ((READ, card.read), (STAR, card.starred))
        }

    def files(self) -> dict[str, bytes]:
        """The files in the folder, those of a tool's own aside."""
        listed = (path for path in self.places.marks.iterdir() if not path.name.startswith("."))
        return {path.name: path.read_bytes() for path in sorted(listed)}

    def act(self, rng: random.Random) -> None:
        """Presses a key on any paper."""
        self.press(rng.choice(PRESSES), rng.choice(self._rows))

    def press(self, press: Press, row: int = 1) -> str:
        """Presses a key on the paper at a row, and checks what comes of it."""
        known = [*self.winners().values(), *self.library.store.read().changes]
        before = merge(known)
        self._heard.update(known)
        wanted = self._wanted(press, row)
        self.session.cursor = row
        message: str = getattr(self.session, press)()
        after = self.winners()
        if press in ("undo", "redo"):
            step = self._check_reversal(press, before, after, message)
        else:
            step = {key: (after[key], _value(before.get(key))) for key in wanted}
            assert {key: after[key].value for key in wanted} == wanted, (press, message)
            if step:
                self._steps["undo"].append(step)
                self._steps["redo"].clear()
        assert all(after[key] != before.get(key) for key in step)
        self._own |= {change for change, _ in step.values()}
        self.confirmed |= self._own
        self._check_nothing_is_forgotten()
        return message

    @property
    def _rows(self) -> range:
        return range(1, len(self.session.view.rows))

    def _wanted(self, press: Press, row: int) -> dict[Key, Value]:
        """What a key press has to bring about, given what the screen shows."""
        card = self.session.card(row)
        assert card
        match press:
            case "read":
                return {(card.id, READ): not card.read}
            case "star" if card.read:
                return {(card.id, STAR): not card.starred}
            case "star":
                return {(card.id, STAR): True, (card.id, READ): True}
            case "read_all":
                unread = (key for key, value in self.shown().items() if not value)
                return {key: True for key in unread if key[1] == READ}
        return {}

    def _check_reversal(
        self, press: str, before: Mapping[Key, Change], after: Mapping[Key, Change], message: str
    ) -> Step:
        """What was taken back; nothing that another machine has changed since."""
        if not self._steps[press]:
            assert message == f"Nothing to {press}"
            return {}
        step = self._steps[press].pop()
        reversal: Step = {}
        for key, (change, old) in step.items():
            if after.get(key) == before.get(key):
                assert "changed elsewhere" in message
                assert any(other.rank > change.rank for other in self._others(key)), message
            else:
                assert before[key] in self._own
                assert after[key].value == old
                reversal[key] = after[key], change.value
        if reversal:
            self._steps["redo" if press == "undo" else "undo"].append(reversal)
        return reversal

    def _others(self, key: Key) -> list[Change]:
        return [change for change in self._heard - self._own if change.key == key]

    def _check_nothing_is_forgotten(self) -> None:
        held, shown = self.winners(), self.shown()
        assert all(held[key].rank >= change.rank for key, change in self._known.items())
        assert shown == {key: _value(held.get(key)) for key in shown}
        self._known = held
        self._heard |= {*held.values()}


def _value(change: Change | None) -> Value:
    return change.value if change else False


class Tool:
    """A sync tool: what its server has of the folder, and what it last saw on each machine."""

    def __init__(self, name: str, rng: random.Random, tally: Counter[str]) -> None:
        self.name = name
        self.files: dict[str, bytes] = {}
        self.versions: defaultdict[str, list[bytes]] = defaultdict(list)
        """All that each file ever was, for one who restores it."""
        self.is_careful = False
        """Whether what is copied by hand is only what grew."""
        self._base: defaultdict[Machine, dict[str, bytes]] = defaultdict(dict)
        self._rng = rng
        self._tally = tally
        self._copies = 0

    def spreads(self, file: str) -> bool:
        """Whether a file is carried at all: Nextcloud leaves its conflict copies where they are."""
        return self.name != "Nextcloud" or "conflicted copy" not in file

    def names(self, machine: Machine) -> list[str]:
        """The files to carry from or to a machine."""
        if self.name == "a network folder":
            return []
        return sorted(name for name in {*machine.files(), *self.files} if self.spreads(name))

    def is_carried(self, files: Mapping[str, bytes]) -> bool:
        """Whether a machine that holds these files holds what the server does."""
        carried = {name: content for name, content in files.items() if self.spreads(name)}
        return self.name == "a network folder" or carried == self.files

    def sync(self, machine: Machine, file: str) -> None:
        """Carries a file from a machine or to it."""
        local, there = machine.files().get(file), self.files.get(file)
        base = self._base[machine].get(file)
        if local == there:
            self._seen(machine, file, local)
        elif self.name == "a stick":
            # Whoever copies a folder to a stick and back overwrites in either way.
            is_newer = len(local or b"") > len(there or b"")
            if is_newer if self.is_careful else self._rng.random() < 0.5:
                self._put(machine, file, local)
            else:
                self._fetch(machine, file, there)
        elif local == base:
            self._fetch(machine, file, there)
        elif there == base:
            self._put(machine, file, local)
        else:
            self._tally[f"conflicts of {self.name}"] += 1
            self._settle(machine, file, local, there)

    def _seen(self, machine: Machine, file: str, content: bytes | None) -> None:
        self._base[machine].pop(file, None)
        if content is not None:
            self._base[machine][file] = content
            self.versions[file].append(content)

    def _put(self, machine: Machine, file: str, content: bytes | None) -> None:
        self._tally["files put"] += 1
        self.files.pop(file, None)
        if content is not None:
            self.files[file] = content
        self._seen(machine, file, content)

    def _fetch(self, machine: Machine, file: str, content: bytes | None) -> None:
        """Brings a file, or its deletion: whole, or piece by piece while the reader goes on."""
        path = machine.places.marks / file
        if content is None:
            self._tally["deletions brought"] += 1
            path.unlink(missing_ok=True)
        elif self._rng.random() < 0.3:
            self._tally["files brought in pieces"] += 1
            for cut in sorted(self._rng.choices(range(len(content) + 1), k=2)):
                path.write_bytes(content[:cut])
                self._rng.choice((machine.look, lambda: machine.act(self._rng)))()
            path.write_bytes(content)
        else:
            self._tally["files brought"] += 1
            temporary = path.with_name(f".syncthing.{file}.tmp")
            temporary.write_bytes(content)
            machine.look()
            temporary.replace(path)
        self._seen(machine, file, content)

    def _settle(
        self, machine: Machine, file: str, local: bytes | None, there: bytes | None
    ) -> None:
        """What the tools do with a file that changed on both sides."""
        if self.name.startswith("git") or (self.name != "Syncthing" and not (local and there)):
            # Of an edit and a deletion, the edit stays.
            one = local or there or b""
            base = self._base[machine].get(file, b"")
            folder = machine.places.index.parent
            merged = self._merged(folder, local, base, there) if local and there else one
            (machine.places.marks / file).write_bytes(merged)
            self._put(machine, file, merged)
        elif self.name == "Syncthing" and self._rng.random() < 0.5:
            # The older one by its time, which is that of clocks that differ.
            if there is not None:
                self.files[self._copy_of(file)] = there
            self._put(machine, file, local)
        else:
            if local is not None:
                (machine.places.marks / self._copy_of(file)).write_bytes(local)
            self._fetch(machine, file, there)

    def _copy_of(self, file: str) -> str:
        self._copies += 1
        stem, time = file.removesuffix(".jsonl"), 101500 + self._copies
        names = {
            "Syncthing": f"{stem}.sync-conflict-20260422-{time}-K3F9A1C.jsonl",
            "Dropbox": f"{stem} (Ada's conflicted copy 2026-04-22 {self._copies}).jsonl",
            "Nextcloud": f"{stem} (conflicted copy 2026-04-22 {time}).jsonl",
        }
        return names[self.name]

    def _merged(self, folder: Path, *versions: bytes) -> bytes:
        """What git makes of (local, base, there): the union of the lines where .gitattributes says
        so, else both between conflict markers."""
        union = ["--union"] if self.name == "git" else []
        files = ("HEAD", "base", "theirs")
        for name, content in zip(files, versions, strict=True):
            (folder / name).write_bytes(content)
        merging = ["git", "merge-file", "-p", "-q", *union, *files]
        return subprocess.run(merging, cwd=folder, capture_output=True).stdout


@dataclass
class Time:
    """The time that right clocks show, in milliseconds since 1970."""

    now: int = NOON


class History:
    """Some machines, a tool between them, and what happens there."""

    def __init__(self, made: Path, folder: Path, seed: int) -> None:
        self.tally: Counter[str] = Counter()
        """How often what happened."""
        self._rng = random.Random(seed)
        self._time = Time()
        self._tool = Tool(self._rng.choice(TOOLS), self._rng, self.tally)
        self._made, self._folder = made, folder
        self._machines = list(self._new_machines())

    def _new_machines(self) -> Iterator[Machine]:
        count = self._rng.randint(2, 5)
        devices = [f"{letter * 6}" for letter in "abcde"[:count]]
        if self._rng.random() < 0.35:
            # Two machines of which one was made as a copy of the other.
            devices[1] = devices[0]
        shared = self._folder / "shared" if self._tool.name == "a network folder" else None
        for number, device in enumerate(devices):
            yield Machine(self._made, self._folder / str(number), device, self._clock(), shared)

    def _clock(self) -> Clock:
        offset = self._rng.choice((*OFFSETS, None))
        if offset is None:
            return lambda: self._time.now + self._rng.randint(-YEAR, YEAR)
        return lambda: self._time.now + offset

    def play(self) -> None:
        """Lets things happen, carries everything everywhere, and checks that all agree."""
        try:
            for _ in range(self._rng.randint(15, 50)):
                self._time.now += self._rng.choice((0, 1, 5_000))
                (event,) = self._rng.choices(list(_EVENTS), list(_EVENTS.values()))
                self.tally[event.__name__.strip("_")] += 1
                event(self, self._rng.choice(self._machines))
            self._carry_everything()
            self._check_agreement()
        finally:
            for machine in self._machines:
                machine.close()

    def _press(self, machine: Machine) -> None:
        machine.act(self._rng)

    def _sync(self, machine: Machine) -> None:
        names = self._tool.names(machine)
        for name in self._rng.sample(names, min(len(names), 2)):
            self._tool.sync(machine, name)

    def _look(self, machine: Machine) -> None:
        machine.look()

    def _restart(self, machine: Machine) -> None:
        machine.restart()

    def _lose_index(self, machine: Machine) -> None:
        machine.lose_index()

    def _compact(self, machine: Machine) -> None:
        machine.library.store.compact()

    def _restore(self, machine: Machine) -> None:
        """Hands a file back as it once was, the own journal too."""
        versions = self._tool.versions
        for name, content in machine.files().items():
            versions[name].append(content)
        if versions:
            name = self._rng.choice(list(versions))
            (machine.places.marks / name).write_bytes(self._rng.choice(versions[name]))

    def _delete(self, machine: Machine) -> None:
        if files := machine.files():
            (machine.places.marks / self._rng.choice(list(files))).unlink()

    def _carry_everything(self) -> None:
        self._tool.is_careful = True
        for _ in range(ROUNDS):
            before = [machine.files() for machine in self._machines]
            for machine in self._machines:
                for name in self._tool.names(machine):
                    self._tool.sync(machine, name)
                machine.look()
            after = [machine.files() for machine in self._machines]
            if before == after and all(map(self._tool.is_carried, after)):
                return
        raise AssertionError("it never settles")

    def _check_agreement(self) -> None:
        wins = merge(change for machine in self._machines for change in machine.confirmed)
        first = self._machines[0]
        new = Machine(self._made, self._folder / "new", "zzzzzz", lambda: NOON)
        self._machines.append(new)
        for name, content in first.files().items():
            if self._tool.spreads(name):
                (new.places.marks / name).write_bytes(content)
        new.look()
        for machine in self._machines:
            assert machine.winners() == wins, machine.places.marks
            assert not machine.library.index.kept(), machine.places.marks


_EVENTS: dict[Callable[[History, Machine], None], int] = {
    History._press: 40,
    History._sync: 30,
    History._look: 10,
    History._restart: 4,
    History._compact: 4,
    History._lose_index: 3,
    History._restore: 6,
    History._delete: 4,
}
"""What can happen to a machine, and how likely."""
