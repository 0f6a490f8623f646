"""The OpenAPI 3.1 document, generated from the table of routes and the code's types.

A room's routes are below `/rooms/{id}`. `asyncapi` describes the same routes for the socket.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from gameroom import __version__
from gameroom.model import INT_MAX
from gameroom.server import bodies
from gameroom.server.http.routes import SERVER
from gameroom.server.http.schemas import components
from gameroom.server.room_api.operations import ROOM
from gameroom.server.room_api.route import Route

PARAMETERS = {
    "id": "The id of the room.",
    "name": "A name that the room file declares.",
    "generation": "A generation; the first is 1.",
    "sha256": "A SHA-256 hash: 64 lower-case hexadecimal digits.",
    "code": "The code of a diagnostic, such as `E0101`.",
    "file": "The path of a file in the web folder.",
}
GENERATION = {"type": "integer", "minimum": 1, "maximum": INT_MAX}
PROBLEM = "application/problem+json"
SECURITY: dict[str, dict[str, Any]] = {
    "open": {},
    "key": {"security": [{"key": []}]},
    "session": {"security": [{"session": []}, {"cookie": []}]},
    "session_or_key": {"security": [{"session": []}, {"cookie": []}, {"key": []}]},
}


def openapi() -> dict[str, Any]:
    """The whole document as plain values."""
    routes: list[tuple[Route[object], str]] = [(route, route.path) for route in SERVER]
    routes += [(route, room_path(route)) for route in ROOM if "http" in route.carriers]
    wanted = [bodies.ProblemBody]
    for route, _ in routes:
        wanted += [type_ for type_ in (route.input, route.output) if type_ is not None]
    schemas, named = components(wanted)
    found = {id(type_): schema for type_, schema in zip(wanted, schemas, strict=True)}
    paths: dict[str, Any] = {}
    for route, path in routes:
        for method in route.methods:
            operation = _operation(route, path, method, found)
            paths.setdefault(path, {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gameroom",
            "version": __version__,
            "description": "A server for lock-step games. The WebSocket is described in "
            "/asyncapi.json.",
        },
        "paths": paths,
        "components": {
            "schemas": named,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A create key."},
                "session": {"type": "http", "scheme": "bearer", "description": "A session token."},
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "gameroom_0",
                    "description": "The session of a browser. The end of the name is the profile.",
                },
            },
        },
    }


def room_path(route: Route[object]) -> str:
    """The path of a room's route over HTTP."""
    return "/rooms/{id}" + route.path


def _operation(
    route: Route[object], path: str, method: str, found: dict[int, dict[str, Any]]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.name}_{method.lower()}" if route.methods[1:] else route.name,
        "summary": route.doc,
        "responses": _responses(route, found),
    }
    parameters = [
        _parameter(name, "path", PARAMETERS[name]) for name in re.findall(r"{(\w+)}", path)
    ] + [_parameter(name, "query", doc) for name, doc in route.query.items()]
    if parameters:
        operation["parameters"] = parameters
    if route.input is not None:
        content = {"application/json": {"schema": found[id(route.input)]}}
        operation["requestBody"] = {"required": not route.may_be_empty, "content": content}
    operation |= SECURITY[route.entry]
    return operation


def _parameter(name: str, place: str, doc: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": doc,
        "schema": GENERATION if name == "generation" else {"type": "string"},
    }


def _responses(route: Route[object], found: dict[int, dict[str, Any]]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status in route.statuses:
        response: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if status not in (101, 204):
            schema = {} if route.output is None else found[id(route.output)]
            response["content"] = {route.media: {"schema": schema}}
        responses[str(status)] = response
    problem = {PROBLEM: {"schema": found[id(bodies.ProblemBody)]}}
    for status in route.problems:
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    return responses
