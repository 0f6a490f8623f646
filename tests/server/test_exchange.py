"""What leaves the handlers by an exception."""

import logging

import pytest
from aiohttp import ClientConnectionResetError, ClientError, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from gameroom.server.http.exchange import refusals


async def test_somebody_who_went_away_is_no_fault_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        raise ClientConnectionResetError("Cannot write to closing transport")

    app = web.Application(middlewares=[refusals])
    app.router.add_get("/rooms/x/socket", handler)
    with caplog.at_level(logging.WARNING):
        async with TestClient(TestServer(app)) as client:
            with pytest.raises(ClientError):
                await client.get("/rooms/x/socket")
    assert not caplog.records


async def test_a_fault_of_ours_is_logged_and_told_as_such(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        raise RuntimeError("a bug")

    response = await refusals(make_mocked_request("GET", "/rooms/x"), handler)
    assert response.status == 500
    assert "internal error" in caplog.text
