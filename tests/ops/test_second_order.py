"""Gradients of gradients, and that recording the sweep changes no bit of the first-order gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import DIFFERENTIABLE, assert_close, function, gradients, share, traced, weights

from tinygrad_cn import Tensor, autograd
from tinygrad_cn.op import registry
from tinygrad_cn.testing import four_point
from tinygrad_cn.testing.op_cases import Sample

TWICE = [case for case in DIFFERENTIABLE if case.order > 1]
RULES_ONLY = [case for case in TWICE if registry[case.op].composite is None]


@pytest.mark.parametrize("case", TWICE, ids=str)
@share(6)
@given(data=st.data())
def test_gradients_of_gradients(case, data):
    """The first gradient is a function of the inputs and of the cotangent: both of its derivatives are checked."""
    sample = data.draw(case.samples)
    with np.errstate(all="ignore"):
        cotangent = weights(function(case, sample)(*sample.arrays))
    several = isinstance(cotangent, tuple)
    places = traced(case, sample)
    gs = [Tensor._wrap(g).requires_grad_() for g in (cotangent if several else (cotangent,)) if g is not None]
    _, leaves, first = gradients(case, sample, tuple(gs), create_graph=True)
    outer = [weights(g._array, 17 + i) for i, g in enumerate(first)]
    traced_first = [(g, w) for g, w in zip(first, outer, strict=True) if g.requires_grad]
    if traced_first:
        found = autograd.grad(
            [g for g, _ in traced_first],
            [*leaves, *gs],
            [Tensor._wrap(w) for _, w in traced_first],
            materialize_grads=True,
        )
    else:  # the first gradient is constant
        found = [Tensor._wrap(np.zeros_like(t._array)) for t in (*leaves, *gs)]

    def first_gradients(*moved):
        arrays = list(sample.arrays)
        for i, array in zip(places, moved, strict=False):
            arrays[i] = array
        return tuple(g._array for g in gradients(case, Sample(tuple(arrays), sample.params), moved[len(places) :])[2])

    point = [*(sample.arrays[i] for i in places), *(g._array for g in gs)]
    for i, g in enumerate(found):
        expected = four_point(first_gradients, point, tuple(outer), i)
        what = f"input {places[i]}" if i < len(places) else "the cotangent"
        assert_close(g._array, expected, 1e-7, f"{case}: the gradient's derivative with respect to {what}")


@pytest.mark.parametrize("case", RULES_ONLY, ids=str)
@share(4)
@given(data=st.data())
def test_recording_the_sweep_changes_no_bit(case, data):
    sample = data.draw(case.samples)
    _, _, plain = gradients(case, sample)
    _, _, recorded = gradients(case, sample, create_graph=True)
    for a, b in zip(plain, recorded, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_array_equal(a._array, b._array)
            assert a._array.dtype == b._array.dtype


@pytest.mark.parametrize(("name", "curvature"), [("logaddexp", 0.25), ("logaddexp2", 0.25 * np.log(2))])
def test_the_sum_of_equal_exponentials_is_curved(name, curvature):
    """Equal numbers are no kink; only of equal infinities is the difference not to be taken."""
    found = autograd.functional.hessian(lambda v: registry[name](v[0], v[1]), Tensor([0.5, 0.5]).double())
    np.testing.assert_allclose(found.numpy(), curvature * np.array([[1, -1], [-1, 1]]))
