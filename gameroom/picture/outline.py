"""The parts of a room's picture: boxes, arrows, and lines inside boxes.

Knows no positions. The rule it keeps: transitions are numbered in document order over the whole
chart (states in preorder, those of the root first), so that `transition-7` is transition 7 of the
server's chart.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from gameroom.model import After, RoomFile, State, Transition
from gameroom.model.paths import descend, is_within, join, parent, resolve, walk
from gameroom.picture import words

LABEL_CHARACTERS = 18
GUARD_CHARACTERS = 22
INNER_CHARACTERS = 26


@dataclass(frozen=True, slots=True)
class Numbered:
    """A transition with its number in the whole chart. lines: its wrapped label."""

    number: int
    transition: Transition
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """All transitions from one state to another. resume: whether they lead to its history."""

    source: str
    target: str
    resume: bool
    transitions: tuple[Numbered, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for numbered in self.transitions for line in numbered.lines)

    @property
    def turns_inward(self) -> bool:
        """Whether the arrow leads from a composite state to itself or to a state inside it."""
        return is_within(self.target, self.source)


@dataclass(frozen=True, slots=True)
class Box:
    """A state. The box of the root is the frame of the picture.

    initial: the path of its initial state. inner: the transitions that are lines inside the box
    instead of arrows.
    """

    path: str
    title: str
    state: State
    initial: str | None
    inner: tuple[Numbered, ...]
    inside: tuple[str, ...]

    @property
    def is_leaf(self) -> bool:
        return not self.inside

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for numbered in self.inner for line in numbered.lines)


@dataclass(frozen=True, slots=True)
class Outline:
    """All parts of a picture. boxes: by path in document order, the root first. arrows: in document
    order."""

    boxes: Mapping[str, Box]
    arrows: tuple[Arrow, ...]


def outline(room: RoomFile) -> Outline:
    """Return the boxes and arrows of a merged room. An arrow to an unknown state is left out."""
    arrows: dict[tuple[str, str, bool], list[Numbered]] = {}
    boxes: dict[str, Box] = {}
    number = 0
    for path, state in walk(room.root):
        inner = []
        for transition in state.transitions:
            target = transition.target
            to = None if target is None else resolve(room.root, path, target.path)
            if target is None or _gives_up(room.root, transition, to):
                inner.append(_numbered(number, transition, inside=True))
            elif to is not None:
                key = (path, to, target.kind == "resume")
                arrows.setdefault(key, []).append(_numbered(number, transition, inside=False))
            number += 1
        boxes[path] = Box(
            path,
            _title(state, room),
            state,
            None if state.initial is None else join(path, state.initial),
            tuple(inner),
            tuple(join(path, below.name) for below in state.states),
        )
    return Outline(boxes, tuple(Arrow(*key, tuple(found)) for key, found in arrows.items()))


def _title(state: State, room: RoomFile) -> str:
    if state.kind == "history":
        return f"{'H*' if state.deep else 'H'} {state.name}"
    return printable(state.name or room.name)


def _gives_up(root: State, transition: Transition, to: str | None) -> bool:
    """Whether a transition is a timeout that ends the room. It is drawn as a line inside its state:
    every waiting state has one, and their arrows would hide the others. A transition to a nested
    final state has an arrow."""
    if not to or not isinstance(transition.trigger, After) or parent(to):
        return False
    target = descend(root, to)
    return target is not None and target.kind == "final"


def _numbered(number: int, transition: Transition, *, inside: bool) -> Numbered:
    text = words.inner(transition) if inside else words.short(transition)
    width = INNER_CHARACTERS if inside else LABEL_CHARACTERS
    return Numbered(number, transition, tuple(_wrapped(printable(text), width)))


def _wrapped(text: str, width: int) -> list[str]:
    """Return the text in lines. A guard that does not fit is on separate lines."""
    event, bracket, guard = text.partition(" [")
    if len(text) <= width or not bracket:
        return textwrap.wrap(text, width)
    wide = max(width, GUARD_CHARACTERS)
    return [*textwrap.wrap(event, width), *textwrap.wrap("[" + guard, wide)]


def printable(text: str) -> str:
    """Return the text without the control characters that XML cannot contain."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
