"""Checks that a YAML tree has the shape of a room file. Each problem has a span.

The rules are those of `grammars/room.schema.json`, which editors also use. Messages use the
`description`s of that schema. It does not know the meaning of names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from gameroom import resources
from gameroom.language.diagnostics.diagnostic import Problems, name_help, surely
from gameroom.language.yaml.nodes import Entries, Items, Text, Tree, plain, words
from gameroom.model import Span


@cache
def _validator() -> Draft7Validator:
    schema = json.loads(resources.grammar("room.schema.json"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


ROUNDS_MAX = 20
"""How often parts are left out. After that, the node around a part may lack something that it
needs, and so on upwards."""

Path = tuple[str | int, ...]


def fitting(tree: Tree, problems: Problems) -> Entries | None:
    """Return the part of the tree that has the shape of a room file, so that its names and types
    can be checked in the same run. Problems are reported. If the correction of a misspelled key is
    unambiguous, it is used. Everything else that does not fit is left out.

    None if the remaining part cannot be checked.
    """
    for turn in range(ROUNDS_MAX):
        errors = list(_leaves(_validator().iter_errors(plain(tree))))
        for error in errors:
            if turn == 0 or error.validator not in _FOLLOWING:
                _tell(error, tree, problems)
        meant = {path: key for error in errors for path, key in _meant(error, tree)}
        unfit = {path for error in errors for path in _unfit(error, tree)} - set(meant)
        if not meant and not unfit:
            return tree if isinstance(tree, Entries) else None
        remaining = _mended(tree, unfit, meant, (), problems)
        if remaining is None or _is_adrift(remaining, unfit):
            return None
        tree = remaining
    return None


_FOLLOWING = frozenset({"required", "minItems", "minProperties"})
"""Rules that can fail only because a part was left out before."""

_DISPENSABLE = frozenset({(), ("room",)})
"""Maps that are read even if a key is missing: the language version or the room's name."""


def _is_adrift(tree: Tree, unfit: set[Path]) -> bool:
    """Whether a part was left out that may have named the extended room. Then it is unknown which
    names exist."""
    room = _at(tree, ["room"])
    extends = isinstance(room, Entries) and room.get("extends") is not None
    return not extends and any(path[0] == "use" or len(path) <= 2 for path in unfit)


def _meant(error: ValidationError, tree: Tree) -> Iterator[tuple[Path, str]]:
    """Yield the paths of misspelled keys with their unambiguous corrections."""
    path: Path = tuple(error.absolute_path)
    node = _at(tree, list(path))
    if error.validator == "additionalProperties" and isinstance(node, Entries):
        for key in _unknown_keys(error, node):
            meant = surely(key.text, _properties(error)) or _head(key.text, error)
            if meant is not None and node.get(meant) is None:
                yield (*path, key.text), meant


def _unfit(error: ValidationError, tree: Tree) -> Iterator[Path]:
    path: Path = tuple(error.absolute_path)
    node = _at(tree, list(path))
    if error.validator == "additionalProperties" and isinstance(node, Entries):
        yield from ((*path, key.text) for key in _unknown_keys(error, node))
    elif not (error.validator == "required" and path in _DISPENSABLE):
        yield path


def _mended(
    tree: Tree, unfit: set[Path], meant: Mapping[Path, str], here: Path, problems: Problems
) -> Tree | None:
    """Return the tree with corrected keys and without the parts that do not fit. The words of these
    parts are recorded as skipped."""
    if here in unfit:
        problems.suppression.skip(words(tree))
        return None
    match tree:
        case Items():
            kept = (
                _mended(item, unfit, meant, (*here, at), problems)
                for at, item in enumerate(tree.items)
            )
            return Items(tuple(item for item in kept if item is not None), tree.span)
        case Entries():
            entries: dict[str, tuple[Text, Tree]] = {}
            for key, value in tree.entries:
                path = (*here, key.text)
                name = meant.get(path, key.text)
                remaining = _mended(value, unfit, meant, path, problems)
                if remaining is not None and name not in entries:
                    entries[name] = replace(key, text=name), remaining
                else:
                    problems.suppression.skip((*words(key), *words(value)))
            return Entries(tuple(entries.values()), tree.span)
    return tree


