"""SCXML's appendix D written down as it stands, as slow and as plain as can be.

It shares nothing with the fast core but the model: states are objects in a tree, sets are
lists, expressions are walked. On top, like ours: `when` edges, timers, the limit.
Names are the standard's. https://www.w3.org/TR/scxml/#AlgorithmforSCXMLInterpretation
"""

# ruff: noqa: N802, N803, N806 - the names are those of the standard

from __future__ import annotations

import operator

from gameroom import model
from gameroom.model.fit import misfit
from gameroom.model.paths import resolve, walk

LIMIT = 256


class Bad(Exception):  # noqa: N818 - it is a verdict, not an error
    pass


class Node:
    def __init__(self, path, said, parent, order):
        self.path, self.said, self.parent, self.order = path, said, parent, order
        self.children, self.history = [], []
        self.deep, self.transitions = said.deep, []
        self.kind = said.kind
        self.entry, self.exit = said.entry, said.exit
        self.targets = []

    def __repr__(self):
        return self.path


class Edge:
    def __init__(self, id_, source, said):
        self.id, self.source, self.said = id_, source, said
        self.target = []
        self.event = None
        match said.trigger:
            case model.On(event):
                self.event = event
        self.when = said.trigger.condition if isinstance(said.trigger, model.When) else None
        self.after = said.trigger.duration if isinstance(said.trigger, model.After) else None
        self.internal = said.target is not None and said.target.kind == "internal"


