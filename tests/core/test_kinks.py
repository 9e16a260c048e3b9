"""The conventions at kinks, ties and other points without one derivative: every row of the table, and its second order.

Where PyTorch has the same convention it is asked too; the rows where ours differs say so.
"""

import math

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd

INF = math.inf


def sinx_over_x(lib, x):
    return lib.where(x != 0, lib.sin(x) / x, 1.0)


def negative_log_softmax(lib, x):
    return -(x - lib.logsumexp(x, 0))[1]


def amax_of_scattered(lib, x):
    """The largest of all, sent to the place of the first."""
    return x[:1].scatter_reduce(0, lib.tensor([0, 0, 0]), x[1:], "amax")


def amin_of_scattered(lib, x):
    return x[:1].scatter_reduce(0, lib.tensor([0, 0, 0]), x[1:], "amin")


#: name, function of (library, tensor), point, gradient of the sum, whether PyTorch agrees
ROWS = [
    ("abs at 0", lambda lib, x: lib.abs(x), [0.0], [0.0], True),
    ("relu at 0", lambda lib, x: lib.relu(x), [0.0], [0.0], True),
    ("sign at 0", lambda lib, x: lib.sign(x), [0.0], [0.0], True),
    ("maximum at a tie", lambda lib, x: lib.maximum(x, lib.zeros_like(x)), [0.0], [0.5], True),
    ("minimum at a tie", lambda lib, x: lib.minimum(x, lib.zeros_like(x)), [0.0], [0.5], True),
    ("max of all", lambda lib, x: lib.max(x), [1.0, 3.0, 3.0], [0.0, 0.5, 0.5], True),
    ("max along an axis", lambda lib, x: lib.max(x, 0)[0], [1.0, 3.0, 3.0], [0.0, 1.0, 0.0], True),
    ("amax", lambda lib, x: lib.amax(x, 0), [1.0, 3.0, 3.0], [0.0, 0.5, 0.5], True),
    ("min of all", lambda lib, x: lib.min(x), [1.0, 1.0, 3.0], [0.5, 0.5, 0.0], True),
    ("amin", lambda lib, x: lib.amin(x, 0), [1.0, 1.0, 3.0], [0.5, 0.5, 0.0], True),
    ("clamp at its bounds", lambda lib, x: lib.clamp(x, 0, 1), [0.0, 1.0, -1.0, 2.0], [1.0, 1.0, 0.0, 0.0], True),
    ("norm at 0", lambda lib, x: lib.norm(x), [0.0, 0.0], [0.0, 0.0], True),
    ("norm along an axis at 0", lambda lib, x: lib.norm(x, dim=0), [0.0, 0.0], [0.0, 0.0], True),
    ("1-norm at 0", lambda lib, x: lib.norm(x, 1), [0.0, 2.0], [0.0, 1.0], True),
    ("max-norm at a tie", lambda lib, x: lib.norm(x, INF), [2.0, -2.0], [0.5, -0.5], True),
    ("std of a constant", lambda lib, x: lib.std(x), [1.0, 1.0, 1.0], [0.0, 0.0, 0.0], True),
    ("sqrt not taken", lambda lib, x: lib.where(x > 0, lib.sqrt(x), 0.0), [0.0, 4.0], [0.0, 0.25], False),
    ("log not taken", lambda lib, x: lib.where(x > 0, lib.log(x), 0.0), [0.0, 4.0], [0.0, 0.25], False),
    ("1/x not taken", lambda lib, x: lib.where(x != 0, 1 / x, 0.0), [0.0, 2.0], [0.0, -0.25], False),
    ("sin x / x not taken", sinx_over_x, [0.0], [0.0], False),
    ("sinc at 0", lambda lib, x: lib.sinc(x), [0.0], [0.0], True),
    ("prod with a zero", lambda lib, x: lib.prod(x), [0.0, 2.0, 3.0], [6.0, 0.0, 0.0], True),
    ("prod with two zeros", lambda lib, x: lib.prod(x), [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], True),
    ("cumprod with a zero", lambda lib, x: lib.cumprod(x, 0), [2.0, 0.0, 3.0], [1.0, 8.0, 0.0], True),
    ("log-softmax far apart", negative_log_softmax, [1000.0, 0.0], [1.0, -1.0], True),
    ("atan2 at the origin", lambda lib, x: lib.atan2(x[:1], x[1:]), [0.0, 0.0], [0.0, 0.0], True),
    ("hypot at the origin", lambda lib, x: lib.hypot(x[:1], x[1:]), [0.0, 0.0], [0.0, 0.0], False),
    ("logsumexp of -inf", lambda lib, x: lib.logsumexp(x, 0), [-INF, -INF], [0.0, 0.0], False),
    ("logsumexp with one -inf", lambda lib, x: lib.logsumexp(x, 0), [-INF, 0.0], [0.0, 1.0], True),
    ("x ** 0 at 0", lambda lib, x: x**0, [0.0], [0.0], True),
    ("x ** 1 at 0", lambda lib, x: x**1, [0.0], [1.0], True),
    ("x ** 2 at 0", lambda lib, x: x**2, [0.0], [0.0], True),
    ("0 ** x", lambda lib, x: lib.pow(lib.zeros_like(x), x), [2.0, 0.0], [0.0, 0.0], True),
    ("floor", lambda lib, x: lib.floor(x) + lib.ceil(x) + lib.round(x) + lib.trunc(x), [0.5, 1.0], [0.0, 0.0], True),
    ("remainder", lambda lib, x: lib.remainder(x, 2), [3.0, 4.0], [1.0, 1.0], True),
    ("nan_to_num", lambda lib, x: lib.nan_to_num(x), [math.nan, INF, 1.0], [0.0, 0.0, 1.0], True),
    ("nansum", lambda lib, x: lib.nansum(x), [math.nan, 2.0], [0.0, 1.0], True),
    ("masked_fill of NaN", lambda lib, x: (x / x).masked_fill(x == 0, 0.0), [0.0, 2.0], [0.0, 0.0], False),
    ("sigmoid far out", lambda lib, x: lib.sigmoid(x), [1000.0, -1000.0], [0.0, 0.0], True),
    ("tanh far out", lambda lib, x: lib.tanh(x), [1000.0, -1000.0], [0.0, 0.0], True),
    ("logaddexp of equals", lambda lib, x: lib.logaddexp(x, x), [3.0, 1000.0], [1.0, 1.0], True),
    (
        "amax of scattered",
        amax_of_scattered,
        [3.0, 3.0, 1.0, 3.0],
        [1 / 3, 1 / 3, 0.0, 1 / 3],
        True,
    ),
    (
        "amax of scattered alone",
        amax_of_scattered,
        [1.0, 3.0, 3.0, 2.0],
        [0.0, 0.5, 0.5, 0.0],
        True,
    ),
    (
        "amin of scattered alone",
        amin_of_scattered,
        [4.0, 3.0, 3.0, 5.0],
        [0.0, 0.5, 0.5, 0.0],
        True,
    ),
    (
        "amin of scattered",
        amin_of_scattered,
        [1.0, 1.0, 3.0, 1.0],
        [1 / 3, 1 / 3, 0.0, 1 / 3],
        True,
    ),
    ("index of a max twice", lambda lib, x: lib.topk(x, 2).values, [2.0, 2.0, 1.0], [1.0, 1.0, 0.0], True),
]


