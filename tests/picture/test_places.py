"""Where labels land: in their place, beside their arrow, in every shipped room."""

from __future__ import annotations

import math
from functools import cache

import pytest

from gameroom import language, resources
from gameroom.model import On, Target, Transition
from gameroom.model.paths import is_within
from gameroom.picture.layout import Curve, Layout, Rect, labels_astray, layout, sampled
from gameroom.picture.outline import Arrow, Numbered, Outline, outline

NAMES = sorted(path.stem for path in resources.rooms().rglob("*.room"))
WIDE = 6.5
LINE = Numbered(0, Transition(On("go"), target=Target("b")), ("go",))


@pytest.mark.parametrize("name", NAMES)
def test_no_label_of_a_shipped_room_is_astray(name: str):
    drawn, placed = drawn_and_placed(name)
    assert labels_astray(drawn, placed, WIDE) == frozenset()


@pytest.mark.parametrize(
    ("label", "astray"),
    [
        ((100.0, 50.0), False),
        ((100.0, 80.0), True),
        ((30.0, 50.0), True),
        ((100.0, 2.0), True),
    ],
    ids=["beside the line", "far from it", "in a box", "across a border"],
)
def test_a_label_is_astray(label: tuple[float, float], astray: bool):
    boxes = {
        "": Rect(0, 0, 200, 100),
        "a": Rect(0, 30, 40, 40),
        "b": Rect(160, 30, 40, 40),
    }
    line = ((40.0, 50.0), (80.0, 50.0), (120.0, 50.0), (160.0, 50.0))
    drawn = Outline({}, (Arrow("a", "b", False, (LINE,)),))
    placed = Layout(200, 100, boxes, curves={0: Curve((line,), line[-1], label)})
    assert labels_astray(drawn, placed) == (frozenset({0}) if astray else frozenset())


@pytest.mark.parametrize("name", NAMES)
def test_lines_leave_air_above_and_below_the_boxes_of_others(name: str):
    drawn, placed = drawn_and_placed(name)
    for index, arrow in enumerate(drawn.arrows):
        for path, box in drawn.boxes.items():
            if not box.is_leaf or path in (arrow.source, arrow.target):
                continue
            if is_within(path, arrow.source) or is_within(path, arrow.target):
                continue
            leaf = placed.boxes[path]
            near = Rect(leaf.x, leaf.y - 4, leaf.width, leaf.height + 8)
            touching = [
                point for point in sampled(placed.curves[index]) if not near.distance(point)
            ]
            assert not touching, (arrow.source, arrow.target, path)


@pytest.mark.parametrize("name", NAMES)
def test_an_arrow_ends_at_its_leaf(name: str):
    drawn, placed = drawn_and_placed(name)
    for index, arrow in enumerate(drawn.arrows):
        curve = placed.curves[index]
        for path, end in ((arrow.source, curve.strands[0][0]), (arrow.target, curve.tip)):
            if drawn.boxes[path].is_leaf:
                assert from_border(placed.boxes[path], end) < 1, (arrow.source, arrow.target)


@pytest.mark.parametrize("name", NAMES)
def test_no_head_touches_the_name_of_a_composite(name: str):
    drawn, placed = drawn_and_placed(name)
    heads = [head_rect(curve) for curve in (*placed.curves.values(), *placed.starts.values())]
    for path, box in drawn.boxes.items():
        if not box.is_leaf:
            frame = placed.boxes[path]
            written = Rect(frame.x + 11, frame.y + 7, len(box.title) * 9, 15)
            assert not any(head.overlaps(written) for head in heads), path


@cache
def drawn_and_placed(name: str) -> tuple[Outline, Layout]:
    found = language.shipped(name)
    assert found is not None
    loaded = language.load(found.text, name=found.name, resolve=language.shipped)
    assert loaded.room is not None
    drawn = outline(loaded.room)
    return drawn, layout(drawn)


def from_border(rect: Rect, point: tuple[float, float]) -> float:
    """How far a point is from the border, inside or outside."""
    x, y = point
    inside = min(x - rect.x, rect.x + rect.width - x, y - rect.y, rect.y + rect.height - y)
    return rect.distance(point) or abs(inside)


def head_rect(curve: Curve) -> Rect:
    """Where the triangle at the tip is."""
    (x0, y0), (x1, y1) = curve.strands[-1][-1], curve.tip
    length = max(math.hypot(x1 - x0, y1 - y0), 0.1)
    back = (x1 - (x1 - x0) / length * 14, y1 - (y1 - y0) / length * 14)
    left, top = min(x1, back[0]) - 5, min(y1, back[1])
    return Rect(left, top, abs(x1 - back[0]) + 10, abs(y1 - back[1]))
