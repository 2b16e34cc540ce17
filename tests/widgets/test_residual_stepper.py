"""The residual block: Keras builds the same one, and the reader walks through it and mends it."""

from itertools import product

import keras
import numpy as np
import pytest

from cnnlab.widgets import ResidualStepper
from cnnlab.widgets.frame import LIMIT

SHAPES = [(7, 10, 3), (8, 5, 6), (1, 6, 12), (9, 1, 4), (1, 1, 5)]  # H ≠ W, odd, even, and 1
FILTERS = [3, 1, 6]
SHORTCUTS = ["identity", "projection", "pad", "none"]


def settings() -> list[dict]:
    names = ("input_shape", "filters", "kind", "stride", "shortcut")
    every = product(SHAPES, FILTERS, ("basic", "bottleneck"), (1, 2), SHORTCUTS)
    return [dict(zip(names, values, strict=True)) for values in every]


def conv(filters: int, f: int, stride: int = 1):
    return keras.layers.Conv2D(filters, f, stride, padding="same", use_bias=False)


def norm(gamma: str = "ones"):
    return keras.layers.BatchNormalization(gamma_initializer=gamma)


def zeros_behind(x, channels: int):
    filler = np.zeros((*x.shape[:-1], channels - x.shape[-1]), "float32")  # refuses less than none
    return keras.ops.concatenate([x, filler], axis=-1)


def block(x, filters, kind, stride, shortcut, last_gamma="ones"):
    """Run the block in Keras: (shape, weights, batch norm) by step, the output, what failed."""
    rows = []

    def put(tensor, layer):
        out = layer(tensor)
        count = sum(int(np.prod(w.shape)) for w in getattr(layer, "trainable_weights", []))
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        rows.append((list(out.shape[1:]), 0 if is_norm else count, count if is_norm else 0))
        return out

    wide = filters if kind == "basic" else 4 * filters
    convs = {
        "basic": [(filters, 3, stride), (filters, 3, 1)],
        "bottleneck": [(filters, 1, 1), (filters, 3, stride), (wide, 1, 1)],
    }[kind]
    z = x
    for k, f, s in convs[:-1]:
        z = put(put(put(z, conv(k, f, s)), norm()), keras.layers.ReLU())
    z = put(put(z, conv(*convs[-1])), norm(last_gamma))
    if shortcut == "none":
        return rows, put(z, keras.layers.ReLU()), None
    if shortcut == "identity":
        short = put(x, keras.layers.Identity())
    elif shortcut == "projection":
        short = put(put(x, conv(wide, 1, stride)), norm())
    else:
        short = put(x, lambda x: x[:, ::stride, ::stride])
        try:
            short = put(short, lambda x: zeros_behind(x, wide))
        except ValueError:
            return rows, None, "pad"
    try:
        total = keras.layers.Add()([z, short])
    except ValueError:
        return rows, None, "add"
    if not total.shape == z.shape == short.shape:  # Keras stretches sizes of 1; a block does not
        return rows, None, "add"
    rows.append((list(total.shape[1:]), 0, 0))
    return rows, put(total, keras.layers.ReLU()), None


@pytest.mark.browser
def test_every_step_has_the_shape_and_the_parameters_of_keras(run_js):
    given = settings()
    found = run_js(ResidualStepper, "steps", [[state] for state in given])
    problems = []
    for state, steps in zip(given, found, strict=True):
        x = keras.ops.ones((1, *state["input_shape"]))
        rows, _, problem = block(x, *list(state.values())[1:])
        first, *steps = steps
        assert first["shape"] == list(state["input_shape"]), state
        assert steps[-1]["problem"] == problem, state
        problems.append(problem)
        assert not any(step["problem"] for step in steps[:-1])
        if problem:
            assert steps.pop()["shape"] is None
        else:
            assert steps.pop()["shape"] == list(state["input_shape"])  # of the gradient
        ours = [(step["shape"], step["weights"], step["bn"]) for step in steps]
        assert ours == rows, state
    assert problems.count("add") > 50 and problems.count("pad") > 20 and problems.count(None) > 100


