"""The shipped games' rooms: they check clean, and their charts tell the story of the game."""

from __future__ import annotations

import msgspec
import pytest

from gameroom import language, resources
from gameroom.lockstep.packets import Command, Ended, SignalReport
from gameroom.model import Value
from gameroom.room import inputs
from tests.room.table import Table

TURN_MS = 500
GAMES = sorted(path.name for path in resources.rooms().iterdir() if path.is_dir())


def text_of(game: str) -> str:
    found = resources.shipped_room(game)
    assert found is not None
    return found[1]


def started(game: str, **settings: Value) -> Table:
    table = Table(text_of(game))
    table.join("ann", "bob")
    if settings:
        assert table.send("ann", inputs.Configure(settings)).problem is None
    table.ready("ann", "bob")
    table.load("ann", "bob")
    return table


def turns(
    table: Table,
    count: int = 1,
    *,
    ann: tuple[Command, ...] = (),
    signal: SignalReport | None = None,
) -> None:
    """So many turns close; what ann sends and what both engines raise rides in the first."""
    for n in range(count):
        generation = table.room.generation + 1
        raised = (signal,) if signal is not None and n == 0 else ()
        table.packet("ann", generation, *(ann if n == 0 else ()), signals=raised)
        table.packet("bob", generation, signals=raised)
        table.wait(TURN_MS)
        assert table.room.generation == generation, "the turn closed"


def ask(table: Table, who: str, name: str, **body: Value) -> None:
    """A request; while turns run it happens with the next one."""
    assert table.send(who, inputs.Ask(name, body)).problem is None


@pytest.mark.parametrize("game", GAMES)
def test_the_room_checks_clean(game: str) -> None:
    loaded = language.load(text_of(game), name=f"{game}.room", resolve=language.shipped)
    assert loaded.diagnostics == ()
    assert loaded.room is not None


@pytest.mark.parametrize("game", GAMES)
def test_the_game_is_a_whole_folder(game: str) -> None:
    folder = resources.rooms() / game
    assert {path.name for path in folder.iterdir()} == {f"{game}.room", "engine.js", "view.js"}
    for name in ("engine.js", "view.js"):
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.startswith("import ")], "one file, no imports"


def test_noughts_deals_plays_and_asks_for_another_game() -> None:
    table = started("noughts")
    assert "running.iterating.dealing" in table.states
    turns(table)
    assert "running.iterating.playing" in table.states
    turns(table, ann=(Command("place", {"cell": 4}), Command("place", {"cell": 9})))
    assert [r.problem.code for r in table.rejected] == ["bad_command"]
    assert table.masters()[-1].commands[0].commands == (Command("place", {"cell": 4}),)

    won = SignalReport(table.room.generation, "won", {"winner": "x"})
    turns(table, signal=won)
    assert "running.iterating.over" in table.states
    turns(table, ann=(Command("place", {"cell": 5}),))
    assert table.rejected[-1].problem.code == "not_now"

    ask(table, "ann", "rematch", choice="again")
    turns(table)
    assert "running.iterating.over" in table.states, "bob has not said yet"
    ask(table, "bob", "rematch", choice="again")
    turns(table, 2)
    dealt, played = [master.chart for master in table.masters()[-2:]]
    # The engine is told of `dealing` before it steps the turn after it.
    assert dealt is not None
    assert "running.iterating.dealing" in dealt.states
    assert played is not None
    assert "running.iterating.playing" in played.states


def test_noughts_ends_when_one_has_had_enough() -> None:
    table = started("noughts")
    turns(table)
    turns(table, signal=SignalReport(table.room.generation, "won", {"winner": "o"}))
    ask(table, "ann", "rematch", choice="again")
    ask(table, "bob", "rematch", choice="enough")
    turns(table)
    assert table.last(Ended).because == "somebody has had enough"


def test_archers_have_day_and_night_also_across_a_pause() -> None:
    table = started("archers", map="islands", archers=40)
    assert "running.iterating.day" in table.states
    turns(table, 300)
    assert "running.iterating.night" in table.states
    turns(table, 100, ann=(Command("move", {"units": [255], "x": 1024, "y": 0}),))
    assert table.masters()[300].commands != ()
    ask(table, "ann", "pause")
    turns(table)
    assert "running.paused.held" in table.states
    ask(table, "bob", "resume")
    assert "running.iterating.night" in table.states
    turns(table, 200)
    assert "running.iterating.day" in table.states


def test_archers_end_when_the_engines_agree_that_one_army_is_left() -> None:
    table = started("archers")
    turns(table)
    over = SignalReport(table.room.generation, "over", {"winner": 1})
    generation = table.room.generation + 1
    table.packet("ann", generation, signals=(over,))
    table.packet("bob", generation)
    table.wait(TURN_MS)
    assert "running.iterating.day" in table.states, "ann's word alone is not enough"
    generation = table.room.generation + 1
    table.packet("ann", generation)
    table.packet("bob", generation, signals=(over,))
    table.wait(TURN_MS)
    assert table.last(Ended).because == "one army is left"


def test_an_order_to_a_whole_army_is_small_enough_for_a_modem() -> None:
    """28.8 kbit/s carry 360 bytes in a turn of 100 ms."""
    mask = [0xFFFFFFFF] * 24
    assert len(msgspec.msgpack.encode([0, mask, 2047, 2047])) <= 136
    hundred = [0xFFFFFFFF] * 3 + [0xF]
    assert len(msgspec.msgpack.encode([0, hundred, 2047, 2047])) <= 26
