"""The arithmetic of sliding windows: sizes, padding, and the checks that convolution and pooling share.

A window of `kernel` taps, `dilation` apart, moves by `stride` over an axis padded by (before, after).
Everything is a tuple with one entry per spatial axis; padding has a pair per axis.
"""

from __future__ import annotations

from collections.abc import Sequence

Ints = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]


def per_axis(value: int | Sequence[int], ndim: int, name: str, op: str) -> Ints:
    """One number for every axis, or one number each.

    >>> per_axis(3, 2, "stride", "conv2d")
    (3, 3)
    """
    numbers = (value,) * ndim if isinstance(value, int) else tuple(int(v) for v in value)
    if len(numbers) == 1:
        numbers *= ndim
    if len(numbers) != ndim:
        raise ValueError(f"{op}: {name} has {len(numbers)} entries {numbers} for {ndim} spatial axes; give 1 or {ndim}")
    return numbers


def symmetric(padding: Sequence[int]) -> Pads:
    """The same padding on both sides of each axis.

    >>> symmetric((1, 2))
    ((1, 1), (2, 2))
    """
    return tuple((p, p) for p in padding)


def extent(kernel: Sequence[int], dilation: Sequence[int]) -> Ints:
    """How many positions a window spans.

    >>> extent((3, 3), (1, 2))
    (3, 5)
    """
    return tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))


def same_padding(kernel: Sequence[int], dilation: Sequence[int]) -> Pads:
    """Padding that keeps the size at stride 1; what is odd goes to the end.

    >>> same_padding((3, 4), (1, 1))
    ((1, 1), (1, 2))
    """
    return tuple(((e - 1) // 2, e - 1 - (e - 1) // 2) for e in extent(kernel, dilation))


def resolve_padding(
    padding: str | int | Sequence[int], kernel: Ints, stride: Ints, dilation: Ints, op: str = "conv"
) -> Pads:
    """Padding as users write it ('valid', 'same', a number, a number per axis) as a pair per axis.

    >>> resolve_padding("same", (4,), (1,), (1,))
    ((1, 2),)
    """
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding == "same":
        if any(s != 1 for s in stride):
            raise ValueError(f"{op}: padding='same' needs stride 1, got stride {stride}; give the padding as numbers")
        return same_padding(kernel, dilation)
    if isinstance(padding, str):
        raise ValueError(f"{op}: padding is {padding!r}; give 'valid', 'same', a number, or a number per axis")
    return symmetric(per_axis(padding, len(kernel), "padding", op))


def check_window(op: str, kernel: Ints, stride: Ints, padding: Pads, dilation: Ints) -> None:
    """Refuse windows that mean nothing, before their sizes divide by zero."""
    for name, numbers, least in (("kernel", kernel, 1), ("stride", stride, 1), ("dilation", dilation, 1)):
        if any(v < least for v in numbers):
            raise ValueError(f"{op}: {name} must be at least {least} along each axis, got {numbers}")
    if any(p < 0 for pair in padding for p in pair):
        raise ValueError(f"{op}: padding must not be negative, got {padding}")
    if not len(kernel) == len(stride) == len(padding) == len(dilation):
        raise ValueError(
            f"{op}: kernel {kernel}, stride {stride}, padding {padding} and dilation {dilation} "
            "must have one entry per spatial axis"
        )


def output_shape(
    op: str, shape: Sequence[int], kernel: Ints, stride: Ints, padding: Pads, dilation: Ints, ceil_mode: bool = False
) -> Ints:
    """Positions of a window along each axis: floor((n + before + after - extent) / stride) + 1.

    With `ceil_mode` a last window may hang over the end, if it starts inside the input or its padding before.

    >>> output_shape("conv2d", (28, 28), (5, 5), (1, 1), ((2, 2), (0, 0)), (1, 1))
    (28, 24)
    """
    spans = extent(kernel, dilation)
    out = []
    for n, e, s, (before, after) in zip(shape, spans, stride, padding, strict=True):
        room = n + before + after - e
        count = (room + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= n + before:
            count -= 1
        out.append(count)
    if any(n < 1 for n in out):
        padded = tuple(n + a + b for n, (a, b) in zip(shape, padding, strict=True))
        raise ValueError(
            f"{op}: a window of {spans} (kernel {kernel}, dilation {dilation}) does not fit the input of spatial shape "
            f"{tuple(shape)}, padded {padded}; use a smaller kernel or more padding"
        )
    return tuple(out)


def transposed_shape(
    shape: Sequence[int], kernel: Ints, stride: Ints, padding: Pads, dilation: Ints, output_padding: Ints
) -> Ints:
    """The size whose convolution has `shape`: (n - 1) * stride - before - after + extent + output_padding.

    >>> transposed_shape((14, 14), (4, 4), (2, 2), ((1, 1), (1, 1)), (1, 1), (0, 0))
    (28, 28)
    """
    spans = extent(kernel, dilation)
    return tuple(
        (n - 1) * s - a - b + e + o
        for n, s, (a, b), e, o in zip(shape, stride, padding, spans, output_padding, strict=True)
    )


def adaptive_bounds(size: int, out: int) -> tuple[list[int], list[int]]:
    """Starts and ends of `out` windows that cover an axis of `size` as evenly as whole numbers allow.

    >>> adaptive_bounds(5, 3)
    ([0, 1, 3], [2, 4, 5])
    """
    return [i * size // out for i in range(out)], [-((i + 1) * size // -out) for i in range(out)]
