"""`gradcheck` under PyTorch's name for it, which is both a function and the module ``autograd.gradcheck``.

The function stands here in place of the module, with the module's names as its attributes. So
``autograd.gradcheck(fn, inputs)`` works as well as ``from tinygrad_cn.autograd.gradcheck import GradcheckError``.
"""

import sys
from typing import Any

from tinygrad_cn.testing.gradcheck import gradcheck, gradgradcheck
from tinygrad_cn.testing.report import GradcheckError

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

_function: Any = gradcheck
_function.gradcheck, _function.gradgradcheck, _function.GradcheckError = gradcheck, gradgradcheck, GradcheckError
sys.modules[__name__] = _function
