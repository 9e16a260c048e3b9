"""Data sets around data sets: what is within hears of the epoch, and its state goes with the loader's."""

import io

import pytest

import tinygrad_cn as tg
from tinygrad_cn.datasets import Augmented, Distortion
from tinygrad_cn.training import fit
from tinygrad_cn.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    DistributedSampler,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Aged(Dataset):
    """Samples that change with the epoch."""

    def __init__(self, length=4):
        self.length, self.epoch = length, 0

    def __len__(self):
        return self.length

    def __getitem__(self, i):
        return i + 10 * self.epoch

    def set_epoch(self, epoch):
        self.epoch = epoch

    def state_dict(self):
        return {"epoch": self.epoch}

    def load_state_dict(self, state):
        self.epoch = state["epoch"]


class AgedStream(IterableDataset):
    epoch = 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __iter__(self):
        yield from (10 * self.epoch, 10 * self.epoch + 1)


WRAPPERS = {
    "subset": lambda: Subset(Aged(), [3, 1, 0]),
    "subset of a subset": lambda: Subset(Subset(Aged(), [3, 1, 0]), [0, 2]),
    "concat": lambda: ConcatDataset([Aged(), range(2), Subset(Aged(), [1])]),
    "tuple": lambda: StackDataset(Aged(), range(4)),
    "dictionary": lambda: StackDataset(a=Aged(), b=Aged()),
    "split": lambda: random_split(Aged(), [3, 1], tg.Generator().manual_seed(0))[0],
}


def plain(batch):
    if isinstance(batch, dict):
        return {key: plain(value) for key, value in batch.items()}
    return [plain(part) for part in batch] if isinstance(batch, list | tuple) else batch.tolist()


def through_a_file(state):
    file = io.BytesIO()
    tg.save(state, file)
    return tg.load(file)


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_the_state_within_goes_with_the_loader(wrapper, workers):
    first, second = (DataLoader(WRAPPERS[wrapper](), batch_size=1, num_workers=workers) for _ in range(2))
    first.dataset.set_epoch(3)
    batches = iter(first)
    next(batches)
    second.load_state_dict(through_a_file(first.state_dict()))
    rest = [plain(batch) for batch in batches]
    assert [plain(batch) for batch in second] == rest
    assert "3" in str(rest)  # of the epoch, and not of a first one


def test_a_data_set_that_is_met_twice_is_kept_once():
    aged = Aged()
    loader = DataLoader(ConcatDataset([Subset(aged, [0]), Subset(aged, [1])]))
    assert loader.state_dict()["dataset"] == {"parts": [{"epoch": 0}]}


def test_data_sets_without_a_state_have_none():
    for dataset in (Subset(range(3), [0]), ConcatDataset([TensorDataset(tg.ones(2))]), StackDataset(range(2))):
        dataset.set_epoch(1)  # nobody listens
        assert DataLoader(dataset).state_dict()["dataset"] is None


def test_states_of_other_data_sets_are_refused():
    one, two = DataLoader(Subset(Aged(), [0])), DataLoader(ConcatDataset([Aged(), Aged()]))
    with pytest.raises(ValueError, match="the state is of 1 data sets, but within this data set there are 2"):
        two.load_state_dict(one.state_dict())
    with pytest.raises(ValueError, match="the state is of another data set, but within this data set there are 2"):
        two.load_state_dict(DataLoader(Aged()).state_dict())
    with pytest.raises(ValueError, match="holds no state of the dataset"):
        one.load_state_dict(DataLoader(Subset(range(3), [0])).state_dict())


def test_a_chain_tells_its_streams_the_epoch():
    chain = ChainDataset([AgedStream(), AgedStream()])
    chain.set_epoch(2)
    assert list(chain) == [20, 21, 20, 21]
    passing = ChainDataset(stream for stream in [AgedStream()])
    passing.set_epoch(2)  # must not use up what can be passed over only once
    assert next(iter(passing)) == 0


def test_augmented_passes_on_the_epoch_and_keeps_the_state_within():
    class Faded(TensorDataset):
        epoch = 0

        def set_epoch(self, epoch):
            self.epoch = epoch

        def state_dict(self):
            return {"epoch": self.epoch}

        def load_state_dict(self, state):
            self.epoch = state["epoch"]

    def made():
        return Augmented(Subset(Faded(tg.rand(3, 1, 4, 4), tg.arange(3)), [0, 2]), Distortion(1))

    first, second = Subset(made(), [0]), Subset(made(), [0])
    first.set_epoch(4)
    assert (first.dataset.epoch, first.dataset.dataset.dataset.epoch) == (4, 4)
    DataLoader(second).load_state_dict(through_a_file(DataLoader(first).state_dict()))
    assert (second.dataset.epoch, second.dataset.dataset.dataset.epoch) == (4, 4)
    bare = Augmented(TensorDataset(tg.rand(3, 1, 4, 4)), Distortion(1))
    assert bare.state_dict() == {"seed": 0, "epoch": 0}
    with pytest.raises(ValueError, match="the state holds a state of the data set within"):
        bare.load_state_dict(first.dataset.state_dict())


@pytest.mark.parametrize("nested", [False, True])
def test_fit_tells_data_sets_and_samplers_within(nested):
    class Told(TensorDataset):
        def set_epoch(self, epoch):
            heard.append(("data", epoch))

    class Batches(BatchSampler):
        def set_epoch(self, epoch):
            heard.append(("batches", epoch))

    class Order(DistributedSampler):
        def set_epoch(self, epoch):
            heard.append(("order", epoch))

    heard = []
    data = Subset(Told(tg.rand(4, 2), tg.rand(4, 1)), [0, 1, 2])
    order = Order(data)
    options = {"batch_sampler": Batches(order, 2, False)} if nested else {"sampler": order, "batch_size": 2}
    model = tg.nn.Linear(2, 1)
    optimizer = tg.optim.SGD(model.parameters(), lr=0.1)
    fit(model, DataLoader(data, **options), tg.nn.MSELoss(), optimizer, 2)
    names = ["data", "batches", "order"] if nested else ["data", "order"]
    assert heard == [(name, epoch) for epoch in (0, 1) for name in names]
