"""Computes which states the selected transitions exit and enter: SCXML's appendix D.

Nothing here depends on data, people or time, only on the configuration and the histories. So a plan
is computed once and cached. The cache is bounded and never changes a result: a plan that was
removed is computed again, with the same result.

The plan departs from the standard twice, because the standard's algorithm would lead to
configurations that the standard calls illegal. First, the domain of a transition is computed once,
from the histories before the exits, because the states that the exits record can be deeper. Second,
entering stops at states that are active and remain active, so a history that is recalled from
inside its parent enters only states that were exited.
"""

from __future__ import annotations

from collections.abc import Sequence

from gameroom.chart.actions import NOTHING, Block, raising
from gameroom.chart.events import ChartEnded, TransitionTaken
from gameroom.chart.legal import illegality
from gameroom.chart.mistakes import IllegalConfigurationError
from gameroom.chart.tables import (
    NONE,
    ROOT,
    Chart,
    Known,
    StateRow,
    TransitionPlan,
    TransitionRow,
    Way,
    bits,
)
from gameroom.model import words

PLANS_MAX = 4096
"""How many plans a chart caches."""

CONFIGURATIONS_MAX = 1024
"""How many configurations a chart caches."""

EVENTLESS = -2
"""Used in place of an event's number for transitions without an event."""


def known(chart: Chart, configuration: int) -> Known:
    memo = chart.memo.configurations
    found = memo.get(configuration)
    if found is None:
        if len(memo) >= CONFIGURATIONS_MAX:
            memo.clear()
        found = memo[configuration] = _know(chart, configuration)
    return found


def _know(chart: Chart, configuration: int) -> Known:
    active = [chart.states[state] for state in bits(configuration)]
    whens = tuple(
        chart.transitions[transition]
        for state in active
        for transition in state.transitions
        if chart.transitions[transition].condition is not None
    )
    depends = 0
    for when in whens:
        depends |= when.depends
    leaves = tuple(state.id for state in active if not state.below & configuration)
    return Known(leaves, whens, sum(1 << when.id for when in whens), depends, {}, {})


def ways(chart: Chart, configuration: int, event: int) -> tuple[Way, ...]:
    """Return the transitions of every active leaf for an event (or EVENTLESS), with the leaves in
    document order. Leaves without such a transition are left out. event: NONE for an event that no
    transition waits for."""
    if event == NONE:
        return ()
    there = known(chart, configuration)
    found = there.ways.get(event)
    if found is None:
        offers = (_way(chart, leaf, event) for leaf in there.leaves)
        found = there.ways[event] = tuple(offer for offer in offers if offer)
    return found


def _way(chart: Chart, leaf: int, event: int) -> Way:
    states = (leaf, *chart.states[leaf].ancestors)
    offered = (chart.transitions[t] for state in states for t in chart.states[state].transitions)
    if event == EVENTLESS:
        return tuple((t.id, t.guard) for t in offered if t.condition is not None)
    return tuple((t.id, t.guard) for t in offered if t.event == event)


def plan(
    chart: Chart, configuration: int, history: tuple[int, ...], selected: tuple[int, ...]
) -> TransitionPlan:
    """Return the microstep that takes these transitions, after removing conflicts."""
    memo = chart.memo.plans
    key: tuple[object, ...] = (configuration, selected)
    found = memo.get(key)
    if found is not None:
        return found
    recalls = any(chart.transitions[transition].recalls for transition in selected)
    if recalls:
        key = (configuration, selected, history)
        found = memo.get(key)
        if found is not None:
            return found
    if len(memo) >= PLANS_MAX:
        memo.clear()
    found = memo[key] = _Planner(chart, configuration, history).plan(selected)
    return found


def plan_initial(chart: Chart) -> TransitionPlan:
    """Return the microstep that enters the initial configuration."""
    return _Planner(chart, 0, (0,) * chart.slots).plan_initial()


