"""What README and docs show: rooms (```room) and commands (each `$ ` line of ```console).

A line that is to fail says so at its end: `# exits 1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROOM = re.compile(r"^```room\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXITS = re.compile(r"\s+# exits (\d)$")


@dataclass(frozen=True, slots=True)
class Shown:
    """One command; `line` is where it stands in its document."""

    line: int
    command: str
    code: int


def documents(root: Path) -> list[Path]:
    return [root / "README.md", *sorted((root / "docs").rglob("*.md"))]


def commands(path: Path) -> list[Shown]:
    """The commands of one document in their order; `\\` at the end continues a line."""
    text = path.read_text(encoding="utf-8")
    found = []
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1)) + 1
        joined = block.group(1).replace("\\\n", "\\\0")
        for offset, line in enumerate(joined.split("\n")):
            if not line.startswith("$ "):
                continue
            exits = EXITS.search(line)
            command = EXITS.sub("", line.removeprefix("$ ")).replace("\\\0", " ").strip()
            found.append(Shown(first + offset, command, int(exits.group(1)) if exits else 0))
    return found


def rooms(path: Path) -> list[str]:
    """The room files that a document shows whole."""
    found = (block.group(1) for block in ROOM.finditer(path.read_text(encoding="utf-8")))
    return [text for text in found if text.startswith("language ")]
