"""The check in the notebook: three tiers, the named mistake, points that are kept."""

import gettext
import json
import linecache
import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from toy_exercise import QUESTIONS

import cnnlab
from cnnlab.grading import texts
from cnnlab.grading.answers import check as check_module
from cnnlab.grading.answers import progress, watching
from cnnlab.grading.answers.asking import explained


@pytest.fixture(autouse=True)
def toy_room(monkeypatch, tmp_path):
    """The small exercise in the place of the course's, in an empty folder."""
    known = {one.id: one for one in QUESTIONS}
    monkeypatch.setattr(check_module, "question", known.__getitem__)
    monkeypatch.setattr(check_module, "questions", lambda room: known)
    monkeypatch.setattr(check_module, "version", lambda room: 1)
    monkeypatch.chdir(tmp_path)
    check_module.TRIES.clear()


def said(capsys, name, answer):
    cnnlab.check(name, answer)
    return capsys.readouterr().out


def test_a_right_answer_is_said_and_kept(capsys):
    text = said(capsys, "scaled", lambda X, factor: X * factor)
    assert "✓ scaled: right" in text
    assert "2 of 2 points for this question. So far: 2 of 10." in text
    assert "So far: 3 of 10." in said(capsys, "area", (12, 20))
    assert "So far: 3 of 10." in said(capsys, "area", (7, 9))  # the best counts
    assert progress.points("toy") == {"scaled": 2, "area": 1}


def test_a_known_mistake_has_its_hint_and_not_the_answer(capsys):
    text = said(capsys, "scaled", lambda X, factor: X.T * factor)
    assert "✗ scaled: a known mistake\nRows are rows." in text
    assert "right" not in text


def test_another_shape_is_said(capsys):
    text = said(capsys, "scaled", lambda X, factor: X[0])
    assert "The answer has shape (3,); expected (2, 3)." in text


def test_another_value_stands_beside_the_right_one(capsys):
    text = said(capsys, "scaled", lambda X, factor: np.round(X))
    assert "X: [[" in text and "yours: [[" in text and "right: [[" in text


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (None, "no answer"),
        (lambda X, factor: None, "Does your function end in `return`?"),
        (lambda X, factor: X.wrong, "AttributeError"),
        (lambda X: X, "positional argument"),
        (12, "The answer is of type int; expected a function."),
        (lambda X, factor: "text", "of type str"),
        (lambda X, factor: [[1, 2], [3]], "a list of 2"),
        (lambda X, factor: X * np.nan, "There is NaN in your answer"),
    ],
)
def test_what_is_no_answer_is_said(capsys, answer, word):
    assert word in said(capsys, "scaled", answer)
    assert progress.points("toy") == {"scaled": 0}


def asked(cases, oracle):
    return replace(QUESTIONS[1], cases=lambda rng: cases, oracle=oracle, wrong=())


def told(question, answer):
    result = check_module.verdict(question, answer)
    return result.tier, result.message


def test_of_large_arrays_the_shape_is_shown_and_the_first_difference():
    large, small = np.arange(4 * 5 * 6.0).reshape(4, 5, 6), np.zeros((1, 2, 2))
    question = asked([(small,), (10 * large,), (large,)], lambda X: X + 1)
    tier, message = told(question, lambda X: np.where(X == 7, 0, X + 1))
    assert tier == "value"
    assert message.splitlines()[1:] == [
        "X, shape (4, 5, 6): too large to be shown",
        "yours, shape (4, 5, 6): too large to be shown",
        "right, shape (4, 5, 6): too large to be shown",
        "The first that differs is [0, 1, 1]: yours 0, right 8. In all, 1 of 120 differ.",
    ]


def test_the_example_is_the_smallest_that_fails():
    cases = [(np.zeros(n),) for n in (3, 9, 5, 7)]
    message = told(asked(cases, lambda X: X), lambda X: X + (len(X) > 3))[1]
    assert "X: [0. 0. 0. 0. 0.]\n" in message


def test_several_arrays_and_results_are_shown_one_by_one():
    pair = [np.ones((2, 2)), np.zeros((1, 3))]
    question = asked([(pair, 2)], lambda Xs, n: (Xs[0], 0.1 + 0.2))
    _, message = told(question, lambda Xs, n: Xs[0])
    assert "expected 2 results" in message
    assert "Xs[1]: [[0. 0. 0.]]" in message and "right[1]: 0.3" in message
    assert "array(" not in message and "float64(" not in message


