"""Namespaces that programs written for PyTorch touch beside tensors and layers."""

import importlib
import pickle

import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn

NAMES = [
    "amp.autocast",
    "amp.GradScaler",
    "cuda.amp.autocast",
    "cuda.amp.GradScaler",
    "distributed.is_available",
    "func.vmap",
    "hub.load_state_dict_from_url",
    "compiler.is_compiling",
    "fx.wrap",
    "jit.ScriptModule",
    "jit.annotations.BroadcastingList2",
    "multiprocessing.Process",
    "distributions.utils.broadcast_all",
    "functional.F",
    "nn._reduction.get_enum",
    "nn.attention.sdpa_kernel",
    "nn.modules.batchnorm._BatchNorm",
    "nn.modules.conv._ConvNd",
    "nn.modules.loss._Loss",
    "nn.modules.utils._pair",
    "nn.modules.pooling.MaxPool2d",
    "nn.modules.activation.ReLU",
    "nn.parallel.DataParallel",
    "nn.parameter.Parameter",
    "nn.utils.stateless.functional_call",
    "nn.utils.weight_norm",
    "nn.utils.spectral_norm",
    "optim.lr_scheduler._LRScheduler",
    "testing.assert_close",
    "utils._pytree.tree_map",
    "utils.data._utils.collate.default_collate",
    "utils.model_zoo.load_url",
    "version.cuda",
]


@pytest.mark.parametrize("path", NAMES)
def test_a_name_is_found_as_an_attribute_and_by_import(path):
    module, _, name = path.rpartition(".")
    imported = getattr(importlib.import_module(f"tinygrad_cn.{module}"), name, None)
    assert hasattr(importlib.import_module(f"tinygrad_cn.{module}"), name)
    found = tg
    for part in path.split("."):
        found = getattr(found, part)
    assert found is imported


def test_files_of_nn_modules_hold_the_classes_of_nn():
    from tinygrad_cn.nn.modules.conv import Conv2d, _ConvNd
    from tinygrad_cn.nn.modules.utils import _pair

    assert Conv2d is nn.Conv2d and issubclass(nn.Conv2d, _ConvNd)
    assert nn.modules.Linear is nn.Linear
    assert _pair(3) == (3, 3) and _pair((1, 2)) == (1, 2)


def test_bfloat16_may_be_named_and_compared_but_not_used():
    assert tg.bfloat16 != tg.float32 and tg.float32 != tg.bfloat16 and tg.bfloat16 == tg.bfloat16
    assert {"bfloat16": tg.bfloat16}["bfloat16"].is_floating_point
    assert pickle.loads(pickle.dumps(tg.bfloat16)) is tg.bfloat16
    for use in (
        lambda: tg.zeros(2, dtype=tg.bfloat16),
        lambda: tg.ones(2).to(tg.bfloat16),
        lambda: nn.Linear(2, 2).to(tg.bfloat16),
    ):
        with pytest.raises(TypeError, match="NumPy has no such dtype"):
            use()


def test_in_place_methods_as_functions():
    x = tg.tensor([-1.0, 2.0])
    assert tg.relu_(x) is x and x.tolist() == [0.0, 2.0]
    assert tg.detach(tg.ones(1, requires_grad=True)).requires_grad is False


def test_switches_are_taken_and_read_back():
    tg.set_float32_matmul_precision("high")
    assert tg.get_float32_matmul_precision() == "high"
    tg.set_float32_matmul_precision("highest")
    with pytest.raises(ValueError, match="must be one of"):
        tg.set_float32_matmul_precision("low")
    tg.set_default_tensor_type(tg.DoubleTensor)
    try:
        assert tg.ones(1).dtype is tg.float64
    finally:
        tg.set_default_tensor_type("torch.FloatTensor")
    tg.set_default_device("cpu")
    with pytest.raises(RuntimeError):
        tg.set_default_device("cuda")


def test_autocast_says_that_it_casts_nothing():
    with pytest.warns(UserWarning, match="no mixed precision"), tg.autocast("cpu"):
        assert (tg.ones(1, 2) @ tg.ones(2, 1)).dtype is tg.float32
    with tg.amp.autocast("cuda", enabled=False):
        pass
    with pytest.raises(RuntimeError, match="device_type"):
        tg.autocast("tpu")

    @tg.autocast("cpu", enabled=False)
    def twice(x):
        return 2 * x

    assert twice(2) == 4 and twice.__name__ == "twice"


