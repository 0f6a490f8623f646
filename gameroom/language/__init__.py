"""The room language: turns text into a checked room or diagnostics.

`load` reads a room file. `as_text`, `as_json`, `as_github` and `as_sarif` render diagnostics,
`fixed` applies unambiguous fixes, and `settled` removes the warnings that the author allowed.
`formatted` and `converted` rewrite a text. It knows no chart and no clock, and reads no file except
the shipped grammar. The rule it keeps: a text gives a room or at least one error, never an
exception.
"""

from __future__ import annotations

from gameroom import resources
from gameroom.language.diagnostics.allow import settled
from gameroom.language.diagnostics.codes import CODES
from gameroom.language.diagnostics.diagnostic import Diagnostic, Edit, Fix, Note
from gameroom.language.diagnostics.examples import Code
from gameroom.language.diagnostics.render import as_github, as_json, as_plain, as_text
from gameroom.language.diagnostics.sarif import as_sarif
from gameroom.language.loading import Loaded, Resolve, Source, is_yaml, load
from gameroom.language.rewrite.apply_fixes import Fixed, fixed
from gameroom.language.rewrite.convert import ConvertError, converted
from gameroom.language.rewrite.format import FormatError, formatted
from gameroom.language.rewrite.write_room import as_room
from gameroom.language.rewrite.write_yaml import as_yaml

__all__ = [
    "CODES",
    "Code",
    "ConvertError",
    "Diagnostic",
    "Edit",
    "Fix",
    "Fixed",
    "FormatError",
    "Loaded",
    "Note",
    "Resolve",
    "Source",
    "as_github",
    "as_json",
    "as_plain",
    "as_room",
    "as_sarif",
    "as_text",
    "as_yaml",
    "converted",
    "fixed",
    "formatted",
    "is_yaml",
    "load",
    "settled",
    "shipped",
]


def shipped(name: str) -> Source | None:
    """A `resolve` for the shipped rooms only: for untrusted texts. None for other names."""
    found = resources.shipped_room(name)
    return Source(*found) if found is not None else None
