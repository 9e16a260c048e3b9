"""`autograd.grad` and the arguments of `backward`."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd


@pytest.fixture
def x():
    return tg.tensor([1.0, 2.0, 3.0], dtype=tg.float64, requires_grad=True)


def test_leaves_are_not_touched(x):
    (g,) = autograd.grad((x * x).sum(), x)
    assert g.tolist() == [2.0, 4.0, 6.0]
    assert x.grad is None
    assert not g.requires_grad


def test_an_intermediate_result(x):
    a = x * 2
    b = a * a
    ga, gx = autograd.grad(b.sum(), [a, x])
    assert ga.tolist() == [4.0, 8.0, 12.0]
    assert gx.tolist() == [8.0, 16.0, 24.0]


def test_the_output_itself(x):
    y = (x * x).sum()
    (g,) = autograd.grad(y, y)
    assert g.item() == 1


def test_only_the_way_to_the_inputs_is_walked(x):
    calls = []
    a = x * 2
    a.register_hook(lambda g: calls.append("a"))
    b = a * 3
    c = x * 5
    c.register_hook(lambda g: calls.append("c"))
    autograd.grad((b + c).sum(), b)
    assert calls == []


def test_inputs_that_are_not_used(x):
    y = tg.ones(2, requires_grad=True)
    z = (x * 2).sum()
    with pytest.raises(
        RuntimeError, match=r"input 1 of shape \[2\] was not used.*allow_unused=True.*materialize_grads"
    ):
        autograd.grad(z, [x, y], retain_graph=True)
    gx, gy = autograd.grad(z, [x, y], allow_unused=True, retain_graph=True)
    assert gy is None
    assert gx.tolist() == [2.0] * 3
    gx, gy = autograd.grad(z, [x, y], materialize_grads=True)
    assert gy.tolist() == [0.0, 0.0]
    assert gy.dtype is tg.float32
    with pytest.raises(ValueError, match="allow_unused"):
        autograd.grad(z, [x, y], allow_unused=False, materialize_grads=True)


def test_weights_of_several_outputs(x):
    a, b = x * 2, x * x
    (g,) = autograd.grad([a, b], x, [tg.ones(3, dtype=tg.float64), tg.tensor([0.0, 1.0, 10.0])])
    assert g.tolist() == [2.0, 6.0, 62.0]
    assert g.dtype is tg.float64


def test_the_same_input_twice(x):
    a, b = autograd.grad((x * x).sum(), [x, x])
    assert a.tolist() == b.tolist() == [2.0, 4.0, 6.0]
    assert not np.shares_memory(a.numpy(), b.numpy())


def test_batched_cotangents(x):
    y = x * x
    (rows,) = autograd.grad(y, x, tg.eye(3, dtype=tg.float64), is_grads_batched=True)
    np.testing.assert_array_equal(rows.numpy(), np.diag([2.0, 4.0, 6.0]))


def test_backward_to_chosen_inputs(x):
    y = tg.ones(3, dtype=tg.float64, requires_grad=True)
    z = x * y
    z.sum().backward(inputs=[y])
    assert x.grad is None
    assert y.grad.tolist() == [1.0, 2.0, 3.0]


def test_backward_to_an_intermediate_result(x):
    a = x * 2
    a.retain_grad()
    (a * a).sum().backward(inputs=[a])
    assert x.grad is None
    assert a.grad.tolist() == [4.0, 8.0, 12.0]


def test_hooks_see_and_change_gradients(x):
    seen = []
    handle = x.register_hook(lambda g: seen.append(g.tolist()) or g * 10)
    (x * 2).sum().backward()
    assert seen == [[2.0] * 3]
    assert x.grad.tolist() == [20.0] * 3
    handle.remove()
    handle.remove()
    (x * 2).sum().backward()
    assert x.grad.tolist() == [22.0] * 3


def test_hooks_run_in_order_on_intermediates(x):
    a = x * 1
    a.register_hook(lambda g: g + 1)
    a.register_hook(lambda g: g * 10)
    a.sum().backward()
    assert x.grad.tolist() == [20.0] * 3


def test_a_hook_on_record(x):
    """Under create_graph what a hook computes is differentiated too."""
    a = x * x
    a.register_hook(lambda g: g * x)
    (g,) = autograd.grad(a.sum(), x, create_graph=True)  # 2 x^2
    (h,) = autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.numpy(), [4.0, 8.0, 12.0])


def test_a_hook_with_a_wrong_result(x):
    x.register_hook(lambda g: g.sum())
    with pytest.raises(RuntimeError, match=r"hook returned a gradient of shape \[\] for a tensor of shape \[3\]"):
        (x * 2).sum().backward()
    y = tg.ones(2, requires_grad=True)
    y.register_hook(lambda g: 3)
    with pytest.raises(TypeError, match="hook must return a Tensor or None, not int"):
        y.sum().backward()


def test_post_accumulate_hooks(x):
    seen = []
    handle = x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.tolist()))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    assert seen == [[2.0] * 3, [4.0] * 3]
    handle.remove()
    (x * 2).sum().backward()
    assert len(seen) == 2
    with pytest.raises(RuntimeError, match="leaf"):
        (x * 2).register_post_accumulate_grad_hook(print)


def test_retain_grad(x):
    a = x * 2
    a.retain_grad()
    assert a.retains_grad
    (a * a).sum().backward()
    assert a.grad.tolist() == [4.0, 8.0, 12.0]
    assert not x.retains_grad


def test_the_gradient_of_an_intermediate_warns(x):
    with pytest.warns(UserWarning, match="retain_grad"):
        assert (x * 2).grad is None


def test_hooks_need_a_gradient():
    with pytest.raises(RuntimeError, match="does not require grad"):
        tg.ones(2).register_hook(print)
    with pytest.raises(RuntimeError, match="does not require grad"):
        tg.ones(2).retain_grad()


def test_set_and_delete_grad(x):
    x.grad = tg.ones(3, dtype=tg.float64)
    (x * 2).sum().backward()
    assert x.grad.tolist() == [3.0] * 3
    del x.grad
    assert x.grad is None
    with pytest.raises(RuntimeError, match=r"shape of its tensor: \[3\], not \[2\]"):
        x.grad = tg.ones(2, dtype=tg.float64)
    with pytest.raises(RuntimeError, match="dtype of its tensor: float64, not float32"):
        x.grad = tg.ones(3)
    with pytest.raises(TypeError, match="Tensor or None, not list"):
        x.grad = [1.0]
