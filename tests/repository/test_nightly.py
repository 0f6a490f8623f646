"""What `make test` leaves out can be collected, and `make nightly` says how long it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import nightly

ROOT = Path(__file__).parents[2]


def test_every_long_test_and_every_benchmark_can_be_collected() -> None:
    patterns = ("nightly_*.py", "bench_*.py")
    found = [path for pattern in patterns for path in (ROOT / "tests").rglob(pattern)]
    files = {path.relative_to(ROOT).as_posix() for path in found}
    assert len(files) > 5
    options = ["--collect-only", "-qq", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *options,
            "-o",
            f"python_files={' '.join(patterns)}",
            *files,
        ],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split(":")[0] for line in done.stdout.splitlines() if line} == files


def test_before_it_begins_it_says_how_long_each_part_takes() -> None:
    parts = nightly.parts(hours=8)
    lines = nightly.table(parts).splitlines()
    assert [line.split()[0] for line in lines] == ["fuzz", "autobahn", "mutants", "soak", "all"]
    assert f" {sum(part.minutes for part in parts)} min" in lines[-1]
    assert lines[3].split()[1:3] == ["480", "min"]


@pytest.mark.parametrize(("code", "passes"), [(0, True), (3, False)])
def test_a_part_passes_when_its_command_does(code: int, passes: bool) -> None:
    command = (sys.executable, "-c", f"raise SystemExit({code})")
    assert nightly.passes(nightly.Part("part", "", 1, command)) is passes


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(SystemExit):
        nightly.main(["nothing"])
