"""What parses and still makes no sense."""

from __future__ import annotations

import pytest

from gameroom.model.builtin import INHERITED
from tests.language.texts import SKIRMISH, alone, codes, good, loaded, room


def test_all_problems_of_a_file_in_one_run() -> None:
    text = (
        SKIRMISH.replace("= 300", "= 50")
        .replace("allow vote from player", "allow vot from playr")
        .replace("-> running.iterating.night", "-> running.iterating.dusk")
        .replace("drop after = 57s", "drop after = 57")
        .replace("rounds < 2", "rounds < map")
        .replace("ann sends ready", "ann sends redy")
    )
    assert codes(text) == [
        "E0504", "E0506", "E0505", "E0401", "E0402", "E0404", "E0402",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("team red size 0..1 team red size 0..1", ["E0306"]),
        ("team red size 1..4 role red is player", ["E0306"]),
        ("command a request a", ["E0306"]),
        ("request a signal a agreed by all", ["E0306"]),
        ("setting a: bool = true var a: bool = true", ["E0306"]),
        ("command a { x: bool x: bool }", ["E0306"]),
        ("command join", ["E0411"]),
        ("signal lag agreed by all", ["E0411"]),
        ("request error", ["E0411"]),
        ("var players_min: int 0..1 = 0", ["E0411"]),
        ("setting all: bool = true", ["E0411"]),
        ("team player size 0..1", ["E0411"]),
        ("request a { seat: int 0..1 }", ["E0411"]),
        ("players 0..4", ["E0504"]),
        ("players 2..257", ["E0504"]),
        ("spectators 0..10001", ["E0504"]),
        ("spectators 0..9 delay 5 turns", ["E0506"]),
        ("players 2..3 team a size 2..2 team b size 2..2", ["E0504"]),
        ("team a size 0..300", ["E0504"]),
        ('setting a: string(0..20000) = ""', ["E0508"]),
        ("var a: list(0..2) of int 0..20000 = []", ["E0507"]),
        ("setting a: list(0..20000) of bool = []", ["E0508"]),
        ("state x { after 8d -> ended }", ["E0105"]),
        ("state x { after 999h -> ended }", ["E0503"]),
        ("state x { after 99999999 turns -> ended }", ["E0503"]),
        ("state x { after 99999999999999999999s -> ended }", ["E0503"]),
        ("role captain is nobody", ["E0404"]),
        ("role captain is spectator", ["E0404"]),
        ("allow chat from present", ["E0404"]),
        ('setting a: bool = "yes"', ["E0504"]),
        ("setting a: list(1..2) of int 0..9 = []", ["E0504"]),
        ("setting a: list(0..9000) of int 0..9 = []", ["E0508"]),
        ("var a: int 0..9 = 10", ["E0504"]),
        ("var a: list(0..9) of bool = []", ["E0507"]),
        ("signal s agreed by some", ["E0101"]),
        ("policy pce { }", ["E0409"]),
        ("policy pace { ahead = 9 }", ["E0506"]),
        ("policy pace { turn = 500ms..100ms }", ["E0506"]),
        ("policy pace { turn = 100ms }", ["E0506"]),
        ("policy turns { gather = some }", ["E0506"]),
        ("policy lag { pause after = 3s pause after = 4s }", ["E0306"]),
        ("policy lag { } policy lag { }", ["E0306"]),
        ("command big { t: string(0..2700) }", ["E0508"]),
    ],
)
def test_declarations(body: str, expected: list[str]) -> None:
    assert codes(room(body)) == expected


TOO_LARGE = (
    "players 2..{}",
    "spectators 0..{}",
    "spectators 0..9 delay {}s",
    "team red size 0..{}",
    "team red size {}..{}",
    "setting a: int 0..{} = 0",
    "setting a: int 5..9 = {}",
    "setting a: int 0..9 = -{}",
    'setting a: string(0..{}) = ""',
    "setting a: list(0..{}) of bool = []",
    "setting a: list(0..3) of int 5..9 = [{}]",
    "var a: int 0..9 = {}",
    "command c {{ x: int 0..{} }}",
    "command c {{ x: string({}..{}) }}",
    "request c {{ x: list(0..{}) of bool }}",
    "signal c {{ x: list(0..3) of string(0..{}) }} agreed by all",
    "policy lag {{ pause after = {}s }}",
    "policy lag {{ pause after = {}ms }}",
    "policy pace {{ turn = 100ms..{}ms }}",
    "policy divergence {{ checksum every = {} turns }}",
    "policy limits {{ commands per turn = {} }}",
    "extend state running.iterating {{ after {}m -> ended }}",
    "extend state running.iterating {{ after {} turns -> ended }}",
    "extend state running.iterating {{ when {} of player ready -> ended }}",
    "extend state running.iterating {{ when {}% of player ready -> ended }}",
    "var a: int 0..9 = 0  extend state running {{ on pause do {{ set a = {} }} }}",
)


