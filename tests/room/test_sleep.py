"""When nobody who has a seat is connected, a room sleeps: its time stands still."""

import pytest

from gameroom.lockstep import packets
from gameroom.room import Checkpoint, Folded, Room, inputs
from gameroom.wire import plain
from gameroom.wire.shape import read
from tests.room.table import PLAIN, Table

HOUR_MS = 3_600_000


def gone(*names: str, paused: bool = False) -> Table:
    """A game of two from which these have lost their connections."""
    table = Table().start("ann", "bob")
    for _ in range(3):
        if paused:
            table.send("bob", inputs.Ask("pause"))
        table.turn("ann", "bob")
        if paused:
            break
    for name in names:
        table.send(name, inputs.Disconnect())
    return table


def test_everybodys_place_is_there_after_a_night() -> None:
    table = gone("ann", "bob")
    states = table.states
    table.wait(10 * HOUR_MS)
    assert (table.room.asleep, table.room.over) == (True, False)
    for name in ("ann", "bob"):
        table.send(name, inputs.Connect(table.room.seq))
    assert table.states == states
    for name in ("ann", "bob"):
        table.packet(name, 4)
    table.wait(100)
    assert table.room.generation == 4


def test_one_who_is_away_alone_is_lost_as_ever() -> None:
    table = gone("ann", paused=True)
    table.wait(60_000)
    assert [row.name for row in table.last(packets.Roster).seats] == ["bob"]


def test_who_returns_first_does_not_cost_the_others_their_places() -> None:
    table = gone("ann", paused=True)
    table.wait(50_000)
    table.send("bob", inputs.Disconnect())
    table.wait(HOUR_MS)
    table.send("bob", inputs.Connect(table.room.seq))
    table.wait(59_000)
    assert table.seat("ann").name == "ann", "ann has the whole grace from now on"
    table.wait(2_000)
    assert [row.name for row in table.last(packets.Roster).seats] == ["bob"]


def test_timers_stand_still() -> None:
    table = Table()
    table.join("ann")
    table.wait(20 * 60_000)
    table.send("ann", inputs.Disconnect())
    table.wait(5 * HOUR_MS)
    table.send("ann", inputs.Connect(table.room.seq))
    table.wait(9 * 60_000)
    assert not table.room.over
    table.wait(60_000)
    assert table.last(packets.Ended).because == "nobody started the game"


def test_watchers_keep_no_game_awake() -> None:
    table = Table().start("ann", "bob")
    table.join("wes", spectate=True)
    for name in ("ann", "bob"):
        table.send(name, inputs.Disconnect())
    table.wait(HOUR_MS)
    assert table.room.asleep
    assert table.seat("ann").name == "ann"
    assert table.send("wes", inputs.Say("anybody here?")).problem is None


def test_a_watcher_who_goes_while_the_room_sleeps_blocks_no_place() -> None:
    table = Table().start("ann", "bob")
    table.join("wes", "vic", spectate=True)
    table.send("wes", inputs.Disconnect())
    for name in ("ann", "bob"):
        table.send(name, inputs.Disconnect())
    table.send("vic", inputs.Disconnect())
    assert table.join("una", "uli", spectate=True).problem is None
    assert table.last(packets.Roster).spectators == 2


def test_a_new_room_sleeps_until_somebody_joins() -> None:
    table = Table()
    table.wait(2 * HOUR_MS)
    assert table.room.asleep
    assert not table.room.over


def test_a_seat_is_not_kept_for_somebody_who_never_came() -> None:
    table = Table()
    for name in ("ann", "bob", "cid"):
        table.send(name, inputs.Join(name))
    assert table.send("dan", inputs.Join("dan")).body.spectator, "every seat is taken"
    table.wait(10_000 + 60_000 + 1_000)
    assert table.last(packets.Roster).seats == ()
    assert table.room.asleep
    assert table.send("eve", inputs.Join("eve")).body.seat == 0


