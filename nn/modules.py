"""``torch.nn.modules`` and its files by name, for programs that import a layer or a base class from there.

Where PyTorch's file holds what lies in several of ours, they are joined: `FILES` says which.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tinygrad_cn.alias_modules import lay_alias

from . import (
    _sizes,
    activation,
    adaptive_softmax,
    batchnorm,
    container,
    conv,
    conv_transpose,
    distance,
    dropout,
    embedding,
    flatten,
    fractional_pooling,
    instancenorm,
    lazy,
    likelihood_loss,
    linear,
    loss,
    margin_loss,
    module,
    multihead_attention,
    normalization,
    padding,
    parameter_container,
    pooling,
    power_pooling,
    rearranging,
    rectifier,
    recurrent,
    recurrent_base,
    recurrent_cell,
    softmax,
    transformer,
    transformer_layer,
    unpooling,
    upsampling,
)

#: PyTorch's file: ours.
FILES: dict[str, tuple[ModuleType, ...]] = {
    "activation": (activation, rectifier, softmax, multihead_attention),
    "adaptive": (adaptive_softmax,),
    "batchnorm": (batchnorm,),
    "channelshuffle": (rearranging,),
    "container": (container, parameter_container),
    "conv": (conv, conv_transpose),
    "distance": (distance,),
    "dropout": (dropout,),
    "flatten": (flatten,),
    "fold": (rearranging,),
    "instancenorm": (instancenorm,),
    "lazy": (lazy,),
    "linear": (linear,),
    "loss": (loss, likelihood_loss, margin_loss),
    "module": (module,),
    "normalization": (normalization,),
    "padding": (padding,),
    "pixelshuffle": (rearranging,),
    "pooling": (pooling, power_pooling, fractional_pooling, unpooling),
    "rnn": (recurrent, recurrent_base, recurrent_cell),
    "sparse": (embedding,),
    "transformer": (transformer, transformer_layer),
    "upsampling": (upsampling,),
}
#: Base classes, which programs ask about with isinstance.
BASES = {
    "batchnorm": ("_BatchNorm", "_NormBase"),
    "conv": ("_ConvNd",),
    "dropout": ("_Dropout",),
    "instancenorm": ("_InstanceNorm",),
    "loss": ("_Loss", "_WeightedLoss"),
    "pooling": ("_AdaptiveAvgPoolNd", "_AdaptiveMaxPoolNd", "_AvgPoolNd", "_LPPoolNd", "_MaxPoolNd", "_MaxUnpoolNd"),
}


def _ntuple(count: int) -> Any:
    """The function that lays a size along ``count`` axes."""
    return lambda value: _sizes.per_axis(value, count)


def _single(value: Any) -> Any:
    """A size along one axis."""
    return _sizes.per_axis(value, 1)


def _pair(value: Any) -> Any:
    """A size along two axes."""
    return _sizes.per_axis(value, 2)


def _triple(value: Any) -> Any:
    """A size along three axes."""
    return _sizes.per_axis(value, 3)


def _quadruple(value: Any) -> Any:
    """A size along four axes."""
    return _sizes.per_axis(value, 4)


def _lay_out() -> None:
    """Make a module for each of PyTorch's files, so that an import of it finds it."""
    utils = {"_single": _single, "_pair": _pair, "_triple": _triple, "_quadruple": _quadruple, "_ntuple": _ntuple}
    contents: dict[str, dict[str, Any]] = {"utils": utils}
    for name, ours in FILES.items():
        contents[name] = {public: getattr(file, public) for file in ours for public in file.__all__}
        for base in BASES.get(name, ()):
            found = next((vars(file)[base] for file in ours if base in vars(file)), None)
            if found is not None:
                contents[name][base] = found
    for name, names in contents.items():
        lay_alias(__name__, name, names)
        globals().update({key: value for key, value in names.items() if isinstance(value, type)})


_lay_out()
