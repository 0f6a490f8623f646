"""Sessions, rooms, engines and create keys in one SQLite file, for one thread.

Knows no HTTP, no room and no event loop (see `sqlite_sessions`). WAL mode, so that a reader (an
operator's `sqlite3`) never blocks the server. With synchronous = NORMAL, a commit survives the
process; with `durability = disk` the mode is FULL.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import Any

from gameroom.formats import printed
from gameroom.store.interfaces import Durability, RoomRecord, Session, StoreFailedError, sha256

SCHEMA_VERSION = 2

SCHEMA = """
CREATE TABLE sessions (
  token   BLOB PRIMARY KEY CHECK (length(token) = 32),
  room    TEXT NOT NULL,
  user    TEXT NOT NULL,
  name    TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_person ON sessions (room, user);
CREATE TABLE rooms (
  room    TEXT PRIMARY KEY,
  name    TEXT NOT NULL,
  created INTEGER NOT NULL,
  ended   INTEGER,
  sleeps_until INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX rooms_living ON rooms (created) WHERE ended IS NULL;
CREATE TABLE engines (
  sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),
  source BLOB NOT NULL
) STRICT;
CREATE TABLE keys (
  key  BLOB PRIMARY KEY CHECK (length(key) = 32),
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE probe (
  id     INTEGER PRIMARY KEY CHECK (id = 1),
  ran_ms INTEGER NOT NULL
) STRICT;
INSERT INTO probe VALUES (1, 0);
"""


class SqliteFile:
    """The database file. It is created if missing. Only the thread that opens it can use it.

    busy_ms: how long a call waits for another process that has locked the file. Every call
    raises StoreFailedError if the file cannot be used.
    """

    def __init__(self, path: Path, durability: Durability, busy_ms: int) -> None:
        self.path = path
        with self._reported():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=busy_ms / 1000, isolation_level=None)
        try:
            with self._reported():
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute(
                    "PRAGMA synchronous = " + ("FULL" if durability == "disk" else "NORMAL")
                )
            self._migrate()
            # Without write permission SQLite silently opens the file read-only. This write fails.
            with self._transaction() as db:
                db.execute("UPDATE probe SET ran_ms = ran_ms")
            with self._reported():
                self._file = _identity(path)
        except BaseException:
            self._db.close()
            raise

    def check(self, ran_ms: int) -> int:
        with self._transaction() as db:
            written = db.execute(
                "UPDATE probe SET ran_ms = ran_ms + ? RETURNING ran_ms", (ran_ms,)
            ).fetchone()
        with self._reported():
            found = self._db.execute("SELECT ran_ms FROM probe").fetchone()
        if written is None or found is None or found[0] != written[0] or type(found[0]) is not int:
            raise StoreFailedError(f"{self.path.name}: what was written cannot be read back")
        # A removed or replaced file still accepts writes and reads through the open handle, but
        # its data is lost when this process ends.
        with self._reported():
            if _identity(self.path) != self._file:
                raise StoreFailedError(f"{self.path.name}: the file was replaced")
        return int(found[0])

    def put_session(self, session: Session) -> None:
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)",
                astuple(session),
            )

    def of_room(self, room: str) -> tuple[Session, ...]:
        with self._reported():
            rows = self._db.execute(
                "SELECT token, room, user, name, created FROM sessions WHERE room = ?", (room,)
            ).fetchall()
        return tuple(Session(*self._typed(row, bytes, str, str, str, int)) for row in rows)

    def revoke(self, room: str, user: str) -> None:
        with self._transaction() as db:
            db.execute("DELETE FROM sessions WHERE room = ? AND user = ?", (room, user))

    def put_room(self, record: RoomRecord) -> None:
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO rooms VALUES (?, ?, ?, ?, ?)",
                astuple(record),
            )

    def rooms(self) -> tuple[RoomRecord, ...]:
        with self._reported():
            rows = self._db.execute(
                "SELECT room, name, created, ended, sleeps_until FROM rooms WHERE ended IS NULL"
                " ORDER BY created, room"
            ).fetchall()
        kinds = (str, str, int, int | None, int | None)
        return tuple(RoomRecord(*self._typed(row, *kinds)) for row in rows)

    def put_sleep(self, room: str, until: int | None) -> None:
        with self._transaction() as db:
            db.execute("UPDATE rooms SET sleeps_until = ? WHERE room = ?", (until, room))

    def unknown(self, rooms: tuple[str, ...]) -> tuple[str, ...]:
        with self._reported():
            known = {room for (room,) in self._db.execute("SELECT room FROM rooms")}
        return tuple(room for room in rooms if room not in known)

    def end_room(self, room: str, at: int) -> None:
        with self._transaction() as db:
            db.execute("UPDATE rooms SET ended = ? WHERE room = ?", (at, room))
            db.execute("DELETE FROM sessions WHERE room = ?", (room,))

    def put_engine(self, source: bytes) -> str:
        name = sha256(source)
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO engines VALUES (?, ?)", (name, source))
        return name

    def engine(self, sha256: str) -> bytes | None:
        with self._reported():
            row = self._db.execute(
                "SELECT source FROM engines WHERE sha256 = ?", (sha256,)
            ).fetchone()
        return None if row is None else bytes(self._typed(row, bytes)[0])

    def put_key(self, key: bytes, note: str) -> None:
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO keys VALUES (?, ?)", (key, note))

    def keys(self) -> tuple[bytes, ...]:
        with self._reported():
            rows = self._db.execute("SELECT key FROM keys ORDER BY key").fetchall()
        return tuple(bytes(self._typed(row, bytes)[0]) for row in rows)

    def remove_key(self, key: bytes) -> None:
        with self._transaction() as db:
            db.execute("DELETE FROM keys WHERE key = ?", (key,))

    def close(self) -> None:
        with self._reported():
            self._db.close()

    # --- Inside ---------------------------------------------------------------------

    def _migrate(self) -> None:
        """Create the schema in a new file. Refuse a file with another schema version."""
        with self._transaction() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version == SCHEMA_VERSION:
                return
            if version != 0:
                raise StoreFailedError(
                    f"{self.path.name}: a different release wrote it (schema {version}, this "
                    "release"
                    f" uses {SCHEMA_VERSION}); use that release, or an empty data folder"
                )
            for statement in SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _typed(self, row: tuple[Any, ...], *kinds: Any) -> tuple[Any, ...]:
        """Returns the row if its values have these types. Our schema ensures the types, but another
        program could have created the file with a different schema under the same version."""
        if not all(map(isinstance, row, kinds)):
            raise StoreFailedError(f"{self.path.name}: a row has a value of the wrong type")
        return row

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction: commit it, or roll back on any error."""
        with self._reported():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Convert errors of SQLite and of the file system to StoreFailedError."""
        try:
            yield
        except (sqlite3.Error, UnicodeError) as error:
            # The message can quote content of the file, so escape it.
            raise StoreFailedError(f"{self.path.name}: {printed(str(error), 300)}") from error
        except StoreFailedError:
            raise
        except OSError as error:
            raise StoreFailedError(f"{self.path.name}: {error.strerror}") from error


@contextmanager
def code_of(path: Path) -> Iterator[Callable[[str], bytes | None]]:
    """A function that returns the source with a given SHA-256 (in hex), or None. A server can be
    using the file. Changes nothing.

    Raises StoreFailedError if the file cannot be read.
    """
    # In WAL mode SQLite writes extra files even for reading. If no server runs, there is no WAL
    # file, and `immutable` reads the database without writing, even in a read-only folder.
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"

    def source(sha256: str) -> bytes | None:
        row = db.execute("SELECT source FROM engines WHERE sha256 = ?", (sha256,)).fetchone()
        return row[0] if row is not None and isinstance(row[0], bytes) else None

    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as db:
            yield source
    except (sqlite3.Error, UnicodeError) as error:
        raise StoreFailedError(f"{path} cannot be read: {error}") from error


def _identity(path: Path) -> tuple[int, int]:
    """The device and the inode of the file, which identify it independently of its name."""
    found = os.stat(path)
    return found.st_dev, found.st_ino
