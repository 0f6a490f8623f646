"""The tricks of careless, curious and malicious people. Each is one function on a bot.

It knows bots and packets. A trick can harm its own player. The invariants say that it must not harm
others.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from msgspec.structs import replace

from gameroom.lockstep.packets import ClientPacket, Command
from gameroom.lockstep.turns import HOLES_MAX
from gameroom.room import inputs
from gameroom.simulator import dice as chance
from gameroom.simulator.bots import Bot

Trick = Callable[[Bot], None]

FLOOD_PACKETS = 60


def reload(bot: Bot) -> None:
    bot.reload()


def duplicate(bot: Bot) -> None:
    """Two tabs of one session: each sends the commands that waited in the first."""
    bot.story(bot.user, "continues in another tab")
    bot.server.stats["copies"] += 1
    bot.duplicate()


def freeze(bot: Bot) -> None:
    """The tab hangs: it plays nothing and sends nothing."""
    bot.frozen_until = bot.clock.now + bot.dice.between(100, 5_000)
    bot.server.stats["silences"] += 1
    bot.pump()


def go_away(bot: Bot) -> None:
    """Go away, sometimes for longer than the room waits."""
    bot.hang_up()
    bot.away_until = bot.clock.now + bot.dice.pick((2_000, 15_000, 65_000))
    bot.dial()


def leave(bot: Bot) -> None:
    if bot.dice.below(6) == 0:
        bot.ask(inputs.Leave())


def twice(bot: Bot) -> None:
    """The same packet again. This is allowed, and must change nothing."""
    if bot.last is not None:
        bot.send(bot.last)


def early(bot: Bot) -> None:
    """A packet for a generation far in the future."""
    far = bot.replica.generation + bot.dice.between(12, 1_000_000)
    bot.send(ClientPacket(far, _commands(bot)))


def old(bot: Bot) -> None:
    """A packet for a generation that was closed long ago."""
    back = bot.dice.between(1, HOLES_MAX + 8)
    bot.send(ClientPacket(max(1, bot.replica.generation - back), _commands(bot)))


def other(bot: Bot) -> None:
    """A different packet for a generation that was already sent. The first one counts."""
    if bot.last is not None:
        bot.send(replace(bot.last, commands=_commands(bot), ids=()))


def foreign(bot: Bot) -> None:
    """A packet from a user who is not in the room."""
    stranger = bot.dice.pick(("nobody", "", bot.user + "x"))
    bot.server.receive(stranger, ClientPacket(bot.replica.generation + 1, _commands(bot)))


def unfit(bot: Bot) -> None:
    """A command that does not fit its type, among valid ones."""
    good = _commands(bot)
    for declared in bot.room.commands:
        body = chance.spoiled(declared.fields, bot.dice)
        if body is not None:
            said = (*good, Command(declared.name, body), *good)
            bot.send(ClientPacket(bot.replica.generation + bot.replica.ahead + 1, said))
            return


def flood(bot: Bot) -> None:
    """Many packets at once, for all kinds of generations."""
    bot.server.stats["floods"] += 1
    for _ in range(FLOOD_PACKETS):
        generation = max(1, bot.replica.generation + bot.dice.between(-70, 12))
        bot.send(ClientPacket(generation, _commands(bot)))


def ask(bot: Bot) -> None:
    """Any request, chat or setting, even if it is not allowed now."""
    room, dice = bot.room, bot.dice
    what = dice.below(4)
    if what == 0 and room.settings:
        setting = dice.pick(room.settings)
        bot.ask(inputs.Configure({setting.name: chance.value(setting.type, dice)}))
    elif what == 1:
        bot.ask(inputs.Say("well played"))
    elif room.requests:
        bot.press()


def waver(bot: Bot) -> None:
    """Ready, not ready, loaded or refused, mostly at the wrong time."""
    wishes: tuple[inputs.Packet, ...] = (
        inputs.Ready(ready=False),
        inputs.Ready(),
        inputs.Load(),
        inputs.Load(("no",)),
    )
    bot.ask(bot.dice.pick(wishes))


def poison(bot: Bot) -> None:
    """A forged state for a snapshot, requested or not."""
    every = max(1, bot.policy.snapshots_every)
    generation = max(every, bot.replica.generation // every * every)
    if bot.dice.below(2):
        bot.ask(inputs.HaveState(generation, sha256(b"[13]").hexdigest(), 4))
    bot.ask(inputs.with_hash(generation, b"[13]"))


FAIR: tuple[Trick, ...] = (
    reload,
    duplicate,
    freeze,
    go_away,
    twice,
    ask,
    ask,
    waver,
    foreign,
    leave,
)
"""Tricks that honest people do too, or that harm nobody."""

FOUL: tuple[Trick, ...] = (early, old, other, unfit, flood, poison)
"""Tricks that a correct replica never does. They can harm the bot's own seat."""


def _commands(bot: Bot) -> tuple[Command, ...]:
    room, dice = bot.room, bot.dice
    if not room.commands:
        return ()
    chosen = [dice.pick(room.commands) for _ in range(dice.below(3))]
    return tuple(Command(one.name, chance.body(one.fields, dice)) for one in chosen)
