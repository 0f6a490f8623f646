"""Whole files of the model, as an author could have written them.

Everything that the two grammars let through, sensible or not: the names in here mean
nothing, so these files parse and build without a problem and few of them check clean.
"""

from __future__ import annotations

import re
from typing import get_args, get_type_hints

from hypothesis import strategies as st

from gameroom import model
from gameroom.language.syntax.grammar import reserved, words
from gameroom.model.functions import FUNCTIONS
from gameroom.model.policies import KEYS

SOFT = ("ready", "resume", "of", "done", "list", "int", "size", "per", "turns", "null", "given")
ASKING = ("all", "any", "no", "majority", "count", "enough", "in", "event", "that", "refused")
PLAIN = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,7}", fullmatch=True).filter(
    lambda name: name not in reserved() | {*ASKING, "chose"}
)
values = st.sampled_from(["rounds", "map", "x", "players", "spectators", *SOFT]) | PLAIN
names = values.filter(lambda name: name not in reserved()) | st.sampled_from(ASKING)
keys = names | st.sampled_from(sorted(reserved()))
paths = st.lists(names, min_size=1, max_size=3).map(".".join)
texts = st.text(
    st.sampled_from("ab\"\\\n\t#{}:-,' é\u2028\x7f\x85\U0001f600") | st.characters(codec="utf-8"),
    max_size=12,
)
wholes = st.integers(0, 9) | st.integers(0, model.INT_MAX)
ints = wholes | wholes.map(lambda value: -value)
scalars = st.booleans() | ints | texts


@st.composite
def docs(draw):
    """What a doc comment can say: no space at the ends, none at the ends of lines."""
    line = st.text(st.sampled_from("ab #:'\"{é"), max_size=10) | texts
    lines = draw(st.just([]) | st.lists(line, max_size=3))
    flat = [" ".join(re.split(r"[\n\r]", each)).rstrip() for each in lines]
    return "\n".join(flat).strip()


@st.composite
def ranges(draw, low=ints):
    """(low, high), in order."""
    return tuple(sorted((draw(low), draw(low))))


durations = st.builds(
    model.Duration, st.integers(0, 99) | st.integers(0, model.DURATION_MAX["ms"]), st.just("ms")
) | st.builds(model.Duration, st.integers(0, model.DURATION_MAX["turns"]), st.just("turns"))
choices = st.lists(texts, min_size=1, max_size=3, unique=True).map(tuple).map(model.ChoiceType)
types = st.recursive(
    ranges().map(lambda ends: model.IntType(*ends))
    | ranges(wholes).map(lambda ends: model.StringType(*ends))
    | st.just(model.BoolType())
    | choices,
    lambda inner: st.builds(lambda item, ends: model.ListType(item, *ends), inner, ranges(wholes)),
    max_leaves=3,
)


# Expressions

predicates = st.builds(model.Flag, names) | st.builds(model.Chose, texts, st.none() | names)


@st.composite
def quorums(draw):
    kind = draw(st.sampled_from(["all", "any", "no", "majority", "count", "percent"]))
    amount = {"count": st.integers(1, 300), "percent": st.integers(1, 100)}.get(kind, st.just(0))
    return model.Quorum(kind, draw(names), draw(predicates), draw(amount))


