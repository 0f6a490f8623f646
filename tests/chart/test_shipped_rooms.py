"""Every shipped room compiles, begins and can be stored."""

import pytest

from gameroom import resources
from gameroom.chart import active, begin, compile_room, dump, restore
from gameroom.language import Source, load


def shipped():
    root = resources.rooms()
    found = [*root.glob("*.room"), *root.glob("*.room.yaml")]
    found += [*root.glob("*/*.room"), *root.glob("*/*.room.yaml")]
    return sorted(path.name for path in found)


def resolve(name):
    found = resources.shipped_room(name)
    return None if found is None else Source(*found)


@pytest.mark.parametrize("name", shipped())
def test_it_compiles_and_begins(name):
    file, text = resources.shipped_room(name.partition(".")[0])
    loaded = load(text, name=file, resolve=resolve)
    assert loaded.ok, loaded.diagnostics
    chart = compile_room(loaded.room)
    snapshot, _ = begin(chart)
    assert snapshot.status == "live"
    assert active(chart, snapshot)[0] == "setup"
    assert restore(chart, dump(chart, snapshot), 0) == snapshot


def test_the_standard_room_is_among_them():
    assert "standard.room" in shipped()
