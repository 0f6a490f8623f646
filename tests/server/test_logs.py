"""What peers do wrong over raw TCP: refused, and logged in a line that quotes nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest

from gameroom.server.peerlog import PeerLog
from gameroom.server.services import SERVICES
from tests.server.leaks import WATCH
from tests.server.table import KEY, KEYED, PATIENCE_S, Table

TOKEN = "t" * 20 + "-0123456789-" + "s" * 11
"""As long as a real one."""


@pytest.fixture(autouse=True)
def everything_is_logged() -> Iterator[None]:
    """At the level that says most, and TOKEN is a secret."""
    loggers = [logging.getLogger(), logging.getLogger("aiohttp"), logging.getLogger("asyncio")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.DEBUG)
    WATCH.secrets |= {TOKEN, KEY}
    yield
    for one, level in zip(loggers, before, strict=True):
        one.setLevel(level)


async def said(table: Table, data: bytes) -> bytes:
    """All that the server says to these bytes until it closes."""
    assert table.client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", table.client.port)
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(), PATIENCE_S)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def request(*lines: bytes, first: bytes = b"GET /livez HTTP/1.1", body: bytes = b"") -> bytes:
    return b"\r\n".join((first, b"Host: a", b"Connection: close", *lines, b"", b"")) + body


SECRET = TOKEN.encode()
JSON_BODY = b"Content-Type: application/json"
UPGRADE = (b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13")

MALFORMED = {
    "header name": request(SECRET + b" x: 1"),
    "header without colon": request(b"Authorization Bearer " + SECRET),
    "header value": request(b"Authorization: Bearer " + SECRET + b"\x00"),
    "header value with newline": request(b"Authorization: Bearer " + SECRET + b"\r"),
    "header twice": request(b"Content-Length: 1", b"Content-Length: 2", b"X: " + SECRET),
    "header too long": request(b"Authorization: Bearer " + SECRET * 300),
    "headers too many": request(*[b"X: " + SECRET] * 300),
    "folded header": request(b"Authorization: Bearer", b" " + SECRET + b"\x01"),
    "create key": request(KEY.encode() + b"\x00: 1", first=b"POST /create HTTP/1.1"),
    "cookie": request(b"Cookie: gameroom_0=" + SECRET + b"\x01"),
    "method": request(first=SECRET + b" / HTTP/1.1"),
    "unknown method": request(b"X: " + SECRET, first=b"BREW / HTTP/1.1"),
    "method with brackets": request(first=b"G{" + SECRET + b"} / HTTP/1.1"),
    "version": request(first=b"GET / HTTP/9." + SECRET),
    "no version": SECRET + b"\r\n\r\n",
    "url": request(first=b"GET http://[" + SECRET + b" HTTP/1.1"),
    "url with a bad port": request(first=b"GET http://a:" + SECRET + b"/ HTTP/1.1"),
    "url with controls": request(first=b"GET /\x01" + SECRET + b" HTTP/1.1"),
    "url too long": request(first=b"GET /" + SECRET * 300 + b" HTTP/1.1"),
    "content length": request(b"Content-Length: " + SECRET),
    "transfer encoding": request(b"Transfer-Encoding: " + SECRET),
    "two hosts": request(b"Host: \xff" + SECRET),
    "host": b"GET / HTTP/1.1\r\nHost: " + SECRET + b"\x00\r\n\r\n",
    "chunk size": request(
        b"Transfer-Encoding: chunked",
        JSON_BODY,
        first=b"POST /rooms/room-1/players HTTP/1.1",
        body=SECRET + b"\r\n",
    ),
    "chunk end": request(
        b"Transfer-Encoding: chunked",
        JSON_BODY,
        first=b"POST /rooms/room-1/players HTTP/1.1",
        body=b"1\r\n{" + SECRET + b"\r\n",
    ),
    "compressed body": request(
        b"Content-Encoding: gzip",
        b"Content-Length: 43",
        JSON_BODY,
        first=b"POST /rooms/room-1/players HTTP/1.1",
        body=SECRET,
    ),
    "chunk after the answer": request(
        b"Transfer-Encoding: chunked", first=b"POST /livez HTTP/1.1", body=SECRET + b"\r\n"
    ),
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + SECRET,
    "expect in another encoding": request(b"Expect: \xff" + SECRET),
    "expect of nothing": request(b"Expect: \xff" + SECRET, first=b"GET /nowhere HTTP/1.1"),
    "path in another encoding": request(first=b"GET /nowhere/\xff HTTP/1.1"),
    "second request": request() + request(SECRET + b" x: 1"),
}
"""aiohttp calls these not HTTP."""

UNUSUAL = {
    "cookie without name": request(b"Cookie: =" + SECRET + b"; ;;gameroom_0"),
    "cookie name": request(b"Cookie: " + SECRET + b'@[]="' + SECRET),
    "authorization": request(b"Authorization: " + SECRET + b" " + SECRET),
    "two authorizations": request(*[b"Authorization: Bearer " + SECRET] * 2),
    "url": request(
        first=b"GET /rooms/" + SECRET + b"/" + SECRET + b"?token=" + SECRET + b" HTTP/1.1"
    ),
    "url with bad escapes": request(first=b"GET /rooms/%ff%zz" + SECRET + b" HTTP/1.1"),
    "method": request(first=b"PROPFIND /livez HTTP/1.1"),
    "upgrade without key": request(
        *UPGRADE, b"Cookie: gameroom_0=" + SECRET, first=b"GET /rooms/room-1/socket HTTP/1.1"
    ),
    "upgrade with a bad key": request(
        *UPGRADE,
        b"Sec-WebSocket-Protocol: gameroom.v1.json",
        b"Sec-WebSocket-Key: " + SECRET,
        first=b"GET /rooms/room-1/socket HTTP/1.1",
    ),
    "upgrade to another protocol": request(
        *UPGRADE, b"Sec-WebSocket-Protocol: " + SECRET, first=b"GET /rooms/room-1/socket HTTP/1.1"
    ),
    "upgrade of a page": request(b"Upgrade: " + SECRET, b"Connection: Upgrade"),
    "forwarded": request(b"X-Forwarded-For: " + SECRET),
    "upgrade in another encoding": request(
        b"Upgrade: websocket\xff" + SECRET,
        *UPGRADE[1:],
        b"Sec-WebSocket-Protocol: gameroom.v1.json",
        first=b"GET /rooms/room-1/socket HTTP/1.1",
    ),
    "key in another encoding": request(
        *UPGRADE,
        b"Sec-WebSocket-Protocol: gameroom.v1.json",
        b"Sec-WebSocket-Key: \xff" + SECRET,
        first=b"GET /rooms/room-1/socket HTTP/1.1",
    ),
    "names in another encoding": request(
        b"Cookie: \xff=\xfe; gameroom_0=\xff" + SECRET,
        b"Authorization: Bearer \xff" + SECRET,
        b"Origin: \xff",
        b"X-Forwarded-For: \xff",
        b"Accept: \xff",
        first=b"GET /rooms/%ff/players/me?profile=%ff HTTP/1.1",
    ),
    "expect": request(b"Expect: " + SECRET),
    "range": request(b"Range: bytes=" + SECRET, first=b"GET /web/gameroom.js HTTP/1.1"),
    "date": request(b"If-Modified-Since: " + SECRET, first=b"GET /web/gameroom.js HTTP/1.1"),
    "content type": request(
        b"Content-Type: application/json; charset=" + SECRET,
        b"Content-Length: 2",
        first=b"POST /rooms/room-1/players HTTP/1.1",
        body=b"{}",
    ),
}


@pytest.mark.parametrize("how", ["message", "argument", "traceback", "other output"])
def test_a_secret_in_a_log_is_found(how: str) -> None:
    log = logging.getLogger("somebody")
    more = [f"printed {TOKEN}"] if how == "other output" else []
    if how == "message":
        log.error("a header like Cookie: gameroom_0=" + TOKEN)
    elif how == "argument":
        log.warning("%r is not a header", SECRET)
    elif how == "traceback":
        try:
            raise ValueError(TOKEN)
        except ValueError:
            log.exception("a fault")
    with pytest.raises(AssertionError, match="secrets in the log"):
        WATCH.check(*more)
    WATCH.begin()


@pytest.mark.parametrize("kind", MALFORMED)
async def test_what_is_not_http_is_a_line_that_quotes_nothing(
    table: Table, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    await table.create()
    answer = await said(table, MALFORMED[kind])
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) <= 1, "one line"
    assert all(record.exc_info is None for record in caplog.records), "and no traceback"
    assert SECRET not in answer
    assert b"HTTP/1.1 5" not in answer
    for name in (b"aiohttp", b"Python", b"/3."):
        assert name not in answer
    WATCH.check()


@pytest.mark.parametrize("kind", UNUSUAL)
async def test_what_is_unusual_is_answered_and_not_logged(
    table: Table, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    await table.create()
    answer = await said(table, UNUSUAL[kind])
    assert answer.startswith(b"HTTP/1.1 ")
    assert answer[9:10] != b"5"
    assert b"\r\nServer: gameroom\r\n" in answer
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert all(record.exc_info is None for record in caplog.records)
    WATCH.check()


async def test_bad_requests_are_answered_as_problems(table: Table) -> None:
    answer = await said(table, MALFORMED["header name"])
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"\r\nServer: gameroom\r\n" in head
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in head
    assert b"application/problem+json" in head
    assert b'"code":"bad_request"' in body


@pytest.mark.parametrize("path", ["/livez", "/nowhere", "/rooms/none", "/web/gameroom.js"])
async def test_no_answer_names_a_version(table: Table, path: str) -> None:
    response = await table.client.get(path)
    assert response.headers["Server"] == "gameroom"
    assert not [value for value in response.headers.values() if "aiohttp" in value]


async def test_a_socket_names_no_version(table: Table) -> None:
    made = await table.create()
    ws = await (await table.join(made["id"], "ann")).socket()
    assert ws._response.headers["Server"] == "gameroom"


@pytest.mark.parametrize(
    "part", [b"", b'{"na', b'{"name":"ann"', b"1\r\n{\r\n"], ids=["none", "some", "most", "chunk"]
)
@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
async def test_leaving_during_a_slow_body_is_nobodys_fault(
    table: Table, part: bytes, reset: bool, caplog: pytest.LogCaptureFixture
) -> None:
    await table.create()
    coded = b"Transfer-Encoding: chunked" if b"\r" in part else b"Content-Length: 100"
    assert table.client.port is not None
    _, writer = await asyncio.open_connection("127.0.0.1", table.client.port)
    writer.write(request(coded, JSON_BODY, first=b"POST /rooms/room-1/players HTTP/1.1", body=part))
    await until_handled(table)
    if reset:
        writer.transport.abort()
    else:
        writer.write_eof()
    await until_handled(table, 0)
    assert not caplog.records or all(r.levelno < logging.WARNING for r in caplog.records)
    writer.close()


@pytest.mark.parametrize("ending", ["leaves", "room ends"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "players/me"),
        ("GET", "turns"),
        ("GET", "snapshots/latest"),
        ("PATCH", "setup"),
        ("PUT", "players/me/ready"),
        ("PUT", "turns/1"),
        ("POST", "chat"),
        ("DELETE", "players/me"),
    ],
)
async def test_whoever_leaves_the_room_during_a_slow_body_is_refused(
    table: Table, method: str, path: str, ending: str
) -> None:
    made = await table.create()
    ann, _ = await table.join(made["id"], "ann"), await table.join(made["id"], "bob")
    assert table.client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", table.client.port)
    bearer = b"Authorization: Bearer " + ann.token.encode()
    first = f"{method} /rooms/{made['id']}/{path} HTTP/1.1".encode()
    writer.write(request(bearer, JSON_BODY, b"Content-Length: 2", first=first))
    await until_handled(table)
    if ending == "leaves":
        headers = {"Authorization": f"Bearer {ann.token}"}
        left = await table.client.delete(f"/rooms/{made['id']}/players/me", headers=headers)
    else:
        left = await table.client.delete(f"/rooms/{made['id']}", headers=KEYED)
    assert left.status == 204
    writer.write(b"{}")
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    assert answer.startswith(b"HTTP/1.1 401 " if ending == "leaves" else b"HTTP/1.1 404 "), answer
    writer.close()


async def until_handled(table: Table, count: int = 1) -> None:
    """Wait until the server has so many connections besides the client's own, and has seen
    what they sent."""
    async with asyncio.timeout(PATIENCE_S):
        while len(table.app[SERVICES].admission) != count + 1:
            await asyncio.sleep(0)
    await table.client.get("/livez")


class Later:
    """A loop's clock for PeerLog: what is due is called by hand."""

    def __init__(self) -> None:
        self.due: list[tuple[object, ...]] = []

    def call_later(self, delay: float, call: object, *args: object) -> None:
        assert delay == 1.0
        self.due.append((call, *args))

    def second(self) -> None:
        due, self.due = self.due, []
        for call, *args in due:
            call(*args)  # type: ignore[operator]


def test_a_kind_has_one_line_a_second_with_the_number_of_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = Later()
    log = PeerLog(logging.getLogger("test"), loop)  # type: ignore[arg-type]
    for _ in range(1000):
        log.note("bad", "1.2.3.4")
    log.note("worse", "")
    assert [record.getMessage() for record in caplog.records] == ["bad (1.2.3.4)", "worse"]
    loop.second()
    assert caplog.records[-1].getMessage() == "bad (1.2.3.4): 999 more in the last second"
    assert len(caplog.records) == 3
    loop.second()
    assert len(caplog.records) == 3
    assert not loop.due, "nothing is kept of what does not come again"
    log.note("bad", "5.6.7.8")
    assert caplog.records[-1].getMessage() == "bad (5.6.7.8)"
