"""The server as the benchmark starts it: `gameroom serve`, except for the rate limits of joining.

    python -m gameroom.bench.product DATA KEY DURABILITY

All players join from one address at once, which the limits of a real server forbid. For running
games, everything is the same as on a real server.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from gameroom.server.config import Config, Limits, create_keys
from gameroom.server.serve import run

MANY = 1_000_000

LIMITS = Limits(
    rooms_max=MANY,
    rooms_kept_max=MANY,
    connections_max=MANY,
    silent_connections_max=MANY,
    silent_per_address_max=MANY,
    joins_per_minute=MANY,
    joins_burst=MANY,
    creates_per_minute=MANY,
    address_ms_per_second=MANY,
    address_burst_ms=MANY,
)


def main() -> None:
    """Serve on a free port until SIGTERM."""
    data, key, durability = sys.argv[1:4]
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    config = Config(
        port=0,
        data=Path(data),
        create_keys=create_keys(key),
        durability="disk" if durability == "disk" else "process",
        limits=LIMITS,
    )
    run(config, lambda address: print(f"listening on {address}", flush=True))


if __name__ == "__main__":
    main()
