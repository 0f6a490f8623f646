"""SARIF 2.1.0, against the published schema and one of the part that we write."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft4Validator

from gameroom.language import CODES, Diagnostic, Note, Source, as_sarif, load, shipped
from gameroom.language.diagnostics.pages import story
from gameroom.model import Span
from tests.language.sarif import PUBLISHED, valid
from tests.language.texts import loaded, room


def sarif(diagnostics: tuple[Diagnostic, ...]) -> dict[str, Any]:
    return valid(as_sarif(diagnostics))


def test_the_published_schema_refuses_what_is_wrong() -> None:
    """Else the tests below would show nothing."""
    Draft4Validator.check_schema(PUBLISHED.schema)
    body = sarif(loaded(room("request a request a")).diagnostics)
    rule, result = body["runs"][0]["tool"]["driver"]["rules"][0], body["runs"][0]["results"][0]
    for holder, key, wrong in (
        (rule, "helpUri", "no uri"),
        (rule, "help", "no message"),
        (result, "level", "fatal"),
        (result["locations"][0]["physicalLocation"]["region"], "startLine", 0),
        (result["locations"][0]["physicalLocation"]["artifactLocation"], "uri", "a b"),
    ):
        right, holder[key] = holder[key], wrong
        assert not PUBLISHED.is_valid(body), (key, wrong)
        holder[key] = right
    PUBLISHED.validate(body)


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
    for rule in rules:
        page = Path(unquote(urlsplit(rule["helpUri"]).path)).read_text(encoding="utf-8")
        assert page.startswith(f"# {rule['id']}: ")
        assert rule["help"]["text"] == story(rule["id"])


def test_notes_are_notifications() -> None:
    body = valid(as_sarif((), [Note("my.room", "not checked past 9 configurations")]))
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
