"""Results: against an independent spelling, the same on raw arrays and on Tensors, and no input is written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import assert_close, call, listed, locked, share, tensors

from tinygrad_cn import Tensor, no_grad
from tinygrad_cn.testing.op_cases import CASES


def left_alone(case, sample):
    """The op on read-only arrays with the same values and strides, which are as before: its result."""
    if case.mutates:
        return call(case, sample, [a.copy() if isinstance(a, np.ndarray) else a for a in sample.arrays])
    before = [a.copy() if isinstance(a, np.ndarray) else a for a in sample.arrays]
    result = call(case, sample, [locked(a) if isinstance(a, np.ndarray) else a for a in sample.arrays])
    for a, b in zip(sample.arrays, before, strict=True):
        np.testing.assert_array_equal(a, b, "the op wrote to its input")
    return result


def assert_spelled(case, sample, actual):
    """The result is that of the spelled-out function."""
    expected = call(case, sample, sample.arrays, case.spelled)
    for mine, theirs in zip(listed(actual), listed(expected), strict=True):
        if np.asarray(mine).dtype.kind == "b":
            np.testing.assert_array_equal(mine, theirs)
        else:
            assert_close(mine, theirs, 1e-12, case.op)


def assert_tensors_agree(case, sample, expected):
    """Tensors give what raw arrays give."""
    arguments, _ = tensors(case, sample)
    arguments = [Tensor._wrap(a) if isinstance(a, np.ndarray) else a for a in arguments]
    with no_grad():
        actual = call(case, sample, arguments)
    for mine, raw in zip(listed(actual), listed(expected), strict=True):
        assert isinstance(mine, Tensor) or not any(isinstance(a, Tensor) for a in arguments)
        if isinstance(mine, Tensor):
            assert isinstance(mine._array, np.ndarray), "a Tensor holds an array, never a NumPy scalar"
            assert not mine.requires_grad
            np.testing.assert_array_equal(mine._array, np.asarray(raw))
            assert mine._array.dtype == np.asarray(raw).dtype


@pytest.mark.parametrize("case", CASES, ids=str)
@share(2)
@given(data=st.data())
def test_results(case, data):
    """Three properties at one sample: to draw it costs more than to check them."""
    sample = data.draw(case.samples)
    with np.errstate(all="ignore"):
        result = left_alone(case, sample)
        if case.spelled is not None:
            assert_spelled(case, sample, result)
    assert_tensors_agree(case, sample, result)


@pytest.mark.parametrize("case", [case for case in CASES if not case.order], ids=str)
@share(8)
@given(data=st.data())
def test_results_that_carry_no_gradient_do_not_require_one(case, data):
    sample = data.draw(case.samples)
    arguments = [
        Tensor._wrap(a).requires_grad_(a.dtype.kind == "f") if isinstance(a, np.ndarray) else a for a in sample.arrays
    ]
    out = call(case, sample, arguments)
    assert all(o.grad_fn is None and not o.requires_grad for o in listed(out))
