"""Reads YAML to a tree of plain values with spans, with the few rules that a room file needs.

It accepts maps with plain keys, lists and scalars. Scalars follow YAML 1.2: `on`, `no`, `1:30` and
`0x10` are strings; unquoted `true`, `false`, `null`, `~` and whole numbers are not. Tags, anchors,
aliases, merge keys, several documents and duplicate keys are refused. Bytes, depth and the number
of nodes have limits. It knows nothing about rooms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml

from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.language.source.lines import one_character, unified
from gameroom.language.source.place import TextPlace
from gameroom.language.syntax.parse import BYTES_MAX, Comment
from gameroom.model import INT_MAX, Span

DEPTH_MAX = 40
NODES_MAX = 20_000

_LINE_TO_SOME = re.compile("[\x85\u2028\u2029]")
"""Line ends in YAML 1.1 that are not line ends in 1.2."""
_INT = re.compile(r"[-+]?[0-9]+")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar: its characters, its value and its place."""

    text: str
    value: str | int | bool | None
    span: Span
    place: TextPlace


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Tree, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Entries:
    """A map. Its keys are strings, and each occurs once."""

    entries: tuple[tuple[Text, Tree], ...]
    span: Span

    def get(self, key: str) -> Tree | None:
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> Text | None:
        return next((name for name, _ in self.entries if name.text == key), None)


Tree = Text | Items | Entries


def plain(node: Tree) -> object:
    """Return the values without spans, for a JSON Schema."""
    match node:
        case Text():
            return node.value
        case Items():
            return [plain(item) for item in node.items]
        case Entries():
            return {key.text: plain(value) for key, value in node.entries}


def words(node: Tree | None) -> Iterator[str]:
    """Yield all words in a node, which it may declare or refer to."""
    match node:
        case Text():
            yield from re.findall(r"\w+", node.text)
        case Items():
            for item in node.items:
                yield from words(item)
        case Entries():
            for key, value in node.entries:
                yield from words(key)
                yield from words(value)


class _Refused(Exception):  # noqa: N818 - it ends a reading and never leaves this module
    """Stops reading. The problem has been reported already."""


def read(text: str, file: str, problems: Problems) -> Tree | None:
    """Return the only document of `text`; None if it cannot be read."""
    start = Span(file, 1, 1, 1, 1)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > BYTES_MAX:
        problems.error(
            "E0107", f"the file has {size} bytes, more than the limit of {BYTES_MAX}", start
        )
        return None
    if (odd := _LINE_TO_SOME.search(text)) is not None:
        shown = f"U+{ord(odd.group()):04X}"
        problems.error(
            "E0202",
            f"the character {shown} ends a line in some versions of YAML but not in others",
            one_character(text, odd.start(), file),
            help=f"write `\\u{shown[2:].lower()}` in a string in double quotes",
        )
        return None
    reading = _Reading(text, file, problems)
    try:
        return reading.document()
    except _Refused:
        return None
    except yaml.MarkedYAMLError as problem:
        mark, opener = problem.problem_mark or problem.context_mark, problem.context_mark
        where = _at(file, mark) if mark is not None else start
        if opener is not None and (opened := _OPENED.get(str(problem.context))) is not None:
            problems.error(
                "E0201",
                f"{opened} is not closed",
                _at(file, opener),
                secondary=(where, "the parser stopped here"),
                help="close it, or look for an error between the two places",
            )
        else:
            problems.error("E0201", f"invalid YAML: {_why(problem)}", where)
    except (ValueError, OverflowError):
        # PyYAML's scanner converts an escape such as "\UFFFFFFFF" without checking it.
        problems.error("E0109", "invalid escape in a string", start)
    except yaml.reader.ReaderError as problem:
        problems.error(
            "E0201",
            f"the character U+{_code(problem.character):04X} is not allowed in YAML",
            one_character(text, problem.position, file),
        )
    finally:
        reading.tell_left_out()
    return None


