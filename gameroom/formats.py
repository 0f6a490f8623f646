"""The versions of the stored formats, and the message for a version that cannot be read.

Knows no file. All stored data (journals, replays, checkpoints, snapshots of the chart and of the
game, desync reports) contains the version of its format and the release that wrote it. A reader
ignores unknown fields, so a release can add a field with a default without a new version. A reader
refuses other versions with a one-line message that names both releases.
"""

from __future__ import annotations

from typing import Literal

from gameroom import __version__

RELEASE = __version__
"""The release that this program writes into stored data."""

Kept = Literal["journal", "checkpoint", "chart", "snapshot", "desync report"]
"""The kinds of stored data. A replay is a journal with its code, and has the journal's format."""

FORMATS: dict[Kept, int] = {
    "journal": 1,
    "checkpoint": 1,
    "chart": 1,
    "snapshot": 1,
    "desync report": 1,
}
"""The one version of each format that this release writes and reads. Until 0.1 a format can change
without a new version. From then on each released version remains readable or is refused."""


def foreign(kept: Kept, version: object, release: object) -> str | None:
    """Why data with this version and release cannot be read, as the end of a sentence that begins
    with its name. None if it can be read."""
    ours = FORMATS[kept]
    if type(version) is int and version == ours:
        return None
    ours_said = f"this is gameroom {RELEASE}, which reads format {ours}"
    if type(version) is not int or not 0 <= version < 2**32:
        return f"does not say its {kept} format; {ours_said}"
    return f"was written by {writer(release)} in {kept} format {version}; {ours_said}"


def writer(release: object) -> str:
    """The release as text for people. It comes from a file and can have any value."""
    if not isinstance(release, str) or not release:
        return "an unknown release of gameroom"
    return f"gameroom {printed(release, 40)}"


def printed(text: str, characters_max: int = 100) -> str:
    """A text from a file, shortened and escaped to be part of one line."""
    short = text[:characters_max]
    return short if short.isprintable() else ascii(short)[1:-1]