@pytest.mark.parametrize("number", ["30000000", "9007199254740992", "99999999999999999999"])
@pytest.mark.parametrize("said", TOO_LARGE)
def test_a_number_that_is_too_large_is_told_once(said: str, number: str) -> None:
    text = room(said.format(number, number))
    told = loaded(text).diagnostics
    assert 1 >= len({each.code for each in told}) >= (number != "30000000")
    assert len({each.span for each in told}) == len(told) <= said.count("{}")


NAMED = (
    "setting {}: int 0..9 = 0",
    "var {}: int 0..9 = 0",
    "command {}",
    "request {}",
    "signal {} agreed by all",
    "role {} is player",
    "team {} size 0..9",
    "command c {{ {}: bool }}",
    "request c {{ {}: bool }}",
    "signal c {{ {}: bool }} agreed by all",
    "extend state running {{ state {} {{ after 1m -> ended }} }}",
    "extend state running {{ history {} -> paused }}",
    "final {}",
)


@pytest.mark.parametrize("name", sorted(INHERITED))
def test_no_name_is_what_every_object_of_javascript_has(name: str) -> None:
    for said in NAMED:
        assert codes(room(said.format(name))) == ["E0412"], said


def test_nor_is_it_in_yaml() -> None:
    text = (
        "language: 1\nuse: [standard]\nroom:\n  name: r\n  extends: standard\n"
        "  settings:\n    __proto__: {type: int 0..9, default: 0}\n"
        "  commands:\n    move: {fields: {constructor: int 0..9}}\n"
    )
    found = loaded(text, "example.room.yaml").diagnostics
    assert [each.code for each in found] == ["E0412", "E0412"]


def test_choices_and_texts_may_be_anything() -> None:
    choice = 'choice: "__proto__" | "constructor"'
    vote = f'request vote {{ {choice} }}\nsetting s: string(0..20) = "toString"'
    asked = 'when any player chose "__proto__" -> ended'
    good(room(f"{vote}\nextend state running {{ allow vote from player  {asked} }}"))


def test_a_larger_packet_makes_room_for_a_larger_command() -> None:
    good(room("command big { t: string(0..2700) } policy limits { packet bytes = 32768 }"))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("initial a state a { }", []),
        ("state a { }", ["E0601"]),
        ("initial b state a { }", ["E0602"]),
        ("initial h state a { } history h", ["E0602"]),
        ("initial a.b state a { initial b state b { } }", []),
        ("initial a state a { } state a { }", ["E0306"]),
        ("initial a parallel a { region x { } region y { } }", []),
        ("initial a parallel a { initial x region x { } region y { } }", ["E0602"]),
        ("initial a parallel a { }", ["E0608"]),
        ("initial a parallel a { state x { } }", ["E0608", "E0608"]),
        ("initial a region a { }", ["E0608"]),
        ("initial a state a { } final f { state x { } }", ["E0608"]),
        ("initial a state a { } final f { after 1s -> a }", ["E0603"]),
        ('initial a state a { } final f { entry do { announce "f" } }', []),
        ("initial a state a { } history h -> a", []),
        ("initial a state a { } history h -> setup", ["E0602"]),
        ("initial a state a { initial b state b { } } history h -> a.b", ["E0602"]),
        ("initial a state a { initial b state b { } } history h deep -> a.b", []),
        ("history h", ["E0608"]),
        ("initial a state a iterates { }", []),
        ("initial a state a { } final f iterates", ["E0606"]),
        ("initial a state a { on done(running) -> ended }", ["E0611"]),
        ("initial a state a { } final f on done(running) -> ended", []),
        ("initial a state a { on done(x) -> ended }", ["E0401"]),
        ("initial a state a { after 1s -> internal a }", ["E0609"]),
        ("initial a state a { } after 1s -> internal a", []),
        ("initial a state a { } final f on lag -> resume f", ["E0609"]),
        ("initial a state a { after 1s after 1s }", ["E0605"]),
        ("initial a state a { on lag if players > 1 on lag on lag }", ["E0605"]),
        ("initial a state a { on lag if players > 1 on lag }", []),
        ("initial a state a { when players > 1 when players > 1 }", ["E0605"]),
    ],
)
def test_the_chart(body: str, expected: list[str]) -> None:
    assert codes(alone(body)) == expected


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ("state running { after 1s -> ended } final ended", ["E0607"]),
        ("final setup state running { after 1s -> ended } final ended", ["E0607"]),
        ("state setup { after 1s -> running } state running { after 1s -> setup }", ["E0607"]),
        ("state setup { } state running { after 1s -> ended } final ended", ["E0604"]),
        ("state setup { } state running { } final ended on leave -> ended", []),
        ("state setup { after 1s -> setup } state running { } final ended", ["E0604", "E0604"]),
        ("state setup { on join } state running { } final ended on leave -> running", ["E0604"]),
        ("state setup iterates { after 1s -> running } state running { after 1s -> ended }"
         " final ended", ["E0606"]),
        ("state setup { after 1s -> running } state running iterates { after 1s -> ended }"
         " final ended", ["E0606"]),
        ("initial running state setup { after 1s -> running }"
         " state running { after 1s -> ended } final ended", ["E0601"]),
    ],
)  # fmt: skip
def test_the_top(top: str, expected: list[str]) -> None:
    assert codes(f'language 1 room "x" {{ players 1..2 {top} }}') == expected


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("set n = n + 1", []),
        ("set n = t", ["E0505"]),
        ("set map = 1", ["E0405"]),
        ("set m = 1", ["E0405"]),
        ('set kind = "c"', ["E0408"]),
        ("raise nothing", ["E0403"]),
        ("raise lag", ["E0403"]),
        ("raise over", ["E0403"]),
        ("raise again", []),
        ("drop missng", ["E0407"]),
        ("unready hots", ["E0404"]),
        ("pass player", ["E0404"]),
        ("pass host", []),
    ],
)
def test_actions(act: str, expected: list[str]) -> None:
    text = (
        'var n: int 0..9 = 0 var t: bool = true var kind: "a" | "b" = "a" '
        "setting map: int 0..9 = 0 signal over { winner: int 0..9 } agreed by all "
        f"extend state setup {{ on lag do {{ {act} }} on again }} on again"
    )
    found = codes(room(text if "again" in act else text.replace("on again", "")))
    assert found == expected


