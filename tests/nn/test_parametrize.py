"""Parametrizations: weights computed from what is trained in their place."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn
from tinygrad_cn.nn.utils import parametrizations, parametrize


class Doubled(nn.Module):
    def forward(self, x):
        return 2 * x

    def right_inverse(self, x):
        return x / 2


class Squared(nn.Module):
    def forward(self, x):
        return x * x


def test_the_value_is_kept_and_the_gradient_goes_to_the_original():
    layer = nn.Linear(3, 2)
    before = layer.weight.detach().clone()
    original = layer.weight
    parametrize.register_parametrization(layer, "weight", Doubled())
    assert layer.parametrizations.weight.original is original
    np.testing.assert_allclose(layer.weight.detach().numpy(), before.numpy())
    layer(tg.ones(1, 3)).sum().backward()
    assert original.grad.tolist() == [[2.0] * 3] * 2
    assert [name for name, _ in layer.named_parameters()] == ["bias", "parametrizations.weight.original"]


def test_assigning_goes_through_the_inverse():
    layer = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Doubled())
    layer.weight = tg.full((2, 2), 6.0)
    assert layer.parametrizations.weight.original.tolist() == [[3.0, 3.0], [3.0, 3.0]]
    other = parametrize.register_parametrization(nn.Linear(2, 2), "weight", Squared())
    with pytest.raises(RuntimeError, match="right_inverse"):
        other.weight = tg.ones(2, 2)


def test_several_on_one_tensor_and_buffers():
    layer = nn.BatchNorm1d(2)
    parametrize.register_parametrization(layer, "running_var", Squared())
    parametrize.register_parametrization(layer, "running_var", Doubled())
    assert layer.running_var.tolist() == [2.0, 2.0]
    assert "parametrizations.running_var.original" in layer.state_dict()


def test_removing():
    layer = nn.Linear(2, 2)
    original = layer.weight
    parametrize.register_parametrization(layer, "weight", Squared())
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear
    assert layer.weight is original
    assert (layer.weight >= 0).all()
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    with pytest.raises(ValueError, match="parametrization"):
        parametrize.remove_parametrizations(layer, "weight")


def test_what_changes_the_shape_is_refused():
    class Cut(nn.Module):
        def forward(self, x):
            return x[:1]

    with pytest.raises(ValueError, match="shape"):
        parametrize.register_parametrization(nn.Linear(2, 2), "weight", Cut())
    with pytest.raises(ValueError, match="does not have"):
        parametrize.register_parametrization(nn.Linear(2, 2), "nothing", Squared())


def test_copies_and_classes():
    layer = parametrizations.weight_norm(nn.Linear(2, 2))
    twin = copy.deepcopy(layer)
    assert twin.weight.tolist() == layer.weight.tolist()
    assert twin.parametrizations.weight.original0 is not layer.parametrizations.weight.original0
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    assert isinstance(layer, nn.Linear)
    with pytest.raises(RuntimeError, match="state_dict"):
        pickle.dumps(layer)
    assert nn.Linear(2, 2).weight is not None  # the class itself is as it was


def test_the_cache():
    layer = parametrizations.weight_norm(nn.Linear(2, 2))
    assert layer.weight is not layer.weight
    with parametrize.cached():
        assert layer.weight is layer.weight


def test_old_keys_of_weight_norm():
    layer = parametrizations.weight_norm(nn.Linear(3, 2))
    layer.load_state_dict({"bias": tg.zeros(2), "weight_g": tg.ones(2, 1), "weight_v": tg.full((2, 3), 2.0)})
    np.testing.assert_allclose(layer.weight.detach().numpy(), 1 / np.sqrt(3), rtol=1e-6)


def test_spectral_norm_follows_the_largest_singular_value():
    layer = parametrizations.spectral_norm(nn.Linear(4, 3), n_power_iterations=50)
    assert np.linalg.norm(layer.weight.detach().numpy(), 2) == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("kind", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_orthogonal_weights_stay_so_while_they_are_trained(kind, shape):
    layer = parametrizations.orthogonal(nn.Linear(*shape, dtype=tg.float64), orthogonal_map=kind)
    optimizer = tg.optim.SGD(layer.parameters(), lr=0.1)
    first = layer.weight.detach().clone()
    for _ in range(3):
        optimizer.zero_grad()
        layer(tg.ones(1, shape[0], dtype=tg.float64)).pow(2).sum().backward()
        optimizer.step()
    weight = layer.weight.detach().numpy()
    weight = weight if weight.shape[0] >= weight.shape[1] else weight.T
    np.testing.assert_allclose(weight.T @ weight, np.eye(weight.shape[1]), atol=1e-12)
    assert (layer.weight.detach() - first).abs().max() > 1e-4
