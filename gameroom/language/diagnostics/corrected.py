"""The corrected examples of the codes, which `gameroom explain` shows next to the wrong ones.

The tests check that every code has one, and that it has no problems.
"""

from __future__ import annotations

from gameroom.language.diagnostics.examples import YAML_HEAD, room

_ALONE = (
    'language 1\nroom "example" {\n  players 1..2\n  state setup { after 1h -> running }\n'
    "  state running {\n    after 1h -> ended\n  }\n  final ended\n}\n"
)

_MOVE = "command move { x: int 0..9 }\nextend state running.iterating { allow move from player }"
_VOTE = (
    'request vote { choice: "yes" | "no" }\n'
    "extend state running.paused.held {\n  allow vote from player\n"
)

CORRECTED: dict[str, str] = {
    "E0101": room(_MOVE),
    "E0102": room("extend state setup.gathering {\n  after 10m -> ended\n}"),
    "E0103": room("role leader is player"),
    "E0104": room('extend state setup.gathering { after 5m -> ended because "too late" }'),
    "E0105": room("extend state setup.gathering { after 1500ms -> ended }"),
    "E0106": room("players 2..4"),
    "E0107": room("role captain is player"),
    "E0108": room("players 2..4"),
    "E0109": room('extend state setup.gathering { after 5m -> ended because "a \\\\q" }'),
    "E0110": room(""),
    "E0111": room(""),
    "E0112": room(
        "extend state setup {\n  initial draft\n  state draft { after 5m -> gathering }\n}"
    ),
    "E0113": room("# café"),
    "E0201": YAML_HEAD + "room: {name: example, extends: standard}\n",
    "E0202": YAML_HEAD + "room: {name: example, extends: standard}\n",
    "E0203": YAML_HEAD + "room: {name: one, extends: standard}\n",
    "E0204": YAML_HEAD + "room: {name: example, extends: standard, commands: {}}\n",
    "E0301": room(""),
    "E0302": room(""),
    "E0303": room(""),
    "E0304": room(""),
    "E0305": room("extend state setup.gathering { after 5m -> ended }"),
    "E0306": room("role captain is player"),
    "E0308": room("extend state setup.gathering { after 5m -> ended }"),
    "E0309": room(""),
    "E0401": room("extend state setup.gathering { after 5m -> starting }"),
    "E0402": room(_MOVE),
    "E0403": room("extend state running.iterating { on pause -> running.paused.held }"),
    "E0404": room("extend state setup.gathering { allow configure from host }"),
    "E0405": room("extend state setup.gathering { when players > 3 -> starting }"),
    "E0406": room("extend state setup.gathering { on join if event.seat > 0 -> starting }"),
    "E0407": room("extend state setup.gathering { when all player ready -> starting }"),
    "E0408": room(_VOTE + '  when any player chose "yes" -> resume running.iterating\n}'),
    "E0409": room("policy pace { tick = 20 per second }"),
    "E0411": room(
        "request enter\nextend state running {\n  allow enter from player\n"
        '  on enter do { announce "somebody enters" }\n}'
    ),
    "E0412": room("setting builder: int 0..9 = 0"),
    "E0413": room("extend state setup.gathering { when max(players, 3) > 3 -> starting }"),
    "E0501": room(_MOVE),
    "E0502": room("players 2..8"),
    "E0503": room("setting gold: int 0..9007199254740991 = 0"),
    "E0504": room("setting gold: int 100..1000 = 100"),
    "E0505": room("extend state setup.gathering { when players > 1 -> starting }"),
    "E0506": room("policy lag { pause after = 3s }"),
    "E0507": room("var score: int 0..9 = 0"),
    "E0508": room(
        "command shout { text: string(0..900) }\n"
        "extend state running.iterating { allow shout from player }"
    ),
    "E0601": room("extend state running.iterating {\n  initial day\n  state day iterates { }\n}"),
    "E0602": room("extend state running.iterating {\n  initial day\n  state day iterates { }\n}"),
    "E0603": room("extend state setup { state won { after 5m -> ended } initial won }"),
    "E0604": _ALONE,
    "E0605": room(
        "extend state running { on lost if players < 2 -> ended  on lost -> running.paused.held }"
    ),
    "E0606": room(
        "extend state running { state draft iterates { after 5m -> iterating } initial draft }"
    ),
    "E0607": _ALONE,
    "E0608": room("extend state running.iterating { initial a  state a { } }"),
    "E0609": room("extend state running.iterating { on pause -> running.paused }"),
    "E0610": _ALONE,
    "E0611": room(
        "extend state running.iterating {\n  initial match\n  state match {\n    initial first\n"
        "    state first { after 600 turns -> over }\n    final over\n  }\n"
        "  on done(match) -> ended\n}"
    ),
    "E0701": room("") + 'scenario "s" {\n  given players ann, bob\n  bob sends ready\n}\n',
    "E0702": room(_MOVE) + 'scenario "s" {\n  given players ann\n  ann sends move { x: 9 }\n}\n',
    "E0801": (
        'language 1\n\nroom "example" {\n  players 2..2\n  request go\n'
        "  allow leave from player\n\n  state setup {\n    allow join from player\n"
        "    when players == 2 -> running\n    after 10m -> ended\n  }\n\n"
        "  state running {\n    initial countdown\n    after 1h -> ended\n"
        "    state countdown {\n"
        "      allow go from player\n      on go if players == 2 -> playing\n    }\n"
        "    state playing { after 30m -> ended }\n  }\n\n  final ended\n}\n"
    ),
    "E0802": room("players 2..4\nextend state setup.gathering { when players > 3 -> starting }"),
    "E0803": room(
        "extend state running.iterating {\n  initial day\n"
        "  state day iterates { after 5m -> night }\n"
        "  state night iterates { when players > 0 -> day }\n}"
    ),
    "E0804": room(
        'extend state running { on diverged do { announce "the engines differ" } -> ended }'
    ),
    "W0001": room("players 2..3"),
    "W0002": room(
        "# allow W0805: the next version of the game has it\ncommand move { x: int 0..9 }"
    ),
    "W0003": room("players 2..3"),
    "W0801": room("extend state setup { state lobby { after 5m -> gathering } initial lobby }"),
    "W0802": room("extend state running.iterating {\n  after 30m -> ended\n}"),
    "W0803": room(
        "request go\n\noverride state running.paused.held {\n  allow go from player\n"
        "  on go -> resume running.iterating\n  after 10m -> ended\n}"
    ),
    "W0804": room(
        "role captain is player\nrequest go\non join do { pass host  pass captain }\n"
        "on leave do { pass host  pass captain }\n\n"
        "override state running.paused.held {\n  allow go from captain\n"
        "  on go -> resume running.iterating\n  after 30m -> ended\n}"
    ),
    "W0805": room(_MOVE),
    "W0806": room(
        "request vote\n\nextend state running {\n  allow vote from player\n"
        '  on vote do { announce "somebody votes" }\n}'
    ),
}
"""The corrected examples by code."""
