"""A whole game of noughts from the written protocol (docs/wire.md) alone.

No client code of ours and no library of others: a plain socket, the WebSocket frames of
RFC 6455 by hand, the JSON subprotocol. What this test needs to know is what somebody
needs who writes a client in another language.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import socket
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.patience import PATIENCE_S
from tests.server.leaks import WATCH
from tests.server.process import KEY, Process, serving

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))


class Socket:
    """One WebSocket, client side: RFC 6455 sections 4 and 5, no extensions."""

    def __init__(self, port: int, path: str, subprotocol: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {subprotocol}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        status, *lines = head.decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        assert status.split()[1] == "101", head
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert headers["sec-websocket-accept"] == accept
        assert headers["sec-websocket-protocol"] == subprotocol
        assert "sec-websocket-extensions" not in headers

    def send(self, frame: dict[str, Any]) -> None:
        self._write(0x1, json.dumps(frame).encode())

    def receive(self) -> dict[str, Any] | int:
        """The next frame as JSON, or the code with which the socket was closed."""
        while True:
            opcode, payload = self._read()
            if opcode == 0x1:
                got: dict[str, Any] = json.loads(payload)
                return got
            if opcode == 0x9:
                self._write(0xA, payload)
            elif opcode == 0x8:
                self._write(0x8, payload[:2])
                return int(struct.unpack("!H", payload[:2])[0])

    def close(self) -> None:
        self._socket.close()

    def _write(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self._socket.sendall(bytes([0x80 | opcode]) + length + mask + masked)

    def _read(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        assert first & 0x80, "the server does not fragment"
        assert not second & 0x80, "a server does not mask"
        size = second
        if size == 126:
            size = struct.unpack("!H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._take(8))[0]
        return first & 0x0F, self._take(size)

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _fill(self) -> None:
        data = self._socket.recv(65_536)
        assert data, "the server hung up"
        self._buffer += data


class Board:
    """The engine: the same board comes of the same commands."""

    def __init__(self) -> None:
        self.cells = [""] * 9
        self.turn = "x"
        self.winner = ""

    def step(self, commands: list[dict[str, Any]], states: list[str]) -> list[dict[str, Any]]:
        """Run one generation; the signals that it raises."""
        if "running.iterating.dealing" in states:
            self.__init__()  # type: ignore[misc]  # a new board
        for row in commands:
            mark = "xo"[row["seat"]]
            for command in row["commands"]:
                cell = command["body"]["cell"]
                if self.winner or mark != self.turn or self.cells[cell]:
                    continue
                self.cells[cell] = mark
                self.turn = "o" if mark == "x" else "x"
                if any(all(self.cells[i] == mark for i in line) for line in LINES):
                    self.winner = mark
                    return [{"name": "won", "body": {"winner": mark}}]
        return []

    def checksum(self) -> int:
        return zlib.crc32(json.dumps([self.cells, self.turn, self.winner]).encode())


class Player:
    """One client that keeps the client's rule of the protocol."""

    def __init__(self, port: int, room: str, token: str, moves: list[int]) -> None:
        path = f"/rooms/{room}/socket"
        self.socket = Socket(port, path, "gameroom.v1.json")
        self.board = Board()
        self.states: list[str] = []
        self.settings: dict[str, Any] = {}
        self.generation = 0
        self.seq = 0
        self.agreed: dict[str, int] = {}
        self.ended: dict[str, Any] | None = None
        self.closed: int | None = None
        self._moves = moves
        self._checksum: dict[str, int] | None = None
        self._signals: list[dict[str, Any]] = []
        self._waits: tuple[int, int] | None = None
        self._sent = 0
        self._id = 0
        hello = self.ask("PUT", "/session", {"token": token, "seq": 0})["body"]
        while hello.get("code") == "waking":
            self.socket = Socket(port, path, "gameroom.v1.json")
            hello = self.ask("PUT", "/session", {"token": token, "seq": 0})["body"]
        self.seat = hello["seat"]
        self.ahead = hello["ahead"]

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The answer to a request; what is told before it is taken in."""
        self._id += 1
        self.socket.send({"id": self._id, "method": method, "path": path, "body": body})
        while True:
            got = self.socket.receive()
            assert isinstance(got, dict), got
            if got.get("id") == self._id:
                return got
            self.take(got)

    def take(self, event: dict[str, Any]) -> None:
        """Everything that everyone is told comes once and in order."""
        assert "event" in event, event
        if event["event"] != "rejected":
            assert event["seq"] == self.seq + 1
            self.seq = event["seq"]
        body = event["body"]
        match event["event"]:
            case "setup":
                self.settings = body["settings"]
            case "chart":
                self.states = body["chart"]["states"]
            case "turn":
                self._turn(body)
            case "ended":
                self.ended = body
            case "rejected" | "refused" | "diverged":
                raise AssertionError(event)

    def _turn(self, master: dict[str, Any]) -> None:
        assert master["generation"] == self.generation + 1
        self.generation += 1
        raised = self.board.step(master["commands"], self.states)
        self._signals += [{"generation": self.generation, **one} for one in raised]
        self._checksum = {"generation": self.generation, "value": self.board.checksum()}
        self.ahead = master["ahead"]
        self.agreed = master["checksum"] or self.agreed
        if master["chart"]:
            self.states = master["chart"]["states"]

    def speak(self) -> None:
        """The client's rule: a packet for every generation up to g + ahead, sent once."""
        while "running.iterating" in self.states and self._sent < self.generation + self.ahead:
            self._sent += 1
            packet: dict[str, Any] = {
                "generation": self._sent,
                "commands": self._command(),
                "latency": 1,
                "framerate": 60,
                "signals": self._signals,
                "checksum": self._checksum,
            }
            self._signals = []
            self.socket.send({"method": "PUT", "path": f"/turns/{self._sent}", "body": packet})

    def _command(self) -> list[dict[str, Any]]:
        """Its next mark, once, when the board says that it is its turn."""
        mine = self.board.turn == "xo"[self.seat] and "running.iterating.playing" in self.states
        here = (self.board.cells.count("x"), self.board.cells.count("o"))
        if not mine or not self._moves or self._waits == here:
            return []
        self._waits = here
        return [{"name": "place", "body": {"cell": self._moves.pop(0)}}]

    def listen(self) -> None:
        """Take in one frame."""
        got = self.socket.receive()
        if isinstance(got, int):
            self.closed = got
        else:
            self.take(got)

    def wait(self, state: str) -> None:
        while state not in self.states:
            self.listen()