class _Planner:
    """Computes one plan. The functions have the names of the standard's appendix D."""

    def __init__(self, chart: Chart, configuration: int, history: tuple[int, ...]) -> None:
        self.chart = chart
        self.states = chart.states
        self.configuration = configuration
        self.history = history
        self.domains: dict[int, int] = {}
        self.staying = configuration

    def plan(self, selected: tuple[int, ...]) -> TransitionPlan:
        enabled = [self.chart.transitions[transition] for transition in selected]
        self.domains = {t.id: self.get_transition_domain(t) for t in enabled if t.target != NONE}
        taken, removed = self.remove_conflicting_transitions(enabled)
        exits = self.compute_exit_set(taken)
        self.staying &= ~exits
        remembered = self._remembered(tuple(reversed(bits(exits))))
        self._record(remembered)
        entries = self.compute_entry_set(taken)
        return self._lay_out(taken, removed, exits, entries, remembered)

    def _record(self, remembered: Sequence[tuple[int, int]]) -> None:
        """Update the histories with the states that the exit records, before the entry reads
        them."""
        history = list(self.history)
        for slot, states in remembered:
            history[slot] = states
        self.history = tuple(history)

    def plan_initial(self) -> TransitionPlan:
        entries = self.add_descendant_states_to_enter(ROOT, 0)
        return self._lay_out([], (), 0, entries, ())

    def remove_conflicting_transitions(
        self, enabled: Sequence[TransitionRow]
    ) -> tuple[list[TransitionRow], tuple[tuple[int, int], ...]]:
        filtered: list[TransitionRow] = []
        removed: list[tuple[int, int]] = []
        for t1 in enabled:
            exits = self.compute_exit_set([t1])
            rivals = [t2 for t2 in filtered if exits & self.compute_exit_set([t2])]
            winner = next((t2 for t2 in rivals if not self._is_inside(t1, t2)), None)
            if winner is not None:
                removed.append((t1.id, winner.id))
                continue
            removed.extend((t2.id, t1.id) for t2 in rivals)
            filtered = [t2 for t2 in filtered if t2 not in rivals]
            filtered.append(t1)
        return filtered, tuple(removed)

    def _is_inside(self, t1: TransitionRow, t2: TransitionRow) -> bool:
        return bool(self.states[t2.source].below >> t1.source & 1)

    def compute_exit_set(self, transitions: Sequence[TransitionRow]) -> int:
        exits = 0
        for transition in transitions:
            if transition.target != NONE:
                exits |= self.configuration & self.states[self.domains[transition.id]].below
        return exits

    def get_transition_domain(self, transition: TransitionRow) -> int:
        source = self.states[transition.source]
        targets = self.get_effective_target_states(transition.target)
        inside = all(source.below >> target & 1 for target in targets)
        if transition.internal and source.kind == "compound" and inside:
            return source.id
        return self.find_lcca(source, targets)

    def find_lcca(self, source: StateRow, targets: Sequence[int]) -> int:
        """Return the nearest compound state that contains them all; parallel states are skipped.
        For the root's own transitions it is the root."""
        for ancestor in source.ancestors:
            state = self.states[ancestor]
            if state.kind == "compound" and all(state.below >> t & 1 for t in targets):
                return ancestor
        return ROOT

    def get_effective_target_states(self, target: int) -> list[int]:
        state = self.states[target]
        if state.kind != "history":
            return [target]
        if self.history[state.slot]:
            return bits(self.history[state.slot])
        return [t for inner in state.initial for t in self.get_effective_target_states(inner)]

    def compute_entry_set(self, transitions: Sequence[TransitionRow]) -> int:
        entries = 0
        for transition in transitions:
            if transition.target == NONE:
                continue
            entries = self.add_descendant_states_to_enter(transition.target, entries)
            domain = self.domains[transition.id]
            for state in self.get_effective_target_states(transition.target):
                entries = self.add_ancestor_states_to_enter(state, domain, entries)
        return entries

    def add_descendant_states_to_enter(self, id_: int, entries: int) -> int:
        state = self.states[id_]
        if state.kind == "history":
            recorded = bits(self.history[state.slot])
            return self._add_all(recorded or state.initial, state.parent, entries)
        entries |= state.bit
        if state.kind == "compound":
            return self._add_all(state.initial, state.id, entries)
        if state.kind == "parallel":
            return self._add_missing_regions(state, entries)
        return entries

    def _add_all(self, targets: Sequence[int], ancestor: int, entries: int) -> int:
        for target in targets:
            entries = self.add_descendant_states_to_enter(target, entries)
        for target in targets:
            entries = self.add_ancestor_states_to_enter(target, ancestor, entries)
        return entries

    def add_ancestor_states_to_enter(self, id_: int, ancestor: int, entries: int) -> int:
        for above in self.states[id_].ancestors:
            if above == ancestor or self.staying >> above & 1:
                break
            entries |= 1 << above
            if self.states[above].kind == "parallel":
                entries = self._add_missing_regions(self.states[above], entries)
        return entries

    def _add_missing_regions(self, parallel: StateRow, entries: int) -> int:
        for region in parallel.children:
            if not entries & self.states[region].below:
                entries = self.add_descendant_states_to_enter(region, entries)
        return entries

    def is_in_final_state(self, id_: int, configuration: int) -> bool:
        state = self.states[id_]
        if state.kind == "compound":
            return any(
                self.states[child].kind == "final" and configuration >> child & 1
                for child in state.children
            )
        if state.kind == "parallel":
            return all(self.is_in_final_state(child, configuration) for child in state.children)
        return False

    def _lay_out(
        self,
        taken: Sequence[TransitionRow],
        removed: tuple[tuple[int, int], ...],
        exits: int,
        entries: int,
        remembered: Sequence[tuple[int, int]],
    ) -> TransitionPlan:
        """Return the plan: exits from the innermost state outwards, then the actions of the
        transitions, then entries from the outermost state inwards."""
        exited, entered = tuple(reversed(bits(exits))), tuple(bits(entries))
        content, after, ended = self._content(taken, exited, entered)
        if (why := illegality(self.states, after)) is not None:
            after_what = "; ".join(words.transition(t.said) for t in taken) or "the entry"
            raise IllegalConfigurationError(f"{why} after: {after_what}")
        anew = self._transitions_of(exits | entries)
        armed = tuple(t for t in self._transitions_of(entries) if t.unit)
        cancelled = sum(1 << t.id for t in self._transitions_of(exits) if t.unit)
        forgotten = sum(1 << t.id for t in anew if t.condition is not None)
        fired = sum(1 << t.id for t in taken if t.condition is not None)
        quiet = not (content or armed or cancelled or remembered or forgotten or fired or ended)
        return TransitionPlan(
            transitions=tuple(t.id for t in taken),
            removed=removed,
            configuration=after,
            exited=exited,
            entered=entered,
            content=content,
            remembered=tuple(remembered),
            cancelled=cancelled,
            armed=armed,
            forgotten=forgotten,
            fired=fired,
            moved=tuple(self._moved(t, exited, entered) for t in taken),
            ended=ended,
            depends=known(self.chart, after).depends,
            quiet=quiet,
        )

    def _transitions_of(self, states: int) -> list[TransitionRow]:
        return [
            self.chart.transitions[transition]
            for state in bits(states)
            for transition in self.states[state].transitions
        ]

    def _content(
        self, taken: Sequence[TransitionRow], exited: Sequence[int], entered: Sequence[int]
    ) -> tuple[tuple[tuple[int, Block], ...], int, ChartEnded | None]:
        content: list[tuple[int, Block]] = []
        here = self.configuration
        for id_ in exited:
            content += [(here, self.states[id_].exit), (here, self.states[id_].closing)]
            here &= ~(1 << id_)
        content.extend((here, transition.block) for transition in taken)
        ended = None
        for id_ in entered:
            state = self.states[id_]
            here |= state.bit
            content.append((here, state.entry))
            if state.kind == "final" and state.parent == ROOT:
                ended = ChartEnded(id_, self._because(taken))
            elif state.kind == "final":
                content.extend((here, block) for block in self._done(state, here))
        return tuple(step for step in content if step[1] is not NOTHING), here, ended

    def _done(self, final: StateRow, configuration: int) -> list[Block]:
        """Return the done events of a final state: that of its parent, and that of the parallel
        state around the parent if every region is done."""
        parent = self.states[final.parent]
        blocks = [self._raising(parent)]
        around = self.states[parent.parent]
        if around.kind == "parallel" and self.is_in_final_state(around.id, configuration):
            blocks.append(self._raising(around))
        return blocks

    def _raising(self, state: StateRow) -> Block:
        return raising(self.chart.done[state.id], f"done({state.path})")

    def _because(self, taken: Sequence[TransitionRow]) -> str | None:
        return next((t.said.because for t in taken if t.target != NONE), None)

    def _remembered(self, exited: Sequence[int]) -> list[tuple[int, int]]:
        """Return what the histories of the exited states record, from the configuration before the
        exits."""
        recorded = []
        for id_ in exited:
            for history in self.states[id_].histories:
                slot, deep = self.states[history].slot, self.states[history].deep
                inside = bits(self.configuration & self.states[id_].below)
                kept = [s for s in inside if self._is_kept(s, id_, deep)]
                recorded.append((slot, sum(1 << s for s in kept)))
        return recorded

    def _is_kept(self, state: int, holder: int, deep: bool) -> bool:
        if deep:
            return self.states[state].kind in ("atomic", "final")
        return self.states[state].parent == holder

    def _moved(
        self, transition: TransitionRow, exited: Sequence[int], entered: Sequence[int]
    ) -> TransitionTaken:
        """Return the exits and entries in a transition's own domain. Domains never overlap."""
        inside = 0
        if transition.target != NONE:
            inside = self.states[self.domains[transition.id]].below
        return TransitionTaken(
            transition.id,
            transition.cause,
            tuple(s for s in exited if inside >> s & 1),
            tuple(s for s in entered if inside >> s & 1),
            transition.said.because,
        )
