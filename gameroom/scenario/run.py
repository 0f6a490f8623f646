"""Runs the scenarios of a room file on the real room, with a virtual clock.

Lines run one after another. A line ends when it has had its effect; while turns run, that is when
its turn has closed. So each line starts after the effects of the line before, and an expectation is
checked once and never waits. docs/scenarios.md is the guide for authors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gameroom.chart import Chart
from gameroom.language.rewrite.phrases import step as line
from gameroom.lockstep.pace import SETTLE_TURNS, WINDOW_REPORTS
from gameroom.lockstep.packets import Command
from gameroom.lockstep.problem import Problem
from gameroom.model import Scenario, Step
from gameroom.model.policies import number
from gameroom.room import inputs
from gameroom.room.requests import REASON_CHARACTERS_MAX
from gameroom.scenario.clients import Client, Sent
from gameroom.scenario.expect import Answers, unmet
from gameroom.scenario.failure import Failure, failure
from gameroom.scenario.stage import Stage, StageStuckError

EXPECTATIONS = frozenset({"state", "not_state", "that", "is", "is_not", "refused", "told"})
"""The verbs that only check the room."""


@dataclass(frozen=True, slots=True)
class Done:
    """One line that was run, with the time, the turn and the states at its end.

    note: a further result, such as an expected refusal; "" for none.
    """

    step: Step
    at: int
    generation: int
    states: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one scenario.

    done: the lines that passed. failure: why the next line failed; None if all passed.
    entered, taken: the states (paths) and transitions (ids of the chart) that it reached.
    """

    scenario: Scenario
    done: tuple[Done, ...]
    failure: Failure | None
    entered: frozenset[str]
    taken: frozenset[int]

    @property
    def passed(self) -> bool:
        return self.failure is None


class _UnmetError(Exception):
    """The line failed. The text says why, short enough to follow a caret."""


def run(chart: Chart, scenario: Scenario) -> Outcome:
    """Run one scenario of the room from which `chart` was compiled."""
    running = _Run(chart, scenario)
    failed = running.run()
    stage = running.stage
    return Outcome(
        scenario, tuple(running.done), failed, frozenset(stage.entered), frozenset(stage.taken)
    )


