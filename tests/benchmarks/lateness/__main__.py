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

from tests.benchmarks.lateness.attacks import ATTACKS
from tests.server.process import KEY, serving

WORSE_MAX = 0.20
NOISE_MS = 1.0
SETTLING_S = 1.0


def first(pid: int) -> None:
    """Let this process, with its threads and without its children, go before all others, where that
    may be set (as root): another program that takes the processor for 100 ms, or takes it from a
    thread that has the interpreter, would say nothing of the server."""
    if hasattr(os, "sched_setscheduler"):
        policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
        with suppress(PermissionError, FileNotFoundError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                os.sched_setscheduler(int(thread), policy, os.sched_param(1))


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
    stretches: list[tuple[str, bool, float, float]] = []
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
        for _ in range(said.rounds):
            for name in said.attack:
                for attacked in (False, True):
                    # New threads are not before the others yet.
                    first(server.child.pid)
                    first(players.pid)
                    if attacked:
                        print(name, file=attacks.stdin, flush=True)
                    time.sleep(SETTLING_S)
                    began = time.monotonic()
                    time.sleep(said.seconds)
                    stretches.append((name, attacked, began, time.monotonic()))
                print("stop", file=attacks.stdin, flush=True)
                seen.setdefault(name, []).append(attacks.stdout.readline().strip())
        assert players.stdin is not None
        assert players.stdout is not None
        players.stdin.close()
        turns = [tuple(turn) for line in players.stdout for turn in json.loads(line)]
    return report(turns, stretches, seen)


def report(
    turns: list[tuple[float, float]],
    stretches: list[tuple[str, bool, float, float]],
    seen: dict[str, list[str]],
) -> int:
    worst = 0
    print("| Attack | Turns | p50 ms quiet, attacked | p99 ms quiet, attacked | Worse | Max |")
    print("|---|---|---|---|---|---|")
    for name in dict.fromkeys(name for name, *_ in stretches):
        late: dict[bool, list[float]] = {False: [], True: []}
        for of, attacked, began, ended in stretches:
            if of == name:
                late[attacked] += [ms for at, ms in turns if began <= at < ended]
        p50, p99 = ([quantile(late[is_], q) for is_ in (False, True)] for q in (0.5, 0.99))
        worse = p99[1] / max(p99[0], 0.001) - 1
        if worse > WORSE_MAX and p99[1] - p99[0] > NOISE_MS:
            worst = 1
        print(
            f"| {name} | {len(late[True])} | {p50[0]:.2f}, {p50[1]:.2f} "
            f"| {p99[0]:.2f}, {p99[1]:.2f} | {worse:+.0%} | {max(late[True], default=0):.1f} |"
        )
    for name, said in seen.items():
        print(f"{name}: {said[-1]}")
    return worst


if __name__ == "__main__":
    sys.exit(main())