@pytest.mark.parametrize(
    ("answer", "right", "said"),
    [
        ([1.5, 2.5], 0.5, "The answer is 2 numbers; expected one number."),
        (0.5, [1.5, 2.5], "The answer is one number; expected 2 numbers."),
        ("text", 0.5, "The answer is of type str; expected one number."),
        ({1: 2}, np.zeros((2, 3)), "The answer is of type dict; expected numbers of shape (2, 3)."),
        (
            np.zeros(0),
            np.zeros((0, 3)),
            "expected (0, 3). Nothing has a shape too: that of np.zero",
        ),
    ],
)
def test_one_number_is_called_one_number(answer, right, said):
    assert said in told(asked([(1,)], lambda X: right), lambda X: answer)[1]


def test_numbers_are_shown_in_the_digits_that_tell_something():
    lines = told(asked([(0.1 + 0.2,)], lambda X: 1 / 3), lambda X: 2 / 3)[1].splitlines()
    assert lines[1:] == ["X: 0.3", "yours: 0.6667", "right: 0.3333"]
    lines = told(asked([(7411,)], lambda X: 1234567), lambda X: 1234569)[1].splitlines()
    assert lines[1:] == ["X: 7411", "yours: 1234569", "right: 1234567"]


@pytest.mark.parametrize("answer", [np.zeros((2, 3)), 12, [1, 2]])
def test_a_result_in_the_place_of_its_function_is_no_error_of_python(capsys, answer):
    text = said(capsys, "scaled", answer)
    assert "the form is not right" in text and "expected a function" in text


def test_arguments_have_the_names_that_the_function_gives_them(capsys):
    def all_in_one(*case):
        raise ValueError

    def third(X, factor, more):
        return X

    def named(rows, times=2, **options):
        raise ValueError

    for nameless in (all_in_one, third):
        text = said(capsys, "scaled", nameless)
        assert "called with argument 1 of shape (2, 3), argument 2 = 2." in text
    assert "called with rows of shape (2, 3), times = 2." in said(capsys, "scaled", named)


def test_an_error_shows_the_number_that_it_comes_from():
    def zero_pad(X, pad):
        framed = np.zeros((len(X), X.shape[1] + 2 * pad, X.shape[2] + 2 * pad, X.shape[3]))
        framed[:, pad:-pad, pad:-pad] = X
        return framed

    message = told(asked([(np.ones((3, 4, 2, 2)), 0)], lambda X, pad: X), zero_pad)[1]
    assert message.endswith("called with X of shape (3, 4, 2, 2), pad = 0.")


def test_values_that_are_no_arrays_are_shown_too():
    def broken(box, label, mode, rate, layers):
        raise ValueError

    case = (None, None, "max", 0.1 + 0.2, [np.zeros((1, 2)), np.zeros(3)])
    text = told(asked([case], lambda *_: 0), broken)[1]
    assert text.endswith("with box = None, label = None, mode = 'max', rate = 0.3.")


def test_tuples_and_lists_of_numbers_are_shown_as_they_are():
    def broken(shape, layers, many):
        raise ValueError

    case = ((4, np.int64(5), 8), [(3, 6, 1)], list(range(100)))
    text = told(asked([case], lambda *_: 0), broken)[1]
    assert text.endswith("with shape = (4, 5, 8), layers = [(3, 6, 1)], many of shape (100,).")


def test_nan_is_pointed_out_only_where_none_belongs():
    question = asked([(1,)], lambda X: (np.array([1, np.nan]), 2.0))
    assert "NaN in your" not in told(question, lambda X: np.array([[1, np.nan], [0, 0], [0, 0]]))[1]
    assert "NaN in your" not in told(question, lambda X: (np.array([3, np.nan]), 2.0))[1]
    question = asked([(1,)], lambda X: (np.array([1.0, 0.5]), 2.0))
    assert "There is NaN in your" in told(question, lambda X: (np.array([1, np.nan]), 2.0))[1]


def test_the_first_difference_has_its_place_and_enough_digits(capsys):
    def nearly(X, factor):
        Y = X * factor
        Y[1, 2] *= 1.00001
        return Y

    (line,) = (line for line in said(capsys, "scaled", nearly).splitlines() if "[1, 2]" in line)
    yours, right = re.search(r"yours (\S+), right (\S+)\.", line).groups()
    assert yours != right and float(yours) == pytest.approx(float(right), rel=2e-5)
    assert "In all, 1 of 6 differ." in line


