"""Shifted, turned and bent images: against SciPy, against their definition, and the same wherever they are made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_cn as tg
from tinygrad_cn.datasets import Augmented, Distortion, expand
from tinygrad_cn.datasets.counted_random import philox, uniforms
from tinygrad_cn.datasets.resampling import gaussian_matrix, resample
from tinygrad_cn.utils.data import DataLoader, TensorDataset


def images(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


@pytest.fixture(scope="module")
def ndimage():
    return pytest.importorskip("scipy.ndimage")


class TestResampling:
    @given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32))
    def test_any_places(self, ndimage, height, width, seed):
        rng = np.random.default_rng(seed)
        image = rng.random((height, width), dtype=np.float32)
        rows = rng.uniform(-3, height + 2, (5, 4)).astype(np.float32)
        columns = rng.uniform(-3, width + 2, (5, 4)).astype(np.float32)
        rows[0], columns[1] = np.round(rows[0]), np.round(columns[1])
        expected = ndimage.map_coordinates(image, [rows, columns], order=1, mode="grid-constant")
        ours = resample(image[None, None], rows[None], columns[None])[0, 0]
        np.testing.assert_allclose(ours, expected, atol=2e-6)

    def test_many_images_and_channels(self, ndimage):
        batch = images(90, 3, 28, 28)
        rows, columns = images(90, 28, 28, seed=1) * 30, images(90, 28, 28, seed=2) * 30
        whole = resample(batch, rows, columns)
        for i in (0, 41, 42, 89):
            for c in range(3):
                expected = ndimage.map_coordinates(batch[i, c], [rows[i], columns[i]], order=1, mode="grid-constant")
                np.testing.assert_allclose(whole[i, c], expected, atol=5e-6)

    @pytest.mark.parametrize("sigma", [0.5, 1, 4, 9.3])
    def test_gaussian(self, ndimage, sigma):
        noise = images(1, 20)[0]
        expected = ndimage.gaussian_filter1d(noise, sigma, mode="constant")
        np.testing.assert_allclose(gaussian_matrix(20, sigma) @ noise, expected, atol=1e-6)

    def test_turned(self, ndimage):
        image = images(12, 12)
        number = (1 / 15 + 1) / 2  # of 15 degrees either way: one degree
        distort = Distortion(rotation=15)
        numbers = np.array([[0.5, 0.5, number, 0.5]], np.float32)
        expected = ndimage.rotate(image, 1, reshape=False, order=1, mode="grid-constant")
        np.testing.assert_allclose(distort._apply(image[None, None], numbers)[0, 0], expected, atol=1e-4)


class TestDistortion:
    def test_nothing_to_do_changes_nothing(self):
        batch = images(5, 2, 7, 9)
        np.testing.assert_allclose(Distortion()(batch, np.random.default_rng(0)), batch, atol=1e-6)

    def test_a_shift_is_a_move(self):
        batch = images(1, 1, 6, 6)
        numbers = np.array([[1.0, 0.0, 0.5, 0.5]], np.float32)  # down by 2, left by 2
        moved = Distortion(shift=2)._apply(batch, numbers)[0, 0]
        np.testing.assert_allclose(moved[2:, :4], batch[0, 0, :4, 2:], atol=1e-6)
        assert (moved[:2] == 0).all()
        assert (moved[:, 4:] == 0).all()

    def test_a_quarter_turn(self):
        batch = images(1, 1, 5, 5)
        numbers = np.array([[0.5, 0.5, 1.0, 0.5]], np.float32)
        turned = Distortion(rotation=90)._apply(batch, numbers)[0, 0]
        np.testing.assert_allclose(turned, np.rot90(batch[0, 0]), atol=1e-5)

    def test_bending_reads_from_smoothed_noise(self, ndimage):
        batch = images(1, 1, 10, 8)
        numbers = np.concatenate([np.full((1, 4), 0.5, np.float32), images(1, 160, seed=1)], axis=1)
        noise = 2 * numbers[0, 4:].reshape(2, 10, 8) - 1
        field = [6 * ndimage.gaussian_filter(part, 2.0, mode="constant") for part in noise]
        places = np.mgrid[:10, :8] + field
        expected = ndimage.map_coordinates(batch[0, 0], places, order=1, mode="grid-constant")
        bent = Distortion(elastic=6, smoothness=2)._apply(batch, numbers)[0, 0]
        np.testing.assert_allclose(bent, expected, atol=1e-5)

    def test_form_and_dtype(self):
        distort = Distortion(shift=1)
        assert distort(tg.ones(2, 3, 4, 5)).shape == (2, 3, 4, 5)
        assert distort(tg.ones(2, 4, 5)).shape == (2, 4, 5)
        assert distort(np.ones((2, 4, 5), np.uint8)).dtype == np.float32
        assert distort(np.ones((0, 4, 5))).shape == (0, 4, 5)

    @pytest.mark.parametrize("elastic", [0, 20])
    def test_the_state_is_the_generators(self, elastic):
        distort = Distortion(2, 15, elastic)
        batch = images(4, 1, 8, 8)
        for make in (lambda: np.random.default_rng(3), lambda: tg.Generator().manual_seed(3)):
            np.testing.assert_array_equal(distort(batch, make()), distort(batch, make()))
        tg.manual_seed(0)
        first, state, second = distort(batch), tg.get_rng_state(), distort(batch)
        assert (first != second).any()
        tg.set_rng_state(state)
        np.testing.assert_array_equal(distort(batch), second)

    def test_refusals(self):
        with pytest.raises(ValueError, match="must not be negative"):
            Distortion(shift=-1)
        with pytest.raises(ValueError, match="smoothness must be positive"):
            Distortion(smoothness=0)
        with pytest.raises(ValueError, match=r"\(N, H, W\) or \(N, C, H, W\), got \(3, 4\)"):
            Distortion()(np.ones((3, 4)))
        with pytest.raises(ValueError, match="2 images need as many indices, got 1"):
            Distortion().at(np.ones((2, 3, 4)), 0, 0, [1])


class TestCounters:
    def test_published_values(self):
        """Of the authors' library, Random123."""
        ones, pi = [0xFFFFFFFF] * 4, [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]
        for counter, key, expected in (
            (ones, (0xFFFFFFFF, 0xFFFFFFFF), ["408f276d", "41c83b0e", "a20bc7c6", "6d5451fd"]),
            (pi, (0xA4093822, 0x299F31D0), ["d16cfe09", "94fdcceb", "5001e420", "24126ea1"]),
        ):
            words = philox(tuple(np.array([word], np.uint64) for word in counter), key)
            assert [f"{int(word[0]):08x}" for word in words] == expected

    def test_each_has_its_own(self):
        numbers = uniforms(1, 2, np.arange(3000), 6)
        assert numbers.shape == (3000, 6)
        assert 0 <= numbers.min() < 0.001
        assert 0.999 < numbers.max() < 1
        assert abs(numbers.mean() - 0.5) < 0.01
        assert len(np.unique(numbers)) > 0.99 * numbers.size
        for other in (uniforms(2, 2, np.arange(3000), 6), uniforms(1, 3, np.arange(3000), 6)):
            assert abs(np.corrcoef(numbers.ravel(), other.ravel())[0, 1]) < 0.03

    def test_neither_order_nor_number_matters(self):
        whole = uniforms(1, 2, np.arange(5000), 30)
        chosen = [4999, 3, 2048]
        np.testing.assert_array_equal(uniforms(1, 2, np.array(chosen), 7), whole[chosen, :7])


