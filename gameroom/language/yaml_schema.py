"""Does a YAML tree have the shape of a room file? Each answer with the span it is about.

The rules are `grammars/room.schema.json`, the same that editors use; the words for a
reader are the `description`s of that schema. It knows nothing of what names mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from gameroom import resources
from gameroom.language.diagnostics import Problems
from gameroom.language.yaml_nodes import Entries, Items, Text, Tree, plain
from gameroom.model import Span


@cache
def _validator() -> Draft7Validator:
    schema = json.loads(resources.grammar("room.schema.json"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def fits(tree: Tree, problems: Problems) -> bool:
    """True where the tree has the shape; what is wrong is told."""
    errors = list(_leaves(_validator().iter_errors(plain(tree))))
    for error in errors:
        _tell(error, tree, problems)
    return not errors


def _leaves(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Of several ways to write a thing, the errors of the one that was probably meant."""
    for error in errors:
        if error.validator != "anyOf":
            yield error
            continue
        ways: dict[object, list[ValidationError]] = {}
        for inner in error.context or ():
            ways.setdefault(inner.schema_path[0], []).append(inner)
        meant = next((way for way in ways.values() if not any(map(_is_other_kind, way))), None)
        if meant is None:
            yield error
        else:
            yield from _leaves(meant)


def _is_other_kind(error: ValidationError) -> bool:
    """The value is of another kind of YAML altogether than this way asks for."""
    if error.path:
        return False
    if error.validator == "anyOf":
        return all(map(_is_other_kind, error.context or ()))
    return error.validator == "type"


def _tell(error: ValidationError, tree: Tree, problems: Problems) -> None:
    path = list(error.absolute_path)
    node = _at(tree, path)
    if path == ["language"] or (not path and error.validator == "required"):
        problems.error(
            "E0110",
            "a room file says its language version",
            node.span if path else _start(node),
            help="write `language: 1`",
        )
    elif error.validator == "additionalProperties" and isinstance(node, Entries):
        _tell_keys(error, node, problems)
    else:
        problems.error("E0204", _message(error), _key_or(tree, path, node))


def _message(error: ValidationError) -> str:
    if error.validator == "required":
        missing = error.message.split("'")[1]
        return f"`{missing}` is missing; this is {_described(error)}"
    if error.validator in ("minItems", "minProperties"):
        return f"this is too little for {_described(error)}"
    return f"this is not {_described(error)}"


def _described(error: ValidationError) -> str:
    said = error.schema.get("description") if isinstance(error.schema, dict) else None
    return str(said or "what may stand here")


def _tell_keys(error: ValidationError, node: Entries, problems: Problems) -> None:
    schema = error.schema
    assert isinstance(schema, dict)
    known = schema.get("properties", {})
    patterns = schema.get("patternProperties", {})
    validator = _validator()
    for key, _ in node.entries:
        if key.text in known or any(
            validator.evolve(schema={"pattern": pattern}).is_valid(key.text) for pattern in patterns
        ):
            continue
        problems.error(
            "E0204",
            f"the key `{key.text[:40]}` does not fit here: {_described(error)}",
            key.span,
            meant=(key.text, known),
        )


def _at(tree: Tree, path: list[str | int]) -> Tree:
    node = tree
    for step in path:
        if isinstance(node, Items) and isinstance(step, int):
            node = node.items[step]
        elif isinstance(node, Entries) and (inner := node.get(str(step))) is not None:
            node = inner
    return node


def _key_or(tree: Tree, path: list[str | int], node: Tree) -> Span:
    """A scalar is pointed at itself; of a map or a list its key tells more."""
    if isinstance(node, Text) and node.text:
        return node.span
    if path and isinstance(holder := _at(tree, path[:-1]), Entries):
        key = holder.key(str(path[-1]))
        if key is not None:
            return key.span
    return _start(node)


def _start(node: Tree) -> Span:
    span = node.span
    return Span(span.file, span.line, span.column, span.line, span.column + 1)
