"""Windows for signals: vectors that rise and fall, to multiply a stretch of samples with.

A symmetric window of M samples takes n = 0 ... M - 1 with both ends at the same height; a periodic one (``sym=False``)
is a symmetric window of M + 1 samples without its last, so that copies side by side repeat evenly.

Source: F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform", 1978.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tinygrad_cn import dtypes
from tinygrad_cn.creation import made
from tinygrad_cn.size import as_device
from tinygrad_cn.tensor import Tensor

__all__ = [
    "bartlett",
    "bartlett_window",
    "blackman",
    "blackman_window",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hamming_window",
    "hann",
    "hann_window",
    "kaiser",
    "kaiser_window",
    "nuttall",
]


def _window(
    name: str,
    shape: Callable[[np.ndarray, int], np.ndarray],
    M: int,
    sym: bool,
    dtype: Any,
    requires_grad: bool,
    device: Any = None,
    layout: Any = None,
) -> Tensor:
    """The window whose samples are ``shape(n, N)`` for n = 0 ... N - 1, N being M or, if periodic, M + 1.

    Raises:
        ValueError: a negative M, a dtype that is not floating.
    """
    as_device(device)
    kind = dtypes.to_numpy(dtype or dtypes.get_default_dtype())
    if kind not in (np.float32, np.float64):
        raise ValueError(f"{name}(): expects float32 or float64 as dtype, got {dtype}")
    if str(layout or "strided").rpartition(".")[2] != "strided":
        raise ValueError(f"{name}(): there are strided tensors only, got layout {layout}")
    if M < 0:
        raise ValueError(f"{name}(): the number of samples must not be negative, got {M}")
    if M < 2:
        return made(np.ones(M, dtype=kind), requires_grad)
    count = M if sym else M + 1
    return made(shape(np.arange(count, dtype=np.float64), count)[:M].astype(kind), requires_grad)


def _cosines(weights: Iterable[float]) -> Callable[[np.ndarray, int], np.ndarray]:
    def shape(n: np.ndarray, count: int) -> np.ndarray:
        angle = 2 * math.pi * n / (count - 1)
        return sum(((-1) ** i * a * np.cos(i * angle) for i, a in enumerate(weights)), np.zeros_like(n))

    return shape


def general_cosine(
    M: int,
    *,
    a: Iterable[float],
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A sum of cosines: w(n) = sum over i of (-1)^i a_i cos(2 pi i n / (M - 1)).

    Args:
        M (int): the number of samples.
        a (numbers): the weights.
        sym (bool): symmetric; else periodic.

    Raises:
        TypeError: ``a`` holds no numbers.
        ValueError: ``a`` is empty, M is negative, the dtype is not floating.

    >>> import tinygrad_cn as tg
    >>> tg.signal.windows.general_cosine(5, a=[0.5, 0.5])
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    if not isinstance(a, Iterable):
        raise TypeError(f"general_cosine(): a must be a sequence of weights, not {type(a).__name__}")
    weights = [float(w) for w in a]
    if not weights:
        raise ValueError("general_cosine(): a must hold at least one weight")
    return _window("general_cosine", _cosines(weights), M, sym, dtype, requires_grad, device, layout)


def general_hamming(
    M: int,
    *,
    alpha: float = 0.54,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """alpha - (1 - alpha) cos(2 pi n / (M - 1))."""
    weights = (alpha, 1 - alpha)
    return _window("general_hamming", _cosines(weights), M, sym, dtype, requires_grad, device, layout)


def hamming(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """0.54 - 0.46 cos(2 pi n / (M - 1))."""
    return _window("hamming", _cosines((0.54, 0.46)), M, sym, dtype, requires_grad, device, layout)


def hann(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """(1 - cos(2 pi n / (M - 1))) / 2, which is a squared sine.

    >>> import tinygrad_cn as tg
    >>> tg.signal.windows.hann(4, sym=False)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("hann", _cosines((0.5, 0.5)), M, sym, dtype, requires_grad, device, layout)


