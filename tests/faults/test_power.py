"""The power is cut while marks are written: a real file system stops, and is mounted again.

A file system in a file, mounted by a loop device, is told to shut down at once: what it has not
sent to its disk by then never gets there. Mounting it again goes through its own recovery, as the
next start of a machine does. That takes root, and minutes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from tests.faults.catalogue import fault
from tests.faults.reader import Reader, library, some_keys
from tests.journals import child, laptop, stars, state

GOING_DOWN = 0x8004587D
"""`_IOR('X', 125, __u32)`: XFS_IOC_GOINGDOWN, and EXT4_IOC_SHUTDOWN."""
NO_LOG_FLUSH = 2
SIZES = {"ext4": 16 << 20, "xfs": 320 << 20}
"""Bytes: not much more than mkfs asks for; the file is full of holes."""
DEFAULT = [("ext4", "rw"), ("xfs", "nouuid")]
"""Each file system, and how it is mounted: one that is down has the UUID of what it was."""
COMMITTED = 1.5
"""Seconds after which ext4, told to by `commit=1`, has written what it knows of files."""
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="file systems are shut down on Linux only"),
]


class Disk:
    """A file system of its own, whose power can be cut."""

    def __init__(self, folder: Path, kind: str, options: str) -> None:
        """Mounted below `folder`. Skips the test where that is not possible."""
        if os.geteuid() or not shutil.which(f"mkfs.{kind}"):
            pytest.skip(f"to mount a new {kind} takes root and mkfs.{kind}")
        self.place = folder / kind
        self.place.mkdir()
        self._options = options
        self._image = folder / "0.img"
        with self._image.open("xb") as image:
            image.truncate(SIZES[kind])
        subprocess.run([f"mkfs.{kind}", "-q", str(self._image)], check=True)
        done = self._mount()
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")

    def _mount(self) -> subprocess.CompletedProcess[str]:
        command = ["mount", "-o", f"loop,{self._options}", str(self._image), str(self.place)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def cut(self) -> None:
        """Cuts the power: what is not on the disk by now never gets there."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, GOING_DOWN, struct.pack("I", NO_LOG_FLUSH))
        except OSError as error:
            pytest.skip(f"this file system cannot be shut down: {error.strerror}")
        finally:
            os.close(descriptor)

    def recover(self) -> None:
        """Starts the machine again, with what the disk knows."""
        self.unmount()
        # Another mount namespace may hold on to the file system that is down: it stays so there.
        before, self._image = self._image, self._image.with_stem(f"{int(self._image.stem) + 1}")
        subprocess.run(["cp", "--sparse=always", str(before), str(self._image)], check=True)
        before.unlink()
        assert not self._mount().returncode

    def unmount(self) -> None:
        subprocess.run(["umount", str(self.place)], check=True)


@contextmanager
def mounted(folder: Path, kind: str, options: str) -> Iterator[Disk]:
    """A disk that is gone afterwards."""
    disk = Disk(folder, kind, options)
    try:
        yield disk
    finally:
        disk.unmount()


@fault(
    3,
    "power cut",
    injected="ext4 and XFS are shut down at random moments of writing and compacting, and mounted "
    "again",
    holds="all that was confirmed is there",
    trials="long only: 100 each, 20 with the real program",
)
@pytest.mark.parametrize(("kind", "options"), DEFAULT)
def test_a_power_cut(kind: str, options: str, tmp_path: Path) -> None:
    code = """
store_module.COMPACT_BYTES, store_module.COMPACT_DEAD = int(sys.argv[3]), 0
for number in range(10**6):
    try:
        for value in False, True:
            store.write([Decision(str(number), "star", value)])
    except NotSaved:
        break
    say(number)
    store.compact()
"""
    chance = Random(kind)
    confirmed = 0
    with mounted(tmp_path, kind, options) as disk:
        for trial in range(100):
            folder = disk.place / str(trial) / "marks"
            # Every other writer also compacts its journal after each change.
            writer = child(code, folder, "aaaaaa", 0 if trial % 2 else 10**9)
            assert writer.stdout
            said = [writer.stdout.readline() for _ in range(chance.randrange(1, 30))]
            time.sleep(chance.uniform(0, 0.005))
            disk.cut()
            said += writer.communicate()[0].splitlines()
            disk.recover()
            starred = {paper for paper, value in state(laptop(folder)).items() if value}
            assert starred >= {line.strip() for line in said}
            confirmed += len(said)
    assert confirmed > 500


@pytest.mark.parametrize(("kind", "options"), DEFAULT)
def test_a_power_cut_while_the_program_marks(kind: str, options: str, tmp_path: Path) -> None:
    chance = Random(kind)
    with mounted(tmp_path, kind, options) as disk:
        for trial in range(20):
            folder = library(disk.place / str(trial))
            with Reader(folder, some_keys(chance, 40)) as reader:
                reader.begin()
                reader.mark(chance.randrange(40))
                disk.cut()
                reader.die()
                disk.recover()
                reader.check()


@fault(
    4,
    "power cut before a sync",
    injected="the same, with 50 changes that were synced and 50 that were not",
    holds="the synced ones are there; of the others what is missing is missing, and a tail of NULs "
    "is told of once",
    trials="long only: 20 each",
)
@pytest.mark.parametrize(
    ("kind", "options"),
    [("ext4", "commit=1"), ("ext4", "commit=1,data=writeback,nodelalloc"), ("xfs", "nouuid")],
)
def test_a_power_cut_before_a_sync(kind: str, options: str, tmp_path: Path) -> None:
    code = """
def write(*numbers):
    for number in numbers:
        store.write([Decision(str(number), "star", True)])
write(*range(50))
store_module._sync = lambda descriptor: None
write(*range(50, 100))
say("written")
sys.stdin.read()
"""
    with mounted(tmp_path, kind, options) as disk:
        for trial in range(20):
            folder = disk.place / str(trial)
            writer = child(code, folder, "aaaaaa")
            assert writer.stdout
            assert writer.stdout.readline() == "written\n"
            time.sleep(COMMITTED)
            disk.cut()
            writer.kill()
            writer.communicate()
            disk.recover()
            left = list(state(laptop(folder)))
            assert left == [str(number) for number in range(max(50, len(left)))]
            ends_whole = (folder / "aaaaaa.jsonl").read_bytes().endswith(b"\n")
            laptop(folder).write(stars("next"))
            after = laptop(folder).read()
            assert list(state(laptop(folder))) == [*left, "next"]
            assert len(after.bad) == (not ends_whole)
