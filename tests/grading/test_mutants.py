"""Wrong answers that are nearly right: how they are made, and that each question was proved."""

import ast
import json

import jupytext
import numpy as np
import pytest

from cnnlab.grading.answers.check import verdict
from cnnlab.grading.questions import question
from tools import mutants
from tools.mutate import mutants as changed

PROVED = [one for one in mutants.everything() if not mutants.left_out(one)]
FEWEST = 40  # changes of a question
SOURCE = '''
def first(rows, low):
    """The first row above low."""
    found, H, W = [], *rows.shape
    for row in rows[1:, :W]:
        total = 0
        for one in row:
            total += max(one, 0.5)
        if total > low and H:
            found.append(row)
    return np.array(found)
'''
AS_WRITTEN_BY_ANOTHER = """
def first(  # no docstring
    rows: np.ndarray, low: float
) -> np.ndarray:
    found, H, W = [], *(rows.shape)
    for row in rows[ 1 :, : W ]:

        total = 0
        for one in row: total += max(one, .5)
        if (total > low) and H: found.append(row)  # high
    return np.array(found)
"""


def changes(source: str) -> list[str]:
    return [mutant.change.partition(" => ")[2] for mutant in changed(ast.parse(source))]


@pytest.mark.parametrize(
    "change",
    [
        "total -= max(one, 0.5)",  # another operator
        "total = max(one, 0.5)",  # assigned, not added
        "total += min(one, 0.5)",  # another function
        "total += one",  # a function left out
        "total += max(one, 0.55)",  # another number
        "if total >= low and H:",  # another comparison
        "if total > low or H:",
        "if total > low:",  # a condition left out
        "if True:",
        "for row in rows[0:, :W]:",  # off by one
        "for row in rows[1:, :W - 1]:",
        "for row in rows[1:, :]:",  # half a slice
        "for row in rows[:W, 1:]:",  # axes swapped
        "for row in list(rows[1:, :W])[:-1]:",  # a round left out
        "total = 0 before it",  # a sum that is not reset
        "(and break)",
        "(and continue)",
        "(and return inside)",
        "(dropped)",
    ],
)
def test_people_s_slips_are_among_the_changes(change):
    assert change in changes(SOURCE)


def test_a_change_has_the_same_name_however_the_source_is_laid_out():
    assert changes(SOURCE) == changes(AS_WRITTEN_BY_ANOTHER)


def test_changes_differ_and_leave_the_program_as_it_was():
    tree = ast.parse(SOURCE)
    before = ast.dump(tree)
    texts = [ast.unparse(mutant.tree) for mutant in changed(tree)]
    assert len(set(texts)) == len(texts) > 40
    assert ast.dump(tree) == before


def test_a_function_that_is_held_stays_as_it_is():
    two = f"{SOURCE}\ndef last(rows):\n    return first(rows[1:], 0)\n"
    texts = [ast.unparse(mutant.tree) for mutant in changed(ast.parse(two), {"first"})]
    assert texts
    first = ast.unparse(mutants.mutate.bare(ast.parse(SOURCE)))
    assert all(text.startswith(first) for text in texts)


def test_the_oracle_s_functions_are_changed_with_the_oracle_alone():
    *_, moved, oracle = mutants.programs(question("nms"))
    shared = {mutants.defined(line) for line in oracle.tree.body} - {mutants.NAME}
    assert moved.held == shared != set()
    found = [mutant.change for mutant in changed(moved.tree, moved.held)]
    assert found
    assert all(change.startswith(("nms_moved_far_apart:", ":")) for change in found)


@pytest.mark.parametrize("room", mutants.ROOMS)
def test_the_cells_are_those_of_the_notebook(room):
    code = [one.source for one in jupytext.read(f"solutions/{room}.md").cells]
    assert mutants.cells(room)
    assert all(text.strip() in map(str.strip, code) for text in mutants.cells(room))


def test_by_hand_another_way_to_the_same_value_is_no_change():
    found = list(mutants.outcomes(question("by_hand"), 1))
    changed_values = [change for change, _ in found]
    assert any("Fraction(3, 13)" in change for change in changed_values)
    assert not any(change.endswith("by_hand())()") for change in changed_values)
    assert not any(alive for _, alive in found)


def oracle_of(tree: str, asked: str = "oracle(x)") -> str:
    """An oracle with its options settled, as text."""
    module = ast.parse(f"{tree}\nANSWER = {asked}")
    while mutants.settle(module):
        pass
    return ast.unparse(module.body[0])


def test_an_option_that_is_set_anew_is_not_settled():
    text = oracle_of("def oracle(x, w=None, k=2):\n    w = k if w is None else w\n    return x * w")
    assert text.endswith("w = 2 if w is None else w\n    return x * w")


def test_what_comes_after_a_settled_return_is_no_program():
    inside = "    def moved(y):\n        if way == 'up':\n            return y\n        return -y"
    text = oracle_of(f"def oracle(x, way='up'):\n{inside}\n    return moved(x)")
    assert "-y" not in text
    assert text.count("return") == 2


def test_a_network_is_told_the_shape_of_its_images_as_in_the_check():
    asked = question("inception_module")
    jury = mutants.Jury(asked)
    of_any_size = asked.alternatives[1]()
    assert of_any_size(*jury.cases[0][0]).inputs[0].shape[1] is None
    assert jury.passes(of_any_size)


