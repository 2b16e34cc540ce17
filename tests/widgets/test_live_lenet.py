"""The live LeNet: layers against Keras and SciPy, drawings against MNIST, and by hand."""

import json
import re
from base64 import b64encode

import numpy as np
import pytest
from scipy import ndimage, signal, special
from skimage.transform import resize_local_mean

from cnnlab.architectures import lenet5
from cnnlab.data import digits, drawn_digits, drawn_images, drawn_others
from cnnlab.data.drawings import HANDS, NO_DIGIT, inked
from cnnlab.widgets import LiveLeNet

EVERY_LAYER = """
export const everyLayer = (layers, shape, images) => images.map((image) =>
  forward(decode(layers), { shape, data: Float32Array.from(image) }).map(({ data }) => [...data]));
export const one = (kind, x, layer) => {
  const { shape, data } = { conv, pool, dense }[kind](x, layer);
  return { shape, data: [...data] };
};
export const plainSoftmax = (values) => [...softmax(Float64Array.from(values))];
export const fitted = (ink) => {
  const image = fit(ink);
  return image && [...image.data];
};
export const refitted = (image, rows, columns, [top, left]) => {
  const data = new Float64Array(280 * 280);
  for (let y = 0; y < 10 * rows; y++) for (let x = 0; x < 10 * columns; x++) {
    data[(top + y) * 280 + left + x] = image[Math.floor(y / 10)][Math.floor(x / 10)];
  }
  return [...fit({ data, shape: [280, 280] }).data];
};
export const drawnAndRead = (layers, shape, drawings) => {
  const network = decode(layers);
  return drawings.map((strokes) => {
    const ink = makeInk(h("canvas", { width: PAD, height: PAD }));
    for (const stroke of strokes) stroke.slice(1).forEach((point, i) => ink.line(stroke[i], point));
    const answers = forward(network, place(fit(ink.ink()).data, shape)).at(-1).data;
    return answers.indexOf(Math.max(...answers));
  });
};
export const milliseconds = (layers, shape, image) => {
  const network = decode(layers);
  return Math.min(...Array.from({ length: 20 }, () => {
    const begin = performance.now();
    forward(network, { shape, data: Float32Array.from(image) });
    return performance.now() - begin;
  }));
};
"""
READABLE = type("Readable", (), {"_esm": LiveLeNet._esm + EVERY_LAYER})
PIXELS = "el => [...el.getContext('2d').getImageData(0, 0, el.width, el.height).data]"
INK = f"el => ({PIXELS})(el).reduce((sum, value, i) => sum + (i % 4 < 3 ? value : 0), 0)"


@pytest.fixture(scope="module")
def keras():
    import keras

    keras.utils.set_random_seed(11)
    return keras


def lenet(keras, activation: str = "relu", pooling: str = "MaxPooling2D"):
    layers = keras.layers
    pool = getattr(layers, pooling)
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(6, 5, activation=activation),  # (N, 28, 28, 6)
            pool(2),  # (N, 14, 14, 6)
            layers.Conv2D(16, 5, activation=activation),  # (N, 10, 10, 16)
            pool(2),  # (N, 5, 5, 16)
            layers.Flatten(),  # (N, 400)
            layers.Dense(120, activation=activation),
            layers.Dense(84, activation=activation),
            layers.Dense(10, activation="softmax"),
        ]
    )


def uneven(keras):
    """Nothing is square, and the layers are called one by one."""
    layers = keras.layers
    image = x = keras.Input((30, 41, 1))
    x = layers.Conv2D(5, (3, 4), activation="tanh")(x)  # (N, 28, 38, 5)
    x = layers.AveragePooling2D((2, 3))(x)  # (N, 14, 12, 5)
    x = layers.Conv2D(7, (4, 2), use_bias=False)(x)  # (N, 11, 11, 7)
    x = layers.MaxPooling2D((3, 2))(x)  # (N, 3, 5, 7)
    x = layers.Dropout(0.5)(layers.Flatten()(x))  # (N, 105)
    x = layers.Dense(23, activation="tanh")(x)
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))


