"""Reads at scattered places, resampling, and patches."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tinygrad_cn.kernels import patches
from tinygrad_cn.kernels.resampling import cubic_lines, linear_lines
from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample


@st.composite
def sampled(choose: Any, kind: str) -> Sample:
    n, c, size, taps, count = (choose(st.integers(1, high)) for high in (2, 2, 4, 3, 3))
    index = choose(hnp.arrays(np.int64, (n, taps, count), elements=st.integers(0, size - 1)))
    x, y, w = (n, c, size), (n, c, count), (n, taps, count)
    first, second = {"sample": (x, w), "spread": (y, w), "match": (x, y)}[kind]
    params = {"index": index, **({"size": size} if kind == "spread" else {})}
    return Sample((choose(draw.arrays(first)), choose(draw.arrays(second, bits=5))), params)


def _sample(x: Any, w: Any, index: Any) -> Any:
    return sum(w[:, t, None] * np.take_along_axis(x, index[:, t, None], 2) for t in range(w.shape[1]))


@st.composite
def resampled(choose: Any) -> Sample:
    sizes = choose(st.lists(st.integers(1, 4), min_size=1, max_size=2))
    lines = [choose(st.sampled_from([linear_lines, cubic_lines]))(n, choose(st.integers(1, 5)), None, False)
             for n in sizes]  # fmt: skip
    return Sample((choose(draw.arrays((1, 2, *sizes))),), {"lines": lines})


@st.composite
def patched(choose: Any, back: bool) -> Sample:
    spatial = tuple(choose(st.integers(2, 4)) for _ in range(2))
    params: dict[str, Any] = {"kernel": (2, choose(st.integers(1, 2))), "stride": (1, choose(st.integers(1, 2))),
              "padding": ((0, 1), (0, 0)), "dilation": (1, 1)}  # fmt: skip
    if not back:
        return Sample((choose(draw.arrays((1, 2, *spatial))),), params)
    shape = patches.cut(np.zeros((1, 2, *spatial)), **params).shape
    return Sample((choose(draw.arrays(shape)),), {"spatial": spatial, **params})


CASES = [
    Case("sample", sampled("sample"), _sample, analytic=False),
    Case("spread", sampled("spread"), analytic=False),
    Case("match", sampled("match"), analytic=False),
    Case("resample", resampled(), analytic=False, half=False),
    Case("cut_patches", patched(back=False), analytic=False),
    Case("paste_patches", patched(back=True), analytic=False),
]  # fmt: skip
