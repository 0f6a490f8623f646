"""A journal's header and entries for tests."""

from gameroom.store import Entry, Header

HEADER = Header(
    room="r-1",
    name="skirmish.room",
    text='language 1\nuse "standard"\nroom "Skirmish" extends standard { players 1..2 }\n',
    used={"standard": ("standard.room", "language 1\n# é\n")},
    engine="e" * 64,
    seed=2**32 - 1,
    setup={"map": "plains", "waves": [1, 2]},
    created=1_700_000_000_000,
)


def entry(seq: int) -> Entry:
    """Every third has a chart, every other one ids; sizes differ; with zeros and line ends."""
    event = bytes([seq % 256, 0, 10, 255]) * (seq % 5)
    chart = b"chart\0" if seq % 3 == 0 else None
    ids = ((0, 1), (1023, 2**53 - 1)) if seq % 2 else ()
    return Entry(seq, 1_700_000_000_000 + seq, event, chart, ids)


ENTRIES = tuple(entry(seq) for seq in range(1, 9))
