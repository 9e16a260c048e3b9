"""Helpers beside the engine: data sets and loaders, checkpointing."""

from tinygrad_cn.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
