"""No stored bytes raise anything but the errors that are named for them.

Everything is altered behind its checksums, so that the readers inside are reached: by a
bit, by value, by shape, by size. What is still taken is right in itself.
"""

from __future__ import annotations

import io
import json
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple
from pathlib import Path
from random import Random

import pytest

from gameroom import desyncfile
from gameroom.cli.desync_words import facts, line, told
from gameroom.lockstep import packets
from gameroom.replay import verify
from gameroom.room import Folded, Room
from gameroom.roomfile import appends, event_of, read_again, recovering
from gameroom.server.host.stored import snapshot_of, to_store
from gameroom.store import (
    Entry,
    FileJournals,
    FileSnapshots,
    JournalDamagedError,
    JournalError,
    RoomRecord,
    Session,
    SnapshotHead,
    StoredSnapshot,
    StoreFailedError,
    record,
    replay,
    sha256,
)
from gameroom.store.lock import FolderInUseError, FolderLock
from gameroom.store.sqlite_file import SCHEMA_VERSION, SqliteFile
from gameroom.wire import (
    MSGPACK,
    BadFrameError,
    Codec,
    definition,
    order_of,
    read_definition,
    read_policies,
)
from tests.formats import make
from tests.formats.alter import altered

ROUNDS = 250
JOURNAL = make.JOURNAL.read_bytes()


def records(data: bytes, offset: int) -> Iterator[bytes]:
    """The payloads of all whole records from an offset on."""
    seq = 0
    while offset < len(data):
        head = data[offset : offset + record.HEAD_BYTES]
        seq = struct.unpack_from("<IQ", head)[1]
        end = offset + record.read_head(head, "kept", offset, seq)
        yield record.read_payload(data[offset:end], "kept", offset, seq)
        offset = end


HEADER, *PAYLOADS = records(JOURNAL, record.HEADER_OFFSET)
ENTRIES = [record.read_entry(one, "kept", 0, seq) for seq, one in enumerate(PAYLOADS, 1)]
KEPT = record.read_header(HEADER, "kept")
CHART = read_again(KEPT)
ROOM = CHART.room
CODEC = Codec(MSGPACK, ROOM)
SEATS = (packets.RosterRow(0, "ann", "ann", ("host",), choices={"vote": "drop"}),)
SNAPSHOT = packets.Snapshot(
    generation=20,
    seq=33,
    sha256="f" * 64,
    size=5,
    begin=packets.Begin({"first": "seat order"}, SEATS, ("running",)),
    setup=packets.Setup({"first": "seat order"}, "ann"),
    roster=packets.Roster(SEATS, 2),
    chart=packets.ChartState(
        ("running",), {"round": 1}, (packets.Moved(1, "go", (), ("running",)),)
    ),
)


def recovered(folder: Path, header: bytes, payloads: list[bytes]) -> Room:
    """The room of a journal file with these payloads, by the server's own way."""
    data = record.MAGIC + record.record(0, header)
    data += b"".join(record.record(seq, one) for seq, one in enumerate(payloads, 1))
    (folder / "r-1.journal").write_bytes(data)
    journal = FileJournals(folder).open("r-1")
    try:
        header_ = journal.header
        with recovering(header_):
            chart = CHART if header_ == KEPT else read_again(header_)
            entries = list(appends(journal.read(), Codec(MSGPACK, chart.room)))
            if not entries:
                return Room(chart, seed=header_.seed, settings=header_.setup)
            folded = Folded(header_.setup).fold_all(entries)
            room = Room.restored(chart, seed=header_.seed, folded=folded, now=entries[-1].at)
        room.tick(entries[-1].at)
        room.tick(entries[-1].at + 5_000)
        room.checkpoint()
        return room
    finally:
        journal.close()


def payload(entry: Entry) -> bytes:
    return record.entry_record(entry)[record.HEAD_BYTES : -record.FOOT_BYTES]


def one_line(error: Exception) -> str:
    text = str(error)
    assert text.isprintable(), text
    assert len(text) < 700, text
    return text


def test_the_kept_room_is_recovered_as_it_is(tmp_path: Path) -> None:
    assert recovered(tmp_path, HEADER, PAYLOADS).generation == make.STOPPED_AFTER


