"""Writes an outline in Graphviz's language, for the layout.

Knows no positions. It determines the space that parts need, not their looks: `draw` draws them.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from gameroom.model.paths import is_within, parent
from gameroom.picture.outline import Arrow, Box, Outline

# Font sizes: as drawn (POINTS), and as laid out (SPACE). The latter are larger because the system
# fonts of browsers are up to a seventh wider than Graphviz's Helvetica.
NAME_POINTS = 13
LINE_POINTS = 11
NAME_SPACE = 14.8
LINE_SPACE = 12.6

AIR = 5
"""Free space above and below a leaf, in points. Without it, Graphviz draws lines along boxes."""


def to_dot(drawn: Outline, apart: frozenset[int] = frozenset()) -> str:
    """Return the outline in Graphviz's language. Nodes are named by kind and path.

    apart: the indices of the arrows whose label is a separate node outside both ends.
    """
    lines = [
        "digraph {",
        "rankdir=TB compound=true nodesep=0.16 ranksep=0.25",
        "fontname=Helvetica labeljust=l",
        f"node [fontname=Helvetica shape=box fontsize={NAME_SPACE} "
        f'margin="0.14,{0.07 + AIR / 72:.3f}"]',
        f"edge [fontname=Helvetica fontsize={LINE_SPACE}]",
        *_composite(drawn, drawn.boxes[""], apart),
    ]
    for index, arrow in enumerate(drawn.arrows):
        lines.extend(_arrow(drawn, index, arrow, apart=index in apart))
    return "\n".join([*lines, *_stacked(drawn, apart), "}"])


def _stacked(drawn: Outline, apart: frozenset[int]) -> Iterator[str]:
    """Yield invisible arrows that stack the top states vertically, for a narrow picture."""
    how = f'[style=invis comment="stack" minlen={2 if apart else 1}]'
    tops = [path for path in drawn.boxes[""].inside if not drawn.boxes[path].is_leaf]
    for above, below in pairwise(tops):
        tail = f'"leaf {_leaf(drawn, above, -1)}"'
        for path, box in drawn.boxes.items():
            if is_within(path, below) and not box.is_leaf:
                if box.initial is not None:
                    yield f'{tail} -> "dot {path}" {how}'
                if _has_anchor(drawn, path):
                    yield f'{tail} -> "anchor {path}" {how}'


def _composite(drawn: Outline, box: Box, apart: frozenset[int]) -> Iterator[str]:
    yield f'subgraph "cluster {box.path}" {{ margin=9 label={_label(box)}'
    if box.initial is not None:
        head, clip = _head(drawn, box.path, box.initial)
        yield f'"dot {box.path}" [shape=circle fixedsize=true width=0.14 label=""]'
        yield f'"dot {box.path}" -> {head} [weight=4 comment="start {box.path}" {clip}]'
    if _has_anchor(drawn, box.path):
        yield f'"anchor {box.path}" [shape=circle fixedsize=true width=0.12 label=""]'
    for index in sorted(apart):
        arrow = drawn.arrows[index]
        if common(arrow.source, arrow.target) == box.path:
            yield f'"label {index}" [shape=plain fontsize={LINE_SPACE} label={_label_of(arrow)}]'
    for path in box.inside:
        inner = drawn.boxes[path]
        if inner.is_leaf:
            yield f'"leaf {path}" [label={_label(inner)}]'
        else:
            yield from _composite(drawn, inner, apart)
    yield "}"


def _label(box: Box) -> str:
    mark = " +" if box.state.iterates else ""
    text = f"<B>{escape(box.title + mark)}</B>"
    for line in box.lines:
        # Only the lines of a composite state begin at the border, so they need space at the end.
        line = escape(line) + ("" if box.is_leaf else 3 * "&nbsp;")
        text += f'<BR ALIGN="LEFT"/><FONT POINT-SIZE="{LINE_SPACE}">{line}</FONT>'
    return f"<{text}>"


def _is_anchored(drawn: Outline, arrow: Arrow) -> bool:
    """Whether an arrow leads from a composite state into itself. Such arrows begin at an anchor
    inside the border."""
    return arrow.turns_inward and not drawn.boxes[arrow.source].is_leaf


def _has_anchor(drawn: Outline, path: str) -> bool:
    return any(_is_anchored(drawn, arrow) for arrow in drawn.arrows if arrow.source == path)


def _arrow(drawn: Outline, index: int, arrow: Arrow, *, apart: bool) -> Iterator[str]:
    """Yield one edge, or two with the label as a node between them."""
    tail, tail_clip = _tail(drawn, arrow)
    head, head_clip = _head(drawn, arrow.source, arrow.target)
    if apart:
        yield f'{tail} -> "label {index}" [{tail_clip} dir=none comment="half {index}"]'
        yield f'"label {index}" -> {head} [{head_clip} comment="arrow {index}"]'
    else:
        clips = f"{tail_clip} {head_clip}"
        yield f'{tail} -> {head} [{clips} label={_label_of(arrow)} comment="arrow {index}"]'


def _label_of(arrow: Arrow) -> str:
    return "<" + "<BR/>".join(f"&nbsp;{escape(line)}&nbsp;" for line in arrow.lines) + ">"


def _tail(drawn: Outline, arrow: Arrow) -> tuple[str, str]:
    """Return the node at which an arrow begins, and the border at which its line begins."""
    if drawn.boxes[arrow.source].is_leaf:
        return f'"leaf {arrow.source}"', ""
    if arrow.turns_inward:
        return f'"anchor {arrow.source}"', ""
    return f'"leaf {_leaf(drawn, arrow.source, -1)}"', f'ltail="cluster {arrow.source}"'


def _head(drawn: Outline, source: str, target: str) -> tuple[str, str]:
    """Return the node for a target, and the border at which the arrow stops."""
    box = drawn.boxes[target]
    if box.is_leaf:
        return f'"leaf {target}"', ""
    clip = "" if is_within(source, target) else f'lhead="cluster {target}"'
    if box.initial is not None:
        return f'"dot {target}"', clip
    return f'"leaf {_leaf(drawn, target, 0)}"', clip


def _leaf(drawn: Outline, path: str, end: int) -> str:
    """Return the first (end = 0) or last (end = -1) leaf inside a state."""
    while inside := drawn.boxes[path].inside:
        path = inside[end]
    return path


def common(one: str, other: str) -> str:
    """Return the path of the innermost state that contains both and is neither of them."""
    path = parent(one)
    while not is_within(other, path) or other == path:
        path = parent(path)
    return path
