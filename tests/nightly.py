"""What takes long, one part after another: `make nightly`.

Prints what will run and how long each part takes before it begins, goes on after a part that
fails, and fails at the end.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Part:
    """minutes: about what it takes on a machine with two cores that does nothing else."""

    name: str
    what: str
    minutes: int
    command: tuple[str, ...]


def parts(hours: float) -> tuple[Part, ...]:
    """hours: of the soak."""
    pytest = (sys.executable, "-m", "pytest", "--quiet", "--override-ini")
    return (
        Part(
            "fuzz", "the tests in nightly_*.py", 20, (*pytest, "python_files=nightly_*.py", "tests")
        ),
        Part("autobahn", "the WebSocket test suite; needs Python 2.7", 15, ("make", "autobahn")),
        Part("mutants", "changes to the code that a test has to notice", 240, ("make", "mutants")),
        Part(
            "soak",
            "rooms in bad weather, with crashes and cheats",
            round(60 * hours),
            ("make", "soak", f"HOURS={hours:g}"),
        ),
    )


def table(chosen: tuple[Part, ...]) -> str:
    """One line for each part, and how long all of them take."""
    rows = [(part.name, f"{part.minutes} min", part.what) for part in chosen]
    rows.append(("all", f"{sum(part.minutes for part in chosen)} min", "on two cores"))
    return "\n".join(f"{name:<10}{long:>8}  {what}" for name, long, what in rows)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.nightly")
    parser.add_argument("parts", nargs="*", metavar="PART", help="only these parts")
    parser.add_argument("--hours", type=float, default=8, help="of the soak")
    given = parser.parse_args(arguments)
    every = parts(given.hours)
    if unknown := {*given.parts} - {part.name for part in every}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    chosen = tuple(part for part in every if not given.parts or part.name in given.parts)
    print(table(chosen), flush=True)
    failed = [part.name for part in chosen if not passes(part)]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def passes(part: Part) -> bool:
    """Run one part, and print how long it took."""
    print(f"\n==> {part.name}", flush=True)
    began = time.monotonic()
    done = subprocess.run(part.command, cwd=ROOT, check=False)
    minutes = (time.monotonic() - began) / 60
    print(f"==> {part.name}: exit code {done.returncode} after {minutes:.0f} min", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
