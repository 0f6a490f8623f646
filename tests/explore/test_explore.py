"""What the deep checks find, in which words, and what they leave alone."""

from __future__ import annotations

import pytest

from gameroom import resources
from gameroom.chart import active, compile_room
from gameroom.explore.run import ExploreReport, explore
from gameroom.explore.story import replay
from gameroom.language import CODES, Source, load, shipped
from gameroom.model import RoomFile
from tests.explore.troubled_rooms import TROUBLES, Trouble, captained
from tests.language.texts import SKIRMISH, SKIRMISH_YAML, good, room

pytestmark = pytest.mark.slow


def told(text: str) -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in explore(good(text)).diagnostics]


def troubles() -> list[object]:
    return [pytest.param(each, id=each.name) for each in TROUBLES]


@pytest.mark.parametrize("trouble", troubles())
def test_the_trouble_is_told_in_these_words_and_nothing_else_is(trouble: Trouble) -> None:
    assert told(trouble.text) == [(trouble.code, message) for message in trouble.messages]


@pytest.mark.parametrize("trouble", troubles())
def test_the_mended_room_is_clean(trouble: Trouble) -> None:
    assert told(trouble.mended) == []


def test_every_deep_code_has_a_trouble() -> None:
    assert {each.code for each in TROUBLES} == {code for code in CODES if code[1:3] == "08"}


@pytest.mark.parametrize("trouble", troubles())
def test_the_same_room_gets_the_same_report(trouble: Trouble) -> None:
    first, second = (explore(good(trouble.text)) for _ in range(2))
    assert (first.diagnostics, first.notes) == (second.diagnostics, second.notes)
    assert [str(each.story) for each in first.findings] == [
        str(each.story) for each in second.findings
    ]


@pytest.mark.parametrize("trouble", troubles())
def test_whoever_plays_the_story_again_is_in_the_same_trouble(trouble: Trouble) -> None:
    checked = good(trouble.text)
    chart = compile_room(checked)
    for finding in explore(checked).findings:
        if finding.story is not None:
            snapshot = replay(chart, finding.story.fed)
            assert active(chart, snapshot) == finding.story.states
            assert (snapshot.status == "faulted") == (finding.diagnostic.code == "E0803")


ROOMS = sorted(resources.rooms().rglob("*.room"))


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: path.name)
def test_shipped_rooms_are_clean(path: object) -> None:
    source = shipped(str(path).rpartition("/")[2].removesuffix(".room"))
    assert source is not None
    report = explore(loaded(source))
    assert report.diagnostics == ()
    assert report.complete


@pytest.mark.parametrize(("text", "name"), [(SKIRMISH, "s.room"), (SKIRMISH_YAML, "s.room.yaml")])
def test_the_sample_is_clean_in_both_spellings(text: str, name: str) -> None:
    assert explore(loaded(Source(name, text))).diagnostics == ()


def loaded(source: Source) -> RoomFile:
    result = load(source.text, name=source.name, resolve=shipped)
    assert result.room is not None, result.diagnostics
    return result.room


HANDED_ON = "on join do { pass host  pass captain }\n"
AT_THE_TOP = "on leave do { pass host  pass captain }\n"


@pytest.mark.parametrize(
    ("root", "of", "help"),
    [
        ("", "player", "pass the role on: `on leave do { pass host pass captain }`"),
        (
            AT_THE_TOP + "extend state running { on leave if players > 0 do { pass host } }",
            "player",
            "pass the role on in `running`:"
            " `on leave if players > 0 do { pass host pass captain }`",
        ),
        (
            AT_THE_TOP + "team red size 1..2\nteam blue size 1..2",
            "red",
            "nobody who remains is red, so let others move the room on from"
            " `running.paused.held` too",
        ),
    ],
    ids=["not handed on", "handed on elsewhere", "nobody may have it"],
)
def test_the_help_is_about_what_the_room_does_not_say_yet(root: str, of: str, help: str) -> None:
    text = captained(HANDED_ON + root).replace("captain is player", f"captain is {of}")
    (found,) = explore(good(text)).diagnostics
    assert (found.code, found.help) == ("W0804", help)


# What was looked into


def test_a_report_tells_how_many_players_were_tried() -> None:
    report = explore(good(room("players 2..8")))
    assert report.complete
    assert report.players == 3
    assert report.notes == (
        f"checked with up to 3 of 8 players: {report.configurations} configurations",
    )


def test_a_condition_about_more_players_makes_more_of_them_tried() -> None:
    asked = "extend state setup.gathering { when 4 of player ready -> starting }"
    assert explore(good(room(asked))).players == 5


def test_what_stops_early_is_told_and_nothing_is_called_impossible() -> None:
    text = room("extend state setup { state lobby { after 5m -> gathering } }")
    report = explore(good(text), configurations_max=5)
    assert not report.complete
    assert report.diagnostics == ()
    assert report.notes[0] == "stopped after 5 configurations, with up to 2 of 8 players"


def test_what_was_not_looked_into_may_lead_to_an_end() -> None:
    stuck = next(each for each in TROUBLES if each.code == "E0801")
    for most in range(1, 8):
        report = explore(good(stuck.text), configurations_max=most)
        assert report.complete or report.story("E0801") is None


def test_a_room_for_many_is_checked_as_a_small_one() -> None:
    report = explore(good(room("players 40..200")))
    assert report.notes[0] == "checked as a room for 2..2 players instead of 40..200"


def test_values_that_were_left_out_are_told() -> None:
    text = room(
        "request guess { number: int 0..1000 }\nvar secret: int 0..1000 = 7\n"
        "extend state running.iterating { allow guess from player"
        " on guess if event.number == secret -> ended"
        " on guess do { set secret = event.number } }"
    )
    report = explore(good(text))
    assert "not checked with every value of `guess`" in report.notes


def test_numbers_of_one_digit_are_tried_one_by_one() -> None:
    """A room that plays as many games as its setting says is checked in full."""
    text = room(
        "setting games: int 0..9 = 3\nvar played: int 0..9 = 0\nsignal over agreed by all\n"
        "extend state running.iterating {"
        "  on over do { set played = played + 1 }  when played == games -> ended }"
    )
    report = explore(good(text))
    assert report.diagnostics == ()
    assert not any("every value" in note for note in report.notes)


def test_a_room_that_is_too_large_says_so_by_itself() -> None:
    counters = "\n".join(f"var n{i}: int 0..99 = 0" for i in range(3))
    asks = " ".join(
        f"on c{i} do {{ set n{i} = n{i} + 1 }} when n{i} > 98 -> running.paused.held"
        for i in range(3)
    )
    requests = "\n".join(f"request c{i}" for i in range(3))
    text = room(
        f"{counters}\n{requests}\n"
        f"extend state running.iterating {{ allow c0, c1, c2 from player {asks} }}"
    )
    report: ExploreReport = explore(good(text), configurations_max=300)
    assert not report.complete
    assert report.notes[0].startswith("stopped after 300 configurations")


def test_turns_that_depend_on_a_variable_are_not_all_tried_and_that_is_said() -> None:
    report = explore(
        good(
            room(
                "var until: int 0..1000000 = 0\n"
                "extend state running.iterating {\n"
                "  initial deal\n"
                "  state deal iterates {\n"
                "    after 1 turns do { set until = generation + 9 } -> play\n  }\n"
                "  state play iterates { when generation >= until -> deal }\n"
                "}"
            )
        )
    )
    assert report.diagnostics == ()
    assert "not checked with every value of `generation`" in report.notes
