"""What is known of mutants: one JSON object a line in .mutants/PACKAGE.jsonl.

A line is valid while its module is the same, and: for a mutant that was killed, the test that
killed it and the helpers of the tests; for one that survived, all tests. So a new test costs only
those that survived.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from tests.mutants.suite import ROOT

FOLDER = ROOT / ".mutants"

Outcome = Literal["killed", "slow", "crashed", "import", "survived", "unreached", "quick"]
"""killed: by a test; slow: past its bound; crashed: the process died; import: the mutant or the
tests cannot be imported. survived: every test passes; unreached: no test runs the line; quick: it
survived the quick tests, and the long ones have not been tried yet."""

KILLED = ("killed", "slow", "crashed", "import")


@dataclass(frozen=True, slots=True)
class Result:
    """by: the test that killed it. text, tests, helpers, killer: digests of the module, of all
    tests, of their helpers, and of the test `by` with what stands around it in its file."""

    key: str
    outcome: Outcome
    by: str
    seconds: float
    text: str
    tests: str
    helpers: str
    killer: str

    @property
    def killed(self) -> bool:
        return self.outcome in KILLED


class Digests:
    """Digests of the files that results depend on, each read once."""

    def __init__(self, folders: Iterable[str]) -> None:
        given = [ROOT / folder for folder in folders]
        found = {path for folder in given for path in folder.rglob("*.py")}
        found |= {path for path in given if path.is_file()}
        tests = sorted({*found, ROOT / "tests" / "conftest.py"})
        self._files: dict[str, str] = {}
        self._killers: dict[tuple[str, str], str] = {}
        self.tests = self.of(*tests)
        self.helpers = self.of(*(path for path in tests if not path.name.startswith("test_")))

    def of(self, *paths: Path) -> str:
        whole = hashlib.sha256()
        for path in paths:
            if str(path) not in self._files:
                data = path.read_bytes() if path.is_file() else b""
                self._files[str(path)] = hashlib.sha256(data).hexdigest()
            whole.update(self._files[str(path)].encode())
        return whole.hexdigest()[:16]

    def killer(self, by: str) -> str:
        """Of a test by its id, with everything in its file but other tests and imports."""
        file, _, name = by.partition("[")[0].partition("::")
        if (file, name) not in self._killers:
            path = ROOT / file
            text = path.read_text(encoding="utf-8") if by and path.is_file() else ""
            parts = [ast.dump(one) for one in ast.parse(text).body if _counts(one, name)]
            whole = hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace"))
            self._killers[file, name] = whole.hexdigest()[:16]
        return self._killers[file, name]

    def holds(self, result: Result, text: str) -> bool:
        if result.text != text:
            return False
        same = result.helpers == self.helpers and result.killer == self.killer(result.by)
        return result.tests == self.tests or (result.killed and same)


def _counts(statement: ast.stmt, test: str) -> bool:
    """Whether a statement of a test file belongs to this test."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return not statement.name.startswith("test_") or statement.name == test
    return not isinstance(statement, ast.Import | ast.ImportFrom)


class Results:
    """The results of one package. Later lines replace earlier ones."""

    def __init__(self, package: str) -> None:
        self.path = FOLDER / f"{package}.jsonl"
        self.by_key: dict[str, Result] = {}
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            result = Result(**json.loads(line))
        except (ValueError, TypeError):
            return  # The last line of a run that was interrupted.
        self.by_key[result.key] = result

    def add(self, result: Result) -> None:
        self.by_key[result.key] = result
        FOLDER.mkdir(exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")
