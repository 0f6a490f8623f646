"""Lays out an outline with Graphviz, and reads the positions back as plain numbers.

Graphviz computes positions only; it draws nothing, so ids, classes and colors come from `draw`.
Lengths are in points, with y downward. The package graphviz-pure contains the program, which is
found through the package's metadata, independently of the PATH.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from typing import Any

from gameroom.model.paths import is_within
from gameroom.picture.layout_dot import AIR, LINE_SPACE, to_dot
from gameroom.picture.outline import Arrow, Outline

LAYOUT_SECONDS_MAX = 10
WIDTH_WANTED_POINTS = 720
WIDTH_MAX_POINTS = 860
"""The largest acceptable width. A wider picture is too small to read in a narrow space."""
RUNS_MAX = 6
ASTRAY_COST = 45
"""How many points of additional width one correctly placed label is worth. A label is astray if it
is not correctly placed (see `labels_astray`)."""
AWAY_POINTS = 16
BESIDE_POINTS = 3
SAMPLES = 8
LETTER_POINTS = (5.8, 6.5)
"""The average width of a letter in a label, in points: in a narrow and in a wide system font."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Rect) -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def distance(self, point: Point) -> float:
        """Return the distance of a point from the rectangle; 0 inside."""
        x, y = point
        across = max(self.x - x, 0.0, x - self.x - self.width)
        down = max(self.y - y, 0.0, y - self.y - self.height)
        return math.hypot(across, down)

    def contains(self, other: Rect) -> bool:
        return (
            self.x <= other.x
            and other.x + other.width <= self.x + self.width
            and self.y <= other.y
            and other.y + other.height <= self.y + self.height
        )