@pytest.mark.browser
def test_a_size_of_1_is_not_stretched(run_js):
    """Keras' Add would make 2 × 1 × 4 of 1 × 1 × 4; the figure says that it does not fit."""
    state = {"input_shape": [2, 1, 4], "filters": 4, "kind": "basic", "stride": 2}
    total = keras.layers.Add()([np.ones((1, 1, 1, 4)), np.ones((1, 2, 1, 4))])
    assert total.shape == (1, 2, 1, 4)
    steps = run_js(ResidualStepper, "steps", [[state | {"shortcut": "identity"}]])[0]
    assert (steps[-1]["from"], steps[-1]["short"]) == ([1, 1, 4], [2, 1, 4])
    assert steps[-1]["problem"] == "add"


@pytest.mark.parametrize("shortcut", SHORTCUTS)
@pytest.mark.parametrize("kind, filters", [("basic", 6), ("bottleneck", 3)])
def test_what_the_figure_says_of_a_start_with_gamma_0(kind, filters, shortcut):
    """The block is ReLU of its short cut, and the layers send no gradient to the input."""
    import tensorflow as tf

    keras.utils.set_random_seed(3)
    channels = 6 if kind == "basic" else 12
    a = np.maximum(np.random.default_rng(4).normal(size=(2, 5, 7, channels)), 0)
    x = tf.constant(a, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        _, out, _ = block(x, filters, kind, 1, shortcut, last_gamma="zeros")
    gradient = tape.gradient(out, x).numpy()
    if shortcut in ("identity", "pad"):
        np.testing.assert_allclose(out, a, atol=1e-6)
        np.testing.assert_allclose(gradient, a > 0)  # factor 1 wherever the ReLU is open
    elif shortcut == "none":
        assert not np.any(out) and not np.any(gradient)
    else:
        assert np.any(out) and not np.allclose(gradient, a > 0)


def test_the_module_stays_small():
    assert len(ResidualStepper._esm.encode()) < LIMIT


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"input_shape": (56, 56)}, "input_shape is (56, 56); expected three numbers"),
        ({"input_shape": (56, 0, 64)}, "input_shape[1] is 0"),
        ({"filters": 0}, "filters is 0; expected a whole number from 1 to 2048"),
        ({"filters": 2.5}, "filters is 2.5"),
        ({"kind": "wide"}, "kind is 'wide'; expected 'basic' or 'bottleneck'"),
        ({"stride": 3}, "stride is 3; expected a whole number from 1 to 2"),
        ({"shortcut": "zeros"}, "shortcut is 'zeros'; expected 'identity' or 'projection'"),
    ],
)
def test_a_wrong_argument_is_named(arguments, words):
    with pytest.raises(ValueError) as caught:
        ResidualStepper(**arguments)
    assert words in str(caught.value)


def said(page) -> str:
    return page.get_by_role("status").inner_text().replace("\xa0", " ")


def wait(page, start: str) -> str:
    """Wait until the status line begins so, and return all of it."""
    page.locator(".cl-status").filter(has_text=start).wait_for()
    assert said(page).startswith(start)
    return said(page)


def drawn(page) -> list[str]:
    """The shapes that stand in the drawing."""
    texts = page.locator(".res-shape").all_text_contents()
    return [text.replace("\xa0", " ") for text in texts]


