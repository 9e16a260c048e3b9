"""The public functions in PyTorch's vocabulary, over the ops."""
