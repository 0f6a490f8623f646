"""All mutants of one package, or a sample of them, against the tests of the package."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import pytest

from tests.mutants import importing, living, suite
from tests.mutants.changes import Mutant, mutants
from tests.mutants.results import FOLDER, Digests, Outcome, Result, Results
from tests.mutants.suite import ROOT, Ended, Reach, Write

Say = Callable[[str], None]
EVERY_S = 20.0
"""Between two lines of progress."""
SIGPROF, SIGALRM = 27, 14


@dataclass(frozen=True)
class Package:
    """A package, and the folders of the tests that have to hold it."""

    name: str
    folders: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return ROOT / "gameroom" / self.name

    def file(self, module: str) -> Path:
        return ROOT.joinpath(*module.split(".")).with_suffix(".py")

    def modules(self) -> dict[str, Path]:
        """Files by dotted name. A package's `__init__` only gathers names."""
        files = sorted(self.folder.glob("*.py"))
        return {f"gameroom.{self.name}.{f.stem}": f for f in files if f.stem != "__init__"}


class Campaign:
    """What there is to do for a package, and what is known already."""

    def __init__(self, package: Package, seed: int, sample: int | None) -> None:
        self.package = package
        self.digests = Digests(package.folders)
        self.results = Results(package.name)
        self.texts = {name: self.digests.of(path) for name, path in package.modules().items()}
        found = [
            mutant
            for name, path in package.modules().items()
            for mutant in mutants(name, path.read_text(encoding="utf-8"))
        ]
        self.total = len(found)
        found.sort(key=lambda one: hashlib.sha256(f"{seed} {one.key}".encode()).digest())
        self.mutants = found[:sample]

    def known(self, mutant: Mutant) -> Result | None:
        result = self.results.by_key.get(mutant.key)
        if result and self.digests.holds(result, self.texts[mutant.module]):
            return result
        return None

    def todo(self) -> list[Mutant]:
        return self._known_as(None, "quick")

    def _known_as(self, *outcomes: Outcome | None) -> list[Mutant]:
        known = ((mutant, self.known(mutant)) for mutant in self.mutants)
        return [mutant for mutant, result in known if (result and result.outcome) in outcomes]

    def done(self) -> list[tuple[Mutant, Result]]:
        """What the score is made of. One that survived counts until it is tried again."""
        found = []
        for mutant in self.mutants:
            result = self.known(mutant) or self.results.by_key.get(mutant.key)
            is_same = result is not None and result.text == self.texts[mutant.module]
            if result and is_same and (not result.killed or self.known(mutant)):
                found.append((mutant, result))
        return found

    def seconds(self) -> float | None:
        """What is left will take, of processor time, by what the mutants so far took."""
        taken = [result.seconds for result in self.results.by_key.values()]
        return len(self.todo()) * sum(taken) / len(taken) if taken else None

    @cached_property
    def reach(self) -> Reach:
        """Measured once for the modules and tests as they are."""
        state = self.digests.of(*self.package.modules().values()) + self.digests.tests
        path = FOLDER / f"{self.package.name}-reach.json"
        if path.is_file():
            kept = json.loads(path.read_text(encoding="utf-8"))
            if kept["state"] == state:
                lines = kept["lines"]
                kept["lines"] = {f: {int(n): by for n, by in of.items()} for f, of in lines.items()}
                return Reach(kept["tests"], kept["seconds"], kept["lines"])
        reached = suite.reach([*self.package.folders], self.package.folder)
        FOLDER.mkdir(exist_ok=True)
        path.write_text(json.dumps({"state": state, **asdict(reached)}), encoding="utf-8")
        return reached

    # Running

    def run(self, workers: int, seconds: float, say: Say) -> None:
        """Until all are done or the time is over: first with the quick tests, then with the long
        ones, on which those that survive cost most."""
        progress = _Progress(self, time.monotonic() + seconds, say)
        for mutant in self._known_as(None):
            if not self._reaching(mutant):
                self._add(mutant, "unreached", "", 0.0)
        self._both_ways(None, workers, progress)
        self._both_ways("quick", workers, progress)

    def _both_ways(self, known_as: Outcome | None, workers: int, progress: _Progress) -> None:
        todo = self._known_as(known_as)
        inside = [mutant for mutant in todo if -1 not in self._reaching(mutant)]
        if inside and not progress.over():
            self._living(inside, known_as == "quick", workers, progress)
            self.results = Results(self.package.name)
        if (todo := self._known_as(known_as)) and not progress.over():
            self._importing(todo, known_as == "quick", workers, progress)

    def _reaching(self, mutant: Mutant) -> set[int]:
        file = self.package.file(mutant.module).relative_to(ROOT).as_posix()
        return self.reach.of(file, mutant.first, mutant.last)

    def _living(self, inside: list[Mutant], long: bool, workers: int, progress: _Progress) -> None:
        """Forks of one process that has imported everything and collected the tests."""
        bounds = self.reach.bounds()

        def act(session: pytest.Session) -> None:
            suite.forget()
            functions = living.Living(self.package.folder)
            items = {item.nodeid: item for item in session.items}
            trees = {
                name: ast.parse(path.read_text(encoding="utf-8"))
                for name, path in self.package.modules().items()
            }

            def work(mutant: Mutant, write: Write) -> None:
                suite.bounded()
                file = self.package.file(mutant.module)
                changes = functions.exchanges(file, trees[mutant.module], mutant.tree())
                if changes is None:
                    write("elsewhere")
                    return
                living.exchange(changes)
                tests = [self.reach.tests[place] for place in self._reaching(mutant)]
                order = self._chosen(self.reach.fastest_first(tests), long)
                write("run\n" + suite.run(session, [items[test] for test in order], bounds))

            self._together(inside, work, long, workers, progress)

        def nursery(write: Write) -> None:
            suite.collected(self.package.folders, act)

        suite.alone(nursery)

    def _importing(
        self, fresh: list[Mutant], long: bool, workers: int, progress: _Progress
    ) -> None:
        """Forks of this process, which has imported nothing of the package."""
        bounds = self.reach.bounds()

        def work(mutant: Mutant, write: Write) -> None:
            suite.bounded()
            importing.put(mutant.module, self.package.file(mutant.module), mutant.tree())
            reaching = self._reaching(mutant) - {-1}
            first = {self.reach.tests[place] for place in reaching}

            def act(session: pytest.Session) -> None:
                write("run\n")
                items = {item.nodeid: item for item in session.items}
                order = self._chosen(self._order(first), long)
                write(suite.run(session, [items[test] for test in order if test in items], bounds))
                os._exit(0)

            suite.collected(self.package.folders, act)

        self._together(fresh, work, long, workers, progress)

    def _chosen(self, tests: list[str], long: bool) -> list[str]:
        return [test for test in tests if self.reach.is_long(test) is long]

    def _more(self, mutant: Mutant) -> bool:
        """Whether there are long tests that might kill it."""
        reaching = self._reaching(mutant)
        tests = self.reach.tests
        mine = tests if -1 in reaching else [tests[place] for place in reaching]
        return any(map(self.reach.is_long, mine))

    def _order(self, first: set[str]) -> list[str]:
        """All tests: those that reach the line, then the others."""
        rest = [test for test in self.reach.tests if test not in first]
        return [*self.reach.fastest_first(first), *self.reach.fastest_first(rest)]

    def _together(
        self,
        jobs: Iterable[Mutant],
        work: Callable[[Mutant, Write], None],
        long: bool,
        workers: int,
        progress: _Progress,
    ) -> None:
        for mutant, done in suite.side_by_side(progress.until_over(jobs), work, workers):
            if done.output == "elsewhere":
                continue
            outcome, by = _outcome(done)
            if outcome == "survived" and not long and self._more(mutant):
                outcome = "quick"
            self._add(mutant, outcome, by, done.seconds)
            progress.step()

    def _add(self, mutant: Mutant, outcome: Outcome, by: str, seconds: float) -> None:
        digests = self.digests
        self.results.add(
            Result(
                mutant.key,
                outcome,
                by,
                round(seconds, 3),
                self.texts[mutant.module],
                digests.tests,
                digests.helpers,
                digests.killer(by),
            )
        )