def test_the_inputs_change_from_the_second_try_on(capsys):
    seen = []

    def looks(X, factor):
        seen.append(X)
        return X * factor

    for _ in range(3):
        said(capsys, "scaled", looks)
    first, second, third = seen[::2]  # two cases a try
    assert not np.array_equal(first, second) and not np.array_equal(second, third)
    check_module.TRIES.clear()
    said(capsys, "scaled", looks)
    assert np.array_equal(seen[6], first)


def endless(X, factor):
    while True:
        X = X + factor


def test_an_endless_loop_ends_with_a_sentence(capsys, monkeypatch):
    monkeypatch.setattr(watching, "SECONDS", 0.3)
    text = said(capsys, "scaled", endless)
    assert "It was still running after 0.3 s, and was stopped." in text
    assert "in endless, line" in text


def test_an_answer_in_time_is_not_stopped_later():
    for _ in range(20):
        with watching.ending(0.2):
            pass
    with watching.ending(30):
        assert sum(range(100_000)) > 0


def test_the_package_s_own_functions_are_no_answer(capsys):
    from cnnlab.convolution import conv2d

    def borrowed(X, factor):
        return conv2d(X, np.full((1, 1), factor))

    for answer in (conv2d, borrowed):
        text = said(capsys, "scaled", answer)
        assert "it uses what it may not use" in text
        assert "cnnlab.convolution.conv2d" in text and "write it yourself" in text
    assert "✓" in said(capsys, "scaled", lambda X, factor: X * factor)


class Odd:
    """An object of a student's own, of which little can be asked."""

    def __array__(self, *_, **__):
        raise RuntimeError("no array")

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __call__(self, *_):
        return self


def test_an_odd_object_is_told_and_breaks_nothing(capsys):
    for answer in (Odd(), lambda X, factor: Odd(), lambda X, factor: [X, Odd()]):
        text = said(capsys, "scaled", answer)
        assert "✗ scaled" in text and "RuntimeError" in text
    assert "✗ area" in said(capsys, "area", (12, Odd()))
    assert "✗ layer" in said(capsys, "layer", lambda units: Odd())
    assert "✗ model" in said(capsys, "model", Odd())


def test_the_package_s_sources_are_no_answer(capsys):
    import inspect

    from cnnlab import convolution

    def by_source(X, factor):
        names = {"np": np}
        exec(inspect.getsource(inspect.getmodule(convolution.conv2d)).partition("import")[0], names)
        return X * factor

    def by_file(X, factor):
        Path(convolution.__file__).read_text("utf-8")
        return X * factor

    linecache.clearcache()
    for answer in (by_source, by_file):
        text = said(capsys, "scaled", answer)
        assert "it uses what it may not use" in text and "uses cnnlab.convolution" in text
    Path(convolution.__file__).read_text("utf-8")  # whoever reads it elsewhere is not meant
    assert "✓" in said(capsys, "scaled", lambda X, factor: X * factor)


@pytest.mark.parametrize(
    "answer",
    [
        lambda X, factor: [[Fraction(one) * int(factor) for one in row] for row in X.tolist()],
        lambda X, factor: [[Decimal(one) * int(factor) for one in row] for row in X.tolist()],
    ],
)
def test_exact_numbers_are_numbers(capsys, answer):
    assert "✓ scaled: right" in said(capsys, "scaled", answer)


def test_name_and_answer_may_be_swapped(capsys):
    cnnlab.check((12, 20), "area")
    assert "✓ area" in capsys.readouterr().out


def test_an_entry_that_is_no_number_has_its_place(capsys):
    assert "Entry 2 is the text '20'; expected a number." in said(capsys, "area", [12, "20"])


def test_an_untouched_function_of_a_model_is_no_answer(capsys):
    def layer(units):
        """A keras.Model."""

    assert "✗ layer: no answer" in said(capsys, "layer", layer)


def test_a_layer_that_holds_code_is_refused_at_once(capsys):
    import keras

    def with_lambda(units):
        inputs = keras.Input((3,))
        x = keras.layers.Dense(units, "relu")(inputs)
        return keras.Model(inputs, keras.layers.Lambda(lambda x: x)(x))

    assert "'Lambda'" in said(capsys, "layer", with_lambda)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x)])
    text = said(capsys, "model", model)
    assert "'Lambda'" in text and "none that holds code. These may be in it: Absolute," in text