@pytest.fixture
def digits():
    return TensorDataset(tg.from_numpy(images(20, 1, 8, 8)), tg.arange(20))


class TestAugmented:
    def test_the_same_in_any_worker_batch_and_order(self, digits):
        augmented = Augmented(digits, Distortion(1, 10, 5), seed=7)
        augmented.set_epoch(3)
        one_by_one = [augmented[i][0].numpy() for i in range(20)]
        np.testing.assert_array_equal(augmented[-1][0].numpy(), one_by_one[-1])
        for options in (
            {"batch_size": 7},
            {"batch_size": 4, "shuffle": True, "num_workers": 2},
            {"batch_size": None},
            {"batch_size": 5, "collate_fn": lambda samples: [tg.stack(parts) for parts in zip(*samples, strict=True)]},
        ):
            for batch, labels in DataLoader(augmented, **options):
                for image, label in zip(batch.reshape(-1, 1, 8, 8), labels.reshape(-1).tolist(), strict=True):
                    np.testing.assert_array_equal(image.numpy(), one_by_one[label])

    def test_epochs_and_seeds_differ(self, digits):
        augmented = Augmented(digits, Distortion(1))
        seen = [augmented[0][0].numpy()]
        augmented.set_epoch(1)
        seen += [augmented[0][0].numpy(), Augmented(digits, Distortion(1), seed=1)[0][0].numpy()]
        assert (seen[0] != seen[1]).any()
        assert (seen[0] != seen[2]).any()

    def test_a_loader_takes_the_epoch_up_again(self, digits):
        loaders = [
            DataLoader(Augmented(digits, Distortion(1), seed), batch_size=8, shuffle=True, num_workers=2)
            for seed in (4, 0)
        ]
        loaders[0].dataset.set_epoch(5)
        batches = iter(loaders[0])
        next(batches)
        loaders[1].load_state_dict(loaders[0].state_dict())
        for (a, _), (b, _) in zip(batches, loaders[1], strict=True):
            assert a.tolist() == b.tolist()

    def test_expand(self, digits):
        larger = expand(digits, Distortion(1, 5), copies=2, seed=3)
        assert len(larger) == 60
        assert larger.tensors[1].tolist() == list(range(20)) * 3
        np.testing.assert_array_equal(larger.tensors[0][:20].numpy(), digits.tensors[0].numpy())
        augmented = Augmented(digits, Distortion(1, 5), seed=3)
        augmented.set_epoch(2)
        np.testing.assert_array_equal(larger[43][0].numpy(), augmented[3][0].numpy())
        assert len(expand(digits, Distortion(), copies=0)) == 20
        with pytest.raises(ValueError, match="copies must not be negative"):
            expand(digits, Distortion(), copies=-1)
