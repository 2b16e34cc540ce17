"""Which submissions look alike: a hint for a person to look at, never a verdict.

The code is reduced to what does not change when it is dressed up: no names, no comments, no texts,
no order of functions. What is left is cut into short overlapping pieces (shingles), and two
submissions are compared by the share of pieces in common, a rare piece counting more than one that
half the class has.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from cnnlab.grading.gradebook.notebooks import parsed

LENGTH = 10  # of a piece, in tokens
FEWEST = 30  # pieces; with less, everybody writes the same
LONGEST = 50_000  # tokens of a hand-in that are looked at
MOST = 100  # students with the same piece; what more have in common says nothing about two of them
LEAST_SHARE = 0.8
UNSEEN = (ast.Import, ast.ImportFrom, ast.Expr, ast.Pass, ast.arguments, ast.expr_context)


@dataclass(frozen=True)
class Pair:
    """Two students, and the share of their code that is alike, between 0 and 1."""

    one: str
    other: str
    share: float


def shingles(cells: Iterable[str]) -> np.ndarray:
    """The pieces of a submission's code.

    Parameters
    ----------
    cells
        The code of each cell; one that is not Python is left out.

    Returns
    -------
    array
        Of int64, each piece once, in ascending order; the numbers mean something in this process
        only.
    """
    pieces: set[int] = set()
    left = LONGEST
    for source in cells:
        tree = parsed(source)
        for statement in tree.body if tree else ():
            tokens = list(islice(_tokens(statement), left))
            left -= len(tokens)
            ends = range(LENGTH, len(tokens) + 1)
            pieces.update(hash(tuple(tokens[end - LENGTH : end])) for end in ends)
    return np.array(sorted(pieces), np.int64)


def _tokens(statement: ast.stmt) -> Iterator[str]:
    """What a statement is made of, outer before inner, without names."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, UNSEEN):
            continue
        yield _token(node)
        stack += reversed(list(ast.iter_child_nodes(node)))


def _token(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        # A whole number of thousands of digits cannot be written out: its hash has no such limit.
        kind = type(node.value).__name__
        return "text" if kind in ("str", "bytes") else f"{kind} {hash(node.value)}"
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    if isinstance(node, ast.keyword):
        return f"{node.arg}="
    return type(node).__name__


def similar(prints: Sequence[tuple[str, np.ndarray]], handout: np.ndarray) -> list[Pair]:
    """The pairs that look alike, the most alike first.

    The time grows with the number of students, not with that of pairs, since a piece that more than
    `MOST` of them have is not looked at.

    Parameters
    ----------
    prints
        Of each student: name, and the pieces of the code.
    handout
        The pieces that everybody got with the exercise.
    """
    own = [(name, np.setdiff1d(pieces, handout)) for name, pieces in prints]
    own = [(name, pieces) for name, pieces in own if len(pieces) >= FEWEST]
    if len(own) < 2:
        return []
    names = [name for name, _ in own]
    lengths = [len(pieces) for _, pieces in own]
    _, piece, owners = np.unique(
        np.concatenate([pieces for _, pieces in own]), return_inverse=True, return_counts=True
    )
    weight = np.where(owners <= MOST, np.log1p(len(own) / owners), 0)
    student = np.repeat(np.arange(len(own)), lengths)
    whole = np.bincount(student, weight[piece], minlength=len(own))
    # Who has a piece: a stretch of `who` that starts at its place in `starts`.
    who = student[np.argsort(piece, kind="stable")]
    starts = np.cumsum(owners) - owners
    found: list[Pair] = []
    for one, mine in enumerate(np.split(piece, np.cumsum(lengths)[:-1])):
        rare = mine[(owners[mine] > 1) & (owners[mine] <= MOST)]
        times = owners[rare]
        within = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times)
        others = who[np.repeat(starts[rare], times) + within]
        shared = np.bincount(others, np.repeat(weight[rare], times), minlength=len(own))
        share = shared / np.maximum(whole[one] + whole - shared, 1e-9)
        later = np.flatnonzero(share[one + 1 :] >= LEAST_SHARE) + one + 1
        found += [Pair(names[one], names[other], float(share[other])) for other in later]
    return sorted(found, key=lambda pair: -pair.share)
