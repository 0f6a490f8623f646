"""Finds the problems of an explored room in its graph: diagnostics with stories.

Each finding is about the first spot that has the problem, so its story is the shortest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from gameroom.chart import Chart, MacroStep, TransitionTaken
from gameroom.chart.tables import ROOT, bits
from gameroom.explore.abstract_room import Run, Spot
from gameroom.explore.facets import CONNECTED, MISSING
from gameroom.explore.moves import Move
from gameroom.explore.people import Sort
from gameroom.explore.search import Graph, moved_on, stuck
from gameroom.explore.static_checks import owned
from gameroom.explore.story import Story, replay, story_of
from gameroom.language import Diagnostic
from gameroom.model import Act, After, On, Span, State, Transition, words
from gameroom.model.paths import walk


@dataclass(frozen=True)
class Finding:
    """A diagnostic, with the story in its message if it has one.

    taken, entered: if the finding is that something never happens, the transition or the state
    that would disprove it, as bits.
    """

    diagnostic: Diagnostic
    story: Story | None = None
    taken: int = 0
    entered: int = 0

    def disproved(self, graph: Graph) -> bool:
        """Whether this graph disproves the finding."""
        return bool(self.taken & graph.taken or self.entered & graph.entered)


def happening(graphs: Sequence[Graph]) -> Iterator[Finding]:
    """Yield what can happen in these graphs of one room and should not, once for each place."""
    told: set[tuple[str, Span]] = set()
    for graph in graphs:
        for finding in Findings(graph).happening():
            key = (finding.diagnostic.code, finding.diagnostic.span)
            if key not in told:
                told.add(key)
                yield finding


def never(graphs: Sequence[Graph]) -> list[Finding]:
    """Return what happens in none of these graphs, with the reasons from the last one."""
    *others, last = (list(Findings(graph).never()) for graph in graphs)
    known = [{(each.diagnostic.code, each.diagnostic.span) for each in other} for other in others]
    return [
        each
        for each in last
        if all((each.diagnostic.code, each.diagnostic.span) in other for other in known)
    ]


class Findings:
    """The findings of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.chart: Chart = graph.moves.world.chart
        self.room = self.chart.room
        self.said: list[tuple[str, State]] = list(walk(self.room.root))

    def happening(self) -> Iterator[Finding]:
        """Yield what can happen and should not."""
        yield from self.faults()
        yield from self.dead_ends()
        yield from self.waiting()
        yield from self.without_holder()

    def never(self) -> Iterator[Finding]:
        """Yield what cannot happen."""
        yield from self.never_entered()
        yield from self.never_taken()
        yield from self.never_allowed()

    @cached_property
    def stuck(self) -> set[int]:
        return stuck(self.graph)

    # No end

    def dead_ends(self) -> Iterator[Finding]:
        told: set[int] = set()
        for number in self.graph.order:
            spot = self.graph.spots[number]
            if number not in self.stuck:
                continue
            entry = number == 0 or self.graph.came[number][0] not in self.stuck
            if not entry or spot.configuration in told:
                continue
            onward = {self.graph.spots[each].configuration for each in self._onward(number)}
            told |= onward
            story = story_of(self.graph, number)
            path, span, secondary = self._place(spot)
            if len(onward) == 1:
                fate = "waits forever"
                help = f"add an `after` that leads out of `{path}`, or let players move the room on"
            else:
                fate = "can never lead to an end"
                help = f"add a transition to an end from `{path}`, or from a state that follows it"
            yield Finding(
                Diagnostic(
                    "E0801",
                    "error",
                    f"{story}: `{path}` {fate}",
                    span,
                    secondary=secondary,
                    help=help,
                ),
                story,
            )

    def _onward(self, number: int) -> set[int]:
        found, waiting = {number}, [number]
        while waiting:
            for after in self.graph.edges[waiting.pop()]:
                if after not in found:
                    found.add(after)
                    waiting.append(after)
        return found

    def faults(self) -> Iterator[Finding]:
        for number in self.graph.order:
            spot = self.graph.spots[number]
            if spot.status != "faulted":
                continue
            story = story_of(self.graph, number)
            trace: list[MacroStep] = []
            replay(self.chart, story.fed, trace)
            taken = [t for micro in trace[-1].microsteps[-64:] for t in micro.taken]
            circle = sorted(set(taken)) or [0]
            first = self.chart.transitions[circle[0]].said
            others = [self.chart.transitions[each].said for each in circle[1:]]
            yield Finding(
                Diagnostic(
                    "E0803",
                    "error",
                    f"{story}: `{words.trigger(first.trigger)}` triggers itself in an endless loop",
                    first.span,
                    secondary=(others[0].span, "and then this one") if others else None,
                    help="let one of the transitions wait for an event or a time, or add a guard",
                ),
                story,
            )
            return

    # Waiting for people

    def waiting(self) -> Iterator[Finding]:
        told = {self._state(self.graph.spots[number]) for number in self.stuck}
        for number in self.graph.order:
            spot = self.graph.spots[number]
            if spot.status != "live" or number in self.stuck:
                continue
            if spot.configuration & self.chart.iterating or self._timed(spot.configuration):
                continue
            place = self._state(spot)
            if place in told or not owned(self.room, self.said[place][1].name_span):
                continue
            told.add(place)
            path, span, _ = self._place(spot)
            story = story_of(self.graph, number)
            yield Finding(
                Diagnostic(
                    "W0803",
                    "warning",
                    f"{story}: `{path}` waits for players with no timeout",
                    span,
                    help=f"add an `after` to `{path}` in case nobody does anything",
                ),
                story,
            )

    def _timed(self, configuration: int) -> bool:
        return any(
            self.chart.transitions[each].unit and self.chart.transitions[each].target >= 0
            for state in bits(configuration)
            for each in self.chart.states[state].transitions
        )

    def without_holder(self) -> Iterator[Finding]:
        if not self.room.roles or not self.graph.departures:
            return
        onward = self._onward_by_people
        told: set[tuple[str, int]] = set()
        for before, after, step in self.graph.departures:
            if before not in onward or after in onward or after in self.stuck:
                continue
            spot = self.graph.spots[after]
            for role in self.room.roles:
                key = (role.name, spot.configuration)
                if key in told or not self._left_without(role.name, before, after, step):
                    continue
                told.add(key)
                yield self._without(role.name, before, after, step)

    def _left_without(self, role: str, before: int, after: int, step: Move) -> bool:
        """Whether the person with the role left, nobody else got it, and that is the problem: if
        somebody else had left, the others could still have moved the room on. If everyone who
        stays is away or silent, the missing role is not the problem."""
        world = self.graph.moves.world
        there, here = self.graph.spots[before], self.graph.spots[after]
        if there.configuration != here.configuration:
            return False
        flags = [world.sort_of(member).flags for member in here.members]
        if not any(each & CONNECTED and not each & MISSING for each in flags):
            return False
        if role not in world.sort_of(step.member).kinds:
            return False
        if any(role in world.sort_of(member).kinds for member in here.members):
            return False
        onward = self._onward_by_people
        return any(
            other != step.member
            and reached in onward
            and self.graph.spots[reached].configuration == there.configuration
            for start, reached, (_, other, *_rest) in self.graph.departures
            if start == before
        )

    @cached_property
    def _onward_by_people(self) -> set[int]:
        return moved_on(self.graph)

    def _handing_on(self, role: str, before: int, step: Move) -> str:
        """Return the help: how to pass the role on if the person who has it leaves like this."""
        spot = self.graph.spots[before]
        run = Run(list(spot.members), picks=step.picks)
        self.graph.moves.take(spot, step, run)
        acts = [act for moved in run.moved for act in self._done(moved)]
        path = self._place(spot)[0]
        if any(act.verb == "pass" and act.name == role for act in acts):
            of = next(declared.of for declared in self.room.roles if declared.name == role)
            return f"nobody who remains is {of}, so let others move the room on from `{path}` too"
        said, where = Transition(On("leave")), ""
        for moved in run.moved:
            if moved.event == "leave":
                taken = self.chart.transitions[moved.transition]
                said, where = taken.said, self.said[taken.source][0]
        said = replace(said, actions=(*said.actions, Act("pass", role)))
        there = f" in `{where}`" if where else ""
        return f"pass the role on{there}: `{words.transition(said)}`"

    def _done(self, moved: TransitionTaken) -> Iterator[Act]:
        """Yield the actions of a transition, and of the states that it exits and enters."""
        for state in moved.exited:
            yield from self.said[state][1].exit
        yield from self.chart.transitions[moved.transition].said.actions
        for state in moved.entered:
            yield from self.said[state][1].entry

    def _without(self, role: str, before: int, after: int, step: Move) -> Finding:
        story = story_of(self.graph, before, step)
        path, span, secondary = self._place(self.graph.spots[after])
        return Finding(
            Diagnostic(
                "W0804",
                "warning",
                f"{story}: nobody is {role} any more, and nobody else can move the room on"
                f" from `{path}`",
                span,
                secondary=secondary,
                help=self._handing_on(role, before, step),
            ),
            story,
        )

    # Never

    def never_entered(self) -> Iterator[Finding]:
        entered = self.graph.entered
        for number, (path, state) in enumerate(self.said):
            parent = self.chart.states[number].parent
            known = entered >> number & 1 or state.kind == "history"
            if known or not (parent < 0 or entered >> parent & 1):
                continue
            if owned(self.room, state.name_span):
                yield Finding(
                    Diagnostic(
                        "W0801",
                        "warning",
                        f"`{path}` is unreachable",
                        state.name_span,
                        help="add a transition to it, or remove it",
                    ),
                    entered=1 << number,
                )

    def never_taken(self) -> Iterator[Finding]:
        for transition in self.chart.transitions:
            said = transition.said
            taken = self.graph.taken >> transition.id & 1
            if taken or not self.graph.entered >> transition.source & 1:
                continue
            if not owned(self.room, said.span) or said.trigger == On("error"):
                continue
            why, secondary = self._why_not(transition.id)
            yield Finding(
                Diagnostic(
                    "W0802",
                    "warning",
                    f"`{words.transition(said)}` is never taken{why}",
                    said.span,
                    secondary=secondary,
                    help="remove it, or change what prevents it",
                ),
                taken=1 << transition.id,
            )

    def _why_not(self, number: int) -> tuple[str, tuple[Span, str] | None]:
        transition = self.chart.transitions[number]
        if isinstance(transition.said.trigger, After):
            for blocker in sorted(self.graph.moves.blockers[number]):
                early = self.chart.transitions[blocker].said
                if early.guard is None:
                    told = f": `{words.trigger(early.trigger)}` always comes first"
                    return told, (early.span, "this one is due before it")
        for each in self.chart.states[transition.source].transitions:
            other = self.chart.transitions[each]
            if each < number and other.said.trigger == transition.said.trigger:
                taken = self.graph.taken >> each & 1
                if taken and other.guard is None:
                    return ": an earlier one always comes first", (
                        other.said.span,
                        "this one is taken instead",
                    )
        name = self._requested(transition.said)
        if name and not any(self._may_send(spot, name) for spot in self._at(transition.source)):
            return f": nobody is allowed to send `{name}` there", None
        return "", None

    def _requested(self, said: Transition) -> str | None:
        """Return the request that a transition waits for, or None."""
        names = {request.name for request in self.room.requests}
        event = said.trigger.event if isinstance(said.trigger, On) else None
        return event if event in names else None

    def _at(self, state: int) -> Iterator[Spot]:
        for spot in self.graph.spots:
            if spot.status == "live" and spot.configuration >> state & 1:
                yield spot

    def _may_send(self, spot: Spot, name: str) -> bool:
        world, moves = self.graph.moves.world, self.graph.moves
        sorts = [world.sort_of(member) for member in dict.fromkeys(spot.members)]
        return any(each.flags & CONNECTED and moves.allows(spot, name, each) for each in sorts)

    def never_allowed(self) -> Iterator[Finding]:
        wanted = {
            command.name: command
            for command in self.room.commands
            if owned(self.room, command.span)
            and any(
                command.name in p.names and p.effect == "allow"
                for _, state in self.said
                for p in state.permissions
            )
        }
        asked: set[tuple[int, tuple[str, ...]]] = set()
        for spot in self.graph.spots:
            if not wanted:
                return
            if spot.status != "live" or not spot.configuration & self.chart.iterating:
                continue
            for sort in self._playing(spot):
                if (spot.configuration, sort.kinds) in asked:
                    continue
                asked.add((spot.configuration, sort.kinds))
                for name in list(wanted):
                    if self.graph.moves.allows(spot, name, sort):
                        del wanted[name]
        for name, command in wanted.items():
            yield Finding(
                Diagnostic(
                    "W0805",
                    "warning",
                    f"the command `{name}` is never allowed while turns advance",
                    command.span,
                    help=f"allow `{name}` in a reachable state that iterates",
                )
            )

    def _playing(self, spot: Spot) -> Iterator[Sort]:
        world = self.graph.moves.world
        for member in dict.fromkeys(spot.members):
            sort = world.sort_of(member)
            if sort.player and sort.flags & CONNECTED:
                yield sort

    # Places

    def _state(self, spot: Spot) -> int:
        """Return the active leaf, or the parallel state around several leaves."""
        states = self.chart.states
        active = bits(spot.configuration)
        leaves = [each for each in active if not states[each].below & spot.configuration]
        chain = (leaves[0], *states[leaves[0]].ancestors)
        return next(
            each
            for each in chain
            if all(leaf == each or states[each].below >> leaf & 1 for leaf in leaves)
        )

    def _place(self, spot: Spot) -> tuple[str, Span, tuple[Span, str] | None]:
        """Return the path of the room's state, and the span to report. An inherited state is
        reported at the room that inherits it, with the state as a second place."""
        number = self._state(spot)
        path, state = self.said[number]
        span = state.name_span if number != ROOT else self.room.span
        if owned(self.room, span):
            return path, span, None
        return path, self.room.span, (span, "the state is inherited from here")
