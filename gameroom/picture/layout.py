"""Where everything goes: an outline laid out by Graphviz, read back as plain numbers.

Graphviz only places things; it draws nothing, so every id, class and colour stays ours.
Lengths are in points with y downward. The program comes with the package graphviz-pure
and is found through its metadata, whatever the PATH says.
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
"""A wider picture is too small to read in a narrow place."""
RUNS_MAX = 6
ASTRAY_COST = 45
"""How much wider a picture may be, in points, to have one label more in its place."""
AWAY_POINTS = 16
BESIDE_POINTS = 3
SAMPLES = 8
LETTER_POINTS = (5.8, 6.5)
"""How wide a letter of a label is on average, in points: in a narrow system font, and in a
wide one."""

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
        """How far a point is from the border; 0 inside."""
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
    """strands: each a start and then three points to every Bezier segment; an arrow that
    crosses a border has two, with its label between. tip: where the arrow points to;
    label: the middle of the label, None without one."""

    strands: tuple[tuple[Point, ...], ...]
    tip: Point
    label: Point | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """boxes by path (the root's is the frame); dots and starts (the dot's own arrow) by
    the path of the composite; anchors by the path whose inward arrows begin there;
    curves by the index of their arrow."""

    width: float
    height: float
    boxes: dict[str, Rect] = field(default_factory=dict)
    dots: dict[str, Point] = field(default_factory=dict)
    anchors: dict[str, Point] = field(default_factory=dict)
    starts: dict[str, Curve] = field(default_factory=dict)
    curves: dict[int, Curve] = field(default_factory=dict)


def layout(drawn: Outline) -> Layout:
    """Place everything, the way it reads best.

    Graphviz lays an arrow to a composite out as one to something inside, and its label may
    land behind a border or across it: such labels become nodes of their own in the next
    run. What a wide font would need may push a picture out of shape, so it is also tried
    with a narrow one. Raises subprocess.TimeoutExpired after LAYOUT_SECONDS_MAX of one run.
    """
    tried = [placed for letter in LETTER_POINTS for placed in _runs(drawn, letter, frozenset())]
    astray = sorted(labels_astray(drawn, tried[0]))
    best = min((_nudged(drawn, placed) for placed in tried), key=lambda one: _cost(drawn, one))
    # Which label becomes a node first makes another picture: tried where none reads well yet.
    for letter, one in product(LETTER_POINTS, astray):
        for placed in _runs(drawn, letter, frozenset({one})):
            if _reads_well(drawn, best):
                return best
            best = min(best, _nudged(drawn, placed), key=lambda one: _cost(drawn, one))
    return best


def _reads_well(drawn: Outline, placed: Layout) -> bool:
    return placed.width <= WIDTH_MAX_POINTS and not labels_astray(drawn, placed)


def _runs(drawn: Outline, letter: float, apart: frozenset[int]) -> Iterator[Layout]:
    """One run after the other until no label is astray any more."""
    for _ in range(RUNS_MAX):
        placed = _read(_run(to_dot(drawn, apart)))
        yield placed
        astray = labels_astray(drawn, placed, letter)
        if astray <= apart:
            return
        apart |= astray


def _nudged(drawn: Outline, placed: Layout) -> Layout:
    """Labels that are astray moved beside their line, where there is a place for them."""
    curves = dict(placed.curves)
    for index in sorted(labels_astray(drawn, placed)):
        moved = [
            place
            for place in _beside(drawn.arrows[index], curves[index])
            if _is_free(drawn, placed, index, place)
        ]
        if moved:
            old = curves[index].label
            assert old is not None, "a label that is astray is somewhere"
            label = min(moved, key=lambda place: math.dist(place, old))
            curves[index] = replace(curves[index], label=label)
            placed = replace(placed, curves=dict(curves))
    return placed


def _beside(arrow: Arrow, curve: Curve) -> Iterator[Point]:
    """Where the middle of a label may be, on either side of its line."""
    label = _label_rect(arrow, curve, max(LETTER_POINTS))
    assert label is not None, "a label that is astray is somewhere"
    aside, away = label.width / 2 + BESIDE_POINTS, label.height / 2 + BESIDE_POINTS
    for x, y in sampled(curve):
        for place in ((x + aside, y), (x - aside, y), (x, y + away), (x, y - away)):
            yield round(place[0], 1), round(place[1], 1)


def _is_free(drawn: Outline, placed: Layout, index: int, place: Point) -> bool:
    """Would the label be in its place there, with no other label and no other line?"""
    arrow, curve = drawn.arrows[index], replace(placed.curves[index], label=place)
    label = _label_rect(arrow, curve, max(LETTER_POINTS))
    assert label is not None, "it has a place"
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
    """The indexes of arrows whose label lies across a border, in a box that the arrow has
    nothing to do with, or far from the line. letter: how wide one is."""
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
        # What a composite holds may stand in it only if the arrow does as well.
        if rect.overlaps(label) and not (holds_both and rect.contains(label)):
            return True
    return False


def sampled(curve: Curve) -> Iterator[Point]:
    """Points along a curve, close enough to measure by."""
    for strand in curve.strands:
        for at in range(0, len(strand) - 3, 3):
            (x0, y0), (x1, y1), (x2, y2), (x3, y3) = strand[at : at + 4]
            for step in range(SAMPLES + 1):
                t = step / SAMPLES
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3


def _label_rect(arrow: Arrow, curve: Curve, letter: float) -> Rect | None:
    """Where the label will be drawn."""
    if curve.label is None:
        return None
    x, y = curve.label
    width = max(map(len, arrow.lines)) * letter
    height = len(arrow.lines) * LINE_SPACE
    return Rect(x - width / 2, y - height / 2, width, height)


@cache
def graphviz() -> str:
    """Where the program is."""
    files = importlib.metadata.files("graphviz-pure") or []
    found = [file for file in files if file.stem == "graphviz-pure" and file.suffix in ("", ".exe")]
    assert found, "the package graphviz-pure holds no program"
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
    """Both ends on to the leaf above or below which they stop."""
    first, *others = curve.strands
    down = _missing(first[0], leaves)
    strands = [(*(_lower(point, down) for point in first[:2]), *first[2:]), *others]
    down = _missing(curve.tip, leaves)
    last = strands[-1]
    strands[-1] = (*last[:-2], *(_lower(point, down) for point in last[-2:]))
    return replace(curve, strands=tuple(strands), tip=_lower(curve.tip, down))


def _missing(end: Point, leaves: list[Rect]) -> float:
    """How far down (up where it is negative) the leaf is that this end belongs to."""
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
    """The points of Graphviz's `e,x,y p p p p`, the arrow's tip first. A line without a
    head (`p p p p`) has its end for a tip."""
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
