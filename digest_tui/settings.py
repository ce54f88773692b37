"""Where files live, and what `config.toml` says.

Every mistake in the settings is named with its line and with what was kept instead; none is
fatal. Nothing is created here: folders come into being when something is written into them.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import platformdirs

from digest_tui.commands import BY_ID, COMMANDS
from digest_tui.paper import Problem

APP = "digest-tui"

_KEY_NAMES = (
    "space|enter|tab|escape|backspace|delete|insert|home|end|pageup|pagedown|up|down|left|right"
    "|f[1-9]|f1[0-2]"
)
_KEY = re.compile(rf"(?:(?:ctrl|alt|shift)\+)*(?:\S|{_KEY_NAMES})")


@dataclass(frozen=True, slots=True)
class Places:
    """The folders and files of one library on this machine."""

    digests: Path
    marks: Path
    index: Path
    """Disposable: it is rebuilt from digests and marks."""
    device: Path
    left: Path
    """What the program remembers of how it was left."""
    config: Path
    folders: tuple[Path, ...] = ()
    """Folders of digests that are read in place."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What `config.toml` can say. Every field has a default."""

    folders: tuple[Path, ...] = ()
    theme: str = "digest-dark"
    language: Literal["both", "en", "zh"] = "both"
    density: Literal["comfortable", "compact"] = "comfortable"
    glyphs: Literal["unicode", "ascii"] = "unicode"
    keys: dict[str, str] = field(default_factory=dict)
    """Command id to its keys, separated by commas, in place of the default ones."""


def places(library: Path | None = None, settings: Settings | None = None) -> Places:
    """The places of the library in a folder, or of the user's own library.

    The index and the device's name stay on the machine even where the library is carried
    about: a synced index would be torn, a synced name would make two machines write one file.
    """
    home = _expanded(library).absolute() if library else platformdirs.user_data_path(APP)
    name = "index"
    if library:
        # A start has no other use for a hash, and importing `hashlib` takes longer than all this.
        name += f"-{zlib.crc32(str(home.resolve()).encode('utf-8', 'replace')):08x}"
    return Places(
        digests=home / "digests",
        marks=home / "marks",
        index=platformdirs.user_cache_path(APP) / f"{name}.sqlite3",
        device=platformdirs.user_state_path(APP) / "device",
        left=platformdirs.user_state_path(APP) / f"left{name.removeprefix('index')}.json",
        config=config_path(),
        folders=() if library or not settings else settings.folders,
    )


def throwaway(folder: Path) -> Places:
    """The places of a library that is wholly within one (temporary) folder."""
    return Places(
        digests=folder / "digests",
        marks=folder / "marks",
        index=folder / "index.sqlite3",
        device=folder / "device",
        left=folder / "left.json",
        config=config_path(),
    )


def config_path() -> Path:
    """Where the settings file is looked for."""
    return platformdirs.user_config_path(APP) / "config.toml"


def reports_path() -> Path:
    """The folder of the reports of crashes."""
    return platformdirs.user_state_path(APP)


def load(path: Path) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings in a file, and what is wrong with them; the defaults where there is none."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return Settings(), ()
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8"
        if isinstance(error, OSError):
            reason = (error.strerror or str(error)).lower()
        return Settings(), (Problem(0, f"cannot be read ({reason}); the defaults are kept"),)
    return parse(text)


def parse(text: str) -> tuple[Settings, tuple[Problem, ...]]:
    """Settings from the text of a `config.toml`, and a problem for each mistake in it."""
    import tomllib

    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        line = re.search(r"line (\d+)", str(error))
        at_end = text.rstrip("\n").count("\n") + 1 if "end of document" in str(error) else 0
        number = int(line[1]) if line else at_end
        return Settings(), (Problem(number, f"not TOML: {error}; the defaults are kept"),)
    problems: list[Problem] = []
    settings = Settings()
    known = [field.name for field in fields(Settings)]
    rebound = table.pop("keys") if isinstance(table.get("keys"), dict) else {}
    for key, value in table.items():
        line_number = _line_of(text, key)
        if key not in known:
            message = f"unknown setting “{key}”; known: {', '.join(known)}"
            problems.append(Problem(line_number, message))
            continue
        try:
            settings = replace(settings, **{key: _valid(key, value)})
        except ValueError as error:
            problems.append(Problem(line_number, f"{key}: {_reason(error)}; the default is kept"))
    folders, relative = _checked_folders(settings.folders)
    problems += [Problem(_line_of(text, "folders"), message) for message in relative]
    keys, wrong = _checked_keys(rebound)
    problems += [Problem(_line_of(text, key, "keys"), message) for key, message in wrong]
    problems.sort(key=lambda problem: problem.line)
    return replace(settings, folders=folders, keys=keys), tuple(problems)


