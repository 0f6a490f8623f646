"""Formats a room file.

It moves words and comments, and does not change them. The result is read again and must have the
same meaning, with the same comments in the same places; otherwise it is refused (`FormatError`). So
a mistake in this module cannot damage a file.

The rules, as in docs/tools.md: two spaces for each brace; one member per line; a policy, a body, a
`do` and a map are on one line if they fit into 100 columns, and a state if it also was on one line;
an empty line stays, and several become one. A member that is too long continues on a new line
before `do`, `->`, `because`, `and` or `or`, or after a comma.
"""

from __future__ import annotations

from bisect import bisect

from lark import Token

from gameroom.language.build.file import build
from gameroom.language.diagnostics.diagnostic import Diagnostic, Problems
from gameroom.language.rewrite.layout import Gap, TextBlock, TextLayout, layout
from gameroom.language.source.lines import unified
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.parse import Parsed, parse
from gameroom.model import File

WIDTH_COLUMNS = 100
INDENT_COLUMNS = 2
AGAIN_COLUMNS = 4
"""The further indentation of the second line of a member."""

_TIGHT_BEFORE = frozenset({",", ")", "]", "..", ".", ":"})
_TIGHT_AFTER = frozenset({"(", "[", "..", "."})
_CALLS = frozenset({"STRING_WORD", "LIST", "IN", "DONE"})
_BREAKS = frozenset({"IF", "DO", "AND", "OR", "BECAUSE", "FROM", "VBAR", "AGREED"})