@dataclass(frozen=True, slots=True)
class Curve:
    """The line of an arrow.

    strands: each is a start point and three points for every Bezier segment. A line whose label is
    a node has two strands, with the label between them. tip: the point of the arrow head.
    label: the center of the label; None if there is none.
    """

    strands: tuple[tuple[Point, ...], ...]
    tip: Point
    label: Point | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The positions of all parts.

    boxes: by path; that of the root is the frame. dots, starts: the initial dots and their arrows,
    by the path of the composite state. anchors: the points at which arrows from a composite state
    into itself begin, by its path. curves: by the index of the arrow.
    """

    width: float
    height: float
    boxes: dict[str, Rect] = field(default_factory=dict)
    dots: dict[str, Point] = field(default_factory=dict)
    anchors: dict[str, Point] = field(default_factory=dict)
    starts: dict[str, Curve] = field(default_factory=dict)
    curves: dict[int, Curve] = field(default_factory=dict)


def layout(drawn: Outline) -> Layout:
    """Return the layout that is easiest to read.

    For Graphviz, an arrow to a composite state leads to a node inside it. So its label can be on
    the wrong side of a border or across it. Such labels become nodes in the next run. The space for
    a wide font can spoil a layout, so a narrow font is tried as well. Raises
    subprocess.TimeoutExpired if one run takes longer than LAYOUT_SECONDS_MAX.
    """
    tried = [placed for letter in LETTER_POINTS for placed in _runs(drawn, letter, frozenset())]
    astray = sorted(labels_astray(drawn, tried[0]))
    best = min((_nudged(drawn, placed) for placed in tried), key=lambda one: _cost(drawn, one))
    # The layout depends on which label becomes a node first. Try all, until one is good.
    for letter, one in product(LETTER_POINTS, astray):
        for placed in _runs(drawn, letter, frozenset({one})):
            if _reads_well(drawn, best):
                return best
            best = min(best, _nudged(drawn, placed), key=lambda one: _cost(drawn, one))
    return best


def _reads_well(drawn: Outline, placed: Layout) -> bool:
    return placed.width <= WIDTH_MAX_POINTS and not labels_astray(drawn, placed)


def _runs(drawn: Outline, letter: float, apart: frozenset[int]) -> Iterator[Layout]:
    """Yield the layouts of repeated runs, until no label is astray any more."""
    for _ in range(RUNS_MAX):
        placed = _read(_run(to_dot(drawn, apart)))
        yield placed
        astray = labels_astray(drawn, placed, letter)
        if astray <= apart:
            return
        apart |= astray


def _nudged(drawn: Outline, placed: Layout) -> Layout:
    """Return the layout with stray labels moved next to their lines, if there is space."""
    curves = dict(placed.curves)
    for index in sorted(labels_astray(drawn, placed)):
        moved = [
            place
            for place in _beside(drawn.arrows[index], curves[index])
            if _is_free(drawn, placed, index, place)
        ]
        if moved:
            old = curves[index].label
            assert old is not None, "a stray label has a position"
            label = min(moved, key=lambda place: math.dist(place, old))
            curves[index] = replace(curves[index], label=label)
            placed = replace(placed, curves=dict(curves))
    return placed


def _beside(arrow: Arrow, curve: Curve) -> Iterator[Point]:
    """Yield possible centers of a label, on all sides of its line."""
    label = _label_rect(arrow, curve, max(LETTER_POINTS))
    assert label is not None, "a stray label has a position"
    aside, away = label.width / 2 + BESIDE_POINTS, label.height / 2 + BESIDE_POINTS
    for x, y in sampled(curve):
        for place in ((x + aside, y), (x - aside, y), (x, y + away), (x, y - away)):
            yield round(place[0], 1), round(place[1], 1)


def _is_free(drawn: Outline, placed: Layout, index: int, place: Point) -> bool:
    """Whether the label would be correctly placed there, without touching another label or line."""
    arrow, curve = drawn.arrows[index], replace(placed.curves[index], label=place)
    label = _label_rect(arrow, curve, max(LETTER_POINTS))
    assert label is not None, "the label has a position"
    if _is_astray(arrow, curve, placed, max(LETTER_POINTS)):
        return False
    frame = Rect(0, 0, placed.width, placed.height)
    for other, line in placed.curves.items():
        if other != index:
            taken = _label_rect(drawn.arrows[other], line, max(LETTER_POINTS))
            crossed = any(not label.distance(point) for point in sampled(line))
            if crossed or (taken is not None and taken.overlaps(label)):
                return False
    return frame.contains(label)


def _cost(drawn: Outline, placed: Layout) -> float:
    astray = labels_astray(drawn, placed)
    return ASTRAY_COST * len(astray) + max(0.0, placed.width - WIDTH_WANTED_POINTS)


def labels_astray(
    drawn: Outline, placed: Layout, letter: float = max(LETTER_POINTS)
) -> frozenset[int]:
    """Return the indices of the arrows whose label crosses a border, is inside an unrelated box, or
    is far from its line. letter: the width of a letter in points."""
    return frozenset(
        index
        for index, arrow in enumerate(drawn.arrows)
        if _is_astray(arrow, placed.curves[index], placed, letter)
    )


def _is_astray(arrow: Arrow, curve: Curve, placed: Layout, letter: float) -> bool:
    if (label := _label_rect(arrow, curve, letter)) is None:
        return False
    if min(map(label.distance, sampled(curve))) > AWAY_POINTS:
        return True
    for path, rect in placed.boxes.items():
        holds_both = is_within(arrow.source, path) and is_within(arrow.target, path)
        # A label can be inside a composite state only if both ends of the arrow are.
        if rect.overlaps(label) and not (holds_both and rect.contains(label)):
            return True
    return False


def sampled(curve: Curve) -> Iterator[Point]:
    """Yield points along a curve, close enough to measure distances."""
    for strand in curve.strands:
        for at in range(0, len(strand) - 3, 3):
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = strand[at : at + 4]
            for step in range(SAMPLES + 1):
                t = step / SAMPLES
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3


def _label_rect(arrow: Arrow, curve: Curve, letter: float) -> Rect | None:
    """Return the rectangle of the label; None if there is none."""
    if curve.label is None:
        return None
    x, y = curve.label
    width = max(map(len, arrow.lines)) * letter
    height = len(arrow.lines) * LINE_SPACE
    return Rect(x - width / 2, y - height / 2, width, height)


@cache
def graphviz() -> str:
    """Return the path of the program."""
    files = importlib.metadata.files("graphviz-pure") or []
    found = [file for file in files if file.stem == "graphviz-pure" and file.suffix in ("", ".exe")]
    assert found, "the package graphviz-pure contains no program"
    return str(found[0].locate())


def _run(dot: str) -> dict[str, Any]:
    done = subprocess.run(
        [graphviz(), "-Tjson0", "-q2"],
        input=dot,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LAYOUT_SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    placed = json.loads(done.stdout)
    assert isinstance(placed, dict)
    return placed


def _read(placed: dict[str, Any]) -> Layout:
    left, bottom, right, top = _numbers(placed["bb"])
    result = Layout(right - left, top - bottom)

    def point(text: str) -> Point:
        x, y = _numbers(text)
        return round(x - left, 1), round(top - y, 1)

    labels: dict[str, Point] = {}
    leaves: list[Rect] = []
    for thing in placed.get("objects", ()):
        kind, _, path = thing["name"].partition(" ")
        if kind == "cluster":
            x1, y1, x2, y2 = _numbers(thing["bb"])
            result.boxes[path] = _rect(x1 - left, top - y2, x2 - x1, y2 - y1)
        elif kind == "leaf":
            x, y = point(thing["pos"])
            width, height = float(thing["width"]) * 72, float(thing["height"]) * 72 - 2 * AIR
            result.boxes[path] = _rect(x - width / 2, y - height / 2, width, height)
            leaves.append(result.boxes[path])
        else:
            {"dot": result.dots, "anchor": result.anchors, "label": labels}[kind][path] = point(
                thing["pos"]
            )
    halves: dict[str, tuple[Point, ...]] = {}
    for edge in placed.get("edges", ()):
        kind, _, name = edge["comment"].partition(" ")
        if kind == "stack":
            continue
        tip, *points = (point(text) for text in _points(edge["pos"]))
        if kind == "half":
            halves[name] = tuple(points)
        elif kind == "start":
            result.starts[name] = Curve((tuple(points),), tip)
        elif name in labels:
            result.curves[int(name)] = Curve((halves[name], tuple(points)), tip, labels[name])
        else:
            result.curves[int(name)] = Curve((tuple(points),), tip, point(edge["lp"]))
    for curves in (result.starts, result.curves):
        for key, curve in curves.items():
            curves[key] = _through_the_air(curve, leaves)  # type: ignore[index] # its own key
    return result


def _through_the_air(curve: Curve, leaves: list[Rect]) -> Curve:
    """Return the curve with both ends extended to the leaf above or below which they stop."""
    first, *others = curve.strands
    down = _missing(first[0], leaves)
    strands = [(*(_lower(point, down) for point in first[:2]), *first[2:]), *others]
    down = _missing(curve.tip, leaves)
    last = strands[-1]
    strands[-1] = (*last[:-2], *(_lower(point, down) for point in last[-2:]))
    return replace(curve, strands=tuple(strands), tip=_lower(curve.tip, down))


def _missing(end: Point, leaves: list[Rect]) -> float:
    """Return how far below this end its leaf is; negative if it is above."""
    x, y = end
    for leaf in leaves:
        if leaf.x - 1 <= x <= leaf.x + leaf.width + 1:
            for border in (leaf.y - y, leaf.y + leaf.height - y):
                outside = y < leaf.y or y > leaf.y + leaf.height
                if outside and abs(border) <= AIR + 1:
                    return border
    return 0.0


def _lower(point: Point, down: float) -> Point:
    return point[0], round(point[1] + down, 1)


def _points(spline: str) -> list[str]:
    """Return the points of Graphviz's `e,x,y p p p p`, the tip of the arrow first. The tip of a
    line without a head (`p p p p`) is its end."""
    first, *others = spline.split()
    return (
        [first.removeprefix("e,"), *others]
        if first.startswith("e,")
        else [others[-1], first, *others]
    )


def _rect(x: float, y: float, width: float, height: float) -> Rect:
    return Rect(round(x, 1), round(y, 1), round(width, 1), round(height, 1))


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]
