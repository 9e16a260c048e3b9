"""Pruning, against PyTorch's on equal weights and equal draws."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn
from tinygrad_cn.nn.utils import prune


def pair():
    pytest.importorskip("torch.nn.utils.prune")
    torch = pytest.importorskip("torch")
    made = []
    for library in (tg, torch):
        library.manual_seed(3)
        made.append((library, library.nn.Sequential(library.nn.Conv2d(3, 6, 3), library.nn.Linear(5, 4))))
    return made


PRUNINGS = {
    "random": lambda p, m: p.random_unstructured(m[0], "weight", amount=0.3),
    "by number": lambda p, m: p.random_unstructured(m[0], "bias", amount=2),
    "least": lambda p, m: p.l1_unstructured(m[1], "weight", amount=0.4),
    "channels": lambda p, m: p.ln_structured(m[0], "weight", amount=0.5, n=2, dim=0),
    "channels of another axis": lambda p, m: p.ln_structured(m[0], "weight", amount=1, n=float("inf"), dim=1),
    "random channels": lambda p, m: p.random_structured(m[0], "weight", amount=2, dim=0),
    "nothing": lambda p, m: p.identity(m[1], "weight"),
    "twice": lambda p, m: (
        p.l1_unstructured(m[0], "weight", amount=0.3),
        p.ln_structured(m[0], "weight", amount=0.5, n=1, dim=0),
        p.random_unstructured(m[0], "weight", amount=0.25),
    ),
    "all together": lambda p, m: p.global_unstructured(
        [(m[0], "weight"), (m[1], "weight"), (m[1], "bias")], pruning_method=p.L1Unstructured, amount=0.35
    ),
    "by other scores": lambda p, m: p.l1_unstructured(m[1], "weight", 3, importance_scores=m[1].weight.detach() ** -1),
}


@pytest.mark.parametrize("case", PRUNINGS)
def test_masks_and_weights_are_those_of_pytorch(case):
    found = []
    for library, model in pair():
        PRUNINGS[case](library.nn.utils.prune, model)
        values = {**model.state_dict(), "0": model[0].weight, "1": model[1].weight}
        found.append({name: value.detach().numpy() for name, value in values.items()})
    ours, theirs = found
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6, err_msg=name)


def test_training_leaves_pruned_entries_at_zero_and_remove_keeps_them():
    layer = prune.l1_unstructured(nn.Linear(6, 3), "weight", amount=0.5)
    assert prune.is_pruned(nn.Sequential(layer))
    optimizer = tg.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (layer(tg.ones(2, 6)) ** 2).sum().backward()
        assert (layer.weight_orig.grad[layer.weight_mask == 0] == 0).all()
        optimizer.step()
    layer(tg.ones(2, 6))
    kept = layer.weight.detach().clone()
    assert int((kept == 0).sum()) == 9
    prune.remove(layer, "weight")
    assert isinstance(layer.weight, nn.Parameter)
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    assert (layer.weight == kept).all()
    assert not prune.is_pruned(layer)


def test_several_prunings_are_a_container_of_them():
    layer = nn.Linear(6, 3)
    prune.l1_unstructured(layer, "weight", amount=2)
    prune.random_unstructured(layer, "weight", amount=2)
    (hook,) = layer._forward_pre_hooks.values()
    assert [type(method) for method in hook] == [prune.L1Unstructured, prune.RandomUnstructured]
    assert len(hook) == 2
    assert int((layer.weight_mask == 0).sum()) == 4
    with pytest.raises(TypeError, match="is not a BasePruningMethod"):
        hook.add_pruning_method(3)
    stranger = prune.L1Unstructured(1)
    stranger._tensor_name = "bias"
    with pytest.raises(ValueError, match="Found 'bias'"):
        hook.add_pruning_method(stranger)


def test_a_tensor_without_a_module():
    method = prune.L1Unstructured(amount=2)
    assert method.prune(tg.tensor([3.0, -1.0, 2.0, -4.0])).tolist() == [3.0, 0.0, 0.0, -4.0]
    with pytest.raises(ValueError, match="should be equal"):
        method.prune(tg.ones(3), importance_scores=tg.ones(2))


def test_refusals():
    layer = nn.Linear(4, 2)
    with pytest.raises(TypeError, match="Must be int or float"):
        prune.l1_unstructured(layer, "weight", amount="half")
    for amount in (-1, 1.5):
        with pytest.raises(ValueError, match="range"):
            prune.l1_unstructured(layer, "weight", amount=amount)
    with pytest.raises(ValueError, match="to prune=8"):
        prune.l1_unstructured(layer, "weight", amount=9)
    assert sorted(layer.state_dict()) == ["bias", "weight"], "a refused pruning leaves the layer as it was"
    with pytest.raises(ValueError, match="multidimensional"):
        prune.ln_structured(layer, "bias", amount=1, n=2, dim=0)
    with pytest.raises(ValueError, match="has to be pruned"):
        prune.remove(layer, "weight")
    with pytest.raises(TypeError, match="unstructured"):
        prune.global_unstructured([(layer, "weight")], prune.LnStructured, amount=1, n=2)
    with pytest.raises(TypeError, match="Iterable"):
        prune.global_unstructured(3, prune.L1Unstructured)
    with pytest.raises(ValueError, match="should be equal"):
        prune.l1_unstructured(layer, "weight", 1, importance_scores=tg.ones(3))
