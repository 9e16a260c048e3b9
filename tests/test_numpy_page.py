"""docs/numpy.md says what the tables say, and its example runs."""

import doctest
import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "docs" / "list_numpy_functions.py"
spec = importlib.util.spec_from_file_location("list_numpy_functions", SCRIPT)
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)


def test_the_page_is_current():
    assert page.PAGE.read_text(encoding="utf-8") == page.text(), "run `make docs` and commit docs/numpy.md"


def test_its_example():
    assert doctest.testfile(str(page.PAGE), module_relative=False).failed == 0
