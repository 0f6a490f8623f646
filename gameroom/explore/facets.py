"""The facets of a room: everything that its conditions can read.

A flag that is never read again, a variable on which no guard depends, or a choice that no quorum
mentions cannot change the behaviour. So the explorer removes them, and more abstract rooms are
equal. The rule it keeps: removing them changes no result.

Facets are bits. Those of flags come first, in the order of FLAGS.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gameroom.chart import Chart
from gameroom.chart.people import ABSENCES
from gameroom.chart.tables import TransitionRow as Moving
from gameroom.chart.tables import bits
from gameroom.model import (
    Act,
    Binary,
    ChoiceType,
    Chose,
    Count,
    EnoughPlayers,
    EventField,
    Expression,
    Flag,
    Literal,
    Name,
    On,
    Predicate,
    Quorum,
    RoomFile,
    State,
    Transition,
    When,
)
from gameroom.model.builtin import FLAGS as FLAG_WORDS
from gameroom.model.expressions import parts
from gameroom.model.paths import walk
from gameroom.room.lifecycle import RULES

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
FLAGS = tuple(FLAG_WORDS)
FLAG = {flag: 1 << place for place, flag in enumerate(FLAGS)}
CONNECTED, LOADED, REFUSED = FLAG["connected"], FLAG["loaded"], FLAG["refused"]
SLOW, MISSING, DIVERGED, FAILED = FLAG["slow"], FLAG["missing"], FLAG["diverged"], FLAG["failed"]


def bits_of(flags: frozenset[str]) -> int:
    return sum(FLAG[flag] for flag in flags)


CHANGES = {event: (bits_of(rule.sets), bits_of(rule.clears)) for event, rule in RULES.items()}
"""The flags that an event sets and those that it clears, by event."""


def conditions(said: Transition) -> Iterator[Expression]:
    """Yield the conditions of a transition: that of its `when`, and its `if`."""
    if isinstance(said.trigger, When):
        yield said.trigger.condition
    if said.guard is not None:
        yield said.guard


def blocks(state: State) -> Iterator[tuple[Act, ...]]:
    """Yield every block of actions of a state."""
    yield state.entry
    yield state.exit
    for transition in state.transitions:
        yield transition.actions


def asked_in(room: RoomFile) -> Iterator[Expression]:
    """Yield every condition of a room, and all its parts."""
    for _, state in walk(room.root):
        for transition in state.transitions:
            for condition in conditions(transition):
                yield from parts(condition)


def counts_people(part: Expression) -> bool:
    """Whether this is a number of people."""
    return isinstance(part, Count) or (
        isinstance(part, Name) and part.name in ("players", "spectators", "players_max")
    )


@dataclass(slots=True)
class Reads:
    """The facets of one chart.

    live: by state, the facets that can be read while it is active or at any time after that.
    choices: by request, the choices that quorums mention.
    variables, settings: those on which the behaviour depends.
    generations: the turns at which a condition can change. every_generation: whether these are all
        such turns; False if the turn is compared with a value that can change.
    seats: whether `event.seat` is read. spectators: whether spectators can make a difference.
    """

    chart: Chart
    choices: dict[str, tuple[str, ...]]
    variables: frozenset[str]
    settings: frozenset[str]
    generations: tuple[int, ...]
    every_generation: bool
    seats: bool
    spectators: bool
    live: tuple[int, ...] = ()
    _bits: dict[str, int] = field(default_factory=dict)
    _at: dict[int, int] = field(default_factory=dict)

    def at(self, configuration: int) -> int:
        """Return the facets that can still be read if these states are active."""
        known = self._at.get(configuration)
        if known is None:
            known = _union(
                live for state, live in enumerate(self.live) if configuration >> state & 1
            )
            self._at[configuration] = known
        return known

    def facet(self, name: str) -> int:
        """Return the bit of a facet such as `kind:red`, `choice:vote`, `event:drop` or
        `value:gold`. The first call assigns it."""
        known = self._bits.get(name)
        if known is None:
            known = self._bits[name] = 1 << (len(FLAGS) + len(self._bits))
        return known


def reads_of(chart: Chart) -> Reads:
    """Return the facets of this chart's room."""
    room = chart.room
    read = {part.name for part in asked_in(room) if isinstance(part, Name)}
    variables = _variables(room, read)
    for block in _blocks(room):
        for act in block:
            if act.verb == "set" and act.name in variables:
                read |= {part.name for part in parts(act.value) if isinstance(part, Name)}
    found = Reads(
        chart,
        choices=_choices(room),
        variables=variables,
        settings=frozenset(setting.name for setting in room.settings) & read,
        generations=_generations(room, read),
        every_generation=_compares_with_numbers(room),
        seats=_reads_seats(room),
        spectators=_asks_spectators(room, read),
    )
    found.live = _live(found)
    return found


