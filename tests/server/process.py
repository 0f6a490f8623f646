"""`gameroom serve` as its own process, as an operator starts it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.patience import PATIENCE_S
from tests.server.leaks import WATCH

KEY = "the create key of the process"


@dataclass
class Process:
    """A running server. address: http://host:port."""

    child: subprocess.Popen[str]
    address: str
    printed: str

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; its exit code."""
        self.child.send_signal(number)
        return self.child.wait(PATIENCE_S)


def started(*arguments: str, key: str | None = KEY, **more: Any) -> subprocess.Popen[str]:
    """The server on a free port, without waiting for it."""
    environment = {name: value for name, value in os.environ.items() if "GAMEROOM" not in name}
    if key is not None:
        environment["GAMEROOM_CREATE_KEYS"] = key.replace(" ", "-")
    return subprocess.Popen(
        [sys.executable, "-c", "from gameroom.cli import main; main()", "serve", "--port", "0",
         *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        **more,
    )  # fmt: skip


@contextmanager
def serving(*arguments: str, key: str | None = KEY) -> Iterator[Process]:
    """The server on a free port until the block ends."""
    logged = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
    child = started(*arguments, key=key, stderr=logged)
    try:
        assert child.stdout is not None
        printed = child.stdout.readline()
        found = re.search(r"http://\S+", printed)
        assert found is not None, printed
        if key is None:
            printed += child.stdout.readline()
        yield Process(child, found[0], printed)
    finally:
        if child.poll() is None:
            child.kill()
        child.wait(PATIENCE_S)
        if child.stdout is not None:
            child.stdout.close()
        logged.seek(0)
        text = logged.read()
        logged.close()
        sys.stderr.write(text)
        if key is not None:
            WATCH.secrets.add(key.replace(" ", "-"))
        WATCH.check(text)
