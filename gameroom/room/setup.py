"""The setup configuration: its default values, and the check of new values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gameroom.model import RoomFile, Setting, Value
from gameroom.model.fit import misfit


def default_settings(file: RoomFile) -> dict[str, Value]:
    """Return the default values of all settings."""
    return {setting.name: setting.default for setting in file.settings}


def misfit_settings(declared: Sequence[Setting], settings: Mapping[str, Value]) -> str | None:
    """Return a sentence that says why these values do not fit the declared settings; None if they
    fit. There must be one value for each setting."""
    types = {setting.name: setting.type for setting in declared}
    for name, value in settings.items():
        if name not in types:
            return f"There is no setting `{str(name)[:40]}`."
        if (why := misfit(types[name], value)) is not None:
            return f"`{name}` {why}."
    missing = [name for name in types if name not in settings]
    return f"The setting `{missing[0]}` is missing." if missing else None
