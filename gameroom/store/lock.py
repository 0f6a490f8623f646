"""A lock file that lets only one server use a data folder. It names the process that has the lock.

Knows no store and no server. The operating system owns the lock and releases it when the process
ends, even after a crash. A lock file that a killed server leaves behind has no effect.

On POSIX the lock (flock) belongs to the open file. Forked processes share the lock with their
parent. Started programs do not, because they do not inherit Python's open files.
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
"""The byte to lock on Windows. It lies past the text: no other process can read a locked byte."""


class FolderInUseError(StoreFailedError):
    """Another server is using the folder."""


class FolderLock:
    """The lock of a data folder. It lasts until `release` or the end of the `with` block.

    The folder is created if missing. Raises FolderInUseError, which names the process that has
    the lock, and StoreFailedError if the lock file cannot be created or locked.
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
        # On a full disk the server still starts. The lock then names no process.
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
        """The process named in the lock file. A new owner might not have written its name yet."""
        with suppress(OSError, ValueError):
            self._file.seek(0)
            pid, _, host = self._file.read(512).decode().strip().partition(" ")
            where = "" if host == socket.gethostname() else f" on {printed(host)}"
            return f"the server with pid {int(pid)}{where}"
        return "another server"

    def release(self) -> None:
        """Safe to call twice. The file is not deleted: another process might have it open."""
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
    """Open for appending, or for reading if the disk has become read-only."""
    try:
        return path.open("a+b", buffering=0)
    except OSError:
        with suppress(OSError):
            return path.open("rb", buffering=0)
        raise
