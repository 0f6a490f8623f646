"""One word for each thing: names and folders tell what is inside."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import gameroom

PACKAGE = Path(gameroom.__file__).parent
HEAVY = ("aiohttp", "lark", "jsonschema", "msgspec", "asyncio", "yaml")


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_no_class_has_the_name_of_another() -> None:
    places = defaultdict(list)
    for where, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{where}:{node.lineno}")
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_every_folder_says_what_it_holds_what_it_does_not_know_and_the_rule_it_keeps() -> None:
    folders = [(where, tree) for where, tree in trees() if where.endswith("__init__.py")]
    assert len(folders) > 20
    for where, tree in folders:
        said = " ".join((ast.get_docstring(tree) or "").split())
        assert said.count(". ") + said.endswith(".") >= 3, where
        assert re.search(r"\bknows?\b", said, re.IGNORECASE), f"{where}: what does it know?"
        assert "The rule it keeps: " in said, where


def test_what_a_program_needs_is_there_by_name_and_loaded_when_it_is_asked_for() -> None:
    script = (
        "import sys, gameroom\n"
        f"early = [name for name in {HEAVY} if name in sys.modules]\n"
        "assert early == [], early\n"
        "assert set(gameroom.__all__) <= set(dir(gameroom))\n"
        "for name in gameroom.__all__: getattr(gameroom, name)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    with pytest.raises(AttributeError, match="no attribute 'loud'"):
        gameroom.loud  # noqa: B018 - the attribute is asked for
