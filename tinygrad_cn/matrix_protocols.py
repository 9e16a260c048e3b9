"""What the functions of ``numpy.linalg`` mean on Tensors: NumPy's signatures over the functions of `linalg`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_cn.functions import diagonals, factorizations, norms, products, solving, spectra, tensor_products
from tinygrad_cn.graph import Handle

__all__ = ["MATRIX_FUNCTIONS"]


def _both(a: Any, b: Any) -> tuple[Any, Any]:
    """Two operands as Tensors: a NumPy array beside a Tensor is a constant."""
    like = a if isinstance(a, Handle) else b
    return tuple(x if isinstance(x, Handle) else like._wrap(np.asarray(x)) for x in (a, b))  # type: ignore[return-value]


def _solve(a: Any, b: Any) -> Any:
    a, b = _both(a, b)
    if b.ndim > 1 and b.shape == a.shape[:-1]:  # matrices, where PyTorch would read vectors
        b = np.expand_dims(b, 0)
    return solving.solve(a, b)


def _qr(a: Any, mode: str = "reduced") -> Any:
    if mode == "raw":
        raise TypeError("np.linalg.qr on a Tensor does not take mode='raw'; see tinygrad_cn.geqrf")
    found = factorizations.qr(a, mode)
    return found.R if mode == "r" else found


def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    if hermitian:
        raise TypeError("np.linalg.svd on a Tensor does not take hermitian=True; see np.linalg.eigh")
    return spectra.svd(a, full_matrices) if compute_uv else spectra.svdvals(a)


def _pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = np._NoValue) -> Any:
    given = rcond if rtol is np._NoValue else rtol
    return solving.pinv(a, rtol=1e-15 if given is None and rtol is np._NoValue else given, hermitian=hermitian)


def _lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    a, b = _both(a, b)
    found = solving.lstsq(a, np.expand_dims(b, -1) if b.ndim == 1 else b, rcond, driver="gelsd")
    x = np.squeeze(found.solution, -1) if b.ndim == 1 else found.solution
    return x, found.residuals, int(found.rank._array), found.singular_values


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return norms.linalg_norm(x, ord, axis, keepdims)


def _matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    return spectra.matrix_rank(A, tol, hermitian, rtol=rtol)


def _cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return tensor_products.linalg_cross(*_both(x1, x2), dim=axis)


def _vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return tensor_products.vecdot(*_both(x1, x2), dim=axis)


MATRIX_FUNCTIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    np.linalg.cholesky: lambda a, /, *, upper=False: factorizations.cholesky(a, upper=upper),
    np.linalg.cond: lambda x, p=None: norms.cond(x, p),
    np.linalg.cross: _cross,
    np.linalg.det: lambda a: spectra.det(a),
    np.linalg.diagonal: lambda x, /, *, offset=0: diagonals.diagonal(x, offset, -2, -1),
    np.linalg.eigh: lambda a, UPLO="L": spectra.eigh(a, UPLO),
    np.linalg.eigvalsh: lambda a, UPLO="L": spectra.eigvalsh(a, UPLO),
    np.linalg.inv: lambda a: solving.inv(a),
    np.linalg.lstsq: _lstsq,
    np.linalg.matmul: lambda x1, x2, /: products.matmul(*_both(x1, x2)),
    np.linalg.matrix_norm: lambda x, /, *, keepdims=False, ord="fro": norms.matrix_norm(x, ord, (-2, -1), keepdims),
    np.linalg.matrix_power: lambda a, n: spectra.matrix_power(a, n),
    np.linalg.matrix_rank: _matrix_rank,
    np.linalg.matrix_transpose: lambda x, /: diagonals.transposed(x),
    np.linalg.multi_dot: lambda arrays, *, out=None: spectra.multi_dot(arrays),
    np.linalg.norm: _norm,
    np.linalg.outer: lambda x1, x2, /: products.outer(*_both(x1, x2)),
    np.linalg.pinv: _pinv,
    np.linalg.qr: _qr,
    np.linalg.slogdet: lambda a: spectra.slogdet(a),
    np.linalg.solve: _solve,
    np.linalg.svd: _svd,
    np.linalg.svdvals: lambda x, /: spectra.svdvals(x),
    np.linalg.tensorinv: lambda a, ind=2: solving.tensorinv(a, ind),
    np.linalg.tensorsolve: lambda a, b, axes=None: solving.tensorsolve(*_both(a, b), axes),
    np.linalg.trace: lambda x, /, *, offset=0, dtype=None: np.sum(diagonals.diagonal(x, offset, -2, -1), axis=-1),
    np.linalg.vecdot: _vecdot,
    np.linalg.vector_norm: lambda x, /, *, axis=None, keepdims=False, ord=2: norms.vector_norm(x, ord, axis, keepdims),
}
