"""The suite as the judge: the test functions of tests/ops, called as they stand for the cases of one op."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, Verbosity, settings
from hypothesis.reporting import with_reporter

TESTS = Path(__file__).parents[1]

#: In the order in which they are asked: those that notice most come first.
MODULES = (
    "test_first_order",
    "test_second_order",
    "test_calls",
    "test_zero_cotangent",
    "test_symmetric",
    "test_complements",
    "test_series",
    "test_dtypes",
    "test_purity",
)


def _prepare() -> None:
    """The profile of ``make test``, without the search for the smallest example of a failure."""
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    importlib.import_module("conftest")
    settings.register_profile(
        "mutants",
        settings.get_profile("ci"),
        phases=[Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
    )
    settings.load_profile("mutants")


def _parameters(test: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """What ``pytest.mark.parametrize`` would call the test with."""
    tables = []
    for mark in getattr(test, "pytestmark", ()):
        if mark.name != "parametrize":
            continue
        names, values = mark.args[:2]
        names = [n.strip() for n in names.split(",")] if isinstance(names, str) else list(names)
        tables.append([dict(zip(names, v if len(names) > 1 else (v,), strict=True)) for v in values])
    if tables:
        for row in itertools.product(*tables):
            yield {name: value for part in row for name, value in part.items()}


#: Tests of what all ops have in common, asked last.
GENERAL = {"core.test_kinks": ("test_row", "test_recorded", "test_where_stays_zero_at_higher_orders")}


def differentiable() -> list[str]:
    """The names of the ops that have rules and a test case that can run here."""
    _prepare()
    cases = importlib.import_module("tinygrad_cn.testing.op_cases")
    registry = importlib.import_module("tinygrad_cn.op").registry
    tested = {case.op for case in cases.CASES}
    return [name for name, op in registry.items() if (op.rules or op.joint is not None) and name in tested]


class Suite:
    """The tests of each op, by its name."""

    def __init__(self) -> None:
        _prepare()
        cases = importlib.import_module("tinygrad_cn.testing.op_cases")
        registry = importlib.import_module("tinygrad_cn.op").registry
        self.tests: dict[str, list[tuple[Callable[..., Any], dict[str, Any]]]] = {}
        for name in MODULES:
            module = importlib.import_module(f"ops.{name}")
            for key, test in vars(module).items():
                if not key.startswith("test_"):
                    continue
                for given in _parameters(test):
                    for value in given.values():
                        op = value.op if isinstance(value, cases.Case) else value
                        if isinstance(op, str) and op in registry:
                            self.tests.setdefault(op, []).append((test, given))

        self.general = [
            (test, given)
            for name, tests in GENERAL.items()
            for test in (getattr(importlib.import_module(name), key) for key in tests)
            for given in _parameters(test)
        ]

    def judge(self, ops: tuple[str, ...]) -> str:
        """The name of the first test that fails for one of ``ops``, or nothing."""
        with with_reporter(lambda text: None):
            for test, given in itertools.chain(*(self.tests.get(op, ()) for op in ops), self.general):
                try:
                    test(**given)
                except pytest.skip.Exception:
                    continue
                except Exception:
                    return f"{test.__module__.rpartition('.')[2]}.{test.__name__}"
        return ""
