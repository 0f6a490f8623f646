"""A mutant in functions that exist, in an import, and what is known of mutants afterwards."""

from __future__ import annotations

import ast
import importlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutants import importing, suite
from tests.mutants.changes import Mutant, mutants
from tests.mutants.living import Living, exchange
from tests.mutants.results import Digests, Result
from tests.mutants.suite import Reach, Write

TEXT = """
LIMIT = 3

def is_within(number):
    return number < LIMIT

def counter(step):
    def count(number):
        return number + step
    return count

BY_TWO = counter(2)

class Box:
    @property
    def size(self):
        return self.width * 2
"""


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "mutated_sample.py"
    file.write_text(TEXT, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    yield file
    sys.modules.pop("mutated_sample", None)


def mutant(change: str) -> Mutant:
    (found,) = [one for one in mutants("mutated_sample", TEXT) if change in one.key]
    return found


def imported() -> ModuleType:
    return importlib.import_module("mutated_sample")


def exchanged(file: Path, change: str) -> ModuleType:
    module = imported()
    found = Living(file.parent).exchanges(file, ast.parse(TEXT), mutant(change).tree())
    assert found is not None
    exchange(found)
    return module


def test_a_function_that_is_imported_already_becomes_the_mutant(sample: Path) -> None:
    assert exchanged(sample, "< -> <=").is_within(3)


def test_a_closure_that_exists_becomes_the_mutant(sample: Path) -> None:
    assert exchanged(sample, "+ -> -").BY_TWO(5) == 3


def test_a_property_becomes_the_mutant(sample: Path) -> None:
    box = exchanged(sample, "* -> +").Box()
    box.width = 5
    assert box.size == 7


def test_what_a_module_said_when_it_was_imported_cannot_be_exchanged(sample: Path) -> None:
    imported()
    changed = mutant("3 -> 4").tree()
    assert Living(sample.parent).exchanges(sample, ast.parse(TEXT), changed) is None


def test_a_mutant_is_imported_instead_of_its_module(sample: Path) -> None:
    importing.put("mutated_sample", sample, mutant("3 -> 4").tree())
    assert imported().LIMIT == 4


# -- processes ------------------------------------------------------------------------------------


def test_work_goes_on_side_by_side_and_each_says_how_it_ended() -> None:
    def work(job: int, write: Write) -> None:
        write(f"job {job}")
        if job == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    found = {
        job: (done.output, done.signal) for job, done in suite.side_by_side([1, 2, 3], work, 2)
    }
    assert found == {1: ("job 1", 0), 2: ("job 2", signal.SIGTERM), 3: ("job 3", 0)}


def test_work_that_raises_says_nothing_more() -> None:
    def work(write: Write) -> None:
        raise ValueError

    assert suite.alone(work).output == ""


def test_the_tests_that_reach_a_statement() -> None:
    reach = Reach(["slow", "quick"], {"slow": 2.0, "quick": 0.1}, {"a.py": {3: [0], 4: [-1, 1]}})
    assert reach.of("a.py", 3, 4) == {0, -1, 1}
    assert reach.of("a.py", 5, 9) == set()
    assert reach.fastest_first(reach.tests) == ["quick", "slow"]
    assert [reach.is_long(test) for test in reach.tests] == [True, False]


# -- what is known --------------------------------------------------------------------------------


TESTS = """
import a

PEOPLE = 3

def test_it():
    assert PEOPLE == 3

def test_another():
    assert a
"""


@pytest.fixture
def digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Digests:
    monkeypatch.setattr("tests.mutants.results.ROOT", tmp_path)
    for name in ("conftest.py", "a/test_one.py", "a/test_two.py", "a/helper.py"):
        (tmp_path / "tests" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tests" / name).write_text(TESTS, encoding="utf-8")
    return Digests(["tests/a"])


def test_a_result_holds_while_what_it_depends_on_is_the_same(digests: Digests) -> None:
    by = "tests/a/test_one.py::test_it"
    same = ("text", digests.tests, digests.helpers)
    killed = Result("key", "killed", by, 0.1, *same, digests.killer(by))
    survived = Result("key", "survived", "", 0.1, *same, "")
    assert digests.holds(killed, "text")
    assert digests.holds(survived, "text")
    assert not digests.holds(killed, "another text")


@pytest.mark.parametrize(
    ("changed", "old", "new", "killed", "survived"),
    [
        ("tests/a/test_two.py", "PEOPLE == 3", "PEOPLE == 4", True, False),
        ("tests/a/test_one.py", "PEOPLE == 3", "PEOPLE == 4", False, False),
        ("tests/a/test_one.py", "PEOPLE = 3", "PEOPLE = 4", False, False),
        ("tests/a/test_one.py", "assert a", "assert not a", True, False),
        ("tests/a/test_one.py", "import a", "import a, b", True, False),
        ("tests/a/helper.py", "PEOPLE = 3", "PEOPLE = 4", False, False),
        ("tests/conftest.py", "PEOPLE = 3", "PEOPLE = 4", False, False),
    ],
)
def test_a_changed_test_is_tried_again_where_it_may_matter(
    digests: Digests,
    tmp_path: Path,
    changed: str,
    old: str,
    new: str,
    killed: bool,
    survived: bool,
) -> None:
    by = "tests/a/test_one.py::test_it"
    same = ("text", digests.tests, digests.helpers)
    results = (
        Result("key", "killed", by, 0.1, *same, digests.killer(by)),
        Result("key", "survived", "", 0.1, *same, ""),
    )
    (tmp_path / changed).write_text(TESTS.replace(old, new), encoding="utf-8")
    again = Digests(["tests/a"])
    assert [again.holds(result, "text") for result in results] == [killed, survived]
