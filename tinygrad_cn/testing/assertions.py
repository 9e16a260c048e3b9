"""`assert_close`: whether two results agree, and where they differ if they do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_cn.graph import Handle

__all__ = ["assert_close"]

#: Relative and absolute tolerance by precision, as in PyTorch; other dtypes must be equal.
TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise unless ``|actual - expected| <= atol + rtol * |expected|`` holds everywhere.

    Args:
        actual, expected: Tensors, NumPy arrays, numbers, or sequences and mappings of them.
        rtol, atol (float, optional): both or none; by default those of the less precise dtype (see `TOLERANCES`).
        equal_nan: two NaNs agree.
        check_dtype: the dtypes must be the same.
        check_stride: the strides must be the same.
        msg: what to say in place of the message; or a function of the message.
        allow_subclasses, check_device, check_layout: taken as in PyTorch.

    Raises:
        AssertionError: they do not agree; the message says how many elements, by how much at most, and where.
        ValueError: only one of ``rtol`` and ``atol`` is given.

    >>> import tinygrad_cn as tg
    >>> assert_close(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 2.0 + 1e-7]))
    """
    if (rtol is None) != (atol is None):
        raise ValueError("assert_close(): rtol and atol go together; give both or none")
    tolerances = None if rtol is None or atol is None else (rtol, atol)
    problem = _difference(actual, expected, tolerances, equal_nan, check_dtype, check_stride, "")
    if problem is not None:
        raise AssertionError(msg(problem) if callable(msg) else problem if msg is None else msg)


def _difference(
    actual: Any,
    expected: Any,
    tolerances: tuple[float, float] | None,
    equal_nan: bool,
    check_dtype: bool,
    check_stride: bool,
    place: str,
) -> str | None:
    """What is wrong, or ``None``."""
    where = f"\n\nThe failure occurred for item {place}" if place else ""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            return f"The keys of the mappings do not match: {sorted(actual)} != {sorted(expected)}{where}"
        pairs = [(f"{place}[{key!r}]", actual[key], expected[key]) for key in expected]
    elif _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch: {len(actual)} != {len(expected)}{where}"
        pairs = [(f"{place}[{i}]", a, b) for i, (a, b) in enumerate(zip(actual, expected, strict=True))]
    else:
        a, b = _array(actual), _array(expected)
        if a is None or b is None:
            return None if actual is expected or actual == expected else f"{actual!r} != {expected!r}{where}"
        check_dtype = check_dtype and not _are_numbers(actual, expected)
        found = _between_arrays(a, b, tolerances, equal_nan, check_dtype)
        if found is None and check_stride and a.strides != b.strides:
            found = f"The values for attribute 'stride()' do not match: {a.strides} != {b.strides} (in bytes)."
        return found if found is None else found + where
    problems = (_difference(x, y, tolerances, equal_nan, check_dtype, check_stride, name) for name, x, y in pairs)
    return next((problem for problem in problems if problem is not None), None)


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | Handle)


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, bool | int | float | complex) for value in values)


def _array(value: Any) -> Any:
    if isinstance(value, Handle):
        return value._array
    if isinstance(value, np.ndarray | np.generic | bool | int | float | complex):
        return np.asarray(value)
    return None


def _between_arrays(
    a: Any, b: Any, tolerances: tuple[float, float] | None, equal_nan: bool, check_dtype: bool
) -> str | None:
    if a.shape != b.shape:
        return f"The values for attribute 'shape' do not match: {list(a.shape)} != {list(b.shape)}."
    if check_dtype and a.dtype != b.dtype:
        return f"The values for attribute 'dtype' do not match: {a.dtype} != {b.dtype}."
    if tolerances is None:
        known = [TOLERANCES.get(str(x.dtype), (0.0, 0.0)) for x in (a, b)]
        tolerances = (max(r for r, _ in known), max(t for _, t in known))
    rtol, atol = tolerances
    wide = np.result_type(a, b, np.complex128 if "c" in (a.dtype.kind, b.dtype.kind) else np.float64)
    with np.errstate(all="ignore"):
        if rtol == atol == 0:
            agree = (a == b) | ((a != a) & (b != b) & equal_nan)
        else:
            agree = np.isclose(a.astype(wide), b.astype(wide), rtol, atol, equal_nan)
        if bool(agree.all()):
            return None
        distance = np.where(agree, 0.0, np.abs(a.astype(wide) - b.astype(wide)))
        relative = np.where(agree, 0.0, distance / np.abs(b.astype(wide)))
    if a.ndim == 0:
        return (
            f"Scalars are not close!\n\nExpected {b.item()} but got {a.item()}.\n"
            f"Absolute difference: {distance.item()} (up to {atol} allowed)\n"
            f"Relative difference: {relative.item()} (up to {rtol} allowed)"
        )
    wrong = int((~agree).sum())

    def greatest(values: Any) -> str:
        index = np.unravel_index(int(np.argmax(np.where(np.isnan(values), np.inf, values))), a.shape)
        return f"{values[index].item()} at index {tuple(map(int, index))}"

    return (
        f"Tensor-likes are not close!\n\nMismatched elements: {wrong} / {a.size} ({wrong / a.size:.1%})\n"
        f"Greatest absolute difference: {greatest(distance)} (up to {atol} allowed)\n"
        f"Greatest relative difference: {greatest(relative)} (up to {rtol} allowed)"
    )
