"""Checks the actions of transitions and states: that names exist and values fit."""

from __future__ import annotations

from collections.abc import Iterable

from gameroom.language.checks.expressions import Expressions, Where
from gameroom.language.checks.scope import Scope
from gameroom.language.diagnostics.diagnostic import Problems
from gameroom.model import Act, words
from gameroom.model.builtin import EVENTS


class Actions:
    """Checks the actions of one room."""

    def __init__(self, scope: Scope, problems: Problems, expressions: Expressions) -> None:
        self._scope = scope
        self._problems = problems
        self._expressions = expressions

    def check(self, acts: Iterable[Act], where: Where) -> None:
        """Check the actions of one block."""
        for act in acts:
            self._check_action(act, where)

    def _check_action(self, act: Act, where: Where) -> None:
        match act.verb:
            case "set":
                self._check_set(act, where)
            case "raise":
                self._check_raise(act)
            case "drop":
                self._expressions.flag(act.name, act.name_span)
            case "repair":
                self._expressions.repairable(act.name, act.name_span)
            case "unready":
                self._expressions.people(act.name, act.name_span)
            case "pass":
                roles = [role.name for role in self._scope.room.roles]
                if act.name not in roles:
                    self._problems.error(
                        "E0404",
                        f"there is no role `{act.name}`",
                        act.name_span,
                        meant=(act.name, roles),
                    )
            case "announce":
                pass

    def _check_set(self, act: Act, where: Where) -> None:
        variables = {each.name: each for each in self._scope.room.variables}
        assert act.value is not None, act
        if act.name in variables:
            self._expressions.of_type(act.value, variables[act.name].type, where)
            return
        setting = act.name in self._scope.values
        self._problems.error(
            "E0405",
            f"actions can't change the setting `{act.name}`"
            if setting
            else f"there is no variable `{act.name}`",
            act.name_span,
            meant=(act.name, variables),
            help="settings are changed by people; declare a variable with `var`"
            if setting
            else f"declare it, such as `var {act.name}: int 0..9 = 0`",
        )
        self._expressions.kind(act.value, where)

    def _check_raise(self, act: Act) -> None:
        fields = self._scope.declared_events.get(act.name, ())
        if act.name in EVENTS:
            self._problems.error(
                "E0403",
                f"only the room itself raises `{act.name}`",
                act.name_span,
                help="raise an event with a name of its own, and handle it with `on`",
            )
        elif fields:
            self._problems.error(
                "E0403",
                f"`{act.name}` has fields ({words.listed(field.name for field in fields)}), but"
                " `raise` can't give an event any",
                act.name_span,
                help="raise an event with a name of its own, and handle it with `on`",
            )
        elif act.name not in self._scope.handled:
            self._problems.error(
                "E0403",
                f"nothing handles the event `{act.name}`",
                act.name_span,
                meant=(act.name, self._scope.handled),
                help=f"add `on {act.name} ...` to a state",
            )
