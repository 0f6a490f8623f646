"""Checks scenarios: people, what they send, and what is expected of the room."""

from __future__ import annotations

from collections.abc import Mapping

from gameroom.language.checks.expressions import Expressions, Where
from gameroom.language.checks.scope import Scope
from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.model import CommandDeclaration, Request, Scenario, SignalDeclaration, Span, Step
from gameroom.model.fit import misfit, misfit_body
from gameroom.model.paths import descend

DONE_BY_NAME = ("ready", "unready", "leave")
"""What people can send in a scenario, in addition to commands and requests."""

GONE = "gone"
"""The word of `expect bob is gone`, for a person who is not in the room."""


def check_scenarios(scenarios: tuple[Scenario, ...], scope: Scope, problems: Problems) -> None:
    """Check all scenarios of the file."""
    first: dict[str, Scenario] = {}
    for scenario in scenarios:
        if (earlier := first.setdefault(scenario.name, scenario)) is not scenario:
            problems.error(
                "E0306",
                "another scenario has the same name",
                scenario.span,
                secondary=(earlier.span, "first declared here"),
            )
        _Checking(scope, problems).check(scenario)


class _Checking:
    """Checks one scenario. Records which people are in the room so far."""

    def __init__(self, scope: Scope, problems: Problems) -> None:
        self._scope = scope
        self._problems = problems
        self._known: set[str] = set()

    def check(self, scenario: Scenario) -> None:
        for step in scenario.steps:
            if step.verb in ("given", "joins", "watches"):
                self._known.update(step.who)
            self._check_people(step)
            self._check_step(step)

    def _check_people(self, step: Step) -> None:
        for name, span in zip(step.who, step.who_spans, strict=True):
            if name not in self._known:
                self._problems.error(
                    "E0701",
                    f"`{name}` is not in the room yet",
                    span,
                    meant=(name, self._known),
                    help=f"add `given players {name}` or `{name} joins` before this step",
                )

    def _check_step(self, step: Step) -> None:
        room = self._scope.room
        match step.verb:
            case "sends" if step.name not in DONE_BY_NAME:
                sent: list[CommandDeclaration | Request] = [*room.commands, *room.requests]
                self._check_body(step, {each.name: each for each in sent}, "E0402", DONE_BY_NAME)
            case "raises":
                self._check_body(step, {each.name: each for each in room.signals}, "E0403")
            case "sets":
                settings = {each.name: each for each in room.settings}
                if step.name not in settings:
                    self._tell_unknown("E0405", step, list(settings))
                elif (why := misfit(settings[step.name].type, step.body)) is not None:
                    self._tell_misfit(step, f"`{step.name}` {why}", settings[step.name].span)
            case "joins" if step.name:
                teams = [team.name for team in room.teams]
                if step.name not in teams:
                    self._tell_unknown("E0404", step, teams)
            case "is" | "is_not":
                known = {*self._scope.flags, *self._scope.people, GONE}
                if step.name not in known:
                    self._tell_unknown("E0407", step, sorted(known))
            case "state" | "not_state":
                if descend(room.root, step.name) is None:
                    self._tell_unknown("E0401", step, self._scope.paths)
            case "that":
                assert step.condition is not None, step
                Expressions(self._scope, self._problems).condition(step.condition, Where(""))
            case _:
                pass

    def _check_body(
        self,
        step: Step,
        declared: Mapping[str, CommandDeclaration | Request | SignalDeclaration],
        unknown: str,
        more: tuple[str, ...] = (),
    ) -> None:
        if step.name not in declared:
            self._tell_unknown(unknown, step, [*declared, *more])
        elif (why := misfit_body(declared[step.name].fields, step.body)) is not None:
            self._tell_misfit(step, why, declared[step.name].span)

    def _tell_misfit(self, step: Step, why: str, declared: Span) -> None:
        self._problems.error(
            "E0702",
            f"this would be refused: {why}",
            step.body_span,
            secondary=(declared, "declared here"),
            help="change the value here, or the type where it is declared",
        )

    def _tell_unknown(self, code: str, step: Step, known: list[str]) -> None:
        what = {
            "E0401": "state",
            "E0402": "command or request",
            "E0403": "signal",
            "E0404": "team",
            "E0405": "setting",
            "E0407": "role, team or player flag",
        }[code]
        self._problems.error(
            code,
            f"there is no {what} `{step.name}`",
            step.name_span,
            meant=(step.name, known),
        )
