"""state_dict and load_state_dict: all or nothing."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn


def model():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Sequential(nn.PReLU()))


def values(module):
    return {name: tensor.detach().numpy().copy() for name, tensor in module.state_dict(keep_vars=True).items()}


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def test_keys_values_and_metadata():
    net = model()
    state = net.state_dict()
    assert list(state) == [
        *("0.weight", "0.bias", "1.weight", "1.bias"),
        *("1.running_mean", "1.running_var", "1.num_batches_tracked", "2.0.weight"),
    ]
    assert not state["0.weight"].requires_grad
    assert state["0.weight"].numpy() is net[0].weight.numpy(force=True)  # a reference
    assert net.state_dict(keep_vars=True)["0.weight"] is net[0].weight
    assert state._metadata["1"] == {"version": 2}
    assert next(iter(net.state_dict(prefix="net."))) == "net.0.weight"
    into = {"kept": 1}
    assert net.state_dict(destination=into) is into
    assert "kept" in into


def test_round_trip():
    a, b = model(), model()
    assert not same(values(a), values(b))
    assert repr(b.load_state_dict(a.state_dict())) == "<All keys matched successfully>"
    assert same(values(a), values(b))
    b[0].weight.data.fill_(0)
    assert a[0].weight.abs().sum().item() > 0  # copied, not shared


def test_arrays_are_taken_and_converted():
    net = model()
    net.load_state_dict({key: np.ones(value.shape) for key, value in net.state_dict().items()})
    assert net[0].weight.dtype == tg.float32
    assert net[1].num_batches_tracked.dtype == tg.int64
    assert net[1].num_batches_tracked.item() == 1


def test_everything_wrong_is_listed_and_nothing_is_changed():
    net = model()
    before = values(net)
    state = model().state_dict()
    state["0.weight"] = tg.ones(4, 2)
    state["1.bias"] = [1.0, 2.0, 3.0]
    state["other"] = tg.ones(1)
    del state["2.0.weight"]
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    lines = str(caught.value).split("\n\t")
    assert lines[0] == "Error(s) in loading state_dict for Sequential:"
    assert lines[1].startswith('Missing key(s) in state_dict: "2.0.weight"')
    assert lines[2].startswith('Unexpected key(s) in state_dict: "other"')
    assert lines[3].startswith("size mismatch for 0.weight: copying a param with shape")
    assert '"1.bias"' in lines[4]
    assert len(lines) == 5
    assert same(before, values(net))


def test_not_strict_names_what_was_left_out():
    net = model()
    state = model().state_dict()
    wanted = state.pop("0.bias")
    state["other"] = tg.ones(1)
    keys = net.load_state_dict(state, strict=False)
    assert keys.missing_keys == ["0.bias"]
    assert keys.unexpected_keys == ["other"]
    assert np.array_equal(net[0].weight.detach().numpy(), state["0.weight"].numpy())
    assert not np.array_equal(net[0].bias.detach().numpy(), wanted.numpy())
    state["0.weight"] = tg.ones(1, 1)
    with pytest.raises(RuntimeError, match="size mismatch"):
        net.load_state_dict(state, strict=False)
    with pytest.raises(TypeError, match="dict-like"):
        net.load_state_dict([1])


def test_assign_puts_the_given_tensors_in_place():
    net = model()
    net[0].weight.requires_grad_(False)
    state = {key: value.double() if value.is_floating_point() else value for key, value in model().state_dict().items()}
    net.load_state_dict(state, assign=True)
    assert net[0].weight.dtype == tg.float64
    assert isinstance(net[0].weight, nn.Parameter)
    assert not net[0].weight.requires_grad
    assert net[0].bias.requires_grad
    assert net[1].running_mean is state["1.running_mean"]


def test_non_persistent_buffers_stay_out():
    module = nn.Module()
    module.register_buffer("kept", tg.ones(1))
    module.register_buffer("scratch", tg.ones(1), persistent=False)
    module.third = nn.Buffer(tg.ones(1), persistent=False)
    assert list(module.state_dict()) == ["kept"]
    module.register_buffer("scratch", tg.ones(1))
    assert list(module.state_dict()) == ["kept", "scratch"]


def test_batch_norm_takes_states_from_before_it_counted_batches():
    layer = nn.BatchNorm1d(2)
    state = layer.state_dict()
    del state["num_batches_tracked"]
    with pytest.raises(RuntimeError, match="Missing"):
        layer.load_state_dict(state)
    layer.load_state_dict(dict(state))  # without metadata: an old file


class Counting(nn.Module):
    """Has a state that is no tensor."""

    def __init__(self, count=0):
        super().__init__()
        self.weight = nn.Parameter(tg.full((1,), float(count)))
        self.count = count

    def get_extra_state(self):
        return {"count": self.count}

    def set_extra_state(self, state):
        self.count = state["count"]


def test_extra_state():
    a, b = nn.Sequential(Counting(3)), nn.Sequential(Counting())
    state = a.state_dict()
    assert state["0._extra_state"] == {"count": 3}
    b.load_state_dict(state)
    assert b[0].count == 3
    with pytest.raises(RuntimeError, match=r'Missing.*"0\._extra_state"'):
        b.load_state_dict({"0.weight": tg.ones(1)})
    with pytest.raises(RuntimeError, match="Unexpected"):
        nn.Sequential(nn.PReLU()).load_state_dict(state)


class Renamed(nn.Module):
    """Takes states that call its weight ``w``."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(tg.zeros(2))

    def _load_from_state_dict(self, state_dict, prefix, *args):
        if prefix + "w" in state_dict:
            state_dict[prefix + "weight"] = state_dict.pop(prefix + "w")
        super()._load_from_state_dict(state_dict, prefix, *args)


