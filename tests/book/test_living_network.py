"""The living network: in a real browser, its answers are Keras's; and what readers do with it."""

import gzip
import io
import json
import re
import runpy
import shutil
import sys
from base64 import b64decode, b64encode
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from cnnlab.architectures import efficientnet
from cnnlab.architectures.classify import prepared
from cnnlab.data.photos import PHOTOS, photo
from cnnlab.style import receptive_box
from cnnlab.widgets.modules import join
from tests.conftest import WHOLE_BROWSERS, find_browser

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from coursebook import live  # noqa: E402

WEIGHTS = runpy.run_path(str(ROOT / "tools" / "lite0_weights.py"))
TEN = (
    *("cat", "coffee", "astronaut", "rocket", "camera", "clock", "coins", "hubble", "brick"),
    "retina",
)
STAGES = ("stem_conv", *(f"stage{n}" for n in range(1, 8)), "head_conv")
MOST_BYTES = 5.5e6  # on the wire
CLOSE = 2e-3  # of a map's largest number, beside Keras with the page's weights
PAGE = """<!DOCTYPE html>
<html lang="{lang}" data-theme="{theme}"><head><meta charset="utf-8"><title>Bench</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>body {{ margin: 1rem; background: #fff; color: #323232 }}
[data-theme="dark"] body {{ background: #14181e; color: #ced6dd }}</style></head>
<body><main><h1>Bench</h1>{element}</main></body></html>"""


# ---- what Keras says ----


def twin(layers: dict) -> "efficientnet":
    """Lite0 in Keras, with these kernels and biases in place of batch normalisation."""
    model = efficientnet("lite0", weights="imagenet")
    for name, (kernel, bias) in layers.items():
        layer = model.get_layer(name)
        if name == "classifier":
            layer.set_weights([kernel, bias])
            continue
        layer.set_weights([kernel[..., None] if name.endswith("depthwise") else kernel])
        one = np.ones_like(bias)
        values = [one, bias, 0 * one, one - WEIGHTS["EPSILON"]]
        model.get_layer(f"{name}_bn").set_weights(values)
    return model


def unpacked() -> dict:
    """The kernels and biases of the file, read by its description alone."""
    data = gzip.decompress(live.made()["lite0.bin"])
    with np.load(WEIGHTS["SOURCE"]) as arrays:
        shapes = {name: kernel.shape for name, (kernel, _) in WEIGHTS["folded"](arrays).items()}
    channels = [shape[-1] for shape in shapes.values()]
    floats = np.frombuffer(data, "<f4", 2 * sum(channels))
    planes = np.frombuffer(data, np.uint8, offset=floats.nbytes).reshape(2, -1)
    numbers = (256 * planes[0].view(np.int8).astype(int) + planes[1]).astype(float)
    found, at, start = {}, 0, 0
    for (name, shape), C in zip(shapes.items(), channels, strict=True):
        size = int(np.prod(shape))
        scale, bias = floats[start : start + C], floats[start + C : start + 2 * C]
        found[name] = numbers[at : at + size].reshape(shape) * scale, bias
        at, start = at + size, start + 2 * C
    assert at == planes.shape[1]
    return found


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Ten of the page's own photographs, as the package prepares them: (10, 224, 224, 3)."""
    files = (io.BytesIO(live.made()[f"{name}.webp"]) for name in TEN)
    return np.stack([prepared(Image.open(file)) for file in files])


@pytest.fixture(scope="module")
def ours():
    """Lite0 in Keras with the page's weights."""
    return twin(unpacked())


@pytest.fixture(scope="module")
def keras_says(pictures, ours) -> dict[str, np.ndarray]:
    """By the page's weights: probabilities, what each stage answers, and the class maps."""
    import keras

    model = ours
    ends = [model.get_layer(f"{name}_relu6") for name in ("stem_conv", "head_conv")]
    blocks = [
        next(la for la in reversed(model.layers) if la.name.startswith(f"stage{n}_"))
        for n in range(1, 8)
    ]
    outputs = [layer.output for layer in (ends[0], *blocks, ends[1])]
    inside = keras.Model(model.inputs, outputs)
    kernel, _ = model.get_layer("classifier").get_weights()
    stages = inside.predict(pictures, verbose=0)
    return {
        "probabilities": model.predict(pictures, verbose=0),
        "maps": stages[-1] @ kernel,  # (10, 7, 7, 1000)
        "model": model,
        **dict(zip(STAGES, stages, strict=True)),
    }


# ---- the weights ----


def test_the_weights_fit_and_are_close_to_the_package_s():
    file = live.made()["lite0.bin"]
    assert len(file) < MOST_BYTES
    with np.load(WEIGHTS["SOURCE"]) as arrays:
        exact, inputs = WEIGHTS["folded"](arrays), WEIGHTS["means"](arrays)
    found = unpacked()
    assert list(found) == list(exact)
    for name, (kernel, bias) in exact.items():
        window = tuple(range(kernel.ndim - 1))
        most = np.abs(kernel).max(axis=window)
        off = np.abs(found[name][0] - kernel).max(axis=window)
        assert (off <= most / 2 ** (WEIGHTS["FEWEST"] - 1)).all()
        # To its mean input, a layer answers as before.
        x = inputs[name]
        how = (
            ("wc,c->c", (-1, x.size)) if kernel.ndim == 3 else ("wck,c->k", (-1, x.size, bias.size))
        )
        answers = [
            np.einsum(how[0], w.reshape(how[1]), x) + b for w, b in (found[name], (kernel, bias))
        ]
        np.testing.assert_allclose(*answers, rtol=1e-4, atol=1e-4)


def test_the_mean_of_what_relu_lets_through():
    for mean, deviation in ((0.0, 1.0), (1.3, 0.4), (-2.0, 3.0)):
        expected = norm.expect(lambda x: x, loc=mean, scale=deviation, lb=0)
        found = WEIGHTS["above_0"](np.array([mean]), np.array([-deviation]))
        assert found == pytest.approx([expected], abs=1e-7)


