"""The versions of what outlives a process, and what is said of one that is not ours.

Knows no file. Everything that is kept (journals, replays, checkpoints, snapshots of the chart
and of the game, desync reports) carries the version of its format and the release that wrote
it. A reader passes over fields that it does not know: a release may add one with a default
without a new version. It refuses another version in one line that names both releases.
"""

from __future__ import annotations

from typing import Literal

from gameroom import __version__

RELEASE = __version__
"""What this program writes as its release."""

Kept = Literal["journal", "checkpoint", "chart", "snapshot", "desync report"]
"""A replay is a journal with its code: it has the journal's format."""

FORMATS: dict[Kept, int] = {
    "journal": 1,
    "checkpoint": 1,
    "chart": 1,
    "snapshot": 1,
    "desync report": 1,
}
"""The one version of each that this release writes and reads. Until 0.1 a version keeps its
number when it changes; from then on each released version stays readable or is refused."""


def foreign(kept: Kept, version: object, release: object) -> str | None:
    """Why something with this version, written by this release, cannot be read: the end of a
    sentence that begins with its name. None where it can."""
    ours = FORMATS[kept]
    if type(version) is int and version == ours:
        return None
    ours_said = f"this is gameroom {RELEASE}, which reads format {ours}"
    if type(version) is not int or not 0 <= version < 2**32:
        return f"does not say its {kept} format; {ours_said}"
    return f"was written by {writer(release)} in {kept} format {version}; {ours_said}"


def writer(release: object) -> str:
    """The release as it is printed: it may be anybody's word."""
    if not isinstance(release, str) or not release:
        return "an unknown release of gameroom"
    return f"gameroom {printed(release, 40)}"


def printed(text: str, characters_max: int = 100) -> str:
    """A text out of a file as a part of one line."""
    short = text[:characters_max]
    return short if short.isprintable() else ascii(short)[1:-1]
