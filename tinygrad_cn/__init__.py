"""tinygrad_cn: reverse-mode automatic differentiation from scratch on NumPy, with PyTorch's names."""

# Lists of names, several a line:
# fmt: off
# isort: off
from importlib import import_module as _import_module
from math import e, inf, nan, pi

from tinygrad_cn import autograd, linalg, special
from tinygrad_cn.allocator import keep_freed_memory as _keep_freed_memory
from tinygrad_cn.creation import (
    arange, as_tensor, asarray, empty, empty_like, eye, from_dlpack, from_numpy, full, full_like, is_tensor,
    linspace, logspace, numel, ones, ones_like, scalar_tensor, tensor, tril_indices, triu_indices, zeros, zeros_like,
)
from tinygrad_cn.dtypes import bool_ as bool
from tinygrad_cn.dtypes import (
    bfloat16, complex64, complex128, dtype, finfo, float16, float32, float64, get_default_dtype, iinfo, int8, int16,
    int32, int64, promote_types, set_default_dtype, uint8, uint16, uint32, uint64,
)
from tinygrad_cn.functions.arithmetic import (
    add, arctan2, atan2, clamp, clamp_max, clamp_min, clip, div, divide, float_power, floor_divide, fmod, hypot,
    lerp, logaddexp, maximum, minimum, mul, multiply, nan_to_num, pow, remainder, rsub, sub, subtract, true_divide,
    where,
)
from tinygrad_cn.functions.combining import (
    broadcast_shapes, broadcast_tensors, cartesian_prod, combinations, meshgrid, repeat_interleave, rot90,
    unravel_index,
)
from tinygrad_cn.functions.comparison import (
    all, allclose, any, argmax, argmin, bitwise_and, bitwise_or, bitwise_xor, count_nonzero, eq, equal, ge, greater,
    greater_equal, gt, isclose, le, less, less_equal, logical_and, logical_or, logical_xor, lt, ne, not_equal,
)
from tinygrad_cn.functions.diagonals import adjoint, diag, diag_embed, diagflat, diagonal, diagonal_scatter, trace
from tinygrad_cn.functions.distances import cdist
from tinygrad_cn.functions.factorizations import cholesky_inverse, cholesky_solve, geqrf, ormqr
from tinygrad_cn.functions.factorizations import householder_product as orgqr
from tinygrad_cn.functions.factorizations import legacy_cholesky as cholesky
from tinygrad_cn.functions.factorizations import legacy_qr as qr
from tinygrad_cn.functions.fused import addcdiv, addcmul
from tinygrad_cn.functions.histograms import bincount, histc, histogram, histogramdd
from tinygrad_cn.functions.joining import cat, chunk, concat, concatenate, split, split_with_sizes, stack, unbind
from tinygrad_cn.functions.lower_upper import legacy_lu as lu
from tinygrad_cn.functions.lower_upper import legacy_lu_solve as lu_solve
from tinygrad_cn.functions.lower_upper import lu_unpack
from tinygrad_cn.functions.norms import norm
from tinygrad_cn.functions.ordering import kthvalue, median, mode, msort, nanmedian, nanquantile, quantile
from tinygrad_cn.functions.pointwise import (
    abs, absolute, acos, acosh, arccos, arccosh, arcsin, arcsinh, arctan, arctanh, asin, asinh, atan, atanh,
    bitwise_not, ceil, cos, cosh, deg2rad, erf, exp, exp2, expm1, fix, floor, isfinite, isinf, isnan, log, log1p,
    log2, log10, logical_not, neg, negative, positive, rad2deg, reciprocal, relu, round, rsqrt, sigmoid, sign,
    signbit, sin, sinc, sinh, sqrt, square, tan, tanh, trunc,
)
from tinygrad_cn.functions.products import addmm, addmv, baddbmm, bmm, dot, einsum, ger, matmul, mm, mv, outer
from tinygrad_cn.functions.questions import (
    can_cast, is_complex, is_floating_point, is_nonzero, is_same_size, result_type,
)
from tinygrad_cn.functions.real_parts import conj, conj_physical, is_conj, is_neg, real, resolve_conj, resolve_neg
from tinygrad_cn.functions.reduction import (
    amax, amin, aminmax, argsort, cumprod, cumsum, logsumexp, max, mean, min, nansum, prod, sort, std, std_mean,
    sum, topk, var, var_mean,
)
from tinygrad_cn.functions.running import (
    cummax, cummin, cumulative_trapezoid, diff, gradient, logcumsumexp, trapezoid, trapz,
)
from tinygrad_cn.functions.scatter_reducing import index_reduce, scatter_reduce
from tinygrad_cn.functions.scattering import (
    argwhere, fill, index_add, index_copy, index_fill, index_put, masked_scatter, put, select_scatter,
    slice_scatter, take, take_along_dim,
)
from tinygrad_cn.functions.searching import bucketize, isin, searchsorted, unique, unique_consecutive
from tinygrad_cn.functions.selecting import (
    gather, index_select, masked_fill, masked_select, narrow, nonzero, scatter, scatter_add, select,
)
from tinygrad_cn.functions.shaping import (
    broadcast_to, clone, flatten, flip, fliplr, flipud, moveaxis, movedim, permute, ravel, reshape, roll, squeeze,
    swapaxes, swapdims, t, tile, transpose, tril, triu, unflatten, unsqueeze,
)
from tinygrad_cn.functions.signs import (
    angle, bitwise_left_shift, bitwise_right_shift, copysign, fmax, fmin, frac, frexp, gcd, heaviside, isneginf,
    isposinf, isreal, lcm, ldexp, logaddexp2, nextafter, sgn,
)
from tinygrad_cn.functions.softmax import log_softmax, softmax
from tinygrad_cn.functions.solving import inv as inverse
from tinygrad_cn.functions.solving import pinverse, triangular_solve
from tinygrad_cn.functions.special import (
    digamma, erfc, erfinv, i0, igamma, igammac, lgamma, logit, mvlgamma, polygamma, xlogy,
)
from tinygrad_cn.functions.spectra import chain_matmul, det, logdet, matrix_exp, matrix_power, slogdet
from tinygrad_cn.functions.spectra import legacy_svd as svd
from tinygrad_cn.functions.stacking import (
    atleast_1d, atleast_2d, atleast_3d, block_diag, column_stack, dsplit, dstack, hsplit, hstack, row_stack,
    tensor_split, unsafe_chunk, unsafe_split, unsafe_split_with_sizes, vsplit, vstack,
)
from tinygrad_cn.functions.statistics import corrcoef, cov, dist, nanmean, renorm
from tinygrad_cn.functions.striding import as_strided
from tinygrad_cn.functions.tensor_products import addbmm, addr, cross, inner, kron, tensordot, vdot
from tinygrad_cn.grad_mode import (
    enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled, no_grad, set_grad_enabled,
)
from tinygrad_cn.out_argument import CREATORS as _CREATORS
from tinygrad_cn.out_argument import FUNCTIONS as _FUNCTIONS
from tinygrad_cn.out_argument import accept_out as _accept_out
from tinygrad_cn.printing import set_printoptions
from tinygrad_cn.random import Generator, default_generator, initial_seed, manual_seed, seed
from tinygrad_cn.randomness import (
    bernoulli, get_rng_state, multinomial, normal, rand, rand_like, randint, randint_like, randn, randn_like,
    randperm, set_rng_state,
)
from tinygrad_cn.size import Size, device
from tinygrad_cn.tensor import Tensor
from tinygrad_cn.einops_import import wait as _wait_for_einops

