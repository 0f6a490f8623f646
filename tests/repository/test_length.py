"""No source file is longer than a reader holds in mind."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES_MAX = 500
FOLDERS = ("gameroom", "grammars", "rooms", "tests", "docs")
SUFFIXES = {".py", ".js", ".mjs", ".ts", ".css", ".html", ".lark", ".room"}

ONE_FILE_EACH = {"rooms/archers/engine.js", "rooms/archers/view.js"}
"""An engine and a view are one file each for whoever uploads them: they import nothing."""


def sources() -> list[Path]:
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.*"))
    return [path for path in found if path.suffix in SUFFIXES and "node_modules" not in path.parts]


def test_files_are_short() -> None:
    found = sources()
    assert len(found) > 400
    long = {
        path.relative_to(ROOT).as_posix()
        for path in found
        if len(path.read_text(encoding="utf-8").splitlines()) > LINES_MAX
    }
    assert long == ONE_FILE_EACH
