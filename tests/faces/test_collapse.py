"""The collapse is named while it happens, and nothing is named where there is none."""

import keras
import numpy as np
import pytest
from keras import layers as L

from cnnlab.faces import CollapseWatch, PKBatches, TripletLoss, UnitLength

pytestmark = pytest.mark.networks

RNG = np.random.default_rng(0)
LABELS = np.repeat(np.arange(6), 4)
CENTRES = RNG.normal(size=(6, 1, 1, 5))
IMAGES = (CENTRES[LABELS] + RNG.normal(0, 0.1, (24, 1, 1, 5))).astype("float32")


def trained(bias: float, epochs: int = 3, rate: float = 0.0) -> tuple[CollapseWatch, list[str]]:
    """A network that has all encodings in one point, if its bias is large."""
    keras.utils.set_random_seed(0)
    image = keras.Input((1, 1, 5))
    x = L.Dense(4, bias_initializer=keras.initializers.Constant(bias))(L.Flatten()(image))
    model = keras.Model(image, UnitLength()(x))
    model.compile(keras.optimizers.SGD(rate), TripletLoss("hard"), jit_compile=False)
    said: list[str] = []
    watch = CollapseWatch(IMAGES[::2], margin=0.2, tell=said.append)
    batches = PKBatches(IMAGES, LABELS, P=3, K=4)
    model.fit(batches, epochs=epochs, callbacks=[watch], verbose=0)
    return watch, said


def test_a_collapse_is_named_once_with_what_helps():
    watch, said = trained(bias=1e4)
    assert watch.collapsed == [1, 2, 3] and max(watch.distances) < 1e-3
    assert len(said) == 1
    assert said[0].startswith("Epoch 1: the encodings have collapsed. The loss is 0.2, and the mar")
    assert "semi-hard triplets" in said[0]


def test_where_nothing_collapses_nothing_is_said():
    watch, said = trained(bias=0.0, rate=0.1)
    assert watch.collapsed == [] and said == []
    assert len(watch.distances) == 3 and min(watch.distances) > 0.1


def test_a_loss_at_the_margin_alone_is_no_collapse():
    watch = CollapseWatch(IMAGES, tell=pytest.fail)
    watch.set_model(keras.Sequential([keras.Input((1, 1, 5)), L.Flatten(), UnitLength()]))
    watch.on_train_begin()
    watch.on_epoch_end(0, {"loss": 0.2})
    watch.on_epoch_end(1)
    assert watch.collapsed == []


@pytest.mark.parametrize("images", [IMAGES[:1], IMAGES[0]])
def test_pictures_without_a_distance(images):
    with pytest.raises(ValueError, match=r"^images has shape .*; expected \(N, H, W, C\), at leas"):
        CollapseWatch(images)


def test_pictures_of_another_size_are_refused_before_the_training():
    watch = CollapseWatch(np.ones((3, 2, 1, 5)))
    watch.set_model(keras.Sequential([keras.Input((1, 1, 5)), L.Flatten(), UnitLength()]))
    with pytest.raises(
        ValueError, match=r"^images has shape \(3, 2, 1, 5\); expected .*\(1, 1, 5\)"
    ):
        watch.on_train_begin()


def test_a_training_that_has_diverged_is_named():
    with pytest.raises(ValueError, match=r"^Epoch 1: .* has diverged; expected a smaller learning"):
        trained(bias=float("nan"))
