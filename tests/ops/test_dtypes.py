"""float32 stays float32 and float16 float16: in results, gradients, and gradients of gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import DIFFERENTIABLE, gradients, listed, share, weights

from tinygrad_cn import Tensor, autograd

KINDS = [(case, np.float32) for case in DIFFERENTIABLE] + [(case, np.float16) for case in DIFFERENTIABLE if case.half]
KINDS = [(case, dtype) for case, dtype in KINDS if case.op != "cast"]  # changing the dtype is what it is for


@pytest.mark.parametrize(("case", "dtype"), KINDS, ids=lambda value: getattr(value, "__name__", str(value)))
@share(8)
@given(data=st.data())
def test_dtypes_are_kept(case, dtype, data):
    sample = data.draw(case.samples)
    for create_graph in (False, True):
        out, leaves, first = gradients(case, sample, create_graph=create_graph, dtype=dtype)
        assert {o._array.dtype for o in listed(out) if o._array.dtype.kind == "f"} == {np.dtype(dtype)}
        assert {g._array.dtype for g in first if g is not None} <= {np.dtype(dtype)}
    traced = [g for g in first if g is not None and g.requires_grad]
    if traced and case.order > 1:
        cotangents = [Tensor._wrap(weights(g._array, 5)) for g in traced]
        second = autograd.grad(traced, leaves, cotangents, materialize_grads=True)
        assert {g._array.dtype for g in second} == {np.dtype(dtype)}


def kinds(value):
    """The dtypes of all arrays inside ``value``."""
    if isinstance(value, np.ndarray):
        yield value.dtype
    elif isinstance(value, tuple | list):
        for item in value:
            yield from kinds(item)


@pytest.mark.parametrize("case", [case for case in DIFFERENTIABLE if case.op != "cast"], ids=str)
@share(8)
@given(data=st.data())
def test_float32_agrees_with_float64_and_saves_no_wider(case, data):
    """What a node keeps alive is as narrow as what it was given."""
    sample = data.draw(case.samples)
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
