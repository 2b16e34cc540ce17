"""Whatever an answer holds, comparing it takes little time and memory, and says what is wrong."""

import tracemalloc

import numpy as np
import pytest

from cnnlab.grading.answers.compare import as_array, difference_of_form


def test_one_long_text_among_many_takes_no_memory():
    """NumPy would make each of the texts as long as the longest: 2.4 GB."""
    answer = ["A" * 6000] + ["b"] * 100_000
    tracemalloc.start()
    assert as_array(answer) is None
    words = difference_of_form(answer, np.ones((2, 3)))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert words == f"Entry 1 is the text {'A' * 20!r}; expected a number."


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([1, 2, "552", 0], "Entry 3 is the text '552'; expected a number."),
        ([1, None], "Entry 2 is of type NoneType; expected a number."),
        ([1, 2, ...], "Entry 3 is of type ellipsis; expected a number."),
        ([1, [2, 3]], "a list of 2; expected 4 numbers"),
        ("right", "of type str; expected 4 numbers"),
        ([[1, 2], ["3", 4]], "a list of 2; expected 4 numbers"),
    ],
)
def test_what_is_no_number_is_pointed_at(answer, words):
    assert words in difference_of_form(answer, np.ones(4))


@pytest.mark.parametrize("number", [np.float64(0.5), np.array(0.5), np.int64(2)])
def test_one_number_is_called_that_in_the_place_of_two_results(number):
    right = (0.5, np.ones((2, 3)))
    assert difference_of_form(number, right) == "The answer is one number; expected 2 results."


def test_a_part_that_is_still_none_is_lacking():
    right = {"sizes": np.ones(3), "unet": np.ones(5)}
    assert difference_of_form({"sizes": [1, 1, 1], "unet": None}, right) == (
        "The answer lacks 'unet'."
    )


def test_rows_of_unequal_length_are_counted():
    words = difference_of_form([[1, 2], [3], (4, 5)], np.ones((3, 2)))
    assert words == (
        "The answer is a list of 3; expected numbers of shape (3, 2). Its rows are not equally"
        " long: 2, 1, 2."
    )
    assert "rows" not in difference_of_form([[1]] * 21 + [[1, 2]], np.ones((3, 2)))


def test_a_list_in_itself_is_no_array():
    answer = []
    answer.append(answer)
    assert as_array(answer) is None
