"""Write the files of this release that later releases have to read: `python -m tests.formats.make`.

They stand in `kept/`: a journal of a room in which two people play, and the replay of the same
game when it was over. The room, its people and its time are virtual, so that two runs give the
same bytes. Until 0.1 whoever changes a format runs this again and says so in the changelog;
from then on the files of a release stay, and those of the next one are added.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from gameroom.lockstep.packets import MasterPacket
from gameroom.roomfile import event_of
from gameroom.store import record
from tests.replay.games import Game, play

KEPT = Path(__file__).with_name("kept")
JOURNAL = KEPT / "noughts.journal"
REPLAY = KEPT / "noughts.replay"
STOPPED_AFTER = 20
"""The turn after which the journal's server was stopped."""


def journal(game: Game) -> bytes:
    """The journal as it was after a turn."""
    data = bytearray(record.MAGIC + record.header_record(game.header))
    for entry in game.entries:
        data += record.entry_record(entry)
        body = event_of(entry, game.codec).body
        if isinstance(body, MasterPacket) and body.generation == STOPPED_AFTER:
            break
    return bytes(data)


def main() -> None:
    game = play()
    # The view is the larger half of the file, and nobody looks at it here.
    seen = replace(game.code, view=None)
    game = replace(game, header=replace(game.header, view=None), code=seen)
    KEPT.mkdir(exist_ok=True)
    JOURNAL.write_bytes(journal(game))
    REPLAY.write_bytes(game.bytes())
    for path in (JOURNAL, REPLAY):
        sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()
