"""Feeds written events to a room, and reports what its chart does with each of them.

Events and macrosteps are plain maps (docs/scenarios.md describes both). Between two events, the
room is woken when it is due, as by a server. There are no clients that respond, so only the written
events happen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gameroom.chart import Chart, MicroStep
from gameroom.lockstep.packets import Checksum, ClientPacket, Command, SignalReport
from gameroom.lockstep.problem import Problem
from gameroom.room import inputs
from gameroom.room.driver import Driver, RoomListener
from gameroom.room.effects import Rejected, Reply
from gameroom.scenario.chart_watch import ChartWatch, Seen

SEED = 1
TICKS_MAX = 50_000
"""How often the room can be woken between two events."""

Plain = dict[str, Any]
Fields = Mapping[str, Any]


class BadEventError(ValueError):
    """An event cannot be read. The text says why, as a clause."""


class EventTrace(RoomListener):
    """The trace of one room, from its beginning on."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._driver = Driver(chart, seed=SEED)
        self._driver.attach(self)
        self._watch = ChartWatch(chart, self._driver.room)
        self._refused: list[Plain] = []
        self._fed: Plain = {}

    def begin(self) -> Iterator[Plain]:
        """Begin the room, and yield its first macrosteps."""
        self._driver.begin()
        yield from self._happened()

    def feed(self, said: object) -> Iterator[Plain]:
        """Handle one event and everything that was due before it, and yield the macrosteps. Raises
        BadEventError."""
        event = _fields(said, "an event")
        now = self._driver.now
        at = _int(event, "at", now)
        if at < now:
            raise BadEventError(f"`at` is {at}, but the time is already {now}")
        packet = _packet(event)
        yield from self._pass(at)
        if packet is None:
            return
        who = _text(event, "who")
        self._fed = {"who": who, "event": str(event["event"])}
        self._driver.send(who, packet)
        yield from self._happened()

    def answer(self, reply: Reply) -> None:
        if reply.problem is not None:
            self._refuse(self._fed, reply.problem)

    def reject(self, told: Rejected) -> None:
        place = {"generation": told.generation, "index": told.index}
        self._refuse({"who": told.who, "command": place}, told.problem)

    def _refuse(self, what: Plain, problem: Problem) -> None:
        self._refused.append({"at": self._driver.now, **what, "refused": _why(problem)})

    def _pass(self, until: int) -> Iterator[Plain]:
        driver = self._driver
        for _ in range(TICKS_MAX):
            if driver.wake is None or driver.wake > until:
                driver.wait(until - driver.now)
                return
            driver.tick()
            yield from self._happened()
        raise BadEventError(f"the room would wake more than {TICKS_MAX} times before then")

    def _happened(self) -> Iterator[Plain]:
        """Yield what the chart did since the last call, then what was refused."""
        yield from (_macrostep(self._chart, seen) for seen in self._watch.look(self._driver.now))
        yield from self._refused
        self._refused.clear()


# -- output ------------------------------------------------------------------------------


def _macrostep(chart: Chart, seen: Seen) -> Plain:
    return {
        "at": seen.at,
        "generation": seen.generation,
        "event": seen.step.event,
        "before": list(seen.before),
        "after": list(seen.after),
        "microsteps": [_microstep(micro) for micro in seen.step.microsteps],
        "effects": [
            effect for micro in seen.step.microsteps for effect in _effects(chart, seen, micro)
        ],
        "status": seen.step.status,
    }


def _microstep(micro: MicroStep) -> Plain:
    return {
        "event": micro.event,
        "considered": [
            {
                "transition": asked.transition,
                "source": asked.source,
                "text": asked.text,
                "verdict": asked.verdict,
                "why": asked.why,
            }
            for asked in micro.considered
        ],
        "taken": list(micro.taken),
        "removed": [
            {"transition": each.transition, "winner": each.winner} for each in micro.removed
        ],
        "exited": list(micro.exited),
        "actions": list(micro.actions),
        "entered": list(micro.entered),
    }


