"""What is remembered from one start to the next."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from digest_tui.resume import RECALLED, Left, load, looks, resumed, save
from digest_tui.settings import Settings

LEFT = Left(
    digest="2026-04-22.txt",
    status="unread",
    paper="2604.18616",
    query="策略 -survey",
    order="title",
    is_zoomed=True,
    queries=("au:levine", "策略"),
    is_first=False,
    theme="nord",
    language="zh",
    density="compact",
    settings=looks(Settings()),
)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "state" / "left.json"
    save(path, LEFT)
    assert load(path) == LEFT
    assert [file.name for file in path.parent.iterdir()] == ["left.json"]


def test_without_a_file_it_is_a_first_start(tmp_path: Path) -> None:
    assert load(tmp_path / "left.json") == Left()
    assert Left().is_first


@pytest.mark.parametrize(
    "broken",
    [
        {"order": "by mood"},
        {"status": 3},
        {"queries": [1]},
        {"queries": "text"},
        {"settings": []},
        {"language": "fr"},
        {"density": ["compact"]},
        {"theme": None},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_broken_file_is_a_first_start(tmp_path: Path, broken: dict[str, Any]) -> None:
    path = tmp_path / "left.json"
    path.write_text(json.dumps(asdict(LEFT) | broken))
    assert load(path) == Left()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[]", b"null", b"{", b"[" * 100_000])
def test_noise_is_a_first_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "left.json"
    path.write_bytes(content)
    assert load(path) == Left()


def test_what_cannot_be_saved_is_not_complained_of(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    save(tmp_path / "state" / "left.json", LEFT)
    save(tmp_path / "left.json", replace(LEFT, query="\ud800"))
    assert {file.name for file in tmp_path.iterdir()} == {"home", "state"}


def test_only_the_latest_queries_are_kept(tmp_path: Path) -> None:
    queries = tuple(map(str, range(RECALLED + 5)))
    save(tmp_path / "left.json", replace(LEFT, queries=queries))
    assert load(tmp_path / "left.json").queries == queries[5:]


def test_the_later_of_settings_and_of_what_was_chosen_holds() -> None:
    assert looks(resumed(Settings(), LEFT)) == ("nord", "zh", "compact")
    assert looks(resumed(Settings(), Left())) == looks(Settings())
    edited = Settings(theme="gruvbox", language="en")
    assert looks(resumed(edited, LEFT)) == ("gruvbox", "en", "compact")


def test_queries_of_two_windows_are_both_kept(tmp_path: Path) -> None:
    path = tmp_path / "left.json"
    save(path, replace(LEFT, queries=("a", "b")))
    save(path, replace(LEFT, queries=("a", "c")))
    assert load(path).queries == ("b", "a", "c")
