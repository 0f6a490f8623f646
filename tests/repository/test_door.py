"""The files for contributors: every place that they name exists, and CI runs what we run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOOR = ROOT / ".github"
PAGES = sorted(DOOR.rglob("*.md"))
FORMS = sorted((DOOR / "ISSUE_TEMPLATE").glob("*.yml"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`([\w.-]+(?:/[\w.-]+)*/?)`", page.read_text(encoding="utf-8")))
    paths = {one for one in named if "/" in one or one.endswith((".md", ".py"))}
    assert [one for one in paths if not ((ROOT / one).exists() or (DOOR / one).exists())] == []


def test_there_is_a_page_for_each_purpose() -> None:
    assert {page.name for page in PAGES} == {
        "CODE_OF_CONDUCT.md",
        "CONTRIBUTING.md",
        "PULL_REQUEST_TEMPLATE.md",
        "SECURITY.md",
    }


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_a_form_has_what_the_site_requires(form: Path) -> None:
    said = yaml.safe_load(form.read_text(encoding="utf-8"))
    if form.name == "config.yml":
        assert said == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= said.keys()
    ids = [field["id"] for field in said["body"]]
    assert len(ids) == len(set(ids))
    assert all(field["attributes"]["label"] for field in said["body"])


def test_the_workflow_runs_what_the_gate_runs() -> None:
    said = yaml.safe_load((DOOR / "workflows" / "test.yml").read_text(encoding="utf-8"))
    steps = said["jobs"]["linux"]["steps"]
    assert steps[-1] == {"run": ".ci/run"}
    for job in said["jobs"].values():
        for step in job["steps"]:
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/x@v1"))


def test_the_hooks_are_checks_of_make_test() -> None:
    said = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (local,) = said["repos"]
    tools = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in local["hooks"]}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert tools == {"ruff", "mypy"}
    assert all(f"$(BIN)/{tool}" in makefile for tool in tools)
