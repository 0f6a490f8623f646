"""No test's result depends on the machine's speed or on chance."""

from hypothesis import HealthCheck, settings


def test_drawn_examples_have_no_deadline_and_are_drawn_alike_everywhere() -> None:
    ours = settings()
    assert ours.deadline is None
    assert ours.derandomize
    assert HealthCheck.too_slow in ours.suppress_health_check
