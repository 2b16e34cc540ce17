"""A figure's state in the address: what one reader made, another one opens."""

import json
from urllib.parse import urlencode

import pytest
from figures import make

from cnnlab import widgets

pytestmark = pytest.mark.browser

SHARE = "Copy a link to this state"
PLAIN = [name for name in widgets.__all__ if make(name).shared]


@pytest.fixture
def open_at(show):
    """Show figures at an address with this after its #, and wait until they are there."""

    def open_(*figures, said: str):
        page = show(*figures)
        page.goto(f"{page.url}#{said}")
        page.reload()
        page.wait_for_function(
            "n => document.querySelectorAll('.cl-share').length === n", arg=len(figures)
        )
        return page

    return open_


def address(name: str, **state) -> str:
    """What stands after the # in a link to a figure."""
    return urlencode({"figure": name} | {key: json.dumps(value) for key, value in state.items()})


def other(limits: dict, value: object) -> object:
    """Another value within these limits."""
    if "words" in limits:
        return next(word for word in limits["words"] if word != value)
    if isinstance(value, list):
        return [other(limits, value[0]), *value[1:]]
    return limits["low"] if value != limits["low"] else limits["low"] + 1


def shared(page) -> str:
    """What stands after the # when the reader asked for a link."""
    page.get_by_role("button", name=SHARE).first.click()
    page.wait_for_function(
        "document.querySelector('.cl-share [aria-live]').textContent.startsWith('The link')"
    )
    return page.evaluate("location.hash.slice(1)")


def test_what_one_reader_made_another_one_opens(show, open_at):
    page = show(make("ConvolutionStepper"))
    page.get_by_role("button", name="Stride: more").click()
    page.get_by_label("Padding").select_option("2")
    said = shared(page)
    assert said.startswith("figure=ConvolutionStepper&") and "stride=2" in said
    again = open_at(make("ConvolutionStepper"), said=said)
    assert again.get_by_label("Stride", exact=True).input_value() == "2"
    assert again.get_by_label("Padding").input_value() == "2"
    assert again.locator(".cl-status").inner_text() == page.locator(".cl-status").inner_text()


def test_points_and_boxes_travel_too(open_at):
    page = open_at(make("IoUPlayground"), said=address("IoUPlayground", a=[0, 0, 10, 10]))
    assert shared(page) == address("IoUPlayground", a=[0, 0, 10, 10]).replace("+", "")


def test_the_second_of_a_kind_has_an_address_of_its_own(open_at):
    figures = make("ConvolutionStepper"), make("ConvolutionStepper")
    page = open_at(*figures, said=address("ConvolutionStepper.2", stride=3))
    strides = page.get_by_label("Stride", exact=True)
    assert [box.input_value() for box in strides.all()] == ["1", "3"]


@pytest.mark.parametrize("name", PLAIN)
def test_every_figure_takes_what_it_may_and_starts_in_any_case(open_at, name):
    """A value within its limits that does not go with the others, leaves the figure as it was."""
    figure = make(name)
    state = {key: other(limits, getattr(figure, key)) for key, limits in figure.shared.items()}
    page = open_at(figure, said=address(name, **state))
    assert page.locator(".cnnlab").count() == 1
    assert shared(page).startswith(f"figure={name}")


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("IoUPlayground", {"a": [5, 5, 900, 900]}),
        ("IoUPlayground", {"a": [5, 5.5, 20, 20]}),
        ("IoUPlayground", {"a": [5, 5, 20, 20, 20]}),
        ("TripletPlayground", {"anchor": [9, 9]}),
        ("TripletPlayground", {"margin": 7}),
        ("TripletPlayground", {"margin": "wide", "shared": {}, "_esm": "x"}),
        ("ConvolutionStepper", {"flip": "yes"}),
        ("ConvolutionStepper", {"image": [[1e7] * 6] * 6}),
        ("ConvolutionStepper", {"image": [[1, 2, 3], [4, 5]]}),
        # each may be, and not both
        ("ConvolutionStepper", {"image": [[1, 2], [3, 4]], "kernel": [[1] * 7] * 7}),
    ],
)
def test_what_makes_no_sense_is_ignored(show, open_at, name, state):
    expected = show(make(name)).locator(".cnnlab").inner_text()
    page = open_at(make(name), said=address(name, **state))
    assert page.locator(".cnnlab").inner_text() == expected
    assert shared(page) == f"figure={name}"


@pytest.mark.parametrize("said", ["figure=SizeCalculator&flip=true", "figure=%", "flip=true"])
def test_an_address_that_is_not_the_figures_own_is_ignored(open_at, said):
    assert shared(open_at(make("ConvolutionStepper"), said=said)) == "figure=ConvolutionStepper"
