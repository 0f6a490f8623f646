"""The functions of expressions: their bounds hold."""

from __future__ import annotations

from itertools import product

import pytest

from gameroom.model.functions import FUNCTIONS

RANGES = [(low, high) for low in range(-3, 4) for high in range(low, 4)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_bounds_are_the_least_and_the_greatest_value(name: str) -> None:
    function = FUNCTIONS[name]
    for bounds in product(RANGES, repeat=function.parameters):
        arguments = product(*(range(low, high + 1) for low, high in bounds))
        values = [function.value(*each) for each in arguments]
        assert function.bounds(*bounds) == (min(values), max(values)), bounds
