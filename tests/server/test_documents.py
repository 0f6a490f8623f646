"""The published descriptions: made from the table, and true of real traffic."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gameroom.server.http.asyncapi import asyncapi
from gameroom.server.http.openapi import openapi
from gameroom.server.http.routes import SERVER
from gameroom.server.room_api.operations import ROOM
from gameroom.wire import CLOSINGS, SUBPROTOCOLS, event_path
from gameroom.wire.events import EVENTS
from tests.server.table import ENGINE, KEYED, Line, Table, playing
from tests.server.table import ROOM as DUEL
from tests.server.test_snapshots import come
from tests.server.test_turns import move, packet

OPENAPI = openapi()
ASYNCAPI = asyncapi()


def validator(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Draft202012Validator:
    """For one schema of a document, whose references it may use."""
    return Draft202012Validator({"components": document["components"], **schema})


def references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        here: Any = document
        for part in reference.removeprefix("#/").split("/"):
            here = here[part]


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_every_schema_is_one(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_documents_name_every_route_event_and_close_code() -> None:
    paths = OPENAPI["paths"]
    for route in SERVER:
        assert set(paths[route.path]) >= {method.lower() for method in route.methods}
    for route in ROOM:
        if "http" in route.carriers:
            assert route.methods[0].lower() in paths["/rooms/{id}" + route.path]
        assert f"request.{route.name}" in ASYNCAPI["components"]["messages"]
    room = ASYNCAPI["channels"]["room"]
    assert set(room["x-subprotocols"]) == set(SUBPROTOCOLS)
    assert set(room["x-close-codes"]) == {str(code) for code in CLOSINGS}
    ids = [op["operationId"] for path in paths.values() for op in path.values()]
    assert len(ids) == len(set(ids))


def test_the_path_of_an_event_names_what_it_is_about() -> None:
    samples = {
        "turn": (5, 1, 100, 1),
        "refused": (5, ()),
        "failed": (5, 7, "broken"),
        "diverged": (5, (), True),
        "repair": (5, ()),
        "verified": (5, 20, "0" * 64, 9, 0),
    }
    for kind in EVENTS:
        if kind.name in samples:
            told = event_path(kind.body(*samples[kind.name]))
            assert told == re.sub(r"{\w+}", "5", kind.path)
        else:
            assert "{" not in kind.path


def test_the_application_serves_exactly_the_table(table: Table) -> None:
    served = {
        (route.method, route.resource.canonical)
        for route in table.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    said = {
        (method.upper(), path) for path, methods in OPENAPI["paths"].items() for method in methods
    }
    assert served == said


async def test_they_are_served(table: Table) -> None:
    for path, document in (("/openapi.json", OPENAPI), ("/asyncapi.json", ASYNCAPI)):
        response = await table.client.get(path)
        assert response.content_type == "application/json"
        assert await response.json() == json.loads(json.dumps(document))


class Http:
    """Validates every answer of a client against OpenAPI."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.seen: set[tuple[str, str, int]] = set()

    async def __call__(self, method: str, path: str, **how: Any) -> Any:
        template, operation = self._operation(method, path.partition("?")[0])
        if "json" in how and how.pop("valid", True):
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            validator(schema, OPENAPI).validate(how["json"])
        response = await self._table.client.request(method, path, allow_redirects=False, **how)
        self.seen.add((method, template, response.status))
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        described = operation["responses"][str(response.status)]
        if "content" not in described:
            assert not await response.read()
            return None
        kind = response.content_type
        assert kind in described["content"] or "*/*" in described["content"], kind
        if not kind.endswith("json"):
            return await response.read()
        body = await response.json()
        validator(described["content"][kind]["schema"], OPENAPI).validate(body)
        return body

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        """The description of a path, one without parameters before one with."""
        for template in sorted(OPENAPI["paths"], key=lambda one: one.count("{")):
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
                return template, OPENAPI["paths"][template][method.lower()]
        raise AssertionError(path)


