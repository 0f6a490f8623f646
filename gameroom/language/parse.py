"""Text to a Lark tree, with every syntax problem of the text in one run.

Caps come first: bytes, tokens, nesting. Then braces are matched, so that an unclosed one
is told where it was opened. Then the tokens are fed to the LALR parser one by one; after
a mistake the unfinished member is dropped and parsing goes on at the next member keyword
or closing brace of the same block. It builds no model and checks no names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from lark import Token, Tree
from lark.exceptions import UnexpectedToken

from gameroom.language import braces
from gameroom.language.diagnostics import Edit, Fix, Problems, name_help, nearest, surely
from gameroom.language.grammar import any_word, members, parser, reserved, spoken, words
from gameroom.language.lines import unified
from gameroom.model import Span

BYTES_MAX = 262_144
TOKENS_MAX = 40_000
TREE_DEPTH_MAX = 120
SYNTAX_PROBLEMS_MAX = 25

Node = Tree[Token]
Live = Any  # lark's InteractiveParser, which has only a part of its types


@dataclass(frozen=True, slots=True)
class Comment:
    """`# text` or `## text`, with its sign."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parsed text stands in its file: a whole file, or a string inside YAML.

    whole: the span of a string whose characters do not stand in the file as they are
    (escapes, folded lines); every part of it has this span then.
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


@dataclass(frozen=True, slots=True)
class Parsed:
    """What became of a text. `docs`: offset of a declaration -> its doc comment.

    tree is None when the caps stopped it; after other problems it is the part that parsed.
    tokens: as they were fed to the parser, so with every brace closed.
    """

    tree: Node | None
    comments: tuple[Comment, ...] = ()
    docs: Mapping[int, str] = field(default_factory=dict)
    tokens: tuple[Token, ...] = ()


def parse(text: str, place: Place, problems: Problems, start: str = "file") -> Parsed:
    """Parse `text`; what is wrong goes to `problems`."""
    text = unified(text)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > BYTES_MAX:
        here = place.span(1, 1, 1, 1)
        problems.error(
            "E0107", f"the file has {size} bytes, more than the {BYTES_MAX} that are read", here
        )
        return Parsed(None)
    tokens = _tokens(text, place, problems, start)
    if tokens is None:
        return Parsed(None)
    comments, docs = _comments(text, tokens, place)
    repaired = _repaired(tokens, place, problems)
    mended = braces.matched(text, repaired, place.of, problems, whole=start == "file")
    if mended is None:
        return Parsed(None, comments, docs)
    tree = _feed(mended, place, problems, start)
    if tree is not None and _too_deep(tree):
        here = place.of(mended[0])
        problems.error(
            "E0107", f"the text is nested deeper than {TREE_DEPTH_MAX} levels of grammar", here
        )
        return Parsed(None)
    return Parsed(tree, comments, docs, tuple(mended))


def _tokens(text: str, place: Place, problems: Problems, start: str) -> list[Token] | None:
    live: Live = parser().parse_interactive(text, start=start)
    tokens: list[Token] = []
    for token in live.lexer_thread.lex(live.parser_state):
        tokens.append(token)
        if len(tokens) > TOKENS_MAX:
            problems.error(
                "E0107", f"the text has more than {TOKENS_MAX} words and signs", place.of(token)
            )
            return None
    return tokens


COMMENT = re.compile(r"#[^\n]*")


def _comments(
    text: str, tokens: list[Token], place: Place
) -> tuple[tuple[Comment, ...], dict[int, str]]:
    """Comments stand between tokens, so the gaps are searched and no lexer state is needed."""
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


def _repaired(tokens: list[Token], place: Place, problems: Problems) -> list[Token]:
    """Tell what is never right, and put in its place what was probably meant."""
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


def _joined(tokens: list[Token], place: Place, problems: Problems) -> Iterator[Token]:
    """Names with letters that no name has are told once, and are one word."""
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
        problems.lose([name], [place.of(whole)])
        yield whole
        at = end


def _is_of_name(token: Token) -> bool:
    return token.isidentifier() or (token.type == "STRAY" and token.isalnum())


_STRAY_HELP = {
    ";": "there are no semicolons; a space or a new line is enough",
    "'": 'texts stand in double quotes: "plains"',
    "!": "write `not` to deny a condition, `!=` to compare",
    "&": "write `and`",
    "|": "write `or`",
}


def _tell_stray(token: Token, place: Place, problems: Problems, help: str | None = None) -> None:
    shown = str(token) if token.isprintable() else f"U+{ord(token[0]):04X}"
    span = place.of(token)
    remove = Fix("leave it out", (Edit(span, ""),)) if token == ";" and not place.whole else None
    problems.error(
        "E0106",
        f"the character `{shown}` means nothing here",
        span,
        help=help or _STRAY_HELP.get(str(token)),
        fix=remove,
    )


_TRAILING = re.compile(r"[ \t]*((?:}[ \t\r]*)+)$")


