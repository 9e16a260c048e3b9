"""Results with named fields, as PyTorch returns them from functions that give more than one tensor."""

from __future__ import annotations

from typing import Any, NamedTuple


class ValuesIndices(NamedTuple):
    """Chosen values and where they stood."""

    values: Any
    indices: Any


class MinMax(NamedTuple):
    """The smallest and the largest values."""

    min: Any
    max: Any


# --------------------------------------------------------------------------------- decompositions


class QR(NamedTuple):
    """An orthogonal and an upper triangular factor."""

    Q: Any
    R: Any


class LegacySVD(NamedTuple):
    """Singular vectors as columns of U and V."""

    U: Any
    S: Any
    V: Any


class SVD(NamedTuple):
    """Left singular vectors, singular values, right singular vectors as rows."""

    U: Any
    S: Any
    Vh: Any


class Eigh(NamedTuple):
    """Eigenvalues, and eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


class SlogDet(NamedTuple):
    """The sign of a determinant and the logarithm of its size."""

    sign: Any
    logabsdet: Any


class PLU(NamedTuple):
    """A permutation, a lower and an upper triangular factor."""

    P: Any
    L: Any
    U: Any


class LUFactor(NamedTuple):
    """Both triangular factors in one matrix, and the pivots."""

    LU: Any
    pivots: Any


class LUFactorEx(NamedTuple):
    """Both triangular factors in one matrix, the pivots, and the first zero pivot."""

    LU: Any
    pivots: Any
    info: Any


class LDLFactor(NamedTuple):
    """Both factors in one matrix, and the pivots."""

    LD: Any
    pivots: Any


class LDLFactorEx(NamedTuple):
    """Both factors in one matrix, the pivots, and the first zero pivot."""

    LD: Any
    pivots: Any
    info: Any


class CholeskyEx(NamedTuple):
    """A triangular factor, and the order of the leading minor that is not positive definite."""

    L: Any
    info: Any


class InvEx(NamedTuple):
    """An inverse, and the first zero pivot."""

    inverse: Any
    info: Any


class SolveEx(NamedTuple):
    """A solution, and the first zero pivot."""

    result: Any
    info: Any


class LstSq(NamedTuple):
    """A solution of least squares and what is known of it."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


class GeQRF(NamedTuple):
    """Householder reflectors as LAPACK leaves them."""

    a: Any
    tau: Any


class TriangularSolve(NamedTuple):
    """A solution, and a copy of the matrix."""

    solution: Any
    cloned_coefficient: Any
