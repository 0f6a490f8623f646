"""A replica's part in a real room: the rule, the pace, and nothing lost or doubled."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from gameroom.lockstep.canonical import checksum
from gameroom.lockstep.packets import Command, Ended
from gameroom.replica import Flaw, LedgerEngine, Signal
from gameroom.replica.errors import GapError
from gameroom.room import inputs
from gameroom.wire import EventFrame
from tests.replica.party import Party, Person


def agree(people: Sequence[Person]) -> int:
    """All checksums of the same generation are equal; how many generations were compared."""
    shared = set.intersection(*(set(person.checksums) for person in people))
    for generation in shared:
        assert len({person.checksums[generation] for person in people}) == 1, generation
    return len(shared)


def units(commands: Sequence[Command]) -> list[object]:
    return [command.body["unit"] for command in commands]


def test_eight_players_and_a_watcher_run_the_same_game() -> None:
    party = Party()
    watcher = party.sit("eve", spectate=True)
    people = party.start(*"abcdefgh")
    for turn in range(100):
        people[turn % 8].move(turn)
        party.run(50)
    party.run(500)
    assert agree([*people, watcher]) >= 60
    for seat, person in enumerate(people):
        assert units(party.commands(seat)) == list(range(seat, 100, 8))
        assert [one.command for one in person.replica.log] == party.commands(seat)
    assert not watcher.replica.log


def test_a_turn_is_played_when_its_time_has_come_and_not_before() -> None:
    party = Party()
    (ann,) = party.start("ann")
    turn_ms = ann.replica.turn_ms
    played: list[int] = []
    party.run(40 * turn_ms)  # by then no turn waits longer than it has to
    before = ann.replica.generation
    while len(played) < 20:
        party.run(1)
        if ann.replica.generation > before:
            assert ann.replica.generation == before + 1
            before += 1
            played.append(party.now)
    assert {b - a for a, b in pairwise(played)} == {turn_ms}


def test_no_packet_is_made_beyond_ahead() -> None:
    party = Party()
    ann, bob = party.start("ann", "bob")
    bob.cut()
    bob.delay = 10_000
    party.run(30_000, until=lambda: "running.iterating" not in party.room.states)
    replica = ann.replica
    assert replica.outbox.sent <= replica.generation + replica.ahead


def test_a_command_rides_in_the_next_packet_that_is_made() -> None:
    party = Party()
    (ann,) = party.start("ann")
    at = ann.replica.generation
    ann.move(3)
    party.run(2000)
    (confirmed,) = ann.replica.log
    assert confirmed.generation == at + 1 + ann.replica.ahead


def test_more_commands_than_fit_one_turn_ride_in_the_next_ones() -> None:
    party = Party()
    (ann,) = party.start("ann")
    for unit in range(150):
        ann.move(unit)
    party.run(2000)
    assert units(party.commands(0)) == list(range(150))
    sizes = [len(turn.commands[0].commands) for turn in party.turns() if turn.commands]
    assert sizes == [64, 64, 22]


def test_a_refused_command_is_told_and_the_others_go_through() -> None:
    party = Party()
    (ann,) = party.start("ann")
    ann.move(1)
    ann.replica.command(Command("shout", {"text": "hey"}))
    ann.move(2)
    party.run(2000)
    assert units(party.commands(0)) == [1, 2]
    (refused,) = ann.replica.refusals
    assert (refused.index, refused.problem.status) == (1, 409)
    assert ann.replica.waiting == 0


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (Command("fly", {}), "no command `fly`"),
        (Command("move", {"unit": 1}), "`x` is missing"),
        (Command("move", {"unit": 1500, "x": 0}), "1500"),
        (Command("move", {"unit": 1, "x": 0, "y": 0}), "`y` is not a field"),
    ],
)
def test_a_command_that_does_not_fit_never_leaves(command: Command, why: str) -> None:
    (ann,) = Party().start("ann")
    with pytest.raises(ValueError, match=why):
        ann.replica.command(command)


def test_who_watches_sends_no_commands() -> None:
    party = Party()
    party.start("ann")
    eve = party.sit("eve")
    party.run(1000)
    assert eve.replica.generation > 10
    with pytest.raises(ValueError, match="spectators cannot send commands"):
        eve.replica.command(Command("move", {"unit": 1, "x": 1}))


@pytest.mark.parametrize("gather", ["all", "within 100ms"])
@pytest.mark.parametrize("seed", range(8))
def test_lost_connections_lose_and_double_nothing(gather: str, seed: int) -> None:
    party = Party(gather=gather, seed=seed)
    people = party.start("ann", "bob", "cid")
    dice = party.dice
    for unit in range(400):
        person = dice.choice(people)
        person.move(unit)
        if dice.random() < 0.1:
            victim = dice.choice(people)
            victim.cut()
            party.at(party.now + dice.randrange(400), victim.connect)
            party.run(1)
        for one in people:
            one.delay = dice.choice((0, 5, 20, 60))
        party.run(dice.randrange(120))
        for one in people:
            if not one._connected:
                party.run(1000, until=lambda one=one: one._connected)
    party.run(5000)
    sent = sorted(unit for seat in range(3) for unit in units(party.commands(seat)))
    assert sent == list(range(400))
    for seat, person in enumerate(people):
        assert units(party.commands(seat)) == sorted(units(party.commands(seat)))
        assert [one.command for one in person.replica.log] == party.commands(seat)
        assert person.replica.waiting == 0
    assert agree(people) > 100


def test_everybody_at_once_may_lose_the_connection() -> None:
    party = Party()
    people = party.start("ann", "bob")
    for person in people:
        person.cut()
    party.run(200)
    for person in people:
        person.connect()
    before = party.room.generation
    party.run(3000)
    assert party.room.generation > before + 20


def test_a_fresh_program_comes_back_to_its_seat_and_catches_up_at_once() -> None:
    party = Party()
    ann, bob = party.start("ann", "bob")
    for unit in range(30):
        ann.move(unit)
        bob.move(unit)
        party.run(60)
    ann.cut()
    ann.begin(LedgerEngine())
    before = dict(ann.checksums)
    ann.checksums.clear()
    party.run(500)
    ann.connect()
    party.run(100)
    assert ann.replica.generation >= party.room.generation - ann.replica.ahead - 1
    assert {g: ann.checksums[g] for g in before} == before
    assert [one.command for one in ann.replica.log] == party.commands(0)
    ann.move(99)
    party.run(2000)
    assert units(party.commands(0)) == [*range(30), 99]
    assert agree([ann, bob]) > 50


@pytest.mark.parametrize("seed", range(6))
def test_a_crash_of_the_server_loses_and_doubles_nothing(seed: int) -> None:
    party = Party(seed=seed)
    people = party.start("ann", "bob")
    for unit in range(120):
        party.dice.choice(people).move(unit)
        for person in people:
            person.delay = party.dice.choice((0, 10, 45))
        party.run(party.dice.randrange(90))
        if unit % 30 == 29:
            party.restart()
            for person in people:
                party.at(party.now + party.dice.randrange(300), person.connect)
            party.run(400)
    party.run(5000)
    sent = sorted(unit for seat in range(2) for unit in units(party.commands(seat)))
    assert sent == list(range(120))
    assert agree(people) > 50


def test_a_pause_stops_the_turns_and_loses_nothing() -> None:
    party = Party()
    ann, bob = party.start("ann", "bob")
    party.tell("ann", inputs.Ask("pause"))
    party.run(500)
    paused_at = party.room.generation
    ann.move(1)
    bob.cut()
    party.run(500)
    bob.connect()
    party.run(500)
    assert party.room.generation == paused_at
    assert ann.replica.generation == bob.replica.generation == paused_at
    party.tell("bob", inputs.Ask("resume"))
    party.run(2000)
    assert units(party.commands(0)) == [1]
    assert agree([ann, bob]) > 20


class Winner(LedgerEngine):
    """Signals that ann has won at generation 30."""

    def step(self, generation, iterations, commands, states, seats):
        super().step(generation, iterations, commands, states, seats)
        return [Signal("won", {"by": "ann"})] if generation == 30 else []


def test_a_signal_that_all_engines_raise_becomes_an_event() -> None:
    party = Party()
    people = [party.sit(name, Winner()) for name in ("ann", "bob")]
    for packet in (inputs.Ready(), inputs.Load()):
        for name in ("ann", "bob"):
            party.tell(name, packet)
    party.run(10_000)
    assert party.room.over
    for person in people:
        assert person.replica.ended == Ended("ended", "somebody won")
        assert 30 < person.replica.generation < 50


class Wrong(LedgerEngine):
    """Its state is not the others' from generation 20 on."""

    def checksum(self) -> int:
        return super().checksum() ^ (1 if self.steps >= 20 else 0)

    def init(self, *said) -> None:
        self.steps = 0
        super().init(*said)

    def step(self, *said):
        self.steps += 1
        return super().step(*said)


