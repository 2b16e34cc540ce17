"""The descent on a picture: the costs fall, pictures come out right, nothing is lost."""

import keras
import numpy as np
import pytest
from keras import layers as L
from keras import ops
from PIL import Image

from cnnlab.data import photo
from cnnlab.style import EYES, Eye, Painting, style_transfer
from cnnlab.style import transfer as module

pytestmark = pytest.mark.networks
COSTS = ("content", "style", "variation", "total")


def small_network(shape):
    """Two layers that answer to edges and colours, with fixed weights."""
    keras.utils.set_random_seed(1)
    image = keras.Input(shape)
    a = L.Conv2D(5, 3, padding="same", activation="relu", name="first")(image)
    b = L.Conv2D(7, 3, strides=2, padding="same", activation="relu", name="second")(a)
    return keras.Model(image, L.GlobalAveragePooling2D(name="pool")(b), name="small")


SMALL = Eye(small_network, lambda x: 2 * x - 1, "second", ("first", "second"))


@pytest.fixture(scope="module")
def cat():
    return photo("cat", (40, 56))


@pytest.fixture(scope="module")
def stripes():
    """Red and blue stripes, upright, 48 × 36."""
    x = np.zeros((48, 36, 3), np.float32)
    x[:, (np.arange(36) // 3) % 2 == 0] = [0.9, 0.2, 0.1]
    x[:, (np.arange(36) // 3) % 2 == 1] = [0.1, 0.2, 0.8]
    return x


def paint(content, style, **options) -> Painting:
    return style_transfer(content, style, **{"network": SMALL, "progress": False} | options)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_the_style_comes_and_the_picture_stays(cat, stripes, optimizer):
    made = paint(cat, stripes, optimizer=optimizer, steps=60, style_weight=10)
    assert made.image.shape == (40, 56, 3) and made.image.dtype == np.uint8
    assert set(made.costs) == set(COSTS) and not made.stopped
    assert all(len(made.costs[name]) == 61 for name in COSTS)
    np.testing.assert_allclose(sum(made.costs[name] for name in COSTS[:3]), made.costs["total"])
    assert made.costs["content"][0] == 0
    assert made.costs["style"].min() < 0.5 * made.costs["style"][0]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_noise_takes_on_the_style_alone(cat, stripes, optimizer):
    made = paint(cat, stripes, optimizer=optimizer, start="noise", steps=80, content_weight=0)
    assert made.costs["content"].max() == 0
    assert made.costs["style"].min() < 0.3 * made.costs["style"][0]


def test_the_costs_are_the_formulas(cat, stripes):
    """Before the first step, from noise: both costs by NumPy, in units of an empty answer."""
    weights = {"first": 3.0, "second": 1.0}
    made = paint(cat, stripes, start="noise", steps=1, layer_weights=weights, style_weight=2)
    canvas = np.pad(cat, [(8, 8), (8, 8), (0, 0)], "reflect")
    noise = np.random.default_rng(0).uniform(0, 1, canvas.shape).astype(np.float32)

    def answers(x):
        net = small_network(x.shape)
        part = keras.Model(net.input, [net.get_layer(name).output for name in weights])
        return [ops.convert_to_numpy(a)[0].astype(float) for a in part(2 * x[None] - 1)]

    def gram(a):
        flat = a.reshape(-1, a.shape[-1])
        return flat.T @ flat / len(flat)

    content, target, generated = answers(canvas), answers(stripes), answers(noise)
    shows = ((content[1] - generated[1]) ** 2).sum() / (content[1] ** 2).sum()
    manner = sum(
        share * ((gram(s) - gram(g)) ** 2).sum() / (gram(s) ** 2).sum()
        for share, s, g in zip((0.75, 0.25), target, generated, strict=True)
    )
    rough = sum(np.abs(np.diff(noise.astype(float), axis=axis)).sum() for axis in (0, 1))
    assert made.costs["content"][0] == pytest.approx(shows, rel=1e-4)
    assert made.costs["style"][0] == pytest.approx(2 * manner, rel=1e-4)
    assert made.costs["variation"][0] == pytest.approx(2 * rough / noise.size, rel=1e-4)


def test_colours_come_out_as_they_went_in(cat):
    """A picture in its own manner stays itself: nothing black, washed out, or swapped."""
    made = paint(cat, cat, steps=5, variation_weight=0)
    assert np.abs(made.image / 255 - cat).mean() < 0.03  # swapped channels: 0.1
    red = np.zeros((40, 40, 3), np.float32)
    red[..., 0] = 0.8
    means = paint(cat, red, steps=150, content_weight=0, start="noise").image.mean(axis=(0, 1))
    assert means[0] > 1.25 * max(means[1:])


def test_the_best_picture_is_kept(cat, stripes, monkeypatch):
    monkeypatch.setattr(module, "LEARNING_RATE", 0.5)  # too large: it jumps about
    made = paint(cat, stripes, steps=12, frame_every=1, style_weight=0.01)
    best = int(np.argmin(made.costs["total"]))
    assert best != 12
    assert (made.image == made.frames[best]).all()


def test_frames_begin_with_the_start_and_end_with_the_end(cat, stripes):
    made = paint(cat, stripes, steps=7, frame_every=3)
    assert made.frame_steps == [0, 3, 6, 7] and len(made.frames) == 4
    assert (made.frames[0] == np.round(cat * 255)).all()


def test_no_more_memory_with_more_steps(cat, stripes):
    assert len(paint(cat, stripes, steps=20, frame_every=20).frames) == 2


def test_the_colours_may_stay(cat, stripes):
    made = paint(cat, stripes, steps=20, keep_colors=True)
    gray = np.array([0.299, 0.587, 0.114])
    shown, kept = made.image / 255, cat
    inner = (made.image > 0).all(axis=-1) & (made.image < 255).all(axis=-1)  # not clipped
    chroma = (shown - (shown @ gray)[..., None]) - (kept - (kept @ gray)[..., None])
    assert inner.mean() > 0.5 and np.abs(chroma[inner]).max() < 0.02


@pytest.mark.parametrize(
    ("picture", "shape"),
    [
        (np.zeros((60, 90), np.uint8) + 77, (43, 64, 3)),  # gray
        (np.full((50, 40, 4), 200, np.uint8), (50, 40, 3)),  # with alpha
        (np.full((1000, 700, 3), 0.5), (64, 45, 3)),  # large
        (Image.new("RGB", (48, 33), (9, 99, 199)), (33, 48, 3)),
    ],
)
def test_pictures_as_people_have_them(picture, shape, stripes):
    assert paint(picture, stripes, size=64, steps=1).image.shape == shape


def test_a_picture_is_turned_as_exif_says(tmp_path, stripes):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.new("RGB", (60, 40), (200, 30, 30)).save(tmp_path / "phone.jpg", exif=exif)
    assert paint(tmp_path / "phone.jpg", stripes, steps=1).image.shape == (60, 40, 3)


def test_control_c_gives_what_there_is(cat, stripes, monkeypatch):
    monkeypatch.setattr(module, "terms_and_gradient", interrupted(after=4, by=KeyboardInterrupt))
    made = paint(cat, stripes, steps=50, frame_every=2)
    assert made.stopped == "interrupted after 3 of 50 steps"
    assert len(made.costs["total"]) == 4 and made.frame_steps == [0, 2, 3]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_nan_stops_the_descent_and_says_where(cat, stripes, monkeypatch, optimizer):
    monkeypatch.setattr(module, "terms_and_gradient", interrupted(after=3, by=None))
    made = paint(cat, stripes, steps=50, optimizer=optimizer)
    assert made.stopped == "a cost was not a number after step 3 of 50"
    assert len(made.costs["total"]) == 3 and made.image.std() > 5


def interrupted(after, by):
    """Costs that end in an exception, or in NaN, at the call after so many."""
    from cnnlab.gradients import terms_and_gradient

    def compiled(function):
        run, calls = terms_and_gradient(function), []

        def costs(x):
            calls.append(1)
            terms, gradient = run(x)
            if len(calls) <= after:
                return terms, gradient
            if by:
                raise by
            return terms * np.nan, gradient

        return costs

    return compiled


def test_a_first_picture_without_costs_is_refused(cat, stripes, monkeypatch):
    monkeypatch.setattr(module, "terms_and_gradient", interrupted(after=0, by=None))
    with pytest.raises(ValueError, match="costs of the first picture are not finite"):
        paint(cat, stripes, steps=3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"content_layer": "secnd"}, "content_layer is 'secnd', which small has not.*second"),
        ({"content_layer": "pool"}, r"content_layer is 'pool', which answers \(None, 7\)"),
        ({"layer_weights": {"frist": 1}}, "layer_weights is 'frist'.*Written alike: first"),
        ({"layer_weights": {"first": 0}}, "layer_weights is .* at least one of them above 0"),
        ({"layer_weights": {}}, "layer_weights is {}"),
        ({"layer_weights": {"first": -1}}, r"layer_weights\['first'\] is -1"),
        ({"content_weight": 0, "style_weight": 0}, "both 0, so nothing would be painted"),
        ({"style_weight": -1}, "style_weight is -1; expected a number from 0"),
        ({"variation_weight": float("inf")}, "variation_weight is inf"),
        ({"start": "white"}, "start is 'white'; expected one of 'content', 'noise'"),
        ({"optimizer": "sgd"}, "optimizer is 'sgd'"),
        ({"network": "vgg"}, "network is 'vgg'; expected one of 'lite0', 'vgg19'"),
        ({"steps": 0}, "steps is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"layer_weights": ["first"]}, r"layer_weights is \['first'\]; expected names of layers"),
        ({"size": 20}, "size is 20"),
        ({"keep_colors": "no"}, "keep_colors is 'no'; expected True or False"),
    ],
)
def test_what_is_refused(cat, stripes, options, message):
    with pytest.raises(ValueError, match=message):
        paint(cat, stripes, **options)


def test_a_picture_that_is_too_narrow(stripes):
    with pytest.raises(ValueError, match=r"content is 400 × 20 pixels.*at least 32 on both sides"):
        paint(np.zeros((400, 20, 3)), stripes)
    with pytest.raises(ValueError, match=r"style is 'nothing\.png'"):
        paint(stripes, "nothing.png")


def test_lite0_paints(cat, stripes):
    made = style_transfer(cat, stripes, steps=6, progress=False)
    assert made.costs["style"][-1] < 0.8 * made.costs["style"][0]


def test_vgg19_has_the_layers_of_the_paper_and_its_preprocessing():
    eye = EYES["vgg19"]
    network = keras.applications.VGG19(include_top=False, weights=None, input_shape=(40, 48, 3))
    names = [layer.name for layer in network.layers]
    assert {eye.content_layer, *eye.style_layers} <= set(names)
    x = np.random.default_rng(0).uniform(size=(1, 4, 5, 3)).astype("float32")
    theirs = keras.applications.vgg19.preprocess_input(255 * x)
    np.testing.assert_allclose(ops.convert_to_numpy(eye.prepare(x)), theirs, rtol=1e-4, atol=1e-3)


def test_vgg19_without_a_network_says_what_to_do(cat, stripes, monkeypatch):
    def offline(**arguments):
        raise OSError("no route to host")

    monkeypatch.setattr(keras.applications, "VGG19", offline)
    with pytest.raises(ConnectionError, match=r"(?s)VGG-19 \(80 MB\).*network='lite0'"):
        style_transfer(cat, stripes, network="vgg19", progress=False)
