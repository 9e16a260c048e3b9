"""summary: the rows, the numbers, the table, and that the model stays as it was."""

import numpy as np
import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn
from tinygrad_cn.nn import functional as F
from tinygrad_cn.nn.utils import summary


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5))
        self.classifier = nn.Linear(16 * 10 * 10, 10)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


class Functional(nn.Module):
    """Products that no layer does."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 8)
        self.head = nn.Linear(8, 11, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens):
        x = self.embedding(tokens)  # (N, T, 8)
        heads = x.reshape(*tokens.shape, 2, 4).transpose(1, 2)
        x = F.scaled_dot_product_attention(heads, heads, heads, is_causal=True).transpose(1, 2).flatten(2)
        return self.head(x @ x.transpose(1, 2) @ x)


def state(model):
    tensors = [*model.named_parameters(), *model.named_buffers()]
    return [
        (name, id(t), None if nn.parameter.is_uninitialized(t) else t.numpy(force=True).copy()) for name, t in tensors
    ]


# ----------------------------------------------------------------------------------------- numbers

MULTIPLY_ADDS = [
    ("Linear", lambda: nn.Linear(4, 3), (5, 4), 5 * 3 * (4 + 1)),
    ("Linear of sequences", lambda: nn.Linear(4, 3, bias=False), (5, 7, 4), 5 * 7 * 3 * 4),
    ("Conv1d", lambda: nn.Conv1d(2, 6, 3, stride=2), (5, 2, 9), 5 * 6 * 4 * (2 * 3 + 1)),
    ("Conv2d in groups", lambda: nn.Conv2d(4, 6, 3, padding=1, groups=2), (5, 4, 7, 8), 5 * 6 * 56 * (2 * 9 + 1)),
    ("Conv3d", lambda: nn.Conv3d(2, 3, 2, bias=False), (1, 2, 4, 5, 6), 3 * 60 * 2 * 8),
    ("ConvTranspose1d", lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, bias=False), (5, 4, 7), 5 * 7 * 4 * 6 * 3),
    ("ConvTranspose2d", lambda: nn.ConvTranspose2d(4, 6, 3, stride=2), (1, 4, 3, 3), 9 * 4 * 6 * 9 + 6 * 49),
    ("ConvTranspose3d", lambda: nn.ConvTranspose3d(2, 4, 2, groups=2, bias=False), (1, 2, 3, 3, 3), 27 * 4 * 8),
    ("Bilinear", lambda: nn.Bilinear(4, 5, 3), [(7, 4), (7, 5)], 7 * (3 * 4 * 5 + 3 * 5 + 3)),
    ("RNN", lambda: nn.RNN(4, 3, bias=False), (5, 2, 4), 10 * 3 * (4 + 3)),
    ("LSTM", lambda: nn.LSTM(4, 3, bias=False), (5, 2, 4), 10 * 12 * (4 + 3)),
    (
        "LSTM, two layers, both directions, projected",
        lambda: nn.LSTM(4, 6, 2, bias=False, bidirectional=True, proj_size=3),
        (5, 2, 4),
        10 * 2 * (24 * (4 + 3) + 18 + 24 * (6 + 3) + 18),
    ),
    ("GRU", lambda: nn.GRU(4, 3, bias=False, batch_first=True), (2, 5, 4), 10 * 9 * (4 + 3)),
    ("GRU with biases", lambda: nn.GRU(4, 3), (5, 2, 4), 10 * 9 * (4 + 3 + 2)),
    ("RNNCell", lambda: nn.RNNCell(4, 3, bias=False), (2, 4), 2 * 3 * 7),
    ("LSTMCell", lambda: nn.LSTMCell(4, 3, bias=False), (2, 4), 2 * 12 * 7),
    ("GRUCell", lambda: nn.GRUCell(4, 3, bias=False), (2, 4), 2 * 9 * 7),
    (
        "MultiheadAttention",
        lambda: nn.MultiheadAttention(8, 2, bias=False, batch_first=True),
        [(3, 5, 8), (3, 7, 8), (3, 7, 8)],
        3 * (5 * 64 + 2 * 7 * 64 + 2 * 5 * 7 * 8 + 5 * 64),
    ),
    ("BatchNorm2d", lambda: nn.BatchNorm2d(3), (2, 3, 4, 4), 96),
    ("LayerNorm", lambda: nn.LayerNorm(6), (2, 3, 6), 36),
    ("GroupNorm", lambda: nn.GroupNorm(2, 4), (2, 4, 5), 40),
    ("InstanceNorm1d", lambda: nn.InstanceNorm1d(4), (2, 4, 5), 40),
    ("RMSNorm", lambda: nn.RMSNorm(6), (2, 6), 12),
    ("activations and pooling", lambda: nn.Sequential(nn.ReLU(), nn.MaxPool2d(2), nn.Softmax(1)), (2, 3, 4, 4), 0),
]


@pytest.mark.parametrize(("make", "size", "expected"), [pytest.param(*c[1:], id=c[0]) for c in MULTIPLY_ADDS])
def test_multiply_adds(make, size, expected):
    for mode in ("eval", "train"):
        assert summary(make(), size, mode=mode).total_mult_adds == expected


def test_products_outside_of_layers_count_and_tied_weights_count_once():
    found = summary(Functional(), (2, 5), dtypes=[tg.int64])
    attention = 2 * 2 * 5 * 5 * (4 + 4)
    products = 2 * (5 * 5 * 8 + 5 * 5 * 8)
    assert found.layers[0].own_mult_adds == attention + products
    assert found.total_mult_adds == attention + products + 2 * 5 * 8 * 11
    assert [row.class_name for row in found.layers] == ["Functional", "Embedding", "Linear"]
    assert found.total_params == found.trainable_params == 88
    assert "(shared)" in str(found)


def test_einsum_counts_two_factors_at_a_time():
    class Three(nn.Module):
        def forward(self, a, b, c):
            return tg.einsum("ij,jk,kl->il", a, b, c)

    assert summary(Three(), [(2, 30), (30, 4), (4, 50)]).total_mult_adds == 2 * 30 * 4 + 2 * 4 * 50


def test_totals_are_those_of_torchinfo():
    """Where torchinfo counts right: no sequences, no normalisation, no transposed convolution."""
    torch = pytest.importorskip("torch")
    torchinfo = pytest.importorskip("torchinfo")
    tnn = torch.nn
    theirs = tnn.Sequential(
        tnn.Conv2d(1, 6, 5, padding=2), tnn.ReLU(), tnn.Conv2d(6, 16, 5), tnn.Flatten(), tnn.Linear(1600, 10)
    )
    ours = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.Conv2d(6, 16, 5), nn.Flatten(), nn.Linear(1600, 10)
    )
    a, b = summary(ours, (3, 1, 14, 14)), torchinfo.summary(theirs, (3, 1, 14, 14), verbose=0)
    for name in ("total_params", "trainable_params", "total_mult_adds", "total_output_bytes", "total_param_bytes"):
        assert getattr(a, name) == getattr(b, name), name


def test_products_are_those_that_torch_counts():
    torch = pytest.importorskip("torch")
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    def build(nn):
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, bias=False),
            nn.ConvTranspose2d(8, 4, 4, stride=3, groups=2, bias=False),
            nn.Flatten(2),
            nn.Linear(484, 16, bias=False),
            nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, bias=False, batch_first=True),
        )

    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        build(torch.nn)(torch.ones(2, 3, 15, 15))  # fused, torch would not count the layer
    found = summary(build(nn), (2, 3, 15, 15))
    norms = sum(row.mult_adds for row in found.layers if row.class_name == "LayerNorm")
    assert 2 * (found.total_mult_adds - norms) == counter.get_total_flops()


# -------------------------------------------------------------------------------------------- rows


def test_rows_stand_in_the_order_of_the_calls_below_who_calls():
    found = summary(LeNet(), (2, 1, 28, 28))
    rows = [(row.depth, row.class_name, row.var_name, row.output_size) for row in found.layers]
    assert rows == [
        (0, "LeNet", "LeNet", [2, 10]),
        (1, "Sequential", "features", [2, 16, 10, 10]),
        (2, "Conv2d", "0", [2, 6, 28, 28]),
        (2, "ReLU", "1", [2, 6, 28, 28]),
        (2, "MaxPool2d", "2", [2, 6, 14, 14]),
        (2, "Conv2d", "3", [2, 16, 10, 10]),
        (1, "Linear", "classifier", [2, 10]),
    ]
    assert found.input_size == [(2, 1, 28, 28)]
    assert found.total_input == 2 * 28 * 28 * 4
    assert found.layers[1].num_params == 156 + 2416


def test_a_layer_called_twice_is_recursive_and_counts_its_parameters_once():
    shared = nn.Linear(4, 4)
    found = summary(nn.Sequential(shared, nn.ReLU(), shared), (3, 4))
    assert [row.is_recursive for row in found.layers] == [False, False, False, True]
    assert found.total_params == 20
    assert found.total_mult_adds == 2 * 3 * 4 * 5
    assert "(recursive)" in str(found)


def test_containers_that_are_not_called_and_layers_that_are_not_used():
    class Blocks(nn.Module):
        def __init__(self):
            super().__init__()
            self.unused = nn.Linear(9, 1)
            self.blocks = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 4)])
            self.table = nn.ParameterList([nn.Parameter(tg.ones(5))])

        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return {"last": (x, x.sum())}

    found = summary(Blocks(), (3, 4))
    rows = [(row.depth, row.class_name, row.output_size) for row in found.layers]
    assert rows == [
        (0, "Blocks", [3, 4]),
        (1, "ModuleList", []),
        (2, "Linear", [3, 4]),
        (2, "Linear", [3, 4]),
        (1, "Linear", []),
        (1, "ParameterList", []),
    ]
    assert found.layers[0].output_shapes == [(3, 4), ()]
    assert found.total_params == 2 * 20 + 10 + 5


def test_frozen_parameters():
    model = LeNet()
    model.features.requires_grad_(False)
    model.classifier.bias.requires_grad_(False)
    found = summary(model, (1, 1, 28, 28))
    assert found.trainable_params == 16000
    assert [row.trainable for row in found.layers] == ["Partial", "False", "False", "--", "--", "False", "Partial"]
    assert "(156)" in str(found)


def test_several_outputs_packed_sequences_and_several_inputs():
    found = summary(nn.LSTM(4, 3), [(5, 2, 4)])
    assert found.layers[0].output_shapes == [(5, 2, 3), (1, 2, 3), (1, 2, 3)]
    assert "[5, 2, 3] + 2 more" in str(found)
    packed = nn.utils.rnn.pack_padded_sequence(tg.ones(5, 2, 4), tg.tensor([5, 3]))
    assert summary(nn.GRU(4, 3, bias=False), input_data=[packed]).total_mult_adds == 8 * 9 * 7
    transformer = nn.Transformer(8, 2, 1, 1, 16, batch_first=True)
    found = summary(transformer, {"src": (2, 5, 8), "tgt": (2, 3, 8)}, depth=1)
    assert found.layers[0].output_size == [2, 3, 8]
    assert len(str(found).splitlines()) == 3 + 3 + 1 + 3 + 1 + 1 + 5


def test_given_data_batch_dim_and_dtypes():
    model = nn.Linear(3, 2).double()
    assert summary(model, (3,), batch_dim=0).layers[0].output_size == [1, 2]
    assert summary(model, input_data=np.ones((4, 3))).layers[0].output_size == [4, 2]
    assert summary(model, input_data={"input": tg.ones(3, dtype=tg.float64)}).layers[0].output_size == [2]
    assert summary(nn.Embedding(5, 2), (7,), dtypes=[tg.int64]).total_mult_adds == 0
    assert summary(nn.Linear(3, 2), 3).layers[0].output_size == [2]


# ------------------------------------------------------------------------------------------- table


TABLE = """\
=====================================================================================
Layer (type (var_name):depth-idx)        Output Shape   Param #        Mult-Adds
=====================================================================================
Sequential (Sequential)                  [2, 5]         --             --
+ Conv2d (0): 1-1                        [2, 4, 6, 6]   40             2,880
+ Flatten (1): 1-2                       [2, 144]       --             --
+ Linear (2): 1-3                        [2, 5]         725            1,450
=====================================================================================
Total params: 765
Trainable params: 765
Non-trainable params: 0
Total mult-adds: 4,330
=====================================================================================
Input size (MB): 0.00
Forward/backward pass size (MB): 0.00
Params size (MB): 0.00
Estimated total size (MB): 0.01
====================================================================================="""


def test_the_table():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 5))
    found = summary(model, (2, 1, 8, 8), col_width=14, row_settings=("depth", "var_names", "ascii_only"))
    assert str(found) == TABLE


def test_it_prints_when_asked(capsys):
    model = nn.Linear(3, 2)
    summary(model, (1, 3))
    assert capsys.readouterr().out == ""
    found = summary(model, (1, 3), verbose=1)
    assert capsys.readouterr().out == f"{found}\n"
    summary(model, (1, 3), verbose=2, col_names=list(nn.utils.model_statistics.COLUMNS))
    assert "├─weight" in capsys.readouterr().out


def test_without_an_input_nothing_runs():
    found = summary(LeNet())
    assert found.total_params == 156 + 2416 + 16010
    assert found.total_mult_adds == 0
    assert [row.class_name for row in found.layers[:3]] == ["LeNet", "Sequential", "Conv2d"]
    assert "Mult-Adds" not in str(found)


def test_depth_folds_what_lies_below():
    found = summary(LeNet(), (1, 1, 28, 28), depth=1)
    line = next(line for line in str(found).splitlines() if "Sequential" in line)
    assert "2,572" in line
    assert f"{found.layers[1].mult_adds:,}" in line


# ---------------------------------------------------------------------------- the model stays as it was


def test_the_model_stays_as_it_was():
    class Stateful(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(4)
            self.drop = nn.Dropout(0.5)
            self.embedding = nn.Embedding(3, 4, max_norm=0.1)
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            self.last = self.norm(x) + self.embedding(tg.tensor([0]))
            return self.drop(self.last)

    model = Stateful()
    model(tg.randn(5, 4)).sum().backward()  # leaves a gradient, and a tensor with a history in an attribute
    model.norm.eval()
    calls, last, grad = model.calls, model.last, model.norm.weight.grad
    before, modes = state(model), [m.training for m in model.modules()]
    random = tg.get_rng_state()
    hooks = [m._hooked for m in model.modules()]
    for mode in ("eval", "train"):
        summary(model, (6, 4), mode=mode)
    for (name, i, old), (_, j, new) in zip(before, state(model), strict=True):
        assert i == j
        assert np.array_equal(old, new), name
    assert modes == [m.training for m in model.modules()]
    assert hooks == [m._hooked for m in model.modules()]
    assert (model.calls, model.last, model.norm.weight.grad) == (calls, last, grad) or model.last is last
    assert model.norm.weight.grad is grad
    assert bool((tg.get_rng_state() == random).all())


def test_lazy_layers_are_counted_and_stay_lazy():
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(5))
    found = summary(model, (2, 1, 8, 8))
    assert found.total_params == 765
    assert found.total_mult_adds == 4330
    assert model[0].has_uninitialized_params()
    assert "not known yet" in str(summary(model))
    tg.manual_seed(0)
    model(tg.ones(2, 1, 8, 8))
    assert model[2].in_features == 144


# ------------------------------------------------------------------------------------------ errors


def test_an_error_names_the_layer_and_what_it_was_given():
    with pytest.raises(RuntimeError, match=r"layer 'features\.0' \(Conv2d 1 -> 6\).*given \[2, 3, 28, 28\]"):
        summary(LeNet(), (2, 3, 28, 28))
    with pytest.raises(RuntimeError, match=r"layer 'classifier' \(Linear 1600 -> 10\).*given \[1, 2688\]"):
        summary(LeNet(), (1, 1, 32, 36))
    with pytest.raises(RuntimeError, match="the model"):
        summary(LeNet(), [(1, 1, 28, 28), (3,)])


def test_a_failed_layer_whose_caller_goes_on():
    class Tries(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(4, 3), nn.Linear(5, 3, bias=False)

        def forward(self, x):
            try:
                return self.first(x)
            except ValueError:
                return self.second(x)

    found = summary(Tries(), (2, 5))
    assert found.total_mult_adds == 30
    assert found.layers[0].output_size == [2, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"col_names": ["flops"]}, "no column is called 'flops'"),
        ({"row_settings": ["colour"]}, "no row setting is called 'colour'"),
        ({"mode": "test"}, "no mode is called 'test'"),
        ({"input_data": tg.ones(1, 3)}, "not both"),
        ({"dtypes": [tg.float32, tg.float32]}, "1 inputs need as many dtypes, got 2"),
    ],
)
def test_arguments_that_make_no_sense(arguments, message):
    with pytest.raises(ValueError, match=message):
        summary(nn.Linear(3, 2), (1, 3), **arguments)


def test_what_is_no_model_or_cannot_be_copied():
    with pytest.raises(TypeError, match=r"expected an nn\.Module, got list"):
        summary([nn.Linear(3, 2)], (1, 3))
    model = nn.Linear(3, 2)
    model.lines = (line for line in ())
    with pytest.raises(RuntimeError, match="Linear cannot be copied"):
        summary(model, (1, 3))
