"""A room file from one spelling to the other, without loss.

What is written is read back and must be equal to what was read, else it is refused
(`ConvertError`): files that `check` complains about may say what the other spelling has no
place for, such as one name twice. Comments go along both ways.
"""

from __future__ import annotations

from gameroom.language.diagnostics.diagnostic import Diagnostic, Problems
from gameroom.language.loading import Source, is_yaml, read
from gameroom.language.rewrite.format import FormatError, formatted
from gameroom.language.rewrite.write_room import as_room
from gameroom.language.rewrite.write_yaml import as_yaml
from gameroom.language.source.comments import plain_comments, with_comments
from gameroom.language.yaml import nodes as yaml_nodes
from gameroom.model import File


class ConvertError(Exception):
    """The text has mistakes, which are the `diagnostics`; where there are none, the other
    spelling can't say the same."""

    def __init__(self, message: str, diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


def converted(text: str, *, name: str) -> str:
    """The text of the file `name` in the other spelling; ConvertError where that can't be."""
    problems = Problems()
    file = read(Source(name, text), problems)
    if file is None or not problems.empty:
        raise ConvertError("the file has errors", problems.sorted())
    try:
        done = (
            _from_yaml(text, name, file)
            if is_yaml(name)
            else as_yaml(file, plain_comments(text, name))
        )
    except FormatError:
        done = ""
    if _read_again(done, name) != file:
        raise ConvertError("the result would not have the same meaning")
    return done


def _read_again(done: str, name: str) -> File | None:
    return read(Source("again.room" if is_yaml(name) else "again.room.yaml", done), Problems())


def _from_yaml(text: str, name: str, file: File) -> str:
    done = as_room(file)
    told = tuple(yaml_nodes.comments(text, name))
    here = _read_again(done, name)
    if not told or here != file or here is None:
        return done
    return formatted(with_comments(done, here, file, told))
