"""Checkpointing: the same gradients, less memory, and an error where the second run would differ."""

import gc
import weakref

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import autograd, nn
from tinygrad_cn.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

BOTH = pytest.mark.parametrize("use_reentrant", [False, True, None])


def network():
    tg.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.5), nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 2))


def run(call, second=False):
    net = network()
    x = tg.randn(3, 4, requires_grad=True)
    tg.manual_seed(1)
    out = call(net, x)
    parameters = [x, *net.parameters()]
    grads = autograd.grad((out**2).sum(), parameters, create_graph=second)
    after = tg.rand(3)  # the stream goes on where the forward pass left it
    if second:
        grads = autograd.grad(sum((g**2).sum() for g in grads), parameters, allow_unused=True)
    return [t.detach().numpy() for t in (out, after, *grads) if t is not None]


@BOTH
@pytest.mark.parametrize("second", [False, True])
def test_gradients_are_the_same_bit_for_bit(use_reentrant, second):
    expected = run(lambda net, x: net(x), second)
    for call in (
        lambda net, x: checkpoint(net, x, use_reentrant=use_reentrant),
        lambda net, x: checkpoint_sequential(net, 3, x, use_reentrant=use_reentrant),
        lambda net, x: checkpoint(lambda t: checkpoint(net[1:], net[0](t)), x),  # nested
    ):
        for a, b in zip(expected, run(call, second), strict=True):
            np.testing.assert_array_equal(a, b)


def test_backward_twice():
    x = tg.ones(2, requires_grad=True)
    calls = []

    def f(t):
        calls.append(1)
        return (t * 2).exp() * t

    y = checkpoint(f, x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert len(calls) == 3
    np.testing.assert_allclose(x.grad.numpy(), 2 * 3 * np.exp(2.0), rtol=1e-6)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_what_is_saved_is_let_go():
    x = tg.ones(1000, requires_grad=True)
    alive = []

    def f(t):
        h = t.exp()
        alive.append(weakref.ref(h._array))
        return h * h

    y = checkpoint(f, x)
    gc.collect()
    assert alive[0]() is None
    y.sum().backward()
    gc.collect()
    assert alive[1]() is None


def test_keyword_arguments_structures_and_contexts():
    x = tg.ones(2, requires_grad=True)

    def f(pair, *, scale, flag):
        return {"out": pair[0] * pair[1] * scale, "flag": flag}

    found = checkpoint(f, (x, x * 3), scale=2.0, flag=True, use_reentrant=False)
    assert found["flag"]
    found["out"].sum().backward()
    assert x.grad.tolist() == [12.0, 12.0]

    entered = []

    class Context:
        def __init__(self, name):
            self.name = name

        def __enter__(self):
            entered.append(self.name)

        def __exit__(self, *exception):
            pass

    y = checkpoint(tg.exp, x, context_fn=lambda: (Context("first"), Context("second")), use_reentrant=False)
    assert entered == ["first"]
    y.sum().backward()
    assert entered == ["first", "second"]


def test_the_second_run_must_do_the_same():
    x = tg.ones(3, requires_grad=True)
    turns = iter(range(10))
    y = checkpoint(lambda t: t.exp() if next(turns) == 0 else t * 2, x)
    with pytest.raises(CheckpointError, match="must do the same"):
        y.sum().backward()
    turns = iter(range(10))
    y = checkpoint(lambda t: (t * next(turns)).exp(), x)
    with pytest.raises(CheckpointError, match="had other values"):
        y.sum().backward()
    y = checkpoint(lambda t: t * tg.rand(3), x, preserve_rng_state=False)
    with pytest.raises(CheckpointError, match="preserve_rng_state=True"):
        y.sum().backward()


def test_parameters_and_inputs_written_before_the_backward_pass():
    for run_it in (lambda w, x: checkpoint(lambda t: (t * w).exp(), x), lambda w, x: checkpoint(lambda t: t @ w, x)):
        w = tg.ones(3, 3, requires_grad=True)
        x = tg.ones(3, 3, requires_grad=True)
        y = run_it(w, x)
        with tg.no_grad():
            w.sub_(0.5)
        with pytest.raises(RuntimeError, match=r"had other values|changed in place"):
            y.sum().backward()


def test_in_place_operations_within():
    x = tg.full((3,), 2.0, requires_grad=True)

    def f(t):
        h = t * 3
        h.mul_(t)  # needs its own old value
        return h.relu_().exp_().log()

    expected = autograd.grad(f(x).sum(), x)[0]
    assert checkpoint(f, x).shape == (3,)
    np.testing.assert_array_equal(autograd.grad(checkpoint(f, x).sum(), x)[0].numpy(), expected.numpy())
    np.testing.assert_allclose(expected.numpy(), [12.0] * 3, rtol=1e-6)


def test_what_is_refused_early():
    x = tg.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="unexpected keyword arguments scale"):
        checkpoint(lambda t, scale: t, x, scale=2, use_reentrant=True)
    with pytest.raises(ValueError, match="context_fn"):
        checkpoint(tg.exp, x, use_reentrant=True, context_fn=lambda: (None, None))
    with pytest.raises(ValueError, match="determinism_check"):
        checkpoint(tg.exp, x, determinism_check="sometimes")
    with pytest.raises(ValueError, match="2 functions cannot be divided into 3 segments"):
        checkpoint_sequential([tg.exp, tg.sin], 3, x)
    with pytest.raises(ValueError, match="unexpected keyword"):
        checkpoint_sequential([tg.exp], 1, x, chunks=2)


def test_without_gradients_it_is_a_call():
    with tg.no_grad():
        assert not checkpoint(tg.exp, tg.ones(2, requires_grad=True)).requires_grad
    assert checkpoint(tg.exp, tg.zeros(2)).tolist() == [1.0, 1.0]
