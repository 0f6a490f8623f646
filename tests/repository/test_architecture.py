"""docs/architecture.md: every place that it names is there, and every folder has its row."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "gameroom"
NOT_TOLD = {
    "__init__.py",
    "__main__.py",
    "formats.py",
    "resources.py",
    "pytest_plugin.py",
    "py.typed",
}


def test_every_place_exists() -> None:
    places = re.findall(r"`([a-z_]+(?:/[a-z_\-.]*)*/?(?:\w+\.(?:py|js|lark))?)`", PAGE)
    paths = [one for one in places if "/" in one or one.endswith(".py")]
    assert len(paths) > 40
    homes = (PACKAGE, ROOT, PACKAGE / "language", PACKAGE / "server", PACKAGE / "web")
    missing = {one for one in paths if not any((home / one).exists() for home in homes)}
    assert missing == set()


CHANGES = re.findall(
    r"^\| (.*?) \| (.*?) \| (.*?) ?\|$", PAGE.split("\n|---|---|---|\n")[-1], re.MULTILINE
)
"""The rows of the last table: change, where to begin, what else."""


def test_twenty_changes_touch_four_files_at_most() -> None:
    assert len(CHANGES) == 20
    assert len({change for change, _, _ in CHANGES}) == 20
    wide = [change for change, _, also in CHANGES if also and also.count(", ") + 2 > 4]
    assert wide == []
    more = [change for change, _, also in CHANGES if "more](" in also]
    assert more == ["a type of settings and fields"]


def test_a_change_begins_in_one_place() -> None:
    for change, start, _ in CHANGES:
        assert len(re.findall(r"`[^`]*`", start)) == 1, change


def test_every_folder_and_module_has_a_row() -> None:
    rows = set(re.findall(r"^\| `([a-z_]+(?:/|\.py))` \|", PAGE, re.MULTILINE))
    here = {f"{one.name}/" for one in PACKAGE.iterdir() if one.is_dir() and one.name[0] != "_"}
    here |= {one.name for one in PACKAGE.iterdir() if one.is_file()} - NOT_TOLD
    assert rows & {*here} == here


def test_the_floors_are_those_that_are_held() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    held = [
        [{one.rpartition(".")[2] for one in layer.split(" | ")} for layer in contract["layers"]]
        for contract in contracts
        if contract["type"] == "layers"
    ]
    drawn = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    assert [[set(line.split()) for line in one.splitlines()] for one in drawn] == held


WAYS = {"load": {"roomfile.py", "cli/files.py"}, "compile_room": {"roomfile.py"}}
"""Who loads a room file, and who compiles one. `cli/files.py` loads for the diagnostics, and finds
used files on disk. The package's own `__init__` offers both to programs."""


def test_a_text_becomes_a_chart_in_one_place() -> None:
    found: dict[str, set[str]] = {name: set() for name in WAYS}
    for path in PACKAGE.rglob("*.py"):
        where = path.relative_to(PACKAGE).as_posix()
        if where == "__init__.py" or where.startswith(("chart/", "language/")):
            continue
        for name in _taken(ast.parse(path.read_text(encoding="utf-8"))) & found.keys():
            found[name].add(where)
    assert found == WAYS


@pytest.mark.parametrize(
    "source",
    [
        "from gameroom.chart import compile_room",
        "from gameroom import compile_room as compiled",
        "from gameroom.chart.compile import compile_room",
        "from gameroom import chart\nmap(chart.compile_room, rooms)",
        "import gameroom.chart\ngameroom.chart.compile_room(room)",
    ],
)
def test_no_way_of_taking_a_function_is_missed(source: str) -> None:
    assert "compile_room" in _taken(ast.parse(source))


def _taken(tree: ast.AST) -> set[str]:
    """The functions of `chart` and `language` that a module imports or reads from them, called or
    handed on."""
    homes = {"chart", "language"}
    taken: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            home = (node.module or "").split(".")
            if home == ["gameroom"] or homes & {*home[1:2]}:
                taken |= {each.name for each in node.names}
        elif isinstance(node, ast.Attribute) and homes & {*ast.unparse(node.value).split(".")}:
            taken.add(node.attr)
    return taken
