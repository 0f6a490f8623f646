"""Which configurations are legal (SCXML 3.11): an active compound state has exactly one active
child, an active parallel state has all its regions active, and no state is active without its
parent.

Knows neither transitions nor histories. The configuration is legal after every microstep.
"""

from __future__ import annotations

from collections.abc import Sequence

from gameroom.chart.tables import ROOT, StateRow, bits


def illegality(states: Sequence[StateRow], configuration: int, top: int = ROOT) -> str | None:
    """Return why the configuration of the state `top` and its descendants is not legal; None if it
    is legal. States outside of `top` are ignored."""
    inside = configuration & (states[top].bit | states[top].below)
    if not inside & states[top].bit:
        return f"{_name(states[top])} is not active"
    for id_ in bits(inside):
        state = states[id_]
        if state.kind == "history":
            return f"{_name(state)} is a history state, which can never be active"
        if id_ != top and not inside >> state.parent & 1:
            return f"{_name(state)} is active without its enclosing state"
        active = sum(inside >> child & 1 for child in state.children)
        if active != {"compound": 1, "parallel": len(state.children)}.get(state.kind, 0):
            return f"{active} of the states inside {_name(state)} are active"
    return None


def _name(state: StateRow) -> str:
    return f"`{state.path}`" if state.path else "the room"
