"""Reads a desync report from its file.

Its schema is `grammars/desync.schema.json`, which other programs can use too. Knows no server:
reports are only read by tools, never while a game runs. The rule: every report from here matches
the schema, no matter who wrote the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache

from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match
from jsonschema.validators import extend

from gameroom import resources
from gameroom.formats import foreign, printed
from gameroom.lockstep.desync_report import DesyncReport

SCHEMA = "desync.schema.json"


class BadReportError(ValueError):
    """The bytes are not a valid desync report. The message says why."""


def read(data: bytes) -> DesyncReport:
    """Read a report. Raises BadReportError if it is invalid or has another format version."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise BadReportError("it is not valid JSON, or it is incomplete") from None
    if not isinstance(body, dict) or "desync" not in body:
        raise BadReportError("it is JSON, but not a desync report")
    if (other := foreign("desync report", body["desync"], body.get("release"))) is not None:
        raise BadReportError(f"it {other}")
    if (wrong := best_match(_validator().iter_errors(body))) is not None:
        raise BadReportError(f"{_place(wrong.absolute_path)}: {printed(wrong.message, 120)}")
    return DesyncReport(body)


@cache
def _validator() -> Draft7Validator:
    """The validator for reports. Unlike JSON Schema, it does not accept 1.0 as an integer."""
    schema = json.loads(resources.grammar(SCHEMA))
    Draft7Validator.check_schema(schema)
    checker = Draft7Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict: type[Draft7Validator] = extend(  # type: ignore[no-untyped-call] # it has no types
        Draft7Validator, type_checker=checker
    )
    return strict(schema)


def _place(path: Iterable[str | int]) -> str:
    said = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return printed(said.removeprefix("."), 80) or "the report"
