"""save and load of whole objects: modules and settings are data, and reading them calls nothing."""

import argparse
import dataclasses
import enum
import functools
import io
import json
import pathlib
import pickle
import sys
import types
import zipfile

import numpy as np
import pytest
from test_serialization import equal

import tinygrad_cn as tg
from tinygrad_cn.errors import FileFormatError, UnsafeFileError


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Settings:
    rate: float
    color: Color = Color.RED


class Net(tg.nn.Module):
    def __init__(self, block=tg.nn.Linear):
        super().__init__()
        self.block = block
        self.first = block(2, 2)
        self.second = tg.nn.Linear(2, 2)
        self.second.weight = self.first.weight
        self.activation = tg.nn.functional.gelu
        self.norm = functools.partial(tg.nn.LayerNorm, eps=1e-3)
        self.device = tg.device("cpu")
        self.itself = [self]

    def forward(self, x):
        return self.activation(self.second(self.first(x)))


class Unpicklable:
    def __reduce__(self):
        raise TypeError("not to be pickled")


class OwnWay(tg.nn.Module):
    def __getstate__(self):
        return {}


class TestWholeObjects:
    """Modules and settings, as training scripts save them: a class by name, and attributes. Nothing is called."""

    def test_a_module(self, tmp_path, monkeypatch):
        model = Net()
        tg.save(model, tmp_path / "model.pt")
        monkeypatch.setattr(Net, "__init__", None)
        found = tg.load(tmp_path / "model.pt")
        equal(found(tg.ones(1, 2)).detach(), model(tg.ones(1, 2)).detach())
        assert found.second.weight is found.first.weight
        assert found.itself[0] is found
        assert (found.block, found.norm.func, found.norm.keywords) == (tg.nn.Linear, tg.nn.LayerNorm, {"eps": 1e-3})
        assert len(list(found.parameters())) == 3

    def test_buffers_modes_and_layers_of_the_library(self, tmp_path):
        model = tg.nn.Sequential(tg.nn.Conv1d(2, 3, 1), tg.nn.BatchNorm1d(3), tg.nn.ReLU()).eval()
        tg.save({"model": model, "epoch": 3}, tmp_path / "model.pt")
        found = tg.load(tmp_path / "model.pt", weights_only=False)["model"]
        assert not found.training
        equal(found.state_dict(), model.state_dict())

    @pytest.mark.parametrize(
        "settings",
        [
            argparse.Namespace(rate=0.1, device=tg.device("cpu"), out=pathlib.Path("runs")),
            types.SimpleNamespace(a=[1]),
            Settings(0.1),
        ],
    )
    def test_settings_beside_a_state(self, settings):
        file = io.BytesIO()
        tg.save({"settings": settings, "weight": tg.ones(2)}, file, _use_new_zipfile_serialization=False)
        found = tg.load(file, "cpu", pickle, encoding="latin1")
        assert found["settings"] == settings
        equal(found["weight"], tg.ones(2))
        with pytest.raises(UnsafeFileError, match="weights_only"):
            tg.load(file, weights_only=True)

    @pytest.mark.parametrize("value", [OwnWay(), lambda x: x, Unpicklable, np.zeros, io.StringIO()])
    def test_what_is_not_saved(self, value):
        with pytest.raises(TypeError, match=r"the object\['x'\] is of type"):
            tg.save({"x": value}, io.BytesIO())

    def test_a_class_that_is_gone(self, monkeypatch):
        file = io.BytesIO()
        tg.save(Net(), file)
        monkeypatch.delattr(sys.modules[__name__], "Net")
        with pytest.raises(UnsafeFileError, match="Net, which is not there; import what defines it"):
            tg.load(file)

    @pytest.mark.parametrize(
        "node",
        [
            {"name": "os:system"},
            {"name": "builtins:eval"},
            {"name": "tinygrad_cn:load"},
            {"partial": [{"name": "os:system"}, {"list": ["true"]}, {"dict": []}]},
            {"object": "subprocess:Popen", "state": []},
            {"object": f"{__name__}:OwnWay", "state": []},
            {"object": "threading:Thread", "state": []},
            {"object": "tinygrad_cn.nn.functional.activation:relu", "state": []},
            {"object": f"{__name__}:Color", "state": []},
            {"enum": [f"{__name__}:Settings", "RED"]},
            {"enum": [f"{__name__}:Color", "GREEN"]},
            {"object": 3, "state": []},
            {"object": f"{__name__}:Net", "state": [[1]]},
            {"object": f"{__name__}:Net"},
            {"same": 0},
            {"same": -1},
            {"same": True},
        ],
    )
    def test_hostile_objects(self, node):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("manifest.json", json.dumps({"format": "tinygrad_cn 1", "value": node}))
        with pytest.raises(FileFormatError, match="load: "):
            tg.load(file)
