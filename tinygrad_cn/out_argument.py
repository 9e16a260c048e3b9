"""``out=``: where a function writes its result. Functions are written without it, and the namespaces add it.

So an operator, a method and the engine's own calls do not pay for an argument that they never give.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_cn import storage
from tinygrad_cn.errors import DTypeError
from tinygrad_cn.graph import Handle, grad_mode

__all__ = ["CREATORS", "FUNCTIONAL", "FUNCTIONS", "LINALG", "SPECIAL", "accept_out"]

# Which functions, by the namespaces of PyTorch: those of tensors, those that make tensors, and the three others.
FUNCTIONS = (
    "abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr all amax amin aminmax angle any "
    "arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort asin asinh atan atan2 atanh "
    "baddbmm bernoulli bitwise_and bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor "
    "bmm bucketize cat ceil chain_matmul cholesky cholesky_inverse cholesky_solve clamp clamp_max clamp_min "
    "clip column_stack concat concatenate conj_physical copysign cos cosh cross cummax cummin cumprod cumsum "
    "deg2rad diag diff digamma div divide dot dstack eq erf erfc erfinv exp exp2 expm1 fix float_power floor "
    "floor_divide fmax fmin fmod frac frexp gather gcd ge geqrf ger greater greater_equal gt heaviside histc histogram "
    "hstack hypot i0 igamma igammac index_add index_copy index_reduce index_select inner inverse isin "
    "isneginf isposinf kron kthvalue lcm ldexp le lerp less less_equal lgamma log log10 log1p log2 "
    "log_softmax logaddexp logaddexp2 logcumsumexp logical_and logical_not logical_or logical_xor logit "
    "logsumexp lt lu lu_solve lu_unpack masked_select matmul matrix_power max maximum mean median min minimum mm "
    "mode msort mul multinomial multiply mv mvlgamma nan_to_num nanmean nanmedian nanquantile nansum ne neg "
    "negative nextafter nonzero norm normal not_equal orgqr ormqr outer pinverse polygamma pow prod qr "
    "quantile rad2deg randperm reciprocal remainder renorm round row_stack rsqrt scatter scatter_add "
    "scatter_reduce searchsorted sgn sigmoid sign signbit sin sinc sinh slice_scatter softmax sort sqrt "
    "square stack std sub subtract sum svd take take_along_dim tan tanh tensordot topk triangular_solve tril "
    "triu true_divide trunc var vdot vstack where xlogy"
)

CREATORS = "arange empty eye full linspace logspace ones rand randint randn zeros"

FUNCTIONAL = "avg_pool2d avg_pool3d gelu hardshrink logsigmoid normalize softplus softshrink"

LINALG = (
    "cholesky cholesky_ex cond cross det eigh eigvalsh householder_product inv inv_ex ldl_factor "
    "ldl_factor_ex ldl_solve lstsq lu lu_factor lu_factor_ex lu_solve matmul matrix_norm matrix_power "
    "matrix_rank multi_dot norm pinv qr slogdet solve solve_ex solve_triangular svd svdvals tensorinv "
    "tensorsolve vecdot vector_norm"
)

SPECIAL = (
    "airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 chebyshev_polynomial_t chebyshev_polynomial_u "
    "chebyshev_polynomial_v chebyshev_polynomial_w digamma entr erf erfc erfcx erfinv exp2 expit expm1 "
    "gammainc gammaincc gammaln hermite_polynomial_h hermite_polynomial_he i0 i0e i1 i1e "
    "laguerre_polynomial_l legendre_polynomial_p log1p log_ndtr log_softmax logit logsumexp "
    "modified_bessel_i0 modified_bessel_i1 modified_bessel_k0 modified_bessel_k1 multigammaln ndtr ndtri "
    "polygamma psi round scaled_modified_bessel_k0 scaled_modified_bessel_k1 shifted_chebyshev_polynomial_t "
    "shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w sinc "
    "softmax spherical_bessel_j0 xlog1py xlogy zeta"
)


def accept_out(namespace: dict[str, Any], names: str, made: bool = False) -> None:
    """Let the functions of a namespace take ``out``: a Tensor, or as many as there are results.

    Args:
        namespace: the ``globals()`` of the module whose functions these are.
        names: which, with spaces between.
        made: they make tensors of no others, by default of ``out``'s dtype.
    """
    for name in names.split():
        namespace[name] = _taking_out(namespace[name], name, namespace["__name__"], made)


def _taking_out(function: Callable[..., Any], name: str, module: str, made: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    def run(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        if made and kwargs.get("dtype") is None:
            kwargs["dtype"] = out.dtype
        result = function(*args, **kwargs)
        if isinstance(result, Handle):
            _write(name, result, out)
            return out
        places = _places(name, result, out)
        for value, place in zip(result, places, strict=True):
            _write(name, value, place)
        return type(result)(places) if type(result) is tuple else type(result)(*places)

    run.__module__, run.__name__, run.__qualname__ = module, name, name  # where pickle finds it
    return run


def _places(name: str, result: Sequence[Any], out: Any) -> Sequence[Any]:
    if isinstance(out, Handle) or len(out) != len(result):
        got = "one Tensor" if isinstance(out, Handle) else f"{len(out)}"
        raise TypeError(f"{name}(): out must be a tuple of {len(result)} Tensors, got {got}")
    return out


def _write(name: str, result: Any, out: Any) -> None:
    """Write one result.

    Raises:
        TypeError: ``out`` is no Tensor.
        RuntimeError: gradients would be lost, the dtype cannot hold the result, or the memory may not be written.
    """
    if not isinstance(out, Handle):
        raise TypeError(f"{name}(): out must be a Tensor, not {type(out).__name__}")
    if grad_mode.get() and (result._node is not None or out._node is not None):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad; leave out=... away, or call it under no_grad()"
        )
    values, array = result._array, out._array
    if not np.can_cast(values.dtype, array.dtype, "same_kind"):
        raise DTypeError(
            f"{name}(): result type {result.dtype} can't be cast to the desired output type {out.dtype}"  # type: ignore[attr-defined]
        )
    if values.shape != array.shape:
        if array.size:
            warnings.warn(
                f"{name}(): an output with one or more elements was resized since it had shape {list(array.shape)}, "
                f"which does not match the required output shape {list(values.shape)}; pass one of that shape, or an "
                "empty one",
                stacklevel=3,
            )
        out._array = array = np.empty(values.shape, array.dtype)
    elif not array.flags.writeable:
        raise RuntimeError(f"{name}(): out is read-only or expanded; pass a clone() of it")
    array[...] = values
    storage.stamp(array, name)
