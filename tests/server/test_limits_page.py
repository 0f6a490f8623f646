"""docs/server.md lists every limit of the server once, with its default."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from gameroom.server.config import Limits

PAGE = Path(__file__).parents[2] / "docs" / "server.md"


def test_the_page_lists_every_limit_with_its_default() -> None:
    rows = re.findall(r"^\| (`.+?`) \| ([\d, and]+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    listed = [
        (name, int(default.replace(",", "")))
        for names, defaults in rows
        for name, default in zip(
            re.findall(r"`(\w+)`", names), defaults.split(" and "), strict=True
        )
    ]
    limits = Limits()
    assert sorted(listed) == sorted((one.name, getattr(limits, one.name)) for one in fields(Limits))
