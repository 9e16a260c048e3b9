"""autograd.functional: against derivatives by numbers, and the structure of results."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.autograd import functional
from tinygrad_cn.testing import four_point

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((2, 3)), RNG.standard_normal(3)


def raw(x, y):
    return np.sum(np.exp(x) * y, axis=1), np.sin(y) * x[0]


def func(x, y):
    return (x.exp() * y).sum(1), y.sin() * x[0]


def energy(x, y):
    return (x * y).sin().sum() + (x**3).sum()


def inputs(**options):
    return tg.tensor(X, **options), tg.tensor(Y, **options)


def numerical(index, out):
    """The Jacobian of one output of `raw` by one input, element by element."""
    shape = raw(X, Y)[out].shape
    rows = []
    for place in np.ndindex(shape):
        unit = np.zeros(shape)
        unit[place] = 1
        rows.append(four_point(lambda *a: raw(*a)[out], [X, Y], unit, index))
    return np.array(rows).reshape(shape + (X, Y)[index].shape)


def test_jacobian():
    found = functional.jacobian(func, inputs())
    for out in range(2):
        for index in range(2):
            np.testing.assert_allclose(found[out][index].numpy(), numerical(index, out), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("create_graph", [False, True])
def test_products_are_those_with_the_jacobian(create_graph):
    blocks = functional.jacobian(func, inputs())
    v = tuple(tg.tensor(RNG.standard_normal(a.shape)) for a in (X, Y))
    u = tuple(tg.tensor(RNG.standard_normal(a.shape)) for a in raw(X, Y))
    outputs, along = functional.jvp(func, inputs(), v, create_graph=create_graph)
    for i in range(2):
        np.testing.assert_allclose(outputs[i].detach().numpy(), raw(X, Y)[i], rtol=1e-12)
        expected = sum(np.tensordot(blocks[i][j].numpy(), v[j].numpy(), v[j].ndim) for j in range(2))
        np.testing.assert_allclose(along[i].detach().numpy(), expected, rtol=1e-10)
    _, back = functional.vjp(func, inputs(), u, create_graph=create_graph)
    for j in range(2):
        expected = sum(np.tensordot(u[i].numpy(), blocks[i][j].numpy(), u[i].ndim) for i in range(2))
        np.testing.assert_allclose(back[j].detach().numpy(), expected, rtol=1e-10)
        assert back[j].requires_grad == create_graph


def test_second_order():
    blocks = functional.hessian(energy, inputs())
    for i in range(2):
        for j in range(2):
            shape = ((X, Y)[i].ndim, (X, Y)[j].ndim)
            order = (*range(shape[1], sum(shape)), *range(shape[1]))
            np.testing.assert_allclose(blocks[i][j].numpy(), blocks[j][i].numpy().transpose(order), rtol=1e-10)
    v = tuple(tg.tensor(RNG.standard_normal(a.shape)) for a in (X, Y))
    for product in (functional.hvp, functional.vhp):
        value, found = product(energy, inputs(), v)
        assert value.item() == pytest.approx(energy(*inputs()).item())
        for i in range(2):
            expected = sum(np.tensordot(blocks[i][j].numpy(), v[j].numpy(), v[j].ndim) for j in range(2))
            np.testing.assert_allclose(found[i].numpy(), expected, rtol=1e-10)


def test_results_can_be_differentiated():
    x = tg.tensor(X, requires_grad=True)

    def f(t):
        return functional.jacobian(lambda a: a.exp().sum(0) * a[0], t, create_graph=True)

    (found,) = tg.autograd.grad(f(x).sin().sum(), x)
    expected = four_point(lambda a: f(tg.tensor(a)).detach().sin().numpy(), [X], np.ones((3, 2, 3)), 0)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-7, atol=1e-9)
    assert x.grad is None
    assert not functional.jacobian(lambda a: a * 2, x).requires_grad


def test_structure_follows_the_inputs_and_the_outputs():
    x, y = inputs()
    assert functional.jacobian(lambda a: a.sum(), x).shape == (2, 3)
    assert isinstance(functional.jacobian(lambda a: a.sum(), (x,)), tuple)
    assert isinstance(functional.jacobian(lambda a: (a.sum(),), x), tuple)
    assert functional.jacobian(lambda a, b: a * 1, (x, y))[1].shape == (2, 3, 3)  # independent: zeros
    assert functional.jacobian(lambda a: a[:0], x).shape == (0, 3, 2, 3)
    assert functional.hessian(lambda a: a.sum(), x).tolist() == np.zeros((2, 3, 2, 3)).tolist()
    assert functional.vjp(lambda a: a.sum(), x)[1].tolist() == np.ones((2, 3)).tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, y: functional.jacobian(lambda a: 3, x), "result of func must be a Tensor, not int"),
        (lambda x, y: functional.jacobian(lambda a: a, X), "inputs must be a Tensor, not ndarray"),
        (lambda x, y: functional.jacobian(lambda a: a.detach(), x, strict=True), "output 0 .* does not require"),
        (lambda x, y: functional.jacobian(lambda a, b: a * 1, (x, y), strict=True), "independent of input 1"),
        (lambda x, y: functional.jacobian(lambda a: a * 2, x, strict=True, create_graph=True), "is constant"),
        (lambda x, y: functional.jacobian(lambda a: a, x, strict=True, vectorize=True), "vectorize"),
        (lambda x, y: functional.jacobian(lambda a: a, x, strategy="sideways"), "sideways"),
        (lambda x, y: functional.hessian(lambda a: a * 2, x), "single element, got shape"),
        (lambda x, y: functional.hessian(lambda a: a.sum(), x, strict=True), "constant"),
        (lambda x, y: functional.hessian(lambda a: (a.sum(),), x), "not a tuple"),
        (lambda x, y: functional.vjp(lambda a: a * 2, x), "v can only be None"),
        (lambda x, y: functional.vjp(lambda a: a * 2, x, y), r"v has shape \[3\] .* has \[2, 3\]"),
        (lambda x, y: functional.jvp(lambda a: a * 2, x, (x, y)), "v has 2 Tensors"),
        (lambda x, y: functional.hvp(lambda a: a.sum(), x, x, strict=True), "constant|independent"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises((RuntimeError, TypeError, ValueError), match=message):
        call(*inputs())
