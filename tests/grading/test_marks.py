"""Records, marks by a teacher's rules, tables for platforms, and pages that run nothing."""

import base64
import csv
import io
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import numpy as np
import pytest
from toy_exercise import QUESTIONS

from cnnlab.grading import questions as catalogue
from cnnlab.grading.answers.verdict import Verdict
from cnnlab.grading.gradebook import marks, outputs, records, reports, rules, tables
from cnnlab.grading.gradebook import publish as publish_module
from cnnlab.grading.gradebook.budget import BudgetError
from cnnlab.grading.gradebook.intake import Entry, Problem
from cnnlab.grading.gradebook.marks import Line, Mark
from cnnlab.grading.gradebook.publish import publish
from cnnlab.grading.gradebook.records import Folder
from cnnlab.grading.gradebook.rules import ByHand, Late, Override, Rules
from cnnlab.grading.gradebook.similar import Pair
from cnnlab.grading.gradebook.students import Student
from cnnlab.grading.judge.result import Result
from cnnlab.grading.judge.submission import Submission

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# The head of a picture of 30,000 × 30,000 pixels, which 100 kB can hold and no browser bears.
LARGE = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + 2 * (30_000).to_bytes(4, "big") + b"\x08\x06\0\0\0"
).decode()
EVIL = "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"


@pytest.fixture(autouse=True)
def only_toy(toy_room):
    pass


def make_record(
    name="Ada Lovelace", number="101", platform="moodle", late=None, handed_in=NOON, **more
):
    """A record of a student with 1 of 1, 1.5 of 2, 0 of 3 and 0 of 4 points."""
    cells = more.pop("cells", ("import cnnlab\ncnnlab.check('area', area)",))
    text = more.pop("text", "# Title")
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": text},
            *({"cell_type": "code", "source": cell} for cell in cells),
        ]
    }
    verdicts = [
        Verdict("area", 1, 1, "pass"),
        Verdict("scaled", 1.5, 2, "partial", "Three quarters."),
        Verdict("layer", 0, 3, "mistake", "Count again.", "one more"),
        Verdict("model", 0, 4, "error", more.pop("message", "ValueError: no\nin f, line 2:  f()")),
    ]
    given = Submission(name, "hw.ipynb", "0" * 64, "toy", 1, tuple(cells), notebook)
    outputs = more.pop("outputs", [[] for _ in cells])
    result = Result(name, "hw.ipynb", "0" * 64, "toy", 1, verdicts, outputs, ["A note."], 2.5)
    entry = Entry(
        *(Student(name, number, platform, late), "x/hw.ipynb", handed_in, "0" * 64),
        *("toy", 1, (), bytes),
    )
    assert not more
    return json.loads(json.dumps(records.new_record(entry, given, result, "key")))


# Rules


def test_points_without_rules():
    mark = marks.settle(make_record(), Rules())
    assert (mark.earned, mark.points, mark.before, mark.days) == (2.5, 10, 2.5, 0)


def test_weights_scale_what_was_earned():
    mark = marks.settle(make_record(), Rules(points={"scaled": 6, "layer": 0}))
    assert [(line.earned, line.points) for line in mark.lines] == [(1, 1), (4.5, 6), (0, 0), (0, 4)]
    assert (mark.earned, mark.points) == (5.5, 11)


@pytest.mark.parametrize("who", ["Ada Lovelace", "101", "Ada_Lovelace_101"])
def test_an_override_counts_whatever_the_judge_says(who):
    mark = marks.settle(make_record(), Rules(overrides=(Override(who, "layer", 2, "Good idea."),)))
    assert mark.lines[2].earned == 2 and mark.lines[2].reason == "Good idea."
    assert mark.earned == 4.5
    other = marks.settle(make_record(name="Bob", number="7"), Rules(overrides=()))
    assert other.earned == 2.5


def test_a_right_part_earns_its_share_where_the_rules_say_so():
    record = make_record()
    record["result"]["verdicts"][2]["share"] = 2 / 3
    assert marks.settle(record, Rules()).lines[2].earned == 0
    line = marks.settle(record, Rules(partial=frozenset({"layer"}))).lines[2]
    assert (line.earned, line.tier) == (2, "partial")
    assert marks.settle(make_record(), Rules(partial=frozenset({"area"}))).lines[0].earned == 1


