"""Means that pass over NaN, covariances and correlations, distances, and slices brought below a norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.errors import DTypeError, ShapeError
from tinygrad_cn.functions._arguments import accepts_axis, axes, axis, tensor
from tinygrad_cn.functions.norms import vector_norm
from tinygrad_cn.functions.reduction import nansum
from tinygrad_cn.op import cast
from tinygrad_cn.ops import arithmetic, comparison, indexing, linear_algebra, reductions, shape


@accepts_axis
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of the elements that are not NaN, of all or along ``dim``; NaN where there is none.

    Raises:
        DTypeError: the tensor is not floating.

    >>> import tinygrad_cn as tg
    >>> tg.nanmean(tg.tensor([1., float("nan"), 3.]))
    tensor(2.)
    """
    array = tensor("nanmean", input)._array
    if array.dtype.kind != "f":
        raise DTypeError(f"nanmean(): takes a floating tensor, not {array.dtype}; convert with .float()")
    where = axes("nanmean", dim, array.ndim)
    total = nansum(input, dim, keepdim, dtype=dtype)
    count = np.asarray(np.sum(~np.isnan(array), axis=where, keepdims=keepdim), dtype=total._array.dtype)
    return arithmetic.divide(total, input._wrap(count))


# -------------------------------------------------------------------------------------- covariance


def _weight(name: str, values: Any, count: int, kinds: str, words: str) -> Any:
    array = tensor("cov", values, name)._array
    if array.ndim > 1 or array.size != count:
        raise ShapeError(f"cov(): {name} must be a vector of {count} elements, got shape {array.shape}")
    if array.dtype.kind not in kinds:
        raise DTypeError(f"cov(): {name} must be {words}, got {array.dtype}")
    if array.size and array.min() < 0:
        raise RuntimeError(f"cov(): {name} must not be negative")
    return values


def cov(input: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """The covariances of variables.

    Args:
        input (Tensor): one variable a row, one observation a column; a vector is one variable.
        correction (int): taken off the number of observations.
        fweights (Tensor, optional): integers, how often each observation was made.
        aweights (Tensor, optional): how much each observation counts.

    Shape:
        input (V, N) -> (V, V); for one variable a number.

    Raises:
        RuntimeError: more than two axes; weights that do not fit.
    """
    array = tensor("cov", input)._array
    if array.ndim > 2:
        raise ShapeError(f"cov(): takes at most two axes, got shape {array.shape}")
    if array.dtype.kind == "b":
        raise DTypeError("cov(): takes numbers, not bools; convert with .float()")
    rows = shape.reshape(input, shape=(1, -1)) if array.ndim < 2 else input
    count = rows._array.shape[1]
    if rows._array.dtype.kind in "iu":
        rows = cast(rows, dtype=dtypes.default_float.dtype)
    weight = None if fweights is None else _weight("fweights", fweights, count, "iu", "integers")
    if aweights is not None:
        importance = _weight("aweights", aweights, count, "f", "floating")
        weight = importance if weight is None else arithmetic.multiply(weight, importance)
    if weight is None:
        total: Any = count
        mean = arithmetic.divide(reductions.sum_(rows, axis=1, keepdims=True), total)
    else:
        total = reductions.sum_(weight)
        if count and not total._array:
            raise RuntimeError("cov(): the weights sum to 0")
        mean = arithmetic.divide(reductions.sum_(arithmetic.multiply(rows, weight), axis=1, keepdims=True), total)
    if weight is not None and aweights is not None and correction != 0:
        square = reductions.sum_(arithmetic.multiply(weight, aweights))
        freedom = arithmetic.subtract(total, arithmetic.divide(arithmetic.multiply(square, correction), total))
    else:
        freedom = total - correction
    if isinstance(freedom, int):
        freedom = max(freedom, 0)
    else:
        freedom = arithmetic.where(freedom < 0, 0, freedom)
    centred = arithmetic.subtract(rows, mean)
    weighted = centred if weight is None else arithmetic.multiply(centred, weight)
    if weighted._array.dtype != centred._array.dtype:
        centred = cast(centred, dtype=weighted._array.dtype)
    products = linear_algebra.matmul(centred, shape.transpose(weighted))
    return shape.squeeze(arithmetic.divide(products, freedom))


def corrcoef(input: Any) -> Any:
    """The correlation coefficients of variables, one a row: covariances over the product of the deviations.

    Shape:
        input (V, N) -> (V, V); for one variable a number.
    """
    if tensor("corrcoef", input)._array.ndim > 2:
        raise ShapeError(f"corrcoef(): takes at most two axes, got shape {input._array.shape}")
    c = cov(input)
    if c._array.ndim == 0:
        return arithmetic.divide(c, c)
    index = np.arange(c._array.shape[0])
    deviation = arithmetic.sqrt(indexing.getitem(c, index=(index, index)))
    c = arithmetic.divide(c, shape.reshape(deviation, shape=(-1, 1)))
    return arithmetic.clip(arithmetic.divide(c, deviation), -1.0, 1.0)


# -------------------------------------------------------------------------------- distances, norms


def dist(input: Any, other: Any, p: float = 2) -> Any:
    """The ``p``-norm of input - other, broadcast; its gradient at 0 is 0."""
    difference = arithmetic.subtract(tensor("dist", input), tensor("dist", other, "other"))
    if difference._array.dtype.kind != "f":
        raise DTypeError(f"dist(): takes floating tensors, not {difference._array.dtype}; convert with .float()")
    return vector_norm(difference, p)


def renorm(input: Any, p: float, dim: int, maxnorm: float) -> Any:
    """``input`` with every slice along ``dim`` whose ``p``-norm is above ``maxnorm`` scaled down to it.

    Args:
        input (Tensor): floating, with at least two axes.
        p (number): above 0.
        dim (int)
        maxnorm (number): not negative.

    Raises:
        RuntimeError: arguments that do not fit.
    """
    array = tensor("renorm", input)._array
    if array.dtype.kind != "f":
        raise DTypeError(f"renorm(): takes a floating tensor, not {array.dtype}; convert with .float()")
    if array.ndim < 2:
        raise ShapeError(f"renorm(): takes a tensor with at least two axes, got shape {array.shape}")
    if not p > 0 or isinstance(p, complex):
        raise RuntimeError(f"renorm(): p must be above 0, got {p}")
    if not maxnorm >= 0:
        raise RuntimeError(f"renorm(): maxnorm must not be negative, got {maxnorm}")
    number = axis("renorm", dim, array.ndim)
    others = tuple(i for i in range(array.ndim) if i != number)
    size = vector_norm(input, p, others, True)
    above = comparison.greater(size, float(maxnorm))
    scale = arithmetic.where(above, arithmetic.divide(float(maxnorm), arithmetic.add(size, 1e-7)), 1.0)
    return arithmetic.multiply(input, scale)
