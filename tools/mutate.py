"""The small changes of a program, one at a time: what somebody gets wrong who is nearly right.

cosmic-ray (8.7, tried on a non-max suppression of 20 lines) makes as many changes, but more than
half of them put each operator in the place of each other one. It moves numbers, indices too, turns
comparisons and skips loops. It swaps no two sides or arguments, takes no slice or function away,
and ends no loop early where no `break` or `continue` stood: the slips of people with arrays. And it
starts a process for each change, where a question is asked within one.
"""

import ast
import builtins
from collections.abc import Container, Iterator
from dataclasses import dataclass

OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Mult, ast.Div),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
FUNCTIONS = {
    "abs": ("square",),
    "all": ("any",),
    "any": ("all",),
    "argmax": ("argmin",),
    "argmin": ("argmax",),
    "ceil": ("floor",),
    "exp": ("square",),
    "floor": ("ceil",),
    "log": ("exp",),
    "max": ("min", "sum"),
    "maximum": ("minimum",),
    "mean": ("sum", "max"),
    "min": ("max",),
    "minimum": ("maximum",),
    "ones": ("zeros",),
    "prod": ("sum",),
    "sqrt": ("square",),
    "sum": ("mean", "max"),
    "zeros": ("ones",),
    "zeros_like": ("ones_like",),
    "AveragePooling2D": ("MaxPooling2D",),
    "MaxPooling2D": ("AveragePooling2D",),
    "MaxPool2D": ("AveragePooling2D",),
}
WORDS = {
    "average": "max",
    "max": "average",
    "relu": "tanh",
    "same": "valid",
    "softmax": "sigmoid",
    "valid": "same",
}
EITHER_WAY = {"add", "max", "maximum", "min", "minimum", "multiply"}  # f(a, b) is f(b, a)
MODULES = {"L", "keras", "np", "ops"}
# They say how numbers are kept, or that two things are as long: a judge compares neither.
KEEPING = {
    *(
        "array",
        "asarray",
        "bool",
        "convert_to_numpy",
        "float",
        "float32",
        "list",
        "tolist",
        "tuple",
    ),
    *("astype", "convert_to_tensor", "copy"),
}
SHARE = 0.05  # how far a number such as a threshold is moved
LOOPS = (ast.For, ast.While)


@dataclass(frozen=True)
class Mutant:
    """A program with one change in it.

    Attributes
    ----------
    change
        ``"function: the line as it was => as it is"``, as Python itself writes lines: however the
        source is laid out, and whatever comments it has.
    tree
        The program. It is whole again when the next mutant is asked for.
    """

    change: str
    tree: ast.Module


@dataclass(frozen=True)
class Edit:
    """Something else in the place of `owner.field`, or of one item of it."""

    owner: ast.AST
    field: str
    new: object
    function: str
    line: ast.stmt
    index: int | None = None
    note: str = ""  # in the place of the line as it is

    def put(self, new: object) -> object:
        """Put something there; what was there."""
        there = getattr(self.owner, self.field)
        if self.index is None:
            setattr(self.owner, self.field, new)
            return there
        old, there[self.index] = there[self.index], new
        return old


def mutants(tree: ast.Module, held: Container[str] = ()) -> Iterator[Mutant]:
    """Each small change of a program; of changes that give the same program, the first.

    Functions whose names are in `held` stay as they are. Annotations and what a function says about
    itself go first: they compute nothing.
    """
    tree = bare(tree)
    seen = {ast.unparse(tree)}
    for edit in list(edits(tree, "", tree.body[0], held)):
        before = head(edit.line)
        old = edit.put(edit.new)
        try:
            ast.fix_missing_locations(tree)
            text = ast.unparse(tree)
            if text not in seen:
                seen.add(text)
                after = edit.note or head(edit.line)
                yield Mutant(f"{edit.function}: {before} => {after}", tree)
        finally:
            edit.put(old)


