"""A class from its folder to its marks: again, stopped, killed, on a full disk, on a cluster."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Barrier, Lock
from types import SimpleNamespace

import pytest
from toy_exercise import LIMITS, RIGHT

from cnnlab.grading import questions as catalogue
from cnnlab.grading.answers.verdict import Verdict
from cnnlab.grading.gradebook import marker, records
from cnnlab.grading.gradebook import run as grade_module
from cnnlab.grading.gradebook.cli import main
from cnnlab.grading.gradebook.intake import Entry
from cnnlab.grading.gradebook.marker import Marker, StoppedError
from cnnlab.grading.gradebook.options import Options
from cnnlab.grading.gradebook.rules import Override, Rules
from cnnlab.grading.gradebook.run import grade
from cnnlab.grading.gradebook.students import Student
from cnnlab.grading.judge import judge as judge_module
from cnnlab.grading.judge.result import Result
from cnnlab.grading.judge.sandbox import IsolationError, Limits

WRONG = "def scaled(X, factor):\n    return X.T * factor"


def write(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [{"cell_type": "code", "metadata": {}, "source": cell} for cell in cells]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": cells}))


@pytest.fixture
def shared_judge(judge, toy_room, monkeypatch):
    """The session's judge where `grade` would start one; counts what it marks."""
    marked = []

    def mark(submission, slot):
        marked.append(submission.student)
        return judge.mark(submission, slot)

    shared = SimpleNamespace(mark=mark, close=lambda: None, zygote=judge.zygote)
    monkeypatch.setattr(marker, "Judge", lambda *_: shared)
    return marked


@pytest.fixture
def quick_judge(toy_room, monkeypatch):
    """A judge that runs nothing: what is tested is around it. The name of a student decides."""
    calls = SimpleNamespace(marked=[], started=0, act=lambda student: None)

    def mark(submission, slot):
        calls.act(submission.student)
        calls.marked.append(submission.student)
        verdicts = [Verdict("area", 1, 1, "pass")]
        given = (submission.student, submission.name, submission.digest, "toy", 1)
        return Result(*given, verdicts, [[] for _ in submission.cells], [], 0.1)

    def started(*given):
        calls.started += 1
        calls.limits = given[1]
        zygote = SimpleNamespace(level="full")
        return SimpleNamespace(mark=mark, close=lambda: None, zygote=zygote)

    monkeypatch.setattr(marker, "Judge", started)
    return calls


@pytest.fixture
def place(tmp_path):
    """Writes hand-ins by their names; gives the options to grade them."""

    def made(*names, **files):
        for name in names:
            write(tmp_path / "class" / f"{name}.ipynb", "exercise('toy', version=1)", "area = 12")
        for name, cells in files.items():
            write(tmp_path / "class" / f"{name}.ipynb", *cells)
        return Options(tmp_path / "class", tmp_path / "marks", limits=LIMITS)

    return made


