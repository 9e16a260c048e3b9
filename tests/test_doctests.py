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


class Written(doctest.DocTestFinder):
    """Finds examples where they are written: not again at the functions of a namespace that took on out=."""

    def _from_module(self, module, object):
        adds_out = inspect.isfunction(object) and object.__code__.co_filename.endswith("out_argument.py")
        return not adds_out and super()._from_module(module, object)


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
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
        for example in Written().find(module, module.__name__):
            runner.run(example)
    assert runner.failures == 0


@pytest.mark.parametrize("name", ["README.md", "README.zh.md"])
def test_the_examples_of_a_readme(name):
    text = (Path(__file__).parents[1] / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    names: dict[str, object] = {"__name__": name}
    for block in blocks:  # one after the other, as a reader types them
        exec(block, names)
