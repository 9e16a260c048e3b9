"""The public surface: every name that is listed exists, is documented, and is no module by accident."""

import importlib
import inspect
import types

import numpy as np
import pytest

import tinygrad_cn as tg

MODULES = ["tinygrad_cn", "tinygrad_cn.autograd", "tinygrad_cn.nn", "tinygrad_cn.nn.functional", "tinygrad_cn.nn.init",
           "tinygrad_cn.nn.utils", "tinygrad_cn.optim", "tinygrad_cn.testing"]  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_listed_names_exist_and_are_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    undocumented = []
    for listed in module.__all__:
        value = getattr(module, listed)
        if callable(value) and not (inspect.getdoc(value) or "").strip():
            undocumented.append(listed)
    assert not undocumented
    assert len(module.__all__) == len(set(module.__all__))


def test_public_names_are_listed():
    """What is imported into the package for use must stand in its list; sub-packages stand for themselves."""
    # __future__ features and modules that come along with a submodule's import are no names of the package
    public = {n for n, v in vars(tg).items() if not n.startswith("_") and not isinstance(v, types.ModuleType)}
    assert not sorted(public - set(tg.__all__))


def test_methods_are_documented():
    undocumented = []
    for cls in tg.Tensor.__mro__[:-1]:
        for name, value in vars(cls).items():
            if name.startswith("_") or not (callable(value) or isinstance(value, property)):
                continue
            documented = value.fget if isinstance(value, property) else value
            if not (inspect.getdoc(documented) or "").strip() and documented.__name__ != "<lambda>":
                undocumented.append(name)
    assert not sorted(undocumented)


def test_methods_and_functions_are_one():
    """A method is the function of its name, so that both mean the same for ever."""
    differing = []
    for name in tg.__all__:
        method = inspect.getattr_static(tg.Tensor, name, None)
        function = getattr(tg, name)
        if (
            isinstance(method, types.FunctionType)
            and isinstance(function, types.FunctionType)
            and method is not function
            and method is not getattr(function, "__wrapped__", None)  # the function, which out= was added to
        ):
            differing.append(name)
    # PyTorch gives some of these other arguments as methods: t.where(condition, other), t.polygamma(n), t.bernoulli(p)
    apart = {
        "bernoulli",
        "is_complex",
        "is_floating_point",
        "is_same_size",
        "multinomial",
        "numel",
        "polygamma",
        "where",
    }
    assert not sorted(set(differing) - apart)


def test_results_are_tensors_whatever_the_class():
    class Mine(tg.Tensor):
        pass

    made = tg.ones(2).as_subclass(Mine) if hasattr(tg.Tensor, "as_subclass") else None
    assert made is None or isinstance(made, tg.Tensor)
    parameter = tg.nn.Parameter(tg.ones(2))
    assert type(parameter * 2) is tg.Tensor
    assert type(np.exp(parameter)) is tg.Tensor
    assert type(parameter) is tg.nn.Parameter


def test_no_listed_name_hides_an_error():
    with pytest.raises(AttributeError):
        tg.no_such_name  # noqa: B018
