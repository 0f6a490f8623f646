"""A journal that is not what was written: cut where it was torn, refused where it was changed."""

import struct
from pathlib import Path

import pytest

from gameroom.store import FileJournals, JournalDamagedError, StoreFailedError, Torn
from tests.store.entries import ENTRIES, HEADER

HEAD, LAST = 16, len(ENTRIES)


@pytest.fixture
def journals(tmp_path: Path) -> FileJournals:
    return FileJournals(tmp_path)


@pytest.fixture
def path(journals: FileJournals, tmp_path: Path) -> Path:
    """A journal with eight entries, closed."""
    journal = journals.create(HEADER)
    for one in ENTRIES:
        journal.append(one)
    journal.close()
    return tmp_path / "r-1.journal"


def offsets(data: bytes) -> list[int]:
    """Where the records begin, the header's first, and where the last one ends."""
    found = [len(b"gameroom journal\n")]
    while found[-1] < len(data):
        (length,) = struct.unpack_from("<I", data, found[-1])
        found.append(found[-1] + HEAD + length + 5)
    return found


def test_an_entry_torn_at_any_byte_is_cut_off_and_told(journals: FileJournals, path: Path) -> None:
    whole = path.read_bytes()
    begin, end = offsets(whole)[-2:]
    assert end == len(whole)
    for size in range(begin + 1, end):
        path.write_bytes(whole[:size])
        journal = journals.open("r-1")
        assert journal.torn == Torn(begin, LAST, size - begin)
        assert tuple(journal.read()) == ENTRIES[:-1]
        journal.append(ENTRIES[-1])
        journal.close()
        assert path.read_bytes() == whole


def test_an_end_of_zeros_is_torn_too(journals: FileJournals, path: Path) -> None:
    # After a loss of power a file may have its size and not its bytes.
    whole = path.read_bytes()
    begin, end = offsets(whole)[-2:]
    for kept in range(begin, end - 1):
        path.write_bytes(whole[:kept] + bytes(5000))
        journal = journals.open("r-1")
        assert journal.torn == Torn(begin, LAST, kept + 5000 - begin)
        assert tuple(journal.read()) == ENTRIES[:-1]
        journal.close()


def test_zeros_in_the_middle_are_damage(journals: FileJournals, path: Path) -> None:
    whole = path.read_bytes()
    begin, end = offsets(whole)[3:5]
    path.write_bytes(whole[:begin] + bytes(end - begin) + whole[end:])
    with pytest.raises(JournalDamagedError):
        journals.open("r-1")


def test_a_flipped_bit_anywhere_is_named_by_its_place(journals: FileJournals, path: Path) -> None:
    whole = path.read_bytes()
    places = offsets(whole)
    for at in range(places[0], len(whole)):
        seq = next(i for i, end in enumerate(places[1:]) if at < end)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with pytest.raises(
            JournalDamagedError, match=f"entry {seq} at byte {places[seq]}"
        ) as raised:
            journals.open("r-1")
        assert (raised.value.seq, raised.value.offset) == (seq, places[seq])
        assert len(path.read_bytes()) == len(whole), "nothing is cut off what is damaged"


def test_a_flip_while_the_journal_is_open_is_found_on_reading(
    journals: FileJournals, path: Path
) -> None:
    journal = journals.open("r-1")
    whole = path.read_bytes()
    begin = offsets(whole)[4]
    with path.open("r+b") as file:
        file.seek(begin + HEAD + 3)
        file.write(b"\xee")
    reading = journal.read()
    assert [next(reading).seq for _ in range(3)] == [1, 2, 3]
    with pytest.raises(JournalDamagedError, match=f"entry 4 at byte {begin}"):
        next(reading)
    journal.close()


def test_an_entry_that_is_missing_is_damage(journals: FileJournals, path: Path) -> None:
    whole = path.read_bytes()
    begin, end = offsets(whole)[2:4]
    path.write_bytes(whole[:begin] + whole[end:])
    with pytest.raises(JournalDamagedError, match="found entry 3 in its place"):
        journals.open("r-1")


@pytest.mark.parametrize("data", [b"", b"gameroom", b"something else than a journal"])
def test_a_file_that_is_no_journal_is_refused(
    journals: FileJournals, path: Path, data: bytes
) -> None:
    path.write_bytes(data)
    with pytest.raises(JournalDamagedError, match="not a journal"):
        journals.open("r-1")


def test_a_header_is_never_cut(journals: FileJournals, path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(JournalDamagedError, match="incomplete"):
        journals.open("r-1")
    assert len(path.read_bytes()) == 40


def test_two_servers_cannot_have_one_journal(journals: FileJournals, path: Path) -> None:
    first = journals.open("r-1")
    with pytest.raises(StoreFailedError, match="another process"):
        journals.open("r-1")
    first.close()
    journals.open("r-1").close()
