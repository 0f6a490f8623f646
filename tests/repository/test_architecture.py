"""docs/architecture.md: every place that it names is there, and every folder has its row."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

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


def test_every_folder_and_module_has_a_row() -> None:
    rows = set(re.findall(r"^\| `([a-z_]+(?:/|\.py))` \|", PAGE, re.MULTILINE))
    here = {f"{one.name}/" for one in PACKAGE.iterdir() if one.is_dir() and one.name[0] != "_"}
    here |= {one.name for one in PACKAGE.iterdir() if one.is_file()} - NOT_TOLD
    assert rows & {*here} == here


def test_the_floors_are_those_that_are_held() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = config["tool"]["importlinter"]["contracts"][0]["layers"]
    held = [{one.removeprefix("gameroom.") for one in layer.split(" | ")} for layer in layers]
    (drawn,) = re.findall(r"```\n(cli\n.*?)```", PAGE, re.DOTALL)
    assert [set(line.split()) for line in drawn.splitlines()] == held
