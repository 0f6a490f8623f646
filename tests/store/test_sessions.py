"""What is asked about: sessions, rooms, engines, keys; on disk and in memory."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gameroom.store import (
    MemorySessions,
    RoomRecord,
    Session,
    SessionStore,
    SqliteSessions,
    StoreBusyError,
    StoreFailedError,
)
from gameroom.store.sqlite_file import SCHEMA_VERSION

ANN = Session(b"a" * 32, "r-1", "u-ann", "ann", 1)
ANN_AGAIN = Session(b"b" * 32, "r-1", "u-ann", "ann", 2)
BOB = Session(b"c" * 32, "r-1", "u-bob", "bob", 3)
ANN_ELSEWHERE = Session(b"d" * 32, "r-2", "u-ann", "ann", 4)
ALL = (ANN, ANN_AGAIN, BOB, ANN_ELSEWHERE)


@pytest.fixture(params=["sqlite", "disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStore:
    if request.param == "memory":
        return MemorySessions()
    return SqliteSessions(
        tmp_path / "x" / "s.sqlite", "disk" if request.param == "disk" else "process"
    )


async def opened(path: Path) -> None:
    """A file that a store has opened once."""
    store = SqliteSessions(path)
    await store.check(0)
    await store.close()


async def kept(store: SessionStore) -> tuple[Session, ...]:
    found = [one for room in ("r-1", "r-2") for one in await store.of_room(room)]
    return tuple(sorted(found, key=lambda one: one.token))


async def test_the_sessions_of_a_room_are_found(store: SessionStore) -> None:
    for one in ALL:
        await store.put_session(one)
    assert await kept(store) == ALL
    assert await store.of_room("r-2") == (ANN_ELSEWHERE,)
    assert await store.of_room("r-9") == ()


async def test_revoking_a_person_leaves_the_others(store: SessionStore) -> None:
    for one in ALL:
        await store.put_session(one)
    await store.revoke("r-1", "u-ann")
    assert await kept(store) == (BOB, ANN_ELSEWHERE)


async def test_a_room_that_ends_takes_its_sessions_with_it(store: SessionStore) -> None:
    await store.put_room(RoomRecord("r-2", "Two", 5))
    await store.put_room(RoomRecord("r-1", "One", 7))
    await store.put_room(RoomRecord("r-0", "Nought", 7))
    for one in ALL:
        await store.put_session(one)
    assert [one.room for one in await store.rooms()] == ["r-2", "r-0", "r-1"]
    await store.end_room("r-1", 9)
    await store.end_room("r-9", 9)
    assert [one.room for one in await store.rooms()] == ["r-2", "r-0"]
    assert await kept(store) == (ANN_ELSEWHERE,)


async def test_the_store_knows_how_long_servers_have_run(store: SessionStore) -> None:
    assert await store.check(0) == 0
    assert await store.check(2_000) == 2_000
    assert await store.check(500) == 2_500
    await store.put_room(RoomRecord("r-1", "One", 7))
    await store.put_sleep("r-1", 9_000)
    await store.put_sleep("r-9", 9_000)
    assert await store.rooms() == (RoomRecord("r-1", "One", 7, None, 9_000),)
    await store.put_sleep("r-1", None)
    assert await store.rooms() == (RoomRecord("r-1", "One", 7),)


async def test_rooms_without_a_record_are_found(store: SessionStore) -> None:
    await store.put_room(RoomRecord("r-1", "One", 7))
    await store.put_room(RoomRecord("r-2", "Two", 7))
    await store.end_room("r-2", 9)
    assert await store.unknown(("r-0", "r-1", "r-2", "r-3")) == ("r-0", "r-3")


async def test_an_engine_is_named_by_its_hash(store: SessionStore) -> None:
    name = await store.put_engine(b"export default 1")
    assert name == await store.put_engine(b"export default 1")
    assert name == "f2ed650f15f224fa0836d26fabb81f0e219e1e3515d41640040073b222ffcbfd"
    assert await store.engine(name) == b"export default 1"
    assert await store.engine("0" * 64) is None


async def test_create_keys_are_kept_hashed(store: SessionStore) -> None:
    await store.put_key(b"k" * 32, "the office")
    await store.put_key(b"j" * 32, "the bot")
    await store.put_key(b"k" * 32, "the office")
    assert await store.keys() == (b"j" * 32, b"k" * 32)
    await store.remove_key(b"k" * 32)
    assert await store.keys() == (b"j" * 32,)


async def test_a_working_store_says_nothing(store: SessionStore) -> None:
    await store.check(0)
    await store.check(0)
    await store.close()


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    first = SqliteSessions(tmp_path / "s.sqlite")
    for one in ALL:
        await first.put_session(one)
    await first.put_room(RoomRecord("r-1", "One", 7))
    name = await first.put_engine(b"engine")
    await first.put_key(b"k" * 32, "office")
    await first.close()
    second = SqliteSessions(tmp_path / "s.sqlite")
    assert await kept(second) == ALL
    assert await second.rooms() == (RoomRecord("r-1", "One", 7),)
    assert await second.engine(name) == b"engine"
    assert await second.keys() == (b"k" * 32,)
    await second.close()


async def test_a_store_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 9)
    with pytest.raises(StoreFailedError, match=r"s\.sqlite"):
        await SqliteSessions(path).check(0)


async def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    await opened(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreFailedError, match=f"schema 99, this release uses {SCHEMA_VERSION}"):
        await SqliteSessions(path).check(0)


async def test_a_folder_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailedError):
        await SqliteSessions(tmp_path / "file" / "s.sqlite").check(0)


async def test_a_store_that_is_gone_fails_its_check(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "s.sqlite")
    await store.close()
    with pytest.raises(StoreFailedError):
        await store.check(0)


async def test_a_store_that_forgets_fails_its_check(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    store = SqliteSessions(path)
    await store.check(0)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM probe")
    db.close()
    with pytest.raises(StoreFailedError, match="read back"):
        await store.check(0)
    await store.close()


@pytest.mark.parametrize("way", ["removed", "replaced"])
async def test_a_file_that_went_away_under_a_running_server_fails_the_check(
    tmp_path: Path, way: str
) -> None:
    path = tmp_path / "s.sqlite"
    store = SqliteSessions(path)
    await store.check(0)
    path.rename(tmp_path / "elsewhere")
    if way == "replaced":
        path.write_bytes(b"")
    with pytest.raises(StoreFailedError, match=r"s\.sqlite"):
        await store.check(0)
    await store.close()


async def test_a_file_that_cannot_be_opened_is_tried_again_by_each_call(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 9)
    store = SqliteSessions(path)
    with pytest.raises(StoreFailedError):
        await store.check(0)
    path.unlink()
    await store.put_session(ANN)
    assert await store.of_room("r-1") == (ANN,)
    await store.close()


async def test_a_file_that_could_only_be_read_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.sqlite"
    await opened(path)
    connect = sqlite3.connect

    def reading(path: Path, **more: object) -> sqlite3.Connection:
        """As on a disk that is mounted for reading."""
        return connect(f"file:{path}?mode=ro", uri=True, **more)  # type: ignore[call-overload, no-any-return]

    store = SqliteSessions(path)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", reading)
        with pytest.raises(StoreFailedError, match="readonly"):
            await store.check(0)
    await store.check(0)
    await store.close()


async def test_calls_take_effect_in_the_order_in_which_they_were_made(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "s.sqlite")
    await asyncio.gather(
        *(store.put_session(one) for one in ALL),
        store.revoke("r-1", "u-ann"),
        store.put_session(ANN),
        store.end_room("r-2", 9),
    )
    assert await kept(store) == (ANN, BOB)
    await store.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process writes, and does not stop."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield


async def test_a_locked_file_fails_the_call_and_keeps_others_waiting_no_longer(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s.sqlite"
    store = SqliteSessions(path, wait_ms=50)
    await store.check(0)
    with locked(path):
        first, *others = await asyncio.gather(
            *(store.put_session(one) for one in ALL), return_exceptions=True
        )
    assert isinstance(first, StoreFailedError)
    assert "locked" in str(first)
    assert all(isinstance(one, StoreFailedError) for one in others)
    await store.check(0)
    await store.close()


async def test_more_calls_than_may_wait_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    store = SqliteSessions(path, wait_ms=60_000, waiting_max=2)
    await store.check(0)
    with locked(path):
        waiting = [asyncio.create_task(store.put_session(one)) for one in (ANN, BOB)]
        await asyncio.sleep(0)
        with pytest.raises(StoreBusyError):
            await store.put_session(ANN_AGAIN)
    await asyncio.gather(*waiting)
    assert await kept(store) == (ANN, BOB)
    await store.close()


async def test_closing_finishes_what_was_asked_before(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "s.sqlite")
    asked = [asyncio.create_task(store.put_session(one)) for one in ALL]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*asked)
    with pytest.raises(StoreFailedError, match="closed"):
        await store.put_session(ANN)
    again = SqliteSessions(tmp_path / "s.sqlite")
    assert await kept(again) == ALL
    await again.close()
