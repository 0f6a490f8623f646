"""`gameroom trace`: events in, macrosteps out, and what can't be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gameroom import cli
from gameroom.cli.trace import trace

ROOM = """\
language 1
use "standard"
room "r" extends standard {
  players 1..4
  command move { x: int 0..9 }
  request vote { choice: "wait" | "drop" }
  signal won { by: int 0..3 } agreed by all
  setting map: "hills" | "lakes" = "hills"
  var rounds: int 0..9 = 0
  policy pace { tick = 10 per second  turn = 100ms..100ms  ahead = 2 }
  extend state running.iterating {
    allow move from player
    on won if rounds >= 1 -> ended because "two rounds"
    on won do { set rounds = rounds + 1 announce "again" }
  }
}
"""
STARTED = [
    {"event": "join", "who": "ann"},
    {"event": "connect", "who": "ann"},
    {"event": "ready", "who": "ann", "at": 10},
    {"event": "load", "who": "ann"},
]


@pytest.fixture
def room(tmp_path: Path) -> str:
    path = tmp_path / "a.room"
    path.write_text(ROOM)
    return str(path)


def run(room: str, *events: object) -> Result:
    lines = "".join(f"{json.dumps(event)}\n" for event in events)
    return CliRunner().invoke(trace, [room], input=lines)


def traced(room: str, *events: object) -> list[dict[str, Any]]:
    result = CliRunner().invoke(
        trace, [room], input="".join(f"{json.dumps(each)}\n" for each in events),
        standalone_mode=False,
    )  # fmt: skip
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.output.splitlines()]


def test_the_beginning_comes_by_itself(room: str) -> None:
    (begin,) = traced(room)
    assert begin["event"] == "begin"
    assert (begin["before"], begin["after"]) == ([], ["setup", "setup.gathering"])


def test_every_event_is_a_macrostep(room: str) -> None:
    lines = traced(room, *STARTED)
    assert [(line["at"], line["event"]) for line in lines] == [
        (0, "begin"), (0, "join"), (10, "ready"), (10, "loaded"),
    ]  # fmt: skip
    assert lines[-1]["after"] == ["running", "running.iterating"]
    assert lines[1]["effects"] == [
        {"moved": 0, "event": "join", "because": None},
        {"did": "pass host"},
    ]


def test_guards_that_said_no_say_why(room: str) -> None:
    raised = {"generation": 1, "name": "won", "body": {"by": 0}}
    lines = traced(
        room,
        *STARTED,
        {"event": "packet", "who": "ann", "generation": 1},
        {"event": "packet", "who": "ann", "generation": 2, "signals": [raised]},
        {"event": "wait", "at": 1000},
    )
    won = next(line for line in lines if line["event"] == "won")
    assert won["generation"] == 2
    asked = [each for micro in won["microsteps"] for each in micro["considered"]]
    no = next(each for each in asked if each["verdict"] == "guard")
    assert no["text"] == 'on won if rounds >= 1 -> ended because "two rounds"'
    assert no["why"] == "rounds >= 1 is false: rounds is 0"
    assert {"did": "set rounds = rounds + 1"} in won["effects"]


def test_time_passes_between_events(room: str) -> None:
    lines = traced(room, *STARTED[:2], {"event": "wait", "at": 1_800_000})
    assert lines[-1]["event"] == "after 30m"
    assert (lines[-1]["at"], lines[-1]["status"]) == (1_800_000, "ended")
    assert lines[-1]["effects"][-1] == {"ended": "ended"}


def test_time_stands_still_while_no_player_is_there(room: str) -> None:
    lines = traced(room, {"event": "wait", "at": 1_800_000})
    assert lines[-1]["event"] == "begin"


def test_a_refusal_is_a_line_of_its_own(room: str) -> None:
    lines = traced(room, *STARTED[:2], {"event": "request", "who": "ann", "name": "pause", "at": 5})
    refused = lines[-1]
    assert (refused["at"], refused["who"], refused["event"]) == (5, "ann", "request")
    assert refused["refused"]["code"] == "not_now"
    assert "ready" in refused["refused"]["allowed"]


def test_a_command_is_refused_when_its_turn_closes(room: str) -> None:
    wrong = {"name": "move", "body": {"x": 10}}
    lines = traced(
        room, *STARTED, {"event": "packet", "who": "ann", "generation": 1, "commands": [wrong]}
    )
    assert lines[-1]["command"] == {"generation": 1, "index": 0}
    assert lines[-1]["refused"]["code"] == "bad_command"


def test_all_that_people_send(room: str) -> None:
    lines = traced(
        room,
        *STARTED[:2],
        {"event": "configure", "who": "ann", "settings": {"map": "lakes"}},
        {"event": "ready", "who": "ann"},
        {"event": "load", "who": "ann", "reasons": ["too big"]},
        {"event": "chat", "who": "ann", "text": "hm"},
        {"event": "join", "who": "bob", "spectate": True, "team": None},
        {"event": "disconnect", "who": "ann"},
        {"event": "connect", "who": "ann", "seq": 3},
        {"event": "unready", "who": "ann"},
        {"event": "ready", "who": "ann"},
        {"event": "load", "who": "ann"},
        {"event": "packet", "who": "ann", "generation": 1, "latency": 20, "framerate": 60,
         "checksum": {"generation": 0, "value": 7}},
        {"event": "leave", "who": "ann"},
    )  # fmt: skip
    assert [line["event"] for line in lines] == [
        "begin", "join", "configure", "ready", "refused", "drop", "return", "ready", "loaded",
        "leave",
    ]  # fmt: skip
    assert lines[-1]["effects"][-1] == {"ended": "ended"}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ("[]", "an event must be an object"),
        ("{", "line 2"),
        ("{}", "`event` is missing"),
        ('{"event": "jump"}', "unknown event `jump`; use one of join, "),
        ('{"event": "join"}', "`who` is missing"),
        ('{"event": "join", "who": 3}', "`who` is not a string"),
        ('{"event": "join", "who": "a", "team": 1}', "`team` is not a string"),
        ('{"event": "wait", "at": -1}', "`at` must be a whole number, 0 or more"),
        ('{"event": "wait", "at": 1.5}', "`at` must be a whole number, 0 or more"),
        ('{"event": "wait", "at": 1}', "`at` is 1, but the time is already 2"),
        ('{"event": "packet", "who": "a"}', "`generation` is missing"),
        ('{"event": "packet", "who": "a", "generation": 1, "commands": {}}', "must be a list"),
        ('{"event": "packet", "who": "a", "generation": 1, "commands": [1]}', "must be an object"),
        ('{"event": "packet", "who": "a", "generation": 1, "checksum": 1}', "must be an object"),
        ('{"event": "load", "who": "a", "reasons": [1]}', "`reasons` must be a list of strings"),
        ('{"event": "configure", "who": "a"}', "`settings` must be an object"),
        ('{"event": "wait", "at": 2, "x": "' + "y" * 70_000 + '"}', "longer than 65536"),
        ("[" * 10_000, "line 2"),
    ],
)
def test_what_can_not_be_read_is_told_with_its_line(room: str, event: str, why: str) -> None:
    result = CliRunner().invoke(trace, [room], input=f'{{"event": "wait", "at": 2}}\n{event}\n')
    assert result.exit_code == 2, result.output
    assert "line 2 of the events" in result.output
    assert why in result.output


def test_empty_lines_count(room: str) -> None:
    result = CliRunner().invoke(trace, [room], input="\n\nx\n")
    assert "line 3 of the events" in result.output


def test_a_file_with_problems_leaves_with_1(tmp_path: Path) -> None:
    (tmp_path / "a.room").write_text("language 1\nrom\n")
    assert cli.run(["trace", str(tmp_path / "a.room")]) == 1


def test_usage(tmp_path: Path) -> None:
    assert cli.run(["trace", str(tmp_path / "none.room")]) == 2
    assert cli.run(["trace", "-"]) == 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"event": "wait",}', ", column 18: invalid JSON: unexpected `}`"),
        ('{"event":', ", column 10: invalid JSON: unexpected end"),
        ("[1, x]", ", column 5: invalid JSON: unexpected `x`"),
        ("\\xff", ", column 1: invalid JSON: unexpected `\N{REPLACEMENT CHARACTER}`"),
        ("[" * 5000, ": the JSON is nested too deeply"),
        ("9" * 5000, ": the JSON contains a number that is too long"),
        ('"' + "x" * 70_000, ": the line is longer than 65536 bytes"),
    ],
)
def test_no_json_is_told_in_our_words(room: str, line: str, told: str) -> None:
    data = b'{"event": "wait", "at": 2}\n' + line.encode().replace(b"\\xff", b"\xff")
    result = CliRunner().invoke(trace, [room], input=data)
    assert result.exit_code == 2
    assert result.stderr.endswith(f"Error: line 2 of the events{told}\n")
