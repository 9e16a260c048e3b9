"""Leaves: requires_grad switched on and off, detach, data, copies and pickles."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_cn as tg


def test_requires_grad_can_be_switched():
    x = tg.ones(2)
    y = x * 2
    x.requires_grad_()
    assert not y.requires_grad
    assert (x * 2).requires_grad
    x.requires_grad = False
    assert not (x * 2).requires_grad
    assert x.is_leaf


def test_switching_keeps_the_gradient():
    x = tg.ones(2, requires_grad=True)
    (x * 2).sum().backward()
    x.requires_grad_(False)
    assert x.grad.tolist() == [2.0, 2.0]
    x.requires_grad_(True)
    (x * 2).sum().backward()
    assert x.grad.tolist() == [4.0, 4.0]


def test_an_intermediate_result_cannot_be_switched_off():
    y = tg.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"leaf tensors only; use \.detach\(\)"):
        y.requires_grad_(False)
    assert y.requires_grad_() is y


@pytest.mark.parametrize("dtype", [tg.int64, tg.int32, tg.uint8, tg.bool])
def test_integers_cannot_require_gradients(dtype):
    with pytest.raises(RuntimeError, match=rf"only floating tensors.*dtype {dtype}.*\.float\(\)"):
        tg.ones(2, dtype=dtype, requires_grad=True)
    with pytest.raises(RuntimeError, match="only floating tensors"):
        tg.ones(2, dtype=dtype).requires_grad_()


def test_detach_shares_memory_and_stops_gradients():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).detach()
    assert not y.requires_grad
    assert y.is_leaf
    (x * y).sum().backward()
    assert x.grad.tolist() == [1.0, 4.0]
    d = x.detach()
    d[0] = 7.0
    assert x[0].item() == 7.0


def test_a_write_through_a_detached_tensor_is_noticed():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    x.detach()[0] = 5.0
    with pytest.raises(RuntimeError, match=r"MulBackward.*changed in place by __setitem__"):
        y.sum().backward()


def test_detach_in_place():
    x = tg.ones(2, requires_grad=True)
    y = x * 2
    assert y.detach_() is y
    assert not y.requires_grad
    with pytest.raises(RuntimeError, match="a view cannot be detached in place"):
        (x * 2)[0].detach_()


def test_data():
    x = tg.ones(2, requires_grad=True)
    x.data[0] = 5.0
    assert x.tolist() == [5.0, 1.0]
    x.data = tg.zeros(3)
    assert x.shape == (3,)
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0] * 3


def test_deepcopy():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (x * 3).sum().backward()
    x.tag = ["kept"]
    y = copy.deepcopy(x)
    assert y.requires_grad
    assert y.is_leaf
    assert y.tag == ["kept"]
    assert y.tag is not x.tag
    assert y.grad.tolist() == [3.0, 3.0]
    assert not np.shares_memory(x.numpy(force=True), y.numpy(force=True))
    assert not np.shares_memory(x.grad.numpy(), y.grad.numpy())
    (y * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_deepcopy_keeps_identity_inside_a_structure():
    x = tg.ones(2, requires_grad=True)
    a, b = copy.deepcopy([x, x])
    assert a is b


def test_deepcopy_of_an_intermediate_result_is_refused():
    with pytest.raises(RuntimeError, match="only leaf tensors can be deep-copied"):
        copy.deepcopy(tg.ones(2, requires_grad=True) * 2)


def test_pickle():
    x = tg.tensor([1.0, 2.0], dtype=tg.float64, requires_grad=True)
    y = pickle.loads(pickle.dumps(x))
    assert y.tolist() == [1.0, 2.0]
    assert y.dtype is tg.float64
    assert y.requires_grad
    z = pickle.loads(pickle.dumps(x * 2))  # as in PyTorch, a leaf that remembers nothing
    assert z.is_leaf and z.requires_grad
    assert z.tolist() == [2.0, 4.0]


def test_a_shallow_copy_is_the_same_leaf():
    x = tg.ones(2, requires_grad=True)
    (copy.copy(x) * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_tensors_as_keys():
    x, y = tg.ones(2), tg.ones(2)
    assert {x: "x", y: "y"}[x] == "x"