def test_a_bonus_adds_points_that_nobody_has_to_have():
    mark = marks.settle(make_record(), Rules(bonus=frozenset({"scaled", "model"})))
    assert (mark.earned, mark.points) == (2.5, 4)


def test_a_question_by_hand_waits_for_its_teacher():
    essay = ByHand("essay", "toy", "Why?", 5)
    waits = marks.settle(make_record(), Rules(by_hand=(essay,)))
    assert (waits.earned, waits.points) == (2.5, 15)
    assert waits.lines[-1].words == "essay 0/5: your teacher reads it"
    given = Rules(by_hand=(essay,), overrides=(Override("101", "essay", 4, "A clear text."),))
    assert marks.settle(make_record(), given).earned == 6.5
    other = Rules(by_hand=(ByHand("essay", "detection", "Why?", 5),))
    assert marks.settle(make_record(), other).points == 10


def test_what_waits_for_its_teacher_is_no_hard_question():
    rules = Rules(by_hand=(ByHand("essay", "toy", "Why?", 5),))
    mark = marks.settle(make_record(), rules)
    rows = [tables.Row(Student("A"), "toy", mark, "", "", ())]
    (room,) = reports.statistics(rows, {})
    assert room.hardest.id != "essay" and room.waiting == [("essay", 1)]
    text = reports.summary_text([room], [])
    assert "toy: 1 student, mean" in text and "   1 × essay" in text
    assert "essay waits for you" in reports.summary_page([room], rows, [], ["ada.html"])


@pytest.mark.parametrize(
    ("after", "days", "earned"),
    [
        (timedelta(0), 0, 2.5),
        (timedelta(seconds=-5), 0, 2.5),
        (timedelta(seconds=1), 1, 2.0),
        (timedelta(days=1), 1, 2.0),
        (timedelta(days=1, seconds=1), 2, 1.5),
        (timedelta(days=30), 30, 1.25),
    ],
)
def test_each_day_that_has_begun_costs(after, days, earned):
    late = Rules(late=Late(NOON, 0.2, 0.5))
    mark = marks.settle(make_record(handed_in=NOON + after), late)
    assert (mark.days, mark.earned, mark.before) == (days, earned, 2.5)


def test_what_the_platform_says_counts_more_than_the_time_of_the_file():
    late = Rules(late=Late(NOON, 0.2))
    week = NOON + timedelta(days=7)
    assert marks.settle(make_record(late=False, handed_in=week), late).days == 0
    assert marks.settle(make_record(late=True, handed_in=week), late).days == 1
    assert marks.settle(make_record(handed_in=None), late).days == 0


