"""Hypothesis strategies for the inputs of ops and networks: small, varied, and away from kinks.

    from hypothesis import given
    from tinygrad_cn.testing import strategies

    @given(x=strategies.arrays(strategies.shapes(), -3, 3))
    def test_mine(x): ...

They need the extra ``testing`` (Hypothesis).
"""

from tinygrad_cn.testing.strategies.arrays import (
    LAYOUTS,
    arrays,
    axes,
    broadcastable,
    dtypes,
    laid_out,
    lattice,
    shapes,
)
from tinygrad_cn.testing.strategies.indices import advanced_indices, basic_indices, boolean_indices, indices
from tinygrad_cn.testing.strategies.networks import Network, networks
from tinygrad_cn.testing.strategies.windows import Convolution, convolutions

__all__ = [
    "LAYOUTS",
    "Convolution",
    "Network",
    "advanced_indices",
    "arrays",
    "axes",
    "basic_indices",
    "boolean_indices",
    "broadcastable",
    "convolutions",
    "dtypes",
    "indices",
    "laid_out",
    "lattice",
    "networks",
    "shapes",
]
