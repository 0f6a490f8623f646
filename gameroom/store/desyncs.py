"""The desync reports of a server: `<room>-<generation>.desync`, so many and no more.

Knows no room and no report: what is kept are bytes. A report is whole or it is not there.
A room keeps its first ones, as what follows the first desync is mostly its echo; a server
keeps the latest ones.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gameroom.store.interfaces import ROOM_ID, StoreFailedError

SUFFIX = ".desync"
_NAME = re.compile(rf"({ROOM_ID.pattern})-([0-9]{{1,16}})")


class NoPlaceError(Exception):
    """The room has as many reports as it may."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One report that is there. at: when it was written, in milliseconds since 1970."""

    generation: int
    bytes: int
    at: int


class DesyncStore(Protocol):
    """All desync reports of a server. Calls may come from another thread than the loop's."""

    def put(self, room: str, generation: int, data: bytes, at: int) -> str:
        """Keep a report; where it is, for people. Raises NoPlaceError, StoreFailedError."""

    def of_room(self, room: str) -> tuple[Kept, ...]:
        """Those of a room, by generation. Raises StoreFailedError."""

    def get(self, room: str, generation: int) -> bytes | None:
        """Raises StoreFailedError."""


class MemoryDesyncs:
    """Reports that are gone with the process."""

    def __init__(self, per_room_max: int = 8, in_all_max: int = 16) -> None:
        self._per_room_max = per_room_max
        self._in_all_max = in_all_max
        self._kept: dict[tuple[str, int], tuple[bytes, int]] = {}

    def put(self, room: str, generation: int, data: bytes, at: int) -> str:
        key = (room, generation)
        if key not in self._kept and len(self.of_room(room)) >= self._per_room_max:
            raise NoPlaceError
        self._kept.pop(key, None)
        while len(self._kept) >= self._in_all_max:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = data, at
        return "memory"

    def of_room(self, room: str) -> tuple[Kept, ...]:
        found = [(of, row) for (id_, of), row in tuple(self._kept.items()) if id_ == room]
        return tuple(Kept(of, len(data), at) for of, (data, at) in sorted(found))

    def get(self, room: str, generation: int) -> bytes | None:
        found = self._kept.get((room, generation))
        return None if found is None else found[0]


class FileDesyncs:
    """One file for each report in one folder, which is made with the first one."""

    def __init__(self, folder: Path, per_room_max: int = 8, in_all_max: int = 200) -> None:
        self.folder = folder
        self._per_room_max = per_room_max
        self._in_all_max = in_all_max

    def put(self, room: str, generation: int, data: bytes, at: int) -> str:
        path = self._path(room, generation)
        if path is None:
            raise StoreFailedError(f"{room[:64]!r} is not the id of a room")
        if not path.exists() and len(self.of_room(room)) >= self._per_room_max:
            raise NoPlaceError
        draft = path.with_suffix(".new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._make_room(path)
            try:
                with draft.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.utime(draft, (at / 1000, at / 1000))
                draft.replace(path)
            except OSError:
                with suppress(OSError):
                    draft.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StoreFailedError(f"{path.name}: {error.strerror}") from error
        return str(path)

    def of_room(self, room: str) -> tuple[Kept, ...]:
        found = []
        for path, stat in self._files():
            name = _NAME.fullmatch(path.stem)
            if name is not None and name[1] == room:
                found.append(Kept(int(name[2]), stat.st_size, stat.st_mtime_ns // 1_000_000))
        return tuple(sorted(found, key=lambda one: one.generation))

    def get(self, room: str, generation: int) -> bytes | None:
        path = self._path(room, generation)
        try:
            return None if path is None else path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreFailedError(f"{room}-{generation}: {error.strerror}") from error

    def _path(self, room: str, generation: int) -> Path | None:
        # No text from outside ever names a file: what is not an id has no report.
        if ROOM_ID.fullmatch(room) is None or generation < 0:
            return None
        return self.folder / f"{room}-{generation}{SUFFIX}"

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        try:
            for path in self.folder.glob(f"*{SUFFIX}"):
                with suppress(FileNotFoundError):
                    found.append((path, path.stat()))
        except OSError as error:
            raise StoreFailedError(f"{self.folder.name}: {error.strerror}") from error
        return found

    def _make_room(self, coming: Path) -> None:
        """Remove the oldest ones, so that there is a place for one more."""
        others = [(stat.st_mtime_ns, path) for path, stat in self._files() if path != coming]
        for _, path in sorted(others)[: max(0, len(others) - self._in_all_max + 1)]:
            path.unlink(missing_ok=True)
