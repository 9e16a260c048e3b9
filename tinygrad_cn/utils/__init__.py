"""Helpers beside the engine: data sets and loaders."""

from tinygrad_cn.utils import data

__all__ = ["data"]
