"""Kernels of convolution and pooling against nested loops; adjoints against the identity that defines them."""

from __future__ import annotations

import math
import threading
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_cn.kernels import averaging, correlation, depthwise, pooling, threads, windows
from tinygrad_cn.kernels.convolution import conv_forward, conv_input_adjoint, conv_weight_adjoint


def _convolve(x, w, bias, stride, padding, dilation, groups):
    """The definition, one number at a time."""
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    kernel, maps, channels = w.shape[2:], w.shape[0], w.shape[1]
    out = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True)]
    y = np.zeros((x.shape[0], maps, *out), np.result_type(x, w))
    for n, o, *i in np.ndindex(*y.shape):
        first = o // (maps // groups) * channels
        total = bias[o]
        for c, *k in np.ndindex(channels, *kernel):
            at = [a * s + b * d for a, s, b, d in zip(i, stride, k, dilation, strict=True)]
            total = total + w[(o, c, *k)] * x[(n, first + c, *at)]
        y[(n, o, *i)] = total
    return y


@st.composite
def convolutions(draw):
    ndim = draw(st.integers(1, 3))
    ints = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(ndim))
    kernel, stride, dilation = ints(1, 3), ints(1, 4), ints(1, 3)
    padding = tuple(zip(ints(0, 4), ints(0, 4), strict=True))
    least = [max(1, d * (k - 1) + 1 - a - b) for k, d, (a, b) in zip(kernel, dilation, padding, strict=True)]
    size = tuple(n + draw(st.integers(0, 4)) for n in least)
    groups, channels, many = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    images = draw(st.integers(0, 3))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x = rng.standard_normal((images, groups * channels, *size))
    w = rng.standard_normal((groups * many, channels, *kernel))
    if draw(st.booleans()):  # channels-last images, kernels that run backwards
        x = np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)
        w = w[..., ::-1]
    return x, w, rng.standard_normal(groups * many), (stride, padding, dilation, groups)


