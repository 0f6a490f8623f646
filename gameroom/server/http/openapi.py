"""The OpenAPI 3.1 document, made from the table of routes and the code's types.

A room's routes stand below `/rooms/{id}`; the same ones over the socket are in asyncapi.py.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from gameroom import __version__
from gameroom.model import INT_MAX
from gameroom.server.http import bodies
from gameroom.server.http.routes import ROOM, SERVER, Route
from gameroom.server.http.schemas import components

PARAMETERS = {
    "id": "the room's id",
    "name": "a name that the room file declares",
    "generation": "a generation, from 1 on",
    "sha256": "64 lower-case hexadecimal digits",
    "code": "the code of a diagnostic, such as E0101",
    "file": "a file's path in the web folder",
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
    routes = [(route, route.path) for route in SERVER]
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
            "description": "Rooms for lock-step games. The socket is in /asyncapi.json.",
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
                    "description": "A browser's session; the number is its profile.",
                },
            },
        },
    }


def room_path(route: Route) -> str:
    """Where a room's route is over HTTP."""
    return "/rooms/{id}" + route.path


def _operation(
    route: Route, path: str, method: str, found: dict[int, dict[str, Any]]
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


def _responses(route: Route, found: dict[int, dict[str, Any]]) -> dict[str, Any]:
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
