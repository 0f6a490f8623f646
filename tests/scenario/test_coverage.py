"""What scenarios have reached of their room, and what they have not."""

from __future__ import annotations

from gameroom import language
from gameroom.scenario import Coverage, Suite, run_suite
from gameroom.scenario.coverage import told

ROOM = """\
language 1
room "small" {
  players 1..2
  allow join, leave from anyone
  state setup {
    initial first
    state first {
      allow ready from player
      on ready -> second
      after 1m -> ended
    }
    state second { after 2m -> running }
    history back
  }
  state running { after 1h -> ended }
  final ended
}
"""
EVERYTHING = "given players ann  ann sends ready  wait 2m  wait 1h  expect ended"


def suite(*scenarios: str) -> Suite:
    told = "".join(f'scenario "{n}" {{ {text} }}\n' for n, text in enumerate(scenarios))
    return run_suite(
        language.load(ROOM + told, name="small.room", resolve=language.shipped), "small.room"
    )


def reached(*scenarios: str) -> Coverage:
    found = suite(*scenarios).reached
    assert found is not None
    return found


def test_without_scenarios_nothing_is_reached() -> None:
    found = reached()
    assert (found.percent, found.states, found.transitions) == (0, 5, 4)
    assert found.states_missed == ("setup", "setup.first", "setup.second", "running", "ended")


def test_where_a_room_begins_is_reached_by_any_scenario() -> None:
    assert reached("given players ann").states_missed == ("setup.second", "running", "ended")


def test_scenarios_add_up() -> None:
    found = reached(EVERYTHING, "given players ann  wait 1m  expect ended")
    assert found.states_missed == ()
    assert found.transitions_missed == ()
    assert found.percent == 100


def test_what_is_missed_is_told_with_its_place() -> None:
    assert told(reached(EVERYTHING), "small.room") == (
        "small.room: 88% covered, 5 of 5 states entered, 3 of 4 transitions taken\n"
        "  never taken: setup.first: after 1m -> ended  (small.room:10)"
    )


def test_a_failing_scenario_counts_up_to_its_failure() -> None:
    found = reached("given players ann  ann sends ready  expect running  wait 1h")
    assert found.states_missed == ("running", "ended")


def test_a_file_with_problems_has_no_coverage() -> None:
    broken = language.load(ROOM + "rom", name="small.room", resolve=language.shipped)
    assert run_suite(broken, "small.room").reached is None
