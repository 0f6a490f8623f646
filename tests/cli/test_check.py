"""`gameroom check`: exit codes, folders, standard input, used files."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gameroom import cli, resources
from gameroom.cli.check import check
from gameroom.language import formatted
from tests.language.sarif import valid

GOOD = 'language 1\nuse "standard"\nroom "good" extends standard { }\n'
BAD = 'language 1\nuse "standard"\nroom "bad" extends standard { requst vote }\n'


def run(*args: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(check, args, input=stdin, standalone_mode=False)


def test_clean_files_leave_with_0(tmp_path: Path) -> None:
    (tmp_path / "a.room").write_text(GOOD)
    result = run(str(tmp_path / "a.room"), str(resources.rooms()))
    assert result.return_value == 0
    assert "no problems" in result.output


def test_problems_leave_with_1_and_show_their_place(tmp_path: Path) -> None:
    path = tmp_path / "b.room"
    path.write_text(BAD)
    result = run(str(path))
    assert result.return_value == 1
    assert f"{path}:3:31" in result.output
    assert "did you mean `request`?" in result.output


def test_json(tmp_path: Path) -> None:
    (tmp_path / "b.room").write_text(BAD)
    body = json.loads(run("--format", "json", str(tmp_path)).output)
    assert [each["code"] for each in body["diagnostics"]] == ["E0101"]


def test_a_folder_is_searched_in_both_spellings(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.room").write_text(BAD)
    (tmp_path / "c.room.yaml").write_text("language: 1\nroom: {name: x}\nrom: 1\n")
    (tmp_path / "notes.txt").write_text("no room")
    result = run(str(tmp_path))
    assert "2 files checked" in result.output
    assert "E0101" in result.output
    assert "E0204" in result.output


def test_standard_input() -> None:
    assert run("-", stdin=GOOD).return_value == 0
    assert run("-", stdin=BAD).return_value == 1
    assert run("--name", "x.yaml", "-", stdin="language: 1\n").return_value == 1


def test_a_used_file_is_found_beside_and_never_outside(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "base.room").write_text(GOOD)
    (tmp_path / "secret.room").write_text(GOOD)
    (folder / "top.room").write_text('language 1 use "base.room" room "t" extends good { }')
    (folder / "out.room").write_text('language 1 use "../secret.room" room "t" extends good { }')
    assert run(str(folder / "top.room")).return_value == 0
    result = run(str(folder / "out.room"))
    assert result.return_value == 1
    assert "E0301" in result.output


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "b.room"
    path.write_bytes(GOOD.encode() + b"# caf\xe9\n")
    result = run(str(path))
    assert result.return_value == 1
    assert "E0113" in result.output
    assert run("--format", "json", str(path)).return_value == 1


@pytest.mark.parametrize("args", [["check"], ["check", "nowhere.room"], ["check", "--what"]])
def test_usage_leaves_with_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(args) == 2
    assert capsys.readouterr().err


def test_a_folder_without_rooms_is_a_slip(tmp_path: Path) -> None:
    assert cli.run(["check", str(tmp_path)]) == 2


def test_fix_puts_right_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "b.room"
    path.write_text(BAD)
    result = run("--fix", str(path))
    assert ": write `request`\n" in result.stderr
    assert path.read_text() == BAD.replace("requst", "request")
    assert result.return_value == 0
    assert run("--fix", str(path)).stderr.count("fixed") == 0


def test_fix_removes_comments_that_allow_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.room"
    comments = "# allow W0805: gone\n# allow E0401: an error\n"
    path.write_text(comments + GOOD)
    result = run("--fix", str(path))
    assert result.stderr.count("fixed: ") == 2
    assert path.read_text() == GOOD
    assert result.return_value == 0


def test_fix_without_exploring_keeps_comments_that_may_be_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.room"
    path.write_text("# allow W0805: later\n" + BAD)
    run("--fix", "--no-explore", str(path))
    assert path.read_text() == "# allow W0805: later\n" + BAD.replace("requst", "request")


def test_a_fix_is_kept_although_exploring_then_finds_more(tmp_path: Path) -> None:
    """Without it nobody could have explored the room."""
    path = tmp_path / "a.room"
    body = "command a { } command b { } requst vote"
    path.write_text(BAD.replace("requst vote", body))
    result = run("--fix", str(path))
    assert path.read_text() == BAD.replace("requst vote", body.replace("requst", "request"))
    assert "2 problems" in result.output


def test_fix_leaves_what_has_no_sure_fix(tmp_path: Path) -> None:
    path = tmp_path / "b.room"
    path.write_text(GOOD.replace("{ }", "{ request state }"))
    before = path.read_text()
    assert run("--fix", str(path)).return_value == 1
    assert path.read_text() == before
    assert cli.run(["check", "--fix", "-"]) == 2


def test_github_and_sarif(tmp_path: Path) -> None:
    (tmp_path / "b.room").write_text(BAD)
    told = run("--format", "github", str(tmp_path)).stdout
    assert told.startswith("::error file=")
    body = valid(run("--format", "sarif", str(tmp_path)).stdout)
    assert body["runs"][0]["results"][0]["ruleId"] == "E0101"
    (tmp_path / "b.room").write_text(GOOD)
    assert run("--format", "github", str(tmp_path)).stdout == ""


def test_an_allowed_warning_is_clean() -> None:
    room = 'language 1 use "standard" room "a" extends standard {\n%s\ncommand move { x: bool }\n}'
    assert run("-", stdin=room % "").return_value == 1
    assert run("-", stdin=room % "# allow W0805: comes later").return_value == 0
    assert run("-", stdin=room % "# allow W0805").return_value == 1


def test_our_own_fault_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("x")

    (tmp_path / "a.room").write_text(GOOD)
    monkeypatch.setattr("gameroom.language.load", broken)
    assert cli.run(["check", str(tmp_path)]) == 3
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "KeyError: 'x' (test_check.py:" in told
    assert "issue" in told
    assert cli.run(["--debug", "check", str(tmp_path)]) == 3
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "test", "graph", "show", "convert", "fmt --check"])
def test_a_pipe_is_read(command: str, tmp_path: Path) -> None:
    """As a shell makes one of `gameroom check <(cat a.room)`; what it uses is beside us."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = formatted(GOOD.replace("{ }", "{ players 2..4 }"))
    writer = threading.Thread(target=lambda: pipe.write_text(text))
    writer.start()
    assert cli.run([*command.split(), str(pipe)]) == 0
    writer.join(5)
    assert not writer.is_alive()


def test_a_pipe_can_not_be_fixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert cli.run(["check", "--fix", str(tmp_path / "pipe")]) == 2
    assert "with the pipe" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "test", "graph", "show", "convert", "fmt", "trace"])
def test_a_name_without_its_ending_is_a_slip(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.room").write_text(GOOD)
    assert cli.run([command, str(tmp_path / "a")]) == 2
    told = f"there is no file {tmp_path / 'a'}; did you mean {tmp_path / 'a.room'}?\n"
    assert capsys.readouterr().err.endswith(told)
    assert cli.run([command, str(tmp_path / "b.room")]) == 2
    assert capsys.readouterr().err.endswith(f"there is no file {tmp_path / 'b.room'}\n")
