"""Every example in a docstring or a README runs.

pytest's own collector would import `nn/linear.py` by its place in the repository, as `nn.linear`, a second
copy of each class; here modules are imported by the names that users know.
"""

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tinygrad_cn.errors import MissingExtraError

ROOTS = ("tinygrad_cn", "tinygrad_cn.nn", "tinygrad_cn.optim")


def modules_of(name: str) -> Iterator[str]:
    package = importlib.import_module(name)
    yield name
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not module.name.endswith("__main__"):
            yield module.name


@pytest.mark.parametrize("name", sorted({name for root in ROOTS for name in modules_of(root)}))
def test_examples(name):
    try:
        module = importlib.import_module(name)
    except MissingExtraError as missing:
        pytest.skip(str(missing))
    if not inspect.ismodule(module):
        return  # autograd.gradcheck: the function stands in the module's place, with its examples where it is written
    with np.printoptions():  # an example that changes how NumPy prints must not reach the next one
        result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.failed == 0


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_examples_of_a_readme(name):
    text = (Path(__file__).parents[1] / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    names: dict[str, object] = {"__name__": name}
    for block in blocks:  # one after the other, as a reader types them
        exec(block, names)
