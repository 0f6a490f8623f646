"""Carry IP packets between the TUN of a server and those of its clients, through weather.

    python -m tests.network.forwarder SERVER CLIENT ... SEED

SERVER and CLIENT are inherited descriptors of TUN interfaces, the clients' in the order of
their addresses, 10.77.0.2 and on. Each client has a link of its own, in both directions.
It is told on standard input, one JSON value a line, `{}` or `{"client": 0, "up": weather,
"down": weather}`, and answers each with a line `[{"up": count, "down": count}, ...]`. It
ends with its standard input. All delays are its own: between the hosts' kernels nothing
else stands, so their TCP is real.
"""

from __future__ import annotations

import heapq
import json
import os
import select
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict

from tests.network.line import Line, Weather

PACKET_BYTES_MAX = 65_536
FIRST_CLIENT = 2
TCP = 6


class Forwarder:
    """server, clients: descriptors of TUN interfaces. Link n is that of client n."""

    def __init__(self, server: int, clients: Sequence[int], seed: int) -> None:
        self.up = [Line(Weather(), seed + 2 * number) for number in range(len(clients))]
        self.down = [Line(Weather(), seed + 2 * number + 1) for number in range(len(clients))]
        self._server = server
        self._clients = clients
        self._number = {tun: number for number, tun in enumerate(clients)}
        self._waiting: list[tuple[int, int, int, bytes]] = []
        self._sent = 0

    def run(self) -> None:
        """Until standard input ends."""
        poll = select.epoll()
        for descriptor in (self._server, *self._clients, sys.stdin.fileno()):
            poll.register(descriptor, select.EPOLLIN)
        while True:
            for descriptor, _ in poll.poll(self._patience()):
                if descriptor != sys.stdin.fileno():
                    self._read(descriptor)
                elif not self._obey(sys.stdin.buffer.readline()):
                    return
            self._deliver()

    def _patience(self) -> float | None:
        """Seconds until the next packet arrives; None when none is on its way."""
        return max(0.0, self._waiting[0][0] / 1e6 - time.monotonic()) if self._waiting else None

    def _obey(self, line: bytes) -> bool:
        if not line:
            return False
        if "client" in (said := json.loads(line)):
            self.up[said["client"]].weather = Weather.read(said["up"])
            self.down[said["client"]].weather = Weather.read(said["down"])
        both = zip(self.up, self.down, strict=True)
        counts = [{"up": asdict(up.count), "down": asdict(down.count)} for up, down in both]
        print(json.dumps(counts), flush=True)
        return True

    def _read(self, tun: int) -> None:
        """Take everything that a host has sent. Only IPv4 between clients and server goes on."""
        while True:
            try:
                packet = os.read(tun, PACKET_BYTES_MAX)
            except BlockingIOError:
                return
            if packet[0] >> 4 != 4:
                continue
            if tun in self._number:
                line, to = self.up[self._number[tun]], self._server
            elif 0 <= (number := packet[19] - FIRST_CLIENT) < len(self._clients):
                line, to = self.down[number], self._clients[number]
            else:
                continue
            at = line.send(len(packet), time.monotonic_ns() // 1_000, payload(packet))
            if at is not None:
                self._sent += 1
                heapq.heappush(self._waiting, (at, self._sent, to, packet))

    def _deliver(self) -> None:
        now = time.monotonic_ns() // 1_000
        while self._waiting and self._waiting[0][0] <= now:
            _, _, to, packet = heapq.heappop(self._waiting)
            os.write(to, packet)


def payload(packet: bytes) -> int:
    """The bytes that TCP carries in this IPv4 packet."""
    if packet[9] != TCP:
        return 0
    head = (packet[0] & 15) * 4
    return int.from_bytes(packet[2:4], "big") - head - (packet[head + 12] >> 4) * 4


if __name__ == "__main__":
    first, *rest, dice = map(int, sys.argv[1:])
    Forwarder(first, rest, dice).run()
