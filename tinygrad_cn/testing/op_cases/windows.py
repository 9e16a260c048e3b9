"""Convolution and its adjoints, and pooling. Against nested loops the kernels are tested in test_kernels.py."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cn.kernels import averaging, pooling
from tinygrad_cn.kernels.windows import symmetric
from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample


def _each(choose: Any, ndim: int) -> Callable[[int, int], tuple[int, ...]]:
    """Draws a number for each axis."""
    return lambda low, high: tuple(choose(st.integers(low, high)) for _ in range(ndim))


@st.composite
def convolved(choose: Any, kind: str) -> Sample:
    """Images, kernels and cotangents of one convolution of one or two axes, with every option."""
    ndim = choose(st.integers(1, 2))
    each = _each(choose, ndim)
    kernel, stride, dilation = each(1, 2), each(1, 2), each(1, 2)
    padding = tuple(zip(each(0, 1), each(0, 1), strict=True))
    size = tuple(d * (k - 1) + 1 + choose(st.integers(0, 1)) for d, k in zip(dilation, kernel, strict=True))
    groups, channels, maps = choose(st.integers(1, 2)), choose(st.integers(1, 2)), choose(st.integers(1, 2))
    out = tuple(
        (n + a + b - d * (k - 1) - 1) // s + 1
        for n, (a, b), d, k, s in zip(size, padding, dilation, kernel, stride, strict=True)
    )
    images = choose(st.integers(1, 2))
    shapes = {
        "x": (images, groups * channels, *size),
        "weight": (groups * maps, channels, *kernel),
        "y": (images, groups * maps, *out),
    }
    params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if kind == "convolution":
        bias = choose(st.one_of(st.none(), draw.arrays((groups * maps,), bits=6)))
        return Sample((choose(draw.arrays(shapes["x"])), choose(draw.arrays(shapes["weight"], bits=5)), bias), params)
    if kind == "input":
        arrays = choose(draw.arrays(shapes["y"])), choose(draw.arrays(shapes["weight"], bits=5))
        return Sample(arrays, {"shape": shapes["x"], **params})
    return Sample(
        (choose(draw.arrays(shapes["x"])), choose(draw.arrays(shapes["y"], bits=5))),
        {"shape": shapes["weight"], **params},
    )


@st.composite
def pooled(choose: Any, kind: str) -> Sample:
    ndim = choose(st.integers(1, 2))
    each = _each(choose, ndim)
    kernel, stride = each(1, 3), each(1, 2)
    padding = symmetric(tuple(choose(st.integers(0, k // 2)) for k in kernel))
    shape = (choose(st.integers(1, 2)), choose(st.integers(1, 2)), *(k + choose(st.integers(0, 2)) for k in kernel))
    ceil_mode = choose(st.booleans())
    if kind.startswith("avg"):
        windows = averaging.average_windows("avg", shape, kernel, stride, padding, ceil_mode, choose(st.booleans()))
        params = {"windows": windows, "divisor": choose(st.sampled_from([None, 3]))}
        out = (*shape[:2], *(len(w.start) for w in windows))
        return Sample((choose(draw.arrays(shape if kind == "avg" else out)),), params)
    x = choose(draw.arrays(shape, unique=True))
    sweep = pooling.max_sweep("max", shape, kernel, stride, padding, (1,) * ndim, ceil_mode)
    if kind == "max":
        return Sample((x,), {"sweep": sweep})
    values, winners = pooling.max_pool(x, sweep)
    if kind == "gather":
        return Sample((choose(draw.arrays(shape)),), {"winners": winners, "sweep": sweep})
    g = choose(draw.arrays(values.shape))
    return Sample((g,), {"winners": winners, "shape": shape, "sweep": sweep})


@st.composite
def picked(choose: Any, back: bool) -> Sample:
    """Flat indices into the planes of the last two axes."""
    shape = (choose(st.integers(1, 2)), 2, 2, 3)
    out = (*shape[:2], 2, 2)
    indices = choose(st.lists(st.integers(0, 5), min_size=math.prod(out), max_size=math.prod(out)))
    indices = np.array(indices).reshape(out)
    if back:
        return Sample((choose(draw.arrays(out)),), {"indices": indices, "shape": shape, "ndim": 2})
    return Sample((choose(draw.arrays(shape)),), {"indices": indices, "ndim": 2})


def _gather(x: Any, indices: Any, ndim: int) -> Any:
    planes = x.reshape(-1, 6)
    rows = indices.reshape(len(planes), -1)
    return np.stack([plane[row] for plane, row in zip(planes, rows, strict=True)]).reshape(indices.shape)


CASES = [
    Case("convolution", convolved("convolution")),
    Case("convolution_input", convolved("input")),
    Case("convolution_weight", convolved("weight")),
    Case("max_pool", pooled("max"), analytic=False),
    Case("scatter_winners", pooled("scatter"), analytic=False),
    Case("gather_winners", pooled("gather"), analytic=False),
    Case("avg_pool", pooled("avg"), analytic=False),
    Case("avg_pool_adjoint", pooled("avg_adjoint"), analytic=False),
    Case("gather_planes", picked(back=False), _gather, analytic=False),
    Case("scatter_planes", picked(back=True), analytic=False),
]
