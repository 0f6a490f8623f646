"""The codes of diagnostics: what each means, why, and a short file that shows it.

A code never changes its meaning and is never used again for another. Every example here
is run by the tests and gives its own code. The hundreds: 0 comments that allow
warnings, 1 syntax, 2 YAML, 3 uses and
merging, 4 names, 5 types and values, 6 the chart, 7 scenarios, 8 what follows from playing
the room (docs/checks.md). W is a warning.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameroom.model.builtin import COUNTERS, DOINGS, EVENTS, FLAGS, INHERITED, PEOPLE
from gameroom.model.words import listed


@dataclass(frozen=True, slots=True)
class Code:
    """`example` is a whole file that gives this code; `file` is its name."""

    title: str
    explanation: str
    example: str
    file: str = "example.room"


def room(body: str) -> str:
    """A room on top of the standard one."""
    lines = "".join(f"  {line}\n" if line else "\n" for line in body.splitlines())
    return f'language 1\nuse "standard"\n\nroom "example" extends standard {{\n{lines}}}\n'


YAML_HEAD = "language: 1\nuse: [standard]\n"

CODES: dict[str, Code] = {
    "E0101": Code(
        "a word or a sign does not fit",
        "The grammar does not allow this word here. The message lists what may stand here;"
        " a misspelt keyword gets a suggestion. The rest of the file is still read: after the"
        " mistake reading goes on at the next member or at the closing brace of the block.",
        room("comand move { x: int 0..9 }"),
    ),
    "E0102": Code(
        "a brace is never closed",
        "Every `{` needs its `}`. The brace that is told is the one that was probably"
        " forgotten: where braces do not add up, a `}` at the start of a line is taken to"
        " close the block that began at the same indentation.",
        room("extend state setup.gathering {\n  after 10m -> ended\nrequest vote"),
    ),
    "E0103": Code(
        "a reserved word is used as a name",
        "The words that begin a member, such as `state`, `on` or `team`, are reserved, so that"
        " a file can always be read from its first words. Only the fields of a body may use"
        " them as names.",
        room("role state is player"),
    ),
    "E0104": Code(
        "a text is not closed",
        "A text stands in double quotes on one line. A quote inside it is written `\\\"`.",
        room("extend state setup.gathering { after 5m -> ended because \"too late }"),
    ),
    "E0105": Code(
        "a number is not a whole number",
        "All numbers are whole, so that every engine and the server agree on them to the"
        " last digit. A smaller unit says what a fraction would: `500ms` is half a second.",
        room("extend state setup.gathering { after 1.5m -> ended }"),
    ),
    "E0106": Code(
        "a character means nothing",
        "This character is not part of the language outside of texts and comments. Names have"
        " letters from a to z, `_`, and digits after the first. There are no semicolons;"
        " `and`, `or` and `not` are words; texts stand in double quotes.",
        room("players 2..4;"),
    ),
    "E0107": Code(
        "something is too large",
        "A file, its nesting, its names and its expressions have limits, far above what a"
        " room needs, so that nobody can stop a server with a file.",
        room("role " + "a" * 41 + " is player"),
    ),
    "E0108": Code(
        "a brace closes nothing",
        "There are more `}` than `{`.",
        room("players 2..4\n}"),
    ),
    "E0109": Code(
        "an escape in a text is no character",
        'The escapes of texts are those of JSON: `\\"`, `\\\\`, `\\n`, `\\t` and `\\u0041`.',
        room('extend state setup.gathering { after 5m -> ended because "a \\q" }'),
    ),
    "E0110": Code(
        "the language version is missing or unknown",
        "The first line of a room file says which version of the language it is written in,"
        " so that old files keep their meaning: `language 1`.",
        'use "standard"\n\nroom "example" extends standard {\n}\n',
    ),
    "E0111": Code(
        "a file holds more than one room",
        "One file, one room. Shared parts go into a room of their own that others `use` and"
        " extend.",
        'language 1\nuse "standard"\n\nroom "example" extends standard {\n}\n\n'
        'room "second" extends standard {\n}\n',
    ),
    "E0112": Code(
        "a new state is named by a path",
        "A new state stands inside its parent and has a plain name. A path names a state that"
        " is inherited, behind `extend` or `override`.",
        room("state setup.draft { after 5m -> ended }"),
    ),
    "E0113": Code(
        "the file is not UTF-8",
        "Room files are UTF-8 text. Editors can save a file anew in that encoding.",
        room("# caf\udce9"),
    ),
    "E0201": Code(
        "the YAML can't be read",
        "The text is not YAML. The place is where the reader gave up; the mistake is often"
        " just before: indentation, a missing colon, an open quote.",
        YAML_HEAD + "room: {name: example, extends: standard\n",
        "example.room.yaml",
    ),
    "E0202": Code(
        "a feature of YAML is refused",
        "Tags, anchors, aliases, merge keys and several documents in one file are refused: they"
        " can blow up a small file, and they hide what a room says. So are the characters U+0085,"
        " U+2028 and U+2029, which end a line for some readers and not for others.",
        YAML_HEAD + "room: &here {name: example, extends: standard}\n",
        "example.room.yaml",
    ),
    "E0203": Code(
        "a key stands twice in one map",
        "Readers of YAML differ in which one counts, so neither does.",
        YAML_HEAD + "room: {name: one, extends: standard, name: two}\n",
        "example.room.yaml",
    ),
    "E0204": Code(
        "the YAML does not have the shape of a room",
        "The file does not fit `grammars/room.schema.json`: a key is unknown or missing, or a"
        " value is of another kind. Editors that know JSON Schema show this while typing.",
        YAML_HEAD + "room: {name: example, extends: standard, comands: {}}\n",
        "example.room.yaml",
    ),
    "E0301": Code(
        "a used file is not there",
        "`use` names a shipped room, such as `standard`, or a room file beside this one.",
        'language 1\nuse "standrad"\n\nroom "example" extends standard {\n}\n',
    ),
    "E0302": Code(
        "files use each other in a circle",
        "A room can't extend itself, directly or through others.",
        'language 1\nuse "example.room"\n\nroom "example" extends example {\n}\n',
    ),
    "E0303": Code(
        "too many files are used",
        "Uses can be nested a few levels and bring in a few dozen files.",
        'language 1\nuse "deeper"\n\nroom "example" extends deeper {\n}\n',
    ),
    "E0304": Code(
        "the extended room is not in a used file",
        "`extends` names a room by the name that it has in its own file, or by the name under"
        " which it is used. Nothing is brought in without a `use`.",
        'language 1\nuse "standard"\n\nroom "example" extends standart {\n}\n',
    ),
    "E0305": Code(
        "there is no inherited state to extend or override",
        "`extend state a.b` adds to a state of the room that this room extends, and"
        " `override state a.b` replaces one. The path is written from the top of the room, or"
        " from the extended state around it.",
        room("extend state setup.gathring { after 5m -> ended }"),
    ),
    "E0306": Code(
        "something is declared twice",
        "A name has one meaning. An inherited declaration may be repeated word for word; to"
        " say more of an inherited state use `extend`, to replace it `override`.",
        room("role captain is player\nrole captain is player"),
    ),
    "E0308": Code(
        "a state is extended as another kind",
        "`extend` names the state with the kind that it was declared with.",
        room("extend parallel setup.gathering { after 5m -> ended }"),
    ),
    "E0309": Code(
        "the file has no room",
        "A room file describes one room; a file without one has nothing to check or to play.",
        'language 1\nuse "standard"\n',
    ),
    "E0401": Code(
        "there is no such state",
        "A target, `in(...)` or `expect` names a state that does not exist from here. The first"
        " word of a path is looked for among the children of the state that says it, then"
        " beside it, then on each level above; the other words lead strictly downward.",
        room("extend state setup.gathering { after 5m -> startng }"),
    ),
    "E0402": Code(
        "there is no such command, request or doing",
        "Permissions name the commands and requests of the room and what people do in every"
        f" room: {listed(DOINGS, 'and')}. Nothing is created by being mentioned.",
        room(
            "command move { x: int 0..9 }\n"
            "extend state running.iterating { allow mvoe from player }"
        ),
    ),
    "E0403": Code(
        "there is no such event",
        "`on` waits for a request or signal of the room, for what some action raises, or for what"
        f" every room raises by itself: {listed(EVENTS, 'and')}. `raise` needs a transition that"
        " waits for it, and can't pretend to be an event with fields or one of the room's own.",
        room("extend state running.iterating { on puase -> running.paused.held }"),
    ),
    "E0404": Code(
        "there are no such people",
        f"People are named by {listed(PEOPLE, 'or')}, or by a role or a team of the room.",
        room("extend state setup.gathering { allow configure from hots }"),
    ),
    "E0405": Code(
        "there is no such setting, variable or counter",
        f"Expressions read settings, variables and the counters {listed(COUNTERS, 'and')}."
        " Actions set variables only: settings are changed by people.",
        room("extend state setup.gathering { when playrs > 3 -> starting }"),
    ),
    "E0406": Code(
        "the event has no such field",
        "`event.NAME` reads a field of the event that an `on` is handling: those of the request"
        " or signal, and `seat`. Other triggers handle no event.",
        room("extend state setup.gathering { on join if event.set > 0 -> starting }"),
    ),
    "E0407": Code(
        "the server knows no such thing of a person",
        f"A person is {listed(FLAGS, 'or')}, or is not.",
        room("extend state setup.gathering { when all player redy -> starting }"),
    ),
    "E0408": Code(
        "there is no such choice",
        "The text is compared with a value that can never be it, or no request has a field"
        " `choice` that offers it.",
        room(
            'request vote { choice: "yes" | "no" }\n'
            'extend state setup.gathering { when any player chose "yep" -> starting }'
        ),
    ),
    "E0409": Code(
        "there is no such policy or key",
        "The policies and their keys are a fixed list, see the table in the reference.",
        room("policy pace { tik = 20 per second }"),
    ),
    "E0411": Code(
        "a name belongs to every room",
        "Built-in doings, events, counters and kinds of people can't be declared anew, and a"
        " setting or variable can't have the name of a word that begins a question.",
        room("request join"),
    ),
    "E0412": Code(
        "a name has a meaning of its own in JavaScript",
        "Every object of JavaScript has certain things by itself, and pages and engines keep what a"
        " room declares in objects: by such a name they would find what nobody put there, or lose"
        f" what was put. These names can't be declared: {listed(sorted(INHERITED), 'and')}. Choices"
        " and texts are values, and may be anything.",
        room("setting constructor: int 0..9 = 0"),
    ),
    "E0501": Code(
        "a type does not state its size",
        "Everything has a bound, so that the largest packet of a room is known before anybody"
        " plays: `int 0..99`, `string(0..40)`, `list(0..10) of bool`.",
        room("command move { x: int }"),
    ),
    "E0502": Code(
        "a range is reversed or a size negative",
        "A range is written from the lower to the higher end, and includes both.",
        room("players 8..2"),
    ),
    "E0503": Code(
        "a number or a time is too large",
        "Whole numbers stay exact in Python and JavaScript up to 2^53-1. Times end at seven"
        " days.",
        room("setting gold: int 0..9007199254740992 = 0"),
    ),
    "E0504": Code(
        "a value does not fit",
        "A default fits its type; numbers of players, teams and quorums are possible ones.",
        room("setting gold: int 100..1000 = 50"),
    ),
    "E0505": Code(
        "an expression has the wrong type",
        "Guards and `when` ask what is true or false; arithmetic and order compare whole"
        " numbers; `==` and `!=` compare two values of one type. Comparisons are not chained.",
        room("extend state setup.gathering { when players -> starting }"),
    ),
    "E0506": Code(
        "a policy's value does not fit",
        "Each key takes one form of value, between its bounds: see the table in the reference.",
        room("policy lag { pause after = 3 }"),
    ),
    "E0507": Code(
        "a variable is a list",
        "Variables are numbers, texts, choices and truths. Lists belong to settings and bodies.",
        room("var score: list(0..4) of int 0..9 = []"),
    ),
    "E0508": Code(
        "a body or a type is too large",
        "A command in its largest spelling fits into one packet, see `policy limits`.",
        room("command shout { text: string(0..9000) }"),
    ),
    "E0601": Code(
        "a state does not say where it begins",
        "A state with states inside names the one that is entered with it: `initial day`. Only"
        " a room itself has none: it begins in `setup`.",
        room("extend state running.iterating {\n  state day iterates { }\n}"),
    ),
    "E0602": Code(
        "a state begins where it can't",
        "`initial` names a state inside, by its path from there. A parallel has none: it begins"
        " in all of its regions. A history leads to a state of its own parent.",
        room("extend state running.iterating {\n  initial dya\n  state day iterates { }\n}"),
    ),
    "E0603": Code(
        "a transition leads out of a final state",
        "Entering a final state ends its parent; there is nothing left that could move.",
        room("final won { after 5m -> ended }"),
    ),
    "E0604": Code(
        "nothing leads out of a state",
        "A state that is not final needs a transition that leaves it, its own or one of a state"
        " around it; otherwise the room stays there for ever.",
        'language 1\nroom "example" {\n  players 1..2\n  state setup { }\n'
        "  state running { after 1h -> ended }\n  final ended\n}\n",
    ),
    "E0605": Code(
        "a transition is never taken",
        "Of two transitions with the same trigger in one state the first is asked first; when"
        " it has no guard the second has no chance. An extending room may do this to what it"
        " inherits: that is how it takes over.",
        room("extend state running { on lost -> ended  on lost -> running.paused.held }"),
    ),
    "E0606": Code(
        "turns can't advance in this state",
        "Turns advance only while the engines run: in states inside `running`.",
        room("extend state setup { state draft iterates { after 5m -> gathering } }"),
    ),
    "E0607": Code(
        "a room lacks setup, running or an end",
        "Every room has the two parent states `setup` and `running`, and final states beside"
        " them. The standard room brings all three.",
        'language 1\nroom "example" {\n  players 1..2\n  state setup { after 1h -> ended }\n'
        "  final ended\n}\n",
    ),
    "E0608": Code(
        "a kind of state stands where it can't",
        "Regions stand in a parallel and a parallel holds regions; a final state holds nothing;"
        " a history stands beside other states inside a state that is left and entered again.",
        room("extend state running.iterating { initial a  region a { } }"),
    ),
    "E0609": Code(
        "a target can't be reached in this way",
        "`internal` leads to a state inside the one that says it, without leaving it. `resume`"
        " leads back to where a state was left, which final states and histories never are.",
        room("extend state running.iterating { on pause -> internal running.paused }"),
    ),
    "E0610": Code(
        "the number of players is missing",
        "A room that extends no other says how many may play: `players 2..8`.",
        'language 1\nroom "example" {\n  state setup { after 1h -> ended }\n'
        "  state running { after 1h -> ended }\n  final ended\n}\n",
    ),
    "E0611": Code(
        "a state is never done",
        "`done(x)` happens when a final state directly inside `x` is entered; a parallel is done"
        " when every region is.",
        room("extend state running { on done(running.paused) -> ended }"),
    ),
    "E0701": Code(
        "a scenario names somebody who is not there",
        "People of a scenario come in by `given players ann, bob` or `cat joins`.",
        room("") + 'scenario "s" {\n  given players ann\n  bob sends ready\n}\n',
    ),
    "E0702": Code(
        "a scenario sends what would be refused",
        "The body does not fit the fields that the room declares.",
        room("command move { x: int 0..9 }")
        + 'scenario "s" {\n  given players ann\n  ann sends move { x: 10 }\n}\n',
    ),
    "E0801": Code(
        "the room can't come to an end",
        "From here no sequence of events leads to an end: whatever people do, and however long"
        " they wait, the room stays. The message tells the shortest way into it. A server keeps"
        " such a room for ever.",
        "language 1\n\nroom \"example\" {\n  players 2..2\n  request go\n"
        "  allow leave from player\n\n  state setup {\n    allow join from player\n"
        "    when players == 2 -> running\n    after 10m -> ended\n  }\n\n"
        "  state running {\n    initial countdown\n    state countdown {\n"
        "      allow go from player\n      on go if players == 2 -> playing\n    }\n"
        "    state playing { after 30m -> ended }\n  }\n\n  final ended\n}\n",
    ),
    "E0802": Code(
        "a condition never holds",
        "No allowed number of players makes it true, or the numbers that it compares have no"
        " value in common. What waits for it waits for ever.",
        room("extend state setup.gathering { when players > 9 -> starting }"),
    ),
    "E0803": Code(
        "transitions set each other off without end",
        "A `when` or a raised event leads to the next one, and round again, with nothing to wait"
        " for in between. The server stops a room that does this.",
        room(
            "extend state running.iterating {\n  initial day\n"
            "  state day iterates { when players > 0 -> night }\n"
            "  state night iterates { when players > 0 -> day }\n}"
        ),
    ),
    "E0804": Code(
        "nothing happens when the engines diverge",
        "Turns go on in this state although the engines no longer play the same game. A state"
        " that iterates, or one around it, has to answer to `diverged`: lead elsewhere, or drop"
        " who differs.",
        room('extend state running { on diverged do { announce "the engines differ" } }'),
    ),
    "W0001": Code(
        "a warning is allowed that is not there",
        "A comment `# allow W0803: reason` allows the warnings of that code on its line, or on the"
        " next line that says something. Here is none, any more; a comment that stays would hide"
        " the next one.",
        room("# allow W0803: the host decides\nplayers 2..3"),
    ),
    "W0002": Code(
        "a warning is allowed without a reason",
        "Whoever reads the file later has to know why the warning does no harm. Without a reason"
        " the warning is told as well.",
        room("# allow W0805\ncommand move { x: int 0..9 }"),
    ),
    "W0003": Code(
        "something is allowed that is no warning",
        "Only the code of a warning can be allowed. Errors are to be fixed: a room that has one"
        " can't be played.",
        room("# allow E0604: the players know\nplayers 2..3"),
    ),
    "W0801": Code(
        "a state is never entered",
        "No sequence of events leads there.",
        room("extend state setup { state lobby { after 5m -> gathering } }"),
    ),
    "W0802": Code(
        "a transition is never taken",
        "Its state is entered, but something always comes before it, or its guard never holds"
        " at the right moment.",
        room("extend state running.iterating {\n  after 20m -> ended\n  after 30m -> ended\n}"),
    ),
    "W0803": Code(
        "a state waits for people alone",
        "Nothing but somebody's doing leads out of it: no turns advance and no time runs out."
        " People forget, fall asleep and come back tomorrow; `after` says how long a room waits.",
        room(
            "request go\n\noverride state running.paused.held {\n  allow go from player\n"
            "  on go -> resume running.iterating\n}"
        ),
    ),
    "W0804": Code(
        "the room waits for a role that nobody holds",
        "Only the holder of a role can move the room on, and the role is not handed on when its"
        " holder leaves. The others sit there until time runs out.",
        room(
            "role captain is player\nrequest go\non join do { pass host  pass captain }\n\n"
            "override state running.paused.held {\n  allow go from captain\n"
            "  on go -> resume running.iterating\n  after 30m -> ended\n}"
        ),
    ),
    "W0805": Code(
        "a command is never allowed",
        "Commands are refused unless some active state allows them, and they reach the engines"
        " only while turns advance. Nobody will ever be able to give this one.",
        room("command move { x: int 0..9 }"),
    ),
    "W0806": Code(
        "a request is allowed and nothing waits for it",
        "Whoever sends it is told that it was taken, and nothing happens: no transition here, in"
        " the states around it or inside it waits for the request, and no quorum counts it.",
        room("request vote\n\nextend state running { allow vote from player }"),
    ),
}  # fmt: skip
"""Every code, in order."""