def unsettle(model):
    """Random weights large enough for the network to prefer some digits, biases not zero."""
    rng = np.random.default_rng(5)
    for layer in model.layers:
        layer.set_weights([1.6 * w + rng.normal(0, 0.05, w.shape) for w in layer.get_weights()])
    return model


def padded(images: np.ndarray, height: int = 32, width: int = 32) -> np.ndarray:
    edges = [((n - 28) // 2, (n - 27) // 2) for n in (height, width)]
    return np.pad(images, [(0, 0), *edges, (0, 0)])  # (N, height, width, 1)


@pytest.fixture(scope="module")
def trained(keras):
    """A LeNet after two epochs: enough to read the test digits mostly right."""
    (x, y), (x_test, y_test) = digits()
    model = lenet(keras)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(padded(x), y, batch_size=32, epochs=2, verbose=0)
    assert model.evaluate(padded(x_test), y_test, verbose=0)[1] > 0.85
    return model


@pytest.fixture(scope="module")
def test_digits() -> np.ndarray:
    return digits()[1][0][:24]  # (24, 28, 28, 1)


def agrees(keras, run_js, model, images) -> np.ndarray:
    """Compare every layer of every image; return the probabilities."""
    figure = LiveLeNet(model)
    shape = model.input_shape[1:]
    found = run_js(
        READABLE, "everyLayer", [[figure.layers, shape, images.reshape(len(images), -1).tolist()]]
    )[0]
    steps = [step for step in model.layers if type(step).__name__ not in ("InputLayer", "Dropout")]
    expected = keras.Model(model.inputs, [step.output for step in steps]).predict(images, verbose=0)
    assert len(found) == len(images) and len(found[0]) == len(expected)
    for number, layer in enumerate(expected):
        ours = np.array([outputs[number] for outputs in found])
        np.testing.assert_allclose(
            ours, layer.reshape(len(images), -1), rtol=1e-4, atol=1e-4, err_msg=steps[number].name
        )
    return expected[-1]


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["relu and max", "tanh and average", "uneven"])
def test_every_layer_is_what_keras_says(kind, keras, run_js, test_digits):
    made = {
        "relu and max": lambda: lenet(keras),
        "tanh and average": lambda: lenet(keras, "tanh", "AveragePooling2D"),
        "uneven": lambda: uneven(keras),
    }
    model = unsettle(made[kind]())
    answers = agrees(keras, run_js, model, padded(test_digits, *model.input_shape[1:3]))
    assert 0.15 < np.median(answers.max(axis=1)) < 0.999  # neither all equal nor all certain
    assert answers.std(axis=0).max() > 0.01  # and the digits differ


@pytest.mark.browser
def test_a_trained_network_answers_as_in_keras(keras, trained, run_js, test_digits):
    agrees(keras, run_js, trained, padded(test_digits))


@pytest.mark.browser
def test_it_answers_in_less_than_a_frame_of_film(trained, run_js, test_digits):
    """The best of twenty: on a busy machine the browser stands still now and then."""
    image = padded(test_digits)[0].ravel().tolist()
    found = run_js(READABLE, "milliseconds", [[LiveLeNet(trained).layers, [32, 32, 1], image]])
    assert found[0] < 50


@pytest.mark.browser
def test_convolution_is_what_scipy_says(run_js):
    rng = np.random.default_rng(1)
    cases, expected = [], []
    for _ in range(40):
        fh, fw, C, K = rng.integers(1, [5, 6, 4, 5])
        H, W = rng.integers([fh, fw], [9, 12])
        x, kernel = rng.normal(size=(H, W, C)), rng.normal(size=(fh, fw, C, K))
        bias = rng.normal(size=K)
        layer = {
            "shape": kernel.shape,
            "kernel": kernel.ravel().tolist(),
            "bias": bias.tolist(),
            "activation": "linear",
        }
        cases.append(["conv", {"shape": x.shape, "data": x.ravel().tolist()}, layer])
        maps = [signal.correlate(x, kernel[..., k], "valid")[..., 0] for k in range(K)]
        expected.append(np.stack(maps, axis=-1) + bias)
    for found, y in zip(run_js(READABLE, "one", cases), expected, strict=True):
        assert tuple(found["shape"]) == y.shape
        np.testing.assert_allclose(found["data"], y.ravel(), atol=1e-10)


@pytest.mark.browser
@pytest.mark.parametrize("take, reduce", [("max", np.max), ("average", np.mean)])
def test_pooling_drops_what_is_left_over(take, reduce, run_js):
    rng = np.random.default_rng(2)
    cases, expected = [], []
    for _ in range(40):
        ph, pw, C = rng.integers(1, [4, 5, 4])
        H, W = rng.integers([ph, pw], [10, 13])
        x = rng.normal(size=(H, W, C))
        cases.append(
            [
                "pool",
                {"shape": x.shape, "data": x.ravel().tolist()},
                {"size": [int(ph), int(pw)], "take": take},
            ]
        )
        windows = np.lib.stride_tricks.sliding_window_view(x, (ph, pw), axis=(0, 1))
        expected.append(reduce(windows[::ph, ::pw], axis=(-2, -1)))
    for found, y in zip(run_js(READABLE, "one", cases), expected, strict=True):
        assert tuple(found["shape"]) == y.shape
        np.testing.assert_allclose(found["data"], y.ravel(), atol=1e-12)


@pytest.mark.browser
def test_softmax_stands_large_numbers(run_js):
    rng = np.random.default_rng(3)
    cases = [rng.normal(0, scale, 7) for scale in (0.1, 1, 30, 1000)]
    found = run_js(READABLE, "plainSoftmax", [[case.tolist()] for case in cases])
    np.testing.assert_allclose(found, special.softmax(cases, axis=1), atol=1e-14)


# ---- the drawing becomes an image ----


def fit(ink: np.ndarray) -> np.ndarray:
    """Cut out, scale to 20 by area, centre by mass: with scikit-image and SciPy."""
    (rows, columns), *_ = ndimage.find_objects((ink > 0).astype(int))
    cut = ink[rows, columns]
    small = resize_local_mean(
        cut, [max(1, int(20 * n / max(cut.shape) + 0.5)) for n in cut.shape], preserve_range=True
    )
    image = np.zeros((28, 28))
    top, left = (
        min(max(int(np.floor(14 - mass + 0.5)), 0), 28 - n)
        for mass, n in zip(ndimage.center_of_mass(small), small.shape, strict=True)
    )
    image[top : top + small.shape[0], left : left + small.shape[1]] = small
    return image


@pytest.mark.browser
def test_ink_is_cut_out_scaled_and_centred(run_js):
    rng = np.random.default_rng(4)
    inks = []
    for height, width in rng.integers(1, [60, 90], size=(40, 2)):
        ink = np.zeros((90, 120))
        top, left = rng.integers([91 - height, 121 - width])
        patch = rng.random((height, width)) * (rng.random((height, width)) < rng.uniform(0.2, 1))
        patch[rng.integers(height), rng.integers(width)] = 1
        ink[top : top + height, left : left + width] = patch
        inks.append(ink)
    heavy = np.zeros((90, 120))
    heavy[10:80, 30], heavy[70:80, 30:32] = 0.01, 1  # its mass is so low that it would stick out
    inks.append(heavy)
    cases = [[{"shape": ink.shape, "data": ink.ravel().tolist()}] for ink in inks]
    for found, ink in zip(run_js(READABLE, "fitted", cases), inks, strict=True):
        np.testing.assert_allclose(found, fit(ink).ravel(), atol=1e-9)
    assert run_js(READABLE, "fitted", [[{"shape": [2, 3], "data": [0] * 6}]]) == [None]


@pytest.mark.browser
def test_mnists_own_digits_stay_as_they_are(run_js):
    """Drawn ten times as large, somewhere on the pad, they come back pixel by pixel."""
    images = digits()[1][0][:60, ..., 0]
    rng = np.random.default_rng(6)
    cases = []
    for image in images:
        cut = image[ndimage.find_objects((image > 0).astype(int))[0]]
        corner = rng.integers([281 - 10 * n for n in cut.shape])
        cases.append([cut.tolist(), *cut.shape, corner.tolist()])
    found = np.reshape(run_js(READABLE, "refitted", cases), images.shape)
    same = np.isclose(found, images, atol=1e-6).all(axis=(1, 2))
    assert same.mean() > 0.95  # a few have their mass so near to half a pixel that rounding decides


# ---- digits as people draw them, and what is no digit ----


@pytest.fixture(scope="module")
def for_a_screen(keras):
    """The network that comes with the package."""
    return lenet5(classes=11, weights="drawings")


def drawn_and_read(run_js, model, drawings) -> np.ndarray:
    """What the figure reads from strokes on its own pad, with its own pen."""
    plain = [[np.round(stroke, 2).tolist() for stroke in strokes] for strokes in drawings]
    return np.array(
        run_js(READABLE, "drawnAndRead", [[LiveLeNet(model).layers, [32, 32], plain]])[0]
    )


@pytest.mark.browser
def test_it_reads_digits_in_ten_hands_that_it_has_not_met(for_a_screen, run_js):
    strokes, labels, hands = drawn_digits(4, seed=2)
    right = drawn_and_read(run_js, for_a_screen, strokes) == labels
    assert right.mean() >= 0.95
    by_hand = {hand: right[np.array(hands) == hand].mean() for hand in HANDS}
    assert min(by_hand.values()) >= 0.8, by_hand
    for hand, digit in (("typewriter", 1), ("typewriter", 9)):  # flag and foot; a hook
        assert right[(np.array(hands) == hand) & (labels == digit)].mean() >= 0.75, digit


@pytest.mark.browser
def test_what_is_no_digit_is_said_to_be_none(for_a_screen, run_js):
    strokes, kinds = drawn_others(6, seed=2)
    none = drawn_and_read(run_js, for_a_screen, strokes) == NO_DIGIT
    assert none.mean() >= 0.9
    by_kind = {kind: none[np.array(kinds) == kind].mean() for kind in set(kinds)}
    assert min(by_kind.values()) >= 0.85, by_kind


def test_it_still_reads_mnist(for_a_screen):
    x, y = digits()[1]
    read = for_a_screen.predict(padded(x), verbose=0).argmax(axis=1)
    assert (read == y).mean() >= 0.95 and (read == NO_DIGIT).mean() < 0.04


def test_a_drawing_becomes_what_scipy_makes_of_it():
    strokes, _, _ = drawn_digits(1, seed=3)
    for drawn, image in zip(strokes, drawn_images(strokes), strict=True):
        np.testing.assert_allclose(image[..., 0], fit(inked(drawn)), atol=1e-5)
    assert not drawn_images([[np.full((2, 2), -99.0)]]).any()  # beside the pad


def test_drawings_are_the_same_for_a_seed_and_need_whole_numbers():
    one, two, other = (drawn_digits(1, seed)[0] for seed in (4, 4, 5))
    for drawing, again in zip(one, two, strict=True):
        np.testing.assert_array_equal(np.concatenate(drawing), np.concatenate(again))
    assert not np.array_equal(one[0][0], other[0][0])
    for wrong in ((0, 0), (1.5, 0), (1, -1)):
        for draw in (drawn_digits, drawn_others):
            with pytest.raises(ValueError, match=r"each is|seed is"):
                draw(*wrong)


@pytest.mark.browser
@pytest.mark.parametrize(
    "lang, none, words", [("en", "none", "no digit"), ("es", "ninguna", "no es")]
)
def test_a_dot_is_none_and_a_one_is_a_one(show, for_a_screen, axe, lang, none, words):
    page = show(LiveLeNet(for_a_screen), lang=lang, width=390)
    stroke(page, [(150, 120), (152, 121)])
    assert words in settled(page)
    winner = page.locator("li.lenet-winner")
    assert winner.inner_text().split()[0] == none
    assert page.locator(".cl-tables tbody tr").last.locator("th").text_content() == none
    assert len(percents(page)) == 11 and sum(percents(page)) == pytest.approx(100, abs=0.1)
    axe(page)
    page.locator(".lenet-below button").click()
    stroke(page, [(110, 80), (150, 40), (150, 240)])  # with a flag
    settled(page)
    stroke(page, [(105, 240), (195, 240)])  # and a foot
    settled(page)
    assert winner.inner_text().split()[0] == "1"


def test_no_digit_is_no_answer(for_a_screen):
    figure = LiveLeNet(for_a_screen)
    figure.probabilities = [0.0] * 10 + [1.0]
    assert figure.answer is None


# ---- Python ----


def test_the_state_is_small_and_json(trained, test_digits):
    figure = LiveLeNet(trained, test_digits[:10])
    state = figure.get_state()
    assert len(json.dumps(state)) < 400_000
    assert [layer["kind"] for layer in figure.layers] == [
        *("conv", "pool", "conv", "pool", "flatten", "dense", "dense", "dense")
    ]


def test_python_reads_the_drawing_and_the_answer(test_digits):
    figure = LiveLeNet(examples=test_digits[:20])
    np.testing.assert_allclose(figure.image, padded(test_digits)[0], atol=1e-7)
    assert figure.image.dtype == np.float32 and figure.answer is None
    figure.probabilities = [0.1, 0.7, 0.2]  # as the browser sends them
    assert figure.answer == 1
    empty = LiveLeNet()
    assert empty.image.shape == (32, 32, 1) and not empty.image.any()


def test_examples_of_32_lose_their_empty_edge(test_digits):
    large = LiveLeNet(examples=padded(test_digits[:3])[..., 0])
    assert large.examples == LiveLeNet(examples=test_digits[:3]).examples


@pytest.mark.parametrize(
    "examples, words",
    [
        (np.zeros((2, 30, 28)), r"examples has shape \(2, 30, 28\)"),
        (np.zeros((28, 28)), r"examples has shape \(28, 28\)"),
        (np.zeros((21, 28, 28)), "with K from 1 to 20"),
        (np.zeros((0, 28, 28)), r"examples has shape \(0, 28, 28\)"),
        (np.full((1, 28, 28), 255), r"values from 255 to 255; expected \[0, 1\]"),
        (np.full((1, 28, 28), np.nan), "values from nan"),
        (np.ones((1, 32, 32)), "ink in the outer 2 pixels"),
        ("seven", "examples has shape"),
    ],
)
def test_wrong_examples_are_named(examples, words):
    with pytest.raises(ValueError, match=words):
        LiveLeNet(examples=examples)


def chain(keras, *layers, shape=(32, 32, 1)):
    return keras.Sequential([keras.Input(shape), *layers])


def end(keras):
    return [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax", name="last")]


@pytest.mark.parametrize(
    "made, words",
    [
        (lambda k, L: [L.Conv2D(2, 3, padding="same", name="c")], "layer 'c' has padding='same'"),
        (lambda k, L: [L.Conv2D(2, 3, strides=2, name="c")], r"layer 'c' has strides=\(2, 2\)"),
        (lambda k, L: [L.Conv2D(2, 3, dilation_rate=2, name="c")], "layer 'c' has dilation_rate"),
        (
            lambda k, L: [L.Conv2D(2, 3, activation="elu", name="c")],
            "layer 'c' has activation='elu",
        ),
        (lambda k, L: [L.MaxPooling2D(3, strides=2, name="p")], r"layer 'p' has strides=\(2, 2\)"),
        (lambda k, L: [L.AveragePooling2D(2, padding="same", name="p")], "layer 'p' has padding"),
        (
            lambda k, L: [L.BatchNormalization(name="b")],
            "layer 'b' is BatchNormalization; expected",
        ),
        (
            lambda k, L: [L.Dense(3, name="d")],
            "layer 'd' is Dense after the input; expected Flatten",
        ),
    ],
)
def test_what_the_browser_does_not_compute_is_refused(made, words, keras):
    model = chain(keras, *made(keras, keras.layers), *end(keras))
    with pytest.raises(ValueError, match=words):
        LiveLeNet(model)


def test_dense_needs_flatten_before_it(keras):
    L = keras.layers
    model = chain(keras, L.Conv2D(2, 3), L.Dense(10, activation="softmax"))
    with pytest.raises(ValueError, match="is Dense after conv; expected Flatten"):
        LiveLeNet(model)


def test_models_of_another_form_are_refused(keras):
    L = keras.layers
    cases = [
        ("lenet", "model is lenet; expected a keras.Model"),
        (keras.Sequential([L.Flatten(), L.Dense(10)]), "expected a keras.Model with one input"),
        (chain(keras, *end(keras), shape=(32, 32, 3)), r"input shape \(None, 32, 32, 3\)"),
        (chain(keras, *end(keras), shape=(20, 32, 1)), "H and W from 28 to 64"),
        (chain(keras, L.Flatten(), shape=(32, 32, 1)), "model ends with"),
        (chain(keras, L.Flatten(), L.Dense(10, name="d")), "model ends with 'd'; expected Dense"),
        (chain(keras, L.Flatten(), L.Dense(9, activation="softmax")), "model ends with"),
        (chain(keras, L.Flatten(), L.Dense(98), L.Dense(10)), "parameters of model is 101440"),
    ]
    image = keras.Input((32, 32, 1))
    x = keras.ops.relu(L.Conv2D(2, 3)(image))
    cases.append(
        (
            keras.Model(image, end(keras)[1](L.Flatten()(x))),
            "layer 'relu.*' is Relu; expected one of",
        )
    )
    broken = chain(keras, *end(keras))
    broken.layers[-1].set_weights([np.full((1024, 10), np.nan), np.zeros(10)])
    cases.append((broken, "layer 'last' holds NaN or infinity"))
    for model, words in cases:
        with pytest.raises(ValueError, match=words):
            LiveLeNet(model)


# ---- in the reader's hands ----


def stroke(page, points: list[tuple[int, int]], lift: bool = True) -> None:
    box = page.locator(".lenet-pad").first.bounding_box()
    places = [(box["x"] + x, box["y"] + y) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    if lift:
        page.mouse.up()


def percents(page) -> list[float]:
    """The probabilities in the table."""
    texts = page.locator(".cl-tables tbody td").all_text_contents()
    return [float(text.removesuffix(" %").replace(",", ".")) for text in texts]


def settled(page) -> str:
    """What the status line says once the frame of the screen is over."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return page.get_by_role("status").first.inner_text()


def bright(page, name: str) -> int:
    """The sum of the red, green and blue of all pixels of a picture."""
    return page.get_by_role("img", name=name).first.evaluate(INK)


@pytest.mark.browser
def test_a_test_digit_is_read_as_in_keras(show, trained, test_digits):
    page = show(LiveLeNet(trained, test_digits[:10]))
    expected = 100 * trained.predict(padded(test_digits[:10]), verbose=0)
    for number in (0, 3, 7):  # the figure begins with the first
        pick = page.get_by_role("button", name=f"Test digit {number + 1} of 10")
        if number:
            pick.click()
        assert settled(page).startswith(f"It reads {expected[number].argmax()}, with ")
        assert pick.get_attribute("aria-pressed") == "true"
        assert page.locator(".lenet-examples [aria-pressed=true]").count() == 1
        assert max(percents(page)) < 100  # no network is quite certain
        np.testing.assert_allclose(percents(page), expected[number], atol=0.011)
        winner = page.locator("li.lenet-winner")
        assert winner.count() == 1
        assert winner.inner_text().split()[0] == str(expected[number].argmax())


@pytest.mark.browser
def test_the_maps_show_the_activations(show, keras, trained, test_digits):
    page = show(LiveLeNet(trained, test_digits[:1]))
    seen = keras.Model(trained.inputs, [trained.layers[i].output for i in range(4)])
    groups = page.locator(".lenet-layer")
    for number, layer in enumerate(seen.predict(padded(test_digits[:1]), verbose=0), start=1):
        maps = groups.nth(number).locator("canvas")
        assert maps.count() == layer.shape[-1]
        expected = 255 * layer[0] / layer.max()
        for k in (0, layer.shape[-1] - 1):
            pixels = np.reshape(maps.nth(k).evaluate(PIXELS), (*layer.shape[1:3], 4))
            np.testing.assert_allclose(pixels[..., 0], expected[..., k], atol=0.51)
        assert (
            f"{'×'.join(map(str, layer.shape[1:]))}".replace("×", " × ")
            in groups.nth(number).locator("p").inner_text()
        )


@pytest.mark.browser
def test_signs_have_two_colours(show, keras, test_digits):
    model = unsettle(lenet(keras, "tanh"))
    page = show(LiveLeNet(model, test_digits[:1]))
    first = model.layers[0](padded(test_digits[:1])).numpy()[0]
    pixels = np.stack(
        [
            np.reshape(one.evaluate(PIXELS), (28, 28, 4))
            for one in page.locator(".lenet-layer").nth(1).locator("canvas").all()
        ],
        axis=2,
    )  # (28, 28, 6, 4)
    clear = np.abs(first) > 0.1 * np.abs(first).max()
    bluer = pixels[..., 2] > pixels[..., 0]
    assert (bluer == (first > 0))[clear].all() and clear.sum() > 100
    assert "blue positive, orange negative" in page.locator(".cl-hint").inner_text()


@pytest.mark.browser
def test_a_stroke_down_the_middle_is_a_one(show, trained):
    page = show(LiveLeNet(trained))
    status = page.get_by_role("status")
    assert status.inner_text() == "Nothing is drawn yet."
    assert bright(page, "What the network sees") == bright(page, "map 1 of 6") == 0
    stroke(page, [(150, 40), (142, 240)], lift=False)
    page.locator("li.lenet-winner").wait_for()  # it answers at once, and says so at the end
    assert status.inner_text() == "Nothing is drawn yet."
    page.mouse.up()
    assert re.fullmatch(r"It reads 1, with [\d.]+ %\.", settled(page))
    assert bright(page, "What the network sees") > 0 < bright(page, "map 1 of 6")
    assert sum(percents(page)) == pytest.approx(100, abs=0.1)
    page.get_by_role("button", name="Clear").click()
    assert settled(page) == "Nothing is drawn yet."
    assert bright(page, "What the network sees") == bright(page, "map 1 of 6") == 0
    assert page.locator(".lenet-pad").evaluate(INK) == 0
    assert page.locator("li.lenet-winner").count() == 0


@pytest.mark.browser
def test_a_stroke_becomes_what_scipy_makes_of_it(show, trained):
    """The whole way, from the pad's pixels to the picture of the network's input."""
    page = show(LiveLeNet(trained))
    stroke(page, [(60, 50), (170, 60), (90, 150)])
    settled(page)
    ink = np.reshape(page.locator(".lenet-pad").evaluate(PIXELS), (280, 280, 4))[..., 0] / 255
    seen = page.get_by_role("img", name="What the network sees").evaluate(PIXELS)
    expected = padded(fit(ink)[None, ..., None])[0, ..., 0]
    np.testing.assert_allclose(np.reshape(seen, (32, 32, 4))[..., 0], 255 * expected, atol=1.01)


@pytest.mark.browser
def test_keys_draw_too(show, trained):
    page = show(LiveLeNet(trained))
    pad = page.get_by_role("application", name="Pad to draw on")
    hint = page.locator(f"#{pad.get_attribute('aria-describedby')}")
    assert "Space puts it down" in hint.inner_text()
    pad.focus()
    for _ in range(10):
        page.keyboard.press("ArrowUp")
    assert page.get_by_text("Pen up, row 5, column 15").is_visible()
    assert settled(page) == "Nothing is drawn yet."
    page.keyboard.press("Space")
    assert settled(page).startswith("It reads ")  # a dot
    for _ in range(19):
        page.keyboard.press("ArrowDown")
    assert page.get_by_text("Pen down, row 24, column 15").is_visible()
    assert settled(page).startswith("It reads 1, with ")
    page.keyboard.press("Space")
    before = bright(page, "What the network sees")
    page.keyboard.press("ArrowRight")
    settled(page)
    assert bright(page, "What the network sees") == before > 0
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert page.get_by_text("Pen up, row 24, column 28").is_visible()
    page.keyboard.press("Delete")
    assert settled(page) == "Nothing is drawn yet."
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Clear"


@pytest.mark.browser
def test_one_can_draw_on_top_of_a_test_digit(show, trained, test_digits):
    page = show(LiveLeNet(trained, test_digits[1:2]))
    settled(page)
    before = percents(page)
    stroke(page, [(60, 60), (220, 60)])
    settled(page)
    assert percents(page) != before
    pick = page.get_by_role("button", name="Test digit 1 of 1")
    assert pick.get_attribute("aria-pressed") == "false"
    pick.click()
    settled(page)
    assert percents(page) == before


@pytest.mark.browser
def test_two_views_show_one_drawing(show, trained):
    figure = LiveLeNet(trained)
    page = show(figure, figure)
    page.locator(".cnnlab").nth(1).wait_for()
    stroke(page, [(150, 40), (142, 240)])
    settled(page)
    first, second = page.get_by_role("status").all_inner_texts()
    assert first == second and first.startswith("It reads 1")
    assert page.locator(".lenet-pad").nth(1).evaluate(INK) > 0


@pytest.mark.browser
def test_without_a_network_one_can_draw(show):
    page = show(LiveLeNet())
    assert page.get_by_text("No trained network came with this figure").is_visible()
    stroke(page, [(150, 40), (142, 240)])
    assert settled(page) == "No network answers."
    assert bright(page, "What the network sees") > 0


@pytest.mark.browser
def test_a_finger_draws_on_a_phone(show, trained):
    page = show(LiveLeNet(trained), width=390)
    pad = page.locator(".lenet-pad")
    assert pad.evaluate("el => getComputedStyle(el).touchAction") == "none"
    box = pad.bounding_box()
    assert box["width"] == box["height"] == 280
    page.touchscreen.tap(box["x"] + 140, box["y"] + 100)
    assert settled(page).startswith("It reads ")
    assert pad.evaluate(PIXELS)[4 * (100 * 280 + 140)] == 255


@pytest.mark.browser
@pytest.mark.parametrize(
    "lang, words, dark, width",
    [("en", "It reads", True, 1280), ("es", "Lee un", False, 390), ("es", "Lee un", True, 390)],
)
def test_it_fits_and_axe_finds_nothing(show, axe, trained, test_digits, lang, words, dark, width):
    page = show(LiveLeNet(trained, test_digits[:10]), lang=lang, dark=dark, width=width)
    assert settled(page).startswith(words)
    page.locator("summary").click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('.cnnlab :is(button, summary)')]"
        ".map((e) => e.getBoundingClientRect()).filter((b) => b.width < 32 || b.height < 32).length"
    )
    assert small == 0


def test_a_drawing_is_bytes_in_base64(test_digits):
    figure = LiveLeNet()
    figure.drawing = b64encode(bytes(range(256)) * 3 + bytes(16)).decode()  # 28 × 28
    assert figure.image[2, 3, 0] == np.float32(1 / 255) and not figure.image[:2].any()
