"""The processes of a benchmark: a server of each kind, and the load that plays against it.

Knows how to start each process, on which core, and how to stop it. Each process ends with its
`with` block.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gameroom.bench import machine
from gameroom.bench.plan import AHEAD, BenchError, BenchPlan, Job, Kind, Order, Window

STOP_S = 30.0
NODE_SCRIPT = Path(__file__).parent / "relay.cjs"
SHOWN_LINES = 5


def node_version() -> str | None:
    """The version of Node, or None if it is not installed. Raises BenchError if it cannot load
    `ws`."""
    program = shutil.which("node")
    if program is None:
        return None
    tried = subprocess.run(
        [program, str(NODE_SCRIPT), "--version"], capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        raise BenchError(
            "node cannot load the package `ws`: install it with `npm install ws` in this folder, "
            "or say where it is with NODE_PATH"
        )
    return tried.stdout.strip()


class LoadProcess:
    """A load process that waits for orders."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child

    def measure(self, order: Order) -> Window:
        """Let the rooms of this order play. Returns the measured window. Raises BenchError."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            self._child.stdin.write(msgspec.json.encode(order).decode() + "\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            pass  # Then the answer is missing too.
        line = self._child.stdout.readline()
        if not line:
            raise BenchError("the load ended without an answer")
        if "error" in (said := json.loads(line)):
            raise BenchError(said["error"])
        return msgspec.convert(said, Window)


@contextmanager
def playing(
    kind: Kind, plan: BenchPlan, folder: Path | None, *, first: bool = False
) -> Iterator[LoadProcess]:
    """Start a new server of this kind and a load. folder: where to create the server's data folder;
    default: the system's folder for temporary files. first: give both priority over other programs.
    Raises BenchError."""
    cores = machine.chosen_cores() or (None, None)
    key = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="gameroom-bench-", dir=folder) as data:
        words = _words(kind, plan, Path(data), key)
        log = Path(data) / "log"
        with _serving(words, log, cores[0], first=first) as (child, port):
            job = Job(plan=plan, kind=kind, port=port, pid=child.pid, key=key, first=first,
                      server_core=cores[0], load_core=cores[1])  # fmt: skip
            with _loading(job) as load:
                yield load


def _words(kind: Kind, plan: BenchPlan, data: Path, key: str) -> list[str]:
    if kind == "gameroom":
        module = [sys.executable, "-m", "gameroom.bench.product"]
        return [*module, str(data / "data"), key, plan.durability]
    shape = [str(plan.seats), plan.wire, str(plan.turn_ms)]
    if kind == "relay":
        return [sys.executable, "-m", "gameroom.bench.relay", *shape]
    return [shutil.which("node") or "node", str(NODE_SCRIPT), *shape, str(AHEAD)]


@contextmanager
def _serving(
    words: list[str], log: Path, core: int | None, *, first: bool
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with log.open("w+", encoding="utf-8") as errors:
        child = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
            env=_environment(),
        )  # fmt: skip
        try:
            # This also applies to all threads and processes that it starts from now on.
            machine.pin(child.pid, core, first=first)
            assert child.stdout is not None
            found = re.search(r"http://\S+:(\d+)", child.stdout.readline())
            if found is None:
                child.wait(STOP_S)
                errors.seek(0)
                lines = errors.read().strip().splitlines()[-SHOWN_LINES:]
                raise BenchError("the server did not start:\n" + "\n".join(lines))
            yield child, int(found[1])
        finally:
            _stop(child)


@contextmanager
def _loading(job: Job) -> Iterator[LoadProcess]:
    child = subprocess.Popen(
        [sys.executable, "-m", "gameroom.bench.load"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment(),
    )  # fmt: skip
    try:
        assert child.stdin is not None
        child.stdin.write(msgspec.json.encode(job).decode() + "\n")
        yield LoadProcess(child)
    finally:
        child.terminate()
        child.wait(STOP_S)
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


def _environment() -> dict[str, str]:
    """Our environment, so that a child finds the same packages."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _stop(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout is not None:
        child.stdout.close()
