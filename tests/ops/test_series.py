"""Rules that turn to a series near 0, against the series of the derivative in exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest

from tinygrad_cn import Tensor, autograd
from tinygrad_cn.op import registry

#: The op, and what its argument is multiplied by before sin(u) / u is taken.
SCALES = {"sinc": math.pi, "spherical_bessel_j0": 1.0}


def slope(u: Fraction) -> float:
    """The derivative of sin(u) / u."""
    return float(sum((-1) ** n * 2 * n * u ** (2 * n - 1) / math.factorial(2 * n + 1) for n in range(1, 12)))


@pytest.mark.parametrize("name", SCALES)
def test_near_zero(name):
    scale = SCALES[name]
    points = np.array([1e-300, 1e-9, 1e-3, 0.01, 0.02, 0.03, 0.04, 0.0499])
    leaf = Tensor._wrap(np.concatenate([-points, points])).requires_grad_()
    (found,) = autograd.grad(registry[name](leaf).sum(), leaf)
    expected = [scale * slope(Fraction(scale) * Fraction(x)) for x in leaf.tolist()]
    np.testing.assert_allclose(found.numpy(), expected, rtol=2e-15)