def test_all_rules_from_a_file(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(
        """
        [late]
        deadline = 2026-03-01T12:00:00Z
        per_day = 0.1
        at_most = 0.5
        [points]
        scaled = 5
        [canvas]
        column = "Exercise 3 (4711)"
        [partial]
        questions = ["area"]
        [bonus]
        questions = ["model"]
        [[by_hand]]
        question = "essay"
        room = "toy"
        title = "Why?"
        points = 3
        [[override]]
        student = "Ada"
        question = "scaled"
        points = 4
        reason = "I saw it work."
        """
    )
    read = rules.read(path)
    assert read == Rules(
        late=Late(NOON, 0.1, 0.5),
        points={"scaled": 5},
        overrides=(Override("Ada", "scaled", 4, "I saw it work."),),
        canvas="Exercise 3 (4711)",
        partial=frozenset({"area"}),
        bonus=frozenset({"model"}),
        by_hand=(ByHand("essay", "toy", "Why?", 3),),
    )
    with pytest.raises(ValueError, match=r"override\.student is 'Ada'.*'Adam'"):
        read.refuse_unknown([Student("Bob"), Student("Adam")])


def test_a_time_without_a_zone_is_the_local_one(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text("[late]\ndeadline = 2026-03-01T12:00:00\nper_day = 0.1")
    assert rules.read(path).late.deadline == datetime(2026, 3, 1, 12).astimezone()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("late = 3", "late is 3; expected a table"),
        ("[lat]", "key is 'lat', which does not exist; near it are 'late'"),
        ("[late]\ndeadlin = 1", "key of .late. is 'deadlin'.*'deadline'"),
        ("[late]\nper_day = 0.1", "lacks deadline; expected deadline, per_day"),
        ("[late]\nper_day = 0.1\ndeadline = 2026-03-01", "expected a date and a time"),
        ("[late]\nper_day = 10\ndeadline = 2026-03-01T12:00:00", "per_day is 10.*from 0 to 1"),
        ("[late]\nper_day = true\ndeadline = 2026-03-01T12:00:00", "per_day is True"),
        ("[late]\nper_day = nan\ndeadline = 2026-03-01T12:00:00", "per_day is nan"),
        ("[points]\nscald = 3", "'scald'.*'scaled'"),
        ("[points]\nscaled = -3", "points.scaled is -3; expected a number, 0 or more"),
        ("[canvas]\ncolum = 'x'", "'colum'.*'column'"),
        ("[canvas]\ncolumn = ' '", "canvas.column is ' '; expected a text"),
        ("[override]\nstudent = 'x'", "expected a list of them"),
        ("override = [3]", "override has 3"),
        ("[[override]]\nstudent = 'x'", "lacks question, points, reason"),
        (
            "[[override]]\nstudent='x'\nquestion='are'\npoints=1\nreason='r'",
            "override.question is 'are'.*'area'",
        ),
        (
            "[[override]]\nstudent='x'\nquestion='area'\npoints=2\nreason='r'",
            "override.points is 2; expected a number, from 0 to 1",
        ),
        ("[late", "is no TOML"),
        ("[partial]\nquestions = ['are']", "partial.questions is 'are'.*'area'"),
        ("[bonus]\nquestions = 'area'", "bonus.questions is 'area'; expected a list"),
        ("[by_hand]\nquestion = 'x'", "expected a list of them"),
        ("[[by_hand]]\nquestion = 'x'", "lacks room, title, points"),
        (
            "[[by_hand]]\nquestion='area'\nroom='toy'\ntitle='t'\npoints=1",
            "'area', which the judge marks",
        ),
    ],
)
def test_bad_rules_name_the_key(tmp_path, text, words):
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        rules.read(path)


def test_rules_that_are_not_there(tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        rules.read(tmp_path / "none.toml")


# Tables


def rows_of(*records, by=None):
    return [tables.row(record, marks.settle(record, by or Rules())) for record in records]


def table(text):
    return list(csv.reader(io.StringIO(text)))


def test_marks_table_has_a_line_for_each_student():
    problems = [
        Problem(Student("Joe", "9"), "joe.ipynb", "The file is empty."),
        Problem(Student("Ada"), "old.ipynb", "It was left out.", missing=False),
    ]
    head, ada, joe = table(tables.marks_table(rows_of(make_record()), problems))
    assert len(head) == len(ada) == len(joe)
    ada, joe = dict(zip(head, ada, strict=True)), dict(zip(head, joe, strict=True))
    assert (ada["student"], ada["mark"], ada["points"]) == ("Ada Lovelace", "2.5", "10")
    assert (ada["scaled"], ada["layer"], ada["notes"]) == ("1.5", "0.0", "A note.")
    assert (joe["student"], joe["mark"], joe["file"]) == ("Joe", "", "joe.ipynb")
    assert joe["notes"] == "The file is empty."


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "=\n"])
def test_no_cell_is_a_formula(start):
    text = tables.as_csv([[f"{start}|cmd", 1.5, -2]])
    ((cell, number, negative),) = table(text)
    assert cell[0] in "' "
    assert (number, negative) == ("1.5", "-2")


def test_moodle_table():
    """As Moodle's grading worksheet: it finds columns by these names, students by the number."""
    head, line = table(tables.moodle_table(rows_of(make_record())))
    values = dict(zip(head, line, strict=True))
    assert values["Identifier"] == "Participant 101"
    assert (values["Grade"], values["Maximum grade"]) == ("2.5", "10")
    assert values["Last modified (grade)"] == "-"
    assert values["Feedback comments"] == (
        "area 1/1: right; scaled 1.5/2: partly right; layer 0/3: one more;"
        " model 0/4: it stopped with an error"
    )


def test_canvas_table():
    rows = rows_of(make_record(name="lovelaceada", number="11", platform="canvas"))
    head, most, line = table(tables.canvas_table(rows, "Exercise 3 (4711)"))
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert head[5] == "Exercise 3 (4711)"
    assert most[0].strip() == "Points Possible" and most[5] == "10"
    assert line == ["lovelaceada", "11", "", "", "", "2.5"]


