"""Engines in Python that fail: told to the others over real sockets, in both subprotocols."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack

import pytest

from gameroom.client import LedgerEngine, Signal, join
from gameroom.lockstep.packets import Failed
from gameroom.wire import JSON, MSGPACK
from tests.client.running import RunningServer, reach, start


class Broken(LedgerEngine):
    """At turn 10 it gives, or raises, what it is told to."""

    def __init__(self, gives: object) -> None:
        super().__init__()
        self.gives = gives

    def step(self, generation, iterations, commands, states, seats):
        super().step(generation, iterations, commands, states, seats)
        if generation != 10:
            return ()
        if isinstance(self.gives, Exception):
            raise self.gives
        return self.gives


async def later() -> None:
    """What a step must not be."""


@pytest.mark.parametrize("subprotocol", [JSON, MSGPACK])
@pytest.mark.parametrize(
    ("gives", "text"),
    [
        (KeyError("hp"), "KeyError: 'hp'"),
        (7, "TypeError: step() returned int, not a list of signals"),
        (later, "TypeError: step() returned an awaitable: it must return its signals directly"),
    ],
)
async def test_the_others_play_on_and_are_told_why(
    running: RunningServer,
    caplog: pytest.LogCaptureFixture,
    subprotocol: str,
    gives: object,
    text: str,
) -> None:
    engine = Broken(gives() if gives is later else gives)  # type: ignore[operator]
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        ann = await enter(join(running.url, name="ann", subprotocol=subprotocol))
        cat = await enter(join(running.url, name="cat", subprotocol=subprotocol, engine=engine))
        told = asyncio.create_task(anext(e async for e in ann.events() if type(e.body) is Failed))
        with caplog.at_level(logging.WARNING, logger="gameroom.server.host.runner"):
            await start([ann, cat])
            with pytest.raises((KeyError, TypeError)):
                await cat.until(lambda seat: False)
            assert (await told).body == Failed(1, 10, text)
        await reach([ann], 30)
        row = next(row for row in ann.roster.seats if row.name == "cat")
        assert row.failed
    assert f"cat's engine failed at turn 10: {text}" in caplog.text
    assert cat.token not in caplog.text


async def test_a_signal_that_does_not_fit_costs_its_player_nothing(
    running: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Broken([Signal("wonn"), "won"])
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        ann = await enter(join(running.url, name="ann"))
        cat = await enter(join(running.url, name="cat", engine=engine))
        with caplog.at_level(logging.WARNING, logger="gameroom.server.host.runner"):
            await start([ann, cat])
            await reach([ann, cat], 30)
        assert not any(row.failed for row in ann.roster.seats)
        assert not cat.refusals
    fault = "cat's engine raised an invalid signal at turn 10"
    assert f"{fault}: There is no signal `wonn` in this room." in caplog.text
    assert f"{fault}: A str is not a signal." in caplog.text
