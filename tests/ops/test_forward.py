"""Results: against an independent spelling, and the same on raw arrays and on Tensors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import assert_close, call, listed, share, tensors

from tinygrad_cn import Tensor, no_grad
from tinygrad_cn.testing.op_cases import CASES

SPELLED = [case for case in CASES if case.spelled is not None]


@pytest.mark.parametrize("case", SPELLED, ids=str)
@share(2)
@given(data=st.data())
def test_the_result_is_that_of_the_spelled_out_function(case, data):
    sample = data.draw(case.samples)
    with np.errstate(all="ignore"):
        expected = call(case, sample, sample.arrays, case.spelled)
        actual = call(case, sample, [a.copy() if isinstance(a, np.ndarray) else a for a in sample.arrays])
    for mine, theirs in zip(listed(actual), listed(expected), strict=True):
        if np.asarray(mine).dtype.kind == "b":
            np.testing.assert_array_equal(mine, theirs)
        else:
            assert_close(mine, theirs, 1e-12, case.op)


@pytest.mark.parametrize("case", CASES, ids=str)
@share(4)
@given(data=st.data())
def test_tensors_give_what_raw_arrays_give(case, data):
    sample = data.draw(case.samples)
    # not copies where it can be helped: NumPy's last bit may depend on the layout
    own = [a.copy() if case.mutates and isinstance(a, np.ndarray) else a for a in sample.arrays]
    with np.errstate(all="ignore"):
        expected = call(case, sample, own)
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
