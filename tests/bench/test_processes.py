"""The processes of a benchmark: what is said when one does not do what it should."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameroom.bench import machine
from gameroom.bench.plan import BenchError, BenchPlan, Order
from gameroom.bench.processes import playing


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    plan = BenchPlan(turn_ms="soon")
    with (
        pytest.raises(BenchError, match=r"did not start:\n(.|\n)*invalid literal"),
        playing("relay", plan, tmp_path),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_load_that_cannot_play_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    # The room file of this plan asks for more places than a server has.
    plan = BenchPlan(seats=256, watchers=2000)
    with (
        playing("gameroom", plan, tmp_path) as load,
        pytest.raises(BenchError, match="too_many_places"),
    ):
        load.measure(Order(rooms=1, warm_s=0, seconds=1))
    assert list(tmp_path.iterdir()) == []


def test_going_before_others_is_refused_where_it_is_not_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*given: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.sched_setscheduler", refuse, raising=False)
    with pytest.raises(BenchError, match="leave out --first"):
        machine.pin(0, None, first=True)


def test_elsewhere_than_on_linux_nothing_is_measured_and_the_report_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert machine.computed_s(1) is machine.resident_mb(1) is machine.busy_s(0) is None
    assert machine.chosen_cores() is None
    notes = " ".join(machine.described(tmp_path, None, []).notes)
    assert "on Linux only" in notes
    assert "cannot have a core each" in notes
