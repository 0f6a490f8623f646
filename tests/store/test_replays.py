"""A replay is written and read back; a bad one is told by its place."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.store import (
    Entry,
    FileJournals,
    Header,
    JournalDamagedError,
    JournalStore,
    MemoryJournals,
    OtherReleaseError,
    record,
    replay,
)
from tests.store.entries import ENTRIES, HEADER

CODE = replay.StoredCode(
    b"{}", b"export default () => 1;\n", b"export default (root) => 2;\n", b"kit"
)
SEEN = replace(HEADER, view="f" * 64, kit="c" * 64)


def whole(entries: Sequence[Entry], header: Header = SEEN, code: replay.StoredCode = CODE) -> bytes:
    return b"".join(
        replay.written(header, code, map(record.entry_record, entries), lambda: len(entries))
    )


WHOLE = whole(ENTRIES)


def read(data: bytes) -> tuple[replay.Reader, list[Entry], str | None]:
    """The reader, what it gave, and what it complained of."""
    reader = replay.Reader(io.BytesIO(data), "x.replay")
    found: list[Entry] = []
    try:
        for entry in reader.entries():
            found.append(entry)
    except JournalDamagedError as error:
        return reader, found, str(error)
    return reader, found, None


def test_a_replay_gives_back_what_was_written() -> None:
    reader, found, why = read(WHOLE)
    assert (reader.header, reader.code) == (SEEN, CODE)
    assert (tuple(found), why, reader.cut, reader.last) == (ENTRIES, None, None, len(ENTRIES))


def test_a_game_without_a_view_or_without_events_is_a_replay_too() -> None:
    bare = replace(HEADER, view=None, kit=None)
    reader, found, why = read(whole((), bare, replay.StoredCode(b"{}", b"x")))
    assert (reader.code.view, found, why, reader.cut) == (None, [], None, None)


def test_a_long_one_is_written_in_pieces() -> None:
    entries = [Entry(seq, seq, b"e" * 1000) for seq in range(1, 1001)]
    pieces = list(replay.written(SEEN, CODE, map(record.entry_record, entries), lambda: 1000))
    assert len(pieces) > 10
    assert max(map(len, pieces)) < replay.PIECE_BYTES + 2000
    assert read(b"".join(pieces))[1] == entries


def test_what_stands_before_a_cut_is_good_wherever_it_is_cut() -> None:
    beginning = len(whole(())) - record.HEAD_BYTES - record.FOOT_BYTES
    for size in range(len(WHOLE)):
        if size < beginning:
            with pytest.raises(JournalDamagedError):
                read(WHOLE[:size])
            continue
        reader, found, why = read(WHOLE[:size])
        assert why is None
        assert tuple(found) == ENTRIES[: len(found)]
        assert reader.cut is not None
        assert reader.cut.seq == len(found)
        assert reader.cut.offset <= size


@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_no_flipped_bit_is_passed_over(bit: int) -> None:
    data = bytearray(WHOLE)
    data[bit // 8] ^= 1 << bit % 8
    try:
        reader, found, why = read(bytes(data))
    except JournalDamagedError:
        return
    assert why is not None or reader.cut is not None
    assert tuple(found) == ENTRIES[: len(found)]


def test_a_missing_entry_is_named_by_its_place() -> None:
    end = record.HEAD_BYTES + record.FOOT_BYTES
    at = len(whole(ENTRIES[:2])) - end
    rest = b"".join(map(record.entry_record, ENTRIES[3:]))
    _, found, why = read(WHOLE[:at] + rest)
    assert tuple(found) == ENTRIES[:2]
    assert why == f"x.replay: entry 3 at byte {at} is damaged: found entry 4 in its place"


def test_what_follows_the_end_is_damage() -> None:
    assert read(WHOLE + b"x")[2] is not None


@pytest.mark.parametrize(
    "change",
    [
        {"seed": -1},
        {"seed": 2**53},
        {"seed": "7"},
        {"used": {"a": ["only a name"]}},
        {"used": []},
        {"setup": None},
        {"view": 7},
        {"text": None},
        {"created": 1.5},
        {"kit": "x"},
        {"room": "../r"},
    ],
)
def test_a_header_of_another_shape_is_refused(change: dict[str, object]) -> None:
    said = msgspec.json.decode(record.header_record(SEEN)[record.HEAD_BYTES : -record.FOOT_BYTES])
    forged = msgspec.json.encode(said | change)
    with pytest.raises(JournalDamagedError, match=r"byte 16 is damaged"):
        read(replay.MAGIC + record.record(0, forged) + record.record(0, b"") * 3)


def test_a_later_format_is_refused_by_its_release() -> None:
    later = b'{"format": 2, "release": "0.3.0"}'
    with pytest.raises(OtherReleaseError, match=r"^x.replay was written by gameroom 0\.3\.0 in"):
        read(replay.MAGIC + record.record(0, later))


def test_a_field_that_a_later_release_has_added_is_passed_over() -> None:
    said = msgspec.json.decode(record.header_record(SEEN)[record.HEAD_BYTES : -record.FOOT_BYTES])
    more = msgspec.json.encode(said | {"more": 1, "release": "0.1.9"})
    header = record.read_header(more, "x")
    assert header == replace(SEEN, release="0.1.9")


def test_other_files_are_refused() -> None:
    for data in (b"", b"PK\x03\x04", record.MAGIC + record.header_record(HEADER)):
        with pytest.raises(JournalDamagedError, match="not a replay"):
            read(data)


def test_an_engine_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "SOURCE_BYTES_MAX", 10)
    with pytest.raises(JournalDamagedError, match="too large"):
        read(WHOLE)


def test_a_journal_is_read_while_another_writes_it(tmp_path: Path) -> None:
    journal = FileJournals(tmp_path).create(HEADER)
    for one in ENTRIES:
        journal.append(one)
    with journal.path.open("rb") as file:
        reader = replay.JournalReader(file, "x")
        assert reader.header == HEADER
        assert (tuple(reader.entries()), reader.cut) == (ENTRIES, None)
    assert b"".join(journal.copy()) == b"".join(map(record.entry_record, ENTRIES))


@pytest.mark.parametrize("tail", [b"\x07", b"\0" * 40, record.entry_record(ENTRIES[0])[:-1]])
def test_the_end_of_a_journal_that_was_never_written_is_told(tmp_path: Path, tail: bytes) -> None:
    data = record.MAGIC + record.header_record(HEADER)
    reader = replay.JournalReader(io.BytesIO(data + tail), "x")
    assert list(reader.entries()) == []
    assert reader.cut == replay.Cut(0, len(data))


def test_a_copy_stays_what_it_was_when_more_is_appended(tmp_path: Path) -> None:
    both: tuple[JournalStore, ...] = (FileJournals(tmp_path), MemoryJournals())
    for journals in both:
        journal = journals.create(HEADER)
        assert b"".join(journal.copy()) == b""
        journal.append(ENTRIES[0])
        copy = journal.copy()
        journal.append(ENTRIES[1])
        assert b"".join(copy) == record.entry_record(ENTRIES[0])
