"""A scenario's people run the replica that real clients run, whatever befalls them."""

from __future__ import annotations

import pytest

from gameroom import language
from gameroom.lockstep.packets import Command
from gameroom.replica.outbox import COMMANDS_QUEUED_MAX
from gameroom.room import inputs
from gameroom.roomfile import chart_of
from gameroom.scenario.stage import Stage, StageStuckError
from tests.scenario.stories import ROOM, holds

REPAIRING = ROOM.replace(
    "    on won if", "    on diverged do { repair diverged }\n    on won if", 1
)
STRICT = REPAIRING.replace("repair diverged", "repair diverged  drop diverged")
STARTED = "given players ann, bob, cat\nann, bob, cat send ready\nwait 5 turns\n"


def playing(room: str = ROOM) -> Stage:
    """Ann, bob and cat have played five turns."""
    chart = chart_of(language.load(room, name="duel.room", resolve=language.shipped))
    assert chart is not None
    stage = Stage(chart)
    for who in ("ann", "bob", "cat"):
        assert stage.join(who) is None
    for who in ("ann", "bob", "cat"):
        assert stage.send(who, inputs.Ready()) is None
    stage.wait_turns(5)
    return stage


def test_every_engine_has_run_every_turn() -> None:
    stage = playing()
    assert stage.join("dan", spectate=True) is None
    closed = stage.room.generation
    assert closed >= 5
    assert [client.engine.generation for client in stage.clients.values()] == [closed] * 4
    assert {client.replica.seq for client in stage.clients.values()} == {stage.room.seq}


def test_a_lost_connection_is_caught_up_with() -> None:
    stage = playing()
    closed = stage.room.generation
    stage.drop("bob")
    stage.wait_turns(7)
    bob = stage.clients["bob"]
    assert bob.engine.generation == closed
    stage.back("bob")
    assert bob.engine.generation == stage.room.generation
    assert bob.replica.seq == stage.room.seq


def test_a_page_that_is_loaded_again_remembers_only_what_the_player_still_wants() -> None:
    stage = playing()
    bob = stage.clients["bob"]
    before, bob.failed = bob.replica, True
    stage.send("bob", inputs.Fail("engine", 5, "the engine failed"))
    sent = stage.command("bob", Command("move", {"x": 1}))
    stage.wait_turns(4)
    assert sent.generation == 0, "nothing comes from an engine that has failed"
    stage.back("bob")
    assert bob.replica is not before
    stage.wait_turns(4)
    assert 0 < sent.generation <= stage.room.generation
    assert [one.command.name for one in bob.replica.log] == ["move"]
    assert not stage.room.people.members["bob"].failed


def test_a_repaired_engine_begins_again_and_agrees() -> None:
    stage = playing(REPAIRING)
    cat = stage.clients["cat"]
    cat.diverges = True
    stage.wait_turns(3)
    assert not cat.diverges
    assert cat.replica.seq == stage.room.seq
    stage.wait_turns(10)
    member = stage.room.people.members["cat"]
    assert (member.repairs, member.diverged, member.repairing) == (1, False, False)


def test_an_engine_that_begins_again_while_its_player_is_dropped() -> None:
    holds(f"{STARTED}cat diverges\nexpect cat is gone\nwait 5 turns", room=STRICT)


def test_a_command_is_sent_once_though_the_connection_was_lost_with_it() -> None:
    stage = playing()
    sent = stage.command("ann", Command("move", {"x": 2}))
    stage.drop("ann")
    stage.back("ann")
    stage.wait_turns(6)
    assert sent.problem is None
    assert stage.refusal is None
    assert [one.generation for one in stage.clients["ann"].replica.log] == [sent.generation]


def test_more_commands_than_a_client_keeps() -> None:
    stage = playing()
    stage.clients["ann"].silent_since = stage.now
    for _ in range(COMMANDS_QUEUED_MAX):
        stage.command("ann", Command("build"))
    with pytest.raises(StageStuckError, match="commands are waiting"):
        stage.command("ann", Command("build"))


@pytest.mark.parametrize("after", ["wait 1s", "ann, bob, cat return"])
def test_a_watcher_whose_place_was_not_kept(after: str) -> None:
    holds(
        f"{STARTED}dan watches\nann, bob, cat drop\ndan drops\n"
        f"dan returns\n{after}\nexpect dan is gone"
    )
