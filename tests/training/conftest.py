import pytest
from training_problem import Problem


@pytest.fixture
def problem():
    return Problem()
