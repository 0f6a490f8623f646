"""python -m tests.mutants PACKAGE ...: what stands in the package's docstring."""

from __future__ import annotations

import argparse
import os
import sys

from tests.mutants import report, suite
from tests.mutants.campaign import Campaign, Package

PACKAGES = {
    package.name: package
    for package in (
        Package("chart", ("tests/chart",)),
        Package("lockstep", ("tests/lockstep", "tests/twins/test_kit.py")),
        Package("room", ("tests/room",)),
        Package("wire", ("tests/wire", "tests/twins")),
    )
}
SEED = 1
MINUTES = 60.0
GATES = {"chart": 85.0, "lockstep": 85.0}
"""Per cent of the mutants that the tests have to kill."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("packages", nargs="*", choices=[[], *PACKAGES], metavar="PACKAGE")
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, help="for each package; 0 only reports"
    )
    parser.add_argument("--sample", type=int, help="only this many mutants of each package")
    parser.add_argument("--seed", type=int, default=SEED, help="of the sample")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--survivors", action="store_true", help="print every survivor")
    parser.add_argument("--write", action="store_true", help="write the tables of docs/mutants.md")
    given = parser.parse_args(arguments)
    names = given.packages or [*PACKAGES]
    campaigns = [Campaign(PACKAGES[name], given.seed, given.sample) for name in names]
    for campaign in campaigns:
        print(report.forecast(campaign, given.workers, given.minutes), flush=True)
    suite.preload()
    for campaign in campaigns:
        if campaign.todo() and given.minutes > 0:
            campaign.run(given.workers, given.minutes * 60, _say)
        print(report.summary(campaign, GATES), flush=True)
        if given.survivors:
            print(report.survivors(campaign))
    if given.write:
        report.write(campaigns)
    return 0 if all(report.passes(campaign, GATES) for campaign in campaigns) else 1


_OUT = os.dup(1)


def _say(text: str) -> None:
    """Also from a process whose own output is closed."""
    os.write(_OUT, f"{text}\n".encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
