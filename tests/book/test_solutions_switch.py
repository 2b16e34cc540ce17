"""`make book SOLUTIONS=no`: the same book without the solutions, and nothing misses them."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
spec = importlib.util.spec_from_file_location("contents", ROOT / "tools" / "toc.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def files(toc: dict) -> list[str]:
    return [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]


def would_run(target: str, *arguments: str, **environment: str) -> str:
    """The commands that make would run."""
    command = ["make", "--dry-run", "--always-make", target, *arguments]
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(command, cwd=ROOT, env=path | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_solutions_stand_in_a_part_of_their_own_before_the_reference():
    captions = [part["caption"] for part in CONTENTS["parts"]]
    assert captions[-3:] == ["Solutions", "Reference", "Functions"]
    for part in CONTENTS["parts"]:
        inside = {name.startswith("solutions/") for name in files({"parts": [part]})}
        assert inside == {part["caption"] == "Solutions"}
    found = {f"solutions/{path.stem}" for path in ROOT.glob("solutions/*.md")}
    assert {name for name in files(CONTENTS) if name.startswith("solutions/")} == found


def test_the_reduced_contents_lack_the_solutions_and_nothing_else(tmp_path):
    tool.main([str(tmp_path / "deep" / "toc.yml")])
    reduced = yaml.safe_load((tmp_path / "deep" / "toc.yml").read_text("utf-8"))
    assert files(reduced) == [name for name in files(CONTENTS) if "solutions" not in name]
    assert [part["caption"] for part in reduced["parts"]] == [
        part["caption"] for part in CONTENTS["parts"] if part["caption"] != "Solutions"
    ]
    assert {key: reduced[key] for key in ("format", "root")} == {
        key: CONTENTS[key] for key in ("format", "root")
    }


@pytest.mark.parametrize("target", ["book", "notebooks"])
def test_the_switch_chooses_the_contents(target):
    assert "tools/toc.py" not in would_run(target)
    assert re.search(r"\b_toc\.yml", would_run(target))
    for without in (would_run(target, "SOLUTIONS=no"), would_run(target, SOLUTIONS="no")):
        assert "tools/toc.py _build/toc.yml" in without
        last = without.strip().splitlines()
        assert any("_build/toc.yml" in line for line in last if "toc.py" not in line)
        assert not re.search(r"(?<!/)\b_toc\.yml", without)


def test_no_other_page_links_to_a_solution():
    for path in (*ROOT.glob("book/**/*.md"), *ROOT.glob("exercises/*.md")):
        text = path.read_text("utf-8").partition("\n---\n")[2] or path.read_text("utf-8")
        assert not re.search(r"(\{\w+\}`[^`]*|\]\([^)]*)solutions/", text), path.name


@pytest.mark.slow
def test_notebooks_can_be_made_without_the_solutions(tmp_path):
    """A link to a page that is not there would be refused."""
    contents = tmp_path / "toc.yml"
    tool.main([str(contents)])
    command = [sys.executable, ROOT / "tools/notebooks.py", tmp_path / "out", contents]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = {path.relative_to(tmp_path / "out") for path in tmp_path.rglob("*.ipynb")}
    assert {path.parts[0] for path in made} == {"book", "exercises"}
    for path in made:
        for cell in nbformat.read(tmp_path / "out" / path, 4).cells:
            assert "BEGIN SOLUTION" not in cell.source