def test_no_header_raises_anything_but_a_journal_error(tmp_path: Path) -> None:
    dice, met = Random(1), Counter[str]()
    for _ in range(ROUNDS):
        try:
            recovered(tmp_path, altered(HEADER, dice), PAYLOADS[:3])
        except JournalError as error:
            met[type(error).__name__] += len(one_line(error)) > 0
        else:
            met["room"] += 1
    assert met.keys() == {"JournalDamagedError", "OtherReleaseError", "NotRecoveredError", "room"}


def test_no_entry_raises_anything_but_a_journal_error(tmp_path: Path) -> None:
    """The record's own parts, the event and the chart, each altered by itself."""
    dice, met = Random(2), Counter[str]()
    for round_ in range(ROUNDS):
        at = dice.randrange(len(ENTRIES))
        entry, payloads = ENTRIES[at], list(PAYLOADS)
        if round_ % 3 == 0:
            payloads[at] = altered(payloads[at], dice)
        elif round_ % 3 == 1 or entry.chart is None:
            payloads[at] = payload(
                Entry(entry.seq, entry.at, altered(entry.event, dice), entry.chart)
            )
        else:
            chart = altered(entry.chart, dice)
            payloads[at] = payload(Entry(entry.seq, entry.at, entry.event, chart))
        try:
            recovered(tmp_path, HEADER, payloads)
        except JournalError as error:
            met[type(error).__name__] += len(one_line(error)) > 0
        else:
            met["room"] += 1
    assert met.keys() >= {"JournalDamagedError", "NotRecoveredError", "room"}


def test_no_event_raises_anything_but_damage() -> None:
    dice, met = Random(3), Counter[bool]()
    for _ in range(5 * ROUNDS):
        entry = dice.choice(ENTRIES)
        data = altered(entry.event, dice)
        try:
            event_of(Entry(entry.seq, entry.at, data), CODEC)
        except JournalDamagedError as error:
            met[False] += len(one_line(error)) > 0
        else:
            met[True] += 1
    assert min(met.values()) > ROUNDS / 10
    assert len(met) == 2


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (ENTRIES[1].event, "it claims to be event 2"),
        (b"\x81\xa6status\xcc\xc8", "it is not an event"),
        (b"\x84\xa5event\xa4news\xa3seq\x01\xa4path\xa1/\xa4body\x07", "does not know its kind"),
    ],
)
def test_an_entry_holds_the_event_of_its_place(event: bytes, why: str) -> None:
    with pytest.raises(JournalDamagedError, match=f"^the journal: entry 1 is damaged: .*{why}"):
        event_of(Entry(1, 0, event), CODEC)


def test_no_checkpoint_file_raises_or_is_taken_for_another(tmp_path: Path) -> None:
    (tmp_path / "r-1.journal").write_bytes(JOURNAL)
    journal = FileJournals(tmp_path).open("r-1")
    journal.keep(journal.mark(), b"said")
    journal.close()
    path, magic = tmp_path / "r-1.checkpoint", b"gameroom checkpoint\n"
    first, said = records(path.read_bytes(), len(magic))
    dice, taken = Random(4), 0
    for _ in range(ROUNDS):
        path.write_bytes(magic + record.record(0, altered(first, dice)) + record.record(1, said))
        try:
            journal = FileJournals(tmp_path).open("r-1")
        except JournalError as error:
            one_line(error)
            (tmp_path / "r-1.journal").write_bytes(JOURNAL)
            continue
        taken += journal.checkpoint is not None
        try:
            for _ in journal.read():
                pass
        except JournalError as error:
            one_line(error)
        journal.close()
    assert taken > 0