@pytest.mark.browser
def test_the_walk_goes_layer_by_layer_and_back(show):
    page = show(ResidualStepper((9, 14, 8), 8))
    step = page.get_by_role("button", name="Step")
    walk = [
        ("both paths", "a[l]", "The input a[l] is 9 × 14 × 8. It takes two ways"),
        ("main path", "Conv 3 × 3, stride 1", "3·3·8·8 = 576; no bias"),
        ("main path", "Batch norm → z[l+1]", "2·8 = 16 numbers. The result is z[l+1]."),
        ("main path", "ReLU → a[l+1]", "a[l+1] = max(0, z[l+1])"),
        ("main path", "8 → 8 channels", "makes 9 × 14 × 8 into 9 × 14 × 8."),
        ("main path", "Batch norm → z[l+2]", "The result is z[l+2]."),
        ("short cut", "identity", "carries a[l] past the layers as it is, 9 × 14 × 8. No param"),
        ("both paths", "+", "added element by element, z[l+2] + a[l]. The sum is 9 × 14"),
        ("both paths", "a[l+2]", "ReLU, after the addition: a[l+2] = max(0, z[l+2] + a[l])"),
    ]
    for number, (path, now, words) in enumerate(walk, start=1):
        assert words in wait(page, f"Step {number} of 10, {path}.")
        assert now in page.locator(".res-now text").all_text_contents()
        step.click()
    text = wait(page, "Step 10 of 10, both paths.")
    assert "by two ways: through the layers, and through the short cut with factor 1" in text
    assert page.locator(".res-now").count() == 0
    assert step.get_attribute("aria-disabled") == "true"
    assert page.locator(".res-backward").count() == 1
    assert "So far: 1,152 weights and 32 batch norm numbers." in page.inner_text(".res-text")
    page.get_by_role("button", name="Back").click()
    wait(page, "Step 9 of 10")
    page.get_by_role("button", name="Start over").click()
    wait(page, "Step 1 of 10")
    assert drawn(page) == ["9 × 14 × 8"]
    page.get_by_role("button", name="All").click()
    wait(page, "Step 10 of 10")
    assert drawn(page) == ["9 × 14 × 8"] * 6


@pytest.mark.browser
def test_the_break_and_each_mend_by_click(show):
    page = show(ResidualStepper((56, 56, 64), 128, stride=2))
    page.get_by_role("button", name="All").click()
    text = wait(page, "Step 8 of 8, both paths. Cannot be added: 28 × 28 × 128 and 56 × 56 × 64.")
    assert "They differ: height 28 ≠ 56, width 28 ≠ 56, channels 128 ≠ 64." in text
    assert "The stride shrank the main path only. The walk stops here." in text
    assert page.get_by_role("button", name="Step").get_attribute("aria-disabled") == "true"
    assert drawn(page)[-2:] == ["28 × 28 × 128", "56 × 56 × 64"]
    assert page.locator(".res-shape.res-wrong").count() == 2
    page.get_by_role("button", name="Projection: 8,192 + 256 parameters").click()
    text = wait(page, "Step 7 of 11, short cut. A convolution 1 × 1 with stride 2")
    assert "⌈56/2⌉ = 28, ⌈56/2⌉ = 28. Weights: 1·1·64·128 = 8,192" in text
    assert page.get_by_role("combobox", name="Short cut").input_value() == "projection"
    assert not page.locator(".res-mends").is_visible()
    page.keyboard.press("Enter")  # the focus is on Step
    assert "2·128 = 256" in wait(page, "Step 8 of 11, short cut.")
    page.keyboard.press("Enter")
    assert "z[l+2] + W a[l]. The sum is 28 × 28 × 128" in wait(page, "Step 9 of 11")
    page.get_by_role("button", name="All").click()
    assert "so not with factor 1" in wait(page, "Step 11 of 11")

    page.get_by_role("combobox", name="Short cut").select_option("identity")
    wait(page, "Step 7 of 8")
    page.get_by_role("button", name="Step").click()
    page.get_by_role("button", name="Zero padding: 0 parameters").click()
    assert "56 × 56 × 64 becomes 28 × 28 × 64. No parameters." in wait(page, "Step 7 of 11")
    page.keyboard.press("Enter")
    assert "64 channels of zeros are put behind the 64" in wait(page, "Step 8 of 11")
    page.keyboard.press("Enter")
    wait(page, "Step 9 of 11, both paths. Both are 28 × 28 × 128")


