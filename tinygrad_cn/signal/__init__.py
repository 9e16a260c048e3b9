"""Signals: windows to multiply samples with."""

from tinygrad_cn.signal import windows

__all__ = ["windows"]
