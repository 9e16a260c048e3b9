"""In-place forms that change the shape of a tensor: right gradients, and a refusal where an older view would lie."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_cn as tg


@pytest.mark.parametrize(
    ("change", "shape"),
    [
        (lambda x: x.t_(), (3, 2)),
        (lambda x: x.transpose_(0, 1), (3, 2)),
        (lambda x: x.swapaxes_(0, 1), (3, 2)),
        (lambda x: x.unsqueeze_(1), (2, 1, 3)),
        (lambda x: x.unsqueeze_(0).squeeze_(0), (2, 3)),
    ],
)
def test_the_tensor_becomes_its_view_and_gradients_flow(change, shape) -> None:
    leaf = tg.arange(6.0).reshape(2, 3).clone().requires_grad_()
    x = leaf.clone()
    assert change(x) is x
    assert tuple(x.shape) == shape
    weights = tg.arange(6.0).reshape(shape) + 1
    (x * weights).sum().backward()
    positions = change(tg.arange(6).reshape(2, 3).clone()).numpy().ravel()  # where each element stood
    expected = np.empty(6, dtype=np.float32)
    expected[positions] = weights.numpy().ravel()
    np.testing.assert_array_equal(leaf.grad.numpy(), expected.reshape(2, 3))


def test_memory_stays_shared_with_the_base() -> None:
    base = tg.zeros(2, 3)
    row = base[0]
    row.unsqueeze_(1)
    row.fill_(5.0)
    assert base.tolist() == [[5.0] * 3, [0.0] * 3]


def test_a_write_after_the_change_reaches_the_gradient() -> None:
    leaf = tg.ones(2, 3, requires_grad=True)
    x = leaf * 1
    x.t_()
    x[0] = 0.0  # the first column of what it was
    x.sum().backward()
    assert leaf.grad.tolist() == [[0.0, 1.0, 1.0]] * 2


def test_a_leaf_that_requires_grad_is_refused() -> None:
    with pytest.raises(RuntimeError, match="leaf"):
        tg.ones(2, 3, requires_grad=True).t_()
    with tg.no_grad():
        assert tuple(tg.ones(2, 3, requires_grad=True).t_().shape) == (3, 2)


def test_an_older_view_of_a_reshaped_base_is_refused_rather_than_wrong() -> None:
    leaf = tg.arange(6.0).reshape(2, 3).clone().requires_grad_()
    x = leaf * 1
    row = x[0]
    x.t_()
    with pytest.raises(RuntimeError, match="reshaped in place"):
        row.sum()


def test_in_place_forms_of_several_ops_keep_what_they_saved() -> None:
    a = tg.tensor([0.5, -1.5], dtype=tg.float64, requires_grad=True)
    b = tg.nn.functional.mish(a.clone(), inplace=True)
    b.sum().backward()
    (expected,) = tg.autograd.grad(tg.nn.functional.mish(a).sum(), a)
    np.testing.assert_allclose(a.grad.numpy(), expected.numpy(), rtol=1e-12)


def test_negative_powers_of_integers() -> None:
    assert tg.tensor([1, -1, 2, 0]).pow(tg.tensor([-3, -3, -1, 2])).tolist() == [1, -1, 0, 0]
    with pytest.raises(RuntimeError, match="negative power"):
        tg.tensor([1, 2]) ** -1