def needed_players(room: RoomFile) -> int:
    """Return the largest number of players that a condition depends on and that is possible."""
    assert room.players is not None
    found = [sum(team.low for team in room.teams)]
    for part in asked_in(room):
        match part:
            case Quorum("count", _, _, amount):
                found.append(amount)
            case Binary(op, left, right) if op not in ("and", "or"):
                inside = [*parts(left), *parts(right)]
                if any(counts_people(each) for each in inside):
                    numbers = [each.value for each in inside if isinstance(each, Literal)]
                    past = op in ("<", ">", "<=", "!=")
                    found += [number + past for number in numbers if type(number) is int]
    return max(number for number in [0, *found] if number <= room.players.high)


def _variables(room: RoomFile, read: set[str]) -> frozenset[str]:
    """Return the variables that conditions read, those from which they are set, and those whose
    assignment can fail with an effect on other actions."""
    declared = {variable.name for variable in room.variables}
    wanted = declared & read
    handled = any(
        isinstance(transition.trigger, On) and transition.trigger.event == "error"
        for _, state in walk(room.root)
        for transition in state.transitions
    )
    acts = [
        (act, handled or place + 1 < len(block))
        for block in _blocks(room)
        for place, act in enumerate(block)
        if act.verb == "set"
    ]
    wanted |= {act.name for act, matters in acts if matters and not isinstance(act.value, Literal)}
    while True:
        more = {
            part.name
            for act, _ in acts
            if act.name in wanted
            for part in parts(act.value)
            if isinstance(part, Name) and part.name in declared
        }
        if more <= wanted:
            return frozenset(wanted)
        wanted |= more


def _choices(room: RoomFile) -> dict[str, tuple[str, ...]]:
    mentioned: dict[str, dict[str, None]] = {}
    for part in asked_in(room):
        predicate = part.predicate if isinstance(part, Quorum | Count) else None
        if isinstance(predicate, Chose):
            for name in offering(room, predicate):
                mentioned.setdefault(name, {})[predicate.choice] = None
    return {name: tuple(choices) for name, choices in mentioned.items()}


def offering(room: RoomFile, predicate: Chose) -> list[str]:
    """Return the requests whose field `choice` offers the choice of the predicate."""
    return [
        request.name
        for request in room.requests
        if predicate.request in (None, request.name)
        for offered in request.fields
        if offered.name == "choice"
        and isinstance(offered.type, ChoiceType)
        and predicate.choice in offered.type.choices
    ]


def _generations(room: RoomFile, read: set[str]) -> tuple[int, ...]:
    if "generation" not in read:
        return ()
    numbers = {part.value for part in asked_in(room) if isinstance(part, Literal)}
    whole = {number for number in numbers if type(number) is int and number >= 0}
    return tuple(sorted({1, *whole, *(number + 1 for number in whole)}))


def _compares_with_numbers(room: RoomFile) -> bool:
    """Whether `generation` is only compared with literal numbers."""
    now, compared = Name("generation"), 0
    everything = list(_everything(room))
    for part in everything:
        if isinstance(part, Binary) and part.op in COMPARISONS and now in (part.left, part.right):
            compared += isinstance(part.left, Literal) or isinstance(part.right, Literal)
    return everything.count(now) == compared


def _everything(room: RoomFile) -> Iterator[Expression]:
    """Yield all parts of all conditions and actions."""
    yield from asked_in(room)
    for block in _blocks(room):
        for act in block:
            yield from parts(act.value)


def _reads_seats(room: RoomFile) -> bool:
    return EventField("seat") in _everything(room)


def _asks_spectators(room: RoomFile, read: set[str]) -> bool:
    """Whether spectators can make a difference: by their number, by a quorum, or by a
    permission."""
    if room.spectators is not None and room.spectators.high == 0:
        return False
    doings = {request.name for request in room.requests} | {"configure", "ready", "load"}
    quorums = {part.who for part in asked_in(room) if isinstance(part, Quorum | Count)}
    permitted = {
        who
        for _, state in walk(room.root)
        for permission in state.permissions
        if doings & set(permission.names)
        for who in permission.who
    }
    return "spectators" in read or bool({"spectator", "anyone"} & (quorums | {*permitted}))


def _blocks(room: RoomFile) -> list[tuple[Act, ...]]:
    return [block for _, state in walk(room.root) for block in blocks(state)]


def _own(reads: Reads, path: str, state: State) -> int:
    """Return the facets that the members of one state read."""
    read = _union(
        reads.facet(f"kind:{who}") for permission in state.permissions for who in permission.who
    )
    for number in reads.chart.states[reads.chart.by_path.get(path, 0)].transitions:
        target = reads.chart.transitions[number].target
        if target >= 0 and reads.chart.states[target].kind == "history":
            read |= reads.facet(f"slot:{reads.chart.states[target].slot}")
    for transition in state.transitions:
        if isinstance(transition.trigger, On):
            read |= reads.facet(f"event:{transition.trigger.event}")
        for condition in conditions(transition):
            read |= _union(_facets(reads, part) for part in parts(condition))
    for block in blocks(state):
        read |= _union(_acted(reads, act) for act in block)
    if any("join" in permission.names for permission in state.permissions):
        read |= _teams(reads)
    return read