def gradient(lib, function, point, dtype):
    x = lib.tensor(point, dtype=dtype, requires_grad=True)
    function(lib, x).sum().backward()
    return x.grad.numpy()


@pytest.mark.parametrize(("name", "function", "point", "expected", "agrees"), ROWS, ids=[row[0] for row in ROWS])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_row(name, function, point, expected, agrees, dtype):
    found = gradient(tg, function, point, getattr(tg, dtype))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)
    assert found.dtype == dtype


@pytest.mark.parametrize(("name", "function", "point", "expected", "agrees"), ROWS, ids=[row[0] for row in ROWS])
def test_pytorch(name, function, point, expected, agrees):
    torch = pytest.importorskip("torch")
    theirs = gradient(torch, function, point, torch.float64)
    assert np.allclose(theirs, expected, rtol=1e-6, atol=1e-12) == agrees


@pytest.mark.parametrize(("name", "function", "point", "expected", "agrees"), ROWS, ids=[row[0] for row in ROWS])
def test_recorded(name, function, point, expected, agrees):
    """create_graph gives the same convention, and its own gradient is no NaN where the first one was not taken."""
    x = tg.tensor(point, dtype=tg.float64, requires_grad=True)
    (g,) = autograd.grad(function(tg, x).sum(), x, create_graph=True)
    np.testing.assert_allclose(g.numpy(force=True), expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_where_stays_zero_at_higher_orders(power):
    """where(x > 0, x^(power - 1/2), 0): every derivative at 0 is 0."""
    x = tg.tensor([0.0, 1.0], dtype=tg.float64, requires_grad=True)
    y = tg.where(x > 0, x ** (power - 0.5), 0.0)
    expected = 1.0
    for order in range(3):
        (y,) = autograd.grad(y.sum(), x, create_graph=True)
        expected *= power - 0.5 - order
        np.testing.assert_allclose(y.numpy(force=True), [0.0, expected])


def test_a_nan_that_is_part_of_the_result_shows():
    """Guards hide what was not taken, not what was."""
    x = tg.tensor([-1.0, math.nan], requires_grad=True)
    y = x.sqrt()
    assert np.isnan(y.numpy(force=True)).all()
    y.sum().backward()
    assert np.isnan(x.grad.numpy()).all()


def test_an_infinite_slope_that_was_taken_shows():
    x = tg.tensor([0.0], requires_grad=True)
    x.sqrt().sum().backward()
    assert x.grad.item() == INF
