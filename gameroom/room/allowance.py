"""So many doings per minute: a token bucket in whole milliseconds, without a clock."""

from __future__ import annotations

MINUTE_MS = 60_000


def spend(
    spent: dict[str, tuple[int, int]], kind: str, per_minute: int, now: int, times: int = 1
) -> int:
    """Take one action of `kind` out of the allowance, which counts as `times` of them.

    The bucket holds as many as a quarter of a minute grants, at least one, and refills
    steadily. One that counts for more than the bucket holds is granted by a full bucket, and
    paid off before the next one. `spent` keeps by kind when the bucket was last looked at and
    the debt in milliseconds. Returns 0 when granted, else how many milliseconds to wait.
    """
    if per_minute <= 0:
        return MINUTE_MS
    cost = MINUTE_MS // per_minute
    size = max(cost, MINUTE_MS // 4)
    seen, debt = spent.get(kind, (now, 0))
    debt = max(0, debt - (now - seen))
    wait = debt + min(cost * times, size) - size
    if wait > 0:
        spent[kind] = (now, debt)
        return wait
    spent[kind] = (now, debt + cost * times)
    return 0