def _outcome(done: Ended) -> tuple[Outcome, str]:
    started, _, by = done.output.partition("\n")
    if done.signal:
        return ("slow" if done.signal in (SIGPROF, SIGALRM) else "crashed"), ""
    if not started:
        return "import", ""
    return ("killed", by) if by else ("survived", "")


class _Progress:
    """Lines about how far a campaign is."""

    def __init__(self, campaign: Campaign, end: float, say: Say) -> None:
        self.campaign, self.end, self.say = campaign, end, say
        self.began = self.said = time.monotonic()
        self.count = 0

    def over(self) -> bool:
        return time.monotonic() >= self.end

    def until_over(self, jobs: Iterable[Mutant]) -> Iterable[Mutant]:
        for job in jobs:
            if self.over():
                return
            yield job

    def step(self) -> None:
        now = time.monotonic()
        self.count += 1
        if self.count == 1:
            # What came before is the measuring.
            self.began = self.said = now
        if now - self.said < EVERY_S:
            return
        self.said = now
        results = [result for _, result in self.campaign.done()]
        left = len(self.campaign.todo())
        minutes = (now - self.began) * left / (self.count - 1) / 60
        survived = sum(not result.killed for result in results)
        self.say(
            f"{self.campaign.package.name}: {len(results)} of {len(self.campaign.mutants)} mutants,"
            f" {survived} survived, about {minutes:.0f} minutes left"
        )
