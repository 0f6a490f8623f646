"""docs/tools.md: its rooms check clean, its helps are those of the commands.

`GAMEROOM_UPDATE=1` writes the helps anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gameroom.language import as_json
from gameroom.language.rewrite.layout import BLOCKS
from tests.language.texts import good, loaded, room

PAGE = Path(__file__).parents[2] / "docs" / "tools.md"
COMMANDS = (
    "check",
    "explain",
    "fmt",
    "show",
    "convert",
    "simulate",
    "desync show",
    "desync list",
    "replay",
    "bench",
)
BEGIN, END = "<!-- help: begin -->\n", "<!-- help: end -->\n"


def helps() -> str:
    parts = []
    for name in COMMANDS:
        told = subprocess.run(
            [
                sys.executable,
                "-c",
                "import gameroom.cli; gameroom.cli.main()",
                *name.split(),
                "--help",
            ],
            env={**os.environ, "COLUMNS": "100"},
            capture_output=True,
            text=True,
            check=True,
        )
        parts.append(f"```text\n{told.stdout.strip()}\n```\n")
    return "\n".join(parts)


def test_the_helps_are_those_of_the_commands() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    shown, _, after = rest.partition(END)
    if os.environ.get("GAMEROOM_UPDATE"):
        PAGE.write_text(before + BEGIN + helps() + END + after, encoding="utf-8")
        shown = helps()
    assert shown == helps()


@pytest.mark.parametrize(
    "text", re.findall(r"^```room\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
)
def test_the_rooms_are_rooms(text: str) -> None:
    good(room(text))


def test_the_table_has_every_key_of_the_json() -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = as_json(loaded(room("request a request a")).diagnostics)
    for key in set(re.findall(r'^ {2,6}"(\w+)":', told, re.MULTILINE)):
        assert f"`{key}`" in text, key


def test_the_layout_speaks_of_every_kind_of_block() -> None:
    told = PAGE.read_text(encoding="utf-8").partition("## Format")[2]
    words = {"fields": "A body", "body": "A state"}
    for kind in BLOCKS:
        assert words.get(kind, kind) in told, kind
