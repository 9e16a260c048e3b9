"""`check_gradients`: a decorator that draws inputs with Hypothesis and checks the gradients of a function at them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinygrad_cn.errors import MissingExtraError
from tinygrad_cn.graph import Handle
from tinygrad_cn.testing.gradcheck import gradcheck, gradgradcheck
from tinygrad_cn.testing.report import GradcheckError

__all__ = ["check_gradients"]


def check_gradients(options: Mapping[str, Any] | None = None, /, **drawn: Any) -> Callable[..., Callable[..., None]]:
    """Make a function of drawn inputs into a test of its gradients, which pytest collects.

    A failure is shrunk to the smallest case; its message is the report of `gradcheck`, and the inputs that were drawn.

    Args:
        options (mapping, optional): arguments of `gradcheck`; ``second=True`` checks the second gradients as well;
            ``settings``: Hypothesis' ``settings``.
        drawn: a strategy for each argument of the function. Floating arrays become Tensors that require gradients,
            other arrays Tensors, and everything else stays what it is. Arguments without a strategy are fixtures.

    Raises:
        MissingExtraError: Hypothesis is not installed.

    >>> from tinygrad_cn.testing import strategies
    >>> @check_gradients(x=strategies.arrays((2, 3)), w=strategies.arrays((3,), bits=5))
    ... def test_weighed(x, w):
    ...     return (x * w).tanh().sum(-1)
    >>> test_weighed()
    """
    try:
        from hypothesis import given, settings
    except ImportError as error:
        raise MissingExtraError("check_gradients needs Hypothesis: pip install 'tinygrad_cn[testing]'") from error
    chosen = dict(options or {})
    second = chosen.pop("second", False)
    how = chosen.pop("settings", None) or settings(deadline=None)

    def decorate(function: Callable[..., Any]) -> Callable[..., None]:
        @functools.wraps(function)
        def test(*args: Any, **values: Any) -> None:
            arguments = {name: _as_tensor(values[name]) if name in drawn else values[name] for name in values}
            names = list(drawn)

            def called(*inputs: Any) -> Any:
                return function(*args, **(arguments | dict(zip(names, inputs, strict=True))))

            called.__name__ = function.__name__
            inputs: list[Any] = [arguments[name] for name in names]
            tensors: list[Any] = [x for x in inputs if isinstance(x, Handle)]
            if not any(x.requires_grad and x._array.size for x in tensors):
                return  # nothing to differentiate by was drawn
            for check in (gradcheck, gradgradcheck) if second else (gradcheck,):
                report = check(called, inputs, report=True, **chosen)
                if not report.passed:
                    lines = [f"    {name} = {values[name]!r}" for name in names]
                    raise GradcheckError("\n".join([str(report), "  drawn:", *lines]), report)

        return how(given(**drawn)(test))

    return decorate


def _as_tensor(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        return value
    made: Any = Handle._wrap(value)
    return made.requires_grad_() if value.dtype.kind == "f" else made
