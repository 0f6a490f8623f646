"""Values that peers send: some fit a room file, mostly at its limits, and some fit nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gameroom import model
from gameroom.model import INT_MAX

ODD: tuple[object, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**32, 2**32 - 1, INT_MAX, -INT_MAX, INT_MAX + 1, 2**64,
    1.5, float("nan"), "", "x", "-", "0", "__class__", "a" * 300, "\ud800", "\u202e", "\x00",
    [], {}, [[]], {"": None}, {"seat": 0}, {"choice": "drop"}, {"choice": 3}, [1] * 40,
)  # fmt: skip
"""Values that fit hardly anything."""

NAMES = ("", "-", "nope", "seat", "choice", "running", "chat", "leave", "turns", "x" * 200, "%00")


@dataclass
class Values:
    """Drawn for one room file."""

    file: model.RoomFile
    dice: random.Random

    def few(self) -> int:
        return self.dice.choice((0, 0, 0, 1, 1, 2, 9, 70))

    def rarely_odd(self, value: object) -> object:
        return self.dice.choice(ODD) if self.dice.random() < 0.08 else value

    def command(self) -> object:
        name, body = self._declared(self.file.commands)
        return self.rarely_odd({"name": name, "body": body})

    def signal(self, generation: int) -> object:
        name, body = self._declared(self.file.signals)
        of = self.dice.choice((generation, generation - 1, 0, -1, 1, INT_MAX))
        return self.rarely_odd({"generation": of, "name": name, "body": body})

    def checksum(self, generation: int) -> object:
        of = self.dice.choice((generation - 1, generation, generation - 2, 0, 1, -1, INT_MAX))
        return {"generation": of, "value": self.rarely_odd(self.dice.choice((0, 666, 2**32 - 1)))}

    def _declared(
        self, declared: tuple[model.CommandDeclaration, ...] | tuple[model.SignalDeclaration, ...]
    ) -> tuple[object, object]:
        if not declared or self.dice.random() < 0.1:
            return self.dice.choice(NAMES), self.rarely_odd({})
        one = self.dice.choice(declared)
        return one.name, self.body(one.fields)

    def flat(
        self, declared: tuple[model.CommandDeclaration, ...] | tuple[model.SignalDeclaration, ...]
    ) -> list[object]:
        index = self.dice.choice((*range(len(declared)), len(declared), -1))
        fields = declared[index].fields if 0 <= index < len(declared) else ()
        return [index, *(self.rarely_odd(self.fit(one.type)) for one in fields)]

    def body(self, fields: tuple[model.Field, ...]) -> object:
        body = {one.name: self.rarely_odd(self.fit(one.type)) for one in fields}
        if self.dice.random() < 0.1:
            body["seat"] = self.dice.choice(ODD)
        if body and self.dice.random() < 0.1:
            del body[self.dice.choice(list(body))]
        return self.rarely_odd(body)

    def settings(self) -> dict[str, object]:
        made = {
            one.name: self.rarely_odd(self.fit(one.type))
            for one in self.file.settings
            if self.dice.random() < 0.5
        }
        return made or {self.dice.choice(NAMES): self.dice.choice(ODD)}

    def fit(self, type_: model.Type) -> Any:
        """A value of this type, at its edges mostly."""
        dice = self.dice
        match type_:
            case model.IntType(low, high):
                return dice.choice((low, high, dice.randint(low, high)))
            case model.BoolType():
                return dice.random() < 0.5
            case model.StringType(low, high):
                return dice.choice("x-é\u4e00") * dice.choice((low, max(low, min(high, 3))))
            case model.ChoiceType(choices):
                return dice.choice(choices)
            case model.ListType(item, low, high):
                return [self.fit(item) for _ in range(dice.choice((low, min(high, low + 2))))]
        raise AssertionError(type_)


def bodies(route: str) -> tuple[object, ...]:
    """What fits a route's input, and what nearly does."""
    known: Mapping[str, tuple[object, ...]] = {
        "engine": (
            {"loaded": True}, {"loaded": False}, {}, {"refused": ["no"]}, {"refused": []},
            {"loaded": True, "refused": ["no"]}, {"refused": ["x" * 201]}, {"refused": [""]},
        ),
        "have_state": (
            {"sha256": "f" * 64, "size": 4}, {"sha256": "F" * 64, "size": 4},
            {"sha256": "f" * 64, "size": 0}, {"sha256": "f" * 64, "size": INT_MAX}, {"size": 1},
        ),
        "chat": ({"text": "hello"}, {"text": ""}, {"text": " "}, {"text": "x" * 501}, {}),
        "session": ({}, {"token": "x", "seq": 0}),
    }  # fmt: skip
    return known.get(route, (None, {}, {"x": 1}))
