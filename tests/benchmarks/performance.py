"""Measure what games cost and write docs/performance.md: `make performance`.

Runs `gameroom bench` for the games of the page, one after the other, and keeps the reports in
docs/performance/results.json. The page and its plots are made from that file alone, so a test can
hold them to it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "performance"
RESULTS = FOLDER / "results.json"
PAGE = DOCS / "performance.md"
TEMPLATE = Path(__file__).with_name("performance_page.txt")

Report = dict[str, Any]


class Game(NamedTuple):
    """What is played. text: bytes of text in each command."""

    rooms: int
    seats: int
    watchers: int = 0
    text: int = 16
    wire: str = "msgpack"

    @property
    def key(self) -> str:
        return f"{self.rooms}x{self.seats}+{self.watchers} {self.text} {self.wire}"

    @property
    def options(self) -> list[str]:
        named = {"rooms": self.rooms, "seats": self.seats, "watchers": self.watchers}
        made = [f"--{name}={value}" for name, value in {**named, "text": self.text}.items()]
        return [*made, f"--wire={self.wire}"]


PROFILES = {
    "200 rooms of 4": Game(200, 4),
    "60 rooms of 4": Game(60, 4),
    "60 rooms of 4, JSON": Game(60, 4, wire="json"),
    "30 rooms of 8": Game(30, 8),
    "8 players and 192 watchers": Game(1, 8, 192),
}


class Plot(NamedTuple):
    """One cost against one size. figure: of the reports; label: of the axis across."""

    name: str
    title: str
    label: str
    figure: str
    games: tuple[tuple[int, Game], ...]


PACKET, FRAME = "cpu_us_packet", "cpu_us_frame"
PLOTS = (
    Plot(
        "rooms", "More rooms", "rooms of 4 players", PACKET,
        tuple((n, Game(n, 4)) for n in (10, 30, 60, 120, 200)),
    ),
    Plot(
        "seats", "Larger rooms", "players in each of 12 rooms", PACKET,
        tuple((n, Game(12, n)) for n in (2, 4, 8, 16, 32)),
    ),
    Plot(
        "watchers", "More watchers", "watchers of one game of 8", FRAME,
        tuple((n, Game(1, 8, n)) for n in (0, 48, 96, 192)),
    ),
    Plot(
        "text", "Larger packets", "bytes of text in each command", PACKET,
        tuple((n, Game(60, 4, text=n)) for n in (16, 128, 256, 512)),
    ),
)  # fmt: skip

SERVERS = {"gameroom": "gameroom", "relay": "bare relay", "node": "relay in node"}


def games() -> Iterator[Game]:
    """Every game of the page, once."""
    yield from dict.fromkeys(
        (*PROFILES.values(), *(game for plot in PLOTS for _, game in plot.games))
    )


# -- measuring ---------------------------------------------------------------------------------


def measured(game: Game, pairs: int, options: Sequence[str]) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = [str(Path(sys.executable).with_name("gameroom")), "bench", *game.options]
        command += [f"--pairs={pairs}", *options, f"--json={path}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        report: Report = json.loads(path.read_bytes())
        return report


# -- the page ----------------------------------------------------------------------------------


def middle(report: Report, figure: str, kind: str) -> float | None:
    found = report["figures"][figure].get(kind)
    return None if found is None else float(found["median"])


def ratio(report: Report, figure: str, to: str = "relay") -> str:
    found = report["ratios"][figure].get(f"gameroom/{to}")
    return (
        ""
        if found is None
        else f"{found['median']:.2f} ({found['low']:.2f} to {found['high']:.2f})"
    )


def number(value: float | None, digits: int = 1) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def page(results: dict[str, Report]) -> str:
    """docs/performance.md."""
    first = next(iter(results.values()))
    machine, plan = first["machine"], first["plan"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return TEMPLATE.read_text(encoding="utf-8").format(
        machine=f"{machine['processor']}, {machine['cores']} cores, {machine['system']}",
        versions=versions,
        pairs=plan["pairs"],
        seconds=f"{plan['seconds']:g}",
        profiles="\n".join(_profile(name, results[game.key]) for name, game in PROFILES.items()),
        plots="\n\n".join(_section(plot, results) for plot in PLOTS),
        commands="\n".join(
            f"gameroom bench {' '.join(game.options)}" for game in PROFILES.values()
        ),
    )


def _profile(name: str, report: Report) -> str:
    figure = FRAME if "watchers" in name else PACKET
    cells = [
        f"{name}{', for each frame' if figure == FRAME else ''}",
        number(middle(report, figure, "gameroom")),
        number(middle(report, figure, "relay")),
        number(middle(report, figure, "node")),
        ratio(report, figure),
        number(middle(report, "p99_ms", "gameroom")),
        number(middle(report, "core_percent", "gameroom"), 0),
        number(middle(report, "memory_mb", "gameroom"), 0),
    ]
    return f"| {' | '.join(cells)} |"


def _section(plot: Plot, results: dict[str, Report]) -> str:
    unit = "frame sent" if plot.figure == FRAME else "client packet"
    lines = [
        f"### {plot.title}",
        "",
        f"![Processor time for each {unit}, by {plot.label}](performance/{plot.name}.svg)",
        "",
        f"| {plot.label[0].upper()}{plot.label[1:]} | gameroom, us for each {unit} "
        "| bare relay, us | ratio |",
        "|---|---|---|---|",
    ]
    for size, game in plot.games:
        report = results[game.key]
        ours, theirs = (middle(report, plot.figure, kind) for kind in ("gameroom", "relay"))
        lines.append(
            f"| {size} | {number(ours)} | {number(theirs)} | {ratio(report, plot.figure)} |"
        )
    return "\n".join(lines)


# -- plots -------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 320, 56, 48, 24, 120
STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #56616b; }
.axis { stroke: #7d8892; } .grid { stroke: #d3d9de; }
path { fill: none; stroke-width: 2; }
.gameroom path { stroke: #0072b2; } .gameroom circle, .gameroom text { fill: #0072b2; }
.relay path { stroke: #8a5a00; } .relay circle, .relay text { fill: #8a5a00; }
.node path { stroke: #009e73; } .node circle, .node text { fill: #00795a; }
@media (prefers-color-scheme: dark) {
text { fill: #aab4bd; } .axis { stroke: #7d8892; } .grid { stroke: #3a434b; }
.gameroom path { stroke: #56b4e9; } .gameroom circle, .gameroom text { fill: #56b4e9; }
.relay path { stroke: #e69f00; } .relay circle, .relay text { fill: #e69f00; }
.node path { stroke: #3fc49a; } .node circle, .node text { fill: #3fc49a; }
}"""


