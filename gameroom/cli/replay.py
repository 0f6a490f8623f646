"""`gameroom replay`: plays a replay, verifies it, or creates it from a data folder."""

from __future__ import annotations

import json
import threading
import webbrowser
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gameroom.cli import EXIT_FINDINGS
from gameroom.cli.demo import HOST, free_port
from gameroom.cli.ids import TakesIds
from gameroom.formats import RELEASE, writer

if TYPE_CHECKING:
    from aiohttp import web

    from gameroom.replay import ReplayReport

READABLE = click.Path(path_type=Path)


@click.command(
    cls=TakesIds,
    epilog="\b\nExamples:\n"
    "  gameroom replay archers.replay\n"
    "  gameroom replay archers.replay --verify\n"
    "  gameroom replay --from data ROOM --out archers.replay\n\n"
    "Exit codes: 0 played or verified, 1 findings, 2 usage, 3 internal error.",
)
@click.argument("file", metavar="FILE")
@click.option("--verify", "verifies", is_flag=True, help="Verify the file instead of playing it.")
@click.option("--json", "as_json", is_flag=True, help="With --verify: print JSON.")
@click.option(
    "--from",
    "data",
    type=READABLE,
    metavar="DATA",
    help="Write a room's replay, from a server's data folder, to --out. Give the room's id as "
    "FILE.",
)
@click.option(
    "--out", type=READABLE, metavar="FILE", help="With --from: write the replay to this file."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Port for the page; 0 for any free port. By default 8765 or the next free port.",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
def replay(
    file: str,
    verifies: bool,
    as_json: bool,
    data: Path | None,
    out: Path | None,
    port: int | None,
    no_browser: bool,
) -> int:
    """Watch a .replay file in a browser, or verify it.

    --verify reads every record and every event, and runs the engine through all turns. The
    result must be the same as the one that the players agreed on. The engine runs in node, if
    node is on the PATH. Before you verify files from strangers, read docs/replays.md.
    """
    if data is not None:
        if out is None or verifies:
            raise click.UsageError("--from needs --out, the file to write the replay to")
        return _make(data, file, out)
    if out is not None:
        raise click.UsageError("--out needs --from")
    if as_json and not verifies:
        raise click.UsageError("--json needs --verify")
    path = Path(file)
    if not path.is_file():
        raise click.UsageError(f"there is no file {file}")
    if verifies:
        return _verify(path, as_json=as_json)
    return _play(path, port, opens=not no_browser)


# --- Creating ---------------------------------------------------------------------------


def _make(data: Path, room: str, out: Path) -> int:
    from gameroom.replay import NoRoomError, make, rooms
    from gameroom.store import JournalError

    try:
        made = make(data, room, out)
    except NoRoomError as problem:
        known = rooms(data)
        more = (
            f"; the folder contains {', '.join(known[:5])}" if known and room not in known else ""
        )
        raise click.UsageError(f"{problem}{more}") from problem
    except JournalError as problem:
        click.echo(str(problem), err=True)
        return EXIT_FINDINGS
    except OSError as problem:
        raise click.UsageError(f"{out} can't be written: {problem.strerror}") from problem
    click.echo(f"{out}: {_plural(made.entries, 'event')} of {made.header.name}")
    if made.cut is not None:
        click.echo("omitted an unfinished event at the end of the journal", err=True)
    return 0


# --- Verifying --------------------------------------------------------------------------


def _verify(path: Path, *, as_json: bool) -> int:
    from gameroom.replay import verify

    try:
        report = verify(path)
    except OSError as problem:
        raise click.UsageError(f"{path} can't be read: {problem.strerror}") from problem
    if as_json:
        click.echo(json.dumps(as_plain(report), ensure_ascii=False, indent=2))
    else:
        click.echo(as_text(report))
    return 0 if report.ok else EXIT_FINDINGS


def as_plain(report: ReplayReport) -> dict[str, Any]:
    """The report for programs."""
    checks = report.checksums
    return {
        "file": report.file,
        "room": report.room,
        "name": report.name,
        "release": report.release,
        "own_kit": report.own_kit,
        "ok": report.ok,
        "events": report.events,
        "turns": report.turns,
        "ended": report.ended,
        "checksums": {
            "checked": checks.why_not is None,
            "why_not": checks.why_not,
            "agreed": checks.agreed,
            "states": checks.states,
            "until": checks.until,
        },
        "divergences": report.divergences,
        "findings": [asdict(one) for one in report.findings],
        "more": report.more,
    }


def as_text(report: ReplayReport) -> str:
    """The report for people."""
    from gameroom.lockstep.packets import seat_name

    checks = report.checksums
    lines = [f"{report.file}: {finding.detail}" for finding in report.findings]
    lines += [f"{report.file}: {count} more {code}" for code, count in report.more.items()]
    for one in report.divergences:
        right = ", ".join(seat_name(seat) for seat in one["right"]) or "nobody"
        lines.append(
            f"turn {one['generation']}: the players' engines differed; this run has the same"
            f" result as {right}"
        )
    if report.release not in ("", RELEASE):
        lines.append(f"written by {writer(report.release)}; this is gameroom {RELEASE}")
    if not report.own_kit:
        lines.append(f"its engine uses another version of the kit than gameroom {RELEASE}")
    read = f"{_plural(report.events, 'event')}, {_plural(report.turns, 'turn')}"
    lines.append(f"read: {read}, {'ended' if report.ended else 'not ended'}")
    if checks.why_not is not None:
        lines.append(f"checksums: not checked, {checks.why_not}")
    else:
        compared = f"{checks.agreed} agreed and {_plural(checks.states, 'state')}"
        lines.append(f"checksums: {compared} compared, the same up to turn {checks.until}")
    if not report.ok:
        lines.append("not verified")
    elif checks.why_not is not None:
        lines.append("verified, except for the checksums")
    else:
        lines.append("verified")
    return "\n".join(lines)


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


# --- Playing ----------------------------------------------------------------------------


def _play(path: Path, port: int | None, *, opens: bool) -> int:
    from gameroom.server.config import Config
    from gameroom.server.serve import run

    def listening(address: str) -> None:
        click.echo(f"{path.name} is running at {address}/replay?file=1  (press Ctrl-C to stop)")
        if opens:
            page = f"{address}/replay?file=1"
            threading.Thread(target=webbrowser.open, args=(page,), daemon=True).start()

    config = Config(host=HOST, port=free_port() if port is None else port)
    try:
        run(config, listening, lambda app: add_replay(app, path))
    except OSError as error:
        click.echo(f"gameroom cannot serve the page: {error}", err=True)
        return EXIT_FINDINGS
    return 0


def add_replay(app: web.Application, path: Path) -> None:
    """Add `/replay/file`, which serves this file to the page `/replay?file=1`."""
    from aiohttp import web

    from gameroom.server.http.exchange import NO_STORE
    from gameroom.store.replay import MEDIA

    headers = {**NO_STORE, "Content-Type": MEDIA, "Cross-Origin-Resource-Policy": "same-origin"}

    async def file(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers=headers)

    async def home(request: web.Request) -> web.StreamResponse:
        raise web.HTTPSeeOther("/replay?file=1")

    app.router.add_get("/replay/file", file)
    app.router.add_get("/", home)
