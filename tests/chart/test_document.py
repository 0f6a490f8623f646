"""Everything that docs/chart.md shows runs as shown, from the top to the bottom."""

import re
from pathlib import Path

CHART = Path(__file__).parents[2] / "docs" / "chart.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = 5


def test_the_page_runs():
    text = CHART.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) == BLOCKS
    names = {}
    for block in blocks:
        before = "\n" * text.count("\n", 0, block.start(1))
        exec(compile(before + block.group(1), str(CHART), "exec"), names)
