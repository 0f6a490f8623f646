"""What every line of a scenario does on the real room, and when."""

from __future__ import annotations

import pytest

from gameroom.scenario import Outcome
from gameroom.scenario import stage as scenario_stage
from tests.scenario.stories import ROOM, fails, holds, scenario

STARTED = "given players ann, bob\nann, bob send ready\n"
THREE = "given players ann, bob, cat\nann, bob, cat send ready\n"
TEAMS = ROOM.replace(
    "players 2..3\n", "players 2..3\n  team red size 0..2\n  team blue size 0..2\n"
)


def ends_at(outcome: Outcome) -> tuple[int, int]:
    """When the last line was over: milliseconds, turns."""
    return outcome.done[-1].at, outcome.done[-1].generation


# -- people come and go ----------------------------------------------------------------------


def test_given_players_sit_in_order() -> None:
    holds("given players ann, bob\nexpect that players == 2\nexpect ann is host")


def test_given_players_need_seats() -> None:
    assert fails("given players ann, bob, cat, dan") == (
        "dan can only watch: there is no free seat, or joining is not allowed"
    )


def test_who_joins_sits_where_there_is_a_seat_and_watches_where_there_is_none() -> None:
    holds("cat joins\nexpect cat is player")
    holds(f"{STARTED}cat joins\nexpect cat is spectator\nexpect that spectators == 1")


def test_who_joins_may_ask_for_a_team() -> None:
    holds("ann joins team blue\nexpect ann is blue\nexpect ann is not red", room=TEAMS)
    why = fails("ann, bob join team red\ncat joins team red", room=TEAMS)
    assert "team is full" in why


def test_who_watches_takes_no_seat() -> None:
    holds("given players ann\ndan watches\nexpect dan is spectator\nexpect that players == 1")


def test_who_leaves_is_gone_and_may_come_again() -> None:
    holds("given players ann, bob\nann leaves\nexpect ann is gone\nexpect bob is host")
    holds("given players ann, bob\nann leaves\nann joins\nexpect ann is player")


# -- asking the room -------------------------------------------------------------------------


def test_readiness_and_back() -> None:
    holds("given players ann, bob\nann sends ready\nexpect ann is ready\nann sends unready\n"
          "expect ann is not ready")  # fmt: skip


def test_engines_load_by_themselves_and_at_once() -> None:
    outcome = holds(f"{STARTED}expect running.iterating.day")
    assert ends_at(outcome) == (0, 1)


def test_settings() -> None:
    holds('given players ann\nann sets map = "lakes"\nexpect that map == "lakes" and gold == 3')


def test_a_request_is_over_when_its_turn_has_closed() -> None:
    outcome = holds(f"{STARTED}ann sends pause\nexpect running.paused.held")
    assert ends_at(outcome) == (100, 2)


def test_a_command_is_over_when_the_turn_has_closed_that_carries_it() -> None:
    """It rides in the first packet that has not been sent: of the next turn, two ahead."""
    outcome = holds(f"{STARTED}ann sends move {{ x: 1 }}")
    assert ends_at(outcome) == (300, 4)


def test_a_command_is_refused_where_its_turn_closes() -> None:
    holds(f'{STARTED}ann sends build\nexpect refused "not_now"')
    assert "`build` is not allowed" in fails(f"{STARTED}ann sends build")


def test_a_command_before_the_game_is_refused() -> None:
    holds('given players ann\nann sends move { x: 1 }\nexpect refused "has not started"')


def test_a_command_of_a_spectator_is_refused() -> None:
    holds(
        f'{STARTED}dan watches\ndan sends move {{ x: 1 }}\nexpect refused "Only players can send"'
    )


