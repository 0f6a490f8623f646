"""The setup configuration: what it is at first, and what fits it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gameroom.model import RoomFile, Setting, Value
from gameroom.model.fit import misfit


def default_settings(file: RoomFile) -> dict[str, Value]:
    """The setup configuration of a room in which nobody has changed anything."""
    return {setting.name: setting.default for setting in file.settings}


def misfit_settings(declared: Sequence[Setting], settings: Mapping[str, Value]) -> str | None:
    """Why these are not values for exactly the declared settings, as a sentence, or None."""
    types = {setting.name: setting.type for setting in declared}
    for name, value in settings.items():
        if name not in types:
            return f"There is no setting `{str(name)[:40]}`."
        if (why := misfit(types[name], value)) is not None:
            return f"`{name}` {why}."
    missing = [name for name in types if name not in settings]
    return f"The setting `{missing[0]}` is missing." if missing else None