class Reference:
    def __init__(self, room, people=(), now=0):
        self.room = room
        self.configuration, self.historyValue, self.internalQueue = [], {}, []
        self.data = {v.name: v.initial for v in room.variables}
        self.types = {v.name: v.type for v in room.variables}
        self.people, self.now, self.generation = people, now, 0
        self.fields, self.timers, self.armed = {}, {}, set()
        self.true, self.spent, self.erred = set(), set(), set()
        self.running, self.faulted = True, False
        self.log = []
        self.build()
        self.enterInitial()
        self.complete()

    # The tree

    def build(self):
        self.nodes = {}
        for order, (path, said) in enumerate(walk(self.room.root)):
            parent = self.nodes.get(path.rpartition(".")[0]) if path else None
            node = self.nodes[path] = Node(path, said, parent, order)
            if parent is not None:
                (parent.history if said.kind == "history" else parent.children).append(node)
        for node in list(self.nodes.values()):
            if node.children and node.kind != "parallel":
                initial = node.said.initial or node.said.states[0].name
                node.targets = [self.nodes[f"{node.path}.{initial}".lstrip(".")]]
        for node in self.nodes.values():
            if node.kind == "history":
                default = node.said.default
                node.targets = (
                    [self.find(node, default.path)] if default else self.start(node.parent)
                )
        self.edges = []
        for node in list(self.nodes.values()):
            for said in node.said.transitions:
                edge = Edge(len(self.edges), node, said)
                self.edges.append(edge)
                node.transitions.append(edge)
                if edge.event and edge.event.startswith("done("):
                    edge.event = f"done({self.find(node, edge.event[5:-1]).path})"
                if said.target:
                    target = self.find(node, said.target.path)
                    if said.target.kind == "resume" and target.children:
                        target = self.resumeHistory(target)
                    edge.target = [target]

    def start(self, node):
        return node.children if node.kind == "parallel" else node.targets

    def resumeHistory(self, node):
        key = node.path + "*"
        if key not in self.nodes:
            said = model.State("*", kind="history", deep=True)
            made = self.nodes[key] = Node(key, said, node, -1)
            made.targets = self.start(node)
            node.history.append(made)
        return self.nodes[key]

    def find(self, source, path):
        return self.nodes[resolve(self.room.root, source.path, path)]

    # Predicates

    def isHistoryState(self, s):
        return s.kind == "history"

    def isCompoundState(self, s):
        return bool(s.children) and s.kind != "parallel"

    def isParallelState(self, s):
        return s.kind == "parallel"

    def isAtomicState(self, s):
        return not s.children

    def isFinalState(self, s):
        return s.kind == "final"

    def getProperAncestors(self, state1, state2):
        found, here = [], state1.parent
        while here is not None and here is not state2:
            found.append(here)
            here = here.parent
        return found

    def isDescendant(self, state1, state2):
        return state2 in self.getProperAncestors(state1, None)

    def isInFinalState(self, s):
        if self.isCompoundState(s):
            return any(self.isFinalState(c) and c in self.configuration for c in s.children)
        if self.isParallelState(s):
            return all(self.isInFinalState(c) for c in s.children)
        return False

    # Selection

    def sortedLeaves(self):
        leaves = [s for s in self.configuration if self.isAtomicState(s)]
        return sorted(leaves, key=lambda s: s.order)

    def select(self, matches):
        enabled, answers = [], {}
        for state in self.sortedLeaves():
            done = False
            for s in [state, *self.getProperAncestors(state, None)]:
                for t in s.transitions:
                    if not matches(t):
                        continue
                    if t not in answers:
                        answers[t] = self.conditionMatch(t)
                    if answers[t]:
                        if t not in enabled:
                            enabled.append(t)
                        done = True
                        break
                if done:
                    break
        return self.removeConflictingTransitions(enabled)

    def selectTransitions(self, event):
        return self.select(lambda t: t.event == event)

    def selectEventlessTransitions(self):
        for s in sorted(self.configuration, key=lambda s: s.order):
            for t in s.transitions:
                if t.when is not None:
                    self.ask(t)
        waiting = self.true - self.spent
        return self.select(lambda t: t in waiting and t not in self.spent)

    def ask(self, t):
        try:
            value = self.truth(t.when, t.source)
            self.erred.discard(t)
        except Bad:
            value = False
            if t not in self.erred:
                self.erred.add(t)
                self.internalQueue.append(("error", {}))
        if value:
            self.true.add(t)
        else:
            self.true.discard(t)
            self.spent.discard(t)

    def conditionMatch(self, t):
        said = True
        if t.said.guard is not None:
            try:
                said = self.truth(t.said.guard, t.source)
            except Bad:
                self.internalQueue.append(("error", {}))
                said = False
        if t.when is not None and not said:
            self.spent.add(t)
        return said

    def removeConflictingTransitions(self, enabledTransitions):
        filteredTransitions = []
        for t1 in enabledTransitions:
            t1Preempted = False
            transitionsToRemove = []
            for t2 in filteredTransitions:
                exits = self.computeExitSet([t2])
                if any(s in exits for s in self.computeExitSet([t1])):
                    if self.isDescendant(t1.source, t2.source):
                        transitionsToRemove.append(t2)
                    else:
                        t1Preempted = True
                        break
            if not t1Preempted:
                for t3 in transitionsToRemove:
                    filteredTransitions.remove(t3)
                filteredTransitions.append(t1)
        return filteredTransitions

    # Microstep

    def microstep(self, enabledTransitions):
        # Ours: a transition has one domain, from before histories are recorded.
        self.domains = {t: self.getTransitionDomain(t) for t in enabledTransitions}
        exits = self.exitStates(enabledTransitions)
        for t in enabledTransitions:
            self.executeContent(t.said.actions, t.source)
            if t.when is not None and t.source in self.configuration:
                self.spent.add(t)
        entries = self.enterStates(enabledTransitions)
        for t, domain in self.domains.items():
            share = [
                tuple(s.path for s in some if domain and self.isDescendant(s, domain))
                for some in (exits, entries)
            ]
            self.log.append(("moved", t.id, *share))

    def exitStates(self, enabledTransitions):
        statesToExit = self.computeExitSet(enabledTransitions)
        statesToExit.sort(key=lambda s: -s.order)
        for s in statesToExit:
            for h in s.history:
                if h.deep:
                    kept = [
                        s0
                        for s0 in self.configuration
                        if self.isAtomicState(s0) and self.isDescendant(s0, s)
                    ]
                else:
                    kept = [s0 for s0 in self.configuration if s0.parent is s]
                self.historyValue[h.path] = sorted(kept, key=lambda s: s.order)
        for s in statesToExit:
            self.executeContent(s.exit, s)
            for t in s.transitions:
                self.timers.pop(t, None)
                for kept in (self.true, self.spent, self.erred):
                    kept.discard(t)
            self.configuration.remove(s)
        return statesToExit

    def computeExitSet(self, transitions):
        statesToExit = []
        for t in transitions:
            if t.target:
                domain = self.getTransitionDomain(t)
                for s in self.configuration:
                    if self.isDescendant(s, domain) and s not in statesToExit:
                        statesToExit.append(s)
        return statesToExit

    def enterInitial(self):
        statesToEnter = []
        self.addDescendantStatesToEnter(self.nodes[""], statesToEnter)
        self.enter(statesToEnter)

    def enterStates(self, enabledTransitions):
        statesToEnter = []
        for t in enabledTransitions:
            for s in t.target:
                self.addDescendantStatesToEnter(s, statesToEnter)
            ancestor = self.domains[t]
            for s in self.getEffectiveTargetStates(t.target):
                self.addAncestorStatesToEnter(s, ancestor, statesToEnter)
        return self.enter(statesToEnter)

    def enter(self, statesToEnter):
        entered = sorted(dict.fromkeys(statesToEnter), key=lambda s: s.order)
        for s in entered:
            self.configuration.append(s)
            for t in s.transitions:
                if t.after is not None:
                    since = self.now if t.after.unit == "ms" else self.generation
                    self.timers[t] = since + t.after.amount
                    self.armed.add(t)
            self.executeContent(s.entry, s)
            if self.isFinalState(s):
                if s.parent.parent is None:
                    self.running = False
                    self.log.append(("ended", s.path))
                else:
                    self.internalQueue.append((f"done({s.parent.path})", {}))
                    grandparent = s.parent.parent
                    if self.isParallelState(grandparent) and all(
                        self.isInFinalState(c) for c in grandparent.children
                    ):
                        self.internalQueue.append((f"done({grandparent.path})", {}))
        return entered

    def addDescendantStatesToEnter(self, state, statesToEnter):
        if self.isHistoryState(state):
            found = self.historyValue.get(state.path) or state.targets
            for s in found:
                self.addDescendantStatesToEnter(s, statesToEnter)
            for s in found:
                self.addAncestorStatesToEnter(s, state.parent, statesToEnter)
            return
        statesToEnter.append(state)
        if self.isCompoundState(state):
            for s in state.targets:
                self.addDescendantStatesToEnter(s, statesToEnter)
            for s in state.targets:
                self.addAncestorStatesToEnter(s, state, statesToEnter)
        elif self.isParallelState(state):
            for child in state.children:
                if not any(self.isDescendant(s, child) for s in statesToEnter):
                    self.addDescendantStatesToEnter(child, statesToEnter)

    def addAncestorStatesToEnter(self, state, ancestor, statesToEnter):
        for anc in self.getProperAncestors(state, ancestor):
            if anc in self.configuration:
                break  # Ours: what is active and was not exited is not entered.
            statesToEnter.append(anc)
            if self.isParallelState(anc):
                for child in anc.children:
                    if not any(self.isDescendant(s, child) for s in statesToEnter):
                        self.addDescendantStatesToEnter(child, statesToEnter)

    def getEffectiveTargetStates(self, targets):
        found = []
        for s in targets:
            if self.isHistoryState(s):
                inner = self.historyValue.get(s.path)
                found += inner if inner else self.getEffectiveTargetStates(s.targets)
            else:
                found.append(s)
        return found

    def getTransitionDomain(self, t):
        tstates = self.getEffectiveTargetStates(t.target)
        if not tstates:
            return None
        inside = all(self.isDescendant(s, t.source) for s in tstates)
        if t.internal and self.isCompoundState(t.source) and inside:
            return t.source
        return self.findLCCA([t.source, *tstates])

    def findLCCA(self, stateList):
        head, *tail = stateList
        for anc in self.getProperAncestors(head, None):
            if self.isCompoundState(anc) and all(self.isDescendant(s, anc) for s in tail):
                return anc
        return self.nodes[""]

    # Content and expressions

    def executeContent(self, acts, state):
        for act in acts:
            if act.verb == "set":
                try:
                    value = self.value(act.value, state)
                    if misfit(self.types[act.name], value) is not None:
                        raise Bad(f"`{act.name}` {misfit(self.types[act.name], value)}")
                except Bad:
                    self.internalQueue.append(("error", {}))
                    return
                self.data[act.name] = value
            elif act.verb == "raise":
                self.internalQueue.append((act.name, {}))
            else:
                self.log.append((act.verb, act.name))

    def truth(self, expression, state):
        value = self.value(expression, state)
        if not isinstance(value, bool):
            raise Bad("not true or false")
        return value

    def value(self, expression, state):
        match expression:
            case model.Literal(value):
                return value
            case model.Name("generation"):
                return self.generation
            case model.Name(name):
                return self.data[name]
            case model.EventField(name):
                if name not in self.fields:
                    raise Bad(f"the event has no field `{name}`")
                return self.fields[name]
            case model.InState(path):
                return self.find(state, path) in self.configuration
            case model.Not(operand):
                return not self.truth(operand, state)
            case model.Call("abs", (one,)):
                return self.binary("*", number := self.value(one, state), 1 if number >= 0 else -1)
            case model.Call(name, (one, other)):
                sides = self.value(one, state), self.value(other, state)
                least, most = sides if self.binary("<", *sides) else reversed(sides)
                return least if name == "min" else most
            case model.Binary("and", left, right):
                return self.truth(left, state) and self.truth(right, state)
            case model.Binary("or", left, right):
                return self.truth(left, state) or self.truth(right, state)
            case model.Binary(op, left, right):
                return self.binary(op, self.value(left, state), self.value(right, state))
        raise AssertionError(expression)

    def binary(self, op, left, right):
        if op in ("==", "!="):
            if type(left) is not type(right):
                raise Bad("two values of different types were compared")
            return (left == right) == (op == "==")
        if type(left) is not int or type(right) is not int:
            raise Bad("not a whole number")
        if op in ("/", "%") and right == 0:
            raise Bad("division by zero")
        named = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "+": "add", "-": "sub"}
        named |= {"*": "mul", "/": "floordiv", "%": "mod"}
        return getattr(operator, named[op])(left, right)

    # The loop

    def complete(self):
        count = 0
        while self.running and not self.faulted:
            enabled = self.selectEventlessTransitions()
            if not enabled:
                if not self.internalQueue:
                    return
                event, self.fields = self.internalQueue.pop(0)
                enabled = self.selectTransitions(event)
            count += 1
            if count > LIMIT:
                self.faulted = True
                self.log.append(("fault",))
                return
            if enabled:
                self.microstep(enabled)

    def fresh(self):
        self.log, self.internalQueue = [], []
        return self.running and not self.faulted

    def send(self, event, fields, now, generation):
        if not self.fresh():
            return
        self.now, self.generation, self.fields = now, generation, fields
        enabled = self.selectTransitions(event)
        if enabled:
            self.microstep(enabled)
        self.complete()

    def advance(self, now, generation):
        if not self.fresh():
            return
        self.now, self.generation, self.fields = now, generation, {}
        due = []
        for t, at in self.timers.items():
            if t.after.unit == "ms" and at <= now:
                due.append((at, generation, t.id, t))
            if t.after.unit == "turns" and at <= generation:
                due.append((now, at, t.id, t))
        self.armed.clear()
        for _, _, _, t in sorted(due, key=lambda d: d[:3]):
            if t in self.timers and t not in self.armed and self.running and not self.faulted:
                del self.timers[t]
                self.fields = {}
                if self.conditionMatch(t):
                    self.microstep([t])
                self.complete()
        if self.running and not self.faulted:
            self.fields = {}
            self.complete()

    @property
    def active(self):
        return tuple(s.path for s in sorted(self.configuration, key=lambda s: s.order) if s.path)
