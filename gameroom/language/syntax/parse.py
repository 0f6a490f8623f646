"""Parses a text to a Lark tree, and reports every syntax problem of the text in one run.

The limits come first: bytes, tokens, nesting. Then braces are matched, so that an unclosed one is
reported at the place where it was opened. Then the LALR parser gets the tokens one by one. After a
mistake, the unfinished member is dropped, and parsing continues at the next member keyword or
closing brace of the same block. It builds no model and checks no names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from lark import Token, Tree
from lark.exceptions import UnexpectedToken

from gameroom.language.diagnostics.diagnostic import Edit, Fix, Problems, nearest, surely
from gameroom.language.source.lines import unified
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax import braces
from gameroom.language.syntax.grammar import any_word, members, parser, spoken, words
from gameroom.language.syntax.invalid_tokens import repaired, shortened
from gameroom.language.syntax.misplaced_words import (
    goes_on,
    is_reserved_name,
    names_kind_of_state,
    tell_kind,
    tell_reserved,
    tell_unit,
)
from gameroom.model import Span

BYTES_MAX = 262_144
TOKENS_MAX = 40_000
TREE_DEPTH_MAX = 120
SYNTAX_PROBLEMS_MAX = 25

Node = Tree[Token]
Live = Any  # lark's InteractiveParser, which is only partly typed


@dataclass(frozen=True, slots=True)
class Comment:
    """`# text` or `## text`, with its sign."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Parsed:
    """The result of parsing a text.

    tree: None if the text exceeded a limit; after other problems, the part that could be parsed.
    docs: doc comments by the offset of their declaration.
    tokens: as the parser got them, with every brace closed.
    """

    tree: Node | None
    comments: tuple[Comment, ...] = ()
    docs: Mapping[int, str] = field(default_factory=dict)
    tokens: tuple[Token, ...] = ()


def parse(text: str, place: TextPlace, problems: Problems, start: str = "file") -> Parsed:
    """Parse `text`, and add its problems to `problems`. start: the rule to parse."""
    text = unified(text)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > BYTES_MAX:
        here = place.span(1, 1, 1, 1)
        problems.error(
            "E0107", f"the file has {size} bytes, more than the limit of {BYTES_MAX}", here
        )
        return Parsed(None)
    tokens = _tokens(text, place, problems, start)
    if tokens is None:
        return Parsed(None)
    comments, docs = _comments(text, tokens, place)
    known = repaired(tokens, place, problems)
    matched = braces.matched(text, known, place.of, problems, whole=start == "file")
    if matched is None:
        return Parsed(None, comments, docs)
    tree = _feed(matched, place, problems, start)
    if tree is not None and _too_deep(tree):
        here = place.of(matched[0])
        problems.error("E0107", f"the file is nested more than {TREE_DEPTH_MAX} levels deep", here)
        return Parsed(None)
    return Parsed(tree, comments, docs, tuple(matched))


def _tokens(text: str, place: TextPlace, problems: Problems, start: str) -> list[Token] | None:
    live: Live = parser().parse_interactive(text, start=start)
    tokens: list[Token] = []
    for token in live.lexer_thread.lex(live.parser_state):
        tokens.append(token)
        if len(tokens) > TOKENS_MAX:
            problems.error(
                "E0107", f"the file has more than {TOKENS_MAX} words and symbols", place.of(token)
            )
            return None
    return tokens


COMMENT = re.compile(r"#[^\n]*")


