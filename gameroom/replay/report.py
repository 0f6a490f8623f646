"""The report of verifying a replay: findings, counts, and the values to compare the engine with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gameroom.lockstep.packets import Diverged

FINDINGS_MAX = 20
"""How many findings of one kind are listed. The rest are only counted."""


@dataclass(frozen=True, slots=True)
class ReplayFinding:
    """A problem of the replay.

    code: damaged, cut, another_engine, another_view, another_definition, bad_room,
        bad_setup, bad_event, bad_order, bad_turn, bad_command, not_folded, engine_failed,
        checksum, state.
    seq, generation: the place, if there is one.
    """

    code: str
    detail: str
    seq: int | None = None
    generation: int | None = None


@dataclass(slots=True)
class ChecksumCounts:
    """The result of running the engine again.

    why_not: why it was not run; None if it was.
    agreed, states: how many checksums and hashes of states were compared.
    until: the last generation up to which all of them were equal.
    """

    why_not: str | None = None
    agreed: int = 0
    states: int = 0
    until: int = 0


@dataclass(slots=True)
class ReplayReport:
    """The result of `verify`.

    more: the number of findings beyond FINDINGS_MAX, by code.
    release: of the gameroom that wrote the header. own_kit: whether the engine works with the
    kit of this release.
    """

    file: str
    room: str = ""
    name: str = ""
    release: str = ""
    own_kit: bool = True
    events: int = 0
    turns: int = 0
    ended: bool = False
    findings: list[ReplayFinding] = field(default_factory=list)
    more: dict[str, int] = field(default_factory=dict)
    checksums: ChecksumCounts = field(default_factory=ChecksumCounts)
    divergences: list[dict[str, Any]] = field(default_factory=list)
    """The divergences of the players' engines, and the results of running the engine again."""

    def find(
        self, code: str, detail: str, *, seq: int | None = None, generation: int | None = None
    ) -> None:
        if sum(one.code == code for one in self.findings) < FINDINGS_MAX:
            self.findings.append(ReplayFinding(code, detail, seq, generation))
        else:
            self.more[code] = self.more.get(code, 0) + 1

    @property
    def ok(self) -> bool:
        return not self.findings


@dataclass(slots=True)
class Wanted:
    """The values to compare the engine with, by generation."""

    agreed: dict[int, int] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    diverged: dict[int, Diverged] = field(default_factory=dict)

    def __contains__(self, generation: int) -> bool:
        return any(generation in one for one in (self.agreed, self.states, self.diverged))
