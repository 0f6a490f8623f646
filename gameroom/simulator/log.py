"""A log of the last events of a run, for the analysis of a failure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from gameroom.lockstep.packets import Event, MasterPacket, Moves, Roster
from gameroom.simulator.clock import VirtualClock

LINES_MAX = 60
LINE_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class LogLine:
    """at: virtual time in milliseconds. who, what: the actor and the action. more: details."""

    at: int
    who: str
    what: str
    more: object

    def __str__(self) -> str:
        said = f"{self.at:>8} ms  {self.who:<9} {self.what} {_shown(self.more)}".rstrip()
        return said if len(said) <= LINE_CHARACTERS_MAX else said[:LINE_CHARACTERS_MAX] + "…"


class RunLog:
    def __init__(self, clock: VirtualClock) -> None:
        self.lines: deque[LogLine] = deque(maxlen=LINES_MAX)
        self._clock = clock

    def tell(self, who: str, what: str, more: object = "") -> None:
        self.lines.append(LogLine(self._clock.now, who, what, more))


def _shown(more: object) -> str:
    """The details as text. They are formatted only when printed, because most lines never are."""
    if not isinstance(more, Event):
        return str(more)
    match more.body:
        case MasterPacket() as master:
            said = f"turn {master.generation}"
            if master.commands:
                said += " commands " + ", ".join(
                    f"{part.seat}: {len(part.commands)}" for part in master.commands
                )
            if master.absent:
                said += f" absent {list(master.absent)}"
            if master.late:
                said += " late " + ", ".join(f"{one.seat}: {one.generation}" for one in master.late)
            if master.chart is not None:
                said += f" -> {master.chart.states[-1:]}"
        case Roster(seats=rows):
            said = "roster " + " ".join(
                f"{row.seat}:{row.user}{'' if row.connected else ' away'}"
                f"{' missing' if row.missing else ''}"
                for row in rows
            )
        case Moves(chart=chart):
            said = f"chart -> {'.'.join(chart.states[-1:])}"
        case other:
            said = str(other)
    return f"{more.seq}: {said}"
