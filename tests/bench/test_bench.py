"""`gameroom bench` itself: short real runs, whose figures are not looked at, and its page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameroom.bench import processes, report
from gameroom.bench.figures import FIGURES
from gameroom.cli.bench import bench
from tests.bench.plans import reported, window

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "bench.md").read_text(encoding="utf-8")


def run(*words: object) -> Result:
    return CliRunner().invoke(bench, [str(word) for word in words], standalone_mode=False)


@pytest.mark.slow
@pytest.mark.parametrize("wire", ["msgpack", "json"])
def test_a_short_run_has_every_figure_and_no_fault(
    wire: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_PATH", str(ROOT / "tests" / "web" / "node_modules"))
    file = tmp_path / "report.json"
    words = ("--seats", 2, "--watchers", 1, "--seconds", 1, "--warm", 0, "--pairs", 1)
    result = run("--rooms", 2, "--wire", wire, "--node", "--json", file, "--data", tmp_path, *words)
    assert result.return_value == 0, result.output
    told = json.loads(file.read_text())
    assert told["machine"]["versions"].keys() >= {"gameroom", "python", "aiohttp", "node"}
    assert told["windows"].keys() == {"gameroom", "relay", "node"}
    for windows in told["windows"].values():
        assert [(one["rooms"], one["faults"]) for one in windows] == [(2, [])]
    assert told["figures"].keys() == {figure.name for figure in FIGURES}
    assert "once and in order" in result.stdout
    assert "pair 1 of 1: gameroom" in result.stderr
    assert [left.name for left in tmp_path.iterdir()] == ["report.json"]


def test_node_without_its_package_is_an_error_if_it_must_take_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "NODE_SCRIPT", ROOT / "nothing.cjs")
    result = run("--node", "--pairs", 1)
    assert result.return_value == 1
    assert "node cannot load the package `ws`" in result.stderr


def test_without_node_it_is_left_out_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    result = run("--node")
    assert result.return_value == 1
    assert "there is no program `node`" in result.stderr


def test_two_reports_are_compared(tmp_path: Path) -> None:
    for name, cpu_s in (("old", 4.0), ("new", 2.0)):
        text = report.as_json(reported([window(cpu_s=cpu_s)] * 3, [window()] * 3))
        (tmp_path / name).write_text(text)
    result = run("--compare", tmp_path / "old", tmp_path / "new")
    assert result.return_value == 0, result.output
    assert "above the spread" in result.stdout
    (tmp_path / "new").write_text("{}")
    result = run("--compare", tmp_path / "old", tmp_path / "new")
    assert result.return_value == 1
    assert "is not a report of `gameroom bench --json`" in result.stderr


@pytest.mark.parametrize(
    "words", [["--quick", "--search"], ["--rooms", "0"], ["--compare", "x", "y"], ["--wire", "xml"]]
)
def test_what_cannot_be_run_is_usage(words: list[str]) -> None:
    assert CliRunner().invoke(bench, words).exit_code == 2


def test_the_page_shows_options_that_exist_and_explains_every_figure_and_key() -> None:
    options = {word for parameter in bench.params for word in parameter.opts}
    shown = set(re.findall(r"(?<![\w-])--[a-z]+", PAGE))
    assert shown - options == set()
    for figure in FIGURES:
        assert figure.label.partition(",")[0] in PAGE, figure.label
    for key in json.loads(report.as_json(reported([window()], [window()]))):
        assert f"`{key}`" in PAGE, key
