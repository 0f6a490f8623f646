"""Reports braces that do not match, at the place where they were opened, and fixes them for the
parser.

It only uses braces and layout. Layout counts only if the braces do not match, and only if it
explains the mistake: a `}` or a member keyword at the beginning of a line ends every block that
began further right.
"""

from __future__ import annotations

from collections.abc import Callable

from lark import Token

from gameroom.language.diagnostics.diagnostic import Edit, Fix, Problems
from gameroom.language.syntax.grammar import members
from gameroom.model import Span

NESTING_MAX = 32
BRACKETS_MAX = 200
"""How deep brackets can be nested. An expression is limited to far less; this only stops early."""


def matched(
    text: str,
    tokens: list[Token],
    span: Callable[[Token], Span],
    problems: Problems,
    *,
    whole: bool,
) -> list[Token] | None:
    """Return the tokens with every brace closed exactly once; None if they are nested too deep.
    Mistakes are reported. whole: whether the text is a file, not a phrase inside one."""
    lowest, depth, deepest, brackets = 0, 0, 0, 0
    for token in tokens:
        brackets += (token.type in ("LPAR", "LSQB")) - (token.type in ("RPAR", "RSQB"))
        if brackets > BRACKETS_MAX:
            problems.error(
                "E0107", f"brackets are nested more than {BRACKETS_MAX} deep", span(token)
            )
            return None
        depth += (token.type == "LBRACE") - (token.type == "RBRACE")
        lowest, deepest = min(lowest, depth), max(deepest, depth)
        if deepest > NESTING_MAX:
            problems.error("E0107", f"braces are nested more than {NESTING_MAX} deep", span(token))
            return None
    if lowest == 0 == depth:
        return tokens
    mending = _Mending(text.split("\n"), by_layout=True).run(tokens)
    if len(mending.unclosed) + len(mending.extra) > abs(depth):
        mending = _Mending([], by_layout=False).run(tokens)
    for token, at in mending.unclosed:
        problems.error(
            "E0102",
            "unclosed brace",
            span(token),
            help="add the missing `}`",
            fix=_closing(text, token, at, span(token).file) if whole else None,
        )
    for token in mending.extra:
        problems.error("E0108", "unmatched closing brace", span(token))
    return mending.kept


def _closing(text: str, opener: Token, at: Token | None, file: str) -> Fix:
    """Return the fix that adds a brace on its own line: before the line that `at` begins and the
    comments above it, or at the end of the text."""
    lines = text.split("\n")
    opened = lines[(opener.line or 1) - 1]
    brace = opened[: len(opened) - len(opened.lstrip())] + "}\n"
    if at is None:
        line, column = len(lines), len(lines[-1]) + 1
        brace = brace if not lines[-1].strip() else "\n" + brace.rstrip("\n")
    else:
        line, column = at.line or 1, 1
        while lines[line - 2].strip() == "" or lines[line - 2].lstrip().startswith("#"):
            line -= 1
    return Fix("add `}`", (Edit(Span(file, line, column, line, column), brace),))


class _Mending:
    """One pass over the tokens. kept: the tokens with matching braces. unclosed: the braces that
    were never closed. extra: the braces that close nothing."""

    def __init__(self, lines: list[str], *, by_layout: bool) -> None:
        self._lines = lines
        self._by_layout = by_layout
        self._opened: list[Token] = []
        self.kept: list[Token] = []
        self.unclosed: list[tuple[Token, Token | None]] = []
        self.extra: list[Token] = []

    def run(self, tokens: list[Token]) -> _Mending:
        for token in tokens:
            if self._by_layout and self._leads(token):
                self._close_what_began_right_of(token)
            if token.type == "LBRACE":
                self._opened.append(token)
            elif token.type == "RBRACE":
                if not self._opened:
                    self.extra.append(token)
                    continue
                self._opened.pop()
            self.kept.append(token)
        while self._opened:
            self._close(self._opened.pop(), tokens[-1], None)
        return self

    def _leads(self, token: Token) -> bool:
        """Whether this is a brace or a member keyword at the beginning of its line."""
        if token.type != "RBRACE" and token.type not in members():
            return False
        return self._indent(token) == (token.column or 1) - 1

    def _indent(self, token: Token) -> int:
        line = self._lines[(token.line or 1) - 1]
        return len(line) - len(line.lstrip())

    def _close_what_began_right_of(self, token: Token) -> None:
        column = (token.column or 1) - 1
        beside = token.type != "RBRACE"
        while self._opened and self._indent(self._opened[-1]) >= column + (not beside):
            self._close(self._opened.pop(), token, token)

    def _close(self, opener: Token, at: Token, before: Token | None) -> None:
        """Close an open brace. before: the first token of the line before which the brace is
        missing; None for the end of the text."""
        self.unclosed.append((opener, before))
        self.kept.append(at.update(type="RBRACE", value="}"))
