"""The gamma distribution and its kin: exponential, chi-squared, beta, Dirichlet.

Source of the draws: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", ACM TOMS 26, 2000. Their
gradients: Figurnov, Mohamed and Mnih, "Implicit Reparameterization Gradients", NeurIPS 2018.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_cn.autograd import Function
from tinygrad_cn.creation import from_numpy
from tinygrad_cn.functions.joining import stack
from tinygrad_cn.functions.special import digamma, lgamma, xlogy
from tinygrad_cn.random import default_generator

from .constraints import independent, nonnegative, positive, simplex, unit_interval
from .distribution import Constraints, Distribution, together

__all__ = ["Beta", "Chi2", "Dirichlet", "Exponential", "Gamma"]


def _one_draw(alpha: float) -> float:
    """A draw of shape ``alpha`` and scale 1, from the same random numbers as PyTorch's."""
    scale = 1.0
    if alpha < 1.0:
        if alpha == 0.0:
            return 0.0
        scale = (1 - float(default_generator.uniform((), dtype=np.float64))) ** (1.0 / alpha)
        alpha += 1.0
    d = alpha - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        y = 0.0
        while y <= 0.0:
            x = float(default_generator.normal((), dtype=np.float64))
            y = 1.0 + c * x
        v = y * y * y
        u = 1 - float(default_generator.uniform((), dtype=np.float64))
        square = x * x
        if u < 1.0 - 0.0331 * square * square or math.log(u) < 0.5 * square + d * (1.0 - v + math.log(v)):
            return scale * d * v


