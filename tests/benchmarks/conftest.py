"""What the benchmarks share."""

from __future__ import annotations

import pytest

from gameroom import resources
from gameroom.chart import compile_room
from gameroom.language import Source, load


@pytest.fixture
def standard():
    """The chart of the standard room."""

    def resolve(name):
        found = resources.shipped_room(name)
        return None if found is None else Source(*found)

    file, text = resources.shipped_room("standard")
    return compile_room(load(text, name=file, resolve=resolve).room)