@pytest.mark.browser
def test_the_break_and_its_mend_by_keyboard(show):
    page = show(ResidualStepper((5, 8, 64), 64, kind="bottleneck"))
    page.get_by_role("button", name="Step").focus()
    for key, start in [
        ("ArrowRight", "Step 2 of 11"),
        ("ArrowDown", "Step 3 of 11"),
        ("ArrowLeft", "Step 2 of 11"),
        ("Home", "Step 1 of 11"),
        ("End", "Step 11 of 11, both paths. Cannot be added: 5 × 8 × 256 and 5 × 8 × 64."),
    ]:
        page.keyboard.press(key)
        text = wait(page, start)
    assert "They differ: channels 256 ≠ 64." in text
    assert "stride" not in text
    for name in ("All", "Start over", "Projection: 16,384 + 512 parameters"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == name
    page.keyboard.press("Space")
    wait(page, "Step 10 of 14, short cut.")
    assert page.evaluate("document.activeElement.textContent") == "Step"


@pytest.mark.browser
def test_padding_cannot_take_channels_away(show):
    page = show(ResidualStepper((6, 9, 64), 32, shortcut="pad"))
    page.get_by_role("button", name="All").click()
    text = wait(page, "Step 8 of 8, short cut. Zero padding cannot work here")
    assert "the short cut has 64 channels, the main path only 32" in text
    mends = page.locator(".res-mends button:visible")
    assert mends.all_inner_texts() == ["Projection: 2,048 + 64 parameters"]
    page.get_by_role("combobox", name="Short cut").select_option("identity")
    page.get_by_role("button", name="All").click()
    assert "Zero padding cannot take channels away." in wait(page, "Step 8 of 8, both paths.")
    assert mends.all_inner_texts() == ["Projection: 2,048 + 64 parameters"]
    mends.click()
    page.get_by_role("button", name="All").click()
    wait(page, "Step 11 of 11")


@pytest.mark.browser
def test_a_start_with_gamma_0_and_a_plain_net(show):
    page = show(ResidualStepper((6, 9, 4), 4))
    page.get_by_label("Start with γ = 0").check()
    page.get_by_role("button", name="All").click()
    assert "the part through the layers is 0" in wait(page, "Step 10 of 10")
    back = page.get_by_role("button", name="Back")
    for number, words in [
        (9, "At the start this is ReLU(a[l]). Since a[l] comes from a ReLU, that is a[l] itself"),
        (8, "z[l+2] = 0 at the start: the sum is a[l] itself."),
        (7, "The identity"),
        (6, "so at the start z[l+2] = 0 everywhere."),
    ]:
        back.click()
        assert words in wait(page, f"Step {number} of 10")
    page.get_by_role("combobox", name="Short cut").select_option("none")
    wait(page, "Step 6 of 8, the only path.")
    page.get_by_role("button", name="Step").click()
    assert "Nothing of a[l] comes past the layers. With γ = 0 all of it is 0" in wait(
        page, "Step 7"
    )
    page.get_by_role("button", name="Step").click()
    assert "by one way only, through the layers" in wait(page, "Step 8 of 8")
    assert page.locator(".res-box circle").count() == 0


@pytest.mark.browser
def test_controls_change_the_block_and_the_drawing_is_pressed(show):
    page = show(ResidualStepper())
    page.get_by_role("combobox", name="Stride").select_option("2")
    page.get_by_role("textbox", name="Height").fill("57")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Width").fill("40")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Channels").press("ArrowDown")
    page.get_by_role("button", name="Filters F: more").click()
    page.get_by_text("Conv 3 × 3, stride 2", exact=True).click()
    text = wait(page, "Step 2 of 8")
    assert "makes 57 × 40 × 63 into 29 × 20 × 65. ⌈57/2⌉ = 29, ⌈40/2⌉ = 20." in text
    assert drawn(page) == ["57 × 40 × 63"]
    page.get_by_role("combobox", name="Block").select_option("bottleneck")
    wait(page, "Step 1 of 11")
    page.get_by_text("Show as table").click()
    cells = page.locator(".cl-tables tbody tr").nth(4).locator("th, td").all_inner_texts()
    assert [cell.replace("\xa0", " ") for cell in cells] == [
        "5",
        "main path",
        "Conv 3 × 3, stride 2 65 → 65 channels",
        "29 × 20 × 65",
        "38,025",
        "0",
    ]
    last = page.locator(".cl-tables tbody tr").last.locator("td").all_inner_texts()
    assert last[1:3] == ["z[l+3] + a[l]", "does not fit"]