__version__ = "0.1.0"

_keep_freed_memory()

#: Packages that are loaded when they are first used, so that ``import tinygrad_cn`` stays light.
_SUBMODULES = frozenset(
    {
        "accelerator",
        "amp",
        "backends",
        "compiler",
        "cuda",
        "distributed",
        "distributions",
        "fft",
        "func",
        "functional",
        "fx",
        "hub",
        "jit",
        "multiprocessing",
        "nn",
        "onnx",
        "optim",
        "serialization",
        "signal",
        "testing",
        "utils",
        "version",
    }
)

# Functions of layers that PyTorch has here too; the engine stands below nn, so they are looked up when first used.
_FROM_FUNCTIONAL = frozenset({
    "alpha_dropout", "avg_pool1d", "batch_norm", "bilinear", "binary_cross_entropy_with_logits", "celu",
    "channel_shuffle", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cosine_embedding_loss", "cosine_similarity", "ctc_loss", "dropout", "embedding", "embedding_bag",
    "feature_alpha_dropout", "group_norm", "hardshrink", "hinge_embedding_loss", "instance_norm", "kl_div",
    "layer_norm", "margin_ranking_loss", "max_pool1d", "max_pool2d", "max_pool3d", "pairwise_distance", "pdist",
    "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "prelu", "rms_norm", "rrelu", "selu", "threshold",
    "triplet_margin_loss",
})

