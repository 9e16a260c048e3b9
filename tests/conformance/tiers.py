"""The operators that are judged, by tier: names as PyTorch spells them, prefixes once for each group."""

from __future__ import annotations

__all__ = ["TIERS", "tier_of"]

_NAMES: dict[int, dict[str, str]] = {
    1: {
        "": """
            T __getitem__ __radd__ __rdiv__ __rmul__ __rsub__ abs add addmm all amax amin any arange argmax argmin
            argsort baddbmm bmm bool cat chunk clamp clamp_min clone contiguous cos cumsum div double einsum eq erf
            exp expand expand_as eye flatten flip float floor full full_like gather ge gt index_select int isfinite
            isnan item le linspace log log1p log_softmax logical_and logical_not logsumexp long lt masked_fill matmul
            max maximum mean min minimum mm mul ne neg new_zeros nonzero norm ones ones_like outer permute pow prod
            reciprocal repeat reshape roll round rsqrt scatter scatter_add sigmoid sign sin softmax sort split sqrt
            square squeeze stack std sub sum t tanh to topk transpose tril triu unbind unsqueeze var view where zeros
            zeros_like
        """,
        "nn.functional.": """
            adaptive_avg_pool1d adaptive_avg_pool2d avg_pool1d avg_pool2d batch_norm binary_cross_entropy
            binary_cross_entropy_with_logits conv1d conv2d conv_transpose2d cosine_similarity cross_entropy elu
            embedding gelu glu group_norm hardsigmoid hardswish hardtanh instance_norm interpolate kl_div l1_loss
            layer_norm leaky_relu linear logsigmoid max_pool1d max_pool2d mse_loss nll_loss normalize one_hot pad
            pixel_shuffle relu relu6 rms_norm scaled_dot_product_attention silu smooth_l1_loss softplus
        """,
    },
    2: {
        "": """
            __rmatmul__ acos acosh addcdiv addcmul allclose aminmax argwhere asin asinh atan atan2 atanh atleast_1d
            atleast_2d bincount bitwise_and bitwise_not bitwise_or bitwise_xor block_diag broadcast_tensors
            broadcast_to bucketize cartesian_prod cdist ceil clamp_max column_stack corrcoef cosh count_nonzero cov
            cross cummax cummin cumprod diag diag_embed diagflat diagonal diff dot dstack equal erfc erfinv exp2
            expm1 fliplr flipud floor_divide fmod histc hstack hypot index_add index_fill index_put inner isclose
            isin isinf kron kthvalue lerp lgamma log10 log2 logaddexp logcumsumexp logdet logical_or logical_xor
            logit mT masked_select matrix_exp median meshgrid movedim mv nan_to_num nanmean nanmedian nansum narrow
            new_full new_ones quantile ravel remainder repeat_interleave reshape_as rot90 scatter_reduce searchsorted
            select sinc sinh split_with_sizes std_mean take take_along_dim tan tensor_split tensordot tile trace
            trapezoid tril_indices triu_indices true_divide trunc unflatten unfold unique unique_consecutive var_mean
            view_as vstack xlogy
        """,
        "linalg.": """
            cholesky cross det eigh eigvalsh inv lstsq matrix_norm matrix_power matrix_rank multi_dot norm pinv qr
            slogdet solve solve_triangular svd svdvals vector_norm
        """,
        "nn.functional.": """
            adaptive_max_pool1d adaptive_max_pool2d avg_pool3d celu conv3d conv_transpose1d cosine_embedding_loss
            ctc_loss grid_sample hardshrink hinge_embedding_loss huber_loss margin_ranking_loss max_pool3d mish
            pairwise_distance pixel_unshuffle prelu selu softmin softshrink softsign triplet_margin_loss unfold
        """,
        "signal.windows.": """
            bartlett blackman hamming hann kaiser
        """,
    },
    3: {
        "": """
            H __rand__ __rmod__ __ror__ __rpow__ __rxor__ addbmm addmv addr angle atleast_3d bitwise_left_shift
            bitwise_right_shift broadcast_shapes byte char cholesky cholesky_inverse cholesky_solve combinations conj
            conj_physical copysign cumulative_trapezoid deg2rad diagonal_scatter digamma dist dsplit fill float_power
            fmax fmin frac frexp gcd geqrf gradient half heaviside histogram histogramdd hsplit i0 igamma igammac
            index_copy index_reduce isneginf isposinf isreal lcm ldexp logaddexp2 logspace lu lu_solve lu_unpack mH
            masked_scatter mode msort mvlgamma nanquantile nextafter ormqr pinverse polygamma positive put qr rad2deg
            real renorm rsub scalar_tensor select_scatter sgn short signbit slice_scatter sum_to_size svd trapz
            triangular_solve unravel_index unsafe_chunk unsafe_split vdot vsplit
        """,
        "fft.": """
            fftshift ifftshift
        """,
        "linalg.": """
            cholesky_ex cond diagonal householder_product inv_ex ldl_factor ldl_factor_ex ldl_solve lu lu_factor
            lu_factor_ex lu_solve solve_ex tensorinv tensorsolve vander vecdot
        """,
        "nn.functional.": """
            adaptive_avg_pool3d adaptive_max_pool3d bilinear channel_shuffle conv_transpose3d embedding_bag
            gaussian_nll_loss linear_cross_entropy local_response_norm max_unpool1d max_unpool2d max_unpool3d
            multi_margin_loss multilabel_margin_loss multilabel_soft_margin_loss pdist poisson_nll_loss
            soft_margin_loss tanhshrink threshold triplet_margin_with_distance_loss upsample_bilinear
            upsample_nearest
        """,
        "signal.windows.": """
            cosine exponential gaussian general_cosine general_hamming nuttall
        """,
        "special.": """
            airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 chebyshev_polynomial_t chebyshev_polynomial_u
            chebyshev_polynomial_v chebyshev_polynomial_w entr erfcx hermite_polynomial_h hermite_polynomial_he i0e
            i1 i1e laguerre_polynomial_l legendre_polynomial_p log_ndtr modified_bessel_i0 modified_bessel_i1
            modified_bessel_k0 modified_bessel_k1 ndtr ndtri polygamma scaled_modified_bessel_k0
            scaled_modified_bessel_k1 shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u
            shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w spherical_bessel_j0 xlog1py zeta
        """,
    },
}

#: The full names of each tier, such as ``add``, ``linalg.inv``, ``nn.functional.relu``, ``signal.windows.hann``.
TIERS: dict[int, tuple[str, ...]] = {
    tier: tuple(prefix + name for prefix, names in groups.items() for name in names.split())
    for tier, groups in _NAMES.items()
}

tier_of: dict[str, int] = {name: tier for tier, names in TIERS.items() for name in names}
