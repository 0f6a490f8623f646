"""A replay is written and read back; a bad one is told by its place."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameroom.store import Entry, JournalDamagedError, record, replay
from tests.store.entries import ENTRIES, HEADER

CODE = replay.Code(b"export default () => 1;\n", b"export default (root) => 2;\n")
SEEN = replace(HEADER, view="f" * 64)
WHOLE = b"".join(replay.written(SEEN, CODE, ENTRIES))


def read(data: bytes) -> tuple[replay.Reader, list[Entry], str | None]:
    """The reader, what it gave, and what it complained of."""
    reader = replay.Reader(io.BytesIO(data), "x.replay")
    found: list[Entry] = []
    try:
        for entry in reader.entries():
            found.append(entry)  # noqa: PERF402  what came before the damage counts
    except JournalDamagedError as error:
        return reader, found, str(error)
    return reader, found, None


def test_a_replay_gives_back_what_was_written() -> None:
    reader, found, why = read(WHOLE)
    assert (reader.header, reader.code) == (SEEN, CODE)
    assert (tuple(found), why, reader.cut, reader.last) == (ENTRIES, None, None, len(ENTRIES))


def test_a_game_without_a_view_or_without_events_is_a_replay_too() -> None:
    bare = replace(HEADER, view=None)
    reader, found, why = read(b"".join(replay.written(bare, replay.Code(b"x"), ())))
    assert (reader.code.view, found, why, reader.cut) == (None, [], None, None)


def test_a_long_one_is_written_in_pieces() -> None:
    entries = [Entry(seq, seq, b"e" * 1000) for seq in range(1, 1001)]
    pieces = list(replay.written(SEEN, CODE, entries))
    assert len(pieces) > 10
    assert max(map(len, pieces)) < replay.PIECE_BYTES + 2000
    assert read(b"".join(pieces))[1] == entries


def test_what_stands_before_a_cut_is_good_wherever_it_is_cut() -> None:
    beginning = (
        len(b"".join(replay.written(SEEN, CODE, ()))) - record.HEAD_BYTES - record.FOOT_BYTES
    )
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
    data = b"".join(
        (
            *replay.written(SEEN, CODE, ENTRIES[:2]),
            *map(record.entry_record, ENTRIES[3:]),
        )
    )
    end = record.HEAD_BYTES + record.FOOT_BYTES
    at = len(b"".join(replay.written(SEEN, CODE, ENTRIES[:2]))) - end
    _, found, why = read(data[:at] + data[at + end :])
    assert tuple(found) == ENTRIES[:2]
    assert why == f"x.replay: entry 3 at byte {at} is damaged: entry 4 stands here"


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
        {"format": 2},
        {"more": 1},
    ],
)
def test_a_header_of_another_shape_is_refused(change: dict[str, object]) -> None:
    import msgspec

    said = msgspec.json.decode(record.header_record(SEEN)[record.HEAD_BYTES : -record.FOOT_BYTES])
    forged = msgspec.json.encode(said | change)
    with pytest.raises(JournalDamagedError, match=r"byte 16 is damaged"):
        read(replay.MAGIC + record.record(0, forged) + record.record(0, b"") * 2)


def test_other_files_are_refused() -> None:
    for data in (b"", b"PK\x03\x04", record.MAGIC + record.header_record(HEADER)):
        with pytest.raises(JournalDamagedError, match="no replay"):
            read(data)


def test_an_engine_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "SOURCE_BYTES_MAX", 10)
    with pytest.raises(JournalDamagedError, match="too long"):
        read(WHOLE)
