"""Prove the questions: what is nearly right must not pass.

    python -m tools.mutants                   the questions that changed since they were proved
    python -m tools.mutants --all             every question
    python -m tools.mutants nms architectures these questions, and those of these rooms

Of each question, the solution, the other right answers and the oracle are changed in one place
after another (`tools.mutate`). A changed answer is asked with the question's cases, of several
seeds, and is killed if it fails with each of them. A changed oracle is killed if the solution no
longer passes. Of a question by hand, a change counts if it changes the value: the value is all that
is handed in. What lives computes the same, and ``mutants.toml`` beside the room's questions
says why; anything else is a hole in the cases: add one.

What was proved is written to ``tests/grading/mutants.json``, with a digest of all that the proof
rests on: a test says when it no longer holds.
"""

import argparse
import ast
import contextlib
import copy
import hashlib
import importlib
import importlib.util
import io
import json
import os
import re
import signal
import sys
import time
import tomllib
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from markdown_it import MarkdownIt

from cnnlab.grading.answers.compare import copied, equal
from cnnlab.grading.question import EXACT, Question, no_arguments
from cnnlab.grading.questions import ROOMS, questions
from tools import mutate

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tests/grading/mutants.json"
SEEDS = (0, 1, 2)
SECONDS = (
    1.0  # of the processor, for a changed answer; and this many times what the right one takes
)
TIMES = 5
OPTIONS = re.compile(r"\A(?::[^\n]*\n)+")  # of a cell, before its code
NAME = "ANSWER"  # of an expression, in a program made of a question's file


@dataclass(frozen=True)
class Program:
    """Code that gives an answer to a question.

    Attributes
    ----------
    part
        ``"solution"``, ``"alternative 1"`` and so on, or ``"oracle"``.
    tree
        What is changed.
    name
        Of the answer, after the tree has run.
    around
        Makes the names that the tree needs.
    held
        Functions that stay as they are, because they are changed as parts of another program.
    """

    part: str
    tree: ast.Module
    name: str
    around: Callable[[], dict[str, Any]]
    held: frozenset[str] = frozenset()

    def answer(self, tree: ast.Module | None = None) -> Any:
        names = dict(self.around())
        exec(compile(self.tree if tree is None else tree, "mutant", "exec"), names)
        return names[self.name]


# ---- programs: the solution ----


@cache
def cells(room: str) -> list[str]:
    """The code cells of a room's solutions, without the checks.

    The Markdown is enough here; Jupytext takes three seconds to import.
    """
    tokens = MarkdownIt().parse((ROOT / f"solutions/{room}.md").read_text("utf-8"))
    code = [one.content for one in tokens if one.info.startswith("{code-cell}")]
    checks = "cnnlab.check(", "cnnlab.exercise("
    return [OPTIONS.sub("", text) for text in code if not any(one in text for one in checks)]


def solution(question: Question) -> Program:
    """The cell with the solution; of what it defines twice, the second."""
    number, tree = next(
        (number, tree)
        for number, tree in enumerate(map(ast.parse, cells(question.room)))
        if question.id in map(defined, tree.body)
    )
    last = {defined(line): line for line in tree.body}
    tree.body = [line for line in tree.body if line in last.values() or not defined(line)]
    return Program("solution", tree, question.id, lambda: before(question.room, number))


def defined(line: ast.stmt) -> str:
    """The name that a statement gives something; empty if it is none of that kind."""
    if isinstance(line, (ast.FunctionDef, ast.ClassDef)):
        return line.name
    target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
    return target.id if isinstance(target, ast.Name) else ""


@cache
def before(room: str, number: int) -> dict[str, Any]:
    """What a room's cells before this one define."""
    names: dict[str, Any] = {"np": np}
    with contextlib.redirect_stdout(io.StringIO()):
        for text in cells(room)[:number]:
            exec(compile(text, room, "exec"), names)
    return names


# ---- programs: what a question's file says ----


def of_file(question: Question) -> list[Program]:
    """The other right answers and the oracle, each with all that it calls in the room's files.

    What an answer shares with the oracle is changed there alone.
    """
    asked = keywords(question)
    expressions = {
        f"alternative {number}": one
        for number, one in enumerate(getattr(asked.get("alternatives"), "elts", ()), start=1)
    }
    if question.kind in ("value", "network"):  # a function that makes the answer
        expressions = {part: ast.Call(one, [], []) for part, one in expressions.items()}
    expressions["oracle"] = asked["oracle"]
    made = [of_expression(file_of(question), part, one) for part, one in expressions.items()]
    *others, oracle = made
    held = frozenset(one.name for one in oracle.tree.body if isinstance(one, ast.FunctionDef))
    return [*(replace(one, held=held) for one in others), oracle]


