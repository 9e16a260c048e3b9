"""The text of tensors: what PyTorch 2.13 prints, without its ``torch.`` prefix."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import tinygrad_cn as tg
from tinygrad_cn.printing import dtype_suffix, format_tensor, get_printoptions, printoptions, set_printoptions

DEFAULTS = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None}


@pytest.fixture(autouse=True)
def _default_options() -> Iterator[None]:
    with printoptions(profile="default"):
        yield


def shown(values: Any, dtype: Any = np.float32, *more: str) -> str:
    array = np.asarray(values, dtype)
    return format_tensor(array, suffixes=[*dtype_suffix(array), *more])


# Texts that PyTorch 2.13 printed.
@pytest.mark.parametrize(
    ("values", "dtype", "text"),
    [
        ([1, 2], "float32", "tensor([1., 2.])"),
        ([1.5, -2], "float16", "tensor([ 1.5000, -2.0000], dtype=float16)"),
        (3, "float32", "tensor(3.)"),
        (True, "bool", "tensor(True)"),
        ([True, False], "bool", "tensor([ True, False])"),
        ([1, 2], "uint8", "tensor([1, 2], dtype=uint8)"),
        ([[1, -2], [3, 4]], "int64", "tensor([[ 1, -2],\n        [ 3,  4]])"),
        ([1e-5, 1], "float32", "tensor([1.0000e-05, 1.0000e+00])"),
        ([1e5, 1.5], "float32", "tensor([1.0000e+05, 1.5000e+00])"),
        ([1e8], "float64", "tensor([100000000.], dtype=float64)"),
        ([0, 1e-4], "float32", "tensor([0.0000e+00, 1.0000e-04])"),
        ([math.nan, 1], "float32", "tensor([nan, 1.])"),
        ([math.inf, 1.5], "float32", "tensor([   inf, 1.5000])"),
        ([-0.0, 1], "float32", "tensor([-0., 1.])"),
        ([1 + 2j, 3 - 0.5j], "complex64", "tensor([1.+2.0000j, 3.-0.5000j])"),
        ([1 + 1e10j, 2.5], "complex64", "tensor([1.0000+1.0000e+10j, 2.5000+0.0000e+00j])"),
        (np.zeros(0), "float32", "tensor([])"),
        (np.zeros(0), "int64", "tensor([], dtype=int64)"),
        (np.zeros((0, 3)), "float64", "tensor([], size=(0, 3), dtype=float64)"),
        (np.arange(2000), "int64", "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"),
        (
            np.zeros((2, 2, 2)),
            "float32",
            "tensor([[[0., 0.],\n         [0., 0.]],\n\n        [[0., 0.],\n         [0., 0.]]])",
        ),
    ],
)
def test_literals(values: Any, dtype: str, text: str) -> None:
    assert shown(values, dtype) == text


def test_suffixes_go_to_a_new_line_when_the_page_is_full() -> None:
    assert shown([2.0], np.float32, "grad_fn=<MulBackward0>") == "tensor([2.], grad_fn=<MulBackward0>)"
    assert shown(np.arange(9) * 2.3, np.float32, "grad_fn=<MulBackward0>") == (
        "tensor([ 0.0000,  2.3000,  4.6000,  6.9000,  9.2000, 11.5000, 13.8000, 16.1000,\n"
        "        18.4000], grad_fn=<MulBackward0>)"
    )
    assert shown(np.arange(8) * 1.1, np.float64, "requires_grad=True") == (
        "tensor([0.0000, 1.1000, 2.2000, 3.3000, 4.4000, 5.5000, 6.6000, 7.7000],\n"
        "       dtype=float64, requires_grad=True)"
    )


def test_options() -> None:
    assert get_printoptions() == DEFAULTS
    set_printoptions(precision=2, sci_mode=True)
    assert shown([1.5]) == "tensor([1.50e+00])"
    set_printoptions(threshold=4, edgeitems=1)
    assert shown(np.arange(6)) == "tensor([0.,  ..., 5.])"
    assert get_printoptions()["precision"] == 2
    set_printoptions(profile="full")
    assert "..." not in shown(np.arange(2000))
    with pytest.raises(ValueError, match="default, short, full"):
        set_printoptions(profile="long")


# --------------------------------------------------------------------------------- against PyTorch itself

DTYPES = ["float32", "float64", "float16", "int64", "int32", "uint8", "bool", "complex64", "complex128"]
REALS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 1000.0, 1001.0, 1e8, 1e-4, math.nan, math.inf, -math.inf]),
    st.floats(-20, 20, width=16),
    st.integers(-2000, 2000).map(float),
    st.floats(width=16),
)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12))
    if dtype.kind not in "fc":
        return draw(npst.arrays(dtype, shape, elements=npst.from_dtype(dtype)))
    values = draw(npst.arrays(np.float64, shape, elements=REALS))
    if dtype.kind == "c":
        values = values + 1j * draw(npst.arrays(np.float64, shape, elements=REALS.filter(math.isfinite)))
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype)


def assert_prints_like_torch(array: np.ndarray, requires_grad: bool = False) -> None:
    torch = pytest.importorskip("torch")
    requires_grad = requires_grad and array.dtype.kind in "fc"
    theirs = torch.from_numpy(array.copy()).requires_grad_(requires_grad)
    # PyTorch writes its own prefix of a dtype, which counts in the width of the line
    suffixes = [f"dtype={theirs.dtype}"] if dtype_suffix(array) else []
    suffixes += ["requires_grad=True"] * requires_grad
    assert format_tensor(array, suffixes=suffixes) == repr(theirs)


@given(arrays(), st.booleans())
def test_like_torch(array: np.ndarray, requires_grad: bool) -> None:
    assert_prints_like_torch(array, requires_grad)


@given(
    arrays(),
    st.fixed_dictionaries(
        {},
        optional={
            "precision": st.integers(1, 8),
            "threshold": st.integers(0, 50),
            "edgeitems": st.integers(0, 4),
            "linewidth": st.integers(10, 120),
            "profile": st.sampled_from(["default", "short", "full"]),
            "sci_mode": st.booleans(),
        },
    ),
)
def test_like_torch_with_options(array: np.ndarray, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    try:
        torch.set_printoptions(**({"profile": "default"} | options))
        with printoptions(**({"profile": "default"} | options)):
            assert_prints_like_torch(array)
    finally:
        torch.set_printoptions(profile="default")


@pytest.mark.parametrize("shape", [(1001,), (7, 200), (300, 4), (2, 30, 40), (11, 2, 8, 9), (1001, 0), (1, 1, 2000)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "complex64"])
def test_large_arrays_like_torch(shape: tuple[int, ...], dtype: str) -> None:
    values = np.random.default_rng(0).normal(size=shape) * 10
    assert_prints_like_torch(values.astype(dtype))
    assert_prints_like_torch(np.round(values).astype(dtype), requires_grad=True)


def test_a_number_in_a_text_is_that_number():
    assert f"{tg.tensor(0.5)} {tg.tensor(2)} {tg.tensor(0.123):.2f} {tg.ones(1)}" == "0.5 2 0.12 tensor([1.])"
