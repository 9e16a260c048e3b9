"""``torch.utils.tensorboard`` by name: tensorboardX's writer of event files, which takes Tensors too."""

from __future__ import annotations

from typing import Any

from tinygrad_cn.graph import Handle
from tinygrad_cn.utils.event_files import event_writer

__all__ = ["SummaryWriter"]

_Writer: Any = event_writer("utils.tensorboard")  # its absence is told by the import, as in PyTorch


def _plain(value: Any) -> Any:
    """Tensors as what tensorboardX knows: arrays, and numbers for single elements."""
    if isinstance(value, Handle):
        array = value._array
        return array.item() if array.ndim == 0 else array
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    return value


class SummaryWriter(_Writer):  # type: ignore[misc]
    """Writes scalars, histograms, images and texts for TensorBoard; arguments as in PyTorch.

    Args:
        log_dir: the folder; ``runs/<time>_<host>`` by default.
    """

    def add_scalar(self, tag: str, scalar_value: Any, *args: Any, **kwargs: Any) -> None:
        """A number over steps."""
        super().add_scalar(tag, _plain(scalar_value), *args, **kwargs)

    def add_scalars(self, main_tag: str, tag_scalar_dict: Any, *args: Any, **kwargs: Any) -> None:
        """Several numbers in one chart."""
        super().add_scalars(main_tag, _plain(tag_scalar_dict), *args, **kwargs)

    def add_histogram(self, tag: str, values: Any, *args: Any, **kwargs: Any) -> None:
        """How values are distributed."""
        super().add_histogram(tag, _plain(values), *args, **kwargs)

    def add_image(self, tag: str, img_tensor: Any, *args: Any, **kwargs: Any) -> None:
        """An image, (3, H, W) or as ``dataformats`` says."""
        super().add_image(tag, _plain(img_tensor), *args, **kwargs)

    def add_images(self, tag: str, img_tensor: Any, *args: Any, **kwargs: Any) -> None:
        """Images, (N, 3, H, W) or as ``dataformats`` says."""
        super().add_images(tag, _plain(img_tensor), *args, **kwargs)

    def add_hparams(self, hparam_dict: Any, metric_dict: Any, *args: Any, **kwargs: Any) -> None:
        """Settings, and what they led to."""
        super().add_hparams(_plain(hparam_dict), _plain(metric_dict), *args, **kwargs)
