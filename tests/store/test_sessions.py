"""What is asked about: sessions, rooms, engines, keys; on disk and in memory."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from gameroom.store import (
    MemorySessions,
    RoomRecord,
    Session,
    SessionStore,
    SqliteSessions,
    StoreFailedError,
)

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


def kept(store: SessionStore) -> tuple[Session, ...]:
    return tuple(one for one in ALL if store.session(one.token, 0) == one)


def test_a_session_is_found_by_its_hash_alone(store: SessionStore) -> None:
    for one in ALL:
        store.put_session(one)
    assert kept(store) == ALL
    assert store.session(b"x" * 32, 0) is None


def test_a_session_ends_when_it_expires(store: SessionStore) -> None:
    short, long = replace(ANN, expires=1000), replace(BOB, expires=1001)
    for one in (short, long, ANN_AGAIN):
        store.put_session(one)
    assert store.session(ANN.token, 999) == short
    assert store.session(ANN.token, 1000) is None
    assert store.session(BOB.token, 1000) == long
    store.prune(1000)
    assert store.session(ANN.token, 0) is None
    assert store.session(BOB.token, 0) == long
    assert store.session(ANN_AGAIN.token, 2**53) == ANN_AGAIN


def test_revoking_a_person_leaves_the_others(store: SessionStore) -> None:
    for one in ALL:
        store.put_session(one)
    store.revoke("r-1", "u-ann")
    assert kept(store) == (BOB, ANN_ELSEWHERE)
    store.revoke_token(BOB.token)
    assert kept(store) == (ANN_ELSEWHERE,)


def test_a_room_that_ends_takes_its_sessions_with_it(store: SessionStore) -> None:
    store.put_room(RoomRecord("r-2", "Two", 5))
    store.put_room(RoomRecord("r-1", "One", 7))
    store.put_room(RoomRecord("r-0", "Nought", 7))
    for one in ALL:
        store.put_session(one)
    assert [one.room for one in store.rooms()] == ["r-2", "r-0", "r-1"]
    store.end_room("r-1", 9)
    store.end_room("r-9", 9)
    assert [one.room for one in store.rooms()] == ["r-2", "r-0"]
    assert kept(store) == (ANN_ELSEWHERE,)


def test_an_engine_is_named_by_its_hash(store: SessionStore) -> None:
    name = store.put_engine(b"export default 1")
    assert name == store.put_engine(b"export default 1")
    assert name == "f2ed650f15f224fa0836d26fabb81f0e219e1e3515d41640040073b222ffcbfd"
    assert store.engine(name) == b"export default 1"
    assert store.engine("0" * 64) is None


def test_create_keys_are_kept_hashed(store: SessionStore) -> None:
    store.put_key(b"k" * 32, "the office")
    store.put_key(b"j" * 32, "the bot")
    store.put_key(b"k" * 32, "the office")
    assert store.keys() == (b"j" * 32, b"k" * 32)
    store.remove_key(b"k" * 32)
    assert store.keys() == (b"j" * 32,)


def test_a_working_store_says_nothing(store: SessionStore) -> None:
    store.check()
    store.check()
    store.close()


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    first = SqliteSessions(tmp_path / "s.sqlite")
    for one in ALL:
        first.put_session(one)
    first.put_room(RoomRecord("r-1", "One", 7))
    name = first.put_engine(b"engine")
    first.put_key(b"k" * 32, "office")
    first.close()
    second = SqliteSessions(tmp_path / "s.sqlite")
    assert kept(second) == ALL
    assert second.rooms() == (RoomRecord("r-1", "One", 7),)
    assert second.engine(name) == b"engine"
    assert second.keys() == (b"k" * 32,)
    second.close()


def test_a_store_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    path.write_bytes(b"something else entirely, and long enough to be looked at" * 9)
    with pytest.raises(StoreFailedError, match=r"s\.sqlite"):
        SqliteSessions(path)


def test_a_store_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    SqliteSessions(path).close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreFailedError, match="99"):
        SqliteSessions(path)


def test_a_folder_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailedError):
        SqliteSessions(tmp_path / "file" / "s.sqlite")


def test_a_store_that_is_gone_fails_its_check(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "s.sqlite")
    store.close()
    with pytest.raises(StoreFailedError):
        store.check()


def test_a_store_that_forgets_fails_its_check(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    store = SqliteSessions(path)
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM probe")
    db.close()
    with pytest.raises(StoreFailedError, match="read back"):
        store.check()
    store.close()


@pytest.mark.parametrize("way", ["removed", "replaced"])
def test_a_file_that_went_away_under_a_running_server_fails_the_check(
    tmp_path: Path, way: str
) -> None:
    path = tmp_path / "s.sqlite"
    store = SqliteSessions(path)
    store.check()
    path.rename(tmp_path / "elsewhere")
    if way == "replaced":
        path.write_bytes(b"")
    with pytest.raises(StoreFailedError, match=r"s\.sqlite"):
        store.check()
    store.close()
