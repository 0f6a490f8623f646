"""The client's rule, packet by packet: one replica, and what a server would say to it."""

from dataclasses import replace

from gameroom import model
from gameroom.lockstep.packets import (
    Body,
    ChartState,
    Checksum,
    ClientPacket,
    Command,
    Late,
    MasterPacket,
    Moves,
    Roster,
    RosterRow,
    SeatCommands,
    Setup,
    Welcome,
)
from gameroom.lockstep.problem import Problem
from gameroom.replica import LedgerEngine, Replica
from gameroom.wire import (
    JSON,
    MSGPACK,
    Codec,
    EventFrame,
    Rejection,
    definition,
    event_name,
    event_path,
    read_policies,
)

GO = Command("go", {})
RUNNING = ChartState(("running", "running.iterating"))


class Game:
    """A replica with seat 1, told whatever a test wants to tell it."""

    def __init__(self, *, ahead: int = 2, checksum_every: int = 1) -> None:
        room = model.RoomFile("r", commands=(model.CommandDeclaration("go", ()),))
        asked = read_policies(definition(room))
        policy = replace(asked, commands_per_turn=3, checksum_every=checksum_every)
        self.replica = Replica(room, LedgerEngine(), seed=7, policy=policy)
        self.seq = 0
        self.closed = 0
        self.ahead = ahead

    def welcome(self, *, heard: int = 0, seq: int = 0, generation: int = 0) -> None:
        self.replica.welcome(Welcome("u", "ann", 1, heard, seq, generation, 100, self.ahead))

    def say(self, body: Body, now: int = 0) -> None:
        self.seq += 1
        self.replica.feed(EventFrame(event_name(body), event_path(body), body, self.seq), now)

    def begin(self) -> list[int]:
        """The game starts; the generations of the first packets."""
        self.welcome()
        for body in (Setup({}), Roster((RosterRow(1, "u", "ann"),)), Moves(0, RUNNING)):
            self.say(body)
        return self.play()

    def turn(self, *, absent: bool = False, late: int | None = None, commands: int = 0) -> None:
        self.closed += 1
        self.say(
            MasterPacket(
                self.closed,
                1,
                100,
                self.ahead,
                commands=(SeatCommands(1, (GO,) * commands),) if commands else (),
                absent=(1,) if absent else (),
                late=() if late is None else (Late(1, late),),
            )
        )

    def play(self, now: int = 0) -> list[int]:
        """Run what can be run in a hurry; the generations of the packets made."""
        while self.replica.play(now, hurry=True):
            pass
        return self.taken()

    def taken(self) -> list[int]:
        return [packet.generation for packet in self.replica.take()]


def test_the_start_makes_a_packet_for_every_generation_up_to_ahead() -> None:
    assert Game(ahead=3).begin() == [1, 2, 3]


def test_every_turn_makes_the_packet_of_the_turn_ahead_of_it() -> None:
    game = Game()
    game.begin()
    game.turn()
    assert game.play() == [3]
    game.turn()
    game.turn()
    assert game.play() == [4, 5]


def test_more_ahead_makes_more_packets_and_less_makes_none() -> None:
    game = Game()
    game.begin()
    game.ahead = 4
    game.turn()
    assert game.play() == [3, 4, 5]
    game.ahead = 1
    game.turn()
    assert game.play() == []


def test_turns_that_were_closed_without_us_need_no_packets() -> None:
    game = Game()
    game.begin()
    for _ in range(10):
        game.turn(absent=True)
    assert game.play() == [11, 12]


def test_the_checksum_is_of_the_last_turn_that_was_run_completely() -> None:
    game = Game()
    game.begin()
    game.turn()
    game.replica.play(0)
    (packet,) = game.replica.take()
    assert packet == ClientPacket(3, framerate=60)
    after_one = game.replica.checksum
    game.turn()
    game.replica.play(0, hurry=True)
    (packet,) = game.replica.take()
    assert packet.checksum == after_one
    assert after_one is not None
    assert after_one.generation == 1


def test_checksums_are_made_as_often_as_the_room_wants_them() -> None:
    game = Game(checksum_every=3)
    game.begin()
    for _ in range(8):
        game.turn()
    game.play()
    assert game.replica.checksum == Checksum(6, game.replica.checksum.value)


def test_a_turn_waits_until_the_last_one_has_lasted() -> None:
    game = Game()
    game.begin()
    game.turn()
    game.turn()
    assert game.replica.due(1000) == 1000
    assert game.replica.play(1000)
    assert game.replica.due(1001) == 1100
    assert not game.replica.play(1099)
    assert game.replica.play(1103)
    game.turn()
    assert game.replica.due(1104) == 1200, "a late timer does not slow the game down"


