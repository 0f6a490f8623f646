"""docs/codes/ is what the registry says. `GAMEROOM_UPDATE=1` writes it anew."""

from __future__ import annotations

import os
from pathlib import Path

from gameroom.language import CODES
from gameroom.language.diagnostics.pages import index, page, story

FOLDER = Path(__file__).parents[2] / "docs" / "codes"


def test_the_pages_are_those_of_the_registry() -> None:
    wanted = {f"{code}.md": page(code) for code in CODES} | {"index.md": index()}
    if os.environ.get("GAMEROOM_UPDATE"):
        FOLDER.mkdir(exist_ok=True)
        for name, text in wanted.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert found == wanted


def test_the_list_names_every_code_once() -> None:
    assert all(index().count(f"({code}.md)") == 1 for code in CODES)


def test_a_story_shows_wrong_and_right() -> None:
    told = story("E0502")
    assert "players 8..2" in told.partition("Right:")[0]
    assert "players 2..8" in told.partition("Right:")[2]
    assert max(map(len, told.split("\n"))) <= 100
