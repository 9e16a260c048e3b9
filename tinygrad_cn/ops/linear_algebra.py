"""Products of matrices and tensors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_cn.graph import unbroadcast
from tinygrad_cn.kernels import products
from tinygrad_cn.op import op

Shape = tuple[int, ...]


def _transposed(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


def _matmul(x: Any, y: Any) -> Any:
    if x.ndim > 2 and y.ndim == 2:  # one large product instead of many small ones
        rows = np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))  # no -1, which an empty array leaves open
        return np.reshape(products.matmul(rows, y), (*x.shape[:-1], y.shape[-1]))
    return products.matmul(x, y)


def _matmul_x(g: Any, y: Any, x_shape: Shape) -> Any:
    if y.ndim == 1:
        gx = np.multiply(np.expand_dims(g, -1), y)  # (..., n, 1) * (k,)
    elif len(x_shape) == 1:
        gx = np.squeeze(products.matmul(np.expand_dims(g, -2), _transposed(y)), -2)  # (..., 1, m) @ (..., m, k)
    else:
        gx = products.matmul(g, _transposed(y))
    return unbroadcast(gx, x_shape)


def _matmul_y(g: Any, x: Any, y_shape: Shape) -> Any:
    if x.ndim == 1:
        gy = np.multiply(x, g) if len(y_shape) == 1 else np.multiply(np.expand_dims(x, -1), np.expand_dims(g, -2))
    elif len(y_shape) == 1:
        gy = np.squeeze(products.matmul(_transposed(x), np.expand_dims(g, -1)), -1)  # (..., k, n) @ (..., n, 1)
    elif len(y_shape) == 2 and x.ndim > 2:
        count = math.prod(x.shape[:-1])
        gy = products.matmul(np.transpose(np.reshape(x, (count, x.shape[-1]))), np.reshape(g, (count, g.shape[-1])))
    else:
        gy = products.matmul(_transposed(x), g)
    return unbroadcast(gy, y_shape)


matmul = op("matmul", _matmul, x=_matmul_x, y=_matmul_y, promotes=("x", "y"))


# ------------------------------------------------------------------------------------------ linear


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    if x.ndim > 2:
        out = products.matmul(_rows(x), weight.T)
        out = np.reshape(out, (*x.shape[:-1], weight.shape[0]))
    else:
        out = products.matmul(x, weight.T)
    if bias is not None:
        out += bias
    return out


def _rows(x: Any) -> Any:
    return x if x.ndim == 2 else np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


#: x W^T + b on the last axis. Shapes: x (..., in), weight (out, in), bias (out,) or ``None``.
linear = op(
    "linear",
    _linear,
    x=lambda g, weight: products.matmul(g, weight),
    weight=lambda g, x: products.matmul(_rows(g).T, _rows(x)),
    bias=lambda g, bias_shape: unbroadcast(g, bias_shape),
    label="Addmm",
)

# ------------------------------------------------------------------------------------------ einsum


def spelled_out(subscripts: str, ndims: Sequence[int]) -> tuple[tuple[str, ...], str]:
    """The indices of each factor and of the result as letters, with ``...`` and the implicit result spelled out.

    Raises:
        ValueError: the subscripts do not fit the factors.
    """
    subscripts = subscripts.replace(" ", "")
    left, arrow, right = subscripts.partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        raise ValueError(f"einsum: {subscripts!r} names {len(terms)} factors, but {len(ndims)} were given")
    if not all(c.isalpha() or c == "." for c in left.replace(",", "") + right):
        raise ValueError(f"einsum: {subscripts!r} may hold letters, ',', '->' and '...' only")
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in subscripts]
    dots = max([n - len(t) + 3 for t, n in zip(terms, ndims, strict=True) if "..." in t], default=0)
    batch = "".join(spare[:dots])
    full = []
    for term, ndim in zip(terms, ndims, strict=True):
        if "..." in term:
            own = ndim - len(term) + 3
            term = term.replace("...", batch[dots - own :] if own else "")
        if len(term) != ndim:
            raise ValueError(f"einsum: the term {term!r} of {subscripts!r} has {len(term)} indices for {ndim} axes")
        full.append(term)
    if not arrow:
        letters = "".join(full)
        right = "..." * bool(dots) + "".join(
            sorted(c for c in set(letters) if letters.count(c) == 1 and c not in batch)
        )
    return tuple(full), right.replace("...", batch)


def _einsum(*arrays: Any, terms: tuple[str, ...], result: str) -> Any:
    """``terms``: the indices of each array as letters, all spelled out (no ellipsis)."""
    product = np.asarray(np.einsum(",".join(terms) + "->" + result, *arrays, optimize=len(arrays) > 1))
    return product.copy() if product.base is not None else product


def _einsum_back(
    g: Any, needs: Sequence[bool], arrays: Sequence[Any], terms: tuple[str, ...], result: str
) -> list[Any]:
    """The gradient of one factor is the product of ``g`` with the others, taken to that factor's indices."""
    gradients: list[Any] = []
    for i, term in enumerate(terms):
        if i >= len(needs) or not needs[i]:
            gradients.append(None)
            continue
        others = [a for j, a in enumerate(arrays) if j != i]
        names = [t for j, t in enumerate(terms) if j != i]
        known = set(result).union(*names)
        unique = "".join(dict.fromkeys(term))
        kept = "".join(c for c in unique if c in known)
        part = einsum(g, *others, terms=(result, *names), result=kept)
        sizes = dict(zip(term, arrays[i].shape, strict=True))
        shape = tuple(sizes[c] if c in known else 1 for c in unique)  # indices summed within this factor alone
        part = np.broadcast_to(np.reshape(part, shape), tuple(sizes[c] for c in unique))
        gradients.append(_on_diagonals(part, unique, term, sizes))
    return gradients


def _on_diagonals(part: Any, unique: str, term: str, sizes: dict[str, int]) -> Any:
    """``part``, indexed by ``unique``, put on the diagonals of an array indexed by ``term`` (as "ii" of "i")."""
    for position, c in enumerate(term):
        if c in term[:position]:
            n = sizes[c]
            axes = [n if k in (term.index(c), position) else 1 for k in range(part.ndim + 1)]
            part = np.where(np.reshape(np.eye(n, dtype=bool), axes), np.expand_dims(part, position), 0)
    return part


einsum = op("einsum", _einsum, joint=_einsum_back, promotes=("arrays",))