def test_who_is_behind_does_not_wait() -> None:
    game = Game()
    game.begin()
    for _ in range(5):
        game.turn()
    for _ in range(3):
        assert game.replica.play(1000)
    assert game.replica.generation == 3
    assert game.replica.due(1000) == 1100


def test_nothing_is_sent_again_before_the_tail_was_read() -> None:
    # The tail may confirm what seems to be lost: sent again, it would be applied twice.
    game = Game()
    game.begin()
    game.replica.command(GO)
    game.turn()
    game.play()
    game.replica.lost()
    game.welcome(heard=2, seq=game.seq + 3, generation=4)
    assert game.taken() == []
    game.turn(absent=True)
    game.turn(absent=True)
    assert game.taken() == []
    game.turn(late=3, commands=1)
    assert game.play() == [5, 6]
    assert len(game.replica.log) == 1


def test_only_what_was_not_heard_is_sent_again() -> None:
    game = Game(ahead=3)
    game.begin()
    for generation in (4, 5):
        game.replica.command(GO)
        game.turn()
        assert game.play() == [generation]
    game.replica.lost()
    game.welcome(heard=4, seq=game.seq, generation=2)
    assert game.taken() == [5]


def test_who_has_nothing_to_send_says_that_it_is_back() -> None:
    game = Game()
    game.begin()
    game.turn()
    assert game.play() == [3]
    game.replica.lost()
    game.welcome(heard=3, seq=game.seq, generation=1)
    assert game.taken() == [3]


def test_a_fresh_program_says_that_it_is_back_when_it_has_caught_up() -> None:
    game = Game()
    game.welcome(heard=5, seq=6, generation=3)
    for body in (Setup({}), Roster((RosterRow(1, "u", "ann"),)), Moves(0, RUNNING)):
        game.say(body)
    assert game.play() == []
    for _ in range(3):
        game.turn()
    assert game.play() == [5]
    game.turn()
    assert game.play() == [6]


def test_a_fresh_program_makes_no_packet_twice() -> None:
    game = Game(ahead=4)
    game.welcome(heard=2, seq=4, generation=1)
    for body in (Setup({}), Roster((RosterRow(1, "u", "ann"),)), Moves(0, RUNNING)):
        game.say(body)
    game.turn()
    assert game.play() == [3, 4, 5]


def test_commands_that_were_queued_offline_ride_in_the_first_packet() -> None:
    game = Game()
    game.begin()
    game.replica.lost()
    for _ in range(4):
        game.replica.command(GO)
    game.welcome(heard=2, seq=game.seq, generation=0)
    assert game.taken() == [2]
    game.turn()
    game.turn()
    while game.replica.play(0, hurry=True):
        pass
    packets = game.replica.take()
    assert [(one.generation, len(one.commands)) for one in packets] == [(3, 3), (4, 1)]
    assert game.replica.waiting == 4


def octets(codec: Codec, packet: ClientPacket) -> int:
    data = codec.encode_packet(packet)
    return len(data.encode() if isinstance(data, str) else data)


def test_a_packet_stays_below_the_size_that_the_room_allows() -> None:
    texts = model.CommandDeclaration("say", (model.Field("text", model.StringType(0, 400)),))
    room = model.RoomFile("r", commands=(texts,), policies=())
    codecs = [Codec(subprotocol, room) for subprotocol in (JSON, MSGPACK)]
    game = Game()
    policy = replace(read_policies(definition(room)), packet_bytes=2048)
    game.replica = Replica(room, LedgerEngine(), seed=7, policy=policy)
    game.begin()
    said = [Command("say", {"text": f"{number:03}" + "ü\n" * 150}) for number in range(9)]
    for command in said:
        game.replica.command(command)
    sent: list[Command] = []
    for _ in range(6):
        game.turn()
        while game.replica.play(0, hurry=True):
            pass
        for packet in game.replica.take():
            assert all(octets(codec, packet) <= 2048 for codec in codecs)
            sent += packet.commands
    assert sent == said


def test_a_packet_that_was_refused_goes_again_without_its_commands() -> None:
    game = Game()
    game.begin()
    game.replica.command(GO)
    game.turn()
    game.play()
    problem = Problem(413, "too_big", "Too big.")
    game.replica.feed(EventFrame("rejected", "/turns/3", Rejection(3, None, problem)), 0)
    assert game.replica.take() == (ClientPacket(3, framerate=60),)
    assert game.replica.waiting == 0


def test_a_packet_that_came_too_soon_goes_again_later_and_its_commands_ride_on() -> None:
    game = Game()
    game.begin()
    game.replica.command(GO)
    game.turn()
    game.play()
    problem = Problem(429, "too_often", "Slower.", retry_after_ms=50)
    game.replica.feed(EventFrame("rejected", "/turns/3", Rejection(3, None, problem)), 0)
    assert game.taken() == []
    game.replica.retry(3)
    assert game.replica.take() == (ClientPacket(3, framerate=60),)
    game.turn()
    game.replica.play(0, hurry=True)
    (packet,) = game.replica.take()
    assert (packet.generation, packet.commands) == (4, (GO,))


