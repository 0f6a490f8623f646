"""What a change has to bring along is noticed: lists that say the same in two languages agree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from gameroom.lockstep.packets import RosterRow
from gameroom.model.builtin import FLAGS
from gameroom.wire.close import CLOSINGS, Close

WEB = Path(__file__).parents[2] / "gameroom" / "web"


def not_in_the_roster(flags: Iterable[str]) -> set[str]:
    """Flags that the roster or its TypeScript declaration does not have."""
    declared = (WEB / "gameroom.d.ts").read_text(encoding="utf-8")
    row = declared.split("export interface Row {")[1].split("\n}")[0]
    typed = set(re.findall(r"readonly (\w+):", row))
    return set(flags) - (typed & {field.name for field in fields(RosterRow)})


def unknown_to_browsers(codes: Iterable[int]) -> set[int]:
    """Close codes that the JavaScript client's table does not have."""
    text = (WEB / "sdk" / "definition.js").read_text(encoding="utf-8")
    table = text.split("const CLOSINGS = {")[1].split("\n};")[0]
    return set(codes) - {int(code) for code in re.findall(r"^ +(\d{4}): ", table, re.MULTILINE)}


def test_every_flag_is_in_the_roster() -> None:
    assert not_in_the_roster(FLAGS) == set()
    assert not_in_the_roster({**FLAGS, "muted": ""}) == {"muted"}


def test_every_close_code_has_its_row() -> None:
    assert set(CLOSINGS) == set(map(int, Close))


def test_browsers_know_every_close_code() -> None:
    assert unknown_to_browsers(CLOSINGS) == set()
    assert unknown_to_browsers([*CLOSINGS, 4105]) == {4105}
