"""Windows against NumPy's, and against their definitions."""

import numpy as np
import pytest

import tinygrad_cn as tg

W = tg.signal.windows


@pytest.mark.parametrize("count", [0, 1, 2, 3, 8, 9])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(W.hann, np.hanning), (W.hamming, np.hamming), (W.blackman, np.blackman), (W.bartlett, np.bartlett)],
)
def test_symmetric_windows_are_numpys(ours, theirs, count):
    assert np.allclose(ours(count, dtype=tg.float64).numpy(), theirs(count), rtol=0, atol=1e-15)


@pytest.mark.parametrize("beta", [0.0, 5.0, 12.0])
def test_kaiser_is_numpys(beta):
    assert np.allclose(W.kaiser(9, beta=beta, dtype=tg.float64).numpy(), np.kaiser(9, beta), rtol=1e-13)


@pytest.mark.parametrize("name", ["bartlett", "blackman", "cosine", "exponential", "gaussian", "hann", "nuttall"])
def test_a_periodic_window_is_a_longer_one_without_its_last_sample(name):
    window = getattr(W, name)
    assert window(7, sym=False).tolist() == window(8).tolist()[:-1]


@pytest.mark.parametrize("name", ["bartlett", "blackman", "hamming", "hann", "kaiser"])
def test_the_older_names_are_periodic(name):
    older, newer = getattr(tg, f"{name}_window"), getattr(W, name)
    assert older(6, dtype=tg.float64).tolist() == newer(6, sym=False, dtype=tg.float64).tolist()
    assert older(6, periodic=False).tolist() == newer(6).tolist()


def test_windows_are_leaves_of_the_default_dtype():
    assert W.hann(4).dtype == tg.float32
    assert W.hann(4, requires_grad=True).requires_grad


@pytest.mark.parametrize(
    "call",
    [
        lambda: W.hann(-1),
        lambda: W.hann(3, dtype=tg.int64),
        lambda: W.gaussian(3, std=0.0),
        lambda: W.exponential(3, tau=-1.0),
        lambda: W.exponential(3, center=1.0),
        lambda: W.kaiser(3, beta=-1.0),
        lambda: W.general_cosine(3, a=[]),
    ],
)
def test_what_makes_no_window_is_refused(call):
    with pytest.raises(ValueError, match=r"\(\): "):
        call()


def test_shifting_frequencies_there_and_back():
    x = tg.arange(15).reshape(3, 5)
    assert tg.fft.fftshift(x).tolist() == np.fft.fftshift(np.arange(15).reshape(3, 5)).tolist()
    assert tg.fft.ifftshift(tg.fft.fftshift(x)).tolist() == x.tolist()
    assert tg.fft.fftshift(x, dim=1)[0].tolist() == [3, 4, 0, 1, 2]
