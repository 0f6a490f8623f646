"""For every deep check a room with the trouble, what is told of it, and the room mended."""

from __future__ import annotations

from dataclasses import dataclass

from tests.language.texts import room


@dataclass(frozen=True)
class Trouble:
    """messages: everything that is told of `text`; `mended` is clean."""

    code: str
    text: str
    messages: tuple[str, ...]
    mended: str

    @property
    def name(self) -> str:
        return f"{self.code} {self.messages[0][:40]}"


def countdown(state: str) -> str:
    """A room for two with a countdown, which extends nothing."""
    return f"""language 1
room "duel" {{
  players 2..2
  request go
  allow leave from player
  state setup {{
    allow join from player
    when players == 2 -> running
    after 10m -> ended
  }}
  state running {{
    initial countdown
    allow go from player
    {state}
    state playing {{ after 30m -> ended }}
  }}
  final ended
}}
"""


def captained(root: str) -> str:
    """Only the captain ends a pause."""
    return room(f"""
  role captain is player
  request go
  {root}
  override state running.paused.held {{
    allow go from captain
    on go -> resume running.iterating
    after 30m -> ended
  }}
""")


def day_and_night(night: str) -> str:
    return room(f"""
  extend state running.iterating {{
    initial day
    state day iterates {{ when players > 0 -> night }}
    state night iterates {{ {night} }}
  }}
""")


TROUBLES = (
    Trouble(
        "E0801",
        countdown("state countdown { on go if players == 2 -> playing }"),
        ("ann joins, bob joins, ann leaves: `running.countdown` waits forever",),
        countdown("state countdown { on go if players == 2 -> playing  after 1m -> ended }"),
    ),
    Trouble(
        "E0801",
        countdown(
            "state countdown { on go -> again  after 5s -> again }"
            " state again { on go -> countdown  after 5s -> countdown  on drop -> playing }"
        ).replace("on drop -> playing", "on drop if players > 1 -> playing"),
        ("ann joins, bob joins, ann leaves: `running.countdown` can never lead to an end",),
        countdown("state countdown { on go -> playing  after 5s -> playing }"),
    ),
    Trouble(
        "E0802",
        room("extend state setup.gathering { when players > 9 -> starting }"),
        ("`players > 9` is never true: the room has only 8 seats",),
        room("extend state setup.gathering { when players > 3 -> starting }"),
    ),
    Trouble(
        "E0802",
        room(
            'players 1..1  request pray { choice: "rain" | "sun" }\n'
            "extend state running.iterating { allow pray from player"
            ' when 2 of player chose "rain" -> running.paused.held }'
        ),
        ('`2 of player chose "rain"` is never true: the room has only 1 seat',),
        room(
            'players 1..2  request pray { choice: "rain" | "sun" }\n'
            "extend state running.iterating { allow pray from player"
            ' when 2 of player chose "rain" -> running.paused.held }'
        ),
    ),
    Trouble(
        "E0802",
        room(
            "var rounds: int 0..3 = 0\n"
            "extend state running.iterating {"
            " on pause if rounds > 3 and players > 1 -> running.paused.held }"
        ),
        ("`rounds > 3` is never true for any possible value",),
        room(
            "var rounds: int 0..3 = 0\n"
            "extend state running.iterating {"
            " on pause if rounds > 2 -> running.paused.held"
            " on pause do { set rounds = rounds + 1 } -> running.paused.held }"
        ),
    ),
    Trouble(
        "E0802",
        room(
            "var rounds: int 0..9 = 0\n"
            "extend state running.iterating {"
            " on pause if min(rounds, 3) > 3 -> running.paused.held }"
        ),
        ("`min(rounds, 3) > 3` is never true for any possible value",),
        room(
            "var rounds: int 0..9 = 0\n"
            "extend state running.iterating {"
            " on pause if min(rounds, 3) > 2 -> running.paused.held"
            " on pause do { set rounds = rounds + 1 } -> running.paused.held }"
        ),
    ),
    Trouble(
        "E0803",
        day_and_night("when players > 0 -> day"),
        (
            "ann joins, ann is ready, ann has loaded:"
            " `when players > 0` triggers itself in an endless loop",
        ),
        day_and_night("after 1 turns -> day"),
    ),
    Trouble(
        "E0804",
        room('extend state running { on diverged do { announce "the engines differ" } }'),
        ("turns continue in `running.iterating` even if the engines diverge",),
        room("extend state running { on diverged do { drop diverged } }"),
    ),
    Trouble(
        "W0801",
        room("extend state setup { state lobby { after 5m -> gathering } }"),
        ("`setup.lobby` is unreachable",),
        room(
            "extend state setup.gathering { after 5m -> lobby }\n"
            "extend state setup { state lobby { after 5m -> gathering } }"
        ),
    ),
    Trouble(
        "W0802",
        room("extend state running.iterating {\n  after 20m -> ended\n  after 30m -> ended\n}"),
        ("`after 30m -> ended` is never taken: `after 20m` always comes first",),
        room(
            "extend state running.iterating { after 20m if players > 1 -> ended"
            "  after 30m -> ended }"
        ),
    ),
    Trouble(
        "W0802",
        room("extend state running { on ready -> ended }"),
        ("`on ready -> ended` is never taken",),
        room("extend state running { allow ready from player  on ready -> ended }"),
    ),
    Trouble(
        "W0802",
        room(
            "role captain is player\nrequest go\n"
            "extend state running.iterating { allow go from captain  on go -> ended }"
        ),
        ("`on go -> ended` is never taken: nobody is allowed to send `go` there",),
        room(
            "role captain is player\nrequest go\n"
            "extend state running.iterating {\n"
            "  entry do { pass captain }\n  allow go from captain  on go -> ended\n}"
        ),
    ),
    Trouble(
        "W0803",
        room(
            "override state running.paused.held { allow resume from player"
            "  on resume -> resume running.iterating }"
        ),
        (
            "ann joins, ann is ready, ann has loaded, ann sends pause:"
            " `running.paused.held` waits for players with no timeout",
        ),
        room(
            "override state running.paused.held { allow resume from player"
            "  on resume -> resume running.iterating  after 1h -> ended }"
        ),
    ),
    Trouble(
        "W0804",
        captained("on join do { pass host  pass captain }"),
        (
            "ann joins, bob joins, bob is ready, ann is ready, bob has loaded, ann has loaded,"
            " bob sends pause, ann leaves: nobody is captain any more, and nobody else can move"
            " the room on from `running.paused.held`",
        ),
        captained(
            "on join do { pass host  pass captain }\n  on leave do { pass host  pass captain }"
        ),
    ),
    Trouble(
        "W0805",
        room("command move { x: int 0..9 }"),
        ("no state allows the command `move`",),
        room(
            "command move { x: int 0..9 }\n"
            "extend state running.iterating { allow move from player }"
        ),
    ),
    Trouble(
        "W0805",
        room(
            "command move { x: int 0..9 }\nextend state running.paused { allow move from player }"
        ),
        ("the command `move` is never allowed while turns advance",),
        room("command move { x: int 0..9 }\nextend state running { allow move from player }"),
    ),
    Trouble(
        "W0806",
        room("request vote\nextend state running { allow vote from player }"),
        ("`vote` is allowed in `running`, but nothing there handles it",),
        room(
            'request vote { choice: "a" | "b" }\n'
            'extend state running { allow vote from player  when all player chose "a" -> ended }'
        ),
    ),
)
