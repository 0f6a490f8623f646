"""Writes all files of a file system to the disk with one call.

Syncing each journal ten times a second would cost a server more time than the games themselves.
Knows no journal. The rule: `sync` returns True only if the system would have reported a failure.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
import weakref
from collections.abc import Callable
from pathlib import Path

REPORTS_ERRORS = (5, 8)
"""The first Linux version whose `syncfs` reports write errors."""


class FileSystem:
    """The file system that contains a folder."""

    def __init__(self, folder: Path) -> None:
        """Open the folder. `sync` reports write errors that happen from now on. Raises OSError."""
        self._syncfs = _syncfs()
        self._folder = -1
        if self._syncfs is not None:
            self._folder = os.open(folder, os.O_RDONLY)
            weakref.finalize(self, os.close, self._folder)

    def sync(self) -> bool:
        """Write all pending data to the disk, also that of other programs.

        Returns False if a write failed or the system does not support this. Then sync each file
        to find out which one failed."""
        return self._syncfs is not None and self._syncfs(self._folder) == 0


def _syncfs() -> Callable[[int], int] | None:
    """The `syncfs` function of the C library, or None if it is missing or reports no errors."""
    if sys.platform != "linux":
        return None
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    if version is None or (int(version[1]), int(version[2])) < REPORTS_ERRORS:
        return None
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).syncfs
    except (AttributeError, OSError):
        return None
    return found
