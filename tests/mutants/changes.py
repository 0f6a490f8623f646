"""The mutants of one module: its syntax tree with one node changed.

What is never changed: annotations, docstrings, imports, decorators, assertions, `__slots__` and
words for people (a string that contains a space, and every string of a `raise`). A mutant's
key contains the function, the statement and the change, and no line: it survives line moves.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
CALCULATED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
CONDITIONAL = (ast.If, ast.While, ast.IfExp, ast.match_case, ast.comprehension)
STATEMENT_MAX = 90
"""Characters of a statement in a key."""

Make = Callable[[], ast.AST]
Place = tuple[str, int | None]
"""A field of a node, and the position in it when it is a list."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """`first` to `last` are the lines of the statement that contains the change."""

    key: str
    module: str
    line: int
    first: int
    last: int
    tree: Callable[[], ast.Module]


@dataclass(frozen=True, slots=True)
class _Change:
    path: tuple[Place, ...]
    name: str
    make: Make
    node: ast.AST
    statement: ast.AST
    function: str


def mutants(module: str, text: str) -> list[Mutant]:
    """Every mutant of a module, in the order of the text. `module` is its dotted name."""
    tree = ast.parse(text)
    seen: Counter[str] = Counter()
    found = []
    for change in _changes(tree, (), tree, ""):
        statement = _header(change.statement)
        base = " | ".join((module, change.function or "(module)", statement, change.name))
        seen[base] += 1
        key = base if seen[base] == 1 else f"{base} | {seen[base]}"
        key = key.encode("utf-8", "backslashreplace").decode()
        first, last = _lines(change.statement)
        line = getattr(change.node, "lineno", first)
        found.append(Mutant(key, module, line, first, last, _applied(tree, change)))
    return found


def _applied(tree: ast.Module, change: _Change) -> Callable[[], ast.Module]:
    def apply() -> ast.Module:
        changed = copy.deepcopy(tree)
        node: object = changed
        for name, index in change.path[:-1]:
            node = getattr(node, name) if index is None else getattr(node, name)[index]
        name, index = change.path[-1]
        old = getattr(node, name) if index is None else getattr(node, name)[index]
        new = ast.copy_location(change.make(), old)
        if index is None:
            setattr(node, name, new)
        else:
            getattr(node, name)[index] = new
        return ast.fix_missing_locations(changed)

    return apply


def _changes(
    node: ast.AST, path: tuple[Place, ...], statement: ast.AST, function: str
) -> Iterator[_Change]:
    for place, child in _children(node):
        if _left_alone(node, place, child):
            continue
        here = child if isinstance(child, (ast.stmt, ast.match_case)) else statement
        inside = function
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            inside = f"{function}.{child.name}" if function else child.name
        for name, make in _of(child, node, place[0]):
            yield _Change((*path, place), name, make, child, here, function)
        yield from _changes(child, (*path, place), here, inside)


def _children(node: ast.AST) -> Iterator[tuple[Place, ast.AST]]:
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield (name, None), value
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, ast.AST):
                    yield (name, index), item


def _left_alone(parent: ast.AST, place: Place, child: ast.AST) -> bool:
    if place[0] in ("annotation", "returns", "decorator_list", "bases"):
        return True
    if isinstance(child, (ast.Import, ast.ImportFrom, ast.Assert, ast.JoinedStr)):
        return True
    if isinstance(child, ast.Assign):
        names = {target.id for target in child.targets if isinstance(target, ast.Name)}
        return bool(names & {"__slots__", "__all__"}) or _typing(child.value)
    if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
        return True
    return _docstring(child) or (isinstance(parent, ast.Call) and _names_type(parent, place))


def _docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and (isinstance(node.value.value, str) or node.value.value is ...)
    )


def _typing(value: ast.expr) -> bool:
    """Whether this is the right side of a type alias."""
    names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
    if isinstance(value, ast.Subscript):
        return bool(names & {"Callable", "OneOf", "Literal", "Mapping", "dict", "tuple", "list"})
    return _union(value) or (isinstance(value, ast.Call) and bool(names & {"TypeVar", "NewType"}))


def _union(node: ast.AST) -> bool:
    """`A | B` between classes."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)):
        return False
    sides = (node.left, node.right)
    return any(_union(side) or _class_name(side) for side in sides)


