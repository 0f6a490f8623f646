"""A store that answers later: what is said is stored, told in order, and told once."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from gameroom.lockstep.packets import Checksum, ClientPacket, Command, MasterPacket
from gameroom.room import Folded, Room, inputs
from gameroom.room.effects import Rejected
from gameroom.roomfile import appends, read
from gameroom.server.host.recent import EncodedEvent
from gameroom.server.host.runner import Runner
from gameroom.store import Header, MemoryJournal
from gameroom.wire import MSGPACK, Close
from tests.server.late_store import LateJournal
from tests.server.table import ROOM, config, playing, served
from tests.server.test_turns import move, packet
from tests.server.virtual import Loop, runner_of

CHART, USED = read("duel.room", ROOM)
HEADER = Header("r", "duel.room", ROOM, "e" * 64, USED, seed=7)
USERS = ("ann", "bob")


class Socket:
    """Somebody who notes what is told, and when it was stored."""

    def __init__(self, who: str, journal: MemoryJournal) -> None:
        self.who, self.delay_ms = who, 0
        self.told: list[EncodedEvent] = []
        self.rejected: list[Rejected] = []
        self.closed: int | None = None
        self._journal = journal

    def push(self, event: EncodedEvent) -> None:
        assert event.seq <= self._journal.last, "told before it was stored"
        self.told.append(event)

    def reject(self, rejected: Rejected) -> None:
        self.rejected.append(rejected)

    def catch_up(self) -> None: ...

    def close(self, code: int, reason: str) -> None:
        self.closed = code


class Game:
    """A game of two. delays: how long the store takes for an entry, in seconds; None for a store
    that answers at once."""

    def __init__(
        self, seed: int, delays: tuple[float, ...] | None, room: Room | None = None
    ) -> None:
        self.dice = random.Random(seed)
        self.loop = Loop()
        self.stored = MemoryJournal(HEADER)
        self.late: LateJournal | None = None
        if delays is not None:
            lag = random.Random(seed)
            answers = lambda seq: self.loop.call_later(lag.choice(delays), self._answer, seq)  # noqa: E731
            self.late = LateJournal(self.stored, answers)
        journal = self.stored if self.late is None else self.late
        self.runner: Runner = runner_of(room or Room(CHART, seed=7), journal, self.loop)
        self.answers: list[tuple[int, object]] = []
        self.sockets = {user: Socket(user, self.stored) for user in USERS}
        self.sent = dict.fromkeys(USERS, 0)
        self.fails_at = 0

    def _answer(self, seq: int) -> None:
        assert self.late is not None
        if seq not in self.late.waiting:
            return  # lost with one before it
        if self.fails_at and seq >= self.fails_at:
            self.late.fail(self.fails_at)
        else:
            self.late.answer(seq)

    def begin(self) -> None:
        self.runner.begin()
        for user in USERS:
            self.say(user, inputs.Join(user))
            self.runner.attach(self.sockets[user], 0)
        for said in (inputs.Ready(), inputs.Load()):
            for user in USERS:
                self.say(user, said)

    def say(self, user: str, said: inputs.Packet) -> None:
        """The answer is noted when it may be told."""
        number, reply = len(self.answers), self.runner.receive(user, said)
        self.answers.append((number, None))

        def answer() -> None:
            self.answers[number] = number, reply

        def refuse() -> None:
            assert self.runner.stopped is not None
            self.answers[number] = number, self.runner.stopped.code

        self.runner.when_stored(answer, refuse)

    def step(self) -> None:
        dice = self.dice
        user = dice.choice(USERS)
        if dice.random() < 0.1:
            self.say(user, inputs.Say(f"hello {dice.random()}"))
        elif self.sent[user] < self.runner.room.generation + 3:
            self.sent[user] += 1
            self.say(user, self.packet(user))
        self.loop.run(dice.choice((0, 0.001, 0.004, 0.02, 0.06)))

    def packet(self, user: str) -> ClientPacket:
        generation = self.sent[user]
        commands = (Command("move", {"x": generation % 10}),) * self.dice.choice((0, 1, 1))
        checksum = Checksum(generation - 1, generation) if generation > 1 else None
        ids = tuple(2 * generation + USERS.index(user) + 1 for _ in commands)
        return ClientPacket(generation, commands, checksum, 20, 60, (), ids)

    def turns(self) -> list[tuple[int, int, str]]:
        """Generation, seat and name of each command that stands in the store."""
        codec = self.runner.events.codecs[MSGPACK]
        bodies = [one.event.body for one in appends(self.stored.read(), codec)]
        return [
            (body.generation, said.seat, command.name)
            for body in bodies
            if isinstance(body, MasterPacket)
            for said in body.commands
            for command in said.commands
        ]


LAGS = {
    "after 5 ms": (0.005,),
    "out of order": (0.001, 0.02, 0.05),
    "later than a turn": (0.3, 0.31, 0.5),
}


@pytest.mark.parametrize("lag", LAGS)
def test_a_late_store_changes_nothing_but_when_it_is_told(lag: str) -> None:
    late, prompt = Game(3, LAGS[lag]), Game(3, None)
    for game in (late, prompt):
        game.begin()
        for _ in range(400):
            game.step()
        game.loop.run(0.6)
    assert late.runner.room.generation > 50
    assert late.runner.is_stored
    assert list(late.stored.read()) == list(prompt.stored.read())
    for user in USERS:
        told, wanted = late.sockets[user].told, prompt.sockets[user].told
        seqs = [one.seq for one in told]
        assert seqs == list(range(seqs[0], late.stored.last + 1)), "each event once and in order"
        assert [one.msgpack for one in told[-len(wanted) :]] == [one.msgpack for one in wanted]
    assert late.answers == prompt.answers
    assert late.runner.checkpoint() is not None


def test_nothing_is_told_before_the_answer_and_the_order_is_kept() -> None:
    game = Game(1, (1e9,))
    game.begin()
    late, runner = game.late, game.runner
    assert late is not None
    ann = game.sockets["ann"]
    assert not ann.told
    assert [reply for _, reply in game.answers] == [None] * len(game.answers)
    assert runner.events.after(0) == []
    assert runner.checkpoint() is None
    first, second, *others = sorted(late.waiting)
    late.answer(second)
    assert runner.events.last == 0, "the second waits for the first"
    late.answer(first)
    assert runner.events.last == second
    for seq in reversed(others):
        assert not runner.is_stored
        late.answer(seq)
    assert runner.is_stored
    assert [one.seq for one in ann.told] == list(range(ann.told[0].seq, late.last + 1))
    assert all(reply is not None for _, reply in game.answers)


@pytest.mark.parametrize("lag", LAGS)
@pytest.mark.parametrize("fails_at", [1, 5, 23, 60])
def test_a_late_error_stops_the_room_and_nothing_unstored_was_told(lag: str, fails_at: int) -> None:
    game = Game(5, LAGS[lag])
    game.fails_at = fails_at
    game.begin()
    for _ in range(200):
        game.step()
    game.loop.run(0.6)
    runner = game.runner
    assert runner.stopped is not None
    assert runner.stopped.code == "not_stored"
    assert game.stored.last == fails_at - 1
    for socket in game.sockets.values():
        assert all(one.seq < fails_at for one in socket.told)
        assert socket.closed == Close.TRY_LATER
    assert all(reply is not None for _, reply in game.answers), "everybody is answered"
    assert game.answers[-1][1] != game.answers[0][1] or fails_at == 1


def test_after_a_late_error_the_room_goes_on_and_every_command_stands_once() -> None:
    game = Game(8, LAGS["out of order"])
    game.fails_at = 40
    game.begin()
    while game.runner.stopped is None:
        game.step()
    codec = game.runner.events.codecs[MSGPACK]
    folded = Folded(HEADER.setup).fold_all(appends(game.stored.read(), codec))
    again = Game(9, None, Room.restored(CHART, seed=7, folded=folded, now=folded.at))
    for entry in game.stored.read():
        again.stored.append(entry)
    again.runner = runner_of(again.runner.room, again.stored, again.loop)
    again.runner.resume()
    for user in USERS:
        again.runner.attach(again.sockets[user], game.stored.last)
        # A client sends again whatever no master packet has confirmed, and each packet as it was.
        again.sent[user] = again.runner.room.generation
    for _ in range(200):
        again.step()
    turns = again.turns()
    assert len(turns) > len(set(game.turns())) > 0
    assert len(turns) == len(set(turns)), "twice"
    assert [one for one in turns if one in set(game.turns())] == game.turns()


@pytest.mark.parametrize("order", ["as sent", "turned round"])
async def test_over_sockets_and_http_a_late_store_is_only_later(tmp_path: Path, order: str) -> None:
    loop = asyncio.get_running_loop()
    async with served(config(data=tmp_path)) as table:
        made = await table.create()
        runner = table.lobby.rooms.running[made["id"]]
        held: list[int] = []

        def answer() -> None:
            seqs = list(held) if order == "as sent" else list(reversed(held))
            held.clear()
            for seq in seqs:
                late.answer(seq)

        def sent(seq: int) -> None:
            if not held:
                loop.call_later(0.005, answer)
            held.append(seq)

        late = LateJournal(runner.events.journal, sent)
        runner.events.journal = late
        ann, bob = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
        assert late._journal.last == late.last, "a place is given when it is stored"
        lines = await ann.connect(), await bob.connect()
        assert (await lines[0].ask("PUT", "/setup/gold", 640))["status"] == 200
        await playing(*lines)
        for generation in (1, 2, 3):
            for line in lines:
                await packet(line, generation, move(generation))
            for line in lines:
                turn = await line.until("turn", generation=generation)
                assert turn["seq"] <= late._journal.last
        for line in lines:
            assert line.seqs == list(range(line.seqs[0], line.seqs[-1] + 1))
        status = await (await table.client.get(f"/rooms/{made['id']}")).json()
        assert status["generation"] == 3
        assert (await lines[1].ask("DELETE", "/players/me"))["status"] in (200, 204)
        assert (await lines[1].closed())[0] == Close.LEFT


async def test_over_http_and_sockets_a_late_error_is_answered(tmp_path: Path) -> None:
    async with served(config(data=tmp_path)) as table:
        made = await table.create()
        runner = table.lobby.rooms.running[made["id"]]
        loop = asyncio.get_running_loop()
        ann = await table.join(made["id"], "ann")
        line = await ann.connect()
        late = LateJournal(runner.events.journal, lambda seq: loop.call_soon(late.fail, seq))
        runner.events.journal = late
        refused = await line.ask("PUT", "/players/me/ready")
        assert (refused["status"], refused["body"]["code"]) == (503, "not_stored")
        assert (await line.closed())[0] == Close.TRY_LATER
        other = await table.create()
        runner = table.lobby.rooms.running[other["id"]]
        again = LateJournal(runner.events.journal, lambda seq: loop.call_soon(again.fail, seq))
        runner.events.journal = again
        response = await table.client.post(f"/rooms/{other['id']}/players", json={"name": "cid"})
        assert (await table.problem(response, 503))["code"] == "not_stored"
        assert again._journal.last < again.last
