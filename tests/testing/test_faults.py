"""Who checks the checker: every seeded fault is caught and named, and the right gradients pass."""

from functools import cache

import numpy as np
import pytest
from testing.faults import BASES, FAULTS, SECOND_ORDER

from tinygrad_cn.testing import FunctionTarget, check_target, gradcheck, gradgradcheck


def target(function, gradient, count, name):
    return FunctionTarget(
        function, lambda arrays, gs: gradient(arrays, gs[0]), [f"input {i}" for i in range(count)], name=name
    )


@cache
def report_of(fault):
    function, gradient = fault.make()
    arrays = [a.copy() for a in fault.base.inputs]
    with np.errstate(all="ignore"):
        return check_target(target(function, gradient, len(arrays), str(fault)), arrays)


@pytest.mark.parametrize("base", BASES, ids=str)
def test_right_gradients_pass(base):
    report = check_target(target(base.function, base.gradient, len(base.inputs), str(base)), base.inputs)
    assert report.passed, str(report)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_faults_are_caught(fault):
    report = report_of(fault)
    assert not report.passed, str(report)


def test_faults_are_named():
    """At least 85 of 100 are called what they are."""
    misnamed = []
    for fault in FAULTS:
        kinds = report_of(fault).kinds
        if not set(fault.kinds) & set(kinds):
            misnamed.append(f"{fault}: {', '.join(kinds)} for {', '.join(fault.kinds)}")
    assert len(misnamed) <= 0.15 * len(FAULTS), "\n".join(misnamed)


@pytest.mark.parametrize("fault", SECOND_ORDER, ids=str)
def test_second_order_faults_are_caught(fault):
    report = gradgradcheck(fault.wrong.apply, fault.tensors(), report=True)
    assert not report.passed, str(report)


@pytest.mark.parametrize("fault", [f for f in SECOND_ORDER if f.mistake.startswith("saved")], ids=str)
def test_second_order_faults_do_not_show_in_the_first_gradient(fault):
    assert gradcheck(fault.wrong.apply, fault.tensors())
    assert gradgradcheck(fault.right.apply, fault.tensors())


def test_there_are_enough():
    assert len(FAULTS) + len(SECOND_ORDER) >= 100
    assert len({str(fault) for fault in FAULTS}) == len(FAULTS)
    assert sum(fault.size <= 1e-5 for fault in FAULTS) >= 5
