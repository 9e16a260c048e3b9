"""How tensors print: PyTorch's text of an array, character for character.

An array is read twice. The first reading looks at every number that will be shown and settles one format for all of
them; the second writes the nested brackets, breaking lines at the width of the page and leaving out the middle of
large arrays.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["PrintOptions", "dtype_suffix", "format_tensor", "get_printoptions", "printoptions", "set_printoptions"]


class PrintOptions(NamedTuple):
    """What decides the text of a tensor; see `set_printoptions`."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}

_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print; what is not given stays, except ``sci_mode``, which goes back to automatic.

    Args:
        precision (int): digits after the point.
        threshold (float): arrays of more elements print without their middle.
        edgeitems (int): how many elements then remain at either end of an axis.
        linewidth (int): characters in a line.
        profile (str): ``'default'``, ``'short'`` or ``'full'``; the other arguments go on top of it.
        sci_mode (bool): whether floats print with an exponent; None lets their range decide.
    Raises:
        ValueError: an unknown profile.

    >>> set_printoptions(precision=2)
    >>> format_tensor(np.array([1.2345]))
    'tensor([1.23])'
    >>> set_printoptions(profile="default")
    """
    global _options
    if profile is not None and profile.lower() not in _PROFILES:
        raise ValueError(f"set_printoptions: unknown profile {profile!r}; the profiles are {', '.join(_PROFILES)}")
    base = _options if profile is None else _PROFILES[profile.lower()]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _options = base._replace(sci_mode=sci_mode, **changes)


def get_printoptions() -> dict[str, Any]:
    """The current options, by name."""
    return _options._asdict()


@contextlib.contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """`set_printoptions` for the length of a ``with`` block."""
    global _options
    before = _options
    set_printoptions(**options)
    try:
        yield
    finally:
        _options = before


def dtype_suffix(array: np.ndarray, default: Any = np.float32) -> list[str]:
    """``['dtype=...']`` where the numbers alone do not tell the dtype, else an empty list.

    Args:
        array: to be printed.
        default: the default floating dtype, which needs no telling; nor do int64 and bool, and the complex dtype that
            goes with it.

    >>> dtype_suffix(np.zeros(2)), dtype_suffix(np.zeros(2, int)), dtype_suffix(np.zeros(0, int))
    (['dtype=float64'], [], ['dtype=int64'])
    """
    default = np.dtype(default)
    known = {default}
    if array.size:  # empty brackets tell nothing, so there only the default goes without saying
        complex_default = np.complex128 if default.itemsize == 8 else np.complex64
        known |= {np.dtype(np.int64), np.dtype(np.bool_), np.dtype(complex_default)}
    return [] if array.dtype in known else [f"dtype={array.dtype}"]


def format_tensor(array: np.ndarray, *, prefix: str = "tensor(", suffixes: Sequence[str] = ()) -> str:
    """The text of a tensor.

    Args:
        array: its numbers.
        prefix: what stands before them; later lines are indented by its length.
        suffixes: what stands behind them, such as ``'dtype=float64'`` or ``'requires_grad=True'``, each put on a new
            line when the page is full.

    >>> print(format_tensor(np.eye(2), suffixes=["dtype=float64"]))
    tensor([[1., 0.],
            [0., 1.]], dtype=float64)
    """
    indent = len(prefix)
    if array.size:
        text = prefix + _Writer(array, _options).brackets(array, indent)
    else:
        text = prefix + "[]"
    if not _options.edgeitems if array.size else array.ndim != 1:  # the brackets do not show the shape
        suffixes = [f"size={array.shape}", *suffixes]
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"


class _Writer:
    """The brackets around the numbers of one array."""

    def __init__(self, array: np.ndarray, options: PrintOptions) -> None:
        self.edge = options.edgeitems
        self.linewidth = options.linewidth
        self.summarize = array.size > options.threshold
        shown = self._shown(array)
        self.number: Callable[[Any], str]
        if array.dtype.kind == "c":
            real, self.width_real = _number_format(shown.real, options)
            imaginary, width_imaginary = _number_format(shown.imag, options)
            self.width = self.width_real + width_imaginary + 1
            self.number = lambda z: _complex_text(real(z.real), imaginary(z.imag))
        else:
            self.number, self.width = _number_format(shown, options)

    def _shown(self, array: np.ndarray) -> np.ndarray:
        """The elements that will be printed, in an array without the middles of the axes."""
        if self.summarize:
            for axis, size in enumerate(array.shape):
                if size > 2 * self.edge:
                    kept = [*range(self.edge), *range(size - self.edge, size)]
                    array = array.take(kept, axis=axis)
        return array

    def brackets(self, array: np.ndarray, indent: int) -> str:
        """The text of ``array``; lines after the first are indented by ``indent`` and one for each bracket."""
        if array.ndim == 0:
            return self.number(array.item())
        if array.ndim == 1:
            return self._row(array, indent)
        rows = [self.brackets(row, indent + 1) for row in self._shown_first_axis(array)]
        if self._has_gap(array):
            rows.insert(self.edge, "...")
        separator = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
        return "[" + separator.join(rows) + "]"

    def _row(self, array: np.ndarray, indent: int) -> str:
        if self.summarize and not self.edge:
            texts = ["..."]
        else:
            texts = [self.number(value) for value in self._shown_first_axis(array).tolist()]
            if self._has_gap(array):
                texts.insert(self.edge, " ...")
        in_a_line = max(1, (self.linewidth - indent) // (self.width + 2))
        lines = [", ".join(texts[i : i + in_a_line]) for i in range(0, len(texts), in_a_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

    def _has_gap(self, array: np.ndarray) -> bool:
        return self.summarize and len(array) > 2 * self.edge

    def _shown_first_axis(self, array: np.ndarray) -> np.ndarray:
        if not self._has_gap(array):
            return array
        return np.concatenate([array[: self.edge], array[len(array) - self.edge :]])


def _number_format(shown: np.ndarray, options: PrintOptions) -> tuple[Callable[[Any], str], int]:
    """How to write one of the numbers ``shown``, and the width to which all are padded."""
    if shown.dtype.kind != "f":
        width = max((len(str(value)) for value in shown.ravel().tolist()), default=1)
        return lambda value: str(value).rjust(width), width
    numbers = shown.ravel().astype(np.float64)
    numbers = numbers[np.isfinite(numbers) & (numbers != 0)]  # zeros, infinities and NaN have no say
    if not numbers.size:
        write, width = _float_format(True, False, options.precision), 1
    else:
        sizes = np.abs(numbers)
        most, least = float(sizes.max()), float(sizes.min())
        whole = bool(np.all(numbers == np.ceil(numbers)))
        scientific = most / least > 1000 or most > 1e8 or (not whole and least < 1e-4)
        if options.sci_mode is not None:
            scientific = options.sci_mode
        write = _float_format(whole, scientific, options.precision)
        width = max(len(write(value)) for value in numbers.tolist())
    return lambda value: write(value).rjust(width), width


def _float_format(whole: bool, scientific: bool, precision: int) -> Callable[[float], str]:
    if scientific:
        return lambda value: f"{value:.{precision}e}"
    if whole:
        return lambda value: f"{value:.0f}." if math.isfinite(value) else str(value)
    return lambda value: f"{value:.{precision}f}"


def _complex_text(real: str, imaginary: str) -> str:
    imaginary = imaginary.lstrip()
    return real + ("" if imaginary.startswith(("+", "-")) else "+") + imaginary + "j"
