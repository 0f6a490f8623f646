"""The last events of a room, bounded by bytes."""

from __future__ import annotations

import tracemalloc

from gameroom.server.host.recent import EVENT_BYTES, EncodedEvent, Recent


def told(seq: int, size: int = 0) -> EncodedEvent:
    return EncodedEvent(seq, seq * 10, bytes(size))


def seqs(found: list[EncodedEvent] | None) -> list[int] | None:
    return None if found is None else [one.seq for one in found]


def test_what_came_after_a_seq() -> None:
    recent = Recent(10_000)
    for seq in range(5, 9):
        recent.add(told(seq))
    assert seqs(recent.after(6)) == [7, 8]
    assert seqs(recent.after(8)) == []
    assert seqs(recent.after(4)) == [5, 6, 7, 8]
    assert recent.after(3) is None, "event 4 was before this process"


def test_the_oldest_are_forgotten_beyond_the_bytes() -> None:
    recent = Recent(3 * (EVENT_BYTES + 100))
    for seq in range(1, 10):
        recent.add(told(seq, 100))
    assert recent.after(5) is None
    assert seqs(recent.after(6)) == [7, 8, 9]


def test_frames_that_are_made_later_count_too() -> None:
    recent = Recent(10 * EVENT_BYTES)
    kept = [told(seq) for seq in range(1, 6)]
    for one in kept:
        recent.add(one)
    kept[4].json = bytes(8 * EVENT_BYTES)
    recent.count_again(kept[4])
    assert recent.after(2) is None
    assert seqs(recent.after(4)) == [5]


def test_a_frame_of_an_event_that_is_not_kept_here_is_not_counted() -> None:
    recent = Recent(3 * EVENT_BYTES)
    events = [told(seq) for seq in range(1, 6)]
    for one in events:
        recent.add(one)
    for one in (events[0], told(5), told(6), told(99)):
        one.json = bytes(3 * EVENT_BYTES)
        recent.count_again(one)
    assert seqs(recent.after(2)) == [3, 4, 5]


def test_the_last_event_stays_however_big() -> None:
    recent = Recent(10)
    recent.add(told(1, 1000))
    assert seqs(recent.after(0)) == [1]


def test_thousands_pass_through() -> None:
    recent = Recent(100 * EVENT_BYTES)
    for seq in range(1, 5001):
        recent.add(told(seq))
    assert seqs(recent.after(4990)) == list(range(4991, 5001))
    assert recent.after(100) is None


def test_the_limit_counts_what_is_held() -> None:
    tracemalloc.start()
    try:
        recent = Recent(200_000)
        before = tracemalloc.get_traced_memory()[0]
        for seq in range(10_000, 30_000):
            one = told(seq, 60 + seq % 40)
            one.json = bytes(150 + seq % 60)
            recent.add(one)
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert held < 200_000


def test_turns_are_found_while_all_of_them_are_kept() -> None:
    recent = Recent(6 * (EVENT_BYTES + 100))
    for seq in range(1, 12):
        event = told(seq, 100)
        event.generation = seq // 2 if seq % 2 == 0 else 0
        recent.add(event)
    assert [one.generation for one in recent.turns(4, 5) or ()] == [4, 5]
    assert [one.generation for one in recent.turns(3, 3) or ()] == [3]
    assert [one.generation for one in recent.turns(5, 99) or ()] == [5]
    assert recent.turns(2, 5) is None, "the oldest are in the journal"
    assert recent.turns(6, 6) is None, "not closed yet"
