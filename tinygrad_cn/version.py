"""The version, as ``torch.version`` gives it."""

from tinygrad_cn import __version__

__all__ = ["__version__", "cuda", "debug", "hip"]

debug = False
cuda: str | None = None  # there is no CUDA, nor
hip: str | None = None
