"""Second-order gradients of functions that read one triangle, as functions of the symmetric part of a matrix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops.running import assert_close, share, weights

from tinygrad_cn import Tensor, autograd
from tinygrad_cn.ops import factorizations, solving, spectral
from tinygrad_cn.testing import four_point
from tinygrad_cn.testing.op_cases.matrices import symmetric

FUNCTIONS = {"cholesky": factorizations.cholesky, "eigh": spectral.eigh}


@pytest.mark.parametrize("name", FUNCTIONS)
@share(2)
@given(data=st.data())
def test_gradients_of_gradients(name, data):
    (x,), _ = data.draw(symmetric(shift=4.0, spread=3.0, size=0.25))

    def gradient(array, create_graph=False):
        leaf = Tensor._wrap(array).requires_grad_()
        outs = FUNCTIONS[name]((leaf + solving.transposed(leaf)) * 0.5)
        outs = outs if isinstance(outs, tuple) else (outs,)
        gs = [Tensor._wrap(weights(o._array, 3 + i)) for i, o in enumerate(outs)]
        return leaf, autograd.grad(outs, leaf, gs, create_graph=create_graph)[0]

    leaf, first = gradient(x, create_graph=True)
    outer = weights(first._array, 17)
    (found,) = autograd.grad(first, leaf, Tensor._wrap(outer))
    expected = four_point(lambda array: (gradient(array)[1]._array,), [x], (outer,), 0)
    assert_close(found._array, expected, 1e-7, f"{name}: the gradient's derivative")
