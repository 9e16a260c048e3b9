"""Tools for parameters and their gradients, parametrizations, sequences of different lengths, and a model's summary."""

from . import parametrizations, parametrize, rnn
from .clip_grad import clip_grad_norm_, clip_grad_value_, clip_grads_with_norm_, get_total_norm
from .convert_parameters import parameters_to_vector, vector_to_parameters
from .model_statistics import ModelStatistics
from .model_summary import summary

__all__ = [
    "ModelStatistics",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "rnn",
    "summary",
    "vector_to_parameters",
]
