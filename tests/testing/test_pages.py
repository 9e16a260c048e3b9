"""The code on the pages about gradient checking runs as it stands there."""

import pytest
from pages import code, run


def test_the_english_page():
    pytest.importorskip("hypothesis")
    names = run("gradcheck.md")
    assert names["report"].faults


def test_the_chinese_page_has_the_same_code():
    assert code("gradcheck.zh.md") == code("gradcheck.md")
