"""Each small change of the segmentation room's solutions is noticed, or changes nothing."""

import ast
import copy
from collections.abc import Iterator
from pathlib import Path

import jupytext
import numpy as np
import pytest

from cnnlab.grading.answers.check import verdict
from cnnlab.grading.questions import questions

FUNCTIONS = [one for one in questions("segmentation").values() if one.kind == "function"]
SOLUTIONS = Path(__file__).parents[2] / "solutions/segmentation.md"
OTHERS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.BitAnd: (ast.BitOr,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.Eq: (ast.NotEq,),
}
LARGER = "a canvas that ends later is cut to the same size"
SHARED = "softmax forgets what is added to all scores of a pixel"
SAME = {  # what a change leads to, and why it is as right as before
    "adjoint": {
        "places[:, :, ::stride]": "the way back slides with a stride of 1",
        "places[:, ::stride, :]": "the way back slides with a stride of 1",
        "wide[:, ::stride, :stride * y.shape[2]:stride]": "no further place fits",
        "wide[:, :stride * y.shape[1]:stride, ::stride]": "no further place fits",
        "height + 3 * padding": LARGER,
        "width + 3 * padding": LARGER,
        "H + f_h + 1": LARGER,
        "W + f_w + 1": LARGER,
        "H - f_h + 2": LARGER,
        "W - f_w + 2": LARGER,
        "(f_h - 1, f_h + 1)": LARGER,
        "(f_w - 1, f_w + 1)": LARGER,
        "(f_h - 1, f_h - 0)": LARGER,
        "(f_w - 1, f_w - 0)": LARGER,
    },
    "dice_and_iou": {
        "T + P >= 0": "0 / 0 is NaN",
        "T + P > -1": "0 / 0 is NaN",
    },
    "weighted_loss": {
        "logits + logits.max(axis=-1, keepdims=True)": SHARED,
        "logits - logits.max(keepdims=True)": SHARED,
    },
}


def solution(name: str) -> ast.Module:
    """The cell with a solution, without functions that it defines anew further down."""
    cells = jupytext.read(SOLUTIONS).cells
    (cell,) = (cell for cell in cells if f"\ndef {name}(" in f"\n{cell.source}")
    tree = ast.parse(cell.source)
    last = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    tree.body = [node for node in tree.body if node in last.values()]
    return tree


def changes(node: ast.AST) -> Iterator[tuple[str, object]]:
    """The fields of a node that can be changed, each with another value."""
    if isinstance(node, ast.BinOp):
        yield from (("op", other()) for other in OTHERS.get(type(node.op), ()))
    if isinstance(node, ast.AugAssign):
        yield "op", ast.Sub()
    if isinstance(node, ast.Compare):
        yield from (("ops", [other()]) for other in OTHERS[type(node.ops[0])])
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "value", not node.value
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield from (("value", node.value + step) for step in (1, -1))
    if isinstance(node, ast.UnaryOp):
        yield "op", ast.UAdd()
    if isinstance(node, ast.Slice):
        parts = ("lower", "upper", "step")
        yield from ((part, None) for part in parts if getattr(node, part) is not None)
    if isinstance(node, ast.Call):
        for place in range(len(node.keywords)):
            yield "keywords", node.keywords[:place] + node.keywords[place + 1 :]


def mutants(tree: ast.Module) -> Iterator[ast.Module]:
    for place, node in enumerate(ast.walk(tree)):
        for field, value in changes(node):
            mutant = copy.deepcopy(tree)
            setattr(list(ast.walk(mutant))[place], field, value)
            yield ast.fix_missing_locations(mutant)


def passes(question, tree: ast.Module) -> bool:
    names = {"np": np}
    try:
        with np.errstate(all="ignore"):
            exec(compile(tree, "mutant", "exec"), names)
            return all(verdict(question, names[question.id], seed).earned for seed in range(2))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return False


def known(name: str, tree: ast.Module) -> bool:
    text = ast.unparse(tree)
    return any(change in text for change in SAME.get(name, {}))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("question", FUNCTIONS, ids=lambda one: one.id)
def test_each_change_of_a_solution_is_noticed_or_changes_nothing(question):
    tree = solution(question.id)
    assert passes(question, tree)
    made = list(mutants(tree))
    assert len(made) > 10
    survived = [mutant for mutant in made if passes(question, mutant)]
    unknown = [ast.unparse(mutant) for mutant in survived if not known(question.id, mutant)]
    assert not unknown, "\n\n".join(unknown)
    unused = [
        change
        for change in SAME.get(question.id, {})
        if not any(change in ast.unparse(mutant) for mutant in survived)
    ]
    assert not unused
