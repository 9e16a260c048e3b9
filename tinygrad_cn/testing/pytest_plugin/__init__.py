"""The pytest plugin: the fixture ``gradcheck`` and the marker ``@pytest.mark.gradcheck(...)``.

It is installed under a name of its own, ``pytest_tinygrad_cn``, and imports nothing of tinygrad_cn before a test asks
for it: pytest starts no slower where no gradients are checked.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

__all__ = ["gradcheck", "pytest_configure", "pytest_pyfunc_call"]


def pytest_configure(config: Any) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "gradcheck(**options): options of gradcheck for the fixture of that name; a marked test may also return "
        "(function, inputs), whose gradients are then checked",
    )


def _checked(fn: Any, inputs: Any, options: dict[str, Any]) -> Any:
    """The report of a check that passed; a failing one fails the test with the report as the message."""
    __tracebackhide__ = True
    second = options.pop("second", False)
    testing = importlib.import_module("tinygrad_cn.testing")
    report = testing.gradcheck(fn, inputs, report=True, **options)
    if report.passed and second:
        report = testing.gradgradcheck(fn, inputs, report=True, **options)
    if not report.passed:
        pytest.fail(str(report), pytrace=False)
    return report


def _marked(node: Any) -> dict[str, Any]:
    marks = reversed(list(node.iter_markers("gradcheck")))  # the closest one wins
    return {key: value for mark in marks for key, value in mark.kwargs.items()}


@pytest.fixture
def gradcheck(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``gradcheck(fn, inputs, **options)``: fails the test with the report where a gradient is wrong.

    Options are those of `tinygrad_cn.testing.gradcheck`, and ``second=True`` for second gradients; those of the test's
    marker are taken where the call says nothing.
    """

    def check(fn: Any, inputs: Any, **options: Any) -> Any:
        __tracebackhide__ = True
        return _checked(fn, inputs, _marked(request.node) | options)

    return check


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> bool | None:
    """Check what a marked test returns; tests that use the fixture are left to pytest."""
    __tracebackhide__ = True
    if pyfuncitem.get_closest_marker("gradcheck") is None or "gradcheck" in pyfuncitem.fixturenames:
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    found = pyfuncitem.obj(**arguments)
    if found is not None:
        fn, inputs = found
        _checked(fn, inputs, _marked(pyfuncitem))
    return True
