"""A mutant put into functions that are imported already.

Only for a statement that no import and no collecting runs: what was made by it at that time
would not be the mutant's. The code of each function that differs is exchanged, in the module's
functions, its methods and its closures alike.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

Name = tuple[str, int]
"""A function's qualified name and its first line."""


class Living:
    """The functions of a package that exist now."""

    def __init__(self, folder: Path) -> None:
        self.functions: dict[tuple[str, Name], list[FunctionType]] = {}
        for found in gc.get_objects():
            if type(found) is FunctionType and found.__code__.co_filename.startswith(str(folder)):
                key = (found.__code__.co_filename, _name(found.__code__))
                self.functions.setdefault(key, []).append(found)

    def exchanges(
        self, file: Path, tree: ast.Module, changed: ast.Module
    ) -> list[tuple[FunctionType, CodeType]] | None:
        """The functions that differ, each with its new code. None if that cannot be done here."""
        old = _codes(tree, file)
        exchanges = []
        for name, code in _codes(changed, file).items():
            if name not in old:
                return None
            if code is None or old[name] is None:
                # Several functions of one name in one line.
                if (str(file), name) in self.functions:
                    return None
            elif code != old[name]:
                for function in self.functions.get((str(file), name), ()):
                    if function.__code__.co_freevars != code.co_freevars:
                        return None
                    exchanges.append((function, code))
        return exchanges or None


def exchange(exchanges: list[tuple[FunctionType, CodeType]]) -> None:
    for function, code in exchanges:
        function.__code__ = code


def _name(code: CodeType) -> Name:
    return code.co_qualname, code.co_firstlineno


def _codes(tree: ast.Module, file: Path) -> dict[Name, CodeType | None]:
    codes: dict[Name, CodeType | None] = {}
    for code in _inside(compile(tree, str(file), "exec", dont_inherit=True)):
        codes[_name(code)] = None if _name(code) in codes else code
    return codes


def _inside(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inside(constant)
