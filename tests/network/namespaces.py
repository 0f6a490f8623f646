"""Network namespaces, each with one TUN interface whose packets we hold in our hands.

Knows `ip` and the kernel, no weather and no game. The rule it keeps: what it made is gone
at the end of the block, and it removes nothing else, by names that hold its process id.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "linux":
    import fcntl

TUN = Path("/dev/net/tun")
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Namespace:
    """One host of the network. tun: the descriptor that reads what it sends."""

    name: str
    address: str
    tun: int

    def running(self, *command: str) -> list[str]:
        """The command line that runs a command in it."""
        return ["ip", "netns", "exec", self.name, *command]

    def enter(self) -> None:
        """Move the calling thread into it, for good: sockets that it makes are there."""
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/run/netns", self.name).open("rb") as file:
            if libc.setns(file.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"cannot enter {self.name}")


def missing() -> str | None:
    """Why there can be no namespaces here, in a few words; None when there can."""
    if sys.platform != "linux":
        return "this is not Linux"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    if shutil.which("ip") is None:
        return "there is no `ip` command"
    try:
        with hosts(1) as (host,):
            subprocess.run(host.running("true"), check=True, capture_output=True, text=True)
            return None
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return f"this machine makes no network namespaces with TUN: {said.strip()}"


@contextmanager
def hosts(count: int) -> Iterator[Sequence[Namespace]]:
    """So many namespaces in one network, 10.77.0.1 and on. Nobody carries their packets
    yet. Raises OSError or CalledProcessError where this machine has none to give."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(_host(f"10.77.0.{number}", next(_numbers)))
            for number in range(1, count + 1)
        ]


@contextmanager
def _host(address: str, number: int) -> Iterator[Namespace]:
    name, interface = f"gameroom-{os.getpid()}-{number}", f"gr{os.getpid()}n{number}"
    tun = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH14x", interface.encode(), IFF_TUN | IFF_NO_PI))
        _ip("netns", "add", name)
        try:
            _ip("link", "set", interface, "netns", name)
            _ip("-n", name, "address", "add", f"{address}/24", "dev", interface)
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", interface, "up")
            yield Namespace(name, address, tun)
        finally:
            _ip("netns", "delete", name)
    finally:
        os.close(tun)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)
