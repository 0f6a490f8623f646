"""Reports words and characters that are invalid everywhere, and replaces them with what was
probably meant, so that the parser can continue.

Knows tokens, but not which token can follow another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lark import Token

from gameroom.language.diagnostics.diagnostic import Edit, Fix, Problems, name_help
from gameroom.language.source.place import TextPlace


def repaired(tokens: list[Token], place: TextPlace, problems: Problems) -> list[Token]:
    """Report invalid tokens, and replace them with what was probably meant."""
    kept: list[Token] = []
    stray_end: int | None = None
    for token in _joined(tokens, place, problems):
        if token.type == "STRAY":
            if token.start_pos != stray_end:
                _tell_stray(token, place, problems)
                kept += [token.update(type="AND", value="and")] if token == "&" else []
            stray_end = token.end_pos
        elif token.type == "OPEN_STRING":
            kept += _tell_open(token, place, problems)
        elif token.type in ("FRACTION", "BAD_NUMBER"):
            before = kept[-1].type if kept else ""
            kept.append(_tell_number(token, before, place, problems))
        else:
            kept.append(token)
    return kept


def _joined(tokens: list[Token], place: TextPlace, problems: Problems) -> Iterator[Token]:
    """Report names with invalid letters once, and join their parts into one word."""
    at = 0
    while at < len(tokens):
        end = at + 1
        while end < len(tokens) and tokens[end].start_pos == tokens[end - 1].end_pos:
            if not _is_of_name(tokens[end]):
                break
            end += 1
        parts = tokens[at:end] if _is_of_name(tokens[at]) else tokens[at : at + 1]
        stray = next((token for token in parts if token.type == "STRAY"), None)
        if stray is None or (len(parts) == 1 and not stray.isalpha()):
            yield tokens[at]
            at += 1
            continue
        last, name = parts[-1], "".join(parts)
        whole = tokens[at].update(type="NAME", value=name)
        whole.end_line, whole.end_column, whole.end_pos = (
            last.end_line, last.end_column, last.end_pos
        )  # fmt: skip
        _tell_stray(stray, place, problems, name_help(name))
        problems.suppression.skip([name], [place.of(whole)])
        yield whole
        at = end


def _is_of_name(token: Token) -> bool:
    return token.isidentifier() or (token.type == "STRAY" and token.isalnum())


_STRAY_HELP = {
    ";": "remove it; separate members with spaces or new lines",
    "'": 'write a string in double quotes, such as "plains"',
    "!": "write `not` to negate a condition, or `!=` to compare",
    "&": "write `and`",
    "|": "write `or`",
}


def _tell_stray(
    token: Token, place: TextPlace, problems: Problems, help: str | None = None
) -> None:
    shown = str(token) if token.isprintable() else f"U+{ord(token[0]):04X}"
    span = place.of(token)
    remove = Fix("remove it", (Edit(span, ""),)) if token == ";" and not place.whole else None
    problems.error(
        "E0106",
        f"unexpected character `{shown}`",
        span,
        help=help or _STRAY_HELP.get(str(token)),
        fix=remove,
    )


_TRAILING = re.compile(r"[ \t]*((?:}[ \t\r]*)+)$")


def _tell_open(token: Token, place: TextPlace, problems: Problems) -> list[Token]:
    """Report an unterminated string. Returns the string without the braces at its end, and those
    braces."""
    problems.error("E0104", "unterminated string", place.of(token))
    braces_at_end = _TRAILING.search(token)
    text = str(token) if braces_at_end is None else str(token)[: braces_at_end.start()]
    kept = [token.update(type="STRING", value=text.rstrip("\\") + '"')]
    if braces_at_end is not None:
        count = braces_at_end.group(1).count("}")
        kept += [token.update(type="RBRACE", value="}") for _ in range(count)]
    return kept


_BEFORE_TIMES = frozenset({"AFTER", "WAIT", "FOR", "DELAY", "WITHIN"})


def _tell_number(token: Token, before: str, place: TextPlace, problems: Problems) -> Token:
    said = re.match(r"([0-9]+)(?:\.[0-9]+)?([A-Za-z_]*)", token)
    assert said is not None, token
    digits, unit = said.groups()
    if token.type == "FRACTION":
        problems.error(
            "E0105",
            f"`{shortened(token)}` is not a whole number",
            place.of(token),
            help="use a smaller unit, such as `500ms` for half a second",
        )
    else:
        problems.error(
            "E0105",
            f"`{shortened(token)}` is not a number, a time or a name",
            place.of(token),
            help="end a time with ms, s, m or h; write turns as in `20 turns`",
        )
    if before in _BEFORE_TIMES or (unit and unit[0] in "smh"):
        return token.update(type="TIME", value=f"{digits}s")
    return token.update(type="INT", value=digits)


def shortened(text: str) -> str:
    """Return the text, shortened to fit into a message."""
    return text if len(text) <= 40 else text[:37] + "..."
