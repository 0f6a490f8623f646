"""The place of a text in its file, so that problems are reported at the right place."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from gameroom.model import Span


@dataclass(frozen=True, slots=True)
class TextPlace:
    """The place of a parsed text in its file: a whole file, or a string inside YAML.

    whole: the span of a string whose characters differ from those in the file (escapes, folded
    lines). Then every part of the text has this span.
    """

    file: str
    line: int = 1
    column: int = 1
    whole: Span | None = None

    def span(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        if self.whole is not None:
            return self.whole
        return Span(
            self.file,
            line + self.line - 1,
            column + (self.column - 1 if line == 1 else 0),
            end_line + self.line - 1,
            end_column + (self.column - 1 if end_line == 1 else 0),
        )

    def of(self, token: Token) -> Span:
        return self.span(
            token.line or 1, token.column or 1, token.end_line or 1, token.end_column or 1
        )
