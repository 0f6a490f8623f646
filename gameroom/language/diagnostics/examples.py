"""What is known of a code, and how the files of its examples begin."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """`example` is a whole file that gives this code; `file` is its name."""

    title: str
    explanation: str
    example: str
    file: str = "example.room"


def room(body: str) -> str:
    """A room on top of the standard one."""
    lines = "".join(f"  {line}\n" if line else "\n" for line in body.splitlines())
    return f'language 1\nuse "standard"\n\nroom "example" extends standard {{\n{lines}}}\n'


YAML_HEAD = "language: 1\nuse: [standard]\n"
