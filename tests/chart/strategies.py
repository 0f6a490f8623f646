"""Random charts in plain values, and random stories to play on them."""

from __future__ import annotations

from hypothesis import strategies as st

EVENTS = ("a", "b", "c")
NUMBERS = {"n": {"type": ["int", 0, 4], "initial": 0}, "m": {"type": ["int", 0, 2], "initial": 0}}
FLAG = {"on_fire": {"type": ["bool"], "initial": False}}
DEPTH_MAX = 3


class _Tree:
    """Names of all states are different, so that every full path means one state."""

    def __init__(self, draw):
        self.draw = draw
        self.paths, self.histories = [], []
        self.count = 0

    def name(self):
        self.count += 1
        return f"s{self.count}"

    def states(self, prefix, depth, kinds, low=1):
        made = {}
        for _ in range(self.draw(st.integers(low, 3))):
            name = self.name()
            made[name] = self.state(prefix + name, depth, self.draw(st.sampled_from(kinds)))
        return made

    def state(self, path, depth, kind):
        self.paths.append(path)
        if kind in ("atomic", "final") or depth >= DEPTH_MAX:
            return {"kind": "final"} if kind == "final" else {}
        if kind == "parallel":
            regions = self.states(path + ".", depth + 1, ("atomic", "compound", "compound"))
            made = {"kind": "parallel", "states": regions}
        else:
            made = self.compound(path + ".", depth, 1)
        self.maybe_history(path, made)
        return made

    def compound(self, prefix, depth, low):
        kinds = ("atomic", "atomic", "compound", "parallel", "final")
        inner = self.states(prefix, depth + 1, kinds, low)
        return {"states": inner, "initial": self.draw(st.sampled_from(list(inner)))}

    def maybe_history(self, path, made):
        if not self.draw(st.booleans()):
            return
        name, deep = self.name(), self.draw(st.booleans())
        inside = [p for p in self.paths if p.startswith(path + ".")]
        direct = [p for p in inside if p.count(".") == path.count(".") + 1]
        history = {"kind": "history", "deep": deep}
        if made.get("kind") != "parallel" and self.draw(st.booleans()):
            history["default"] = self.draw(st.sampled_from(inside if deep else direct))
            if self.draw(st.booleans()):
                made["initial"] = name
        made["states"][name] = history
        self.histories.append(f"{path}.{name}")


@st.composite
def charts(draw):
    """A room in plain values for from_plain."""
    tree = _Tree(draw)
    room = tree.compound("", 0, 2)
    room["variables"] = NUMBERS | FLAG
    for path, state in _walk(room):
        if state.get("kind") in ("final", "history"):
            if state["kind"] == "final" and draw(st.booleans()):
                state["entry"] = draw(_acts(tree))
            continue
        most = 1 if path == "" else 3
        state["transitions"] = draw(st.lists(_transitions(tree), max_size=most))
        if path and draw(st.booleans()):
            state["entry"], state["exit"] = draw(_acts(tree)), draw(_acts(tree))
    return room


def _walk(state, path=""):
    yield path, state
    for name, inner in state.get("states", {}).items():
        yield from _walk(inner, f"{path}.{name}" if path else name)


@st.composite
def _transitions(draw, tree):
    made = draw(
        st.one_of(
            st.sampled_from(EVENTS).map(lambda event: {"on": event}),
            st.sampled_from(EVENTS).map(lambda event: {"on": event}),
            st.sampled_from(["error", *_done(tree)]).map(lambda event: {"on": event}),
            _conditions(tree).map(lambda condition: {"when": condition}),
            st.tuples(st.integers(0, 30), st.just("ms")).map(lambda t: {"after": list(t)}),
            st.tuples(st.integers(0, 3), st.just("turns")).map(lambda t: {"after": list(t)}),
        )
    )
    event = "on" in made
    if draw(st.booleans()):
        made["if"] = draw(_conditions(tree, event))
    if draw(st.integers(0, 3)):
        target = draw(st.sampled_from(tree.paths + tree.histories))
        kind = draw(st.sampled_from(["external", "external", "internal", "resume"]))
        special = kind != "external" and target not in tree.histories
        made["to"] = [kind, target] if special else target
    if draw(st.booleans()):
        made["do"] = draw(_acts(tree, event))
    return made


def _done(tree):
    composites = {path.rpartition(".")[0] for path in tree.paths}
    return sorted(f"done({path})" for path in composites if path)


def _conditions(tree, event=False):
    of_the_event = [
        st.just(["==", ["event", "x"], 1]),
        st.just(["and", "on_fire", [">", ["event", "x"], "n"]]),
    ]
    return st.one_of(
        *(of_the_event if event else ()),
        st.tuples(st.sampled_from(["<", ">=", "=="]), st.just("n"), st.integers(0, 4)).map(list),
        st.tuples(st.just("=="), st.just(["%", "n", "m"]), st.integers(0, 1)).map(list),
        st.sampled_from(tree.paths).map(lambda path: ["in", path]),
        st.sampled_from(tree.paths).map(lambda path: ["not", ["in", path]]),
        st.integers(0, 5).map(lambda n: [">=", "generation", n]),
        st.just("on_fire"),
    )


def _acts(tree, event=False):
    act = st.one_of(
        *([st.just(["set", "n", ["event", "x"]])] if event else ()),
        st.sampled_from(["one", "two", "three"]).map(lambda text: ["announce", text]),
        st.just(["set", "n", ["+", "n", 1]]),
        st.just(["set", "n", 0]),
        st.just(["set", "n", ["call", "max", "m", ["-", "n", 1]]]),
        st.just(["set", "m", ["call", "min", "n", ["call", "abs", ["-", "n", "m"]]]]),
        st.just(["set", "m", ["+", "m", 1]]),
        st.just(["set", "on_fire", ["not", "on_fire"]]),
        st.sampled_from(tree.paths).map(lambda path: ["set", "on_fire", ["in", path]]),
        st.sampled_from(EVENTS).map(lambda event: ["raise", event]),
    )
    return st.lists(act, max_size=2)


STORIES = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from((*EVENTS, "unheard")),
            st.sampled_from([{}, {"x": 1}, {"x": 3}, {"x": "text"}]),
        ),
        st.tuples(st.integers(0, 25), st.integers(0, 2)),
    ),
    min_size=1,
    max_size=12,
)
"""What happens: (event, its fields), or (milliseconds, turns) that pass."""