def _valid(key: str, value: Any) -> Any:
    # Importing pydantic takes a third of the time that the whole screen takes to import, and
    # most people have no settings file.
    from pydantic import TypeAdapter

    return getattr(TypeAdapter(Settings).validate_python({key: value}), key)


def _reason(error: ValueError) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return error.errors(include_url=False)[0]["msg"].lower()
    return str(error)


def _line_of(text: str, key: str, table: str = "") -> int:
    """The line on which a key is set, or the table that it is set in; 0 where it is not found."""
    start = _line_of(text, table) if table else 0
    within = rf"(?:{table}\s*\.\s*)?" if table else r"\[{0,2}\s*"
    pattern = re.compile(rf"""\s*{within}["']?{re.escape(key)}["']?\s*[\]=.]""")
    # As editors count them; Python knows further line ends.
    lines = enumerate(text.split("\n"), start=1)
    found = (number for number, line in lines if number >= start and pattern.match(line))
    return next(found, start)


def _expanded(path: Path) -> Path:
    """A path with `~` written out; as it stands where there is no such home."""
    return Path(os.path.expanduser(path))


def _checked_folders(folders: Iterable[Path]) -> tuple[tuple[Path, ...], list[str]]:
    """The folders that can be read from wherever the program is started, and what is wrong."""
    expanded = [_expanded(folder) for folder in folders]
    wrong = [
        f"folders: “{folder}” is no absolute path; it is left out"
        for folder in expanded
        if not folder.is_absolute()
    ]
    return tuple(folder for folder in expanded if folder.is_absolute()), wrong


def _checked_keys(keys: Mapping[str, Any]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The rebindings that can be carried out, and (command id, message) for each other one.

    Textual ignores an unknown id, unbinds on a misspelt key, and drops the command whose key
    another one takes, all in silence; so each is found here.
    """
    kept = dict(keys)
    wrong = list(_misspelt(keys))
    for command, _ in wrong:
        del kept[command]
    while clash := next(((c, o) for c in kept if (o := _owner_of(kept, c))), None):
        command, other = clash
        wrong.append((command, f"keys.{command}: taken by “{other}”; {_kept(command)}"))
        del kept[command]
    return kept, wrong


def _misspelt(keys: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for command, spelled in keys.items():
        if command not in BY_ID:
            yield (
                command,
                f"keys.{command}: there is no such command; the README's key table names them",
            )
            continue
        if not isinstance(spelled, str):
            yield command, f"keys.{command}: {spelled!r} is no text in quotes; {_kept(command)}"
            continue
        bad = [key for key in split_keys(spelled) if not _KEY.fullmatch(key)]
        if bad or not split_keys(spelled):
            what = f"“{bad[0]}” is no key" if bad else "no key is given"
            yield command, f"keys.{command}: {what}; {_kept(command)}"


def _owner_of(keys: Mapping[str, str], command: str) -> str | None:
    wanted = set(split_keys(keys[command]))
    for other in COMMANDS:
        taken = split_keys(keys[other.id]) if other.id in keys else other.keys
        if other.id != command and wanted & set(taken):
            return other.id
    return None


def _kept(command: str) -> str:
    return f"kept {' '.join(BY_ID[command].keys) or 'no key'}"


def split_keys(spelled: str) -> tuple[str, ...]:
    """The keys of a rebinding: `"x, ctrl+x"` as `("x", "ctrl+x")`; a lone comma is itself a key."""
    if spelled.strip() == ",":
        return (",",)
    return tuple(key.strip() for key in spelled.split(",") if key.strip())
