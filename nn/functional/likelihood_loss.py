"""Negative log-likelihoods of distributions whose parameters a network predicts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_cn import storage
from tinygrad_cn.errors import ShapeError
from tinygrad_cn.functions import arithmetic, pointwise
from tinygrad_cn.functions._arguments import tensor
from tinygrad_cn.graph import Handle

from ._reduction import check_sizes, legacy, reduced


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: Any = None,
    eps: float = 1e-8,
    reduce: Any = None,
    reduction: str = "mean",
) -> Any:
    """The negative log-likelihood of counts under a Poisson distribution, less the constant log(target!).

    Args:
        input (Tensor): the expected count, or its logarithm.
        target (Tensor): the counts.
        log_input (bool): whether ``input`` is the logarithm.
        full (bool): add Stirling's approximation of log(target!) for counts above 1.
        eps (float): added to the expected count before its logarithm.
        reduction (str): "mean", "sum" or "none".

    Raises:
        ValueError: an unknown reduction.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.poisson_nll_loss(tg.tensor([0.]), tg.tensor([2.]))
    tensor(1.)
    """
    tensor("poisson_nll_loss", input), tensor("poisson_nll_loss", target, "target")
    if log_input:
        each = arithmetic.sub(pointwise.exp(input), arithmetic.mul(target, input))
    else:
        each = arithmetic.sub(input, arithmetic.mul(target, pointwise.log(arithmetic.add(input, eps))))
    if full:
        large = target._wrap(target._array > 1)
        safe = arithmetic.where(large, target, 1)
        stirling = arithmetic.add(
            arithmetic.sub(arithmetic.mul(safe, pointwise.log(safe)), safe),
            arithmetic.mul(pointwise.log(arithmetic.mul(safe, 2 * math.pi)), 0.5),
        )
        each = arithmetic.add(each, arithmetic.where(large, stirling, 0))
    return reduced("poisson_nll_loss", each, legacy(reduction, size_average, reduce))


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """(log var + (input - target)^2 / var) / 2: the negative log-likelihood of a normal distribution.

    Variances below ``eps`` count as ``eps``, but their gradient passes as if they did not, as in PyTorch.

    Args:
        input (Tensor): the expectation.
        target (Tensor): the observation.
        var (Tensor or float): the variance, of the input's shape, or with one axis of size 1, or no last axis.
        full (bool): add the constant log(2 pi) / 2.
        eps (float): the least variance.
        reduction (str): "mean", "sum" or "none".

    Raises:
        ShapeError: ``var`` does not fit.
        ValueError: a negative variance; an unknown reduction.

    >>> import tinygrad_cn as tg
    >>> tg.nn.functional.gaussian_nll_loss(tg.tensor([1.]), tg.tensor([3.]), tg.tensor([1.]))
    tensor(2.)
    """
    name = "gaussian_nll_loss"
    shape = tensor(name, input)._array.shape
    check_sizes(name, input, target)
    if not isinstance(var, Handle):
        if var < 0:
            raise ValueError(f"{name}(): var has the negative entry {var}")
        var = input._wrap(np.full_like(input._array, var))
    given = var._array.shape
    if given != shape:
        if given == shape[:-1]:
            var = var.unsqueeze(-1)
        elif len(given) != len(shape) or [v for n, v in zip(shape, given, strict=True) if n != v] != [1]:
            raise ShapeError(
                f"{name}(): var of shape {list(given)} does not fit input of shape {list(shape)}; it may have the same "
                "shape, one axis of size 1 instead, or no last axis"
            )
    if reduction not in ("mean", "sum", "none"):
        reduced(name, input, reduction)
    if (var._array < 0).any():
        raise ValueError(f"{name}(): var has the negative entry {var._array.min()}")
    var = var.clone()
    np.maximum(var._array, eps, out=var._array)
    storage.stamp(var._array, name)
    square = pointwise.square(arithmetic.sub(input, target))
    each = arithmetic.mul(arithmetic.add(pointwise.log(var), arithmetic.div(square, var)), 0.5)
    if full:
        each = arithmetic.add(each, 0.5 * math.log(2 * math.pi))
    return reduced(name, each, reduction)