def test_an_override_may_translate_old_keys():
    net = nn.Sequential(Renamed())
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "0.x"'):
        net.load_state_dict({"0.w": tg.ones(2), "0.x": tg.ones(1)})
    assert net[0].weight.tolist() == [0.0, 0.0]
    net.load_state_dict({"0.w": tg.ones(2)})
    assert net[0].weight.tolist() == [1.0, 1.0]


def test_hooks_around_saving():
    net = nn.Sequential(nn.PReLU())
    calls = []
    net[0].register_state_dict_pre_hook(lambda module, prefix, keep_vars: calls.append((prefix, keep_vars)))
    handle = net.register_state_dict_post_hook(lambda module, state, prefix, metadata: state.update(extra=1))
    assert list(net.state_dict()) == ["0.weight", "extra"]
    assert calls == [("0.", False)]
    handle.remove()
    assert list(net.state_dict()) == ["0.weight"]


def test_hooks_around_loading():
    net = nn.Sequential(nn.PReLU())

    def rename(module, state, prefix, *rest):
        state[prefix + "weight"] = state.pop(prefix + "old")

    with net[0].register_load_state_dict_pre_hook(rename):
        net.load_state_dict({"0.old": tg.ones(1)})
    assert net[0].weight.item() == 1.0

    seen = []

    def forgive(module, keys):
        seen.append(net[0].weight.item())
        keys.unexpected_keys.clear()

    with net.register_load_state_dict_post_hook(forgive):
        net.load_state_dict({"0.weight": tg.full((1,), 7.0), "more": 1})
        assert seen == [7.0]  # it sees what was loaded
        with pytest.raises(RuntimeError, match="Missing"):
            net.load_state_dict({"more": 1})
    with (
        net.register_load_state_dict_post_hook(lambda module, keys: None),
        pytest.raises(RuntimeError, match="Unexpected"),
    ):
        net.load_state_dict({"0.weight": tg.zeros(1), "more": 1})
    assert net[0].weight.item() == 7.0  # taken back
