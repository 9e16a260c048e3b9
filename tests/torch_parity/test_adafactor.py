"""Adafactor beside PyTorch's: every option over ten steps, printing, states both ways."""

import numpy as np
import pytest

import tinygrad_cn as tg

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # small tensors: on a busy machine more are slower by far


def steps(lib, options, count=10, state=None, dtype="float64"):
    rng = np.random.default_rng(0)
    shapes = [(3, 4), (2, 5, 3), (7,), (), (1, 1)]
    params = [lib.tensor(rng.standard_normal(s), dtype=getattr(lib, dtype), requires_grad=True) for s in shapes]
    optimizer = lib.optim.Adafactor(params, **options)
    if state is not None:
        optimizer.load_state_dict(state)
    for _ in range(count):
        for p, shape in zip(params, shapes, strict=True):
            p.grad = lib.tensor(rng.standard_normal(shape), dtype=getattr(lib, dtype))
        optimizer.step()
    return [p.detach().numpy() for p in params], optimizer


OPTIONS = [
    {},
    {"lr": 0.5, "maximize": True},
    {"weight_decay": 0.1, "d": 1.5},
    {"beta2_decay": -0.3, "eps": (1e-3, 0.1)},
    {"lr": 0.5, "eps": (None, 0.0)},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(o) or "defaults")
def test_ten_steps(options):
    ours, optimizer = steps(tg, options)
    theirs, reference = steps(torch, options)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    assert repr(optimizer) == repr(reference)
    mine, other = optimizer.state_dict(), reference.state_dict()
    assert mine["param_groups"] == other["param_groups"]
    for key, entry in other["state"].items():
        assert {n: tuple(v.shape) for n, v in mine["state"][key].items()} == {
            n: tuple(v.shape) for n, v in entry.items()
        }


def test_float32_stays_float32():
    ours, optimizer = steps(tg, {"lr": 0.1, "weight_decay": 0.1}, dtype="float32")
    theirs, _ = steps(torch, {"lr": 0.1, "weight_decay": 0.1}, dtype="float32")
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert all(v.dtype == tg.float32 for entry in optimizer.state_dict()["state"].values() for v in entry.values())


def test_states_of_pytorch_load():
    _, reference = steps(torch, {"lr": 0.1}, 3)
    ours, _ = steps(tg, {"lr": 0.1}, 2, reference.state_dict())
    theirs, _ = steps(torch, {"lr": 0.1}, 2, reference.state_dict())
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("options", [{"lr": -1}, {"d": 0.5}, {"beta2_decay": 1}, {"eps": (None, -1)}], ids=str)
def test_refusals(options):
    with pytest.raises(ValueError, match=r"Invalid|should be"):
        tg.optim.Adafactor([tg.ones(1, requires_grad=True)], **options)
