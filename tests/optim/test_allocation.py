"""A step allocates nothing of the size of its parameters, and state has the dtype of its parameter."""

import tracemalloc

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import optim

CASES = {
    "SGD": {"momentum": 0.9, "weight_decay": 0.1, "nesterov": True},
    "SGD plain": {},
    "Adam": {"amsgrad": True, "weight_decay": 0.1},
    "AdamW": {"maximize": True},
    "Adamax": {"weight_decay": 0.1},
    "NAdam": {"decoupled_weight_decay": True, "weight_decay": 0.1},
    "RAdam": {"weight_decay": 0.1},
    "RMSprop": {"momentum": 0.9, "centered": True},
    "Adagrad": {"lr_decay": 0.1},
    "Adadelta": {"weight_decay": 0.1},
    "Adafactor": {"weight_decay": 0.1, "maximize": True},
    "Rprop": {},
    "ASGD": {"t0": 0},
    "Muon": {},
    "SparseAdam": {},
}
SHAPES = [(400, 400), (200, 40), (64, 8, 3, 3), (1000,)]  # the first is cut into pieces


def made(name):
    draw = np.random.default_rng(0)
    shapes = SHAPES[:2] if name == "Muon" else SHAPES
    params = [tg.tensor(draw.standard_normal(s), dtype=tg.float32, requires_grad=True) for s in shapes]
    for param in params:
        gradient = draw.standard_normal(param.shape).astype(np.float32)
        if name == "SparseAdam":
            gradient[10:] = 0
        param.grad = tg.from_numpy(gradient)
    return params, getattr(optim, name.split()[0])(params, lr=0.01, **CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_allocated_after_the_first_step(name):
    _, optimizer = made(name)
    for _ in range(3):
        optimizer.step()
    tracemalloc.start()
    try:
        optimizer.step()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12_000  # views, numbers and functions; the largest parameter has 640,000 bytes


@pytest.mark.parametrize("name", CASES)
def test_state_has_the_dtype_of_its_parameter(name):
    params, optimizer = made(name)
    optimizer.step()
    for param in params:
        assert param.dtype == tg.float32
        for key, value in optimizer.state[param].items():
            assert not isinstance(value, tg.Tensor) or value.dtype == tg.float32, key


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("Muon", "SparseAdam")])
@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_and_threads_change_nothing(name, threads, monkeypatch):
    whole, optimizer = made(name)
    monkeypatch.setattr(optim._scratch, "_PIECE", 10**9)
    for _ in range(3):
        optimizer.step()
    monkeypatch.setattr(optim._scratch, "_PIECE", 1000)
    monkeypatch.setattr(optim._scratch, "team", lambda work: threads)
    cut, optimizer = made(name)
    for _ in range(3):
        optimizer.step()
    for a, b in zip(whole, cut, strict=True):
        assert np.array_equal(a.detach().numpy(), b.detach().numpy())


def test_gradients_in_another_order_of_memory():
    for name in CASES:
        straight, optimizer = made(name)
        turned, other = made(name)
        for param in turned:
            array = param.grad.numpy()
            param.grad = tg.from_numpy(np.asfortranarray(array))
        for _ in range(2):
            optimizer.step()
            other.step()
        for a, b in zip(straight, turned, strict=True):
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-5, atol=1e-6)
