"""Writing in place is recorded: right gradients, of both orders."""

import numpy as np
from core.inplace.gradients import grads

import tinygrad_cn as tg
from tinygrad_cn import autograd


def test_a_written_tensor_is_a_new_node(x):
    y = x * 2
    z = y
    assert y.add_(1) is y
    assert y.grad_fn.name() == "AddBackward0"
    y.mul_(y)  # (2x + 1)^2
    assert z is y
    assert grads(y, x) == [[12.0, 20.0, 28.0]]


def test_augmented_assignment(x):
    y = x * 1
    z = y
    y += 1
    y *= 2
    y -= x
    y /= 2
    y **= 2
    assert z is y
    assert y.tolist() == [2.25, 4.0, 6.25]
    assert grads(y, x) == [[1.5, 2.0, 2.5]]


def test_a_constant_becomes_traced_when_it_is_written_with_traced_values(x):
    buffer = tg.zeros(3, dtype=tg.float64)
    buffer += x * x
    assert buffer.requires_grad
    assert grads(buffer, x) == [[2.0, 4.0, 6.0]]


def test_what_is_written_over_gets_no_gradient(x):
    y = x * 2
    y[1] = 10.0
    assert grads(y, x) == [[2.0, 0.0, 2.0]]
    y.zero_()
    assert grads(y, x) == [[0.0, 0.0, 0.0]]  # nothing of x is left in it


def test_written_values_get_the_gradient_of_their_place(x):
    y = tg.zeros(2, 3, dtype=tg.float64)
    y[0] = x * x
    y[1, 2] = x[0]
    weights = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert grads(y * weights, x) == [[2.0 + 6.0, 8.0, 18.0]]


def test_a_value_broadcast_into_its_place_gets_the_sum(x):
    y = tg.zeros(2, 3, dtype=tg.float64)
    y[:, 1:] = x[0]
    y[0] += x
    assert grads(y, x) == [[5.0, 1.0, 1.0]]


def test_copy_fill_and_masked_fill(x):
    y = tg.zeros(3)
    y.copy_(x * 2)
    assert y.dtype is tg.float32
    (g,) = autograd.grad(y.sum(), x)
    assert g.dtype is tg.float64
    assert g.tolist() == [2.0, 2.0, 2.0]
    z = x * 3
    z.fill_(x[1])
    assert grads(z, x) == [[0.0, 3.0, 0.0]]
    w = x * 3
    w.masked_fill_(tg.tensor([True, False, False]), x[2])
    assert grads(w, x) == [[0.0, 3.0, 4.0]]


def test_results_of_ops_that_keep_their_result(x):
    """exp saved the very buffer that relu_ is about to keep and write."""
    y = (x - 2).relu_()
    assert grads(y, x) == [[0.0, 0.0, 1.0]]
    z = (x * 1).exp_().sqrt_().tanh_()
    h = np.exp(np.array([1.0, 2.0, 3.0]) / 2)
    np.testing.assert_allclose(grads(z, x)[0], (1 - np.tanh(h) ** 2) * h / 2)


def test_in_place_writes_are_differentiable_twice(x):
    y = x * 1
    y.mul_(x)
    y[0] = x[1] ** 3
    (g,) = autograd.grad(y.sum(), x, create_graph=True)
    assert g.tolist() == [0.0, 4.0 + 12.0, 6.0]
    assert grads(g, x) == [[0.0, 2.0 + 12.0, 2.0]]


def test_a_tensor_written_with_itself(x):
    y = x * 1
    y[1:] = y[:-1]
    assert y.tolist() == [1.0, 1.0, 2.0]
    assert grads(y * tg.tensor([1.0, 10.0, 100.0]), x) == [[11.0, 100.0, 0.0]]
    z = x * 1
    z += z
    assert grads(z, x) == [[2.0, 2.0, 2.0]]
    w = x * 1
    w.copy_(w.flip(0))
    assert grads(w * tg.tensor([1.0, 10.0, 100.0]), x) == [[100.0, 10.0, 1.0]]
