"""Forms of calls that published training scripts use, beside those of PyTorch's documentation."""

import importlib

import pytest

import tinygrad_cn as tg


def test_randint_takes_its_size_by_name():
    torch = pytest.importorskip("torch")
    for arguments in (
        {"args": (5,), "size": (3,)},
        {"args": (), "high": 5, "size": [3]},
        {"args": (2,), "high": 9, "size": (2, 2)},
        {"args": (5, (3,))},
    ):
        arguments = dict(arguments)
        args = arguments.pop("args")
        torch.manual_seed(0)
        tg.manual_seed(0)
        assert tg.randint(*args, **arguments).tolist() == torch.randint(*args, **arguments).tolist()


def test_randint_without_a_size_says_so():
    with pytest.raises(TypeError, match="size is missing"):
        tg.randint(5)


def test_onnx_is_imported_and_refuses_to_export():
    onnx = importlib.import_module("tinygrad_cn.onnx")
    assert tg.onnx is onnx and not onnx.is_in_onnx_export()
    with pytest.raises(RuntimeError, match="state_dict"):
        onnx.export(tg.nn.Linear(2, 1), tg.ones(1, 2), "model.onnx")
