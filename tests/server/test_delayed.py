"""Whoever may not know yet is told the room of a while ago, on every way there is.

`TABLE` has a row for every route of the server and of a room: what it answers to a watcher of a
room with a delay, and to a stranger. A new route without a row fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.lockstep.packets import (
    Announcement,
    Body,
    ChartState,
    Ended,
    Event,
    MasterPacket,
    Moves,
    Roster,
    RosterRow,
    Setup,
)
from gameroom.server.host.shown import EVENTS_MAX, NOT_NOW, PICTURES, Delayed, Shown
from gameroom.server.http.openapi import room_path
from gameroom.server.http.routes import SERVER as SERVER_ROUTES
from gameroom.server.room_api.operations import ROOM as ROOM_ROUTES
from gameroom.server.room_api.route import Route
from gameroom.wire import plain as plain_of
from gameroom.wire import problem_body, read_json
from gameroom.wire.shape import read
from tests.server.table import ENGINE, Line, Person, Table, config, served
from tests.server.test_snapshots import DELAY_MS, LATE, come, duel, kept, turns
from tests.server.test_turns import packet

HOUR = """
language 1
use "standard"

room "duel" extends standard {
  players 1..2
  spectators 0..9 delay 1h
  setting map: "plains" | "islands" = "plains"
  setting gold: int 100..1000 = 300
  command move { x: int 0..9 }
  request surrender
  policy pace { tick = 50 per second  turn = 20ms..40ms  ahead = 1 }
  policy snapshots { every = 3 turns }
  policy lag { pause after = 1h  drop after = 1h }
  policy reconnect { grace = 24h }
  allow configure from anyone

  extend state running {
    allow surrender from player
    on surrender -> ended because "somebody gave up"
  }
  extend state running.iterating {
    initial day
    state day iterates {
      allow move from player
      after 1000000 turns -> ended
    }
  }
}
"""

SOON_MS = 300
SOON = LATE.replace(f"delay {DELAY_MS}ms", f"delay {SOON_MS}ms")

NOBODY, WATCHER, PLAYER = "nobody", "the watcher", "the player"


@dataclass(frozen=True)
class Row:
    """How a route is proved. By default its answer is the same whatever has happened.

    watcher, stranger: the statuses; None where this person is not asked for it.
    acts: what is asked has an effect at once, so that the answer says whether it is done: then
    it is the status here or the bare refusal, and nothing else.
    differs: a player is told something else by now, which shows that there was something to hide.
    """

    watcher: int | None = 200
    stranger: int | None = 401
    body: Any = None
    where: Mapping[str, object] = field(default_factory=dict)
    query: str = ""
    acts: bool = False
    differs: bool = False


ANYBODY = {"watcher": 200, "stranger": 200}
NEVER = {"watcher": 401, "stranger": 401}
SHA = "0" * 64

TABLE: Mapping[str, Row] = {
    # The same for everybody, at any time.
    "create": Row(**NEVER, body={"game": "noughts"}),
    "end": Row(**NEVER),
    "desyncs": Row(**NEVER),
    "desync": Row(**NEVER, where={"generation": 5}),
    "socket": Row(watcher=400, stranger=400),
    "replay_page": Row(**ANYBODY),
    "chart_picture": Row(**ANYBODY),
    "engine_source": Row(**ANYBODY, where={"sha256": "engine"}),
    "diagnostic_page": Row(**ANYBODY, where={"code": "E0101"}),
    "web_file": Row(**ANYBODY, where={"file": "kit.js"}),
    "livez": Row(**ANYBODY),
    "readyz": Row(**ANYBODY),
    "openapi": Row(**ANYBODY),
    "asyncapi": Row(**ANYBODY),
    # The room.
    "join_page": Row(**ANYBODY),
    "join_query": Row(**ANYBODY),
    "status": Row(**ANYBODY),
    "session": Row(stranger=None, differs=True),
    "me": Row(),
    "players": Row(differs=True),
    "setup": Row(differs=True),
    "chart": Row(differs=True),
    "turns": Row(query="?from=1", differs=True),
    "time": Row(),
    "snapshot": Row(watcher=404, differs=True),
    "snapshot_state": Row(watcher=404, where={"generation": 3}, differs=True),
    "replay": Row(watcher=409),
    # What only players do.
    "turn": Row(watcher=403, where={"generation": 1}, body={"commands": []}),
    "have_state": Row(watcher=403, where={"generation": 3}, body={"sha256": SHA, "size": 1}),
    "snapshot_send": Row(watcher=403, where={"generation": 3}, body=[]),
    "desync_parts": Row(watcher=404, where={"generation": 5}, body={"bytes": 3}),
    "desync_state": Row(watcher=404, where={"generation": 5}, body=[]),
    # What watchers do too.
    "players_add": Row(watcher=None, stranger=201, body={"spectate": True}, acts=True),
    "setting": Row(where={"name": "gold"}, body=400, acts=True, differs=True),
    "settings": Row(body={"gold": 400}, acts=True, differs=True),
    "ready": Row(watcher=204, acts=True),
    "unready": Row(watcher=204, acts=True),
    "hide": Row(watcher=204, acts=True),
    "show": Row(watcher=204, acts=True),
    "engine": Row(watcher=204, body={"loaded": True}, acts=True),
    "failure": Row(
        watcher=403, body={"kind": "view", "generation": 0, "text": "no scene"}, acts=True
    ),
    "request": Row(watcher=202, where={"name": "surrender"}, body={}, acts=True),
    "chat": Row(watcher=204, body={"text": "hello"}, acts=True),
    "leave": Row(watcher=204, acts=True),
}


def test_every_route_has_its_row() -> None:
    assert set(TABLE) == {route.name for route in (*SERVER_ROUTES, *ROOM_ROUTES)}


Answers = dict[tuple[str, str, str], tuple[int, Any]]


class Asking:
    """Everybody who asks for everything, over HTTP and over the socket."""

    def __init__(self, table: Table, made: Mapping[str, Any], people: Mapping[str, Person]) -> None:
        self._table = table
        self._made = made
        self._people = people
        self.leaving: list[Person] = []
        """Those who leave when the turn of `leave` comes."""

    async def all(self, *asking: str) -> Answers:
        """The answers by route, carrier and who asked."""
        answers: Answers = {}
        # Connect first: the room gives up on anyone who has joined but doesn't connect in time.
        lines = {who: await come(self._people[who]) for who in asking if who != NOBODY}
        for route in SERVER_ROUTES:
            for who in asking:
                answers[route.name, "http", who] = await self._http(route, route.path, who)
        for who in asking:
            line = lines.get(who)
            for route in ROOM_ROUTES:
                if "http" in route.carriers:
                    path = room_path(route)
                    answers[route.name, "http", who] = await self._http(route, path, who)
                is_asked = route.name != "leave" and _is_asked(TABLE[route.name], who)
                if line is not None and is_asked:
                    answers[route.name, "socket", who] = await self._socket(route, line)
        return {key: said for key, said in answers.items() if said is not None}

    def _path(self, route: Route, path: str) -> str:
        where = {"id": self._made["id"], **TABLE[route.name].where}
        if where.get("sha256") == "engine":
            where["sha256"] = self._made["engine"]
        query = f"?game_id={self._made['id']}" if route.name == "join_query" else ""
        filled = re.sub(r"{(\w+)}", lambda found: str(where[found[1]]), path)
        return filled + (query or TABLE[route.name].query)

    async def _http(self, route: Route, path: str, who: str) -> Any:
        row = TABLE[route.name]
        if not _is_asked(row, who):
            return None
        person = self._people.get(who)
        if route.name == "leave" and who == WATCHER:
            person = self.leaving.pop()
        headers = {} if person is None else {"Authorization": f"Bearer {person.token}"}
        how = {} if row.body is None else {"json": row.body}
        response = await self._table.client.request(
            route.methods[0], self._path(route, path), headers=headers, **how
        )
        if response.content_type.endswith("json"):
            return response.status, plain(await response.json())
        return response.status, await response.read()

    async def _socket(self, route: Route, line: Line) -> Any:
        if route.name == "session":
            return line.hello["status"], plain(line.hello["body"])
        said = await line.ask(
            route.methods[0], self._path(route, route.path), TABLE[route.name].body
        )
        return said["status"], plain(said["body"])


def _is_asked(row: Row, who: str) -> bool:
    if who == PLAYER:
        return row.differs
    return (row.stranger if who == NOBODY else row.watcher) is not None


def plain(body: Any) -> Any:
    """Without what is the asker's own or the clock's."""
    own = ("now", "token", "user", "name")
    return {k: v for k, v in body.items() if k not in own} if isinstance(body, dict) else body


async def test_no_way_tells_a_watcher_or_a_stranger_what_is_not_old_enough() -> None:
    async with served(config()) as table:
        made = await table.create(room=HOUR, engine={"source": ENGINE})
        eve, *leaving = [await table.join(made["id"], name, spectate=True) for name in "efgh"]
        people = {WATCHER: eve}
        asking = Asking(table, made, people)
        for one in leaving:
            await come(one)
        asking.leaving = leaving
        before = await asking.all(WATCHER, NOBODY)
        people[PLAYER], of_ann = await much_happens(table, made["id"])
        during = await asking.all(WATCHER, NOBODY)
        live = await asking.all(PLAYER)
        of_ann = await come(people[PLAYER])
        assert (await of_ann.ask("POST", "/requests/surrender", {}))["status"] == 202
        await of_ann.until("ended")
        after = await asking.all(WATCHER, NOBODY)
        assert table.lobby.rooms.running[made["id"]].room.over
    for key, said in before.items():
        name, _, who = key
        row = TABLE[name]
        status = row.watcher if who == WATCHER else row.stranger
        for now in (said, during[key], after[key]):
            if row.acts and now[0] == 409:
                assert now[1] == problem_body(NOT_NOW), key
            else:
                assert now == (status, said[1]), key
        if row.differs and who == WATCHER:
            assert live[name, key[1], PLAYER] != during[key], key


async def much_happens(table: Table, room: str) -> tuple[Person, Line]:
    """Two play, keep a snapshot, change the setup, chat and differ; one of them has no connection
    any more."""
    ann, of_ann, _, of_bob = await kept(table, room=room)
    assert (await of_ann.ask("PATCH", "/setup", {"map": "islands"}))["status"] == 200
    await of_ann.ask("POST", "/chat", {"text": "at the bridge"})
    for value, line in enumerate((of_ann, of_bob)):
        await packet(line, 6, checksum={"generation": 5, "value": value})
    await of_ann.until("diverged")
    await of_bob.ws.close()
    await of_ann.until("roster")
    return ann, of_ann


async def test_the_end_of_the_room_is_news_too() -> None:
    """Until watchers are told it, they get no replay, and no answer says that it is over."""
    async with served(config()) as table:
        made = await table.create(room=HOUR, engine={"source": ENGINE})
        eve = await table.join(made["id"], "eve", spectate=True)
        ann, of_ann, _, of_bob = await kept(table, room=made["id"])
        line = await come(eve)
        assert (await of_ann.ask("POST", "/requests/surrender", {}))["status"] == 202
        for player in (of_ann, of_bob):
            await packet(player, 6)
        await of_ann.ws.close()
        runner = table.lobby.rooms.running[ann.room]
        replay = f"/rooms/{ann.room}/replay"
        ours = {"headers": {"Authorization": f"Bearer {ann.token}"}}
        theirs = {"headers": {"Authorization": f"Bearer {eve.token}"}}
        of_ann = await come(ann)
        await of_ann.until("ended")
        assert (await table.client.get(replay, **ours)).status == 200
        refused = await line.ask("POST", "/chat", {"text": "is it over?"})
        assert refused["body"] == problem_body(NOT_NOW)
        early = await table.problem(await table.client.get(replay, **theirs), 409)
        assert early["code"] == "not_over"
        runner.clock.start(runner.clock.now() + 3_600_000)
        refused = await line.ask("POST", "/chat", {"text": "it is over"})
        assert refused["body"]["code"] == "room_ended"
        assert (await table.client.get(replay, **theirs)).status == 200


async def test_a_watcher_comes_back_and_a_restart_does_not_set_watchers_back(
    tmp_path: Path,
) -> None:
    settings = config(data=tmp_path)
    async with served(settings) as first:
        ann, of_ann, _, of_bob = await kept(first, SOON)
        eve = await first.join(ann.room, "eve", spectate=True)
        watching = await come(eve)
        last = (await watching.until("turn", generation=5))["seq"]
        again = await come(eve, seq=last)
        assert again.hello["body"]["seq"] >= last
        ahead = Line(await eve.socket())
        live = first.lobby.rooms.running[ann.room].room.seq
        refused = await ahead.ask("PUT", "/session", {"token": eve.token, "seq": live + 1})
        assert refused["body"]["code"] == "seq_ahead"
        await turns(6, 6, of_ann, of_bob)
    async with served(settings) as second:
        eve = await second.join(ann.room, "eve", spectate=True)
        line = await come(eve)
        shown = line.hello["body"]["generation"]
        assert shown >= 5, "turn 6 was not old enough yet, or is by now"
        told = await line.ask("GET", "/turns?from=1")
        assert [turn["generation"] for turn in told["body"]["turns"]][:5] == [1, 2, 3, 4, 5]
        chart = await line.ask("GET", "/chart")
        assert chart["body"]["generation"] >= shown
        assert chart["body"]["chart"]["states"][0] == "running"
        roster = await (await second.client.get(f"/join/{ann.room}")).json()
        assert [row["name"] for row in roster["roster"]["seats"]] == ["ann", "bob"]
        await line.until("turn", generation=6)


async def test_a_room_that_has_slept_is_as_late_as_before() -> None:
    async with served(config()) as table:
        ann, of_ann, bob, of_bob = await duel(table, SOON)
        eve = await table.join(ann.room, "eve", spectate=True)
        watching = await come(eve)
        await of_ann.ws.close()
        await of_bob.ws.close()
        asleep = await watching.until("roster")
        while any(row["connected"] for row in asleep["body"]["seats"]):
            asleep = await watching.until("roster")
        of_ann, of_bob = await come(ann), await come(bob)
        clock = table.lobby.rooms.running[ann.room].clock
        before = clock.now()
        await turns(1, 1, of_ann, of_bob)
        await watching.until("turn", generation=1)
        assert clock.now() - before >= SOON_MS


# -- the pictures ------------------------------------------------------------------------------

PICTURED_MS = 6_400
START = Shown(0, 0, 0, 100, 1, Setup(), Roster(), ChartState(()))

bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(Setup, st.dictionaries(st.just("gold"), st.integers(0, 9))),
    st.builds(Roster, spectators=st.integers(0, 9)),
    st.builds(Moves, st.just(0), st.builds(ChartState, st.tuples(st.sampled_from("ab")))),
    st.builds(
        MasterPacket,
        st.integers(1, 99),
        st.just(5),
        st.integers(20, 200),
        st.integers(1, 4),
        chart=st.none() | st.builds(ChartState, st.tuples(st.sampled_from("ab"))),
    ),
    st.just(Announcement("hello")),
    st.just(Ended("ended", None)),
)
"""What a room says."""


@given(st.lists(st.tuples(st.integers(0, 3_000), bodies, st.integers(0, 9_000)), max_size=80))
def test_what_is_shown_is_the_room_after_just_the_events_that_are_old_enough(said: Any) -> None:
    """Each event after a while, and somebody looks a while after it."""
    told: list[tuple[Event, int]] = []
    delayed = Delayed(PICTURED_MS, START, lambda seq: told[seq:])
    now = 0
    for pause, body, until_looked_at in said:
        now += pause
        event = Event(len(told) + 1, body)
        told.append((event, now))
        delayed.note(event, now)
        if until_looked_at > 6_000:
            now += until_looked_at - 6_000
            expected = START
            for one, at in told:
                if at <= now - PICTURED_MS:
                    expected = expected.after(one, at)
            assert delayed.shown(now) == expected


def test_what_was_shown_is_not_taken_back_when_the_time_falls() -> None:
    told = [(Event(seq, Setup({"gold": seq})), 100 * seq) for seq in range(1, 4)]
    delayed = Delayed(PICTURED_MS, START, lambda seq: told[seq:])
    for event, at in told:
        delayed.note(event, at)
    for now in (PICTURED_MS + 250, PICTURED_MS + 100):
        assert delayed.shown(now).seq == 2
    assert delayed.shown(PICTURED_MS + 300).seq == 3


def test_one_question_costs_no_more_than_so_many_events() -> None:
    """A delay of an hour, and all that happens happens within seconds."""
    folded = 0

    def following(seq: int) -> Iterator[tuple[Event, int]]:
        nonlocal folded
        for one in told[seq:]:
            folded += 1
            yield one

    told = [(Event(seq, Announcement("hello")), 1_000 + seq) for seq in range(1, 2_000)]
    delayed = Delayed(3_600_000, START, following)
    for event, at in told:
        delayed.note(event, at)
    later = told[-1][1] + 3_600_000 - 1
    assert delayed.shown(later).seq == folded == EVENTS_MAX
    assert delayed.shown(later).seq == len(told) - 1


def test_what_is_shown_can_be_kept_as_json() -> None:
    """So that a checkpoint can hold it."""
    roster = Roster((RosterRow(0, "u", "ann", roles=("host",), choices={"vote": "yes"}),), 2)
    shown = Shown(
        9, 8, 7, 100, 1, Setup({"map": "plains"}, "ann"), roster, ChartState(("a",)), True
    )
    assert read(Shown, read_json(msgspec.json.encode(plain_of(shown))), strict=True) == shown


@pytest.mark.parametrize("every_ms", [1, 40, 100, 5_000])
def test_however_much_happens_only_so_many_pictures_are_kept(every_ms: int) -> None:
    told: list[tuple[Event, int]] = []
    delayed = Delayed(PICTURED_MS, START, lambda seq: told[seq:])
    for seq in range(1, 20_000 // every_ms + 500):
        told.append((Event(seq, Setup({"gold": seq})), seq * every_ms))
        delayed.note(*told[-1])
        assert len(delayed._kept) <= 2 * PICTURES + 2
    shown = delayed.shown(told[-1][1])
    assert told[-1][1] - PICTURED_MS - every_ms < max(shown.at, 0)
