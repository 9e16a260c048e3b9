"""The code on the pages about training runs as it stands there."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page):
    return re.findall(r"^```python\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def code(block):
    """A block without its comments, and with spaces as they come."""
    return [line.partition("  #")[0].rstrip() for line in block.splitlines()]


def test_the_english_page(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "training.md"}
    for block in blocks("training.md"):
        exec(block, names)
    assert (tmp_path / "run" / "curves.png").exists()


def test_the_chinese_page_has_the_same_code():
    assert [code(block) for block in blocks("training.zh.md")] == [code(block) for block in blocks("training.md")]