def test_a_false_checksum_halts_the_room() -> None:
    party = Party()
    for name, engine in (("ann", None), ("bob", None), ("cid", Wrong())):
        party.sit(name, engine)
    for packet in (inputs.Ready(), inputs.Load()):
        for name in ("ann", "bob", "cid"):
            party.tell(name, packet)
    party.run(10_000)
    assert "running.paused.diverged" in party.people[0].replica.states
    assert party.room.generation < 30


class Halved(LedgerEngine):
    """Its state cannot be saved where `unfit` says so: of the first game, or at some turns."""

    def __init__(self, unfit: Callable[[int], bool], fault: object = 0.5) -> None:
        super().__init__()
        self.unfit, self.fault = unfit, fault

    def init(self, *said) -> None:
        self.generation = 0
        super().init(*said)

    def step(self, generation, *said):
        self.generation = generation
        return super().step(generation, *said)

    def snapshot(self) -> object:
        if not self.unfit(self.generation):
            return super().snapshot()
        if isinstance(self.fault, Exception):
            raise self.fault
        return {"units": [{"x": 1}, {"x": self.fault}]}


def test_a_state_that_cannot_be_kept_is_told_when_the_engine_loads() -> None:
    party = Party()
    fit, unfit = (
        party.sit(name, Halved(lambda turn, bad=bad: bad)) for name, bad in (("ann", 0), ("bob", 1))
    )
    party.run(100)
    assert fit.replica.reasons() == ()
    assert unfit.replica.reasons() == (
        "The engine's state cannot be saved: units[1].x: float has no canonical form",
    )


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (0.5, "units[1].x: float has no canonical form"),
        (ValueError("no copy"), "no copy"),
        (ValueError(), "ValueError()"),
    ],
)
def test_a_state_that_becomes_so_later_costs_a_snapshot_and_no_game(
    fault: object, text: str
) -> None:
    party = Party()
    (ann,) = party.start("ann")
    ann.cut()
    ann.begin(Halved(lambda turn: turn == 20, fault), snapshots_every=10)
    ann.connect()
    party.run(3000)
    assert ann.replica.generation > 40
    assert list(ann.replica.flaws.reports) == [Flaw("snapshot", 20, text)]
    told = [state.generation for state in ann.replica.offers.take()]
    assert 30 in told
    assert 20 not in told


class Summed(Halved):
    """Its checksum is the kit's, of its whole state."""

    def checksum(self) -> int:
        return checksum(self.snapshot())


def test_a_checksum_of_the_whole_state_fails_with_the_place_of_what_is_wrong() -> None:
    party = Party()
    (ann,) = party.start("ann")
    ann.cut()
    ann.begin(Summed(lambda turn: turn == 20))
    ann.connect()
    party.run(3000)
    (flaw,) = ann.replica.flaws.take()
    text = "ValueError: checksum(): units[1].x: float has no canonical form"
    assert flaw == Flaw("engine", 20, text)


def test_a_gap_in_the_events_is_found() -> None:
    (ann,) = Party().start("ann")
    with pytest.raises(GapError):
        ann.replica.feed(EventFrame("chat", "/chat", None, ann.replica.seq + 2), 0)
    assert not ann.replica.feed(EventFrame("chat", "/chat", None, ann.replica.seq), 0)
