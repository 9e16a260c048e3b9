"""How many multiply-adds an op does: a multiplication whose result is added to something counts one.

Counted are products of matrices and convolutions, whoever calls them: a layer, `nn.functional` or ``@``. A bias that
is added along the way counts one for each element that it is added to. What an op would do without clever algorithms
is meant: padding is multiplied by, and a causal mask saves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn.op import Op

__all__ = ["multiply_adds"]


def multiply_adds(op: Op, arrays: Sequence[Any], params: dict[str, Any], out: Any) -> int:
    """The multiply-adds of one run of an op, 0 for an op that is no product.

    Args:
        op: the op.
        arrays: what it was given, raw.
        params: its keyword parameters.
        out: its result, or a tuple of results.
    """
    count = _COUNTS.get(op.name)
    return count(arrays, params, out) if count is not None else 0


def _size(array: Any) -> int:
    return 0 if array is None else int(array.size)


def _matmul(arrays: Sequence[Any], params: dict[str, Any], out: Any) -> int:
    return _size(out) * arrays[0].shape[-1]


def _linear(arrays: Sequence[Any], params: dict[str, Any], out: Any) -> int:
    x, weight, bias = arrays
    return _size(x) * weight.shape[0] + (0 if bias is None else _size(out))


def _einsum(arrays: Sequence[Any], params: dict[str, Any], out: Any) -> int:
    """Two factors at a time, in NumPy's order; each step has one multiply-add for each value of all its indices."""
    terms, result = list(params["terms"]), params["result"]
    sizes: dict[str, int] = {}
    for term, array in zip(terms, arrays, strict=True):
        for c, n in zip(term, array.shape, strict=True):
            sizes[c] = max(n, sizes.get(c, n))
    path = np.einsum_path(",".join(terms) + "->" + result, *arrays, optimize=True)[0][1:]
    total = 0
    for step in path:
        group = [terms.pop(i) for i in sorted(step, reverse=True)]
        while len(group) > 1:
            taken = {*group.pop(), *group.pop()}
            total += math.prod(sizes[c] for c in taken)
            group.append("".join(taken & set(result).union(*terms, *group)))
        terms.extend(group)
    return total


def _convolution(arrays: Sequence[Any], params: dict[str, Any], out: Any) -> int:
    _, weight, bias = arrays  # (O, C / groups, *K)
    return _size(out) * (math.prod(weight.shape[1:]) + (bias is not None))


def _transposed_convolution(arrays: Sequence[Any], params: dict[str, Any], out: Any) -> int:
    y, weight = arrays  # (N, O, *S'), (O, C / groups, *K)
    return _size(y) * math.prod(weight.shape[1:])


def _attention(arrays: Sequence[Any], params: dict[str, Any], out: Any) -> int:
    query, key, _, _ = arrays  # (..., L, E), (..., S, E) -> (..., L, V)
    return (_size(query) + _size(out)) * key.shape[-2]


def _recurrent(arrays: Sequence[Any], *parts: Any) -> int:
    """Every row of ``x``, one for each step of each sequence, meets every one of the ``parts`` once."""
    return len(arrays[0]) * sum(map(_size, parts))


#: By the name of the op. The convolutions in forward direction only: no model calls their adjoint in the weight.
_COUNTS: dict[str, Callable[[Sequence[Any], dict[str, Any], Any], int]] = {
    "matmul": _matmul,
    "linear": _linear,
    "einsum": _einsum,
    "convolution": _convolution,
    "convolution_input": _transposed_convolution,
    "attention": _attention,
    "lstm_layer": lambda arrays, params, out: _recurrent(arrays, *arrays[3:5]),  # x, h, c, weight, projection
    "gru_layer": lambda arrays, params, out: _recurrent(arrays, *arrays[2:4]),  # x, h, weight, bias
    "rnn_layer": lambda arrays, params, out: _recurrent(arrays, arrays[2]),  # x, h, weight
}
