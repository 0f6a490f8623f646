"""The report of a benchmark, which can be written as JSON and printed as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from gameroom.bench.figures import (
    FIGURES,
    ROOMS,
    Figure,
    Spread,
    Spreads,
    by_figure,
    ratio_spreads,
    spreads,
)
from gameroom.bench.machine import BenchMachine
from gameroom.bench.plan import BenchError, BenchPlan, Kind, Window, counted
from gameroom.bench.runs import PACE_MIN

VERSION = 1
LOAD_SHARE_MAX = 0.7
"""If the load uses a larger share of its core, it can limit the server."""
OTHERS_MAX = 0.1
"""If other programs use a larger share of a core, measurements on it are not reliable."""

TITLES: dict[str, str] = {
    "gameroom": "gameroom", "relay": "the bare relay", "node": "the node relay",
}  # fmt: skip


class BenchReport(msgspec.Struct, frozen=True, kw_only=True):
    """figures: by figure and kind. ratios: by figure and `ours/theirs`. windows: by kind, in order
    of the pairs; empty for a search."""

    version: int = VERSION
    mode: Literal["paced", "search"]
    limit_ms: float | None = None
    machine: BenchMachine
    plan: BenchPlan
    figures: Spreads
    ratios: Spreads
    windows: dict[Kind, list[Window]]


def paced_report(
    plan: BenchPlan, machine: BenchMachine, windows: Mapping[Kind, list[Window]]
) -> BenchReport:
    """The report of windows at equal load."""
    values = by_figure(windows)
    return BenchReport(
        mode="paced",
        machine=machine,
        plan=plan,
        figures=spreads(values),
        ratios=ratio_spreads(values),
        windows=dict(windows),
    )


def search_report(
    plan: BenchPlan, machine: BenchMachine, rooms: Mapping[Kind, Sequence[int]], limit_ms: float
) -> BenchReport:
    """The report of a search for the most rooms."""
    values = {ROOMS.name: {kind: [float(one) for one in many] for kind, many in rooms.items()}}
    return BenchReport(
        mode="search",
        limit_ms=limit_ms,
        machine=machine,
        plan=plan,
        figures=spreads(values),
        ratios=ratio_spreads(values),
        windows={},
    )


def faults(report: BenchReport) -> list[str]:
    """The faults (lost, reordered or refused data), each with its server."""
    return [
        f"{TITLES[kind]}: {fault}"
        for kind, windows in report.windows.items()
        for fault in dict.fromkeys(fault for window in windows for fault in window.faults)
    ]


def as_json(report: BenchReport) -> str:
    """The report as JSON, indented."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n"


def read_report(path: Path) -> BenchReport:
    """Read a report from a file. Raises BenchError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=BenchReport)
    except OSError as error:
        raise BenchError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BenchError(f"{path} is not a report of `gameroom bench --json`: {error}") from error


def as_text(report: BenchReport) -> str:
    """The report for people."""
    plan, machine = report.plan, report.machine
    if report.mode == "paced":
        how = f"{counted(plan.pairs, 'pair')} of {plan.seconds:g} s"
        what = plan.described()
    else:
        how = (
            f"{counted(plan.pairs, 'pair')} of searches, p99 lateness under {report.limit_ms:g} ms"
        )
        seats = counted(plan.seats, "seat")
        what = f"most rooms of {seats}, {plan.wire}, turns of {plan.turn_ms} ms"
    versions = ", ".join(f"{name} {said}" for name, said in machine.versions.items())
    return "\n".join(
        [
            f"{what}: {how}",
            f"{machine.processor}, {counted(machine.cores, 'core')}, {machine.system}",
            versions,
            "",
            *_table(report),
            "",
            *_notes(report),
        ]
    )


def _table(report: BenchReport) -> list[str]:
    figures = FIGURES if report.mode == "paced" else (ROOMS,)
    has_node = any("node" in kinds for kinds in report.figures.values())
    heads = ["", "gameroom", "bare relay", "ratio"]
    if has_node:
        heads += ["node relay", "ratio"]
    rows = [heads]
    for figure in figures:
        row = [figure.label]
        row.append(_number(figure, report.figures[figure.name].get("gameroom")))
        for kind in ("relay", "node") if has_node else ("relay",):
            row.append(_number(figure, report.figures[figure.name].get(kind)))
            row.append(ratio_text(report.ratios[figure.name].get(f"gameroom/{kind}")))
        rows.append(row)
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows of a table as lines: the first column left-aligned, the others right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _number(figure: Figure, found: Spread | None) -> str:
    return "-" if found is None else f"{found.median:,.{figure.digits}f}"


def ratio_text(found: Spread | None) -> str:
    """A ratio, with its lowest and highest value among the pairs."""
    if found is None:
        return "-"
    if found.count == 1:
        return f"{found.median:.2f}"
    return f"{found.median:.2f} ({found.low:.2f} to {found.high:.2f})"


def _notes(report: BenchReport) -> list[str]:
    notes = [f"note: {note}" for note in report.machine.notes]
    if report.mode == "search":
        return notes
    every = [window for windows in report.windows.values() for window in windows]
    share = max(window.load_share for window in every)
    lag = max(window.load_lag_ms for window in every)
    said = [f"The load used up to {share:.0%} of its core; its own timers were {lag:.1f} ms late."]
    if share > LOAD_SHARE_MAX:
        notes.append("note: The load was busy itself: it may be what limits the server.")
    others = [x for one in every for x in (one.others_server, one.others_load) if x is not None]
    if others and max(others) > OTHERS_MAX:
        notes.append(
            f"note: Other programs used up to {max(others):.0%} of a core. Trust the ratios less "
            "and the lateness not at all; repeat it when the machine is quiet."
        )
    for kind, windows in report.windows.items():
        pace = min(window.pace for window in windows)
        if pace < PACE_MIN:
            notes.append(
                f"note: {TITLES[kind]} closed {pace:.0%} of its turns: it did not keep "
                "up, so the load was not equal. Compare only the CPU for each packet."
            )
    broken = faults(report)
    commands = sum(window.confirmed for window in every)
    if broken:
        said += [f"fault: {one}" for one in broken]
    else:
        came = counted(commands, "command")
        said.append(f"Order and loss: {came} came back to the senders, once and in order.")
    return said + notes
