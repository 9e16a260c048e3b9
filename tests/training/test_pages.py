"""The code on the pages about training runs as it stands there."""

import pytest
from pages import code, run


def test_the_english_page(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    run("training.md")
    assert (tmp_path / "run" / "curves.png").exists()


def test_the_chinese_page_has_the_same_code():
    assert code("training.zh.md") == code("training.md")
