"""The Autobahn test suite of WebSocket against our socket and, as control, aiohttp's own.

    python -m tests.server.autobahn [--python PYTHON2.7] [--packages FOLDER] [CASE ...]

The suite (https://github.com/crossbario/autobahn-testsuite) runs on Python 2.7 only. Its
packages are installed into FOLDER when they are missing there. A case is a pattern like
`7.*`. Prints every case in which the two differ, and fails when ours is worse in one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from aiohttp import WSMsgType, web

from gameroom.model import RoomFile
from gameroom.server import websocket
from gameroom.server.app import make_services
from gameroom.server.auth import Sources
from gameroom.server.config import Config, Limits
from gameroom.server.host.stores import open_stores
from gameroom.server.serve import loop_factory
from gameroom.server.services import SERVICES
from gameroom.server.socket import dispatch as fastpath
from gameroom.server.socket.connection import Connection
from gameroom.server.socket.hello import Guest
from gameroom.wire import MSGPACK, Codec

MESSAGE_BYTES_MAX = 32 * 2**20
LIMITS = Limits(
    frame_bytes_max=MESSAGE_BYTES_MAX,
    hello_timeout_ms=600_000,
    write_buffer_bytes_max=2 * MESSAGE_BYTES_MAX,
)
GRADES = (
    "OK",
    "INFORMATIONAL",
    "NON-STRICT",
    "UNCLEAN",
    "WRONG CODE",
    "FAILED BY CLIENT",
    "UNIMPLEMENTED",
    "FAILED",
)
"""From best to worst."""

SUITE = """
import site, sys
site.addsitedir(sys.argv[1])
from autobahntestsuite import wstest
sys.argv = ["wstest", "-m", "fuzzingclient", "-s", sys.argv[2]]
wstest.run()
"""


class Echo(Connection):
    """A connection that sends back what it gets, and counts nothing."""

    def received(self, message: str | bytes) -> None:
        self.write(websocket.frame(message))

    def counted(self) -> None:
        pass


async def ours(request: web.Request) -> web.StreamResponse:
    transport = request.transport
    assert transport is not None
    echo = Echo(
        request.app[SERVICES],
        guest=Guest("echo", None, None, None),
        codec=Codec(MSGPACK, RoomFile("")),
        settled=lambda: None,
    )
    socket = fastpath.Socket(
        receiver=echo,
        fast=True,
        protocols=(),
        first_bytes_max=MESSAGE_BYTES_MAX,
        message_bytes_max=MESSAGE_BYTES_MAX,
        heartbeat_ms=600_000,
        close_timeout_ms=LIMITS.close_timeout_ms,
    )
    echo.start(transport)
    try:
        await socket.prepare(request)
        await socket.run()
    finally:
        echo.stop()
    return socket


async def control(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse(compress=False, max_msg_size=MESSAGE_BYTES_MAX)
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket


def python27(given: str | None) -> str:
    """A Python 2.7 that runs. Exits with what is missing where there is none."""
    homes = sorted(Path.home().glob(".pyenv/versions/2.7*/bin/python2.7"))
    for name in [given] if given else ["python2.7", *map(str, homes)]:
        try:
            said = subprocess.run([name, "--version"], capture_output=True, text=True)
        except OSError:
            continue
        if said.returncode == 0 and "2.7" in said.stdout + said.stderr:
            return name
    wanted = given or "`python2.7`"
    sys.exit(
        f"The Autobahn test suite needs Python 2.7, and {wanted} does not run. "
        "Install it (for example with pyenv) and give its path: make autobahn PYTHON27=..."
    )


def install(python: str, packages: Path) -> None:
    if not (packages / "autobahntestsuite").exists():
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*command, "--target", str(packages), "autobahntestsuite"])
        if done.returncode:
            sys.exit(f"{python} could not install `autobahntestsuite` into {packages}.")


async def run(python: str, packages: Path, cases: list[str]) -> dict[str, dict[str, str]]:
    """The grade of each case, by server."""
    runners = []
    servers = []
    for agent, handler in (("ours", ours), ("aiohttp", control)):
        app = web.Application()
        app[SERVICES] = make_services(Config(limits=LIMITS), open_stores(Config()), Sources())
        app.router.add_get("/", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        servers.append({"agent": agent, "url": f"ws://127.0.0.1:{runner.addresses[0][1]}"})
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder, "spec.json")
        asked = {"cases": cases, "exclude-cases": ["12.*", "13.*"], "exclude-agent-cases": {}}
        spec.write_text(json.dumps({"outdir": folder, "servers": servers, **asked}))
        child = await asyncio.create_subprocess_exec(
            python, "-c", SUITE, str(packages), str(spec), stdout=asyncio.subprocess.DEVNULL
        )
        try:
            failed = await child.wait()
        finally:
            if child.returncode is None:
                child.kill()
            for runner in runners:
                await runner.cleanup()
        if failed:
            sys.exit(f"the Autobahn test suite ended with {failed}")
        index = json.loads(Path(folder, "index.json").read_text())
    # The worse of the two things that a case judges.
    return {
        agent: {
            case: max(said["behavior"], said["behaviorClose"], key=GRADES.index)
            for case, said in sorted(of.items(), key=lambda one: _numbers(one[0]))
        }
        for agent, of in index.items()
    }


def _numbers(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]


def main() -> None:
    parser = argparse.ArgumentParser(prog="autobahn")
    parser.add_argument("--python")
    parser.add_argument("--packages", type=Path, default=Path(".venv/autobahn"))
    parser.add_argument("cases", nargs="*", default=["*"])
    given = parser.parse_args()
    python = python27(given.python)
    install(python, given.packages)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        grades = runner.run(run(python, given.packages, given.cases))
    for agent, of in grades.items():
        counts = Counter(of.values())
        said = ", ".join(f"{counts[grade]} {grade}" for grade in GRADES if counts[grade])
        print(f"{agent}: {len(of)} cases: {said}")
    worse = 0
    for case, grade in grades["ours"].items():
        other = grades["aiohttp"][case]
        if grade != other:
            print(f"{case}: {grade}, aiohttp {other}")
            worse += GRADES.index(grade) > GRADES.index(other)
    for case, grade in grades["ours"].items():
        if GRADES.index(grade) >= GRADES.index("UNCLEAN"):
            print(f"{case}: {grade}")
    if worse:
        sys.exit(f"worse than aiohttp in {worse} cases")


if __name__ == "__main__":
    main()
