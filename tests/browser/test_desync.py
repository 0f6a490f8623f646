"""A desync in real browsers, from the altered number to the sentence that names it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner

from gameroom import cli
from gameroom.desyncfile import read
from gameroom.lockstep.desync_report import doubts
from gameroom.lockstep.packets import Diverged
from tests.browser.people import Person, enter, people
from tests.browser.world import KEY, QUICK, World
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="session")

THREE = QUICK.replace("extends archers {", "extends archers {\n  players 3..3")
REPAIRS = THREE.replace(
    "policy pace", "extend state running { on diverged do { repair diverged } }\n  policy pace"
)
DROPS = REPAIRS.replace("repair diverged", "drop diverged")
ENDS = REPAIRS.replace("do { repair diverged }", "-> ended")
HEAD, HP = 8, 4
"""Of the state of archers: the numbers before the columns; the column of health."""


async def report(world: World, room: str) -> bytes:
    """The report of a room as an operator downloads it, once it is there."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(world.address, headers=headers) as client:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                async with client.get(f"/rooms/{room}/desyncs") as response:
                    listed: dict[str, Any] = await response.json()
                if listed["reports"]:
                    break
                await asyncio.sleep(0.05)
        async with client.get(listed["reports"][0]["path"]) as response:
            assert response.status == 200
            return await response.read()


async def three(browsers: Any, world: World, room: str) -> list[Person]:
    persons = [await enter(browsers, world, room, name) for name in ("ann", "bob", "cid")]
    await persons[1].plays(20)
    return persons


async def corrupted(person: Person) -> str:
    """One archer's health is altered in this engine alone; the path of that number."""
    each = await person.seat("seat.setup.archers")
    path = str(HEAD + HP * 3 * each + 17)
    told = await person.seat("seat.dev.corrupt(argument)", path)
    assert told["path"] == path
    return path


@pytest.mark.parametrize(
    "text", [THREE, REPAIRS, DROPS, ENDS], ids=["halts", "repairs", "drops", "ends"]
)
async def test_the_report_names_the_number_that_was_altered(
    world: World, tmp_path: Path, text: str
):
    room = await world.room(text)
    async with people(world) as browsers:
        _, bob, _ = await three(browsers, world, room)
        path = await corrupted(bob)
        data = await report(world, room)
    file = tmp_path / "x.desync"
    file.write_bytes(data)
    found = read(data)
    body = found.body
    told = next(one.body for one in world.journal(room) if isinstance(one.body, Diverged))
    assert body["generation"] == told.generation
    assert body["agreed"]["generation"] == told.generation - 1
    assert [row["side"] for row in body["seats"]] == ["majority", "minority", "majority"]
    assert all(row["said"]["parts"] for row in body["seats"]), "hashes came from all of them"
    at = {row["said"]["generation"] for row in body["seats"]}
    if len(at) > 1:
        # Each engine says what it is when it hears of it, and a slow one is a turn behind.
        assert min(at) >= told.generation
        return
    assert body["compared"] == at.pop()
    assert body["by"] == "states"
    assert body["differences"][0]["path"] == path
    assert set(body["differences"][0]["values"]) == {"1", *(body["states"].keys() - {"1"})}
    assert len(body["states"]) == 2, "one state of each side is enough"
    assert doubts(found) == {}, "and they are those of the hashes"
    shown = CliRunner().invoke(cli.gameroom, ["desync", "show", str(file)], standalone_mode=False)
    assert f"The first part that differs: {path}\n" in shown.output
    assert "bob (seat 2) differs from the majority, ann (seat 1) and cid (seat 3)" in shown.output


async def test_a_number_altered_anywhere_leads_to_states_that_differ(world: World):
    room = await world.room(THREE)
    async with people(world) as browsers:
        _, bob, _ = await three(browsers, world, room)
        path = (await bob.seat("seat.dev.corrupt()"))["path"]
        body = json.loads(await report(world, room))
    # Not always that very number: some are worked out anew, and leave their mark on others.
    assert (body["by"], bool(body["differences"])) == ("states", True), path
