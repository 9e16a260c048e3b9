"""Pages of docs/ whose Python blocks run, and whose Chinese twins have the same code."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def blocks(page):
    """The Python blocks of a page, in order."""
    return re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def run(page):
    """Run the blocks one after the other, as a reader types them; the names that they leave."""
    names = {"__name__": page}
    for block in blocks(page):
        exec(block, names)
    return names


def code(page):
    """The blocks without their comments, and with spaces as they come."""
    return [[line.partition("  #")[0].rstrip() for line in block.splitlines()] for block in blocks(page)]
