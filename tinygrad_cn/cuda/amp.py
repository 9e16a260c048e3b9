"""``torch.cuda.amp`` by its old names; see `tinygrad_cn.amp`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_cn import amp

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]


class autocast(amp.autocast):
    """``amp.autocast("cuda", ...)``."""

    def __init__(self, enabled: bool = True, dtype: Any = None, cache_enabled: bool = True) -> None:
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """``amp.GradScaler("cuda", ...)``."""

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


def custom_fwd(fwd: Callable[..., Any] | None = None, *, cast_inputs: Any = None) -> Callable[..., Any]:
    """The decorated ``forward`` of a `Function` itself: there is nothing to cast."""
    return _same if fwd is None else fwd


def custom_bwd(bwd: Callable[..., Any]) -> Callable[..., Any]:
    """The decorated ``backward`` itself."""
    return bwd


def _same(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
