"""The two schemas that every SARIF log of ours fits.

`published/` holds the published one as it came. `sarif.schema.json` is written by hand
from the standard and stricter: what we don't write is refused there.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft4Validator, Draft7Validator, FormatChecker

HERE = Path(__file__).parent
FORMATS = FormatChecker(formats=())


@FORMATS.checks("uri")
def is_uri(said: object) -> bool:
    """RFC 3986, as far as we write it: a scheme and no character that must be escaped."""
    return not isinstance(said, str) or (is_reference(said) and bool(urlsplit(said).scheme))


@FORMATS.checks("uri-reference")
def is_reference(said: object) -> bool:
    return not isinstance(said, str) or URI.fullmatch(said) is not None


URI = re.compile(r"([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
OURS = Draft7Validator(json.loads((HERE / "sarif.schema.json").read_text("utf-8")))
PUBLISHED = Draft4Validator(
    json.loads((HERE / "published" / "sarif-2.1.0-rtm.5.json").read_text("utf-8")),
    format_checker=FORMATS,
)


def valid(told: str) -> dict[str, Any]:
    """The log, which fits both schemas."""
    body: dict[str, Any] = json.loads(told)
    for validator in (OURS, PUBLISHED):
        validator.validate(body)
    return body