def test_nbgrader_s_table():
    record = make_record(handed_in=NOON + timedelta(hours=1))
    head, line = table(tables.nbgrader_table(rows_of(record, by=Rules(late=Late(NOON, 0.2)))))
    values = dict(zip(head, line, strict=True))
    assert (values["assignment"], values["student_id"]) == ("toy", "101")
    assert (values["first_name"], values["last_name"]) == ("Ada", "Lovelace")
    assert (values["raw_score"], values["late_submission_penalty"]) == ("2.5", "0.5")
    assert (values["score"], values["max_score"]) == ("2.0", "10")


def test_gradescope_results():
    record = make_record(handed_in=NOON + timedelta(hours=1))
    mark = marks.settle(record, Rules(late=Late(NOON, 0.2)))
    results = json.loads(tables.gradescope(record, mark))
    assert results["score"] == 2.0
    assert "late" in results["output"]
    assert [(test["score"], test["max_score"], test["status"]) for test in results["tests"]] == [
        *((1, 1, "passed"), (1.5, 2, "failed"), (0, 3, "failed"), (0, 4, "failed"))
    ]
    documented = {
        *("score", "max_score", "status", "name", "name_format", "number"),
        *("output", "output_format", "tags", "visibility", "extra_data"),
    }
    assert all(test.keys() <= documented for test in results["tests"])


# What comes from strangers


def test_of_outputs_text_and_pictures_are_kept():
    picture = {"output_type": "display_data", "data": {"image/png": ONE_PIXEL + "\n"}}
    kept = outputs.harmless(
        [
            [
                {"output_type": "stream", "text": "10%\r50%\r100%\r\n\x1b[31mred\x1b[0m\x00"},
                {"output_type": "display_data", "data": {"text/html": EVIL, "text/plain": "<x>"}},
                picture,
                {"output_type": "error", "traceback": ["line 1", "line 2"]},
            ],
            [],
        ]
    )
    assert kept == [
        [
            {"kind": "text", "text": "100%\nred"},
            {"kind": "text", "text": "<x>"},
            {"kind": "picture", "png": ONE_PIXEL},
            {"kind": "error", "text": "line 1\nline 2"},
        ],
        [],
    ]


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "text": np.ones(3)},
        {"output_type": "stream"},
        {"output_type": "display_data", "data": np.ones(3)},
        {"output_type": "display_data", "data": {"image/png": LARGE}},
        {"output_type": "display_data", "data": {"image/png": 5}},
        {"output_type": "display_data", "data": {"image/png": "'><script>"}},
        {"output_type": "display_data", "data": {"image/png": base64.b64encode(b"<svg>").decode()}},
        {"output_type": "error", "traceback": {"a": np.ones(2)}, "ename": np.ones(2)},
        {"output_type": "error", "traceback": [np.ones(2), None]},
    ],
)
def test_forged_outputs_become_text(output):
    (kept,) = outputs.harmless([[output]])
    assert all(set(one) == {"kind", "text"} and one["kind"] != "picture" for one in kept)
    json.dumps(kept)


def test_outputs_have_a_limit(monkeypatch):
    monkeypatch.setattr(outputs, "OUTPUT_LIMIT", 1000)
    cells = [[{"output_type": "stream", "text": "x" * 400}] * 5] * 3
    kept = outputs.harmless(cells)
    assert len(kept) == 3
    assert sum(len(one["text"]) for cell in kept for one in cell) < 1200
    assert "left out" in kept[0][-1]["text"]