async def test_real_traffic_over_http_is_as_described(table: Table) -> None:
    http = Http(table)
    made = await http("POST", "/create", json={"room": DUEL, "engine": {"source": ENGINE}},
                      headers=KEYED)  # fmt: skip
    await http("PUT", "/create", json={"game": "noughts", "seed": 3}, headers=KEYED)
    await http("POST", "/create", json={"game": "noughts"})
    await http("POST", "/create", json={"game": "none"}, headers=KEYED)
    await http("POST", "/create", json={"x": 1}, headers=KEYED, valid=False)
    bad = {"room": DUEL.replace("day", "dya", 1), "engine": {"source": ENGINE}}
    assert (await http("POST", "/create", json=bad, headers=KEYED))["diagnostics"]
    room = f"/rooms/{made['id']}"
    await http("GET", made["join"])
    await http("GET", f"/join?game_id={made['id']}")
    await http("GET", "/join/none")
    ann = await http("POST", f"{room}/players", json={"name": "ann"})
    seat = {"Authorization": f"Bearer {ann['token']}"}
    await http("PUT", f"{room}/players", json={}, headers=seat)
    await http("POST", f"{room}/players", json={"nam": "x"}, valid=False)
    await http("GET", room)
    for path in ("/players/me", "/players", "/setup", "/chart", "/time", "/turns?from=1"):
        await http("GET", room + path, headers=seat)
        await http("GET", room + path)
    await http("PUT", f"{room}/setup/gold", json=400, headers=seat)
    await http("PUT", f"{room}/setup/gold", json=4, headers=seat)
    await http("PATCH", f"{room}/setup", json={"map": "islands"}, headers=seat)
    await http("POST", f"{room}/chat", json={"text": "hello"}, headers=seat)
    await http("PUT", f"{room}/players/me/ready", headers=seat)
    await http("DELETE", f"{room}/players/me/ready", headers=seat)
    await http("PUT", f"{room}/players/me/hidden", headers=seat)
    await http("DELETE", f"{room}/players/me/hidden", headers=seat)
    await http("PUT", f"{room}/players/me/engine", json={"loaded": True}, headers=seat)
    failure = {"kind": "signal", "generation": 0, "text": "`wonn` is no signal of this room"}
    await http("PUT", f"{room}/players/me/failure", json=failure, headers=seat)
    await http("PUT", f"{room}/turns/1", json={"generation": 1}, headers=seat)
    await http("POST", f"{room}/requests/surrender", json={}, headers=seat)
    said = {"sha256": "0" * 64, "size": 2}
    await http("PUT", f"{room}/snapshots/1/hash", json=said, headers=seat)
    await http("PUT", f"{room}/snapshots/1", json=[], headers=seat)
    await http("GET", f"{room}/snapshots/1", headers=seat)
    await http("GET", f"{room}/snapshots/latest", headers=seat)
    await http("GET", f"{room}/chart.svg")
    await http("GET", f"{room}/desyncs", headers=KEYED)
    await http("GET", f"{room}/desyncs/2", headers=KEYED)
    await http("PUT", f"{room}/desyncs/2", json={"generation": 2, "bytes": 3}, headers=seat)
    await http("PUT", f"{room}/desyncs/2/state", json={"units": []}, headers=seat)
    await http("GET", f"{room}/replay", headers=seat)
    await http("GET", f"{room}/replay", headers=KEYED)
    await http("GET", f"{room}/replay")
    await http("GET", "/rooms/none/replay", headers=KEYED)
    await http("GET", f"/replay?room={made['id']}")
    await http("GET", f"/engines/{made['engine']}")
    await http("GET", f"/engines/{'0' * 64}")
    await http("GET", "/diagnostics/E0101")
    await http("GET", "/web/kit.js")
    await http("GET", "/livez")
    await http("GET", "/readyz")
    await http("DELETE", f"{room}/players/me", headers=seat)
    await http("DELETE", room, headers=KEYED)
    await http("DELETE", room)
    covered = {(method, template) for method, template, _ in http.seen}
    described = {
        (method.upper(), path) for path, methods in OPENAPI["paths"].items() for method in methods
    }
    assert described - covered == {
        ("GET", "/rooms/{id}/socket"), ("GET", "/openapi.json"), ("GET", "/asyncapi.json")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/players/me/ready", None),
        ("POST", "/chat", {"text": "hello"}),
        ("PUT", "/turns/2", {"generation": 2}),
        ("PATCH", "/setup", {"gold": 400}),
        ("DELETE", "/players/me", None),
        ("GET", "/turns", None),
        ("GET", "/players", None),
    ],
)
async def test_what_an_ended_room_answers_is_described(
    table: Table, method: str, path: str, body: object
) -> None:
    http = Http(table)
    made = await table.create(room=DUEL, engine={"source": ENGINE})
    ann = await table.join(made["id"], "ann")
    room, seat = f"/rooms/{made['id']}", {"Authorization": f"Bearer {ann.token}"}
    await http("PUT", f"{room}/players/me/ready", headers=seat)
    await http("PUT", f"{room}/players/me/engine", json={"loaded": True}, headers=seat)
    line = await come(ann)
    assert (await line.ask("POST", "/requests/surrender", {}))["status"] == 202
    await line.until("ended")
    assert table.lobby.rooms.running[made["id"]].room.over
    await http(method, room + path, headers=seat, **({} if body is None else {"json": body}))


