"""Dotted paths of states: find a state, walk the tree, and resolve the target of a transition.

A path starts at the root: `running.paused.held`. The path of the root is "". It knows no chart and
no text. Both the checker and the compiler use this module, so that a target has the same meaning
for both.
"""

from __future__ import annotations

from collections.abc import Iterator

from gameroom.model.room import State


def join(parent: str, name: str) -> str:
    """Return the path of the child `name` of the state at `parent`."""
    return f"{parent}.{name}" if parent else name


def parent(path: str) -> str:
    """Return the path of the parent. The root is the parent of the top states and of itself."""
    return path.rpartition(".")[0]


def is_within(path: str, ancestor: str) -> bool:
    """Whether `path` is the state at `ancestor` or a state below it."""
    return ancestor in ("", path) or path.startswith(ancestor + ".")


def child(state: State, name: str) -> State | None:
    """Return the first child of that name, or None."""
    return next((inner for inner in state.states if inner.name == name), None)


def descend(state: State, path: str) -> State | None:
    """Return the state at `path`, relative to `state`, which has the path "". None if there is no
    such state."""
    here: State | None = state
    for name in path.split(".") if path else ():
        if here is None:
            return None
        here = child(here, name)
    return here


def walk(root: State, path: str = "") -> Iterator[tuple[str, State]]:
    """Yield this state and all states below it with their paths, in document order (preorder)."""
    yield path, root
    for inner in root.states:
        yield from walk(inner, join(path, inner.name))


def resolve(root: State, source_path: str, target: str) -> str | None:
    """Return the full path of `target` in the state at `source_path`; None if there is no such
    state.

    The first segment is searched among the source's children, then among its siblings and the
    source itself, then on each ancestor's level up to the top. The first level that has it is
    used. The other segments lead down from there.
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
