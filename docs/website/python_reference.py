"""The reference of a Python module: its public names, from their source and their docstrings.

Signatures and fields are shown as their source has them, so that defaults and types read as the
author wrote them. Docstrings are Markdown. The rule it keeps: what a later module of MODULES also
offers is described there only.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import zip_longest
from pathlib import Path
from types import ModuleType
from typing import Any

MODULES = ("gameroom", "gameroom.client", "gameroom.pytest_plugin")
WIDTH = 88

_SHOWN = {"classmethod", "staticmethod", "asynccontextmanager", "contextmanager"}
_NAMED = re.compile(r"^([a-z_]+(?:, [a-z_]+)*): ", re.MULTILINE)
_MENTION = re.compile(r"`?\bdocs/([\w/-]+\.md)\b`?")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def reference(module: str) -> str:
    """What a module is, and each of its public names, as Markdown."""
    home = import_module(module)
    later = MODULES[MODULES.index(module) + 1 :]
    elsewhere = {name: one for one in later for name in _public(import_module(one))}
    # What a module knows and which rule it keeps is for people who change it.
    parts = [_prose((inspect.getdoc(home) or "").partition("\n\n")[0])]
    linked = [name for name in _public(home) if name in elsewhere]
    if linked:
        links = (f"[`{name}`](#{_anchor(elsewhere[name], name)})" for name in linked)
        parts.append(f"Also here, and described below: {', '.join(links)}.")
    for name in _public(home):
        if name not in elsewhere:
            parts.append(_described(f"{module}.{name}", getattr(home, name)))
    return "\n\n".join(part for part in parts if part)


def _public(module: ModuleType) -> list[str]:
    """The names that the module exports. What has no `__all__` is for its docstring only."""
    names: list[str] = getattr(module, "__all__", [])
    return sorted((name for name in names if not name.startswith("_")), key=str.lower)


def _anchor(module: str, name: str) -> str:
    return f"{module}.{name}".lower().replace(".", "")


def _described(name: str, value: Any) -> str:
    node = _node(value)
    if isinstance(node, ast.ClassDef):
        return _class(name, value, node)
    return _function(f"### {name}", node)


def _node(value: Any) -> ast.ClassDef | _Function:
    """Where the source defines a class or a function."""
    found = inspect.unwrap(value)
    path = inspect.getsourcefile(found)
    assert path is not None
    for node in ast.parse(Path(path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | _Function) and node.name == found.__name__:
            return node
    raise LookupError(f"{path} does not define {found.__name__}")


def _function(heading: str, node: _Function) -> str:
    return "\n\n".join(
        part
        for part in (
            heading,
            f"```python\n{_signature(node)}\n```",
            _prose(ast.get_docstring(node) or ""),
        )
        if part
    )


def _class(name: str, value: type, node: ast.ClassDef) -> str:
    nodes = [node, *_bases(value)]
    foreign = [
        base.__name__
        for base in value.__mro__[1:-1]
        if not base.__module__.startswith(("gameroom", "typing"))
    ]
    parts = [
        f"### {name}",
        f"```python\n{_outline(nodes)}\n```",
        f"A subclass of `{foreign[0]}`." if foreign else "",
        _prose(ast.get_docstring(node) or ""),
    ]
    plain = []
    for method in _methods(nodes):
        if ast.get_docstring(method):
            parts.append(_function(f"#### {name.rpartition('.')[2]}.{method.name}", method))
        else:
            plain.append(_signature(method))
    if plain:
        parts.append("```python\n{}\n```".format("\n\n".join(plain)))
    return "\n\n".join(part for part in parts if part)


def _bases(value: type) -> list[ast.ClassDef]:
    bases = [base for base in value.__mro__[1:] if base.__module__.startswith("gameroom")]
    return [node for base in bases if isinstance(node := _node(base), ast.ClassDef)]


def _methods(nodes: list[ast.ClassDef]) -> list[_Function]:
    """The public methods that are not properties; what a class overrides is its own."""
    found: dict[str, _Function] = {}
    for node in nodes:
        for method in node.body:
            if isinstance(method, _Function) and method.name[0] != "_" and not _is_field(method):
                found.setdefault(method.name, method)
    return list(found.values())


def _outline(nodes: list[ast.ClassDef]) -> str:
    """The class with the parameters of its constructor, its fields and its properties."""
    lines = []
    given = None
    for node in nodes:
        for statement, after in zip_longest(node.body, node.body[1:]):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                if statement.target.id[0] != "_":
                    lines += [ast.unparse(statement), *_note(after)]
            elif isinstance(statement, _Function) and statement.name == "__init__":
                given = given or statement.args
                lines += list(_assigned(statement))
            elif isinstance(statement, _Function) and _is_field(statement):
                assert statement.returns is not None
                lines.append(f"{statement.name}: {ast.unparse(statement.returns)}")
                lines += _quoted(ast.get_docstring(statement))
    head = f"class {nodes[0].name}" + ("" if given is None else _call(list(_parameters(given))))
    return "\n".join([head, *(f"    {line}".rstrip() for line in lines)])


def _is_field(node: _Function) -> bool:
    """A public property: to a reader it is a field."""
    decorators = [ast.unparse(one) for one in node.decorator_list]
    return node.name[0] != "_" and "property" in decorators


def _assigned(init: _Function) -> Iterator[str]:
    """The public attributes that a constructor declares with a type."""
    for statement, after in zip_longest(init.body, init.body[1:]):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Attribute):
            name = statement.target.attr
            if name[0] != "_":
                yield f"{name}: {ast.unparse(statement.annotation)}"
                yield from _note(after)


def _note(after: ast.stmt | None) -> list[str]:
    """The text below a field."""
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        return _quoted(inspect.cleandoc(str(after.value.value)))
    return []


def _quoted(text: str | None) -> list[str]:
    return f'"""{text}"""'.splitlines() if text else []


def _signature(node: _Function) -> str:
    word = "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"
    decorators = [ast.unparse(one) for one in node.decorator_list]
    shown = "".join(f"@{one}\n" for one in decorators if one in _SHOWN)
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    given = list(_parameters(node.args))
    return f"{shown}{word} {node.name}{_call(given, WIDTH - len(node.name + returned))}{returned}"


def _call(given: list[str], width: int = WIDTH) -> str:
    """Parameters in parentheses: on one line, or on a line each."""
    line = f"({', '.join(given)})"
    if len(line) <= width:
        return line
    return "(\n{})".format("".join(f"    {one},\n" for one in given))


def _parameters(args: ast.arguments) -> Iterator[str]:
    plain = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    for number, (arg, default) in enumerate(zip(plain, defaults, strict=True)):
        if arg.arg not in ("self", "cls"):
            yield _parameter(arg, default)
        if number + 1 == len(args.posonlyargs):
            yield "/"
    if args.vararg:
        yield f"*{_parameter(args.vararg, None)}"
    elif args.kwonlyargs:
        yield "*"
    for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        yield _parameter(arg, default)
    if args.kwarg:
        yield f"**{_parameter(args.kwarg, None)}"


def _parameter(arg: ast.arg, default: ast.expr | None) -> str:
    typed = f"{arg.arg}: {ast.unparse(arg.annotation)}" if arg.annotation else arg.arg
    if default is None:
        return typed
    return f"{typed}{' = ' if arg.annotation else '='}{ast.unparse(default)}"


def _prose(docstring: str) -> str:
    """A docstring as Markdown: no HTML in it, a page that it names is a link, and lines that begin
    with names and a colon are a list."""
    parts = re.split(r"(`[^`]*`)", docstring)
    safe = "".join(part if part.startswith("`") else part.replace("<", r"\<") for part in parts)
    linked = _MENTION.sub(r"[docs/\1](\1)", safe)
    return "\n\n".join(_listed(paragraph) for paragraph in linked.split("\n\n"))


def _listed(paragraph: str) -> str:
    if len(_NAMED.findall(paragraph)) < 2 or not _NAMED.match(paragraph):
        return paragraph
    lines = []
    for line in paragraph.splitlines():
        found = _NAMED.match(line)
        if found is None:
            lines.append(f"  {line}")
        else:
            names = ", ".join(f"`{name}`" for name in found[1].split(", "))
            lines.append(f"- {names}: {line[found.end() :]}")
    return "\n".join(lines)