@pytest.mark.parametrize("policy", ["", "policy reconnect { sleep = 2h }"])
def test_a_room_to_which_nobody_comes_back_ends(policy: str) -> None:
    table = Table(PLAIN.replace("command wave { }", f"command wave {{ }}\n  {policy}"))
    table.start("ann", "bob")
    for name in ("ann", "bob"):
        table.send(name, inputs.Disconnect())
    table.wait((2 if policy else 24) * HOUR_MS - 1)
    assert not table.room.over
    table.wait(1)
    ended = table.last(packets.Ended)
    assert (ended.state, ended.because) == ("abandoned", "nobody came back")
    assert table.driver.wake is None


def test_what_a_room_has_slept_already_counts_after_a_restart() -> None:
    table = gone("ann", "bob")
    folded = Folded({}).fold_all(table.journal)
    room = Room.restored(table.chart, seed=7, folded=folded, now=table.now, slept_ms=23 * HOUR_MS)
    (alarm,) = room.tick(table.now)
    assert alarm.at == table.now + HOUR_MS


def test_time_goes_on_from_where_it_stood() -> None:
    """A sleep is no gap in what the journal counts: entries carry the room's own time."""
    table = gone("ann", "bob")
    last = table.journal[-1].at
    table.wait(HOUR_MS)
    table.send("ann", inputs.Connect(table.room.seq))
    assert table.journal[-1].at == last
    assert table.room.slept_ms == HOUR_MS


def test_folding_from_a_checkpoint_equals_folding_from_the_start() -> None:
    table = gone("ann")
    table.send("ann", inputs.Connect(table.room.seq))
    table.send("bob", inputs.Ask("pause"))
    table.packet("ann", 4)
    table.turn("bob")
    whole = Folded({}).fold_all(table.journal).checkpoint()
    assert table.room.checkpoint() == whole
    for cut in range(1, len(table.journal)):
        folded = Folded({}).fold_all(table.journal[:cut])
        stored = read(Checkpoint, plain(folded.checkpoint()), strict=True)
        assert stored == folded.checkpoint()
        assert Folded.of(stored).fold_all(table.journal[cut:]).checkpoint() == whole


IMPATIENT = PLAIN.replace(
    "command wave { }", "command wave { }\n  policy lag { pause after = 1s  drop after = 2s }"
)


def test_a_restarted_room_sleeps_until_the_first_player_is_back() -> None:
    """The server was killed while all were playing: nobody has been away."""
    table = Table(IMPATIENT).start("ann", "bob")
    table.turn("ann", "bob")
    states, said = table.states, len(table.journal)
    for _ in range(3):
        table = table.restarted()
        table.wait(9_000)
    assert len(table.journal) == said
    table.wait(2_000)
    assert not any(row.connected for row in table.last(packets.Roster).seats)
    table.wait(HOUR_MS)
    assert (table.states, table.room.asleep) == (states, True)
    for name in ("ann", "bob"):
        table.send(name, inputs.Connect(table.room.seq))
    table.turn("ann", "bob", checksum=None)
    assert table.states == states


def test_who_comes_back_to_a_restarted_room_first_costs_nobody_a_place() -> None:
    """Whoever is awaited is away, not silent, and has the whole grace."""
    table = Table(IMPATIENT).start("ann", "bob")
    table.turn("ann", "bob")
    table = table.restarted()
    table.wait(5_000)
    table.send("ann", inputs.Connect(table.room.seq))
    table.packet("ann", 2)
    table.wait(1_500)
    row = next(row for row in table.last(packets.Roster).seats if row.name == "bob")
    assert (row.missing, row.lost_in_ms) == (True, 10_000 + 60_000 - row.absent_ms)
    table.wait(8_000)
    assert [row.name for row in table.last(packets.Roster).seats] == ["ann", "bob"]
    assert "running.paused.lagging" in table.states
    table.send("bob", inputs.Connect(table.room.seq))
    table.packet("bob", 2)
    table.wait_until_due()
    assert table.room.generation == 2