def test_data_parallel_passes_through_and_prefixes_the_keys():
    inner = nn.Linear(3, 2)
    model = nn.DataParallel(inner)
    x = tg.randn(4, 3)
    assert model(x).equal(inner(x))
    assert list(model.state_dict()) == ["module.weight", "module.bias"]
    with pytest.raises(RuntimeError, match="one process"):
        nn.parallel.DistributedDataParallel(inner)


def test_processes_are_refused_in_words():
    assert not tg.distributed.is_available() and not tg.distributed.is_initialized()
    with pytest.raises(RuntimeError, match="one process"):
        tg.distributed.init_process_group("gloo")
    with pytest.raises(ValueError, match="is_initialized"):
        tg.distributed.get_world_size()


def test_a_state_is_fetched_once_and_checked(tmp_path):
    tg.save({"weight": tg.ones(2)}, tmp_path / "weights.npz")
    url = (tmp_path / "weights.npz").as_uri()
    folder = tmp_path / "cache"
    state = tg.hub.load_state_dict_from_url(url, folder, progress=False)
    assert state["weight"].tolist() == [1.0, 1.0] and (folder / "weights.npz").exists()
    (tmp_path / "weights.npz").unlink()
    assert tg.hub.load_state_dict_from_url(url, folder)["weight"].tolist() == [1.0, 1.0]


def test_a_download_with_another_hash_leaves_nothing(tmp_path):
    (tmp_path / "file-00000000.npz").write_bytes(b"x")
    with pytest.raises(RuntimeError, match="does not begin with"):
        tg.hub.download_url_to_file(
            (tmp_path / "file-00000000.npz").as_uri(), tmp_path / "there" / "x", "00000000", progress=False
        )
    assert list((tmp_path / "there").iterdir()) == []


def test_a_download_that_fails_leaves_the_old_file(tmp_path):
    target = tmp_path / "weights"
    target.write_bytes(b"old")
    with pytest.raises(OSError):
        tg.hub.download_url_to_file((tmp_path / "missing").as_uri(), target, progress=False)
    assert target.read_bytes() == b"old" and list(tmp_path.iterdir()) == [target]


def test_older_names_of_methods_and_initialisers():
    x = tg.ones(2, 3)
    assert x.new(2, 2).shape == (2, 2) and x.new([1.0, 2.0]).tolist() == [1.0, 2.0] and x.new(x.size()).shape == (2, 3)
    assert nn.init.xavier_uniform is nn.init.xavier_uniform_
    model = nn.BatchNorm1d(3)
    kept = model.weight
    assert model.to_empty(device="cpu").weight is kept and model.share_memory() is model
    assert model.compile() is None
    seen = []
    model.register_backward_hook(lambda module, grad_in, grad_out: seen.append(len(grad_out)))
    model(tg.randn(4, 3, requires_grad=True)).sum().backward()
    assert seen == [1]
    assert tg.utils.checkpoint.get_device_states(x) == ([], [])
    assert tg.utils.hooks.RemovableHandle is tg.hooks.HookHandle


def test_a_writer_of_event_files_takes_tensors(tmp_path):
    pytest.importorskip("tensorboardX")
    from tinygrad_cn.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalar("loss", tg.tensor(0.5), 0)
        writer.add_scalars("both", {"a": tg.tensor(1.0), "b": 2.0}, 0)
        writer.add_histogram("weights", tg.randn(10), 0)
        writer.add_image("image", tg.rand(3, 4, 4), 0)
    assert any(tmp_path.rglob("*tfevents*"))


def test_distributions_by_the_names_of_files():
    from tinygrad_cn.distributions.categorical import Categorical
    from tinygrad_cn.distributions.multivariate_normal import MultivariateNormal

    assert Categorical is tg.distributions.Categorical and MultivariateNormal is tg.distributions.MultivariateNormal


def test_marks_for_compilers_leave_functions_as_they_are():
    """What PyTorch's vision models are written with."""

    def same(x):
        return x

    tg.fx.wrap("same")
    for mark in (tg.fx.wrap, tg.jit._overload_method, tg.jit._script_if_tracing, tg.jit.script_method):
        assert mark(same) is same
    tg._assert(True, "holds")
    with pytest.raises(AssertionError, match="2 dimensions"):
        tg._assert(False, "expected 2 dimensions")
