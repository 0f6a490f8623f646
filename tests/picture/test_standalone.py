"""The picture as a file of its own: a size, colours for light and dark, the same shapes."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gameroom import language, resources
from gameroom.model import RoomFile, State
from gameroom.picture import STATES_MAX, svg, svg_file
from gameroom.picture.standalone import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"
STYLE = Path(__file__).resolve().parents[2] / "gameroom" / "web" / "style.css"
AA = 4.5


def noughts() -> RoomFile:
    found = resources.shipped_room("noughts")
    assert found is not None
    loaded = language.load(found[1], name=found[0], resolve=language.shipped)
    assert loaded.room is not None
    return loaded.room


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_it_is_the_page_s_picture_with_a_size_and_a_sheet():
    plain, own = ElementTree.fromstring(svg(noughts())), ElementTree.fromstring(svg_file(noughts()))
    _, _, width, height = own.attrib["viewBox"].split()
    assert (own.attrib["width"], own.attrib["height"]) == (width, height)
    assert own[0].tag == f"{SVG}style"
    assert [one.attrib for one in own[1:]] == [one.attrib for one in plain]


def test_nothing_comes_from_elsewhere():
    assert "url(" not in svg_file(noughts())
    assert "@import" not in svg_file(noughts())


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("text", "surface"),
        ("text", "raised"),
        ("quiet", "surface"),
        ("quiet", "raised"),
        ("accent", "surface"),
        ("accent", "raised"),
    ],
)
def test_texts_stand_out(colours: dict[str, str], ink: str, paper: str):
    one, other = luminance(colours[ink]), luminance(colours[paper])
    assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= AA


def test_its_colours_are_those_of_the_pages():
    pages = set(re.findall(r"#[0-9a-f]{6}", STYLE.read_text(encoding="utf-8")))
    assert set(LIGHT.values()) | set(DARK.values()) <= pages


def test_a_chart_too_large_to_draw_says_so_in_a_file_as_well():
    states = tuple(State(f"s{index}") for index in range(STATES_MAX))
    own = ElementTree.fromstring(
        svg_file(RoomFile("big", root=State("", initial="s0", states=states)))
    )
    assert own.attrib["width"] == "480"