def _comments(
    text: str, tokens: list[Token], place: TextPlace
) -> tuple[tuple[Comment, ...], dict[int, str]]:
    """Return the comments, and the docs by offset. Comments are between tokens, so it is enough to
    search the gaps."""
    comments: list[Comment] = []
    docs: dict[int, str] = {}
    previous, line, line_start = 0, 1, 0
    for end, after in [(token.start_pos or 0, token.end_pos or 0) for token in tokens] + [
        (len(text), len(text))
    ]:
        told: list[str] = []
        for match in COMMENT.finditer(text, previous, end):
            newlines = text.count("\n", line_start, match.start())
            if newlines:
                line += newlines
                line_start = text.rindex("\n", 0, match.start()) + 1
            column = match.start() - line_start + 1
            said = match.group().rstrip()
            comments.append(Comment(said, place.span(line, column, line, column + len(said))))
            if said.startswith("##"):
                told.append(said[2:].removeprefix(" "))
        if told:
            docs[end] = "\n".join(told).strip()
        previous = after
    return tuple(comments), docs


def _feed(tokens: list[Token], place: TextPlace, problems: Problems, start: str) -> Node | None:
    live: Live = parser().parse_interactive("", start=start)
    index, told = 0, 0
    while index < len(tokens):
        try:
            live.feed_token(tokens[index])
            index += 1
        except UnexpectedToken:
            accepted = set(live.accepts())
            if names_kind_of_state(tokens, index) and _fits(live, tokens[index + 1 : index + 2]):
                tell_kind(tokens[index], tokens[index + 1], place, problems)
                del tokens[index]
                continue
            if "NAME" in accepted and is_reserved_name(tokens, index):
                before = tokens[index - 1].type if index else ""
                tokens[index] = tell_reserved(tokens[index], before, place, problems)
                continue
            meant = tell_unit(tokens, index, accepted, place, problems)
            # A name with invalid letters has been reported already.
            if meant is None and (tokens[index].type != "NAME" or tokens[index].isascii()):
                meant = _tell_unexpected(tokens[index], accepted, place, problems)
            told += 1
            if told >= SYNTAX_PROBLEMS_MAX:
                return None
            if meant is not None and _fits(live, [meant, *tokens[index + 1 : index + 2]]):
                tokens[index] = meant
                continue
            if tokens[index] == "," and _fits(live, tokens[index + 1 : index + 2]):
                del tokens[index]
                continue
            problems.suppression.skip()
            if start != "file":
                return None
            stopped = index
            live, index = _resume(tokens, index, live)
            beside = tokens[index : index + 1] if goes_on(tokens, index) else []
            torn = tokens[_beginning(tokens, stopped) : index] + beside
            problems.suppression.skip(
                (token.strip('"') for token in torn), [place.of(each) for each in torn]
            )
    try:
        last = tokens[-1] if tokens else None
        tree = live.feed_eof(last)
    except UnexpectedToken:
        _tell_end(tokens, live, place, problems)
        return None
    assert isinstance(tree, Tree)
    return tree


def _fits(live: Live, following: list[Token]) -> bool:
    """Whether the parser could continue with these tokens."""
    trial = _trial(live)
    return all(_accepted(trial, token) for token in following)


def _beginning(tokens: list[Token], stopped: int) -> int:
    """Return the index at which the unfinished member begins."""
    while stopped and tokens[stopped - 1].type not in ("LBRACE", "RBRACE"):
        stopped -= 1
        if tokens[stopped].type in members():
            break
    return stopped


def _resume(tokens: list[Token], index: int, live: Live) -> tuple[Live, int]:
    """Return the parser after dropping the unfinished member, and the index of the token to
    continue with."""
    depth = 0
    for at in range(index, len(tokens)):
        token = tokens[at]
        if depth == 0 and (token.type == "RBRACE" or token.type in members()):
            following = tokens[at + 1] if at + 1 < len(tokens) else None
            fitting = _fitting(live, token, following)
            if fitting is not None:
                return fitting, at
        depth += (token.type == "LBRACE") - (token.type == "RBRACE")
        depth = max(depth, 0)
    return _fitting(live, Token("$END", ""), None) or live, len(tokens)


