"""What verifying a replay has to say: findings, counts, and what the engine is held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gameroom.lockstep.packets import Diverged

FINDINGS_MAX = 20
"""Of one kind; the rest is counted."""


@dataclass(frozen=True, slots=True)
class ReplayFinding:
    """Something that is not as it should be.

    code: damaged, cut, another_engine, another_view, another_definition, bad_room,
        bad_setup, bad_event, bad_order, bad_turn, bad_command, not_folded, engine_failed,
        checksum, state.
    seq, generation: where, as far as there is a place.
    """

    code: str
    detail: str
    seq: int | None = None
    generation: int | None = None


@dataclass(slots=True)
class ChecksumCounts:
    """What came of running the engine again.

    why_not: why it was not run, None where it was.
    agreed, states: so many checksums and hashes of states were compared.
    until: the last generation up to which all of them were the same.
    """

    why_not: str | None = None
    agreed: int = 0
    states: int = 0
    until: int = 0


@dataclass(slots=True)
class ReplayReport:
    """All that `verify` has to say. `more`: findings beyond FINDINGS_MAX, by their code.

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
    """Where the engines of the players differed, and what the engine gave when run again."""

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
    """What the engine's run is compared with, by generation."""

    agreed: dict[int, int] = field(default_factory=dict)
    states: dict[int, str] = field(default_factory=dict)
    diverged: dict[int, Diverged] = field(default_factory=dict)

    def __contains__(self, generation: int) -> bool:
        return any(generation in one for one in (self.agreed, self.states, self.diverged))
