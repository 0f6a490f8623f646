"""What stands behind a right checksum and is wrong all the same."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import pytest

from gameroom.store import FileJournals, JournalDamagedError, record
from tests.store.entries import ENTRIES, HEADER


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"\x01\x02", "too short"),
        (struct.pack("<QBII", 5, 0, 9, 0) + b"event", "do not have the lengths"),
        (struct.pack("<QBII", 5, 1, 2**32 - 1, 0) + b"event", "do not have the lengths"),
        (struct.pack("<QBII", 5, 0, 5, 0) + b"eventchart", "do not have the lengths"),
        (struct.pack("<QBII", 5, 7, 5, 0) + b"eventchart", "do not have the lengths"),
        (struct.pack("<QBII", 2**60, 0, 5, 0) + b"event", "out of range"),
        (struct.pack("<QBII", 5, 0, 5, 1) + b"event", "do not have the lengths"),
        (struct.pack("<QBII", 5, 0, 5, 2**32 - 1) + b"event", "do not have the lengths"),
        (struct.pack("<QBIIHQ", 5, 0, 0, 1, 0, 0), "the id of a command is out of range"),
        (struct.pack("<QBIIHQ", 5, 0, 0, 1, 0, 2**63), "the id of a command is out of range"),
    ],
)
def test_an_entry_has_the_parts_that_it_says(payload: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "r-1.journal"
    path.write_bytes(record.MAGIC + record.header_record(HEADER) + record.record(1, payload))
    with pytest.raises(JournalDamagedError, match=f"^r-1.journal: entry 1 at byte .*{why}"):
        FileJournals(tmp_path).open("r-1")


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"seq": -1},
        {"offset": 2**70},
        {"stride": 0},
        {"seqs": [3, 2], "offsets": [200, 300]},
        {"seqs": [1, 2], "offsets": [300, 200]},
        {"seqs": [1], "offsets": [2**40]},
        {"seqs": [1, 2], "offsets": [200]},
        {"seqs": "none"},
    ],
)
def test_a_checkpoint_of_another_shape_is_as_if_it_were_not_there(
    change: dict[str, object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journals = FileJournals(tmp_path)
    journal = journals.create(HEADER)
    for entry in ENTRIES:
        journal.append(entry)
    journal.keep(journal.mark(), b"said")
    journal.close()
    path, magic = tmp_path / "r-1.checkpoint", b"gameroom checkpoint\n"
    first, end = record.read_at(path.read_bytes(), "", len(magic), 0)
    said, _ = record.read_at(path.read_bytes(), "", end, 1)
    forged = msgspec.json.encode(msgspec.json.decode(first) | change)
    path.write_bytes(magic + record.record(0, forged) + record.record(1, said))
    again = journals.open("r-1")
    assert (again.checkpoint, tuple(again.read())) == (None, ENTRIES)
    again.close()
    assert [one.getMessage().startswith("checkpoint r-1.") for one in caplog.records] == [True]
