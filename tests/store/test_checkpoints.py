"""A room's checkpoint beside its journal: what it saves, and what it can never lose."""

from dataclasses import replace
from pathlib import Path

import pytest

from gameroom.store import (
    Entry,
    FileJournals,
    JournalDamagedError,
    JournalStore,
    MemoryJournals,
    StoredCheckpoint,
    StoreFailedError,
    record,
)
from gameroom.store.marks import MARKS_MAX, Marks
from tests.store.entries import HEADER
from tests.store.test_crashes import files_of_at_most

SAID = b'{"what": "the room is here"}'


def entry(seq: int) -> Entry:
    return Entry(seq, 10 * seq, b"event %d" % seq)


@pytest.fixture
def journals(tmp_path: Path) -> FileJournals:
    return FileJournals(tmp_path)


def written(journals: JournalStore, entries: int, checkpoint: int) -> None:
    """A closed journal with so many entries and a checkpoint after one of them."""
    journal = journals.create(HEADER)
    for seq in range(1, entries + 1):
        journal.append(entry(seq))
        if seq == checkpoint:
            journal.keep(journal.mark(), SAID)
    journal.close()


@pytest.mark.parametrize("kind", ["file", "memory"])
def test_a_checkpoint_is_found_when_the_journal_is_opened(kind: str, tmp_path: Path) -> None:
    journals: JournalStore = FileJournals(tmp_path) if kind == "file" else MemoryJournals()
    written(journals, 40, checkpoint=30)
    journal = journals.open("r-1")
    assert journal.checkpoint == StoredCheckpoint(30, SAID)
    assert journal.last == 40
    assert [one.seq for one in journal.read(after=30)] == list(range(31, 41))
    assert list(journal.read()) == [entry(seq) for seq in range(1, 41)]


def test_only_what_is_behind_it_is_read_at_opening(journals: FileJournals, tmp_path: Path) -> None:
    written(journals, 40, checkpoint=30)
    path = tmp_path / "r-1.journal"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"event 7", b"evend 7"))
    journal = journals.open("r-1")
    assert journal.last == 40
    with pytest.raises(JournalDamagedError, match="entry 7 at byte"):
        list(journal.read())
    journal.close()
    path.write_bytes(whole.replace(b"event 35", b"evend 35"))
    with pytest.raises(JournalDamagedError, match="entry 35 at byte"):
        journals.open("r-1")


def test_a_journal_that_was_cut_says_how_much_is_missing(
    journals: FileJournals, tmp_path: Path
) -> None:
    written(journals, 40, checkpoint=30)
    path = tmp_path / "r-1.journal"
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"event 12") + 3])
    with pytest.raises(JournalDamagedError, match="the file was truncated: 19 entries up to 30"):
        journals.open("r-1")
    assert path.stat().st_size == whole.index(b"event 12") + 3, "nothing more is cut off"


@pytest.mark.parametrize("longer", [-9, -1, 1, 5, 12, 200])
@pytest.mark.parametrize("behind", [0, 1, 10])
def test_one_of_another_journal_costs_time_and_no_entry(
    journals: FileJournals, tmp_path: Path, longer: int, behind: int
) -> None:
    """The header was written again with a comment more, so every place is another one."""
    written(journals, 30 + behind, checkpoint=30)
    path = tmp_path / "r-1.journal"
    old = record.header_record(HEADER)
    text = HEADER.text + "#" * longer if longer > 0 else HEADER.text[:longer]
    new = record.header_record(replace(HEADER, text=text))
    path.write_bytes(path.read_bytes().replace(old, new))
    whole = path.read_bytes()
    journal = journals.open("r-1")
    assert (journal.checkpoint, journal.torn) == (None, None)
    assert list(journal.read()) == [entry(seq) for seq in range(1, 31 + behind)]
    assert path.read_bytes() == whole
    journal.append(entry(31 + behind))


def test_an_unfinished_entry_behind_it_is_cut_off(journals: FileJournals, tmp_path: Path) -> None:
    written(journals, 40, checkpoint=40)
    path = tmp_path / "r-1.journal"
    path.write_bytes(path.read_bytes() + b"\x10\0\0\0half")
    journal = journals.open("r-1")
    assert journal.torn is not None
    assert (journal.torn.seq, journal.last) == (41, 40)