def bare(tree: ast.Module) -> ast.Module:
    """Without annotations and docstrings."""
    tree = ast.parse(ast.unparse(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        if isinstance(node, ast.FunctionDef):
            node.returns = None
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return ast.fix_missing_locations(tree)


def head(line: ast.stmt) -> str:
    """A statement in a line; of one with others in it, what stands before them."""
    return ast.unparse(line).splitlines()[-1 if _decorated(line) else 0]


def _decorated(line: ast.stmt) -> bool:
    return bool(getattr(line, "decorator_list", ()))


# ---- where ----


def edits(
    node: ast.AST, function: str, line: ast.stmt, held: Container[str] = ()
) -> Iterator[Edit]:
    """All edits at a node and below it, but not in the functions that are held."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return
    if isinstance(node, ast.keyword) and node.arg in ("dtype", "strict"):
        return
    if isinstance(node, ast.stmt):
        line = node
    if isinstance(node, ast.FunctionDef):
        if node.name in held:
            return
        function = node.name
    for new, field in fields(node):
        yield Edit(node, field, new, function, line)
    twins = _twins(node) if isinstance(node, (ast.Module, ast.FunctionDef)) else {}
    for field, value in ast.iter_fields(node):
        if field == "decorator_list":
            continue
        if field in ("body", "orelse") and isinstance(value, list):
            yield from blocks(node, field, function)
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST):
                continue
            place = index if isinstance(value, list) else None
            for new in expressions(child):
                yield Edit(node, field, new, function, line, place)
            yield from edits(child, function, line, held)
    for owner, field, place, name, inside in _uses(node, twins):
        yield Edit(owner, field, ast.Name(twins[name], ast.Load()), function, inside, place)


def _twins(scope: ast.AST) -> dict[str, str]:
    """Names that are set side by side, as ``f_h, f_w = …``: each with the next."""
    rows = [
        [one.id for one in node.elts]
        for node in ast.walk(scope)
        if isinstance(node, ast.Tuple)
        and isinstance(node.ctx, ast.Store)
        and all(isinstance(one, ast.Name) and one.id != "_" for one in node.elts)
    ]
    return {one: other for row in rows for one, other in zip(row, row[1:] + row[:1], strict=True)}


def _uses(node: ast.AST, twins: dict[str, str]) -> Iterator[tuple]:
    """Where names are read that have a twin."""
    stack = [(node, None)] if twins else []
    while stack:
        owner, line = stack.pop()
        line = owner if isinstance(owner, ast.stmt) else line
        for field, value in ast.iter_fields(owner):
            for index, child in enumerate(value if isinstance(value, list) else [value]):
                place = index if isinstance(value, list) else None
                if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load):
                    if child.id in twins and line is not None:
                        yield owner, field, place, child.id, line
                elif isinstance(child, ast.AST) and not isinstance(child, ast.FunctionDef):
                    stack.append((child, line))


# ---- what ----


def fields(node: ast.AST) -> Iterator[tuple[object, str]]:
    """Other values of a node's own fields, each with the field."""
    match node:
        case ast.BinOp() | ast.BoolOp():
            yield from ((other(), "op") for other in OPERATORS.get(type(node.op), ()))
        case ast.AugAssign():
            yield from ((other(), "op") for other in OPERATORS[type(node.op)][:1])
        case ast.Compare(ops=[one]):
            yield from (([other()], "ops") for other in OPERATORS[type(one)])
        case ast.Constant(value=bool()):
            yield not node.value, "value"
        case ast.Constant(value=int()):
            yield from ((node.value + step, "value") for step in (1, -1))
        case ast.Constant(value=float()):
            yield from ((round(node.value + step, 4), "value") for step in (SHARE, -SHARE))
            yield 2 * node.value + 1, "value"
        case ast.Constant(value=str()) if node.value in WORDS:
            yield WORDS[node.value], "value"
        case ast.Slice():
            yield from slices(node)
        case ast.Tuple() | ast.List():
            yield from ((new, "elts") for new in swapped(node.elts))
        case ast.Call():
            yield from calls(node)
        case ast.Attribute(attr=name) if name in FUNCTIONS:
            yield from ((other, "attr") for other in FUNCTIONS[name])
        case ast.comprehension():
            yield from ((_without(node.ifs, place), "ifs") for place in range(len(node.ifs)))
            yield from ((new, "iter") for new in shorter(node.iter))
        case ast.For():
            yield from ((new, "iter") for new in shorter(node.iter))
        case ast.If():
            yield from ((ast.Constant(value), "test") for value in (True, False))


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def slices(node: ast.Slice) -> Iterator[tuple[object, str]]:
    for field in ("lower", "upper", "step"):
        bound = getattr(node, field)
        if bound is None:
            continue
        if not isinstance(bound, ast.Constant) or field != "lower" or bound.value != 1:
            yield None, field  # from 1 on: one less is as good
        if field != "step" and not isinstance(bound, ast.Constant):
            yield from (
                (ast.BinOp(bound, op, ast.Constant(1)), field) for op in (ast.Add(), ast.Sub())
            )


def calls(node: ast.Call) -> Iterator[tuple[object, str]]:
    for place, word in enumerate(node.keywords):
        if word.arg not in ("dtype", "strict"):
            yield _without(node.keywords, place), "keywords"
    name = called(node)
    if isinstance(node.func, ast.Name):
        others = (other for other in FUNCTIONS.get(name, ()) if hasattr(builtins, other))
        yield from ((ast.Name(other, ast.Load()), "func") for other in others)
    if name == "range":
        last = node.args[min(1, len(node.args) - 1)]
        first = node.args[0] if len(node.args) > 1 else ast.Constant(0)
        steps = node.args[2:]
        for low, high in (
            (first, ast.BinOp(last, ast.Sub(), ast.Constant(1))),
            (first, ast.BinOp(last, ast.Add(), ast.Constant(1))),
            (ast.BinOp(first, ast.Add(), ast.Constant(1)), last),
        ):
            yield [low, high, *steps], "args"
    elif len(node.args) > 1 and name not in EITHER_WAY:
        yield from ((new, "args") for new in list(swapped(node.args))[:1])


def shorter(node: ast.expr) -> Iterator[ast.expr]:
    """What a loop runs over, without the first and without the last."""
    whole = ast.Call(ast.Name("list", ast.Load()), [node], [])
    for ends in (ast.Slice(ast.Constant(1)), ast.Slice(None, ast.Constant(-1))):
        yield ast.Subscript(whole, ends, ast.Load())


def expressions(node: ast.AST) -> Iterator[ast.expr]:
    """Other expressions in the place of one."""
    match node:
        case ast.BinOp():
            yield from (node.left, node.right)
        case ast.UnaryOp() if not isinstance(node.operand, ast.Constant):
            yield node.operand
        case ast.BoolOp():
            for place in range(len(node.values)):
                rest = _without(node.values, place)
                yield rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.IfExp():
            yield from (node.body, node.orelse)
        case ast.Call() if called(node) in KEEPING and not _cuts(node):
            return
        case ast.Call(func=ast.Attribute(value=value)) if getattr(value, "id", "") not in MODULES:
            yield value
        case ast.Call(args=[first, *_]) if not isinstance(first, ast.Starred):
            yield first
        case ast.Attribute(attr="T"):
            yield node.value
        case ast.Subscript(slice=ast.Name()):
            yield ast.Subscript(node.value, ast.Constant(0), node.ctx)
        case ast.Subscript(slice=ast.Tuple(elts=places)):
            for at, one in enumerate(places):
                if isinstance(one, ast.Name):  # the first of all
                    new = [*places[:at], ast.Constant(0), *places[at + 1 :]]
                    yield ast.Subscript(node.value, ast.Tuple(new, ast.Load()), node.ctx)


def _cuts(node: ast.Call) -> bool:
    """Whether it makes whole numbers: ``.astype(int)``."""
    whole = [one for one in node.args if isinstance(one, ast.Name) and one.id == "int"]
    return called(node) == "astype" and bool(whole)


def swapped(items: list) -> Iterator[list]:
    """Each pair of neighbours in the other order."""
    for place in range(len(items) - 1):
        one, other = items[place : place + 2]
        if ast.dump(one) != ast.dump(other):
            yield [*items[:place], other, one, *items[place + 2 :]]


def _without(items: list, place: int) -> list:
    return items[:place] + items[place + 1 :]


# ---- statements ----


def blocks(owner: ast.AST, field: str, function: str) -> Iterator[Edit]:
    """A statement dropped, a loop ended early, a sum that is not added up."""
    body = getattr(owner, field)

    def edit(new: list, line: ast.stmt, note: str) -> Edit:
        return Edit(owner, field, new or [ast.Pass()], function, line, note=note)

    for place, line in enumerate(body):
        before, after = body[:place], body[place + 1 :]
        if isinstance(line, (ast.FunctionDef, ast.Import, ast.ImportFrom, ast.Pass)):
            continue
        names = isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
        answers = isinstance(line, ast.Return) and not after
        if not names and not answers:  # what is named is read, and what is answered compared
            yield edit([*before, *after], line, "(dropped)")
        if isinstance(line, ast.AugAssign):
            set_anew = ast.Assign([line.target], line.value)
            yield edit([*before, set_anew, *after], line, head(ast.fix_missing_locations(set_anew)))
        if isinstance(line, ast.While):
            yield edit([*before, ast.If(line.test, line.body, []), *after], line, "if for while")
        if isinstance(line, LOOPS):
            yield from _around_a_loop(before, line, after, edit)
        if isinstance(owner, LOOPS) and field == "body":
            yield edit([*before, line, ast.Break(), *after], line, "(and break)")
            if after:
                yield edit([*before, line, ast.Continue(), *after], line, "(and continue)")


def _around_a_loop(before: list, loop: ast.stmt, after: list, edit) -> Iterator[Edit]:
    """The answer given inside the loop; what each round sets anew, set once before it."""
    new = type(loop)(**{**dict(ast.iter_fields(loop))})
    if after and isinstance(after[-1], ast.Return):
        new.body = [*loop.body, after[-1]]
        yield edit([*before, new, *after], loop, "(and return inside)")
    first = loop.body[0]
    value = getattr(first, "value", None)
    if isinstance(first, ast.Assign) and isinstance(value, (ast.Constant, ast.List)) and after:
        once = type(loop)(**{**dict(ast.iter_fields(loop)), "body": loop.body[1:] or [ast.Pass()]})
        yield edit([*before, first, once, *after], loop, f"{head(first)} before it")
