"""The report of a run, for people and for programs.

Pure functions. The rule: equal outcomes give equal text, byte for byte.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping

from gameroom.lockstep.packets import seat_name
from gameroom.simulator.run import RunOutcome

HAPPENED = {
    "crashes": ("crash", "crashes"),
    "torn": ("torn write", "torn writes"),
    "store_failures": ("failed write", "failed writes"),
    "cuts": ("lost connection", "lost connections"),
    "reloads": ("reload", "reloads"),
    "copies": ("duplicated tab", "duplicated tabs"),
    "silences": ("frozen tab", "frozen tabs"),
    "tricks": ("disruptive action", "disruptive actions"),
    "floods": ("flood", "floods"),
    "lies": ("lie", "lies"),
    "verdicts": ("verdict", "verdicts"),
    "repairs": ("repair", "repairs"),
    "snapshots": ("snapshot", "snapshots"),
    "resumed": ("client resumed from a snapshot", "clients resumed from a snapshot"),
}
"""The names of the outcome's numbers, singular and plural, in the order of the text."""


def command(outcome: RunOutcome, file: str) -> str:
    """The command that repeats the run."""
    plan = outcome.plan
    words = ["gameroom", "simulate", file, "--seed", plan.seed, "--turns", plan.turns]
    words += ["--weather", plan.weather.name]
    if plan.players is not None:
        words += ["--players", plan.players]
    return shlex.join(map(str, words))


def as_data(outcome: RunOutcome, file: str) -> dict[str, object]:
    """The outcome as plain values; docs/simulator.md describes the keys. The story is included only
    if an invariant is broken."""
    plan, broken = outcome.plan, outcome.broken
    return {
        "version": 1,
        "file": file,
        "room": outcome.room,
        "seed": plan.seed,
        "weather": plan.weather.name,
        "turns_wanted": plan.turns,
        "players": outcome.players,
        "turns": outcome.turns,
        "events": outcome.events,
        "ms": outcome.ms,
        "states": list(outcome.states),
        "journal": f"{outcome.digest:08x}",
        "numbers": dict(outcome.numbers),
        "checks": dict(outcome.checks),
        "broken": None
        if broken is None
        else {
            "invariant": broken.name,
            "rule": rule(broken),
            "what": broken.what,
            "at": broken.at,
            "seat": broken.seat,
            "story": [str(line) for line in outcome.story],
        },
        "again": command(outcome, file),
    }


def as_json(outcome: RunOutcome, file: str) -> str:
    """The outcome as one line of JSON, with sorted keys and without spaces."""
    data = as_data(outcome, file)
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def as_text(outcome: RunOutcome, file: str) -> str:
    """The outcome in a few lines. If an invariant is broken, with the story and the command that
    repeats the run."""
    plan, numbers = outcome.plan, outcome.numbers
    seconds = f"{outcome.ms / 1000:.1f} s"
    players = _counted(outcome.players, "player")
    lines = [
        f"{file}: seed {plan.seed}, {plan.weather.name}, {players}:"
        f" {_counted(outcome.turns, 'turn')} in {seconds} of simulated time"
    ]
    happened = [
        f"{count} {one if count == 1 else many}"
        for name, (one, many) in HAPPENED.items()
        if (count := numbers[name])
    ]
    lines.append("  " + (", ".join(happened) or "no faults occurred"))
    broken = outcome.broken
    if broken is None:
        checks = _counted(sum(outcome.checks.values()), "check")
        lines.append(
            f"  {_counted(len(outcome.checks), 'invariant')} held, {checks};"
            f" journal {outcome.digest:08x}, {_counted(outcome.events, 'event')}"
        )
        return "\n".join(lines)
    seat = "" if broken.seat is None else f" ({seat_name(broken.seat)})"
    return "\n".join(
        (
            *lines,
            "",
            f"  broken after {broken.at} ms: {broken.name}{seat}",
            f"    {broken.what}",
            f"    Invariant: {rule(broken)}",
            "",
            "  what happened before:",
            *(f"  {line}" for line in outcome.story),
            "",
            f"  run it again: {command(outcome, file)}",
        )
    )


def rule(broken: BaseException) -> str:
    """The broken invariant as a sentence: the first line of its class's docstring."""
    return (type(broken).__doc__ or "").splitlines()[0]


def summary(runs: int, failed: Mapping[str, int]) -> str:
    """The last line after many runs. failed: the number of failed runs by invariant."""
    if not failed:
        return f"{_counted(runs, 'run')}: all invariants held"
    told = ", ".join(f"{name} {count}" for name, count in sorted(failed.items()))
    return f"{_counted(runs, 'run')}: {sum(failed.values())} broken ({told})"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
