"""What every journal keeps, in a file or in memory."""

from pathlib import Path

import pytest

from gameroom.store import FileJournals, JournalStore, MemoryJournals, StoreFailedError
from tests.store.entries import ENTRIES, HEADER


@pytest.fixture(params=["file", "disk", "memory"])
def journals(request: pytest.FixtureRequest, tmp_path: Path) -> JournalStore:
    if request.param == "memory":
        return MemoryJournals()
    return FileJournals(tmp_path / "rooms", "disk" if request.param == "disk" else "process")


def test_a_journal_gives_back_what_was_appended(journals: JournalStore) -> None:
    journal = journals.create(HEADER)
    assert (journal.last, list(journal.read())) == (0, [])
    for one in ENTRIES:
        journal.append(one)
    assert journal.last == 8
    assert tuple(journal.read()) == ENTRIES
    assert tuple(journal.read(5)) == ENTRIES[5:]
    assert tuple(journal.read(2, 3)) == ENTRIES[2:5]
    assert tuple(journal.read(8)) == ()


def test_a_journal_goes_on_where_it_was_left(journals: JournalStore) -> None:
    journal = journals.create(HEADER)
    for one in ENTRIES[:4]:
        journal.append(one)
    journal.close()
    journal = journals.open("r-1")
    assert (journal.header, journal.last, journal.torn) == (HEADER, 4, None)
    for one in ENTRIES[4:]:
        journal.append(one)
    assert tuple(journal.read()) == ENTRIES


def test_reading_and_appending_may_take_turns(journals: JournalStore) -> None:
    journal = journals.create(HEADER)
    journal.append(ENTRIES[0])
    journal.append(ENTRIES[1])
    reading = journal.read()
    assert next(reading) == ENTRIES[0]
    journal.append(ENTRIES[2])
    assert next(reading) == ENTRIES[1]
    assert tuple(journal.read()) == ENTRIES[:3]


def test_a_gap_is_our_own_mistake(journals: JournalStore) -> None:
    journal = journals.create(HEADER)
    with pytest.raises(AssertionError, match="gaps"):
        journal.append(ENTRIES[1])


def test_a_room_has_one_journal(journals: JournalStore) -> None:
    journals.create(HEADER)
    assert journals.rooms() == ("r-1",)
    with pytest.raises(StoreFailedError, match="has a journal"):
        journals.create(HEADER)


@pytest.mark.parametrize("room", ["r-2", "../r-1", "", "a/b", "x" * 65, "r\0"])
def test_what_has_no_journal_is_not_found(journals: JournalStore, room: str) -> None:
    journals.create(HEADER)
    with pytest.raises(KeyError):
        journals.open(room)


def test_syncing_and_closing_are_safe_at_any_time(journals: JournalStore) -> None:
    journal = journals.create(HEADER)
    journal.sync()
    journal.append(ENTRIES[0])
    journal.sync()
    journal.sync()
    journal.close()
    journal.close()
    journal.sync()
