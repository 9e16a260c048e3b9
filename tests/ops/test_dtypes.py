"""float32 stays float32 and float16 float16: in results, gradients, and gradients of gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import DIFFERENTIABLE, gradients, listed, share, weights

from tinygrad_cn import Tensor, autograd


def kinds(value):
    """The dtypes of all arrays inside ``value``."""
    if isinstance(value, np.ndarray):
        yield value.dtype
    elif isinstance(value, tuple | list):
        for item in value:
            yield from kinds(item)


def assert_kept(case, sample, dtype):
    """Results, gradients and gradients of gradients are of the dtype of the arguments."""
    for create_graph in (False, True):
        out, leaves, first = gradients(case, sample, create_graph=create_graph, dtype=dtype)
        assert {o._array.dtype for o in listed(out) if o._array.dtype.kind == "f"} == {np.dtype(dtype)}
        assert {g._array.dtype for g in first if g is not None} <= {np.dtype(dtype)}
    traced = [g for g in first if g is not None and g.requires_grad]
    if traced and case.order > 1:
        cotangents = [Tensor._wrap(weights(g._array, 5)) for g in traced]
        second = autograd.grad(traced, leaves, cotangents, materialize_grads=True)
        assert {g._array.dtype for g in second} == {np.dtype(dtype)}


def assert_float32_agrees(case, sample):
    """With float64; and what a node keeps alive is as narrow as what it was given."""
    narrow = [a.astype(np.float32) if getattr(a, "dtype", None) == np.float64 else a for a in sample.arrays]
    _, _, exact = gradients(case, sample)
    out, _, single = gradients(case, sample._replace(arrays=tuple(narrow)), retain_graph=True)
    for a, b in zip(single, exact, strict=True):
        if b is not None:
            scale = float(np.max(np.abs(b._array), initial=1.0))
            np.testing.assert_allclose(a._array, b._array, rtol=2e-3, atol=2e-4 * scale)
    for node in (o.grad_fn for o in listed(out) if o.grad_fn is not None):
        saved = node.saved if hasattr(node, "saved") else node.parents[0].saved
        assert np.dtype(np.float64) not in set(kinds(saved))


# Changing the dtype is what `cast` is for.
@pytest.mark.parametrize("case", [case for case in DIFFERENTIABLE if case.op != "cast"], ids=str)
@share(8)
@given(data=st.data())
def test_narrow_dtypes(case, data):
    """All dtypes at one sample: to draw it costs more than to check them."""
    sample = data.draw(case.samples)
    assert_kept(case, sample, np.float32)
    if case.half:
        assert_kept(case, sample, np.float16)
    assert_float32_agrees(case, sample)
