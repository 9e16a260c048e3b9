"""Complete bases: what does not depend on how a basis was completed has gradients, of both orders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import assert_close, share, weights

import tinygrad_cn.testing.strategies as draw
from tinygrad_cn import Tensor, autograd
from tinygrad_cn.ops import factorizations, spectral
from tinygrad_cn.ops.linear_algebra import matmul
from tinygrad_cn.ops.solving import transposed
from tinygrad_cn.testing import four_point


def of_qr(x):
    q, r = factorizations.qr(x, complete=True)
    n = x.shape[-1]
    rest = q[..., n:]
    return q[..., :n], r, matmul(rest, transposed(rest))


def of_svd(x):
    _, s, vh = spectral.svd(transposed(x), full=True)
    rest = vh[..., x.shape[-1] :, :]
    return s, matmul(transposed(rest), rest)


FUNCTIONS = {"qr": of_qr, "svd": of_svd}


@pytest.mark.parametrize("name", FUNCTIONS)
@share(4)
@given(data=st.data())
def test_gradients(name, data):
    """The projection on the complement is the same for every basis of it."""
    n = data.draw(st.integers(1, 2))
    x = data.draw(draw.arrays((n + data.draw(st.integers(1, 2)), n), -1, 1, bits=5, unique=True))
    x = x + np.eye(*x.shape) * np.arange(3, 3 + 2 * n, 2)  # far from a rank below n, and from equal singular values

    def first(array, create_graph=False):
        leaf = Tensor._wrap(array).requires_grad_()
        outs = FUNCTIONS[name](leaf)
        gs = [Tensor._wrap(weights(o._array, 3 + i)) for i, o in enumerate(outs)]
        return leaf, gs, autograd.grad(outs, leaf, gs, create_graph=create_graph)[0]

    leaf, gs, found = first(x, create_graph=True)
    run = lambda array: tuple(o._array for o in FUNCTIONS[name](Tensor._wrap(array)))
    assert_close(found._array, four_point(run, [x], tuple(g._array for g in gs), 0), 1e-7, f"{name}: the gradient")
    outer = weights(found._array, 17)
    (second,) = autograd.grad(found, leaf, Tensor._wrap(outer))
    expected = four_point(lambda array: (first(array)[2]._array,), [x], (outer,), 0)
    assert_close(second._array, expected, 1e-6, f"{name}: the gradient's derivative")