def blackman(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """0.42 - 0.5 cos(2 pi n / (M - 1)) + 0.08 cos(4 pi n / (M - 1))."""
    return _window("blackman", _cosines((0.42, 0.5, 0.08)), M, sym, dtype, requires_grad, device, layout)


def nuttall(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Four cosines with low side lobes.

    Source: A. H. Nuttall, "Some windows with very good sidelobe behavior", 1981; the weights in Heinzel, Ruediger,
    Schilling, "Spectrum and spectral density estimation by the discrete Fourier transform", 2002 ("Nuttall4c").
    """
    weights = (0.3635819, 0.4891775, 0.1365995, 0.0106411)
    return _window("nuttall", _cosines(weights), M, sym, dtype, requires_grad, device, layout)


def bartlett(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A triangle: 1 - |2 n / (M - 1) - 1|."""

    def shape(n: np.ndarray, count: int) -> np.ndarray:
        return 1 - np.abs(2 * n / (count - 1) - 1)

    return _window("bartlett", shape, M, sym, dtype, requires_grad, device, layout)


def cosine(
    M: int, *, sym: bool = True, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Half a sine wave: sin(pi (n + 1/2) / M)."""

    def shape(n: np.ndarray, count: int) -> np.ndarray:
        return np.sin(math.pi * (n + 0.5) / count)

    return _window("cosine", shape, M, sym, dtype, requires_grad, device, layout)


def exponential(
    M: int,
    *,
    center: float | None = None,
    tau: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """exp(-|n - center| / tau), a peak that decays to both sides.

    Args:
        M (int): the number of samples.
        center (float, optional): where the peak stands; the middle by default, the only place if symmetric.
        tau (float): how fast it decays.

    Raises:
        ValueError: ``tau`` is not positive; a centre is given for a symmetric window.
    """
    if not tau > 0:
        raise ValueError(f"exponential(): tau must be positive, got {tau}")
    if sym and center is not None:
        raise ValueError(
            "exponential(): a symmetric window has its centre in the middle; leave center away or sym=False"
        )
    middle = center if center is not None else ((M if sym else M + 1) - 1) / 2

    def shape(n: np.ndarray, count: int) -> np.ndarray:
        return np.exp(-np.abs(n - middle) / tau)

    return _window("exponential", shape, M, sym, dtype, requires_grad, device, layout)


def gaussian(
    M: int,
    *,
    std: float = 1.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """exp(-((n - (M - 1) / 2) / std)^2 / 2).

    Raises:
        ValueError: ``std`` is not positive.
    """
    if not std > 0:
        raise ValueError(f"gaussian(): std must be positive, got {std}")

    def shape(n: np.ndarray, count: int) -> np.ndarray:
        return np.exp(-(((n - (count - 1) / 2) / std) ** 2) / 2)

    return _window("gaussian", shape, M, sym, dtype, requires_grad, device, layout)


def kaiser(
    M: int,
    *,
    beta: float = 12.0,
    sym: bool = True,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """I0(beta sqrt(1 - (2 n / (M - 1) - 1)^2)) / I0(beta), I0 the modified Bessel function.

    Args:
        M (int): the number of samples.
        beta (float): the larger, the narrower the window; at least 0.

    Raises:
        ValueError: ``beta`` is negative.
    """
    if beta < 0:
        raise ValueError(f"kaiser(): beta must not be negative, got {beta}")

    def shape(n: np.ndarray, count: int) -> np.ndarray:
        middle = (count - 1) / 2
        return np.i0(beta * np.sqrt(np.maximum(1 - ((n - middle) / middle) ** 2, 0))) / np.i0(np.float64(beta))

    return _window("kaiser", shape, M, sym, dtype, requires_grad, device, layout)


# ---------------------------------------------------------------- the same by their older names


def _refuse_negative(name: str, window_length: int) -> None:
    if window_length < 0:
        raise RuntimeError(f"{name}(): the length must not be negative, got {window_length}")


def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """`bartlett` of ``window_length`` samples, periodic unless told otherwise."""
    _refuse_negative("bartlett_window", window_length)
    return bartlett(window_length, sym=not periodic, **_known(options))


def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """`blackman` of ``window_length`` samples, periodic unless told otherwise."""
    _refuse_negative("blackman_window", window_length)
    return blackman(window_length, sym=not periodic, **_known(options))


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, **options: Any
) -> Tensor:
    """alpha - beta cos(2 pi n / N), periodic unless told otherwise.

    >>> import tinygrad_cn as tg
    >>> tg.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    _refuse_negative("hamming_window", window_length)
    return general_cosine(window_length, a=(alpha, beta), sym=not periodic, **_known(options))


def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Tensor:
    """`hann` of ``window_length`` samples, periodic unless told otherwise."""
    _refuse_negative("hann_window", window_length)
    return hann(window_length, sym=not periodic, **_known(options))


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any) -> Tensor:
    """`kaiser` of ``window_length`` samples, periodic unless told otherwise."""
    _refuse_negative("kaiser_window", window_length)
    return kaiser(window_length, beta=beta, sym=not periodic, **_known(options))


def _known(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in ("pin_memory", "out")}
