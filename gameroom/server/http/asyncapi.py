"""The AsyncAPI 3.0 document of a room's socket, generated from the same table as OpenAPI.

It describes the frames of the JSON subprotocol. The msgpack subprotocol has the same maps, and in
addition the two arrays of docs/wire.md.
"""

from __future__ import annotations

import re
from typing import Any

from gameroom import __version__
from gameroom.server import bodies
from gameroom.server.http.schemas import components
from gameroom.server.room_api.operations import ROOM
from gameroom.server.room_api.route import Route
from gameroom.wire import CLOSINGS, SUBPROTOCOLS
from gameroom.wire.events import EVENTS, EventKind

ID = {"type": "integer", "minimum": 0}
SEQ = {"type": "integer", "minimum": 1}
CHANNEL = "#/channels/room"
GENERATION = "[1-9][0-9]{0,15}"


def asyncapi() -> dict[str, Any]:
    """The whole document as plain values."""
    routes: list[Route[object]] = [route for route in ROOM if "socket" in route.carriers]
    wanted: list[Any] = [bodies.ProblemBody, bodies.RejectionBody]
    wanted += [kind.body for kind in EVENTS]
    for route in routes:
        wanted += [type_ for type_ in (route.input, route.output) if type_ is not None]
    schemas, named = components(wanted)
    found = {id(type_): schema for type_, schema in zip(wanted, schemas, strict=True)}
    messages = {f"request.{route.name}": _request(route, found) for route in routes}
    answers = {f"response.{route.name}": _response(route, found) for route in routes}
    answers["response.problem"] = _problem(found)
    told = {f"event.{kind.name}": _event(kind, found[id(kind.body)]) for kind in EVENTS}
    told["event.rejected"] = _rejected(found)
    every = messages | answers | told
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "gameroom: the socket of a room",
            "version": __version__,
            "description": "A frame contains exactly one of `method`, `status` and `event`.",
        },
        "channels": {
            "room": {
                "address": "/rooms/{id}/socket",
                "parameters": {"id": {"description": "The id of the room."}},
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in every},
                "bindings": {"ws": {"method": "GET"}},
                "x-subprotocols": list(SUBPROTOCOLS),
                "x-close-codes": {
                    str(code): {"meaning": row.meaning, "again": row.again}
                    for code, row in CLOSINGS.items()
                },
            }
        },
        "operations": _operations(routes, told),
        "components": {"schemas": named, "messages": every},
    }


def _operations(routes: list[Route[object]], told: dict[str, Any]) -> dict[str, Any]:
    """The operations from the server's view: it receives requests and sends events."""
    operations: dict[str, Any] = {}
    for route in routes:
        operations[route.name] = {
            "action": "receive",
            "channel": {"$ref": CHANNEL},
            "summary": route.doc,
            "messages": [{"$ref": f"{CHANNEL}/messages/request.{route.name}"}],
            "reply": {
                "channel": {"$ref": CHANNEL},
                "messages": [
                    {"$ref": f"{CHANNEL}/messages/response.{route.name}"},
                    {"$ref": f"{CHANNEL}/messages/response.problem"},
                ],
            },
        }
    operations["events"] = {
        "action": "send",
        "channel": {"$ref": CHANNEL},
        "summary": "The events that everyone in the room receives, each with the next `seq`.",
        "messages": [{"$ref": f"{CHANNEL}/messages/{name}"} for name in told],
    }
    return operations


def _frame(name: str, summary: str, properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    return {
        "name": name,
        "summary": summary,
        "contentType": "application/json",
        "payload": {
            "type": "object",
            "properties": properties,
            "required": [key for key in properties if key not in optional],
            "additionalProperties": False,
        },
    }


def _path(template: str) -> dict[str, Any]:
    if "{" not in template:
        return {"const": template}
    pattern = template.replace("{generation}", GENERATION)
    pattern = re.sub(r"{\w+}", "[^/]+", pattern)
    return {"type": "string", "pattern": f"^{pattern}$"}


def _request(route: Route[object], found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    path = _path(route.path)
    if route.query:
        path = {"type": "string", "pattern": f"^{route.path}(\\?.*)?$"}
    properties: dict[str, Any] = {
        "id": ID,
        "method": {"enum": list(route.methods)},
        "path": path,
        "body": {} if route.input is None else found[id(route.input)],
    }
    empty = route.input is None or route.may_be_empty
    optional = ("id", "body") if empty else ("id",)
    return _frame(f"request.{route.name}", route.doc, properties, *optional)


def _response(route: Route[object], found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    properties = {
        "id": ID,
        "status": {"enum": list(route.statuses)},
        "body": {} if route.output is None else found[id(route.output)],
    }
    return _frame(f"response.{route.name}", f"The response to `{route.name}`.", properties)


def _problem(found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    properties = {
        "id": ID,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "body": found[id(bodies.ProblemBody)],
    }
    return _frame("response.problem", "The response to a refused request.", properties, "id")


def _event(kind: EventKind, body: dict[str, Any]) -> dict[str, Any]:
    properties = {"event": {"const": kind.name}, "seq": SEQ, "path": _path(kind.path), "body": body}
    return _frame(f"event.{kind.name}", kind.doc, properties)


def _rejected(found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    properties = {
        "event": {"const": "rejected"},
        "path": _path("/turns/{refused}"),
        "body": found[id(bodies.RejectionBody)],
    }
    doc = "A command or a whole packet was refused. Only its sender receives this, without a `seq`."
    return _frame("event.rejected", doc, properties)
