"""Runs an engine again without a browser: in node, in a process that is not allowed to do anything
else.

Knows pipes and node's command line. Orders and replies are those of web/worker.js. Each order waits
for its reply, so nothing piles up. A reply that does not arrive in time ends the process.
"""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from gameroom import resources

NODE_MAJOR_MIN = 20
MEMORY_MB = 1024
ANSWER_S = 60.0
"""The time limit for one order: usually one turn, and a few thousand turns at most."""
LINE_BYTES_MAX = 64 * 1024 * 1024
RUNNER = Path(__file__).with_name("engine.mjs")
WEB = resources.web()
OWN = ("worker", "lockdown", "source", "twin", "evidence")
"""Our scripts that run an engine."""


class NoNodeError(Exception):
    """Engines cannot run here. The message says why."""


class EngineFailedError(Exception):
    """The engine or its process failed. The message says how."""


def node() -> list[str]:
    """Return the command that runs an engine. Raises NoNodeError."""
    path = shutil.which("node")
    if path is None:
        raise NoNodeError("node was not found")
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoNodeError(f"{path} cannot be run") from error
    found = re.match(r"v(\d+)\.(\d+)\.", said)
    if found is None or int(found[1]) < NODE_MAJOR_MIN:
        raise NoNodeError(f"node {NODE_MAJOR_MIN} or later is needed, and {path} is {said.strip()}")
    version = int(found[1]), int(found[2])
    named = version >= (23, 5) or (22, 13) <= version < (23, 0)
    return [
        path,
        "--permission" if named else "--experimental-permission",
        "--experimental-vm-modules",
        "--disallow-code-generation-from-strings",
        "--no-warnings",
        f"--max-old-space-size={MEMORY_MB}",
        "--input-type=module",
        "--eval",
        RUNNER.read_text(encoding="utf-8"),
    ]


class NodeEngine:
    """A running engine. Use it as a context manager, which ends the process."""

    def __init__(self, source: bytes, kit: bytes | None = None) -> None:
        """Start the engine. kit: the kit for the engine; by default that of this release. Raises
        NoNodeError, and EngineFailedError if the engine cannot begin."""
        command = node()
        self._replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Pass no NODE_OPTIONS and no secrets. Windows starts no process without SYSTEMROOT.
            env={name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
            cwd=Path(command[0]).anchor or None,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        threading.Thread(
            target=_read, args=(self._process.stdout, self._replies), daemon=True
        ).start()
        try:
            own = {name: (WEB / f"{name}.js").read_text(encoding="utf-8") for name in OWN}
            tools = (resources.kit() if kit is None else kit).decode(errors="replace")
            self._send({**own, "kit": tools, "engine": source.decode(errors="replace")})
            self._answer("ready")
        except BaseException:
            self.close()
            raise

    def ask(self, order: Mapping[str, Any], answer: str) -> dict[str, Any]:
        """Send an order and return the reply. Raises EngineFailedError if its kind is not
        `answer`."""
        self._send(order)
        return self._answer(answer)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                # Input that the ended process did not read is left in the pipe.
                continue

    def __enter__(self) -> NodeEngine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, order: Mapping[str, Any]) -> None:
        try:
            self._stdin.write(json.dumps(order).encode() + b"\n")
            self._stdin.flush()
        except OSError as error:
            raise EngineFailedError(self._end()) from error

    def _answer(self, wanted: str) -> dict[str, Any]:
        try:
            line = self._replies.get(timeout=ANSWER_S)
        except queue.Empty:
            raise EngineFailedError(f"it did not respond within {ANSWER_S:g} s") from None
        if not line:
            raise EngineFailedError(self._end())
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError):
            raise EngineFailedError("its response is not JSON") from None
        if not isinstance(reply, dict) or reply.get("op") != wanted:
            raise EngineFailedError(_described(reply))
        return reply

    def _end(self) -> str:
        """Return how the process ended."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "its process no longer responds"
        return f"its process ended with {code}; its memory limit is {MEMORY_MB} MB"


def _read(pipe: IO[bytes], replies: queue.SimpleQueue[bytes]) -> None:
    """Put lines into the queue. An empty one marks the end."""
    while line := pipe.readline(LINE_BYTES_MAX):
        replies.put(line)
    replies.put(b"")


def _described(reply: Any) -> str:
    error = reply.get("error") if isinstance(reply, dict) else None
    if not isinstance(error, dict):
        return "it responded to a different request"
    return f"{str(error.get('name'))[:40]}: {' '.join(str(error.get('message')).split())[:300]}"
