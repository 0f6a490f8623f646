"""The grammar for readers: `grammars/room.lark` as EBNF, in the notation of the XML standard.

It is generated from the grammar of the parser, so it cannot be out of date: docs/grammar.md
contains the result of `page`, and a test compares them. Details for the program only are left out:
names of tree nodes, priorities, and words that exist only to report mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gameroom import resources
from gameroom.language.syntax.grammar import words

_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|/(?:[^/\\]|\\.)+/|->|[A-Za-z_][A-Za-z_0-9]*|[()\[\]|*+?]', re.VERBOSE
)
_RULE = re.compile(r"[?!]?([A-Za-z_][A-Za-z_0-9]*)(?:\.-?[0-9]+)?:\s*(.*)", re.DOTALL)
_MISTAKES = frozenset({"wrong", "FRACTION", "BAD_NUMBER", "OPEN_STRING", "STRAY", "COMMENT"})
_WIDTH = 96

_INTRO = """# The grammar

This page is the complete syntax of the room language in EBNF. Use it to look up what may appear
where, or to write a parser or an editor mode. [The room language](language.md) explains what each
construct means, and which rules the grammar can't express.

The notation is [that of the XML standard](https://www.w3.org/TR/xml/#sec-notation): `?` marks an
optional part, `*` any number of repetitions, and `+` one or more. A file matches the rule `file`.

Between any two words or signs there may be white space and comments. A comment begins with `#` and
ends with the line. A reserved word is never a name; every other word may be one.

This page and the parser are both generated from `grammars/room.lark`.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the grammar with its title. rules: (name, right side)."""

    title: str
    rules: tuple[tuple[str, str], ...]


def page() -> str:
    """Return the page of the grammar as Markdown."""
    told = [_INTRO]
    for section in sections():
        rules = "\n".join(_laid_out(name, right) for name, right in section.rules)
        told.append(f"\n## {section.title}\n\n```text\n{rules}\n```\n")
    return "".join(told)


def sections() -> tuple[Section, ...]:
    """Return the parts of the grammar in the order of the file."""
    parts = [(title, tuple(_rules(text))) for title, text in _parts()]
    names = frozenset(name for _, rules in parts for name, _ in rules)
    found = []
    for title, rules in parts:
        told = tuple(
            (_shown(name, names), _right(body, names))
            for name, body in rules
            if name not in _MISTAKES and name not in words()
        )
        if told:
            found.append(Section(title, told))
    return tuple(found)


def _parts() -> Iterator[tuple[str, str]]:
    """Yield each part with its title. A comment on its own line, up to the first period, is the
    title of the rules after it."""
    text = resources.grammar("room.lark")
    pieces = re.split(r"^// (.*)\n(?://.*\n)*\n", text, flags=re.MULTILINE)
    title = "Files and rooms"
    for at in range(1, len(pieces), 2):
        yield (title if at == 1 else pieces[at].split(".")[0]), pieces[at + 1]


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and bodies. A rule continues on indented lines."""
    for block in re.split(r"\n(?=[?!]?[A-Za-z_])", text):
        lines = (line for line in block.splitlines() if not line.lstrip().startswith(("//", "%")))
        found = _RULE.match("\n".join(lines).strip())
        if found is not None:
            yield found[1], found[2]


def _right(body: str, names: frozenset[str]) -> str:
    """Return a right side without names of nodes, with words in quotes, and with `(x)?` for `[x]`.
    The lookahead of a pattern is left out, because it only separates one word from the next."""
    known, parts = words(), list[str]()
    tokens = iter(_TOKEN.findall(body))
    for token in tokens:
        if token == "->":
            next(tokens)
        elif token == "[":
            parts.append("(")
        elif token == "]":
            parts.append(")?")
        elif token.startswith("/"):
            parts.append(re.sub(r"\(\?[=!].*\)/$", "/", token))
        elif token.startswith('"'):
            parts.append(token)
        else:
            parts.append(f'"{known[token]}"' if token in known else _shown(token, names))
    said = " ".join(parts)
    said = re.sub(r"\( ", "(", re.sub(r" ([)*+?](?!\S*/))", r"\1", said))
    # A single item needs no parentheses before `?`.
    return re.sub(r'\(("[^"]*"|[A-Za-z_]+)\)\?', r"\1?", said)


def _shown(name: str, names: frozenset[str]) -> str:
    """Return the name of a rule without the marks that only the parser needs."""
    bare = name.lstrip("_")
    return f"{bare}_word" if bare != name and bare in names else bare


def _laid_out(name: str, right: str) -> str:
    """Return `name ::= ...`, with one alternative per line if they do not fit on one line."""
    whole = f"{name} ::= {right}"
    if len(whole) <= _WIDTH:
        return whole
    lines, indent = [f"{name} ::="], " " * 4
    for number, one in enumerate(_alternatives(right)):
        said = f"{'| ' if number else ''}{one}"
        if number and len(lines[-1]) + 1 + len(said) <= _WIDTH and len(one) < 16:
            lines[-1] += f" {said}"
        else:
            lines.append(indent + said)
    return "\n".join(lines)


def _alternatives(right: str) -> Iterator[str]:
    """Yield the alternatives: the parts between bars that are not in brackets or quotes."""
    depth, part = 0, list[str]()
    for token in re.findall(r'"[^"]*"|\(|\)|\S+?(?=[()\s]|$)|\s+', right):
        depth += (token == "(") - (token == ")")
        if token == "|" and depth == 0:
            yield "".join(part).strip()
            part = []
        else:
            part.append(token)
    yield "".join(part).strip()
