"""Every command that README and docs show does what it is shown for.

Each document's commands run in order in a fresh copy of the tracked files. Servers are
started, waited for until they say where they listen, kept for the commands after them,
and stopped in good order at the end.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from gameroom import language
from tests.repository.documents import Shown, commands, documents, rooms

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ("gameroom serve", "gameroom demo", "gameroom replay --port", "make demo")
EXPORT = re.compile(r"export ([A-Z_]+)=(\S+)")
# These run the tests that this one is among, or for long: that make knows what to do must do.
RECURSIVE = {
    f"make {what}": f"make --dry-run {what}"
    for what in ("test", "bench", "modem", "soak", "mutants", "mutants PACKAGE=chart")
}

SHOWN = [path for path in documents(ROOT) if commands(path)]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git would give a newcomer, with the changes that are not committed yet."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture
def environment() -> dict[str, str]:
    """Our command in reach, no browser window opened."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "BROWSER": "true"}


@contextmanager
def listening(command: str, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """A server while it runs; the line that says where. Leaves with the exit code 0."""
    server = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert server.stdout is not None
    said = []
    try:
        for line in server.stdout:
            said.append(line)
            if "http://" in line:
                break
        else:
            raise AssertionError(f"{command} ended: {''.join(said)}")
        yield said[-1]
    finally:
        os.killpg(server.pid, signal.SIGINT)
        rest, _ = server.communicate()
        assert server.returncode in (0, 130, -signal.SIGINT), "".join(said) + rest


def run(shown: Shown, folder: Path, environment: dict[str, str]) -> None:
    command = RECURSIVE.get(shown.command, shown.command)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == shown.code, f"{command}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("document", SHOWN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_shown_runs(document: Path, checkout: Path, environment: dict[str, str]):
    with ExitStack() as servers:
        for shown in commands(document):
            if (export := EXPORT.fullmatch(shown.command)) is not None:
                environment[export.group(1)] = export.group(2)
            elif shown.command.startswith(SERVERS):
                servers.enter_context(listening(shown.command, checkout, environment))
            else:
                run(shown, checkout, environment)


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=path.name) for path in documents(ROOT) for text in rooms(path)]
)
def test_every_room_shown_checks_clean(text: str):
    loaded = language.load(text, name="shown.room", resolve=language.shipped)
    assert loaded.ok, language.as_text(loaded.diagnostics, {"shown.room": text})


def test_the_readme_shows_how_to_start():
    shown = [found.command for found in commands(ROOT / "README.md")]
    assert "make demo" in shown
    assert "make test" in shown


def test_a_command_is_found_with_its_exit_code_and_its_continuation(tmp_path: Path):
    text = "```console\n$ gameroom check \\\n  a.room  # exits 1\nerror\n$ ls\n```\n"
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    first, second = commands(tmp_path / "page.md")
    assert (first.line, first.command.split(), first.code) == (
        2,
        ["gameroom", "check", "a.room"],
        1,
    )
    assert (second.command, second.code) == ("ls", 0)
