"""Writes the chart as a Mermaid state diagram, for pages that can draw it.

Knows no positions. Names in Mermaid cannot contain dots, so the name of a state is its path with
`__` between the parts. Mermaid has no history states, so the label of the arrow mentions them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gameroom.picture.outline import Box, Outline

INDENT = "  "
RESERVED = frozenset(
    (
        *("accdescr", "acctitle", "as", "choice", "class", "classdef", "click", "default"),
        *("direction", "end", "fork", "hide", "join", "note", "root", "scale", "state", "style"),
    )
)
"""Words that are reserved in Mermaid."""
ENTITIES = {char: f"#{ord(char)};" for char in '#;"<>{}&%`\\'}


def as_mermaid(name: str, drawn: Outline) -> str:
    """Return a `stateDiagram-v2`. Ends with a newline."""
    names = _names(drawn)
    lines = ["---", f"title: {_title(name)}", "---", "stateDiagram-v2"]
    lines.extend(_inside(drawn, drawn.boxes[""], names, 1))
    for arrow in drawn.arrows:
        for numbered in arrow.transitions:
            if not (arrow.source and arrow.target):
                continue
            label = ("back: " if arrow.resume else "") + " ".join(numbered.lines)
            lines.append(f"  {names[arrow.source]} --> {names[arrow.target]} : {_text(label)}")
    return "\n".join(lines) + "\n"


def _inside(drawn: Outline, box: Box, names: Mapping[str, str], depth: int) -> Iterator[str]:
    pad = INDENT * depth
    if box.initial is not None:
        yield f"{pad}[*] --> {names[box.initial]}"
    for index, path in enumerate(box.inside):
        inner = drawn.boxes[path]
        if index and box.state.kind == "parallel":
            yield f"{pad}--"
        yield from _state(drawn, inner, names, depth)


def _state(drawn: Outline, box: Box, names: Mapping[str, str], depth: int) -> Iterator[str]:
    pad, name = INDENT * depth, names[box.path]
    title = _text(box.title + (" \u21bb" if box.state.iterates else ""))
    if not box.is_leaf:
        yield f'{pad}state "{title}" as {name} {{'
        yield from _inside(drawn, box, names, depth + 1)
        yield f"{pad}}}"
        if box.inner:
            said = "<br>".join(_text(" ".join(numbered.lines)) for numbered in box.inner)
            yield f"{pad}note right of {name} : {said}"
        return
    yield f'{pad}state "{title}" as {name}'
    for numbered in box.inner:
        yield f"{pad}{name} : {_text(' '.join(numbered.lines))}"
    if box.state.kind == "final":
        yield f"{pad}{name} --> [*]"


def _names(drawn: Outline) -> dict[str, str]:
    """Return a name for every path. If two paths would have the same name, numbers are added."""
    names: dict[str, str] = {}
    for path in drawn.boxes:
        name = path.replace(".", "__")
        if name.lower() in RESERVED:
            name += "_"
        while name in names.values():
            name += "_"
        names[path] = name
    return names


def _text(text: str) -> str:
    return "".join(ENTITIES.get(char, char) for char in text)


def _title(text: str) -> str:
    """Return a YAML string, because the title is in a YAML header."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
