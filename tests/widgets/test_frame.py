"""The frame of the interactive figures: what all of them share."""

import json

import numpy as np
import pytest
from figures import make

from cnnlab import widgets
from cnnlab.widgets import ConvolutionStepper, PoolingStepper
from cnnlab.widgets.frame import LIMIT, Figure, Flag, Matrix, Threshold, Whole

RENDER = """async ([source, state]) => {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  const listeners = new Set();
  let sets = 0;
  const model = {
    get: (key) => state[key],
    set: (key, value) => { sets += 1; state[key] = value; },
    save_changes: () => {},
    on: (name, callback) => listeners.add(callback),
    off: (name, callback) => listeners.delete(callback),
  };
  const el = document.createElement("div");
  document.body.append(el);
  const remove = widget.render({ model, el });
  [...el.querySelectorAll("button")].find((b) => b.textContent === "Play").click();
  const before = listeners.size;
  remove();
  sets = 0;
  await new Promise((next) => setTimeout(next, 1100));
  return { before, after: listeners.size, sets, left: el.childElementCount };
}"""


class Values(Figure):
    """Traits only, nothing to draw."""

    image = Matrix(named={"small": [[1, 2, 3]]}, most=4)
    stride = Whole(1, at_least=1, at_most=3)
    on = Flag()
    share = Threshold(0.5)


@pytest.mark.parametrize("name", widgets.__all__)
def test_each_module_is_small_and_its_state_is_json(name):
    figure = make(name)
    state = figure.get_state()
    assert len(state["_esm"].encode()) < LIMIT
    assert json.loads(json.dumps(state)).keys() == state.keys()  # no bytes, no arrays
    assert "import " not in state["_esm"] and "https:" not in state["_esm"]


def test_arrays_and_names_become_lists_of_plain_numbers():
    values = Values(image=np.array([[1.0, 2.5], [-3.0, 0.0]]), stride=np.int64(2), on=np.True_)
    assert values.image == [[1, 2.5], [-3, 0]]
    assert [type(v) for v in values.image[0]] == [int, float]
    assert (values.stride, values.on) == (2, True)
    values.image = "small"
    assert values.image == [[1, 2, 3]]


@pytest.mark.parametrize(
    "trait, value, words",
    [
        ("image", "large", "image is 'large'; expected one of 'small'"),
        ("image", [[1], [1, 2]], "rows of the same length"),
        ("image", [1, 2], "2-D"),
        ("image", [[]], "2-D"),
        ("image", [["a"]], "image is"),
        ("image", None, "image is"),
        ("image", [[1, float("nan")]], "NaN"),
        ("image", np.zeros((2, 5)), r"image has shape \(2, 5\); expected at most 4 × 4"),
        ("stride", 0, "stride is 0; expected a whole number from 1 to 3"),
        ("stride", 1.5, "stride is 1.5"),
        ("stride", True, "stride is True"),
        ("on", 1, "on is 1; expected True or False"),
        ("share", 1.01, "share is 1.01; expected a number from 0 to 1"),
        ("share", float("nan"), "share is nan"),
        ("share", "0.5", "share is '0.5'"),
    ],
)
def test_a_wrong_value_is_named_and_the_old_one_stays(trait, value, words):
    values = Values(image=[[7]], stride=1)
    with pytest.raises(ValueError, match=words):
        setattr(values, trait, value)
    assert (values.image, values.stride, values.on, values.share) == ([[7]], 1, False, 0.5)
    with pytest.raises(ValueError, match=words):
        Values(**{trait: value})


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Nothing"):
        _ = widgets.Nothing


@pytest.mark.browser
def test_numbers_are_written_alike(run_js):
    cases = [[1.005], [-2.5], [-0.0001], [0], [1234.5], [0.0625], [-1 / 3], [1e-9]]
    shown = ["1.01", "−2.5", "0", "0", "1,234.5", "0.063", "−0.33", "0"]
    assert run_js(ConvolutionStepper, "format", cases) == shown
    assert run_js(ConvolutionStepper, "factor", [[2], [-2]]) == ["2", "(−2)"]