def test_a_command_in_a_pause_waits_for_the_turns() -> None:
    steps = f"{STARTED}ann sends pause\nann sends move {{ x: 1 }}\n"
    outcome = holds(steps)
    assert outcome.done[-1].note == "still waiting: turns do not advance in `running.paused.held`"
    why = fails(f"{steps}expect refused")
    assert why == (
        "`ann sends move { x: 1 }` is still waiting: turns do not advance in `running.paused.held`"
    )


def test_what_is_ignored_is_not_refused() -> None:
    assert fails(f"{STARTED}ann sends shout\nexpect refused").endswith("was not refused")


def test_a_refusal_that_nobody_expects_fails_its_line() -> None:
    assert fails("given players ann\nann sends pause") == (
        "refused: `pause` is not allowed for you in `setup.gathering`."
    )


def test_a_refusal_is_expected_by_one_of_the_expectations_that_follow() -> None:
    holds("given players ann\nann sends pause\nexpect setup\nexpect refused")
    outcome, _ = scenario("given players ann\nann sends pause\nwait 1s\nexpect refused")
    assert outcome.failure is not None
    assert outcome.failure.step.name == "pause"


def test_a_refusal_may_have_to_say_why() -> None:
    steps = "given players ann\nann sends pause\nexpect refused"
    holds(f'{steps} "setup.gathering"')
    assert "the refusal said" in fails(f'{steps} "because"')


def test_a_refusal_of_several_is_that_of_all() -> None:
    steps = f"{STARTED}dan watches\ndan, ann send pause"
    assert fails(steps).startswith("dan was refused")
    assert fails(f"{steps}\nexpect refused") == "ann was not refused"


def test_refused_needs_something_that_was_sent() -> None:
    assert fails("given players ann\nexpect refused") == "nothing has been sent yet"


def test_the_gone_are_refused_everything() -> None:
    holds('given players ann, bob\nann leaves\nann sends ready\nexpect refused "not joined"')


def test_chat_is_told() -> None:
    holds('given players ann\nann says "hello all"\nexpect told "hello"')


# -- votes and absence -----------------------------------------------------------------------


def test_a_vote_drops_the_silent() -> None:
    holds(
        f"""{THREE}bob is silent for 4s
        expect running.paused.lagging
        ann sends vote {{ choice: "drop" }}
        expect running.paused.lagging
        cat sends vote {{ choice: "drop" }}
        expect bob is gone
        expect running.iterating.day"""
    )


def test_silence_lasts_until_the_return() -> None:
    holds(
        f"{STARTED}bob is silent for 2s\nexpect running.iterating\nwait 2s\nexpect running.paused"
    )


def test_a_request_does_not_wait_for_ever_for_a_turn_that_somebody_holds_up() -> None:
    outcome = holds(f"{STARTED}bob is silent for 400ms\nann sends pause\nexpect running.paused")
    held_up, asked = outcome.done[-3:-1]
    assert held_up.generation == asked.generation == 3
    assert asked.at == 1_300, "a second after the turn was due"


def test_who_returns_from_silence_plays_on() -> None:
    holds(f"{STARTED}bob is silent for 4s\nbob returns\nwait 10 turns\nexpect running.iterating")


def test_the_lost_connection_does_not_hold_up_the_turns() -> None:
    holds(f"{STARTED}bob drops\nexpect bob is not connected\nwait 20 turns\nbob returns\n"
          "expect bob is connected\nwait 20 turns\nexpect running.iterating")  # fmt: skip


def test_all_may_lose_their_connections_and_return() -> None:
    holds(f"{STARTED}ann, bob drop\nwait 5s\nann, bob return\nwait 20 turns")


