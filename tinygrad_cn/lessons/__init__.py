"""The lessons: what makes a network learn better, each claim an experiment that one command reruns.

A lesson is a file of this package; how to write one stands in `README.md` beside this file.
"""

from __future__ import annotations

from tinygrad_cn.lessons import (
    activations,
    batch_norm,
    convolution,
    cross_entropy,
    data_size,
    depth,
    dropout,
    early_stopping,
    expanding_data,
    initialization,
    learning_rate,
    momentum,
    neuron,
    overfitting,
    regularization,
    shared_kernels,
    softmax,
    softmax_output,
    threshold,
    weight_decay,
    weights,
)
from tinygrad_cn.lessons.kit.lesson import Lesson

__all__ = ["LESSONS", "find"]

#: In the order in which to read them.
LESSONS: tuple[Lesson, ...] = (
    neuron.LESSON,
    cross_entropy.LESSON,
    softmax.LESSON,
    learning_rate.LESSON,
    momentum.LESSON,
    threshold.LESSON,
    early_stopping.LESSON,
    overfitting.LESSON,
    data_size.LESSON,
    expanding_data.LESSON,
    regularization.LESSON,
    weight_decay.LESSON,
    dropout.LESSON,
    initialization.LESSON,
    weights.LESSON,
    softmax_output.LESSON,
    depth.LESSON,
    activations.LESSON,
    batch_norm.LESSON,
    shared_kernels.LESSON,
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
