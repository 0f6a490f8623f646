"""The driver performs a room's effects as a server does, and says where a room asks for less."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gameroom.lockstep.packets import ClientPacket, Event
from gameroom.room import Room, inputs
from gameroom.room.driver import Driver, RoomListener
from gameroom.room.effects import Append, Arm, Broadcast, Effect, Rejected, Reply
from tests.room.table import PLAIN, Table, chart_of


class Following(RoomListener):
    """Writes down what it hears of, in order."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def store(self, entry: Append) -> None:
        self.heard.append(("stored", entry.event.seq))

    def hear(self, event: Event) -> None:
        self.heard.append(("told", event.seq))

    def answer(self, reply: Reply) -> None:
        self.heard.append(("answered", reply.status))

    def reject(self, told: Rejected) -> None:
        self.heard.append(("rejected", told.who))


def driver() -> Driver:
    return Driver(chart_of(PLAIN), seed=7)


def test_listeners_hear_of_the_effects_in_their_order() -> None:
    driving, first, second = driver(), Following(), Following()
    driving.attach(first, second)
    driving.begin()
    assert first.heard == [("stored", 1), ("told", 1), ("stored", 2), ("told", 2)]
    first.heard.clear()
    assert driving.send("ann", inputs.Join("ann")).status == 201
    assert first.heard[0] == ("answered", 201)
    assert first.heard[1:3] == [("stored", 3), ("told", 3)]
    assert second.heard[4:] == first.heard


def test_the_room_is_woken_whenever_it_asked_for_it() -> None:
    driving = Table().start("ann", "bob").driver
    assert driving.wake is not None
    driving.wait(driving.wake - driving.now - 1)
    before = len(driving.journal)
    driving.wait(60_000)
    assert len(driving.journal) > before, "two silent players are noticed"
    assert driving.wake is None or driving.wake > driving.now


def test_a_room_goes_on_from_its_journal() -> None:
    table = Table().start("ann", "bob")
    for _ in range(3):
        table.turn("ann", "bob")
    again = Driver(table.chart, seed=7, journal=table.journal, now=table.now)
    assert again.room.generation == 3
    assert again.journal == table.journal
    again.begin()
    assert again.wake is not None, "the players are awaited"
    said = len(table.journal)
    for name in ("ann", "bob"):
        again.send(name, inputs.Connect(again.room.seq))
        again.send(name, ClientPacket(4))
    again.wait(200)
    assert again.room.generation == 4
    assert len(table.journal) == said, "the journal that was given is a copy"


class Careless(Room):
    """A room whose effects are changed on their way."""

    def change(self, done: tuple[Effect, ...]) -> Iterable[Effect]:
        raise NotImplementedError

    def receive(self, who: str, packet: inputs.Packet, now: int) -> tuple[Effect, ...]:
        return tuple(self.change(super().receive(who, packet, now)))


class TellsFirst(Careless):
    def change(self, done: tuple[Effect, ...]) -> Iterable[Effect]:
        return sorted(done, key=lambda one: not isinstance(one, Broadcast))


class AnswersTwice(Careless):
    def change(self, done: tuple[Effect, ...]) -> Iterable[Effect]:
        return (*done, Reply(200))


class AnswersNever(Careless):
    def change(self, done: tuple[Effect, ...]) -> Iterable[Effect]:
        return (one for one in done if not isinstance(one, Reply))


class WakesInThePast(Careless):
    def change(self, done: tuple[Effect, ...]) -> Iterable[Effect]:
        return (*done, Arm(0))


@pytest.mark.parametrize(
    ("room", "why"),
    [
        (TellsFirst, "an event was sent before it was stored"),
        (AnswersTwice, "one answer"),
        (AnswersNever, "every packet is answered"),
        (WakesInThePast, "in the past"),
    ],
)
def test_a_room_that_asks_for_the_wrong_effects_is_noticed(room: type[Careless], why: str) -> None:
    driving = driver()
    driving.room = room(chart_of(PLAIN), seed=7)
    driving.begin()
    with pytest.raises(AssertionError, match=why):
        driving.send("ann", inputs.Join("ann"))
