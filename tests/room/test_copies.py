"""Two pages believe that they are one: each of their commands is taken once.

A duplicated tab, a restored session, a copied profile: the queue of one page is sent by two,
and both number their packets alike.
"""

from __future__ import annotations

import pytest

from gameroom.lockstep.ids import IDS_MAX
from gameroom.lockstep.packets import ClientPacket, Command
from gameroom.room import Folded, Room, inputs
from gameroom.room.effects import Reply
from tests.room.table import Table

WAVE = Command("wave")


@pytest.fixture
def table() -> Table:
    return Table().start("ann", "bob")


def move(unit: int) -> Command:
    return Command("move", {"unit": unit})


def send(table: Table, generation: int, *orders: tuple[int, Command]) -> Reply:
    """A packet of ann's with these commands and their ids."""
    ids, commands = zip(*orders, strict=True)
    return table.send("ann", ClientPacket(generation, commands, ids=ids))


def close(table: Table) -> list[Command]:
    """Bob is heard too, and the turn closes: what ann's commands in it are."""
    generation = table.room.generation + 1
    table.packet("ann", generation)
    table.packet("bob", generation)
    table.wait_until_due()
    master = table.masters()[generation - 1]
    return [one for part in master.commands if part.seat == 0 for one in part.commands]


def back(table: Table) -> Table:
    """Both are back after a restart."""
    for name in ("ann", "bob"):
        table.send(name, inputs.Connect())
    return table


def told(table: Table) -> list[tuple[int, int, str]]:
    """What ann was told of her commands since the last time."""
    found = [(one.generation, one.index, one.problem.code) for one in table.rejected]
    table.rejected.clear()
    return found


def test_a_command_that_comes_from_two_pages_is_taken_once(table: Table) -> None:
    assert send(table, 1, (77, move(1))).status == 202
    assert close(table) == [move(1)]
    assert send(table, 2, (77, move(1)), (78, move(2))).status == 202
    assert told(table) == [(2, 0, "repeated_command")]
    assert close(table) == [move(2)]


def test_it_is_known_before_its_turn_closes_and_within_one_packet(table: Table) -> None:
    send(table, 2, (77, move(1)))
    send(table, 1, (77, move(1)), (78, move(2)), (78, move(2)))
    assert told(table) == [(1, 0, "repeated_command"), (1, 2, "repeated_command")]
    assert close(table) == [move(2)]
    assert close(table) == [move(1)]


def test_two_commands_that_look_alike_both_count(table: Table) -> None:
    send(table, 1, (77, move(1)), (78, move(1)), (0, move(1)), (0, move(1)))
    assert close(table) == [move(1)] * 4
    assert told(table) == []


def test_what_another_page_s_packet_kept_out_is_told(table: Table) -> None:
    """Both pages made a packet for turn 1: only the first is taken."""
    send(table, 1, (77, move(1)), (78, move(2)))
    answer = send(table, 1, (77, move(1)), (79, move(3)), (0, move(4)))
    assert answer.status == 200
    assert told(table) == [(1, 1, "too_late")]
    assert close(table) == [move(1), move(2)]
    send(table, 2, (79, move(3)))
    assert close(table) == [move(3)]


def test_a_packet_that_is_sent_again_is_told_nothing(table: Table) -> None:
    send(table, 1, (77, move(1)))
    send(table, 1, (77, move(1)))
    close(table)
    send(table, 1, (77, move(1)))
    assert told(table) == []


def test_a_command_that_was_refused_is_not_taken_from_another_page() -> None:
    table = Table().start("ann", "bob")
    send(table, 1, (77, WAVE), (78, move(1)))
    assert close(table) == [move(1)]
    assert told(table) == [(1, 0, "not_now")], "this room lets nobody wave"
    table = back(table.restarted())
    send(table, 2, (77, WAVE))
    assert told(table) == [(2, 0, "repeated_command")]


@pytest.mark.parametrize("from_checkpoint", [False, True])
def test_a_restart_forgets_none_that_was_in_a_turn(table: Table, from_checkpoint: bool) -> None:
    send(table, 1, (77, move(1)))
    close(table)
    send(table, 2, (78, move(2)))
    table = table.restarted()
    if from_checkpoint:
        folded = Folded.of(Folded({}).fold_all(table.journal).checkpoint())
        table.driver.room = Room.restored(table.chart, seed=7, folded=folded, now=table.now)
    back(table)
    send(table, 2, (77, move(1)), (78, move(2)))
    assert told(table) == [(2, 0, "repeated_command")]
    assert close(table) == [move(2)], "what was heard and not closed is heard again"


def test_so_many_are_known_again(table: Table) -> None:
    send(table, 1, (77, move(1)))
    close(table)
    first = 1_000
    while first < 1_000 + IDS_MAX:
        orders = [(one, move(2)) for one in range(first, first + 64)]
        send(table, table.room.generation + 1, *orders)
        assert close(table) == [move(2)] * 64
        first += 64
    send(table, table.room.generation + 1, (77, move(1)), (1_000, move(2)))
    assert [one[2] for one in told(table)] == ["repeated_command"]
    assert close(table) == [move(1)], "long ago: a bound is a bound"


def test_who_sits_down_next_is_somebody_else(table: Table) -> None:
    send(table, 1, (77, move(1)))
    close(table)
    table.send("ann", inputs.Leave())
    table.wait_until_due()
    assert not table.room.play.turns.knows(0, 77)


@pytest.mark.parametrize("ids", [(1,), (1, 2, 3), (1, -1), (1, 2**53)])
def test_ids_that_are_not_those_of_the_commands_are_refused(
    table: Table, ids: tuple[int, ...]
) -> None:
    answer = table.send("ann", ClientPacket(1, (WAVE, WAVE), ids=ids))
    assert answer.problem is not None
    assert answer.problem.code == "bad_frame"
