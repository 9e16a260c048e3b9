"""What the gradient checker sees of a function: float64 arrays in, arrays out, and a pullback. No Tensors here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

__all__ = ["Arrays", "Cotangents", "FunctionTarget", "Target"]

Arrays = tuple[np.ndarray, ...]
Cotangents = Sequence[np.ndarray | None]


class Target:
    """A function of arrays and its gradient, however they are computed. Adapters for other frameworks subclass it.

    The checker calls `value` very often, `pullback` now and then, and never anything else unless a flag below says
    that it may. Three rules make its verdicts sound:

    * two calls with equal arrays see the same random numbers, and leave no trace that a third would see (running
      statistics are put back, and so on);
    * arrays are handed to the framework without a copy where it can take them so, and results come back so: then the
      checker sees when an input or a cotangent is written over, and in what dtype and shape a gradient really is;
    * arrays may come in any memory layout.

    Attributes:
        name (str): what reports call the function.
        input_names (sequence of str): one for each array; the number of names is the number of inputs.
        takes_complex (bool): `value` may be tried with complex128 arrays, for complex steps. The checker makes sure
            of the result by real differences, so an answer that drops the imaginary part is noticed; an exception
            means no.
        takes_undefined (bool): `pullback` takes ``None`` for the cotangent of an output that nothing reached.
        takes_single (bool): both take float32 arrays, so that what is special to that precision is checked.
        has_pushforward (bool): `pushforward` works.

    >>> import numpy as np
    >>> class Square(Target):
    ...     input_names = ("x",)
    ...     def value(self, arrays):
    ...         return (arrays[0] ** 2,)
    ...     def pullback(self, arrays, cotangents):
    ...         return (2 * arrays[0] * cotangents[0],)
    >>> from tinygrad_cn.testing import check_target
    >>> check_target(Square(), [np.array([1., 2.])]).passed
    True
    """

    name: str = "function"
    input_names: Sequence[str] = ()
    takes_complex: bool = False
    takes_undefined: bool = False
    takes_single: bool = False
    has_pushforward: bool = False

    def value(self, arrays: Sequence[np.ndarray]) -> Arrays:
        """The outputs at ``arrays``, in their precision."""
        raise NotImplementedError("a Target needs value(arrays)")

    def pullback(self, arrays: Sequence[np.ndarray], cotangents: Cotangents) -> tuple[np.ndarray | None, ...]:
        """The gradient of sum(cotangent * output) by each input; ``None`` where there is none."""
        raise NotImplementedError("a Target needs pullback(arrays, cotangents)")

    def pushforward(self, arrays: Sequence[np.ndarray], tangents: Sequence[np.ndarray]) -> Arrays:
        """The derivatives of the outputs along ``tangents``, by forward mode."""
        raise NotImplementedError(f"{self.name} has no forward mode")

    def batched_pullback(
        self, arrays: Sequence[np.ndarray], cotangents: Sequence[np.ndarray]
    ) -> tuple[np.ndarray | None, ...]:
        """`pullback` of several cotangents at once, stacked along a first axis; so are the gradients."""
        raise NotImplementedError(f"{self.name} has no batched gradients")


class FunctionTarget(Target):
    """A pair of plain functions: ``function(*arrays)`` and ``gradient(arrays, cotangents)``.

    Args:
        function (callable): arrays to an array, or to a tuple of them.
        gradient (callable): the arrays and the cotangents (tuples) to the gradients, one for each array.
        input_names (sequence of str): of the arrays.
        name (str): what reports call it.
        takes_complex (bool): see `Target`.

    >>> import numpy as np
    >>> from tinygrad_cn.testing import check_target
    >>> wrong = FunctionTarget(np.sin, lambda arrays, gs: (1.0005 * gs[0] * np.cos(arrays[0]),), ["x"])
    >>> check_target(wrong, [np.array([0.3, 2.])]).faults[0].kind
    <FaultKind.FACTOR: 'factor'>
    """

    def __init__(
        self,
        function: Callable[..., Any],
        gradient: Callable[[Arrays, tuple[np.ndarray | None, ...]], Any],
        input_names: Sequence[str],
        *,
        name: str = "",
        takes_complex: bool = True,
        takes_single: bool = False,
    ) -> None:
        self.function = function
        self.gradient = gradient
        self.input_names = tuple(input_names)
        self.name = name or getattr(function, "__name__", type(function).__name__)
        self.takes_complex = takes_complex
        self.takes_single = takes_single

    def value(self, arrays: Sequence[np.ndarray]) -> Arrays:
        """``function(*arrays)``, as a tuple."""
        result = self.function(*arrays)
        return tuple(np.asarray(r) for r in (result if isinstance(result, tuple | list) else (result,)))

    def pullback(self, arrays: Sequence[np.ndarray], cotangents: Cotangents) -> tuple[np.ndarray | None, ...]:
        """``gradient(arrays, cotangents)``, as a tuple."""
        result = self.gradient(tuple(arrays), tuple(cotangents))
        result = result if isinstance(result, tuple | list) else (result,)
        return tuple(None if g is None else np.asarray(g) for g in result)