@pytest.mark.browser
def test_the_drawing_has_words_to_read_instead(show):
    figure = ResidualStepper((4, 6, 2), 2)
    figure.position = 2
    page = show(figure)
    name = page.get_by_role("img").get_attribute("aria-label").replace("\xa0", " ")
    assert name == (
        "Drawing of the block. both paths, a[l]: 4 × 6 × 2; main path, Conv 3 × 3, stride 1 "
        "2 → 2 channels: 4 × 6 × 2; main path, Batch norm → z[l+1]: 4 × 6 × 2. Now: step 3."
    )


CROWDED = """() => {
  const picture = document.querySelector(".res-picture");
  const place = (el) => [el, el.getBoundingClientRect()];
  const all = picture.getBoundingClientRect();
  const texts = [...picture.querySelectorAll("text")].map(place);
  const boxes = [...picture.querySelectorAll("rect, circle")].map(place);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 &&
    a.top < b.bottom - 3 && b.top < a.bottom - 3;
  const inside = (a, b) => a.left >= b.left && a.right <= b.right;
  const own = (el, box) => box.parentNode === el.parentNode;
  return texts.flatMap(([el, a], i) => [
    !inside(a, all) && "leaves the drawing",
    ...texts.slice(i + 1).map(([other, b]) => meet(a, b) && `meets ${other.textContent}`),
    ...boxes.map(([box, b]) => !own(el, box) && meet(a, b) && "meets a box"),
    ...boxes.map(([box, b]) => own(el, box) && !inside(a, b) && "leaves its box"),
  ].filter(Boolean).map((fault) => `${el.textContent} ${fault}`));
}"""


@pytest.mark.browser
@pytest.mark.parametrize("lang, width", [("en", 1280), ("es", 390)])
@pytest.mark.parametrize("shortcut", SHORTCUTS)
@pytest.mark.parametrize(
    "shape, filters, kind",
    [((56, 40, 64), 32, "basic"), ((4096, 4095, 4096), 2048, "bottleneck")],
)
def test_nothing_in_the_drawing_overlaps(show, shape, filters, kind, shortcut, lang, width):
    figure = ResidualStepper(shape, filters, kind=kind, stride=2, shortcut=shortcut)
    page = show(figure, lang=lang, width=width)
    step = page.get_by_role("button", name="Avanzar" if lang == "es" else "Step")
    while True:
        assert page.evaluate(CROWDED) == []
        if step.get_attribute("aria-disabled") == "true":
            break
        now = page.locator(".res-picture").get_attribute("aria-label")
        step.click()
        page.wait_for_function(
            "(old) => document.querySelector('.res-picture').ariaLabel !== old", arg=now
        )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.browser
@pytest.mark.parametrize("lang, dark, width", [("es", True, 390), ("en", False, 1280)])
@pytest.mark.parametrize("shortcut", ["identity", "pad", "projection"])
def test_every_state_is_accessible(show, axe, shortcut, lang, dark, width):
    broken = ResidualStepper((9, 14, 64), 32, stride=2, shortcut=shortcut)
    broken.position = 99
    page = show(broken, lang=lang, dark=dark, width=width)
    axe(page)
    words = {"identity": "No se pueden sumar: 5 × 7 × 32 y 9 × 14 × 64.", "pad": "no sirve aquí"}
    if lang == "es":
        assert words.get(shortcut, "Hacia atrás") in said(page)