atoms = (
    st.builds(model.Literal, st.booleans() | wholes | texts)
    | st.builds(model.Name, values)
    | st.builds(model.EventField, keys)
    | st.builds(model.InState, paths)
    | quorums()
    | st.builds(model.Count, names, predicates)
    | st.just(model.EnoughPlayers())
)
OPERATORS = ["and", "or", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%"]
functions = st.sampled_from([*FUNCTIONS, *SOFT]) | PLAIN
expressions = st.recursive(
    atoms,
    lambda inner: (
        st.builds(model.Not, inner)
        | st.builds(model.Negative, inner)
        | st.builds(model.Binary, st.sampled_from(OPERATORS), inner, inner)
        | st.builds(model.Call, functions, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


# Members

acts = (
    st.builds(model.Act, st.just("set"), names, expressions)
    | st.builds(model.Act, st.sampled_from(["raise", "drop", "unready", "pass", "repair"]), names)
    | st.builds(model.Act, st.just("announce"), texts)
)
blocks = st.lists(acts, max_size=3).map(tuple)
targets = st.builds(model.Target, paths, st.sampled_from(["external", "internal", "resume"]))
events = names | paths.map(lambda path: f"done({path})")


@st.composite
def transitions(draw):
    trigger = draw(
        st.builds(model.On, events)
        | st.builds(model.When, expressions)
        | st.builds(model.After, durations)
    )
    guard = None if isinstance(trigger, model.When) else draw(st.none() | expressions)
    return model.Transition(
        trigger, guard, draw(blocks), draw(st.none() | targets), draw(st.none() | texts)
    )


listed = st.lists(names, min_size=1, max_size=3).map(tuple)
permissions = st.builds(
    model.Permission, st.sampled_from(["allow", "deny", "ignore"]), listed, listed
)


def many(strategy, most=3):
    return st.lists(strategy, max_size=most).map(tuple)


def named(strategy, most=2):
    """Values with names that differ, as both spellings need them."""
    return st.lists(strategy, max_size=most, unique_by=lambda each: each.name).map(tuple)


MODES = st.sampled_from(["new", "new", "extend", "override"])


@st.composite
def histories(draw):
    mode = draw(MODES)
    return model.State(
        draw(names if mode == "new" else paths),
        "history",
        mode,
        deep=draw(st.booleans()),
        default=draw(st.none() | targets),
        doc=draw(docs()),
    )


@st.composite
def states(draw, inner=None):
    mode = draw(MODES)
    return model.State(
        draw(names if mode == "new" else paths),
        draw(st.sampled_from(["state", "parallel", "region", "final"])),
        mode,
        draw(st.booleans()),
        draw(st.none() | paths),
        draw(many(permissions)),
        draw(many(transitions())),
        draw(blocks),
        draw(blocks),
        draw(_children(inner)) if inner is not None else (),
        doc=draw(docs()),
    )


def _children(inner):
    """No two with one head, which is the key in YAML."""
    return st.lists(
        inner, max_size=3, unique_by=lambda each: (each.mode, each.kind, each.name)
    ).map(tuple)


trees = st.recursive(states() | histories(), states, max_leaves=6)


@st.composite
def roots(draw):
    return model.State(
        "",
        initial="setup",
        permissions=draw(many(permissions)),
        transitions=draw(many(transitions())),
        entry=draw(blocks),
        exit=draw(blocks),
        states=draw(_children(trees)),
    )


# Declarations

fields = named(st.builds(model.Field, keys, types, docs()), 3)
within = st.tuples(st.just("within"), durations)
policy_values = (
    wholes
    | durations
    | st.builds(model.Rate, wholes)
    | st.tuples(durations, durations)
    | within
    | st.sampled_from(["all", "auto", "on", "off"])
)


@st.composite
def policies(draw):
    entries = draw(
        st.lists(
            st.builds(model.PolicyEntry, st.sampled_from([key.key for key in KEYS]), policy_values),
            max_size=3,
            unique_by=lambda entry: entry.key,
        )
    )
    return model.Policy(draw(names), tuple(entries))


@st.composite
def spectators(draw):
    return model.Spectators(*draw(ranges()), draw(durations.filter(lambda each: each.amount)))


rooms = st.builds(
    model.RoomFile,
    name=texts,
    extends=st.none() | names | texts,
    players=st.none() | ranges().map(lambda ends: model.Range(*ends)),
    spectators=st.none() | spectators() | st.builds(model.Spectators, st.just(0), st.just(0)),
    teams=named(st.builds(lambda n, e, d: model.Team(n, *e, d), names, ranges(), docs())),
    roles=named(st.builds(model.Role, names, names, docs())),
    settings=named(st.builds(model.Setting, names, types, scalars | many(scalars), docs()), 3),
    commands=named(st.builds(model.CommandDeclaration, names, fields, docs())),
    requests=named(st.builds(model.Request, names, fields, docs())),
    signals=named(
        st.builds(
            model.SignalDeclaration, names, fields, st.sampled_from(["all", "majority"]), docs()
        )
    ),
    variables=named(st.builds(model.Variable, names, types, scalars, docs())),
    policies=named(policies()),
    root=roots(),
    doc=docs(),
)


# Scenarios

people = PLAIN.filter(lambda name: name not in words().values())
whos = st.lists(people, min_size=1, max_size=2).map(tuple)
bodies = st.recursive(
    st.none() | scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)
maps = st.dictionaries(keys, bodies, max_size=3)


@st.composite
def steps(draw):
    """One of every kind that there is."""
    verb = draw(st.sampled_from(VERBS))
    who = () if verb in ("wait", "state", "not_state", "that", "refused", "told") else draw(whos)
    match verb:
        case "sends" | "raises":
            return model.Step(verb, who, draw(names), draw(maps))
        case "sets":
            return model.Step(verb, who, draw(names), draw(bodies))
        case "joins":
            return model.Step(verb, who, draw(names | st.just("")))
        case "is" | "is_not":
            return model.Step(verb, who, draw(names))
        case "says" | "refuses" | "told" | "refused":
            return model.Step(verb, who, draw(texts))
        case "silent" | "wait":
            time = draw(durations)
            if verb == "silent" and draw(st.booleans()):
                return model.Step(verb, who)
            return model.Step(verb, who, amount=time.amount, unit=time.unit)
        case "state" | "not_state":
            return model.Step(verb, name=draw(starts))
        case "that":
            return model.Step(verb, condition=draw(expressions))
    return model.Step(verb, who)


VERBS = get_args(get_type_hints(model.Step)["verb"])
starts = paths.filter(lambda path: path.split(".")[0] not in ("that", "refused", "told"))
scenarios = named(st.builds(model.Scenario, texts, many(steps(), 5)))
uses = many(st.builds(model.Use, texts), 2)
maybe_rooms = rooms | st.none()


@st.composite
def files(draw):
    """A `model.File`; `language.as_room` and `language.as_yaml` write it."""
    return model.File(1, draw(uses), draw(maybe_rooms), draw(scenarios))
