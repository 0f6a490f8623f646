"""Whatever people do, a scenario ends with an outcome, and twice with the same."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gameroom import language
from gameroom.chart import Chart
from gameroom.model import Scenario
from gameroom.roomfile import chart_of
from gameroom.scenario import as_text, run, scenarios_of
from tests.scenario.stories import ROOM

PEOPLE = ("ann", "bob", "cat", "dan")
EAGER = ROOM.replace(
    "policy pace",
    "allow join from anyone\n  policy turns { gather = within 250ms }\n"
    "  policy divergence { checksum every = 3 turns }\n  policy pace",
)
"""A room in which people join at any time and turns close without the late."""

who = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True).map(", ".join)
lines = st.one_of(
    st.builds(
        "{} send {}".format,
        who,
        st.sampled_from(
            [
                "ready", "ready", "unready", "leave", "pause", "resume", "shout", "build",
                "move { x: 1 }", 'vote { choice: "drop" }', 'vote { choice: "wait" }',
            ]
        ),
    ),
    st.builds(
        "{} {}".format,
        who,
        st.sampled_from(
            [
                "join", "join", "watch", "leave", "drop", "return", "return", "diverge",
                "raise won { by: 0 }", "raise seen", 'refuse "no"', 'say "so"',
                'set map = "lakes"', "set gold = 1",
            ]
        ),
    ),
    st.builds(
        "{} are silent{}".format,
        who,
        st.sampled_from(["", " for 1s", " for 4s", " for 70s", " for 2 turns"]),
    ),
    st.builds(
        "wait {}".format, st.sampled_from(["1ms", "1s", "15s", "70s", "1 turns", "60 turns"])
    ),
    st.builds(
        "expect {}".format,
        st.sampled_from(
            [
                "setup", "running", "not ended", "refused", 'told "round"', "ann is ready",
                "bob is not gone", "cat is host", "that rounds == 0", "that no player missing",
            ]
        ),
    ),
)  # fmt: skip


def read(steps: list[str], room: str) -> tuple[Chart, Scenario]:
    begin = ["given players ann, bob, cat", "dan joins", "ann, bob, cat send ready"]
    text = "\n".join([room, 'scenario "s" {', *begin, *steps, "}"])
    loaded = language.load(text, name="any.room", resolve=language.shipped)
    chart = chart_of(loaded)
    assert chart is not None, language.as_text(loaded.diagnostics, loaded.sources)
    (only,) = scenarios_of(loaded)
    return chart, only


def lasting(chart: Chart, scenario: Scenario) -> Scenario:
    """The lines that hold, one after the other: what does not is left out."""
    while (outcome := run(chart, scenario)).failure is not None:
        done = len(outcome.done)
        assert as_text(scenario, outcome.failure, {})
        scenario = replace(scenario, steps=scenario.steps[:done] + scenario.steps[done + 1 :])
    return scenario


@settings(max_examples=20, deadline=None)
@given(st.lists(lines, max_size=14), st.sampled_from([ROOM, EAGER]))
def test_any_scenario_has_an_outcome(steps: list[str], room: str) -> None:
    chart, scenario = read(steps, room)
    told = lasting(chart, scenario)
    assert run(chart, told) == run(chart, told)