def _by_shape(x: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """dx / dalpha where the distribution function P(alpha, x) stays the same: -(dP / dalpha) / density.

    P is the series of x^(alpha + n) e^-x / Gamma(alpha + n + 1), and each term is differentiated by alpha. Divided by
    the density, nothing in it over- or underflows. Shape: that of both arguments, in float64.
    """
    x = np.maximum(x, np.finfo(np.float64).tiny)
    term, total, logarithm = x / alpha, np.zeros(x.shape), np.log(x)
    psi = np.array(digamma(from_numpy(alpha + 1))._array)
    terms = float(np.max(x - alpha, initial=0.0)) + 14 * math.sqrt(float(np.max(x, initial=1.0))) + 60
    for n in range(1, int(terms)):
        total += term * (logarithm - psi)
        psi += 1 / (alpha + n)
        term = term * (x / (alpha + n))
    return -total


class _ShapeDerivative(Function):
    """`_by_shape` of tensors; it has no derivative in turn, and says so."""

    @staticmethod
    def forward(ctx: Any, x: Any, alpha: Any) -> Any:
        found = _by_shape(x._array.astype(np.float64), alpha._array.astype(np.float64))
        return from_numpy(found.astype(x._array.dtype))

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise NotImplementedError("the second derivative of gamma draws by their shape parameter is not implemented")


class _StandardGamma(Function):
    """Draws of scale 1, differentiable by the shape parameter."""

    @staticmethod
    def forward(ctx: Any, alpha: Any) -> Any:
        array = alpha._array
        drawn = np.array([_one_draw(float(a)) for a in array.reshape(-1)], np.float64).reshape(array.shape)
        draws = from_numpy(np.maximum(drawn.astype(array.dtype), np.finfo(array.dtype).tiny))
        ctx.save_for_backward(draws, alpha)
        return draws

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        draws, alpha = ctx.saved_tensors
        return grads[0] * _ShapeDerivative.apply(draws, alpha)


def standard_gamma(alpha: Any) -> Any:
    """Gamma draws of scale 1. Shape: that of ``alpha``."""
    return _StandardGamma.apply(alpha)


class Gamma(Distribution):
    """The gamma distribution.

    Args:
        concentration: the shape parameter, positive.
        rate: the inverse of the scale, positive.

    >>> import tinygrad_cn as tg
    >>> Gamma(2.0, 4.0).mean
    tensor(0.5000)
    """

    has_rsample = True
    arg_constraints: ClassVar[Constraints] = {"concentration": positive, "rate": positive}
    support = nonnegative

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = together(concentration, rate)
        super().__init__(self.concentration.shape, (), validate_args)

    @property
    def mean(self) -> Any:
        """concentration / rate."""
        return self.concentration / self.rate

    @property
    def mode(self) -> Any:
        """(concentration - 1) / rate, at least 0."""
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Any:
        """concentration / rate^2."""
        return self.concentration / self.rate**2

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draws, differentiable in both parameters."""
        shape = self._extended_shape(sample_shape)
        return standard_gamma(self.concentration.expand(shape)) / self.rate.expand(shape)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        a, b = self.concentration, self.rate
        return xlogy(a, b) + xlogy(a - 1, value) - b * value - lgamma(a)

    def entropy(self) -> Any:
        """The entropy, in nats."""
        a = self.concentration
        return a - self.rate.log() + lgamma(a) + (1.0 - a) * digamma(a)


class Chi2(Gamma):
    """The chi-squared distribution: Gamma(df / 2, 1/2).

    Args:
        df: the degrees of freedom, positive.
    """

    arg_constraints: ClassVar[Constraints] = {"df": positive}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (degrees,) = together(df)
        super().__init__(0.5 * degrees, 0.5, validate_args)

    @property
    def df(self) -> Any:
        """The degrees of freedom."""
        return self.concentration * 2

    def _parameters(self) -> dict[str, Any]:
        return {"df": self.df}


class Exponential(Distribution):
    """The exponential distribution.

    Args:
        rate: the inverse of the mean, positive.
    """

    has_rsample = True
    arg_constraints: ClassVar[Constraints] = {"rate": positive}
    support = nonnegative

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = together(rate)
        super().__init__(self.rate.shape, (), validate_args)

    @property
    def mean(self) -> Any:
        """1 / rate."""
        return self.rate.reciprocal()

    @property
    def mode(self) -> Any:
        """0."""
        return self.rate * 0

    @property
    def variance(self) -> Any:
        """1 / rate^2."""
        return self.rate**-2

    @property
    def stddev(self) -> Any:
        """1 / rate."""
        return self.rate.reciprocal()

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A standard draw over the rate."""
        shape = self._extended_shape(sample_shape)
        return self.rate.new_empty(shape).exponential_() / self.rate

    def log_prob(self, value: Any) -> Any:
        """log rate - rate value."""
        self._check_value(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Any) -> Any:
        """1 - exp(-rate value)."""
        return 1 - (-self.rate * value).exp()

    def icdf(self, value: Any) -> Any:
        """-log(1 - value) / rate."""
        return -(-value).log1p() / self.rate

    def entropy(self) -> Any:
        """1 - log rate."""
        return 1.0 - self.rate.log()


class Dirichlet(Distribution):
    """The Dirichlet distribution, over probabilities of classes on the last axis.

    Its draws are gamma draws over their sum, and so are their gradients: unbiased as PyTorch's, but other numbers.

    Args:
        concentration: positive; at least one axis.
    """

    has_rsample = True
    arg_constraints: ClassVar[Constraints] = {"concentration": independent(positive, 1)}
    support = simplex

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError(
                "Dirichlet: `concentration` must be at least one-dimensional, with classes on the last axis"
            )
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self) -> Any:
        """The concentrations over their sum."""
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def mode(self) -> Any:
        """The most likely probabilities."""
        above = (self.concentration - 1).clamp(min=0.0)
        return above / above.sum(-1, True)

    @property
    def variance(self) -> Any:
        """m (1 - m) / (sum + 1) of the means m."""
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total**2 * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draws that sum up to 1 along the last axis."""
        drawn = standard_gamma(self.concentration.expand(self._extended_shape(sample_shape)))
        tiny = float(np.finfo(drawn._array.dtype).tiny)
        return (drawn / drawn.sum(-1, True)).clamp(tiny, 1)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        a = self.concentration
        return xlogy(a - 1.0, value).sum(-1) + lgamma(a.sum(-1)) - lgamma(a).sum(-1)

    def entropy(self) -> Any:
        """The entropy, in nats."""
        a, k = self.concentration, self.concentration.shape[-1]
        total = a.sum(-1)
        spread = (k - total) * digamma(total) + ((a - 1.0) * digamma(a)).sum(-1)
        return lgamma(a).sum(-1) - lgamma(total) - spread


class Beta(Distribution):
    """The beta distribution, on [0, 1].

    Args:
        concentration1: alpha, positive: pulls towards 1.
        concentration0: beta, positive: pulls towards 0.
    """

    has_rsample = True
    arg_constraints: ClassVar[Constraints] = {"concentration1": positive, "concentration0": positive}
    support = unit_interval

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        one, zero = together(concentration1, concentration0)
        self._dirichlet = Dirichlet(stack([one, zero], -1), validate_args)
        super().__init__(one.shape, (), validate_args)

    @property
    def concentration1(self) -> Any:
        """alpha."""
        return self._dirichlet.concentration[..., 0]

    @property
    def concentration0(self) -> Any:
        """beta."""
        return self._dirichlet.concentration[..., 1]

    @property
    def mean(self) -> Any:
        """alpha / (alpha + beta)."""
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Any:
        """The value of the highest density."""
        return self._dirichlet.mode[..., 0]

    @property
    def variance(self) -> Any:
        """alpha beta / ((alpha + beta)^2 (alpha + beta + 1))."""
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total**2 * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draws, differentiable in both parameters."""
        return self._dirichlet.rsample(sample_shape).select(-1, 0)

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density."""
        self._check_value(value)
        return self._dirichlet.log_prob(stack([value, 1.0 - value], -1))

    def entropy(self) -> Any:
        """The entropy, in nats."""
        return self._dirichlet.entropy()

    def _parameters(self) -> dict[str, Any]:
        return {"concentration1": self.concentration1, "concentration0": self.concentration0}
