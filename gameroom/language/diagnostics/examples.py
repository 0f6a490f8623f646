"""The description of a code, and the beginnings of the example files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One code. example: a whole file that has this problem. file: its name."""

    title: str
    explanation: str
    example: str
    file: str = "example.room"


def room(body: str) -> str:
    """Return a room file that extends the standard room."""
    lines = "".join(f"  {line}\n" if line else "\n" for line in body.splitlines())
    return f'language 1\nuse "standard"\n\nroom "example" extends standard {{\n{lines}}}\n'


YAML_HEAD = "language: 1\nuse: [standard]\n"
