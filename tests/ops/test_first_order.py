"""First-order gradients under a cotangent without pattern, against derivatives by numbers alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import DIFFERENTIABLE, assert_close, function, gradients, share, traced, weights

from tinygrad_cn.op import registry
from tinygrad_cn.testing import complex_step, four_point


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
@share(2)
@given(data=st.data())
def test_gradients(case, data):
    sample = data.draw(case.samples)
    run = function(case, sample)
    with np.errstate(all="ignore"):
        cotangent = weights(run(*sample.arrays))
    _, _, found = gradients(case, sample, cotangent)
    oracle, rtol = (complex_step, 1e-12) if case.analytic else (four_point, 1e-7)
    for i, g in zip(traced(case, sample), found, strict=True):
        with np.errstate(all="ignore"):
            expected = oracle(run, sample.arrays, cotangent, i)
        assert_close(g._array, expected, rtol, f"{case} with respect to input {i}")


def test_every_input_with_a_rule_is_reached():
    """Lest an op's case draws, by mistake, no array for one of its inputs."""
    assert all(registry[case.op].rules or registry[case.op].joint for case in DIFFERENTIABLE)
