"""Refusals as RFC 9457 bodies, and the table of close codes."""

import pytest

from gameroom.lockstep.problem import Problem
from gameroom.wire import CLOSINGS, Close, closing, problem_body, read_problem


def test_a_problem_says_what_helps_and_no_more() -> None:
    assert problem_body(Problem(404, "no_such_room", "There is no such room.")) == {
        "type": "urn:gameroom:problem:no_such_room",
        "title": "No such room",
        "status": 404,
        "detail": "There is no such room.",
        "code": "no_such_room",
    }


@pytest.mark.parametrize(
    "problem",
    [
        Problem(409, "not_now", "Not now.", "setup.gathering", ("configure", "ready")),
        Problem(409, "not_now", "Nothing goes here.", "ended"),
        Problem(429, "too_many", "Slower.", retry_after_ms=0),
    ],
)
def test_a_problem_survives_the_way(problem: Problem) -> None:
    assert read_problem(problem_body(problem)) == problem


@pytest.mark.parametrize("body", [None, "gateway", [], {"code": 3, "allowed": "x"}])
def test_a_page_of_somebody_else_reads_as_a_problem(body: object) -> None:
    assert read_problem(body, 502) == Problem(502, "unknown", "Bad Gateway")


def test_from_4100_on_nobody_comes_back() -> None:
    for code, row in CLOSINGS.items():
        if code >= 4000:
            assert (row.again == "never") == (code >= 4100)


def test_a_displaced_program_does_not_come_back_by_itself() -> None:
    assert closing(Close.DISPLACED).again == "by hand"


@pytest.mark.parametrize(
    ("code", "again"),
    [(None, "at once"), (1012, "later"), (1006, "at once"), (4077, "later"), (4999, "never")],
)
def test_a_code_that_is_not_known_is_judged_by_its_hundred(code: int | None, again: str) -> None:
    assert closing(code).again == again
