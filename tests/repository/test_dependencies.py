"""What the package imports is what pyproject.toml declares, and every tool is pinned."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Declared for the program that they bring, not for a module.
PROGRAMS = {"graphviz-pure"}
# Imported by the program that it plugs into, which is there then.
PLUGIN = ROOT / "gameroom" / "pytest_plugin.py"


def plain(name: str) -> str:
    return re.split(r"[<>=!~;\[ ]", name, maxsplit=1)[0].lower().replace("_", "-")


def imported(folder: Path) -> set[str]:
    """The top-level modules that the Python files below a folder import."""
    names = set()
    for path in set(folder.rglob("*.py")) - {PLUGIN}:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"gameroom"}


def test_declared_dependencies_are_exactly_the_imported_ones():
    owners = packages_distributions()
    used = {plain(owners[name][0]) for name in imported(ROOT / "gameroom")}
    assert used | PROGRAMS == {plain(name) for name in PROJECT["dependencies"]}


def test_everything_declared_is_pinned():
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    )
    pinned = {plain(name) for name in pins}
    declared = [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]
    assert {plain(name) for name in declared} <= pinned


def test_constraints_hold_names_and_versions_only():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        assert re.fullmatch(r"#.*|[A-Za-z0-9_.-]+==[0-9A-Za-z.+!-]+", line), line
