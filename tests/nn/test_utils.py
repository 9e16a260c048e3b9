"""nn.utils: clipping, and parameters as a vector."""

import math

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn
from tinygrad_cn.nn import utils


def parameters(*grads):
    made = []
    for grad in grads:
        parameter = nn.Parameter(tg.zeros(len(grad)))
        parameter.grad = tg.tensor(grad)
        made.append(parameter)
    return made


@pytest.mark.parametrize(("order", "norm"), [(2, 5.0), (1, 7.0), (math.inf, 4.0)])
def test_clip_by_norm(order, norm):
    params = [*parameters([3.0, 0.0], [-4.0]), nn.Parameter(tg.ones(1))]
    total = utils.clip_grad_norm_(iter(params), norm / 2, norm_type=order)
    assert total.item() == norm
    np.testing.assert_allclose(params[0].grad.numpy(), [1.5, 0], rtol=1e-5)
    assert math.isclose(utils.get_total_norm([p.grad for p in params[:2]], order).item(), norm / 2, rel_tol=1e-5)
    utils.clip_grad_norm_(params, 100.0)
    np.testing.assert_allclose(params[1].grad.numpy(), [-2], rtol=1e-5)


def test_clip_by_norm_of_what_is_not_finite():
    (parameter,) = parameters([math.inf, 1.0])
    with pytest.raises(RuntimeError, match="non-finite"):
        utils.clip_grad_norm_(parameter, 1.0, error_if_nonfinite=True)
    assert parameter.grad.tolist() == [math.inf, 1.0]
    assert utils.clip_grad_norm_(parameter, 1.0).item() == math.inf
    assert utils.clip_grad_norm_([nn.Parameter(tg.ones(1))], 1.0).item() == 0.0
    with pytest.warns(UserWarning, match="empty generator"):
        utils.clip_grad_norm_((p for p in []), 1.0)


def test_clip_by_value():
    params = parameters([3.0, -0.5], [-4.0])
    utils.clip_grad_value_(params, 1.0)
    assert [p.grad.tolist() for p in params] == [[1.0, -0.5], [-1.0]]


def test_vector_and_back():
    layer = nn.Linear(3, 2)
    vector = utils.parameters_to_vector(layer.parameters())
    assert vector.shape == (8,)
    assert vector.requires_grad
    utils.vector_to_parameters(tg.arange(8.0), layer.parameters())
    assert layer.weight.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert layer.bias.tolist() == [6.0, 7.0]
    assert layer.weight.requires_grad
    with pytest.raises(ValueError, match="7 elements, the parameters have 8"):
        utils.vector_to_parameters(tg.zeros(7), layer.parameters())
    with pytest.raises(TypeError, match="expected a Tensor"):
        utils.vector_to_parameters([1.0], layer.parameters())
