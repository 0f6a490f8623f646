"""A battle of archers over links: `gameroom serve` and players, each on a host of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gameroom.lockstep.packets import Command, MasterPacket
from gameroom.store import FileJournals
from gameroom.wire import MSGPACK, Codec, EventFrame, read_definition
from tests.network.line import Weather
from tests.network.links import ROOT, Links, linked
from tests.network.namespaces import Namespace
from tests.network.players import Player, armies
from tests.patience import PATIENCE_S

KEY = "the-create-key-of-the-battles"
PORT = 8080
STOP_S = 20.0
LOOK_S = 0.02
ARCHERS_MAX = 1_500
"""On the field of rooms/archers."""


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the journal; `at` in milliseconds."""

    at: int
    frame: EventFrame


class Battle:
    """Players in a running room, over `links`. Link n is that of player n."""

    def __init__(
        self, links: Links, players: Sequence[Player], enough: threading.Event, journal: Path
    ) -> None:
        self.links = links
        self.players = players
        self._enough = enough
        self._journal = journal

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait; raises what ended a player."""
        patience = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > patience:
                raise TimeoutError(f"nothing came in {PATIENCE_S} s")
            self._look()

    def reached(self, generation: int) -> bool:
        """Have all players run this turn?"""
        return all(generation in player.notes.pages for player in self.players)

    def fight(self, seconds: float) -> None:
        """Let them play; raises what ended a player."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._look()

    def finish(self) -> list[Told]:
        """No more orders; when all that were given are applied everybody goes. Returns all
        that the room has said, from the file of its journal."""
        self._enough.set()
        self.until(lambda: not any(player.is_alive() for player in self.players))
        self._look()
        seat = self.players[0].seat
        assert seat is not None
        codec = Codec(MSGPACK, read_definition(seat.definition))
        # A copy, because the server has the file and still runs.
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy2(self._journal, folder)
            with closing(FileJournals(Path(folder)).open(self._journal.stem)) as journal:
                read = [(entry.at, codec.decode_event(entry.event)) for entry in journal.read()]
        return [Told(at, frame) for at, frame in read if isinstance(frame, EventFrame)]

    def _look(self) -> None:
        for player in self.players:
            if player.error is not None:
                raise player.error
        time.sleep(LOOK_S)


@contextmanager
def battle(weather: Sequence[Weather], seed: int = 1) -> Iterator[Battle]:
    """One player for each weather, in which the link is from before the first packet on.
    Begins when all engines run."""
    with tempfile.TemporaryDirectory() as folder, linked(len(weather), seed) as links:
        for number, one in enumerate(weather):
            links.set(number, one)
        with serving(links.server, Path(folder)) as address:
            total = ARCHERS_MAX // len(weather) * len(weather)
            room = create(links.server, address, total // len(weather), seed)
            enough, meeting = threading.Event(), threading.Barrier(len(weather))
            players = [
                Player(f"player {number}", host, f"{address}/join/{room}", orders, meeting, enough)
                for number, (host, orders) in enumerate(
                    zip(links.clients, armies(len(weather), total, seed), strict=True)
                )
            ]
            journal = Path(folder, "journals", f"{room}.journal")
            fought = Battle(links, players, enough, journal)
            try:
                for player in players:
                    player.start()
                fought.until(lambda: all(player.playing.is_set() for player in players))
                yield fought
            finally:
                meeting.abort()
                for player in players:
                    player.stop()
                for player in players:
                    player.join(STOP_S)


@contextmanager
def serving(host: Namespace, data: Path) -> Iterator[str]:
    """`gameroom serve` on this host, as an operator starts it; its address."""
    address = f"http://{host.address}:{PORT}"
    with subprocess.Popen(
        host.running(
            *(sys.executable, "-c", "from gameroom.cli import main; main()", "serve"),
            *("--host", host.address, "--port", str(PORT), "--data", str(data)),
            *("--log-level", "warning"),
        ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"GAMEROOM_CREATE_KEYS": KEY, "PYTHONUNBUFFERED": "1"},
    ) as server:
        try:
            assert server.stdout is not None
            printed = server.stdout.readline()
            assert address in printed, f"the server said {printed!r}"
            yield address
        finally:
            server.terminate()
            try:
                server.wait(STOP_S)
            finally:
                server.kill()


def create(host: Namespace, address: str, archers: int, seed: int) -> str:
    """A room of archers with so many in each army; its id. Asked on the server's own host."""
    wish = {"game": "archers", "setup": {"archers": archers}, "seed": seed}
    request = urllib.request.Request(
        f"{address}/create",
        data=json.dumps(wish).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    ids: list[str] = []

    def ask() -> None:
        host.enter()
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            ids.append(json.load(response)["id"])

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join()
    return ids[0]


def commanded(told: Sequence[Told]) -> Mapping[int, list[Command]]:
    """By seat, the commands in the master packets of a journal, in their order."""
    found: dict[int, list[Command]] = {}
    for one in told:
        if isinstance(one.frame.body, MasterPacket):
            for part in one.frame.body.commands:
                found.setdefault(part.seat, []).extend(part.commands)
    return found
