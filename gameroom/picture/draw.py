"""Draws an outline with its layout as SVG.

Knows no room file and no Graphviz. The page sets the colors: every shape has a class. The
presentation attributes only make the picture readable without a style sheet, in the color of the
surrounding text. Any style sheet rule overrides them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

from gameroom.model import After
from gameroom.model.words import transition as transition_words
from gameroom.picture import words
from gameroom.picture.layout import Curve, Layout, Point, Rect
from gameroom.picture.layout_dot import LINE_POINTS, NAME_POINTS
from gameroom.picture.outline import Arrow, Box, Numbered, Outline, printable

CORNER = 8
HEAD = 10
LEADING = 1.2
MARGIN = 2


def draw(name: str, drawn: Outline, placed: Layout) -> str:
    """Return the whole picture. It has a viewBox but no size, so it fills the available space."""
    width, height = placed.width + 2 * MARGIN, placed.height + 2 * MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="statechart" role="img" '
        f'viewBox="{-MARGIN} {-MARGIN} {width:.0f} {height:.0f}" '
        f'fill="none" stroke="currentColor" font-family="system-ui, Helvetica, sans-serif">',
        f"<title>{_text(name)}: its states and transitions</title>",
        *_composite(drawn, placed, drawn.boxes[""]),
    ]
    for index, arrow in enumerate(drawn.arrows):
        if (curve := placed.curves.get(index)) is not None:
            lines.extend(_arrow(arrow, curve))
    return "\n".join([*lines, "</svg>", ""])


def notice(sentence: str) -> str:
    """Return a picture of one sentence, for a chart that cannot be drawn."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="statechart" role="img" '
        'viewBox="0 0 480 40" font-family="system-ui, Helvetica, sans-serif">'
        f'<text x="240" y="24" text-anchor="middle" fill="currentColor" '
        f'font-size="{NAME_POINTS}">{_text(sentence)}</text></svg>\n'
    )


def _composite(drawn: Outline, placed: Layout, box: Box) -> Iterator[str]:
    rect = placed.boxes[box.path]
    yield _opening(box)
    yield _rect(rect, CORNER + 2, ' stroke-dasharray="4 3"' if box.state.kind == "region" else "")
    yield from _timer(box, rect, CORNER + 2)
    yield from _inside(box, rect, "start")
    if box.path in placed.dots:
        x, y = placed.dots[box.path]
        yield f'<circle class="initial" cx="{x}" cy="{y}" r="4" fill="currentColor"/>'
    if box.path in placed.starts:
        yield f'<g class="start">{_curve(placed.starts[box.path])}</g>'
    if box.path in placed.anchors:
        x, y = placed.anchors[box.path]
        yield f'<circle class="anchor" cx="{x}" cy="{y}" r="4"/>'
    for path in box.inside:
        inner = drawn.boxes[path]
        if inner.is_leaf:
            yield from _leaf(inner, placed.boxes[path])
        else:
            yield from _composite(drawn, placed, inner)
    yield "</g>"


def _leaf(box: Box, rect: Rect) -> Iterator[str]:
    yield _opening(box)
    yield _rect(rect, CORNER)
    if box.state.kind == "final":
        yield _rect(Rect(rect.x + 3, rect.y + 3, rect.width - 6, rect.height - 6), CORNER - 3)
    yield from _timer(box, rect, CORNER)
    yield from _inside(box, rect, "middle")
    yield "</g>"


def _timer(box: Box, rect: Rect, corner: int) -> Iterator[str]:
    """Yield a copy of the edge with length 1, along which a page can show the remaining time. It
    contains the duration of the shortest `after`, in milliseconds or in turns."""
    lengths = [
        (said.trigger.duration.unit, said.trigger.duration.amount)
        for said in box.state.transitions
        if isinstance(said.trigger, After)
    ]
    if lengths:
        unit, amount = min(lengths)
        more = f' class="timer" display="none" pathLength="1" data-{unit}="{amount}"'
        yield _rect(rect, corner, more)