def _tell_open(token: Token, place: Place, problems: Problems) -> list[Token]:
    """The text without the braces at its end, and those braces."""
    problems.error("E0104", "this text is not closed on its line", place.of(token))
    braces_at_end = _TRAILING.search(token)
    text = str(token) if braces_at_end is None else str(token)[: braces_at_end.start()]
    kept = [token.update(type="STRING", value=text.rstrip("\\") + '"')]
    if braces_at_end is not None:
        count = braces_at_end.group(1).count("}")
        kept += [token.update(type="RBRACE", value="}") for _ in range(count)]
    return kept


_BEFORE_TIMES = frozenset({"AFTER", "WAIT", "FOR", "DELAY", "WITHIN"})


def _tell_number(token: Token, before: str, place: Place, problems: Problems) -> Token:
    said = re.match(r"([0-9]+)(?:\.[0-9]+)?([A-Za-z_]*)", token)
    assert said is not None, token
    digits, unit = said.groups()
    if token.type == "FRACTION":
        problems.error(
            "E0105",
            f"`{_shortened(token)}` is a fraction; all numbers are whole",
            place.of(token),
            help="use a smaller unit, such as `500ms` for half a second",
        )
    else:
        problems.error(
            "E0105",
            f"`{_shortened(token)}` is neither a number, a time nor a name",
            place.of(token),
            help="times end in ms, s, m or h; turns are written apart: `20 turns`",
        )
    if before in _BEFORE_TIMES or (unit and unit[0] in "smh"):
        return token.update(type="TIME", value=f"{digits}s")
    return token.update(type="INT", value=digits)


def _feed(tokens: list[Token], place: Place, problems: Problems, start: str) -> Node | None:
    live: Live = parser().parse_interactive("", start=start)
    index, told = 0, 0
    while index < len(tokens):
        try:
            live.feed_token(tokens[index])
            index += 1
        except UnexpectedToken:
            accepted = set(live.accepts())
            if _names_kind_of_state(tokens, index) and _fits(live, tokens[index + 1 : index + 2]):
                _tell_kind(tokens[index], tokens[index + 1], place, problems)
                del tokens[index]
                continue
            if "NAME" in accepted and _is_reserved_name(tokens, index):
                before = tokens[index - 1].type if index else ""
                tokens[index] = _tell_reserved(tokens[index], before, place, problems)
                continue
            meant = _tell_unit(tokens, index, accepted, place, problems)
            # Of a name with other letters these are told already.
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
            problems.lose()
            if start != "file":
                return None
            stopped = index
            live, index = _resume(tokens, index, live)
            beside = tokens[index : index + 1] if _goes_on(tokens, index) else []
            torn = tokens[_beginning(tokens, stopped) : index] + beside
            problems.lose((token.strip('"') for token in torn), [place.of(each) for each in torn])
    try:
        last = tokens[-1] if tokens else None
        tree = live.feed_eof(last)
    except UnexpectedToken:
        _tell_end(tokens, live, place, problems)
        return None
    assert isinstance(tree, Tree)
    return tree


def _fits(live: Live, following: list[Token]) -> bool:
    """Could reading go on with these words in place of the one that stands there?"""
    trial = _trial(live)
    return all(_accepted(trial, token) for token in following)


def _goes_on(tokens: list[Token], index: int) -> bool:
    """Is this word on one line with the one before it, so perhaps of the same member?"""
    return 0 < index < len(tokens) and tokens[index - 1].end_line == tokens[index].line


def _beginning(tokens: list[Token], stopped: int) -> int:
    """Where the member begins that could not be read to its end."""
    while stopped and tokens[stopped - 1].type not in ("LBRACE", "RBRACE"):
        stopped -= 1
        if tokens[stopped].type in members():
            break
    return stopped


def _resume(tokens: list[Token], index: int, live: Live) -> tuple[Live, int]:
    """The parser after dropping the unfinished member, and the token to go on with."""
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
    """The longest beginning of what was read in this block that `token` can follow."""
    short = live.copy(deepcopy_values=False)
    state = short.parser_state
    while True:
        trial = _trial(short)
        if _accepted(trial, token):
            # A member whose second word is wrong is still where to go on; the name of a
            # field, which may be any word, is not.
            if token.type in ("RBRACE", "$END") or following is None:
                return short
            if "COLON" not in trial.choices() or following.type == "COLON":
                return short
        if len(state.state_stack) <= 1 or _is_open(state.value_stack[-1]):
            return None
        state.state_stack.pop()
        state.value_stack.pop()


def _trial(live: Live) -> Live:
    """A copy that builds no tree, so that trying a token changes nothing."""
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


def _is_reserved_name(tokens: list[Token], index: int) -> bool:
    """A reserved word on the line of the word before; on a new line it begins a member."""
    beside = index == 0 or tokens[index - 1].end_line == tokens[index].line
    return beside and str(tokens[index]) in reserved()


_BEFORE_STATES = frozenset({"EXPECT", "NOT", "INITIAL", "RESUME", "INTERNAL", "LPAR"})


