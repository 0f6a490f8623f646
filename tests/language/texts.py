"""Rooms that the tests of the language share."""

from __future__ import annotations

from pathlib import Path

from gameroom import resources
from gameroom.language import Fixed, Loaded, Source, fixed, load, shipped
from gameroom.model import RoomFile, State
from gameroom.model.paths import descend

SAMPLES = Path(__file__).parent / "samples"
SKIRMISH = (SAMPLES / "skirmish.room").read_text(encoding="utf-8")
SKIRMISH_YAML = (SAMPLES / "skirmish.room.yaml").read_text(encoding="utf-8")
STANDARD = (resources.rooms() / "standard.room").read_text(encoding="utf-8")


def room(body: str) -> str:
    """A room on top of the standard one."""
    return f'language 1\nuse "standard"\nroom "example" extends standard {{\n{body}\n}}\n'


def alone(body: str) -> str:
    """A room that extends nothing, with the least that it needs."""
    return (
        'language 1\nroom "alone" {\n  players 1..4\n'
        "  state setup { after 1h -> running }\n"
        f"  state running {{ after 1h -> ended {body} }}\n  final ended\n}}\n"
    )


def loaded(text: str, name: str = "example.room", **files: str) -> Loaded:
    """Load a text; `files` are other files by the name that `use` has for them."""

    def resolve(wanted: str) -> Source | None:
        if wanted in files:
            return Source(f"{wanted}.room", files[wanted])
        return shipped(wanted)

    return load(text, name=name, resolve=resolve)


def repaired(text: str, name: str = "example.room") -> Fixed:
    """The text with the fixes that loading it offers."""
    return fixed(text, name=name, examine=lambda text: loaded(text, name).diagnostics)


def good(text: str, name: str = "example.room", **files: str) -> RoomFile:
    """The room of a text that has no problems."""
    result = loaded(text, name, **files)
    assert result.diagnostics == ()
    assert result.room is not None
    return result.room


def codes(text: str, name: str = "example.room", **files: str) -> list[str]:
    """The codes of a text's problems, in order of place."""
    return [problem.code for problem in loaded(text, name, **files).diagnostics]


def state(room: RoomFile, path: str) -> State:
    """The state of that path, which is there."""
    found = descend(room.root, path)
    assert found is not None, path
    return found
