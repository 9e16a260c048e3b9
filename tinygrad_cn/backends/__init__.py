"""Switches of libraries that are not used here: questions are answered, flags are taken and mean nothing."""

from tinygrad_cn.backends import cuda, cudnn, mps

__all__ = ["cuda", "cudnn", "mps"]
