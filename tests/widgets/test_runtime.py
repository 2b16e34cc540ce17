"""anywidget-lite.js: anywidgets alive in a page that no kernel stands behind."""

import json

import anywidget
import ipywidgets
import pytest
import traitlets

pytestmark = pytest.mark.browser

COUNT = """
let started = 0;
export default {
  initialize({ model }) {
    started += 1;
    model.set("started", started);
  },
  render({ model, el }) {
    const button = document.createElement("button");
    const say = () => { button.textContent = `${model.get("count")} of ${model.get("started")}`; };
    button.onclick = () => {
      model.set("count", model.get("count") + 1);
      model.save_changes();
    };
    model.on("change:count", say);
    say();
    el.append(button);
  },
};
"""

# Writes down every call that its listeners get, then exercises the model as the AFM describes it.
PROBE = """
export default async () => ({
  render({ model, el, signal, experimental }) {
    const log = [];
    const note = (name) => (m, value) => log.push([name, m === model, value ?? null]);
    const count = note("count");
    model.on("change:count", count);
    model.on("change:count change:grid", note("either"));
    model.on("change", note("any"));
    model.set("count", 5);
    model.set("count", 5);
    model.set({ count: 6, grid: [[1, 2]] });
    model.set("grid", [[1, 2]]);
    model.off("change:count", count);
    model.set("count", 7);
    model.off("change:count");
    model.set("count", 8);
    model.off();
    model.set("count", 9);
    model.save_changes();
    model.send({ hello: 1 });
    const invoke = typeof experimental.invoke;
    el.append(document.createElement("p"));
    el.firstChild.textContent = JSON.stringify([log, model.get("count"), signal.aborted, invoke]);
  },
});
"""


class Count(anywidget.AnyWidget):
    _esm = COUNT
    _css = "button { letter-spacing: 3px }"
    count = traitlets.Int(0).tag(sync=True)
    started = traitlets.Int(0).tag(sync=True)


class Probe(anywidget.AnyWidget):
    _esm = PROBE
    count = traitlets.Int(0).tag(sync=True)
    grid = traitlets.List([]).tag(sync=True)


def broken(source: str) -> anywidget.AnyWidget:
    return type("Broken", (anywidget.AnyWidget,), {"_esm": source})()


BROKEN = {
    "render": "export default { render() { throw new Error('no') } }",
    "late": "export default { async render({ el }) { el.append('half'); await null; throw 1 } }",
    "initialize": "export default { initialize() { throw new Error('no') }, render() {} }",
    "syntax": "export default {",
    "nothing": "export const other = 1;",
}


def test_a_model_behaves_as_in_jupyter(show):
    page = show(Probe())
    log, count, aborted, invoke = json.loads(page.locator(".anywidget-lite").inner_text())
    assert log == [
        ["count", True, 5],
        ["either", True, 5],
        ["any", True, None],
        ["count", True, 6],
        ["either", True, 6],
        ["either", True, [[1, 2]]],
        ["any", True, None],
        ["either", True, 7],
        ["any", True, None],
        ["any", True, None],
    ]
    assert (count, aborted, invoke) == (9, False, "function")


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_two_views_stay_in_step_and_two_widgets_apart(show, scheme):
    one, other = Count(count=3), Count(count=40)
    page = show(one, other, one, scheme=scheme)
    buttons = page.locator("button")
    buttons.nth(2).wait_for()
    buttons.nth(0).click()
    buttons.nth(2).click()
    buttons.nth(1).click()
    assert buttons.all_inner_texts() == ["5 of 1", "41 of 2", "5 of 1"]
    assert buttons.first.evaluate("b => getComputedStyle(b).letterSpacing") == "3px"
    styles = page.locator("style").evaluate_all("all => all.map((s) => s.textContent)")
    assert styles.count(Count._css) == 1


@pytest.mark.parametrize("lang, sentence", [("en", "could not start"), ("es", "no pudo arrancar")])
@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_widget_says_so_and_stops_no_other(show, fault, lang, sentence):
    page = show(broken(BROKEN[fault]), Count(), lang=lang)
    page.locator("button").click()
    assert page.locator("button").inner_text() == "1 of 1"
    page.locator("p", has_text=sentence).wait_for()
    assert "half" not in page.locator("main").inner_text()


@pytest.mark.parametrize("lang, sentence", [("en", "live kernel"), ("es", "kernel en marcha")])
def test_a_view_that_needs_python_says_so(show, lang, sentence):
    page = show(ipywidgets.IntSlider(), Count(), lang=lang)
    page.locator("button").wait_for()
    assert sentence in page.locator(".anywidget-lite").first.inner_text()


def test_a_view_whose_state_was_not_saved_says_so(write_page, serve, open_page):
    path = write_page(Count())
    page_text = path.read_text("utf-8").replace('"state": {"', '"state": {"gone-', 1)
    path.write_text(page_text, "utf-8")
    page = open_page(serve(path.parent) + path.name)
    page.locator("p", has_text="live kernel").wait_for()


def test_the_runtime_is_small_and_names_no_host(write_page):
    source = (write_page(Count()).parent / "anywidget-lite.js").read_text("utf-8")
    assert len(source.encode()) < 12_500
    assert "://" not in source.replace("file://", "")
