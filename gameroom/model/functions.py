"""The functions of expressions: one row each. The checker, the chart, the explorer and the
documentation use this table.

Arguments and values are whole numbers. The rule it keeps: a function has a value for all numbers,
and its bounds are correct if each argument is within its own bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Bounds = tuple[int, int]
"""The lowest and the highest value."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function. A value outside -(2^53 - 1) to 2^53 - 1 raises an `error` event, as in
    arithmetic.

    parameters: how many numbers it takes. value: computes the value of these numbers.
    bounds: computes the bounds of the value from the bounds of each argument.
    """

    doc: str
    parameters: int
    value: Callable[..., int]
    bounds: Callable[..., Bounds]

    @property
    def takes(self) -> str:
        return "1 number" if self.parameters == 1 else f"{self.parameters} numbers"


def _distance_bounds(one: Bounds) -> Bounds:
    low, high = one
    return max(low, -high, 0), max(-low, high)


FUNCTIONS: dict[str, Function] = {
    "abs": Function("the number without its sign", 1, abs, _distance_bounds),
    "max": Function(
        "the larger of two numbers",
        2,
        max,
        lambda one, other: (max(one[0], other[0]), max(one[1], other[1])),
    ),
    "min": Function(
        "the smaller of two numbers",
        2,
        min,
        lambda one, other: (min(one[0], other[0]), min(one[1], other[1])),
    ),
}
