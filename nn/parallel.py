"""Data parallelism by name: there is one device, and everything runs on it."""

from __future__ import annotations

from typing import Any, NoReturn

from .module import Module

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]


class DataParallel(Module):
    """Calls ``module`` on the one device there is; the keys of its state begin with ``module.``, as in PyTorch.

    Args:
        module (Module): what is called.
        device_ids, output_device, dim: taken, and without meaning here.

    Shape:
        those of ``module``.

    Example:
        >>> import tinygrad_cn as tg
        >>> list(tg.nn.DataParallel(tg.nn.Linear(2, 1)).state_dict())
        ['module.weight', 'module.bias']
    """

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.dim = dim
        self.device_ids: list[Any] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """The output of ``module``."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Any = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """The output of ``module`` for ``inputs``, a Tensor or a tuple of arguments, on the one device there is."""
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))


class DistributedDataParallel(Module):
    """Refused: there is no communication between processes.

    Raises:
        RuntimeError: always.
    """

    def __init__(self, module: Module, *args: Any, **kwargs: Any) -> None:
        _refuse()


def _refuse() -> NoReturn:
    raise RuntimeError(
        "DistributedDataParallel: tinygrad_cn trains in one process; ask distributed.is_available() first, or use the "
        "module itself"
    )
