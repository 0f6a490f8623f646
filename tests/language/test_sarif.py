"""SARIF 2.1.0, against a schema of the part that we write.

`sarif.schema.json` is no copy of OASIS' schema: it is written by hand from the standard,
and stricter, so that what it lets through fits the standard's own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from gameroom.language import CODES, Diagnostic, Note, Source, as_sarif, load, shipped
from gameroom.model import Span
from tests.language.texts import loaded, room

SCHEMA = json.loads((Path(__file__).parent / "sarif.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft7Validator(SCHEMA)


def sarif(diagnostics: tuple[Diagnostic, ...]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(as_sarif(diagnostics))
    VALIDATOR.validate(body)
    return body


def test_nothing_found_is_a_run_without_results() -> None:
    assert sarif(())["runs"][0]["results"] == []


@pytest.mark.parametrize("code", CODES)
def test_every_code_fits(code: str) -> None:
    def resolve(name: str) -> Source | None:
        return Source(name, CODES[code].example) if name == "example.room" else shipped(name)

    result = load(CODES[code].example, name=CODES[code].file, resolve=resolve)
    run = sarif(result.diagnostics)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[each["ruleIndex"]]["id"] for each in run["results"]] == [
        each["ruleId"] for each in run["results"]
    ]


def test_notes_are_notifications() -> None:
    body = json.loads(as_sarif((), [Note("my.room", "not checked past 9 configurations")]))
    VALIDATOR.validate(body)
    (invocation,) = body["runs"][0]["invocations"]
    (told,) = invocation["toolExecutionNotifications"]
    assert told["message"]["text"] == "not checked past 9 configurations"


def test_places_fixes_and_second_places() -> None:
    found = loaded(room("request a request a\nextend state setup.gatering { }")).diagnostics
    first, second = sarif(found)["runs"][0]["results"]
    assert first["relatedLocations"][0]["message"]["text"] == "first declared here"
    replacement = second["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement["insertedContent"]["text"] == "setup.gathering"
    assert replacement["deletedRegion"] == second["locations"][0]["physicalLocation"]["region"]


def test_names_of_files_are_escaped() -> None:
    told = Diagnostic("E0101", "error", "m", Span("my rooms\\é.room", 1, 1, 1, 2))
    place = sarif((told,))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "my%20rooms/%C3%A9.room"