@pytest.fixture
def server() -> Iterator[Process]:
    with serving() as process:
        yield process


def exchange(
    port: int, method: str, path: str, body: object, token: str = ""
) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, json.dumps(body) if body is not None else None, headers)
    response = connection.getresponse()
    got = json.loads(response.read())
    connection.close()
    if isinstance(got, dict) and "token" in got:
        WATCH.secrets.add(got["token"])
    return response.status, got


def test_a_whole_game_from_the_written_protocol(server: Process) -> None:
    key = KEY.replace(" ", "-")
    wish = {"game": "noughts", "seed": 5, "setup": {"first": "seat order"}}
    status, made = exchange(server.port, "POST", "/create", wish, key)
    assert status == 201
    status, picture = exchange(server.port, "GET", made["join"], None)
    assert status == 200
    assert picture["setup"] == {"first": "seat order"}
    players = []
    for name, moves in (("ann", [0, 1, 2]), ("bob", [3, 4])):
        path = f"/rooms/{made['id']}/players"
        status, place = exchange(server.port, "POST", path, {"name": name})
        assert status == 201
        players.append(Player(server.port, made["id"], place["token"], moves))
    for player in players:
        assert player.ask("PUT", "/players/me/ready")["status"] == 204
    for player in players:
        player.wait("setup.starting")
        assert player.settings == {"first": "seat order"}
    for player in players:
        assert player.ask("PUT", "/players/me/engine", {"loaded": True})["status"] == 204
    for player in players:
        player.wait("running.iterating")

    play_until(players, "running.iterating.over")
    assert players[0].board.cells == ["x", "x", "x", "o", "o", "", "", "", ""]
    assert [player.board.winner for player in players] == ["x", "x"]
    assert players[0].generation == players[1].generation
    assert players[0].agreed == players[1].agreed
    assert players[0].agreed["generation"] > 0, "both engines agreed on what happened"

    assert players[1].ask("POST", "/requests/rematch", {"choice": "enough"})["status"] == 202
    while not all(player.ended for player in players):
        for player in players:
            player.speak()
        for player in players:
            if not player.ended:
                player.listen()
    for player in players:
        while player.closed is None:
            player.listen()
        assert player.closed == 4102
        assert player.ended is not None
        assert player.ended["because"] == "somebody has had enough"
        player.socket.close()


def play_until(players: list[Player], state: str) -> None:
    """Everybody speaks, everybody hears the next turn."""
    while not all(state in player.states for player in players):
        for player in players:
            player.speak()
        heard = [player.generation for player in players]
        for player, before in zip(players, heard, strict=True):
            while player.generation == before:
                player.listen()
        assert players[0].generation < 500, "this game ends soon"