def _fitting(live: Live, token: Token, following: Token | None) -> Live | None:
    """Return the parser with the longest part of this block, from its beginning, that `token` can
    follow; None if there is none."""
    short = live.copy(deepcopy_values=False)
    state = short.parser_state
    while True:
        trial = _trial(short)
        if _accepted(trial, token):
            # Continue even if the second word of the member is wrong. But do not continue at a
            # word that only fits as the name of a field, which can be any word.
            if token.type in ("RBRACE", "$END") or following is None:
                return short
            if "COLON" not in trial.choices() or following.type == "COLON":
                return short
        if len(state.state_stack) <= 1 or _is_open(state.value_stack[-1]):
            return None
        state.state_stack.pop()
        state.value_stack.pop()


def _trial(live: Live) -> Live:
    """Return a copy of the parser that builds no tree, so that trying a token changes nothing."""
    trial = live.copy(deepcopy_values=False)
    trial.parser_state.parse_conf = copy(trial.parser_state.parse_conf)
    trial.parser_state.parse_conf.callbacks = {}
    return trial


def _accepted(live: Live, token: Token) -> bool:
    try:
        live.feed_token(token)
    except UnexpectedToken:
        return False
    return True


def _is_open(value: object) -> bool:
    return isinstance(value, Token) and value.type == "LBRACE"


def _tell_unexpected(
    token: Token, accepted: set[str], place: TextPlace, problems: Problems
) -> Token | None:
    """Report an unexpected token. Returns the token that was meant, if that is unambiguous."""
    written, known, span = str(token), words(), place.of(token)
    choices = {known[name]: name for name in accepted if name in known}
    near = nearest(written, choices) if written.isidentifier() else None
    sure = surely(written, choices) if near is not None else None
    if near is None and token.type == "NAME" and "STRING" in accepted:
        near = sure = f'"{written}"'
        choices[sure] = "STRING"
    if written == "=" and "COMPARE" in accepted:
        sure, choices = "==", {"==": "COMPARE"}
    fix = Fix(f"write `{sure}`", (Edit(span, sure),)) if sure and not place.whole else None
    if written == "," and not place.whole:
        fix = Fix("remove it", (Edit(span, ""),))
    problems.error(
        "E0101",
        f"unexpected `{shortened(written)}`{'' if near else '; ' + _listed(accepted)}",
        span,
        help=f"did you mean `{near}`?" if near else _HELP.get(written) or _expects(accepted),
        fix=fix,
    )
    return token.update(type=choices[sure], value=sure) if sure else None


_HELP = {
    "=": "write `==` to compare; `=` assigns a value",
    ",": "remove it; fields and members are not separated by commas",
}


def _expects(accepted: set[str]) -> str | None:
    if accepted == {"TURNS"}:
        return "add a unit, such as `10s`, `5m` or `20 turns`"
    accepted = accepted - {"MINUS"} if "INT" in accepted else accepted
    return f"write {spoken(accepted)[0]} here" if len(accepted) == 1 else None


def _tell_end(tokens: list[Token], live: Live, place: TextPlace, problems: Problems) -> None:
    last = tokens[-1] if tokens else None
    if last is None:
        here = place.span(1, 1, 1, 1)
    else:
        line, column = last.end_line or 1, last.end_column or 1
        here = place.span(line, column, line, column)
    problems.error("E0101", f"unexpected end of the text; {_listed(set(live.accepts()))}", here)


def _listed(accepted: set[str]) -> str:
    block = accepted & members() if not any_word(accepted) else set()
    told = spoken(accepted - block if len(block) > 3 else accepted)
    if len(block) > 3:
        told.append("another member")
    if not told:
        return "nothing can follow here"
    if len(told) > 8:
        told = [*told[:7], f"{len(told) - 7} others"]
    return "expected " + (told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}")


def _too_deep(tree: Node) -> bool:
    level: list[Node] = [tree]
    for _ in range(TREE_DEPTH_MAX):
        level = [child for node in level for child in _inner(node)]
        if not level:
            return False
    return True


def _inner(node: Node) -> Iterator[Node]:
    return (child for child in node.children if isinstance(child, Tree))
