"""What a server loads before it listens."""

from __future__ import annotations

import subprocess
import sys

LATER = (
    "gameroom.language",
    "gameroom.picture",
    "gameroom.simulator",
    "lark",
    "jsonschema",
    "yaml",
)
"""Only the worker process and the tools need these. They would delay the start of the server."""


def test_a_server_starts_without_the_language_and_the_tools() -> None:
    code = (
        f"import sys, gameroom.server.serve; print([one for one in {LATER} if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
