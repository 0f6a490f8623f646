"""What is printed before and after a campaign, and the tables of docs/mutants.md."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.campaign import Campaign
from tests.mutants.suite import ROOT

REASONS = Path(__file__).with_name("reasons.toml")
PAGE = ROOT / "docs" / "mutants.md"
NEW = "Not explained yet"


@dataclass(frozen=True, slots=True)
class Group:
    """Survivors with one reason. equivalent: no test can kill them."""

    reason: str
    why: str
    equivalent: bool
    mutants: frozenset[str]


def groups() -> list[Group]:
    said = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    return [
        Group(one["reason"], one["why"], one["equivalent"], frozenset(one["mutants"]))
        for one in said.get("group", [])
    ]


@dataclass(frozen=True, slots=True)
class Score:
    """Of the mutants that were tried."""

    tried: int
    killed: int
    equivalent: int

    @property
    def percent(self) -> float:
        return 100 * self.killed / self.tried if self.tried else 0.0

    @property
    def percent_of_others(self) -> float:
        """Without the mutants that are equivalent."""
        others = self.tried - self.equivalent
        return 100 * self.killed / others if others else 0.0


def score(campaign: Campaign) -> Score:
    done = campaign.done()
    equal = {key for group in groups() if group.equivalent for key in group.mutants}
    return Score(
        len(done),
        sum(result.killed for _, result in done),
        sum(not result.killed and mutant.key in equal for mutant, result in done),
    )


def passes(campaign: Campaign, gates: Mapping[str, float]) -> bool:
    return score(campaign).percent >= gates.get(campaign.package.name, 0.0)


def forecast(campaign: Campaign, workers: int, minutes: float) -> str:
    """How long it will take, as far as this is known."""
    name, todo = campaign.package.name, len(campaign.todo())
    size = f"{len(campaign.mutants)} mutants"
    if len(campaign.mutants) < campaign.total:
        size += f" of {campaign.total}"
    if not todo:
        return f"{name}: {size}, all of them known"
    seconds = campaign.seconds()
    long = f"at most {minutes:.0f} minutes"
    if seconds is not None:
        expected = min(minutes, seconds / workers / 60)
        long = f"about {expected:.0f} minutes and {long}"
    return f"{name}: {size}, {todo} to try: {long} after two runs of the tests"


def summary(campaign: Campaign, gates: Mapping[str, float]) -> str:
    found = score(campaign)
    text = (
        f"{campaign.package.name}: {found.killed} of {found.tried} mutants killed:"
        f" {found.percent:.1f} %, without equivalent ones {found.percent_of_others:.1f} %"
    )
    if found.tried < campaign.total:
        text += f"\n  This is an estimate from {found.tried} of {campaign.total} mutants."
    if left := len(campaign.todo()):
        text += f"\n  {left} are not done: run the command again to continue."
    gate = gates.get(campaign.package.name)
    if gate is not None and found.percent < gate:
        text += f"\n  The gate is {gate:.0f} %."
    return text


def survivors(campaign: Campaign) -> str:
    """One line each: where, what was changed, whether a test reaches it."""
    reasons = {key: group.reason for group in groups() for key in group.mutants}
    lines = []
    for mutant, result in sorted(campaign.done(), key=lambda one: (one[0].module, one[0].line)):
        if not result.killed:
            file = campaign.package.file(mutant.module).relative_to(ROOT)
            reason = reasons.get(mutant.key, NEW)
            lines.append(f"{file}:{mutant.line}: {result.outcome}: {reason}\n    {mutant.key}")
    return "\n".join(lines)


# The page


def write(campaigns: Iterable[Campaign]) -> None:
    """Write the scores and the groups of these packages into docs/mutants.md."""
    text = PAGE.read_text(encoding="utf-8")
    for campaign in campaigns:
        name = campaign.package.name
        text = re.sub(rf"^\| `{name}` \|.*$", _row(campaign), text, flags=re.MULTILINE)
        part = re.compile(rf"(<!-- survivors of {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = part.sub(lambda found: found[1] + _groups(campaign) + found[2], text)  # noqa: B023
    PAGE.write_text(text, encoding="utf-8")


def _row(campaign: Campaign) -> str:
    found = score(campaign)
    cells = (
        f"`{campaign.package.name}`",
        campaign.total,
        found.tried,
        found.killed,
        found.tried - found.killed,
        f"{found.percent:.1f} %",
        f"{found.percent_of_others:.1f} %",
    )
    return "| " + " | ".join(map(str, cells)) + " |"


def _groups(campaign: Campaign) -> str:
    left = {mutant.key for mutant, result in campaign.done() if not result.killed}
    rows = ["| Survivors | Reason | Why no test kills them |", "|---|---|---|"]
    for group in groups():
        if found := left & group.mutants:
            kind = "equivalent" if group.equivalent else "gap"
            rows.append(f"| {len(found)} | {group.reason} ({kind}) | {group.why} |")
            left -= found
    if left:
        rows.append(f"| {len(left)} | {NEW} | |")
    return "\n".join(rows) + "\n"