class Page(HTMLParser):
    """Collects what a page would load or run."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.loads, self.handlers, self.text = set(), set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.handlers |= {name for name, _ in attributes if name.startswith("on")}
        self.loads |= {value for name, value in attributes if name in ("src", "href", "data")}

    def handle_data(self, data):
        self.text.append(data)


def evil_record():
    return make_record(
        name=EVIL,
        text=f"{EVIL}\n\n[x](javascript:alert(1)) ![p](https://evil.example/p.png)\n"
        "<https://evil.example>\n\n[r]: https://evil.example\n\n[r]",
        cells=(f"print('''{EVIL}''')\ncnnlab.check('model', model)",),
        message=f"ValueError: {EVIL}\nin {EVIL}",
        outputs=[
            [
                {"output_type": "stream", "text": EVIL},
                {"output_type": "display_data", "data": {"text/html": EVIL, "text/plain": EVIL}},
                {"output_type": "display_data", "data": {"image/png": ONE_PIXEL}},
                {"output_type": "error", "traceback": [EVIL]},
            ]
        ],
    )


def test_no_stranger_s_html_is_in_a_report():
    record = evil_record()
    page = Page(reports.report(record, marks.settle(record, Rules())))
    assert not page.tags & {"script", "iframe", "object", "embed", "form", "link", "a", "base"}
    assert not page.handlers
    assert page.loads == {f"data:image/png;base64,{ONE_PIXEL}"}
    assert "".join(page.text).count("window.ran = 1") >= 6


def test_no_stranger_s_html_is_in_the_summary():
    record = evil_record()
    rows = rows_of(record)
    problems = [Problem(Student(EVIL), EVIL, EVIL)]
    statistics = reports.statistics(rows, {})
    page = Page(reports.summary_page(statistics, rows, problems, [records.stem(record)]))
    assert not page.tags & {"script", "iframe", "img"} and not page.handlers
    assert page.loads == {f"students/{records.stem(record)}.html"}
    assert "/" not in records.stem(record) and "<" not in records.stem(record)


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_a_report_runs_nothing_and_fits_a_phone(open_page, tmp_path, dark):
    record = evil_record()
    path = tmp_path / "report.html"
    path.write_text(reports.report(record, marks.settle(record, Rules())))
    page = open_page(path.as_uri(), width=390, dark=dark)
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # The picture is shown; a script that the page itself would have is refused by its policy.
    assert page.evaluate("document.images[0].naturalWidth") == 1
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 3';"
        " document.body.append(s); }"
    )
    assert page.evaluate("window.ran") is None
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page).response["violations"]
    assert [violation["id"] for violation in violations] == []


def test_a_report_has_the_reasons_beside_the_cells():
    record = make_record(cells=("area = 1\ncnnlab.check('area', area)", "x = 1"))
    by_rules = Rules(overrides=(Override("101", "layer", 2, "Good idea."),))
    text = "".join(Page(reports.report(record, marks.settle(record, by_rules))).text)
    assert text.count("area: right") == 2  # in the list, and below the cell
    assert text.count("scaled: partly right") == 1
    assert "Good idea." in text and "Count again." in text and "4.5 / 10" in text


def test_mathematics_is_drawn_and_harmless():
    text = r"A row of $n$ cells has $$\frac{n + 2p - f}{s} + 1$$ places, for $5 or $6. `$n$`"
    record = make_record(text=f"{text}\n\n$<img src=x onerror=alert(1)>$ and $\\nothing{{x}}$")
    page = Page(reports.report(record, marks.settle(record, Rules())))
    assert len(page.loads) >= 2 and all(one.startswith("data:image/png;") for one in page.loads)
    assert not page.handlers
    shown = "".join(page.text)
    assert "for $5 or $6." in shown and "$n$" in shown and r"\nothing{x}" in shown


def test_a_formula_on_lines_of_its_own_is_drawn_or_stays_as_it_is():
    drawn, left = r"\frac{1}{2} \, x_{kk'}", r"\begin{pmatrix} 1 & 0 \\ 2 & 3"
    text = f"As below.\n\n$$\n{drawn}\n$$\n\n$$\n{left}\n$$\n"
    page = Page(reports.report(make_record(text=text), marks.settle(make_record(), Rules())))
    assert any(one.startswith("data:image/png;") for one in page.loads)
    shown = "".join(page.text)
    assert left in shown and "$$" not in shown


# The class


def test_the_summary_begins_with_what_is_hard():
    rows = rows_of(make_record(), make_record(name="Bob", number="2"))
    (room,) = reports.statistics(rows, {"toy": [Pair("Ada (101)", "Bob (2)", 0.9)]})
    text = reports.summary_text([room], [Problem(Student("Joe"), "joe.ipynb", "It is empty.")])
    order = ("Hardest question", "Commonest mistakes", "have how many points", "Not marked", "90%")
    assert sorted(order, key=text.index) == list(order)
    assert [one.id for one in room.by_difficulty][:2] == ["layer", "model"]
    page = reports.summary_page([room], rows, [], ["a", "b"])
    assert page.index("Commonest") < page.index("how many points") < page.index("Ada (101)")


def test_statistics_of_a_class():
    rows = rows_of(
        make_record(),
        make_record(name="Bob", number="2"),
        by=Rules(overrides=(Override("Bob", "layer", 3, "r"),)),
    )
    (room,) = reports.statistics(rows, {})
    assert (room.mean, room.median, room.points) == (4, 4, 10)
    assert room.hardest.id == "model" and room.hardest.share == 0
    assert [(one.id, one.share, one.passed) for one in room.questions] == [
        *(("area", 1, 2), ("scaled", 0.75, 0), ("layer", 0.5, 1), ("model", 0, 0))
    ]
    assert room.mistakes == [("layer", "one more", 2)]
    assert [count for _, count in room.bins] == [0, 0, 1, 0, 0, 1, 0, 0, 0, 0]
    text = reports.summary_text([room], [Problem(Student("Joe"), "joe.ipynb", "It is empty.")])
    assert "2 students, mean 4.0 and median 4 of 10 points" in text
    assert "2 × layer: one more" in text and "joe.ipynb: It is empty." in text


def test_a_summary_calls_likeness_a_hint_and_stays_short():
    pairs = [Pair(f"s{n}", f"t{n}", 0.9) for n in range(60)]
    rows = rows_of(make_record())
    (room,) = reports.statistics(rows, {"toy": pairs})
    page = " ".join(Page(reports.summary_page([room], rows, [], ["x"])).text)
    text = reports.summary_text([room], [])
    assert "no verdict" in page and "no verdict" in text
    assert "s49 and t49" in page and "s50 and t50" not in page
    assert "And 10 pairs more" in page and "and 10 pairs more" in text


def test_all_points_lie_in_the_last_bin():
    lines = (Line("area", "", 1, 1, "pass", "", ""),)
    rows = [tables.Row(Student("A"), "toy", Mark(1, 1, 1, 0, lines), "", "", ())]
    (room,) = reports.statistics(rows, {})
    assert [count for _, count in room.bins] == [0] * 9 + [1]


def test_an_exercise_that_nobody_touched_has_no_common_mistake(monkeypatch):
    mend = replace(QUESTIONS[1], mend=True)
    monkeypatch.setattr(catalogue, "questions", lambda room: {mend.id: mend})
    handed_out, own = mend.wrong[0].name, "one of their own"
    rows = [
        tables.Row(Student(name), "toy", Mark(0, 2, 0, 0, (line,)), "", "", ())
        for name, line in {
            "A": Line("scaled", "", 0, 2, "mistake", "", handed_out),
            "B": Line("scaled", "", 0, 2, "mistake", "", own),
        }.items()
    ]
    (room,) = reports.statistics(rows, {})
    assert room.mistakes == [("scaled", own, 1)]


def test_a_day_is_a_day_and_two_are_days():
    late = Rules(late=Late(NOON, 0.2))
    for hours, words in ((1, "late, one day has begun: 2.5"), (30, "late, 2 days have begun: 2.5")):
        record = make_record(platform="", handed_in=NOON + timedelta(hours=hours))
        notes = marks.notes_of(record, marks.settle(record, late))
        assert words in notes[-1]


def test_the_roster_s_numbers_stand_in_every_table(tmp_path):
    folder = Folder(tmp_path / "marks")
    record = make_record(number="", platform="")
    folder.keep(record)
    given = Rules(overrides=(Override("101", "model", 4, "You said it."),))
    known = [Student("Lovelace, Ada", "101"), Student("Bob", "102")]
    publish(folder, given, [], {records.stem(record)}, roster=known)
    for name, column in (("marks.csv", "id"), ("nbgrader.csv", "student_id")):
        head, line = table((tmp_path / "marks" / name).read_text("utf-8-sig"))
        assert dict(zip(head, line, strict=True))[column] == "101"
    (line,) = csv.DictReader((tmp_path / "marks/marks.csv").read_text("utf-8-sig").splitlines())
    assert (line["student"], line["model"]) == ("Ada Lovelace", "4")


def test_an_empty_class_has_a_summary():
    assert reports.statistics([], {}) == []
    assert reports.summary_text([], []) == "\n"
    assert "Summary" in reports.summary_page([], [], [], [])


# What spoils one record is one student's matter


def published(folder, *made):
    for record in made:
        folder.keep(record)
    return publish(folder, Rules(), [], {records.stem(record) for record in made})


def broken(*given):
    """Fails on what has Bob's code in it, or his name."""
    if "break it" in str(given[0]) or "'Bob'" in str(given[0]):
        raise ZeroDivisionError("a fault of ours")
    return {"report": "page", "shingles": np.array([], np.int64), "row": AS_EVER}[broken.part]


