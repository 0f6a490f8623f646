"""What goes wrong in this program: in its engine, in what the engine hands out, in its state.

Knows engines and what a room declares; no connection and no turns. The rule it keeps: whatever an
engine does wrong is noted in words that can be written down, each thing once and few in all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from gameroom.lockstep.canonical import NotCanonicalError
from gameroom.model import SignalDeclaration
from gameroom.model.fit import misfit_body
from gameroom.replica.engine import Engine, Signal

FlawKind = Literal["engine", "signal", "snapshot"]

FLAW_CHARACTERS_MAX = 200
FLAWS_MAX = 8
"""How many different ones are reported with which the game goes on."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What went wrong in this program, for the room: of kind `engine` it cannot go on, with any
    other the game goes on (docs/wire.md, "Failures")."""

    kind: FlawKind
    generation: int
    text: str


class Flaws:
    """failure: what the engine raised that cannot go on. reports: what went wrong with which the
    game goes on."""

    def __init__(self, signals: Iterable[SignalDeclaration]) -> None:
        self.failure: Exception | None = None
        self.reports: deque[Flaw] = deque(maxlen=FLAWS_MAX)
        self._declared = {signal.name: signal for signal in signals}
        self._fatal: Flaw | None = None
        self._untold: dict[Flaw, None] = {}
        self._known: set[tuple[FlawKind, str]] = set()

    def fail(self, generation: int, error: Exception, *, tells: bool) -> None:
        """The engine cannot go on. tells: the room is to hear of it now."""
        self.failure, self._fatal = error, Flaw("engine", generation, _reported(error))
        if tells:
            self.tell_again()

    def tell_again(self) -> None:
        """The room is to hear of the failure once more, in case the report was lost."""
        if self._fatal is not None:
            self._untold[self._fatal] = None

    def clear(self) -> None:
        """Another engine begins."""
        self.failure = self._fatal = None

    def report(self, kind: FlawKind, generation: int, text: str, *, tells: bool) -> None:
        """Something with which the game goes on: noted once."""
        if (kind, text) in self._known or len(self._known) >= FLAWS_MAX:
            return
        self._known.add((kind, text))
        flaw = Flaw(kind, generation, _written(text))
        self.reports.append(flaw)
        if tells:
            self._untold[flaw] = None

    def take(self) -> tuple[Flaw, ...]:
        """What is to be reported to the room now (PUT /players/me/failure)."""
        taken, self._untold = tuple(self._untold), {}
        return taken

    def misfit_signal(self, signal: object) -> str | None:
        """Why the room takes no such signal, None where it does."""
        if not isinstance(signal, Signal):
            return f"A {type(signal).__name__} is not a signal."
        name = str(signal.name)[:40]
        declared = self._declared.get(signal.name) if isinstance(signal.name, str) else None
        if declared is None:
            return f"There is no signal `{name}` in this room."
        if not isinstance(signal.body, Mapping):
            return f"In `{name}`, the body is not a map."
        why = misfit_body(declared.fields, signal.body)
        return None if why is None else f"In `{name}`, {why}."[:FLAW_CHARACTERS_MAX]


def listed(raised: object) -> Sequence[object]:
    """What `step` gave. Raises TypeError where that is no list of signals."""
    if raised is None:
        return ()
    if isinstance(raised, Awaitable):
        if isinstance(raised, Coroutine):
            raised.close()
        raise TypeError("step() returned an awaitable: it must return its signals directly")
    if not isinstance(raised, Sequence) or isinstance(raised, str | bytes):
        raise TypeError(f"step() returned {type(raised).__name__}, not a list of signals")
    return raised


def checksum_of(engine: Engine) -> int:
    """Raises ValueError with the place in the state that is not plain, TypeError, and whatever an
    engine raises."""
    try:
        value: object = engine.checksum()
    except NotCanonicalError as error:
        raise ValueError(f"checksum(): {place(error)}") from error
    if type(value) is not int or not 0 <= value < 2**32:
        raise TypeError(f"checksum() returned {value!r:.40}, not a uint32")
    return value


def place(error: Exception) -> str:
    """`units[1].x: ...` where the canonical form names a place in the value, else what was said."""
    return str(error).removeprefix("value").removeprefix(".").removeprefix(": ") or repr(error)


def _reported(error: Exception) -> str:
    """The text of a report, one that can be written down. Even `str` of an error may raise."""
    try:
        text = str(error)
    except Exception:
        text = ""
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return _written(text)


def _written(text: str) -> str:
    """The text as a report may have it: without what cannot be encoded, and not too long."""
    return text.encode(errors="replace").decode()[:FLAW_CHARACTERS_MAX]
