"""The package that writes event files for TensorBoard, which is an extra."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.errors import MissingExtraError

__all__ = ["event_writer"]


def event_writer(needed_by: str) -> Any:
    """tensorboardX's ``SummaryWriter``.

    Args:
        needed_by: who asks, for the message.

    Raises:
        MissingExtraError: tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter  # an extra
    except ImportError as error:
        raise MissingExtraError(
            f'{needed_by} needs tensorboardX, which is not installed; pip install "tinygrad_cn[tensorboard]"'
        ) from error
    return SummaryWriter
