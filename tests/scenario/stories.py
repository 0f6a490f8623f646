"""Texts of scenarios for the tests of this folder, and what comes of them."""

from __future__ import annotations

from gameroom import language
from gameroom.roomfile import chart_of
from gameroom.scenario import Outcome, as_text, run, scenarios_of

ROOM = """\
language 1
use "standard"
room "duel" extends standard {
  players 2..3
  spectators 0..1
  setting map: "hills" | "lakes" = "hills"
  setting gold: int 0..9 = 3
  command move { x: int 0..9 }
  command build
  request vote { choice: "wait" | "drop" }
  request shout
  signal won { by: int 0..2 } agreed by all
  signal seen agreed by majority
  var rounds: int 0..9 = 0
  policy pace { tick = 10 per second  turn = 100ms..100ms  ahead = 2 }
  extend state running.iterating {
    initial day
    on won if rounds >= 2 -> ended because "three rounds were played"
    on won do { set rounds = rounds + 1 announce "another round" }
    on seen -> running.iterating.night
    state day iterates {
      allow move from player
      ignore shout from player
      after 50 turns -> night
    }
    state night iterates { allow build from player after 50 turns -> day }
  }
  extend state running.paused.lagging {
    allow vote from player
    when majority of present chose "drop" do { drop missing } -> resume running.iterating
  }
}
"""


def scenario(steps: str, *, room: str = ROOM, name: str = "duel.room") -> tuple[Outcome, str]:
    """Run one scenario of these steps; its story too, "" where it holds."""
    lines = "\n".join(f"  {line.strip()}" for line in steps.strip().splitlines())
    text = f'{room}scenario "s" {{\n{lines}\n}}\n'
    loaded = language.load(text, name=name, resolve=language.shipped)
    chart = chart_of(loaded)
    assert chart is not None, language.as_text(loaded.diagnostics, loaded.sources)
    (only,) = scenarios_of(loaded)
    outcome = run(chart, only)
    failed = outcome.failure
    return outcome, "" if failed is None else as_text(only, failed, loaded.sources)


def holds(steps: str, *, room: str = ROOM) -> Outcome:
    """The scenario of these steps holds."""
    outcome, story = scenario(steps, room=room)
    assert outcome.passed, story
    return outcome


def fails(steps: str, *, room: str = ROOM) -> str:
    """Why the last of these steps does not hold."""
    outcome, story = scenario(steps, room=room)
    assert outcome.failure is not None, "it holds"
    last = len(steps.strip().splitlines()) - 1
    assert len(outcome.done) == last, f"another line fails\n{story}"
    return outcome.failure.why
