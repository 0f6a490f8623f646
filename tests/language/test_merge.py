"""A room on top of another: what is added, replaced, restated and refused."""

from __future__ import annotations

import pytest

from gameroom.model import After, Duration, On, Permission, Range
from gameroom.model.policies import number
from tests.language.texts import STANDARD, codes, good, loaded, room, state

BASE = """language 1
use "standard"
room "base" extends standard {
  players 2..4
  request vote { choice: "a" | "b" }
  policy lag { pause after = 5s }
  extend state setup.gathering {
    allow vote, configure from spectator
    entry do { announce "base" }
  }
}
"""


def on_base(body: str) -> str:
    return f'language 1\nuse "base"\nroom "top" extends base {{\n{body}\n}}\n'


def test_a_room_that_adds_nothing_is_the_room_it_extends() -> None:
    standard, top = good(STANDARD, "standard.room"), good(room(""))
    assert top.root == standard.root
    assert (top.name, top.doc) == ("example", "")
    assert top.players == standard.players
    assert top.policies == standard.policies


def test_what_is_added_comes_first() -> None:
    top = good(room("extend state setup { state draft { after 5s -> gathering }\n on join }"))
    setup = state(top, "setup")
    assert [each.name for each in setup.states] == ["draft", "gathering", "starting"]
    body = 'after 1s -> ended  entry do { announce "top" }'
    top = good(on_base(f"extend state setup.gathering {{ {body} }}"), base=BASE)
    gathering = state(top, "setup.gathering")
    assert gathering.transitions[0].trigger == After(Duration(1_000, "ms"))
    assert [act.name for act in gathering.entry] == ["top", "base"]


def test_a_permission_replaces_what_the_state_itself_said_of_that_name() -> None:
    top = good(room("extend state setup.gathering { allow configure from host }"))
    assert state(top, "setup.gathering").permissions == (
        Permission("allow", ("configure",), ("host",)),
        Permission("allow", ("ready",), ("player",)),
    )
    top = good(on_base("extend state setup.gathering { deny configure from host }"), base=BASE)
    assert state(top, "setup.gathering").permissions == (
        Permission("deny", ("configure",), ("host",)),
        Permission("allow", ("vote",), ("spectator",)),
        Permission("allow", ("ready",), ("player",)),
    )


def test_what_other_states_say_of_a_name_stays() -> None:
    top = good(room("extend state setup.gathering { deny chat from player }"))
    assert Permission("allow", ("leave", "chat"), ("anyone",)) in top.root.permissions


def test_a_leaf_becomes_a_composite() -> None:
    top = good(room("extend state running.paused.held { initial a  state a { } }"))
    held = state(top, "running.paused.held")
    assert held.initial == "a"
    assert held.states[0].name == "a"
    assert codes(room("extend state running.paused.held { state a { } }")) == ["E0601"]


def test_iterates_stays_and_can_be_added() -> None:
    assert state(good(room("extend state running.iterating { }")), "running.iterating").iterates
    top = good(room("extend state running.paused.held iterates { }"))
    assert state(top, "running.paused.held").iterates


def test_an_extended_state_may_hold_extended_states() -> None:
    top = good(room("extend state running { extend state paused.held { after 1s -> ended } }"))
    held = state(top, "running.paused.held")
    assert held.transitions[0].trigger == After(Duration(1_000, "ms"))


def test_override_replaces_whole_and_in_place() -> None:
    top = good(room("override state running.paused.held { after 1s -> ended }"))
    paused = state(top, "running.paused")
    assert [each.name for each in paused.states] == ["held", "lagging", "diverged"]
    assert len(paused.states[0].transitions) == 1
    assert paused.states[0].permissions == ()
    body = "region a { } region b { }"
    top = good(room(f"override parallel running.iterating iterates {{ {body} }}"))
    assert state(top, "running.iterating").kind == "parallel"


def test_an_override_may_leave_others_without_a_target() -> None:
    found = loaded(room("override state running.paused { after 1s -> ended }")).diagnostics
    assert {problem.code for problem in found} == {"E0401"}
    assert {problem.span.file for problem in found} == {"standard.room"}


def test_players_spectators_and_policies() -> None:
    top = good(on_base("players 3..3  policy lag { drop after = 9s }"), base=BASE)
    assert top.players == Range(3, 3)
    assert top.spectators is not None
    assert top.spectators.high == 100
    assert number(top, "lag", "pause_after") == 5_000
    assert number(top, "lag", "drop_after") == 9_000


def test_the_same_said_again_is_fine_and_may_bring_a_doc() -> None:
    top = good(on_base('## Mine.\nrequest vote { choice: "a" | "b" }'), base=BASE)
    assert [each.doc for each in top.requests if each.name == "vote"] == ["Mine."]


def test_declared_otherwise_is_an_error_with_both_places() -> None:
    problem = loaded(on_base("request vote"), base=BASE).diagnostics[0]
    assert (problem.code, problem.span.file) == ("E0306", "example.room")
    assert problem.secondary is not None
    assert (problem.secondary[0].file, problem.secondary[0].line) == ("base.room", 5)
    assert codes(room("role host is spectator")) == ["E0306"]
    assert codes(room("state setup { after 1s -> ended }")) == ["E0306"]
    twice = "extend state setup.gathering { } extend state setup.gathering { }"
    assert codes(room(twice)) == ["E0306"]


def test_nothing_to_extend() -> None:
    assert codes(room("extend state setup.nowhere { }")) == ["E0305"]
    assert codes(room("state x { extend state y { } after 1s -> ended }")) == ["E0305"]
    assert "E0305" in codes('language 1 room "x" { extend state setup { } }')
    assert codes(room("state x { after 1s -> ended } extend state x { }")) == ["E0305"]
    assert codes(room("extend region setup { }")) == ["E0308"]


def test_extends_means_a_used_room_by_either_name() -> None:
    other = BASE.replace('room "base"', 'room "Basic Room"')
    by_name = 'language 1 use "base" room "top" extends "Basic Room" { }'
    by_use = 'language 1 use "base" room "top" extends base { }'
    assert good(by_name, base=other) == good(by_use, base=other)
    assert codes('language 1 room "top" extends standard { }') == ["E0304"]


def test_uses_that_lead_nowhere() -> None:
    assert codes('language 1 use "nowhere" room "x" extends nowhere { }') == ["E0301"]
    circle = 'language 1 use "b" room "a" extends b { }'
    back = 'language 1 use "a" room "b" extends a { }'
    assert codes(circle, "a.room", b=back, a=circle) == ["E0302"]


def test_a_mistake_in_a_used_file_is_told_in_that_file() -> None:
    result = loaded(on_base(""), base=BASE.replace("players 2..4", "plyers 2..4"))
    assert [(each.code, each.span.file) for each in result.diagnostics] == [("E0101", "base.room")]
    assert {"example.room", "base.room"} <= set(result.sources)


def test_a_file_that_is_used_twice_is_read_once() -> None:
    text = 'language 1 use "base" use "standard" room "x" extends base { on pause }'
    assert good(text, base=BASE).root.transitions[0].trigger == On("pause")


@pytest.mark.parametrize("name", ["pause", "vote"])
def test_what_is_declared_twice_is_told_whether_it_is_inherited_or_not(name: str) -> None:
    text = room(f"request {name}\nrequest {name}\nextend state setup {{ on {name} -> ended }}")
    (told,) = loaded(text).diagnostics
    assert (told.code, told.message, told.span.line) == ("E0306", f"`{name}` is declared twice", 5)
    assert told.secondary is not None
    assert told.secondary[0].line == 4
