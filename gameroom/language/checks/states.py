"""Checks the states: kinds, initial states, targets, permissions, transitions out.

It checks one state at a time and never runs the chart.
"""

from __future__ import annotations

from gameroom.language.checks.actions import Actions
from gameroom.language.checks.declarations import check_name
from gameroom.language.checks.expressions import Expressions, Where
from gameroom.language.checks.scope import Scope
from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.model import (
    After,
    On,
    Permission,
    Span,
    State,
    Target,
    Transition,
    Trigger,
    When,
)
from gameroom.model.paths import descend, is_within, parent, resolve

STATES_MAX = 500
TRANSITIONS_MAX = 2_000
STATE_DEPTH_MAX = 16


class States:
    """Checks every state of one room."""

    def __init__(self, scope: Scope, problems: Problems) -> None:
        self._scope = scope
        self._problems = problems
        self._expressions = Expressions(scope, problems)
        self._actions = Actions(scope, problems, self._expressions)
        self._root = scope.room.root

    def check(self) -> None:
        states = self._scope.states
        transitions = sum(len(state.transitions) for _, state in states)
        deepest = max(path.count(".") + 1 for path, _ in states)
        if len(states) > STATES_MAX or transitions > TRANSITIONS_MAX or deepest > STATE_DEPTH_MAX:
            self._problems.error(
                "E0107",
                f"a room can have at most {STATES_MAX} states, {TRANSITIONS_MAX} transitions and"
                f" {STATE_DEPTH_MAX} levels of nesting",
                self._scope.room.span,
            )
            return
        self._check_root()
        for path, state in states:
            if path:
                check_name(state.name, state.name_span, self._problems)
            self._check_kind(path, state)
            self._check_initial(path, state)
            self._check_members(path, state)
            self._check_way_out(path, state)

    # The states

    def _check_root(self) -> None:
        tops = {state.name: state for state in self._root.states}
        for name in ("setup", "running"):
            if name not in tops:
                self._problems.error(
                    "E0607",
                    f"the room has no state `{name}`",
                    self._scope.room.span,
                    help='add it, or write `use "standard"` and `extends standard` to inherit it',
                )
            elif tops[name].kind not in ("state", "parallel"):
                self._problems.error(
                    "E0607",
                    f"`{name}` must be a `state` or a `parallel`, not a `{tops[name].kind}`",
                    tops[name].name_span,
                    help=f"write `state {name}`",
                )
        if all(state.kind != "final" for state in self._root.states):
            self._problems.error(
                "E0607",
                "the room has no final state, so it can never end",
                self._scope.room.span,
                help="add `final ended` beside `setup` and `running`",
            )

    def _check_kind(self, path: str, state: State) -> None:
        holder = descend(self._root, parent(path))
        within = holder.kind if holder is not None and path else ""
        if state.kind == "region" and within != "parallel":
            self._tell_kind(
                state,
                f"`{state.name}` is a region, but it is not inside a parallel",
                f"write `state {state.name}`",
            )
        if within == "parallel" and state.kind not in ("region", "history"):
            self._tell_kind(
                state,
                f"`{state.name}` is a {state.kind}, but it is directly inside a parallel",
                f"write `region {state.name}`",
            )
        if state.kind == "parallel" and all(each.kind != "region" for each in state.states):
            self._tell_kind(
                state,
                f"the parallel `{state.name}` has no regions",
                "add regions, or make it a `state`",
            )
        if state.kind == "final" and state.states:
            self._tell_kind(
                state, f"the final state `{state.name}` can't contain states", "make it a `state`"
            )
        if state.kind == "history" and not parent(path):
            self._tell_kind(
                state,
                "the room itself can't have a history, because it is never left",
                "move it into a state that contains other states",
            )
        if state.kind == "history":
            self._check_history(path, state)
        if state.kind == "final" and state.transitions:
            self._problems.error(
                "E0603",
                f"the final state `{state.name}` can't have transitions",
                state.transitions[0].span,
                help="make it a `state`, or remove the transition",
            )
        if state.iterates and (
            state.kind in ("final", "history")
            or path == "running"
            or not is_within(path, "running")
        ):
            self._problems.error(
                "E0606",
                f"turns can't advance in `{path}`, only in states inside `running`",
                state.name_span,
            )

    def _tell_kind(self, state: State, message: str, help: str) -> None:
        self._problems.error("E0608", message, state.name_span, help=help)

    def _check_history(self, path: str, state: State) -> None:
        holder = parent(path)
        if state.default is None:
            return
        found = self._target(path, state.default)
        if found is None:
            return
        inside = found != holder and is_within(found, holder)
        kind = self._kind(found)
        if not inside or kind == "history" or not (state.deep or parent(found) == holder):
            what = "inside" if state.deep else "directly inside"
            self._problems.error(
                "E0602",
                f"a history must lead to a state {what} `{holder}`",
                state.default.span,
            )

    def _check_initial(self, path: str, state: State) -> None:
        inner = [each.name for each in state.states if each.kind != "history"]
        if state.kind == "parallel":
            if state.initial is not None:
                self._problems.error(
                    "E0602",
                    "a parallel can't have `initial`: all of its regions start together",
                    state.initial_span,
                    help="remove `initial`",
                )
        elif state.initial is not None:
            self._check_beginning(path, state)
        elif inner and state.kind in ("state", "region"):
            self._problems.error(
                "E0601",
                f"`{path}` contains states but has no `initial`",
                state.name_span,
                help=f"add `initial {inner[0]}`",
            )
        elif state.states and not inner:
            self._tell_kind(
                state,
                f"`{path}` contains a history but no states",
                "add states, or remove the history",
            )

    def _check_beginning(self, path: str, state: State) -> None:
        assert state.initial is not None
        if not path and all(each.name != state.initial for each in state.states):
            return  # The check of the root reports a missing `setup` already.
        found = descend(state, state.initial)
        if found is None:
            inside = [each.name for each in state.states]
            self._problems.error(
                "E0602",
                f"there is no state `{state.initial}` inside `{path}`",
                state.initial_span,
                meant=(state.initial, inside),
            )
        elif found.kind == "history":
            self._problems.error("E0602", "a state can't start in a history", state.initial_span)

    # The members of a state

    def _check_members(self, path: str, state: State) -> None:
        for permission in state.permissions:
            self._check_permission(permission)
        for transition in state.transitions:
            self._check_transition(path, transition)
        self._check_shadowed(state)
        where = Where(path)
        self._actions.check(state.entry, where)
        self._actions.check(state.exit, where)

    def _check_permission(self, said: Permission) -> None:
        spans = said.name_spans or (said.span,) * len(said.names)
        for name, span in zip(said.names, spans, strict=True):
            if name not in self._scope.doings:
                self._problems.error(
                    "E0402",
                    f"`{name}` is not a command, request or built-in action",
                    span,
                    meant=(name, self._scope.doings),
                )
        spans = said.who_spans or (said.span,) * len(said.who)
        for who, span in zip(said.who, spans, strict=True):
            if who == "present":
                self._problems.error(
                    "E0404",
                    "`present` can be used in conditions, but not in permissions",
                    span,
                    help="write `player`; a player who is not connected can't send anything",
                )
            else:
                self._expressions.people(who, span)

    def _check_transition(self, path: str, said: Transition) -> None:
        where = Where(path)
        match said.trigger:
            case On(event):
                where = Where(path, event, self._scope.event_fields(event))
                self._check_event(path, said.trigger)
            case When(condition):
                self._expressions.condition(condition, where)
            case After():
                pass
        if said.guard is not None:
            self._expressions.condition(said.guard, where)
        self._actions.check(said.actions, where)
        if said.target is not None and (found := self._target(path, said.target)) is not None:
            self._check_target(path, said.target, found)

    def _check_event(self, path: str, said: On) -> None:
        if said.event.startswith("done("):
            self._check_done(path, said)
        elif said.event == "done" and "done" not in self._scope.events:
            self._problems.error(
                "E0403",
                "`done` needs the path of a state",
                said.span,
                help="write `done(x)`, which happens when a final state inside `x` is entered",
            )
        elif said.event not in self._scope.events:
            self._problems.error(
                "E0403",
                f"there is no event `{said.event}`",
                said.span,
                meant=(said.event, self._scope.events),
            )

    def _check_done(self, path: str, said: On) -> None:
        named = said.event.removeprefix("done(").removesuffix(")")
        found = resolve(self._root, path, named)
        if found is None:
            self._tell_unknown_state(path, named, said.span)
            return
        state = descend(self._root, found)
        assert state is not None
        holders = state.states if state.kind == "parallel" else (state,)
        if not holders or any(
            all(each.kind != "final" for each in holder.states)
            for holder in holders
            if holder.kind != "history"
        ):
            self._problems.error(
                "E0611",
                f"`{found}` can never be done: it has no final state inside",
                said.span,
                secondary=(state.name_span, "declared here"),
                help="add a `final` state inside"
                + (" each of its regions" if state.kind == "parallel" else " it"),
            )

    def _target(self, path: str, said: Target) -> str | None:
        found = resolve(self._root, path, said.path)
        if found is None:
            self._tell_unknown_state(path, said.path, said.span)
        return found

    def _tell_unknown_state(self, path: str, named: str, span: Span) -> None:
        self._problems.error(
            "E0401",
            f"there is no state `{named}`",
            span,
            meant=(named, self._scope.states_near(path, named)),
        )

    def _check_target(self, path: str, said: Target, found: str) -> None:
        if said.kind == "internal" and (found == path or not is_within(found, path)):
            self._problems.error(
                "E0609",
                f"an internal transition must lead to a state inside `{path}`, not to `{found}`",
                said.span,
                help="remove `internal`",
            )
        kind = self._kind(found)
        if said.kind == "resume" and kind in ("final", "history"):
            self._problems.error(
                "E0609", f"a `{kind}` can't be resumed", said.span, help="remove `resume`"
            )

    def _kind(self, path: str) -> str:
        state = descend(self._root, path)
        assert state is not None, path
        return state.kind

    def _check_shadowed(self, state: State) -> None:
        """Check for a transition that an earlier one in the same file makes unreachable. An
        extending room is allowed to do that to inherited transitions."""
        first: dict[tuple[Trigger, str], Transition] = {}
        for transition in state.transitions:
            if transition.guard is not None:
                continue
            key = (transition.trigger, transition.span.file)
            if (earlier := first.setdefault(key, transition)) is not transition:
                self._problems.error(
                    "E0605",
                    "this transition can never be taken: an earlier one has the same trigger"
                    " and no guard",
                    transition.span,
                    secondary=(earlier.span, "this one is always taken instead"),
                    help="add a guard to the earlier one, or remove one of them",
                )

    def _check_way_out(self, path: str, state: State) -> None:
        if state.states or state.kind in ("final", "history") or not path:
            return
        above = path
        while True:
            holder = descend(self._root, above)
            assert holder is not None, above
            if any(self._leaves(above, path, each) for each in holder.transitions):
                return
            if not above:
                break
            above = parent(above)
        self._problems.error(
            "E0604",
            f"no transition leads out of `{path}`",
            state.name_span,
            help="add a transition with a target, or make it `final`",
        )

    def _leaves(self, source: str, leaf: str, said: Transition) -> bool:
        if said.target is None:
            return False
        found = resolve(self._root, source, said.target.path)
        return found is None or found != leaf
