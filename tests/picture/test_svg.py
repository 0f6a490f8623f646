"""The picture of a chart: stable ids, nothing missing, safe whatever a file says."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from gameroom.model import (
    Act,
    After,
    Binary,
    Duration,
    Expression,
    Flag,
    Literal,
    Name,
    On,
    Quorum,
    RoomFile,
    State,
    Target,
    Transition,
    When,
)
from gameroom.picture import STATES_MAX, svg

SVG = "{http://www.w3.org/2000/svg}"


def to(event: str, path: str, guard: Expression | None = None) -> Transition:
    return Transition(On(event), guard, target=Target(path))


READY = When(Quorum("all", "player", Flag("ready")))
TIMEOUT = Transition(After(Duration(600_000, "ms")), target=Target("ended"))
ROOM = RoomFile(
    "duel",
    root=State(
        "",
        initial="setup",
        transitions=(Transition(On("join"), actions=(Act("pass", "host"),)),),
        states=(
            State(
                "setup",
                initial="gathering",
                states=(
                    State(
                        "gathering",
                        transitions=(
                            Transition(READY, target=Target("running")),
                            TIMEOUT,
                        ),
                    ),
                ),
            ),
            State(
                "running",
                initial="day",
                transitions=(to("lag", "running.held"),),
                states=(
                    State("day", iterates=True, transitions=(to("pause", "held"),), doc="Sun."),
                    State(
                        "held",
                        transitions=(
                            Transition(On("resume"), target=Target("running", "resume")),
                            to("quit", "ended"),
                            to("vote", "ended", guard=Binary("<", Name("rounds"), Literal(2))),
                        ),
                    ),
                ),
            ),
            State("ended", kind="final"),
        ),
    ),
)


def drawn(room: RoomFile) -> ElementTree.Element:
    return ElementTree.fromstring(svg(room))


def by_id(picture: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {found.attrib["id"]: found for found in picture.iter() if "id" in found.attrib}


def words(group: ElementTree.Element) -> str:
    return " ".join("".join(text.itertext()) for text in group.iter(f"{SVG}text"))


def test_every_state_has_its_path_for_an_id():
    found = by_id(drawn(ROOM))
    assert [name for name in found if name.startswith("state-")] == [
        "state-setup",
        "state-setup.gathering",
        "state-running",
        "state-running.day",
        "state-running.held",
        "state-ended",
    ]


def test_transitions_are_numbered_in_document_order_from_the_root_on():
    found = by_id(drawn(ROOM))
    titles = {
        name: found[name].findtext(f"{SVG}title") for name in found if name.startswith("transition")
    }
    assert titles == {
        "transition-0": "on join do { pass host }",
        "transition-1": "when all player ready -> running",
        "transition-2": "after 10m -> ended",
        "transition-3": "on lag -> running.held",
        "transition-4": "on pause -> held",
        "transition-5": "on resume -> resume running",
        "transition-6": "on quit -> ended",
        "transition-7": "on vote if rounds < 2 -> ended",
    }


def test_states_stand_inside_their_parents():
    setup = by_id(drawn(ROOM))["state-setup"]
    assert "state-setup.gathering" in by_id(setup)


def test_classes_tell_kinds_apart():
    found = by_id(drawn(ROOM))
    assert found["state-running"].attrib["class"] == "state composite"
    assert found["state-running.day"].attrib["class"] == "state leaf iterates"
    assert found["state-ended"].attrib["class"] == "state leaf final"
    assert found["transition-5"].attrib["class"] == "transition resume"


def test_transitions_of_one_arrow_each_keep_their_own_label():
    found = by_id(drawn(ROOM))
    assert words(found["transition-6"]) == "quit"
    assert words(found["transition-7"]) == "vote [rounds < 2]"
    paths = [
        found[name].find(f"{SVG}path").attrib["d"] for name in ("transition-6", "transition-7")
    ]
    assert paths[0] == paths[1]


def test_what_has_no_arrow_is_a_line_in_its_state():
    picture = drawn(ROOM)
    assert "after 10m → ended" in words(by_id(picture)["state-setup.gathering"])
    assert words(by_id(picture)["transition-0"]) == "join / pass host"


def test_a_time_that_leads_to_an_inner_end_has_an_arrow():
    """Only the ends of the room would have so many."""
    inner = State(
        "work",
        initial="a",
        states=(
            State(
                "a", transitions=(Transition(After(Duration(1, "turns")), target=Target("done")),)
            ),
            State("done", kind="final"),
        ),
    )
    found = by_id(drawn(RoomFile("r", root=State("", initial="work", states=(inner,)))))
    assert found["transition-0"].find(f"{SVG}path") is not None
    assert words(found["transition-0"]) == "after 1 turn"


def test_the_edge_of_a_state_says_how_long_its_shortest_time_is():
    def after(amount: int, unit: str) -> Transition:
        return Transition(After(Duration(amount, unit)), target=Target("b"))

    waiting = State("a", transitions=(after(90, "turns"), after(5000, "ms"), after(3000, "ms")))
    playing = State("b", transitions=(after(40, "turns"), to("go", "a")))
    untimed = State("c", transitions=(to("go", "a"),))
    found = by_id(
        drawn(RoomFile("r", root=State("", initial="a", states=(waiting, playing, untimed))))
    )

    def timers(name: str) -> list[dict[str, str]]:
        edges = [each.attrib for each in found[name].iter(f"{SVG}rect")]
        return [edge for edge in edges if edge.get("class") == "timer"]

    (only,) = timers("state-a")
    assert (only["data-ms"], only["pathLength"], only["display"]) == ("3000", "1", "none")
    assert [edge["data-turns"] for edge in timers("state-b")] == ["40"]
    assert timers("state-c") == []


def test_it_has_no_size_and_no_colour_of_its_own():
    picture = drawn(ROOM)
    assert "width" not in picture.attrib
    assert "viewBox" in picture.attrib
    paints = {found.attrib.get(kind) for found in picture.iter() for kind in ("fill", "stroke")}
    assert paints <= {None, "none", "currentColor"}


def test_every_shape_is_inside_the_picture():
    picture = drawn(ROOM)
    left, top, width, height = (float(part) for part in picture.attrib["viewBox"].split())
    for box in picture.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.attrib[name]) for name in ("x", "y", "width", "height"))
        assert left <= x <= x + w <= left + width
        assert top <= y <= y + h <= top + height


@pytest.mark.parametrize("text", ['"</title><script>', "a & b", "\x00\x1b\ud800", "\\N\\", "<b>"])
def test_hostile_text_stays_text(text: str):
    sneaky = Transition(On("x"), target=Target("b"), guard=Binary("==", Name("v"), Literal(text)))
    states = (State("a", transitions=(sneaky,), doc=text), State("b", kind="final"))
    picture = drawn(RoomFile(text, root=State("", initial="a", states=states)))
    assert not list(picture.iter(f"{SVG}script"))
    assert {"state-a", "state-b", "transition-0"} == set(by_id(picture))


def test_regions_of_a_parallel_state_stand_side_by_side_inside_it():
    regions = tuple(
        State(name, kind="region", initial="on", states=(State("on"),))
        for name in ("left", "right")
    )
    both = State("both", kind="parallel", states=regions)
    found = by_id(drawn(RoomFile("r", root=State("", initial="both", states=(both,)))))
    assert "region" in found["state-both.left"].attrib["class"]
    assert set(by_id(found["state-both"])) >= {"state-both.left.on", "state-both.right.on"}


def test_self_transitions_and_history_are_drawn():
    inner = State(
        "work",
        initial="a",
        transitions=(to("again", "work"), to("back", "work.last")),
        states=(
            State("last", kind="history", deep=True),
            State("a", transitions=(to("loop", "a"), to("up", "work"))),
        ),
    )
    found = by_id(drawn(RoomFile("r", root=State("", initial="work", states=(inner,)))))
    for number in range(4):
        assert found[f"transition-{number}"].find(f"{SVG}path") is not None
    assert "history" in found["state-work.last"].attrib["class"]
    assert "H*" in words(found["state-work.last"])


def test_a_chart_too_large_to_draw_says_so():
    states = tuple(State(f"s{index}") for index in range(STATES_MAX))
    picture = drawn(RoomFile("big", root=State("", initial="s0", states=states)))
    assert f"{STATES_MAX + 1} states" in "".join(picture.itertext())
