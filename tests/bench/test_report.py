"""What the report says for people and for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gameroom.bench.plan import BenchError, BenchPlan
from gameroom.bench.report import as_json, as_text, faults, paced_report, read_report, search_report
from tests.bench.plans import MACHINE, PLAN, reported, window


def test_the_table_has_both_servers_and_the_ratio_with_its_spread() -> None:
    ours = [window(cpu_s=s) for s in (4.0, 5.0, 6.0)]
    text = as_text(reported(ours, [window()] * 3))
    row = next(line for line in text.splitlines() if line.startswith("CPU for each client packet"))
    assert row.split()[-6:] == ["500.0", "100.0", "5.00", "(4.00", "to", "6.00)"]
    assert "2 rooms of 2 seats and 1 watcher" in text
    assert "60,000 commands came back to the senders, once and in order" in text
    assert "note" not in text
    assert "node" not in text


def test_node_has_columns_where_it_takes_part() -> None:
    both = [window(cpu_s=3.0)] * 2
    report = paced_report(PLAN, MACHINE, {"gameroom": both, "relay": both, "node": both})
    assert "node relay" in as_text(report)
    assert report.ratios["cpu_us_packet"]["relay/node"].median == 1.0


def test_one_pair_has_no_spread() -> None:
    text = as_text(reported([window(cpu_s=5.0)], [window()]))
    assert "5.00" in text
    assert "5.00 (" not in text


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (window(pace=0.8), "gameroom closed 80% of its turns: it did not keep up"),
        (window(load_share=0.9), "The load was busy itself"),
        (window(others=0.5), "Other programs used up to 50% of a core"),
        (window(faults=("event 3 came after event 1",)), "fault: gameroom: event 3 came"),
    ],
    ids=["saturated", "load", "others", "fault"],
)
def test_what_spoils_a_measurement_is_said(one: object, words: str) -> None:
    assert isinstance(one, type(window()))
    report = reported([one], [window()])
    assert words in as_text(report)
    assert len(faults(report)) == len(one.faults)


def test_what_was_not_measured_is_a_dash() -> None:
    text = as_text(reported([window(cpu_s=None)], [window(cpu_s=None)]))
    row = next(line for line in text.splitlines() if line.startswith("CPU for each client packet"))
    assert row.split()[-3:] == ["-", "-", "-"]


def test_a_report_is_the_same_after_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    for report in (
        reported([window()], [window()]),
        search_report(PLAN, MACHINE, {"gameroom": [40, 50], "relay": [100, 90]}, 10.0),
    ):
        file.write_text(as_json(report))
        assert read_report(file) == report


def test_a_search_is_a_table_of_one_row() -> None:
    text = as_text(
        search_report(BenchPlan(pairs=2), MACHINE, {"gameroom": [40, 50], "relay": [100, 90]}, 10.0)
    )
    assert "p99 lateness under 10 ms" in text
    assert "most rooms of 4 seats, msgpack" in text
    assert "0.48 (0.40 to 0.56)" in text


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"mode": "fast"}'])
def test_another_file_is_not_a_report(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content)
    with pytest.raises(BenchError, match="is not a report"):
        read_report(file)
