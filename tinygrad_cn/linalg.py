"""``tinygrad_cn.linalg``: linear algebra, with gradients that can be differentiated again.

Matrices stand on the last two axes, and the axes before them are batches. Decompositions give named tuples.
"""

from typing import Any

from tinygrad_cn.errors import LinAlgError
from tinygrad_cn.functions.diagonals import diagonal as _diagonal
from tinygrad_cn.functions.factorizations import (
    cholesky,
    cholesky_ex,
    householder_product,
    ldl_factor,
    ldl_factor_ex,
    ldl_solve,
    qr,
)
from tinygrad_cn.functions.lower_upper import lu, lu_factor, lu_factor_ex, lu_solve
from tinygrad_cn.functions.norms import cond, matrix_norm, vector_norm
from tinygrad_cn.functions.norms import linalg_norm as norm
from tinygrad_cn.functions.products import matmul
from tinygrad_cn.functions.solving import (
    inv,
    inv_ex,
    lstsq,
    pinv,
    solve,
    solve_ex,
    solve_triangular,
    tensorinv,
    tensorsolve,
)
from tinygrad_cn.functions.spectra import (
    det,
    eigh,
    eigvalsh,
    matrix_exp,
    matrix_power,
    matrix_rank,
    multi_dot,
    slogdet,
    svd,
    svdvals,
    vander,
)
from tinygrad_cn.functions.tensor_products import linalg_cross as cross
from tinygrad_cn.functions.tensor_products import vecdot
from tinygrad_cn.out_argument import LINALG as _LINALG
from tinygrad_cn.out_argument import accept_out as _accept_out

__all__ = [
    "LinAlgError",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "householder_product",
    "inv",
    "inv_ex",
    "ldl_factor",
    "ldl_factor_ex",
    "ldl_solve",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_ex",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """A view of the diagonals of matrices, on a new last axis. Shape: (..., m, n) -> (..., min(m, n))."""
    return _diagonal(A, offset, dim1, dim2)


_accept_out(globals(), _LINALG)
