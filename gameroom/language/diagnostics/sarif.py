"""Renders diagnostics as SARIF 2.1.0, for tools that collect the results of other tools.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0". As in our spans,
lines and columns count from 1 and ends are exclusive.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from urllib.parse import quote

from gameroom import __version__, resources
from gameroom.language.diagnostics.codes import CODES
from gameroom.language.diagnostics.diagnostic import Diagnostic, Fix, Note
from gameroom.language.diagnostics.pages import story
from gameroom.model import Span


def as_sarif(diagnostics: Iterable[Diagnostic], notes: Iterable[Note] = ()) -> str:
    """Return one run, with a rule for each code and a result for each diagnostic. Notes are
    notifications of the run's only invocation."""
    found = list(diagnostics)
    codes = sorted({problem.code for problem in found})
    driver = {"name": "gameroom", "version": __version__, "rules": list(map(_rule, codes))}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": list(map(_notice, notes))}
        ],
        "results": [_result(problem, codes) for problem in found],
    }
    return json.dumps({"version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, object]:
    told = CODES[code]
    return {
        "id": code,
        "shortDescription": {"text": told.title},
        "fullDescription": {"text": told.explanation},
        "help": {"text": story(code)},
        "helpUri": resources.code_url(code),
        "defaultConfiguration": {"level": "error" if code.startswith("E") else "warning"},
    }


def _result(problem: Diagnostic, codes: list[str]) -> dict[str, object]:
    told = problem.message + (f" ({problem.help})" if problem.help else "")
    result: dict[str, object] = {
        "ruleId": problem.code,
        "ruleIndex": codes.index(problem.code),
        "level": problem.severity,
        "message": {"text": told},
        "locations": [{"physicalLocation": _physical(problem.span)}],
    }
    if problem.secondary is not None:
        span, label = problem.secondary
        result["relatedLocations"] = [
            {"physicalLocation": _physical(span), "message": {"text": label}}
        ]
    if problem.fixes:
        result["fixes"] = list(map(_fix, problem.fixes))
    return result


def _notice(note: Note) -> dict[str, object]:
    return {
        "level": "note",
        "message": {"text": note.message},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(note.file)}}],
    }


def _fix(fix: Fix) -> dict[str, object]:
    files = dict.fromkeys(edit.span.file for edit in fix.edits)
    changes = [
        {
            "artifactLocation": _artifact(file),
            "replacements": [
                {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
                for edit in fix.edits
                if edit.span.file == file
            ],
        }
        for file in files
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _physical(span: Span) -> dict[str, object]:
    return {"artifactLocation": _artifact(span.file), "region": _region(span)}


def _artifact(file: str) -> dict[str, str]:
    return {"uri": quote(file.replace("\\", "/"))}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
