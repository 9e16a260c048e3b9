"""Errors name the path of the module in the model."""

import pytest

import tinygrad_cn as tg
from tinygrad_cn import nn


def message(call, error=(ValueError, RuntimeError)):
    with pytest.raises(error) as caught:
        call()
    return str(caught.value)


def test_the_path_leads_to_the_layer():
    model = nn.Sequential(nn.ReLU(), nn.Linear(4, 2))
    text = message(lambda: model(tg.ones(3, 5)))
    assert text.startswith("Sequential.1 (Linear 4 -> 2): input")
    assert "5 features" in text


def test_a_layer_by_itself():
    assert message(lambda: nn.Linear(4, 2)(tg.ones(3, 5))).startswith("Linear 4 -> 2: input")


def test_deep_models_and_layers_called_past_their_parents():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.ModuleList([nn.Sequential(nn.Linear(4, 2))])

        def forward(self, x):
            return self.encoder[0][0](x) if x.ndim == 2 else self.encoder[0](x)

    for shape in [(3, 5), (3, 3, 5)]:
        assert message(lambda shape=shape: Net()(tg.ones(shape))).startswith("Net.encoder.0.0 (Linear 4 -> 2): ")
    assert message(lambda: nn.Sequential(Net())(tg.ones(3, 5))).startswith("Sequential.0.encoder.0.0 (Linear 4 -> 2): ")


def test_a_module_that_stands_in_two_places_is_found_where_it_was_called():
    shared = nn.Linear(2, 3)
    model = nn.Sequential(nn.Sequential(shared), nn.Sequential(shared))
    assert message(lambda: model(tg.ones(1, 2))).startswith("Sequential.1.0 (Linear 2 -> 3): ")


def test_a_module_that_is_not_registered():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(2, 3)]

        def forward(self, x):
            return self.layers[0](x)

    assert message(lambda: Hidden()(tg.ones(1, 5))).startswith("Hidden.Linear (Linear 2 -> 3): ")


def test_errors_of_ones_own_forward_keep_their_class():
    class Strict(nn.Module):
        def forward(self, x):
            raise self.error

    for error in (ValueError("negative"), TypeError("no number"), IndexError("too far")):
        strict = Strict()
        strict.error = error
        assert (
            message(lambda strict=strict: nn.Sequential(strict)(1), type(error))
            == f"Sequential.0 (Strict): {error.args[0].partition(': ')[2]}"
        )


@pytest.mark.parametrize(
    "error", [KeyError("k"), ValueError(1, 2), ValueError(), NotImplementedError("later"), OSError("disk")]
)
def test_other_errors_pass_as_they_are(error):
    class Failing(nn.Module):
        def forward(self, x):
            raise error

    args = error.args
    with pytest.raises(type(error)) as caught:
        nn.Sequential(Failing())(1)
    assert caught.value is error
    assert error.args == args


def test_an_error_may_be_handled_on_the_way():
    class Trying(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 2)

        def forward(self, x):
            try:
                return self.layer(x)
            except ValueError:
                return x

    assert nn.Sequential(Trying())(tg.ones(1, 5)).shape == (1, 5)
