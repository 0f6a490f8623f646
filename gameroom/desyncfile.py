"""A desync report from its file.

Its shape is `grammars/desync.schema.json`, for whoever reads reports with other programs too. Knows
no server: reports are read where somebody looks at them, never beside a game. The rule it keeps:
what comes out of here has the shape, whoever wrote the file.
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
    """The bytes are no report of ours; the text says why."""


def read(data: bytes) -> DesyncReport:
    """A report from its file. BadReportError where it is none, or one of a later format."""
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
    """JSON Schema takes 1.0 for an integer, which nothing here writes."""
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
