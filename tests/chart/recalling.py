"""Random charts in which nearly everything recalls something: histories of every kind in every
composite, and nothing that keeps a transition from being taken. Dense where `strategies` is
wide: what goes wrong with histories takes several visits to the same states."""

from __future__ import annotations

EVENTS = ("a", "b", "c", "d")
DEPTH_MAX = 3


def recalling(dice):
    """A room in plain values for from_plain."""
    paths, histories, composites = [], [], []

    def inside(path, depth, kinds):
        names = [f"s{len(paths) + number}x{depth}" for number in range(dice.choice((1, 2, 2, 3)))]
        paths.extend(path + name for name in names)
        return {name: state(path + name, depth, dice.choice(kinds)) for name in names}

    def state(path, depth, kind):
        made = {}
        if depth < DEPTH_MAX and kind != "atomic":
            composites.append(path)
            parallel = kind == "parallel"
            inner = ("atomic", "compound") if parallel else ("atomic", "compound", "parallel")
            made = {"states": inside(path + ".", depth + 1, inner)}
            made |= {"kind": "parallel"} if parallel else {"initial": next(iter(made["states"]))}
            if dice.random() < 0.7:
                history(path, made, parallel)
        made["entry"], made["exit"] = [["announce", path]], [["announce", f"not {path}"]]
        return made

    def history(path, made, parallel):
        past = made["states"]["past"] = {"kind": "history", "deep": dice.random() < 0.6}
        under = [p for p in paths if p.startswith(path + ".")]
        direct = [p for p in under if p.count(".") == path.count(".") + 1]
        if dice.random() < 0.6:
            past["default"] = dice.choice(under if past["deep"] else direct)
            if not parallel and dice.random() < 0.3:
                made["initial"] = "past"
        histories.append(path + ".past")

    def transition():
        if dice.random() < 0.2:
            return {"after": dice.choice(([0, "ms"], [15, "ms"], [1, "turns"]))}
        where = dice.choice((paths, histories or paths, composites or paths))
        to = dice.choice(where)
        kind = "resume" if where is composites else dice.choice(("", "", "internal"))
        recalls = kind and to not in histories
        return {"on": dice.choice(EVENTS), "to": [kind, to] if recalls else to}

    room = {"states": inside("", 0, ("compound", "parallel"))}
    room["initial"] = next(iter(room["states"]))
    for made in _states(room):
        made["transitions"] = [transition() for _ in range(dice.choice((1, 2, 3)))]
    return room


def _states(made):
    for inner in made["states"].values():
        if inner.get("kind") != "history":
            yield inner
        if "states" in inner:
            yield from _states(inner)


def story(dice, length):
    """(event, its fields), or (milliseconds, turns) that pass."""
    return [
        (dice.choice(EVENTS), {})
        if dice.random() < 0.8
        else (dice.choice((0, 5, 20)), dice.choice((0, 1)))
        for _ in range(length)
    ]
