"""The lessons: what makes a network learn better, each claim an experiment that one command reruns.

A lesson is a file of this package; how to write one stands in `README.md` beside this file.
"""

from __future__ import annotations

from tinygrad_cn.lessons import (
    activations,
    batch_norm,
    batch_statistics,
    convolution,
    cross_entropy,
    data_size,
    dead_relu,
    depth,
    dropout,
    dropout_scaling,
    early_stopping,
    equivariance,
    expanding_data,
    initialization,
    l1_l2,
    learning_rate,
    momentum,
    neuron,
    overfitting,
    regularization,
    reverse_cross_entropy,
    saturation,
    shared_kernels,
    softmax,
    softmax_output,
    symmetry,
    threshold,
    weight_decay,
    xavier_kaiming,
)
from tinygrad_cn.lessons.kit.lesson import Lesson

__all__ = ["LESSONS", "find"]

#: In the order in which to read them.
LESSONS: tuple[Lesson, ...] = (
    neuron.LESSON,
    cross_entropy.LESSON,
    reverse_cross_entropy.LESSON,
    softmax.LESSON,
    learning_rate.LESSON,
    momentum.LESSON,
    threshold.LESSON,
    early_stopping.LESSON,
    overfitting.LESSON,
    data_size.LESSON,
    expanding_data.LESSON,
    regularization.LESSON,
    l1_l2.LESSON,
    weight_decay.LESSON,
    dropout.LESSON,
    dropout_scaling.LESSON,
    initialization.LESSON,
    saturation.LESSON,
    symmetry.LESSON,
    xavier_kaiming.LESSON,
    softmax_output.LESSON,
    depth.LESSON,
    activations.LESSON,
    dead_relu.LESSON,
    batch_norm.LESSON,
    batch_statistics.LESSON,
    shared_kernels.LESSON,
    equivariance.LESSON,
    convolution.LESSON,
)


def find(name: str) -> Lesson:
    """The lesson of that name.

    Raises:
        ValueError: there is none; the message lists those that are.
    """
    for lesson in LESSONS:
        if lesson.name == name:
            return lesson
    raise ValueError(f"no lesson is called {name!r}; there are {', '.join(lesson.name for lesson in LESSONS)}")
