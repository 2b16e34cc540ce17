"""The check in the notebook: three tiers, the named mistake, points that are kept."""

import gettext
import json

import numpy as np
import pytest
from toy_exercise import QUESTIONS

import cnnlab
from cnnlab.grading import texts
from cnnlab.grading.answers import check as check_module
from cnnlab.grading.answers import progress
from cnnlab.grading.answers.asking import explained


@pytest.fixture(autouse=True)
def toy_room(monkeypatch, tmp_path):
    """The small exercise in the place of the course's, in an empty folder."""
    known = {one.id: one for one in QUESTIONS}
    monkeypatch.setattr(check_module, "question", known.__getitem__)
    monkeypatch.setattr(check_module, "questions", lambda room: known)
    monkeypatch.setattr(check_module, "version", lambda room: 1)
    monkeypatch.chdir(tmp_path)


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


def broken(X, factor):
    return X / factor[0]


def test_an_error_is_shown_with_the_line_it_comes_from(capsys):
    text = said(capsys, "scaled", broken)
    assert "TypeError" in text and "in broken, line" in text and "return X / factor[0]" in text


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
