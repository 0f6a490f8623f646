"""The published JSON Schema, asked with a JSON Schema validator as an editor would."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from gameroom import resources
from gameroom.language import converted
from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.language.yaml.nodes import plain, read
from gameroom.model.policies import KEYS, bounds, default, spelling
from tests.language.texts import SKIRMISH_YAML

SCHEMA: dict[str, Any] = json.loads(resources.grammar("room.schema.json"))
VALIDATOR = Draft7Validator(SCHEMA)
PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
SHIPPED = sorted(resources.rooms().rglob("*.room"))


def value(yaml: str) -> object:
    problems = Problems()
    tree = read(yaml, "a.room.yaml", problems)
    assert tree is not None, problems.found
    return plain(tree)


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_rooms_in_yaml_fit(path: Path) -> None:
    VALIDATOR.validate(value(converted(path.read_text(encoding="utf-8"), name=path.name)))


def test_the_examples_fit() -> None:
    VALIDATOR.validate(value(SKIRMISH_YAML))
    shown = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert shown
    for text in shown:
        VALIDATOR.validate(value(text))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("room: {name: x}", []),
        ("language: 2", ["language"]),
        ("language: 1\nrooms: {name: x}", []),
        ("language: 1\nroom: {}", ["room"]),
        ("language: 1\nroom: {name: x, players: 2}", ["room", "players"]),
        ("language: 1\nroom: {name: x, player: 1..2}", ["room"]),
        ("language: 1\nroom: {name: x, settings: {a: int 0..9}}", ["room", "settings", "a"]),
        ("language: 1\nroom: {name: x, settings: {a: {type: bool}}}", ["room", "settings", "a"]),
        ("language: 1\nroom: {name: x, settings: {a-b: {}}}", ["room", "settings"]),
        ("language: 1\nroom: {name: x, signals: {a: {}}}", ["room", "signals", "a"]),
        ("language: 1\nroom: {name: x, policies: {lag: {grace: [1]}}}",
         ["room", "policies", "lag", "grace"]),
        ("language: 1\nroom: {name: x, states: {day: {}}}", ["room", "states"]),
        ("language: 1\nroom: {name: x, states: {state day: {then: night}}}",
         ["room", "states", "state day"]),
        ("language: 1\nroom: {name: x, transitions: [{on: a, when: b}]}",
         ["room", "transitions", 0]),
        ("language: 1\nroom: {name: x, transitions: {on: a}}", ["room", "transitions"]),
        ("language: 1\nroom: {name: x, permissions: [{allow: a}]}", ["room", "permissions", 0]),
        ("language: 1\nscenarios: {s: ann sends ready}", ["scenarios", "s"]),
    ],
    ids=range(17),
)  # fmt: skip
def test_what_does_not_fit_is_pointed_at(text: str, path: list[str | int]) -> None:
    assert path in [list(error.absolute_path) for error in VALIDATOR.iter_errors(value(text))]


def _properties(schema: object, name: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    if isinstance(schema, dict):
        for key, inner in schema.get("properties", {}).items():
            if isinstance(inner, dict):
                found.append((f"{name}.{key}", inner))
        for key, inner in schema.items():
            found += _properties(inner, f"{name}.{key}" if key != "properties" else name)
    if isinstance(schema, list):
        for inner in schema:
            found += _properties(inner, name)
    return found


def test_every_key_has_a_help_for_editors() -> None:
    """An editor shows the description of the key or of what it refers to."""
    for name, schema in _properties(SCHEMA, ""):
        if "$ref" in schema:
            schema = SCHEMA["definitions"][schema["$ref"].rpartition("/")[2]]
        assert schema.get("description"), name


def test_policies_complete_with_their_keys() -> None:
    policies = SCHEMA["definitions"]["room"]["properties"]["policies"]["properties"]
    assert {
        (policy, key): (entry["description"], entry["default"])
        for policy, schema in policies.items()
        for key, entry in schema["properties"].items()
    } == {
        (row.policy, spelling(row.key)): (
            f"{row.doc} {bounds(row)}; by default `{default(row)}`.",
            default(row),
        )
        for row in KEYS
    }