@pytest.mark.slow
def test_the_best_guess_stays_on_photographs_and_500_crops(ours):
    rng = np.random.default_rng(0)
    photos = [photo(name) for name in PHOTOS]
    x = [prepared(picture) for picture in photos]
    for i in range(500):
        picture = photos[i % len(photos)]
        H, W = picture.shape[:2]
        side = int(rng.integers(min(96, min(H, W) // 2), min(H, W) + 1))
        top, left = int(rng.integers(0, H - side + 1)), int(rng.integers(0, W - side + 1))
        x.append(prepared(picture[top : top + side, left : left + side]))
    x = np.stack(x)
    exact = efficientnet("lite0", weights="imagenet")
    rounded, right = (
        model.predict(x, verbose=0, batch_size=64).argmax(axis=1) for model in (ours, exact)
    )
    assert (rounded == right).mean() >= 0.99


# ---- the scripts beside NumPy, and the worker beside Keras ----

CALL = """async ([source, name, cases]) => {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { [name]: called } = await import(address);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const given = (value) => value?.base64 ? { ...value, data: bytes(value.base64) } : value;
  return cases.map((values) => called(...values.map(given))).map((made) => ArrayBuffer.isView(made) ? [...made] : made);
}"""  # noqa: E501
ASK = """async ([what, given, png, only]) => {
  const hand = [];
  if (png) {
    const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
    given.bitmap = await createImageBitmap(new Blob([bytes]));
    hand.push(given.bitmap);
  }
  const found = await window.worker.ask(what, given, (step) => (window.step = step), hand);
  const plain = (value) => {
    if (!ArrayBuffer.isView(value)) {
      if (!value || typeof value !== "object") return value;
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
    }
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    let text = "";
    for (let i = 0; i < bytes.length; i += 9999) {
      text += String.fromCharCode(...bytes.subarray(i, i + 9999));
    }
    return { kind: value.constructor.name, text: btoa(text) };
  };
  return plain(only ? { [only]: found[only] } : found);
}"""
BEGIN = """async (size) => {
  const { makeWorker } = await import("./ask.js");
  window.worker = makeWorker("./live/worker.js");
  const folder = new URL("./live/", document.baseURI).href;
  await window.worker.ask("start", { folder, weights: `${folder}lite0.bin`, size });
}"""

# The square stops when it is told so, between two places.
STOPPED = """async (target) => {
  const hear = ({ done }) => { if (done === 3) window.worker.ask("stop"); };
  const { fallen, stopped } = await window.worker.ask("occlude", { target }, hear);
  return { fallen: [...fallen], stopped };
}"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Path:
    """A folder with all that the page needs."""
    folder = tmp_path_factory.mktemp("living")
    live.write(folder / "live")
    shutil.copytree(ROOT / "book/_static/live/tfjs", folder / "live/tfjs")
    shutil.copy(live.SCRIPTS / "ask.js", folder)
    for lang in ("en", "es"):
        for theme in ("light", "dark"):
            for small in (False, True):
                element = live.element("live/", small)
                page = PAGE.format(lang=lang, theme=theme, element=element)
                name = f"{lang}-{theme}{'-small' if small else ''}.html"
                (folder / name).write_text(page, "utf-8")
    (folder / "worker.html").write_text(PAGE.format(lang="en", theme="light", element=""), "utf-8")
    return folder


KINDS = {"Float32Array": "<f4", "Int16Array": "<i2", "Uint8ClampedArray": "u1"}


def arrays(found):
    """What a worker answered, with arrays in place of their bytes."""
    if not isinstance(found, dict):
        return found
    if "kind" in found:
        return np.frombuffer(b64decode(found["text"]), KINDS[found["kind"]])
    return {key: arrays(value) for key, value in found.items()}


@pytest.fixture(scope="module")
def ask(browser, serve, bench):
    """Ask the worker itself: ``ask("look", {...})``; a file of a picture may go with it."""
    page = browser.new_page()
    page.goto(f"{serve(bench)}worker.html")
    page.evaluate(BEGIN, len(live.made()["lite0.bin"]))

    def ask_(what: str, given: dict | None = None, file: bytes | None = None, only: str = ""):
        png = file and b64encode(file).decode("ascii")
        return arrays(page.evaluate(ASK, [what, given or {}, png, only]))

    ask_.page = page
    yield ask_
    page.close()


@pytest.fixture
def run_js(browser):
    page = browser.new_page()

    def run(script: str, name: str, cases: list) -> list:
        return page.evaluate(CALL, [join(script, live.SCRIPTS)[0], name, cases])

    yield run
    page.close()


def as_picture(array: np.ndarray) -> dict:
    """(H, W, 3), `uint8`, as a canvas has it."""
    H, W, _ = array.shape
    four = np.dstack([array, np.full((H, W), 255, np.uint8)])
    return {"base64": b64encode(four.tobytes()).decode(), "height": H, "width": W}


@pytest.mark.browser
@pytest.mark.parametrize("shape", [(31, 44), (300, 451), (20, 17), (64, 64), (226, 500)])
def test_a_picture_is_prepared_as_the_package_does(run_js, shape):
    array = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    (found,) = run_js("picture", "changed", [[as_picture(array), {}, 64]])
    expected = 128 * prepared(array, 64) + 127
    np.testing.assert_allclose(np.reshape(found, (64, 64, 3)), expected, atol=2e-3)


@pytest.mark.browser
def test_the_reader_s_changes(run_js):
    rng = np.random.default_rng(1)
    square = rng.uniform(0, 255, (32, 32, 3)).astype(np.float32)
    flat = square.ravel().tolist()

    def made(name: str, *given) -> np.ndarray:
        return np.reshape(run_js("picture", name, [[flat, *given]])[0], square.shape)

    sharp = np.stack(
        [gaussian_filter(square[..., c].astype(float), 1.5, mode="nearest") for c in range(3)], -1
    )
    # `changed` gets typed arrays; a list stands in for one here
    np.testing.assert_allclose(made("blurred", 1.5), sharp, atol=2e-3)
    np.testing.assert_allclose(made("turned", 90), np.rot90(square, -1), atol=1e-2)
    np.testing.assert_allclose(made("turned", -90), np.rot90(square), atol=1e-2)
    gray = square @ [0.2125, 0.7154, 0.0721]
    np.testing.assert_allclose(made("grayed"), np.repeat(gray[..., None], 3, -1), atol=1e-2)
    noise = made("noisy", 10) - square
    inner = (square > 40) & (square < 215)
    assert abs(noise[inner].mean()) < 1 and 9 < noise[inner].std() < 11
    other = np.zeros_like(square).ravel().tolist()
    beside = made("joined", other, "beside")
    assert (beside[:, 16:] == 0).all() and (beside[:, :16] == square[:, :16]).all()
    behind = made("joined", other, "behind")
    assert (behind[0] == 0).all() and (behind[16, 16] == square[16, 16]).all()


@pytest.mark.browser
def test_crop_and_hidden_part(run_js):
    array = np.random.default_rng(2).integers(0, 256, (60, 90, 3), np.uint8)
    picture = as_picture(array)
    (found,) = run_js("picture", "changed", [[picture, {"zoom": 2, "x": 1, "y": -1}, 30]])
    np.testing.assert_allclose(np.reshape(found, (30, 30, 3)), array[:30, 60:], atol=1e-3)
    hidden = np.zeros((30, 30), int)
    hidden[3, 7] = 1
    (found,) = run_js("picture", "changed", [[picture, {}, 30, None, hidden.ravel().tolist()]])
    assert np.reshape(found, (30, 30, 3))[3, 7].tolist() == [127] * 3


@pytest.fixture(scope="module")
def bare():
    return efficientnet("lite0", classes=None)


@pytest.mark.browser
@pytest.mark.parametrize("stage", STAGES)
def test_a_place_sees_what_the_package_says(run_js, bare, stage):
    ends = {"stem_conv": "stem_conv_relu6", "head_conv": "head_conv_relu6"}
    layer = ends.get(stage) or next(
        la.name for la in reversed(bare.layers) if la.name.startswith(f"{stage}_")
    )
    size = bare.get_layer(layer).output.shape[1]
    places = sorted({0, 1, size // 2, size - 1})
    found = run_js("lite0", "receptiveSpan", [[stage, place] for place in places])
    for place, (first, after) in zip(places, found, strict=True):
        box = receptive_box(bare, layer, (place, place))
        assert (first, after) == (box.top, box.bottom) == (box.left, box.right)


@pytest.mark.browser
def test_answers_are_keras_s(ask, keras_says):
    for name, expected in zip(TEN, keras_says["probabilities"], strict=True):
        ask("source", {}, live.made()[f"{name}.webp"])
        found = np.array(ask("look", {"changes": {}}, only="probabilities")["probabilities"])
        np.testing.assert_allclose(found, expected, atol=CLOSE)
        assert found.argmax() == expected.argmax()


@pytest.mark.browser
def test_feature_maps_and_class_maps_are_keras_s(ask, keras_says):
    for i, name in enumerate(TEN):
        ask("source", {}, live.made()[f"{name}.webp"])
        for stage in STAGES:
            seen = ask("look", {"changes": {}, "stage": stage}, only="seen")["seen"]
            expected = keras_says[stage][i]
            assert (seen["height"], seen["width"], seen["C"]) == expected.shape
            off = np.abs(np.reshape(seen["data"], expected.shape) - expected).max()
            assert off < CLOSE * np.abs(expected).max(), stage
        for target in (0, 281, 504, 967):
            found = np.reshape(ask("map", {"target": target})["map"], (7, 7))
            expected = keras_says["maps"][i, ..., target]
            assert np.abs(found - expected).max() < CLOSE * np.abs(keras_says["maps"][i]).max()


@pytest.mark.browser
def test_the_square_that_hides_can_be_stopped_and_is_right(ask, keras_says, pictures):
    import keras

    ask("source", {}, live.made()["cat.webp"])
    target = ask("look", {"changes": {}})["target"]
    model = keras_says["model"]
    logits = keras.Model(model.inputs, model.get_layer("pool").output)
    kernel, bias = model.get_layer("classifier").get_weights()
    hidden = np.repeat(pictures[:1], 4, axis=0)
    for picture, left in zip(hidden[1:], (0, 14, 28), strict=True):
        picture[:42, left : left + 42] = 0
    scores = logits.predict(hidden, verbose=0) @ kernel[:, target] + bias[target]
    found = ask.page.evaluate(STOPPED, target)
    assert found["stopped"] and 3 <= len(found["fallen"]) < 10
    np.testing.assert_allclose(found["fallen"][:3], scores[0] - scores[1:], atol=0.02)


@pytest.mark.browser
def test_memory_stays(ask):
    ask("source", {}, live.made()["coffee.webp"])
    counts = []
    for turn in range(12):
        ask("look", {"changes": {"turn": 5 * turn}, "stage": "stage3"})
        counts.append(ask("memory"))
    assert all(count == counts[0] for count in counts)


# ---- what readers do ----


@pytest.fixture
def arrive(serve, bench, open_page):
    """Open the page, as a reader finds it: ``arrive(lang="es", dark=True, width=390)``."""

    def open_(lang: str = "en", dark: bool = False, small: bool = False, **look):
        name = f"{lang}-{'dark' if dark else 'light'}{'-small' if small else ''}.html"
        page = open_page(serve(bench) + name, dark=dark, **look)
        page.locator(".ln-start button").wait_for()
        return page

    return open_


@pytest.fixture
def living(arrive):
    """Open the page and wake the network."""

    def start(**look):
        page = arrive(**look)
        page.locator(".ln-start button").click()
        page.locator(".ln-guess").first.wait_for()
        return page

    return start


@pytest.fixture(scope="module")
def one_page(browser, serve, bench):
    """A page on which the network lives, and what the page has thrown."""
    context, thrown = browser.new_context(viewport={"width": 1280, "height": 900}), []
    page = context.new_page()
    page.on("pageerror", lambda error: thrown.append(str(error)))
    page.goto(f"{serve(bench)}en-light.html")
    page.locator(".ln-start button").click()
    yield page, thrown
    context.close()


TOLD = """() => {
  window.told = [];
  const status = document.querySelector(".cl-status");
  const hear = new MutationObserver(() => window.told.push(status.textContent));
  hear.observe(status, { childList: true });
}"""


@pytest.fixture
def home(one_page):
    """The one page, with the cat as it came and all folds shut: waking the network takes long."""
    page, thrown = one_page
    page.locator(".ln-guess").first.wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = false))")
    page.get_by_label("On the picture").select_option("class")
    page.locator(".ln-changes > summary").click()
    page.get_by_label("Hide parts with the finger").uncheck()
    page.locator(".ln-changes > summary").click()
    page.get_by_label("Photograph", exact=True).select_option("coffee")
    says(page, "It sees: (espresso|cup)")
    page.get_by_label("Photograph", exact=True).select_option("cat")
    says(page, "It sees: .*cat")
    yield page
    assert not thrown, f"the page threw: {thrown}"


def says(page, text: str) -> None:
    """Wait until the status or the error says this."""
    page.locator(".cl-status, .cl-error").filter(has_text=re.compile(text)).first.wait_for()


def put_file(page, name: str, content: bytes) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def png(height: int, width: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "png")
    return file.getvalue()


@pytest.mark.browser
def test_it_comes_when_it_is_asked_and_stays_with_the_reader(arrive):
    page = arrive()
    asked = (
        "performance.getEntriesByType('resource').map((e) => e.name.replace(/.*[/]|[?].*/g, ''))"
    )
    assert set(page.evaluate(asked)) <= {"live.js", "live.css"}
    page.get_by_role("button", name="Start the network").press("Enter")
    says(page, "It sees: .*cat")
    assert page.locator(".ln-guess").count() == 5
    photos = page.get_by_label("Photograph", exact=True)
    assert photos.evaluate("(el) => el === document.activeElement")  # the keyboard is not lost
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    camera = page.get_by_role("button", name="Camera")
    assert camera.evaluate("(el) => el === document.activeElement")  # no stop that nobody sees
    page.get_by_role("button", name=re.compile("^lynx")).click()
    page.locator(".ln-note").filter(has_text="speaks for “lynx”").wait_for()
    page.get_by_label("Photograph", exact=True).select_option("coffee")
    says(page, "It sees: (espresso|cup)")


@pytest.mark.browser
def test_in_spanish_the_classes_are_spanish(arrive):
    page = arrive(lang="es")
    asked = "performance.getEntriesByType('resource').map((e) => e.name.match(/classes[^?]*/)?.[0])"
    assert not any(page.evaluate(asked))  # nothing before it starts
    page.get_by_role("button", name="Arrancar la red").click()
    says(page, "Ve: gato egipcio|Ve: gato atigrado|Ve: gato tigre")
    assert [name for name in page.evaluate(asked) if name] == ["classes.es.txt"]
    page.get_by_role("button", name=re.compile("^lince")).click()
    page.locator(".ln-note").filter(has_text="a favor de «lince»").wait_for()
    classes = page.get_by_label("Mapa de esta clase")
    names = classes.locator("option").all_inner_texts()
    words = (live.SCRIPTS / "classes.es.txt").read_text("utf-8").splitlines()
    assert sorted(names[1:]) == sorted(words)
    assert names.index("ábaco") < names.index("abeja") < names.index("yurta")
    classes.focus()  # a list is searched by typing
    page.keyboard.type("café ex")
    page.locator(".ln-note").filter(has_text="«café expreso»").wait_for()
    assert "Spanish" in live.made()["README.txt"].decode()


@pytest.mark.browser
def test_a_broken_connection_is_said_and_can_be_tried_again(arrive):
    page, tries = arrive(), []
    file = live.made()["lite0.bin"]
    damaged = file[:3_000_000] + bytes(len(file) - 3_000_000)
    answers = [
        lambda route: route.abort(),
        lambda route: route.fulfill(body=file[:2_000_000]),
        lambda route: route.fulfill(body=damaged),
        lambda route: route.continue_(),
        lambda route: route.continue_(),
    ]

    def answer(route):
        tries.append(route)
        answers[len(tries) - 1](route)

    page.route("**/lite0.bin*", answer)
    page.route("**/classes.txt*", lambda route: route.fulfill(body="<html>Sign in</html>"))
    start = page.locator(".ln-start button")
    for n in range(1, 5):  # the last time, the names of the classes are none
        start.click()
        page.wait_for_function(
            "(button) => button.ariaDisabled !== 'true'", arg=start.element_handle()
        )
        says(page, "connection broke")
        assert len(tries) == n
    page.unroute("**/classes.txt*")
    page.get_by_role("button", name="Try again").click()
    says(page, "It sees")
    assert page.locator(".cl-error").is_hidden()


@pytest.mark.browser
def test_a_connection_that_falls_silent_is_given_up(arrive):
    page, waits = arrive(), "PATIENCE=30_000"
    script = live.made()["worker.js"].decode()
    assert script.count(waits) == 1
    hasty = script.replace(waits, "PATIENCE=300")
    page.evaluate(
        """(script) => {
          const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
          window.Worker = class extends Worker {
            constructor(_, options) { super(address, options); }
          };
        }""",
        hasty,
    )
    page.route("**/lite0.bin*", lambda route: None, times=1)  # it is asked, and never answers
    page.locator(".ln-start button").click()
    says(page, "connection broke")


@pytest.mark.browser
def test_a_photograph_that_did_not_arrive_can_be_chosen_again(arrive):
    page, held = arrive(), []
    page.route("**/cat.webp*", lambda route: route.abort(), times=1)
    page.locator(".ln-start button").click()
    says(page, "This photograph did not arrive")
    photos = page.get_by_label("Photograph", exact=True)
    assert photos.input_value() == ""  # or the same one could not be chosen
    photos.select_option("cat")
    says(page, "It sees: .*cat")
    # Of two that are on their way, the one that was chosen last stays.
    page.evaluate(TOLD)
    page.route("**/coffee.webp*", lambda route: held.append(route))
    photos.select_option("coffee")
    photos.select_option("rocket")
    says(page, "It sees: drilling platform")
    with page.expect_event("requestfinished"):
        held[0].continue_()
    photos.select_option("astronaut")
    says(page, "It sees: bobsled")
    assert photos.input_value() == "astronaut"
    assert not re.search("espresso|cup", page.evaluate("window.told.join()"))


@pytest.mark.browser
@pytest.mark.parametrize(
    ("without", "sentence"),
    [
        ("delete globalThis.WebAssembly", "cannot run WebAssembly"),
        ("WebAssembly.validate = () => false", "lacks SIMD"),
        ("delete globalThis.OffscreenCanvas", "cannot draw in a worker"),
    ],
)
def test_what_the_browser_lacks_is_said(arrive, without, sentence):
    page = arrive()
    page.evaluate(without)
    page.locator(".ln-start button").click()
    says(page, sentence)


OTHERS = {
    "notes.txt": b"no picture at all",
    "empty.png": b"",
    "words.png": b"no picture either",
    "half.webp": live.made()["coffee.webp"][:9000],
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"></svg>',
    "film.mp4": b"\0\0\0\x18ftypisom" + bytes(100),
}


@pytest.mark.browser
def test_own_pictures_and_what_is_none(home):
    page = home
    put_file(page, "own.webp", live.made()["coffee.webp"])
    says(page, "It sees: (espresso|cup)")
    assert page.get_by_label("Photograph", exact=True).input_value() == "own"
    page.locator(".ln-changes > summary").click()
    page.get_by_label("Gray", exact=True).check()
    for name, content in OTHERS.items():
        put_file(page, name, content)
        says(page, "no picture that this browser can read")
        put_file(page, "half.heic", b"\0\0\0\x18ftypheic" + bytes(100))
        says(page, "HEIC")
    assert page.get_by_label("Gray", exact=True).is_checked()  # nothing of the reader's is lost
    assert page.get_by_label("Photograph", exact=True).input_value() == "own"
    put_file(page, "coffee.txt", live.made()["coffee.webp"])  # a picture, whatever it is called
    page.locator(".cl-error").wait_for(state="hidden")
    page.get_by_label("Gray", exact=True).and_(page.locator(":not(:checked)")).wait_for()
    put_file(page, "dot.png", png(1, 1))
    says(page, "1 × 1 pixels")
    put_file(page, "line.png", png(2000, 3))
    says(page, "3 × 2.?000 pixels")
    put_file(page, "large.png", png(2100, 2200))
    page.locator(".ln-note").filter(has_text="made smaller").wait_for()
    assert page.locator(".cl-error").is_hidden()
    page.get_by_label("Photograph", exact=True).select_option("cat")
    says(page, "It sees: .*cat")


DROPPED = """([base64, how]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "own.webp", { type: "image/webp" }));
  const about = { bubbles: true, cancelable: true };
  if (how === "drop") {
    const on = document.querySelector(".ln-over");
    return on.dispatchEvent(new DragEvent("drop", { ...about, dataTransfer }));
  }
  document.body.dispatchEvent(new ClipboardEvent("paste", { ...about, clipboardData: dataTransfer }));
}"""  # noqa: E501


ANOTHER = """() => {
  const figure = '<div class="cnnlab"><button id="another">Another figure</button></div>';
  document.querySelector("main").insertAdjacentHTML("beforeend", figure);
  document.querySelector("#another").focus();
}"""


@pytest.mark.browser
@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(home, how):
    page = home
    page.evaluate(TOLD)
    if how == "paste":  # not while another figure has the focus
        page.evaluate(ANOTHER)
        page.evaluate(DROPPED, [b64encode(live.made()["rocket.webp"]).decode(), how])
        page.wait_for_timeout(500)  # what is not ours never comes; what comes late would pass
        page.locator("#another").evaluate("(el) => el.parentElement.remove()")
    left = page.evaluate(DROPPED, [b64encode(live.made()["coffee.webp"]).decode(), how])
    says(page, "It sees: (espresso|cup)")
    assert page.get_by_label("Photograph", exact=True).input_value() == "own"
    assert not left  # or the browser would open the dropped file in the page's place
    assert "drilling platform" not in page.evaluate("window.told.join()")


# The second picture that the worker is given finds no room.
NO_ROOM = """
const room = OffscreenCanvasRenderingContext2D.prototype;
const { getImageData } = room;
let pictures = 0;
room.getImageData = function (...box) {
  if (++pictures === 2) throw new RangeError("Array buffer allocation failed");
  return getImageData.apply(this, box);
};
"""


@pytest.mark.browser
def test_short_memory_is_said_and_the_page_lives_on(arrive):
    page = arrive()
    worker = NO_ROOM + live.made()["worker.js"].decode()
    answer = {"body": worker, "content_type": "text/javascript"}
    page.route("**/worker.js*", lambda route: route.fulfill(**answer))
    page.locator(".ln-start button").click()
    says(page, "It sees: .*cat")
    photos = page.get_by_label("Photograph", exact=True)
    photos.select_option("coffee")
    says(page, "not enough memory")
    assert photos.input_value() == "cat"
    photos.select_option("coffee")
    says(page, "It sees: (espresso|cup)")
    assert page.locator(".cl-error").is_hidden()


@pytest.mark.browser
def test_the_map_of_any_class_is_chosen_from_the_list(home, keras_says):
    page = home
    page.get_by_label("Map of this class").select_option("espresso")
    map_ = keras_says["maps"][0, ..., 967]  # of the cat
    row, column = np.argwhere(map_ == map_.max())[0] + 1
    sentence = f"speaks for “espresso”.* row {row}, column {column}, {map_.max():.1f}"
    page.locator(".ln-note").filter(has_text=re.compile(sentence)).wait_for()
    heat = page.locator(".ln-over").evaluate(
        "(el) => [...el.getContext('2d').getImageData(0, 0, 224, 224).data]"
    )
    red, _, blue, alpha = np.moveaxis(np.reshape(heat, (224, 224, 4)).astype(int), -1, 0)
    middles = np.s_[16::32, 16::32]
    clear = np.abs(map_) > 0.5 * np.abs(map_).max()
    assert (alpha[middles][clear] > 40).all() and clear.sum() > 2
    assert ((red > blue)[middles] == (map_ > 0))[clear].all()


CAMERA = """(how) => {
  const sheet = document.createElement("canvas");
  sheet.getContext("2d").fillRect(0, 0, 300, 150);
  window.film = sheet.captureStream(10);
  window.asked = 0;
  navigator.mediaDevices.getUserMedia = async () => {
    window.asked += 1;
    await new Promise((done) => setTimeout(done, 50));
    if (how) throw new DOMException("", how);
    return window.film;
  };
}"""


@pytest.mark.browser
def test_the_camera_refused_there_and_gone(home):
    page = home
    for how, sentence in (("NotAllowedError", "was refused"), ("NotFoundError", "No camera")):
        page.evaluate(CAMERA, how)
        page.get_by_role("button", name="Camera").click()
        says(page, sentence)
    page.evaluate(CAMERA, "")
    before = page.locator(".ln-guesses").inner_text()
    page.get_by_role("button", name="Camera").evaluate("(el) => [el.click(), el.click()]")
    page.get_by_role("button", name="Stop the camera").wait_for()
    assert page.evaluate("window.asked") == 1  # or the first camera would stay on for ever
    page.wait_for_function(
        "(text) => document.querySelector('.ln-guesses').innerText !== text", arg=before
    )
    page.evaluate("window.film.getTracks()[0].dispatchEvent(new Event('ended'))")
    says(page, "camera has gone")
    # The square that hides takes the last picture, and the film stops for it.
    page.evaluate(CAMERA, "")
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Stop the camera").wait_for()
    page.get_by_label("On the picture").select_option("occlusion")
    page.get_by_role("button", name="Send the square").click()
    page.get_by_role("button", name="Camera").wait_for()
    assert page.evaluate("window.film.getTracks()[0].readyState") == "ended"
    bar = page.get_by_label("places that the square has hidden")
    page.wait_for_function("(el) => el.value > 2", arg=bar.element_handle())
    page.get_by_label("Photograph", exact=True).select_option("coffee")
    says(page, "It sees: (espresso|cup)")


HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.browser
def test_a_page_that_nobody_sees_stops_the_camera_and_not_the_square(home):
    page = home
    page.evaluate(CAMERA, "")
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Stop the camera").wait_for()
    page.evaluate(HIDE, True)
    says(page, "nobody saw this page")
    assert page.evaluate("window.film.getTracks()[0].readyState") == "ended"
    # It was left while the browser asked.
    page.evaluate(HIDE, False)
    page.evaluate(CAMERA, "")
    page.get_by_role("button", name="Camera").click()
    page.locator(".cl-error").wait_for(state="hidden")
    page.evaluate(HIDE, True)
    says(page, "nobody saw this page")
    page.wait_for_function("() => window.film.getTracks()[0].readyState === 'ended'")
    page.evaluate(HIDE, False)
    page.evaluate(CAMERA, "")
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("button", name="Stop the camera").click()
    # The square was sent on a way that ends.
    page.get_by_label("On the picture").select_option("occlusion")
    page.get_by_role("button", name="Send the square").click()
    bar = page.get_by_label("places that the square has hidden").element_handle()
    page.wait_for_function("(el) => el.value > 2", arg=bar)
    page.evaluate(HIDE, True)
    was = bar.evaluate("(el) => el.value")
    page.wait_for_function("([el, was]) => el.value > was + 4", arg=[bar, was])
    page.evaluate(HIDE, False)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Send the square").wait_for()


@pytest.mark.browser
def test_a_page_that_is_left_and_found_again_lives_on(launch, serve, bench):
    """Browsers keep a page that was left, with its worker, asleep."""
    whole = find_browser(WHOLE_BROWSERS)
    chromium = launch(executable_path=whole, ignore_default_args=["--disable-back-forward-cache"])
    page = chromium.new_page()
    page.goto(f"{serve(bench)}en-light.html")
    page.locator(".ln-start button").click()
    says(page, "It sees: .*cat")
    page.evaluate("addEventListener('pageshow', (event) => (window.kept = event.persisted))")
    page.get_by_label("On the picture").select_option("occlusion")
    page.get_by_role("button", name="Send the square").click()
    bar = "document.querySelector('.ln-occlude progress').value"
    page.wait_for_function(f"{bar} > 2")
    page.goto(f"{serve(bench)}worker.html")
    page.evaluate("setTimeout(() => history.back())")
    page.wait_for_function("window.kept === true")
    was = page.evaluate(bar)
    page.wait_for_function(f"{bar} > {was} + 2")
    page.get_by_label("Photograph", exact=True).select_option("coffee")
    says(page, "It sees: (espresso|cup)")
    chromium.close()


@pytest.mark.browser
def test_parts_are_hidden_by_keyboard_and_shown_again(home):
    page = home
    page.locator(".ln-changes > summary").click()
    page.get_by_label("Hide parts with the finger").check()
    picture = page.locator(".ln-over")
    picture.focus()
    middle = "() => [...document.querySelector('.ln-sheet canvas').getContext('2d').getImageData(112, 96, 1, 1).data]"  # noqa: E501
    was = page.evaluate(middle)
    for key in ("ArrowUp", "ArrowUp", "Space"):
        picture.press(key)
    page.wait_for_function(f"() => ({middle})().join() === '127,127,127,255'")
    page.get_by_role("button", name="Show what is hidden").click()
    page.wait_for_function(f"(was) => ({middle})().join() === was.join()", arg=was)


@pytest.mark.browser
def test_a_finger_hides_and_a_task_is_ticked(living):
    page = living(width=390)
    page.locator(".ln-changes > summary").click()
    page.locator(".ln-tasks > summary").click()
    page.get_by_label("Hide parts with the finger").check()
    cat = page.locator("ul.ln-tasks li").nth(1)
    assert not re.search("✓|Done", cat.inner_text())
    sheet = page.locator(".ln-over")
    sheet.evaluate("(el) => el.scrollIntoView({ block: 'center' })")
    # Until this is painted, the browser takes a finger that moves aside for "back".
    page.wait_for_function(
        "el => getComputedStyle(el).touchAction === 'none'", arg=sheet.element_handle()
    )
    page.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 300))")
    box, stood = sheet.bounding_box(), page.evaluate("scrollY")
    touch = page.context.new_cdp_session(page)

    def finger(kind: str, x: float = 0, y: float = 0) -> None:
        at = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}]
        points = [] if kind == "touchEnd" else at
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for y in np.arange(0.03, 1, 0.08):  # to and fro over the whole picture
        finger("touchStart", 0.02, y)
        for x in np.arange(0.02, 1, 0.08):
            finger("touchMove", x, y)
        finger("touchEnd")
    gray = """() => {
      const sheet = document.querySelector(".ln-sheet canvas").getContext("2d");
      const { data } = sheet.getImageData(0, 0, 224, 224);
      return data.filter((value, i) => i % 4 === 0 && value === 127).length / 224 ** 2;
    }"""
    page.wait_for_function(f"() => ({gray})() > 0.95")
    assert page.evaluate("scrollY") == stood  # the page stays where it is under the finger
    cat.filter(has_text=re.compile(r"✓.*Done, with [\d,]+ pixels hidden")).wait_for()
    assert "✓" not in page.locator("ul.ln-tasks li").nth(2).inner_text()  # no background was tried


@pytest.mark.browser
def test_the_square_travels_until_it_is_stopped(home):
    page = home
    page.get_by_label("On the picture").select_option("occlusion")
    page.get_by_role("button", name="Send the square").click()
    bar = page.get_by_label("places that the square has hidden")
    page.wait_for_function("(el) => el.value > 2", arg=bar.element_handle())
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Send the square").wait_for()
    assert bar.is_hidden()
    # Another picture calls it back.
    page.get_by_role("button", name="Send the square").click()
    page.wait_for_function("(el) => el.value > 2", arg=bar.element_handle())
    page.get_by_label("Photograph", exact=True).select_option("rocket")
    page.get_by_role("button", name="Send the square").wait_for()
    assert bar.evaluate("(el) => el.value") < 190
    page.locator(".ln-note").filter(has_text="of “drilling platform” falls").wait_for()


@pytest.mark.browser
def test_units_and_what_a_place_sees(home):
    page = home
    page.locator(".ln-inside > summary").click()
    page.locator(".cl-name").filter(has_text="Unit 1 of 32; at row 57, column 57").wait_for()
    page.get_by_label("Stage", exact=True).select_option("stage7")
    page.locator(".cl-name").filter(has_text="Unit 1 of 320").wait_for()
    page.get_by_label("Unit", exact=True).fill("300")
    page.get_by_label("Unit", exact=True).press("Enter")
    page.locator(".cl-name").filter(has_text="Unit 300 of 320").wait_for()
    for _ in range(2):  # shut and opened, it begins anew
        page.locator(".ln-inside > summary").click()
    page.locator(".cl-name").filter(has_text="Unit 1 of 32; at row 57, column 57").wait_for()
    page.get_by_label("Stage", exact=True).select_option("stage3")
    page.locator(".ln-unit").nth(4).click()
    page.locator(".cl-name").filter(has_text="Unit 5 of 40").wait_for()
    page.get_by_role("button", name="Unit: more").click()
    page.locator(".cl-name").filter(has_text="Unit 6 of 40").wait_for()
    page.locator(".ln-large").press("ArrowLeft")
    (first, after), _ = page.evaluate(
        """async ([source]) => {
          const text = new Blob([source], { type: "text/javascript" });
          const { receptiveSpan } = await import(URL.createObjectURL(text));
          return [receptiveSpan("stage3", 14), receptiveSpan("stage3", 13)];
        }""",
        [join("lite0", live.SCRIPTS)[0]],
    )
    sentence = f"A place of stage3 sees {after - first} × "
    page.locator(".ln-note").filter(has_text=sentence).wait_for()
    # The picture is out of sight: it stands once more beside what is said.
    page.locator(".ln-large").evaluate("(el) => el.scrollIntoView({ block: 'start' })")
    page.locator(".ln-again").wait_for()
    assert page.locator(".cl-status").evaluate(IN_VIEW)
    assert page.evaluate(AGAIN) < 1
    page.evaluate("scrollTo(0, 0)")
    page.locator(".ln-again").wait_for(state="hidden")


MOST_BUSY = 50  # milliseconds of a processor, of one task of the page
TRACED = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "__metadata"]
MUCH = "() => { let sum = 0; for (let i = 0; i < 4e8; i++) sum += i % 7; return sum; }"


@pytest.mark.browser
def test_the_page_stays_free_while_it_thinks(browser, arrive):
    """By the processor's time of each task of its thread: a clock counts others' work too."""
    page = arrive()

    def longest(act) -> float:
        browser.start_tracing(page=page, categories=TRACED)
        act()
        page.evaluate("1")  # another task: the one before has ended, so the trace has it
        events = json.loads(browser.stop_tracing())["traceEvents"]
        names = [event for event in events if event["name"] == "thread_name"]
        main = {
            (event["pid"], event["tid"])
            for event in names
            if event["args"]["name"] == "CrRendererMain"
        }
        return max(
            event.get("tdur", 0) / 1000
            for event in events
            if event["name"] == "RunTask" and (event["pid"], event["tid"]) in main
        )

    def start():
        page.locator(".ln-start button").click()
        says(page, "It sees: .*cat")

    def units():
        page.locator(".ln-inside > summary").click()
        for stage in ("head_conv", "stage1", "stem_conv"):
            page.get_by_label("Stage", exact=True).select_option(stage)
            page.locator(".ln-unit canvas").nth(15).wait_for()
            page.wait_for_timeout(300)  # until the last unit is drawn
        for _ in range(3):
            page.locator(".ln-large").press("ArrowLeft")

    def film():
        page.evaluate(CAMERA, "")
        page.get_by_role("button", name="Camera").click()
        page.get_by_role("button", name="Stop the camera").wait_for()
        page.wait_for_timeout(2000)
        page.get_by_role("button", name="Stop the camera").click()

    def square():
        page.get_by_label("On the picture").select_option("occlusion")
        page.get_by_role("button", name="Send the square").click()
        bar = page.get_by_label("places that the square has hidden")
        page.wait_for_function("(el) => el.value > 30", arg=bar.element_handle())
        page.get_by_role("button", name="Stop", exact=True).click()

    found = {act.__name__: longest(act) for act in (start, units, film, square)}
    assert max(found.values()) < MOST_BUSY, found
    assert longest(lambda: page.evaluate(MUCH)) > MOST_BUSY  # a task that is too long is seen


@pytest.mark.browser
def test_the_strongest_places(run_js):
    rng = np.random.default_rng(3)
    volume = rng.integers(0, 9, (6, 6, 4)).astype(float)  # with equal ones
    (found,) = run_js("draw", "strongest", [[volume.ravel().tolist(), 6, 7, 4, 2]])
    order = np.argsort(-volume[..., 2].ravel(), kind="stable")[:7]
    expected = [
        {"row": i // 6 + 1, "column": i % 6 + 1, "value": volume[..., 2].flat[i]} for i in order
    ]
    assert found == expected


@pytest.mark.browser
def test_each_task_can_be_done(home):
    page = home
    for fold in ("changes", "tasks"):
        page.locator(f".ln-{fold} > summary").click()
    tasks = page.locator("ul.ln-tasks li")

    def done() -> list[bool]:
        return ["✓" in tasks.nth(n).inner_text() for n in range(3)]

    def change(label: str, value: str) -> None:
        page.get_by_label(label).fill(value)

    # Gravel decides nothing; and what another picture was called says nothing of this one.
    put_file(page, "own.webp", live.made()["coffee.webp"])
    says(page, "It sees: (espresso|cup)")
    change("Zoom", "1.5")
    says(page, "It sees: (espresso|cup|consomme)")
    put_file(page, "own.webp", live.made()["cat.webp"])
    says(page, "It sees: .*cat")
    page.get_by_label("Which one").select_option("gravel", force=True)  # hidden as yet
    for act in (
        lambda: page.get_by_label("Another picture").select_option("behind"),
        lambda: change("Zoom", "1.5"),
    ):
        before = page.locator(".ln-guesses").inner_text()
        act()
        page.wait_for_function(
            "(text) => document.querySelector('.ln-guesses').innerText !== text", arg=before
        )
    assert not done()[2]

    page.get_by_label("Photograph", exact=True).select_option("cat")
    zoom = page.get_by_label("Zoom").element_handle()
    page.wait_for_function("(el) => el.value === '1'", arg=zoom)  # it begins without changes
    change("Zoom", "1.2")  # Egyptian cat and tiger cat
    tasks.nth(0).filter(has_text="✓").wait_for()
    page.get_by_role("button", name="Undo the changes").click()
    page.get_by_label("Hide parts with the finger").check()
    over = page.locator(".ln-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    for y in np.arange(0.03, 1, 0.06):
        for x in (0.02, 0.98) if round(y / 0.06) % 2 else (0.98, 0.02):
            to = (box["x"] + x * box["width"], box["y"] + y * box["height"])
            page.mouse.move(*to, steps=12)
    page.mouse.up()
    tasks.nth(1).filter(has_text=re.compile(r"✓.*Done, with [\d,]+ pixels hidden")).wait_for()
    page.get_by_role("button", name="Show what is hidden").click()
    says(page, "It sees: .*cat")
    page.get_by_label("Which one").select_option("coffee", force=True)
    page.get_by_label("Another picture").select_option("behind")
    tasks.nth(2).filter(has_text="✓").wait_for()
    assert done() == [True] * 3


IN_VIEW = """(el) => {
  const { top, bottom } = el.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}"""
# By how much the small picture differs from the large one with its map, on the average.
AGAIN = """() => {
  const pen = new OffscreenCanvas(224, 224).getContext("2d");
  for (const layer of document.querySelectorAll(".ln-sheet canvas")) pen.drawImage(layer, 0, 0);
  const [here, there] = [pen, document.querySelector(".ln-again").getContext("2d")]
    .map((one) => one.getImageData(0, 0, 224, 224).data);
  return here.reduce((sum, value, i) => sum + Math.abs(value - there[i]), 0) / here.length;
}"""
TASKS = [
    ("two", {"probabilities": [0.4, 0.31]}, True),
    ("two", {"probabilities": [0.6, 0.29]}, False),
    ("cat", {"best": [905, 281]}, True),
    ("cat", {"best": [285, 905]}, False),
    ("cat", {"best": [905, 281], "covered": 0}, False),
    ("cat", {"best": [905, 281], "plain": False}, False),
    ("cat", {"best": [905, 281], "photo": "coffee"}, False),
    ("background", {"join": "behind", "covered": 0, "alone": 281, "best": [5, 281]}, True),
    ("background", {"join": "behind", "covered": 0, "alone": 5, "best": [5, 281]}, False),
    ("background", {"join": "beside", "covered": 0, "alone": 281, "best": [5, 281]}, False),
    ("background", {"join": "behind", "covered": 0, "alone": None, "best": [5, 281]}, False),
]
SEEN = {
    "photo": "cat", "best": [281, 282], "probabilities": [0.5, 0.2], "plain": True, "covered": 9,
    "join": "none", "alone": None,
}  # fmt: skip


@pytest.mark.browser
def test_a_task_is_done_when_it_is(browser):
    page = browser.new_page()
    call = """async ([source, cases]) => {
      const text = new Blob([source], { type: "text/javascript" });
      const { TASKS } = await import(URL.createObjectURL(text));
      return cases.map(([name, seen]) => TASKS[name](seen));
    }"""
    cases = [[name, SEEN | seen] for name, seen, _ in TASKS]
    found = page.evaluate(call, [join("tasks", live.SCRIPTS)[0], cases])
    page.close()
    assert found == [done for *_, done in TASKS]


@pytest.mark.browser
@pytest.mark.parametrize(
    "look",
    [
        {"width": 1280},
        {"width": 1280, "dark": True},
        {"width": 390, "dark": True, "lang": "es"},
        {"width": 320},
    ],
)
def test_it_is_accessible_and_fits(living, look):
    page = living(**look)
    for fold in page.locator(".ln summary").all():
        fold.click()
    page.wait_for_function("document.querySelector('.ln-large').width > 1")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= look["width"]
    assert page.locator(".ln table caption").count() == 3


@pytest.mark.browser
@pytest.mark.parametrize(
    "look",
    [{"width": 1280}, {"width": 390, "dark": True, "lang": "es"}, {"width": 320}],
)
def test_the_small_one_has_guesses_and_class_map_and_no_more(arrive, look):
    page = arrive(small=True, **look)
    asked = (
        "performance.getEntriesByType('resource').map((e) => e.name.replace(/.*[/]|[?].*/g, ''))"
    )
    assert set(page.evaluate(asked)) <= {"live.js", "live.css"}
    page.locator(".ln-start button").click()
    page.locator(".ln-guess").nth(4).wait_for()
    assert page.locator(".ln-fold, .ln .cl-field:visible").count() == 1  # the photographs
    put_file(page, "own.webp", live.made()["coffee.webp"])
    page.locator(".ln-guess").first.filter(has_text=re.compile("espresso|cup|café")).wait_for()
    other = page.locator(".ln-guess").nth(2)
    other.click()
    page.locator(".ln-note").filter(has_text=other.locator("span").first.inner_text()).wait_for()
    page.locator(".ln summary").click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= look["width"]


def test_the_directive_makes_the_small_one():
    assert live.LivingNetwork.option_spec["small"](None) is None
    whole, small = (live.element("live/", option) for option in (False, True))
    assert small == whole.replace('"living-network"', '"living-network ln-small"') != whole


@pytest.mark.browser
def test_from_a_folder_it_says_why_not(bench, open_page):
    page = open_page((bench / "en-light.html").as_uri())
    assert "a page that was opened from a folder" in page.locator(".living-network").inner_text()
    assert "http.server" in page.locator(".living-network").inner_text()


@pytest.mark.browser
def test_it_lives_in_the_built_book(site, open_page):
    page = open_page(f"{site}book/style/live.html")
    page.locator(".ln-start button").click()
    says(page, "It sees: .*cat")


def test_both_languages_have_every_phrase():
    words = json.loads((live.SCRIPTS / "live.json").read_text("utf-8"))
    assert words["en"].keys() == words["es"].keys()
    for key, english in words["en"].items():
        blanks = [sorted(re.findall(r"\{\w+\}", text)) for text in (english, words["es"][key])]
        assert blanks[0] == blanks[1], key
    script = "".join(path.read_text("utf-8") for path in live.SCRIPTS.glob("*.js"))
    photos = {name.removesuffix(".webp") for name in live.made() if name.endswith(".webp")}
    assert {f"photo_{name}" for name in photos} == {k for k in words["en"] if k[:6] == "photo_"}
    assert all(f'"{name}"' in script for name in photos)
    for key in re.findall(r'\bt\("(\w+)"', script):
        frame = json.loads((ROOT / "cnnlab/widgets/frame.json").read_text("utf-8"))
        assert key in words["en"] or key in frame["en"], key
