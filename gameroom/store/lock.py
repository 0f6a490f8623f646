"""One server for each data folder: a lock file that names the process that has it.

Knows no store and no server. The operating system holds the lock and lets go of it when the
process ends, however it ends: a file that a killed server left behind means nothing.

On POSIX the lock (flock) belongs to the open file. Processes that its owner forks share it;
programs that its owner starts do not, since Python's files are not inherited by them.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from gameroom.formats import printed
from gameroom.store.interfaces import StoreFailedError

if sys.platform != "win32":
    import fcntl

NAME = "gameroom.lock"
WINDOWS = sys.platform == "win32"
LOCKED_BYTE = 1 << 30
"""The byte that is locked on Windows: past the text, as nobody else can read a locked one."""


class FolderInUseError(StoreFailedError):
    """Another server has the folder."""


class FolderLock:
    """The lock of a data folder, from its making until `release` or the end of the block.

    The folder is created if missing. Raises FolderInUseError, which names the process that has
    the lock, and StoreFailedError where there is no file that can be locked.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = _open(self.path)
        except FileExistsError as error:
            raise StoreFailedError(f"{folder} is not a folder") from error
        except OSError as error:
            raise StoreFailedError(f"{error.filename or folder}: {error.strerror}") from error
        try:
            self._take()
        except BaseException:
            self._file.close()
            raise
        # A full disk is no reason not to start: then the lock has no name on it.
        with suppress(OSError):
            self._file.truncate(0)
            self._file.write(f"{os.getpid()} {socket.gethostname()}\n".encode())

    def _take(self) -> None:
        try:
            if WINDOWS:
                msvcrt = import_module("msvcrt")
                self._file.seek(LOCKED_BYTE)
                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held = (errno.EACCES, errno.EDEADLK) if WINDOWS else (errno.EWOULDBLOCK, errno.EAGAIN)
            if error.errno in held:
                words = f"{self.path.parent} is in use by {self._owner()}"
                raise FolderInUseError(words) from error
            raise StoreFailedError(
                f"{self.path} cannot be locked: {error.strerror}: "
                "keep the data folder on a local disk"
            ) from error

    def _owner(self) -> str:
        """The name on the lock, which is written right after it is taken: maybe not yet."""
        with suppress(OSError, ValueError):
            self._file.seek(0)
            pid, _, host = self._file.read(512).decode().strip().partition(" ")
            where = "" if host == socket.gethostname() else f" on {printed(host)}"
            return f"the server with pid {int(pid)}{where}"
        return "another server"

    def release(self) -> None:
        """Safe to call twice. The file stays: whoever has just opened it needs it."""
        self._file.close()

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _open(path: Path) -> BinaryIO:
    """For writing at its end; to be read only where it is on a disk that is read only now."""
    try:
        return path.open("a+b", buffering=0)
    except OSError:
        with suppress(OSError):
            return path.open("rb", buffering=0)
        raise