#: Names of modules that few programs need.
_FROM_ELSEWHERE = {
    "BoolTensor": "legacy",
    "ByteTensor": "legacy",
    "CharTensor": "legacy",
    "DoubleTensor": "legacy",
    "FloatTensor": "legacy",
    "GradScaler": "amp",
    "HalfTensor": "legacy",
    "IntTensor": "legacy",
    "LongTensor": "legacy",
    "ShortTensor": "legacy",
    "_assert": "compilation",
    "are_deterministic_algorithms_enabled": "settings",
    "autocast": "amp",
    "bartlett_window": "window_functions",
    "blackman_window": "window_functions",
    "compile": "compilation",
    "get_autocast_dtype": "amp.autocast_mode",
    "get_default_device": "settings",
    "get_float32_matmul_precision": "settings",
    "get_num_threads": "kernels.threads",
    "hamming_window": "window_functions",
    "hann_window": "window_functions",
    "is_autocast_enabled": "amp.autocast_mode",
    "kaiser_window": "window_functions",
    "load": "serialization",
    "poisson": "poisson_draws",
    "range": "legacy",
    "save": "serialization",
    "set_default_device": "settings",
    "set_default_tensor_type": "settings",
    "set_float32_matmul_precision": "settings",
    "set_flush_denormal": "settings",
    "set_num_interop_threads": "settings",
    "set_num_threads": "kernels.threads",
    "set_warn_always": "settings",
    "summary": "nn.utils",
    "typename": "settings",
    "use_deterministic_algorithms": "settings",
    "vmap": "func",
}

#: Methods that PyTorch has as functions of their tensor too.
_FROM_TENSOR = frozenset({
    "abs_", "acos_", "acosh_", "addmv_", "arccos_", "arccosh_", "arcsin_", "arcsinh_", "arctan_", "arctanh_",
    "asin_", "asinh_", "atan_", "atanh_", "ceil_", "clamp_", "clamp_max_", "clamp_min_", "clip_",
    "conj_physical_", "cos_", "cosh_", "deg2rad_", "detach_", "erf_", "erfc_", "exp2_", "exp_", "expm1_",
    "fill_", "fix_", "floor_", "frac_", "gcd_", "i0_", "index_put_", "lcm_", "ldexp_", "log10_", "log1p_",
    "log2_", "log_", "logit_", "nan_to_num_", "neg_", "negative_", "rad2deg_", "reciprocal_", "relu_",
    "round_", "rsqrt_", "sigmoid_", "sin_", "sinc_", "sinh_", "sqrt_", "square_", "tan_", "tanh_", "trunc_",
    "xlogy_", "zero_",
    "detach",
})

