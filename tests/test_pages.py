"""Pages run as tests: a small course in a copy of the checkout, one page good and one bad."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    *("cnnlab", "tools", "tests/student.py", "conftest.py", "_config.yml", "book/references.bib"),
    *("pyproject.toml", "README.md", "LICENSE", "LICENSE-text.md"),
)
HEADER = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

# A page
"""
# What is so on a student's machine, and not beside the checkout.
GOOD = (
    "import os, sys\nfrom pathlib import Path\nimport cnnlab",
    "assert Path(cnnlab.__file__).is_relative_to(sys.prefix)",
    "assert not os.listdir()",
    "assert 'OURS' not in os.environ",
    "places = [*sys.path, Path.cwd(), Path.home()]\n"
    "assert not any(Path(place).resolve().is_relative_to(CHECKOUT) for place in places)",
)
BAD = (
    "six = 6",
    "assert six * 7 == 41, 'the reason is told'",
    "import urllib.request\nurllib.request.urlopen('http://example.org', timeout=5)",
    "assert six == 6\nwith open('left.txt', 'w') as file:\n    file.write('x')",
)


@pytest.fixture(scope="session")
def checkout(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("checkout").resolve()
    for name in COPIED:
        source, copy = ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copy)
    (folder / "book/index.md").write_text("# Start\n", "utf-8")
    for name, cells in {"good": GOOD, "bad": BAD}.items():
        blocks = [f"\n```{{code-cell}} ipython3\n{cell}\n```\n" for cell in cells]
        text = HEADER + "".join(blocks).replace("CHECKOUT", repr(str(folder)))
        (folder / f"book/{name}.md").write_text(text, "utf-8")
    chapters = [{"file": f"book/{name}"} for name in ("good", "bad")]
    toc = {"format": "jb-book", "root": "book/index", "chapters": chapters}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")
    return folder


def outcomes(checkout: Path, *arguments: str) -> tuple[list[tuple[str, str]], str]:
    """For each test its name and outcome, and all that was printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval-lax", "-v", "--color=no", *arguments],
        cwd=checkout,
        env=os.environ | {"OURS": "1"},
        capture_output=True,
        text=True,
    )
    found = re.findall(r"^book/(\w+)::md::Cell (\d+) ([A-Z]+)", done.stdout, re.MULTILINE)
    assert found, done.stdout + done.stderr
    assert done.returncode == any(outcome != "PASSED" for *_, outcome in found)
    return [(f"{page} {cell}", outcome) for page, cell, outcome in found], done.stdout


def test_a_student_s_pages(checkout):
    """Cell 0 is for Colab. A page has the wheel and an empty folder; no checkout, no network."""
    found, printed = outcomes(checkout, "--student", "book")
    assert found == [
        *(("bad 0", "PASSED"), ("bad 1", "PASSED"), ("bad 2", "FAILED"), ("bad 3", "FAILED")),
        *(("bad 4", "PASSED"), ("bad 4", "ERROR")),
        *((f"good {cell}", "PASSED") for cell in range(6)),
    ]
    assert re.search(r"Cell 2: .*Input:\nassert six \* 7 == 41", printed, re.DOTALL)
    assert re.search(r"Traceback:.*AssertionError.*the reason is told", printed, re.DOTALL)
    assert "this test reaches no other host, but example.org was asked for" in printed
    assert "AssertionError: the notebook leaves behind: left.txt" in printed
    taken = re.findall(r"^ +(\d+\.\d)  book/(\w+)\.md$", printed, re.MULTILINE)
    assert sorted(page for _, page in taken) == ["bad", "good"]
    assert all(0 < float(seconds) < 600 for seconds, _ in taken)


def test_one_page_while_it_is_written(checkout):
    """It runs as it stands, in its own folder: what makes a student's machine is not so here."""
    found, printed = outcomes(checkout, "book/good.md")
    failed = [(f"good {cell}", "FAILED") for cell in range(1, 5)]
    assert found == [("good 0", "PASSED"), *failed]
    assert "seconds of each page" in printed
