"""Every shipped room has a picture with all of its states and transitions."""

from __future__ import annotations

from functools import cache
from xml.etree import ElementTree

import pytest

from gameroom import language, resources
from gameroom.chart import compile_room
from gameroom.model import RoomFile
from gameroom.model.paths import walk
from gameroom.model.words import transition
from gameroom.picture import svg

NAMES = sorted(path.name.partition(".")[0] for path in resources.rooms().rglob("*.room*"))
WIDTH_MAX = 900
TITLE = "{http://www.w3.org/2000/svg}title"


def room(name: str) -> RoomFile:
    found = language.shipped(name)
    assert found is not None
    loaded = language.load(found.text, name=found.name, resolve=language.shipped)
    assert loaded.room is not None
    return loaded.room


@cache
def drawn(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg(room(name)))


@pytest.mark.parametrize("name", NAMES)
def test_every_state_and_transition_is_drawn_once(name: str):
    merged = room(name)
    picture = drawn(name)
    ids = [found.attrib["id"] for found in picture.iter() if "id" in found.attrib]
    states = [f"state-{path}" for path, _ in walk(merged.root) if path]
    count = sum(len(state.transitions) for _, state in walk(merged.root))
    assert sorted(ids) == sorted(states + [f"transition-{number}" for number in range(count)])


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_those_of_the_chart(name: str):
    merged = room(name)
    chart = compile_room(merged)
    picture = drawn(name)
    titles = {
        found.attrib["id"]: found.findtext(TITLE)
        for found in picture.iter()
        if found.attrib.get("id", "").startswith("transition-")
    }
    assert len(chart.transitions) == len(titles)
    for number, row in enumerate(chart.transitions):
        assert titles[f"transition-{number}"] == transition(row.said)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_readable_in_a_narrow_place(name: str):
    _, _, width, _ = drawn(name).attrib["viewBox"].split()
    assert int(width) <= WIDTH_MAX
