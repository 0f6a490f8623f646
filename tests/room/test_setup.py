"""Gather, configure, ready, load: until all engines have taken the setup."""

from gameroom.lockstep import packets
from gameroom.room import inputs
from tests.room.table import PLAIN, Table


def test_the_first_to_join_is_host_and_a_leaving_host_hands_on() -> None:
    table = Table()
    table.join("ann", "bob")
    assert table.seat("ann").roles == ("host",)
    table.send("ann", inputs.Leave())
    assert table.seat("bob").roles == ("host",)
    assert table.parted == {"ann": 4100}


def test_a_team_s_role_stays_in_the_team() -> None:
    table = Table(
        PLAIN.replace(
            "players 2..3",
            """players 2..4
  team red size 1..2
  team blue size 1..2
  role captain is blue
  on ready do { pass captain }""",
        )
    )
    table.join("ann", "bob", "cid")
    assert [table.seat(name).team for name in ("ann", "bob", "cid")] == ["red", "blue", "red"]
    table.ready("ann")
    assert table.seat("ann").roles == ("host",)
    assert table.seat("bob").roles == ("captain",)


def test_joining_again_is_the_same_place() -> None:
    table = Table()
    table.join("ann", "bob")
    answer = table.send("ann", inputs.Join("ann"))
    assert (answer.status, answer.body.seat) == (200, 0)
    assert len(table.room.people.players()) == 2


def test_equal_names_are_told_apart() -> None:
    table = Table()
    table.send("u1", inputs.Join("ann"))
    table.send("u2", inputs.Join("ann"))
    assert [row.name for row in table.room.people.roster().seats] == ["ann", "ann (2)"]


def test_a_name_must_be_printable_and_short() -> None:
    table = Table()
    for name in ("", "  ", "x" * 33, "a\nb\x00"):
        assert table.send("u", inputs.Join(name)).problem.code == "bad_name"


def test_a_full_room_takes_spectators_and_a_full_gallery_nobody() -> None:
    table = Table()
    table.join("ann", "bob", "cid")
    for name in ("dan", "eve"):
        assert table.join(name).status == 200 or table.room.member(name)
        assert table.room.hello(name).spectator is True
    answer = table.send("fay", inputs.Join("fay"))
    assert (answer.status, answer.problem.code) == (409, "room_full")


def test_the_whole_configuration_is_told_with_every_change() -> None:
    table = Table()
    table.join("ann", "bob")
    table.send("bob", inputs.Configure({"gold": 500}))
    table.send("ann", inputs.Configure({"map": "islands"}))
    told = [event.body for event in table.told if isinstance(event.body, packets.Setup)]
    assert [setup.settings for setup in told] == [
        {"map": "plains", "gold": 300},
        {"map": "plains", "gold": 500},
        {"map": "islands", "gold": 500},
    ]
    assert told[-1].changed_by == "ann"


def test_a_configuration_is_taken_whole_or_not_at_all() -> None:
    table = Table()
    table.join("ann")
    answer = table.send("ann", inputs.Configure({"map": "islands", "gold": 5}))
    assert (answer.status, answer.problem.code) == (422, "bad_setting")
    assert "gold" in answer.problem.detail
    assert table.room.settings["map"] == "plains"
    assert table.send("ann", inputs.Configure({"wind": 5})).problem.code == "bad_setting"


def test_readiness_belongs_to_a_configuration() -> None:
    table = Table()
    table.join("ann", "bob")
    table.ready("ann")
    table.send("bob", inputs.Configure({"gold": 500}))
    assert not table.seat("ann").ready


def test_all_must_be_ready_and_enough() -> None:
    table = Table()
    table.join("ann")
    table.ready("ann")
    assert "setup.gathering" in table.states
    table.join("bob")
    assert "setup.gathering" in table.states
    table.ready("bob")
    assert "setup.starting" in table.states


def test_a_player_whose_socket_is_still_opening_counts() -> None:
    table = Table()
    table.join("ann", "bob")
    table.send("cid", inputs.Join("cid"))
    table.ready("ann", "bob")
    assert "setup.gathering" in table.states
    table.wait(10_000)
    assert "setup.starting" in table.states, "cid never came"


def test_engines_load_and_the_game_runs() -> None:
    table = Table()
    table.join("ann", "bob")
    table.ready("ann", "bob")
    table.load("ann")
    assert "setup.starting" in table.states
    table.load("bob")
    assert "running.iterating" in table.states


def test_an_engine_refuses_the_setup_with_reasons() -> None:
    table = Table()
    table.join("ann", "bob")
    table.ready("ann", "bob")
    table.load("ann")
    table.send("bob", inputs.Load(("too little gold",)))
    assert "setup.gathering" in table.states
    assert table.last(packets.Refused) == packets.Refused(1, ("too little gold",))
    assert not table.seat("ann").ready
    assert not table.seat("ann").loaded
    table.ready("ann", "bob")
    assert "setup.starting" in table.states
    table.load("bob")
    assert "setup.starting" in table.states, "ann's old load must not count"


def test_a_refusal_names_the_state_and_what_goes_there() -> None:
    table = Table()
    table.join("ann", "bob")
    problem = table.send("ann", inputs.Ask("pause")).problem
    assert (problem.status, problem.code, problem.state) == (409, "not_now", "setup.gathering")
    assert "configure" in problem.allowed
    assert "ready" in problem.allowed
    assert "pause" not in problem.allowed


def test_strangers_have_no_say() -> None:
    table = Table()
    assert table.send("eve", inputs.Ready()).problem.status == 403


def test_someone_away_for_too_long_loses_the_seat() -> None:
    table = Table()
    table.join("ann", "bob")
    table.send("bob", inputs.Disconnect())
    table.wait(59_000)
    assert not table.seat("bob").connected
    table.wait(1_000)
    assert [row.name for row in table.room.people.roster().seats] == ["ann"]
    assert table.parted == {"bob": 4101}


def test_chat_has_a_length_and_a_rate() -> None:
    table = Table()
    table.join("ann")
    assert table.send("ann", inputs.Say("hello")).status == 204
    assert table.last(packets.Chat) == packets.Chat("ann", "hello")
    assert table.send("ann", inputs.Say("x" * 5000)).problem.code == "bad_text"
    answers = [table.send("ann", inputs.Say("spam")) for _ in range(50)]
    assert answers[-1].problem.status == 429
    assert answers[-1].problem.retry_after_ms > 0
    table.wait(answers[-1].problem.retry_after_ms)
    assert table.send("ann", inputs.Say("patient")).status == 204


def test_nobody_starts_and_the_room_ends() -> None:
    table = Table()
    table.join("ann")
    table.wait(30 * 60_000)
    ended = table.last(packets.Ended)
    assert ended.because == "nobody started the game"
    assert table.send("ann", inputs.Ready()).problem.status == 410
    assert table.driver.wake is None


def test_who_is_in_is_not_told_to_come_in() -> None:
    table = Table()
    table.join("ann")
    problem = table.send("ann", inputs.Ask("pause")).problem
    assert problem is not None
    assert not {"join", "watch"} & set(problem.allowed)
    assert "configure" in problem.allowed
