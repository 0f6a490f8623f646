"""The fuzz of test_fuzz.py for longer: forty seeds in every room."""

from __future__ import annotations

import pytest

from tests.server.fuzz import Fuzz
from tests.server.fuzz_rooms import chart
from tests.server.test_fuzz import ROOMS

SEEDS = 40
STEPS = 400


@pytest.mark.parametrize("name", ROOMS)
def test_nothing_that_is_sent_does_more_than_it_may(name: str) -> None:
    for seed in range(SEEDS):
        Fuzz(chart(ROOMS[name]), seed=seed).run(STEPS)
