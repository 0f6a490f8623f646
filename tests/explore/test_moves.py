"""What the explorer lets happen is what the room lets happen: verdicts, teams, broken lines."""

from __future__ import annotations

from itertools import product

import pytest

from gameroom.chart import ChartEvent, compile_room
from gameroom.explore import scope as explore_scope
from gameroom.explore.abstract_room import AbstractRoom
from gameroom.explore.cache import ways
from gameroom.explore.facets import reads_of
from gameroom.explore.moves import PossibleMoves
from gameroom.explore.run import explore
from gameroom.explore.search import search
from gameroom.explore.story import replay
from gameroom.lockstep.checksums import verdict
from gameroom.lockstep.packets import Diverged
from gameroom.scenario.run import run
from tests.language.texts import good, loaded, room

PLAYED = """language 1
room "verdicts" {{
  players {0}..{0}
  allow leave from spectator
  state setup {{
    allow join from player
    when players == {0} -> running
    after 10m -> ended
  }}
  state running {{
    initial playing
    state playing iterates {{
      on diverged if event.decidable -> ended because "one engine was wrong"
      on diverged -> tied
      after 30m -> ended
    }}
    state tied {{ after 1m -> ended }}
  }}
  final ended
}}
"""


def verdicts(players: int) -> set[tuple[int, bool]]:
    """How many differ, and whether a majority agrees, whatever the engines report."""
    reported = product(range(players), repeat=players)
    found = [verdict(1, dict(enumerate(values))) for values in reported]
    return {(len(each.seats), each.decidable) for each in found if isinstance(each, Diverged)}


@pytest.mark.parametrize("players", [2, 3, 4])
def test_engines_diverge_as_the_room_judges(players: int) -> None:
    chart = compile_room(good(PLAYED.format(players)))
    moves = PossibleMoves.of(AbstractRoom.of(chart, reads_of(chart)), players)
    graph = search(moves, 1_000)
    met = set()
    for spot in graph.spots:
        for step in moves.steps(spot) if spot.configuration & chart.iterating else ():
            for _, _, went in ways(moves, spot, step) if step.verb == "diverged" else ():
                (event,) = [each for each in went.fed if isinstance(each, ChartEvent) and each.name]
                differ = sum("diverged" in each.flags for each in event.people)
                if all("connected" in each.flags for each in event.people):
                    met.add((differ, event.fields["decidable"]))
    assert met == verdicts(players)


@pytest.mark.parametrize("players", [3, 4])
def test_two_against_two_is_no_surprise(players: int) -> None:
    assert explore(good(PLAYED.format(players))).diagnostics == ()


def test_two_players_are_never_decidable() -> None:
    told = explore(good(PLAYED.format(2))).diagnostics
    assert "`on diverged if event.decidable" in told[0].message


# Teams and roles

DEALT = """
players 2..4
role dealer is red
team red size 1..2
team blue size 1..2
request pick
extend state running.iterating {
  initial dealing
  state dealing { after 1 turns do { pass dealer } -> draft }
  state draft { allow pick from dealer  on pick -> fight  after 1m -> ended }
  state fight { after 5m -> ended }
}
"""
IT_IS_TAKEN = """
scenario "it is taken" {
  given players ann, bob
  ann, bob send ready
  wait 1s
  expect ann is dealer
  ann sends pick
  expect running.iterating.fight
}
"""


def test_who_is_of_a_team_is_known_until_its_role_is_handed_on() -> None:
    found = loaded(room(DEALT) + IT_IS_TAKEN)
    assert found.room is not None
    assert found.file is not None
    (scenario,) = found.file.scenarios
    assert run(compile_room(found.room), scenario).failure is None
    assert explore(found.room).diagnostics == ()


CHOOSING = """language 1
room "choosing" {{
  players 3..3
  team red size 0..2
  team blue size 0..{blue}
  request go
  allow leave from spectator
  state setup {{
    allow join from player
    when players == 3 -> running
    after 10m -> ended
  }}
  state running {{
    allow go from red
    on go -> ended
  }}
  final ended
}}
"""


@pytest.mark.parametrize(("blue", "code"), [(2, "W0803"), (3, "E0801")])
def test_a_full_team_takes_nobody_however_little_is_asked_of_it(blue: int, code: str) -> None:
    """One of three is red, where only two may be blue."""
    told = explore(good(CHOOSING.format(blue=blue))).diagnostics
    assert [each.code for each in told] == [code]


# Broken connections

IN_TURN = """
players 2..3
team p0 size 0..1
team p1 size 0..2
extend state running {{ on leave -> ended }}
extend state running.iterating {{
  initial turn_0
  state turn_0 {{ when no p0 connected -> turn_1  after 30s -> turn_1 }}
  state turn_1 {{ when no p1 connected -> turn_0  after 30s -> turn_0 }}
}}
"""


def test_a_room_too_large_for_broken_connections_survives_that_all_break(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(explore_scope, "MORE_STEPS_MAX", 0)
    report = explore(good(room(IN_TURN.format())))
    assert "lost connections were not checked" in "\n".join(report.notes)
    (found,) = report.findings
    assert found.diagnostic.code == "E0803"
    assert found.story is not None
    assert found.story.steps[-1] == "everybody drops"
    chart = compile_room(good(room(IN_TURN.format())))
    assert replay(chart, found.story.fed).status == "faulted"


def test_a_room_that_takes_its_turns_from_nobody_is_clean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = room(IN_TURN.format().replace("no p1 connected", "no p1 connected and any p0 connected"))
    assert explore(good(text)).diagnostics == ()
    monkeypatch.setattr(explore_scope, "MORE_STEPS_MAX", 0)
    assert explore(good(text)).diagnostics == ()
