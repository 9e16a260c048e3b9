"""How the tests of this folder ask for gradients."""

from tinygrad_cn import autograd


def grads(y, *leaves):
    return [g.tolist() for g in autograd.grad(y.sum(), leaves, retain_graph=True)]