def file_of(question: Question) -> str:
    """The module of a question."""
    return f"cnnlab.grading.questions.{question.room}.{question.id}"


@cache
def lines_of(module: str) -> list[ast.stmt]:
    found = importlib.util.find_spec(module)  # Keras is not imported for the sake of its text
    return ast.parse(Path(found.origin).read_text("utf-8")).body


def keywords(question: Question) -> dict[str, ast.expr]:
    """The fields of a question as its file gives them."""
    line = next(line for line in lines_of(file_of(question)) if defined(line) == "QUESTION")
    return {keyword.arg: keyword.value for keyword in line.value.keywords}


def of_expression(module: str, part: str, answer: ast.expr) -> Program:
    """An expression, named, and before it what it needs of the files; options not taken go."""
    named = ast.Assign([ast.Name(NAME, ast.Store())], answer)
    named = mutate.bare(ast.fix_missing_locations(ast.Module([named], [])))
    places: list[tuple[str, str]] = []
    while True:
        found = definitions(module, read(named), shared(module), only=places)
        tree = mutate.bare(ast.Module([*found.values(), *named.body], []))
        while settle(tree):
            pass
        used = {NAME, *read(tree)}
        now = [place for place in found if place[1] in used]
        if now == places:
            break
        places = now
    tree.body = [line for line in tree.body if defined(line) in used]
    around: dict[str, Any] = {}
    for inside in [*dict.fromkeys(inside for inside, _ in places), module]:
        around |= vars(importlib.import_module(inside))
    return Program(part, ast.fix_missing_locations(tree), NAME, lambda: around)


def shared(module: str) -> Callable[[str], bool]:
    """Which imports are followed: those of files without a question. Others are proved there."""
    room = module.rpartition(".")[0]
    asked = {f"{room}.{name}" for name in questions(room.rpartition(".")[2])}
    return lambda name: name.startswith(room) and name not in asked


def read(tree: ast.AST) -> list[str]:
    """All names in it."""
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def definitions(
    module: str,
    names: Sequence[str],
    follow: Callable[[str], bool],
    only: Sequence[tuple[str, str]] = (),
) -> dict[tuple[str, str], ast.stmt]:
    """The definitions of names in a module, and of the names in those, in an order that runs.

    Parameters
    ----------
    module, names
        What is asked for.
    follow
        Whether an import from this module is followed.
    only
        If any: these places alone, of module and name.
    """
    found: dict[tuple[str, str], ast.stmt] = {}
    left = [(module, name) for name in names]
    while left:
        inside, name = place = left.pop()
        for line in lines_of(inside):
            if isinstance(line, ast.ImportFrom) and follow(line.module or ""):
                left += [
                    (line.module, one.name)
                    for one in line.names
                    if (one.asname or one.name) == name
                ]
            elif defined(line) == name and place not in found and (not only or place in only):
                found[place] = mutate.bare(ast.Module([line], [])).body[0]
                left += [(inside, one) for one in read(found[place])]
    files = list(dict.fromkeys(inside for inside, _ in found))[::-1]
    order = {
        (inside, defined(line)): number
        for number, (inside, line) in enumerate(
            (inside, line) for inside in files for line in lines_of(inside)
        )
    }
    return dict(sorted(found.items(), key=lambda one: order[one[0]]))


