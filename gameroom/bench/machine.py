"""The machine: its cores, the clocks of its processes, and the load by other programs.

Knows Linux. On other systems the functions return None, and the report says what was not measured.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import msgspec

from gameroom import __version__
from gameroom.bench.plan import BenchError, is_memory_disk

PACKAGES = ("aiohttp", "msgspec", "uvloop")


class BenchMachine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine of a benchmark. versions: by program. notes: what was not measured, and why."""

    system: str
    processor: str
    cores: int
    versions: dict[str, str]
    notes: list[str]


def chosen_cores() -> tuple[int, int] | None:
    """A core for the server and one for the load; None if processes cannot be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else None


def pin(pid: int, core: int | None, *, first: bool = False) -> None:
    """Pin a process, and the processes that it starts from now on, to one core. pid: 0 means this
    process. first: give it priority over all ordinary programs. Raises BenchError if that is not
    permitted."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {core})
    if first:
        try:
            os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))
        except (AttributeError, PermissionError):
            raise BenchError(
                "only root on Linux can go before other programs: leave out --first"
            ) from None


def is_measured() -> bool:
    """Whether this system reports the processor time of other processes."""
    return sys.platform == "linux"


def computed_s(pid: int) -> float | None:
    """The processor time of a process and its children, including threads, in seconds."""
    if not is_measured():
        return None
    return _clock_s(pid) + sum(map(_clock_s, _children(pid)))


def resident_mb(pid: int) -> float | None:
    """The memory of a process without its children, in megabytes."""
    if not is_measured():
        return None
    with suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return None


def busy_s(core: int | None) -> float | None:
    """The total busy time of a core since the machine started, in seconds."""
    if core is None or not is_measured():
        return None
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system, _, _, irq, softirq, *_ = map(int, fields)
            return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")
    return None


def others_share(busy: float | None, own: float | None, wall_s: float) -> float | None:
    """The share of a core that other programs used, from its busy time and our processor time."""
    if busy is None or own is None or wall_s <= 0:
        return None
    return max(0.0, busy - own) / wall_s


def described(folder: Path, node: str | None, notes: list[str]) -> BenchMachine:
    """Describe this machine. folder: the folder of the journals. node: the version of Node, if it
    takes part."""
    versions = {"gameroom": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        with suppress(ModuleNotFoundError):
            versions[name] = version(name)
    if node is not None:
        versions["node"] = node
    return BenchMachine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        versions=versions,
        notes=[*notes, *_limits(folder)],
    )


def _limits(folder: Path) -> list[str]:
    """The limits of measurements on this machine."""
    notes: list[str] = []
    if not is_measured():
        notes.append("Processor time, memory and other programs are measured on Linux only.")
    if chosen_cores() is None:
        notes.append(
            "Server and load cannot have a core each, so they disturb each other: "
            "trust the ratios less and the lateness not at all."
        )
    if sys.platform == "win32":
        notes.append("uvloop does not run here: everything runs on asyncio's own loop.")
    with suppress(OSError):
        if is_memory_disk(folder.resolve(), Path("/proc/mounts").read_text(encoding="utf-8")):
            notes.append(
                f"{folder} is in memory, where journals cost nothing to sync: "
                "choose a folder on a disk with --data."
            )
    return notes


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _clock_s(pid: int) -> float:
    """The processor time of another process on Linux. The clock's number is computed from the pid,
    as in clock_getcpuclockid(3)."""
    with suppress(OSError):
        return time.clock_gettime(~pid << 3 | 2)
    return 0.0


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]
    return []