@pytest.mark.parametrize("part", ["report", "shingles", "row"])
def test_a_record_that_breaks_something_is_named_and_the_others_go_on(tmp_path, monkeypatch, part):
    good, bad = make_record(), make_record(name="Bob", number="7", cells=("'break it'",))
    bad["file"] = "bob.ipynb"
    module = {"report": reports, "shingles": publish_module, "row": tables}[part]
    monkeypatch.setattr(sys.modules[__name__], "AS_EVER", rows_of(good)[0])
    monkeypatch.setattr(broken, "part", part, raising=False)
    monkeypatch.setattr(module, part, broken)
    folder = Folder(tmp_path)
    _, problems = published(folder, good, bad)
    assert {problem.student.name for problem in problems} == {"Bob"}
    assert any("ZeroDivisionError: a fault of ours" in problem.reason for problem in problems)
    lines = (tmp_path / "marks.csv").read_text("utf-8-sig")
    assert "Ada Lovelace" in lines and "Bob" in lines
    assert (tmp_path / "students" / f"{records.stem(good)}.html").exists()
    assert (tmp_path / "summary.html").exists()


AS_EVER = None


@pytest.mark.parametrize(
    "cells",
    [
        ("x = 0x" + "f" * 3600,),
        ("\n" * 20_000,),
        ("(" * 5_000,),
        ("x = " + "-" * 20_000 + "1",),
        ("x = " + "1+" * 100_000 + "1",),
    ],
)
def test_code_that_is_hard_to_read_spoils_no_table(tmp_path, cells):
    folder = Folder(tmp_path)
    _, problems = published(folder, make_record(), make_record(name="Bob", number="7", cells=cells))
    assert not any(problem.missing for problem in problems)
    assert {problem.student.name for problem in problems} <= {"Bob"}
    assert len(table((tmp_path / "marks.csv").read_text("utf-8-sig"))) == 3