_REMARK = re.compile(r"(?:^|(?<=[ \t]))#[^\n]*", re.MULTILINE)
_HEADER = re.compile(r"[|>][-+0-9]*[ \t]+(#[^\n]*)")
"""The first line of a block scalar, with a comment at its end."""


def comments(text: str, file: str) -> Iterator[Comment]:
    """Yield the comments of a text that could be read. They are between its scalars."""
    text, previous = unified(text), 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if not isinstance(token, yaml.ScalarToken | yaml.StreamEndToken):
            continue
        start, end = token.start_mark.index, token.end_mark.index
        for match in _REMARK.finditer(text, previous, start):
            yield _comment(match, 0, text, file)
        if (header := _HEADER.match(text, start)) is not None:
            yield _comment(header, 1, text, file)
        previous = end


def _comment(match: re.Match[str], group: int, text: str, file: str) -> Comment:
    said, start = match.group(group).rstrip(), one_character(text, match.start(group), file)
    return Comment(said, replace(start, end_column=start.column + len(said)))


_OPENED = {
    "while parsing a flow mapping": "this brace",
    "while parsing a flow sequence": "this bracket",
    "while scanning a quoted scalar": "this string",
}
"""Names for the construct in which PyYAML stopped, by the context of its error."""


def _why(problem: yaml.MarkedYAMLError) -> str:
    return " ".join(str(problem.problem or problem.context or "it can't be read").split())


def _code(character: object) -> int:
    if isinstance(character, str):
        return ord(character[:1] or "\0")
    return character if isinstance(character, int) else 0


def _at(file: str, mark: yaml.Mark) -> Span:
    return Span(file, mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)