class Described(Line):
    """A line whose every frame, both ways, is validated against AsyncAPI."""

    async def send(self, **frame: object) -> None:
        check(frame)
        await super().send(**frame)

    async def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        frame = {"id": 1, "method": method, "path": path}
        name = check(frame if body is None else {**frame, "body": body})
        said = await super().ask(method, path, body)
        answer = name.replace("request.", "response.") if said["status"] < 400 else None
        payload(answer or "response.problem").validate(said)
        return said

    async def receive(self) -> dict[str, Any]:
        got = await super().receive()
        if "event" in got:
            payload(f"event.{got['event']}").validate(got)
        return got


def payload(message: str) -> Draft202012Validator:
    return validator(ASYNCAPI["components"]["messages"][message]["payload"], ASYNCAPI)


def check(frame: Mapping[str, object]) -> str:
    """The one request that this frame is."""
    names = [name for name in ASYNCAPI["components"]["messages"] if name.startswith("request.")]
    found = [name for name in names if payload(name).is_valid(frame)]
    assert len(found) == 1, (frame, found)
    return found[0]


async def test_real_traffic_over_the_socket_is_as_described(table: Table) -> None:
    made = await table.create()
    people = [await table.join(made["id"], name) for name in ("ann", "bob")]
    lines = []
    for person in people:
        line = Described(await person.socket())
        await line.ask("PUT", "/session", {"token": person.token, "seq": 0})
        lines.append(line)
    ann, bob = lines
    await ann.ask("PUT", "/setup/gold", 512)
    await ann.ask("PATCH", "/setup", {"map": "islands"})
    await ann.ask("PATCH", "/setup", {"map": "moon"})
    await ann.ask("POST", "/chat", {"text": "good luck"})
    await playing_refused(ann, bob)
    await playing(ann, bob)
    for path in ("/players/me", "/players", "/setup", "/chart", "/time", "/turns?from=1"):
        await ann.ask("GET", path)
    await packet(ann, 1, move(1), move(77))
    await packet(bob, 1)
    for line in lines:
        await line.until("turn", generation=1)
    await ann.ask("POST", "/requests/resume")
    await packet(ann, 2, checksum={"generation": 1, "value": 1})
    await packet(bob, 2, checksum={"generation": 1, "value": 2})
    await ann.until("diverged")
    await bob.ask("DELETE", "/players/me")
    told = {event["event"] for line in lines for event in line.events if "event" in event}
    assert told >= {"turn", "roster", "setup", "chart", "refused", "diverged", "chat", "rejected"}


async def playing_refused(ann: Line, bob: Line) -> None:
    """Bob's engine refuses the setup once."""
    for line in (ann, bob):
        await line.ask("PUT", "/players/me/ready")
    await bob.state("setup.starting")
    await bob.ask("PUT", "/players/me/engine", {"refused": ["this map is too small"]})
    refused = await ann.until("refused")
    assert refused["path"] == "/players/1/engine"
    assert refused["body"]["reasons"] == ["this map is too small"]
    for line in (ann, bob):
        await line.state("setup.gathering")
