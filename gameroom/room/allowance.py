"""Limits of actions per minute: a token bucket in whole milliseconds, without a clock."""

from __future__ import annotations

MINUTE_MS = 60_000


def spend(
    spent: dict[str, tuple[int, int]], kind: str, per_minute: int, now: int, times: int = 1
) -> int:
    """Charge one action of `kind`, which counts as `times` actions, to the allowance.

    The bucket holds the actions of a quarter of a minute, at least one, and refills steadily. An
    action that counts as more than the bucket holds needs a full bucket and leaves a debt, which
    must be paid off before the next action.
    spent: by kind, the time of the last check and the debt, both in milliseconds; updated.
    now: milliseconds. Returns 0 if the action is allowed, and otherwise the milliseconds to wait.
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
