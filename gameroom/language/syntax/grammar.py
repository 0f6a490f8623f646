"""The grammar as a parser: one Lark instance, built once, and the words it knows.

It does not know any text. The keywords are read off the grammar's own terminals, so that
no second list can disagree with `grammars/room.lark`.
"""

from __future__ import annotations

from functools import cache

from lark import Lark
from lark.lexer import PatternStr

from gameroom import resources

STARTS = (
    "file",
    "expression",
    "target",
    "duration",
    "type",
    "range",
    "spectators_value",
    "action",
    "event",
    "policy_value",
    "step",
    "wrong",
)

_INSIDE = frozenset({"DO", "IF", "BECAUSE", "FROM", "AND", "OR", "NOT", "TRUE", "FALSE"})
"""Reserved words that stand inside a member."""

_NAMES = {
    "NAME": "a name",
    "INT": "a whole number",
    "STRING": "a string in double quotes",
    "TIME": "a time such as `10s`",
    "COMPARE": "a comparison",
    "SHARE": "a share such as `60%`",
    "$END": "the end",
}


@cache
def parser() -> Lark:
    """The parser. A basic lexer: a reserved word is never a name."""
    return Lark(
        resources.grammar("room.lark"),
        parser="lalr",
        lexer="basic",
        start=list(STARTS),
        propagate_positions=True,
        maybe_placeholders=False,
    )


@cache
def words() -> dict[str, str]:
    """Every fixed word and sign: terminal -> how it is written."""
    return {
        terminal.name: terminal.pattern.value
        for terminal in parser().terminals
        if isinstance(terminal.pattern, PatternStr)
    }


@cache
def _reserved_terminals() -> frozenset[str]:
    rules = [rule for rule in parser().rules if rule.origin.name == "_reserved"]
    return frozenset(rule.expansion[0].name for rule in rules)


@cache
def reserved() -> frozenset[str]:
    """The reserved words, as they are written."""
    return frozenset(words()[name] for name in _reserved_terminals())


@cache
def members() -> frozenset[str]:
    """Terminals that begin a member: where the parser finds its feet after a mistake."""
    return (_reserved_terminals() - _INSIDE) | {"GIVEN", "EXPECT"}


def any_word(terminals: set[str]) -> bool:
    """May any word stand here, as it may for the name of a field?"""
    return _reserved_terminals() <= terminals


def spoken(terminals: set[str]) -> list[str]:
    """What the parser would accept, in words for a reader, the most telling first.

    Where any name goes, the soft words that could also be that name are left out.
    """
    named = words()
    if any_word(terminals):
        terminals = {name for name in terminals if not named.get(name, "").isalpha()}
    told = [_NAMES[name] for name in _NAMES if name in terminals]
    fixed = sorted(named[name] for name in terminals if name in named)
    if "NAME" in terminals:
        fixed = [word for word in fixed if not word.isalpha() or word in reserved()]
    signs = [word for word in fixed if not word.isalpha()]
    return told + [f"`{word}`" for word in signs + [word for word in fixed if word.isalpha()]]
