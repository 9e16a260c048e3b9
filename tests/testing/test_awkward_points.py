"""Right gradients at awkward points pass: kinks, ties, flat regions, huge and tiny scales, odd shapes and layouts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_cn as tg
from tinygrad_cn import Tensor, from_numpy, nn
from tinygrad_cn.testing import gradcheck, strategies

F = nn.functional


def leaf(values, scale=1.0):
    return from_numpy(np.asarray(np.array(values, dtype=np.float64) * scale)).requires_grad_()


def laid_out(layout):
    base = np.linspace(-1.5, 1.25, 12).reshape(3, 4)
    return from_numpy(strategies.laid_out(base, layout)).requires_grad_()


#: name, function of Tensors, how to make the inputs
POINTS = [
    # kinks and ties
    ("abs at 0", tg.abs, lambda: leaf([0.0, 1.0, -1.0])),
    ("relu at 0", tg.relu, lambda: leaf([0.0, -1.0, 2.0])),
    ("relu next to 0", tg.relu, lambda: leaf([1e-9, -1e-9, 1e-14])),
    ("leaky relu at 0", F.leaky_relu, lambda: leaf([0.0, 3.0])),
    ("maximum at a tie", tg.maximum, lambda: (leaf([1.0, 2.0]), leaf([1.0, 3.0]))),
    ("max of ties", lambda x: x.max(), lambda: leaf([3.0, 3.0, 1.0])),
    ("max along an axis with ties", lambda x: x.max(0).values, lambda: leaf([[3.0, 1.0], [3.0, 2.0]])),
    ("amax of ties", lambda x: x.amax(0), lambda: leaf([3.0, 3.0, 1.0])),
    ("clamp at its bounds", lambda x: x.clamp(0, 1), lambda: leaf([0.0, 1.0, 0.5, -1.0, 2.0])),
    ("norm at 0", lambda x: x.norm(), lambda: leaf([0.0, 0.0])),
    ("hinge at its edge", lambda x: (1 - x).clamp(min=0), lambda: leaf([1.0, 0.5, 1.5])),
    ("huber at its corner", lambda x: F.huber_loss(x, tg.zeros(3, dtype=tg.float64)), lambda: leaf([1.0, -1.0, 0.5])),
    ("sort with ties", lambda x: x.sort().values, lambda: leaf([2.0, 1.0, 2.0])),
    ("max pooling of equals", lambda x: F.max_pool2d(x, 2), lambda: leaf(np.ones((1, 1, 4, 4)))),
    ("where at its border", lambda x: tg.where(x > 0, x, 2 * x), lambda: leaf([0.0, 1.0])),
    ("x |x|", lambda x: x * x.abs(), lambda: leaf([0.0, -2.0])),
    # flat and piecewise constant
    ("floor", tg.floor, lambda: leaf([0.5, 1.7, -0.3])),
    ("floor at whole numbers", tg.floor, lambda: leaf([0.0, 1.0, -2.0])),
    ("sign", tg.sign, lambda: leaf([0.5, -2.0])),
    ("round", tg.round, lambda: leaf([0.2, 1.9])),
    ("relu far below", tg.relu, lambda: leaf([-5.0, -1e10])),
    ("constant", lambda x: x * 0 + 3, lambda: leaf([1.0, 2.0])),
    ("comparison", lambda x: (x > 0) * x, lambda: leaf([1.0, -2.0])),
    ("sigmoid far out", tg.sigmoid, lambda: leaf([50.0, -50.0, 800.0])),
    ("softmax far apart", lambda x: x.softmax(0), lambda: leaf([1000.0, 0.0, -1000.0])),
    ("cube at 0", lambda x: x**3, lambda: leaf([0.0])),
    ("x ** 10 at 0", lambda x: x**10, lambda: leaf([0.0, 1.0])),
    ("zero cotangent's place", lambda x: x[:1] * 2, lambda: leaf([1.0, 2.0, 3.0])),
    # scales
    ("tiny inputs", lambda x: x * x, lambda: leaf([1.0, -2.0], 1e-30)),
    ("huge inputs", lambda x: x * x, lambda: leaf([1.0, -2.0], 1e30)),
    ("tiny factors", lambda x: 1e-30 * x.sin(), lambda: leaf([1.0, -2.0])),
    ("huge factors", lambda x: 1e30 * x.sin(), lambda: leaf([1.0, -2.0])),
    ("log near 0", tg.log, lambda: leaf([1e-30, 1e-10, 1.0])),
    ("sqrt near 0", tg.sqrt, lambda: leaf([1e-20, 1e-8, 4.0])),
    ("1 / x near 0", lambda x: 1 / x, lambda: leaf([1e-12, 1.0])),
    ("exp of large", tg.exp, lambda: leaf([300.0, -300.0])),
    ("inputs of all sizes", lambda x: (x**2).sum(), lambda: leaf([1e-20, 1.0, 1e20])),
    ("one of two hidden by the other", lambda x, y: x + y, lambda: (leaf([1e20]), leaf([1.0]))),
    ("cancellation", lambda x: (x + 1e8) - 1e8, lambda: leaf([0.5, 1.0])),
    ("fast oscillation", lambda x: (1000 * x).sin(), lambda: leaf([0.3, 1.7])),
    ("steep", lambda x: (200 * x).tanh(), lambda: leaf([0.001, 0.02])),
    ("variance of nearly equals", lambda x: x.var(), lambda: leaf([1.0, 1.0 + 1e-6, 1.0 - 3e-6])),
    ("batch norm of nearly equals", lambda x: F.layer_norm(x, (3,)), lambda: leaf([1.0, 1.0 + 1e-6, 1.0])),
    ("logsumexp with one far below", lambda x: x.logsumexp(0), lambda: leaf([0.0, -700.0])),
    # shapes
    ("0-d", lambda x: x.sin(), lambda: leaf(0.7)),
    ("0-d with a row", lambda x, y: x * y, lambda: (leaf(0.7), leaf([1.0, 2.0]))),
    ("size 0", lambda x: x.sin(), lambda: leaf(np.zeros((0, 3)))),
    ("sum of nothing", lambda x: x.sum(), lambda: leaf(np.zeros((0,)))),
    ("one of two empty", lambda x, y: tg.cat([x, y]), lambda: (leaf(np.zeros((0, 2))), leaf([[1.0, 2.0]]))),
    ("an axis of size 1 stretched", lambda x, y: x * y, lambda: (leaf(np.ones((3, 1))), leaf(np.ones((1, 4))))),
    ("many axes", lambda x: x.sum((1, 3)), lambda: leaf(np.ones((2, 1, 2, 1, 2)))),
    # layouts and views
    ("columns first", lambda x: x.cos(), lambda: laid_out("F")),
    ("with gaps", lambda x: x.cos(), lambda: laid_out("strided")),
    ("backwards", lambda x: x.cos(), lambda: laid_out("reversed")),
    ("transposed inside", lambda x: x.T @ x, lambda: laid_out("strided")),
    ("view of a view", lambda x: x[1:].T[::2].reshape(-1).exp(), lambda: laid_out("F")),
    ("expanded", lambda x: (x[:, None].expand(2, 3, 2) ** 2).sum(1), lambda: leaf([[1.0, 2.0], [3.0, 4.0]])),
    ("diagonal", lambda x: x.diagonal().prod(), lambda: leaf([[1.0, 2.0], [3.0, 4.0]])),
    # one thing in many places
    ("the same tensor twice", lambda x: x * x.exp() + x, lambda: leaf([0.5, -1.0])),
    ("rows taken repeatedly", lambda x: x[[0, 0, 2, 0]] ** 2, lambda: leaf([1.0, 2.0, 3.0])),
    ("overlapping windows", lambda x: x.unfold(0, 3, 1).prod(1), lambda: leaf([1.0, 2.0, 3.0, 4.0])),
    ("written in place", lambda x: x.clone().mul_(x).add_(1), lambda: leaf([1.0, -2.0])),
    ("part written over", lambda x: tg.cat([x, x]).index_fill(0, tg.tensor([1]), 0.0), lambda: leaf([1.0, 2.0])),
    # outputs and inputs of other kinds
    ("several outputs", lambda x: (x.sin(), x.sum()), lambda: leaf([1.0, 2.0])),
    ("a dict", lambda x: {"a": x.sin(), "b": [x * 2]}, lambda: leaf([1.0, 2.0])),
    ("an output that is constant", lambda x: (x.sin(), x.detach() * 2), lambda: leaf([1.0, 2.0])),
    ("an input that is not used", lambda x, y: x * 2, lambda: (leaf([1.0]), leaf([2.0]))),
    ("integers beside", lambda x, n: x * n, lambda: (leaf([1.0, 2.0]), tg.tensor([3, 4]))),
    ("a module", nn.Linear(3, 2).double(), lambda: leaf([[1.0, 2.0, 3.0]])),
    ("dropout", nn.Dropout(0.5), lambda: leaf(np.linspace(1, 2, 8))),
    ("batch norm in training", nn.BatchNorm1d(2).double(), lambda: leaf([[1.0, 2.0], [3.0, -4.0], [0.5, 1.0]])),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function", "make"), POINTS, ids=[p[0] for p in POINTS])
def test_right_gradients_pass(name, function, make):
    report = gradcheck(function, make(), report=True)
    assert report.passed, str(report)


FUNCTIONS = [
    lambda x, y: x * y,
    lambda x, y: (x + y).tanh(),
    lambda x, y: x / (1 + y * y),
    lambda x, y: tg.where(x > y, x, y * y),
    lambda x, y: (x - y).abs(),
    lambda x, y: tg.maximum(x, y).exp(),
    lambda x, y: (x * y).relu(),
    lambda x, y: (x + y).sum(),
    lambda x, y: (x * x + y * y + 0.1).sqrt(),
    lambda x, y: (x * y).sigmoid().log(),
    lambda x, y: tg.atan2(x, y + 7),
    lambda x, y: (x + y).softmax(-1) if (x + y).ndim else x + y,
]


@settings(max_examples=max(settings.default.max_examples // 2, 10))
@given(data=st.data(), function=st.sampled_from(FUNCTIONS), power=st.integers(-12, 12))
def test_right_gradients_pass_everywhere(data, function, power):
    """Functions with and without kinks, broadcasting, every layout, sizes from 1e-12 to 1e12."""
    shapes = data.draw(strategies.broadcastable(max_dims=2, max_side=2))
    x, y = (data.draw(strategies.arrays(shape, -4, 4, bits=bits)) for shape, bits in zip(shapes, (4, 5), strict=True))
    inputs = [Tensor._wrap(np.asarray(a)).requires_grad_() for a in (x * 10.0**power, y)]
    report = gradcheck(function, inputs, report=True)
    assert report.passed, str(report)


@settings(max_examples=max(settings.default.max_examples // 8, 5))
@given(network=strategies.networks(max_layers=2, max_batch=2))
def test_right_gradients_of_networks_pass(network):
    """Also at the kinks that networks have."""
    x = from_numpy(network.input).requires_grad_()
    report = gradcheck(network.model, x, report=True, samples=16)
    assert report.passed, str(report)
