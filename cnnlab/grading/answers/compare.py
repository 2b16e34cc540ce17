"""Comparing answers: first the form (type, length, shape), then the numbers."""

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from cnnlab.grading.question import Tolerance
from cnnlab.grading.texts import tr

DEEPEST = 32  # lists inside of lists, as NumPy's arrays have axes

LONGEST = 10_000  # entries of a list in an answer

MOST_ROWS = 20  # whose lengths are told
# NumPy 2 writes its numbers as np.float64(1.0), inside of tuples too; before it, they were numbers.
AS_NUMBERS = "1.25" if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else False


def copied(value: Any) -> Any:
    """The value with arrays of its own: a function may write into its arguments."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (tuple, list)):
        return type(value)(copied(item) for item in value)
    return value


def size(value: Any) -> int:
    """How many numbers an argument has, or the arguments together."""
    if isinstance(value, (tuple, list)):
        return sum(map(size, value))
    return int(np.size(value))


def plain(value: Any, levels: int = 4) -> Any:
    """The value with fractions as floats: they are right, and no array holds them as numbers.

    What is nested deeper than that, or longer than any answer, stays as it is: it is no answer.
    """
    if isinstance(value, (tuple, list, dict)) and (levels == 0 or len(value) > LONGEST):
        return value
    if type(value) in (tuple, list):
        return type(value)(plain(item, levels - 1) for item in value)
    if type(value) is dict:
        return {key: plain(item, levels - 1) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.dtype == object:
        array = as_array(value)
        return value if array is None else array
    exact = isinstance(value, (Real, Decimal)) and not isinstance(value, (int, float, np.generic))
    return float(value) if exact else value


def as_array(value: Any) -> np.ndarray | None:
    """Numbers or truth values as an array, a tensor too; None if it is something else."""
    if value is None or isinstance(value, (str, bytes, dict)) or not _numbers_only(value):
        return None
    try:
        array = np.asarray(value)
        if array.dtype == object and all(isinstance(one, (Real, Decimal)) for one in array.flat):
            array = array.astype(float)
    except (ValueError, TypeError, ArithmeticError):  # rows of unequal length, or far too large
        return None
    return array if array.dtype.kind in "biuf" else None


def _numbers_only(value: Any, depth: int = 0) -> bool:
    """Whether no text lies in lists: NumPy would make all of them as long as the longest one."""
    if not isinstance(value, (list, tuple)):
        return not isinstance(value, (str, bytes, dict))
    return depth < DEEPEST and all(_numbers_only(item, depth + 1) for item in value)


def equal(output: Any, expected: Any, tolerance: Tolerance) -> bool:
    """Whether an answer is the expected one: same form, and numbers within the tolerance."""
    if difference_of_form(output, expected):
        return False
    if isinstance(expected, dict):
        return all(equal(output[key], expected[key], tolerance) for key in expected)
    array = as_array(expected)
    if array is None and isinstance(expected, (tuple, list)):
        pairs = zip(output, expected, strict=True)
        return all(equal(one, other, tolerance) for one, other in pairs)
    if array is None:
        return output == expected
    mine = as_array(output).reshape(array.shape)
    return bool(np.allclose(mine, array, tolerance.rtol, tolerance.atol, equal_nan=True))


def right_parts(output: Any, expected: Any, tolerance: Tolerance) -> list[bool]:
    """Of an answer with several parts, which are right; empty if it has none.

    The parts are the entries of a dictionary, a tuple or a list: `network_cost` gives several
    numbers, and an answer found by hand a list of them. An array is one thing.
    """
    if isinstance(expected, dict):
        known = output if isinstance(output, dict) else {}
        return [key in known and equal(known[key], expected[key], tolerance) for key in expected]
    if not isinstance(expected, (tuple, list)) or len(expected) < 2:
        return []
    several = isinstance(output, (tuple, list)) or (isinstance(output, np.ndarray) and output.ndim)
    if not several or len(output) != len(expected):
        return [False] * len(expected)
    return [equal(one, other, tolerance) for one, other in zip(output, expected, strict=True)]


def difference_of_form(output: Any, expected: Any) -> str:
    """In words, how type, length or shape differ from what is expected; empty if they do not."""
    if output is None and expected is not None:
        return tr("The answer is None. Does every way through your function end in `return`?")
    if isinstance(expected, dict):
        if not isinstance(output, dict):
            return tr("The answer is {}; expected a dictionary.").format(kind_of(output))
        if missing := [key for key in expected if output.get(key) is None]:
            return tr("The answer lacks {}.").format(", ".join(map(repr, missing)))
        faults = {key: difference_of_form(output[key], expected[key]) for key in expected}
        return next((f"{key!r}: {fault}" for key, fault in faults.items() if fault), "")
    array = as_array(expected)
    if array is None and isinstance(expected, (tuple, list)):
        if not isinstance(output, (tuple, list)) or len(output) != len(expected):
            return tr("The answer is {}; expected {} results.").format(
                kind_of(output), len(expected)
            )
        pairs = enumerate(zip(output, expected, strict=True), start=1)
        faults = ((number, difference_of_form(*pair)) for number, pair in pairs)
        return next((f"{number}: {fault}" for number, fault in faults if fault), "")
    if array is None:
        same = isinstance(output, type(expected))
        return (
            ""
            if same
            else tr("The answer is {}; expected {}.").format(kind_of(output), kind_of(expected))
        )
    mine = as_array(output)
    if mine is None and (place := no_number(output)):
        number, entry = place
        if isinstance(entry, str):
            said = tr("Entry {} is the text {!r}; expected a number.")
            return said.format(number, entry[:20])
        return tr("Entry {} is {}; expected a number.").format(number, kind_of(entry))
    if mine is None:
        text = tr("The answer is {}; expected {}.").format(kind_of(output), _numbers(array))
        return text + _unequal_rows(output)
    if mine.shape == array.shape or _as_good(output, mine, array):
        return ""
    if 0 in (mine.ndim, array.ndim):
        return tr("The answer is {}; expected {}.").format(_numbers(mine), _numbers(array))
    text = tr("The answer has shape {}; expected {}.").format(mine.shape, array.shape)
    if mine.size == array.size == 0:
        text += tr(" Nothing has a shape too: that of np.zeros({}).").format(array.shape)
    return text


def _as_good(output: Any, mine: np.ndarray, array: np.ndarray) -> bool:
    """A number is a number in brackets too, and a list of no rows does not know their width."""
    if array.ndim == 0:
        return mine.size == 1
    if array.ndim == 1 and mine.shape == (array.size, 1):
        return True
    empty = mine.size == array.size == 0 and isinstance(output, (tuple, list))
    return empty and mine.shape == array.shape[: mine.ndim]


def _numbers(array: np.ndarray) -> str:
    if array.ndim == 0:
        return tr("one number")
    if array.ndim == 1:
        return tr("{} numbers").format(array.size)
    return tr("numbers of shape {}").format(array.shape)


def no_number(output: Any) -> tuple[int, Any] | None:
    """The first entry of a list that no number can be, such as a text, None or an ellipsis that was
    left standing, counted from 1.
    """
    if not isinstance(output, (tuple, list)):
        return None
    for place, entry in enumerate(output, start=1):
        if as_array(entry) is None and isinstance(entry, (str, type(None), type(...))):
            return place, entry
    return None


def _unequal_rows(output: Any) -> str:
    """Of a list of lists that are not equally long: how long they are."""
    if not isinstance(output, (tuple, list)) or not 2 <= len(output) <= MOST_ROWS:
        return ""
    if not all(isinstance(row, (tuple, list)) for row in output):
        return ""
    lengths = [len(row) for row in output]
    if len(set(lengths)) == 1:
        return ""
    return tr(" Its rows are not equally long: {}.").format(", ".join(map(str, lengths)))


def kind_of(value: Any) -> str:
    """What an answer is, in a few words: the same in a notebook as after its way to a judge."""
    if (
        isinstance(value, (np.ndarray, np.generic))
        and value.ndim == 0
        and value.dtype.kind in "iuf"
    ):
        return _numbers(value)
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}, shape {value.shape}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"of type {type(value).__name__}"
