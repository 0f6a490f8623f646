"""Finds the grammars, the shipped rooms, the pages of the diagnostic codes, and the kit.

In a checkout their folders are next to the package; in an installed wheel they are inside it. Only
this module knows the difference. It also does all I/O of the layers below the language.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SUFFIXES = (".room", ".room.yaml")


def grammars() -> Path:
    """The folder that contains `room.lark` and `room.schema.json`."""
    return _folder("grammars", "room.lark")


def rooms() -> Path:
    """The folder of the shipped rooms."""
    return _folder("rooms", "standard.room")


def web() -> Path:
    """The folder of the pages and their scripts."""
    return _PACKAGE / "web"


@cache
def kit() -> bytes:
    """The source of this release's kit, the library for engines."""
    return (web() / "kit.js").read_bytes()


def unicode_path() -> Path:
    """The file of the Unicode properties that `gameroom.texts` uses."""
    return _PACKAGE / "texts" / "unicode.txt"


@cache
def code_url(code: str) -> str:
    """The page about a diagnostic code, as the URL of a file in this installation."""
    return (_folder("docs/codes", "index.md") / f"{code}.md").as_uri()


@cache
def grammar(name: str) -> str:
    """The text of one grammar file."""
    return (grammars() / name).read_text(encoding="utf-8")


def shipped_room(name: str) -> tuple[str, str] | None:
    """The file name and the text of a shipped room: `rooms/NAME.room`, or the room of the game in
    the folder `rooms/NAME`. None if there is none. A name is a word, never a path."""
    if not _NAME.fullmatch(name):
        return None
    for suffix in _SUFFIXES:
        for path in (rooms() / f"{name}{suffix}", rooms() / name / f"{name}{suffix}"):
            if path.is_file():
                return path.name, path.read_text(encoding="utf-8")
    return None


@cache
def _folder(name: str, marker: str) -> Path:
    for folder in (_PACKAGE.parent / name, _PACKAGE / name):
        if (folder / marker).is_file():
            return folder
    raise AssertionError(f"the installation lacks its folder {name!r}")


def shipped_code(game: str, name: str) -> str | None:
    """The text of `engine.js` or `view.js` of a shipped game, or None. game: a name that
    `shipped_room` knows."""
    path = rooms() / game / name
    return path.read_text(encoding="utf-8") if path.is_file() else None
