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
    """A length of time, written as in room files; in milliseconds."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if (ms := words.milliseconds(value)) is None:
            self.fail(f"{value!r} is not a length of time like 30s, 2m or 1h", param, ctx)
        if ms > WAIT_MS_MAX:
            self.fail(f"{value} is longer than {words.duration(Duration(WAIT_MS_MAX, 'ms'))}")
        return ms


@click.command(
    epilog="""
    \b
    On this machine, to try it out:
      gameroom serve
    \b
    Behind a proxy that speaks HTTPS for https://play.example:
      gameroom serve --data /var/lib/gameroom --create-key-file /etc/gameroom/keys \\
        --origin https://play.example --proxy 127.0.0.1

    docs/server.md tells the rest.
    """
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8080,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for journals, engines and sessions; made where it is not. Without it "
    "everything is in memory and gone when the server stops.",
)
@click.option(
    "--wait",
    "wait_ms",
    type=Length(),
    metavar="TIME",
    help="How long to wait for another server that uses the data folder to stop, like 30s or 2m; "
    "then this one starts. Without it this one gives up at once.",
)
@click.option(
    "--create-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the keys that open /create: one per line, 16 characters or more. Keys are "
    "also read from the environment variable GAMEROOM_CREATE_KEYS. With neither, on loopback "
    "only, a key is made for this run and printed.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="An origin under which browsers reach this server, like https://play.example; may be "
    "given more than once. Pages of others are refused. Loopback needs none.",
)
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    help="Address of a proxy in front of this server, like 127.0.0.1; its X-Forwarded-For says "
    "whom the limits per address are for.",
)
@click.option(
    "--durability",
    type=click.Choice(["process", "disk"]),
    default="process",
    show_default=True,
    help="What an answered turn outlives: this process, killed at any point (a power cut takes "
    "the last 100 ms at most), or also the power. `disk` costs latency.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What is logged, to standard error.",
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

    It serves the rooms' sockets, the pages to join them and the resources described at
    /openapi.json and /asyncapi.json. Ctrl-C or SIGTERM stops it: every client is told
    to come back, and with --data every room goes on where it was when it starts again.
    """
    from gameroom.server.config import Config, ConfigError, create_keys, read_create_keys
    from gameroom.server.serve import run
    from gameroom.store import FolderInUseError

    if wait_ms is not None and data is None:
        raise click.UsageError("--wait goes with --data")

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
        click.echo(f"gameroom listens on {address}")
        if made is not None:
            click.echo(f"create key of this run: {made}")

    def waiting(error: FolderInUseError) -> None:
        assert wait_ms is not None
        length = words.duration(Duration(wait_ms, "ms"))
        click.echo(f"{error}: waiting up to {length} for it to stop", err=True)

    try:
        run(config, listening, wait_s=(wait_ms or 0) / 1000, waiting=waiting)
    except FolderInUseError as error:
        advice = "" if wait_ms else "; --wait 30s waits for it to stop"
        click.echo(f"gameroom cannot serve: {error}{advice}", err=True)
        return EXIT_FINDINGS
    except OSError as error:
        click.echo(f"gameroom cannot serve: {error}", err=True)
        return EXIT_FINDINGS
    return 0
