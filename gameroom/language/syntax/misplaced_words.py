"""Reports valid words in the wrong place, as authors often write them in their first room.

Each message says what to write, and the word is replaced so that the parser can continue. Knows
tokens and what the parser would accept; no tree.
"""

from __future__ import annotations

from lark import Token

from gameroom.language.diagnostics.diagnostic import Edit, Fix, Problems
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.grammar import reserved


def goes_on(tokens: list[Token], index: int) -> bool:
    """Whether this word is on the same line as the one before it, so that it can belong to the same
    member."""
    return 0 < index < len(tokens) and tokens[index - 1].end_line == tokens[index].line


def is_reserved_name(tokens: list[Token], index: int) -> bool:
    """Whether this is a reserved word on the same line as the word before it. On a new line it
    would begin a member."""
    beside = index == 0 or tokens[index - 1].end_line == tokens[index].line
    return beside and str(tokens[index]) in reserved()


_BEFORE_STATES = frozenset({"EXPECT", "NOT", "INITIAL", "RESUME", "INTERNAL", "LPAR"})


def names_kind_of_state(tokens: list[Token], index: int) -> bool:
    """Whether this is the kind of a state before its name: `-> state day`, `expect state day`."""
    return (
        tokens[index].type in ("STATE", "PARALLEL", "REGION", "FINAL", "HISTORY")
        and index > 0
        and (tokens[index - 1] == "->" or tokens[index - 1].type in _BEFORE_STATES)
        and goes_on(tokens, index + 1)
    )


def tell_kind(token: Token, name: Token, place: TextPlace, problems: Problems) -> None:
    span = place.of(token).to(place.of(name))
    fix = Fix(f"write `{name}`", (Edit(span, str(name)),)) if not place.whole else None
    problems.error(
        "E0103",
        f"`{token}` can be used only where a state is declared",
        place.of(token),
        help=f"write only `{name}`",
        fix=fix,
    )


_BEFORE_PEOPLE = frozenset({"FROM", "OF", "ALL", "ANY", "NO", "COUNT", "COMMA"})


def tell_reserved(token: Token, before: str, place: TextPlace, problems: Problems) -> Token:
    """Report a reserved word that is used as a name, and return it as a name."""
    if before in _BEFORE_PEOPLE and token.type in ("PLAYERS", "SPECTATORS"):
        kind, span = str(token).removesuffix("s"), place.of(token)
        problems.error(
            "E0103",
            f"`{token}` is a number; the people are called `{kind}`",
            span,
            help=f"did you mean `{kind}`?",
            fix=Fix(f"write `{kind}`", (Edit(span, kind),)) if not place.whole else None,
        )
        return token.update(type="NAME", value=kind)
    problems.error(
        "E0103",
        f"`{token}` is a reserved word and can't be used as a name",
        place.of(token),
        help=f"use another name, such as `{token}_`",
    )
    return token.update(type="NAME")


_UNITS = {
    **dict.fromkeys(("millisecond", "milliseconds", "ms"), "ms"),
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s"), "s"),
    **dict.fromkeys(("minute", "minutes", "min", "mins", "m"), "m"),
    **dict.fromkeys(("hour", "hours", "h"), "h"),
}


def tell_unit(
    tokens: list[Token], index: int, accepted: set[str], place: TextPlace, problems: Problems
) -> Token | None:
    """Report `10 seconds` instead of `10s`. Returns the token that replaces it, or None if this is
    another mistake."""
    token = tokens[index]
    if accepted != {"TURNS"} or token not in _UNITS:
        return None
    time = f"{tokens[index - 1]}{_UNITS[token]}"
    span = place.of(tokens[index - 1]).to(place.of(token))
    problems.error(
        "E0101",
        f"unexpected `{token}`; a time is written as one word",
        place.of(token),
        help=f"write `{time}`",
        fix=Fix(f"write `{time}`", (Edit(span, time),)) if not place.whole else None,
    )
    return token.update(type="TURNS", value="turns")
