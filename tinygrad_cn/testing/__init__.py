"""Checking gradients: derivatives by numbers alone, and Hypothesis strategies for arrays that avoid kinks.

The strategies stand in `tinygrad_cn.testing.strategies`, which needs Hypothesis and is imported by its own name.
"""

from tinygrad_cn.testing.numeric import complex_step, four_point

__all__ = ["complex_step", "four_point"]
