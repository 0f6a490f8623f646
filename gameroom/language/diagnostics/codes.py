"""The codes of diagnostics: meaning, reason, and a short file as an example.

A code never changes its meaning, and a removed code is never used again. The tests check that every
example has its code. The hundreds: 0 comments that allow warnings, 1 syntax, 2 YAML, 3 uses and
merging, 4 names, 5 types and values, 6 the chart, 7 scenarios, 8 results of exploring the room
(docs/checks.md). W is a warning.
"""

from __future__ import annotations

from gameroom.language.diagnostics.examples import YAML_HEAD, Code, room
from gameroom.model.builtin import COUNTERS, DOINGS, EVENTS, FLAGS, INHERITED, PEOPLE
from gameroom.model.functions import FUNCTIONS
from gameroom.model.words import listed

CODES: dict[str, Code] = {
    "E0101": Code(
        "syntax error",
        "The grammar does not allow this word or symbol here. The message lists what is allowed,"
        " and suggests a keyword if this one looks misspelt. The parser continues with the next"
        " declaration in the block, or after the closing brace of the block, so other errors in"
        " the file are reported too.",
        room("comand move { x: int 0..9 }"),
    ),
    "E0102": Code(
        "unclosed brace",
        "Every `{` needs a `}`. The error points at the brace that was probably forgotten: if the"
        " braces of a file don't match, a `}` at the start of a line is assumed to close the block"
        " that starts at the same indentation.",
        room("extend state setup.gathering {\n  after 10m -> ended\nrequest vote"),
    ),
    "E0103": Code(
        "reserved word used as a name",
        "The words that start a declaration, such as `state`, `on` or `team`, are reserved, so"
        " that each declaration can be recognised by its first word. Only the fields of a"
        " command, request or signal can use them as names.",
        room("role state is player"),
    ),
    "E0104": Code(
        "unterminated string",
        "A string is written in double quotes and ends on the line it starts on. Write a quote"
        " inside a string as `\\\"`.",
        room("extend state setup.gathering { after 5m -> ended because \"too late }"),
    ),
    "E0105": Code(
        "invalid number",
        "All numbers are whole, so that the game engine in every browser and the server get"
        " exactly the same results. For a fraction of a time, use a smaller unit: `500ms` is half"
        " a second.",
        room("extend state setup.gathering { after 1.5m -> ended }"),
    ),
    "E0106": Code(
        "unexpected character",
        "This character can only be used in strings and comments. Names consist of the letters a"
        " to z, `_` and, after the first character, digits. There are no semicolons. `and`, `or`"
        " and `not` are written as words, and strings in double quotes.",
        room("players 2..4;"),
    ),
    "E0107": Code(
        "limit exceeded",
        "The size of a file, its nesting, its names and its expressions are limited. The limits"
        " are far above what a room needs; they prevent a file from overloading a server.",
        room("role " + "a" * 41 + " is player"),
    ),
    "E0108": Code(
        "unmatched closing brace",
        "The file has a `}` that does not close any `{`.",
        room("players 2..4\n}"),
    ),
    "E0109": Code(
        "invalid escape in a string",
        "A string can contain these JSON escapes: `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u` with"
        " four hex digits, such as `\\u0041`.",
        room('extend state setup.gathering { after 5m -> ended because "a \\q" }'),
    ),
    "E0110": Code(
        "missing or unknown language version",
        "The first line of a room file gives the version of the language it is written in:"
        " `language 1`. That way, old files keep their meaning when the language changes.",
        'use "standard"\n\nroom "example" extends standard {\n}\n',
    ),
    "E0111": Code(
        "more than one room in a file",
        "A file contains one room. Put shared parts into a room in another file. Other rooms can"
        " then `use` and extend that room.",
        'language 1\nuse "standard"\n\nroom "example" extends standard {\n}\n\n'
        'room "second" extends standard {\n}\n',
    ),
    "E0112": Code(
        "new state named by a path",
        "A new state is declared inside its parent and has a simple name. Only `extend` and"
        " `override` take a path, because they refer to an inherited state.",
        room("state setup.draft { after 5m -> ended }"),
    ),
    "E0113": Code(
        "invalid UTF-8",
        "Room files are UTF-8 text. Most editors can save a file in that encoding.",
        room("# caf\udce9"),
    ),
    "E0201": Code(
        "invalid YAML",
        "The text is not valid YAML. The error is where the parser stopped. The cause is often"
        " just before that: the indentation, a missing colon or an open quote.",
        YAML_HEAD + "room: {name: example, extends: standard\n",
        "example.room.yaml",
    ),
    "E0202": Code(
        "unsupported YAML feature",
        "Tags, anchors, aliases, merge keys and several documents in one file are not allowed:"
        " they can make a small file expand into a huge one, and they make a room hard to read."
        " The characters U+0085, U+2028 and U+2029 are not allowed either, because they end a line"
        " in some versions of YAML but not in others.",
        YAML_HEAD + "room: &here {name: example, extends: standard}\n",
        "example.room.yaml",
    ),
    "E0203": Code(
        "duplicate key",
        "A map can contain a key only once. If a key occurs twice, YAML parsers differ in which"
        " of the two values they use.",
        YAML_HEAD + "room: {name: one, extends: standard, name: two}\n",
        "example.room.yaml",
    ),
    "E0204": Code(
        "invalid structure of a YAML room",
        "The file does not match `grammars/room.schema.json`: a key is unknown or missing, or a"
        " value has the wrong type. Editors that support JSON Schema show such errors as you type.",
        YAML_HEAD + "room: {name: example, extends: standard, comands: {}}\n",
        "example.room.yaml",
    ),
    "E0301": Code(
        "file in `use` not found",
        "`use` takes the name of a shipped room, such as `standard`, or of a room file in the"
        " same folder.",
        'language 1\nuse "standrad"\n\nroom "example" extends standard {\n}\n',
    ),
    "E0302": Code(
        "circular use",
        "A room can't extend itself, directly or through other rooms.",
        'language 1\nuse "example.room"\n\nroom "example" extends example {\n}\n',
    ),
    "E0303": Code(
        "too many files used",
        "The number of files that a room can use is limited. The depth is limited too: a used"
        " file can use other files, but only down to a maximum level.",
        'language 1\nuse "deeper"\n\nroom "example" extends deeper {\n}\n',
    ),
    "E0304": Code(
        "extended room not found",
        "`extends` takes the name of a room as declared in its file, or the name in the `use`"
        " line. List the file with `use` first.",
        'language 1\nuse "standard"\n\nroom "example" extends standart {\n}\n',
    ),
    "E0305": Code(
        "nothing to extend or override",
        "`extend state a.b` adds to an inherited state, and `override state a.b` replaces one."
        " The path starts at the top of the room, or at the enclosing state if that is extended"
        " too.",
        room("extend state setup.gathring { after 5m -> ended }"),
    ),
    "E0306": Code(
        "duplicate declaration",
        "A name can be declared only once. You can repeat an inherited declaration if it is"
        " exactly the same. To add to an inherited state, use `extend`; to replace it, use"
        " `override`.",
        room("role captain is player\nrole captain is player"),
    ),
    "E0308": Code(
        "state extended as another kind",
        "`extend` must use the same kind of state as the inherited declaration, such as `state`,"
        " `parallel` or `region`.",
        room("extend parallel setup.gathering { after 5m -> ended }"),
    ),
    "E0309": Code(
        "no room in the file",
        "A room file describes one room. Without a room, there is nothing to check or to play.",
        'language 1\nuse "standard"\n',
    ),
    "E0401": Code(
        "unknown state",
        "A target, `in(...)` or `expect` refers to a state that can't be found from this place."
        " The first word of a path is looked up among the children of the current state, then"
        " among its siblings, then on each level above. Each further word names a child of the"
        " state before it.",
        room("extend state setup.gathering { after 5m -> startng }"),
    ),
    "E0402": Code(
        "unknown command, request or built-in action",
        "`allow` lists the room's commands and requests, and the actions built into every room:"
        f" {listed(DOINGS, 'and')}. Declare a command or request before you use it.",
        room(
            "command move { x: int 0..9 }\n"
            "extend state running.iterating { allow mvoe from player }"
        ),
    ),
    "E0403": Code(
        "unknown event",
        "`on` can handle a request or a signal of the room, an event that an action raises, or a"
        f" built-in event: {listed(EVENTS, 'and')}. `raise` needs a transition that handles the"
        " event. It can't raise built-in events or events that have fields.",
        room("extend state running.iterating { on puase -> running.paused.held }"),
    ),
    "E0404": Code(
        "unknown group of people",
        f"People are referred to as {listed(PEOPLE, 'or')}, or by a role or a team of the room.",
        room("extend state setup.gathering { allow configure from hots }"),
    ),
    "E0405": Code(
        "unknown setting, variable or counter",
        f"Expressions can read settings, variables and the counters {listed(COUNTERS, 'and')}."
        " Actions can set only variables; settings are changed by people.",
        room("extend state setup.gathering { when playrs > 3 -> starting }"),
    ),
    "E0406": Code(
        "unknown field of an event",
        "`event.NAME` reads a field of the event that an `on` transition handles. The field is"
        " one that the request or signal declares, or `seat`: the seat number of the player whom"
        " the event is about. Other transitions can't read `event`.",
        room("extend state setup.gathering { on join if event.set > 0 -> starting }"),
    ),
    "E0407": Code(
        "unknown player flag",
        f"These are the flags that a player can have: {listed(FLAGS, 'and')}.",
        room("extend state setup.gathering { when all player redy -> starting }"),
    ),
    "E0408": Code(
        "unknown choice",
        "Something is compared with a string that it can never equal, or `chose` names a value"
        " that no request's `choice` field allows.",
        room(
            'request vote { choice: "yes" | "no" }\n'
            'extend state setup.gathering { when any player chose "yep" -> starting }'
        ),
    ),
    "E0409": Code(
        "unknown policy or key",
        "The policies and their keys are built in. See the table in the language reference.",
        room("policy pace { tik = 20 per second }"),
    ),
    "E0411": Code(
        "name is built in",
        "Built-in actions, events, counters and groups of people can't be declared again. In"
        " addition, a setting or variable can't be called by a word that starts a condition, such"
        " as `all` or `any`.",
        room("request join"),
    ),
    "E0412": Code(
        "name reserved in JavaScript",
        "Every JavaScript object has some properties of its own. Pages and engines keep the"
        " declarations of a room in objects, so a declaration with such a name could be lost or"
        " confused with the property. These names can't be declared:"
        f" {listed(sorted(INHERITED), 'and')}. Only names are restricted; choices and strings can"
        " have any value.",
        room("setting constructor: int 0..9 = 0"),
    ),
    "E0413": Code(
        "unknown function or wrong number of arguments",
        f"Expressions can call the functions {listed(FUNCTIONS, 'and')}. Their arguments and"
        " results are whole numbers.",
        room("extend state setup.gathering { when mx(players, 3) > 3 -> starting }"),
    ),
    "E0501": Code(
        "missing size or bounds of a type",
        "Every type has a maximum size, so that the largest packet of a room is known in advance."
        " Examples: `int 0..99`, `string(0..40)`, `list(0..10) of bool`.",
        room("command move { x: int }"),
    ),
    "E0502": Code(
        "invalid range",
        "A range goes from the lower to the higher number and includes both. Sizes can't be"
        " negative.",
        room("players 8..2"),
    ),
    "E0503": Code(
        "number or time too large",
        "JavaScript represents whole numbers exactly only up to 2^53-1, so that is the limit."
        " Times can be up to seven days long.",
        room("setting gold: int 0..9007199254740992 = 0"),
    ),
    "E0504": Code(
        "value does not fit",
        "A default value must fit its type. Numbers of players, sizes of teams and quorums must"
        " be within their limits, and the players must be enough for all teams.",
        room("setting gold: int 100..1000 = 50"),
    ),
    "E0505": Code(
        "expression has the wrong type",
        "Guards (the `if` of a transition) and `when` need a condition, which is true or false."
        " Arithmetic and the operators `<`, `<=`, `>` and `>=` need whole numbers. `==` and `!=`"
        " compare two values of the same type. Comparisons can't be chained.",
        room("extend state setup.gathering { when players -> starting }"),
    ),
    "E0506": Code(
        "invalid value of a policy",
        "Each policy key takes one kind of value, with a minimum and a maximum. See the table in"
        " the language reference.",
        room("policy lag { pause after = 3 }"),
    ),
    "E0507": Code(
        "variable has a list type",
        "A variable is a number, a string, a choice or a `bool`. Only settings and the fields of"
        " commands, requests and signals can be lists.",
        room("var score: list(0..4) of int 0..9 = []"),
    ),
    "E0508": Code(
        "type or fields too large",
        "A command must fit into one packet even with its largest values. `policy limits` sets"
        " the packet size.",
        room("command shout { text: string(0..9000) }"),
    ),
    "E0601": Code(
        "missing initial state",
        "A state that contains other states must say which of them is entered first: `initial"
        " day`. The room itself can't have `initial`, because it always starts in `setup`.",
        room("extend state running.iterating {\n  state day iterates { }\n}"),
    ),
    "E0602": Code(
        "invalid initial state",
        "`initial` takes the path of a state inside the current one. A history state leads to a"
        " state inside its own parent. A parallel state has no `initial`, because all of its"
        " regions start together.",
        room("extend state running.iterating {\n  initial dya\n  state day iterates { }\n}"),
    ),
    "E0603": Code(
        "transition in a final state",
        "A final state completes its parent at once, so a transition in the final state could"
        " never be taken.",
        room("final won { after 5m -> ended }"),
    ),
    "E0604": Code(
        "no transition out of a state",
        "A state that is not final needs a transition that leads out of it: a transition of its"
        " own, or one in an enclosing state. Otherwise the room would stay in it forever.",
        'language 1\nroom "example" {\n  players 1..2\n  state setup { }\n'
        "  state running { after 1h -> ended }\n  final ended\n}\n",
    ),
    "E0605": Code(
        "transition can never be taken",
        "If two transitions of a state have the same trigger, the first one is tried first. If it"
        " has no guard, the second one can never be taken. In a room that extends another one,"
        " this is allowed for an inherited transition: the new one replaces it.",
        room("extend state running { on lost -> ended  on lost -> running.paused.held }"),
    ),
    "E0606": Code(
        "turns can't advance in this state",
        "Turns advance only while the engines run, that is, in the states inside `running`.",
        room("extend state setup { state draft iterates { after 5m -> gathering } }"),
    ),
    "E0607": Code(
        "missing `setup`, `running` or final state",
        "Every room has the states `setup` and `running`, and at least one final state at the"
        " same level. The standard room provides all three.",
        'language 1\nroom "example" {\n  players 1..2\n  state setup { after 1h -> ended }\n'
        "  final ended\n}\n",
    ),
    "E0608": Code(
        "kind of state not allowed here",
        "Regions are allowed only directly inside a parallel state, and a parallel state contains"
        " only regions. A final state contains no states. A history state is declared inside a"
        " state that contains other states.",
        room("extend state running.iterating { initial a  region a { } }"),
    ),
    "E0609": Code(
        "target not allowed for this transition",
        "`internal` leads to a state inside the current one, without leaving the current one."
        " `resume` re-enters a state at the inner state that was active when it was left. It"
        " can't lead to a final state or a history state.",
        room("extend state running.iterating { on pause -> internal running.paused }"),
    ),
    "E0610": Code(
        "missing number of players",
        "A room that does not extend another one must say how many players it has: `players"
        " 2..8`.",
        'language 1\nroom "example" {\n  state setup { after 1h -> ended }\n'
        "  state running { after 1h -> ended }\n  final ended\n}\n",
    ),
    "E0611": Code(
        "state can never be done",
        "`done(x)` happens when a final state directly inside `x` is entered. A parallel state is"
        " done when all of its regions are done.",
        room("extend state running { on done(running.paused) -> ended }"),
    ),
    "E0701": Code(
        "person not in the room",
        "To add people to a scenario, use `given players ann, bob` or `cat joins`.",
        room("") + 'scenario "s" {\n  given players ann\n  bob sends ready\n}\n',
    ),
    "E0702": Code(
        "scenario sends an invalid value",
        "The values do not fit the fields that the room declares.",
        room("command move { x: int 0..9 }")
        + 'scenario "s" {\n  given players ann\n  ann sends move { x: 10 }\n}\n',
    ),
    "E0801": Code(
        "room can never end",
        "From this state, no sequence of events leads to the end of the room, no matter what"
        " people do or how long they wait. The message shows the shortest way into the state. A"
        " server would keep such a room forever.",
        "language 1\n\nroom \"example\" {\n  players 2..2\n  request go\n"
        "  allow leave from player\n\n  state setup {\n    allow join from player\n"
        "    when players == 2 -> running\n    after 10m -> ended\n  }\n\n"
        "  state running {\n    initial countdown\n    state countdown {\n"
        "      allow go from player\n      on go if players == 2 -> playing\n    }\n"
        "    state playing { after 30m -> ended }\n  }\n\n  final ended\n}\n",
    ),
    "E0802": Code(
        "condition is never true",
        "No allowed number of players makes this condition true, or the values that it compares"
        " can never be equal. Anything that waits for it would wait forever.",
        room("players 2..4\nextend state setup.gathering { when players > 4 -> starting }"),
    ),
    "E0803": Code(
        "endless loop of transitions",
        "One `when` or raised event triggers another, and so on in a loop, without waiting for"
        " anything. The server stops a room that does this.",
        room(
            "extend state running.iterating {\n  initial day\n"
            "  state day iterates { when players > 0 -> night }\n"
            "  state night iterates { when players > 0 -> day }\n}"
        ),
    ),
    "E0804": Code(
        "diverged engines are ignored",
        "Turns continue in this state although the engines no longer play the same game. A state"
        " that iterates, or an enclosing state, must handle `diverged`: by going to another"
        " state, by dropping the players whose engines differ, or by repairing those engines.",
        room('extend state running { on diverged do { announce "the engines differ" } }'),
    ),
    "W0001": Code(
        "unused comment that allows a warning",
        "A comment `# allow W0803: reason` allows warnings with that code on its own line, or on"
        " the next line that is not a comment. There is no such warning here. If the comment"
        " stays, it could hide a future warning.",
        room("# allow W0803: the host decides\nplayers 2..3"),
    ),
    "W0002": Code(
        "warning allowed without a reason",
        "The next person who reads the file needs to know why the warning is harmless. Without a"
        " reason, the warning is still reported.",
        room("# allow W0805\ncommand move { x: int 0..9 }"),
    ),
    "W0003": Code(
        "only warnings can be allowed",
        "A comment can allow only warnings. Errors have to be fixed, because a room with an error"
        " can't be played.",
        room("# allow E0604: the players know\nplayers 2..3"),
    ),
    "W0801": Code(
        "unreachable state",
        "No sequence of events leads to this state.",
        room("extend state setup { state lobby { after 5m -> gathering } }"),
    ),
    "W0802": Code(
        "transition is never taken",
        "The state of this transition is entered, but another transition is always taken first,"
        " or the guard is never true when the trigger occurs.",
        room("extend state running.iterating {\n  after 20m -> ended\n  after 30m -> ended\n}"),
    ),
    "W0803": Code(
        "no timeout",
        "Only the actions of people lead out of this state: turns don't advance, and there is no"
        " timer. People get distracted or fall asleep, and the room would wait for them. Use"
        " `after` to limit how long it waits.",
        room(
            "request go\n\noverride state running.paused.held {\n  allow go from player\n"
            "  on go -> resume running.iterating\n}"
        ),
    ),
    "W0804": Code(
        "waiting for a role that nobody has",
        "Only the player with a certain role can take the room out of this state, and nobody gets"
        " the role when that player leaves. The other players have to wait until a timer ends the"
        " state.",
        room(
            "role captain is player\nrequest go\non join do { pass host  pass captain }\n\n"
            "override state running.paused.held {\n  allow go from captain\n"
            "  on go -> resume running.iterating\n  after 30m -> ended\n}"
        ),
    ),
    "W0805": Code(
        "command is never allowed",
        "Commands are refused unless an active state allows them, and they reach the engines only"
        " while turns advance. Nobody can ever use this command.",
        room("command move { x: int 0..9 }"),
    ),
    "W0806": Code(
        "request is allowed but not handled",
        "The request is accepted, but nothing happens: no transition in this state, in an"
        " enclosing state or in an inner state handles the request, and no quorum counts it.",
        room("request vote\n\nextend state running { allow vote from player }"),
    ),
}  # fmt: skip
"""Every code, in order."""
