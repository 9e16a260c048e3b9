"""Memory is freed by reference count alone, deep graphs need no recursion, and no cycle is made."""

import gc
import weakref

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd


@pytest.fixture(autouse=True)
def no_collector():
    """With the collector off, only reference counts free anything."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_graph_is_freed_with_its_result():
    x = tg.ones(3, requires_grad=True)
    a = x * 2
    b = a.exp()
    nodes = [weakref.ref(t.grad_fn) for t in (a, b)]
    arrays = [weakref.ref(t.numpy(force=True)) for t in (a, b)]
    y = b.sum()
    del a, b
    assert arrays[0]() is None  # exp keeps its result, not its input
    assert arrays[1]() is not None
    del y
    assert [r() for r in (*nodes, *arrays)] == [None] * 4


def test_backward_frees_what_was_saved():
    x = tg.ones(3, requires_grad=True)
    b = x.exp()
    array = weakref.ref(b.numpy(force=True))
    y = b.sum()
    del b
    y.backward()
    assert array() is None


def test_create_graph_makes_no_cycle():
    x = tg.ones(3, requires_grad=True)
    y = (x.exp() * x).sum()
    (g,) = autograd.grad(y, x, create_graph=True)
    (h,) = autograd.grad(g.sum(), x, create_graph=True)
    nodes = [weakref.ref(t.grad_fn) for t in (y, g, h)]
    del y, g, h
    assert [r() for r in nodes] == [None] * 3


def test_only_what_a_rule_names_is_kept():
    x, y = tg.ones(3, requires_grad=True), tg.ones(3, requires_grad=True)
    a, b = x * 2, y * 2
    arrays = [weakref.ref(t.numpy(force=True)) for t in (a, b)]
    c = a + b  # keeps nothing
    del a, b
    assert [r() for r in arrays] == [None, None]
    assert c.requires_grad


def test_the_other_factor_is_kept_only_for_the_traced_one():
    x, constant = tg.ones(3, requires_grad=True), tg.ones(3)
    a = x + 0
    array = weakref.ref(a.numpy(force=True))
    c = a * constant  # the gradient of a needs constant, not a
    del a
    assert array() is None
    assert c.requires_grad


def test_in_place_writes_and_views_make_no_cycle():
    x = tg.ones(4, requires_grad=True)
    y = x * 1
    v = y[:2]
    v.mul_(3)
    w = y.view(2, 2)
    y.add_(1)
    total = (w * v.sum()).sum()
    total.backward()
    references = [weakref.ref(t) for t in (y, v, w, total)] + [weakref.ref(t.grad_fn) for t in (y, v, w, total)]
    del y, v, w, total
    assert [r() for r in references] == [None] * 8


def test_hooks_and_kept_gradients_make_no_cycle():
    x = tg.ones(3, requires_grad=True)
    a = x * 2
    a.retain_grad()
    a.register_hook(lambda g: g * 2)
    y = a.sum()
    y.backward()
    references = [weakref.ref(t) for t in (a, y)] + [weakref.ref(t.grad_fn) for t in (a, y)]
    del a, y
    assert [r() for r in references] == [None] * 4


def test_a_function_makes_no_cycle():
    class Exp(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = x.exp()
            ctx.save_for_backward(x, out)  # an output among what it saves
            return out

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[1]

    x = tg.ones(3, requires_grad=True)
    a = x * 1
    y = Exp.apply(a)
    references = [weakref.ref(t) for t in (a, y)] + [weakref.ref(t.grad_fn) for t in (a, y)]
    del a
    assert references[0]() is not None  # saved
    y.sum().backward(retain_graph=True)
    del y
    assert [r() for r in references] == [None] * 4


def test_leaf_tensors_are_freed():
    x = tg.ones(3, requires_grad=True)
    (x * 2).sum().backward()
    references = [weakref.ref(x), weakref.ref(x.grad)]
    del x
    assert [r() for r in references] == [None, None]


def test_a_running_loss_as_a_number_holds_no_graph():
    x = tg.ones(3, requires_grad=True)
    total = 0.0
    nodes = []
    for _ in range(3):
        loss = (x * 2).sum()
        nodes.append(weakref.ref(loss.grad_fn))
        total += loss.item()
    del loss
    assert [r() for r in nodes] == [None] * 3


def test_a_million_nodes():
    """Built, swept and freed without recursion."""
    x = tg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y + 0.0
    first = weakref.ref(y.grad_fn)
    y.backward()
    assert x.grad.item() == 1
    del y
    assert first() is None


def test_a_long_chain_is_freed_unswept():
    x = tg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(200_000):
        y = y * 1.0
    first = weakref.ref(y.grad_fn)
    del y
    assert first() is None


def test_a_long_chain_of_in_place_writes():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    y = x * 1
    for _ in range(50_000):
        y += 1
    first = weakref.ref(y.grad_fn)
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    del y
    assert first() is None


def test_the_sweep_lets_go_of_gradients_on_its_way():
    """A chain's gradients exist one or two at a time, not all at once."""
    alive = []
    most = 0

    def watch(g):
        nonlocal most
        alive.append(weakref.ref(g.numpy()))
        most = max(most, sum(r() is not None for r in alive))

    x = tg.ones(1000, requires_grad=True)
    y = x
    for _ in range(20):
        y = y.sin()
        y.register_hook(watch)
    y.backward(tg.ones(1000))
    assert len(alive) == 20
    assert most <= 3


def test_results_share_no_memory_with_what_they_should_not():
    x = tg.ones(3, requires_grad=True)
    assert not np.shares_memory(x.clone().numpy(force=True), x.numpy(force=True))
    assert np.shares_memory(x.detach().numpy(), x.numpy(force=True))
