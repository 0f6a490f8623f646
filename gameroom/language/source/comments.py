"""Plain comments: finds those of a `.room` file, and adds those of a YAML file to the `.room` file
with the same meaning.

To add them, both files are read to equal models, so each part of one file has a known place in the
other. A comment at the end of a line stays at the end of a line. A comment on its own line goes
before the next member. Doc comments are part of the model.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass

from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.parse import Comment, parse
from gameroom.model import (
    Act,
    CommandDeclaration,
    Field,
    File,
    Permission,
    Policy,
    PolicyEntry,
    Range,
    Request,
    Role,
    RoomFile,
    Scenario,
    Setting,
    SignalDeclaration,
    Span,
    Spectators,
    State,
    Step,
    Team,
    Transition,
    Use,
    Variable,
)

_DOCUMENTED = frozenset(
    ("room", "team", "role", "setting", "command", "request", "signal", "var", "field", "state")
)
"""Rules whose doc comments are part of the model."""


def plain_comments(text: str, name: str) -> Iterator[Comment]:
    """Yield the comments of a `.room` file that are not docs. A `##` before a part that cannot have
    a doc is a plain comment, too."""
    parsed = parse(text, TextPlace(name), Problems())
    assert parsed.tree is not None
    declared = {
        (node.meta.line, node.meta.column)
        for node in parsed.tree.iter_subtrees()
        if node.data in _DOCUMENTED
    }
    starts = [(token.line or 0, token.column or 0) for token in parsed.tokens]
    for comment in parsed.comments:
        after = bisect(starts, (comment.span.line, comment.span.column))
        is_doc = comment.text.startswith("##") and starts[after : after + 1]
        if not (is_doc and starts[after] in declared):
            yield comment


_LINES = (
    File, Use, RoomFile, Range, Spectators, Team, Role, Setting, CommandDeclaration, Request,
    SignalDeclaration, Variable,
    Policy, Scenario,
)  # fmt: skip
"""The parts that always begin a line of a formatted file."""

_PARTS = (Field, PolicyEntry, State, Permission, Transition, Act, Step)
"""The parts that have their own line, or are next to others in one pair of braces."""


@dataclass(frozen=True, slots=True)
class _Member:
    """The spans of a member in both files, and its class in the model."""

    there: Span
    here: Span
    kind: type


def with_comments(text: str, here: File, there: File, comments: Iterable[Comment]) -> str:
    """Return the text of a `.room` file with the comments of the YAML file with the same meaning.
    The result still has to be formatted.

    text: the formatted text of `here`. here: the model of the `.room` file. there, comments: the
    model and the comments of the YAML file.
    """
    lines = text.split("\n")
    before: dict[tuple[int, int], list[str]] = {}
    beside: dict[int, str] = {}
    last: list[str] = []
    places = sorted(_places(there, here, None), key=lambda found: found[0])
    starts = [(place.line, place.column) for place, _ in places]
    members = [member for _, member in places]
    for comment in comments:
        said = _plain(comment.text)
        member, same_line = _member(comment.span, starts, members)
        if member is None:
            last.append(said)
        elif same_line and member.here.line not in beside and _begins_line(member, lines):
            beside[member.here.line] = said
        else:
            before.setdefault(_place(member, lines), []).append(said)
    for line, said in beside.items():
        # If another comment breaks the line, this comment stays with the first part.
        column = min((place[1] for place in before if place[0] == line and place[1] > 1), default=0)
        before.setdefault((line, column or len(lines[line - 1]) + 1), []).insert(0, f"  {said}")
    for (line, column), told in sorted(before.items(), reverse=True):
        whole = lines[line - 1]
        head = whole[: column - 1] + ("" if told[0].startswith(" ") or column == 1 else "\n")
        rest = "\n" + whole[column - 1 :] if whole[column - 1 :] else ""
        lines[line - 1] = head + "\n".join(told) + rest
    return "\n".join([*lines, *last])


def _plain(text: str) -> str:
    """Return a comment with one `#`. With `##` it would be the doc of the next member."""
    return f"# {text.lstrip('#').strip() or text[1:]}" if text.startswith("##") else text


def _places(there: object, here: object, member: _Member | None) -> Iterator[tuple[Span, _Member]]:
    """Yield every place of the YAML file with its member."""
    if isinstance(there, tuple) and isinstance(here, tuple):
        for one, other in zip(there, here, strict=False):
            yield from _places(one, other, member)
        return
    if isinstance(there, Span):
        if there.line and member is not None:
            yield there, member
        return
    if not is_dataclass(there):
        return
    if isinstance(there, (*_LINES, *_PARTS)) and not (isinstance(there, State) and not there.name):
        assert isinstance(here, type(there))
        member = _Member(there.span, here.span, type(there))
    for each in fields(there):
        yield from _places(getattr(there, each.name), getattr(here, each.name), member)


def _member(
    comment: Span, starts: list[tuple[int, int]], members: list[_Member]
) -> tuple[_Member | None, bool]:
    """Return the member that a comment belongs to, or None if no member follows, and whether the
    comment is on the same line. members: the member of each place in `starts`."""
    at, same_line = (bisect(starts, (comment.line, column)) for column in (comment.column, 0))
    if same_line < at:
        return members[same_line], True
    before = at - 1
    while before >= 0 and members[before].kind is Act:
        before -= 1
    around = members[before] if before >= 0 else None
    following = members[at] if at < len(members) else None
    if around is None or around.kind not in (Permission, Transition):
        return following, False
    if not _is_inside(comment, around) or (
        following is not None and _is_inside(following.there, around)
    ):
        return following, False
    return around, False


def _is_inside(span: Span, member: _Member) -> bool:
    """Whether the span is between the parts of a member. A map in block style ends where the next
    node begins, so a span further left is not inside."""
    begin, end = member.there.line, member.there.end_line
    return begin < span.line < end and span.column >= member.there.column


def _begins_line(member: _Member, lines: list[str]) -> bool:
    span = member.here
    return member.kind not in _PARTS or not lines[span.line - 1][: span.column - 1].strip()


def _place(member: _Member, lines: list[str]) -> tuple[int, int]:
    """Return the line and the column in the `.room` file at which a comment on its own line is
    inserted. Column 1 is a new line before the member and its doc."""
    line = member.here.line
    if not _begins_line(member, lines):
        return line, member.here.column
    while line > 1 and lines[line - 2].lstrip().startswith("##"):
        line -= 1
    return line, 1
