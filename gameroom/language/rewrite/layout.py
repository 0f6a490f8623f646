"""Where the members of a text begin and which comments stand between its words.

The formatter's view of a parsed text: blocks of members, each from one token to another,
and the gaps between tokens. It knows the grammar's rules by name and no layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lark import Token

from gameroom.language.build.words import trees
from gameroom.language.syntax.parse import COMMENT, Node, Parsed

BLOCKS = ("room", "policy", "fields", "do", "body", "scenario", "map")
"""Rules that have braces. The first brace of such a tree is its own."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment. own: it stands on a line of its own; apart: an empty line is before it."""

    text: str
    own: bool
    apart: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands before a token, or at the end; apart: an empty line is before the token."""

    remarks: tuple[Remark, ...]
    apart: bool


@dataclass(slots=True)
class TextBlock:
    """A pair of braces by the indices of its tokens; `members` are the first tokens of what
    stands between them. The file itself is a block without braces."""

    kind: str
    open: int
    close: int = 0
    members: list[int] = field(default_factory=list)

    def parts(self) -> Iterator[tuple[int, int]]:
        """From the first token of each member to the one after its last."""
        ends = (*self.members[1:], self.close)
        return zip(self.members, ends, strict=False)  # without members there is no end either


@dataclass(frozen=True, slots=True)
class TextLayout:
    """A text in parts. `blocks` are found by the index of their opening brace, `inner`
    says of every token in which block it stands; `joined` are the tokens that no
    space separates from the next one: the sign of a number or a term (not the minus between two)
    and the name of a function that is called."""

    tokens: tuple[Token, ...]
    gaps: tuple[Gap, ...]
    file: TextBlock
    blocks: dict[int, TextBlock]
    starts: frozenset[int]
    joined: frozenset[int]


def layout(text: str, parsed: Parsed) -> TextLayout:
    """The parts of a text that was parsed without problems."""
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
    """One for each token and one for the end of the text."""
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
