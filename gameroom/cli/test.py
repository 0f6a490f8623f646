"""`gameroom test`: runs the scenarios of room files and prints the results."""

from __future__ import annotations

import click

from gameroom.cli import EXIT_FINDINGS, files


@click.command(
    epilog="\b\nExamples:\n"
    "  gameroom test rooms/                        test every room file in a folder\n"
    "  gameroom test --coverage my.room            list what no scenario reaches\n"
    '  gameroom test --only "lag" --verbose my.room\n\n'
    "Exit codes: 0 all passed, 1 a scenario failed, a file has errors or the coverage"
    " is too low, 2 usage, 3 internal error."
)
@click.argument("files_", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--only", default="", metavar="TEXT", help="Run only scenarios with this text in their name."
)
@click.option(
    "--coverage", is_flag=True, help="List the states and transitions that no scenario reaches."
)
@click.option(
    "--coverage-min",
    type=click.IntRange(0, 100),
    metavar="PERCENT",
    help="Fail if the scenarios of a file reach less of its states and transitions than this.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The output format.",
)
@click.option("--verbose", "-v", is_flag=True, help="Print every step and the states after it.")
@click.option(
    "--name",
    default="stdin.room",
    show_default=True,
    help="The file name of standard input. If it ends in .yaml, the input is read as YAML.",
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

    FILE is a .room or .room.yaml file, a folder that is searched for room files, or - for
    standard input. Scenarios run on the server's own code but with a virtual clock, so no
    server is started and no real time passes.

    For a failed scenario, the output shows the line, the actual state of the room, what
    happened before, and why each transition was not taken. docs/scenarios.md is the guide.
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
        click.echo(f"{each}: coverage is below {coverage_min}%", err=True)
    bad = poor or any(suite.failed or suite.reached is None for suite in suites)
    return EXIT_FINDINGS if bad else 0
