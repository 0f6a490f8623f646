"""What the server does for each packet, counted in instructions of the interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.benchmarks.hot_path import COUNTED
from tests.patience import PATIENCE_S


def per_packet(*options: str) -> dict[str, float]:
    """By function, the instructions for each packet."""
    command = [sys.executable, "-m", "tests.benchmarks.hot_path", "--instructions", "--rooms=1"]
    command += [f"--turns={COUNTED + 20}", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    rows = (line.split(maxsplit=1) for line in done.stdout.splitlines())
    return {name: float(count) for count, name in rows}


def test_a_packet_costs_the_same_however_many_people_are_in_the_room() -> None:
    """Apart from its share of the turn, which gets smaller."""
    few, many = per_packet("--seats=4"), per_packet("--seats=24")
    for name in (
        "wire/typed.py read_array",
        "room/room.py keep",
        "room/play.py keep",
        "lockstep/turns.py keep",
        "lockstep/checksums.py keep",
        "lockstep/pace.py report",
        "server/socket/connection.py received",
        "server/socket/stream.py push",
    ):
        assert few[name] > 1
        assert many[name] == pytest.approx(few[name], rel=0.2), name
    assert many["instructions a packet"] < few["instructions a packet"]


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_packets_take_the_fast_path(options: tuple[str, ...]) -> None:
    counted = per_packet("--seats=4", *options)
    assert "room/room.py receive" not in counted
    assert "wire/codec.py decode" not in counted
    assert "model/fit.py misfit_body" not in counted
