"""A chart on the table: send it events, let time pass, look where it is."""

from __future__ import annotations

from gameroom.chart import (
    ChartEvent,
    Did,
    Person,
    TransitionTaken,
    active,
    advance,
    begin,
    dump,
    from_plain,
    path,
    restore,
    step,
    variables,
)


def person(*flags, kinds=("player",), **choices):
    """Connected unless `away` is among the flags."""
    here = set(flags) - {"away"} if "away" in flags else {*flags, "connected"}
    return Person(frozenset(kinds), frozenset(here), choices)


def states(**inner):
    """A room of these top states that starts in the first."""
    return {"initial": next(iter(inner)), "states": inner}


class Play:
    """The chart, its snapshot, and all that it said and traced since the last look."""

    def __init__(self, plain, *, people=(), settings=None, now=0):
        self.chart = from_plain(plain)
        self.trace = []
        self.now, self.generation = now, 0
        self.snapshot, self.effects = begin(
            self.chart, now=now, people=people, settings=settings, trace=self.trace
        )

    def send(self, name, people=None, settings=None, **fields):
        event = ChartEvent(name, self.now, self.generation, fields, people, settings)
        self.trace.clear()
        plainly = step(self.chart, self.snapshot, event)
        self.snapshot, self.effects = step(self.chart, self.snapshot, event, trace=self.trace)
        assert plainly == (self.snapshot, self.effects), "the short way and the long one differ"
        return self

    def wait(self, ms=0, turns=0, people=None, settings=None):
        self.now += ms
        self.generation += turns
        self.trace.clear()
        self.snapshot, self.effects = advance(
            self.chart,
            self.snapshot,
            self.now,
            self.generation,
            people=people,
            settings=settings,
            trace=self.trace,
        )
        return self

    def reload(self, pause=0):
        """Out to bytes and back in, `pause` milliseconds of another clock later."""
        data = dump(self.chart, self.snapshot)
        self.now += pause
        self.snapshot = restore(self.chart, data, self.now)
        return self

    @property
    def active(self):
        return active(self.chart, self.snapshot)

    @property
    def leaves(self):
        """The innermost active states' paths."""
        everything = self.active
        return tuple(p for p in everything if not any(q.startswith(p + ".") for q in everything))

    @property
    def variables(self):
        return variables(self.chart, self.snapshot)

    @property
    def moved(self):
        """(event, exited paths, entered paths) of every transition taken."""
        return [
            (effect.event, self.paths(effect.exited), self.paths(effect.entered))
            for effect in self.effects
            if isinstance(effect, TransitionTaken)
        ]

    @property
    def did(self):
        return [(e.verb, e.name) for e in self.effects if isinstance(e, Did)]

    @property
    def said(self):
        """The texts of `announce`, in order: the way tests see the order of actions."""
        return [name for verb, name in self.did if verb == "announce"]

    def paths(self, ids):
        return tuple(path(self.chart, state) for state in ids)


def say(*texts):
    """Actions that announce, one per text."""
    return [["announce", text] for text in texts]
