"""A zero cotangent gives a zero gradient, also where the local derivative is infinite or undefined."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import DIFFERENTIABLE, call, listed, share, tensors

from tinygrad_cn import Tensor, autograd
from tinygrad_cn.op import registry


@pytest.mark.parametrize("case", DIFFERENTIABLE, ids=str)
@share(8)
@given(data=st.data())
def test_anywhere(case, data):
    sample = data.draw(case.samples)
    arguments, leaves = tensors(case, sample)
    outs = [o for o in listed(call(case, sample, arguments)) if o.requires_grad]
    zeros = [Tensor._wrap(np.zeros_like(o._array)) for o in outs]
    for create_graph in (True, False):
        for g in autograd.grad(outs, leaves, zeros, create_graph=create_graph, materialize_grads=True):
            assert not np.any(g._array)


INF = math.inf
#: Points where a derivative is infinite or undefined: op, arrays, parameters.
SINGULAR = [
    ("sqrt", [[0.0]], {}),
    ("rsqrt", [[0.0]], {}),
    ("cbrt", [[0.0]], {}),
    ("reciprocal", [[0.0]], {}),
    ("log", [[0.0, -1.0]], {}),
    ("log2", [[0.0]], {}),
    ("log10", [[0.0]], {}),
    ("log1p", [[-1.0]], {}),
    ("exp", [[INF, 800.0]], {}),
    ("exp2", [[INF]], {}),
    ("expm1", [[INF]], {}),
    ("sinh", [[800.0]], {}),
    ("cosh", [[800.0]], {}),
    ("arcsin", [[1.0, -1.0, 2.0]], {}),
    ("arccos", [[1.0, -1.0, 2.0]], {}),
    ("arccosh", [[1.0, 0.5]], {}),
    ("arctanh", [[1.0, -1.0, 2.0]], {}),
    ("arctan2", [[0.0], [0.0]], {}),
    ("hypot", [[0.0], [0.0]], {}),
    ("divide", [[1.0, 0.0], [0.0, 0.0]], {}),
    ("power", [[0.0, 0.0, -1.0, 0.0], [0.5, -1.0, 0.5, 0.0]], {}),
    ("norm2", [[0.0, 0.0]], {}),
    ("deviation", [[1.0, 1.0]], {}),
    ("logsumexp", [[-INF, -INF]], {}),
    ("sinc", [[0.0]], {}),
    ("over", [[1.0], [0.0]], {}),
    ("logaddexp", [[-INF], [-INF]], {}),
]


@pytest.mark.parametrize(("name", "arrays", "params"), SINGULAR, ids=lambda v: v if isinstance(v, str) else "")
@pytest.mark.parametrize("create_graph", [False, True])
def test_at_singular_points(name, arrays, params, create_graph):
    leaves = [Tensor._wrap(np.array(a)).requires_grad_() for a in arrays]
    out = registry[name](*leaves, **params)
    found = autograd.grad(out, leaves, Tensor._wrap(np.zeros_like(out._array)), create_graph=create_graph)
    for g in found:
        np.testing.assert_array_equal(g._array, 0)


@pytest.mark.parametrize(("name", "arrays", "params"), SINGULAR, ids=lambda v: v if isinstance(v, str) else "")
def test_one_element_of_many_is_not_taken(name, arrays, params):
    """The NaN that appears at one element must not reach its neighbours, whose cotangents are not zero."""
    operation = registry[name]
    if operation.broadcasts is False:
        pytest.skip("its result mixes the elements")
    safe = 0.5 if name != "arccosh" else 2.0
    leaves = [Tensor._wrap(np.append(a, safe)).requires_grad_() for a in arrays]
    out = operation(*leaves, **params)
    g = np.zeros_like(out._array)
    g[-1] = 1
    alone = [Tensor._wrap(np.array([safe])).requires_grad_() for _ in arrays]
    expected = autograd.grad(operation(*alone, **params), alone, Tensor._wrap(np.ones(1)))
    for found, wanted in zip(autograd.grad(out, leaves, Tensor._wrap(g)), expected, strict=True):
        np.testing.assert_array_equal(found._array[:-1], 0)
        np.testing.assert_allclose(found._array[-1], wanted._array[0])
