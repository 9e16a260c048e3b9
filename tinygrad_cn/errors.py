"""The exceptions that users see. Each is also of the class that NumPy's and PyTorch's users expect to catch."""

from __future__ import annotations

import pickle

import numpy as np

__all__ = [
    "DTypeError",
    "FileFormatError",
    "LinAlgError",
    "MissingExtraError",
    "ShapeError",
    "UnsafeFileError",
    "UnsupportedOperand",
]


class ShapeError(ValueError, RuntimeError):
    """Shapes that do not fit: a ``ValueError`` as in NumPy and a ``RuntimeError`` as in PyTorch."""


class DTypeError(TypeError, RuntimeError):
    """A dtype that an op does not take: a ``TypeError`` as in NumPy and a ``RuntimeError`` as in PyTorch."""


class LinAlgError(np.linalg.LinAlgError, RuntimeError):
    """A matrix without the inverse or decomposition asked for: NumPy's class, and a ``RuntimeError`` as in PyTorch."""


class UnsupportedOperand(TypeError):
    """An operand that is neither a tensor nor a number; operators answer it with ``NotImplemented``."""


class MissingExtraError(ImportError):
    """An optional package is needed and is not installed; the message names the extra to install."""


class FileFormatError(ValueError, RuntimeError):
    """A file that is damaged, or of a kind that is not read."""


class UnsafeFileError(FileFormatError, pickle.UnpicklingError):
    """A file that asks for code to be run, which is never done; the message names what it asks for."""
