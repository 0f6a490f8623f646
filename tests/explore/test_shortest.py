"""The story that is told is a shortest one.

The reference takes the explorer's own steps, but nothing else of it: it spreads from the
beginning over everything, whole price by whole price, forgets no way and remembers no
outcome. Prices are those of docs/checks.md: a mishap counts as three events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given

from gameroom.chart import Chart, active
from gameroom.explore.abstract_room import Spot
from gameroom.explore.cache import ways
from gameroom.explore.findings import Finding
from gameroom.explore.moves import PossibleMoves
from gameroom.explore.run import explore
from gameroom.explore.scope import explored
from gameroom.explore.story import Story
from gameroom.language import load, shipped
from gameroom.model import RoomFile
from tests.explore.test_stories import FEW, charts
from tests.explore.troubled_rooms import TROUBLES

MISHAPS = ("drops", "is lost", "is silent", "diverges", "diverge", "refuses the setup")
MISHAP_VERBS = ("drop", "lost", "lag", "diverged", "refused")
FEW_SPOTS = 400
"""Random rooms with more are left out: the reference takes its time."""


def price_of(story: Story) -> int:
    return sum(3 if step.endswith(MISHAPS) else 1 for step in story.steps)


class Reference:
    """The least price of every spot, and where each leads: from it, to it, for how much."""

    def __init__(self, moves: PossibleMoves) -> None:
        self.moves = moves
        self.prices: dict[Spot, int] = {}
        self.leads: dict[Spot, set[tuple[int, Spot]]] = defaultdict(set)
        first, _ = moves.world.begin()
        due = defaultdict(list, {0: [first]})
        now = 0
        while any(due.values()):
            for spot in due.pop(now, []):
                if spot not in self.prices:
                    self.prices[spot] = now
                    for cost, after in self._next(spot):
                        self.leads[spot].add((cost, after))
                        due[now + cost].append(after)
            now += 1

    def _next(self, spot: Spot) -> Iterator[tuple[int, Spot]]:
        if spot.status == "live":
            for step in self.moves.steps(spot):
                for _, after, _ in ways(self.moves, spot, step):
                    yield 3 if step.verb in MISHAP_VERBS else 1, after

    def ends(self, spot: Spot) -> bool:
        """Is there a way to an end from here?"""
        seen, waiting = {spot}, [spot]
        while waiting:
            here = waiting.pop()
            if here.status != "live":
                return True
            more = {after for _, after in self.leads[here]} - seen
            seen |= more
            waiting += more
        return False

    def states(self, spot: Spot) -> tuple[str, ...]:
        world = self.moves.world
        return active(world.chart, world.snapshot(spot))

    def holds(self, spot: Spot, kind: str) -> bool:
        """Has somebody this role?"""
        world = self.moves.world
        return any(kind in world.sort_of(member).kinds for member in spot.members)


def stuck(reference: Reference, spot: Spot) -> Iterator[int]:
    if not reference.ends(spot):
        yield reference.prices[spot]


def faulted(reference: Reference, spot: Spot) -> Iterator[int]:
    if spot.status == "faulted":
        yield reference.prices[spot]


def waiting(reference: Reference, spot: Spot) -> Iterator[int]:
    if reference.ends(spot):
        yield reference.prices[spot]


def without_captain(reference: Reference, spot: Spot) -> Iterator[int]:
    """The captain leaves, and the others stay where they are."""
    for cost, after in reference.leads[spot]:
        stays = after.configuration == spot.configuration and after.members
        left = len(after.members) < len(spot.members) and not reference.holds(after, "captain")
        if stays and left and reference.holds(spot, "captain"):
            yield reference.prices[spot] + cost


SHOWING = {"E0801": stuck, "E0803": faulted, "W0803": waiting, "W0804": without_captain}
TOLD = [each for each in TROUBLES if each.code in SHOWING]


def is_shortest(room: RoomFile, finding: Finding) -> bool:
    """Does no shorter way lead to what the story leads to, in the first graph with any?"""
    assert finding.story is not None
    shows = SHOWING[finding.diagnostic.code]
    for graph in explored(room, 5_000).graphs:
        reference = Reference(graph.moves)
        there = [s for s in reference.prices if reference.states(s) == finding.story.states]
        if prices := [price for spot in there for price in shows(reference, spot)]:
            return price_of(finding.story) == min(prices)
    return False


TRAP = """language 1
room "trap" {{
  players 1..2
  request go
  allow leave, go from player
  state setup {{
    allow join from player
    when players == 1 -> running
    after 10m -> ended
  }}
  state running {{
    initial open
    state open iterates {{
      {silent}
      on go -> half
      on leave -> ended
      on diverged -> ended
      after 30m -> ended
    }}
    state half {{ on go -> shut  after 30m -> ended }}
    state shut {{ on go -> barred }}
    state barred {{ on go -> shut }}
  }}
  final ended
}}
"""

ROOMS = {
    **{trouble.name: trouble.text for trouble in TOLD},
    "a mishap is a short cut, and dearer": TRAP.format(silent="on lag -> shut"),
    "a mishap is the only way": TRAP.format(silent="on lag -> shut").replace("on go -> half", ""),
}


@pytest.mark.parametrize("text", ROOMS.values(), ids=ROOMS)
def test_no_shorter_way_leads_into_the_trouble(text: str) -> None:
    loaded = load(text, name="example.room", resolve=shipped)
    assert loaded.room is not None, loaded.diagnostics
    stories = [each for each in explore(loaded.room).findings if each.story is not None]
    assert stories
    for finding in stories:
        assert is_shortest(loaded.room, finding), str(finding.story)


@FEW
@given(charts())
def test_no_shorter_way_leads_into_what_random_rooms_are_told(chart: Chart) -> None:
    report = explore(chart.room)
    if not report.complete or report.configurations > FEW_SPOTS:
        return
    for finding in report.findings:
        if finding.diagnostic.code in ("E0801", "E0803"):
            assert is_shortest(chart.room, finding), str(finding.story)


def test_the_price_of_a_story_is_what_its_words_say() -> None:
    assert (
        price_of(Story(("ann joins", "bob is silent", "10m pass", "ann refuses the setup"), ()))
        == 8
    )
