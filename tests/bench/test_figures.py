"""The arithmetic of the benchmark: lateness, the middle and the spread, ratios, comparisons."""

from __future__ import annotations

import pytest

from gameroom.bench.compare import compared, differences, is_clear
from gameroom.bench.counts import LoadCounts, lateness, quantile
from gameroom.bench.figures import FIGURES, Spread, ratios, spread
from gameroom.bench.machine import others_share
from gameroom.bench.plan import BenchError, BenchPlan, is_memory_disk
from gameroom.bench.report import search_report
from tests.bench.plans import MACHINE, PLAN, reported, window


def test_a_turn_is_due_one_length_after_the_one_before() -> None:
    late = lateness([0.100, 0.103, 0.097, 0.160], turn_ms=100)
    assert late.p50_ms == pytest.approx(3.0)
    assert late.max_ms == late.p99_ms == pytest.approx(60.0)
    assert late.late == 0.25


def test_an_early_turn_is_not_late_and_no_turn_is_no_lateness() -> None:
    assert lateness([0.05, 0.09], 100).max_ms == 0.0
    assert lateness([], 100) == (0.0, 0.0, 0.0, 0.0, 0.0)


def test_a_quantile_is_one_of_the_values() -> None:
    values = [float(one) for one in range(1000)]
    assert [quantile(values, share) for share in (0.0, 0.5, 0.99, 0.999, 1.0)] == [
        0.0, 500.0, 990.0, 999.0, 999.0,
    ]  # fmt: skip


def test_the_spread_is_the_middle_with_the_ends_and_leaves_out_what_is_missing() -> None:
    assert spread([3.0, None, 1.0, 8.0]) == Spread(3.0, 1.0, 8.0, 3)
    assert spread([None]) is None


def test_ratios_are_made_pair_by_pair() -> None:
    assert ratios([2.0, 9.0, None, 1.0], [1.0, 3.0, 1.0, 0.0]) == [2.0, 3.0, None, None]
    assert ratios([4.0, 0.0, None], [0.2, 0.1, 0.0], floor=1.0) == [4.0, 1.0, None]
    report = reported(
        [window(cpu_s=2.0), window(cpu_s=6.0)], [window(cpu_s=1.0), window(cpu_s=2.0)]
    )
    # 2/1 and 6/2: their middle, and not the ratio of the middles.
    assert report.ratios["cpu_us_packet"]["gameroom/relay"].median == 2.5


def test_a_figure_of_a_window() -> None:
    figures = {figure.name: figure.of(window(cpu_s=2.0, pace=0.5)) for figure in FIGURES}
    assert figures["cpu_us_packet"] == pytest.approx(200.0)
    assert figures["cpu_us_frame"] == pytest.approx(100.0)
    assert figures["core_percent"] == pytest.approx(20.0)
    assert figures["pace_percent"] == 50.0
    unmeasured = {figure.name: figure.of(window(cpu_s=None)) for figure in FIGURES}
    assert unmeasured["cpu_us_packet"] is unmeasured["core_percent"] is None


@pytest.mark.parametrize(
    ("old", "new", "clear"),
    [
        (Spread(5.0, 4.8, 5.2, 5), Spread(2.0, 1.9, 2.1, 5), True),
        (Spread(5.0, 4.8, 5.2, 5), Spread(5.3, 5.1, 5.6, 5), False),
        (Spread(5.0, 4.0, 6.0, 5), Spread(4.0, 3.9, 4.1, 5), False),
        (Spread(5.0, 5.0, 5.0, 1), Spread(2.0, 2.0, 2.0, 1), None),
    ],
    ids=["faster", "noise", "noise of one", "one pair"],
)
def test_a_difference_counts_above_the_spread_of_both(
    old: Spread, new: Spread, clear: bool | None
) -> None:
    assert is_clear(old, new) is clear
    assert is_clear(new, old) is clear


def test_a_comparison_begins_with_the_ratios() -> None:
    theirs = [window(cpu_s=1.0)] * 3
    old = reported([window(cpu_s=s) for s in (4.9, 5.0, 5.1)], theirs)
    new = reported([window(cpu_s=s) for s in (2.4, 2.5, 2.6)], theirs)
    first = differences(old, new)[0]
    assert first.label == "ratio: CPU for each client packet, us"
    assert first.ratio == pytest.approx(0.5)
    text = compared(old, new)
    assert text.splitlines()[1].split()[-6:] == ["5.00", "2.50", "0.50", "above", "the", "spread"]
    assert "within the spread" in text
    assert "note" not in text


def test_a_comparison_says_what_cannot_be_compared() -> None:
    old = reported([window()], [window()])
    other = reported([window()], [window()], BenchPlan(rooms=9, seats=2, watchers=1))
    assert "`rooms` was 2 and is 9" in compared(old, other)
    search = search_report(PLAN, MACHINE, {"gameroom": [10], "relay": [20]}, 10.0)
    with pytest.raises(BenchError, match="paced run, the other of a search run"):
        compared(old, search)
    assert "rooms within the limit" in compared(search, search)


def test_faults_of_many_kinds_are_a_few_lines() -> None:
    counts = LoadCounts()
    for number in range(100):
        counts.fault(f"fault {number % 50}")
    assert len(counts.told()) == 6
    assert counts.told()[0] == "fault 0 (2 times)"


def test_what_others_use_of_a_core_is_what_it_worked_without_us() -> None:
    assert others_share(9.0, 4.0, 10.0) == 0.5
    assert others_share(4.0, 4.01, 10.0) == 0.0
    assert others_share(None, 4.0, 10.0) is None


def test_a_folder_in_memory_is_known(tmp_path) -> None:
    mounts = f"/dev/a / ext4 rw 0 0\ntmpfs {tmp_path} tmpfs rw 0 0\n"
    assert is_memory_disk(tmp_path / "data", mounts)
    assert not is_memory_disk(tmp_path.parent, mounts)
