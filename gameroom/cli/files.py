"""Room files for the commands: finds, reads and writes them.

It knows no room. A file that can't be read or written is a usage error with a one-line message.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click

from gameroom import language
from gameroom.language import Loaded, Resolve, Source

SUFFIXES = (".room", ".room.yaml", ".room.yml")
FILE_BYTES_MAX = 1_048_576
STDIN = Path("-")


def found(names: Sequence[str], suffixes: Sequence[str] = SUFFIXES) -> list[Path]:
    """The files named by the arguments, each once. A folder is searched for room files.

    Raises click.UsageError for a missing file and for a folder without room files.
    """
    return list(dict.fromkeys(path for name in names for path in _found(name, tuple(suffixes))))


def _found(name: str, suffixes: tuple[str, ...]) -> Iterator[Path]:
    path = Path(name)
    if name == "-" or is_text(path):
        yield path
    elif path.is_dir():
        inside = sorted(
            each for each in path.rglob("*") if each.name.endswith(suffixes) and each.is_file()
        )
        if not inside:
            raise click.UsageError(f"the folder {name} contains no room files")
        yield from inside
    else:
        raise missing(path)


def is_text(path: Path) -> bool:
    """Whether the path can be read like a file. Pipes can, such as `<(...)` in a shell."""
    return path.is_file() or path.is_fifo()


def missing(path: Path) -> click.UsageError:
    """The error for a missing file. It suggests an existing file with a suffix of room files."""
    meant = [path.with_name(path.name + ending) for ending in SUFFIXES if path.name]
    near = next((f"; did you mean {each}?" for each in meant if each.is_file()), "")
    return click.UsageError(f"there is no file {path}{near}")


def read(path: Path) -> str:
    """The text of a file, or of standard input for `-`.

    Invalid UTF-8 becomes lone surrogates, which the language reports. Raises click.UsageError.
    """
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(FILE_BYTES_MAX)
        else:
            with path.open("rb") as file:
                data = file.read(FILE_BYTES_MAX)
    except FileNotFoundError as problem:
        raise missing(path) from problem
    except OSError as problem:
        raise click.UsageError(f"{path} can't be read: {problem.strerror}") from problem
    return data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")


def load(path: Path, text: str, name: str) -> Loaded:
    """Load a text that was read from this path. name: the name to show."""
    return language.load(text, name=name, resolve=_resolver(path))


def _resolver(path: Path) -> Resolve:
    """Finds the files that the one at `path` uses: first in the same folder, then among the shipped
    rooms. For standard input and pipes, the working folder is used."""
    folder = path.parent if path.is_file() else Path()

    def resolve(wanted: str) -> Source | None:
        beside = folder / wanted
        if wanted.endswith(SUFFIXES) and _is_below(beside, folder) and beside.is_file():
            return Source(str(beside), read(beside))
        return language.shipped(wanted)

    return resolve


def _is_below(path: Path, folder: Path) -> bool:
    """Whether a path is inside the folder. A room file must not read files outside its folder."""
    return path.resolve().is_relative_to(folder.resolve())


def write(path: Path, text: str) -> None:
    """Replace a file's text completely or not at all. Keeps its mode, and keeps a link as a link.
    Raises click.UsageError."""
    place = path.resolve()
    if not place.parent.is_dir():
        raise click.UsageError(f"{path} can't be written: there is no folder {path.parent}")
    try:
        mode = place.stat().st_mode & 0o7777 if place.exists() else None
        handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    except OSError as problem:
        raise click.UsageError(f"{path} can't be written: {problem.strerror}") from problem
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode if mode is not None else 0o666 & ~_umask())
        os.replace(name, place)
    except OSError as problem:
        raise click.UsageError(f"{path} can't be written: {problem.strerror}") from problem
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