@pytest.mark.browser
@pytest.mark.parametrize(
    "text, matrix, problem",
    [
        ("1 2\n3 4", [[1, 2], [3, 4]], None),
        ("\n 1, 0;−1\t2 \r\n\n.5 1/4 -1e1 +3\n", [[1, 0, -1, 2], [0.5, 0.25, -10, 3]], None),
        ("1,0,−1\n2,3,4,", [[1, 0, -1], [2, 3, 4]], None),
        ("0,5 1\n1 0", None, "comma"),
        ("−,5", None, "comma"),
        ("1,2\n3,4", None, "comma"),
        ("", None, "noNumbers"),
        ("1 2\n3", None, "ragged"),
        ("1 x", None, "badNumber"),
        ("1/0", None, "badNumber"),
        ("1/2/3", None, "badNumber"),
        ("Infinity", None, "badNumber"),
        ("0x10", None, "badNumber"),
        ("1 " * 17, None, "tooBig"),
    ],
)
def test_typed_numbers_are_read_or_explained(run_js, text, matrix, problem):
    (found,) = run_js(ConvolutionStepper, "parseMatrix", [[text]])
    assert found.get("matrix") == matrix
    assert found.get("problem") == problem


@pytest.mark.browser
def test_removing_a_view_stops_its_timer_and_its_listeners(show):
    figure = ConvolutionStepper()
    state = {key: v for key, v in figure.get_state().items() if key[0] != "_" and key != "layout"}
    found = show(figure).evaluate(RENDER, [figure.get_state()["_esm"], state])
    assert found == {"before": 1, "after": 0, "sets": 0, "left": 0}


@pytest.mark.browser
def test_ids_are_unique_across_figures_of_every_kind(show):
    page = show(ConvolutionStepper(), ConvolutionStepper(), PoolingStepper())
    page.locator(".cnnlab").nth(2).wait_for()
    ids = page.evaluate("[...document.querySelectorAll('.cnnlab [id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)) > 10


THEMES = {
    "the book's theme": ("html", "data-theme", "dark", "light"),
    "JupyterLab": ("body", "data-jp-theme-light", "false", "true"),
    "Colab": ("html", "theme", "dark", "light"),
}


@pytest.mark.browser
@pytest.mark.parametrize("place", THEMES)
@pytest.mark.parametrize("system_dark", [False, True])
def test_colours_follow_the_page_then_the_system(show, place, system_dark):
    page = show(ConvolutionStepper(), dark=system_dark)
    where, attribute, dark, light = THEMES[place]
    page.evaluate("document.documentElement.removeAttribute('data-theme')")
    ground = "getComputedStyle(document.querySelector('.cnnlab')).backgroundColor"
    black, white = "rgb(20, 24, 30)", "rgb(255, 255, 255)"
    assert page.evaluate(ground) == (black if system_dark else white)
    for value, expected in {dark: black, light: white}.items():
        page.evaluate(f"document.querySelector('{where}').setAttribute('{attribute}', '{value}')")
        assert page.evaluate(ground) == expected


@pytest.mark.browser
def test_a_number_box_answers_to_keys_and_refuses_words(show):
    page = show(ConvolutionStepper())
    stride = page.get_by_role("textbox", name="Stride")
    stride.press("ArrowUp")
    assert stride.input_value() == "2"
    page.get_by_role("button", name="Stride: less").click()
    assert stride.input_value() == "1"
    for wrong in ("0", "two", "1.5", "99", ""):
        stride.fill(wrong)
        stride.press("Tab")
        assert (
            page.get_by_role("alert").inner_text().startswith(f"Stride: “{wrong}” is not a whole")
        )
        assert stride.input_value() == "1"
    stride.fill("3")
    stride.press("Tab")
    assert page.get_by_role("alert").count() == 0
    assert stride.input_value() == "3"


@pytest.mark.parametrize("name", widgets.HOMES)
def test_where_a_figure_cannot_be_drawn_stands_a_sentence(name):
    """ipywidgets 7 and 8 and anywidget give it as text, and cut it after 110 characters."""
    text = repr(make(name))
    assert text.startswith(f"{name}, an interactive figure: run its cell in Colab or JupyterLab")
    assert len(text) <= 110
