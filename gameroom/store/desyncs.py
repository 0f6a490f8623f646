"""The desync reports of a server, `<room>-<generation>.desync`, in limited number.

Knows no room and no content: a report is bytes. A report is stored completely or not at all.
Each room keeps its first reports, because later desyncs mostly follow from the first. The server
as a whole keeps the latest reports.
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
    """The room already has the maximum number of reports."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored report. at: when it was written, in milliseconds since 1970."""

    generation: int
    bytes: int
    at: int


class DesyncStore(Protocol):
    """All desync reports of a server. You can call it from any thread."""

    def put(self, room: str, generation: int, data: bytes, at: int) -> str:
        """Store a report. Returns its place as text for people.

        Raises NoPlaceError if the room already has the maximum number, and StoreFailedError."""

    def of_room(self, room: str) -> tuple[Kept, ...]:
        """The reports of a room, ordered by generation. Raises StoreFailedError."""

    def get(self, room: str, generation: int) -> bytes | None:
        """The bytes of a report, or None if there is none. Raises StoreFailedError."""


class MemoryDesyncs:
    """Keeps the reports in memory, until the process ends."""

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
    """Keeps one file per report in one folder, which is created with the first report."""

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
        # Text from clients must never name a file: only the id of a room can.
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
        """Remove the oldest reports to make room for one more."""
        others = [(stat.st_mtime_ns, path) for path, stat in self._files() if path != coming]
        for _, path in sorted(others)[: max(0, len(others) - self._in_all_max + 1)]:
            path.unlink(missing_ok=True)
