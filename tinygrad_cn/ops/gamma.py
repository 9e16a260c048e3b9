"""The logarithm of the gamma function, its derivatives, and Hurwitz' zeta function."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.kernels import gamma as kernels
from tinygrad_cn.op import Op, elementwise
from tinygrad_cn.ops.guarded import times

lgamma = elementwise("lgamma", kernels.lgamma, x=lambda g, x: times(g, polygamma(x, n=0)), floating=True)

#: The n-th derivative of digamma, which is the derivative of lgamma.
polygamma: Op = elementwise(
    "polygamma",
    lambda x, *, n: kernels.polygamma(n, x),
    x=lambda g, x, n: times(g, polygamma(x, n=n + 1)),
    floating=True,
)


def _zeta_s(g: Any) -> Any:
    raise RuntimeError(
        "zeta: the derivative with respect to its first argument is not implemented; detach() it, or pass a number"
    )


#: Hurwitz' zeta function of s and q.
zeta: Op = elementwise(
    "zeta",
    lambda s, q: kernels.zeta(s, q),
    s=_zeta_s,
    q=lambda g, s, q: times(g, -s * zeta(s + 1, q)),
    floating=True,
)