def _teams(reads: Reads) -> int:
    """Return the facets of the teams, if one can be full: a new player chooses a team."""
    room = reads.chart.room
    assert room.players is not None
    full = any(team.high < room.players.high for team in room.teams)
    return _union(reads.facet(f"kind:{team.name}") for team in room.teams if full)


def _heirs(reads: Reads, state: State) -> list[tuple[int, int]]:
    """Return the roles that the members of a state pass on, with the kinds of the people who can
    have them. The kind matters only if the role does."""
    passed = {act.name for block in blocks(state) for act in block if act.verb == "pass"}
    return [
        (reads.facet(f"kind:{role.name}"), reads.facet(f"kind:{role.of}"))
        for role in reads.chart.room.roles
        if role.name in passed
    ]


def _facets(reads: Reads, part: Expression) -> int:
    match part:
        case Quorum(_, who, predicate) | Count(who, predicate):
            return _who(reads, who) | _asked_of(reads, predicate)
        case EnoughPlayers():
            return _union(reads.facet(f"kind:{team.name}") for team in reads.chart.room.teams)
        case Name(name) if name in reads.variables or name in reads.settings:
            return reads.facet(f"value:{name}")
        case _:
            return 0


def _who(reads: Reads, who: str) -> int:
    return CONNECTED | MISSING if who == "present" else reads.facet(f"kind:{who}")


def _asked_of(reads: Reads, predicate: Predicate) -> int:
    match predicate:
        case Flag(flag):
            return FLAG[flag] | (0 if flag in ABSENCES else CONNECTED)
        case Chose():
            names = offering(reads.chart.room, predicate)
            return CONNECTED | _union(reads.facet(f"choice:{name}") for name in names)


def _acted(reads: Reads, act: Act) -> int:
    match act.verb:
        case "drop":
            return FLAG[act.name]
        case "unready":
            return _who(reads, act.name)
        case "set" if act.name in reads.variables:
            return _union(_facets(reads, part) for part in parts(act.value))
        case _:
            return 0


def _live(reads: Reads) -> tuple[int, ...]:
    """Return by state the facets that can be read while it is active or later. Errs on the safe
    side: guards are ignored, and entering a state enters all its substates. Readiness that a
    transition takes back from everybody is not read after it."""
    chart = reads.chart
    own = [_own(reads, path, state) for path, state in walk(chart.room.root)]
    live = own + [0] * (len(chart.states) - len(own))
    heirs = [
        (at, *each) for at, (_, s) in enumerate(walk(chart.room.root)) for each in _heirs(reads, s)
    ]
    ways = [
        (source, bits(_entered(chart, transition.target)), ~_taken_back(reads, number))
        for number, transition in enumerate(chart.transitions)
        if transition.target >= 0
        for source in _sources(chart, transition)
    ]
    grown = True
    while grown:
        grown = False
        for source, entered, kept in ways:
            later = live[source] | _union(live[state] for state in entered) & kept
            if later != live[source]:
                live[source] = later
                grown = True
        for state, role, of in heirs:
            if live[state] & role and not live[state] & of:
                live[state] |= of
                grown = True
    return tuple(live)


def _sources(chart: Chart, transition: Moving) -> list[int]:
    """Return the states of which one is active when this transition is taken. An event that happens
    only while turns advance needs a state that iterates."""
    source = chart.states[transition.source]
    trigger = transition.said.trigger
    signals = {signal.name for signal in chart.room.signals}
    playing = isinstance(trigger, On) and trigger.event in {*signals, "lag", "diverged"}
    beside = any(chart.states[above].kind == "parallel" for above in source.ancestors)
    if not (playing or transition.unit == "turns") or beside:
        return [source.id]
    inside = [source.id, *bits(source.below)]
    return [
        state
        for state in inside
        if chart.iterating & (1 << state | _union(1 << a for a in chart.states[state].ancestors))
    ]


def _taken_back(reads: Reads, number: int) -> int:
    """Return the flags that nobody has any more after this transition was taken."""
    if reads.spectators:
        return 0
    for act in reads.chart.transitions[number].said.actions:
        if act.verb == "set":
            return 0  # It can fail, and then the actions after it do not run.
        if act.verb == "unready" and act.name in ("player", "anyone"):
            return CHANGES["unready"][1]
    return 0


def active_behind(chart: Chart, transition: Moving) -> int:
    """Return the states that can be active after this transition: those that it enters, and those
    that it does not exit."""
    source = chart.states[transition.source]
    around = _union(1 << above for above in source.ancestors)
    beside = _union(
        chart.states[above].below
        for above in source.ancestors
        if chart.states[above].kind == "parallel"
    )
    if transition.target < 0:
        return source.bit | source.below | around | beside
    inside = source.bit | source.below if transition.internal else 0
    return _entered(chart, transition.target) | around | beside | inside


def _entered(chart: Chart, target: int) -> int:
    """Return the states that can become active by entering this one."""
    state = chart.states[target]
    if state.kind == "history":
        state = chart.states[state.parent]
    entered = state.bit | state.below
    for above in state.ancestors:
        entered |= 1 << above
        if chart.states[above].kind == "parallel":
            entered |= chart.states[above].below
    return entered


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found
