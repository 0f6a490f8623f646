"""An outline in Graphviz's own language.

Knows no positions. It asks for room, never for looks: what is drawn is decided in `draw`.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

from gameroom.model.paths import is_within, parent
from gameroom.picture.outline import Arrow, Box, Outline

# The sizes of the texts as drawn, and with the allowance that they are laid out with: the
# system fonts of browsers are up to a seventh wider than Graphviz's Helvetica.
NAME_POINTS = 13
LINE_POINTS = 11
NAME_SPACE = 14.8
LINE_SPACE = 12.6

AIR = 5
"""Points above and below a leaf that lines leave free: Graphviz lets them graze a box."""


def to_dot(drawn: Outline, apart: frozenset[int] = frozenset()) -> str:
    """The outline in Graphviz's own language. Nodes are named by kind and path.

    apart: the indexes of arrows whose label is a node of its own, outside both ends.
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
    """Invisible arrows that keep the top states one above the other: a narrow picture."""
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
        # Beside a composite's lines stays some room: only there they begin at the border.
        line = escape(line) + ("" if box.is_leaf else 3 * "&nbsp;")
        text += f'<BR ALIGN="LEFT"/><FONT POINT-SIZE="{LINE_SPACE}">{line}</FONT>'
    return f"<{text}>"


def _is_anchored(drawn: Outline, arrow: Arrow) -> bool:
    """Arrows from a composite into itself begin at a mark inside its border."""
    return arrow.turns_inward and not drawn.boxes[arrow.source].is_leaf


def _has_anchor(drawn: Outline, path: str) -> bool:
    return any(_is_anchored(drawn, arrow) for arrow in drawn.arrows if arrow.source == path)


def _arrow(drawn: Outline, index: int, arrow: Arrow, *, apart: bool) -> Iterator[str]:
    """One edge, or two with the label as a node between them."""
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
    """The node at which an arrow begins, and the border at which its line does."""
    if drawn.boxes[arrow.source].is_leaf:
        return f'"leaf {arrow.source}"', ""
    if arrow.turns_inward:
        return f'"anchor {arrow.source}"', ""
    return f'"leaf {_leaf(drawn, arrow.source, -1)}"', f'ltail="cluster {arrow.source}"'


def _head(drawn: Outline, source: str, target: str) -> tuple[str, str]:
    """The node that stands for a target, and the border at which the arrow stops."""
    box = drawn.boxes[target]
    if box.is_leaf:
        return f'"leaf {target}"', ""
    clip = "" if is_within(source, target) else f'lhead="cluster {target}"'
    if box.initial is not None:
        return f'"dot {target}"', clip
    return f'"leaf {_leaf(drawn, target, 0)}"', clip


def _leaf(drawn: Outline, path: str, end: int) -> str:
    """The first (0) or last (-1) leaf inside."""
    while inside := drawn.boxes[path].inside:
        path = inside[end]
    return path


def common(one: str, other: str) -> str:
    """The path of the innermost state that holds both and is neither."""
    path = parent(one)
    while not is_within(other, path) or other == path:
        path = parent(path)
    return path
