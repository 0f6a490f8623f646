"""HTTP requests that no client library sends: each is refused, and nothing of ours fails."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.patience import PATIENCE_S
from tests.server.table import KEY, Table, config, served


@pytest.fixture
async def table():
    async with served(config()) as running:
        yield running


async def status(table: Table, head: str, *lines: bytes, body: bytes = b"") -> int:
    """The status of the answer to a request that is written by hand."""
    server = table.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(
        b"\r\n".join((f"{head} HTTP/1.1".encode(), b"Host: x", b"Connection: close", *lines))
    )
    writer.write(b"\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    writer.close()
    return int(answer.split(b" ", 2)[1])


NO_TEXT = b"\xff\xfe"
JSON_BODY = b"Content-Type: application/json"


@pytest.mark.parametrize(
    ("head", "lines", "expected"),
    [
        ("POST /create", (b"Authorization: Bearer " + NO_TEXT, JSON_BODY), 401),
        ("DELETE /rooms/{id}", (b"Authorization: Bearer " + NO_TEXT,), 401),
        ("GET /rooms/{id}/desyncs", (b"Authorization: Bearer " + NO_TEXT,), 401),
        ("GET /rooms/{id}/replay", (b"Authorization: Bearer " + NO_TEXT,), 401),
        ("GET /rooms/{id}/setup", (b"Authorization: Bearer " + NO_TEXT,), 401),
        ("GET /rooms/{id}/setup", (b"Cookie: gameroom_0=" + NO_TEXT,), 401),
        ("GET /rooms/{id}", (b"Origin: " + NO_TEXT,), 403),
        ("POST /create", (b"Expect: " + NO_TEXT,), 400),
        ("POST /rooms/{id}/players", (b"Content-Type: " + NO_TEXT,), 415),
        ("POST /rooms/{id}/players", (JSON_BODY, b"Content-Encoding: gzip"), 400),
        ("GET /join/{id}", (b"Accept: " + NO_TEXT,), 200),
        (
            "GET /rooms/{id}/socket",
            (
                b"Upgrade: websocket",
                b"Connection: Upgrade",
                b"Sec-WebSocket-Version: 13",
                b"Sec-WebSocket-Protocol: gameroom.v1.json",
                b"Sec-WebSocket-Key: " + NO_TEXT,
            ),
            400,
        ),
    ],
)
async def test_headers_of_any_bytes_are_answered(
    table: Table,
    head: str,
    lines: tuple[bytes, ...],
    expected: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = await table.create()
    body = b"{}" if not head.startswith("GET") else b""
    with caplog.at_level(logging.ERROR):
        assert await status(table, head.format(id=made["id"]), *lines, body=body) == expected
    assert not [one for one in caplog.records if one.name.startswith("gameroom")]


async def test_what_waits_for_100_continue_is_answered_so(table: Table) -> None:
    key = f"Authorization: Bearer {KEY}".encode()
    lines = (key, JSON_BODY, b"Expect: 100-continue")
    assert await status(table, "POST /create", *lines, body=b"{}") == 100