def test_an_answer_that_does_not_end_is_killed():
    def endless():
        while True:
            pass

    assert not mutants.lives(lambda answer: answer() is None, lambda: endless, 0.1)
    assert mutants.lives(lambda answer: answer() is None, lambda: lambda: None, 0.1)


def test_an_answer_passes_as_in_the_check():
    asked = question("iou")
    jury = mutants.Jury(asked)
    for answer in (asked.oracle, *asked.alternatives, *(wrong.way for wrong in asked.wrong)):
        assert jury.passes(answer) == bool(verdict(asked, answer).earned)


def test_a_changed_oracle_is_held_against_the_solution():
    asked = question("iou")
    jury = mutants.Jury(asked)
    said = jury.all_said(asked.oracle)
    assert jury.agrees(asked.oracle, said)
    assert not jury.agrees(lambda a, b: asked.oracle(a, b) + 0.01, said)


# ---- answers that passed once ----


def nms_with(drop: str) -> str:
    return f"""
def nms(boxes, scores, labels):
    left = [int(i) for i in np.argsort(-scores) if scores[i] > 0.6]
    kept = []
    while left:
        best = left.pop(0)
        kept.append(best)
        rival = lambda i: labels[i] == labels[best] and overlap(boxes[best], boxes[i])
{drop}
    return np.array(kept, int)


def overlap(p, q, pixel=0, low=0.5):
    w = max(min(p[2], q[2]) - max(p[0], q[0]) + pixel, 0)
    h = max(min(p[3], q[3]) - max(p[1], q[1]) + pixel, 0)
    size = lambda b: (b[2] - b[0] + pixel) * (b[3] - b[1] + pixel)
    return w * h / (size(p) + size(q) - w * h) >= low
"""


RIGHT = "        left = [i for i in left if not rival(i)]"
WALKED_OVER = """
        for i in left:
            if rival(i):
                left.remove(i)
"""
ONE_ONLY = """
        for i in list(left):
            if rival(i):
                left.remove(i)
                break
"""
CLASSES_APART = "    boxes = boxes + (labels * 10)[:, None]\n    left ="


def solved(name: str, right: str, slip: str) -> tuple[str, str]:
    """A question, and its solution with something else in the place of a line, or part of it."""
    text = ast.unparse(mutants.solution(question(name)).tree)
    assert right in text
    return name, text.replace(right, slip)


def nms_apart(pixels: str) -> str:
    """Without classes, but each moved by as many pixels more."""
    moved = nms_with(RIGHT).replace("    left =", CLASSES_APART.replace("10", pixels), 1)
    return moved.replace("labels[i] == labels[best]", "1")


SLIPS = {
    "nms: removed from the list that is walked over": ("nms", nms_with(WALKED_OVER)),
    "nms: one rival only": ("nms", nms_with(ONE_ONLY)),
    "nms: a pixel added": ("nms", nms_with(RIGHT).replace("pixel=0", "pixel=1")),
    "nms: classes ten pixels apart": ("nms", nms_apart("10")),
    "nms: classes a pixel too near": ("nms", nms_apart("(boxes.max(initial=1) - 1)")),
    **{
        f"nms: from {low} on": ("nms", nms_with(RIGHT).replace("low=0.5", f"low={low}"))
        for low in (0.35, 0.4, 0.45, 0.49, 0.51, 0.55, 0.6)
    },
    **{
        f"threshold_for: {tried} tried": solved("threshold_for", "in distances:", f"in {tried}:")
        for tried in ("distances[1:]", "distances[:-1]")
    },
    "threshold_for: rate of two pairs at least": solved(
        *("threshold_for", "(distances[~same] <= threshold).mean()"),
        "(distances[~same] <= threshold).sum() / max(sum(~same), 2)",
    ),
    "recognize: by a person's first picture": solved(
        *("recognize", "place = np.argmin(means)"),
        "place = np.argmin([sum((enrolled[names == n][0] - picture) ** 2) for n in everybody])",
    ),
    "recognize: distances cut to whole numbers": solved(
        "recognize", "place = np.argmin(means)", "means = np.floor(means); place = np.argmin(means)"
    ),
    "grad_cam: divided by 0.05 at least": solved(
        "grad_cam", "np.where(largest > 0, largest, 1)", "np.maximum(largest, 0.05)"
    ),
}


def answer(name: str, source: str):
    names = {"np": np}
    exec(source, names)
    return names[name]


@pytest.mark.parametrize("slip", SLIPS)
def test_what_passed_once_fails_now(slip):
    name, source = SLIPS[slip]
    assert not mutants.Jury(question(name)).passes(answer(name, source))


def test_and_the_right_line_in_its_place_passes():
    assert mutants.Jury(question("nms")).passes(answer("nms", nms_with(RIGHT)))


# ---- the record ----


@pytest.mark.parametrize("one", PROVED, ids=mutants.key)
def test_a_question_is_as_it_was_when_it_was_proved(one):
    kept = json.loads(mutants.RECORD.read_text("utf-8"))
    if kept["python"] != mutants.PYTHON:
        pytest.skip(f"proved with Python {kept['python']}, which writes lines in its own way")
    was = kept["proved"].get(mutants.key(one), {})
    assert was.get("digest") == mutants.digest(one), "what it rests on changed: run `make mutants`"
    assert was["made"] == was["killed"] + was["excused"]
    assert was["made"] >= FEWEST


@pytest.mark.parametrize("one", PROVED, ids=mutants.key)
def test_an_excuse_has_a_reason(one):
    assert all(" => " in change and reason for change, reason in mutants.excuses(one).items())