def test_an_event_that_nobody_raises_is_unknown() -> None:
    problem = loaded(room("on overtme do { raise overtime } on overtime")).diagnostics
    assert [(each.code, each.help) for each in problem] == [("E0403", "did you mean `overtime`?")]


def test_shadowing_what_is_inherited_is_how_a_room_takes_over() -> None:
    good(room("extend state running { on lag -> ended }"))


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("ann sends pause", []),
        ("ann sends pause { x: 1 }", ["E0702"]),
        ("ann sends move", ["E0702"]),
        ("ann sends move { x: 3 }", []),
        ("ann sends move { x: true }", ["E0702"]),
        ("ann sends nothing", ["E0402"]),
        ("ann sets gold = 5", []),
        ("ann sets gold = 50", ["E0702"]),
        ("ann sets silver = 5", ["E0405"]),
        ("bob sends ready", ["E0701"]),
        ("bob joins bob sends ready", []),
        ("ann raises over", []),
        ("ann raises out", ["E0403"]),
        ("expect running.iterating", []),
        ("expect running.iteratin", ["E0401"]),
        ("expect that players", ["E0505"]),
        ("expect that gold == 5 and in(setup.gathering)", []),
    ],
)
def test_scenarios(step: str, expected: list[str]) -> None:
    text = (
        room("command move { x: int 0..9 } setting gold: int 0..9 = 0 signal over agreed by all")
        + f'scenario "s" {{ given players ann {step} }}'
    )
    assert codes(text) == expected


def test_bodies_of_scenarios_may_hold_lists_maps_and_nothing() -> None:
    command = room("command go { way: list(0..3) of list(0..2) of int -9..9 }")
    sends = 'scenario "s" {{ given players ann ann sends go {{ way: {} }} }}'
    assert codes(command + sends.format("[[1, -2], []]")) == []
    assert codes(command + sends.format("[{ x: null }]")) == ["E0702"]
    assert codes(command + sends.format("[], way: []")) == ["E0306"]


def test_two_scenarios_of_one_name() -> None:
    assert codes(room("") + 'scenario "s" { } scenario "s" { }') == ["E0306"]


def test_a_chart_has_a_largest_size() -> None:
    states = " ".join(f"state s{number} {{ }}" for number in range(500))
    assert codes(alone(f"initial s0 {states}")) == ["E0107"]
    deep = "initial s state s { " * 16 + "}" * 16
    assert codes(alone(deep)) == ["E0107"]


def test_a_negative_number_of_players_is_no_trouble_without_teams() -> None:
    assert set(codes(room("players -9..-1"))) == {"E0504"}
