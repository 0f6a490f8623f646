"""Where labels land: in their place, beside their arrow, in every shipped room."""

from __future__ import annotations

import pytest

from gameroom import language, resources
from gameroom.model import On, Target, Transition
from gameroom.picture.layout import Curve, Layout, Rect, labels_astray, layout
from gameroom.picture.outline import Arrow, Numbered, Outline, outline

NAMES = sorted(path.stem for path in resources.rooms().rglob("*.room"))
LINE = Numbered(0, Transition(On("go"), target=Target("b")), ("go",))


@pytest.mark.parametrize("name", NAMES)
def test_no_label_of_a_shipped_room_is_astray(name: str):
    found = language.shipped(name)
    assert found is not None
    loaded = language.load(found.text, name=found.name, resolve=language.shipped)
    assert loaded.room is not None
    drawn = outline(loaded.room)
    assert labels_astray(drawn, layout(drawn)) == frozenset()


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