@pytest.mark.parametrize("text", ["*a_ " * 12_000, "[" * 40_000, "> " * 20_000, "`" * 30_000])
def test_markdown_that_is_hard_to_read_takes_little_time(text):
    started = time.process_time()
    shown = reports.markdown(text)
    assert time.process_time() - started < 30  # less than a second where it is right
    assert len(shown) < 10 * len(text)


def test_a_notebook_of_a_group_is_not_like_itself(tmp_path):
    code = "\n".join(f"def f{n}(x):\n    return x * {n} + x ** {n} - abs(x)" for n in range(9))
    group = [make_record(name=name, number=name, cells=(code,)) for name in ("Ada", "Bob")]
    published(Folder(tmp_path), *group)
    assert "Similar" not in (tmp_path / "summary.txt").read_text()


def test_an_anonymous_report_has_no_name(tmp_path):
    folder, record = Folder(tmp_path), make_record()
    folder.keep(record)
    publish(folder, Rules(), [], {records.stem(record)}, anonymous=5)
    (page,) = (tmp_path / "anonymous").glob("*.html")
    text = page.read_text()
    assert "Ada" not in text and "Lovelace" not in text
    assert f"<h1>{page.stem}</h1>" in text and "2.5 / 10" in text
    _, line = table((tmp_path / "anonymous/names.csv").read_text("utf-8-sig"))
    assert line == [page.stem, "Ada Lovelace", "101"]
    assert (tmp_path / "anonymous/names.csv").stat().st_mode & 0o777 == 0o600


