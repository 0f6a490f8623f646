"""What the quick reader of packets reads, the careful one reads alike; the rest it leaves."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from gameroom.lockstep.packets import (
    Checksum,
    ClientPacket,
    Command,
    Event,
    MasterPacket,
    SeatCommands,
    SignalReport,
)
from gameroom.model import INT_MAX
from gameroom.model.fit import misfit_body
from gameroom.wire import JSON, MSGPACK, BadFrameError, Codec
from tests.room.table import PLAIN, chart_of

ROOM = chart_of(
    PLAIN.replace(
        "  command wave { }\n",
        "  command wave { }\n  command say { text: string(0..9)  to: list(0..3) of int 0..5 }\n",
    )
).room
CODECS = {name: Codec(name, ROOM) for name in (JSON, MSGPACK)}
NUMBERS = (0, 1, 2, 7, 128, 2**32 - 1, 2**32, INT_MAX, INT_MAX + 1, -1, 2**63, 1.0, -0.0, True)
TEXTS = ("", "hi", "é", "\U0001f600", '":', '\\":', "a\\u0000b", "\ud800", "\ud83d\ude00x")


def packet(dice: random.Random) -> ClientPacket:
    generation = dice.choice((1, 2, 9, 1000))
    commands = tuple(
        dice.choice(
            (
                Command("move", {"unit": dice.choice((0, 3, 9, 10))}),
                Command("wave", {}),
                Command("say", {"text": dice.choice(("", "hi", "é")), "to": [1, 2]}),
            )
        )
        for _ in range(dice.choice((0, 0, 1, 3)))
    )
    return ClientPacket(
        generation,
        commands,
        Checksum(generation - 1, 7) if generation > 1 and dice.random() < 0.5 else None,
        dice.choice((0, 40)),
        60,
        (SignalReport(1, "won", {"by": "ann"}),) if dice.random() < 0.1 else (),
        tuple(range(1, len(commands) + 1)) if dice.random() < 0.5 else (),
    )


def odd(dice: random.Random) -> Any:
    return dice.choice((*NUMBERS, *TEXTS, None, False, [], [1], [[1]], {}, {"a": 1}, [{}]))


def changed(dice: random.Random, value: Any) -> Any:
    """One place of a plain value is something else, is gone, or stands there twice."""
    if isinstance(value, list) and value and dice.random() < 0.8:
        at = dice.randrange(len(value))
        match dice.randrange(4):
            case 0:
                return [*value[:at], *value[at + 1 :]]
            case 1:
                return [*value[: at + 1], *value[at:]]
            case _:
                return [*value[:at], changed(dice, value[at]), *value[at + 1 :]]
    if isinstance(value, dict) and value and dice.random() < 0.8:
        key = dice.choice(list(value))
        match dice.randrange(4):
            case 0:
                return {name: one for name, one in value.items() if name != key}
            case 1:
                return value | {dice.choice(("id", "ids", "x", "generation")): odd(dice)}
            case _:
                return value | {key: changed(dice, value[key])}
    return odd(dice)


def msgpack_frames(dice: random.Random) -> bytes | None:
    good = CODECS[MSGPACK].encode_packet(packet(dice))
    assert isinstance(good, bytes)
    match dice.randrange(3):
        case 0:
            return good
        case 1:
            data = bytearray(good)
            for _ in range(dice.choice((1, 1, 3))):
                data[dice.randrange(len(data))] = dice.randrange(256)
            return bytes(data[: dice.choice((len(data), dice.randrange(1, len(data) + 1)))])
        case _:
            try:
                return msgspec.msgpack.encode(changed(dice, msgspec.msgpack.decode(good)))
            except (OverflowError, UnicodeEncodeError):
                return None


def json_frames(dice: random.Random) -> str | None:
    good = CODECS[JSON].encode_packet(packet(dice))
    assert isinstance(good, str)
    match dice.randrange(4):
        case 0:
            return good
        case 1:
            return json.dumps(changed(dice, json.loads(good)), ensure_ascii=dice.random() < 0.8)
        case 2:
            # A part once more, so that keys stand twice.
            first = dice.randrange(len(good))
            last = dice.randrange(first, len(good)) + 1
            return good[:last] + dice.choice(("", ",")) + good[first:last] + good[last:]
        case _:
            at = dice.randrange(len(good))
            return good[:at] + dice.choice(' :",{}[]0e.-\\a1\t\ud800') + good[at + 1 :]


def plain(packet: ClientPacket) -> ClientPacket:
    """The same packet with Commands, as the careful path reads it."""
    return replace(packet, commands=tuple(Command(one.name, one.body) for one in packet.commands))


def fits(command: Command) -> bool:
    fields = next(one.fields for one in ROOM.commands if one.name == command.name)
    return misfit_body(fields, command.body) is None


def careful(codec: Codec, data: bytes | str) -> object:
    try:
        return codec.decode(data)
    except BadFrameError:
        return None


@pytest.mark.parametrize(("name", "frames"), [(MSGPACK, msgpack_frames), (JSON, json_frames)])
def test_what_the_quick_reader_reads_the_careful_one_reads_alike(
    name: str, frames: Callable[[random.Random], bytes | str | None]
) -> None:
    dice, codec, read, left = random.Random(5), CODECS[name], 0, 0
    for _ in range(20_000):
        data = frames(dice)
        if data is None or (quick := codec.typed(data)) is None:
            left += 1
            continue
        assert plain(quick) == careful(codec, data), data
        assert all(fits(command) for command in quick.commands), data
        read += 1
    assert read > 4_000, "frames of honest clients are read quickly"
    assert left > 4_000


@pytest.mark.parametrize("name", [MSGPACK, JSON])
def test_a_packet_without_signals_is_read_quickly(name: str) -> None:
    dice, codec = random.Random(7), CODECS[name]
    for _ in range(200):
        one = packet(dice)
        quick = codec.typed(codec.encode_packet(one))
        if one.signals or not all(map(fits, one.commands)):
            assert quick is None
        else:
            assert quick is not None
            assert plain(quick) == one


def test_a_key_that_stands_twice_takes_the_careful_way() -> None:
    body = '"latency":1,"latency":2'
    text = f'{{"method":"PUT","path":"/turns/3","body":{{{body}}}}}'
    assert CODECS[JSON].typed(text) is None
    with pytest.raises(BadFrameError, match="twice"):
        CODECS[JSON].decode(text)


@pytest.mark.parametrize("name", [MSGPACK, JSON])
def test_a_turn_with_typed_commands_is_encoded_like_one_without(name: str) -> None:
    dice, codec, typed = random.Random(9), CODECS[name], 0
    for number in range(1, 200):
        quick = codec.typed(codec.encode_packet(packet(dice)))
        if quick is None:
            continue
        said, like = (
            Event(number, MasterPacket(number, 2, 100, 2, (SeatCommands(3, one.commands),)))
            for one in (quick, plain(quick))
        )
        assert codec.encode_event(said) == codec.encode_event(like)
        typed += bool(quick.commands)
    assert typed > 20
