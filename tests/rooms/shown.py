"""A document that is worked through from top to bottom: commands with their answers, changes.

Commands stand in ```shell-session after `$ `, a line that is to fail says `# exits 1`. Below
each stands what it answers; a line `...` stands for any lines. Notes about how far a check
went are left out, for they tell of the checker. Changes stand in ```diff.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = re.compile(r"^```(shell-session|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*?)(?:\s+# exits (\d))?$")
ANY = "..."


@dataclass(frozen=True, slots=True)
class Command:
    """A command, the exit code that it is to have, and what it is shown to answer."""

    text: str
    code: int
    answer: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of a file that are replaced by others."""

    old: str
    new: str

    def apply(self, text: str) -> str:
        assert text.count(self.old) == 1, f"not just one place has these lines:\n{self.old}"
        return text.replace(self.old, self.new)


def steps(document: str) -> Iterator[Command | Change]:
    for kind, body in BLOCK.findall(document):
        if kind == "diff":
            yield _change(body.splitlines())
        else:
            yield from _commands(body.splitlines())


def answer(printed: str) -> tuple[str, ...]:
    """What a command printed, as documents show it."""
    lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
    return tuple(line for line in lines if not line.startswith("note: "))


def fits(shown: tuple[str, ...], got: tuple[str, ...]) -> bool:
    """Is the answer the one that is shown, with any lines in place of `...`?"""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == ANY else re.escape(line) + r"\n" for line in shown
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in got)) is not None


def _change(lines: list[str]) -> Change:
    old = [line[1:] for line in lines if line[:1] in (" ", "-")]
    new = [line[1:] for line in lines if line[:1] in (" ", "+")]
    return Change("\n".join(old) + "\n", "\n".join(new) + "\n")


def _commands(lines: list[str]) -> Iterator[Command]:
    found: list[tuple[str, int, list[str]]] = []
    for line in lines:
        if (command := COMMAND.match(line)) is not None:
            found.append((command.group(1), int(command.group(2) or 0), []))
        else:
            found[-1][2].append(line.rstrip())
    for text, code, printed in found:
        yield Command(text, code, tuple(printed))
