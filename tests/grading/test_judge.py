"""The judge on honest work: right, wrong, missing, and broken."""

import pytest
from toy_exercise import RIGHT

from cnnlab.grading.answers.check import verdict
from cnnlab.grading.judge.submission import Submission


def test_right_answers_get_all_points(mark):
    verdicts, result = mark(*RIGHT)
    assert {name: verdict.tier for name, verdict in verdicts.items()} == dict.fromkeys(
        ("area", "scaled", "layer", "model"), "pass"
    ), result
    assert (result.earned, result.points) == (10, 10)
    assert result.notes == []


def test_a_known_mistake_is_named(mark):
    verdicts, _ = mark("import numpy as np", "def scaled(X, factor): return X.T * factor")
    assert verdicts["scaled"].tier == "mistake"
    assert verdicts["scaled"].mistake == "transposed"
    assert verdicts["area"].tier == "missing"


def test_a_hand_in_for_another_version_is_marked_and_that_is_said(judge):
    result = judge.mark(Submission("Ada", "ada.ipynb", "0" * 64, "toy", 2, RIGHT[:3], {}))
    assert result.notes == ["It answers version 2 of the exercise; it was marked by version 1."]
    assert result.earned == 3


BORROWED = """
def scaled(X, factor):
    from cnnlab.convolution import conv2d
    return conv2d(X, [[factor]])
"""


def test_a_room_that_is_used_is_said_as_the_check_says_it(mark):
    """And not in Python's words for a module that is not there."""
    verdicts, _ = mark("import cnnlab", BORROWED)
    assert verdicts["scaled"].tier == "forbidden"
    assert verdicts["scaled"].message == (
        "Your answer uses cnnlab.convolution. When your notebook is marked, the rooms of cnnlab"
        " cannot be imported: write it yourself."
    )
    verdicts, _ = mark("from cnnlab.detection import iou as scaled, nms")
    assert verdicts["scaled"].tier == "missing"
    assert "Code cell 1, which makes it" in verdicts["scaled"].message
    assert "the rooms of cnnlab cannot be imported" in verdicts["scaled"].message


def test_what_is_no_function_has_another_form_and_no_error(mark):
    verdicts, _ = mark("area = (12, 20)\nscaled = [1, 2]\nlayer = 3")
    for name in ("scaled", "layer"):
        assert verdicts[name].tier == "shape"
        assert "expected a function" in verdicts[name].message
    assert mark("def layer(units): return 7")[0]["layer"].tier == "shape"


def test_a_layer_that_holds_code_is_refused_in_the_words_of_the_check(mark, toy):
    code = """
import keras
def layer(units):
    x = image = keras.Input((3,))
    return keras.Model(image, keras.layers.Lambda(lambda x: x)(x))
"""
    names = {}
    exec(code, names)
    told = verdict(toy["layer"], names["layer"])
    marked = mark(code)[0]["layer"]
    assert (marked.tier, marked.message) == (told.tier, told.message)
    assert marked.tier == "shape" and "'Lambda'" in marked.message


PRECISION = {
    "float64": "keras.config.set_floatx('float64')\nkeras.config.set_dtype_policy('float64')",
    "mixed": "keras.mixed_precision.set_global_policy('mixed_float16')",
    "half": "keras.config.set_dtype_policy('bfloat16')",
}


@pytest.mark.parametrize("name", PRECISION)
def test_a_notebook_may_choose_the_precision_of_its_training(mark, name):
    setting = f"import keras\n{PRECISION[name]}"
    verdicts, result = mark(*RIGHT[:4], setting, *RIGHT[4:])
    assert result.earned == 10, verdicts
