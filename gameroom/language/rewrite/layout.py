"""Finds the members of a text, and the comments between its tokens.

This is the formatter's view of a parsed text: blocks of members, each with a range of tokens, and
the gaps between tokens. It knows the names of the grammar's rules, but no layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lark import Token

from gameroom.language.build.words import trees
from gameroom.language.syntax.parse import COMMENT, Node, Parsed

BLOCKS = ("room", "policy", "fields", "do", "body", "scenario", "map")
"""Rules with braces. The first brace in a tree of these rules is its own."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment. own: whether it is on its own line. apart: whether an empty line is before it."""

    text: str
    own: bool
    apart: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """The comments before a token, or at the end. apart: whether an empty line is before the
    token."""

    remarks: tuple[Remark, ...]
    apart: bool


@dataclass(slots=True)
class TextBlock:
    """A pair of braces. The file is a block without braces.

    open, close: the indices of the braces. members: the index of the first token of each member.
    """

    kind: str
    open: int
    close: int = 0
    members: list[int] = field(default_factory=list)

    def parts(self) -> Iterator[tuple[int, int]]:
        """Yield the index of the first token of each member, and the index after its last one."""
        ends = (*self.members[1:], self.close)
        return zip(self.members, ends, strict=False)  # Without members, `ends` has one item more.


@dataclass(frozen=True, slots=True)
class TextLayout:
    """A text in parts.

    gaps: one before each token, and one at the end. blocks: by the index of the opening brace.
    starts: the tokens that begin a member. joined: the tokens without a space after them: the sign
    of a number or a term (not a minus between two) and the name of a called function.
    """

    tokens: tuple[Token, ...]
    gaps: tuple[Gap, ...]
    file: TextBlock
    blocks: dict[int, TextBlock]
    starts: frozenset[int]
    joined: frozenset[int]


def layout(text: str, parsed: Parsed) -> TextLayout:
    """Return the parts of a text that was parsed without problems."""
    assert parsed.tree is not None
    tokens = parsed.tokens
    index = {token.start_pos: at for at, token in enumerate(tokens)}
    file = TextBlock("file", -1, len(tokens))
    file.members = [index[part.meta.start_pos] for part in trees(parsed.tree)]
    blocks = {}
    for node in parsed.tree.iter_subtrees():
        if str(node.data) in BLOCKS:
            block = _block(node, tokens, index)
            blocks[block.open] = block
    joined = frozenset(
        index[node.meta.start_pos]
        for node in parsed.tree.iter_subtrees()
        if node.data in ("negative", "minus", "function")
    )
    starts = frozenset(start for block in (file, *blocks.values()) for start in block.members)
    return TextLayout(tokens, tuple(_gaps(text, tokens)), file, blocks, starts, joined)


def _block(node: Node, tokens: tuple[Token, ...], index: dict[int | None, int]) -> TextBlock:
    at = index[node.meta.start_pos]
    while tokens[at].type != "LBRACE":
        at += 1
    block = TextBlock(str(node.data), at)
    after = tokens[at].end_pos or 0
    starts = (part.meta.start_pos for part in trees(node) if not part.meta.empty)
    block.members = [index[start] for start in starts if start >= after]
    depth = 0
    while True:
        depth += (tokens[at].type == "LBRACE") - (tokens[at].type == "RBRACE")
        if depth == 0:
            break
        at += 1
    block.close = at
    return block


def _gaps(text: str, tokens: tuple[Token, ...]) -> Iterator[Gap]:
    """Yield one gap for each token, and one for the end of the text."""
    previous = 0
    for token in (*tokens, None):
        end = len(text) if token is None else token.start_pos or 0
        remarks, here = [], previous
        for match in COMMENT.finditer(text, previous, end):
            between = text[here : match.start()]
            own = here == 0 or "\n" in between
            remarks.append(Remark(match.group().rstrip(), own, between.count("\n") > 1))
            here = match.end()
        yield Gap(tuple(remarks), text.count("\n", here, end) > 1)
        previous = end if token is None else token.end_pos or 0
