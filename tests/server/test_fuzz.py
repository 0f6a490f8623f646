"""No input of a peer does more than it may: a short run in every room, always the same.

`nightly_fuzz.py` plays longer ones.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gameroom.chart import Chart
from gameroom.lockstep import packets
from gameroom.room import effects
from gameroom.room.event_log import EventLog
from gameroom.room.play import Play
from gameroom.room.requests import Requests
from gameroom.room.room import Room
from tests.server.fuzz import Fuzz
from tests.server.fuzz_rooms import chart, shipped, troubled
from tests.server.watched_rooms import BothPathsRoom, BrokenError
from tests.simulator.world_rooms import SKIRMISH

SEEDS = 1
STEPS = 150
ROOMS = {**shipped(), **troubled()}


@pytest.mark.parametrize("name", ROOMS)
def test_nothing_that_is_sent_does_more_than_it_may(name: str) -> None:
    """And the fast path of packets leads where the slow one leads."""
    for seed in range(SEEDS):
        Fuzz(chart(ROOMS[name]), seed, made=BothPathsRoom).run(STEPS)


def test_a_long_run_in_which_a_page_hides_while_a_turn_is_late() -> None:
    Fuzz(chart(ROOMS["free-for-all"]), seed=13).run(380)


def test_it_plays_and_is_refused_in_every_way() -> None:
    """What never happens proves nothing."""
    said: Counter[int] = Counter()
    turns = kept = 0
    for seed in range(8):
        run = Fuzz(chart(SKIRMISH), seed, made=BothPathsRoom).run(STEPS)
        said, turns = said + run.said, turns + run.turns
        assert isinstance(run.room, BothPathsRoom)
        kept += run.room.kept
    assert {200, 202, 204, 400, 403, 404, 405, 409, 422} <= said.keys()
    assert turns > 8 * 10
    assert kept > 8 * 5


def test_the_same_seed_is_the_same_run() -> None:
    first, again = (Fuzz(chart(SKIRMISH), 3).run(STEPS) for _ in range(2))
    assert first.steps == again.steps
    assert list(first.journal.read()) == list(again.journal.read())


def unguarded(patch: pytest.MonkeyPatch) -> None:
    """A lookup that fails for a seat that was not heard yet."""
    client_packet = Requests._client_packet

    def looks(self: Requests, member: Any, packet: packets.ClientPacket) -> Any:
        if member.seat is not None and packet.generation < 1:
            self.play.turns.heard[member.seat]
        return client_packet(self, member, packet)

    patch.setattr(Requests, "_client_packet", looks)


def answered_twice(patch: pytest.MonkeyPatch) -> None:
    reply = EventLog.reply

    def twice(self: EventLog, said: effects.Reply) -> None:
        reply(self, said)
        if isinstance(said, effects.Problem) and said.status == 422:
            reply(self, said)

    patch.setattr(EventLog, "reply", twice)


def nobody_comes_back_to_seat_0(patch: pytest.MonkeyPatch) -> None:
    def restored(cls: type[Room], chart: Chart, **known: Any) -> Room:
        known["folded"].players.pop(0, None)
        return restore(chart, **known)

    restore = Room.restored
    patch.setattr(Room, "restored", classmethod(restored))


def waits_for_those_who_are_gone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Play, "may_close", lambda self, now: False)


@pytest.mark.parametrize(
    ("plant", "why"),
    [
        (unguarded, "KeyError"),
        (answered_twice, "2 replies"),
        (nobody_comes_back_to_seat_0, "restored"),
        (waits_for_those_who_are_gone, "does not close"),
    ],
)
def test_it_finds_planted_faults(plant: Any, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(BrokenError, match=why):
        _many(60)


def _many(seeds: int) -> None:
    for seed in range(seeds):
        Fuzz(chart(SKIRMISH), seed).run(STEPS)
