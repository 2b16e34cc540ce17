"""The benchmark of the page about MobileNet times what it says. No time is asserted here."""

import keras
from keras import layers as L

from benchmarks import mobile
from benchmarks.page import BOOK
from cnnlab.measured import measured


def test_each_model_is_timed_and_its_work_counted():
    two_steps = [L.DepthwiseConv2D(3, use_bias=False), L.Conv2D(4, 1, use_bias=False)]
    models = {
        "one": keras.Sequential([keras.Input((6, 7, 3)), L.Conv2D(4, 3, use_bias=False)]),
        "two": keras.Sequential([keras.Input((6, 7, 3)), *two_steps]),
    }
    found = mobile._beside(models, batch=2, repeats=3)
    places = 2 * 4 * 5
    assert found["multiply-adds"] == {"one": places * 9 * 3 * 4, "two": places * (9 * 3 + 3 * 4)}
    for runs in found["seconds"].values():
        assert 0 < runs["fastest"] <= runs["median"] <= runs["slowest"]


def test_both_steps_give_the_shape_of_the_ordinary_layer():
    layers = {name: build() for name, build in mobile.LAYERS.items()}
    shapes = {
        name: keras.Sequential([keras.Input(mobile.SHAPE), *each]).output_shape
        for name, each in layers.items()
    }
    assert shapes["both steps"] == shapes["ordinary 3×3"] == (None, 56, 56, mobile.FILTERS)


def test_what_the_page_quotes_was_measured():
    found = measured("mobile")
    assert set(found["networks"]["seconds"]) == set(mobile.NETWORKS)
    assert set(found["layer"]["seconds"]) == set(mobile.LAYERS)
    page = (BOOK / "architectures" / "mobile.md").read_text("utf-8")
    for name in mobile.LAYERS:  # the page times the same layers, under the same names
        assert f'"{name}": [' in page
