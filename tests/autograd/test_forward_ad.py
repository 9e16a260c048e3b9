"""Dual tensors, against the derivatives that `autograd.functional.jvp` and PyTorch's duals give."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd, nn
from tinygrad_cn.autograd import forward_ad as fw


@pytest.fixture
def x():
    return tg.tensor([0.5, -1.0, 2.0], dtype=tg.float64)


@pytest.fixture
def v():
    return tg.tensor([1.0, 2.0, -0.5], dtype=tg.float64)


def test_a_tangent_is_the_directional_derivative(x, v):
    def f(x):
        return (x.sin() * x).cumsum(0)

    with fw.dual_level():
        out = fw.unpack_dual(f(fw.make_dual(x, v)))
    value, product = autograd.functional.jvp(f, x, v)
    np.testing.assert_allclose(out.primal.numpy(), value.numpy())
    np.testing.assert_allclose(out.tangent.numpy(), product.numpy())


def test_several_duals_and_plain_tensors(x, v):
    with fw.dual_level():
        a, b = fw.make_dual(x, v), fw.make_dual(v, x)
        out = a * b + tg.ones(3, dtype=tg.float64)
        np.testing.assert_allclose(fw.unpack_dual(out).tangent.numpy(), (v * v + x * x).numpy())
        assert fw.unpack_dual(a).tangent is v
        assert fw.unpack_dual(tg.ones(3)).tangent is None
    assert fw.unpack_dual(out).tangent is None, "the level is closed"
    assert fw.unpack_dual(a).tangent is None


def test_the_tangent_is_copied_where_it_lies_otherwise():
    x, v = tg.ones(2, 2), tg.tensor([[1.0, 2.0], [3.0, 4.0]])
    with fw.dual_level():
        tangent = fw.unpack_dual(fw.make_dual(x, v.T)).tangent
    assert tangent.tolist() == [[1.0, 3.0], [2.0, 4.0]]


def test_modules_by_functional_call(x, v):
    layer = nn.Linear(3, 2, dtype=tg.float64)
    with fw.dual_level():
        duals = {name: fw.make_dual(p, tg.ones_like(p)) for name, p in layer.named_parameters()}
        tangent = fw.unpack_dual(tg.func.functional_call(layer, duals, (x,))).tangent
    np.testing.assert_allclose(tangent.detach().numpy(), [1 + float(x.sum())] * 2)


class Exp(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.result = x.exp()
        return ctx.result

    @staticmethod
    def jvp(ctx, tangent):
        return tangent * ctx.result


def test_a_function_with_jvp_alone(x, v):
    with fw.dual_level():
        out = fw.unpack_dual(Exp.apply(fw.make_dual(x, v)) * 2)
    np.testing.assert_allclose(out.tangent.numpy(), (2 * v * x.exp()).numpy())
    leaf = x.clone().requires_grad_()
    Exp.apply(leaf).sum().backward()
    np.testing.assert_allclose(leaf.grad.numpy(), x.exp().numpy(), err_msg="the transpose is its gradient")


def test_refusals(x, v):
    with pytest.raises(RuntimeError, match="no level exists"):
        fw.make_dual(x, v)
    with pytest.raises(RuntimeError, match="not the last one"):
        fw.exit_dual_level()
    with fw.dual_level():
        with pytest.raises(RuntimeError, match="Nested"):
            fw.enter_dual_level()
        with pytest.raises(RuntimeError, match=r"shape \[2\], the primal \[3\]"):
            fw.make_dual(x, tg.ones(2))
        with pytest.raises(ValueError, match="floating point"):
            fw.make_dual(tg.tensor([1]), tg.tensor([1]))
