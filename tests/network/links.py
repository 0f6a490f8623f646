"""A server's host and those of its clients, and the links between them, which can be changed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.network.line import Count, Weather
from tests.network.namespaces import Namespace, hosts
from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Links:
    """Link n joins `clients[n]` to the server."""

    server: Namespace
    clients: Sequence[Namespace]
    _forwarder: subprocess.Popen[str]

    def set(self, client: int, up: Weather, down: Weather | None = None) -> None:
        """The weather of this link from now on; down is as up where it is not given."""
        self._ask({"client": client, "up": asdict(up), "down": asdict(down or up)})

    def set_all(self, weather: Weather) -> None:
        for client in range(len(self.clients)):
            self.set(client, weather)

    def counts(self) -> list[tuple[Count, Count]]:
        """What each link was given so far: up, down."""
        return [(Count(**both["up"]), Count(**both["down"])) for both in self._ask({})]

    def _ask(self, said: dict[str, object]) -> list[dict[str, dict[str, int]]]:
        assert self._forwarder.stdin is not None
        assert self._forwarder.stdout is not None
        self._forwarder.stdin.write(json.dumps(said) + "\n")
        self._forwarder.stdin.flush()
        answer: list[dict[str, dict[str, int]]] = json.loads(self._forwarder.stdout.readline())
        return answer


@contextmanager
def linked(clients: int, seed: int) -> Iterator[Links]:
    """So many clients' hosts, each with a perfect link to the server's until it is set."""
    with hosts(1 + clients) as (server, *others):
        tuns = [host.tun for host in (server, *others)]
        with subprocess.Popen(
            [sys.executable, "-m", "tests.network.forwarder", *map(str, tuns), str(seed)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=tuns,
        ) as forwarder:
            try:
                yield Links(server, others, forwarder)
            finally:
                forwarder.communicate(timeout=PATIENCE_S)