def _opening(box: Box) -> str:
    if not box.path:
        return f'<g class="room"><title>{_text(box.title)}</title>'
    classes = ["state", "leaf" if box.is_leaf else "composite"]
    if box.state.kind != "state":
        classes.append(box.state.kind)
    if box.state.iterates:
        classes.append("iterates")
    return (
        f'<g id="state-{escape(box.path)}" class="{" ".join(classes)}">'
        f"<title>{_text(words.about(box.state, box.path))}</title>"
    )


def _inside(box: Box, rect: Rect, anchor: str) -> Iterator[str]:
    """Yield the name and the transitions without an arrow: at the top left of a composite state, or
    in the middle of a leaf."""
    x = rect.x + 11
    y = rect.y + 19
    if anchor == "middle":
        tall = (NAME_POINTS + LINE_POINTS * len(box.lines)) * LEADING
        x, y = rect.x + rect.width / 2, rect.y + (rect.height - tall) / 2 + NAME_POINTS
    mark = " ↻" if box.state.iterates else ""
    yield (
        f'<text class="name" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'font-size="{NAME_POINTS}" font-weight="600" fill="currentColor" stroke="none">'
        f"{_text(box.title + mark)}</text>"
    )
    for numbered in box.inner:
        yield _opened(numbered, "transition inner")
        for line in numbered.lines:
            y += LINE_POINTS * LEADING
            yield _line(x, y, anchor, line)
        yield "</g>"


def _arrow(arrow: Arrow, curve: Curve) -> Iterator[str]:
    """Yield one group for each transition. They share the arrow, and each has its part of the
    label."""
    classes = "transition resume" if arrow.resume else "transition"
    dashes = ' stroke-dasharray="5 3"' if arrow.resume else ""
    x, middle = curve.label or (0, 0)
    y = middle - LINE_POINTS * LEADING * (len(arrow.lines) / 2 - 0.78)
    for numbered in arrow.transitions:
        yield _opened(numbered, classes) + _curve(curve, dashes)
        for line in numbered.lines:
            yield _line(x, y, "middle", line)
            y += LINE_POINTS * LEADING
        yield "</g>"


def _opened(numbered: Numbered, classes: str) -> str:
    return (
        f'<g id="transition-{numbered.number}" class="{classes}">'
        f"<title>{_text(transition_words(numbered.transition))}</title>"
    )


def _line(x: float, y: float, anchor: str, text: str) -> str:
    return (
        f'<text class="label" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'font-size="{LINE_POINTS}" fill="currentColor" stroke="none">{_text(text)}</text>'
    )


def _rect(rect: Rect, corner: int, more: str = "") -> str:
    return (
        f'<rect x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" '
        f'height="{rect.height:.1f}" rx="{corner}"{more}/>'
    )


def _curve(curve: Curve, more: str = "") -> str:
    way = ""
    for strand in curve.strands:
        start, *others = (f"{x:.1f},{y:.1f}" for x, y in strand)
        way += f"M{start} C{' '.join(others)} "
    return (
        f'<path class="line" d="{way.rstrip()}"{more}/>'
        f'<path class="head" d="{_head(curve.strands[-1][-1], curve.tip)}" '
        'fill="currentColor" stroke="none"/>'
    )


def _head(end: Point, tip: Point) -> str:
    """Return a small triangle at the tip, in the direction of the line's last segment."""
    angle = math.atan2(tip[1] - end[1], tip[0] - end[0])
    corners = [tip]
    for turn in (math.pi - 0.45, math.pi + 0.45):
        corners.append(
            (
                tip[0] + 1.4 * HEAD * math.cos(angle + turn),
                tip[1] + 1.4 * HEAD * math.sin(angle + turn),
            )
        )
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in corners) + " Z"


def _text(text: str) -> str:
    return escape("\n".join(printable(line) for line in text.split("\n")))
