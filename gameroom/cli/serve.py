"""`gameroom serve`: the server for operators."""

from __future__ import annotations

import logging
import os
import secrets
from dataclasses import replace
from pathlib import Path

import click

from gameroom.cli import EXIT_FINDINGS
from gameroom.model import Duration, words

WAIT_MS_MAX = 24 * 3_600_000


class Length(click.ParamType[int]):
    """A duration, written as in room files and converted to milliseconds."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if (ms := words.milliseconds(value)) is None:
            self.fail(f"{value!r} is not a time such as 30s, 2m or 1h", param, ctx)
        if ms > WAIT_MS_MAX:
            self.fail(f"{value} is longer than {words.duration(Duration(WAIT_MS_MAX, 'ms'))}")
        return ms


@click.command(
    epilog="""
    \b
    To try it on this machine:
      gameroom serve
    \b
    Behind a proxy that serves HTTPS for https://play.example:
      gameroom serve --data /var/lib/gameroom --create-key-file /etc/gameroom/keys \\
        --origin https://play.example --proxy 127.0.0.1

    See docs/server.md for details.
    """
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 for any free port.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for journals, engines and sessions; created if missing. Without it, "
    "everything is kept in memory and lost when the server stops.",
)
@click.option(
    "--wait",
    "wait_ms",
    type=Length(),
    metavar="TIME",
    help="If another server is using the data folder, wait up to this long for it to stop, such as "
    "30s or 2m. By default, exit at once.",
)
@click.option(
    "--create-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the keys for creating rooms: one per line, 16 characters or more. The server "
    "also reads keys from the environment variable GAMEROOM_CREATE_KEYS. If there are no keys and "
    "the server listens on loopback only, it creates a random key for this run and prints it.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="An origin at which browsers reach this server, such as https://play.example. You can "
    "give this option more than once. Pages from other origins are refused. Not needed on "
    "loopback.",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    help="Address of a proxy in front of this server, such as 127.0.0.1. The server then reads the "
    "client's address, which it needs for limits, from the X-Forwarded-For header. You can give "
    "this option more than once.",
)
@click.option(
    "--durability",
    type=click.Choice(["process", "disk"]),
    default="process",
    show_default=True,
    help="What a confirmed turn survives. `process`: a server crash (a power failure loses up to "
    "100 ms). `disk`: a power failure too. `disk` adds latency.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="The lowest level to log to standard error.",
)
def serve(
    host: str,
    port: int,
    data: Path | None,
    wait_ms: int | None,
    create_key_file: Path | None,
    origins: tuple[str, ...],
    proxies: tuple[str, ...],
    durability: str,
    log_level: str,
) -> int:
    """Run the server.

    The server serves the rooms, their pages and the API described at /openapi.json and
    /asyncapi.json. To stop it, press Ctrl-C or send SIGTERM. When you start it again, clients
    reconnect, and with --data every room continues where it stopped.
    """
    from gameroom.server.config import Config, ConfigError, create_keys, read_create_keys
    from gameroom.server.serve import run
    from gameroom.store import FolderInUseError

    if wait_ms is not None and data is None:
        raise click.UsageError("--wait needs --data")

    logging.basicConfig(
        level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    made = None
    try:
        keys = read_create_keys(create_key_file, os.environ)
        config = Config(
            host=host,
            port=port,
            data=data,
            create_keys=keys,
            origins=origins,
            proxies=proxies,
            durability="disk" if durability == "disk" else "process",
        )
        if not keys:
            made = secrets.token_urlsafe(24)
            config = replace(config, create_keys=create_keys(made))
    except ConfigError as error:
        raise click.UsageError(str(error)) from error

    def listening(address: str) -> None:
        click.echo(f"gameroom is listening on {address}")
        if made is not None:
            click.echo(f"create key for this run: {made}")

    def waiting(error: FolderInUseError) -> None:
        assert wait_ms is not None
        length = words.duration(Duration(wait_ms, "ms"))
        click.echo(f"{error}: waiting up to {length} for it to stop", err=True)

    try:
        run(config, listening, wait_s=(wait_ms or 0) / 1000, waiting=waiting)
    except FolderInUseError as error:
        advice = "" if wait_ms else "; use --wait 30s to wait for it to stop"
        click.echo(f"gameroom cannot serve: {error}{advice}", err=True)
        return EXIT_FINDINGS
    except OSError as error:
        click.echo(f"gameroom cannot serve: {error}", err=True)
        return EXIT_FINDINGS
    return 0
