"""Converts a room file from one spelling to the other, without loss.

The result is read again and must have the same meaning; otherwise it is refused (`ConvertError`). A
file with errors can contain something that the other spelling cannot express, such as the same name
twice. Comments are kept in both directions.
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
    """The text has the problems in `diagnostics`, or, if that is empty, the other spelling cannot
    express the same."""

    def __init__(self, message: str, diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


def converted(text: str, *, name: str) -> str:
    """Return the text of the file `name` in the other spelling. Raises ConvertError."""
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
