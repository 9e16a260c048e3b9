"""A picture of the images that were misread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

MOST_DIGITS = 24


def plot_misread(images: np.ndarray, labels: np.ndarray, scores: np.ndarray, path: Path) -> int:
    """Some of the images whose largest score is not their label's, the surest mistakes first.

    Args:
        images (ndarray): :math:`(N, 1, H, W)`.
        labels (ndarray): :math:`(N)`.
        scores (ndarray): :math:`(N, 10)`.
        path (Path): of the PNG.

    Returns:
        How many were misread in all.
    """
    read = scores.argmax(axis=1)
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    sureness = 1 / shifted.sum(axis=1)  # softmax of the largest score
    misread = np.flatnonzero(read != labels)
    shown = misread[np.argsort(-sureness[misread], kind="stable")][:MOST_DIGITS]

    columns = min(8, max(1, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    figure = Figure(figsize=(max(4.5, 1.4 * columns), 1.8 * rows + 0.6), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, i in zip(grid, shown, strict=False):
        axes.imshow(images[i, 0], cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(f"a {labels[i]}, read as {read[i]}\n({100 * sureness[i]:.0f} % sure)", fontsize=8)
    figure.suptitle(f"{len(misread):,} of {len(labels):,} held-out digits misread", fontsize=10)
    figure.savefig(path, dpi=120)
    return len(misread)
