"""Everything that a peer can send, thrown at one room, with what must hold after each step.

A seed is a run. Two honest people play; the others send whatever comes to mind: every
request of the room with good, boundary and wrong bodies, packets for every generation from 0
to beyond 2^53 - 1, damaged frames, in both subprotocols and as HTTP bodies. They join, leave,
drop and return in between. Bytes are decoded as the server decodes them, and go through
`answer` and a real runner. What must hold:

- nothing but BadFrameError and ProblemError is raised, and the runner never stops;
- every packet gets exactly one reply, which can be encoded;
- whenever the room iterates, the turns of the honest people go on;
- the journal folds back into the room.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from gameroom.chart import Chart
from gameroom.lockstep.packets import Checksum, ClientPacket, Command, SignalReport
from gameroom.model import INT_MAX
from gameroom.room import inputs
from gameroom.roomfile import appends
from gameroom.server.config import Limits
from gameroom.server.http.exchange import answer_response
from gameroom.server.refusals import ProblemError
from gameroom.server.room_api.operations import ROOM, answer
from gameroom.server.room_api.question import Answer, Question, whole
from gameroom.simulator.monitor import Monitor
from gameroom.store import Header
from gameroom.store.memory import MemoryJournal
from gameroom.wire import (
    JSON,
    MSGPACK,
    BadFrameError,
    Codec,
    RequestFrame,
    ResponseFrame,
    problem_body,
    read_json,
)
from tests.server.fuzz_values import NAMES, ODD, Values, bodies
from tests.server.virtual import Loop, runner_of
from tests.server.watched_rooms import BrokenError, WatchedRoom

HONEST = ("ann", "bob")
FOUL = ("eve", "mal", "oli", "pat", "rex", "sid", "tom")
"""Two of them, or as many more as the room needs to begin."""
WATCHER = "wes"
ROUND_MS = 1_500
"""Longer than the longest turn of a room, and than a turn may be overdue."""


@dataclass
class Person:
    """Somebody with a socket of one subprotocol, or who has only just joined."""

    user: str
    subprotocol: str
    connected: bool = False


@dataclass
class Fuzz:
    """One room and one run. `steps` is the story; `said` counts the statuses of the answers."""

    chart: Chart
    seed: int
    steps: list[str] = field(default_factory=list)
    said: Counter[int] = field(default_factory=Counter)
    turns: int = 0
    made: type[WatchedRoom] = WatchedRoom

    def __post_init__(self) -> None:
        self.dice = random.Random(f"{self.chart.room.name} {self.seed}")
        self.loop = Loop()
        self.watch = Monitor(self.chart)
        self.room = self.made(self.chart, seed=self.seed)
        self.room.watch, self.room.raised = self.watch, []
        self.journal = MemoryJournal(Header("fuzz", "fuzz.room", "", "", seed=self.seed))
        self.runner = runner_of(self.room, self.journal, self.loop)
        self.file = self.chart.room
        self.values = Values(self.file, self.dice)
        self.codecs = {name: Codec(name, self.file) for name in (JSON, MSGPACK)}
        players = self.file.players
        assert players is not None, "a merged room has a number of players"
        self.foul = FOUL[: max(2, players.low - len(HONEST))]
        everyone = (*HONEST, *self.foul, WATCHER)
        self.people = {
            user: Person(user, (MSGPACK, JSON)[number % 2]) for number, user in enumerate(everyone)
        }
        self.runner.begin()

    # -- a run -------------------------------------------------------------------------

    def run(self, steps: int) -> Fuzz:
        try:
            self._gather()
            for number in range(steps):
                if self.room.over:
                    break
                self._step()
                self._check()
                if number % 12 == 11:
                    self._round()
            self._fold()
            self.watch.memory(self.room)
        except AssertionError as error:
            tail = "\n".join(self.steps[-12:])
            what = f"{self.file.name}, seed {self.seed}: {error}\nthe last steps:\n{tail}"
            raise BrokenError(what) from error
        return self

    def _gather(self) -> None:
        """Everybody comes in, is ready and loads, as far as the room has a seat for them."""
        for user in (*HONEST, *self.foul):
            self._join(user)
        self._join(WATCHER, spectate=True)
        for user in (*HONEST, *self.foul):
            self._ask(user, "PUT", "/players/me/ready")
        for user in (*HONEST, *self.foul):
            self._ask(user, "PUT", "/players/me/engine", {"loaded": True})
        self._check()

    def _step(self) -> None:
        dice = self.dice
        if dice.random() < 0.25:
            return self._play(dice.choice(HONEST), self.room.generation + 1)
        user = dice.choice((*self.foul, *self.foul, WATCHER))
        choice = dice.choice(
            (
                self._come_and_go,
                self._foul_packet,
                self._foul_packet,
                self._foul_array,
                self._foul_request,
                self._foul_request,
                self._foul_request,
                self._damaged,
                self._snapshot,
                self._direct,
                self._wait,
            )
        )
        choice(user)
        return None

    def _round(self) -> None:
        """Those who play foul are cut off, and the others play on, if the room lets them."""
        for user in (*self.foul, WATCHER):
            self._disconnect(user)
        for user in HONEST:
            if self.room.member(user) and not self.people[user].connected:
                self._connect(user)
        before, could = self.room.generation, self._honest_iterate()
        for user in HONEST:
            self._play(user, self.room.generation + 1)
        self._pass(ROUND_MS)
        self._check()
        if could and self._honest_iterate() and self.room.generation <= before:
            raise BrokenError(f"turn {before + 1} does not close for those who sent their part")
        self.turns = self.room.generation
        if self.dice.random() < 0.5:
            self._fold()
        if self.dice.random() < 0.15:
            self._night()
        for user in (*self.foul, WATCHER):
            if self.room.member(user):
                self._connect(user)
            else:
                self._join(user, spectate=user == WATCHER)
        for user in HONEST:
            # As people do where nothing is played: whatever brings the room on.
            self._ask(user, "PUT", "/players/me/ready")
            self._ask(user, "PUT", "/players/me/engine", {"loaded": True})
            for request in self.file.requests:
                if not self.room.chart_driver.iterates:
                    body = {one.name: self.values.fit(one.type) for one in request.fields}
                    self._ask(user, "POST", f"/requests/{request.name}", body)

    def _night(self) -> None:
        """Nobody is there for a while, and the honest ones return."""
        for user in HONEST:
            self._disconnect(user)
        self._pass(self.dice.choice((5_000, 90_000, 3_600_000)))
        for user in HONEST:
            if self.room.member(user):
                self._connect(user)

    def _honest_iterate(self) -> bool:
        here = [member for member in self.room.people.players() if member.user in HONEST]
        ill = any(member.repairing for member in here)
        return bool(here) and not ill and self.room.chart_driver.iterates and not self.room.over

    # -- what holds --------------------------------------------------------------------

    def _check(self) -> None:
        if self.room.raised:
            error = self.room.raised[0]
            raise BrokenError(f"the room raised {error!r}") from error
        if self.runner.stopped is not None or self.runner.room is not self.room:
            raise BrokenError(f"the runner has stopped: {self.runner.stopped}")

    def _fold(self) -> None:
        """The journal gives the room."""
        entries = list(appends(self.journal.read(), self.codecs[MSGPACK]))
        self.watch.restored(self.room, entries, self.runner.roster)

    # -- carriers ----------------------------------------------------------------------

    def _frame(self, user: str, data: bytes | str) -> None:
        """One message of a socket, as the server takes it."""
        person = self.people[user]
        if not person.connected:
            return
        codec = self.codecs[person.subprotocol]
        try:
            said = codec.decode(data)
        except BadFrameError as error:
            self.said[error.problem.status] += 1
            codec.encode_refusal(error)
            return
        if isinstance(said, ClientPacket):
            reply = self.runner.receive(user, said)
            self.said[reply.status] += 1
            return
        path, _, query = said.path.partition("?")
        given = answer(self._question(user, said.method, path, said.body, parse_qsl(query), codec))
        body = given.body if given.problem is None else problem_body(given.problem)
        codec.encode_response(ResponseFrame(said.id, given.status, body))
        self.said[given.status] += 1

    def _http(self, user: str, method: str, path: str, data: bytes) -> None:
        """One request over HTTP, whose sender may have left while the body was coming."""
        try:
            body = read_json(data) if data else None
        except BadFrameError as error:
            self.said[error.problem.status] += 1
            return
        path, _, query = path.partition("?")
        given = answer(
            self._question(user, method, path, body, parse_qsl(query), self.codecs[JSON])
        )
        answer_response(given)
        self.said[given.status] += 1

    def _question(
        self,
        user: str,
        method: str,
        path: str,
        body: Any,
        query: list[tuple[str, str]],
        codec: Codec,
    ) -> Question:
        return Question(self.runner, user, method, path, codec, Limits(), body, dict(query))

    def _send(self, user: str, method: str, path: str, body: object) -> None:
        """Over whatever carries it: the socket where there is one, mostly."""
        self.steps.append(f"{user}: {method} {path[:80]} {str(body)[:160]}")
        if method not in ("GET", "PUT", "POST", "PATCH", "DELETE"):
            method = "GET"
        if not self.people[user].connected or self.dice.random() < 0.3:
            self._http(user, method, path, json.dumps(body).encode("utf-8", "surrogatepass"))
            return
        frame: dict[str, object] = {"method": method, "path": path, "body": body}
        if self.dice.random() < 0.8:
            frame["id"] = self.dice.choice((0, 7, INT_MAX))
        self._frame(user, self._packed(user, frame))

    def _packed(self, user: str, frame: object) -> bytes | str:
        if self.people[user].subprotocol == JSON:
            return json.dumps(frame)
        try:
            return msgspec.msgpack.encode(frame)
        except (OverflowError, UnicodeEncodeError):
            return msgspec.msgpack.encode([1.5])

    def _ask(self, user: str, method: str, path: str, body: object = None) -> None:
        """A request as an honest client makes it."""
        if self.room.member(user):
            frame = RequestFrame(method, path, 1, body)
            self._frame(user, self.codecs[self.people[user].subprotocol].encode_request(frame))

    # -- people ------------------------------------------------------------------------

    def _join(self, user: str, *, spectate: bool = False) -> None:
        if self.room.over:
            return
        reply = self.runner.receive(user, inputs.Join(user, spectate))
        self.steps.append(f"{user} joins: {reply.status}")
        if reply.problem is None:
            self._connect(user)

    def _connect(self, user: str, seq: int | None = None) -> None:
        seq = self.room.seq if seq is None else seq
        self.people[user].connected = self.room.member(user)
        reply = self.runner.receive(user, inputs.Connect(seq))
        self.steps.append(f"{user} connects at {seq}: {reply.status}")

    def _disconnect(self, user: str) -> None:
        if self.people[user].connected:
            self.steps.append(f"{user} is cut off")
            self.people[user].connected = False
            self.runner.receive(user, inputs.Disconnect())

    def _play(self, user: str, generation: int) -> None:
        """What an honest client sends: it fits, and its checksum is true."""
        if not self.people[user].connected or not self.room.member(user):
            return
        checksum = Checksum(generation - 1, generation) if generation > 1 else None
        packet = ClientPacket(generation, self._good_commands(), checksum, 40, 60)
        codec = self.codecs[self.people[user].subprotocol]
        self.steps.append(f"{user} plays turn {generation}")
        self._frame(user, codec.encode_packet(packet))

    def _good_commands(self) -> tuple[Command, ...]:
        if not self.file.commands or self.dice.random() < 0.5:
            return ()
        one = self.dice.choice(self.file.commands)
        return (Command(one.name, {each.name: self.values.fit(each.type) for each in one.fields}),)

    # -- what they think of ------------------------------------------------------------

    def _come_and_go(self, user: str) -> None:
        dice = self.dice
        if not self.room.member(user):
            self._join(user, spectate=dice.random() < 0.3)
        elif not self.people[user].connected:
            self._connect(user, dice.choice((0, self.room.seq // 2, self.room.seq)))
        elif dice.random() < 0.7:
            self._disconnect(user)
        else:
            self._send(user, "DELETE", "/players/me", None)
            self.people[user].connected &= self.room.member(user)

    def _generation(self) -> int:
        open_ = self.room.generation + 1
        edges = (0, 1, open_, open_ - 1, open_ + 1, open_ + 9, open_ + 10, open_ + 11)
        far = (open_ - 63, open_ - 64, open_ - 65, INT_MAX, INT_MAX - 1, INT_MAX + 1)
        return max(0, self.dice.choice((*edges, *edges, open_, *far)))

    def _foul_packet(self, user: str) -> None:
        generation = self._generation()
        body: dict[str, object] = {
            "commands": [self.values.command() for _ in range(self.values.few())]
        }
        for name, values in (
            ("generation", (generation, generation + 1, 0, -1)),
            ("checksum", (self.values.checksum(generation), None)),
            ("latency", (0, 40, INT_MAX, -1)),
            ("framerate", (0, 60, 1, INT_MAX, -1)),
            ("signals", ([self.values.signal(generation) for _ in range(self.values.few())],)),
        ):
            if self.dice.random() < 0.4:
                body[name] = self.values.rarely_odd(self.dice.choice(values))
        path = f"/turns/{generation}" + self.dice.choice(("", "", "", "?x=1", "/"))
        self._send(user, "PUT", path, self.values.rarely_odd(body))

    def _foul_array(self, user: str) -> None:
        """The packet as an array, which only msgpack has."""
        generation = self._generation()
        age = self.dice.choice((0, 0, 1, generation, generation + 1, 64, 65, INT_MAX))
        array: list[object] = [
            generation,
            [self.values.flat(self.file.commands) for _ in range(self.values.few())],
            age,
            self.dice.choice((0, generation, 2**32 - 1, 2**32)),
            self.dice.choice((0, 40, INT_MAX)),
            self.dice.choice((0, 60, 1, INT_MAX)),
            [[age, *self.values.flat(self.file.signals)] for _ in range(self.values.few())],
        ]
        if self.dice.random() < 0.5:
            del array[6]
        if self.dice.random() < 0.2:
            array[self.dice.randrange(len(array))] = self.dice.choice(ODD)
        self.steps.append(f"{user}: {array}"[:200])
        self._frame(user, self._packed(user, array))

    def _foul_request(self, user: str) -> None:
        dice = self.dice
        route = dice.choice(ROOM)
        method = dice.choice(route.methods) if dice.random() < 0.95 else "PATCH"
        path = route.path.replace("{generation}", str(self._generation()))
        body: object = None
        if route.name == "request":
            names = [one.name for one in self.file.requests]
            name = dice.choice(names) if names and dice.random() < 0.9 else dice.choice(NAMES)
            declared = [one.fields for one in self.file.requests if one.name == name]
            body = self.values.body(declared[0] if declared else ())
            path = path.replace("{name}", name)
        elif route.name in ("setting", "settings"):
            body = self.values.settings()
            name, body = dice.choice(list(body.items())) if route.name == "setting" else ("", body)
            path = path.replace("{name}", name)
        else:
            body = dice.choice(bodies(route.name))
        if route.query and dice.random() < 0.7:
            path += f"?from={dice.choice((self._generation(), -1, '', 'x', '1&from=2'))}"
        self._send(user, method, path, self.values.rarely_odd(body))

    def _damaged(self, user: str) -> None:
        """A frame of which a part was lost or flipped."""
        generation = self.room.generation + 1
        frame: object = {"id": 1, "method": "PUT", "path": f"/turns/{generation}", "body": {}}
        data = self._packed(user, self.dice.choice((frame, [generation, [], 0, 0, 0, 0])))
        raw = bytearray(data.encode() if isinstance(data, str) else data)
        for _ in range(self.dice.randrange(1, 3)):
            raw[self.dice.randrange(len(raw))] = self.dice.randrange(256)
        cut = bytes(raw[: self.dice.randrange(1, len(raw) + 1)])
        text = self.people[user].subprotocol == JSON
        self.steps.append(f"{user}: {cut!r}")
        self._frame(user, cut.decode("utf-8", "replace") if text else cut)

    def _snapshot(self, user: str) -> None:
        """A state, asked for or not, as the handler takes it."""
        generation = str(self.dice.choice((self._generation(), "x", "-1", "9" * 17)))
        try:
            number = whole(generation, "generation")
        except ProblemError:
            return
        self.steps.append(f"{user} sends a state of {number}")
        if self.room.unasked(user, number) is None:
            state = self.dice.choice((b"", b"[1]", b"[2]"))
            Answer.of(self.runner.receive(user, inputs.with_hash(number, state)))

    def _direct(self, user: str) -> None:
        """Packets that no route makes so, or makes at another time than this."""
        dice = self.dice
        generation = dice.choice((-1, -INT_MAX, self._generation()))
        packet = dice.choice(
            (
                ClientPacket(generation, signals=(SignalReport(generation, "x"),)),
                ClientPacket(generation, (Command("x", {}),), Checksum(generation, -1), -1, -1),
                inputs.Join("", spectate=True),
                inputs.Join("\x00"),
                inputs.Join(user, team="nobody"),
                inputs.Disconnect(),
                inputs.Load(("why",) * 17),
                inputs.Load(("",)),
                inputs.Ask("leave", {}),
                inputs.Say(""),
                inputs.HaveState(generation, "f" * 64, dice.choice((0, -1, 4, INT_MAX))),
                inputs.HaveState(generation, "", 1),
                inputs.with_hash(generation, b"[1]"),
                inputs.Configure({}),
            )
        )
        self.steps.append(f"{user}: {packet}"[:200])
        who = dice.choice((user, "nobody", ""))
        reply = self.runner.receive(who, packet)
        self.said[reply.status] += 1
        if isinstance(packet, inputs.Disconnect) and who == user:
            self.people[user].connected = False

    def _wait(self, user: str) -> None:
        self._pass(self.dice.choice((1, 60, 300, 1_100, 3_500, 12_000, 61_000)))

    def _pass(self, ms: int) -> None:
        self.steps.append(f"{ms} ms pass")
        self.loop.run(ms / 1000)
        for user, person in self.people.items():
            person.connected &= self.room.member(user)
