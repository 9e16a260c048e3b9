"""``torch.functional`` by name: what PyTorch defines there, and nn.functional as ``F``."""

from tinygrad_cn.functions.combining import broadcast_tensors, cartesian_prod, meshgrid
from tinygrad_cn.functions.distances import cdist
from tinygrad_cn.functions.joining import split
from tinygrad_cn.functions.lower_upper import legacy_lu as lu
from tinygrad_cn.functions.norms import norm
from tinygrad_cn.functions.products import einsum
from tinygrad_cn.functions.searching import unique, unique_consecutive
from tinygrad_cn.functions.spectra import chain_matmul
from tinygrad_cn.functions.stacking import atleast_1d, atleast_2d, atleast_3d, block_diag
from tinygrad_cn.functions.tensor_products import tensordot
from tinygrad_cn.nn import functional as F

__all__ = [
    "F",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_tensors",
    "cartesian_prod",
    "cdist",
    "chain_matmul",
    "einsum",
    "lu",
    "meshgrid",
    "norm",
    "split",
    "tensordot",
    "unique",
    "unique_consecutive",
]
