"""Questions about people: each denominator, each rounding."""

import pytest

from tests.chart.play import Play, person, say, states

ROOM = {
    "players": [2, 8],
    "spectators": [0, 9],
    "teams": {"red": [1, 4], "blue": [1, 4]},
    "roles": {"host": "player"},
    "requests": {
        "vote": {"choice": ["choice", "wait", "drop"]},
        "surrender": {"choice": ["choice", "yes", "drop"]},
    },
}


def asked(condition, *people):
    """Is it true of these people?"""
    transition = {"on": "ask", "if": condition, "do": say("yes")}
    play = Play(ROOM | states(a={"transitions": [transition]}), people=people)
    return bool(play.send("ask").said)


def words(given):
    """A quorum as an id. Sets of flags have no order, so people are numbered."""
    return (
        " ".join(map(str, given))
        if given and isinstance(given, list) and isinstance(given[0], str)
        else None
    )


READY, WAITING = person("ready"), person()
AWAY_READY, AWAY = person("away", "ready"), person("away")
WATCHER = person(kinds=("spectator",))


@pytest.mark.parametrize(
    ("quorum", "people", "answer"),
    [
        (["all", "player", "ready"], [READY, READY], True),
        (["all", "player", "ready"], [READY, WAITING], False),
        (["all", "player", "ready"], [], False),
        (["any", "player", "ready"], [WAITING, READY], True),
        (["any", "player", "ready"], [WAITING], False),
        (["any", "player", "ready"], [], False),
        (["no", "player", "ready"], [WAITING, WAITING], True),
        (["no", "player", "ready"], [WAITING, READY], False),
        (["no", "player", "ready"], [], True),
        (["majority", "player", "ready"], [READY, WAITING], False),
        (["majority", "player", "ready"], [READY, READY, WAITING], True),
        (["majority", "player", "ready"], [READY], True),
        (["majority", "player", "ready"], [], False),
        (["of", 2, "player", "ready"], [READY, WAITING, WAITING], False),
        (["of", 2, "player", "ready"], [READY, READY, WAITING], True),
        (["of", 2, "player", "ready"], [READY, READY, READY], True),
        (["percent", 60, "player", "ready"], [], False),
        (["percent", 100, "player", "ready"], [READY, WAITING], False),
        (["percent", 100, "player", "ready"], [READY, READY], True),
        (["==", ["count", "player", "ready"], 2], [READY, WAITING, READY], True),
        (["==", ["count", "player", "ready"], 0], [], True),
    ],
    ids=words,
)
def test_words(quorum, people, answer):
    assert asked(quorum, *people) is answer


@pytest.mark.parametrize(
    ("percent", "players", "needed"),
    [(60, 3, 2), (60, 5, 3), (50, 3, 2), (50, 4, 2), (34, 3, 2), (33, 3, 1), (1, 8, 1), (67, 3, 3)],
)
def test_percentages_round_up(percent, players, needed):
    """67 % of 3 is 2.01: it takes three."""
    for ready in range(players + 1):
        people = [READY] * ready + [WAITING] * (players - ready)
        assert asked(["percent", percent, "player", "ready"], *people) is (ready >= needed)


def test_only_the_connected_are_asked():
    assert asked(["all", "player", "ready"], READY, AWAY)
    assert not asked(["all", "player", "ready"], AWAY_READY)
    assert not asked(["any", "player", "ready"], WAITING, AWAY_READY)
    assert asked(["==", ["count", "player", "ready"], 1], READY, AWAY_READY)


@pytest.mark.parametrize("flag", ["lost", "missing"])
def test_about_absence_everybody_seated_is_asked(flag):
    """Who is lost is not connected: among the connected nobody ever would be."""
    gone = person("away", flag)
    assert asked(["any", "player", flag], READY, gone)
    assert not asked(["no", "player", flag], READY, gone)
    assert asked(["all", "player", flag], gone, gone)
    assert not asked(["majority", "player", flag], gone, READY)


def test_connected_itself_is_asked_of_everybody():
    assert not asked(["all", "player", "connected"], READY, AWAY)
    assert asked(["majority", "player", "connected"], READY, READY, AWAY)
    assert asked(["==", ["count", "player", "connected"], 1], READY, AWAY)


def test_present_is_a_player_who_is_connected_and_not_missing():
    silent = person("missing")
    assert asked(["all", "present", "ready"], READY, silent, AWAY, WATCHER)
    assert not asked(["all", "player", "ready"], READY, silent, AWAY, WATCHER)


def test_kinds_roles_teams_and_anyone():
    host = person("ready", kinds=("player", "host", "red"))
    blue = person(kinds=("player", "blue"))
    everyone = (host, blue, WATCHER)
    assert asked(["all", "host", "ready"], *everyone)
    assert asked(["all", "red", "ready"], *everyone)
    assert not asked(["any", "blue", "ready"], *everyone)
    assert asked(["no", "spectator", "ready"], *everyone)
    assert asked(["==", ["count", "anyone", "connected"], 3], *everyone)
    assert not asked(["all", "anyone", "ready"], *everyone)


def test_choices():
    drop, wait = person(vote="drop"), person(vote="wait")
    assert asked(["majority", "player", ["chose", "vote", "drop"]], drop, drop, wait)
    assert not asked(["majority", "player", ["chose", "vote", "drop"]], drop, wait, READY)
    assert asked(["all", "player", ["chose", "wait"]], wait)


def test_a_choice_that_two_requests_offer_may_be_asked_of_either():
    gave_up = person(surrender="drop")
    assert asked(["any", "player", ["chose", "drop"]], gave_up)
    assert not asked(["any", "player", ["chose", "vote", "drop"]], gave_up)


def test_counters():
    people = (READY, AWAY, WATCHER)
    assert asked(["==", "players", 2], *people), "connected or not"
    assert asked(["==", "spectators", 1], *people)
    assert asked(["and", ["==", "players_min", 2], ["==", "players_max", 8]])


def test_enough_players():
    red, blue = person(kinds=("player", "red")), person("away", kinds=("player", "blue"))
    assert asked(["enough players"], red, blue)
    assert not asked(["enough players"], red, red), "no blue"
    assert not asked(["enough players"], red), "fewer than two"


@pytest.mark.parametrize(
    "condition",
    [
        ["all", "dwarf", "ready"],
        ["all", "player", ["chose", "maybe"]],
        ["all", "player", ["chose", "nothing", "drop"]],
    ],
)
def test_unknown_words_are_refused(condition):
    with pytest.raises(ValueError, match=r"^states\.a\.transitions\[0\]\.if: "):
        asked(condition)


def test_enough_players_are_as_many_as_the_room_needs_whatever_the_teams():
    """Both teams have somebody, and the room needs two; who is of no team counts for the room."""
    room = {"players": [3, 8], "teams": {"red": [0, 4]}}
    transition = {"on": "ask", "if": ["enough players"], "do": say("yes")}
    two, three = (
        Play(room | states(a={"transitions": [transition]}), people=(WAITING,) * n) for n in (2, 3)
    )
    assert not two.send("ask").said
    assert three.send("ask").said
