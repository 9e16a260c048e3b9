"""Calls whose floating-point exceptions stay silent: log(0) is -inf without a warning, as in PyTorch.

NumPy keeps its error settings in a context variable. ``np.errstate`` costs more than a small ufunc; running the
call inside a ready-made context whose settings say "ignore" costs a tenth of that and touches no global state.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["quiet"]

_local = threading.local()


def _new_runner() -> Callable[..., Any]:
    context = contextvars.copy_context()
    context.run(np.seterr, all="ignore")
    _local.run = context.run  # one per thread: a context can be entered only once at a time
    return context.run


def quiet(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``function(*args, **kwargs)`` with NumPy's floating-point warnings off; ``function`` sees raw arrays only."""
    try:
        run = _local.run
    except AttributeError:
        run = _new_runner()
    return run(function, *args, **kwargs)
