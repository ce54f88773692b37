"""The settings: every mistake is named with its line, and none of them is fatal."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest_tui.paper import Problem
from digest_tui.settings import Settings, config_path, load, parse, places, throwaway

KNOWN = "known: folders, theme, language, density, glyphs, keys"


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in parse(text)[1]]


def test_a_file_that_says_all_there_is_to_say() -> None:
    settings, problems = parse("""
folders = ["~/digests", "/srv/digests"]
theme = "nord"
language = "zh"
density = "compact"
glyphs = "ascii"

[keys]
read = "x, ctrl+x"
"read-all" = "f12"
export = ","
""")
    assert settings == Settings(
        (Path.home() / "digests", Path("/srv/digests")),
        "nord",
        "zh",
        "compact",
        "ascii",
        {"read": "x, ctrl+x", "read-all": "f12", "export": ","},
    )
    assert problems == ()


@pytest.mark.parametrize("text", ["", "\n# nothing yet\n", "[keys]\n"])
def test_nothing_said_is_the_defaults(text: str) -> None:
    assert parse(text) == (Settings(), ())


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("theme = nord", 1, "not TOML: Invalid value (at line 1, column 9); the defaults are kept"),
        ('\ntheme = "a"\ntheme = "b"', 3, "not TOML: Cannot overwrite a value"),
        ("x = " + "[" * 5000, 0, "not TOML: "),
        ("x = " + "1" * 5000, 0, "not TOML: "),
        ('\n\ncolour = "red"', 3, f"unknown setting “colour”; {KNOWN}"),
        ('\n[colors]\nred = "x"', 2, f"unknown setting “colors”; {KNOWN}"),
        ('\n[[colors]]\nred = "x"', 2, f"unknown setting “colors”; {KNOWN}"),
        ('# \u2028\ncolour = "red"', 2, f"unknown setting “colour”; {KNOWN}"),
        ('\nui.theme = "x"', 2, f"unknown setting “ui”; {KNOWN}"),
        ("\ntheme = 5", 2, "theme: input should be a valid string; the default is kept"),
        ('\nfolders = "/srv"', 2, "folders: input should be a valid tuple; the default is kept"),
        ('language = "de"', 1, "language: input should be 'both', 'en' or 'zh'; the default is"),
        ("density = true", 1, "density: input should be 'comfortable' or 'compact'; the default"),
        ('\n\nkeys = "x"', 3, "keys: input should be a valid dictionary; the default is kept"),
        ('folders = ["digests"]', 1, "folders: “digests” is no absolute path; it is left out"),
        ('folders = ["~nobody-here/x"]', 1, "folders: “~nobody-here/x” is no absolute path"),
        ('[keys]\n\nraed = "x"', 3, "keys.raed: there is no such command; the README"),
        ('[keys]\nread = ""', 2, "keys.read: no key is given; kept r"),
        ('[keys]\nread = " ,, "', 2, "keys.read: no key is given; kept r"),
        ('[keys]\nread = "crtl+x"', 2, "keys.read: “crtl+x” is no key; kept r"),
        ('[keys]\ndown = "x, Space"', 2, "keys.down: “Space” is no key; kept j down"),
        ('[keys]\nread = "f13"', 2, "keys.read: “f13” is no key; kept r"),
        ("[keys]\nread = 5", 2, "keys.read: 5 is no text in quotes; kept r"),
        ('[keys]\n\nread = "s"', 3, "keys.read: taken by “star”; kept r"),
        ('[keys]\nread = "x, ctrl+p"', 2, "keys.read: taken by “commands”; kept r"),
        ('\nkeys = { read = "s" }', 2, "keys.read: taken by “star”; kept r"),
        ('\nkeys.read = "s"', 2, "keys.read: taken by “star”; kept r"),
        ('folders = []\n[keys]\nfolders = "y"', 3, "keys.folders: there is no such command"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_was_kept(
    text: str, line: int, message: str
) -> None:
    (problem,) = problems(text)
    assert problem[0] == line
    assert problem[1].startswith(message)
    settings, _ = parse(text)
    assert (settings.keys, settings.folders, settings.language) == ({}, (), "both")


def test_one_mistake_costs_nothing_else() -> None:
    settings, problems = parse(
        'theme = "nord"\nlanguage = 5\nfolders = ["x", "/srv"]\n'
        '[keys]\nread = 5\nraed = "y"\nstar = "x"\nquit = "x"\nundo = "ctrl+z"\n'
    )
    assert (settings.theme, settings.language) == ("nord", "both")
    assert settings.folders == (Path("/srv"),)
    assert [problem.line for problem in problems] == [2, 3, 5, 6, 7]
    assert settings.keys == {"quit": "x", "undo": "ctrl+z"}


@pytest.mark.parametrize(
    "keys",
    [
        'down = "k"\nup = "j"',
        'read = "s"\nstar = "r"',
        'read = "s"\nstar = "u"\nundo = "r"',
        'down = "j, j"',
        'query = "/, ctrl+f"',
        'zoom = "Z"',
    ],
)
def test_keys_may_change_hands(keys: str) -> None:
    assert problems(f"[keys]\n{keys}") == []


def test_of_a_key_given_twice_one_command_keeps_its_own() -> None:
    settings, problems = parse('[keys]\nread = "x"\nstar = "x"\n')
    assert settings.keys == {"star": "x"}
    assert problems == (Problem(2, "keys.read: taken by “star”; kept r"),)


def test_a_rebinding_that_falls_takes_those_with_it_that_needed_its_key() -> None:
    settings, _ = parse('[keys]\nread = "s"\nstar = "crtl+x"\n')
    assert settings.keys == {}


def test_the_file_is_optional_and_nothing_is_made(home: Path) -> None:
    assert load(config_path()) == (Settings(), ())
    assert places().digests.is_relative_to(home / "data")
    throwaway(home / "anywhere")
    assert list(home.iterdir()) == []


def test_the_file_is_read_from_the_folder_of_settings(home: Path) -> None:
    assert config_path() == home / "config" / "digest-tui" / "config.toml"
    config_path().parent.mkdir(parents=True)
    config_path().write_bytes(b'\xef\xbb\xbftheme = "nord"\r\n')
    assert load(config_path()) == (Settings(theme="nord"), ())


@pytest.mark.parametrize("data", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(data) if data else path.mkdir()
    settings, (problem,) = load(path)
    assert settings == Settings()
    assert problem.message.startswith("cannot be read (")
    assert problem.message.endswith("; the defaults are kept")


def test_a_library_that_is_carried_about_keeps_its_index_and_device_name_here(
    home: Path, tmp_path: Path
) -> None:
    settings = Settings(folders=(Path("/srv"),))
    own, one, two = places(None, settings), places(tmp_path / "1"), places(tmp_path / "2")
    assert (one.digests, one.marks) == (tmp_path / "1" / "digests", tmp_path / "1" / "marks")
    assert one.device == two.device == own.device == home / "state" / "digest-tui" / "device"
    assert len({own.index, one.index, two.index}) == 3
    assert all(each.index.parent == home / "cache" / "digest-tui" for each in (own, one, two))
    assert (own.folders, places(tmp_path, settings).folders) == ((Path("/srv"),), ())


def test_a_library_has_one_index_however_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path.home() / "library"
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder.parent)
    names = (
        folder,
        Path("library"),
        Path("~/library"),
        tmp_path / "link",
        folder / ".." / "library",
    )
    assert len({places(name).index for name in names}) == 1
    assert places(Path("~nobody-here/x")).digests == folder.parent / "~nobody-here/x/digests"
