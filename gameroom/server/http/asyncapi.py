"""The AsyncAPI 3.0 document of a room's socket, made from the same table as OpenAPI.

It describes the JSON subprotocol's frames; the msgpack one carries the same maps, and the
two arrays of docs/wire.md.
"""

from __future__ import annotations

import re
from typing import Any

from gameroom import __version__
from gameroom.server.http import bodies
from gameroom.server.http.routes import EVENTS, ROOM, Route
from gameroom.server.http.schemas import components
from gameroom.wire import CLOSINGS, SUBPROTOCOLS

ID = {"type": "integer", "minimum": 0}
SEQ = {"type": "integer", "minimum": 1}
CHANNEL = "#/channels/room"
GENERATION = "[1-9][0-9]{0,15}"


def asyncapi() -> dict[str, Any]:
    """The whole document as plain values."""
    routes = [route for route in ROOM if "socket" in route.carriers]
    wanted: list[Any] = [bodies.ProblemBody, bodies.RejectionBody]
    wanted += [body for _, _, body, _ in EVENTS]
    for route in routes:
        wanted += [type_ for type_ in (route.input, route.output) if type_ is not None]
    schemas, named = components(wanted)
    found = {id(type_): schema for type_, schema in zip(wanted, schemas, strict=True)}
    messages = {f"request.{route.name}": _request(route, found) for route in routes}
    answers = {f"response.{route.name}": _response(route, found) for route in routes}
    answers["response.problem"] = _problem(found)
    told = {f"event.{name}": _event(name, path, found[id(body)], doc)
            for name, path, body, doc in EVENTS}  # fmt: skip
    told["event.rejected"] = _rejected(found)
    every = messages | answers | told
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "gameroom, a room's socket",
            "version": __version__,
            "description": "Exactly one of method, status and event is in a frame.",
        },
        "channels": {
            "room": {
                "address": "/rooms/{id}/socket",
                "parameters": {"id": {"description": "the room's id"}},
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


def _operations(routes: list[Route], told: dict[str, Any]) -> dict[str, Any]:
    """As the server sees them: it receives requests, and sends events."""
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
        "summary": "What everyone in the room is told, each with the next seq.",
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


def _request(route: Route, found: dict[int, dict[str, Any]]) -> dict[str, Any]:
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


def _response(route: Route, found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    properties = {
        "id": ID,
        "status": {"enum": list(route.statuses)},
        "body": {} if route.output is None else found[id(route.output)],
    }
    return _frame(f"response.{route.name}", f"The answer to `{route.name}`.", properties)


def _problem(found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    properties = {
        "id": ID,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "body": found[id(bodies.ProblemBody)],
    }
    return _frame("response.problem", "The answer to what was refused.", properties, "id")


def _event(name: str, path: str, body: dict[str, Any], doc: str) -> dict[str, Any]:
    properties = {"event": {"const": name}, "seq": SEQ, "path": _path(path), "body": body}
    return _frame(f"event.{name}", doc, properties)


def _rejected(found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    properties = {
        "event": {"const": "rejected"},
        "path": _path("/turns/{refused}"),
        "body": found[id(bodies.RejectionBody)],
    }
    doc = "A command, or a whole packet, was refused; told to its sender alone, with no seq."
    return _frame("event.rejected", doc, properties)
