"""Write tests/vectors anew: `make vectors`.

What stands there is said by the server's own code: the chart's rulings, the types of fields, the
table of close codes, the codec, and replicas around a real room under virtual time. Two runs give
the same bytes. `kit.json` was made by another implementation and stays as it is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from gameroom import language, model
from gameroom.chart import compile_room
from gameroom.chart.permissions import ruling_in
from gameroom.lockstep.packets import Event
from gameroom.model.fit import misfit, misfit_body
from gameroom.wire import JSON, MSGPACK, Codec
from gameroom.wire.close import CLOSINGS, closing
from gameroom.wire.definition import definition
from tests.twins.sessions import recorded
from tests.wire.rooms import BODIES, ROOM
from tests.wire.test_codec import PACKETS

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
SESSIONS = VECTORS / "sessions"

KINDS = (
    ("player",),
    ("spectator",),
    ("player", "host"),
    ("player", "red"),
    ("player", "blue", "host"),
)


REGIONS = """
language 1
use "standard"
room "regions" extends standard {
  players 2..4
  team red size 0..2
  team blue size 0..2
  command move
  command wave
  command shoot
  extend state running.iterating {
    initial both
    parallel both {
      allow wave from player
      region left {
        initial calm
        state calm { allow move, shoot from player  ignore wave from red }
        state wild { deny wave from anyone  ignore shoot from blue  on pause -> calm }
      }
      region right {
        initial day
        state day { deny move from red  ignore shoot from player }
        state night { allow shoot from host  deny shoot from red  on pause -> day }
      }
    }
  }
}
"""
"""Regions that contradict each other, and kinds of people who are meant one by one."""


def room_of(source: language.Source) -> model.RoomFile:
    loaded = language.load(source.text, name=source.name, resolve=language.shipped)
    assert loaded.room is not None, loaded.diagnostics
    return loaded.room


def shipped(name: str) -> model.RoomFile:
    source = language.shipped(name)
    assert source is not None
    return room_of(source)


# --- Rulings ---------------------------------------------------------------------------


def active(state: model.State, path: str = "") -> Iterator[tuple[str, ...]]:
    """Each set of states that can be active in this one, itself included."""
    own = (path,) if path else ()
    inner = [list(active(child, f"{path}.{child.name}".lstrip("."))) for child in state.states]
    if not inner:
        yield own
    elif state.kind == "parallel":
        for regions in product(*inner):
            yield own + tuple(one for region in regions for one in region)
    else:
        for child in inner:
            for one in child:
                yield own + one


def rulings() -> object:
    """What rooms say to whom in which of their states."""
    rooms = (shipped("free-for-all"), room_of(language.Source("regions.room", REGIONS)))
    return [{"definition": definition(room), "cases": ruled(room)} for room in rooms]


def ruled(room: model.RoomFile) -> list[object]:
    chart = compile_room(room)
    names = sorted(
        {name for state in chart.states for one in state.permissions for name in one.names}
    )
    return [
        {"states": states, "kinds": kinds, "rulings": said}
        for states in active(room.root)
        for kinds in KINDS
        if (said := {name: ruling_in(chart, states, name, frozenset(kinds)) for name in names})
    ]


# --- Types -----------------------------------------------------------------------------

INT = model.IntType(-3, 9)
TEXT = model.StringType(1, 3)
VALUES: Mapping[model.Type, Sequence[object]] = {
    INT: [-3, 9, 0, -4, 10, True, False, 0.5, "1", None, [1], {}, 2**53 - 1],
    TEXT: [
        "a",
        "abc",
        "",
        "abcd",
        "\U0001f600" * 3,
        "\U0001f600" * 4,
        "é",
        "\ud800",
        "\ud800" * 4,
        1,
        None,
        ["a"],
    ],
    model.BoolType(): [True, False, 0, 1, "true", None],
    model.ChoiceType(("clay", "sand")): ["clay", "sand", "mud", "", 0, None, ["clay"]],
    model.ListType(INT, 1, 2): [[1], [1, 2], [], [1, 2, 3], [1, 10], ["1"], "12", None, {}],
    model.ListType(TEXT, 0, 2): [[], ["a", "b"], ["a", ""], [None], {"0": "a"}],
}
FIELDS = (model.Field("unit", INT), model.Field("text", TEXT))
BODIES_OF_FIELDS: Sequence[object] = [
    {"unit": 1, "text": "a"},
    {"text": "a", "unit": 1},
    {"unit": 1},
    {"text": "a"},
    {},
    {"unit": 1, "text": "a", "speed": 2},
    {"unit": 1, "text": "a", "z": 1, "b": 1},
    {"unit": 1, "text": "a", "x" * 50: 1},
    {"unit": 10, "text": "abcd"},
    {"unit": 0, "text": "", "speed": 2},
    [1, "a"],
    "unit",
    1,
    None,
]


def published(type_: model.Type) -> object:
    """The type as a definition has it."""
    command = model.CommandDeclaration("c", (model.Field("value", type_),))
    return definition(model.RoomFile("r", commands=(command,)))["commands"][0]["fields"][0]["type"]


def misfits() -> object:
    """Why a value is not of a type, as the end of a sentence; null if it is."""
    values = [
        {"type": published(type_), "value": value, "why": misfit(type_, value)}
        for type_, some in VALUES.items()
        for value in some
    ]
    fields = [{"name": one.name, "doc": one.doc, "type": published(one.type)} for one in FIELDS]
    bodies = [{"body": body, "why": misfit_body(FIELDS, body)} for body in BODIES_OF_FIELDS]
    return {"values": values, "fields": fields, "bodies": bodies}


# --- Close codes -----------------------------------------------------------------------

UNKNOWN = (1004, 1010, 1014, 3000, 4004, 4099, 4105, 4999)


def close_codes() -> object:
    """When to come back after each code."""
    return [{"code": code, "again": closing(code).again} for code in (*CLOSINGS, *UNKNOWN)]


# --- Frames ----------------------------------------------------------------------------


def frames() -> object:
    """Frames as JSON and the bytes of the same frame in MessagePack, in hex."""
    texts, packed = Codec(JSON, ROOM), Codec(MSGPACK, ROOM)

    def pair(text: bytes | str, data: bytes | str) -> dict[str, object]:
        assert isinstance(text, str)
        assert isinstance(data, bytes)
        return {"frame": json.loads(text), "msgpack": data.hex()}

    return {
        "definition": definition(ROOM),
        "client": [pair(texts.encode_packet(one), packed.encode_packet(one)) for one in PACKETS],
        "server": [
            pair(texts.encode_event(event), packed.encode_event(event))
            for event in (Event(1042 + index, body) for index, body in enumerate(BODIES))
        ],
    }


# --- Writing ---------------------------------------------------------------------------


LINE_MAX = 1000
"""What is longer than this is divided into lines."""


def written(value: object) -> str:
    """JSON in which each case and each step stands on a line of its own."""

    def at(value: Any, depth: int) -> str:
        line = json.dumps(value, ensure_ascii=True)
        if len(line) > LINE_MAX and isinstance(value, list | dict):
            pad = "  " * (depth + 1)
            close = "  " * depth
            if isinstance(value, list):
                inner = ",\n".join(pad + at(one, depth + 1) for one in value)
                return f"[\n{inner}\n{close}]"
            inner = ",\n".join(
                f"{pad}{json.dumps(str(key))}: {at(one, depth + 1)}" for key, one in value.items()
            )
            return f"{{\n{inner}\n{close}}}"
        return line

    return at(value, 0) + "\n"


def files() -> dict[Path, str]:
    """The text of every file that is written, by its path."""
    found = {
        VECTORS / "rulings.json": written(rulings()),
        VECTORS / "misfits.json": written(misfits()),
        VECTORS / "close-codes.json": written(close_codes()),
        VECTORS / "frames.json": written(frames()),
    }
    for name, session in recorded():
        found[SESSIONS / f"{name}.json"] = written(session)
    return found


def main() -> None:
    SESSIONS.mkdir(parents=True, exist_ok=True)
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}: {len(text)} bytes\n")


if __name__ == "__main__":
    main()
