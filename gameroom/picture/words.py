"""Writes transitions in a few words, for the label of an arrow or a line inside a box.

Knows no layout. The short forms follow UML: `event [guard] / actions`.
"""

from __future__ import annotations

from gameroom.model import After, Duration, On, State, Transition
from gameroom.model.words import action, expression, permission, trigger


def short(transition: Transition) -> str:
    """Return the label of an arrow: `pause`, `after 30m`, `when all player ready [rounds < 2]`."""
    guard = "" if transition.guard is None else f" [{expression(transition.guard)}]"
    match transition.trigger:
        case On(event):
            return event + guard
        case After(Duration(1, "turns")):
            return "after 1 turn" + guard
        case other:
            return trigger(other) + guard


def inner(transition: Transition) -> str:
    """Return a transition as a line inside its state: `configure / unready player`."""
    actions = ", ".join(action(act) for act in transition.actions)
    text = f"{short(transition)} / {actions}" if actions else short(transition)
    return text if transition.target is None else f"{text} \u2192 {transition.target.path}"


def about(state: State, path: str) -> str:
    """Return the tooltip of a state: its path, its doc, and what it allows."""
    lines = [path + (" (turns advance here)" if state.iterates else "")]
    if state.doc:
        lines.append(state.doc)
    lines.extend(permission(said) for said in state.permissions)
    return "\n".join(lines)
