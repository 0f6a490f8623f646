"""Plans, windows and reports for the tests of the benchmark."""

from __future__ import annotations

from gameroom.bench.machine import BenchMachine
from gameroom.bench.plan import BenchPlan, Kind, Window
from gameroom.bench.report import BenchReport, paced_report

PLAN = BenchPlan(rooms=2, seats=2, watchers=1, pairs=3)

MACHINE = BenchMachine(
    system="Linux 6", processor="a processor", cores=2, versions={"python": "3.11"}, notes=[]
)


def window(
    *,
    cpu_s: float | None = 1.0,
    p99_ms: float = 1.0,
    pace: float = 1.0,
    rooms: int = 2,
    load_share: float = 0.1,
    others: float = 0.0,
    faults: tuple[str, ...] = (),
) -> Window:
    """A window of 10 s with 10,000 packets and 20,000 frames."""
    return Window(
        rooms=rooms,
        wall_s=10.0,
        packets=10_000,
        frames=20_000,
        turns=5000,
        confirmed=10_000,
        pace=pace,
        p50_ms=0.0,
        p99_ms=p99_ms,
        p999_ms=2.0,
        max_ms=3.0,
        late=0.001,
        load_lag_ms=0.2,
        load_share=load_share,
        server_cpu_s=cpu_s,
        server_rss_mb=50.0,
        others_server=others,
        others_load=0.0,
        faults=list(faults),
    )


def reported(ours: list[Window], theirs: list[Window], plan: BenchPlan = PLAN) -> BenchReport:
    """The report of these windows of gameroom and of the relay."""
    windows: dict[Kind, list[Window]] = {"gameroom": ours, "relay": theirs}
    return paced_report(plan, MACHINE, windows)
