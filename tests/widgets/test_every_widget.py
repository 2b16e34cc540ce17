"""What holds for every interactive figure, whatever it shows."""

import json
import re

import pytest
from figures import make
from ipywidgets.widgets.widget import _remove_buffers

from cnnlab import widgets
from cnnlab.widgets.frame import LIMIT

NAMES = widgets.__all__
NAMESPACES = {"http://www.w3.org/2000/svg"}  # a name in the language of SVG; nothing is fetched
NOTHING_MOVES = """() => document.getAnimations().length === 0 &&
  [...document.querySelectorAll('.cnnlab, .cnnlab *')].every(
    (el) => getComputedStyle(el).transitionDuration.split(', ').every((time) => time === '0s'))"""

# What the book's theme says of pictures, as strong as it says it.
PAPER = (
    "html[data-theme][data-theme][data-theme] body main img { padding: 8px; background: #ced6dd }"
)

FOCUSABLE = """() => [...document.querySelectorAll(".cnnlab *")].filter((el) => {
  if (el.tabIndex < 0 || !el.checkVisibility() || el.closest("[inert]")) return false;
  return !el.matches("input[type=radio]:not(:checked)");
}).length"""

every_widget = pytest.mark.parametrize("name", NAMES)


@every_widget
def test_the_script_is_small_and_asks_nobody(name):
    figure = getattr(widgets, name)
    assert len(figure._esm.encode()) < LIMIT
    assert set(re.findall(r"\w+://[^\s\"'`)]*", figure._esm + figure._css)) <= NAMESPACES
    assert not re.search(r"\b(import|fetch|XMLHttpRequest|WebSocket)\b\s*[({'\"]", figure._esm)


@every_widget
def test_the_state_is_json(name):
    state, _, buffers = _remove_buffers(make(name).get_state())
    assert buffers == []
    own = {key: value for key, value in state.items() if not key.startswith("_")}
    assert json.loads(json.dumps(own)) == own


@pytest.mark.browser
@every_widget
@pytest.mark.parametrize(
    "width, dark, lang", [(1280, False, "en"), (1280, True, "en"), (390, True, "es")]
)
def test_it_is_accessible_and_fits(name, show, axe, width, dark, lang):
    page = show(make(name), width=width, dark=dark, lang=lang)
    for folded in page.locator(".cnnlab summary").all():
        folded.click()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".cnnlab").get_attribute("lang") == lang
    ground = page.locator(".cnnlab").evaluate("el => getComputedStyle(el).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 150) == dark


@pytest.mark.browser
@every_widget
def test_tab_goes_through_all_of_it_and_out_again(name, show):
    """What each key does there, the figure's own tests say."""
    page = show(make(name))
    number = page.evaluate(FOCUSABLE)
    assert number > 1  # more than the table to read
    page.evaluate("window.reached = new Set()")
    outside = 0
    for _ in range(number + 1):
        page.keyboard.press("Tab")
        inside = page.evaluate("document.activeElement.closest('.cnnlab') !== null")
        outside += not inside
        page.evaluate("window.reached.add(document.activeElement)")
    assert page.evaluate("window.reached.size") > number - 1  # of several radios, one is reached
    assert outside


@pytest.mark.browser
@every_widget
def test_there_is_a_table_to_read_instead(name, show):
    page = show(make(name))
    table = page.locator(".cl-tables table").first
    assert not table.is_visible()
    page.get_by_text("Show as table").click()
    assert table.locator("caption").inner_text()
    assert table.locator("thead th[scope=col]").count() > 1
    assert table.locator("tbody th[scope=row]").count() == table.locator("tbody tr").count() > 0


@pytest.mark.browser
@every_widget
def test_nothing_moves_for_those_who_ask_for_it(name, show):
    page = show(make(name), reduced_motion="reduce")
    for button in page.get_by_role("button", name=re.compile("^(Step|.*more)$")).all()[:1]:
        button.click()
    assert page.evaluate(NOTHING_MOVES)


STEPPERS = {
    *("ConvolutionStepper", "VolumeStepper", "PoolingStepper", "ResidualStepper", "NMSStepper"),
    *("SlidingWindow", "TransposedConvolutionStepper", "StylePlayer", "EmbeddingExplorer"),
}
SEEN_WHOLE = """([of, place]) => {
  const stage = document.querySelector(".cl-stage").getBoundingClientRect();
  scrollTo(0, scrollY + stage.top + place * Math.max(0, stage.height - innerHeight));
  return [...document.querySelectorAll(of)].filter((el) => el.checkVisibility()).every((el) => {
    const { top, bottom, left } = el.getBoundingClientRect();
    const middle = document.elementFromPoint(left + 3, (top + bottom) / 2);
    return top >= 0 && bottom <= innerHeight && (el === middle || el.contains(middle));
  });
}"""


@pytest.mark.browser
@every_widget
def test_buttons_and_what_they_bring_stay_in_view(name, show):
    """On a phone the figure is taller than the screen: cause and effect are seen together."""
    page = show(make(name), width=390, height=700)
    assert (page.locator(".cl-dock").count() == 1) == (name in STEPPERS)
    if name in STEPPERS:
        assert page.locator(".cl-dock").bounding_box()["height"] < 250
        for place in (0, 0.5, 1):
            assert page.evaluate(SEEN_WHOLE, [".cl-dock button, .cl-dock .cl-status", place])


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_they_live_together_in_one_page(show, scheme):
    """All of them twice: unique ids, and a step in one figure changes no other."""
    page = show(*map(make, NAMES * 2), scheme=scheme)
    figures = page.locator(".cnnlab")
    figures.nth(len(NAMES) * 2 - 1).wait_for()
    ids = page.locator("[id]").evaluate_all("all => all.map((el) => el.id)")
    assert len(ids) == len(set(ids))
    before = figures.locator(".cl-status").all_inner_texts()
    figures.nth(0).get_by_role("button", name="Step").click()
    after = figures.locator(".cl-status").all_inner_texts()
    assert [i for i in range(len(NAMES) * 2) if before[i] != after[i]] == [0]


@pytest.mark.browser
@every_widget
def test_a_dark_page_puts_no_paper_around_its_pictures(name, show):
    page = show(make(name), dark=True)
    page.add_style_tag(content=PAPER)
    paddings = "els => els.map((el) => getComputedStyle(el).padding)"
    assert set(page.locator(".cnnlab img").evaluate_all(paddings)) <= {"0px"}
