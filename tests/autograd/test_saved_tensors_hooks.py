"""Hooks on saved tensors: what they see, what they may return, and that gradients stay right."""

import gc
import weakref

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd, observing
from tinygrad_cn.autograd.graph import disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks

F = tg.nn.functional


def model(x, w):
    """Ops of every kind: unrolled, general, fused with a composite, several outputs, of many inputs."""
    h = tg.tanh(x @ w)
    h = F.softmax(h, -1) + F.layer_norm(h, (4,)) * tg.exp(x @ w)
    values, vectors = tg.linalg.eigh(h.mT @ h + tg.eye(4, dtype=h.dtype))
    joined = tg.cat([h, values.unsqueeze(0), (vectors**2)], 0)
    return F.cross_entropy(joined, tg.arange(joined.shape[0]) % 4) + joined.std()


def leaves():
    rng = np.random.default_rng(0)
    return [tg.tensor(rng.standard_normal(s), requires_grad=True) for s in ((5, 3), (3, 4))]


def derivatives(context):
    ins = leaves()
    with context:
        out = model(*ins)
    first = autograd.grad(out, ins, create_graph=True)
    with context:
        size = sum((g * g).sum() for g in first)
    return [g.detach().numpy() for g in (*first, *autograd.grad(size, ins))]


HOOKS = {
    "the same": lambda: saved_tensors_hooks(lambda t: t, lambda t: t),
    "copies": lambda: saved_tensors_hooks(lambda t: t.clone(), lambda t: t),
    "lists": lambda: saved_tensors_hooks(
        lambda t: (t.dtype, t.shape, t.tolist()), lambda p: tg.tensor(p[2], dtype=p[0]).reshape(p[1])
    ),
    "written": lambda: saved_tensors_hooks(lambda t: t.clone(), lambda t: tg.empty_like(t).copy_(t)),
    "on the CPU": save_on_cpu,
}


@pytest.mark.parametrize("name", HOOKS)
def test_gradients_are_the_same_bit_for_bit(name):
    plain = derivatives(saved_tensors_hooks(lambda t: t, lambda t: t))  # a context that changes nothing
    for a, b in zip(plain, derivatives(HOOKS[name]()), strict=True):
        np.testing.assert_array_equal(a, b)
    assert observing.made is None


def test_against_no_hooks_at_all():
    ins = leaves()
    first = autograd.grad(model(*ins), ins, create_graph=True)
    second = autograd.grad(sum((g * g).sum() for g in first), ins)
    for a, b in zip([*first, *second], derivatives(save_on_cpu()), strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b)


def test_what_hooks_see():
    seen = []
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with saved_tensors_hooks(lambda t: seen.append(t), lambda p: None):
        x + 1
        assert not seen  # addition saves nothing
        y = x * x
        y.exp()
    assert [t.tolist() for t in seen[:2]] == [[1.0, 2.0], [1.0, 2.0]]
    assert all(not t.requires_grad for t in seen)
    with pytest.raises(TypeError, match="MulBackward0: the unpack hook must return a Tensor, not NoneType"):
        y.sum().backward()


def test_a_wrong_shape_is_refused():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with saved_tensors_hooks(lambda t: t, lambda t: t[:1]):
        y = x.exp()
    with pytest.raises(RuntimeError, match=r"returned a tensor of shape \[1\].* for one of shape \[2\]"):
        y.sum().backward()


def test_the_innermost_hooks_are_used_and_they_may_not_be_forbidden_to_end():
    order = []
    x = tg.ones(2, requires_grad=True)

    def named(name):
        return saved_tensors_hooks(lambda t: order.append(name) or t, lambda t: t)

    with named("outer"):
        with named("inner"):
            x.exp()
        x.exp()
    x.exp()
    assert order == ["inner", "outer"]
    with disable_saved_tensors_hooks("not here"), pytest.raises(RuntimeError, match="not here"), named("none"):
        pass


def test_the_saved_array_is_let_go():
    x = tg.ones(1000, requires_grad=True)
    with saved_tensors_hooks(lambda t: t.shape, tg.ones):
        y = x.exp()
        alive = weakref.ref(y._array)
        z = y * 2
    del y
    gc.collect()
    assert alive() is None
    z.sum().backward()
    assert x.grad.tolist() == [2.0] * 1000


def test_in_place_writes():
    x = tg.ones(2, requires_grad=True)
    with saved_tensors_hooks(lambda t: t, lambda t: t):
        y = x * 1
        z = y * y
        y.add_(1)
    with pytest.raises(RuntimeError, match=r"MulBackward.*changed in place by add_.*clone\(\)"):
        z.sum().backward()
    with save_on_cpu():  # copies are safe
        y = x * 1
        z = y * y
        y.add_(1)
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    x.grad = None
    with saved_tensors_hooks(lambda t: t, lambda t: t):  # the in-place product needs its own old value
        y = x * 3
        y.mul_(y.detach() + x)
    y.sum().backward()
    assert x.grad.tolist() == [15.0, 15.0]  # d/dx 3 x (3 + x) at 1


def test_functions_of_ones_own():
    class Product(autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            out = a * b
            ctx.save_for_backward(a, None, out)
            ctx.b = b
            return out

        @staticmethod
        def backward(ctx, g):
            a, nothing, out = ctx.saved_tensors
            assert nothing is None
            return g * out / a, g * a

    packed = []
    a, b = tg.tensor([2.0], requires_grad=True), tg.tensor([5.0], requires_grad=True)
    with saved_tensors_hooks(lambda t: packed.append(t) or t.clone(), lambda t: t):
        y = Product.apply(a, b)
    first = autograd.grad(y, (a, b), create_graph=True)
    assert [g.item() for g in first] == [5.0, 2.0]
    (mixed,) = autograd.grad(first[1], a)
    assert mixed.item() == 1.0
    assert len(packed) == 2