def drawn(plot: Plot, results: dict[str, Report]) -> str:
    """The plot as SVG, which follows the reader's colours."""
    series = {
        kind: [
            (size, value)
            for size, game in plot.games
            if (value := middle(results[game.key], plot.figure, kind)) is not None
        ]
        for kind in SERVERS
    }
    most_x = max(size for size, _ in plot.games)
    most = max(value for points in series.values() for _, value in points)
    step = next(one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500) if most / one <= 6)
    top = step * (int(most // step) + 1)

    def x(size: float) -> float:
        return round(LEFT + size / most_x * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        return round(HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP), 1)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{plot.title}</title>",
        f"<style>{STYLE}</style>",
        f'<text x="{LEFT - 44}" y="14">us</text>',
    ]
    for value in range(0, top + 1, step):
        lines.append(f'<path class="grid" d="M{LEFT} {y(value)}H{WIDTH - RIGHT}"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y(value) + 4}" text-anchor="end">{value}</text>')
    for size, _ in plot.games:
        lines.append(
            f'<text x="{x(size)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{size}</text>'
        )
    lines.append(f'<path class="axis" d="M{LEFT} {y(0)}H{WIDTH - RIGHT}"/>')
    lines.append(f'<text x="{LEFT}" y="{HEIGHT - 8}">{plot.label}</text>')
    for kind, points in series.items():
        if points:
            lines += _line(kind, [(x(size), y(value)) for size, value in points])
    return "\n".join((*lines, "</svg>", ""))


def _line(kind: str, points: Sequence[tuple[float, float]]) -> Iterator[str]:
    yield f'<g class="{kind}">'
    yield f'<path d="M{"L".join(f"{x} {y}" for x, y in points)}"/>'
    for x, y in points:
        yield f'<circle cx="{x}" cy="{y}" r="3"/>'
    x, y = points[-1]
    yield f'<text x="{x + 8}" y="{y + 4}">{SERVERS[kind]}</text>'
    yield "</g>"


# -- all of it ---------------------------------------------------------------------------------


def written(results: dict[str, Report]) -> dict[Path, str]:
    """Every file of the page, by its path."""
    made = {PAGE: page(results)}
    for plot in PLOTS:
        made[FOLDER / f"{plot.name}.svg"] = drawn(plot, results)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=5, help="for a typical game; half for plots")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--no-node", action="store_true")
    parser.add_argument("--write", action="store_true", help="measure nothing, write the page anew")
    args = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    if args.write:
        results = json.loads(RESULTS.read_bytes())
    else:
        options = [f"--seconds={args.seconds}", *(["--no-node"] if args.no_node else [])]
        pairs = {game: max(1, args.pairs // 2) for game in games()}
        pairs |= dict.fromkeys(PROFILES.values(), args.pairs)
        minutes = sum(pairs.values()) * (2 if args.no_node else 3) * (args.seconds + 5) / 60
        sys.stderr.write(f"{len(pairs)} games, about {minutes:.0f} minutes\n")
        results = {}
        for count, (game, many) in enumerate(pairs.items(), 1):
            sys.stderr.write(f"{count} of {len(pairs)}: {game.key}\n")
            results[game.key] = measured(game, many, options)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for path, text in written(results).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
