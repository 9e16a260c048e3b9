"""SGD: the update, written out; in place and without allocation."""

import itertools
import tracemalloc

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn.optim import SGD, _scratch

OPTIONS = [
    {"momentum": m, "dampening": d, "weight_decay": w, "nesterov": n, "maximize": x}
    for m, d, w, n, x in itertools.product((0, 0.9), (0, 0.3), (0, 0.1), (False, True), (False, True))
    if not n or (m and not d)
]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(_scratch, "_PIECE", 1000)


def spelled_out(w, grads, lr, momentum, dampening, weight_decay, nesterov, maximize):
    v = None
    for g in grads:
        g = -g if maximize else g
        g = g + weight_decay * w
        if momentum:
            v = g if v is None else momentum * v + (1 - dampening) * g
            g = g + momentum * v if nesterov else v
        w = w - lr * g
    return w


@pytest.mark.parametrize("shape", [(3, 4), (), (50, 130)])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(k for k, v in o.items() if v) or "plain")
def test_ten_steps(options, shape):
    rng = np.random.default_rng(0)
    start = rng.standard_normal(shape)
    grads = rng.standard_normal((10, *shape))
    w = tg.tensor(start, requires_grad=True)
    optimizer = SGD([w], lr=0.1, **options)
    for g in grads:
        w.grad = tg.tensor(g)
        optimizer.step()
        assert np.array_equal(w.grad.numpy(), g)  # gradients are not touched
    np.testing.assert_allclose(w.detach().numpy(), spelled_out(start, grads, 0.1, **options), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("shape", [(7, 5), (20, 100)])
def test_memory_in_any_order(shape):
    base = np.arange(float(np.prod(shape))).reshape(shape)
    for array in (base.copy().T, base.copy()[::-1], base.copy()[:, ::2]):
        expected = array - 0.5 * np.ones_like(array)
        w = tg.from_numpy(array).requires_grad_()
        w.grad = tg.ones(*array.shape, dtype=tg.float64)
        SGD([w], lr=0.5, momentum=0.9).step()
        assert np.array_equal(array, expected)


@pytest.mark.parametrize("dtype", [tg.float16, tg.float32, tg.float64])
def test_dtypes_stay(dtype):
    w = tg.ones(3, dtype=dtype, requires_grad=True)
    optimizer = SGD([w], lr=0.5, momentum=0.5, weight_decay=0.5)
    for _ in range(2):
        w.grad = tg.ones(3, dtype=dtype)
        optimizer.step()
    assert w.dtype == dtype
    assert optimizer.state[w]["momentum_buffer"].dtype == dtype


def test_options_may_change_between_steps():
    w = tg.ones(1, requires_grad=True)
    optimizer = SGD([w], lr=1.0)
    w.grad = tg.ones(1)
    optimizer.step()
    optimizer.param_groups[0]["lr"] = 0.5
    optimizer.step()
    assert w.item() == -0.5


def test_nothing_is_allocated_after_the_first_step():
    w = tg.ones(30, 100, requires_grad=True)
    b = tg.ones(100, requires_grad=True)
    optimizer = SGD([w, b], lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True)
    w.grad, b.grad = tg.ones(30, 100), tg.ones(100)
    for _ in range(3):
        optimizer.step()
    tracemalloc.start()
    optimizer.step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000  # views and numbers; the larger array has 12,000 bytes


def test_options_as_tensors():
    w = tg.ones(1, requires_grad=True)
    w.grad = tg.ones(1)
    SGD([w], lr=tg.tensor(0.5), weight_decay=tg.tensor(0.5)).step()
    assert w.item() == 0.25
    with pytest.raises(ValueError, match="Tensor lr must be 1-element"):
        SGD([w], lr=tg.ones(2))


def test_refusals():
    w = tg.ones(1, requires_grad=True)
    for options, match in [
        ({"lr": -1.0}, "Invalid learning rate: -1.0"),
        ({"momentum": -0.1}, "Invalid momentum value"),
        ({"weight_decay": -0.1}, "Invalid weight_decay value"),
        ({"nesterov": True}, "Nesterov momentum requires"),
        ({"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "Nesterov momentum requires"),
    ]:
        with pytest.raises(ValueError, match=match):
            SGD([w], **options)
    with pytest.raises(RuntimeError, match="cannot be `True` together"):
        SGD([w], foreach=True, fused=True)
    SGD([w], foreach=True, fused=False)


@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_cover_everything_once(monkeypatch, threads):
    def add(a, b, none, s, t):
        assert none is None
        assert a.shape == b.shape == s.shape == t.shape
        assert s is not t
        np.copyto(s, b)
        np.add(a, s, out=a)

    monkeypatch.setattr(_scratch, "team", lambda work: threads)
    scratch = _scratch.Scratch()
    for shape in [(), (0,), (5, 7), (1000,), (1001,), (30, 200)]:
        array = np.zeros(shape)
        other = np.ones(shape)
        scratch.each(add, array, other, None)
        assert (array == 1).all()
        scratch.each(add, array.T, other.T, None)
        assert (array == 2).all()