#: Operations on lists of tensors, which PyTorch has without documents and programs use all the same.
_FROM_FOREACH = frozenset({
    "_foreach_abs", "_foreach_abs_", "_foreach_add", "_foreach_add_", "_foreach_addcdiv", "_foreach_addcdiv_",
    "_foreach_addcmul", "_foreach_addcmul_", "_foreach_clamp_max", "_foreach_clamp_max_", "_foreach_clamp_min",
    "_foreach_clamp_min_", "_foreach_copy_", "_foreach_div", "_foreach_div_", "_foreach_exp", "_foreach_exp_",
    "_foreach_lerp", "_foreach_lerp_", "_foreach_log", "_foreach_log_", "_foreach_maximum", "_foreach_maximum_",
    "_foreach_minimum", "_foreach_minimum_", "_foreach_mul", "_foreach_mul_", "_foreach_neg", "_foreach_neg_",
    "_foreach_norm", "_foreach_pow", "_foreach_pow_", "_foreach_reciprocal", "_foreach_reciprocal_",
    "_foreach_rsqrt", "_foreach_rsqrt_", "_foreach_sign", "_foreach_sign_", "_foreach_sqrt", "_foreach_sqrt_",
    "_foreach_sub", "_foreach_sub_", "_foreach_zero_",
})


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return _import_module(f"tinygrad_cn.{name}")
    if name in _FROM_ELSEWHERE:
        return getattr(_import_module(f"tinygrad_cn.{_FROM_ELSEWHERE[name]}"), name)
    if name in _FROM_TENSOR:
        return getattr(Tensor, name)
    if name in _FROM_FOREACH:
        return getattr(_import_module("tinygrad_cn.foreach"), name)
    if name in _FROM_FUNCTIONAL:
        return getattr(_import_module("tinygrad_cn.nn.functional"), name)
    raise AttributeError(f"module 'tinygrad_cn' has no attribute {name!r}")


# PyTorch's words for layouts of memory, of which there is one kind; None as an index
channels_last = "channels_last"
contiguous_format = "contiguous_format"
preserve_format = "preserve_format"
strided = "strided"
newaxis = None

# PyTorch's other names of dtypes
double = float64
float = float32
half = float16
int = int32
long = int64
short = int16

