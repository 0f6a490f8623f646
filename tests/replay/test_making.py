"""A replay out of a data folder, beside the server that writes there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gameroom.cli import run
from gameroom.formats import RELEASE
from gameroom.replay import NoRoomError, make, verify
from gameroom.store import FileJournals, JournalDamagedError, SqliteSessions
from tests.replay.games import ENGINE, KIT, VIEW, Game


@pytest.fixture
def data(game: Game, tmp_path: Path) -> Path:
    """A server's folder; the journal is still held by its server."""
    folder = tmp_path / "data"
    journal = FileJournals(folder / "journals").create(game.header)
    for entry in game.entries:
        journal.append(entry)
    asyncio.run(code_in(folder, ENGINE, VIEW, KIT))
    return folder


async def code_in(folder: Path, *sources: bytes) -> None:
    """The folder's session store, with these engines and views in it."""
    sessions = SqliteSessions(folder / "gameroom.sqlite")
    await sessions.check(0)
    for source in sources:
        await sessions.put_engine(source)
    await sessions.close()


def test_it_is_the_replay_that_the_server_would_give(
    game: Game, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.replay"
    assert run(["replay", "--from", str(data), "r-1", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: {len(game.entries)} events of test.room\n"
    assert out.read_bytes() == game.bytes()
    assert verify(out).ok
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_nothing_is_written_into_the_folder(data: Path, tmp_path: Path) -> None:
    before = sorted(data.rglob("*"))
    make(data, "r-1", tmp_path / "x.replay")
    assert sorted(data.rglob("*")) == before


def test_what_is_being_written_is_left_out_and_told(
    game: Game, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data / "journals" / "r-1.journal"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    out = tmp_path / "x.replay"
    assert run(["replay", "--from", str(data), "r-1", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert f"{len(game.entries) - 1} events" in said.out
    assert "unfinished" in said.err
    assert path.read_bytes() == whole[:-9]
    assert verify(out).ok


def test_damage_is_named_and_no_file_is_left(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data / "journals" / "r-1.journal"
    flipped = bytearray(path.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    path.write_bytes(flipped)
    out = tmp_path / "x.replay"
    out.write_bytes(b"before")
    with pytest.raises(JournalDamagedError):
        make(data, "r-1", out)
    assert run(["replay", "--from", str(data), "r-1", "--out", str(out)]) == 1
    assert "is damaged" in capsys.readouterr().err
    assert out.read_bytes() == b"before"


def test_a_room_file_of_a_later_release_is_named_with_the_release(
    data: Path, game: Game, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = replace(game.header, room="r-3", release="0.9.0", text="language 1\nroom { gizmo }\n")
    FileJournals(data / "journals").create(later).close()
    out = tmp_path / "x.replay"
    assert run(["replay", "--from", str(data), "r-3", "--out", str(out)]) == 1
    said = capsys.readouterr().err
    assert f"room r-3, written by gameroom 0.9.0, can't go on in gameroom {RELEASE}: " in said
    assert "line 2" in said
    assert not out.exists()


def test_rooms_that_are_not_there_are_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.replay"
    assert run(["replay", "--from", str(data), "r-2", "--out", str(out)]) == 2
    assert "contains no room r-2; the folder contains r-1" in capsys.readouterr().err
    for odd in ("../r-1", "", "a/b"):
        with pytest.raises(NoRoomError):
            make(data, odd, out)
    (data / "gameroom.sqlite").unlink()
    with pytest.raises(NoRoomError, match="cannot be read"):
        make(data, "r-1", out)


def test_code_that_is_gone_is_told(game: Game, tmp_path: Path) -> None:
    FileJournals(tmp_path / "journals").create(replace(game.header, engine="0" * 64))
    asyncio.run(code_in(tmp_path))
    with pytest.raises(NoRoomError, match="engine, view or kit"):
        make(tmp_path, "r-1", tmp_path / "x.replay")
