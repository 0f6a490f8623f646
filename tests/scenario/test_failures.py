"""The stories of lines that do not hold: golden texts, one per kind of failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameroom import language
from gameroom.roomfile import chart_of
from gameroom.scenario import as_text, run
from gameroom.scenario.stage import KEPT_MAX
from tests.scenario.golden import same_as
from tests.scenario.stories import ROOM, scenario

FOLDER = Path(__file__).parent / "failures"
STARTED = "given players ann, bob\nann, bob send ready\n"

STORIES = {
    "a state that is not active": f"""{STARTED}expect running.iterating.day
        ann, bob raise won {{ by: 0 }}
        expect told "another round"
        ann sends move {{ x: 3 }}
        ann, bob raise won {{ by: 1 }}
        expect ended""",
    "a state that is active": f"{STARTED}ann sends pause\nexpect not running.paused",
    "a condition that is false": f"{STARTED}ann raises won {{ by: 0 }}\nexpect that rounds == 1",
    "a vote without its majority": """given players ann, bob, cat
        ann, bob, cat send ready
        bob is silent for 4s
        ann sends vote { choice: "drop" }
        expect running.iterating""",
    "an event that nothing listens to": f"{STARTED}ann sends pause\nbob drops\nexpect ended",
    "a refusal that nobody expects": f"{STARTED}ann sends build",
    "a refusal that does not come": f"{STARTED}ann sends pause\nexpect refused",
    "a refusal for another reason": f'{STARTED}ann sends resume\nexpect refused "too often"',
    "a command that waits": f"{STARTED}ann sends pause\nann sends move {{ x: 1 }}\nexpect refused",
    "words that were not told": f'{STARTED}ann says "hello"\nexpect told "goodbye"',
    "somebody not ready": "given players ann, bob\nann sends ready\nexpect ann, bob are ready",
    "turns that rest": f"{STARTED}bob is silent for 20 turns",
    "somebody who is out": f"{STARTED}bob drops\nwait 2m\nbob returns",
    "no seat": "given players ann, bob, cat, dan",
    "a setup that nobody may change": f'{STARTED}ann sets map = "lakes"',
    "engines that differ": f"{STARTED}bob diverges\nexpect running.iterating",
    "a timer that is not due": f"{STARTED}wait 10 turns\nexpect running.iterating.night",
    "a room that has ended": f"{STARTED}ann, bob leave\nwait 1s\nexpect running",
}


@pytest.mark.parametrize("name", STORIES)
def test_the_story(name: str) -> None:
    outcome, story = scenario(STORIES[name])
    assert outcome.failure is not None, "it holds"
    same_as(FOLDER / f"{name.replace(' ', '-')}.txt", story)


def test_a_room_that_faults() -> None:
    loop = ROOM.replace(
        "on seen -> running.iterating.night",
        "on seen do { set rounds = 1 }  when rounds == 1 do { set rounds = 2 }"
        "  when rounds == 2 do { set rounds = 1 }",
    )
    outcome, story = scenario(f"{STARTED}ann, bob raise seen", room=loop)
    assert outcome.failure is not None
    assert "the room stopped with an error: " in story
    assert len(story) < 20_000, "a story is no flood"


def test_a_long_story_is_told_from_its_end() -> None:
    steps = "given players ann, bob\n" + "ann sends ready\nann sends unready\nwait 4s\n" * KEPT_MAX
    outcome, story = scenario(f"{steps}expect running")
    assert outcome.failure is not None
    assert "earlier entries omitted)" in story
    assert len(story.splitlines()) < 80


def test_the_story_of_a_yaml_file_points_into_it() -> None:
    text = (
        "language: 1\nuse: standard\nroom: {name: r, extends: standard}\n"
        "scenarios:\n  s:\n    - given players ann\n    - expect that not enough players\n"
        "    - expect running\n"
    )
    loaded = language.load(text, name="r.room.yaml", resolve=language.shipped)
    chart, file = chart_of(loaded), loaded.file
    assert chart is not None
    assert file is not None
    failed = run(chart, file.scenarios[0]).failure
    assert failed is not None
    story = as_text(file.scenarios[0], failed, loaded.sources)
    assert "r.room.yaml:7:14" in story
    assert "7 |     - expect that not enough players" in story


def test_without_a_source_the_line_is_told_in_its_own_words() -> None:
    outcome, _ = scenario("given players ann\nexpect running")
    assert outcome.failure is not None
    assert "    expect running" in as_text(outcome.scenario, outcome.failure, {}).splitlines()


def test_control_characters_of_a_room_do_not_reach_the_terminal() -> None:
    outcome, story = scenario('given players ann\nann says "\\u001b[2J"\nexpect told "x"')
    assert outcome.failure is not None
    assert "\x1b" not in story
