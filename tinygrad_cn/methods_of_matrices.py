"""The functions of linear algebra that are Tensor methods too: an explicit list, one line each."""

from __future__ import annotations

from tinygrad_cn.functions import factorizations, lower_upper, norms, solving, spectra

__all__ = ["MatrixMethods"]


class MatrixMethods:
    """Functions of a tensor of matrices, as its methods."""

    __slots__ = ()

    cholesky = factorizations.legacy_cholesky
    cholesky_inverse = factorizations.cholesky_inverse
    cholesky_solve = factorizations.cholesky_solve
    det = spectra.det
    geqrf = factorizations.geqrf
    inverse = solving.inv
    logdet = spectra.logdet
    lu = lower_upper.legacy_lu
    lu_solve = lower_upper.legacy_lu_solve
    matrix_exp = spectra.matrix_exp
    matrix_power = spectra.matrix_power
    norm = norms.norm
    orgqr = factorizations.householder_product
    ormqr = factorizations.ormqr
    pinverse = solving.pinverse
    qr = factorizations.legacy_qr
    slogdet = spectra.slogdet
    svd = spectra.legacy_svd
    triangular_solve = solving.triangular_solve
