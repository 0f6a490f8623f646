"""What there is to draw of a room: boxes, arrows, and the lines inside boxes.

Knows no positions. The rule it keeps: a transition's number counts transitions in
document order over the whole chart, states in preorder and the root's own first, so that
`transition-7` here is transition 7 of the chart that the server steps.
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
    """A transition with its number over the whole chart. `lines` is its label, wrapped."""

    number: int
    transition: Transition
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """All transitions from one state to another; `resume` are those into its history."""

    source: str
    target: str
    resume: bool
    transitions: tuple[Numbered, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(line for numbered in self.transitions for line in numbered.lines)

    @property
    def turns_inward(self) -> bool:
        """Does it lead from a composite to itself or to something inside it?"""
        return is_within(self.target, self.source)


@dataclass(frozen=True, slots=True)
class Box:
    """A state. `initial` is the path of the state that it enters first; `inner` are its
    transitions that are lines inside it, not arrows. The root's box is the frame of the whole."""

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
    """Boxes by path in document order, the root's first; arrows in document order."""

    boxes: Mapping[str, Box]
    arrows: tuple[Arrow, ...]


def outline(room: RoomFile) -> Outline:
    """The boxes and arrows of a merged room. An arrow to no state at all is left out."""
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
    """A timeout to an end of the room is a line inside its state: every waiting state has
    one, and their arrows would hide the others. A final state further inside is a step like
    any other, and has its arrow."""
    if not to or not isinstance(transition.trigger, After) or parent(to):
        return False
    target = descend(root, to)
    return target is not None and target.kind == "final"


def _numbered(number: int, transition: Transition, *, inside: bool) -> Numbered:
    text = words.inner(transition) if inside else words.short(transition)
    width = INNER_CHARACTERS if inside else LABEL_CHARACTERS
    return Numbered(number, transition, tuple(_wrapped(printable(text), width)))


def _wrapped(text: str, width: int) -> list[str]:
    """A guard that does not fit stands on lines of its own."""
    event, bracket, guard = text.partition(" [")
    if len(text) <= width or not bracket:
        return textwrap.wrap(text, width)
    wide = max(width, GUARD_CHARACTERS)
    return [*textwrap.wrap(event, width), *textwrap.wrap("[" + guard, wide)]


def printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
