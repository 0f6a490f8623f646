"""Makes the picture a self-contained file: with a size, and with colors for light and dark.

On our pages, the style sheet of the page sets the colors. This module uses the same colors, and the
same rules as `chart.css`.
"""

from __future__ import annotations

import re

LIGHT = {
    "text": "#1c2126",
    "quiet": "#56616b",
    "surface": "#fbfcfd",
    "raised": "#e9edf0",
    "line": "#d3d9de",
    "strong": "#7d8892",
    "accent": "#0a5fa8",
}
DARK = {
    "text": "#e8ecef",
    "quiet": "#a3aeb8",
    "surface": "#181d22",
    "raised": "#232a31",
    "line": "#37414a",
    "strong": "#74818c",
    "accent": "#6db8f5",
}

RULES = """\
.statechart { background: var(--surface); color: var(--text); max-width: 100%; height: auto }
.statechart rect { stroke: var(--strong) }
.statechart .room > rect { stroke: var(--line) }
.statechart .leaf > rect { fill: var(--raised) }
.statechart .iterates > .name { fill: var(--accent) }
.statechart .label { fill: var(--quiet); paint-order: stroke; stroke: var(--surface);
  stroke-width: 3; stroke-linejoin: round }
.statechart .inner .label { stroke: none }
.statechart .line { stroke: var(--quiet) }
.statechart .head, .statechart .initial { fill: var(--quiet); stroke: none }
.statechart .anchor { stroke: var(--quiet) }"""

_OPENING = re.compile(r'<svg [^>]*viewBox="\S+ \S+ (\d+) (\d+)"')


def standalone(picture: str) -> str:
    """Return the picture with its size in pixels and with a style sheet."""
    opening = _OPENING.match(picture)
    assert opening is not None, "the picture has no view box"
    width, height = opening.groups()
    style = "\n".join(
        [
            "<style>",
            f":root {{ color-scheme: light dark; {_tokens(LIGHT)} }}",
            f"@media (prefers-color-scheme: dark) {{ :root {{ {_tokens(DARK)} }} }}",
            RULES,
            "</style>",
        ]
    )
    head, tail = picture.split(">", 1)
    return f'{head} width="{width}" height="{height}">\n{style}{tail}'


def _tokens(colours: dict[str, str]) -> str:
    return "; ".join(f"--{name}: {colour}" for name, colour in colours.items())
