"""Convolution and pooling on raw arrays: plain functions of ndarrays, without tensors and without gradients."""
