"""Routes, and how to find the route for a path.

HTTP's resources, the socket's dispatch, OpenAPI and AsyncAPI are all generated from the tables of
routes (`operations.py` here, `http/routes.py`), so that they always agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

Do = TypeVar("Do", covariant=True)
Carrier = Literal["http", "socket"]
BOTH: frozenset[Carrier] = frozenset(("http", "socket"))
HTTP: frozenset[Carrier] = frozenset(("http",))
SOCKET: frozenset[Carrier] = frozenset(("socket",))

OWN_TYPES = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[Do]):
    """One resource and the methods that have the same meaning for it.

    do: the function that answers. input, output: the types of the bodies, None for no body.
    statuses: the statuses on success. problems: the statuses of refusals.
    query: the parameters of the query string and their descriptions.
    entry: the required authentication: none, a create key, a session in the room, or either.
    media: the media type of the output. may_be_empty: whether the body can be omitted.
    """

    name: str
    methods: tuple[str, ...]
    path: str
    doc: str
    do: Do
    input: Any = None
    output: Any = None
    statuses: tuple[int, ...] = (200,)
    problems: tuple[int, ...] = ()
    carriers: frozenset[Carrier] = HTTP
    query: Mapping[str, str] = field(default_factory=dict)
    entry: Literal["open", "key", "session", "session_or_key"] = "open"
    media: str = OWN_TYPES
    may_be_empty: bool = False


class Table(Generic[Do]):
    """Finds a route by method and path, without regular expressions."""

    def __init__(self, routes: tuple[Route[Do], ...]) -> None:
        self._by_size: dict[int, list[tuple[tuple[str, ...], dict[str, Route[Do]]]]] = {}
        for route in routes:
            parts = tuple(route.path.split("/"))
            rows = self._by_size.setdefault(len(parts), [])
            methods = next((row[1] for row in rows if row[0] == parts), None)
            if methods is None:
                rows.append((parts, methods := {}))
            for method in route.methods:
                assert method not in methods, f"{method} {route.path} stands twice"
                methods[method] = route

    def find(self, method: str, path: str) -> tuple[Route[Do], dict[str, str]] | Literal[404, 405]:
        """The route and its parameters, or the status 404 (unknown path) or 405 (wrong method)."""
        said = path.split("/")
        found = False
        for parts, methods in self._by_size.get(len(said), ()):
            given: dict[str, str] = {}
            for part, word in zip(parts, said, strict=True):
                if part.startswith("{"):
                    given[part[1:-1]] = word
                elif part != word:
                    break
            else:
                route = methods.get(method)
                if route is not None:
                    return route, given
                found = True
        return 405 if found else 404