def test_a_network_may_be_a_class_or_hold_networks(capsys):
    import keras

    class Layer(keras.Model):
        def __init__(self, units):
            super().__init__()
            self.inside = keras.Sequential([keras.Sequential([keras.layers.Dense(units)])])

        def call(self, x):
            return keras.ops.relu(self.inside(x))

    def built(units):
        model = Layer(units)
        model(keras.Input((3,)))
        return model

    assert "✓ layer: right" in said(capsys, "layer", built)
    assert "Build it first" in said(capsys, "layer", Layer)


def broken(X, factor):
    return X / factor[0]


def test_an_error_is_shown_with_the_line_it_comes_from(capsys):
    text = said(capsys, "scaled", broken)
    assert "TypeError" in text and "in broken, line" in text and "return X / factor[0]" in text
    assert "called with X of shape (2, 3), factor = 2." in text


def test_what_frameworks_say_to_machines_is_left_out():
    text = "{{function_node __wrapped__Add}} Incompatible \x1b[1mshapes\x1b[0m [Op:Add]"
    assert explained(ValueError(text)) == "ValueError: Incompatible shapes"


def test_a_model_in_the_place_of_its_function_is_said(capsys):
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    assert "expected the function that builds it" in said(capsys, "layer", model)


def test_an_answer_may_write_into_its_arguments(capsys):
    def scaled(X, factor):
        X *= factor
        return X

    assert "✓" in said(capsys, "scaled", scaled)


def test_an_exercise_shows_its_questions_and_points(capsys):
    said(capsys, "area", (12, 20))
    cnnlab.exercise("toy", version=1)
    text = capsys.readouterr().out
    assert "area    an area by hand  ★    1 / 1" in text
    assert "1 / 10" in text
    cnnlab.exercise("toy", version=2)
    assert "version 2 of the exercise; the installed package has version 1" in (
        capsys.readouterr().out
    )


def test_in_a_notebook_it_is_html_with_strangers_text_escaped():
    asked = QUESTIONS[1]
    result = check_module.verdict(asked, lambda X, factor: "<script>")
    html = check_module.Feedback(asked, result)._repr_html_()
    assert "<script>" not in html and "✗ scaled" in html
    assert "<table>" in check_module.Overview("toy", 1)._repr_html_()
    two = replace(result, tier="mistake", message="In (a) rows are rows.\nIn (b) they are not.")
    html = check_module.Feedback(asked, two)._repr_html_()
    assert "<p>In (a) rows are rows.<br>In (b) they are not.</p>" in html


def test_points_survive_a_damaged_file(capsys):
    progress.FILE.write_text("{half", "utf-8")
    assert "So far: 1 of 10" in said(capsys, "area", (12, 20))
    assert json.loads(progress.FILE.read_text("utf-8")) == {"toy": {"area": 1}}


def test_points_that_cannot_be_kept_are_said(capsys):
    progress.FILE.mkdir()  # a folder is in the way
    text = said(capsys, "area", (12, 20))
    assert "1 of 1 points" in text and "The points could not be kept" in text
    assert [path.name for path in progress.FILE.parent.iterdir()] == [progress.FILE.name]


def test_a_catalogue_turns_it_into_another_language(capsys, monkeypatch, tmp_path):
    folder = tmp_path / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "cnnlab.mo").write_bytes(
        compiled({"right": "correcto", "Rows are rows.": "Las filas son filas."})
    )
    monkeypatch.setattr(texts, "LOCALE", tmp_path)
    monkeypatch.setenv("CNNLAB_LANG", "es")
    texts.catalogue.cache_clear()
    try:
        assert "✓ area: correcto" in said(capsys, "area", (12, 20))
        assert "Las filas son filas." in said(capsys, "scaled", lambda X, factor: X.T * factor)
    finally:
        texts.catalogue.cache_clear()
    assert gettext.NullTranslations().gettext("right") == "right"


def compiled(messages):
    """A catalogue as `msgfmt` writes it."""
    pairs = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **messages}.items())
    keys = [key.encode() for key, _ in pairs]
    values = [value.encode() for _, value in pairs]
    start = 28 + 16 * len(pairs)
    table, data = [], b""
    for texts_ in (keys, values):
        for text in texts_:
            table += [len(text), start + len(data)]
            data += text + b"\0"
    head = [0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 28 + 16 * len(pairs)]
    return np.array([*head, *table], "<u4").tobytes() + data
