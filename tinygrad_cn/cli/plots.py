"""Pictures of a run: its curves and the digits that were misread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tinygrad_cn.cli.training import Record

TRAINING, HELD_OUT = "tab:blue", "tab:orange"
MOST_DIGITS = 24


def plot_curves(records: Sequence[Record], title: str, path: Path) -> None:
    """Loss and accuracy by epoch, for training and held-out data."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    epochs = [record.epoch for record in records]
    loss.plot(
        epochs, [record.training_loss for record in records], ".-", color=TRAINING, label="training (while learning)"
    )
    loss.plot(epochs, [record.held_out_loss for record in records], ".-", color=HELD_OUT, label="held out")
    accuracy.plot(epochs, [100 * record.training_accuracy for record in records], ".-", color=TRAINING)
    accuracy.plot(epochs, [100 * record.held_out_accuracy for record in records], ".-", color=HELD_OUT)
    loss.set(title="cross-entropy", xlabel="epoch", yscale="log")
    accuracy.set(title="accuracy [%]", xlabel="epoch")
    for axes in (loss, accuracy):
        axes.grid(alpha=0.3)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    loss.legend()
    figure.suptitle(title)
    figure.savefig(path, dpi=120)


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
