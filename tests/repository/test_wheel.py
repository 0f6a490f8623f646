"""The wheel that is built from the sdist works in an empty folder, far from the checkout."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname, urlopen

import pytest

from gameroom.language import CODES
from tests.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]
ROOM = """language 1
use "standard"

room "mine" extends standard {
  players 2..2
}
"""


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run without anything of the checkout or of this environment's paths in reach."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of the checkout, and the wheel of that sdist."""
    dist = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, ROOT, cwd=dist)
    assert built.returncode == 0, built.stdout + built.stderr
    assert len(list(dist.glob("gameroom-*.tar.gz"))) == 1
    (found,) = dist.glob("gameroom-*.whl")
    return found


@pytest.fixture(scope="module")
def gameroom(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of a fresh environment that holds the wheel. Its dependencies are
    borrowed from this environment; that they are all declared is a test of its own."""
    folder = tmp_path_factory.mktemp("fresh")
    assert (
        run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder).returncode
        == 0
    )
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    installed = run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    assert installed.returncode == 0, installed.stderr
    where = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    borrowed = Path(where.stdout.strip()) / "borrowed.pth"
    borrowed.write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return scripts / "gameroom"


def test_the_wheel_carries_grammars_rooms_and_web(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (("grammars", "grammars"), ("rooms", "rooms"), ("gameroom/web", "web")):
        expected = {
            f"gameroom/{inside}/{path.relative_to(ROOT / folder).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert expected, folder
        assert expected <= names
    pages = {f"gameroom/docs/codes/{code}.md" for code in CODES}
    assert pages | {"gameroom/docs/language.md"} <= names
    assert not [
        name for name in names if name.startswith(("tests/", "docs/", "grammars/", "rooms/"))
    ]


def test_it_runs_from_an_empty_folder(gameroom: Path, tmp_path: Path):
    helped = run(gameroom, "--help", cwd=tmp_path)
    assert helped.returncode == 0, helped.stderr
    assert "gameroom demo" in helped.stdout
    where = run(
        gameroom.parent / "python", "-c", "import gameroom; print(gameroom.__file__)", cwd=tmp_path
    )
    assert str(gameroom.parent.parent) in where.stdout


def test_it_checks_a_room_that_extends_the_standard_one(gameroom: Path, tmp_path: Path):
    (tmp_path / "mine.room").write_text(ROOM, encoding="utf-8")
    checked = run(gameroom, "check", "mine.room", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (tmp_path / "broken.room").write_text(
        ROOM.replace('"standard"', '"standart"'), encoding="utf-8"
    )
    broken = run(gameroom, "check", "--format", "json", "broken.room", cwd=tmp_path)
    assert broken.returncode == 1
    page = Path(url2pathname(urlsplit(json.loads(broken.stdout)["diagnostics"][0]["url"]).path))
    assert page.is_relative_to(gameroom.parent.parent)
    assert page.read_text(encoding="utf-8").startswith("# E0301: ")


def test_the_demo_answers_from_an_empty_folder(gameroom: Path, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    child = subprocess.Popen(
        [gameroom, "demo", "--port", "0"],
        cwd=tmp_path,
        env={**kept, "PYTHONUNBUFFERED": "1", "BROWSER": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert child.stdout is not None
        printed = child.stdout.readline()
        found = re.search(r"http://\S+", printed)
        assert found is not None, printed
        with urlopen(found[0], timeout=PATIENCE_S) as page:
            assert page.status == 200
            assert b"<title>gameroom demo</title>" in page.read()
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE_S) == 0
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def test_every_shipped_room_is_found_in_the_wheel(gameroom: Path, tmp_path: Path):
    script = (
        "from gameroom import resources\n"
        "assert resources.shipped_room('standard') and resources.shipped_room('archers')\n"
        "assert (resources.grammars() / 'room.lark').is_file()\n"
        "print(resources.rooms())\n"
    )
    asked = run(gameroom.parent / "python", "-c", script, cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    assert str(gameroom.parent.parent) in asked.stdout


def test_the_wheel_knows_unicode(gameroom: Path, tmp_path: Path) -> None:
    script = "from gameroom.texts import skeleton; print(skeleton('\\u0430nn'))"
    asked = run(gameroom.parent / "python", "-c", script, cwd=tmp_path)
    assert (asked.stdout.strip(), asked.stderr) == ("ann", "")


def test_the_wheel_has_what_replays_need(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    needed = ("replay/engine.mjs", "web/worker.js", "web/kit.js", "web/replay.html")
    assert {f"gameroom/{name}" for name in needed} <= names