def _effects(chart: Chart, seen: Seen, micro: MicroStep) -> Iterator[Plain]:
    """Yield the effects of a microstep: moves, actions, the end."""
    for number in micro.taken:
        transition = chart.transitions[number]
        yield {"moved": number, "event": transition.cause, "because": transition.said.because}
    yield from ({"did": action} for action in micro.actions)
    if micro is seen.step.microsteps[-1] and seen.step.status != "live":
        yield {"ended": seen.after[-1] if seen.step.status == "ended" else "fault"}


def _why(problem: Problem) -> Plain:
    return {
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
        "state": problem.state,
        "allowed": list(problem.allowed),
    }


# -- input -------------------------------------------------------------------------------


def _packet(event: Fields) -> inputs.Packet | None:
    """Return the packet of an event; None for `wait`. Raises BadEventError."""
    name = _text(event, "event")
    if name == "wait":
        return None
    if (make := _PACKETS.get(name)) is None:
        raise BadEventError(f"unknown event `{name}`; use one of {', '.join([*_PACKETS, 'wait'])}")
    return make(event)


def _join(event: Fields) -> inputs.Packet:
    team = event.get("team")
    if team is not None and not isinstance(team, str):
        raise BadEventError("`team` is not a string")
    return inputs.Join(_text(event, "who"), bool(event.get("spectate", False)), team)


def _load(event: Fields) -> inputs.Packet:
    reasons = _list(event, "reasons")
    if not all(isinstance(reason, str) for reason in reasons):
        raise BadEventError("`reasons` must be a list of strings")
    return inputs.Load(tuple(reasons))


def _client_packet(event: Fields) -> inputs.Packet:
    checksum = event.get("checksum")
    return ClientPacket(
        _int(event, "generation"),
        commands=tuple(
            Command(_text(each, "name"), _body(each)) for each in _maps(event, "commands")
        ),
        checksum=None if checksum is None else _checksum(_fields(checksum, "`checksum`")),
        latency=_int(event, "latency", 0),
        framerate=_int(event, "framerate", 0),
        signals=tuple(
            SignalReport(_int(each, "generation"), _text(each, "name"), _body(each))
            for each in _maps(event, "signals")
        ),
    )


def _checksum(said: Fields) -> Checksum:
    return Checksum(_int(said, "generation"), _int(said, "value"))


_PACKETS: Mapping[str, Callable[[Fields], inputs.Packet]] = {
    "join": _join,
    "connect": lambda event: inputs.Connect(_int(event, "seq", 0)),
    "disconnect": lambda event: inputs.Disconnect(),
    "leave": lambda event: inputs.Leave(),
    "configure": lambda event: inputs.Configure(_fields(event.get("settings"), "`settings`")),
    "ready": lambda event: inputs.Ready(),
    "unready": lambda event: inputs.Ready(False),
    "hide": lambda event: inputs.Hide(),
    "show": lambda event: inputs.Hide(False),
    "load": _load,
    "request": lambda event: inputs.Ask(_text(event, "name"), _body(event)),
    "chat": lambda event: inputs.Say(_text(event, "text")),
    "packet": _client_packet,
}


def _fields(said: object, what: str) -> Fields:
    if not isinstance(said, dict):
        raise BadEventError(f"{what} must be an object, such as {{...}}")
    return said


def _body(said: Fields) -> Fields:
    return _fields(said.get("body", {}), "`body`")


def _list(said: Fields, key: str) -> list[Any]:
    found = said.get(key, [])
    if not isinstance(found, list):
        raise BadEventError(f"`{key}` must be a list")
    return found


def _maps(said: Fields, key: str) -> list[Fields]:
    return [_fields(each, f"an item of `{key}`") for each in _list(said, key)]


def _text(said: Fields, key: str) -> str:
    found = said.get(key)
    if not isinstance(found, str):
        raise BadEventError(f"`{key}` is missing" if found is None else f"`{key}` is not a string")
    return found


def _int(said: Fields, key: str, default: int | None = None) -> int:
    found = said.get(key, default)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        what = "is missing" if found is None else "must be a whole number, 0 or more"
        raise BadEventError(f"`{key}` {what}")
    return found