def table(options):
    with (options.output / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        return {line["student"]: line for line in csv.DictReader(file)}


def files(options):
    folder = options.output
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# With the judge


def test_a_class_is_marked_with_reasons(place, shared_judge):
    call = RIGHT[0]
    options = place(ada=RIGHT[:3], bob=(call, WRONG, "print('<b>')"), eve=("x = 1",))
    (options.submissions / "joe.ipynb").write_text("{")
    (options.submissions / "Zoe_7_assignsubmission_file_").mkdir()
    write(options.submissions / "Zoe_7_assignsubmission_file_" / "hw (1).ipynb", call)
    outcome = grade(options)
    assert sorted(shared_judge) == ["Zoe", "ada", "bob"]
    assert {(problem.student.name, problem.missing) for problem in outcome.problems} == {
        ("eve", True),
        ("joe", True),
    }
    lines = table(options)
    assert {name: line["mark"] for name, line in lines.items()} == {
        **{"ada": "3.0", "bob": "0.0", "Zoe": "0.0", "eve": "", "joe": ""}
    }
    assert "no exercise of the course" in lines["eve"]["notes"]
    assert "3 students" in outcome.summary and "1 × scaled: transposed" in outcome.summary
    page = (options.output / "students" / "bob-toy.html").read_text()
    assert "Rows are rows." in page and "&lt;b&gt;" in page and "<b>" not in page
    results = json.loads((options.output / "gradescope/ada-toy/results.json").read_text())
    assert results["score"] == 3 and len(results["tests"]) == 4
    refused = json.loads((options.output / "gradescope/joe/results.json").read_text())
    assert refused["score"] == 0 and "JSON" in refused["output"]
    moodle = (options.output / "moodle-toy.csv").read_text().splitlines()
    assert len(moodle) == 2 and moodle[1].startswith("Participant 7,Zoe,0")
    assert "canvas-toy.csv" not in files(options)

    shared_judge.clear()
    before = {name: (options.output / name).read_bytes() for name in files(options)}
    again = grade(options)
    assert shared_judge == [] and (again.marked, again.kept) == (0, 3)
    assert {name: (options.output / name).read_bytes() for name in files(options)} == before


# Again


def test_only_what_is_new_or_changed_is_marked(place, quick_judge):
    options = place("ada", "bob")
    grade(options)
    write(options.submissions / "bob.ipynb", "exercise('toy', version=1)", "area = 13")
    place("eve")
    quick_judge.marked.clear()
    outcome = grade(options)
    assert sorted(quick_judge.marked) == ["bob", "eve"]
    assert (outcome.marked, outcome.kept) == (2, 1)


@pytest.mark.parametrize("change", ["again", "seed", "version", "package", "damage"])
def test_what_decides_about_marks_has_all_marked_again(place, quick_judge, monkeypatch, change):
    options = place("ada", "bob")
    grade(options)
    quick_judge.marked.clear()
    if change in ("again", "seed"):
        options = Options(**{**vars(options), change: {"again": True, "seed": 77}[change]})
    elif change == "version":
        monkeypatch.setattr(catalogue, "version", lambda room: 2)
    elif change == "package":
        monkeypatch.setattr(grade_module, "__version__", "9.9.9")
    else:
        for path in (options.output / "students").glob("*.json"):
            path.write_text(path.read_text()[:100])
    grade(options)
    assert sorted(quick_judge.marked) == ["ada", "bob"]


def test_one_student_is_marked_again_and_nobody_else(place, quick_judge):
    options = place("ada", "bob")
    grade(options)
    quick_judge.marked.clear()
    place("eve")
    outcome = grade(replace(options, only=("bob",), again=True))
    assert quick_judge.marked == ["bob"]
    assert (outcome.marked, outcome.kept) == (1, 1)
    assert [one.student.name for one in outcome.problems] == ["eve"]
    with pytest.raises(ValueError, match=r"--only is 'bab'.*'bob'"):
        grade(replace(options, only=("bab",)))


def test_one_question_is_marked_again_and_the_rest_stays(place, shared_judge):
    options = place(ada=RIGHT[:3])
    grade(options)
    path = options.output / "students" / "ada-toy.json"
    record = json.loads(path.read_text())
    for verdict in record["result"]["verdicts"][:2]:
        verdict["earned"] = 0.5
    path.write_text(json.dumps(record))
    outcome = grade(replace(options, only_questions=("scaled",)))
    assert (outcome.marked, outcome.kept) == (1, 0)
    line = table(options)["ada"]
    assert (line["area"], line["scaled"], line["mark"]) == ("0.5", "2.0", "2.5")


def test_a_roster_has_a_line_for_everybody(place, quick_judge):
    options = place("ada", "eve")
    outcome = grade(replace(options, roster=(Student("Ada"), Student("Bob", "7"))))
    assert table(options)["Bob"]["notes"] == "Handed in nothing."
    assert "Look at these:\n  eve: eve is not on the roster." in outcome.summary


def test_rules_change_marks_without_another_run(place, quick_judge):
    options = place("ada", "bob")
    grade(options)
    assert float(table(options)["ada"]["mark"]) == 1
    quick_judge.marked.clear()
    rules = Rules(points={"area": 4}, overrides=(Override("bob", "area", 2.5, "Half of it."),))
    grade(Options(**{**vars(options), "rules": rules}))
    marked = {name: float(line["mark"]) for name, line in table(options).items()}
    assert marked == {"ada": 4, "bob": 2.5}
    assert quick_judge.marked == []


def test_an_override_for_nobody_is_refused_before_anything_runs(place, quick_judge):
    options = place("ada")
    rules = Rules(overrides=(Override("adda", "area", 1, "r"),))
    with pytest.raises(ValueError, match=r"'adda'.*'ada'"):
        grade(Options(**{**vars(options), "rules": rules}))
    assert quick_judge.started == 0


def test_an_override_without_a_mark_to_change_is_said(place, quick_judge):
    options = place("ada")
    (options.submissions / "dora.ipynb").write_text("no notebook")
    given = tuple(Override(name, "area", 1, "By mail.") for name in ("dora", "Fritz"))
    options = replace(options, rules=Rules(overrides=given), roster=(Student("Fritz"),))
    summary = grade(options).summary
    for name in ("dora", "Fritz"):
        assert f"{name}: An override gives 1 points for 'area', and there is" in summary
    assert float(table(options)["ada"]["mark"]) == 1


def test_the_time_of_a_file_is_kept_up_to_date(place, quick_judge):
    options = place("ada")
    grade(options)
    os.utime(options.submissions / "ada.ipynb", (1_000_000, 1_000_000))
    assert grade(options).marked == 0
    assert table(options)["ada"]["handed_in"].startswith("1970-01-12")


def test_marks_of_an_earlier_batch_stay_and_say_so(place, quick_judge):
    options = place("ada", "bob")
    grade(options)
    (options.submissions / "ada.ipynb").unlink()
    grade(options)
    lines = table(options)
    assert float(lines["ada"]["mark"]) == 1 and "earlier run" in lines["ada"]["notes"]
    assert lines["bob"]["notes"] == ""


def test_the_secret_is_kept_for_its_owner_only(place, quick_judge):
    options = place("ada")
    grade(options)
    path = options.output / "secret"
    secret = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert int(secret) > 2**32
    others = {name: (options.output / name).read_text() for name in files(options) - {"secret"}}
    assert not any(secret.strip() in text for text in others.values())
    grade(options)
    assert path.read_text() == secret
    path.write_text("my secret")
    with pytest.raises(ValueError, match="'my secret'; expected a whole number"):
        grade(options)


# What goes wrong


def test_a_full_disk_stops_with_a_sentence_and_keeps_the_rest(place, quick_judge, monkeypatch):
    options = Options(**{**vars(place("ada", "bob", "eve")), "jobs": 1})
    fdopen, count = os.fdopen, iter(range(10))

    def full(*arguments):
        if next(count) == 2:  # the secret, one record, and here it ends
            os.close(arguments[0])
            raise OSError(28, "No space left on device")
        return fdopen(*arguments)

    monkeypatch.setattr(records.os, "fdopen", full)
    with pytest.raises(StoppedError, match=r"No space left on device\. What was marked before"):
        grade(options)
    monkeypatch.undo()
    assert files(options) == {"secret", "students/ada-toy.json"}
    assert not (options.output / ".drafts").exists()


def test_the_run_after_a_full_disk_goes_on(place, quick_judge, monkeypatch):
    options = Options(**{**vars(place("ada", "bob", "eve")), "jobs": 1})
    keep = records.Folder.keep

    def full(folder, record):
        if record["student"]["name"] == "bob":
            raise OSError(28, "No space left on device")
        keep(folder, record)

    with monkeypatch.context() as patch:
        patch.setattr(records.Folder, "keep", full)
        with pytest.raises(StoppedError):
            grade(options)
    quick_judge.marked.clear()
    outcome = grade(options)
    assert (outcome.marked, outcome.kept) == (2, 1)
    assert len(table(options)) == 3


def test_an_error_of_the_judge_costs_one_submission(place, quick_judge):
    def act(student):
        if student == "bob":
            raise KeyError("a fault of ours")

    quick_judge.act = act
    outcome = grade(place("ada", "bob", "eve"))
    assert outcome.marked == 2
    ((name, reason),) = [(one.student.name, one.reason) for one in outcome.problems]
    assert name == "bob" and "KeyError: 'a fault of ours'" in reason


def test_a_dead_judge_is_started_again(place, quick_judge):
    died = []

    def act(student):
        if student == "bob" and not died:
            died.append(True)
            raise EOFError("the connection ended")

    quick_judge.act = act
    outcome = grade(place("ada", "bob", "eve"))
    assert outcome.marked == 3 and outcome.problems == []
    assert quick_judge.started == 2


def test_who_was_late_in_a_crowd_is_marked_again_alone(place, quick_judge, monkeypatch):
    order, running = [], []

    def started(*_):
        def mark(submission, slot):
            running.append(submission.student)
            order.append((submission.student, len(running)))
            crowded = submission.student == "bob" and len(order) < 4
            verdicts = [Verdict("area", 0 if crowded else 1, 1, "error" if crowded else "pass")]
            running.remove(submission.student)
            given = (submission.student, submission.name, submission.digest, "toy", 1)
            return Result(*given, verdicts, [[]], [], 0, crowded)

        return SimpleNamespace(mark=mark, close=lambda: None, zygote=SimpleNamespace(level="full"))

    monkeypatch.setattr(marker, "Judge", started)
    outcome = grade(place("ada", "bob", "eve"))
    assert outcome.marked == 3 and order[-1] == ("bob", 1) and len(order) == 4
    assert {line["mark"] for line in table(place()).values()} == {"1.0"}


def test_no_judge_is_started_after_the_end(quick_judge):
    marker = Marker(1, LIMITS, False, [0])
    marker.close()

    def act(student):
        raise EOFError

    quick_judge.act = act
    with pytest.raises(StoppedError):
        marker.mark(SimpleNamespace(student="ada"))
    assert quick_judge.started == 1


def test_slots_are_shared_by_nobody(place, quick_judge, monkeypatch):
    """As many at a time as there are jobs, each with a slot of its own."""
    slots, most, together = set(), [], Barrier(3)

    def started(*_):
        def mark(submission, slot):
            assert slot not in slots
            slots.add(slot)
            most.append(len(slots))
            together.wait(timeout=120)  # of 30, always three
            slots.remove(slot)
            given = (submission.student, submission.name, submission.digest, "toy", 1)
            return Result(*given, [Verdict("area", 1, 1, "pass")], [], [], 0)

        zygote = SimpleNamespace(level="full")
        return SimpleNamespace(mark=mark, close=lambda: None, zygote=zygote)

    monkeypatch.setattr(marker, "Judge", started)
    options = place(*(f"s{n}" for n in range(30)))
    grade(Options(**{**vars(options), "jobs": 3}))
    assert max(most) == 3


def test_few_submissions_are_in_memory_at_a_time(place, quick_judge, monkeypatch):
    options = place(*(f"s{n}" for n in range(40)))
    loaded, most, lock = 0, [], Lock()  # several threads count
    load, keep = Entry.load, records.Folder.keep

    def counted_load(entry, budget):
        nonlocal loaded
        with lock:
            loaded += 1
            most.append(loaded)
        return load(entry, budget)

    def counted_keep(folder, record):
        nonlocal loaded
        with lock:
            loaded -= 1
        keep(folder, record)

    monkeypatch.setattr(Entry, "load", counted_load)
    monkeypatch.setattr(records.Folder, "keep", counted_keep)
    assert grade(options).marked == 40
    assert max(most) <= 2 * options.jobs


def test_two_runs_do_not_write_into_the_same_folder(place, quick_judge):
    options = place("ada")
    records.Folder(options.output)
    with (
        grade_module._alone(options.output),
        pytest.raises(ValueError, match="another run is writing"),
    ):
        grade(options)


def test_the_marks_do_not_lie_around_the_submissions(place):
    options = place("ada")
    with pytest.raises(ValueError, match="expected another folder"):
        grade(Options(**{**vars(options), "output": options.submissions}))


# The command


@pytest.fixture
def command(place, quick_judge):
    """Runs the command on some hand-ins; gives its exit code."""

    def run(*names, more=()):
        options = place(*names)
        options.submissions.mkdir(exist_ok=True)
        return main(["grade", str(options.submissions), "-o", str(options.output), *more])

    return run


def test_a_place_that_is_not_there_leaves_nothing_behind(tmp_path, capsys):
    nowhere, marks = tmp_path / "clas", tmp_path / "marks"
    assert main(["grade", str(nowhere), "-o", str(marks)]) == 2
    assert f"There is no file or folder {nowhere}." in capsys.readouterr().err
    assert not marks.exists()


def test_exit_codes(command, place, capsys):
    assert command("ada") == 0
    assert "Marked now: 1. Marked before: 0." in capsys.readouterr().out
    (place().submissions / "joe.ipynb").write_text("")
    assert command() == 1
    assert "joe.ipynb: The file is empty." in capsys.readouterr().out


# An option of the command -> what the judge gets.
LIMIT_OPTIONS = {
    ("--cell-seconds", "7"): {"cell_seconds": 7},
    ("--call-seconds", "8"): {"call_seconds": 8},
    ("--total-seconds", "9"): {"total_seconds": 9},
    ("--memory", "512"): {"memory": 512 << 20},
    (): {},
}


@pytest.mark.parametrize("more", LIMIT_OPTIONS)
def test_limits_are_options(command, quick_judge, more):
    assert command("ada", more=more) == 0
    assert quick_judge.limits == replace(Limits(), **LIMIT_OPTIONS[more])


def test_reports_without_names_are_an_option(command, place, capsys):
    options = place()
    assert command("ada", "bob") == 0
    assert not (options.output / "anonymous").exists()
    assert command("ada", "bob", more=("--anonymous",)) == 0
    assert "Marked now: 0. Marked before: 2." in capsys.readouterr().out
    with (options.output / "anonymous/names.csv").open(encoding="utf-8-sig") as file:
        codes = {line["code"]: line["student"] for line in csv.DictReader(file)}
    assert sorted(codes.values()) == ["ada", "bob"]
    pages = {page.stem: page.read_text() for page in (options.output / "anonymous").glob("*.html")}
    assert pages.keys() == codes.keys()
    for code, page in pages.items():
        assert f"<h1>{code}</h1>" in page
        assert codes[code] not in page and "ipynb" not in page


def test_a_class_without_a_notebook_says_so(command, place, capsys):
    place().submissions.mkdir(parents=True)
    assert command() == 2
    assert "There is no notebook of an exercise in" in capsys.readouterr().err
    (place().submissions / "Bob.pdf").write_bytes(b"%PDF")
    assert command() == 2
    assert table(place())["Bob"]["notes"].startswith("It is no notebook")


def test_marks_into_a_file_are_refused_in_plain_words(command, place, capsys):
    place().output.write_text("a file")
    assert command("ada") == 2
    assert "expected a folder that you may write into" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--rules", "none.toml"], "rules cannot be read"),
        (["--executor", "local"], "the executor is 'local'; expected dask://host:port"),
        (["--executor", "dask://127.0.0.1:1"], "no Dask scheduler answers at dask://127.0.0.1:1"),
    ],
)
def test_what_cannot_start_says_why(command, capsys, monkeypatch, more, words):
    monkeypatch.setattr("cnnlab.grading.gradebook.cluster.SECONDS", 1)
    assert command("ada", more=more) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("more", [["--jobs", "0"], ["--seed", "x"], ["--seed", "-1"], ["--sed"]])