class FormatError(Exception):
    """The text has the syntax errors in `diagnostics`, or, if that is empty, the result would not
    have the same meaning."""

    def __init__(self, message: str, diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


def formatted(text: str, *, name: str = "room") -> str:
    """Return the formatted text. Raises FormatError."""
    text = unified(text)
    before, problems = _read(text, name)
    if problems or before.tree is None:
        raise FormatError("the file has syntax errors", problems)
    done = _TextWriter(layout(text, before)).file()
    after, problems = _read(done, name)
    if problems or not _says_the_same(before, after):
        raise FormatError("formatting would change its meaning")
    return done


def _read(text: str, name: str) -> tuple[Parsed, tuple[Diagnostic, ...]]:
    problems = Problems()
    return parse(text, TextPlace(name), problems), problems.sorted()


def _says_the_same(before: Parsed, after: Parsed) -> bool:
    return (
        _value(before) == _value(after)
        and _comments(before) == _comments(after)
        and [_word(token) for token in before.tokens if token.type != "COMMA"]
        == [_word(token) for token in after.tokens if token.type != "COMMA"]
    )


def _comments(parsed: Parsed) -> list[tuple[int, str]]:
    """Return each comment with the number of words before it. Commas do not count, because some are
    removed."""
    starts = [(each.line, each.column) for each in parsed.tokens if each.type != "COMMA"]
    return [
        (bisect(starts, (each.span.line, each.span.column)), each.text) for each in parsed.comments
    ]


def _value(parsed: Parsed) -> File | None:
    return build(parsed, TextPlace(""), Problems())


def _word(token: Token) -> str:
    """Return a token as it is written: without the space in `60 %`, which is one token."""
    return "".join(token.split()) if token.type == "SHARE" else str(token)


class _TextWriter:
    """Writes one text, line after line."""

    def __init__(self, parts: TextLayout) -> None:
        self._parts = parts
        self._tokens = parts.tokens
        self._lines: list[str] = []
        self._flat: dict[tuple[int, int], int] = {}
        self._dropped = {
            at
            for block in parts.blocks.values()
            if block.kind == "map"
            for at in _commas(block, parts)
        }

    def file(self) -> str:
        file = self._parts.file
        self._members(file, 0)
        self._before(self._parts.gaps[-1], 0, fresh=not self._lines, last=True)
        return "\n".join(line.rstrip() for line in self._lines) + "\n"

    # Members on separate lines

    def _members(self, block: TextBlock, indent: int) -> None:
        for number, (start, end) in enumerate(block.parts()):
            gap, token = self._parts.gaps[start], self._tokens[start]
            apart = block.kind == "file" and token.type in ("ROOM", "SCENARIO") and number > 0
            self._before(gap, indent, fresh=not number, spread=apart)
            self._member(start, end, indent)

    def _before(
        self, gap: Gap, indent: int, *, fresh: bool, spread: bool = False, last: bool = False
    ) -> None:
        """Write comments and an empty line before a member, or before the end of its block.

        fresh: whether this block is still empty. spread: whether an empty line is required here.
        last: whether this is the end of the block.
        """
        doc = bool(gap.remarks) and gap.remarks[-1].own and gap.remarks[-1].text.startswith("##")
        apart = gap.apart and not doc
        spread = spread and not apart and not any(each.apart for each in gap.remarks)
        for remark in gap.remarks:
            if not remark.own:
                self._lines[-1] += f"  {remark.text}"
                continue
            if (remark.apart or spread) and not fresh:
                self._lines.append("")
            self._lines.append(" " * indent + remark.text)
            fresh = spread = False
        if (apart or spread) and not (fresh or last):
            self._lines.append("")

    def _member(self, start: int, end: int, indent: int) -> None:
        self._lines.append(" " * indent)
        whole = indent + self._width(start, end)
        at = start
        while at < end:
            if at > start:
                at = self._go_on(at, start, end, indent, whole)
            if at >= end:
                return
            self._lines[-1] += _word(self._tokens[at])
            at += 1

    def _go_on(self, at: int, start: int, end: int, indent: int, whole: int) -> int:
        """Write everything before the token `at` of a member, or the whole block that it opens.
        Returns the index of the next token to write."""
        if at in self._dropped:
            self._inner_remarks(self._parts.gaps[at], indent + AGAIN_COLUMNS)
            return at + 1 if at + 1 >= end else self._go_on(at + 1, start, end, indent, whole)
        again = indent + AGAIN_COLUMNS
        broken = self._inner_remarks(self._parts.gaps[at], again)
        block = self._parts.blocks.get(at)
        if not broken and self._may_break(at) and self._is_too_long(at, end, indent, whole):
            self._lines.append(" " * again)
        elif not broken:
            self._lines[-1] += self._between(at)
        if block is None or self._stays(block, indent, whole):
            return at
        self._lines[-1] += "{"
        self._members(block, indent + INDENT_COLUMNS)
        gap = self._parts.gaps[block.close]
        self._before(gap, indent + INDENT_COLUMNS, fresh=not block.members, last=True)
        self._lines.append(" " * indent + "}")
        after = block.close + 1
        return after if after >= end else self._go_on(after, start, end, indent, whole)

    def _inner_remarks(self, gap: Gap, indent: int) -> bool:
        """Write the comments inside a member. Returns whether they began a new line."""
        for remark in gap.remarks:
            if remark.own and self._lines[-1].strip():
                self._lines.append(" " * indent + remark.text)
            elif remark.own:
                self._lines[-1] += remark.text
            else:
                self._lines[-1] += f"  {remark.text}"
            self._lines.append(" " * indent)
        return bool(gap.remarks)

    # What fits

    def _stays(self, block: TextBlock, indent: int, whole: int) -> bool:
        """Whether this block is written on one line."""
        if self._has_remarks(block):
            return False
        if block.kind in ("room", "scenario"):
            return not block.members
        if any(
            inner.kind == "body" and not self._was_flat(inner)
            for inner in (block, *self._inside(block))
        ):
            return False
        if block.kind in ("do", "map"):
            width = self._width(block.open - 1, block.close + 1)
            return indent + AGAIN_COLUMNS + width <= WIDTH_COLUMNS
        return whole <= WIDTH_COLUMNS

    def _was_flat(self, block: TextBlock) -> bool:
        return self._tokens[block.open].line == self._tokens[block.close].line

    def _inside(self, block: TextBlock) -> list[TextBlock]:
        found = (self._parts.blocks.get(at) for at in range(block.open + 1, block.close))
        return [inner for inner in found if inner is not None]

    def _has_remarks(self, block: TextBlock) -> bool:
        return any(self._parts.gaps[at].remarks for at in range(block.open + 1, block.close + 1))

    def _is_too_long(self, at: int, end: int, indent: int, whole: int) -> bool:
        """Whether the tokens up to the next possible line break exceed the width."""
        stop = at + 1
        while stop < end and not self._may_break(stop) and not self._parts.gaps[stop].remarks:
            block = self._parts.blocks.get(stop)
            if block is not None and not self._stays(block, indent, whole):
                stop += 1
                break
            stop = block.close + 1 if block is not None else stop + 1
        line = len(self._lines[-1]) + len(self._between(at))
        return line + self._width(at, stop) > WIDTH_COLUMNS

    def _may_break(self, at: int) -> bool:
        token, before = self._tokens[at], self._tokens[at - 1]
        if before in (".", "{") or at in self._parts.starts:
            return False
        after_comma = before == "," and at - 1 not in self._dropped
        return token.type in _BREAKS or token == "->" or after_comma

    def _width(self, start: int, end: int) -> int:
        """Return the width of the tokens from `start` up to `end` on one line, in columns."""
        found = self._flat.get((start, end))
        if found is None:
            found = sum(
                len(_word(self._tokens[at])) + (len(self._between(at)) if at > start else 0)
                for at in range(start, end)
                if at not in self._dropped
            )
            self._flat[start, end] = found
        return found

    def _between(self, at: int) -> str:
        """Return the space between this token and the one before it on one line."""
        before, token = self._tokens[at - 1], self._tokens[at]
        if at in self._parts.starts and before != "{":
            return "  "
        if token in _TIGHT_BEFORE or before in _TIGHT_AFTER or at - 1 in self._parts.joined:
            return ""
        if token == "(" and before.type in _CALLS:
            return ""
        return " "


def _commas(block: TextBlock, parts: TextLayout) -> list[int]:
    """Return the commas between the pairs of a map, which have no meaning."""
    return [
        start - 1 for start in [*block.members[1:], block.close] if parts.tokens[start - 1] == ","
    ]
