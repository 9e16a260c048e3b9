"""Every example in a docstring runs.

pytest's own collector would import `nn/linear.py` by its place in the repository, as `nn.linear`, a second
copy of each class; here modules are imported by the names that users know.
"""

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import numpy as np
import pytest

ROOTS = ("tinygrad_cn", "tinygrad_cn.nn", "tinygrad_cn.optim")


def modules_of(name: str) -> Iterator[str]:
    package = importlib.import_module(name)
    yield name
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not module.name.endswith("__main__"):
            yield module.name


@pytest.mark.parametrize("name", sorted({name for root in ROOTS for name in modules_of(root)}))
def test_examples(name):
    module = importlib.import_module(name)
    with np.printoptions():  # an example that changes how NumPy prints must not reach the next one
        result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.failed == 0