__all__ = [
    "Generator", "Size", "Tensor", "__version__", "abs", "absolute", "acos", "acosh", "add", "addbmm", "addcdiv",
    "addcmul", "addmm", "addmv", "addr", "adjoint", "all", "allclose", "amax", "amin", "aminmax", "angle", "any",
    "arange", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "argmax", "argmin",
    "argsort", "argwhere", "as_strided", "as_tensor", "asarray", "asin", "asinh", "atan", "atan2", "atanh",
    "atleast_1d", "atleast_2d", "atleast_3d", "autograd", "baddbmm", "bernoulli", "bfloat16", "bincount", "bitwise_and",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "block_diag", "bmm",
    "bool", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "bucketize", "can_cast", "cartesian_prod",
    "cat", "cdist", "ceil", "chain_matmul", "channels_last", "cholesky", "cholesky_inverse", "cholesky_solve",
    "chunk", "clamp", "clamp_max", "clamp_min", "clip", "clone", "column_stack", "combinations", "complex64",
    "complex128", "concat", "concatenate", "conj", "conj_physical", "contiguous_format", "copysign", "corrcoef",
    "cos", "cosh", "count_nonzero", "cov", "cross", "cummax", "cummin", "cumprod", "cumsum", "cumulative_trapezoid",
    "default_generator", "deg2rad", "det", "device", "diag", "diag_embed", "diagflat", "diagonal",
    "diagonal_scatter", "diff", "digamma", "dist", "div", "divide", "dot", "double", "dsplit", "dstack", "dtype",
    "e", "einsum", "empty", "empty_like", "enable_grad", "eq", "equal", "erf", "erfc", "erfinv", "exp", "exp2",
    "expm1", "eye", "fill", "finfo", "fix", "flatten", "flip", "fliplr", "flipud", "float", "float16", "float32",
    "float64", "float_power", "floor", "floor_divide", "fmax", "fmin", "fmod", "frac", "frexp", "from_dlpack",
    "from_numpy", "full", "full_like", "gather", "gcd", "ge", "geqrf", "ger", "get_default_dtype", "get_rng_state",
    "gradient", "greater", "greater_equal", "gt", "half", "heaviside", "histc", "histogram", "histogramdd",
    "hsplit", "hstack", "hypot", "i0", "igamma", "igammac", "iinfo", "index_add", "index_copy", "index_fill",
    "index_put", "index_reduce", "index_select", "inf", "inference_mode", "initial_seed", "inner", "int", "int8",
    "int16", "int32", "int64", "inverse", "is_complex", "is_conj", "is_floating_point", "is_grad_enabled",
    "is_inference_mode_enabled", "is_neg", "is_nonzero", "is_same_size", "is_tensor", "isclose", "isfinite", "isin",
    "isinf", "isnan", "isneginf", "isposinf", "isreal", "kron", "kthvalue", "lcm", "ldexp", "le", "lerp", "less",
    "less_equal", "lgamma", "linalg", "linspace", "log", "log1p", "log2", "log10", "log_softmax", "logaddexp",
    "logaddexp2", "logcumsumexp", "logdet", "logical_and", "logical_not", "logical_or", "logical_xor", "logit",
    "logspace", "logsumexp", "long", "lt", "lu", "lu_solve", "lu_unpack", "manual_seed", "masked_fill",
    "masked_scatter", "masked_select", "matmul", "matrix_exp", "matrix_power", "max", "maximum", "mean", "median",
    "meshgrid", "min", "minimum", "mm", "mode", "moveaxis", "movedim", "msort", "mul", "multinomial", "multiply",
    "mv", "mvlgamma", "nan", "nan_to_num", "nanmean", "nanmedian", "nanquantile", "nansum", "narrow", "ne", "neg",
    "negative", "newaxis", "nextafter", "no_grad", "nonzero", "norm", "normal", "not_equal", "numel", "ones",
    "ones_like", "orgqr", "ormqr", "outer", "permute", "pi", "pinverse", "polygamma", "positive", "pow",
    "preserve_format", "prod", "promote_types", "put", "qr", "quantile", "rad2deg", "rand", "rand_like", "randint",
    "randint_like", "randn", "randn_like", "randperm", "ravel", "real", "reciprocal", "relu", "remainder", "renorm",
    "repeat_interleave", "reshape", "resolve_conj", "resolve_neg", "result_type", "roll", "rot90", "round",
    "row_stack", "rsqrt", "rsub", "scalar_tensor", "scatter", "scatter_add", "scatter_reduce", "searchsorted",
    "seed", "select", "select_scatter", "set_default_dtype", "set_grad_enabled", "set_printoptions",
    "set_rng_state", "sgn", "short", "sigmoid", "sign", "signbit", "sin", "sinc", "sinh", "slice_scatter",
    "slogdet", "softmax", "sort", "special", "split", "split_with_sizes", "sqrt", "square", "squeeze", "stack",
    "std", "std_mean", "strided", "sub", "subtract", "sum", "svd", "swapaxes", "swapdims", "t", "take",
    "take_along_dim", "tan", "tanh", "tensor", "tensor_split", "tensordot", "tile", "topk", "trace", "transpose",
    "trapezoid", "trapz", "triangular_solve", "tril", "tril_indices", "triu", "triu_indices", "true_divide",
    "trunc", "uint8", "uint16", "uint32", "uint64", "unbind", "unflatten", "unique", "unique_consecutive",
    "unravel_index", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "unsqueeze", "var", "var_mean",
    "vdot", "vsplit", "vstack", "where", "xlogy", "zeros", "zeros_like",
]

# Functions that take ``out``
_accept_out(globals(), _FUNCTIONS)
_accept_out(globals(), _CREATORS, made=True)

_wait_for_einops()