@pytest.mark.parametrize("cut", [1 << 18, 50])
@given(convolutions())
def test_convolution_is_its_definition_and_the_adjoints_are_adjoint(cut, case):
    x, w, bias, how = case
    before = correlation._BLOCK, threads._WORTH_SHARING
    correlation._BLOCK, threads._WORTH_SHARING = cut, (0 if cut == 50 else before[1])
    try:
        y = conv_forward(x, w, bias, *how)
        np.testing.assert_allclose(y, _convolve(x, w, bias, *how), atol=1e-12)
        g = np.random.default_rng(1).standard_normal(y.shape)
        linear = np.sum(conv_forward(x, w, None, *how) * g)
        gx = conv_input_adjoint(g, w, x.shape, *how)
        gw = conv_weight_adjoint(x, g, w.shape, *how)
    finally:
        correlation._BLOCK, threads._WORTH_SHARING = before
    assert gx.shape == x.shape
    assert gw.shape == w.shape
    np.testing.assert_allclose([np.sum(gx * x), np.sum(gw * w)], linear, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("size", [(9,), (6, 7), (3, 4, 5)])
@pytest.mark.parametrize("many", [1, 3])
@pytest.mark.parametrize("lowered", [1, 1 << 19])
def test_depthwise_convolution_in_blocks(size, many, lowered, monkeypatch):
    monkeypatch.setattr(depthwise, "_LOWERED", lowered)
    monkeypatch.setattr(threads, "_WORTH_SHARING", 0)
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((3, 4, *size)), rng.standard_normal((4 * many, 1, *(3, 2, 2)[: len(size)]))
    one = (1,) * len(size)
    how = (one, ((3, 0),) * len(size), one, 4)
    bias = rng.standard_normal(len(w))
    y = conv_forward(x, w, bias, *how)
    np.testing.assert_allclose(y, _convolve(x, w, bias, *how), atol=1e-12)
    g = rng.standard_normal(y.shape)
    linear = np.sum(conv_forward(x, w, None, *how) * g)
    gx, gw = conv_input_adjoint(g, w, x.shape, *how), conv_weight_adjoint(x, g, w.shape, *how)
    np.testing.assert_allclose([np.sum(gx * x), np.sum(gw * w)], linear, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shape", [(3, 2, 7), (3, 2, 7, 6), (2, 2, 5, 4, 6)])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2])
def test_every_element_of_the_adjoints(shape, stride, groups):
    """Unit vectors: the adjoints' matrices are the transposed matrix of the convolution, element by element."""
    rng = np.random.default_rng(0)
    ndim = len(shape) - 2
    w = rng.standard_normal((2, 2 // groups, *(3, 2, 2)[:ndim]))
    x = rng.standard_normal((1, *shape[1:]))
    how = ((stride,) * ndim, ((1, 0),) * ndim, (1,) * ndim, groups)
    g = rng.standard_normal(conv_forward(x, w, None, *how).shape)
    gx, gw = conv_input_adjoint(g, w, x.shape, *how), conv_weight_adjoint(x, g, w.shape, *how)
    for i in np.ndindex(*x.shape):
        unit = np.zeros_like(x)
        unit[i] = 1
        assert np.isclose(gx[i], np.sum(conv_forward(unit, w, None, *how) * g))
    for i in np.ndindex(*w.shape):
        unit = np.zeros_like(w)
        unit[i] = 1
        assert np.isclose(gw[i], np.sum(conv_forward(x, unit, None, *how) * g))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_dtypes_stay(dtype):
    x, w = np.ones((2, 3, 6, 6), dtype), np.ones((4, 3, 3, 3), dtype)
    how = ((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    y = conv_forward(x, w, np.ones(4, dtype), *how)
    assert y.dtype == conv_input_adjoint(y, w, x.shape, *how).dtype == conv_weight_adjoint(x, y, w.shape, *how).dtype
    assert y.dtype == dtype


@pytest.mark.parametrize("groups", [1, 3])
def test_complex_step(groups):
    rng = np.random.default_rng(0)
    x, u = rng.standard_normal((2, 1, 3, 8))
    w = rng.standard_normal((3, 3 // groups, 3))
    how = ((2,), ((1, 1),), (1,), groups)
    step = conv_forward(x + 1e-30j * u, w, None, *how).imag / 1e-30
    np.testing.assert_allclose(step, conv_forward(u, w, None, *how), rtol=1e-13, atol=1e-14)


def test_threads_leave_blas_as_it_was():
    before = threads._crew.size()
    x, w = np.ones((64, 16, 32, 32), np.float32), np.ones((16, 16, 3, 3), np.float32)
    how = ((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    results = [None] * 3

    def run(i):
        results[i] = conv_forward(x, w, None, *how)

    callers = [threading.Thread(target=run, args=(i,)) for i in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert all(np.array_equal(r, results[0]) for r in results)
    assert threads._crew.size() == before


def test_an_error_in_a_thread_is_raised():
    def job(part):
        if 0 in part:
            raise ZeroDivisionError
        return part

    with pytest.raises(ZeroDivisionError):
        threads.share(job, range(4), 2)
    assert threads.share(list, range(5), 2) == [[0, 1], [2, 3, 4]]


@pytest.mark.parametrize(
    ("x", "w", "groups", "message"),
    [
        ((1, 2, 5), (3, 1, 2), 1, r"channels must be 1 \* groups"),
        ((1, 2, 5), (3, 2, 9), 1, r"does not fit the input of spatial shape \(5,\)"),
        ((1, 2, 5), (3, 1, 2), 2, "maps a multiple of groups"),
    ],
)
def test_errors_name_the_shapes(x, w, groups, message):
    with pytest.raises(ValueError, match=message):
        conv_forward(np.ones(x), np.ones(w), None, (1,), ((0, 0),), (1,), groups)


@st.composite
def poolings(draw):
    ndim = draw(st.integers(1, 3))
    ints = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(ndim))
    kernel, dilation = ints(1, 3), ints(1, 2)
    stride = kernel if draw(st.booleans()) else ints(1, 3)
    padding = tuple((p, p) for p in (draw(st.integers(0, k // 2)) for k in kernel))
    size = tuple(d * (k - 1) + 1 + draw(st.integers(0, 4)) for k, d in zip(kernel, dilation, strict=True))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x = rng.integers(-3, 3, (2, 2, *size)).astype(float)  # many ties
    special = draw(st.sampled_from([None, math.nan, -math.inf, math.inf]))
    if special is not None:
        x[rng.random(x.shape) < 0.3] = special
    if draw(st.booleans()):
        x = np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)
    return x, kernel, stride, padding, dilation, draw(st.booleans())


@pytest.mark.parametrize("many", [64, 2])
@given(poolings())
def test_max_pool_is_its_definition(many, case):
    x, kernel, stride, padding, dilation, ceil_mode = case
    ndim = len(kernel)
    sweep = pooling.max_sweep("max_pool", x.shape, kernel, stride, padding, dilation, ceil_mode)
    before, pooling._MANY_TAPS = pooling._MANY_TAPS, many
    try:
        values, winners = pooling.max_pool(x, sweep)
        g = np.random.default_rng(1).standard_normal(values.shape)
        scattered = pooling.scatter_winners(g, winners, x.shape, sweep)
    finally:
        pooling._MANY_TAPS = before
    indices = pooling.flat_indices(winners, x.shape, sweep)
    expected = np.zeros_like(x)
    for n, c, *i in np.ndindex(*values.shape):
        best, where = -math.inf, None
        for k in np.ndindex(*kernel):
            at = [a * s + b * d - p[0] for a, s, b, d, p in zip(i, stride, k, dilation, padding, strict=True)]
            if not all(0 <= a < size for a, size in zip(at, x.shape[2:], strict=True)):
                continue
            value = x[(n, c, *at)]
            if where is None or value > best or math.isnan(value):
                best, where = value, at
        np.testing.assert_equal(values[(n, c, *i)], best)
        assert indices[(n, c, *i)] == np.ravel_multi_index(where, x.shape[2:])
        expected[(n, c, *where)] += g[(n, c, *i)]
    np.testing.assert_allclose(scattered, expected, atol=1e-12)
    np.testing.assert_allclose(pooling.scatter_indices(g, indices, x.shape, ndim), expected, atol=1e-12)
    u = np.random.default_rng(2).standard_normal(x.shape)
    gathered = pooling.gather_winners(u, winners, sweep)
    assert np.isclose(np.sum(gathered * g), np.sum(u * scattered))


def test_infinite_cotangents_stay_where_they_belong():
    sweep = pooling.max_sweep("max_pool", (1, 1, 4), (2,), (2,), ((0, 0),), (1,), False)
    _, winners = pooling.max_pool(np.array([[[1.0, 2.0, 4.0, 3.0]]]), sweep)
    scattered = pooling.scatter_winners(np.array([[[np.inf, np.nan]]]), winners, (1, 1, 4), sweep)
    np.testing.assert_array_equal(scattered, [[[0, np.inf, np.nan, 0]]])


def test_a_window_that_reads_nothing_is_refused():
    with pytest.raises(ValueError, match="has no maximum"):
        pooling.max_sweep("max_pool", (1, 1, 1), (2,), (1,), ((1, 1),), (2,), False)


@pytest.mark.parametrize("count_include_pad", [True, False])
@pytest.mark.parametrize("divisor", [None, 5])
@given(poolings())
def test_average_pool_is_its_definition(count_include_pad, divisor, case):
    x, kernel, stride, padding, _, ceil_mode = case
    x = np.random.default_rng(0).standard_normal(x.shape)
    boxes = averaging.average_windows("avg_pool", x.shape, kernel, stride, padding, ceil_mode, count_include_pad)
    y = averaging.avg_pool(x, boxes, divisor)
    for n, c, *i in np.ndindex(*y.shape):
        total, count = 0.0, 0
        for k in np.ndindex(*kernel):
            at = [a * s + b - p[0] for a, s, b, p in zip(i, stride, k, padding, strict=True)]
            sizes = x.shape[2:]
            inside = all(0 <= a < size for a, size in zip(at, sizes, strict=True))
            padded = all(a < size + p[1] for a, size, p in zip(at, sizes, padding, strict=True))
            total += x[(n, c, *at)] if inside else 0.0
            count += padded if count_include_pad else inside
        assert np.isclose(y[(n, c, *i)], total / (divisor or count))
    g = np.random.default_rng(1).standard_normal(y.shape)
    assert np.isclose(np.sum(y * g), np.sum(x * averaging.avg_pool_adjoint(g, boxes, divisor)))


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 7)), min_size=1, max_size=3))
def test_adaptive_pools_are_their_definition(axes):
    size, out = tuple(n for n, _ in axes), tuple(o for _, o in axes)
    x = np.random.default_rng(0).integers(-4, 4, (2, *size)).astype(float)
    boxes = averaging.adaptive_windows(x.shape, out)
    mean = averaging.avg_pool(x, boxes)
    values, indices = pooling.adaptive_max_pool(x, out)
    for n, *i in np.ndindex(*mean.shape):
        window = tuple(slice(a * s // o, -(-(a + 1) * s // o)) for a, s, o in zip(i, size, out, strict=True))
        part = x[(n, *window)]
        first = np.unravel_index(part.argmax(), part.shape)
        place = [w.start + f for w, f in zip(window, first, strict=True)]
        assert np.isclose(mean[(n, *i)], part.mean())
        assert values[(n, *i)] == part.max()
        assert indices[(n, *i)] == np.ravel_multi_index(place, size)
    g = np.random.default_rng(1).standard_normal(mean.shape)
    assert np.isclose(np.sum(mean * g), np.sum(x * averaging.avg_pool_adjoint(g, boxes)))
    scattered = pooling.scatter_indices(g, indices, x.shape, len(out))
    assert np.isclose(np.sum(pooling.gather_indices(x, indices, len(out)) * g), np.sum(x * scattered))


def test_padding_same_puts_what_is_odd_at_the_end():
    for kernel, dilation in product(range(1, 5), range(1, 4)):
        pads = windows.resolve_padding("same", (kernel,), (1,), (dilation,))
        assert windows.output_shape("conv", (9,), (kernel,), (1,), pads, (dilation,)) == (9,)
        assert 0 <= pads[0][1] - pads[0][0] <= 1
