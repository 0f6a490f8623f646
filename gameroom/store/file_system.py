"""All files of a file system written to the disk with one call.

A server that syncs each of its journals ten times a second spends more on that than on the games.
Knows no journal. The rule it keeps: it says True only where a failure would have been reported.
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
"""The first Linux whose `syncfs` reports that something could not be written."""


class FileSystem:
    """The file system that a folder is on."""

    def __init__(self, folder: Path) -> None:
        """Open the folder: failures are reported from here on. Raises OSError."""
        self._syncfs = _syncfs()
        self._folder = -1
        if self._syncfs is not None:
            self._folder = os.open(folder, os.O_RDONLY)
            weakref.finalize(self, os.close, self._folder)

    def sync(self) -> bool:
        """Write everything that is not on the disk yet, also what other programs have written.
        False if that failed or cannot be done here; then sync each file to find out which one."""
        return self._syncfs is not None and self._syncfs(self._folder) == 0


def _syncfs() -> Callable[[int], int] | None:
    """The function of the C library, None where there is none that reports errors."""
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
