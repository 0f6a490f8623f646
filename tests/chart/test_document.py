"""Everything that docs/chart.md shows runs as shown, from the top to the bottom."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

from gameroom.chart.people import ABSENCES
from gameroom.model import Act
from gameroom.model.words import listed

CHART = Path(__file__).parents[2] / "docs" / "chart.md"
TEXT = CHART.read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = 5


def test_the_page_runs():
    blocks = list(BLOCK.finditer(TEXT))
    assert len(blocks) == BLOCKS
    names = {}
    for block in blocks:
        before = "\n" * TEXT.count("\n", 0, block.start(1))
        exec(compile(before + block.group(1), str(CHART), "exec"), names)


def test_what_the_room_has_to_carry_out_is_told_in_full():
    """All actions but those that the chart does by itself, and what closes a ballot."""
    verbs = get_args(get_type_hints(Act)["verb"])
    done = [verb for verb in verbs if verb not in ("set", "raise")]
    assert f"the room has to carry out {listed([*done, 'close'], 'or')} |" in TEXT


def test_the_flags_of_absence_are_told_in_full():
    asked = ", ".join(f"`{flag}`" for flag in sorted(ABSENCES))
    assert f"about absence ({asked})" in TEXT
