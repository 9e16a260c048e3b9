"""float32 stays float32 and float16 float16: in results, gradients, and gradients of gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import DIFFERENTIABLE, gradients, listed, share, tensors, weights

from tinygrad_cn import Tensor, autograd
from tinygrad_cn.op import registry

KINDS = [(case, np.float32) for case in DIFFERENTIABLE] + [(case, np.float16) for case in DIFFERENTIABLE if case.half]
KINDS = [(case, dtype) for case, dtype in KINDS if case.op != "cast"]  # changing the dtype is what it is for


@pytest.mark.parametrize(("case", "dtype"), KINDS, ids=lambda value: getattr(value, "__name__", str(value)))
@share(4)
@given(data=st.data())
def test_dtypes_are_kept(case, dtype, data):
    sample = data.draw(case.samples)
    if dtype is np.float16:  # what counts is the dtype; the values may overflow
        sample = sample._replace(arrays=tuple(a for a in sample.arrays))
    for create_graph in (False, True):
        out, leaves, first = gradients(case, sample, create_graph=create_graph, dtype=dtype)
        assert {o._array.dtype for o in listed(out) if o._array.dtype.kind == "f"} == {np.dtype(dtype)}
        assert {g._array.dtype for g in first if g is not None} <= {np.dtype(dtype)}
    traced = [g for g in first if g is not None and g.requires_grad]
    if traced and case.order > 1:
        cotangents = [Tensor._wrap(weights(g._array, 5)) for g in traced]
        second = autograd.grad(traced, leaves, cotangents, materialize_grads=True)
        assert {g._array.dtype for g in second} == {np.dtype(dtype)}


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
@share(4)
@given(data=st.data())
def test_float32_agrees_with_float64(case, data):
    sample = data.draw(case.samples)
    _, _, exact = gradients(case, sample)
    _, _, single = gradients(case, sample, dtype=np.float32)
    for a, b in zip(single, exact, strict=True):
        if b is not None:
            scale = float(np.max(np.abs(b._array), initial=1.0))
            np.testing.assert_allclose(a._array, b._array, rtol=2e-3, atol=2e-4 * scale)


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
@share(8)
@given(data=st.data())
def test_float32_saves_no_float64(case, data):
    """What a node keeps alive is as narrow as what it was given."""
    sample = data.draw(case.samples)
    arguments, _ = tensors(case, sample, dtype=np.float32)
    arguments = [a.astype(np.float32) if getattr(a, "dtype", None) == np.float64 else a for a in arguments]
    out = listed(registry[case.op](*arguments, **sample.params))[0]
    node = out.grad_fn if hasattr(out.grad_fn, "saved") else out.grad_fn.parents[0]

    def kinds(value):
        if isinstance(value, np.ndarray):
            yield value.dtype
        elif isinstance(value, tuple | list):
            for item in value:
                yield from kinds(item)

    assert case.op == "cast" or np.dtype(np.float64) not in set(kinds(node.saved))
