"""Functions that take functions: gradients, Jacobians, maps over an axis. Names are ``torch.func``'s."""

from tinygrad_cn.func.derivatives import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, vjp
from tinygrad_cn.func.mapping import vmap
from tinygrad_cn.func.modules import functional_call, stack_module_state

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "stack_module_state",
    "vjp",
    "vmap",
]
