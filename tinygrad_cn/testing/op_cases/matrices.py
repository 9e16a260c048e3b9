"""Inverses, determinants, factorizations and spectra of matrices."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinygrad_cn.ops import factorizations, spectral
from tinygrad_cn.testing import strategies as draw
from tinygrad_cn.testing.op_cases.case import Case, Sample

BATCHES = st.sampled_from([(), (), (2,), (1, 2)])


@st.composite
def matrices(
    choose: Any, rows: int = 0, columns: int = 0, shift: float = 3.0, spread: float = 0.0, size: float = 1.0
) -> Any:
    """(..., n + rows, n + columns), far from singular.

    ``spread`` sets singular values and eigenvalues apart, and then no element is near 0: where vectors have zeros,
    their signs may change from one point to the next.
    """
    n = choose(st.integers(1, 3))
    x = choose(draw.arrays((*choose(BATCHES), n + rows, n + columns), -size, size))
    return x + np.eye(n + rows, n + columns) * (shift + spread * np.arange(n + columns)) + bool(spread) * 0.75


@st.composite
def alone(choose: Any, /, params: Any = None, **options: Any) -> Sample:
    return Sample((choose(matrices(**options)),), {k: choose(v) for k, v in (params or {}).items()})


@st.composite
def any_shape(choose: Any, /, params: Any = None, **options: Any) -> Sample:
    rows, columns = choose(st.sampled_from([(0, 0), (1, 0), (0, 2)]))
    return choose(alone(params, rows=rows, columns=columns, **options))


@st.composite
def symmetric(choose: Any, /, params: Any = None, **options: Any) -> Sample:
    (x,), params = choose(alone(params, **options))
    return Sample(((x + np.swapaxes(x, -1, -2)) / 2,), params)


@st.composite
def systems(choose: Any, /, params: Any = None, **options: Any) -> Sample:
    a = choose(matrices(**options))
    batch = choose(st.sampled_from([a.shape[:-2], (), (1,)]))
    b = choose(draw.arrays((*batch, a.shape[-1], choose(st.integers(1, 2))), bits=5))
    return Sample((a, b), {k: choose(v) for k, v in (params or {}).items()})


@st.composite
def singular(choose: Any) -> Sample:
    """Of rank n - 1, n - 2, ... 0: here the gradient of the determinant is no multiple of an inverse."""
    n = choose(st.integers(1, 3))
    rank = choose(st.integers(0, n - 1))
    x = choose(draw.arrays((n, rank), -1, 1)) @ choose(draw.arrays((rank, n), -1, 1, bits=5))
    return Sample((x,), {})


@st.composite
def pairs(choose: Any) -> Sample:
    x = choose(matrices())
    return Sample((x, choose(draw.arrays(x.shape, bits=5))), {})


def _det(x: Any) -> Any:
    """By the first row."""
    n = x.shape[-1]
    if n == 0:
        return np.ones(x.shape[:-2], dtype=x.dtype)
    rest = [np.delete(np.delete(x, 0, -2), j, -1) for j in range(n)]
    return sum((-1) ** j * x[..., 0, j] * _det(rest[j]) for j in range(n))


def _cofactors(x: Any) -> Any:
    n = x.shape[-1]
    out = np.zeros_like(x)
    for i in range(n):
        for j in range(n):
            out[..., i, j] = (-1) ** (i + j) * _det(np.delete(np.delete(x, i, -2), j, -1))
    return out


def _cofactors_along(x: Any, h: Any) -> Any:
    """The central difference is exact for cubic polynomials but for its third derivative: extrapolated once."""

    def difference(step: float) -> Any:
        return (_cofactors(x + step * h) - _cofactors(x - step * h)) / (2 * step)

    return (4 * difference(0.5) - difference(1.0)) / 3


def _expm(x: Any) -> Any:
    term = out = np.eye(x.shape[-1], dtype=x.dtype) + 0 * x
    for k in range(1, 60):
        term = term @ x / k
        out = out + term
    return out


def _solve(a: Any, b: Any) -> Any:
    return np.linalg.inv(a) @ b


def _solve_triangular(a: Any, b: Any, *, upper: bool, unit: bool) -> Any:
    t = np.triu(a) if upper else np.tril(a)
    if unit:
        t = np.where(np.eye(a.shape[-1], dtype=bool), 1, t)
    return np.linalg.inv(t) @ b


def _pinv(x: Any) -> Any:
    t = np.swapaxes(x, -1, -2)
    return np.linalg.inv(t @ x) @ t if x.shape[-1] <= x.shape[-2] else t @ np.linalg.inv(x @ t)


def _lu(x: Any) -> Any:
    """Row by row, for matrices whose diagonal leads."""
    out = x.copy()
    m, n = x.shape[-2:]
    for i in range(1, m):
        for j in range(min(i, n)):
            out[..., i, j] /= out[..., j, j]
            out[..., i, j + 1 :] -= out[..., i, j, None] * out[..., j, j + 1 :]
    return out, np.zeros((*x.shape[:-2], min(m, n)), np.int32) + np.arange(1, min(m, n) + 1, dtype=np.int32)


def _half(x: Any) -> Any:
    return (x + np.swapaxes(x, -1, -2)) / 2


FLAGS = {"upper": st.booleans(), "unit": st.booleans()}
SVD = {"full": st.just(False)}

#: Functions of symmetric matrices that read one triangle: their gradient is the symmetric one, so derivatives by
#: numbers are taken of the function of the symmetric part. Of second order in test_symmetric.py.
CASES = [
    Case("inv", alone(), lambda x: np.linalg.solve(x, np.eye(x.shape[-1]) + 0 * x), half=False),
    Case("solve", systems(), _solve, half=False),
    Case("solve_triangular", systems(FLAGS), _solve_triangular, half=False),
    Case("pinv", any_shape(), _pinv, analytic=False, half=False),
    Case("det", alone(), _det, half=False),
    Case("det", singular(), _det, half=False, label="singular"),
    Case("cofactors", alone(), _cofactors, analytic=False, half=False),
    Case("cofactors", singular(), _cofactors, analytic=False, order=1, half=False, label="singular"),
    Case("cofactors_along", pairs(), _cofactors_along, analytic=False, half=False),
    Case("slogdet", alone(), lambda x: (np.sign(_det(x)), np.log(np.abs(_det(x)))), analytic=False, half=False),
    Case("matrix_exp", alone(shift=0.0), _expm, half=False),
    Case("matrix_exp", alone(shift=20.0), half=False, label="scaled"),
    Case("qr", alone(rows=1), analytic=False, half=False),
    Case("qr", alone(), analytic=False, half=False, label="square"),
    Case("lu", any_shape(shift=4.0), _lu, analytic=False, half=False),
    Case("svd", any_shape(SVD, spread=3.0, size=0.25), analytic=False, half=False),
    Case(
        "cholesky",
        symmetric(shift=4.0),
        lambda x: factorizations.cholesky(_half(x)),
        analytic=False,
        order=1,
        indirect=True,
        half=False,
    ),
    Case(
        "eigh",
        symmetric({"uplo": st.sampled_from("LU")}, spread=3.0, size=0.25),
        lambda x, uplo: spectral.eigh(_half(x)),
        analytic=False,
        order=1,
        indirect=True,
        half=False,
    ),
    Case(
        "power_norm",
        st.builds(
            lambda x, p, axis: Sample((x,), {"order": p, "axis": axis}),
            draw.arrays((2, 3), 0.25, 4),
            st.sampled_from([-2.0, -0.5, 0.5, 1.5, 3.0]),
            st.sampled_from([None, 0, 1, (0, 1)]),
        ),
        lambda x, order, axis: np.sum(x**order, axis=axis) ** (1 / order),
        analytic=False,
        half=False,
    ),
]