def settle(tree: ast.Module) -> bool:
    """Write the value of an option into the functions that nobody calls with another."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    passed = {word.arg for call in calls for word in call.keywords}
    before_ = ast.dump(tree)
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        for name, values, place in options(function, calls):
            value = values[place]
            plain = value is not None and not read(value) and not isinstance(value, ast.Lambda)
            if plain and name not in passed and name not in set_anew(function):
                Settled(name, value).visit_body(function)
                values[place] = ast.Constant(None)  # read no more
        if function.args.kwarg is not None and not given_more(function, calls):
            Settled(function.args.kwarg.arg, ast.Dict([], [])).visit_body(function)
    return ast.dump(tree) != before_


def set_anew(function: ast.FunctionDef) -> set[str]:
    """The names that a function gives something itself: what came as an argument is gone then."""
    names = (node for node in ast.walk(function) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


def given_more(function: ast.FunctionDef, calls: list[ast.Call]) -> bool:
    """Whether a call gives a function keywords that it has no names for; mistakes come so."""
    known = {one.arg for one in [*function.args.args, *function.args.kwonlyargs]}
    own = [call for call in calls if getattr(call.func, "id", "") == function.name]
    return any(word.arg and word.arg not in known for call in own for word in call.keywords)


def options(function: ast.FunctionDef, calls: list[ast.Call]) -> Iterator[tuple[str, list, int]]:
    """The arguments with a default that no call gives by its place, and where the default is."""
    arguments = function.args
    own = [call for call in calls if getattr(call.func, "id", "") == function.name]
    most = max((len(call.args) for call in own), default=0)
    if any(isinstance(one, ast.Starred) for call in own for one in call.args):
        most = len(arguments.args)
    first = len(arguments.args) - len(arguments.defaults)
    for place, one in enumerate(arguments.args[first:]):
        if first + place >= most:
            yield one.arg, arguments.defaults, place
    for place, one in enumerate(arguments.kwonlyargs):
        yield one.arg, arguments.kw_defaults, place


def until_it_returns(function: ast.FunctionDef) -> None:
    """Take away what comes after a `return` that stands in no branch any more: it never runs."""
    ends = [place for place, line in enumerate(function.body) if isinstance(line, ast.Return)]
    del function.body[min(ends, default=len(function.body)) + 1 :]


class Settled(ast.NodeTransformer):
    """A name's value in its place, and what depends on it decided."""

    def __init__(self, name: str, value: ast.expr) -> None:
        self.name, self.value = name, value

    def visit_body(self, function: ast.FunctionDef) -> None:
        body = [self.visit(line) for line in function.body]
        function.body = [
            one for line in body for one in (line if isinstance(line, list) else [line])
        ]
        until_it_returns(function)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        until_it_returns(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        is_read = node.id == self.name and isinstance(node.ctx, ast.Load)
        return copy.deepcopy(self.value) if is_read else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        return node.left if isinstance(node.right, ast.Dict) and not node.right.keys else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        node.keywords = [
            one
            for one in node.keywords
            if one.arg or not isinstance(one.value, ast.Dict) or one.value.keys
        ]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Subscript(ast.Tuple(elts=items), ast.Constant(int(place))):
                return items[place]
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        decides = isinstance(node.op, ast.Or)
        rest = [
            v for v in node.values if not isinstance(v, ast.Constant) or bool(v.value) == decides
        ]
        if not rest:
            return node.values[-1]
        return (
            rest[0]
            if len(rest) == 1 or isinstance(rest[0], ast.Constant)
            else ast.BoolOp(node.op, rest)
        )

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        known = isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant)
        return ast.Constant(not node.operand.value) if known else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.Compare(ast.Constant(a), [ast.Eq() | ast.Is()], [ast.Constant(b)]):
                return ast.Constant(a == b)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_If(self, node: ast.If) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse or [ast.Pass()]
        return node


# ---- asking ----


