"""`gameroom test`: run the scenarios of room files, print what came of them."""

from __future__ import annotations

import click

from gameroom.cli import EXIT_FINDINGS, files


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom test rooms/                        every room file below a folder\n"
    "  gameroom test --coverage my.room            what did no scenario reach?\n"
    '  gameroom test --only "lag" --verbose my.room\n\n'
    "Exit codes: 0 all pass, 1 a scenario fails, a file has problems or too little is"
    " covered, 2 usage, 3 our own fault."
)
@click.argument("files_", nargs=-1, required=True, metavar="FILE...")
@click.option("--only", default="", metavar="TEXT", help="Only scenarios with this in their name.")
@click.option("--coverage", is_flag=True, help="List the states and transitions never reached.")
@click.option(
    "--coverage-min",
    type=click.IntRange(0, 100),
    metavar="PERCENT",
    help="Fail where a file's scenarios reach less of its states and transitions.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Stories for people, or JSON for programs.",
)
@click.option("--verbose", "-v", is_flag=True, help="Print every line and where it led.")
@click.option(
    "--name",
    default="stdin.room",
    show_default=True,
    help="What standard input is called; a name ending in .yaml is read as YAML.",
)
def test(
    files_: tuple[str, ...],
    only: str,
    coverage: bool,
    coverage_min: int | None,
    form: str,
    verbose: bool,
    name: str,
) -> int:
    """Run the scenarios of room files.

    A FILE is a .room or .room.yaml file, a folder that is searched for them, or - for
    standard input. The scenarios run on the room that the server runs, under a clock of
    their own: no server is started and no time is spent waiting.

    A failure shows the line, where the room was instead, what happened before it, and why
    every transition that was asked said no. docs/scenarios.md is the guide.
    """
    from gameroom.scenario import report as scenario_report
    from gameroom.scenario import run_suite

    suites = []
    for path in files.found(files_):
        shown = name if path == files.STDIN else str(path)
        suites.append(run_suite(files.load(path, files.read(path), shown), shown, only))
    if form == "json":
        click.echo(scenario_report.as_json(suites))
    else:
        wanted = coverage or coverage_min is not None
        click.echo(scenario_report.text(suites, verbose=verbose, with_coverage=wanted))
    poor = [
        suite.name
        for suite in suites
        if suite.reached is not None and suite.reached.percent < (coverage_min or 0)
    ]
    for each in poor:
        click.echo(f"{each}: less than {coverage_min}% is covered", err=True)
    bad = poor or any(suite.failed or suite.reached is None for suite in suites)
    return EXIT_FINDINGS if bad else 0