def test_a_damaged_checkpoint_is_as_if_it_were_not_there(
    journals: FileJournals, tmp_path: Path
) -> None:
    written(journals, 5, checkpoint=3)
    path = tmp_path / "r-1.checkpoint"
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        journal = journals.open("r-1")
        assert (journal.checkpoint, journal.last) == (None, 5)
        journal.close()
        path.write_bytes(whole[:at])
        journal = journals.open("r-1")
        assert (journal.checkpoint, journal.last) == (None, 5)
        journal.close()


def test_the_checkpoint_of_another_room_cuts_nothing_off(
    journals: FileJournals, tmp_path: Path
) -> None:
    other = journals.create(replace(HEADER, room="r-2"))
    other.append(Entry(1, 10, bytes(40)))
    other.keep(other.mark(), SAID)
    other.close()
    written(journals, 4, checkpoint=4)
    (tmp_path / "r-2.checkpoint").replace(tmp_path / "r-1.checkpoint")
    journal = journals.open("r-1")
    assert journal.checkpoint is None
    assert journal.last == 4


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    journals: FileJournals, tmp_path: Path
) -> None:
    written(journals, 5, checkpoint=3)
    journal = journals.open("r-1")
    with files_of_at_most(100), pytest.raises(StoreFailedError, match=r"r-1\.checkpoint"):
        journal.keep(journal.mark(), SAID * 100)
    journal.close()
    assert journals.open("r-1").checkpoint == StoredCheckpoint(3, SAID)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["r-1.checkpoint", "r-1.journal"]


def test_a_journal_that_is_cut_under_a_running_room_is_named(
    journals: FileJournals, tmp_path: Path
) -> None:
    journal = journals.create(HEADER)
    for seq in range(1, 11):
        journal.append(entry(seq))
    path = tmp_path / "r-1.journal"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(JournalDamagedError, match="the file ends before it"):
        list(journal.read())
    path.unlink()
    with pytest.raises(StoreFailedError, match=r"r-1\.journal"):
        list(journal.read())


@pytest.mark.parametrize("entries", [3, 64, 512, 600])
def test_a_journal_may_be_opened_and_kept_any_number_of_times(
    journals: FileJournals, entries: int
) -> None:
    written(journals, entries, checkpoint=entries)
    for more in range(1, 4):
        journal = journals.open("r-1")
        assert journal.checkpoint is not None, "the one before can be used"
        assert journal.checkpoint.seq == entries
        journal.keep(journal.mark(), SAID)
        journal.close()
        journal = journals.open("r-1")
        assert [one.seq for one in journal.read(entries - more)][-1] == entries
        journal.close()


@pytest.mark.parametrize("checkpoint", [1, 700, 2_000])
def test_any_part_of_a_long_journal_can_be_read(journals: FileJournals, checkpoint: int) -> None:
    written(journals, 2_000, checkpoint)
    journal = journals.open("r-1")
    for after in (0, 1, 255, 256, 999, 1_998, 1_999, 2_000):
        found = [one.seq for one in journal.read(after, 3)]
        assert found == [seq for seq in range(after + 1, after + 4) if seq <= 2_000]


def test_the_index_of_a_journal_does_not_grow() -> None:
    marks = Marks()
    for key in range(1, 300_000):
        marks.add(key, 7 * key)
    stride, keys, values = marks.rows()
    assert MARKS_MAX / 2 <= len(keys) <= MARKS_MAX
    assert [7 * key for key in keys] == list(values)
    for key in (1, 5, 4_711, 299_999):
        found = marks.before(key)
        assert found is None or (found[0] <= key < found[0] + stride)
    again = Marks(*marks.rows())
    assert again.rows() == marks.rows()


def test_a_folder_that_takes_no_journal_says_so(journals: FileJournals, tmp_path: Path) -> None:
    journals.check()
    with files_of_at_most(1_000), pytest.raises(StoreFailedError):
        journals.check()
    assert list(tmp_path.iterdir()) == []
    assert journals.rooms() == ()
    tmp_path.rmdir()
    with pytest.raises(StoreFailedError):
        journals.rooms()
