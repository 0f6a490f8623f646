"""One server for each data folder, whatever the folder is called and however a server ended."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import socket
import subprocess
import sys
from multiprocessing.synchronize import Event
from pathlib import Path
from types import SimpleNamespace

import pytest

from gameroom.store import FolderInUseError, FolderLock, StoreFailedError, lock

OWNER = """
import sys
from pathlib import Path
from gameroom.store import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_folder_has_one_owner_who_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    with FolderLock(folder):
        for _ in range(2):
            with pytest.raises(FolderInUseError, match=f"the server with pid {os.getpid()}$"):
                FolderLock(folder)
    with FolderLock(folder):
        pass


def test_two_names_of_one_folder_are_one_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data", target_is_directory=True)
    with FolderLock(tmp_path / "data"), pytest.raises(FolderInUseError):
        FolderLock(tmp_path / "link")
    with FolderLock(tmp_path / "link"), FolderLock(tmp_path / "other"):
        pass


def test_a_killed_owner_leaves_nothing_that_counts(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        with pytest.raises(FolderInUseError, match=f"pid {owner.pid}$"):
            FolderLock(tmp_path)
        owner.kill()
    assert str(owner.pid) in (tmp_path / lock.NAME).read_text()
    with FolderLock(tmp_path):
        assert (tmp_path / lock.NAME).read_text().split()[0] == str(os.getpid())


def _hold(until: Event) -> None:
    until.wait(20)


def test_a_forked_worker_shares_the_lock_and_a_program_does_not(tmp_path: Path) -> None:
    with FolderLock(tmp_path):
        program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        context = multiprocessing.get_context("fork")
        done = context.Event()
        worker = context.Process(target=_hold, args=(done,))
        worker.start()
    with pytest.raises(FolderInUseError):
        FolderLock(tmp_path)
    done.set()
    worker.join(20)
    with FolderLock(tmp_path):
        program.communicate(b"\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "another server"),
        (b"\xff\xfe", "another server"),
        (b"7 elsewhere\n", "the server with pid 7 on elsewhere"),
        (b"x" * 4096, "another server"),
    ],
)
def test_a_lock_without_a_proper_name_is_a_lock(tmp_path: Path, text: bytes, words: str) -> None:
    with FolderLock(tmp_path):
        (tmp_path / lock.NAME).write_bytes(text)
        with pytest.raises(FolderInUseError, match=f"is in use by {words}$"):
            FolderLock(tmp_path)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailedError, match=r"file is not a folder$"):
        FolderLock(tmp_path / "file")
    with pytest.raises(StoreFailedError, match="Not a directory"):
        FolderLock(tmp_path / "file" / "data")
    (tmp_path / lock.NAME).mkdir()
    with pytest.raises(StoreFailedError, match=rf"{lock.NAME}: Is a directory"):
        FolderLock(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="a file system where root cannot write")
def test_a_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(StoreFailedError, match=f"^/sys/kernel/{lock.NAME}: ") as told:
        FolderLock(Path("/sys/kernel"))
    assert not isinstance(told.value, FolderInUseError)


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_a_clear_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refused(handle: int, operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refused)
    with pytest.raises(StoreFailedError, match=r"cannot be locked: .* local disk$") as told:
        FolderLock(tmp_path)
    assert not isinstance(told.value, FolderInUseError)


# -- Windows, by its call replaced ---------------------------------------------------


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """msvcrt.locking as it is documented: a region of a file, which one handle has at a time;
    13 where it is locked. The locked regions by handle."""
    regions: dict[int, int] = {}

    def locking(handle: int, mode: int, size: int) -> None:
        assert (mode, size) == (2, 1), "a try, of one byte"
        for other in tuple(regions):
            try:
                same = os.path.sameopenfile(other, handle)
            except OSError:
                del regions[other]  # it was closed, and its lock with it
            else:
                if same and other != handle:
                    raise OSError(errno.EACCES, "Permission denied")
        regions[handle] = os.lseek(handle, 0, os.SEEK_CUR)

    monkeypatch.setattr(lock, "WINDOWS", True)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking))
    return regions


def test_on_windows_a_byte_past_the_text_is_locked(tmp_path: Path, windows: dict[int, int]) -> None:
    with FolderLock(tmp_path):
        assert list(windows.values()) == [lock.LOCKED_BYTE]
        with pytest.raises(FolderInUseError, match=f"pid {os.getpid()}$"):
            FolderLock(tmp_path)
        text = (tmp_path / lock.NAME).read_text()
        assert text == f"{os.getpid()} {socket.gethostname()}\n"
    with FolderLock(tmp_path):
        pass
