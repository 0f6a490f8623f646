"""Compiles a merged room to the tables of its chart.

Knows no text: the language has already checked a room that comes from a file, with better
messages. Any mistake found here is a ChartError (a ValueError) with its span, mainly for rooms
that are built in Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gameroom.chart.actions import closing, compile_block
from gameroom.chart.expressions import EvaluationScope, compile_condition
from gameroom.chart.fingerprint import Form, compact, fingerprint
from gameroom.chart.mistakes import ChartError
from gameroom.chart.tables import NONE, Chart, Memo, StateKind, StateRow, TransitionRow
from gameroom.model import DURATION_MAX, Act, After, On, RoomFile, Span, Value, When
from gameroom.model import State as Said
from gameroom.model import Transition as SaidTransition
from gameroom.model.fit import misfit
from gameroom.model.paths import descend, join, resolve, walk

STATES_MAX = 1000
"""How many states a chart can have, including histories."""

TRANSITIONS_MAX = 4000
"""How many transitions a chart can have."""

ERROR = "error"
"""The event that is raised when a guard or an action fails."""


def compile_room(room: RoomFile) -> Chart:
    """Return the chart of a merged room. Raises ChartError if the room has a mistake."""
    return _Compiler(room).chart()


class _Compiler:
    """Contains the numbers of states, events and names while the tables are built."""

    def __init__(self, room: RoomFile) -> None:
        assert room.extends is None, "only a merged room becomes a chart"
        self.room = room
        self.root = room.root
        self.said = list(walk(room.root))
        self.ids = _number(self.said)
        self.variables = _positions([(v.name, v.span) for v in room.variables])
        self.settings = _positions([(s.name, s.span) for s in room.settings])
        self.form = Form(room)
        self.keys: set[str] = set()
        self.resumed = self._resumed()
        self.done = {self.ids[path]: f"done({path})" for path, said in self.said if said.states}
        self.events = self._events()
        self.recalls_anywhere = any(
            said.initial is not None
            and (inner := descend(said, said.initial)) is not None
            and inner.kind == "history"
            for _, said in self.said
        )

    def chart(self) -> Chart:
        transitions = tuple(self._transitions())
        states = (*self._states(), *self._implied_histories())
        if len(states) > STATES_MAX:
            raise ChartError(self.root.span, f"more than {STATES_MAX} states")
        if len(transitions) > TRANSITIONS_MAX:
            raise ChartError(self.root.span, f"more than {TRANSITIONS_MAX} transitions")
        return Chart(
            room=self.room,
            fingerprint=fingerprint(self.room),
            states=states,
            transitions=transitions,
            events=self.events,
            event_names=tuple(self.events),
            done={state: self.events[name] for state, name in self.done.items()},
            error=self.events[ERROR],
            variables=self.variables,
            settings=self.settings,
            data=tuple(self._initial_data()),
            defaults=tuple(self._defaults()),
            slots=sum(state.kind == "history" for state in states),
            by_path={path: id_ for path, id_ in self.ids.items() if path},
            iterating=sum(1 << self.ids[path] for path, said in self.said if said.iterates),
            memo=Memo(),
        )

    # Names

    def _events(self) -> dict[str, int]:
        """Number every event that a transition waits for, an action raises, or a state's end
        raises."""
        names: dict[str, int] = {}
        for path, said in self.said:
            for transition in said.transitions:
                if isinstance(transition.trigger, On):
                    name = self._event_name(path, transition.trigger)
                    names.setdefault(name, len(names))
            for act in _acts(said):
                if act.verb == "raise":
                    names.setdefault(act.name, len(names))
        for name in (ERROR, *self.done.values()):
            names.setdefault(name, len(names))
        return names

    def _event_name(self, path: str, trigger: On) -> str:
        """Return the name of the event, with the full path in `done(...)`."""
        name = trigger.event
        if not (name.startswith("done(") and name.endswith(")")):
            return name
        inner = name[len("done(") : -1]
        target = self._resolve(path, inner, trigger.span)
        if self.ids[target] not in self.done:
            raise ChartError(
                trigger.span, f"`{inner}` can never be done, because it contains no states"
            )
        return f"done({target})"

    def _resolve(self, source: str, target: str, span: Span) -> str:
        found = resolve(self.root, source, target)
        if found is None:
            raise ChartError(span, f"there is no state `{target}`")
        return found

    def _scope(self, path: str, *, event: bool = False) -> EvaluationScope:
        def bit(target: str) -> int | None:
            found = resolve(self.root, path, target)
            return None if found is None else 1 << self.ids[found]

        return EvaluationScope(self.room, self.variables, self.settings, bit, event)

    def _initial_data(self) -> Iterator[Value]:
        for variable in self.room.variables:
            if (why := misfit(variable.type, variable.initial)) is not None:
                raise ChartError(variable.span, f"`{variable.name}` {why}")
            yield variable.initial

    def _defaults(self) -> Iterator[Value]:
        for setting in self.room.settings:
            if (why := misfit(setting.type, setting.default)) is not None:
                raise ChartError(setting.span, f"`{setting.name}` {why}")
            yield setting.default

    def _ballots(self, said: Said) -> tuple[str, ...]:
        """Return the ballots of a state: the allowed requests with a field `choice`."""
        named = (p.names for p in said.permissions if p.effect == "allow")
        allowed = {name for names in named for name in names}
        return tuple(
            request.name
            for request in self.room.requests
            if request.name in allowed and any(field.name == "choice" for field in request.fields)
        )

    # States

    def _resumed(self) -> dict[str, int]:
        """Return by path, for each state with substates that a transition resumes, the number of
        its implied deep history. These numbers come after those of all written states."""
        resumed: dict[str, int] = {}
        for path, said in self.said:
            for transition in said.transitions:
                target = transition.target
                if target is None or target.kind != "resume":
                    continue
                full = self._resolve(path, target.path, target.span)
                if _said(self.root, full).states:
                    resumed.setdefault(full, len(self.said) + len(resumed))
        return resumed

    def _states(self) -> Iterator[StateRow]:
        first, slot = 0, 0
        for path, said in self.said:
            kind = _kind(said)
            self._check(path, said, kind)
            scope = self._scope(path)
            state = self._node(path, said, kind)
            numbers = tuple(range(first, first + len(said.transitions)))
            first += len(said.transitions)
            yield replace(
                state,
                initial=self._initial(path, said, kind),
                slot=slot if kind == "history" else NONE,
                deep=said.deep,
                transitions=numbers,
                entry=compile_block(said.entry, scope, self.events),
                exit=compile_block(said.exit, scope, self.events),
                closing=closing(self._ballots(said)),
                permissions=said.permissions,
            )
            slot += kind == "history"

    def _node(self, path: str, said: Said, kind: StateKind) -> StateRow:
        """Return the row of a state with its position in the tree."""
        inner = [(self.ids[join(path, child.name)], child) for child in said.states]
        histories = [id_ for id_, child in inner if child.kind == "history"]
        if path in self.resumed:
            histories.append(self.resumed[path])
        ancestors = self._ancestors(path)
        size = sum(1 for _ in walk(said))
        below = ((1 << size - 1) - 1) << self.ids[path] + 1
        return StateRow(
            id=self.ids[path],
            path=path,
            kind=kind,
            parent=ancestors[0] if ancestors else NONE,
            ancestors=ancestors,
            below=below,
            children=tuple(id_ for id_, child in inner if child.kind != "history"),
            histories=tuple(histories),
        )

    def _ancestors(self, path: str) -> tuple[int, ...]:
        parts = path.split(".") if path else []
        return tuple(self.ids[".".join(parts[:size])] for size in range(len(parts) - 1, -1, -1))

    def _implied_histories(self) -> Iterator[StateRow]:
        slot = sum(said.kind == "history" for _, said in self.said)
        for path, id_ in self.resumed.items():
            said = _said(self.root, path)
            holder = self.ids[path]
            initial = self._initial(path, said, _kind(said))
            if _kind(said) == "parallel":
                initial = self._node(path, said, "parallel").children
            above = (holder, *self._ancestors(path))
            yield StateRow(
                id_, path, "history", holder, above, 0, (), initial, slot=slot, deep=True
            )
            slot += 1

    def _initial(self, path: str, said: Said, kind: StateKind) -> tuple[int, ...]:
        if kind == "history":
            return self._history_default(path, said)
        if kind != "compound":
            return ()
        name = said.initial
        if name is None and not path:
            name = next((s.name for s in said.states if s.name == "setup"), said.states[0].name)
        if name is None:
            raise ChartError(said.span, f"`{path}` has no initial state")
        inner = descend(said, name)
        if inner is None or inner is said:
            raise ChartError(said.span, f"the initial state `{name}` is not inside `{path}`")
        return (self.ids[join(path, name)],)

    def _history_default(self, path: str, said: Said) -> tuple[int, ...]:
        """Return where a history leads if nothing was recorded: its declared default, or else the
        initial state of its parent."""
        holder = path.rpartition(".")[0]
        parent = _said(self.root, holder)
        if said.default is None:
            if _kind(parent) == "parallel":
                return self._node(holder, parent, "parallel").children
            found = self._initial(holder, parent, "compound")
        else:
            found = (self.ids[self._resolve(path, said.default.path, said.default.span)],)
        target = self.said[found[0]]
        if target[1].kind == "history":
            raise ChartError(
                said.span, f"the history state `{path}` leads to another history state"
            )
        inside = not holder or target[0].startswith(f"{holder}.")
        if not inside or not (said.deep or target[0].rpartition(".")[0] == holder):
            raise ChartError(said.span, f"the history state `{path}` cannot lead to `{target[0]}`")
        return found

    def _check(self, path: str, said: Said, kind: StateKind) -> None:
        """Check that the state has only what its kind allows."""
        inner = [child.kind for child in said.states]
        if kind in ("final", "history") and (said.states or said.transitions):
            raise ChartError(
                said.span, f"`{path}` is a {kind} state: it cannot contain states or transitions"
            )
        if kind == "history" and (said.entry or said.exit or path == ""):
            raise ChartError(
                said.span, f"`{path}` is a history state: it cannot have entry or exit actions"
            )
        if kind == "parallel" and {"parallel", "final"} & set(inner):
            raise ChartError(
                said.span, f"`{path}` is a parallel state: it can contain only regions"
            )
        if kind in ("parallel", "compound") and set(inner) == {"history"}:
            raise ChartError(said.span, f"`{path}` contains only history states")
        if path == "" and kind != "compound":
            raise ChartError(said.span, "a room needs states")

    # Transitions

    def _transitions(self) -> Iterator[TransitionRow]:
        number = 0
        for path, said in self.said:
            for transition in said.transitions:
                scope = self._scope(path, event=isinstance(transition.trigger, On))
                yield self._transition(number, path, transition, scope)
                number += 1

    def _transition(
        self, number: int, path: str, said: SaidTransition, scope: EvaluationScope
    ) -> TransitionRow:
        target = self._target(path, said)
        guard = None if said.guard is None else compile_condition(said.guard, scope).ask
        made = TransitionRow(
            id=number,
            source=self.ids[path],
            said=said,
            guard=guard,
            target=target,
            internal=said.target is not None and said.target.kind == "internal",
            recalls=self.recalls_anywhere or self._is_history(target),
            block=compile_block(said.actions, scope, self.events),
        )
        match said.trigger:
            case On() as trigger:
                name = self._event_name(path, trigger)
                return replace(made, event=self.events[name], cause=name)
            case When(condition):
                when = compile_condition(condition, scope)
                key = self._key(path, said)
                return replace(made, condition=when.ask, depends=when.depends, key=key)
            case After(duration):
                most = DURATION_MAX[duration.unit]
                if not 0 <= duration.amount <= most:
                    raise ChartError(
                        duration.span, f"a time must be from 0 to {most} {duration.unit}"
                    )
                amount, unit, key = duration.amount, duration.unit, self._key(path, said)
                return replace(made, amount=amount, unit=unit, cause="after", key=key)

    def _key(self, path: str, said: SaidTransition) -> str:
        """Return a key of the transition for snapshots: its state, and its trigger in the form of
        `fingerprint`. The number will not do, because it can differ in another chart. Transitions
        with the same key are numbered."""
        key = first = f"{path} {compact(self.form.trigger(said.trigger, path))}"
        twin = 1
        while key in self.keys:
            twin += 1
            key = f"{first} {twin}"
        self.keys.add(key)
        return key

    def _target(self, path: str, said: SaidTransition) -> int:
        if said.target is None:
            return NONE
        full = self._resolve(path, said.target.path, said.target.span)
        if said.target.kind == "resume" and full in self.resumed:
            return self.resumed[full]
        return self.ids[full]

    def _is_history(self, target: int) -> bool:
        if target >= len(self.said):
            return True
        return target != NONE and self.said[target][1].kind == "history"


def _number(said: Sequence[tuple[str, Said]]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for path, state in said:
        if path in ids:
            raise ChartError(state.span, f"`{path}` is declared twice")
        if path and (not state.name or "." in state.name):
            raise ChartError(state.span, f"`{state.name}` cannot be the name of a state")
        ids[path] = len(ids)
    return ids


def _positions(names: Sequence[tuple[str, Span]]) -> Mapping[str, int]:
    positions: dict[str, int] = {}
    for name, span in names:
        if name in positions:
            raise ChartError(span, f"`{name}` is declared twice")
        positions[name] = len(positions)
    return positions


def _said(root: Said, path: str) -> Said:
    found = descend(root, path)
    assert found is not None, path
    return found


def _kind(said: Said) -> StateKind:
    match said.kind:
        case "final" | "history" | "parallel" as kind:
            return kind
        case _:
            return "compound" if said.states else "atomic"


def _acts(said: Said) -> Iterator[Act]:
    yield from said.entry
    yield from said.exit
    for transition in said.transitions:
        yield from transition.actions