def _class_name(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        return _class_name(node.value)
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return (name[:1].isupper() and not name.isupper()) or name in ("int", "str", "bool", "bytes")


def _names_type(call: ast.Call, place: Place) -> bool:
    """The type in `cast(type, value)`, the classes in `isinstance(value, classes)`."""
    name = getattr(call.func, "id", "")
    return (name, place) in (("cast", ("args", 0)), ("isinstance", ("args", 1)))


def _of(node: ast.AST, parent: ast.AST, field: str) -> Iterator[tuple[str, Make]]:
    """What can be made of one node: (what changes, the new node)."""
    if isinstance(node, ast.stmt):
        yield from _of_statement(node)
    elif isinstance(node, ast.expr):
        yield from _of_expression(node, parent)
        if _condition_of(parent, field) and not isinstance(
            node, (ast.Compare, ast.UnaryOp, ast.Constant)
        ):
            yield f"{_short(node)} -> not", lambda: ast.UnaryOp(ast.Not(), copy.deepcopy(node))


def _condition_of(parent: ast.AST, field: str) -> bool:
    return isinstance(parent, CONDITIONAL) and field in ("test", "ifs", "guard")


def _of_statement(node: ast.stmt) -> Iterator[tuple[str, Make]]:
    removed = isinstance(
        node, (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)
    )
    if isinstance(node, ast.Assign):
        removed = not all(isinstance(t, (ast.Name, ast.Tuple)) for t in node.targets)
    if isinstance(node, ast.Return):
        if node.value is None:
            removed = True
        elif not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield "returns None", lambda: ast.Return(ast.Constant(None))
    if removed:
        yield "removed", ast.Pass
    if isinstance(node, ast.AugAssign) and type(node.op) in CALCULATED:
        op = CALCULATED[type(node.op)]
        yield (
            f"{_sign(node.op)}= -> {_sign(op())}=",
            lambda: ast.AugAssign(copy.deepcopy(node.target), op(), copy.deepcopy(node.value)),
        )


def _of_expression(node: ast.expr, parent: ast.AST) -> Iterator[tuple[str, Make]]:
    match node:
        case ast.Compare():
            for at, op in enumerate(node.ops):
                other = COMPARED[type(op)]
                yield (
                    f"{_short(node)}: {_word(op)} -> {_word(other())}",
                    lambda at=at, other=other: _compare(node, at, other()),
                )
        case ast.BoolOp():
            for at, side in enumerate(node.values):
                yield f"without {_short(side)}", lambda at=at: _without(node, at)
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield f"{_short(node)} -> operand", lambda: copy.deepcopy(node.operand)
        case ast.BinOp() if type(node.op) in CALCULATED and not _union(node):
            op = CALCULATED[type(node.op)]
            yield (
                f"{_short(node)}: {_sign(node.op)} -> {_sign(op())}",
                lambda: ast.BinOp(copy.deepcopy(node.left), op(), copy.deepcopy(node.right)),
            )
        case ast.Constant(value=bool(value)):
            yield f"{value} -> {not value}", lambda: ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield f"{value} -> {value + 1}", lambda: ast.Constant(value + 1)
        case ast.Constant(value=str(value)) if " " not in value and not _said(parent):
            yield f"{value!r} -> 'XX{value}'", lambda: ast.Constant("XX" + value)
        case ast.Constant(value=bytes(value)):
            yield f"{value!r} -> b'XX' + it", lambda: ast.Constant(b"XX" + value)
        case ast.Name(id=name) if name in SWAPPED and isinstance(parent, ast.Call):
            yield f"{name} -> {SWAPPED[name]}", lambda: ast.Name(SWAPPED[name], ast.Load())


def _said(parent: ast.AST) -> bool:
    """Whether a string is the text of an exception."""
    name = getattr(getattr(parent, "func", None), "id", "")
    return isinstance(parent, ast.Call) and name.endswith(("Error", "Wrong"))


def _compare(node: ast.Compare, at: int, other: ast.cmpop) -> ast.expr:
    changed = copy.deepcopy(node)
    changed.ops[at] = other
    return changed


def _without(node: ast.BoolOp, at: int) -> ast.expr:
    rest = [copy.deepcopy(value) for place, value in enumerate(node.values) if place != at]
    return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _word(op: ast.cmpop) -> str:
    return ast.unparse(ast.Compare(ast.Name("a"), [op], [ast.Name("b")]))[2:-2]


def _sign(op: ast.operator) -> str:
    return ast.unparse(ast.BinOp(ast.Name("a"), op, ast.Name("b")))[2:-2]


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= STATEMENT_MAX else text[: STATEMENT_MAX - 3] + "..."


def _header(statement: ast.AST) -> str:
    """A statement without the statements inside it, short."""
    if isinstance(statement, ast.Module):
        return ""
    first = ast.unparse(statement).splitlines()
    while first and first[0].startswith("@"):
        first.pop(0)
    return first[0][:STATEMENT_MAX] if first else ""


def _lines(statement: ast.AST) -> tuple[int, int]:
    """The lines of a statement, of a compound one those before its body."""
    if isinstance(statement, ast.match_case):
        first = statement.pattern.lineno
        last = (statement.guard or statement.pattern).end_lineno or first
        return first, last
    first = getattr(statement, "lineno", 1)
    last = getattr(statement, "end_lineno", first) or first
    body = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if isinstance(body, list) and body:
        start = body[0].pattern if isinstance(body[0], ast.match_case) else body[0]
        last = max(first, start.lineno - 1)
    return first, last