class _Reading:
    """Builds the tree of one text from PyYAML's events."""

    def __init__(self, text: str, file: str, problems: Problems) -> None:
        self._lines = text.split("\n")
        self._file = file
        self._problems = problems
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self._nodes = 0
        self._left_out: dict[str, list[tuple[str, Span, str | None]]] = {}

    def document(self) -> Tree:
        self._next()  # the stream begins
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            self._refuse(
                "E0201",
                "the file is empty",
                self._span(event),
                "write `language: 1`, `use` and a room",
            )
        tree = self._node(self._next(), 0)
        if tree is None:
            raise _Refused
        self._next()  # the document ends
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            self._refuse(
                "E0202",
                "the file contains several YAML documents",
                self._span(event),
                "move each one to a file of its own",
            )
        return tree

    def _next(self) -> yaml.Event:
        return next(self._events)

    def _span(self, event: yaml.Event) -> Span:
        start, end = event.start_mark, event.end_mark
        assert start is not None, event
        assert end is not None, event
        return Span(self._file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _refuse(self, code: str, message: str, span: Span, help: str | None = None) -> None:
        self._problems.error(code, message, span, help=help)
        raise _Refused

    def _leave_out(self, kind: str, sign: str, span: Span, help: str | None = None) -> None:
        """Leave out a refused construct and read the rest. `tell_left_out` reports all constructs
        of one kind together."""
        self._left_out.setdefault(kind, []).append((sign, span, help))
        self._problems.suppression.skip()

    def tell_left_out(self) -> None:
        for kind, (first, *more) in self._left_out.items():
            sign, span, help = first
            others = f" and {len(more)} other{'s' if len(more) > 1 else ''} are" if more else " is"
            self._problems.error(
                "E0202",
                f"the {kind} `{sign}`{others} not allowed",
                span,
                secondary=(more[-1][1], "the last one") if more else None,
                help=help,
            )

    def _mark(self, span: Span, sign: str) -> Span:
        """Return the span of the anchor or the tag without its node."""
        line = (
            self._lines[span.line - 1][span.column - 1 :] if span.line <= len(self._lines) else ""
        )
        length = len(line.split(maxsplit=1)[0]) if line.startswith(sign) else 1
        return Span(span.file, span.line, span.column, span.line, span.column + length)

    def _node(self, event: yaml.Event, depth: int) -> Tree | None:
        """Return the node that this event begins; None for an alias, which is left out."""
        self._nodes += 1
        span = self._span(event)
        if self._nodes > NODES_MAX or depth > DEPTH_MAX:
            self._refuse(
                "E0107",
                f"more than {NODES_MAX} values, or more than {DEPTH_MAX} levels of nesting",
                span,
            )
        if isinstance(event, yaml.AliasEvent):
            self._leave_out("alias", f"*{event.anchor}", span)
            return None
        if (anchor := getattr(event, "anchor", None)) is not None:
            self._leave_out("anchor", f"&{anchor}", self._mark(span, "&"), "remove it")
        if getattr(event, "tag", None) is not None:
            mark = self._mark(span, "!")
            written = self._lines[mark.line - 1][mark.column - 1 : mark.end_column - 1]
            self._leave_out("tag", written[:40], mark, "remove it")
        if isinstance(event, yaml.MappingStartEvent):
            return self._entries(span, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(span, depth)
        assert isinstance(event, yaml.ScalarEvent), event
        return self._scalar(event, span)

    def _items(self, start: Span, depth: int) -> Items:
        items: list[Tree] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            if (item := self._node(event, depth + 1)) is not None:
                items.append(item)
        return Items(tuple(items), start.to(self._span(event)))

    def _entries(self, start: Span, depth: int) -> Entries:
        entries: list[tuple[Text, Tree]] = []
        first: dict[str, Span] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key, said = self._node(event, depth + 1), self._next()
            if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.style is None:
                self._leave_out("merge key", "<<", self._span(event))
                if isinstance(said, yaml.AliasEvent):
                    continue
            value = self._node(said, depth + 1)
            if not isinstance(key, Text):
                if key is not None:
                    self._problems.error(
                        "E0202",
                        "a key must be a string",
                        key.span,
                        help="write the key as a single word",
                    )
                    self._problems.suppression.skip()
            elif key.text in first:
                self._problems.error(
                    "E0203",
                    f"the key `{key.text[:40]}` is given twice",
                    key.span,
                    secondary=(first[key.text], "first given here"),
                )
                self._problems.suppression.skip(words(value))
            else:
                first[key.text] = key.span
                if value is not None:
                    entries.append((key, value))
        return Entries(tuple(entries), start.to(self._span(event)))

    def _scalar(self, event: yaml.ScalarEvent, span: Span) -> Text:
        if any("\ud800" <= char <= "\udfff" for char in event.value):
            self._refuse("E0109", "invalid escape in a string", span)
        value: str | int | bool | None = event.value
        if event.style is None:
            value = self._meaning(event.value, span)
        return Text(event.value, value, span, self._place(event, span))

    def _meaning(self, text: str, span: Span) -> str | int | bool | None:
        if text in _NULLS:
            return None
        if text in _BOOLS:
            return _BOOLS[text]
        if not _INT.fullmatch(text):
            return text
        number = int(text) if len(text) <= 20 else INT_MAX + 1
        if abs(number) > INT_MAX:
            self._problems.error("E0503", f"`{text[:20]}` is larger than {INT_MAX}", span)
            return 0
        return number

    def _place(self, event: yaml.ScalarEvent, span: Span) -> TextPlace:
        """Return the place of the scalar's characters. If they differ from those in the file, the
        place is the whole scalar."""
        if span.line == span.end_line and span.line <= len(self._lines):
            raw = self._lines[span.line - 1][span.column - 1 : span.end_column - 1]
            if raw == event.value:
                return TextPlace(self._file, span.line, span.column)
            if raw[1:-1] == event.value:
                return TextPlace(self._file, span.line, span.column + 1)
        return TextPlace(self._file, whole=span)
