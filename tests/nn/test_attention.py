"""Attention and transformers: by hand, and what masks mean."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn


def close(a, b, tolerance=1e-12):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance)


def attention(**kwargs):
    tg.manual_seed(1)
    return nn.MultiheadAttention(6, 2, batch_first=True, dtype=tg.float64, **kwargs)


def test_by_hand():
    module = attention()
    x = tg.randn(2, 4, 6, dtype=tg.float64)
    out, weights = module(x, x, x, average_attn_weights=False)
    q, k, v = (x @ w.T + b for w, b in zip(module.in_proj_weight.chunk(3), module.in_proj_bias.chunk(3), strict=True))
    heads = []
    for h in (slice(0, 3), slice(3, 6)):
        found = (q[..., h] @ k[..., h].transpose(1, 2) / 3**0.5).softmax(-1)
        close(weights[:, h.start // 3], found)
        heads.append(found @ v[..., h])
    close(out, module.out_proj(tg.cat(heads, -1)))


def test_with_and_without_weights_is_the_same():
    module = attention(add_bias_kv=True, add_zero_attn=True)
    x, y = tg.randn(2, 4, 6, dtype=tg.float64), tg.randn(2, 5, 6, dtype=tg.float64)
    close(module(x, y, y)[0], module(x, y, y, need_weights=False)[0])
    assert module(x, y, y, need_weights=False)[1] is None
    assert module(x, y, y)[1].shape == (2, 4, 7)


def test_masked_keys_do_not_matter():
    module = attention()
    x = tg.randn(2, 4, 6, dtype=tg.float64)
    padding = tg.tensor([[False, False, True, True]] * 2)
    changed = x.clone()
    changed[:, 2:] = 100.0
    out = module(x[:, :2], x, x, key_padding_mask=padding)[0]
    close(out, module(x[:, :2], changed, changed, key_padding_mask=padding)[0])
    close(out, module(x[:, :2], x[:, :2], x[:, :2])[0])


def test_later_positions_are_not_seen():
    layer = nn.TransformerEncoderLayer(6, 2, 8, dropout=0.0, batch_first=True, dtype=tg.float64)
    encoder = nn.TransformerEncoder(layer, 2)
    x = tg.randn(1, 5, 6, dtype=tg.float64)
    mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=tg.float64)
    whole = encoder(x, mask=mask, is_causal=True)
    close(whole[:, :3], encoder(x[:, :3], mask=mask[:3, :3]))


@pytest.mark.parametrize("norm_first", [False, True])
def test_sequence_first_is_the_transposed(norm_first):
    tg.manual_seed(1)
    first = nn.Transformer(6, 2, 1, 1, 8, 0.0, batch_first=True, norm_first=norm_first, dtype=tg.float64)
    plain = nn.Transformer(6, 2, 1, 1, 8, 0.0, norm_first=norm_first, dtype=tg.float64)
    plain.load_state_dict(first.state_dict())
    src, tgt = tg.randn(2, 4, 6, dtype=tg.float64), tg.randn(2, 3, 6, dtype=tg.float64)
    out = first(src, tgt)
    close(plain(src.transpose(0, 1), tgt.transpose(0, 1)).transpose(0, 1), out)
    close(first(src[0], tgt[0]), out[0])


def test_layers_of_a_stack_do_not_share_parameters():
    stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)
    assert stack.layers[0].linear1.weight is not stack.layers[1].linear1.weight
    assert stack.layers[0].linear1.weight.tolist() == stack.layers[1].linear1.weight.tolist()


def test_what_does_not_fit_is_refused():
    with pytest.raises(AssertionError, match="divisible"):
        nn.MultiheadAttention(5, 2)
    with pytest.raises(ValueError, match="greater than 0"):
        nn.MultiheadAttention(0, 1)
    module, x = attention(), tg.zeros(1, 2, 6, dtype=tg.float64)
    with pytest.raises(ValueError, match="shape"):
        module(x, x, x, attn_mask=tg.zeros(3, 3, dtype=tg.float64))
    with pytest.raises(RuntimeError, match="attn_mask"):
        module(x, x, x, is_causal=True)
    with pytest.raises(RuntimeError, match="relu/gelu"):
        nn.TransformerEncoderLayer(4, 2, activation="sin")
    with pytest.raises(RuntimeError, match="batch"):
        nn.Transformer(4, 2, 1, 1, 8)(tg.zeros(3, 2, 4), tg.zeros(3, 1, 4))
