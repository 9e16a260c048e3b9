"""Small networks of layers that fit together, with inputs for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_cn import nn, random
from tinygrad_cn.creation import from_numpy
from tinygrad_cn.testing.strategies._hypothesis import st
from tinygrad_cn.testing.strategies.arrays import arrays

__all__ = ["Network", "networks"]

Shape = tuple[int, ...]

_SMOOTH: tuple[Callable[[], nn.Module], ...] = (nn.Tanh, nn.Sigmoid, nn.Softplus, nn.SiLU, nn.GELU, nn.Mish)
_BENT: tuple[Callable[[], nn.Module], ...] = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Hardtanh)


class Network(NamedTuple):
    """A network and a batch for it.

    Attributes:
        model: the layers, in float64, with weights that differ from each other.
        input: (N, features) or (N, C, H, W).
    """

    model: nn.Sequential
    input: np.ndarray


def _filled(model: nn.Module, seed: int) -> None:
    """Parameters that depend on ``seed`` alone: networks do not touch the random generator of the program."""
    rng = np.random.default_rng(seed)
    for parameter in model.parameters():
        parameter.data = from_numpy(rng.uniform(-1, 1, size=tuple(parameter.shape)))


@st.composite
def _image_layer(draw: Any, channels: int, size: tuple[int, int], smooth: bool) -> tuple[nn.Module, int]:
    """A layer for (N, C, H, W), and how many channels come out."""
    kinds = ["activation", "convolution", "normalisation"]
    if min(size) >= 2:
        kinds += ["average"] if smooth else ["average", "maximum"]
    kind = draw(st.sampled_from(kinds))
    if kind == "convolution":
        kernel = draw(st.integers(1, min(3, *size)))
        maps = draw(st.integers(1, 3))
        padding = draw(st.integers(0, kernel - 1))
        return nn.Conv2d(channels, maps, kernel, padding=padding, bias=draw(st.booleans())), maps
    if kind == "normalisation":
        layers = (nn.BatchNorm2d(channels), nn.GroupNorm(1, channels), nn.InstanceNorm2d(channels, affine=True))
        # over one value per channel there is nothing to normalise
        return (draw(st.sampled_from(layers)) if size[0] * size[1] > 1 else layers[1]), channels
    if kind == "activation":
        return draw(_activation(smooth)), channels
    return (nn.AvgPool2d(2) if kind == "average" else nn.MaxPool2d(2)), channels


@st.composite
def _activation(draw: Any, smooth: bool) -> nn.Module:
    return draw(st.sampled_from(_SMOOTH if smooth else _SMOOTH + _BENT))()


@st.composite
def _vector_layer(draw: Any, features: int, batch: int, smooth: bool) -> tuple[nn.Module, int]:
    kinds = ["linear", "activation"]
    if features > 1:
        kinds += ["layer norm"]
    if batch > 2:  # of two values, batch normalisation keeps no more than which is larger
        kinds += ["batch norm"]
    kind = draw(st.sampled_from(kinds))
    if kind == "linear":
        out = draw(st.integers(1, 4))
        return nn.Linear(features, out, bias=draw(st.booleans())), out
    if kind == "layer norm":
        return nn.LayerNorm(features), features
    if kind == "batch norm":
        return nn.BatchNorm1d(features), features
    return draw(_activation(smooth)), features


@st.composite
def networks(
    draw: Any, *, images: bool | None = None, max_layers: int = 4, max_batch: int = 3, smooth: bool = False
) -> Network:
    """Sequences of compatible layers: convolutions, pooling and normalisation of images, then linear layers.

    Args:
        images (bool): take images (N, C, H, W); ``False``: rows (N, features); ``None``: either.
        max_layers (int): at most so many layers on images, and so many on rows.
        max_batch (int): the largest batch.
        smooth (bool): only layers that are differentiable everywhere.
    """
    batch = draw(st.integers(1, max_batch))
    layers: list[nn.Module] = []
    with random.fork_rng():
        if draw(st.booleans()) if images is None else images:
            channels, size = draw(st.integers(1, 2)), (draw(st.integers(2, 5)), draw(st.integers(2, 5)))
            shape: Shape = (batch, channels, *size)
            for _ in range(draw(st.integers(1, max_layers))):
                layer, channels = draw(_image_layer(channels, size, smooth))
                layers.append(layer)
                size = _size_after(layer, size)
            layers.append(nn.Flatten())
            features = channels * size[0] * size[1]
        else:
            features = draw(st.integers(1, 4))
            shape = (batch, features)
        for _ in range(draw(st.integers(1, max_layers))):
            layer, features = draw(_vector_layer(features, batch, smooth))
            layers.append(layer)
        model = nn.Sequential(*layers).double()
    _filled(model, draw(st.integers(0, 2**16)))
    return Network(model, draw(arrays(shape, -2, 2)))


def _size_after(layer: nn.Module, size: tuple[int, int]) -> tuple[int, int]:
    if isinstance(layer, nn.Conv2d):
        grown = 2 * layer.padding[0] - layer.kernel_size[0] + 1  # type: ignore[operator]
        return size[0] + grown, size[1] + grown
    if isinstance(layer, nn.AvgPool2d | nn.MaxPool2d):
        return size[0] // 2, size[1] // 2
    return size
