import pytest

import tinygrad_cn as tg


@pytest.fixture
def x():
    return tg.tensor([1.0, 2.0, 3.0], dtype=tg.float64, requires_grad=True)