class _Run:
    """Runs one scenario."""

    def __init__(self, chart: Chart, scenario: Scenario) -> None:
        self.stage = Stage(chart)
        self.done: list[Done] = []
        self._steps = scenario.steps
        self._room = chart.room
        self._answers = Answers()
        self._held = -1
        self._doings: dict[str, Callable[[Step], None]] = {
            "given": self._given,
            "joins": self._joins,
            "watches": self._joins,
            "leaves": self._leaves,
            "sends": self._sends,
            "sets": self._sets,
            "says": self._says,
            "silent": self._silent,
            "drops": self._drops,
            "returns": self._returns,
            "hides": self._hides,
            "shows": self._hides,
            "slow": self._slow,
            "steady": self._slow,
            "raises": self._raises,
            "refuses": self._refuses,
            "diverges": self._diverges,
            "fails": self._fails,
            "wait": self._wait,
        }

    def run(self) -> Failure | None:
        """Run the lines in order, up to the first that fails."""
        for index, step in enumerate(self._steps):
            try:
                note = self._one(index, step)
                if self._faulted():
                    raise _UnmetError(f"the room stopped with an error: {self._faulted()}")
            except (_UnmetError, StageStuckError) as why:
                since = self._steps[self._held].span.line if self._held >= 0 else 0
                return failure(self.stage, step, str(why), since)
            self._note(step, note)
        return None

    def _one(self, index: int, step: Step) -> str:
        if step.verb in EXPECTATIONS:
            if (why := unmet(self.stage, step, self._answers)) is not None:
                raise _UnmetError(why)
            if self._steps[index + 1 :] and self._steps[index + 1].verb not in EXPECTATIONS:
                self._held = index
            return ""
        if self._held == index - 1 >= 0:
            self.stage.happened.clear()
            self.stage.fresh = 0
        self.stage.say(line(step))
        self.stage.told.clear()
        self._doings[step.verb](step)
        return self._checked_answers(index, step)

    def _checked_answers(self, index: int, step: Step) -> str:
        """Fail the line if it was refused and no following expectation expects that. Returns a note
        on the result."""
        refused = self._answers.refused if self._answers.line == line(step) else None
        if not refused:
            waits = self._answers.line == line(step) and self._answers.waiting
            return f"still waiting: {self.stage.resting()}" if waits else ""
        who, problem = next(iter(refused.items()))
        if not self._refusal_expected(index):
            whose = f"{who} was refused" if len(self._answers.who) > 1 else "refused"
            raise _UnmetError(f"{whose}: {problem.detail}")
        return f"refused: {problem.detail}"

    def _refusal_expected(self, index: int) -> bool:
        for step in self._steps[index + 1 :]:
            if step.verb not in EXPECTATIONS:
                return False
            if step.verb == "refused":
                return True
        return False

    def _note(self, step: Step, note: str) -> None:
        stage = self.stage
        self.done.append(Done(step, stage.now, stage.room.generation, stage.leaves(), note))

    def _faulted(self) -> str | None:
        ending = self.stage.room.chart_driver.ending
        return ending.because if ending is not None and ending.state == "fault" else None

    # -- people come and go ------------------------------------------------------------

    def _given(self, step: Step) -> None:
        for who in step.who:
            if (problem := self.stage.join(who)) is not None:
                raise _UnmetError(f"{who} can't join: {problem.detail}")
            if self.stage.clients[who].seat is None:
                raise _UnmetError(
                    f"{who} can only watch: there is no free seat, or joining is not allowed"
                )
        self._happened()

    def _joins(self, step: Step) -> None:
        watches = step.verb == "watches"
        self._ask(
            step, lambda who: self.stage.join(who, spectate=watches, team=step.name or None), True
        )

    def _leaves(self, step: Step) -> None:
        self._ask(step, lambda who: self.stage.send(who, inputs.Leave()))

    def _silent(self, step: Step) -> None:
        for who in step.who:
            self._client(who).silent_since = self.stage.now
        self._wait(step)

    def _drops(self, step: Step) -> None:
        for who in step.who:
            self._client(who)
            self.stage.drop(who)
        self._happened()

    def _returns(self, step: Step) -> None:
        for who in step.who:
            client = self._client(who, connected=False)
            if client.acts:
                raise _UnmetError(f"{who} can't return: not disconnected, silent or failed")
            self.stage.back(who)
        self._happened()

    def _hides(self, step: Step) -> None:
        for who in step.who:
            self._client(who)
            self.stage.send(who, inputs.Hide(step.verb == "hides"))
        self._happened()

    # -- what they send ----------------------------------------------------------------

    def _sends(self, step: Step) -> None:
        if any(command.name == step.name for command in self._room.commands):
            self._commands(step)
            return
        assert isinstance(step.body, dict), step
        packet: inputs.Packet = inputs.Ask(step.name, step.body)
        if step.name in ("ready", "unready"):
            packet = inputs.Ready(step.name == "ready")
        elif step.name == "leave":
            packet = inputs.Leave()
        self._ask(step, lambda who: self.stage.send(who, packet))

    def _sets(self, step: Step) -> None:
        self._ask(step, lambda who: self.stage.send(who, inputs.Configure({step.name: step.body})))

    def _says(self, step: Step) -> None:
        self._ask(step, lambda who: self.stage.send(who, inputs.Say(step.name)))

    def _ask(
        self, step: Step, send: Callable[[str], Problem | None], newcomers: bool = False
    ) -> None:
        """Send a packet for each person, then wait for the effects."""
        refused: dict[str, Problem] = {}
        for who in step.who:
            if not newcomers and self.stage.room.member(who):
                self._client(who)
            if (problem := send(who)) is not None:
                refused[who] = problem
                self.stage.refused(line(step), problem)
        self._answers = Answers(line(step), step.who, refused)
        self._happened()

    def _commands(self, step: Step) -> None:
        assert isinstance(step.body, dict), step
        command = Command(step.name, step.body)
        sent: list[Sent] = []
        for who in step.who:
            if self.stage.room.member(who):
                self._client(who)
            sent.append(self.stage.command(who, command))
            if (problem := sent[-1].problem) is not None:
                self.stage.refused(line(step), problem)
        self.stage.settle(lambda: self._rests() or all(self._decided(each) for each in sent))
        refused = {each.who: each.problem for each in sent if each.problem is not None}
        waiting = not all(self._decided(each) for each in sent)
        self._answers = Answers(line(step), step.who, refused, waiting)

    def _decided(self, sent: Sent) -> bool:
        return sent.problem is not None or 0 < sent.generation <= self.stage.room.generation

    # -- their engines -----------------------------------------------------------------

    def _raises(self, step: Step) -> None:
        assert isinstance(step.body, dict), step
        self._engines_run(step)
        self.stage.settle(lambda: self._rests() or self.stage.room.generation > 0)
        for who in step.who:
            self.stage.raise_signal(who, step.name, step.body)
        clients = [self._client(who) for who in step.who]
        self.stage.settle(
            lambda: (
                self._rests()
                or not (
                    self.stage.room.chart_driver.waits or any(client.signals for client in clients)
                )
            )
        )

    def _refuses(self, step: Step) -> None:
        for who in step.who:
            self._client(who).engine.refusal = step.name[:REASON_CHARACTERS_MAX]

    def _diverges(self, step: Step) -> None:
        self._engines_run(step)
        room = self.stage.room
        for who in step.who:
            self._client(who).diverges = True
        every = number(self._room, "divergence", "checksum_every")
        until = room.generation + every + room.pace.ahead + 2
        self.stage.settle(
            lambda: self._rests() or room.generation >= until or self._known_to_diverge(step.who),
            turns=every,
        )

    def _fails(self, step: Step) -> None:
        self._engines_run(step)
        for who in step.who:
            self._client(who).failed = True
        generation = self.stage.room.generation
        packet = inputs.Fail("engine", generation, "the engine failed")
        self._ask(step, lambda who: self.stage.send(who, packet))

    def _known_to_diverge(self, who: tuple[str, ...]) -> bool:
        people = self.stage.room.people.members
        return not self.stage.room.chart_driver.waits and all(
            name not in people or people[name].diverged for name in who
        )

    def _slow(self, step: Step) -> None:
        """Set the frame rate to a quarter of the tick or all of it, and wait until the room has
        noticed."""
        self._engines_run(step)
        tick, slow = number(self._room, "pace", "tick"), step.verb == "slow"
        for who in step.who:
            self._client(who).framerate = max(1, tick // 4) if slow else tick
        people = self.stage.room.people.members
        self.stage.settle(
            lambda: (
                self._rests()
                or (
                    not self.stage.room.chart_driver.waits
                    and all(people[who].slow == slow for who in step.who if who in people)
                )
            ),
            turns=WINDOW_REPORTS + SETTLE_TURNS,
        )

    def _engines_run(self, step: Step) -> None:
        for who in step.who:
            if self._client(who).seat is None:
                raise _UnmetError(
                    f"{who} is a spectator, and the engines of spectators do not count"
                )
        if not self.stage.playing:
            raise _UnmetError(f"no engine is running yet in `{self.stage.leaves()[-1]}`")

    # -- time --------------------------------------------------------------------------

    def _wait(self, step: Step) -> None:
        if step.unit == "turns":
            self.stage.wait_turns(step.amount)
        else:
            self.stage.wait(self.stage.now + step.amount)

    def _happened(self) -> None:
        """Wait until the queued events have happened: at once, or with the open turn."""
        self.stage.settle(lambda: not self.stage.room.chart_driver.waits)

    def _rests(self) -> bool:
        """Whether the turns have stopped, so that commands have no effect now."""
        return not self.stage.room.chart_driver.iterates and not self.stage.room.chart_driver.waits

    def _client(self, who: str, *, connected: bool = True) -> Client:
        """Return the client of a person in the room."""
        client = self.stage.clients.get(who)
        if client is None:
            raise _UnmetError(
                f"{who} is not in the room: {self.stage.gone.get(who, 'never joined')}"
            )
        if connected and not client.connected:
            raise _UnmetError(f"{who} is disconnected: add `{who} returns` first")
        return client