class TooLong(BaseException):
    """Not an Exception: a changed answer that catches errors must not catch this one."""


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise `TooLong` after so many seconds of the processor."""

    def stop(*_: Any) -> None:
        raise TooLong

    old = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    silent = contextlib.redirect_stdout(io.StringIO())
    with np.errstate(all="ignore"), warnings.catch_warnings(), silent:
        warnings.simplefilter("ignore")
        yield


class Jury:
    """A question with its cases and right answers, for answers by the hundred."""

    def __init__(self, question: Question) -> None:
        self.question = question
        seeds = SEEDS[:1] if question.cases is no_arguments else SEEDS
        seeds = seeds[:2] if question.kind == "network" else seeds
        self.cases = [question.cases(np.random.default_rng(seed)) for seed in seeds]
        self.right = [[question.oracle(*copied(case)) for case in cases] for cases in self.cases]

    def passes(self, answer: Any) -> bool:
        """Whether an answer passes with one of the seeds."""
        return any(
            all(self.equal(self.said(answer, *one), one[1]) for one in zip(*pair, strict=True))
            for pair in zip(self.cases, self.right, strict=True)
        )

    def all_said(self, answer: Any) -> list[list[Any]]:
        """What an answer says to all cases of all seeds."""
        pairs = zip(self.cases, self.right, strict=True)
        return [[self.said(answer, *one) for one in zip(*pair, strict=True)] for pair in pairs]

    def agrees(self, oracle: Callable[..., Any], said: list[list[Any]]) -> bool:
        """Whether an oracle calls right, with one of the seeds, what the solution said."""
        return any(
            all(self.equal(one, oracle(*copied(case))) for case, one in zip(*pair, strict=True))
            for pair in zip(self.cases, said, strict=True)
        )

    def equal(self, output: Any, expected: Any) -> bool:
        return equal(output, expected, self.question.tolerance)

    def said(self, answer: Any, case: Sequence[Any], right: Any) -> Any:
        """As a check asks: a network that does not know the shape of its images is told it."""
        if self.question.kind == "value":
            return answer
        output = answer(*copied(case))
        if self.question.kind == "network":
            from cnnlab.grading.networks import facts, flat

            return facts(flat(output, tuple(map(int, right["input shape"]))))
        return output


def lives(passes: Callable[[Any], bool], make: Callable[[], Any], seconds: float) -> bool:
    """Whether a changed answer passes; one that stops with an error, or does not end, fails."""
    try:
        with within(seconds):
            return passes(make())
    except (Exception, TooLong):
        return False


# ---- proving ----


@dataclass
class Proof:
    """What became of a question's mutants.

    Attributes
    ----------
    made, killed, excused
        How many.
    unexplained
        The changes that live and have no reason, each after its part.
    unused
        Excuses that no mutant needs.
    """

    made: int = 0
    killed: int = 0
    excused: int = 0
    seconds: float = 0
    unexplained: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def left_out(question: Question) -> str:
    """Why a question is not proved; empty if it is."""
    if question.kind == "trained":
        return "an open task: what counts is how well a trained model does"
    if question.oracle is None:
        return "an open task: what counts is a score, not an answer"
    return ""


def excuses(question: Question) -> dict[str, str]:
    """The changes that give another right answer, each with the reason."""
    file = ROOT / f"cnnlab/grading/questions/{question.room}/mutants.toml"
    rows = tomllib.loads(file.read_text("utf-8")) if file.exists() else {}
    return {change: row["reason"] for row in rows.get(question.id, ()) for change in row["changes"]}


def programs(question: Question) -> list[Program]:
    return [solution(question), *of_file(question)]


def outcomes(question: Question, part: int, step: int = 1) -> Iterator[tuple[str, bool]]:
    """Each change of a part, or of every `step` one, and whether it lives."""
    jury, program = Jury(question), programs(question)[part]
    with quietly():
        right = solution(question).answer()
        if program.part == "oracle":
            said = jury.all_said(right)

            def passes(oracle: Any) -> bool:
                return jury.agrees(oracle, said)

        else:
            passes = jury.passes
        value = valued(question, program)
        start = time.process_time()
        if not passes(program.answer(mutate.bare(program.tree))):
            yield f"{program.part}: fails as it is => unchanged", True
            return
        seconds = SECONDS + TIMES * (time.process_time() - start)
        for number, mutant in enumerate(mutate.mutants(program.tree, program.held)):
            if number % step == 0:
                tree = mutant.tree
                change = f"{program.part}, {mutant.change}"
                alive = lives(passes, lambda: program.answer(tree), seconds)  # noqa: B023
                if alive and value is not None and equal(value(tree), value(program.tree), EXACT):
                    continue
                yield change, alive


def valued(question: Question, program: Program) -> Callable[[ast.Module], Any] | None:
    """What a program of a question by hand comes to; None for another question.

    Nobody hands in more than the value: a change that finds the same one is no other answer.
    """
    if question.kind != "value":
        return None
    if program.part == "oracle":
        return lambda tree: program.answer(tree)()
    return program.answer


def tried(room: str, name: str, part: int) -> tuple[str, str, list[tuple[str, bool]], float]:
    """`outcomes`, and the seconds of the processor."""
    start = time.process_time()
    found = list(outcomes(questions(room)[name], part))
    return room, name, found, time.process_time() - start


def prove(asked: Sequence[Question], jobs: int) -> dict[str, Proof]:
    """The proof of each question, by ``"room, question"``."""
    proofs = {key(question): Proof() for question in asked}
    lived: dict[str, list[str]] = {name: [] for name in proofs}
    for room, name, found, seconds in runs(asked, jobs):
        proof = proofs[f"{room}, {name}"]
        proof.made += len(found)
        proof.seconds += seconds
        lived[f"{room}, {name}"] += [change for change, alive in found if alive]
    for question in asked:
        settle_accounts(proofs[key(question)], lived[key(question)], excuses(question))
    return proofs


def runs(asked: Sequence[Question], jobs: int) -> Iterator[tuple]:
    """`tried` for each part of each question, networks first; one job needs no process more."""
    slow_first = sorted(asked, key=lambda one: one.kind != "network")
    parts = [(one.room, one.id, part) for one in slow_first for part in range(len(programs(one)))]
    if jobs == 1:
        yield from (tried(*part) for part in parts)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        yield from (run.result() for run in [pool.submit(tried, *part) for part in parts])


def settle_accounts(proof: Proof, lived: list[str], known: dict[str, str]) -> None:
    proof.killed = proof.made - len(lived)
    proof.excused = sum(change in known for change in lived)
    proof.unexplained = [change for change in lived if change not in known]
    proof.unused = [change for change in known if change not in lived]


def key(question: Question) -> str:
    return f"{question.room}, {question.id}"


# ---- what a proof rests on ----


def digest(question: Question) -> str:
    """Of all that decides which mutants pass; hints, comments and layout are no part of it."""
    asked = keywords(question)
    answer = solution(question)
    texts = [ast.unparse(answer.tree), *cells_before(question)]
    for name in ("cases", "oracle", "alternatives", "tolerance", "kind"):
        if name in asked:
            texts += [ast.unparse(asked[name]), *code(file_of(question), read(asked[name]))]
    texts += code("cnnlab.grading.answers.compare", ["equal", "copied"])
    if question.kind == "network":
        texts += code("cnnlab.grading.networks", ["facts"])
    own = (Path(one).read_text("utf-8") for one in (mutate.__file__, __file__))
    texts += [ast.unparse(mutate.bare(ast.parse(text))) for text in own]
    texts += sorted(excuses(question))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def cells_before(question: Question) -> list[str]:
    """The cells of the room that define what the solution calls."""
    wanted = set(read(solution(question).tree)) - {question.id}
    trees = [ast.parse(text) for text in cells(question.room)]
    return [ast.unparse(tree) for tree in trees if wanted & set(map(defined, tree.body))]


def code(module: str, names: Sequence[str]) -> list[str]:
    """What these names of a module stand for, and the names in that."""
    return list(map(ast.unparse, definitions(module, names, in_grading).values()))


def in_grading(module: str) -> bool:
    return module.startswith("cnnlab.grading.")


# ---- the record, and the command ----


PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"  # it writes the lines of a digest


def record() -> dict[str, dict[str, Any]]:
    return json.loads(RECORD.read_text("utf-8"))["proved"] if RECORD.exists() else {}


def keep(asked: Sequence[Question], proofs: dict[str, Proof]) -> None:
    """Write down the proofs that hold, and strike out those that do not."""
    kept = record()
    for question in asked:
        proof = proofs[key(question)]
        kept.pop(key(question), None)
        if not proof.unexplained and not proof.unused:
            numbers = {"made": proof.made, "killed": proof.killed, "excused": proof.excused}
            kept[key(question)] = {"digest": digest(question), **numbers}
    known = [key(question) for question in everything()]
    rows = {name: kept[name] for name in known if name in kept}
    RECORD.write_text(json.dumps({"python": PYTHON, "proved": rows}, indent=2) + "\n", "utf-8")


def everything() -> list[Question]:
    return [question for room in ROOMS for question in questions(room).values()]


def unproved(asked: Sequence[Question]) -> list[Question]:
    """Those that changed since they were proved."""
    kept = record()
    return [
        one
        for one in asked
        if not left_out(one) and kept.get(key(one), {}).get("digest") != digest(one)
    ]


def table(proofs: dict[str, Proof]) -> list[str]:
    """A line a question, of the record where it was not proved anew."""
    row = "{:44} {:>6} {:>6} {:>7} {:>11} {:>8}".format
    lines = [row("question", "made", "killed", "excused", "unexplained", "seconds")]
    kept = record()
    for question in everything():
        name = key(question)
        if why := left_out(question):
            lines.append(f"{name:44} {why}")
        elif proof := proofs.get(name):
            counts = proof.made, proof.killed, proof.excused, len(proof.unexplained)
            lines.append(row(name, *counts, f"{proof.seconds:.1f}"))
        elif name in kept:
            counts = (kept[name][word] for word in ("made", "killed", "excused"))
            lines.append(row(name, *counts, 0, "before"))
        else:
            lines.append(f"{name:44} not proved yet")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("which", nargs="*", help="questions or rooms")
    parser.add_argument("--all", action="store_true", help="those that did not change too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    options = parser.parse_args(arguments)
    asked = [one for one in everything() if not left_out(one)]
    if options.which:
        asked = [one for one in asked if {one.id, one.room} & set(options.which)]
    elif not options.all:
        asked = unproved(asked)
    proofs = prove(asked, options.jobs)
    keep(asked, proofs)
    print("\n".join(table(proofs)))
    for name, proof in proofs.items():
        for change in proof.unexplained:
            print(f"\n{name}: lives\n    {json.dumps(change, ensure_ascii=False)},")
        for change in proof.unused:
            print(f"\n{name}: an excuse that no mutant needs\n    {change}")
    return any(proof.unexplained or proof.unused for proof in proofs.values())


if __name__ == "__main__":
    sys.exit(main())
