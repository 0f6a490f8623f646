"""A room file from one spelling to the other, without loss.

What is written is read back and must be equal to what was read, else it is refused
(`ConvertError`): files that `check` complains about may say what the other spelling has no
place for, such as one name twice. Plain comments go along from `.room` to YAML only; doc
comments go both ways.
"""

from __future__ import annotations

from gameroom.language.diagnostics import Diagnostic, Problems
from gameroom.language.format import FormatError
from gameroom.language.loading import Source, is_yaml, read
from gameroom.language.parse import Comment, Place, parse
from gameroom.language.write_room import as_room
from gameroom.language.write_yaml import as_yaml


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
        raise ConvertError("the file has mistakes", problems.sorted())
    from_yaml = is_yaml(name)
    try:
        done = as_room(file) if from_yaml else as_yaml(file, _comments(text, name))
    except FormatError:
        done = ""
    again = read(Source("again.room" if from_yaml else "again.room.yaml", done), Problems())
    if again != file:
        raise ConvertError("the other spelling can't say the same")
    return done


def _comments(text: str, name: str) -> tuple[Comment, ...]:
    return parse(text, Place(name), Problems()).comments
