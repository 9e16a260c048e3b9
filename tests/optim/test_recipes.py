"""The code of docs/recipes.md runs as it stands there, and its two ways to L1 do what the page says."""

import re
from pathlib import Path

import pytest

import tinygrad_cn as tg

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"


def sections():
    """The code of the page's beginning, and that of each section by its title."""
    text = PAGE.read_text(encoding="utf-8")
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    code = [re.findall(r"^```python\n(.*?)^```$", part, re.DOTALL | re.MULTILINE) for part in parts[::2]]
    return code[0], dict(zip(parts[1::2], code[1:], strict=True))


START, SECTIONS = sections()


def run(*titles):
    names = {}
    for block in [*START, *(block for title in titles for block in SECTIONS[title])]:
        exec(block, names)
    return names


def test_the_whole_page():
    run(*SECTIONS)


@pytest.mark.parametrize("title", list(SECTIONS))
def test_each_section_needs_the_beginning_only(title):
    run(title)


def test_soft_thresholding_gives_zeros_where_the_sub_gradient_does_not():
    first = run("L1 by its sub-gradient")
    second = run("L1 by its sub-gradient", "L1 by soft thresholding")
    zeros = [sum(int((w == 0).sum()) for w in names["weights"]) for names in (first, second)]
    assert zeros[0] == 0
    assert zeros[1] > 100
    threshold = second["soft_threshold_"]
    w = tg.tensor([2.0, -2.0, 0.5, -0.5, 0.0])
    threshold(w, 1.0)
    assert w.tolist() == [1.0, -1.0, 0.0, 0.0, 0.0]
