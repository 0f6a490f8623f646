"""The process beside the loop's: what runs there, and what becomes of it when a job goes wrong."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gameroom import desyncfile, language, picture
from gameroom.lockstep import desync_report
from gameroom.server.host import jobs
from gameroom.server.host.child import send
from gameroom.server.host.worker import JobFailedError, Worker, WorkerBusyError
from tests.server.table import ENGINE, KEYED, ROOM, Table, config, served


@pytest.fixture
def own():
    """A worker of the test's own, with little patience and memory."""
    made = Worker(cpu_ms=5000, memory_bytes=1 << 29, waiting_max=2)
    yield made
    made.stop()


async def test_a_job_is_done_by_another_process_and_the_next_one_by_the_same(own: Worker) -> None:
    first = await own.run(os.getpid)
    assert first != os.getpid()
    assert await own.run(os.getpid) == first == own.pid


async def test_what_a_job_raises_is_raised_and_the_process_goes_on(own: Worker) -> None:
    first = await own.run(os.getpid)
    with pytest.raises(ValueError, match="invalid literal"):
        await own.run(int, "no number")
    assert await own.run(os.getpid) == first


async def test_a_killed_process_costs_no_later_job(own: Worker) -> None:
    first = await own.run(os.getpid)
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert await own.run(os.getpid) not in (first, os.getpid())


async def test_a_job_that_ends_its_process_costs_nobody_else(own: Worker) -> None:
    with pytest.raises(JobFailedError, match="ended with 3"):
        await own.run(os._exit, 3)
    assert await own.run(os.getpid) != os.getpid()


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe ends in another way there")
def test_a_killed_server_leaves_no_traceback_of_its_process() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "gameroom.server.host.child", "20000", str(1 << 30)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.close()
    send(child.stdin, pickle.dumps((len, ("job",), {})))
    child.stdin.close()
    assert child.stderr is not None
    assert child.stderr.read() == b""
    assert child.wait(20) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on the processor's time")
async def test_a_job_that_computes_for_too_long_is_ended() -> None:
    hasty = Worker(cpu_ms=200)
    try:
        with pytest.raises(JobFailedError, match="sum"):
            await hasty.run(sum, range(10**15))
        assert await hasty.run(int, "7") == 7
    finally:
        hasty.stop()


async def test_a_job_that_waits_for_too_long_is_ended() -> None:
    hasty = Worker(wall_ms=200)
    try:
        with pytest.raises(JobFailedError, match="sleep"):
            await hasty.run(time.sleep, 3600)
    finally:
        hasty.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on the processor's time")
async def test_what_other_programs_take_of_the_processor_is_not_a_job_s() -> None:
    patient = Worker(cpu_ms=200)
    try:
        await patient.run(time.sleep, 0.5)
        assert await patient.run(int, "7") == 7
    finally:
        patient.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on memory")
async def test_a_job_that_needs_too_much_memory_is_refused(own: Worker) -> None:
    with pytest.raises(JobFailedError, match="memory"):
        await own.run(bytes, 1 << 30)
    assert await own.run(int, "7") == 7


async def test_only_so_many_jobs_wait(own: Worker) -> None:
    jobs = [own.submit(time.sleep, 0.01) for _ in range(2)]
    with pytest.raises(WorkerBusyError):
        own.submit(os.getpid)
    for job in jobs:
        await asyncio.wrap_future(job)
    assert own.submit(int, "7").result() == 7


async def test_where_no_process_can_be_started_jobs_run_here(
    own: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert await own.run(os.getpid) == os.getpid()


# -- what a server does there ----------------------------------------------------------------


async def test_rooms_are_read_and_drawn_in_the_other_process(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def here(*args: object, **kwargs: object) -> None:
        raise AssertionError("this holds the loop")

    for module, name in ((language, "load"), (picture, "svg"), (desync_report, "report")):
        monkeypatch.setattr(module, name, here)
    made = await table.create()
    drawn = await table.client.get(f"/rooms/{made['id']}/chart.svg")
    assert (await drawn.text()).startswith("<svg")
    verdict = desync_report.Diverged(7, (1,), decidable=True, values={0: 1, 1: 2})
    subject = desync_report.Subject("room", "duel", "", 7, {}, 0, 0)
    report = await table.lobby.worker.run(jobs.reported, subject, verdict, None, (), ())
    assert desyncfile.read(report).generation == 7


async def test_rooms_that_come_back_are_read_in_the_other_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(config(data=tmp_path)) as table:
        made = await table.create()

    def here(*args: object, **kwargs: object) -> None:
        raise AssertionError("this holds the loop")

    with monkeypatch.context() as patched:
        patched.setattr(language, "load", here)
        async with served(config(data=tmp_path)) as table:
            assert (await table.client.get(f"/rooms/{made['id']}")).status == 200
    async with served(config(data=tmp_path)) as table:
        shared = table.lobby.worker
        table.lobby.worker = Worker(wall_ms=1)
        try:
            again = await table.client.get(f"/rooms/{made['id']}")
            assert again.status == 200, "and here, where that process is gone"
        finally:
            table.lobby.worker.stop()
            table.lobby.worker = shared


async def test_a_room_file_that_breaks_the_process_is_refused_and_the_next_is_made(
    table: Table,
) -> None:
    shared = table.lobby.worker
    table.lobby.worker = Worker(wall_ms=1)
    wish = {"room": ROOM, "engine": {"source": ENGINE}}
    try:
        response = await table.client.post("/create", json=wish, headers=KEYED)
        assert (await table.problem(response, 503))["code"] == "too_heavy"
    finally:
        table.lobby.worker.stop()
        table.lobby.worker = shared
    await table.create()


async def test_rooms_wait_for_each_other_and_only_so_many(table: Table) -> None:
    shared = table.lobby.worker
    table.lobby.worker = Worker(waiting_max=1)
    busy = table.lobby.worker.submit(time.sleep, 0.05)
    wish = {"room": ROOM, "engine": {"source": ENGINE}}
    try:
        response = await table.client.post("/create", json=wish, headers=KEYED)
        problem = await table.problem(response, 503)
        assert (problem["code"], problem["retry_after_ms"] > 0) == ("server_busy", True)
        await asyncio.wrap_future(busy)
    finally:
        table.lobby.worker.stop()
        table.lobby.worker = shared
