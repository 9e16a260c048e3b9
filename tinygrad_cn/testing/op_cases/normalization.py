"""Normalisation, and the losses that are one op each."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cn.ops.normalization import batch_statistics
from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample, binary


@st.composite
def batches(choose: Any) -> Sample:
    x = choose(draw.arrays((2, choose(st.integers(1, 2)), *choose(draw.shapes(0, 2, empty=False))), unique=True))
    weight, bias = (choose(st.one_of(st.none(), draw.arrays((x.shape[1],), bits=b))) for b in (5, 6))
    return Sample((x, weight, bias), {"eps": 0.125})


def _with_statistics(arrays: Any, params: dict[str, Any]) -> dict[str, Any]:
    """The op is handed the statistics, and uses up the memory of one of them: new ones for every call."""
    _, variance, centred = batch_statistics(arrays[0])
    return {**params, "centred": centred, "variance": variance}


def _batch_norm(x: Any, weight: Any, bias: Any, eps: float, **statistics: Any) -> Any:
    channels = []
    for c in range(x.shape[1]):
        plane = x[:, c]
        centred = plane - plane.sum() / plane.size
        normal = centred / np.sqrt((centred * centred).sum() / plane.size + eps)
        normal = normal if weight is None else normal * weight[c]
        channels.append(normal if bias is None else normal + bias[c])
    return np.stack(channels, axis=1)


@st.composite
def standardized(choose: Any) -> Sample:
    x = choose(draw.arrays(draw.shapes(1, empty=False), unique=True))
    count = choose(st.integers(1, x.ndim))
    return Sample((x,), {"axis": tuple(range(x.ndim - count, x.ndim)), "eps": 0.125})


def _standardize(x: Any, axis: Any, eps: float) -> Any:
    mean = x.mean(axis=axis, keepdims=True)
    return (x - mean) / np.sqrt((x * x).mean(axis=axis, keepdims=True) - mean * mean + eps)


@st.composite
def layers(choose: Any) -> Sample:
    x = choose(draw.arrays(draw.shapes(1, empty=False), unique=True))
    axes = choose(st.integers(1, x.ndim))
    shape = x.shape[x.ndim - axes :]
    weight, bias = (choose(st.one_of(st.none(), draw.arrays(shape, bits=b))) for b in (5, 6))
    return Sample((x, weight, bias), {"axes": axes, "eps": 0.125})


def _layer_norm(x: Any, weight: Any, bias: Any, axes: int, eps: float) -> Any:
    out = _standardize(x, axis=tuple(range(x.ndim - axes, x.ndim)), eps=eps)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias


@st.composite
def classified(choose: Any) -> Sample:
    n, c = choose(st.integers(1, 3)), choose(st.integers(1, 4))
    x = choose(draw.arrays((n, c)))
    target = np.array(choose(st.lists(st.integers(0, c - 1), min_size=n, max_size=n)))
    scale = choose(st.one_of(draw.arrays((n,), 0, 2, bits=5), st.just(0.5)))
    return Sample((x,), {"target": target, "scale": scale, "summed": choose(st.booleans())})


def _cast_scale(arrays: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Weights come in the dtype of the logits."""
    scale = params["scale"]
    return {**params, "scale": scale.astype(arrays[0].real.dtype) if isinstance(scale, np.ndarray) else scale}


def _cross_entropy(x: Any, target: Any, scale: Any, summed: bool) -> Any:
    chosen = np.exp(x)[np.arange(len(x)), target] / np.exp(x).sum(axis=1)
    losses = -np.log(chosen) * scale
    return losses.sum() if summed else losses


CASES = [
    Case("batch_norm", batches(), _batch_norm, prepare=_with_statistics, indirect=True),
    Case("standardize", standardized(), _standardize),
    Case("layer_norm", layers(), _layer_norm),
    Case("cross_entropy", classified(), _cross_entropy, prepare=_cast_scale),
    Case("binary_cross_entropy", binary((0, 1), (0, 1), numbers=False),
         lambda x, y: -(y * np.log(x) + (1 - y) * np.log(1 - x)), analytic=False),
]  # fmt: skip
