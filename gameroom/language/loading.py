"""Turns the text of a room file into a merged, checked room. All rooms are loaded in this way.

Parse, build, load the used files, merge, check. It reads no files: `resolve` returns the texts for
`use`. Every mistake of the author becomes a diagnostic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from gameroom.language.build.file import build
from gameroom.language.checks.run import check
from gameroom.language.diagnostics.diagnostic import Diagnostic, Problems
from gameroom.language.merge import flat, merged
from gameroom.language.source.lines import one_character, unified
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.parse import parse
from gameroom.language.yaml import build as yaml_front
from gameroom.model import File, RoomFile, Use

USES_DEPTH_MAX = 8
FILES_MAX = 32


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file. name: identifies the file, also in spans."""

    name: str
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", unified(self.text))


Resolve = Callable[[str], Source | None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The result of loading a file.

    file: the file without its used files; None if it could not be read.
    room: merged and checked; None if there are errors or the file has no room.
    sources: the texts of all loaded files by name, to show diagnostics.
    """

    file: File | None
    room: RoomFile | None
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether there are no errors. There can be warnings."""
        return all(problem.severity != "error" for problem in self.diagnostics)


def load(text: str, *, name: str, resolve: Resolve, plays: bool = False) -> Loaded:
    """Load the file `name`; a name that ends in .yaml or .yml is read as YAML.

    resolve: returns the source of a used file by name, or None.
    plays: whether a room of this file already runs. Then scenarios are not checked, because a
    mistake in a test must not end a game.
    """
    loading = _Loading(resolve)
    source = Source(name, text)
    file = loading.read(source)
    room: RoomFile | None = None
    if file is not None and not loading.problems.suppression.is_unreadable:
        room = loading.room(file, source)
        if file.room is None and loading.problems.empty:
            loading.problems.error("E0309", "this file has no room", file.span)
    if room is not None and file is not None and not loading.problems.suppression.is_unreadable:
        check(room, replace(file, scenarios=()) if plays else file, loading.problems)
    diagnostics = loading.problems.sorted()
    return Loaded(file, None if diagnostics else room, diagnostics, loading.sources)


def read(source: Source, problems: Problems) -> File | None:
    """Read one file in either spelling, without its used files. None if that is impossible."""
    broken = next((at for at, char in enumerate(source.text) if "\ud800" <= char <= "\udfff"), None)
    if broken is not None:
        where = one_character(source.text, broken, source.name)
        problems.error("E0113", "the file is not valid UTF-8", where)
        return None
    if is_yaml(source.name):
        return yaml_front.read(source.text, source.name, problems)
    place = TextPlace(source.name)
    return build(parse(source.text, place, problems), place, problems)


@lru_cache(maxsize=16)
def _without_problems(source: Source) -> File | None:
    """Return the file, or None if it has a problem. Cached, because most rooms use the standard
    room, and reading that takes longer than reading the rooms themselves."""
    problems = Problems(sources={source.name: source.text})
    file = read(source, problems)
    return file if problems.empty and not problems.suppression.is_partial else None


def is_yaml(name: str) -> bool:
    """Whether a file with this name is read as YAML."""
    return name.endswith((".yaml", ".yml"))


class _Loading:
    """One load: the files read so far, and the chain of `use`s that led to the current file."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self.sources: dict[str, str] = {}
        self.problems = Problems(sources=self.sources)
        self._chain: list[str] = []
        self._rooms: dict[str, RoomFile | None] = {}

    def read(self, source: Source) -> File | None:
        self.sources[source.name] = source.text
        return read(source, self.problems)

    def room(self, file: File, source: Source) -> RoomFile | None:
        """Return the file's room, merged with the room that it extends; None if that is
        impossible."""
        self._chain.append(source.name)
        used: dict[str, RoomFile | None] = {}
        known = [self._use(use, used) for use in file.uses]
        self._chain.pop()
        room = file.room
        if room is None:
            return None
        if room.extends is None:
            return flat(room, self.problems)
        if room.extends not in used:
            if all(known):
                self._tell_unknown(room, used)
            return None
        base = used[room.extends]
        return merged(base, room, self.problems) if base is not None else None

    def _use(self, use: Use, used: dict[str, RoomFile | None]) -> bool:
        """Read a used file, and add its room to `used`, by the name in `use` and by the name of the
        room. Returns False if the file cannot be used."""
        source = self._resolve(use.name)
        if source is None:
            self.problems.error(
                "E0301",
                f'there is no room file "{use.name}"',
                use.span,
                help='use a shipped room, such as "standard", or a file in the same folder',
            )
            return False
        if source.name in self._chain:
            self.problems.error("E0302", f'circular use: "{use.name}" uses this file', use.span)
            return False
        if len(self._chain) > USES_DEPTH_MAX or len(self.sources) > FILES_MAX:
            self.problems.error(
                "E0303",
                f"uses are nested more than {USES_DEPTH_MAX} deep, or add more than"
                f" {FILES_MAX} files",
                use.span,
            )
            return False
        if source.name not in self._rooms:
            self.sources[source.name] = source.text
            file = _without_problems(source) or read(source, self.problems)
            room = self.room(file, source) if file is not None else None
            self._rooms[source.name] = room
        room = self._rooms[source.name]
        used[use.name] = room
        if room is not None:
            used.setdefault(room.name, room)
        return room is not None

    def _tell_unknown(self, room: RoomFile, used: Mapping[str, RoomFile | None]) -> None:
        assert room.extends is not None
        self.problems.error(
            "E0304",
            f"none of the used files contains a room `{room.extends}`",
            room.extends_span,
            meant=(room.extends, used),
            help=f'add `use` with its file, such as `use "{room.extends}"`',
        )
