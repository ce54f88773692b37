"""The architecture, as data: who may import whom, and the three laws."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import digest_tui
from digest_tui.commands import BY_ID, COMMANDS, key_table
from digest_tui.settings import Settings

PACKAGE = Path(digest_tui.__file__).parent
ROOT = PACKAGE.parent

# Each line may import from the lines above it, and from nothing else of ours.
LAYERS = (
    {"paper", "paper_set", "commands", "latex", "printable", "file_names"},
    {"formats", "query", "marks"},
    {"store", "export", "settings", "search", "editing", "facets", "prepared"},
    {"index_file", "index_tables", "crash", "crew"},
    {"index_readings"},
    {"index_writer"},
    {"index", "folders"},
    {"library", "view", "resume", "finder"},
    {"session", "filler", "doctor"},
    {"watcher"},
    {"ui"},
    {"cli"},
    {"__main__"},
)
# Panes know the session and the words of the domain, never each other.
PANES = {"digest_list", "paper_list", "reader", "query_bar"}
PANES |= {"export_dialog", "facets", "help", "menu"}

TOUCH_THE_DISK = {
    "library",
    "folders",
    "index",
    "index_file",
    "store",
    "settings",
    "resume",
    "crash",
    "doctor",
    "cli",
}
DISK = re.compile(
    r"\bopen\(|\.(read|write)_(text|bytes)\(|\.mkdir\(|\.unlink\(|\.scandir\(|os\.(open|replace|link)\("
    r"|\.(stat|exists|is_dir|is_file|cwd|chmod|expanduser)\("
)

MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def name_of(module: Path) -> str:
    """The part of the package that a module belongs to: `ui/app.py` to `ui`."""
    return module.parts[0].removesuffix(".py")


def imports(module: Path) -> set[str]:
    tree = ast.parse((PACKAGE / module).read_text("utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(module: Path) -> set[str]:
    found = {name.split(".")[1] for name in imports(module) if name.startswith("digest_tui.")}
    return found - {"__version__", "samples"}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_imports_go_strictly_down(module: Path) -> None:
    name = name_of(module)
    if name in ("__init__", "samples"):
        assert not ours(module)
        return
    layer = next(i for i, layer in enumerate(LAYERS) if name in layer)
    below = set().union(*LAYERS[:layer])
    assert ours(module) - {name} <= below


def test_the_package_lists_its_modules_in_the_order_of_the_layers() -> None:
    layer_of = {name: place for place, layer in enumerate(LAYERS) for name in layer}
    listed = re.findall(r"^\* `(\w+)`", digest_tui.__doc__ or "", re.MULTILINE)
    assert sorted(listed) == sorted(layer_of.keys() - {"__main__"})
    assert listed == sorted(listed, key=layer_of.__getitem__)


@pytest.mark.parametrize("pane", sorted(PANES))
def test_panes_do_not_know_each_other(pane: str) -> None:
    others = {f"digest_tui.ui.{other}" for other in (PANES | {"screen", "app"}) - {pane}}
    found = imports(Path("ui") / f"{pane}.py")
    assert not {name for name in found for other in others if name.startswith(other)}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_the_screen_knows_textual(module: Path) -> None:
    if name_of(module) != "ui":
        assert not {name for name in imports(module) if name.split(".")[0] in ("textual", "rich")}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_few_modules_touch_the_disk(module: Path) -> None:
    source = (PACKAGE / module).read_text("utf-8")
    if name_of(module) not in TOUCH_THE_DISK:
        assert not DISK.search(source)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_screen_and_session_change_the_session(module: Path) -> None:
    """A pane may read the session; what it wants of it, it posts as a message."""
    if name_of(module) == "ui" and module.stem not in ("screen", "app"):
        source = (PACKAGE / module).read_text("utf-8")
        read_only = {"view", "cursor", "card", "compact", "language", "scopes", "scope_place"}
        read_only |= {"scope_at", "revision"}
        read_only |= {"totals", "unread_in", "digests", "decided", "candidates"}
        assert set(re.findall(r"self\.session\.(\w+)", source)) <= read_only
        assert not re.search(r"self\.session\.[\w.]+ = ", source)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_no_module_catches_everything(module: Path) -> None:
    tree = ast.parse((PACKAGE / module).read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert "Exception" not in ast.unparse(node.type).split(".")


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_every_module_says_what_it_is(module: Path) -> None:
    assert ast.get_docstring(ast.parse((PACKAGE / module).read_text("utf-8")))


def test_every_dependency_is_declared() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[^\w-]", one)[0] for one in declared["dependencies"]}
    used = {name.split(".")[0] for module in MODULES for name in imports(module)}
    assert used - set(sys.stdlib_module_names) - {"digest_tui"} == names


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import digest_tui.cli", {"textual", "rich", "pydantic", "sqlite3", "platformdirs"}),
        ("import digest_tui.session", {"textual", "rich", "pydantic", "pylatexenc"}),
        ("import digest_tui.ui.app", {"pydantic", "pylatexenc"}),
    ],
)
def test_nothing_is_imported_before_it_is_needed(statement: str, absent: set[str]) -> None:
    program = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not absent & set(done.stdout.split())


def test_importing_touches_nothing(home: Path) -> None:
    names = [".".join(("digest_tui", *module.with_suffix("").parts)) for module in MODULES]
    program = "; ".join(f"import {name}" for name in names if "__main__" not in name)
    subprocess.run([sys.executable, "-c", program], check=True)
    assert list(home.iterdir()) == []


def test_commands_have_one_id_and_one_key_each() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(BY_ID) == len(COMMANDS)
    assert len(set(keys)) == len(keys)


def test_every_command_has_an_action() -> None:
    from digest_tui.ui.screen import MainScreen

    for command in COMMANDS:
        assert callable(getattr(MainScreen, f"action_{command.action}")), command.id


def test_names_that_people_write_stay_as_they_are() -> None:
    """A misspelt id here would be in everybody's settings for ever."""
    assert set(Settings.__dataclass_fields__) == {
        "folders",
        "theme",
        "language",
        "density",
        "glyphs",
        "keys",
    }
    assert " ".join(sorted(BY_ID)) == (
        "authors back commands copy density down export facets first fold help into language last "
        "next-digest next-keyword next-pane next-paper next-unread open-abstract open-pdf order "
        "out page-down page-up previous-digest previous-keyword previous-pane previous-paper "
        "previous-unread query quit read read-all read-on redo rescan sample scroll-down scroll-up "
        "show-all show-starred show-unread source star theme undo up zoom"
    )


def test_the_key_table_of_the_readme_is_true() -> None:
    assert key_table() in (ROOT / "README.md").read_text("utf-8")


def test_the_pictures_of_the_readme_are_there() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    pictures = re.findall(r"screenshots/[\w-]+\.\w+", readme)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)


def test_the_top_level_is_the_contents_page() -> None:
    known = {"LICENSE", "README.md", "digest_tui", "pyproject.toml", "screenshots", "tests"}
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    top = {name.split("/")[0] for name in tracked.stdout.split()}
    assert {name for name in top if not name.startswith(".")} <= known
