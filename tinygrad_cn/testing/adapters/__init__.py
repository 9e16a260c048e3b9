"""Functions of other frameworks as targets of the checker; the frameworks are imported when a target is made.

    from tinygrad_cn.testing import check_target
    from tinygrad_cn.testing.adapters import TorchTarget

    target = TorchTarget(MyFunction, [torch.rand(3, dtype=torch.float64)])
    print(check_target(target, target.arrays))

A pair of plain NumPy functions needs no adapter: that is `tinygrad_cn.testing.FunctionTarget`.
"""

from tinygrad_cn.testing.adapters.hips import HipsTarget
from tinygrad_cn.testing.adapters.jax import JaxTarget
from tinygrad_cn.testing.adapters.torch import TorchTarget

__all__ = ["HipsTarget", "JaxTarget", "TorchTarget"]
