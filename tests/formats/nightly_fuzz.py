"""The fuzz of test_fuzz.py for longer."""

from __future__ import annotations

import inspect

import pytest

from tests.formats import test_fuzz

ROUNDS = 8_000
FUZZED = [name for name in vars(test_fuzz) if name.startswith("test_no_")]


@pytest.mark.parametrize("name", FUZZED)
def test_for_longer(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_fuzz, "ROUNDS", ROUNDS)
    test = getattr(test_fuzz, name)
    test(**{one: request.getfixturevalue(one) for one in inspect.signature(test).parameters})
