"""Recurrent layers beside their cells, and packed sequences beside the sequences one by one."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cn as tg
from tinygrad_cn import nn
from tinygrad_cn.nn.utils import rnn

KINDS = ["RNN", "LSTM", "GRU"]


def layer(kind, *args, **kwargs):
    tg.manual_seed(1)
    return getattr(nn, kind)(*args, dtype=tg.float64, **kwargs)


def close(a, b):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-12, atol=1e-12)


def states(hx):
    return list(hx) if isinstance(hx, tuple) else [hx]


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_its_cell_step_by_step(kind):
    whole = layer(kind, 3, 4)
    cell = getattr(nn, f"{kind}Cell")(3, 4, dtype=tg.float64)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in whole.state_dict().items()})
    x = tg.randn(5, 2, 3, dtype=tg.float64)
    out, last = whole(x)
    hx = None
    for t in range(5):
        hx = cell(x[t], hx)
        close(out[t], states(hx)[0])
    for a, b in zip(states(last), states(hx), strict=True):
        close(a[0], b)


@pytest.mark.parametrize("kind", KINDS)
def test_the_other_direction_reads_the_reversed_sequence(kind):
    both = layer(kind, 3, 4, bidirectional=True)
    back = layer(kind, 3, 4)
    names = back.state_dict()
    back.load_state_dict({name: both.state_dict()[f"{name}_reverse"] for name in names})
    x = tg.randn(5, 2, 3, dtype=tg.float64)
    out, last = both(x)
    reversed_out, reversed_last = back(x.flip(0))
    close(out[..., 4:], reversed_out.flip(0))
    for a, b in zip(states(last), states(reversed_last), strict=True):
        close(a[1], b[0])


@pytest.mark.parametrize("kind", KINDS)
@given(lengths=st.lists(st.integers(1, 4), min_size=1, max_size=4), both=st.booleans())
def test_packed_sequences_are_the_sequences_one_by_one(kind, lengths, both):
    module = layer(kind, 2, 3, 2, bidirectional=both)
    sequences = [tg.randn(n, 2, dtype=tg.float64) for n in lengths]
    out, last = module(rnn.pack_sequence(sequences, enforce_sorted=False))
    for i, (sequence, part) in enumerate(zip(sequences, rnn.unpack_sequence(out), strict=True)):
        alone, end = module(sequence)
        close(part, alone)
        for a, b in zip(states(last), states(end), strict=True):
            close(a[:, i], b)


@given(lengths=st.lists(st.integers(1, 5), min_size=1, max_size=5), first=st.booleans())
def test_packing_and_padding_are_inverse(lengths, first):
    sequences = [tg.arange(float(2 * n)).reshape(n, 2) + 1 for n in lengths]
    padded = rnn.pad_sequence(sequences, batch_first=first, padding_value=-1.0)
    packed = rnn.pack_padded_sequence(padded, lengths, batch_first=first, enforce_sorted=False)
    again, sizes = rnn.pad_packed_sequence(packed, batch_first=first, padding_value=-1.0)
    assert sizes.tolist() == lengths
    assert again.tolist() == padded.tolist()
    for a, b in zip(rnn.unpad_sequence(again, sizes, batch_first=first), sequences, strict=True):
        assert a.tolist() == b.tolist()


def test_padding_on_the_left():
    padded = rnn.pad_sequence([tg.tensor([1, 2]), tg.tensor([3])], batch_first=True, padding_side="left")
    assert padded.tolist() == [[1, 2], [0, 3]]


def test_gradients_flow_through_packing():
    x = tg.randn(3, 2, 2, dtype=tg.float64, requires_grad=True)
    packed = rnn.pack_padded_sequence(x, [3, 1])
    packed.data.sum().backward()
    assert x.grad[:, 0].tolist() == [[1.0, 1.0]] * 3
    assert x.grad[:, 1].tolist() == [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("lengths", "what"),
    [([1, 2], "descending"), ([2, 0], "from 1"), ([4, 1], "3 steps"), ([2], "a length for each")],
)
def test_lengths_that_do_not_fit_are_refused(lengths, what):
    with pytest.raises(RuntimeError, match=what):
        rnn.pack_padded_sequence(tg.zeros(3, 2, 1), lengths)


def test_batch_first_and_unbatched():
    plain, first = layer("LSTM", 3, 4), layer("LSTM", 3, 4, batch_first=True)
    x = tg.randn(5, 2, 3, dtype=tg.float64)
    out, (h, c) = plain(x)
    out_first, (h_first, c_first) = first(x.transpose(0, 1))
    close(out_first.transpose(0, 1), out)
    close(h, h_first)
    close(c, c_first)
    alone, (h_alone, _) = first(x[:, 0])
    close(alone, out[:, 0])
    close(h_alone, h[:, 0])


def test_states_of_several_calls_continue_a_sequence():
    module = layer("GRU", 3, 4, 2)
    x = tg.randn(6, 2, 3, dtype=tg.float64)
    whole, end = module(x)
    first, middle = module(x[:2])
    second, last = module(x[2:], middle)
    close(tg.cat([first, second]), whole)
    close(last, end)


def test_dropout_acts_between_layers_and_in_training_only():
    module = layer("RNN", 3, 4, 2, dropout=0.5)
    x = tg.ones(2, 1, 3, dtype=tg.float64)
    assert module(x)[0].tolist() != module(x)[0].tolist()
    module.eval()
    assert module(x)[0].tolist() == module(x)[0].tolist()
    with pytest.warns(UserWarning, match="all but last"):
        nn.RNN(3, 4, dropout=0.5)


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda: nn.LSTM(0, 1), ValueError),
        (lambda: nn.LSTM(1.0, 1), TypeError),
        (lambda: nn.LSTM(2, 2, proj_size=2), ValueError),
        (lambda: nn.RNN(2, 2, nonlinearity="sin"), ValueError),
        (lambda: nn.GRU(2, 2, 2, dropout=2), ValueError),
        (lambda: nn.GRU(2, 2)(tg.zeros(3, 1, 3)), RuntimeError),
        (lambda: nn.GRU(2, 2)(tg.zeros(3, 1, 2), tg.zeros(1, 2, 2)), RuntimeError),
        (lambda: nn.GRU(2, 2)(tg.zeros(3, 1, 2, dtype=tg.float64)), ValueError),
        (lambda: nn.GRU(2, 2)(tg.zeros(3)), ValueError),
        (lambda: nn.LSTMCell(2, 2)(tg.zeros(1, 3)), RuntimeError),
        (lambda: nn.RNNCell(2, 2)(tg.zeros(1, 2), tg.zeros(2, 2)), RuntimeError),
    ],
)
def test_what_does_not_fit_is_refused(build, error):
    with pytest.raises(error):
        build()


def test_a_copy_has_parameters_of_its_own():
    module = layer("LSTM", 2, 3)
    twin = copy.deepcopy(module)
    with tg.no_grad():
        twin.weight_ih_l0.zero_()
    assert module.weight_ih_l0.abs().sum() > 0
    assert module.all_weights[0][0] is module.weight_ih_l0


@pytest.mark.parametrize("kind", KINDS)
def test_the_layout_of_memory_does_not_matter(kind):
    module = layer(kind, 2, 3)
    x = tg.randn(2, 1, 4, dtype=tg.float64).permute(2, 1, 0).requires_grad_()
    plain = x.detach().contiguous().requires_grad_()
    for steps in (x, plain):
        for parameter in module.parameters():
            with tg.no_grad():
                parameter.data = parameter.data.T.contiguous().T
        module(steps)[0].pow(2).sum().backward()
    close(x.grad, plain.grad)