def test_bad_arguments_are_refused(command, capsys, more):
    with pytest.raises(SystemExit) as ended:
        command("ada", more=more)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_missing_package_is_named(command, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert command("ada", more=["--executor", "dask://localhost:8786"]) == 2
    assert "pip install 'cnnlab[cluster]'" in capsys.readouterr().err


def test_a_system_that_cannot_isolate_is_refused(command, capsys, monkeypatch):
    def refuse(*_):
        raise IsolationError("this system isolates only at the level 'limits'")

    monkeypatch.setattr(marker, "Judge", refuse)
    assert command("ada") == 2
    assert "level 'limits'" in capsys.readouterr().err


# In a process of its own, with a room of the course

ROOM = "convolution"
QUICK = (f"import cnnlab\ncnnlab.exercise({ROOM!r}, version=1)", "print('well')")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on(tmp_path, number):
    write(tmp_path / "class" / "ada.ipynb", *QUICK)
    write(tmp_path / "class" / "slow.ipynb", *QUICK, "import time\nwhile True: time.sleep(1)")
    command = [sys.executable, "-m", "cnnlab", "grade", "class", "-o", "marks"]
    run = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has them ignore it, and so would this.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    record = tmp_path / "marks" / "students" / f"ada-{ROOM}.json"
    limit = time.monotonic() + 400
    while not record.exists() and time.monotonic() < limit and run.poll() is None:
        time.sleep(0.1)
    assert record.exists(), run.communicate()
    run.send_signal(number)
    output, errors = run.communicate(timeout=200)
    if number == signal.SIGINT:
        assert run.returncode == 3, errors
        assert "Stopped before the end" in errors
        assert "Marked now: 1." in output
        assert (tmp_path / "marks" / "marks.csv").exists()
    for path in (tmp_path / "marks" / "students").glob("*.json"):
        json.loads(path.read_text())
    assert not _running(tmp_path)
    (tmp_path / "class" / "slow.ipynb").unlink()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "Marked now: 0. Marked before: 1." in again.stdout
    assert not list((tmp_path / "marks").glob(".*"))


def _running(folder):
    """Processes that still work in a folder; those of a judge that is gone have a moment to end."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        found = [path for path in Path("/proc").glob("[0-9]*/cwd") if _points_to(path, folder)]
        if not found:
            return []
        time.sleep(0.2)
    return found


def _points_to(path, folder):
    try:
        return path.readlink() == folder
    except OSError:
        return False


@pytest.mark.slow
def test_a_cluster_gives_the_same_marks_to_the_last_digit(tmp_path, monkeypatch):
    from distributed import LocalCluster

    # Those of the course, as the workers have them.
    monkeypatch.setattr(judge_module, "questions", catalogue.questions)
    monkeypatch.setattr(judge_module, "version", catalogue.version)
    answers = ("sizes = [1, 2, 3]", "def pool(*a, **k):\n    return None", "def conv2d(X, K): 1/0")
    for n in range(6):
        write(tmp_path / "class" / f"s{n}.ipynb", *QUICK, *answers[: n % 4])
    here = Options(tmp_path / "class", tmp_path / "here", seed=11)
    grade(here)
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address.replace("tcp://", "dask://")
        there = Options(tmp_path / "class", tmp_path / "there", seed=11, executor=address)
        assert grade(there).marked == 6
    for name in ("marks.csv", "summary.txt"):
        assert (here.output / name).read_bytes() == (there.output / name).read_bytes()
    for path in here.output.glob("students/*.json"):
        mine, other = (
            json.loads((folder / "students" / path.name).read_text())["result"]
            for folder in (here.output, there.output)
        )
        assert mine.pop("seconds") > 0 and other.pop("seconds") > 0
        assert mine == other
