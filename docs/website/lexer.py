"""Colours for the room language: ```room and ```scenario. The words are those of the grammar."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Name, Number, Operator, Punctuation, String, Whitespace

GRAMMAR = Path(__file__).parents[2] / "grammars" / "room.lark"


def reserved() -> tuple[str, ...]:
    """The reserved words: those that a grammar file lists between its two headings."""
    text = GRAMMAR.read_text(encoding="utf-8")
    listed = text.partition("// Reserved words")[2].partition("// Soft words")[0]
    return tuple(re.findall(r'^[A-Z_]+: "([a-z]+)"$', listed, re.MULTILINE))


class RoomLexer(RegexLexer):
    """A room file, whole or in part."""

    name = "Room"
    aliases = ("room", "scenario")
    filenames = ("*.room",)
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\s+", Whitespace),
            (r"##.*$", Comment.Special),
            (r"#.*$", Comment.Single),
            (r'"(?:\\.|[^"\\\n])*"', String),
            (r"\d+(?:ms|s|m|h|d)?\b", Number),
            (r"->|\.\.|[=!<>]=?|[-+*/%|]", Operator),
            (r"(?<=\.)[a-z_]\w*", Name),
            (words(reserved(), prefix=r"(?<![\w.])", suffix=r"\b"), Keyword),
            (words(("int", "string", "bool", "list"), suffix=r"\b"), Keyword.Type),
            (r"[A-Za-z_]\w*", Name),
            (r"[{}()\[\],:.]", Punctuation),
            (r".", Name),
        ]
    }
