"""`make lateness`: how late turns are while somebody attacks, against the same minutes without.

    python -m tests.benchmarks.lateness [--rooms 20] [--players 4] [--seconds 5] [--rounds 4]
                                        [--attack NAME ...]

A server, rooms that play steadily, and a hostile client, each a process of its own. Quiet and
attacked stretches take turns, so that what else the machine does is in both. A turn's lateness
is how much longer it took than its 100 ms, as a player sees it; the p99 of both kinds of
stretches are compared. Exits with 1 where an attack makes it more than 20 % and 1 ms worse.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.lateness.attacks import ATTACKS
from tests.server.process import KEY, serving

WORSE_MAX = 0.20
NOISE_MS = 1.0
SETTLING_S = 1.0
LOOK_S = 0.1


def first(pid: int, own: set[int], others: set[int], priority: int) -> None:
    """Let this process, without its children, go before all others where that may be set (as
    root): its main thread on processors of its own, its other threads elsewhere. Another program
    that takes the processor for 100 ms, or takes it from a thread that has the interpreter, would
    say nothing of the server; nor would a thread that has to wait for the one it works for."""
    if hasattr(os, "sched_setscheduler"):
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        for thread in map(int, os.listdir(f"/proc/{pid}/task")):
            with suppress(PermissionError, ProcessLookupError):
                is_main = thread == pid
                before = os.sched_param(priority if is_main else 1)
                os.sched_setscheduler(thread, policy, before)
                os.sched_setaffinity(thread, own if is_main else others)


def aside(pid: int, cpus: set[int]) -> None:
    """Keep this process on these processors. Linux gives a process that starves behind one that
    goes first its share nevertheless, 50 ms at once: nothing may starve where the server is."""
    if hasattr(os, "sched_setaffinity"):
        with suppress(PermissionError, ProcessLookupError):
            os.sched_setaffinity(pid, cpus)


def children(pid: int) -> list[int]:
    with suppress(OSError):
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]
    return []


@contextmanager
def child(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.benchmarks.lateness.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


class Stretch(NamedTuple):
    """A few seconds of an attack, or of quiet before it. Monotonic; cpu_s: of the server."""

    attack: str
    attacked: bool
    began: float
    ended: float
    cpu_s: float


def computed_s(pid: int) -> float:
    """What the process has computed, in seconds; 0 where that is not to be had."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def quantile(values: list[float], of: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * of))] if values else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make lateness")
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--players", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--attack", nargs="*", choices=list(ATTACKS), default=list(ATTACKS))
    said = parser.parse_args()
    key = KEY.replace(" ", "-")
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    own, others = {cpus[0]}, set(cpus[1:] or cpus)
    stretches: list[Stretch] = []
    seen: dict[str, list[str]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving("--data", folder) as server,
        child(
            "players", "127.0.0.1", str(server.port), key, str(said.rooms), str(said.players)
        ) as players,
        child("attacks", "127.0.0.1", str(server.port), key) as attacks,
    ):
        assert attacks.stdin is not None
        assert attacks.stdout is not None

        def wait(seconds: float) -> None:
            """New threads and processes are where the others are from the next look on."""
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                first(server.child.pid, own, others, 2)
                first(players.pid, others, others, 3)
                for pid in (attacks.pid, *children(server.child.pid)):
                    aside(pid, others)
                time.sleep(LOOK_S)

        for round_ in range(1, said.rounds + 1):
            for name in said.attack:
                print(f"round {round_} of {said.rounds}: {name}", file=sys.stderr)
                for attacked in (False, True):
                    if attacked:
                        print(name, file=attacks.stdin, flush=True)
                    wait(SETTLING_S)
                    began, cpu_s = time.monotonic(), computed_s(server.child.pid)
                    wait(said.seconds)
                    cpu_s = computed_s(server.child.pid) - cpu_s
                    stretches.append(Stretch(name, attacked, began, time.monotonic(), cpu_s))
                print("stop", file=attacks.stdin, flush=True)
                seen.setdefault(name, []).append(attacks.stdout.readline().strip())
        assert players.stdin is not None
        assert players.stdout is not None
        players.stdin.close()
        turns = [tuple(turn) for line in players.stdout for turn in json.loads(line)]
    return report(turns, stretches, seen)


def report(
    turns: list[tuple[float, float]],
    stretches: list[Stretch],
    seen: dict[str, list[str]],
) -> int:
    worst = 0
    print(
        "| Attack | Turns | p50 ms quiet, attacked | p99 ms quiet, attacked | Worse | Max | CPU |"
    )
    print("|---|---|---|---|---|---|---|")
    for name in dict.fromkeys(one.attack for one in stretches):
        late: dict[bool, list[float]] = {False: [], True: []}
        wall_s, cpu_s = {False: 0.0, True: 0.0}, {False: 0.0, True: 0.0}
        for one in stretches:
            if one.attack == name:
                late[one.attacked] += [ms for at, ms in turns if one.began <= at < one.ended]
                wall_s[one.attacked] += one.ended - one.began
                cpu_s[one.attacked] += one.cpu_s
        p50, p99 = ([quantile(late[is_], q) for is_ in (False, True)] for q in (0.5, 0.99))
        worse = p99[1] / max(p99[0], 0.001) - 1
        if worse > WORSE_MAX and p99[1] - p99[0] > NOISE_MS:
            worst = 1
        print(
            f"| {name} | {len(late[True])} | {p50[0]:.2f}, {p50[1]:.2f} "
            f"| {p99[0]:.2f}, {p99[1]:.2f} | {worse:+.0%} | {max(late[True], default=0):.1f} "
            f"| {cpu_s[False] / wall_s[False]:.0%}, {cpu_s[True] / wall_s[True]:.0%} |"
        )
    for name, said in seen.items():
        print(f"{name}: {said[-1]}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
