"""`weight_norm`, `spectral_norm` and `GradScaler` in PyTorch's first forms, against PyTorch."""

import copy

import numpy as np
import pytest

import tinygrad_cn as tg


def norms(t, which):
    t.manual_seed(0)
    nn = t.nn
    layer = (
        nn.utils.weight_norm(nn.Conv1d(3, 4, 2)) if which == "weight" else nn.utils.spectral_norm(nn.Conv1d(3, 4, 2))
    )
    model = nn.Sequential(layer, nn.ReLU())
    optimizer = t.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model(t.randn(2, 3, 5)).square().sum().backward()
        optimizer.step()
    return model


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("which", ["weight", "spectral"])
def test_trained_to_pytorchs_state(which):
    torch = pytest.importorskip("torch")
    ours, theirs = norms(tg, which), norms(torch, which)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name].numpy(), value.numpy(), rtol=2e-5, atol=1e-6, err_msg=name)
    remove = f"remove_{which}_norm"
    for library, model in ((tg, ours), (torch, theirs)):
        getattr(library.nn.utils, remove)(model[0])
    assert list(ours.state_dict()) == ["0.bias", "0.weight"] == list(theirs.state_dict())
    assert not ours[0]._forward_pre_hooks


@pytest.mark.parametrize("which", ["weight", "spectral"])
def test_applied_twice_or_removed_without(which):
    apply, remove = (getattr(tg.nn.utils, f"{word}{which}_norm") for word in ("", "remove_"))
    layer = tg.nn.Linear(2, 2)
    with pytest.raises(ValueError, match="not found"):
        remove(layer)
    apply(layer)
    with pytest.raises(RuntimeError, match="two"):
        apply(layer)


def scaled(t):
    t.manual_seed(0)
    weight = t.ones(2, requires_grad=True)
    optimizer = t.optim.SGD([weight], lr=0.1)
    scaler = t.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2)
    seen = []
    for factor in (1.0, 2.0, float("inf"), 1.0, 1.0, 1.0):
        optimizer.zero_grad()
        scaler.scale((weight * factor).sum()).backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
        seen.append((scaler.get_scale(), weight.detach().tolist()))
    return seen, scaler.state_dict()


def test_a_scaler_follows_pytorchs():
    torch = pytest.importorskip("torch")
    assert scaled(tg) == scaled(torch)


def test_a_scaler_resumes_and_refuses():
    _, state = scaled(tg)
    scaler = tg.amp.GradScaler("cpu")
    scaler.load_state_dict(copy.deepcopy(state))
    assert scaler.state_dict() == state
    with pytest.raises(RuntimeError, match="empty"):
        scaler.load_state_dict({})
    with pytest.raises(RuntimeError, match="no step"):
        scaler.update()
    with pytest.raises(ValueError, match="above 1"):
        tg.amp.GradScaler("cpu", growth_factor=1.0)
    with pytest.warns(UserWarning, match="disabled"):
        assert not tg.cuda.amp.GradScaler().is_enabled()
