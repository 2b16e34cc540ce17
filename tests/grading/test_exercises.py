"""The exercises as students get them: fresh, without a solution, and worth nothing as they are."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import jupytext
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.grading.answers.check import verdict
from cnnlab.grading.answers.progress import FILE, points
from cnnlab.grading.question import Question
from cnnlab.grading.questions import ROOMS, questions, version

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("made_exercises", ROOT / "tools" / "exercises.py")
made = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = made
spec.loader.exec_module(made)

WRITTEN = [path.stem for path in made.sources()]
FEW_SEEDS = (0, 7)  # for the open tasks, which take a while
MORE_SEEDS = (0, 1, 7, 2026)
TRIVIAL = 10  # letters of a line that gives nothing away, such as `return x`
HEADING = re.compile(r"^## (\d+)\. .+ \((★+), (\d+) points?\)$", re.MULTILINE)

HEADER = "---\njupytext: {}\n---\n"
CELL = "```{{code-cell}} ipython3\n{}\n```\n"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
FUNCTION = 'def f(x):\n    """Kept."""\n'
SOLVED = FUNCTION + f"    {BEGIN}\n    secret = x\n    return secret\n    {END}"
WHY = "<!-- BEGIN SOLUTION -->\nThe reason.\n<!-- END SOLUTION -->\n"


def left_of(text: str) -> str:
    """What the tool leaves of a source, its header cut off."""
    return made.exercise(HEADER + text, "room.md").partition("\n---\n")[2]


# The tool


def test_a_solution_in_a_function_leaves_a_comment():
    assert left_of(CELL.format(SOLVED)) == CELL.format(f"{FUNCTION}    # Your code here.")


def test_a_solution_at_the_margin_leaves_the_line_before_it():
    code = f"sizes = None  # your answer\n{BEGIN}\nsizes = [1]\n\nsizes += [2]\n{END}"
    assert left_of(CELL.format(code)) == CELL.format("sizes = None  # your answer")


def test_text_between_comments_goes_with_its_empty_line():
    assert left_of(f"Before.\n\n{WHY}\nAfter.\n") == "Before.\n\nAfter.\n"


def test_marks_in_code_that_does_not_run_are_refused():
    with pytest.raises(made.MarkError, match=r"room\.md:5: '### BEGIN SOLUTION'"):
        left_of(f"```python\n{BEGIN}\n```\n")


def test_the_header_says_where_the_file_is_from():
    text = made.exercise(HEADER + "Text.\n", "room.md")
    assert "# Made from solutions/room.md by `make exercises`" in text.partition("\n---\n")[0]
    assert jupytext.reads(text, "md:myst").cells[0].source == "Text."


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        (CELL.format(f"x = 1\n{BEGIN}\nx = 2"), 8, "the cell ends, but not its solution of line 6"),
        (CELL.format(f"x = 1\n{BEGIN}\n{BEGIN}\n{END}"), 7, "begins inside the solution of line 6"),
        (CELL.format(f"x = 1\n{END}"), 6, "ends that did not begin"),
        (CELL.format("x = 1\n## BEGIN SOLUTION\nx = 2"), 6, "a mark here is a line '### BEGIN"),
        (CELL.format(f"x = 1  {BEGIN}"), 5, "a mark here is a line '### BEGIN"),
        (CELL.format("x = 1\n<!-- BEGIN SOLUTION -->"), 6, "a mark here is a line '### BEGIN"),
        (f"Text.\n\n{BEGIN}\n", 6, "a mark here is a line '<!-- BEGIN"),
        ("<!-- BEGIN SOLUTION -->\n\nText.\n", 4, "this solution does not end"),
        ("<!-- END SOLUTION -->\n", 4, "ends that did not begin"),
        (WHY.replace("The", "<!-- BEGIN SOLUTION -->\nThe"), 5, "inside the solution of line 4"),
        ("<!-- begin solution -->\n", 4, "a mark here is a line"),
        (f"<!-- BEGIN SOLUTION -->\n{CELL.format('x = 1')}", 5, "a cell begins inside"),
        ("```{code-cell} ipython3\nx = 1\n", 4, "this cell does not end"),
        (CELL.format(f"if x:\n{BEGIN}\n    x = 2\n{END}"), 4, "leave of the cell is no Python"),
        (CELL.format(f"{BEGIN}\nx = 2\n{END}"), 4, "the marks leave nothing"),
    ],
)
def test_wrong_marks_are_refused_with_file_and_line(text, line, why):
    with pytest.raises(made.MarkError) as caught:
        left_of(text)
    place, message = str(caught.value).split(": ", 1)
    assert place == f"room.md:{line}"
    assert why in message


# Each piece holds words that stay, and words that go.
PIECES = st.sampled_from(
    [
        "kept text\n",
        CELL.format("kept = 1"),
        WHY.replace("The reason", "A secret reason"),
        CELL.format(f"kept = None\n{BEGIN}\nkept = secret\n{END}"),
        CELL.format(SOLVED.replace("f(x)", "kept(x)")),
        CELL.format(
            f':tags: [a]\nclass Kept:\n    def kept(self):\n        """Kept."""\n        {BEGIN}\n'
            f"        secret\n        {END}\n\n    def kept_too(self):\n        return kept"
        ),
    ]
)


@given(st.lists(PIECES, min_size=1, max_size=8))
def test_whatever_stands_around_secrets_go_and_the_rest_stays(pieces):
    text = "\n".join(pieces)
    result = left_of(text)
    assert "secret" not in result
    assert "SOLUTION" not in result
    for word in ("kept", "Kept"):
        kept = [line.text for line in made.lines(text, "") if not line.solution]
        assert result.count(word) == sum(line.count(word) for line in kept)


# The course's own exercises


def of_solution(room: str) -> Iterator[str]:
    """What stands between the marks of a room, line by line."""
    source = (ROOT / f"solutions/{room}.md").read_text("utf-8")
    return (line.text for line in made.lines(source, room) if line.solution)


def letters(text: str) -> str:
    return re.sub(r"\W", "", text)


def names(question: Question) -> set[str]:
    """The names of the functions that know the answer of a question."""
    ways = [wrong.way for wrong in question.wrong]
    functions = [question.oracle, question.score, *question.alternatives, *ways]
    while partials := [one for one in functions if isinstance(one, partial)]:
        functions = [one for one in functions if one not in partials] + [p.func for p in partials]
    return {getattr(one, "__name__", "<none>") for one in functions}


def run(folder: str, room: str) -> dict:
    """The names that a notebook leaves, run from its first cell to its last."""
    path, namespace = ROOT / folder / f"{room}.md", {"__name__": "__main__"}
    for number, cell in enumerate(jupytext.read(path).cells):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"{folder}/{room}.md, cell {number}", "exec"), namespace)
    return namespace


def test_every_room_has_its_exercise():
    assert sorted(WRITTEN) == sorted(ROOMS)
    assert sorted(path.stem for path in ROOT.glob("exercises/*.md")) == sorted(WRITTEN)


@pytest.mark.parametrize("room", WRITTEN)
def test_an_exercise_is_fresh(room):
    fresh = made.exercise((ROOT / f"solutions/{room}.md").read_text("utf-8"), f"{room}.md")
    assert (ROOT / f"exercises/{room}.md").read_text("utf-8") == fresh, "run: make exercises"


@pytest.mark.parametrize("room", WRITTEN)
def test_an_exercise_gives_nothing_away(room):
    text = (ROOT / f"exercises/{room}.md").read_text("utf-8")
    assert not made.LIKE_A_MARK.search(text)
    shown = {letters(line) for line in text.splitlines()}
    secret = [
        line
        for line in of_solution(room)
        if len(letters(line)) > TRIVIAL and not re.match(r"\s*(import |from |```|:)", line)
    ]
    assert len(secret) > 20
    assert [line for line in secret if letters(line) in shown] == []
    known = questions(room)
    for name in set.union(*map(names, known.values())) - set(known):
        assert not re.search(rf"\b{re.escape(name)}\b", text), name
    assert not re.search(r"cnnlab\.(grading|convolution |architectures |detection )", text)
    assert not re.search(r"import .*cnnlab\.\w|from cnnlab\.(?!data)", text)
    assert not re.search(r"\bseed\b|default_rng\(\d", text)
    assert not re.search(r"`[^`]*solutions/[^`]*`", text.partition("\n---\n")[2])
    solution = letters("".join(of_solution(room)))
    for wrong in (wrong for one in known.values() for wrong in one.wrong):
        assert wrong.hint not in text
        code = map(letters, re.findall(r"`([^`]+)`", wrong.hint))
        assert not [piece for piece in code if len(piece) > TRIVIAL and piece in solution], wrong


@pytest.mark.parametrize("room", WRITTEN)
def test_an_exercise_asks_each_question_in_order_for_its_points(room):
    text = (ROOT / f"exercises/{room}.md").read_text("utf-8")
    assert f'cnnlab.exercise("{room}", version={version(room)})' in text
    known = questions(room)
    assert re.findall(r'^cnnlab\.check\("(\w+)", \1\)$', text, re.MULTILINE) == list(known)
    assert HEADING.findall(text) == [
        (str(number), one.stars, f"{one.points:g}")
        for number, one in enumerate(known.values(), start=1)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("room", WRITTEN)
def test_an_exercise_as_handed_out_runs_and_earns_nothing(room, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    left = run("exercises", room)
    assert {path.name for path in tmp_path.iterdir()} == {FILE.name}
    assert set(points(room).values()) == {0}
    for name, question in questions(room).items():
        result = verdict(question, left.get(name), seed=3)
        assert result.earned == 0, name
        if question.mend:  # it is handed out with a fault
            assert result.mistake == question.wrong[0].name, result
        else:
            assert result.tier == "missing", result  # "no answer"


@pytest.mark.slow
@pytest.mark.parametrize("room", WRITTEN)
def test_the_solutions_earn_all_points(room, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    left = run("solutions", room)
    known = questions(room)
    assert points(room) == {name: one.points for name, one in known.items()}
    for name, question in known.items():
        for seed in FEW_SEEDS if question.score else MORE_SEEDS:
            result = verdict(question, left[name], seed)
            assert result.tier == "pass", (seed, result)
