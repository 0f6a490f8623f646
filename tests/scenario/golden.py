"""Texts that are compared with files: `GAMEROOM_UPDATE=1 pytest` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path


def same_as(path: Path, text: str) -> None:
    """The text is the file's, to the last letter."""
    if os.environ.get("GAMEROOM_UPDATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")
    assert path.is_file(), f"{path} is missing: run with GAMEROOM_UPDATE=1"
    assert f"{text}\n" == path.read_text(encoding="utf-8")