def test_who_returned_sends_again() -> None:
    holds(f"{STARTED}bob drops\nwait 1s\nbob returns\nbob sends move {{ x: 1 }}")


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ("bob drops\nbob sends ready", "bob is disconnected: add `bob returns` first"),
        ("bob drops\nbob drops", "bob is disconnected: add `bob returns` first"),
        ("bob returns", "bob can't return: not disconnected, silent or failed"),
        ("bob leaves\nbob returns", "bob is not in the room: left"),
        ("bob leaves\nbob is silent", "bob is not in the room: left"),
        ("bob raises seen", "no engine is running yet in `setup.gathering`"),
        (
            "dan watches\ndan diverges",
            "dan is a spectator, and the engines of spectators do not count",
        ),
    ],
)
def test_what_nobody_can_do(steps: str, why: str) -> None:
    assert fails(f"given players ann, bob\n{steps}") == why


# -- engines -----------------------------------------------------------------------------------


def test_a_signal_is_over_when_the_turn_after_its_packet_has_closed() -> None:
    outcome = holds(f"{STARTED}ann, bob raise won {{ by: 0 }}\nexpect that rounds == 1")
    assert ends_at(outcome) == (200, 3)


def test_a_signal_needs_all_who_must_agree() -> None:
    holds(
        f"""{STARTED}ann raises won {{ by: 0 }}
        wait 10 turns
        expect that rounds == 0
        bob raises won {{ by: 0 }}
        expect that rounds == 1"""
    )
    holds(
        f"{STARTED}ann raises won {{ by: 0 }}\nbob raises won {{ by: 1 }}\nexpect that rounds == 0"
    )


def test_a_signal_of_the_majority() -> None:
    holds(
        f"""{THREE}ann raises seen
        expect running.iterating.day
        cat raises seen
        expect running.iterating.night"""
    )


def test_a_signal_can_be_raised_again_and_again() -> None:
    holds(
        f"""{STARTED}ann, bob raise won {{ by: 0 }}
        ann, bob raise won {{ by: 0 }}
        expect that rounds == 2
        ann, bob raise won {{ by: 0 }}
        expect ended
        expect told "three rounds were played" """
    )


def test_a_signal_of_the_silent_waits_for_their_return() -> None:
    holds(f"{STARTED}bob is silent\nann, bob raise won {{ by: 0 }}\nexpect that rounds == 0\n"
          "bob returns\nwait 3 turns\nexpect that rounds == 1")  # fmt: skip


def test_an_engine_that_refuses_sends_everybody_back() -> None:
    holds(
        """given players ann, bob
        ann sends ready
        bob refuses "no such map"
        bob sends ready
        expect setup.gathering
        expect told "no such map"
        expect ann, bob are not ready
        ann, bob send ready
        expect running"""
    )


def test_a_silent_engine_does_not_load() -> None:
    holds("given players ann, bob\nbob is silent\nann, bob send ready\nexpect setup.starting\n"
          "expect ann is loaded\nbob returns\nexpect running")  # fmt: skip


def test_checksums_that_differ() -> None:
    holds(
        f"""{THREE}wait 5 turns
        expect running.iterating
        bob diverges
        expect running.paused.diverged
        expect bob is diverged
        expect ann, cat are not diverged"""
    )


def test_checksums_are_compared_as_often_as_the_room_says() -> None:
    rarely = ROOM.replace(
        "policy pace", "policy divergence { checksum every = 20 turns }\n  policy pace"
    )
    outcome = holds(f"{THREE}bob diverges\nexpect running.paused.diverged", room=rarely)
    assert ends_at(outcome)[1] >= 20


# -- time ------------------------------------------------------------------------------------


def test_time_passes_to_the_millisecond() -> None:
    holds("given players ann\nwait 1799999ms\nexpect setup\nwait 1ms\nexpect ended")


def test_turns_pass_one_by_one() -> None:
    holds(f"{STARTED}wait 48 turns\nexpect running.iterating.day\nwait 1 turns\n"
          "expect running.iterating.night")  # fmt: skip


