"""The parser: one Lark instance, built once, and the words of the grammar.

It does not know any text. The keywords come from the grammar's terminals, so there is no second
list that could differ from `grammars/room.lark`.
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
"""Reserved words that occur inside a member."""

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
    """Return the parser. It has a basic lexer: a reserved word is never a name."""
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
    """Return the text of every fixed word and symbol, by terminal."""
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
    """Return the reserved words as they are written."""
    return frozenset(words()[name] for name in _reserved_terminals())


@cache
def members() -> frozenset[str]:
    """Return the terminals that begin a member, at which the parser continues after a mistake."""
    return (_reserved_terminals() - _INSIDE) | {"GIVEN", "EXPECT"}


def any_word(terminals: set[str]) -> bool:
    """Whether any word is allowed here, as for the name of a field."""
    return _reserved_terminals() <= terminals


def spoken(terminals: set[str]) -> list[str]:
    """Return in words what the parser would accept, most specific first.

    If any name is allowed, words that are not reserved are left out.
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
