"""``tinygrad_cn.special``: special functions, and PyTorch's second names of common ones."""

from tinygrad_cn.functions.pointwise import erf, exp2, expm1, log1p, round, sinc
from tinygrad_cn.functions.pointwise import sigmoid as expit
from tinygrad_cn.functions.reduction import logsumexp
from tinygrad_cn.functions.softmax import log_softmax, softmax

__all__ = [
    "erf",
    "exp2",
    "expit",
    "expm1",
    "log1p",
    "log_softmax",
    "logsumexp",
    "round",
    "sinc",
    "softmax",
]
