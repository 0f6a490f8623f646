"""Writes the chart as text for Graphviz, which people can draw or change.

Knows no positions. The name of each node is the path of its state, so that people can read and
compare the text. (`layout_dot` writes a different text, to lay out our own picture.)
"""

from __future__ import annotations

from collections.abc import Iterator

from gameroom.picture.outline import Arrow, Box, Outline

INDENT = "  "


def as_dot(name: str, drawn: Outline) -> str:
    """Return a `digraph` with a cluster for every composite state. Ends with a newline."""
    root = drawn.boxes[""]
    lines = [
        f"digraph {_quoted(name)} {{",
        "  compound=true",
        "  fontname=Helvetica labeljust=l",
        "  node [fontname=Helvetica shape=box style=rounded]",
        "  edge [fontname=Helvetica fontsize=11]",
        f"  label={_label(root)}",
        *_inside(drawn, root, 1),
        *(f"{INDENT}{_arrow(drawn, arrow)}" for arrow in drawn.arrows),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _inside(drawn: Outline, box: Box, depth: int) -> Iterator[str]:
    """Yield the contents of a composite state: its entry point, then its states."""
    pad = INDENT * depth
    look = "shape=point width=0.12" if box.initial is not None else "shape=point style=invis"
    yield f"{pad}{_point(box.path)} [{look}]"
    for path in box.inside:
        inner = drawn.boxes[path]
        if inner.is_leaf:
            yield f"{pad}{_quoted(path)} [label={_label(inner)}{_leaf_look(inner)}]"
            continue
        yield f"{pad}subgraph {_quoted('cluster ' + path)} {{"
        style = '"rounded,dashed"' if inner.state.kind == "region" else "rounded"
        yield f"{pad}{INDENT}label={_label(inner)} style={style}"
        yield from _inside(drawn, inner, depth + 1)
        yield f"{pad}}}"
    if box.initial is not None:
        head, clip = _end(drawn, box.initial, "lhead")
        yield f"{pad}{_point(box.path)} -> {head}{_attributes(clip)}"


def _leaf_look(box: Box) -> str:
    match box.state.kind:
        case "final":
            return " peripheries=2"
        case "history":
            return " shape=circle"
        case _:
            return ""


def _arrow(drawn: Outline, arrow: Arrow) -> str:
    tail, tail_clip = _end(drawn, arrow.source, "ltail")
    head, head_clip = _end(drawn, arrow.target, "lhead")
    if arrow.turns_inward:
        tail_clip = head_clip = ""
    elif f"{arrow.source}.".startswith(f"{arrow.target}."):
        head_clip = ""
    label = "\n".join(" ".join(numbered.lines) for numbered in arrow.transitions)
    dashes = "style=dashed" if arrow.resume else ""
    return f"{tail} -> {head}{_attributes(f'label={_quoted(label)}', tail_clip, head_clip, dashes)}"


def _end(drawn: Outline, path: str, clip: str) -> tuple[str, str]:
    """Return the node at the end of an arrow, and the attribute for the border at which the arrow
    stops."""
    if drawn.boxes[path].is_leaf:
        return _quoted(path), ""
    return _point(path), f"{clip}={_quoted('cluster ' + path)}" if path else ""


def _point(path: str) -> str:
    return _quoted(f"{path} begins".strip())


def _attributes(*said: str) -> str:
    found = " ".join(filter(None, said))
    return f" [{found}]" if found else ""


def _label(box: Box) -> str:
    mark = " \u21bb" if box.state.iterates else ""
    lines = (" ".join(numbered.lines) for numbered in box.inner)
    return _quoted("\n".join([box.title + mark, *lines]))


def _quoted(text: str) -> str:
    """Return a Graphviz string. A backslash is escaped, because it would begin an escape."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
