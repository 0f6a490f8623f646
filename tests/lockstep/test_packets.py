"""What packets say by themselves: ids that fit their commands, names of seats, running states."""

from __future__ import annotations

import pytest

from gameroom.lockstep.packets import (
    ClientPacket,
    Command,
    Roster,
    RosterRow,
    is_running,
    misfit_ids,
    seat_name,
)

MOST = 2**53 - 1


def sent(commands: int, *ids: int) -> ClientPacket:
    return ClientPacket(1, (Command("move"),) * commands, ids=ids)


@pytest.mark.parametrize("packet", [sent(0), sent(2), sent(2, 0, MOST), sent(1, 5)])
def test_ids_are_as_many_as_the_commands_or_none(packet: ClientPacket) -> None:
    assert misfit_ids(packet) is None


@pytest.mark.parametrize("packet", [sent(2, 1), sent(1, 1, 2), sent(0, 1)])
def test_another_number_of_ids_does_not_fit(packet: ClientPacket) -> None:
    assert "one id for each command" in (misfit_ids(packet) or "")


@pytest.mark.parametrize("packet", [sent(2, 1, -1), sent(2, -1, 1), sent(1, MOST + 1)])
def test_an_id_is_a_whole_number_that_every_client_can_hold(packet: ClientPacket) -> None:
    assert "whole number" in (misfit_ids(packet) or "")


def test_a_seat_is_not_connected_and_nobody_watches_until_it_is_said() -> None:
    row = RosterRow(0, "u1", "ann")
    assert not row.connected
    assert not row.repairing
    assert Roster((row,)).spectators == 0


def test_people_count_seats_from_one() -> None:
    assert [seat_name(seat) for seat in (0, 1)] == ["seat 1", "seat 2"]


@pytest.mark.parametrize(
    ("states", "running"),
    [
        (("running",), True),
        (("music", "running", "running.paused"), True),
        (("running.iterating",), True),
        (("setup", "running.iterating"), True),
        (("setup", "running_late"), False),
        (("after.running",), False),
        ((), False),
    ],
)
def test_engines_run_inside_running(states: tuple[str, ...], running: bool) -> None:
    assert is_running(states) is running