def _leaves(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Yield the errors. If a value can have several forms, yield the errors of the form that was
    probably meant."""
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
    """Whether the value has a different YAML type than this form needs."""
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
            "invalid language version" if path else "the language version is missing",
            node.span if path else _start(node),
            help="write `language: 1`",
        )
    elif error.validator == "additionalProperties" and isinstance(node, Entries):
        _tell_keys(error, node, problems)
    else:
        message, help = _message(error)
        problems.error("E0204", message, _key_or(tree, path, node), help=help)


def _message(error: ValidationError) -> tuple[str, str]:
    """Return the message and the help line."""
    told = _described(error)
    if error.validator == "required":
        missing = error.message.split("'")[1]
        return f"`{missing}` is missing", f"write {told}"
    short = _short(told)
    if error.validator in ("minItems", "minProperties"):
        return f"too few entries for {short}", f"write {told}"
    return f"expected {short}", f"write {told}"


def _short(told: str) -> str:
    return re.split(r":|,| with ", told)[0]


def _described(error: ValidationError) -> str:
    said = error.schema.get("description") if isinstance(error.schema, dict) else None
    return str(said or "an allowed value")


def _tell_keys(error: ValidationError, node: Entries, problems: Problems) -> None:
    short = _short(_described(error))
    holder = short if short.startswith("a ") else f"a map of {short}"
    for key in _unknown_keys(error, node):
        if (name := _no_name(key.text, error)) is not None:
            problems.error(
                "E0204", f"`{name[:40]}` is not a valid name", key.span, help=name_help(name)
            )
            continue
        head = _head(key.text, error)
        problems.error(
            "E0204",
            f"`{key.text[:40]}` is not a key of {holder}",
            key.span,
            meant=(key.text, [*_properties(error), *filter(None, [head])])
            if head is None or " " in key.text
            else None,
            help=f"did you mean `{head}`?" if head is not None else None,
        )


_HEADS = ("state", "parallel", "region", "final", "history", "extend", "override")


def _head(key: str, error: ValidationError) -> str | None:
    """Return the head of a state if the key was meant to be one: `state day` for `stat day`, and
    for `day` alone. Otherwise None."""
    *before, name = key.split() or [""]
    if not before and not _fits("x", error):
        before = ["extend", "state"] if "." in name else ["state"]
    if not 1 <= len(before) <= 2:
        return None
    meant = " ".join([*(surely(word, _HEADS) or word for word in before), name])
    return meant if meant != key and _fits(meant, error) else None


def _no_name(key: str, error: ValidationError) -> str | None:
    """Return the part of the key that should be a name, if the rest of the key fits."""
    before, _, name = ("", "", key) if _fits("x", error) else key.rpartition(" ")
    return name if _fits(f"{before} x".lstrip(), error) else None


def _fits(key: str, error: ValidationError) -> bool:
    """Whether the key fits one of the patterns of the map."""
    schema = error.schema
    assert isinstance(schema, dict)
    validator = _validator()
    return any(
        validator.evolve(schema={"pattern": pattern}).is_valid(key)
        for pattern in schema.get("patternProperties", {})
    )


def _properties(error: ValidationError) -> dict[str, object]:
    """Return the fixed keys that the map can have."""
    schema = error.schema
    assert isinstance(schema, dict)
    known: dict[str, object] = schema.get("properties", {})
    return known


def _unknown_keys(error: ValidationError, node: Entries) -> Iterator[Text]:
    known = _properties(error)
    for key, _ in node.entries:
        if key.text not in known and not _fits(key.text, error):
            yield key


def _at(tree: Tree, path: list[str | int]) -> Tree:
    node = tree
    for step in path:
        if isinstance(node, Items) and isinstance(step, int):
            node = node.items[step]
        elif isinstance(node, Entries) and (inner := node.get(str(step))) is not None:
            node = inner
    return node


def _key_or(tree: Tree, path: list[str | int], node: Tree) -> Span:
    """Return the span to report: the scalar, or the key of a map or a list."""
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
