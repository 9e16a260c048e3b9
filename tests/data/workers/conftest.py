import multiprocessing
import threading
import warnings

import pytest


@pytest.fixture(autouse=True)
def nothing_is_left_behind():
    # Python 3.12 warns of forking while BLAS has threads: these tests ask for it.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
        yield
    assert [t.name for t in threading.enumerate() if "loader" in t.name] == []
    assert multiprocessing.active_children() == []
