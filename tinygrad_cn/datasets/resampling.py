"""Images read between their pixels, many at a time."""

from __future__ import annotations

import numpy as np

__all__ = ["gaussian_matrix", "resample"]

_CHUNK = 1 << 15  # pixels worked on at once: all that is in the making then stays in the cache


def resample(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Bilinear interpolation at places given in pixels; outside the image is 0, and the edge fades into it.

    Args:
        images: what to read.
        rows, columns: for each pixel of the result, where in the image it is read; one field for all channels.

    Shape:
        - images: ``(N, C, H, W)``, float32
        - rows, columns: ``(N, K, L)``, float32
        - output: ``(N, C, K, L)``, float32

    Example:
        >>> import numpy as np
        >>> image = np.array([[[[0, 1], [2, 3]]]], np.float32)
        >>> row, column = np.array([[[0.5, 1.5]]], np.float32), np.array([[[0, 1]]], np.float32)
        >>> resample(image, row, column)
        array([[[[1. , 1.5]]]], dtype=float32)
    """
    count, channels, height, width = images.shape
    out = np.empty((count, channels, *rows.shape[1:]), np.float32)
    at_once = max(1, _CHUNK // max(1, rows[0].size)) if count else 1
    wide = width + 3  # a frame of zeros: one pixel before, two after
    framed = np.zeros((min(at_once, count), height + 3, wide), np.float32)
    for start in range(0, count, at_once):
        part = slice(start, min(start + at_once, count))
        size = part.stop - part.start
        row = np.clip(rows[part], -1, height)
        row += 1
        column = np.clip(columns[part], -1, width)
        column += 1
        place = row.astype(np.intp)  # both are at least 0: rounding down
        place_column = column.astype(np.intp)
        row -= place
        column -= place_column
        place *= wide
        place += place_column
        place += (np.arange(size) * framed[0].size)[:, None, None]
        for channel in range(channels):
            framed[:size, 1 : height + 1, 1 : width + 1] = images[part, channel]
            _between(framed.reshape(-1), place, wide, row, column, out[part, channel])
    return out


def _between(
    pixels: np.ndarray, place: np.ndarray, wide: int, row: np.ndarray, column: np.ndarray, out: np.ndarray
) -> None:
    """The mean of the four pixels around each place, weighted by how near they are."""

    def along_row(offset: int) -> np.ndarray:
        # The pixels from an offset on: the places need not be moved.
        left = pixels[offset:].take(place, mode="clip")
        right = pixels[offset + 1 :].take(place, mode="clip")
        right -= left
        right *= column
        right += left
        return right

    above, below = along_row(0), along_row(wide)
    below -= above
    below *= row
    np.add(above, below, out=out)


def gaussian_matrix(size: int, sigma: float) -> np.ndarray:
    """The matrix that smooths ``size`` numbers in a row with a Gaussian, beyond whose ends there are zeros.

    Args:
        size (int): how many numbers.
        sigma (float): the standard deviation of the Gaussian, in places; it is cut off at four of them.

    Shape:
        ``(size, size)``, float32
    """
    distance = np.arange(size)[:, None] - np.arange(size)
    radius = int(4 * sigma + 0.5)
    total = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).sum()
    weights = np.where(abs(distance) <= radius, np.exp(-0.5 * (distance / sigma) ** 2) / total, 0)
    return weights.astype(np.float32)