def test_no_snapshot_file_raises(tmp_path: Path) -> None:
    kept = FileSnapshots(tmp_path)
    said = to_store("snapshot", SNAPSHOT)
    kept.put("r-1", StoredSnapshot(SnapshotHead(20, 5000, said), b"state"))
    path, magic = tmp_path / "r-1.20.snapshot", b"gameroom snapshot\n"
    first, state = records(path.read_bytes(), len(magic))
    dice, met = Random(5), Counter[str]()
    for _ in range(ROUNDS):
        head = altered(first, dice) if dice.random() < 0.3 else first[:16] + altered(said, dice)
        path.write_bytes(magic + record.record(0, head) + record.record(1, state))
        for found in kept.heads("r-1"):
            try:
                snapshot_of(found)
            except BadFrameError as error:
                met["refused"] += len(one_line(error)) > 0
            else:
                met["taken"] += 1
        assert kept.state("r-1", 20) in (None, b"state")
    assert met.keys() == {"refused", "taken"}


def test_no_lock_file_raises_anything_but_that_the_folder_is_in_use(tmp_path: Path) -> None:
    dice = Random(12)
    with FolderLock(tmp_path) as lock:
        data = lock.path.read_bytes()
        for _ in range(ROUNDS // 4):
            lock.path.write_bytes(dice.choice((altered(data, dice), b"7 a\nb\x1b[31m", b"9" * 600)))
            with pytest.raises(FolderInUseError) as raised:
                FolderLock(tmp_path)
            one_line(raised.value)


def asked(path: Path) -> None:
    """Everything that is asked of the file of sessions."""
    file = SqliteFile(path, "process", 10)
    try:
        file.check(5)
        for room in file.rooms():
            assert [type(one) for one in (room.room, room.name, room.created)] == [str, str, int]
            for session in file.of_room(room.room):
                assert [type(one) for one in astuple(session)] == [bytes, str, str, str, int]
            file.unknown((room.room,))
        keys = file.keys()
        for key in keys:
            file.remove_key(key)
        source = file.engine(sha256(b"engine"))
        assert source is None or type(source) is bytes
        file.put_engine(b"other")
        file.put_session(Session(b"u" * 32, "r-2", "bob", "bob"))
        file.end_room("r-1", 9)
    finally:
        file.close()


def test_no_file_of_sessions_raises_anything_but_that_it_failed(tmp_path: Path) -> None:
    path = tmp_path / "gameroom.sqlite"
    file = SqliteFile(path, "process", 10)
    file.put_session(Session(b"t" * 32, "r-1", "ann", "ann"))
    file.put_room(RoomRecord("r-1", "short", 1))
    file.put_engine(b"engine")
    file.put_key(b"k" * 32, "note")
    file.close()
    data, dice, met = path.read_bytes(), Random(10), Counter[bool]()
    asked(path)
    for _ in range(ROUNDS // 8):
        for name in tmp_path.iterdir():
            name.unlink()
        path.write_bytes(altered(data, dice) if dice.random() < 0.5 else page_altered(data, dice))
        try:
            asked(path)
        except StoreFailedError as error:
            met[False] += len(one_line(error)) > 0
        else:
            met[True] += 1
    assert len(met) == 2


def page_altered(data: bytes, dice: Random) -> bytes:
    """Some bytes in a row are others, behind the file's own head."""
    made = bytearray(data)
    at = dice.randrange(100, len(made))
    for place in range(at, min(len(made), at + dice.choice((1, 2, 8, 300)))):
        made[place] = dice.randrange(256)
    return bytes(made)


LOOSE = """
CREATE TABLE sessions (token, room, user, name, created);
CREATE TABLE rooms (room, name, created, ended, sleeps_until);
CREATE TABLE engines (sha256, source);
CREATE TABLE keys (key, note);
CREATE TABLE probe (id, ran_ms);
INSERT INTO probe VALUES (1, 0);
"""


def test_no_row_of_another_type_is_taken_for_one_of_ours(tmp_path: Path) -> None:
    """A file with our schema's number and another one's columns."""
    dice, met = Random(11), Counter[bool]()
    strange = (None, 0, -1, 2**62, 1.5, "x", "r-1", b"", b"t" * 32, b"\xff")
    tables = {"sessions": 5, "rooms": 5, "engines": 2, "keys": 2}
    for round_ in range(ROUNDS // 16):
        path = tmp_path / f"{round_}.sqlite"
        with closing(sqlite3.connect(path)) as db:
            db.executescript(LOOSE + f"PRAGMA user_version = {SCHEMA_VERSION};")
            db.execute("INSERT INTO rooms VALUES ('r-1', 'short', 1, NULL, NULL)")
            db.execute("INSERT INTO engines VALUES (?, 7)", (sha256(b"engine"),))
            if dice.random() < 0.7:
                db.execute("DELETE FROM engines")
            if dice.random() < 0.1:
                db.execute("UPDATE probe SET ran_ms = 'x'")
            if dice.random() < 0.1:
                db.execute(f"DROP TABLE {dice.choice(list(tables))}")
            else:
                table = dice.choice(list(tables))
                row = [dice.choice(strange) for _ in range(tables[table])]
                if table == "sessions":
                    row[1] = "r-1"
                db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
            db.commit()
        try:
            asked(path)
        except StoreFailedError as error:
            met[False] += len(one_line(error)) > 0
        else:
            met[True] += 1
    assert len(met) == 2


def test_no_desync_report_raises_anything_but_that_it_is_bad() -> None:
    path = Path(__file__).parents[2] / "docs" / "examples" / "outpost-128.desync"
    data, dice, met = path.read_bytes(), Random(6), Counter[bool]()
    for _ in range(ROUNDS):
        try:
            report = desyncfile.read(altered(data, dice))
        except desyncfile.BadReportError as error:
            met[False] += len(str(error)) > 0
            continue
        met[True] += 1
        line(report)
        told(report)
        json.dumps(facts(report))
    assert len(met) == 2


def test_no_replay_raises_anything_it_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its header, its definition and its code; without node, which costs a process each."""
    monkeypatch.setenv("PATH", str(tmp_path))
    whole = make.REPLAY.read_bytes()
    first, *parts = records(whole, len(replay.MAGIC))
    names = ("header", "definition", "engine", "kit")
    entries = parts[3:]
    dice, met = Random(7), Counter[str]()
    path = tmp_path / "x.replay"
    for round_ in range(ROUNDS // 10):
        made = [first, *parts[:3]]
        at = 0 if round_ % 2 else dice.randrange(4)
        made[at] = altered(made[at], dice)
        data = replay.MAGIC + b"".join(record.record(0, one) for one in made)
        data += b"".join(record.record(seq, one) for seq, one in enumerate(entries, 1))
        path.write_bytes(data)
        report = verify(path)
        met.update(f"{names[at]} {one.code}" for one in report.findings)
    assert {"header damaged", "definition another_definition", "kit another_kit"} <= met.keys()


def test_a_journal_of_any_bytes_is_read_or_refused() -> None:
    dice = Random(8)
    for _ in range(ROUNDS):
        data = altered(JOURNAL, dice)
        try:
            reader = replay.JournalReader(io.BytesIO(data), "x.journal")
            for _ in reader.entries():
                pass
        except JournalError as error:
            one_line(error)


def test_no_definition_raises_anything_but_a_bad_frame() -> None:
    data = json.dumps(definition(ROOM)).encode()
    dice, met = Random(9), Counter[bool]()
    for _ in range(4 * ROUNDS):
        try:
            said = json.loads(altered(data, dice))
        except (ValueError, RecursionError):
            continue
        for read in (read_definition, read_policies, order_of):
            try:
                read(said)
            except BadFrameError as error:
                met[False] += len(one_line(error)) > 0
            else:
                met[True] += 1
    assert min(met.values()) > ROUNDS / 4
    assert len(met) == 2


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda said: said.pop("teams"), "teams"),
        (lambda said: said["settings"][0].pop("type"), r"\$\.settings\[0\]"),
        (lambda said: said["settings"][0]["type"].update(kind="map"), r"settings\[0\]\.type\.kind"),
        (lambda said: said["settings"][0].update(default="x"), r"settings\[0\]\.default is not"),
        (lambda said: said["commands"][0].update(fields={}), r"\$\.commands\[0\]\.fields"),
        (lambda said: said["players"].update(low="2"), r"\$\.players\.low"),
    ],
)
def test_of_a_bad_definition_the_place_is_named(change: object, place: str) -> None:
    said = json.loads(json.dumps(definition(ROOM)))
    change(said)  # type: ignore[operator]
    with pytest.raises(BadFrameError, match=place):
        read_definition(said)
