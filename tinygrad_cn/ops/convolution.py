"""Convolution and its two adjoints: three ops, each a rule of the others, closed under differentiation.

The work is done in `tinygrad_cn.kernels.convolution`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_cn.kernels.convolution import conv_forward, conv_input_adjoint, conv_weight_adjoint
from tinygrad_cn.op import Op, op

Shape = tuple[int, ...]


def _bias_gradient(g: Any) -> Any:
    """A bias is added at every position of every image: its gradient is the sum over them."""
    return np.sum(np.sum(np.reshape(g, (g.shape[0], g.shape[1], -1)), axis=2), axis=0)


#: Shapes: x (N, C, *S), weight (O, C / groups, *K), bias (O,) or ``None``.
convolution: Op = op(
    "convolution",
    lambda x, weight, bias, *, stride, padding, dilation, groups: conv_forward(
        x, weight, bias, stride, padding, dilation, groups
    ),
    x=lambda g, weight, x_shape, stride, padding, dilation, groups: convolution_input(
        g, weight, shape=x_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: convolution_weight(
        x, g, shape=weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=_bias_gradient,
)

#: The adjoint in x, which is also the transposed convolution. Shapes: y (N, O, *S'), weight (O, C / groups, *K).
convolution_input: Op = op(
    "convolution_input",
    lambda y, weight, *, shape, stride, padding, dilation, groups: conv_input_adjoint(
        y, weight, shape, stride, padding, dilation, groups
    ),
    y=lambda g, weight, stride, padding, dilation, groups: convolution(
        g, weight, None, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda g, y, weight_shape, stride, padding, dilation, groups: convolution_weight(
        g, y, shape=weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    label="ConvolutionTranspose",
)

#: The adjoint in the weight. Shapes: x (N, C, *S), y (N, O, *S') -> (O, C / groups, *K).
convolution_weight: Op = op(
    "convolution_weight",
    lambda x, y, *, shape, stride, padding, dilation, groups: conv_weight_adjoint(
        x, y, shape, stride, padding, dilation, groups
    ),
    x=lambda g, y, x_shape, stride, padding, dilation, groups: convolution_input(
        y, g, shape=x_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    y=lambda g, x, stride, padding, dilation, groups: convolution(
        x, g, None, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
)
