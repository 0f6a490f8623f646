"""An engine run again without a browser: by node, in a process that may do nothing else.

Knows pipes and node's command line. Orders and replies are those of web/worker.js. One
order is answered before the next is given, so nothing piles up; an answer that does not
come in time ends the process.
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
"""For one order, which is one turn mostly and some thousand turns at most."""
LINE_BYTES_MAX = 64 * 1024 * 1024
RUNNER = Path(__file__).with_name("engine.mjs")
WEB = resources.web()
OWN = ("worker", "lockdown", "source", "twin", "evidence")
"""What runs an engine, of ours."""


class NoNodeError(Exception):
    """Engines cannot be run here; the message says why."""


class EngineFailedError(Exception):
    """The engine failed, or its process did; the message says how."""


def node() -> list[str]:
    """The command that runs an engine. Raises NoNodeError."""
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
    """A running engine. Use it as a context: the process ends with it."""

    def __init__(self, source: bytes, kit: bytes | None = None) -> None:
        """kit: what the engine works with, this release's where none is given. Raises
        NoNodeError, and EngineFailedError for an engine that cannot begin."""
        command = node()
        self._replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Nothing of ours: no NODE_OPTIONS, no secrets. Windows starts nothing without its own.
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
        """The reply to an order. Raises EngineFailedError for any other than `answer`."""
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
                # What the dead process did not read is left over.
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
        """The process is gone: how it went."""
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "its process no longer responds"
        return f"its process ended with {code}; its memory limit is {MEMORY_MB} MB"


def _read(pipe: IO[bytes], replies: queue.SimpleQueue[bytes]) -> None:
    """Lines into the queue; nothing stands for the end."""
    while line := pipe.readline(LINE_BYTES_MAX):
        replies.put(line)
    replies.put(b"")


def _described(reply: Any) -> str:
    error = reply.get("error") if isinstance(reply, dict) else None
    if not isinstance(error, dict):
        return "it responded to a different request"
    return f"{str(error.get('name'))[:40]}: {' '.join(str(error.get('message')).split())[:300]}"
