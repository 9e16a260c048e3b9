"""``device("meta")``: modules that are made to be filled afterwards."""

import copy
import pickle

import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn


def test_a_block_leaves_the_random_stream_where_it_was():
    tg.manual_seed(0)
    wanted = tg.rand(3)
    tg.manual_seed(0)
    with tg.device("meta"), tg.device("meta"):
        nn.Linear(3, 5)
    assert (tg.rand(3) == wanted).all()


def test_a_module_is_filled_by_assignment():
    with tg.device("meta"):
        layer = nn.Linear(3, 5)
    values = nn.Linear(3, 5).state_dict()
    layer.load_state_dict(values, assign=True)
    assert (layer.weight == values["weight"]).all()
    assert nn.Linear(3, 5, device="meta").to_empty(device="cpu").weight.shape == (5, 3)


def test_a_module_called_with_other_parameters():
    """Ensembles keep one module as a shape for many sets of parameters."""
    models = [nn.Linear(3, 2) for _ in range(4)]
    shape = copy.deepcopy(models[0]).to("meta")
    parameters, buffers = tg.func.stack_module_state(models)
    x = tg.randn(5, 3)
    out = tg.func.vmap(lambda p, b: tg.func.functional_call(shape, (p, b), (x,)))(parameters, buffers)
    for model, found in zip(models, out, strict=True):
        assert tg.allclose(found, model(x))


def test_a_device_is_a_value():
    assert str(tg.device("meta")) == "meta"
    assert pickle.loads(pickle.dumps(tg.device("meta"))) == copy.deepcopy(tg.device("meta")) == tg.device("meta")
    assert tg.device("meta") != tg.device("cpu")
    with pytest.raises(RuntimeError, match="not available"):
        tg.device("cuda")