def _names_kind_of_state(tokens: list[Token], index: int) -> bool:
    """`-> state day`, `expect state day`: the kind of a state before its name."""
    return (
        tokens[index].type in ("STATE", "PARALLEL", "REGION", "FINAL", "HISTORY")
        and index > 0
        and (tokens[index - 1] == "->" or tokens[index - 1].type in _BEFORE_STATES)
        and _goes_on(tokens, index + 1)
    )


def _tell_kind(token: Token, name: Token, place: Place, problems: Problems) -> None:
    span = place.of(token).to(place.of(name))
    fix = Fix(f"write `{name}`", (Edit(span, str(name)),)) if not place.whole else None
    problems.error(
        "E0103",
        f"`{token}` stands only where a state is declared",
        place.of(token),
        help=f"write `{name}` alone",
        fix=fix,
    )


_BEFORE_PEOPLE = frozenset({"FROM", "OF", "ALL", "ANY", "NO", "COUNT", "COMMA"})


def _tell_reserved(token: Token, before: str, place: Place, problems: Problems) -> Token:
    """The word as the name that it was meant to be."""
    if before in _BEFORE_PEOPLE and token.type in ("PLAYERS", "SPECTATORS"):
        kind, span = str(token).removesuffix("s"), place.of(token)
        problems.error(
            "E0103",
            f"`{token}` tells how many there may be; people of this kind are `{kind}`",
            span,
            help=f"did you mean `{kind}`?",
            fix=Fix(f"write `{kind}`", (Edit(span, kind),)) if not place.whole else None,
        )
        return token.update(type="NAME", value=kind)
    problems.error(
        "E0103",
        f"`{token}` is a reserved word and can't be a name",
        place.of(token),
        help=f"write `{token}_` or another word",
    )
    return token.update(type="NAME")


_UNITS = {
    **dict.fromkeys(("millisecond", "milliseconds", "ms"), "ms"),
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s"), "s"),
    **dict.fromkeys(("minute", "minutes", "min", "mins", "m"), "m"),
    **dict.fromkeys(("hour", "hours", "h"), "h"),
}


def _tell_unit(
    tokens: list[Token], index: int, accepted: set[str], place: Place, problems: Problems
) -> Token | None:
    """`10 seconds` for `10s`; what may stand there instead, so that reading goes on."""
    token = tokens[index]
    if accepted != {"TURNS"} or token not in _UNITS:
        return None
    time = f"{tokens[index - 1]}{_UNITS[token]}"
    span = place.of(tokens[index - 1]).to(place.of(token))
    problems.error(
        "E0101",
        f"`{token}` does not fit here; a time is one word",
        place.of(token),
        help=f"write `{time}`",
        fix=Fix(f"write `{time}`", (Edit(span, time),)) if not place.whole else None,
    )
    return token.update(type="TURNS", value="turns")


def _tell_unexpected(
    token: Token, accepted: set[str], place: Place, problems: Problems
) -> Token | None:
    """The word that was surely meant."""
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
        fix = Fix("leave it out", (Edit(span, ""),))
    problems.error(
        "E0101",
        f"`{_shortened(written)}` does not fit here{'' if near else '; ' + _listed(accepted)}",
        span,
        help=f"did you mean `{near}`?" if near else _HELP.get(written) or _expects(accepted),
        fix=fix,
    )
    return token.update(type=choices[sure], value=sure) if sure else None


_HELP = {
    "=": "to compare, write `==`; `=` gives a value",
    ",": "fields and members stand side by side without commas",
}


def _expects(accepted: set[str]) -> str | None:
    if accepted == {"TURNS"}:
        return "a time has its unit: `10s`, `5m`, `20 turns`"
    accepted = accepted - {"MINUS"} if "INT" in accepted else accepted
    return f"write {spoken(accepted)[0]} here" if len(accepted) == 1 else None


def _tell_end(tokens: list[Token], live: Live, place: Place, problems: Problems) -> None:
    last = tokens[-1] if tokens else None
    if last is None:
        here = place.span(1, 1, 1, 1)
    else:
        line, column = last.end_line or 1, last.end_column or 1
        here = place.span(line, column, line, column)
    problems.error("E0101", f"the text ends too early; {_listed(set(live.accepts()))}", here)


def _listed(accepted: set[str]) -> str:
    block = accepted & members() if not any_word(accepted) else set()
    told = spoken(accepted - block if len(block) > 3 else accepted)
    if len(block) > 3:
        told.append("another member")
    if not told:
        return "nothing may follow"
    if len(told) > 8:
        told = [*told[:7], f"{len(told) - 7} others"]
    return "expected " + (told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}")


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _too_deep(tree: Node) -> bool:
    level: list[Node] = [tree]
    for _ in range(TREE_DEPTH_MAX):
        level = [child for node in level for child in _inner(node)]
        if not level:
            return False
    return True


def _inner(node: Node) -> Iterator[Node]:
    return (child for child in node.children if isinstance(child, Tree))