def test_a_report_that_gets_no_name_away_harms_its_student_only(tmp_path, monkeypatch):
    """The first report of a record may take all but its budget, and the second one more."""
    folder, kept = Folder(tmp_path), [make_record(name=name) for name in ("Ada", "Bob")]
    for record in kept:
        folder.keep(record)

    class Short(publish_module.Budget):
        def __call__(self, work, record, *more):
            if (
                work is reports.report
                and not record["file"]
                and record["result"]["student"] == "Ada"
            ):
                raise BudgetError("it takes longer than 10 s")
            return super().__call__(work, record, *more)

    monkeypatch.setattr(publish_module, "Budget", Short)
    present = {*map(records.stem, kept)}
    _, problems = publish(folder, Rules(), [], present, anonymous=5)
    (problem,) = problems
    assert problem.student.name == "Ada" and "without a name" in problem.reason
    assert len([*(tmp_path / "anonymous").glob("*.html")]) == 1
    assert len([*(tmp_path / "students").glob("*.html")]) == 2


def test_a_student_with_two_bad_files_has_one_line():
    problems = [
        Problem(Student("Joe"), "joe/a.ipynb", "The file is empty."),
        Problem(Student("Joe"), "joe/b.ipynb", "It is no JSON."),
    ]
    head, joe = table(tables.marks_table([], problems))
    values = dict(zip(head, joe, strict=True))
    assert values["file"] == "joe/a.ipynb, joe/b.ipynb"
    assert values["notes"] == "The file is empty. It is no JSON."


def test_what_is_no_file_has_no_place_among_the_files():
    bob = Student("Bob")
    problems = [Problem(bob, "Bob.pdf", "No notebook."), Problem(bob, "", "Not on the roster.")]
    head, line = table(tables.marks_table([], problems))
    assert dict(zip(head, line, strict=True))["file"] == "Bob.pdf"


def test_what_a_teacher_has_to_look_at_comes_first():
    problems = [
        Problem(Student("Joe"), "joe.ipynb", "It is empty."),
        Problem(Student("Eve"), "eve.ipynb", "Two hand-ins claim it.", False, urgent=True),
    ]
    text = reports.summary_text(reports.statistics(rows_of(make_record()), {}), problems)
    assert text.startswith("Look at these:\n  eve.ipynb: Two")
    page = reports.summary_page([], [], problems, [])
    assert page.index("Two hand-ins claim it.") < page.index("It is empty.")


# Files


def test_the_folder_of_the_marks_has_to_be_one(tmp_path):
    (tmp_path / "marks").write_text("a file")
    with pytest.raises(ValueError, match=r"cannot be written into .*expected a folder"):
        Folder(tmp_path / "marks")


def test_results_survive_json():
    record = make_record()
    result = Result.from_dict(record["result"])
    assert result.verdicts[2] == Verdict("layer", 0, 3, "mistake", "Count again.", "one more")
    assert json.loads(json.dumps(result.as_dict())) == record["result"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada L", "Ada?L"), ("../x", ".._x"), ("a" * 90, "a" * 91), ("é/x", "é x")],
)
def test_names_of_files_tell_students_apart(one, other):
    labels = Student(one).label, Student(other).label
    assert labels[0] != labels[1]
    assert all("/" not in label and not label.startswith(".") for label in labels)


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    folder = Folder(tmp_path / "marks")
    folder.write("a.txt", "old")

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        folder.write("a.txt", "new")
    assert [path.name for path in folder.path.iterdir() if path.is_file()] == ["a.txt"]
    assert (folder.path / "a.txt").read_text() == "old"
    assert not folder.drafts.exists()


def test_what_a_killed_run_left_is_swept(tmp_path):
    folder = Folder(tmp_path)
    folder.drafts.mkdir()
    (folder.drafts / "ada.json").write_text('{"half": ')
    folder.sweep()
    assert not folder.drafts.exists()
    folder.sweep()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"result": {}}', '{"student": {"name": 3}, "result": 5}', "\x00"],
)
def test_a_damaged_record_counts_as_none(tmp_path, text):
    folder = Folder(tmp_path)
    record = make_record()
    folder.keep(record)
    name = records.stem(record)
    assert folder.record(name) == record
    assert list(folder.records()) == [record]
    (folder.students / f"{name}.json").write_text(text)
    assert folder.record(name) is None
    assert list(folder.records()) == []


def test_the_secret_is_the_owner_s(tmp_path):
    folder = Folder(tmp_path)
    folder.write("secret", "5", 0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
