"""A room with every type of field, and packets of it."""

from gameroom import language, model
from gameroom.lockstep.packets import (
    Announcement,
    Body,
    ChartState,
    Chat,
    Checksum,
    Command,
    Diverged,
    Ended,
    Late,
    MasterPacket,
    Moved,
    Moves,
    Refused,
    Repair,
    Roster,
    RosterRow,
    SeatCommands,
    Setup,
)

ROOM = model.RoomFile(
    name="Skirmish",
    doc="Archers.",
    players=model.Range(2, 8),
    spectators=model.Spectators(0, 100, model.Duration(10_000, "ms")),
    teams=(model.Team("red", 1, 4, "The reds."),),
    roles=(model.Role("host", "player"),),
    settings=(
        model.Setting("map", model.ChoiceType(("plains", "islands")), "plains", "Where."),
        model.Setting("waves", model.ListType(model.IntType(0, 9), 0, 3), (1, 2)),
    ),
    commands=(
        model.CommandDeclaration(
            "move",
            (
                model.Field("unit", model.IntType(0, 1499)),
                model.Field("x", model.IntType(-4096, 4095)),
            ),
        ),
        model.CommandDeclaration(
            "group", (model.Field("units", model.ListType(model.IntType(0, 9), 0, 8)),)
        ),
        model.CommandDeclaration("say", (model.Field("text", model.StringType(0, 20)),)),
        model.CommandDeclaration("halt", (model.Field("all", model.BoolType()),)),
        model.CommandDeclaration("stop", ()),
    ),
    requests=(model.Request("vote", (model.Field("choice", model.ChoiceType(("wait", "drop"))),)),),
    signals=(
        model.SignalDeclaration(
            "round_over", (model.Field("winner", model.StringType(1, 16)),), "all"
        ),
    ),
    policies=(
        model.Policy(
            "turns", (model.PolicyEntry("gather", ("within", model.Duration(250, "ms"))),)
        ),
        model.Policy(
            "pace",
            (
                model.PolicyEntry("tick", model.Rate(30)),
                model.PolicyEntry("turn", (model.Duration(50, "ms"), model.Duration(200, "ms"))),
            ),
        ),
        model.Policy("lag", (model.PolicyEntry("pause_after", model.Duration(4_000, "ms")),)),
        model.Policy("snapshots", (model.PolicyEntry("every", model.Duration(40, "turns")),)),
        model.Policy("chat", (model.PolicyEntry("open", "off"),)),
        model.Policy("limits", (model.PolicyEntry("commands_per_turn", 3),)),
    ),
    root=model.State(
        "",
        states=(
            model.State(
                "running", states=(model.State("day", iterates=True, doc="Sun."),), initial="day"
            ),
            model.State("over", kind="final"),
        ),
    ),
)

_archers = language.shipped("archers")
assert _archers is not None
_loaded = language.load(_archers.text, name=_archers.name, resolve=language.shipped).room
assert _loaded is not None
ARCHERS: model.RoomFile = _loaded
"""The shipped game: its orders are the commands that travel most."""

IDLE = MasterPacket(311, 5, 200, 2, checksum=Checksum(308, 0xDEADBEEF))

FULL = MasterPacket(
    generation=312,
    iterations_per_command=5,
    turn_ms=250,
    ahead=3,
    commands=(
        SeatCommands(0, (Command("move", {"unit": 3, "x": -7}), Command("stop"))),
        SeatCommands(4, (Command("group", {"units": [1, 2]}), Command("say", {"text": "grüß"}))),
    ),
    chart=ChartState(
        ("running", "running.day"),
        {"round": 2},
        (Moved(7, "pause", ("running.night",), ("running.day",), "dawn"),),
    ),
    absent=(2,),
    late=(Late(4, 310),),
)

BODIES: tuple[Body, ...] = (
    IDLE,
    FULL,
    Roster(
        (RosterRow(0, "u1", "ann", ("host",), "red", connected=True), RosterRow(1, "u2", "bob")), 3
    ),
    Setup({"map": "plains", "waves": [1, 2]}, "ann"),
    Moves(0, ChartState(("setup", "setup.gathering"))),
    Refused(1, ("no such map",)),
    Diverged(402, (0, 1), False, {0: 1, 1: 2}),
    Repair(403, (1,)),
    Chat("ann", "hello"),
    Announcement("The host is bob now."),
    Ended("over", None),
    Roster((RosterRow(0, "u1", "ann", slow="line"), RosterRow(1, "u2", "bob", slow="engine"))),
)