def test_the_engine_gets_the_states_before_its_turn() -> None:
    seen = []

    class Watching(LedgerEngine):
        def step(self, generation, iterations, commands, states, seats):
            seen.append((generation, states))
            return ()

    game = Game()
    game.replica.engine = Watching()
    game.begin()
    night = ("running", "running.iterating", "night")
    game.closed += 1
    game.say(MasterPacket(1, 1, 100, 2, chart=ChartState(night)))
    game.turn()
    game.say(Moves(2, RUNNING))
    game.turn()
    assert game.replica.states == RUNNING.states
    game.play()
    assert seen == [(1, RUNNING.states), (2, night), (3, RUNNING.states)]


def test_what_a_fallen_server_forgot_is_said_again_though_it_is_kept_no_more() -> None:
    game = Game()
    game.begin()
    game.turn()
    assert game.play() == [3]
    game.welcome(heard=3, seq=game.seq, generation=1)
    game.play()
    game.welcome(heard=1, seq=game.seq, generation=1)
    assert game.taken() == [2, 3], "its turns wait for us"


def test_a_fresh_program_speaks_for_the_generations_that_a_fallen_server_forgot() -> None:
    game = Game()
    for body in (Setup({}), Roster((RosterRow(1, "u", "ann"),)), Moves(0, RUNNING)):
        game.say(body)
    game.welcome(heard=2, seq=game.seq)
    game.play()
    game.welcome(heard=0, seq=game.seq)
    assert game.taken() == [1, 2]


# -- another program plays the same seat ---------------------------------------------------


def said(game: Game, generation: int, index: int | None, code: str) -> bool:
    """Whether the replica takes it for a refusal."""
    rejection = Rejection(generation, index, Problem(409, code, "why"))
    return game.replica.feed(EventFrame("rejected", "", rejection, None), 0)


def riding(game: Game) -> list[tuple[int, tuple[int, ...]]]:
    """Generation and ids of the packets that are to be sent."""
    return [(packet.generation, packet.ids) for packet in game.replica.take()]


def test_a_command_travels_with_its_id_and_one_without_says_so() -> None:
    game = Game()
    game.begin()
    game.replica.command(GO, 7)
    game.replica.command(GO)
    game.turn()
    while game.replica.play(0, hurry=True):
        pass
    (packet,) = game.replica.take()
    assert (packet.commands, packet.ids) == ((GO, GO), (7, 0))


def test_what_has_ids_is_sent_again_though_a_packet_of_its_turn_was_heard() -> None:
    """That packet may be another program's."""
    game = Game()
    game.begin()
    game.replica.command(GO, 7)
    game.turn()
    assert game.play() == [3]
    game.replica.lost()
    game.welcome(heard=5, seq=game.seq + 1, generation=2)
    game.turn()
    game.turn()
    assert riding(game)[0] == (3, (7,))


def test_a_command_that_the_room_never_had_rides_in_the_next_packet() -> None:
    game = Game()
    game.begin()
    for id_ in (7, 8):
        game.replica.command(GO, id_)
    game.turn()
    assert game.play() == [3]
    assert not said(game, 3, 1, "too_late")
    game.turn()
    while game.replica.play(0, hurry=True):
        pass
    assert riding(game) == [(4, (8,))]
    assert not game.replica.refusals


def test_the_room_names_it_after_its_turn_was_confirmed() -> None:
    game = Game()
    game.begin()
    game.replica.command(GO, 7)
    for _ in range(3):
        game.turn()
        game.play()
    assert not said(game, 3, 0, "too_late")
    assert game.replica.waiting == 1


def test_a_command_that_the_room_had_already_is_no_refusal() -> None:
    game = Game()
    game.begin()
    game.replica.command(GO, 7)
    game.turn()
    game.play()
    assert not said(game, 3, 0, "repeated_command")
    assert not game.replica.refusals


def test_the_commands_of_a_packet_that_came_too_late_ride_later() -> None:
    game = Game()
    game.begin()
    game.replica.command(GO, 7)
    game.turn()
    assert game.play() == [3]
    assert not said(game, 3, None, "too_late")
    game.turn()
    while game.replica.play(0, hurry=True):
        pass
    assert riding(game) == [(4, (7,))]


def test_what_nobody_remembers_is_told_as_a_refusal() -> None:
    game = Game()
    game.begin()
    assert said(game, 1, 0, "too_late")
    assert said(game, 99, 3, "too_late")
    assert [one.generation for one in game.replica.refusals] == [1, 99]