def test_turns_that_rest_are_not_waited_for() -> None:
    assert fails(f"{STARTED}ann sends pause\nwait 5 turns") == (
        "0 of 5 turns closed: turns do not advance in `running.paused.held`"
    )
    alone = ROOM.replace("policy pace", "policy lag { pause after = 1h }\n  policy pace")
    assert fails(f"{STARTED}bob is silent for 5 turns", room=alone) == (
        "2 of 5 turns closed: turn 4 waits for bob"
    )
    slept = fails(f"{STARTED}ann, bob drop\nwait 5 turns")
    assert slept.endswith("the room is asleep: no player is connected")


def test_nothing_closes_after_the_end() -> None:
    assert fails(f"{STARTED}ann, bob leave\nexpect ended\nwait 1 turns") == (
        "the room has ended, so no more turns close"
    )


def test_turns_that_close_without_the_late() -> None:
    hasty = ROOM.replace("policy pace", "policy turns { gather = within 250ms }\n  policy pace")
    holds(f"{STARTED}bob is silent for 5 turns\nann sends move {{ x: 1 }}\nbob returns\n"
          "bob sends move { x: 2 }\nexpect running.iterating.day", room=hasty)  # fmt: skip


# -- expectations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        ("running", "the room is in `setup.gathering`"),
        ("not setup", "the room is in `setup.gathering`"),
        ("that players == 3", "players == 3 is false: players is 2"),
        ("that gold / rounds == 3", "gold / rounds == 3 is an error, division by zero"),
        ("that all player ready", "all player ready is false: 0 of 2"),
        ("ann is ready", "ann is not ready"),
        ("ann, bob are host", "bob is not host"),
        ("ann, bob are not player", "ann and bob are player"),
        ("bob is gone", "bob is not gone"),
        ('told "hello"', "the previous line announced nothing"),
    ],
)
def test_why_an_expectation_does_not_hold(expected: str, why: str) -> None:
    assert fails(f"given players ann, bob\nexpect {expected}").startswith(why)


def test_the_gone_are_nothing_else() -> None:
    why = fails("given players ann, bob\nbob leaves\nexpect bob is not gone")
    assert why == "bob is gone"
    assert (
        fails("given players ann, bob\nbob leaves\nexpect bob is ready")
        == "bob is not in the room: left"
    )


def test_told_means_the_line_before() -> None:
    steps = 'given players ann\nann says "one"\nann says "two"\n'
    holds(f'{steps}expect told "two"')
    assert fails(f'{steps}expect told "one"') == 'the previous line announced "two"'


def test_expectations_take_no_time() -> None:
    outcome = holds(
        f"{STARTED}wait 3 turns\nexpect running\nexpect not setup\nexpect ann is loaded"
    )
    assert {(done.at, done.generation) for done in outcome.done[2:]} == {(300, 4)}


# -- trouble -----------------------------------------------------------------------------------


def test_a_room_that_faults_fails_its_scenario() -> None:
    loop = ROOM.replace(
        "on seen -> running.iterating.night",
        "on seen do { set rounds = 1 }  when rounds == 1 do { set rounds = 2 }"
        "  when rounds == 2 do { set rounds = 1 }",
    )
    assert "the room stopped with an error" in fails(f"{STARTED}ann, bob raise seen", room=loop)


def test_a_scenario_has_a_largest_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario_stage, "TICKS_MAX", 1_000)
    busy = ROOM.replace(
        "request shout",
        "request shout\n  extend state setup.gathering { after 1ms -> setup.gathering }",
    )
    assert "the scenario takes too long" in fails("given players ann\nwait 24h", room=busy)


def test_engines_that_load_for_ever_are_no_hang() -> None:
    eager = ROOM.replace(
        "request shout",
        "request shout\n  extend state setup.gathering { allow load from player"
        " on loaded do { unready player } }",
    )
    assert "within a millisecond" in fails("given players ann", room=eager)


def test_equal_scenarios_have_equal_outcomes() -> None:
    steps = f"{THREE}bob is silent for 4s\nbob returns\nann, bob, cat raise won {{ by: 1 }}"
    assert scenario(steps) == scenario(steps)
