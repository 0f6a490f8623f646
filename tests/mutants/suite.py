"""pytest in forked processes: one that sees which test reaches which line, one for each mutant.

A fork starts with everything imported, so a mutant costs what its tests cost. The time of a test
is that of the processor, and so is its bound: a loaded machine changes no result.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

ROOT = Path(__file__).parents[2]
BOUND_S = 1.0
BOUND_TIMES = 5.0
"""A test may take this long, and this many times what it took without a mutant."""
LONG_S = 1.0
"""A test that takes longer is tried when all mutants have been through the others."""
IMPORT_BOUND_S = 60.0
WALL_BOUND_S = 1800
MEMORY_BYTES_MAX = 4 * 2**30
OPTIONS = [
    "--quiet",
    "--capture=no",
    "--assert=plain",
    "--tb=no",
    "--show-capture=no",
    *(f"-p{name}" for name in ("no:cacheprovider", "no:xdist", "no:benchmark", "no:faulthandler")),
]
PRELOADED = (
    "_hypothesis_pytestplugin",
    "aiohttp.web",
    "hypothesis.internal.conjecture.engine",
    "hypothesis.strategies",
    "jsonschema",
    "lark",
    "msgspec",
    "pytest_aiohttp.plugin",
    "pytest_asyncio.plugin",
    "uvloop",
    "yaml",
)

Item = pytest.Item
Act = Callable[[pytest.Session], None]


def preload() -> None:
    """Import what the tests import from elsewhere, so that no fork does it again."""
    for name in PRELOADED:
        importlib.import_module(name)


class _Plugin:
    """Collects as always, then does something else than to run what was collected."""

    def __init__(self, act: Act) -> None:
        self.act = act

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        # A failed example is enough: no search for the smallest one.
        from hypothesis import Phase, settings

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", settings(), phases=phases, database=None)
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.act(session)
        return True


def collected(folders: Iterable[str], act: Act) -> None:
    """Import and collect the tests, then act. Ends the process when collecting fails."""
    os.chdir(ROOT)
    pytest.main([*OPTIONS, *folders], plugins=[_Plugin(act)])


def _caches() -> list[Any]:
    """The functions of gameroom that remember answers: a test must not live on another's."""
    return [
        one
        for one in gc.get_objects()
        if isinstance(one, functools._lru_cache_wrapper)
        and str(getattr(one, "__module__", "")).startswith("gameroom")
    ]


def forget() -> None:
    """Nothing is remembered of what ran before."""
    for one in _caches():
        one.cache_clear()


def run(session: pytest.Session, items: list[Item], bounds: dict[str, float]) -> str:
    """The id of the first test that fails, else "". bounds: seconds by test's id."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        signal.setitimer(signal.ITIMER_PROF, bounds.get(item.nodeid, BOUND_S))
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if session.testsfailed:
            return item.nodeid
    return ""


# Processes


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended: what it wrote, its signal or 0, its seconds of processor."""

    output: str
    signal: int
    seconds: float


Write = Callable[[str], None]
Job = TypeVar("Job")


def fork(work: Callable[[Write], None]) -> tuple[int, int]:
    """Start `work` in a process of its own. Its number, and where to read what it writes."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    try:
        os.close(reading)
        silent = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silent, descriptor)
        work(lambda text: _write_all(writing, text.encode()))
    finally:
        os._exit(0)


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def ended(pid: int, reading: int) -> Ended:
    with os.fdopen(reading, encoding="utf-8") as file:
        output = file.read()
    _, status, usage = os.wait4(pid, 0)
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return Ended(output, number, usage.ru_utime + usage.ru_stime)


def alone(work: Callable[[Write], None]) -> Ended:
    return ended(*fork(work))


def bounded() -> None:
    """Bounds for this process: a mutant may loop, sleep or fill the memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, IMPORT_BOUND_S)
    signal.alarm(WALL_BOUND_S)


def side_by_side(
    jobs: Iterable[Job], work: Callable[[Job, Write], None], workers: int
) -> Iterator[tuple[Job, Ended]]:
    """Each job in a process of its own, `workers` at a time, in the order in which they end."""
    waiting = iter(jobs)
    running: dict[int, tuple[Job, int]] = {}
    gc.collect()
    gc.freeze()
    try:
        while True:
            while len(running) < workers and (job := next(waiting, None)) is not None:
                pid, reading = fork(lambda write, job=job: work(job, write))
                running[pid] = (job, reading)
            if not running:
                return
            # Not yet reaped: what it wrote fits a pipe, and `ended` waits for it by number.
            info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            assert info is not None
            job, reading = running.pop(info.si_pid)
            yield job, ended(info.si_pid, reading)
    finally:
        gc.unfreeze()
        for pid, (_, reading) in running.items():
            os.kill(pid, signal.SIGKILL)
            ended(pid, reading)


# Without mutants


@dataclass(frozen=True, slots=True)
class Reach:
    """What the tests do without mutants.

    seconds: of processor by test's id; lines: by file and line, the tests that reach it, as
    positions in `tests`, and -1 where an import or the collecting reaches it.
    """

    tests: list[str]
    seconds: dict[str, float]
    lines: dict[str, dict[int, list[int]]]

    def of(self, file: str, first: int, last: int) -> set[int]:
        lines = self.lines.get(file, {})
        return {test for line in range(first, last + 1) for test in lines.get(line, ())}

    def bounds(self) -> dict[str, float]:
        return {test: BOUND_S + BOUND_TIMES * taken for test, taken in self.seconds.items()}

    def is_long(self, test: str) -> bool:
        return self.seconds.get(test, 0.0) > LONG_S

    def fastest_first(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=lambda test: (self.seconds.get(test, 0.0), test))


def reach(folders: list[str], package: Path) -> Reach:
    """Run all tests twice: under coverage, and for their times. Raises RuntimeError when one
    fails."""

    def covered(write: Write) -> None:
        import coverage

        measured = coverage.Coverage(
            data_file=None, config_file=False, source=[str(package)], messages=False
        )

        def act(session: pytest.Session) -> None:
            caches = _caches()
            for place, item in enumerate(session.items):
                for one in caches:
                    one.cache_clear()
                measured.switch_context(str(place))
                following = session.items[place + 1 : place + 2]
                item.config.hook.pytest_runtest_protocol(
                    item=item, nextitem=following[0] if following else None
                )
            measured.stop()
            data = measured.get_data()
            lines = {
                Path(file).relative_to(ROOT).as_posix(): {
                    line: sorted(int(context or -1) for context in contexts)
                    for line, contexts in data.contexts_by_lineno(file).items()
                }
                for file in data.measured_files()
            }
            failed = session.testsfailed
            write(json.dumps([[item.nodeid for item in session.items], lines, failed]))

        measured.start()
        collected(folders, act)

    def timed(write: Write) -> None:
        def act(session: pytest.Session) -> None:
            taken = {}
            for item, following in zip(session.items, [*session.items[1:], None], strict=True):
                before = time.process_time()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                taken[item.nodeid] = time.process_time() - before
            write(json.dumps([taken, session.testsfailed]))

        collected(folders, act)

    tests, lines, failed = _read(alone(covered))
    seconds, failed_too = _read(alone(timed))
    if failed or failed_too:
        raise RuntimeError("a test fails without any mutant: run make test first")
    by_line = {file: {int(line): by for line, by in of.items()} for file, of in lines.items()}
    return Reach(tests, seconds, by_line)


def _read(done: Ended) -> Any:
    if not done.output:
        raise RuntimeError("the tests cannot be collected: run make test first")
    return json.loads(done.output)
