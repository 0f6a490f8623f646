"""Dotted paths of states: finding, walking, and resolving what a transition names.

A path is written from the root down: `running.paused.held`. The root's own path is "".
It knows no chart and no text; both the checker and the compiler ask here, so that a
target means the same to both.
"""

from __future__ import annotations

from collections.abc import Iterator

from gameroom.model.room import State


def join(parent: str, name: str) -> str:
    """The path of the child `name` of the state at `parent`."""
    return f"{parent}.{name}" if parent else name


def parent(path: str) -> str:
    """The path of the parent; the root is the parent of the top states and of itself."""
    return path.rpartition(".")[0]


def is_within(path: str, ancestor: str) -> bool:
    """Is `path` the state at `ancestor` or below it?"""
    return ancestor in ("", path) or path.startswith(ancestor + ".")


def child(state: State, name: str) -> State | None:
    """The first child of that name."""
    return next((inner for inner in state.states if inner.name == name), None)


def descend(state: State, path: str) -> State | None:
    """The state at `path` counted from `state` down; `state` itself for ""."""
    here: State | None = state
    for name in path.split(".") if path else ():
        if here is None:
            return None
        here = child(here, name)
    return here


def walk(root: State, path: str = "") -> Iterator[tuple[str, State]]:
    """Every state with its path, the given one first, in document order (preorder)."""
    yield path, root
    for inner in root.states:
        yield from walk(inner, join(path, inner.name))


def resolve(root: State, source_path: str, target: str) -> str | None:
    """The full path that `target` means when the state at `source_path` says it.

    The first segment is looked for among the source's children, then among its siblings
    (the source itself is one of them), then on each ancestor's level up to the top. The
    first level that has it decides; the other segments lead strictly downward. None when
    there is no such state.
    """
    first, _, rest = target.partition(".")
    level = source_path
    while True:
        holder = descend(root, level)
        found = child(holder, first) if holder is not None else None
        if found is not None:
            if descend(found, rest) is None:
                return None
            return join(level, target)
        if not level:
            return None
        level = parent(level)
